"""Approval on record: evidence, delegates, barred people, groups, counters and new versions."""

import json
from datetime import date
from typing import Any

import pytest

from activities.approval_paths import Handed, current_path, submit
from activities.pricing import quote_version
from activities.register import catalog_on
from models.approval import ApprovalPath, StepStatus
from models.decisions import DecisionKind
from models.errors import NotFoundError
from models.quoting import content_hash
from models.steps import (
    ConfigureDeal,
    DecisionRecorded,
    EscalateApproval,
    PriceQuote,
    QuotePriced,
    RegisterKind,
)
from models.tables import DecisionRow, QuoteRow
from tests.activities.house import (
    CATALOG,
    PEOPLE,
    POLICY,
    START,
    House,
    deal_file,
    line,
    off,
    step,
)

APPROVE = DecisionKind.APPROVE
ANA = {
    "id": "ana",
    "name": "Ana",
    "email": "ana@nord.example",
    "roles": ["approver"],
    "titles": ["finance"],
}


def away(person: str, delegate: str, **changes: Any) -> dict[str, Any]:
    """Somebody is away in January."""
    return {
        "id": f"{person}-{delegate}",
        "person": person,
        "delegate": delegate,
        "starts_on": "2026-01-01",
        "last_on": "2026-01-31",
        **changes,
    }


def priced(house: House, percent: str = "15", **changes: Any) -> QuotePriced:
    """Price deal 1001 with a discount."""
    return house.quote(deal_file("1001", line("CRM", "3", discount=off(percent)), **changes))


def decide(
    house: House, kind: DecisionKind, person: str, key: str, on: date = START, **fields: Any
) -> DecisionRecorded:
    """Decide on a step of version 1 with the token for it."""
    content = house.rows(QuoteRow)[0].content_hash
    token = house.token(kind, person, content, key)
    asked = house.decide(kind, person, on, token=token, step=key, **fields)
    return house.approval.record_decision(asked)


def test_a_decision_keeps_what_it_was_made_on(house: House) -> None:
    """Semantics 13: hash, policy version, facts, decision, actor, channel and time."""
    priced(house)

    decide(house, APPROVE, "mia", "sales-1", reason="good customer")

    (row,) = house.rows(DecisionRow)
    facts = json.loads(row.facts)
    assert (row.policy_version, row.actor, row.channel) == ("p1", "mia", "temporal")
    assert row.content_hash == house.rows(QuoteRow)[0].content_hash
    assert row.decided_at.date() == START
    assert (facts["discount_percent"], facts["max_line_discount_percent"]) == ("15.00", "15.00")
    assert "margin_percent" not in facts


def test_a_delegate_is_on_record_with_whom_they_decided_for(house: House) -> None:
    """The day of the deal counts, and whoever was not named gains nothing."""
    house.register(RegisterKind.PERSON, "ana", ANA)
    recorded = house.register(RegisterKind.DELEGATION, "mia-ana", away("mia", "ana"))
    priced(house)

    late = decide(house, APPROVE, "ana", "sales-1", date(2026, 2, 1), command_id="late")
    in_time = decide(house, APPROVE, "ana", "sales-1", date(2026, 1, 31))

    assert recorded.problems == ()
    assert late.refused_because == "ana is not asked to decide on step sales-1 of version 1"
    assert in_time.accepted
    rows = house.rows(DecisionRow)
    assert [(row.person, row.on_behalf_of, row.accepted) for row in rows] == [
        ("ana", "", False),
        ("ana", "mia", True),
    ]


def test_what_was_decided_under_a_revoked_delegation_stays(house: House) -> None:
    """Facts are appended: the path is replayed by what is on record, not by today's delegations."""
    house.register(RegisterKind.PERSON, "ana", ANA)
    house.register(RegisterKind.DELEGATION, "mia-ana", away("mia", "ana"))
    priced(house)
    decide(house, APPROVE, "ana", "sales-1")

    house.register(RegisterKind.DELEGATION, "mia-ana", away("mia", "ana", revoked=True))

    path = house.books.read(lambda session: current_path(session, "1001", 1))
    assert [entry.status for entry in path.steps] == [StepStatus.APPROVED]


def test_a_delegation_that_does_not_fit_is_refused_with_every_problem(house: House) -> None:
    """Strangers, people without the role, and circles."""
    house.register(RegisterKind.PERSON, "ana", ANA)
    house.register(RegisterKind.PERSON, "mia", {**PEOPLE[1], "roles": ["approver"]})
    house.register(RegisterKind.DELEGATION, "mia-ana", away("mia", "ana"))

    strangers = house.register(RegisterKind.DELEGATION, "zoe-vera", away("zoe", "vera"))
    circle = house.register(RegisterKind.DELEGATION, "ana-mia", away("ana", "mia"))

    assert [problem.reason for problem in strangers.problems] == [
        "there is no person zoe on record",
        "vera has not the role approver",
    ]
    assert [problem.reason for problem in circle.problems] == ["closes a circle: ana -> mia -> ana"]


def test_who_published_the_prices_does_not_approve_them(house: House) -> None:
    """Mia published the catalogue, so her manager is asked, and she may not decide."""
    change = {**CATALOG, "version": "2027"}
    recorded = house.register_by("mia", RegisterKind.CATALOG, "house", change)
    assert recorded.problems == ()

    asked = priced(house)
    refused = decide(house, APPROVE, "mia", "sales-1")

    assert [entry.approver for entry in asked.steps] == ["vera"]
    assert refused.refused_because == "mia cannot decide on it: set its prices (catalogue 2027)"


def test_who_made_the_version_does_not_approve_it(house: House) -> None:
    """Mia asked for this version in Sam's name."""
    file = deal_file("1001", line("CRM", "3", discount=off("15")))
    house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file))
    asked = house.pricing.price_quote(step(PriceQuote, "1001", creator="mia"))

    assert [entry.approver for entry in asked.steps] == ["vera"]
    refused = decide(house, APPROVE, "mia", "sales-1")
    assert refused.refused_because == "mia cannot decide on it: made this version of the quote"


def test_the_prices_of_another_version_bar_nobody(house: House) -> None:
    """Mia once published a catalogue that this quote does not use."""
    house.register_by("mia", RegisterKind.CATALOG, "house", {**CATALOG, "version": "2025"})
    house.register_by("rita", RegisterKind.CATALOG, "house", {**CATALOG, "version": "2026-2"})

    assert [entry.approver for entry in priced(house).steps] == ["mia"]


def test_neither_a_barred_actor_nor_the_seller_hands_in_anothers_yes(house: House) -> None:
    """Who sends the message counts as well as whose name is in it."""
    house.register_by("ana", RegisterKind.CATALOG, "house", {**CATALOG, "version": "2027"})
    priced(house)

    refused = decide(house, APPROVE, "mia", "sales-1", actor="ana")

    assert refused.refused_because == "ana, who has a part in it, cannot decide on this deal."


TWO_OF_FINANCE = {
    **POLICY,
    "version": "p2",
    "rules": [
        {
            "id": "finance",
            "fact": "discount_percent",
            "threshold": "10",
            "steps": [{"titles": ["finance"], "quorum": "all"}],
            "chain": "finance",
            "reason": "everybody in finance looks at discounts",
        }
    ],
}


def test_a_group_decides_together_and_escalates_member_by_member(house: House) -> None:
    """Finn has spoken; Ana has not, so her manager takes her place, once."""
    house.register(RegisterKind.PERSON, "ana", {**ANA, "manager": "vera"})
    house.publish(RegisterKind.APPROVAL_POLICY, TWO_OF_FINANCE)
    priced(house)

    first = decide(house, APPROVE, "finn", "finance-1")
    asked = step(EscalateApproval, "1001", quote_version=1, step="finance-1")
    moved = house.approval.escalate_approval(asked)
    before = house.everything()
    again = house.approval.escalate_approval(asked)
    last = decide(house, APPROVE, "vera", "finance-1")

    assert [entry.status for entry in first.steps] == [StepStatus.ACTIVE]
    assert (moved.approver, moved) == ("vera, finn", again)
    assert len(before["decision"]) == 2
    assert [entry.status for entry in last.steps] == [StepStatus.APPROVED]
    escalated = house.rows(DecisionRow, kind="escalate")
    assert [(row.person, row.on_behalf_of) for row in escalated] == [("vera", "ana")]


def test_a_counter_is_kept_whole_and_may_be_repeated(house: House) -> None:
    """After the seller has insisted, the same person may counter again."""
    priced(house)
    fields: dict[str, Any] = {"counter": {"discount_percent": "12"}, "reason": "fine at 12 %"}

    first = decide(house, DecisionKind.COUNTER, "mia", "sales-1", **fields)
    house.approval.record_decision(by_seller(house, DecisionKind.RESUBMIT))
    second = decide(house, DecisionKind.COUNTER, "mia", "sales-1", command_id="2", **fields)

    assert [first.accepted, second.accepted] == [True, True]
    assert second.steps[0].status is StepStatus.COUNTERED
    row = house.rows(DecisionRow, kind="counter")[0]
    assert json.loads(row.counter)["discount_percent"] == "12"


def by_seller(house: House, kind: DecisionKind, **fields: Any) -> Any:
    """Return a message of the seller with their token."""
    token = house.token(kind, "sam", house.rows(QuoteRow)[0].content_hash)
    return house.decide(kind, "sam", token=token, **fields)


def test_a_recall_needs_the_sellers_token(house: House) -> None:
    """Whoever reaches the port could otherwise take any quote back."""
    priced(house)

    forged = house.approval.record_decision(
        house.decide(DecisionKind.RECALL, "sam", token="wrong", command_id="forged")
    )
    own = house.approval.record_decision(by_seller(house, DecisionKind.RECALL))

    assert forged.refused_because.startswith("The token does not fit")
    assert own.accepted


def next_version(house: House, percent: str, term_months: int = 12) -> ApprovalPath:
    """Hand in version 2 of deal 1001, as a revision of the quote does."""
    other = "1002"
    house.quote(deal_file(other, line("CRM", "3", discount=off(percent)), term_months=term_months))

    def hand_in(session: Any) -> ApprovalPath:
        quote = quote_version(session, other, 1)
        quote = quote.model_copy(update={"deal": "1001", "version": 2, "number": "Q-1001-2"})
        quote = quote.model_copy(update={"content_hash": content_hash(quote)})
        row = session.get_one(QuoteRow, "Q-1002-1").model_dump()
        changed = {"number": quote.number, "deal": "1001", "version": 2}
        session.add(QuoteRow.model_validate({**row, **changed, "content": quote.model_dump_json()}))
        session.flush()
        return submit(session, quote, catalog_on(session, START), Handed(on=START))

    return house.books.write(hand_in)


def test_a_new_version_asks_only_for_what_changed(house: House) -> None:
    """Mia's yes to 15 % holds for a longer term, and falls with another discount."""
    priced(house)
    decide(house, APPROVE, "mia", "sales-1")

    longer = next_version(house, "15", term_months=24)

    assert [entry.status for entry in longer.steps] == [StepStatus.APPROVED]
    assert longer.steps[0].decided_by == "mia"


def test_a_new_version_asks_again_where_the_facts_changed(house: House) -> None:
    """16 % is another question than 15 %."""
    priced(house)
    decide(house, APPROVE, "mia", "sales-1")

    assert [entry.status for entry in next_version(house, "16").steps] == [StepStatus.ACTIVE]


def test_a_yes_of_a_delegate_carries_over_too(house: House) -> None:
    """It was given for Mia, who is asked again."""
    house.register(RegisterKind.PERSON, "ana", ANA)
    house.register(RegisterKind.DELEGATION, "mia-ana", away("mia", "ana"))
    priced(house)
    decide(house, APPROVE, "ana", "sales-1")

    (kept,) = next_version(house, "15", term_months=24).steps

    assert (kept.status, kept.decided_by, kept.on_behalf_of) == (
        StepStatus.APPROVED,
        "ana",
        "mia",
    )


def holidays(country: str, region: str, years: Any) -> tuple[date, ...]:  # noqa: ARG001
    """Know New Year and Epiphany of Germany, and no other country."""
    if country != "DE":
        raise NotFoundError(f"No public holidays are known for {country}")
    return tuple(day for year in years for day in (date(year, 1, 1), date(year, 1, 6)))


def test_a_working_calendar_reaches_the_deal_with_the_holidays_to_come(house: House) -> None:
    """The workflow computes with dates; which days are holidays is looked up here."""
    calendar = {"time_zone": "Europe/Berlin", "country": "DE"}
    house = house.with_holidays(holidays)
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "calendar": calendar})

    asked = priced(house)

    assert asked.calendar is not None
    assert asked.calendar.holidays == (
        date(2026, 1, 1),
        date(2026, 1, 6),
        date(2027, 1, 1),
        date(2027, 1, 6),
    )


def test_a_calendar_whose_holidays_nobody_knows_is_refused(house: House) -> None:
    """Found out when it is published, not on the first holiday."""
    house = house.with_holidays(holidays)

    refused = house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "calendar": {"country": "FR"}})

    assert [(one.field, one.reason) for one in refused.problems] == [
        ("calendar.country", "No public holidays are known for FR")
    ]


@pytest.mark.parametrize("country", ["", "DE"])
def test_a_calendar_that_is_known_is_recorded(house: House, country: str) -> None:
    """Also one without a country, which has no public holidays."""
    house = house.with_holidays(holidays)

    done = house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "calendar": {"country": country}})

    assert done.problems == ()


def test_who_set_the_customers_own_prices_does_not_approve_them(house: House) -> None:
    """Mia gave the customer the price the quote is made with, so her manager is asked."""
    own = {"sku": "CRM", "charge": "seat", "price": "45", "currency": "EUR"}
    content = {"number": "C-100", "prices": [{**own, "valid_from": "2026-01-01"}]}
    recorded = house.register_by("mia", RegisterKind.CUSTOMER_PRICES, "C-100", content)
    assert recorded.problems == ()

    asked = priced(house)
    refused = decide(house, APPROVE, "mia", "sales-1")

    assert [entry.approver for entry in asked.steps] == ["vera"]
    assert refused.refused_because == "mia cannot decide on it: set the own prices of C-100"


def test_a_no_is_counted_under_a_code_of_the_policy(house: House) -> None:
    """The code stands beside the reason in words, and is one where there are none."""
    priced(house)

    said = decide(house, DecisionKind.REJECT, "mia", "sales-1", reason_code="price")

    (row,) = house.rows(DecisionRow, kind="reject")
    assert (said.accepted, row.reason_code, row.reason) == (True, "price", "")


def test_a_code_nobody_lists_is_refused_and_so_is_one_for_a_yes(house: House) -> None:
    """Otherwise losses would be counted under as many words as there are people."""
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "loss_reasons": ["too dear", "other"]})
    priced(house)

    unknown = decide(house, DecisionKind.REJECT, "mia", "sales-1", reason="No", reason_code="price")
    of_yes = decide(house, APPROVE, "mia", "sales-1", reason_code="other", command_id="2")

    assert unknown.refused_because == "price is no loss reason: too dear, other."
    assert of_yes.refused_because == "A reason's code is for a no; approve takes none."
