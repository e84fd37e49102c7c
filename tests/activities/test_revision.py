"""Revising: the next immutable version of a quote, what still holds of it, and what is refused."""

from typing import Any

from sqlmodel import Session

from activities.approval_paths import current_path
from activities.pricing import file_of_term, quote_version
from activities.revision import PURPOSE
from models.approval import StepStatus
from models.decisions import DecisionKind, decision_token
from models.quoting import Quote
from models.steps import QuotePriced, RegisterKind, ReviseQuote
from models.tables import (
    DealFileRow,
    ObligationRow,
    OrderLineRow,
    PlannedChargeRow,
    QuoteRow,
    RevisionRow,
)
from tests.activities.house import CATALOG, SECRET, House, deal_file, line, off, step


def revise(house: House, version: int = 1, command: str = "r-1", **fields: Any) -> QuotePriced:
    asked = step(
        ReviseQuote,
        "1001",
        quote_version=version,
        command_id=command,
        **{"actor": "sam", "delta": {}, **fields},
    )
    return house.revision.revise_quote(asked)


def version(house: House, number: int) -> Quote:
    return house.books.read(lambda session: quote_version(session, "1001", number))


def quantity(line_number: int, units: str) -> dict[str, Any]:
    return {"lines": [{"line": line_number, "quantity": units}]}


def doubled(house: House) -> None:
    """Publish a catalogue in which a seat costs 100.00 instead of 50.00."""
    book = CATALOG["price_books"][0]
    entries = [{**one, "unit": "100"} if one["sku"] == "CRM" else one for one in book["entries"]]
    dear = {**CATALOG, "version": "dear", "price_books": [{**book, "entries": entries}]}
    assert house.publish(RegisterKind.CATALOG, dear).problems == ()


def test_a_revision_makes_the_next_version_and_leaves_the_one_before(house: House) -> None:
    """Law 3: 3 seats were 1,800.00 for the year, 5 are 3,000.00; both versions stay on record."""
    house.quote(deal_file("1001", line("CRM", "3")))

    made = revise(house, delta=quantity(1, "5"), reason="two more")

    assert made.problems == ()
    assert made.quote is not None
    assert (made.quote.number, made.quote.version) == ("Q-1001-2", 2)
    totals = [(row.version, row.total_minor, row.file_revision) for row in house.rows(QuoteRow)]
    assert totals == [(1, 1_800_00, 1), (2, 3_000_00, 2)]
    assert [row.revision for row in house.rows(DealFileRow)] == [1, 2]
    (row,) = house.rows(RevisionRow)
    assert (row.base_version, row.quote_version, row.reason) == (1, 2, "two more")
    assert row.delta == '{"lines":[{"line":1,"quantity":"5"}]}'


def test_a_revision_sent_twice_is_made_once(house: House) -> None:
    """The answer of the first run may be lost (law 1)."""
    house.quote(deal_file("1001", line("CRM", "3")))
    first = revise(house, delta=quantity(1, "5"))
    before = house.everything()

    assert revise(house, delta=quantity(1, "5")) == first
    assert house.everything() == before


def test_a_revision_keeps_the_prices_it_was_quoted_with(house: House) -> None:
    """A price rise in between touches no quote that is out: 5 seats stay at 50.00."""
    house.quote(deal_file("1001", line("CRM", "3")))
    doubled(house)

    revise(house, delta=quantity(1, "5"))

    assert version(house, 2).total.minor == 3_000_00
    assert version(house, 2).catalog_version == "2026"
    assert [row.catalog_revision for row in house.rows(QuoteRow)] == [1, 1]


def test_a_revision_takes_the_prices_in_force_only_if_it_says_so(house: House) -> None:
    """5 seats at 100.00 are 6,000.00; a revision of that keeps the new prices again."""
    house.quote(deal_file("1001", line("CRM", "3")))
    doubled(house)

    revise(house, delta={**quantity(1, "5"), "reprice": True})
    revise(house, 2, "r-2", delta=quantity(1, "6"))

    assert [row.total_minor for row in house.rows(QuoteRow)] == [1_800_00, 6_000_00, 7_200_00]
    assert version(house, 3).catalog_version == "dear"


def test_what_cannot_be_priced_is_refused_with_everything_and_writes_nothing(house: House) -> None:
    """The version before stays in force."""
    house.quote(deal_file("1001", line("CRM", "3")))
    before = house.everything()

    unpriced = revise(
        house, delta={"add": [{"product": "UNPRICED"}, {"product": "NOTHING"}]}
    ).problems
    broken = revise(house, delta={"lines": [{"line": 7, "quantity": "1"}], "term_months": 999})

    assert {problem.field for problem in unpriced} == {"lines[1].product", "lines[2].product"}
    assert {problem.field for problem in broken.problems} == {
        "delta.lines[0].line",
        "term_months",
    }
    assert house.everything() == before


def test_a_change_of_an_outdated_version_is_refused(house: House) -> None:
    """Two people change the same quote: the second one looks again first."""
    first = house.quote(deal_file("1001", line("CRM", "3"))).quote
    assert first is not None
    revise(house, delta=quantity(1, "5"))

    late = revise(house, 2, "r-2", delta=quantity(1, "6"), base_hash=first.content_hash)

    assert [problem.field for problem in late.problems] == ["base_hash"]
    assert "Q-1001-2" in late.problems[0].reason


def test_a_change_of_nothing_is_refused(house: House) -> None:
    """A version more would say nothing; offering it anew is asked for by its validity."""
    house.quote(deal_file("1001", line("CRM", "3")))

    nothing = revise(house, delta=quantity(1, "3"))
    anew = revise(house, delta={"valid_days": 60})

    assert [problem.reason for problem in nothing.problems] == ["changes nothing"]
    assert anew.quote is not None
    assert anew.quote.content_hash == version(house, 1).content_hash
    assert str(anew.quote.valid_until) == "2026-03-02"


def approved(house: House, person: str, number: int, key: str) -> None:
    content = version(house, number).content_hash
    recorded = house.approval.record_decision(
        house.decide(
            DecisionKind.APPROVE,
            person,
            step=key,
            quote_version=number,
            command_id=f"{person}-{number}",
            token=house.token(DecisionKind.APPROVE, person, content, key),
        )
    )
    assert recorded.refused_because == ""


def statuses(house: House, number: int) -> list[tuple[str, StepStatus]]:
    def look(session: Session) -> list[tuple[str, StepStatus]]:
        path = current_path(session, "1001", number)
        return [(one.approver, one.status) for one in path.steps]

    return house.books.read(look)


def test_an_approval_survives_a_change_it_did_not_look_at_and_falls_with_its_input(
    house: House,
) -> None:
    """Law 6: finance looked at the days to pay, sales at the discount."""
    file = deal_file("1001", line("CRM", "3", discount=off("15")), payment_terms_days=90)
    house.quote(file)
    approved(house, "mia", 1, "sales-1")
    approved(house, "finn", 1, "finance-1")

    revise(house, delta=quantity(1, "5"))
    revise(house, 2, "r-2", delta={"payment_terms_days": 75})

    assert statuses(house, 2) == [("mia", StepStatus.APPROVED), ("finn", StepStatus.APPROVED)]
    assert statuses(house, 3) == [("mia", StepStatus.APPROVED), ("finn", StepStatus.ACTIVE)]


def test_a_decision_on_the_version_before_no_longer_counts(house: House) -> None:
    """Its token was for other content."""
    house.quote(deal_file("1001", line("CRM", "3")))
    old = version(house, 1).content_hash
    revise(house, delta=quantity(1, "5"))

    late = house.approval.record_decision(
        house.decide(
            DecisionKind.ACCEPT,
            "ben@buyer.example",
            quote_version=2,
            content_hash=old,
            token=house.token(DecisionKind.ACCEPT, "ben@buyer.example", old),
        )
    )

    assert not late.accepted
    assert "outdated" in late.refused_because


def test_a_buyer_proves_who_they_are(house: House) -> None:
    """Whoever reaches the port could change the offer in a buyer's name."""
    first = house.quote(deal_file("1001", line("CRM", "3", buyer_may={"maximum": "9"}))).quote
    assert first is not None
    ben = "ben@buyer.example"
    token = decision_token(SECRET, "1001", PURPOSE, ben, first.content_hash)
    asked: dict[str, Any] = {"delta": quantity(1, "5"), "origin": "buyer"}

    bare = revise(house, person=ben, **asked)
    stranger = revise(house, person="eve@evil.example", token=token, **asked)
    proven = revise(house, person=ben, token=token, **asked)

    assert [problem.field for problem in bare.problems] == ["token"]
    assert [problem.field for problem in stranger.problems] == ["person", "token"]
    assert proven.quote is not None
    assert house.rows(RevisionRow)[0].person == ben


def test_the_contract_is_made_from_the_file_of_the_version_that_was_signed(house: House) -> None:
    """Later questions about the term find the revised file."""
    house.quote(deal_file("1001", line("CRM", "3")))
    revise(house, delta={**quantity(1, "5"), "renewal": {"notice_days": 10}})

    file = house.books.read(lambda session: file_of_term(session, "1001", 1))

    assert file is not None
    assert file.lines[0].quantity == 5
    assert file.renewal.notice_days == 10


# Optional lines


def offered_beside(house: House) -> None:
    """Offer three seats, and training beside them, at 10 % off the whole."""
    training = line("TRAINING", "2", optional=True)
    file = deal_file("1001", training, line("CRM", "3"), header_discount=off("10"))
    house.quote(file)


def test_an_optional_line_is_priced_and_counts_in_nothing(house: House) -> None:
    """3 seats at 50.00 less 10 % for a year are 1,620.00; two days of training stand beside."""
    offered_beside(house)

    quote = version(house, 1)

    assert quote.total.minor == 1_620_00
    assert {charge.reference for charge in quote.plan} == {"2/seat"}
    assert [(one.reference, one.net.minor, one.optional) for one in quote.lines] == [
        ("2/seat", 135_00, False),
        ("1/day", 1_000_00, True),
    ]
    assert quote.firm == quote.lines[:1]


def test_an_optional_line_is_chosen_by_a_revision_and_left_again(house: House) -> None:
    """Chosen, it takes its share of the header discount: 900.00 once more."""
    offered_beside(house)

    revise(house, delta={"lines": [{"line": 1, "choose": True}]})
    revise(house, 2, "r-2", delta={"lines": [{"line": 1, "choose": False}]})

    assert [row.total_minor for row in house.rows(QuoteRow)] == [1_620_00, 2_520_00, 1_620_00]
    assert version(house, 3).content_hash == version(house, 1).content_hash


def test_what_was_not_chosen_is_neither_ordered_nor_earned_nor_renewed(house: House) -> None:
    """The contract is about the firm lines."""
    training = line("TRAINING", "2", optional=True)
    house.sell(deal_file("1001", training, line("CRM", "3")))

    assert {row.reference for row in house.rows(PlannedChargeRow)} == {"2/seat"}
    assert [row.reference for row in house.rows(ObligationRow)] == ["2"]
    assert "TRAINING" not in {row.sku for row in house.rows(OrderLineRow)}


def test_an_offer_of_options_alone_is_refused(house: House) -> None:
    """There would be nothing to accept."""
    priced = house.quote(deal_file("1001", line("TRAINING", "2", optional=True)))

    assert [(problem.field, problem.remedy) for problem in priced.problems] == [
        ("lines", "make a line firm")
    ]
