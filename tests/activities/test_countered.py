"""Counters that are taken: the discount becomes what was said, and whoever said it is not asked."""

from decimal import Decimal
from typing import Any

import pytest

from activities.approval_paths import current_path
from activities.pricing import quote_version
from models.approval import StepStatus
from models.approval_counter import ApproverCounter, revision_of
from models.decisions import DecisionKind
from models.quoting import Quote, discount_percent
from models.steps import QuotePriced, RegisterKind, ReviseQuote
from models.tables import DecisionRow
from tests.activities.house import House, deal_file, line, off, step

REASON = "mia would approve it"


def offered(house: House, *lines: dict[str, Any], **changes: Any) -> QuotePriced:
    """Hand a quote in that needs Mia and, above 20 %, Vera."""
    return house.quote(deal_file("1001", *lines, **changes))


def counter(house: House, person: str, where: str, **said: Any) -> ApproverCounter:
    """Counter version 1."""
    content = version(house, 1).content_hash
    token = house.token(DecisionKind.COUNTER, person, content, where)
    asked = house.decide(
        DecisionKind.COUNTER, person, token=token, counter=said, step=where, reason="no more"
    )
    assert house.approval.record_decision(asked).refused_because == ""
    return ApproverCounter.model_validate(said)


def approve(house: House, person: str, where: str, number: int = 1) -> str:
    """Approve a version; return why it does not count."""
    content = version(house, number).content_hash
    token = house.token(DecisionKind.APPROVE, person, content, where)
    asked = house.decide(
        DecisionKind.APPROVE,
        person,
        token=token,
        step=where,
        quote_version=number,
        command_id=f"approve-{person}-{number}",
    )
    return house.approval.record_decision(asked).refused_because


def take(house: House, said: ApproverCounter, actor: str = "sam", **more: Any) -> QuotePriced:
    """Revise version 1 as countered."""
    delta = {**revision_of(said, REASON), **more}
    asked = step(ReviseQuote, "1001", quote_version=1, command_id="r-1", actor=actor, delta=delta)
    return house.revision.revise_quote(asked)


def version(house: House, number: int) -> Quote:
    return house.books.read(lambda session: quote_version(session, "1001", number))


def statuses(house: House, number: int = 2) -> list[tuple[str, str]]:
    """Return who is asked for a version and where their step stands."""
    path = house.books.read(lambda session: current_path(session, "1001", number))
    return [(one.approver, one.status.value) for one in path.steps]


def test_a_counter_is_the_discount_altogether(house: House) -> None:
    """A line with 15 % off and 10 % off the whole came to 23.5 %; fine at 12 % is 12 % off list."""
    offered(house, line("CRM", "3", discount=off("15")), line("SUPPORT"), header_discount=off("10"))

    take(house, counter(house, "mia", "sales-1", discount_percent="12"))

    quote = version(house, 2)
    # 1,800.00 for seats and 360.00 for support by list.
    assert quote.list_total.minor == 2160_00
    assert quote.total.minor == 1900_80
    assert discount_percent(quote) == Decimal("12.00")


def test_whoever_countered_is_not_asked_again(house: House) -> None:
    """Their counter is their yes to exactly that, on record as such with all it was given on."""
    offered(house, line("CRM", "3", discount=off("18")))

    made = take(house, counter(house, "mia", "sales-1", discount_percent="12"))

    assert [(one.approver, one.status) for one in made.steps] == [("mia", StepStatus.APPROVED)]
    (row,) = house.rows(DecisionRow, quote_version=2)
    assert (row.kind, row.person, row.channel) == ("approve", "mia", "as countered")
    assert row.reason == "as countered on version 1: no more"
    assert row.content_hash == version(house, 2).content_hash
    assert '"discount_percent": "12.00"' in row.facts


def test_a_revision_taken_twice_is_approved_once(house: House) -> None:
    """The activity is safe to retry."""
    offered(house, line("CRM", "3", discount=off("18")))
    said = counter(house, "mia", "sales-1", discount_percent="12")

    first, again = take(house, said), take(house, said)

    assert first == again
    assert len(house.rows(DecisionRow, quote_version=2)) == 1


def test_everybody_else_is_asked_by_what_changed(house: House) -> None:
    """Vera countered after Mia; Mia saw 25 %, so she is asked for 22 %, and Vera's yes waits."""
    offered(house, line("CRM", "3", discount=off("25")))
    assert approve(house, "mia", "sales-1") == ""

    take(house, counter(house, "vera", "sales-2", discount_percent="22"))

    assert statuses(house) == [("mia", "active"), ("vera", "approved")]
    assert approve(house, "mia", "sales-1", 2) == ""
    assert statuses(house) == [("mia", "approved"), ("vera", "approved")]


def test_what_did_not_change_stays_approved(house: House) -> None:
    """Finn approved the days to pay, which a counter about the discount leaves alone."""
    offered(house, line("CRM", "3", discount=off("18")), payment_terms_days=90)
    assert approve(house, "finn", "finance-1") == ""

    take(house, counter(house, "mia", "sales-1", discount_percent="12"))

    assert sorted(statuses(house)) == [("finn", "approved"), ("mia", "approved")]


@pytest.mark.parametrize("more", [{"note": "and a gift"}, {"total_discount": "11.5"}])
def test_another_content_is_asked_for_as_any_other(house: House, more: dict[str, Any]) -> None:
    """Only exactly what was named has their yes."""
    offered(house, line("CRM", "3", discount=off("18")))

    take(house, counter(house, "mia", "sales-1", discount_percent="12"), **more)

    assert statuses(house) == [("mia", "active")]


def test_who_makes_the_version_does_not_approve_it_by_a_counter(house: House) -> None:
    """Mia countered and then wrote the version herself: somebody else decides."""
    offered(house, line("CRM", "3", discount=off("18")))

    take(house, counter(house, "mia", "sales-1", discount_percent="12"), actor="mia")

    assert statuses(house) == [("vera", "active")]


def test_a_counter_on_a_line_replaces_the_lines_own_discount(house: House) -> None:
    """18 % becomes 11 %; the other line is left alone."""
    offered(house, line("CRM", "3", discount=off("18")), line("SUPPORT"))

    said = counter(house, "mia", "sales-1", lines=[{"line": 1, "discount_percent": "11"}])
    take(house, said)

    assert version(house, 2).total.minor == 1602_00 + 360_00


def test_agreed_prices_give_way_to_the_discount_altogether(house: House) -> None:
    """40.00 instead of 50.00 is 20 % off; fine at 12 % is 44.00 a seat on the whole."""
    offered(house, line("CRM", "3", unit_price="40"))

    take(house, counter(house, "mia", "sales-1", discount_percent="12"))

    assert version(house, 2).total.minor == 1584_00


def test_agreed_prices_within_the_discount_stay(house: House) -> None:
    """48.00 instead of 50.00 is kept, and the header is solved for the rest of the 15 %."""
    offered(house, line("CRM", "3", unit_price="48"), line("SUPPORT", discount=off("100")))

    take(house, counter(house, "mia", "sales-1", discount_percent="15"))

    quote = version(house, 2)
    assert quote.total.minor == 1836_00
    assert discount_percent(quote) == Decimal("15.00")


def test_contracted_prices_that_go_further_are_said(house: House) -> None:
    """What the customer has by contract is not the seller's to take back."""
    prices = {
        "number": "C-100",
        "prices": [
            {
                "sku": "CRM",
                "charge": "seat",
                "price": "30",
                "valid_from": "2020-01-01",
                "currency": "EUR",
            }
        ],
    }
    assert house.register(RegisterKind.CUSTOMER_PRICES, "C-100", prices).problems == ()
    offered(house, line("CRM", "3"))

    made = take(house, counter(house, "mia", "sales-1", discount_percent="12"))

    assert [one.field for one in made.problems] == ["delta.total_discount"]
