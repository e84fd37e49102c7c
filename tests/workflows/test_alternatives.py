"""Alternatives: offered side by side, approved by the same rules, and one of them accepted."""

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from models.deal import AlternativeStatus, DealState, Stage
from tests.workflows import records
from tests.workflows.driver import Deal, audited, begin
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, FINANCE, MANAGER, deal_file


def seats(quantity: int, percent: str = "") -> dict[str, Any]:
    discount = {"discount": {"percent": percent}} if percent else {}
    return {"lines": [{"line": 1, "quantity": str(quantity), **discount}]}


async def offered(deal: Deal, *labels: str) -> DealState:
    """Wait until the offer and these alternatives have been sent."""
    return await deal.until(
        lambda one: (
            one.quote_sent
            and {each.label for each in one.alternatives if each.sent} == set(labels)
            and one.stage is Stage.ACCEPT
        ),
        f"an offer with {labels}",
    )


async def test_alternatives_are_offered_beside_the_primary_and_one_is_sold(house: House) -> None:
    """Ten seats, or twenty as the alternative `big`: the customer takes the twenty."""
    deal = await begin(house)
    await offered(deal)
    first = await deal.does("revise_quote", delta=seats(20), alternative="big")
    await deal.does("revise_quote", delta=seats(30), alternative="huge")
    state = await offered(deal, "big", "huge")

    assert state.quote is not None
    assert first.text == "Quote Q-1001-2 is the alternative big to Q-1001-1."
    assert state.quote.number == "Q-1001-1"
    big = state.alternatives[0].quote
    token = deal.token("accept", BUYER, big.content_hash)
    await deal.does("accept_quote", person=BUYER, token=token, content_hash=big.content_hash)
    sold = await deal.sign()

    assert sold.quote is not None
    assert sold.quote.number == "Q-1001-2"
    assert sold.alternatives == ()
    home = house.settings.home
    assert records.value(home, "select total_minor from contract") == 120000
    assert records.value(home, "select total_minor from deal") == 120000
    assert ("alternative chosen", "big: Q-1001-2") in audited(sold)
    labels = records.rows(home, "select quote_version, alternative from revision order by 1")
    assert labels == [(2, "big"), (3, "huge")]


async def test_the_primary_is_accepted_as_if_it_stood_alone(house: House) -> None:
    """Without naming a content the version in force is meant; afterwards nothing else counts."""
    deal = await begin(house)
    await offered(deal)
    await deal.does("revise_quote", delta=seats(20), alternative="big")
    state = await offered(deal, "big")
    content = state.alternatives[0].quote.content_hash

    await deal.accept()
    token = deal.token("accept", BUYER, content)
    late = await deal.refuses("accept_quote", person=BUYER, token=token, content_hash=content)

    assert "No quote waits for acceptance" in late
    state = await deal.stage(Stage.CONTRACT)
    assert state.quote is not None
    assert state.quote.version == 1


async def test_an_alternative_is_offered_once_it_is_approved(house: House) -> None:
    """15 % off needs the manager; until then the customer cannot take it."""
    deal = await begin(house)
    await offered(deal)
    await deal.does("revise_quote", delta=seats(20, "15"), alternative="cheap")
    state = await deal.until(lambda one: one.primary is not None, "approval of the alternative")
    cheap = state.alternatives[0].quote

    token = deal.token("accept", BUYER, cheap.content_hash)
    early = await deal.refuses(
        "accept_quote", person=BUYER, token=token, content_hash=cheap.content_hash
    )
    await deal.approve(MANAGER)
    after = await offered(deal, "cheap")
    await deal.does("accept_quote", person=BUYER, token=token, content_hash=cheap.content_hash)

    assert "No quote waits" in early
    assert after.alternatives[0].status is AlternativeStatus.OPEN
    sold = await deal.sign()
    assert sold.quote is not None
    assert sold.quote.total_minor == cheap.total_minor


async def test_an_alternative_that_is_rejected_leaves_the_rest_of_the_offer(house: House) -> None:
    """The manager's no ends the alternative, not the deal; it can no longer be accepted."""
    deal = await begin(house)
    await offered(deal)
    await deal.does("revise_quote", delta=seats(20, "15"), alternative="cheap")
    await deal.until(lambda one: one.primary is not None, "approval of the alternative")

    await deal.approve(MANAGER, "reject", reason="below cost")
    state = await offered(deal)
    cheap = state.alternatives[0]
    token = deal.token("accept", BUYER, cheap.quote.content_hash)
    text = await deal.refuses(
        "accept_quote", person=BUYER, token=token, content_hash=cheap.quote.content_hash
    )

    assert state.outcome == ""
    assert cheap.status is AlternativeStatus.REJECTED
    assert text == "The alternative cheap is not offered (rejected)."
    await deal.accept()


async def test_a_revision_of_the_primary_outdates_its_alternatives(house: House) -> None:
    """They were changes of something that is no longer offered; also while one is being asked."""
    deal = await begin(house)
    await offered(deal)
    await deal.does("revise_quote", delta=seats(20, "15"), alternative="cheap")
    await deal.until(lambda one: one.primary is not None, "approval of the alternative")

    await deal.does("revise_quote", delta=seats(11))
    state = await offered(deal)

    assert state.quote is not None
    assert (state.quote.number, state.alternatives, state.primary) == ("Q-1001-3", (), None)
    assert state.quote.total_minor == 66000


async def test_an_alternative_of_the_same_label_replaces_the_one_before(house: House) -> None:
    """A label names one thing at a time."""
    deal = await begin(house)
    await offered(deal)
    await deal.does("revise_quote", delta=seats(20), alternative="big")
    await offered(deal, "big")

    await deal.does("revise_quote", delta=seats(25), alternative="big")
    state = await offered(deal, "big")

    assert [one.quote.version for one in state.alternatives] == [3]


async def test_alternatives_of_the_deal_file_are_offered_from_the_first_mail_on(
    house: House,
) -> None:
    """`cheap` needs the manager, `big` nobody: both are sent with the ten seats, `big` is sold."""
    asked = [{"label": "big", "change": seats(20)}, {"label": "cheap", "change": seats(30, "15")}]
    deal = await begin(house, alternatives=asked)
    await deal.until(lambda one: one.primary is not None, "approval of the alternative")
    await deal.approve(MANAGER)
    state = await offered(deal, "big", "cheap")

    assert state.quote is not None
    assert [one.quote.number for one in state.alternatives] == ["Q-1001-2", "Q-1001-3"]
    assert (state.quote.number, state.quote.total_minor) == ("Q-1001-1", 60000)
    home = house.settings.home
    assert records.value(home, "select total_minor from deal") == 60000
    big = state.alternatives[0].quote
    token = deal.token("accept", BUYER, big.content_hash)
    await deal.does("accept_quote", person=BUYER, token=token, content_hash=big.content_hash)
    sold = await deal.sign()

    assert sold.quote is not None
    assert (sold.quote.number, sold.alternatives) == ("Q-1001-2", ())
    assert records.value(home, "select total_minor from contract") == 120000
    made = records.rows(home, "select alternative, command_id from revision order by id")
    assert made == [("big", "start-alternative-big"), ("cheap", "start-alternative-cheap")]


async def test_an_alternative_that_cannot_be_sold_ends_the_deal_before_it_begins(
    house: House,
) -> None:
    """Also a deal that came straight to Temporal: nothing is on record, all problems are told."""
    change = {"add": [{"product": "NOTHING"}], "lines": [{"line": 7, "quantity": "1"}]}
    both = [{"label": "a", "change": change}, {"label": "b", "change": {"add": change["add"]}}]
    handle = await house.start("DealWorkflow", "deal-1001", deal_file(alternatives=both))

    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()

    text = str(caught.value.cause)
    assert "alternatives[0].change.lines[0].line" in text
    assert "alternatives[1].lines[1].product" in text
    assert records.value(house.settings.home, "select count(*) from deal") == 0


async def test_an_alternative_nobody_can_approve_leaves_the_rest_of_the_offer(
    house: House,
) -> None:
    """Fiona sells it and is all there is of finance: ten seats and `big` go out all the same."""
    asked = [{"label": "cheap", "change": seats(30, "25")}, {"label": "big", "change": seats(20)}]
    deal = await begin(house, seller=FINANCE, alternatives=asked)
    state = await offered(deal, "big")

    assert [one.label for one in state.alternatives] == ["big"]
    (why,) = [detail for what, detail in audited(state) if what == "alternative not made"]
    assert why.startswith("cheap: approval: Nobody but the seller can approve as finance")
