"""A quote is revised while it is open: before approval, before acceptance, and not afterwards."""

from typing import Any

from models.deal import DealState, Stage
from tests.workflows import records
from tests.workflows.driver import Deal, audited, begin, live
from tests.workflows.faults import for_good, no_fault
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, MANAGER, catalog_change

NEEDS_MANAGER: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 15}}]
}


def seats(quantity: int) -> dict[str, Any]:
    return {"lines": [{"line": 1, "quantity": str(quantity)}]}


async def offered(deal: Deal, version: int) -> DealState:
    """Wait until the customer has been sent a version."""
    return await deal.until(
        lambda one: one.quote_sent and one.quote is not None and one.quote.version == version,
        f"an offer of version {version}",
    )


async def test_a_quote_is_revised_while_the_customer_thinks_and_the_new_version_is_sold(
    house: House,
) -> None:
    """Ten seats become twelve: version 2 is mailed, accepted and signed; version 1 stays."""
    deal = await begin(house)
    before = await offered(deal, 1)

    answer = await deal.does("revise_quote", delta=seats(12), reason="two more")
    after = await offered(deal, 2)
    await deal.accept()
    await deal.sign()

    assert before.quote is not None
    assert after.quote is not None
    assert (answer.text, answer.reference) == ("Quote Q-1001-2 replaces Q-1001-1.", "Q-1001-2")
    assert (before.quote.total_minor, after.quote.total_minor) == (60000, 72000)
    home = house.settings.home
    assert records.value(home, "select total_minor from contract") == 72000
    assert records.rows(home, "select version, total_minor from quote where term = 1") == [
        (1, 60000),
        (2, 72000),
    ]
    mailed = records.rows(home, "select number from document where kind = 'quote' order by number")
    assert mailed == [("Q-1001-1",), ("Q-1001-2",)]


async def test_an_acceptance_of_the_version_before_is_refused_as_outdated(house: House) -> None:
    """The mail with the old version is still in the customer's inbox."""
    deal = await begin(house)
    old = (await offered(deal, 1)).quote
    assert old is not None
    await deal.does("revise_quote", delta=seats(12))
    await offered(deal, 2)
    token = deal.token("accept", BUYER, old.content_hash)

    named = await deal.refuses(
        "accept_quote", person=BUYER, token=token, content_hash=old.content_hash
    )
    bare = await deal.refuses("accept_quote", person=BUYER, token=token)

    assert "outdated version" in named
    assert "token does not fit" in bare
    assert (await deal.state()).stage is Stage.ACCEPT


async def test_a_quote_is_accepted_once(house: House) -> None:
    """The second yes finds nothing to accept, and changes nothing."""
    deal = await begin(house)
    await deal.accept()

    text = await deal.refuses("accept_quote", person=BUYER)

    assert "No quote waits for acceptance" in text
    accepted = "select count(*) from decision where kind = 'accept' and accepted = 1"
    assert records.value(house.settings.home, accepted) == 1


async def test_a_revision_before_approval_asks_anew_and_the_old_request_is_void(
    house: House,
) -> None:
    """The manager was asked about 15 %; now it is 12 %, and their token for 15 % is no good."""
    deal = await begin(house, **NEEDS_MANAGER)
    old = (await deal.stage(Stage.APPROVE)).quote
    assert old is not None
    stale = deal.token("sales-1", MANAGER, old.content_hash)

    cheaper = {"lines": [{"line": 1, "discount": {"percent": "12"}}]}
    await deal.does("revise_quote", delta=cheaper)
    state = await deal.stage(Stage.APPROVE)
    key = state.approval.steps[0].key
    await deal.refuses("approve", person=MANAGER, step=key, token=stale)
    await deal.approve(MANAGER)
    after = await offered(deal, 2)

    assert state.quote is not None
    assert state.quote.version == 2
    assert [step.status for step in after.approval.steps] == ["approved"]


async def test_an_approval_is_not_asked_again_for_what_it_did_not_look_at(house: House) -> None:
    """More seats at the same discount: the manager's yes to 15 % still holds."""
    deal = await begin(house, **NEEDS_MANAGER)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)
    await offered(deal, 1)

    await deal.does("revise_quote", delta=seats(20))
    state = await offered(deal, 2)

    assert [(step.approver, step.status) for step in state.approval.steps] == [
        (MANAGER, "approved")
    ]
    asked = [payload for name, payload in house.faults.calls if name == "notify"]
    assert sum('"approval_request"' in one for one in asked) == 1


async def test_a_revision_that_cannot_be_priced_leaves_the_old_version_in_force(
    house: House,
) -> None:
    """All reasons come back; the customer accepts what was offered."""
    deal = await begin(house)
    await offered(deal, 1)

    text = await deal.refuses(
        "revise_quote",
        delta={"lines": [{"line": 4, "quantity": "1"}], "term_months": 999, "valid_days": 0},
    )
    await deal.accept()

    assert text.startswith("Quote Q-1001-1 stays as it is:")
    assert "there is no line 4" in text
    assert "999 is not between" in text
    assert "valid_days" in text
    state = await deal.stage(Stage.CONTRACT)
    assert state.quote is not None
    assert state.quote.version == 1


async def test_a_stale_revision_and_one_after_acceptance_are_refused(house: House) -> None:
    """The second of two sellers looks again; a signed offer changes by amendment."""
    deal = await begin(house)
    old = (await offered(deal, 1)).quote
    assert old is not None
    await deal.does("revise_quote", delta=seats(12), base_hash=old.content_hash)
    await offered(deal, 2)

    late = await deal.refuses("revise_quote", delta=seats(13), base_hash=old.content_hash)
    await deal.accept()
    after = await deal.refuses("revise_quote", delta=seats(13))

    assert "outdated version; in force is Q-1001-2" in late
    assert after == "No quote is open for revision (contract)."


async def test_the_same_revision_sent_twice_makes_one_version(house: House) -> None:
    """A lost answer is asked for again under its identity."""
    deal = await begin(house)
    await offered(deal, 1)

    first = await deal.does("revise_quote", command_id="once", delta=seats(12))
    await offered(deal, 2)
    again = await deal.does("revise_quote", command_id="once", delta=seats(12))

    assert again.text == first.text
    assert records.value(house.settings.home, "select count(*) from quote") == 2


async def test_a_revision_gives_the_offer_its_validity_anew(house: House) -> None:
    """Offered on the 1st for five days, revised on the 4th: it stands through the 9th."""
    deal = await begin(house, valid_days=5)
    await offered(deal, 1)
    await deal.advance("2026-01-04T17:00:00Z")

    await deal.does("revise_quote", delta=seats(12))
    await offered(deal, 2)
    state = await deal.advance("2026-01-09T20:00:00Z")
    assert state.stage is Stage.ACCEPT
    await deal.advance("2026-01-10T12:00:00Z")

    assert (await deal.ended()).outcome == "expired"


async def test_a_revision_waits_for_a_step_that_is_on_hold(house: House) -> None:
    """Otherwise the parked mail would go out with a version nobody has approved."""
    house.faults.before = lambda name, _: for_good() if name == "publish_document" else None
    deal = await begin(house)
    await deal.until(lambda one: bool(one.holds), "a hold")

    text = await deal.refuses("revise_quote", delta=seats(12))
    house.faults.before = no_fault
    await deal.does("retry")
    await offered(deal, 1)
    await deal.does("revise_quote", delta=seats(12))

    assert "settle it by `retry`" in text
    await offered(deal, 2)


async def test_a_revision_whose_step_fails_is_kept_and_made_by_a_retry(house: House) -> None:
    """The books were away; nothing the seller said is lost."""
    deal = await begin(house)
    await offered(deal, 1)
    house.faults.before = lambda name, _: for_good() if name == "revise_quote" else None

    answer = await deal.does("revise_quote", delta=seats(12))
    house.faults.before = no_fault
    await deal.does("retry")

    assert answer.text.startswith("Received and on hold")
    await offered(deal, 2)


async def test_a_price_rise_reaches_a_revision_only_on_demand(house: House) -> None:
    """A quote keeps the catalogue it was priced with."""
    deal = await begin(house)
    await offered(deal, 1)
    await house.result(
        await house.start(
            "RegisterWorkflow",
            "catalog-house-dearer",
            catalog_change(SEAT="30"),
        )
    )

    await deal.does("revise_quote", delta=seats(12))
    kept = (await offered(deal, 2)).quote
    await deal.does("revise_quote", delta={"reprice": True})
    repriced = (await offered(deal, 3)).quote

    assert kept is not None
    assert repriced is not None
    assert (kept.total_minor, repriced.total_minor) == (72000, 108000)


async def test_each_stage_a_revision_takes_again_is_on_the_audit_trail(house: House) -> None:
    """Who reads the trail sees the way back."""
    deal = await live_after_revision(house)

    stages = [detail for what, detail in audited(await deal.state()) if what == "stage"]

    assert stages == [
        *("price", "quote", "approve", "accept"),
        *("quote", "approve", "accept", "contract", "fulfill", "live"),
    ]


async def live_after_revision(house: House) -> Deal:
    deal = await begin(house)
    await offered(deal, 1)
    await deal.does("revise_quote", delta=seats(12))
    await offered(deal, 2)
    await deal.accept()
    await deal.sign()
    return deal


async def test_a_live_deal_takes_no_revision(house: House) -> None:
    """Its quote is a contract by now."""
    deal = await live(house)

    assert await deal.refuses("revise_quote", delta=seats(12)) == (
        "No quote is open for revision (live)."
    )


async def test_a_revision_whose_answer_was_lost_is_not_made_twice(house: House) -> None:
    """Everything was on record when the step failed; the retry finds its version."""
    deal = await begin(house)
    await offered(deal, 1)
    house.faults.after = lambda name, _: for_good() if name == "revise_quote" else None

    await deal.does("revise_quote", delta=seats(12))
    house.faults.after = no_fault
    await deal.does("retry")
    await offered(deal, 2)

    assert records.value(house.settings.home, "select count(*) from quote") == 2
