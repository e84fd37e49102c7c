"""Amending: a running contract is changed, and plan, invoices, credits and revenue follow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from activities.crediting import issue_credit_note
from models.amended_contract import Effect
from models.billing import Invoice
from models.credit_notes import CreditNote
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.quoting import Quote
from models.steps import BookAmendment, DealAmended, PriceQuote, RegisterKind, RenewTerm
from models.tables import (
    AmendmentBookedRow,
    AmendmentRow,
    CreditNoteRow,
    DealRow,
    InvoiceRow,
    ObligationRow,
    OrderLineRow,
    PlannedChargeRow,
    QuoteRow,
    RecognizedRow,
)
from tests.activities.conservation import assert_conserved
from tests.activities.house import CATALOG, START, House, deal_file, line, off, step

END = date(2027, 1, 1)


def days(month: int, day: int) -> date:
    return date(2026, month, day)


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def notes(house: House) -> list[CreditNote]:
    return [CreditNote.model_validate_json(row.content) for row in house.rows(CreditNoteRow)]


def effect(house: House) -> Effect:
    return Effect.model_validate_json(house.rows(AmendmentBookedRow)[-1].effect)


def price(house: House) -> int:
    rows = house.rows(PlannedChargeRow)
    return sum(row.amount_minor for row in rows if row.canceled_on is None)


def run_out(house: House) -> None:
    """Bill and earn everything, and find it all conserved."""
    house.converge("1001", END)
    assert_conserved(house)
    recognized = sum(row.amount_minor for row in house.rows(RecognizedRow))
    assert recognized == price(house)
    net = sum(one.net.minor for one in invoices(house))
    assert net - sum(note.net.minor for note in notes(house)) == price(house)


def sold(house: House, *lines: dict[str, Any], until: date = START, **changes: Any) -> None:
    house.sell(deal_file("1001", *(lines or (line("CRM", "3"),)), **changes))
    house.converge("1001", until)


def add_two(quantity: str = "2", **said: Any) -> dict[str, Any]:
    return {"lines": [{"line": 1, "add": quantity}], **said}


def problems(amended: DealAmended) -> list[str]:
    return [f"{problem.field}: {problem.reason}" for problem in amended.problems]


def test_added_seats_replace_the_rest_of_the_billed_month(house: House) -> None:
    """16 of 31 days of 150.00 are credited (77.42) and billed at 250.00 (129.03)."""
    sold(house)

    amended = house.amend("1001", days(1, 16), add_two())
    house.converge("1001", days(1, 16))

    assert (amended.problems, amended.booked, amended.version) == ((), True, 2)
    [note] = notes(house)
    assert (note.net.minor, note.tax.minor, note.corrects) == (77_42, 14_71, "INV-2026-00001")
    assert [one.net.minor for one in invoices(house)] == [150_00, 129_03]
    shown = invoices(house)[-1].lines[0]
    assert (shown.period.start, shown.period.end, shown.quantity) == (
        days(1, 16),
        days(2, 1),
        Decimal(5),
    )
    assert price(house) == 150_00 - 77_42 + 129_03 + 11 * 250_00
    assert house.rows(DealRow)[0].total_minor == price(house)
    run_out(house)


def test_what_is_not_billed_yet_is_planned_anew_without_a_credit(house: House) -> None:
    """Arrears: January of 31.00 is split into 15.00 and, at two, 32.00."""
    sold(house, line("HOSTING"))

    house.amend("1001", days(1, 16), add_two("1"))
    house.converge("1001", days(2, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [15_00, 32_00]
    run_out(house)


def test_a_change_that_counts_from_months_ago_credits_every_invoice_of_them(house: House) -> None:
    """Three invoices were too low: each is credited, and one new invoice bills the difference."""
    sold(house, until=days(3, 10))

    house.amend("1001", days(3, 10), add_two(effective_on=days(1, 16)))
    house.converge("1001", days(3, 10))

    credited = [(note.corrects, note.net.minor) for note in notes(house)]
    assert credited == [
        ("INV-2026-00001", 77_42),
        ("INV-2026-00002", 150_00),
        ("INV-2026-00003", 150_00),
    ]
    assert [one.net.minor for one in invoices(house)][3:] == [129_03 + 250_00 + 250_00]
    run_out(house)


def test_the_discount_and_the_tax_of_the_invoice_are_credited(house: House) -> None:
    """10 % off 150.00 were billed: 135.00; so 16 of 31 days are 69.68 and 13.24 tax."""
    file = deal_file("1001", line("CRM", "3", discount=off("10")))
    house.sell(file)
    house.converge("1001", START)

    house.amend("1001", days(1, 16), add_two())

    [note] = notes(house)
    assert (note.net.minor, note.tax.minor) == (69_68, 13_24)
    assert note.lines[0].discount.minor == 7_74
    run_out(house)


def test_fewer_seats_wait_for_the_next_period(house: House) -> None:
    """Nothing is credited; from February two seats less are billed (semantics 6)."""
    sold(house)

    house.amend("1001", days(1, 16), add_two("-2"))
    house.converge("1001", days(2, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [150_00, 50_00]
    run_out(house)


def test_fewer_seats_now_are_credited(house: House) -> None:
    """The amendment says so: 77.42 come back, and one seat is billed for 16 days."""
    sold(house)

    house.amend("1001", days(1, 16), add_two("-2", when="now"))
    house.converge("1001", days(1, 16))

    assert [note.net.minor for note in notes(house)] == [77_42]
    assert [one.net.minor for one in invoices(house)] == [150_00, 25_81]
    run_out(house)


def test_a_price_change_counts_from_its_day(house: House) -> None:
    """48.00 instead of 50.00 from 1 March, agreed in January."""
    sold(house)

    change = {"lines": [{"line": 1, "unit_price": "48"}], "effective_on": days(3, 1)}
    house.amend("1001", days(1, 16), change)
    house.converge("1001", days(3, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [150_00, 150_00, 144_00]
    assert house.rows(AmendmentRow)[0].reason_code == "price_change"
    run_out(house)


def test_a_plan_is_switched(house: House) -> None:
    """From CRM to SUITE in the middle of January, with what the new plan costs once: 300.00."""
    sold(house)

    change = {"lines": [{"line": 1, "product": "SUITE", "quantity": "1"}], "when": "now"}
    house.amend("1001", days(1, 16), change)
    house.converge("1001", days(1, 16))

    assert [note.net.minor for note in notes(house)] == [77_42]
    assert [one.net.minor for one in invoices(house)] == [150_00, 300_00 + 51_61]
    run_out(house)


def test_a_cheaper_plan_waits_for_the_next_period(house: House) -> None:
    """No day is billed under both plans, and nothing is credited."""
    sold(house)

    change = {"lines": [{"line": 1, "product": "HOSTING", "quantity": "1"}]}
    house.amend("1001", days(1, 16), change)
    house.converge("1001", days(3, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [150_00, 31_00]
    assert invoices(house)[1].lines[0].period.start == days(2, 1)
    run_out(house)


def test_a_line_is_added_with_its_fee_and_provisioned(house: House) -> None:
    """SUITE from 16 January: 300.00 to set up and 16 of 31 days of 100.00."""
    sold(house)

    amended = house.amend("1001", days(1, 16), {"add": [{"product": "SUITE"}]})
    house.converge("1001", days(1, 16))

    assert amended.orders
    assert [one.net.minor for one in invoices(house)] == [150_00, 300_00 + 51_61]
    assert [row.reference for row in house.rows(OrderLineRow)] == ["1/seat", "2/setup"]
    assert effect(house).treatment == "separate_contract"
    run_out(house)


def test_goods_that_are_added_are_billed_when_they_are_delivered(house: House) -> None:
    """One laptop for 1,000.00, earned on the day it is handed over."""
    sold(house)
    house.stock("LAPTOP", "5")
    house.amend("1001", days(1, 16), {"add": [{"product": "LAPTOP"}]})
    house.fulfill("1001", days(1, 16))

    house.deliver("1001", days(1, 20), "2")
    house.converge("1001", days(1, 20))

    assert [one.net.minor for one in invoices(house)] == [150_00, 1000_00]
    run_out(house)


def test_a_line_is_removed_and_its_number_stays_free(house: House) -> None:
    """The third line keeps its number, and the next one gets four."""
    sold(house, line("CRM"), line("HOSTING"), line("SUPPORT"))

    house.amend("1001", days(1, 16), {"lines": [{"line": 2, "remove": True}], "when": "now"})
    unknown = house.amend("1001", days(1, 17), {"lines": [{"line": 2, "add": "1"}]})
    house.amend("1001", days(1, 18), {"lines": [{"line": 3, "unit_price": "180"}]})

    assert problems(unknown) == ["delta.lines[0].line: the contract has no line 2"]
    house.converge("1001", days(1, 18))
    assert [note.net.minor for note in notes(house)] == [73_00]
    run_out(house)


def test_the_contract_ends_early_with_a_credit(house: House) -> None:
    """From 16 January on nothing is due: 77.42 come back, and the rest is never billed."""
    sold(house)

    amended = house.amend("1001", days(1, 16), {"end_on": days(1, 16)}, accepted_by="")
    house.converge("1001", days(1, 16))

    assert (amended.ended_early, amended.ends_on) == (True, days(1, 16))
    assert [note.net.minor for note in notes(house)] == [77_42]
    assert price(house) == 150_00 - 77_42
    assert effect(house).treatment == "termination"
    assert house.rows(AmendmentBookedRow)[0].arr_after_minor == 0
    run_out(house)


def test_a_fee_that_was_not_earned_is_earned_when_the_service_ends(house: House) -> None:
    """300.00 for the set-up were kept, and no service is left to earn them with."""
    sold(house, line("SUITE"))

    house.amend("1001", days(7, 1), {"end_on": days(7, 1)})
    house.converge("1001", days(7, 1))

    recognized = sum(row.amount_minor for row in house.rows(RecognizedRow))
    assert recognized == 300_00 + 6 * 100_00
    run_out(house)


def test_a_rest_takes_its_days_out_of_bills_and_revenue(house: House) -> None:
    """10 days of January are credited (48.39), all of March is not billed."""
    sold(house)

    house.amend(
        "1001", days(1, 5), {"suspend": {"from_on": "2026-01-11", "until_on": "2026-01-21"}}
    )
    house.amend(
        "1001", days(1, 6), {"suspend": {"from_on": "2026-03-01", "until_on": "2026-04-01"}}
    )
    house.converge("1001", days(4, 1))

    assert [note.net.minor for note in notes(house)] == [48_39]
    billed = [(one.lines[0].period.start.month, one.net.minor) for one in invoices(house)]
    assert billed == [(1, 150_00), (2, 150_00), (4, 150_00)]
    assert sum(1 for row in house.rows(ObligationRow) if row.canceled_on is None) == 3
    run_out(house)


def test_who_comes_back_early_is_billed_from_then_on(house: House) -> None:
    """A rest to 31 January ends on the 21st: 11 of 31 days of 150.00 are billed again (53.23)."""
    sold(house)
    house.amend(
        "1001", days(1, 11), {"suspend": {"from_on": "2026-01-11", "until_on": "2026-02-01"}}
    )

    house.amend("1001", days(1, 20), {"resume_on": days(1, 21)})
    house.converge("1001", days(1, 21))

    assert [note.net.minor for note in notes(house)] == [101_61]
    assert [one.net.minor for one in invoices(house)] == [150_00, 53_23]
    run_out(house)


def test_amending_again_and_again_keeps_every_cent(house: House) -> None:
    """Up, down at once, a rest, a price, on two days of the same month."""
    sold(house, line("CRM", "3"), line("SUPPORT"))
    house.amend("1001", days(1, 10), add_two())
    house.converge("1001", days(1, 10))
    house.amend("1001", days(1, 10), add_two("-1", when="now"), command_id="second")
    house.converge("1001", days(1, 10))
    house.amend(
        "1001",
        days(1, 20),
        {"suspend": {"lines": [1], "from_on": "2026-01-20", "until_on": "2026-02-10"}},
    )
    house.converge("1001", days(3, 3))
    house.amend(
        "1001",
        days(3, 3),
        {"lines": [{"line": 1, "unit_price": "55"}], "effective_on": days(2, 20)},
    )

    assert house.rows(AmendmentBookedRow)[-1].version == 5
    run_out(house)


def test_an_amendment_sent_again_is_the_same_amendment(house: House) -> None:
    """Law 2: the answer is the same, and nothing more is written."""
    sold(house)
    first = house.amend("1001", days(1, 16), add_two())
    before = house.everything()

    again = house.amend("1001", days(1, 16), add_two())
    booked = house.amending.book_amendment(step(BookAmendment, "1001", days(1, 17), number=1))

    assert again == first == booked
    assert house.everything() == before


def test_more_than_ten_percent_off_waits_for_approval(house: House) -> None:
    """The policy asks a sales manager; until then nothing of the contract changes."""
    sold(house)
    plan = price(house)

    asked = house.amend(
        "1001", days(1, 16), {"lines": [{"line": 1, "discount": off("15")}], "when": "now"}
    )

    assert (asked.booked, [one.title for one in asked.priced.steps]) == (False, ["sales_manager"])
    assert (price(house), notes(house)) == (plan, [])
    booked = house.amending.book_amendment(step(BookAmendment, "1001", days(1, 17), number=1))
    assert (booked.booked, len(notes(house))) == (True, 1)
    run_out(house)


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (add_two(effective_on="2025-12-31"), {}, "delta.effective_on: 2025-12-31 is not a day"),
    (add_two(effective_on="2027-01-01"), {}, "delta.effective_on: 2027-01-01 is not a day"),
    ({"lines": [{"line": 7, "add": "1"}]}, {}, "delta.lines[0].line: the contract has no line 7"),
    (add_two("-3"), {}, "delta.lines[0].add: -3 leaves nothing of the 3 there are"),
    (
        {"lines": [{"line": 1, "quantity": "-1"}]},
        {},
        "delta.lines[0].quantity: -1 is not above 0",
    ),
    (add_two(), {"base_version": 4}, "base_version: is 4, and version 1 is in force"),
    (
        add_two(),
        {"accepted_by": ""},
        "accepted_by: is missing; the customer pays 1,151.61 EUR more",
    ),
    ({}, {}, "delta: changes nothing"),
    (add_two(end_on="2026-05-01"), {}, "delta: asks for lines and end_on at once"),
    ({"resume_on": "2026-02-01"}, {}, "delta.resume_on: nothing rests on 2026-02-01"),
    (
        {"suspend": {"from_on": "2026-03-01", "until_on": "2026-03-01"}},
        {},
        "delta.suspend.until_on: 2026-03-01 is not after 2026-03-01",
    ),
    (
        {"suspend": {"lines": [9], "from_on": "2026-03-01"}},
        {},
        "delta.suspend.lines: the contract has no line 9",
    ),
    ({"add": [{"product": "GHOST"}]}, {}, "lines[1].product: GHOST is not in the catalogue"),
]


@pytest.mark.parametrize(("delta", "said", "reason"), REFUSED)
def test_what_does_not_fit_the_contract_is_refused_and_writes_nothing(
    house: House, delta: dict[str, Any], said: dict[str, Any], reason: str
) -> None:
    """With the field, and nothing on record."""
    sold(house)
    before = house.everything()

    amended = house.amend("1001", days(1, 16), delta, **said)

    assert problems(amended)[0].startswith(reason)
    assert house.everything() == before


def test_two_rests_of_one_line_never_overlap(house: House) -> None:
    """A day without service cannot be taken out twice."""
    sold(house)
    house.amend(
        "1001", days(1, 5), {"suspend": {"from_on": "2026-03-01", "until_on": "2026-03-11"}}
    )

    again = house.amend(
        "1001", days(1, 6), {"suspend": {"from_on": "2026-03-10", "until_on": "2026-03-15"}}
    )

    assert problems(again) == ["delta.suspend: line 1 rests on some of these days already"]


def test_an_amendment_counts_from_no_day_before_the_last_one(house: House) -> None:
    """What was agreed later is not rewritten by what is told later still."""
    sold(house)
    house.amend("1001", days(3, 1), add_two())

    late = house.amend("1001", days(3, 2), add_two("1", effective_on=days(2, 1)))

    assert problems(late)[0].startswith("delta.effective_on: 2026-02-01 is before 2026-03-01")


def test_what_is_sold_once_is_not_amended(house: House) -> None:
    """It is delivered, given up or returned."""
    sold(house, line("CRM"), line("LAPTOP"))

    amended = house.amend("1001", days(1, 16), {"lines": [{"line": 2, "remove": True}]})

    assert problems(amended) == ["delta.lines[0].line: line 2 is sold once"]


def measured(house: House, proration: str) -> None:
    """Publish a catalogue whose seats are measured so, and sell three of them."""
    products = [
        {**each, "charges": [{**charge, "proration": proration} for charge in each["charges"]]}
        for each in CATALOG["products"]
    ]
    published = house.publish(
        RegisterKind.CATALOG, {**CATALOG, "version": proration, "products": products}
    )
    assert published.problems == ()
    sold(house)


@pytest.mark.parametrize(
    ("proration", "credited", "billed"),
    [
        ("day", 77_42, 129_03),  # 16 of 31 days
        ("second", 77_42, 129_03),  # January has no change of the clock
        ("30/360", 75_00, 125_00),  # 15 of 30 days
        ("fixed_days", 80_00, 133_33),  # 16 of 30 days
    ],
)
def test_a_part_of_a_period_is_measured_as_the_charge_says(
    house: House, proration: str, credited: int, billed: int
) -> None:
    """From 16 January: the same rule for what comes back and for what is new."""
    measured(house, proration)

    house.amend("1001", days(1, 16), add_two())
    house.converge("1001", days(1, 16))

    assert [note.net.minor for note in notes(house)] == [credited]
    assert [one.net.minor for one in invoices(house)] == [150_00, billed]
    run_out(house)


def test_what_is_not_prorated_changes_with_its_next_period(house: House) -> None:
    """No credit and no charge for January, whatever the amendment says."""
    measured(house, "none")

    house.amend("1001", days(1, 16), add_two(when="now"))
    house.converge("1001", days(2, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [150_00, 250_00]
    run_out(house)


def test_the_next_term_is_that_of_the_amended_contract(house: House) -> None:
    """Five seats are renewed, not three; a line that was removed is not."""
    sold(house, line("CRM", "3"), line("HOSTING"))
    house.amend("1001", days(1, 16), add_two())
    house.amend("1001", days(2, 1), {"lines": [{"line": 2, "remove": True}], "when": "now"})

    priced = house.pricing.price_quote(step(PriceQuote, "1001", days(11, 1), term=2, renewal=True))

    assert priced.problems == ()
    quote = Quote.model_validate_json(house.rows(QuoteRow)[-1].content)
    assert [(one.sku, one.quantity) for one in quote.lines] == [("CRM", Decimal(5))]


def test_a_second_term_is_amended_like_the_first(house: House) -> None:
    """Its own lines, versions and charges; the first term stays as it was."""
    sold(house)
    priced = house.pricing.price_quote(step(PriceQuote, "1001", days(11, 1), term=2, renewal=True))
    assert priced.quote is not None
    renewed = step(RenewTerm, "1001", END, term=2, quote_version=priced.quote.version)
    house.renewal.renew_term(renewed)
    house.converge("1001", END)
    on = date(2027, 1, 16)

    amended = house.amend("1001", on, add_two(), term=2)
    house.converge("1001", on)

    assert (amended.problems, amended.version) == ((), 2)
    assert [note.term for note in notes(house)] == [2]
    house.converge("1001", date(2028, 1, 1))
    assert_conserved(house)


def test_a_free_plan_becomes_a_paid_one_on_its_first_day(house: House) -> None:
    """Allowed, and one item is paid (test vector 17)."""
    sold(house, line("CRM", "3", unit_price="0", price_is_final=True))

    change = {"lines": [{"line": 1, "clear": ["unit_price"]}]}
    amended = house.amend("1001", START, change)
    house.converge("1001", START)

    assert amended.problems == ()
    assert [one.net.minor for one in invoices(house) if one.net.minor] == [150_00]
    run_out(house)


def test_what_was_credited_in_full_is_not_credited_again(house: House) -> None:
    """A full credit of the second invoice, then the end on its first day (test vector 18)."""
    sold(house, until=days(2, 1))
    order = CreditOrder(
        key="k",
        invoice="INV-2026-00002",
        on=days(2, 1),
        reason="Outage",
        parts=(CreditPart(line=0),),
    )
    house.books.write(lambda session: issue_credit_note(session, house.office, order))

    amended = house.amend("1001", days(2, 1), {"end_on": days(2, 1)})
    house.converge("1001", days(2, 1))

    assert amended.problems == ()
    assert [note.net.minor for note in notes(house)] == [150_00]
    assert_conserved(house)


def test_an_end_on_a_billing_day_before_it_was_billed_credits_nothing(house: House) -> None:
    """February was not billed, so nothing of it comes back (test vector 19)."""
    sold(house)

    house.amend("1001", days(2, 1), {"end_on": days(2, 1)})
    house.converge("1001", days(2, 1))

    assert notes(house) == []
    assert [one.net.minor for one in invoices(house)] == [150_00]
    run_out(house)


def test_one_amendment_comes_of_eight_that_ask_for_it_at_once(house: House) -> None:
    """The same command from eight threads (test vector 15): one version, one credit note."""
    sold(house)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: house.amend("1001", days(1, 16), add_two()), range(8)))

    assert len(set(answers)) == 1
    assert (len(house.rows(AmendmentBookedRow)), len(notes(house))) == (1, 1)
    run_out(house)
