"""The live term: billing, reminders, late work, renewal, and the end."""

from typing import Any

from models.deal import Stage
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import Deal, audited, begin, live
from tests.workflows.faults import for_good, no_fault
from tests.workflows.house import House
from tests.workflows.register_data import DIRECTOR, MANAGER

INVOICES = "select issued_on, gross_minor from invoice order by issued_on, number"
METER: dict[str, Any] = {"lines": [{"product": "METER", "quantity": 10}]}
AUTO: dict[str, Any] = {"renewal": {"auto_renew": True, "notice_days": 10, "term_months": 1}}
"""Term 1 ends on 1 April; notice counts until 22 March, the offer is due on 20 February."""


async def test_a_charge_in_advance_is_billed_at_the_start_of_each_period(house: House) -> None:
    """Ten seats at 20 USD, three months: on the first of each."""
    deal = await live(house)

    await deal.advance("2026-03-15T12:00:00Z")

    assert records.rows(house.settings.home, INVOICES) == [
        ("2026-01-01", 20000),
        ("2026-02-01", 20000),
        ("2026-03-01", 20000),
    ]


async def test_a_charge_in_arrears_is_billed_at_the_end_of_each_period(house: House) -> None:
    """Ten metered seats at 30 USD: nothing in January, the last amount on the day the term ends."""
    deal = await live(house, **METER)

    await deal.advance("2026-01-31T12:00:00Z")
    early = records.rows(house.settings.home, INVOICES)
    await deal.advance("2026-04-02T12:00:00Z")

    assert early == []
    assert records.rows(house.settings.home, INVOICES) == [
        ("2026-02-01", 30000),
        ("2026-03-01", 30000),
        ("2026-04-01", 30000),
    ]


async def test_reminders_climb_one_level_a_run_and_stop_when_it_is_paid(house: House) -> None:
    """Due 31 January: -3, +3, +10 days, never two levels at once; a paid invoice is left alone."""
    deal = await live(house)
    first = (
        'select i.level, i."on" from reminder_item i join invoice v on v.number = i.invoice'
        " where v.issued_on = '2026-01-01' order by i.level"
    )

    state = await deal.advance("2026-02-11T12:00:00Z")
    reminded = records.rows(house.settings.home, first)
    await deal.pay(state.balance_minor, "2026-02-11", "all")
    await deal.advance("2026-02-28T00:00:00Z")

    assert reminded == [(1, "2026-01-28"), (2, "2026-02-03"), (3, "2026-02-10")]
    assert records.rows(house.settings.home, first) == reminded
    assert (await deal.state()).balance_minor == 0


async def test_the_last_decision_on_an_unpaid_invoice_is_a_persons(house: House) -> None:
    """After the last letter the deal asks whether to hand over; any other answer is refused."""
    deal = await live(house)

    state = await deal.advance("2026-03-20T12:00:00Z")
    hold = next(hold for hold in state.holds if hold.key == "dunning")
    text = await deal.refuses("resolve", item="dunning", answer="forget it")
    await deal.does("resolve", item="dunning", answer="wait", actor="fiona")

    assert hold.answers == ("hand over", "wait")
    assert text == "dunning does not take the answer 'forget it'; answers: hand over, wait."
    assert not (await deal.state()).holds


async def test_a_deal_that_starts_three_months_late_bills_every_period_and_sends_one_letter(
    house: House,
) -> None:
    """Late is normal: nothing is skipped or billed twice, and nobody is flooded with reminders."""
    deal = await live(house, test_clock="2026-04-10T17:00:00Z", term_months=12)

    state = await deal.settle()

    home = house.settings.home
    starts = records.rows(home, "select starts_on from invoice_line order by 1")
    assert starts == [("2026-01-01",), ("2026-02-01",), ("2026-03-01",), ("2026-04-01",)]
    assert records.value(home, "select count(*) from reminder") <= 1
    assert state.balance_minor == 80000
    records.assert_sound(home)


async def test_billing_that_stood_still_for_three_months_catches_up_and_is_late_only_once(
    house: House,
) -> None:
    """After an outage each period is billed on the day it is possible, with one reminder in all."""
    deal = await live(house, term_months=12)
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-01", "first")
    house.faults.before = lambda name, _: for_good() if name == "converge" else None
    await deal.advance("2026-04-10T17:00:00Z")
    home = house.settings.home
    stopped = records.value(home, "select count(*) from invoice_line")
    house.faults.before = no_fault

    await deal.does("retry")
    await deal.advance("2026-04-11T17:00:00Z")

    assert stopped == 1
    starts = records.rows(home, "select starts_on from invoice_line order by 1")
    assert starts == [("2026-01-01",), ("2026-02-01",), ("2026-03-01",), ("2026-04-01",)]
    assert records.value(home, "select count(*) from reminder") == 0
    records.assert_sound(home)


async def test_silence_renews_where_that_was_agreed_and_the_customer_was_reminded(
    house: House,
) -> None:
    """Auto-renewal after offer and reminder: term 2 is billed under the same deal."""
    deal = await live(house, **AUTO)

    state = await deal.advance("2026-04-02T12:00:00Z")

    assert (state.term, str(state.starts_on), str(state.ends_on)) == (2, "2026-04-01", "2026-05-01")
    numbers = records.rows(house.settings.home, "select number, total_minor from contract")
    assert numbers == [("C-1001-1", 60000), ("C-1001-2", 20000)]
    assert records.rows(house.settings.home, INVOICES)[-1] == ("2026-04-01", 20000)


async def test_a_declined_renewal_ends_the_deal_with_its_term(house: House) -> None:
    """A no counts also where silence would have renewed; the rest is still collected."""
    deal = await live(house, **AUTO)
    await deal.advance("2026-02-21T12:00:00Z")

    answer = await deal.answer_renewal("decline_renewal")
    state = await deal.advance("2026-04-02T12:00:00Z")

    assert answer.text == "The deal is not renewed on 2026-04-01."
    assert (state.stage, state.term) == (Stage.CLOSING, 1)
    await deal.pay(state.balance_minor, "2026-04-02", "all")
    assert (await deal.ended()).outcome == "completed"


async def test_an_accepted_renewal_renews_where_silence_would_not(house: House) -> None:
    """Without auto-renewal only the customer's yes renews, and it counts once."""
    deal = await live(house, renewal={"auto_renew": False, "notice_days": 10, "term_months": 1})
    await deal.advance("2026-02-21T12:00:00Z")

    await deal.answer_renewal()
    state = await deal.state()
    assert state.renewal.quote is not None
    token = deal.token("decline", "bea@acme.example", state.renewal.quote.content_hash)
    text = await deal.refuses("decline_renewal", person="bea@acme.example", token=token)
    renewed = await deal.advance("2026-04-02T12:00:00Z")

    assert text == "The renewal was already decided: renew."
    assert renewed.term == 2


async def test_notice_counts_until_the_last_notice_day_and_not_after(house: House) -> None:
    """The day itself still counts (in the contract's zone); the next one is late."""
    early, late = await live(house, "early", **AUTO), await live(house, "late", **AUTO)

    await early.advance("2026-03-23T06:59:00Z")
    answer = await early.does("cancel", reason="closing")
    await late.advance("2026-03-23T07:00:00Z")
    text = await late.refuses("cancel", reason="closing")

    assert answer.text == "The deal ends on 2026-04-01."
    assert text.startswith("The last notice day has passed")
    assert (await early.advance("2026-04-02T12:00:00Z")).stage is Stage.CLOSING
    assert (await late.advance("2026-04-02T12:00:00Z")).term == 2


async def _unreminded(deal: Deal) -> None:
    """Bring a deal past its notice day with a renewal nobody approved, so nothing was offered."""
    state = await deal.advance("2026-04-01T12:00:00Z")
    hold = next(hold for hold in state.holds if hold.key == "renewal")
    assert hold.answers == ("renew", "expire")
    assert state.renewal.offered_on is None
    assert (state.stage, state.term) == (Stage.LIVE, 1)


UPLIFT: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 15}}],
    "renewal": {
        "auto_renew": True,
        "notice_days": 10,
        "term_months": 1,
        "uplift_percent": 5,
    },
}
"""17.00 a seat and 5 percent make 17.85, still more than 10 percent below the list price of 20."""


async def _uplifted(house: House, number: str = "1001") -> Deal:
    deal = await begin(house, number, **UPLIFT)
    await deal.stage(Stage.APPROVE)
    await deal.approve(MANAGER)
    await deal.accept()
    await deal.sign()
    return deal


async def test_a_person_is_asked_when_the_customer_was_not_reminded(house: House) -> None:
    """Nothing that binds the customer follows from a reminder we missed."""
    renewed, ended = await _uplifted(house, "renewed"), await _uplifted(house, "ended")
    await _unreminded(renewed)
    await _unreminded(ended)

    unapproved = await renewed.refuses("resolve", item="renewal", answer="renew")
    await renewed.approve(DIRECTOR)
    await renewed.does("resolve", item="renewal", answer="renew")
    await ended.does("resolve", item="renewal", answer="expire")

    assert "not approved" in unapproved
    assert (await renewed.settle()).term == 2
    await ended.stage(Stage.CLOSING)


async def test_a_reminder_that_comes_after_the_notice_day_is_not_sent_and_a_person_is_asked(
    house: House,
) -> None:
    """Late work binds nobody: it failed until the customer could no longer give notice."""
    deal = await live(house, **AUTO)
    house.faults.before = lambda name, payload: (
        for_good("no post") if name == "notify" and "renewal_reminder" in payload else None
    )
    await deal.advance("2026-03-25T12:00:00Z")
    house.faults.before = no_fault

    await deal.does("retry")
    state = await deal.advance("2026-04-02T12:00:00Z")

    assert state.renewal.offered_on is not None
    assert state.renewal.reminded_on is None
    assert "renewal" in [hold.key for hold in state.holds]
    assert state.term == 1


async def test_an_offer_that_is_not_approved_cannot_be_accepted(house: House) -> None:
    """The customer's yes cannot stand in for the yes of those whom the policy asks."""
    deal = await _uplifted(house)
    await deal.advance("2026-02-05T12:00:00Z")

    early = await deal.answer_renewal(refused=True)
    await deal.approve(DIRECTOR)
    await deal.advance("2026-02-27T12:00:00Z")
    await deal.answer_renewal()

    assert early.text == "Renewal quote Q-1001-2 is not approved yet; it is mailed when it is."


async def test_the_question_survives_a_new_run_and_is_not_answered_by_it(
    open_house: OpenHouse,
) -> None:
    """A run that starts while a person is asked must not offer, remind and renew by itself."""
    file: dict[str, Any] = {
        **UPLIFT,
        "lines": [{"product": "METER", "quantity": 10, "discount": {"percent": 15}}],
    }
    async with open_house(continue_as_new_every=1) as house:
        deal = await begin(house, **file)
        await deal.stage(Stage.APPROVE)
        await deal.approve(MANAGER)
        await deal.accept()
        await deal.sign()
        await _unreminded(deal)
        quoted = house.faults.times("price_quote")

        state = await deal.advance("2026-04-20T12:00:00Z")

        assert "renewal" in [hold.key for hold in state.holds]
        assert state.term == 1
        assert house.faults.times("price_quote") == quoted


async def test_a_dearer_term_goes_through_approval_and_starts_at_the_new_price(
    house: House,
) -> None:
    """The uplift is priced, approved by whom the policy demands, offered, and then billed."""
    deal = await _uplifted(house)
    await deal.advance("2026-02-05T12:00:00Z")

    await deal.approve(DIRECTOR)
    state = await deal.advance("2026-04-01T12:00:00Z")

    assert state.term == 2
    assert records.rows(house.settings.home, INVOICES)[-1] == ("2026-04-01", 17850)


async def test_a_one_off_sale_completes_when_delivered_and_paid(house: House) -> None:
    """No term, no renewal: three gadgets at 100 USD plus 7.25 percent tax."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 3}])
    await deal.settle()

    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "all")
    state = await deal.ended()

    assert records.rows(house.settings.home, INVOICES) == [("2026-01-01", 32175)]
    assert (state.stage, state.outcome, state.term) == (Stage.COMPLETED, "completed", 1)
    assert ("deal ended", "completed") in audited(state)


async def test_stock_that_arrives_reaches_the_deal_that_waits_for_it(house: House) -> None:
    """Five in stock: the deal for seven waits; the receipt's workflow tells it."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 7}])
    waiting = await deal.settle()

    receipt = {"entity": "US1", "sku": "BOX", "quantity": "10", "reference": "DN-1"}
    await house.result(await house.start("StockWorkflow", "stock-US1-BOX-DN-1", receipt))
    state = await deal.until(lambda one: one.back_ordered == 0, "a reservation")

    assert (waiting.back_ordered, waiting.undelivered, state.undelivered) == (1, 1, 1)
