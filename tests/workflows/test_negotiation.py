"""Buyer and seller talk while the quote is open, and nothing that was said is lost or undone."""

from typing import Any

from models.deal import Stage
from models.decisions import decision_token
from models.negotiation import said_hash
from tests.workflows import records
from tests.workflows.driver import Deal, audited, begin
from tests.workflows.faults import for_good, no_fault
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, MANAGER, SELLER

SEATS = {"product": "SEAT", "quantity": 10, "buyer_may": {"minimum": 5, "maximum": 20}}


async def offered(house: House, **file: Any) -> Deal:
    """Offer ten seats, 600.00 in all, of which the buyer may take five to twenty."""
    deal = await begin(house, **{"lines": [SEATS], **file})
    await deal.until(lambda one: one.quote_sent, "an offer")
    return deal


async def signed(deal: Deal, purpose: str, said: str = "") -> dict[str, Any]:
    """Return what a buyer's message carries: person, content, and the token the page makes.

    A comment is proven by what it says, everything else by the content it is for.
    """
    quote = (await deal.state()).quote
    assert quote is not None
    base = quote.content_hash
    secret = deal.house.settings.signing_secret()
    token = decision_token(secret, deal.number, purpose, BUYER, said_hash(said) if said else base)
    asked = {"person": BUYER, "actor": BUYER, "token": token}
    return asked if said else {**asked, "base_hash": base}


async def test_a_counter_offer_is_accepted_asks_who_has_to_be_asked_and_is_offered(
    house: House,
) -> None:
    """15 % off 600.00 is 510.00; the manager is asked, then the buyer gets version 2."""
    deal = await offered(house)
    wish = {"header_discount": {"percent": "15"}}

    made = await deal.does(
        "counter_offer", delta=wish, reason="budget", **await signed(deal, "counter")
    )
    await deal.does("answer_counter_offer", answer="accept", counter=1, actor=SELLER)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)
    state = await deal.until(
        lambda one: one.quote_sent and one.quote is not None and one.quote.version == 2, "version 2"
    )

    assert made.text == "Counter-offer 1 to quote Q-1001-1 waits for an answer."
    assert state.quote is not None
    assert state.quote.total_minor == 51000
    assert records.rows(house.settings.home, "select counter, accepted from counter_answer") == [
        (1, 1)
    ]
    subjects = records.rows(house.settings.home, "select subject from mail order by subject")
    assert ("Counter-offer: deal 1001, Acme Corp",) in subjects


async def test_an_approval_that_still_holds_is_not_asked_for_again(house: House) -> None:
    """The manager said yes to 15 % once; more seats at 15 % go straight to the buyer."""
    discount = {"discount": {"percent": 15}}
    deal = await begin(house, lines=[{**SEATS, **discount}])
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)
    await deal.until(lambda one: one.quote_sent, "an offer")

    more = {"lines": [{"line": 1, "quantity": "20"}]}
    await deal.does("revise_quote", delta=more, origin="buyer", **await signed(deal, "revise"))
    await deal.until(
        lambda one: one.quote_sent and one.quote is not None and one.quote.version == 2, "version 2"
    )

    asked = [payload for name, payload in house.faults.calls if name == "notify"]
    assert sum('"approval_request"' in one for one in asked) == 1


async def test_what_is_out_of_turn_is_refused_with_its_reason(house: House) -> None:
    """A counter-offer before the offer or to an old version, and answers to none."""
    deal = await begin(house, lines=[{**SEATS, "discount": {"percent": 15}}])
    await deal.stage(Stage.APPROVE)
    wish = {"delta": {"header_discount": {"percent": "5"}}}
    early = await deal.refuses("counter_offer", **wish, **await signed(deal, "counter"))
    await deal.approve(MANAGER)
    await deal.until(lambda one: one.quote_sent, "an offer")
    old = await signed(deal, "counter")
    none = await deal.refuses("answer_counter_offer", answer="accept", counter=1)
    unnamed = await deal.refuses("answer_counter_offer", answer="accept")
    strange = await deal.refuses("answer_counter_offer", answer="perhaps", counter=1)
    await deal.does("revise_quote", delta={"lines": [{"line": 1, "quantity": "12"}]})
    await deal.until(
        lambda one: one.quote_sent and one.quote is not None and one.quote.version == 2, "version 2"
    )
    stale = await deal.refuses("counter_offer", **wish, **old)
    beyond = await deal.refuses(
        "revise_quote",
        delta={"lines": [{"line": 1, "quantity": "21"}]},
        origin="buyer",
        **await signed(deal, "revise"),
    )

    assert "No quote waits for acceptance" in early
    assert "does not wait for an answer" in none
    assert "Name the number" in unnamed
    assert "accept` or `reject" in strange
    assert "outdated version" in stale
    assert "take at most 20" in beyond


async def test_a_comment_is_taken_though_the_mail_server_is_down(house: House) -> None:
    """It is on record and answered at once; the mail goes out once somebody mends the server."""
    deal = await offered(house)
    house.faults.before = lambda name, _: for_good("no mail") if name == "notify" else None

    said = await deal.does(
        "comment", text="When?", origin="buyer", **await signed(deal, "comment", "When?")
    )
    state = await deal.until(lambda one: bool(one.holds), "a hold")
    house.faults.before = no_fault
    await deal.mend()

    assert said.text == "Comment 1: When?"
    assert [hold.key for hold in state.holds] == ["notice:comment/1"]
    sent = "select count(*) from mail where subject like 'Comment on deal%'"
    assert records.value(house.settings.home, sent) == 1


async def test_links_are_ended_on_record(house: House) -> None:
    """Who ended whose links stands in the timeline."""
    deal = await offered(house)

    await deal.does("revoke_link", person=BUYER, reason="wrong address", actor=SELLER)
    stranger = await deal.refuses("revoke_link", person="eve@evil.example", actor=SELLER)

    told = dict(audited(await deal.state()))
    assert told["revoke_link accepted"] == f"The links of {BUYER} no longer open."
    assert "no contact" in stranger
