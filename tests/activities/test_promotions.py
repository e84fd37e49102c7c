"""Prices from the books: contracts, promotions with their caps, partners, and what they leave."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

from activities.price_terms import held_codes
from activities.pricing import quote_of_term
from models.errors import Problem
from models.quoting import Quote
from models.steps import (
    CloseDeal,
    ConcludeContract,
    ConfigureDeal,
    Converge,
    PriceQuote,
    QuotePriced,
    RegisterKind,
)
from models.tables import InvoiceRow, PricedLineRow, PromotionUseRow, QuoteRow, RecognizedRow
from tests.activities.house import CATALOG, CUSTOMER, START, House, deal_file, line, step


def offer(house: House, code: str = "SPRING", **changes: Any) -> None:
    content = {"code": code, "valid_from": "2025-12-01", "percent": "10", **changes}
    assert house.register(RegisterKind.PROMOTION, code, content).problems == ()


def version(house: House, deal: str = "1001") -> Quote:
    found = house.books.read(lambda session: quote_of_term(session, deal, 1))
    assert found is not None
    return found


def configured(house: House, number: str, **changes: Any) -> tuple[Problem, ...]:
    file = deal_file(number, line("CRM", "3"), **changes)
    return house.configuration.configure_deal(step(ConfigureDeal, number, file=file)).problems


def price(house: House, number: str) -> QuotePriced:
    return house.pricing.price_quote(step(PriceQuote, number))


def events(house: House, code: str = "SPRING") -> list[tuple[str, str]]:
    return [(row.deal, row.event) for row in house.rows(PromotionUseRow, code=code)]


def test_a_contracted_price_is_shown_against_list(house: House) -> None:
    """CRM lists at 50.00; this customer pays 42.00, and the discount is measured against 50.00."""
    own = {"sku": "CRM", "price": "42", "currency": "EUR", "valid_from": "2026-01-01"}
    content = {"number": "C-100", "prices": [own]}
    house.register(RegisterKind.CUSTOMER_PRICES, "C-100", content)

    house.quote(deal_file("1001", line("CRM", "3")))
    quote = version(house)

    assert [(each.step.value, each.output) for each in quote.lines[0].waterfall[:2]] == [
        ("list", Decimal(50)),
        ("contracted", Decimal(42)),
    ]
    assert quote.list_total.minor - quote.total.minor == 12 * 3 * 8_00
    assert [row.discount_percent for row in house.rows(PricedLineRow)] == [Decimal("16.00")]


def test_a_contracted_price_of_tomorrow_does_not_count_today(house: House) -> None:
    """It is dated."""
    own = {"sku": "CRM", "percent": "50", "valid_from": "2026-01-02"}
    house.register(RegisterKind.CUSTOMER_PRICES, "C-100", {"number": "C-100", "prices": [own]})

    house.quote(deal_file("1001", line("CRM", "3")))

    assert version(house).total.minor == 1_800_00


def test_the_customers_segment_chooses_the_price_book(house: House) -> None:
    """Schools pay 30.00 where everybody else pays 50.00."""
    school = {
        "name": "schools",
        "currency": "EUR",
        "segment": "education",
        "valid_from": "2020-01-01",
        "entries": [{"sku": "CRM", "charge": "seat", "unit": "30"}],
    }
    books = [*CATALOG["price_books"], school]
    house.publish(RegisterKind.CATALOG, {**CATALOG, "version": "2", "price_books": books})
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "segment": "education"})

    house.quote(deal_file("1001", line("CRM", "3")))

    assert (version(house).price_book, version(house).total.minor) == ("schools", 1_080_00)
    assert [row.segment for row in house.rows(PricedLineRow)] == ["education"]


def test_a_promotion_is_reserved_by_the_quote_and_redeemed_by_the_contract(house: House) -> None:
    """Once, however often the steps are repeated."""
    offer(house)
    file = deal_file("1001", line("CRM", "3"), promotions=["SPRING"])

    house.quote(file)
    assert version(house).total.minor == 1_620_00
    assert events(house) == [("1001", "reserved")]

    house.sell(file)
    house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))
    assert events(house) == [("1001", "reserved"), ("1001", "redeemed")]


def test_invoices_follow_the_plan_of_a_promotion_for_three_periods(house: House) -> None:
    """3 x 50.00 less 20 % is 120.00 for three months, then 150.00; 19 % tax on each."""
    offer(house, percent="20", duration="periods", periods=3)
    house.sell(deal_file("1001", line("CRM", "3"), promotions=["SPRING"]))

    for month in range(1, 6):
        house.billing.converge(step(Converge, "1001", date(2026, month, 2)))

    plan = [charge.amount.minor for charge in version(house).plan[:5]]
    assert plan == [120_00, 120_00, 120_00, 150_00, 150_00]
    assert [row.net_minor for row in house.rows(InvoiceRow)] == plan
    assert [row.tax_minor for row in house.rows(InvoiceRow)] == [22_80] * 3 + [28_50] * 2


def test_a_promotion_for_three_periods_is_earned_to_the_cent(house: House) -> None:
    """What is billed over the term, 3 x 120.00 and 9 x 150.00, is recognized over the term."""
    offer(house, percent="20", duration="periods", periods=3)
    house.sell(deal_file("1001", line("CRM", "3"), promotions=["SPRING"]))

    house.billing.converge(step(Converge, "1001", date(2027, 1, 2)))

    assert sum(row.net_minor for row in house.rows(InvoiceRow)) == 1_710_00
    assert sum(row.amount_minor for row in house.rows(RecognizedRow)) == 1_710_00


def test_of_two_deals_that_race_for_the_last_use_one_wins(house: House) -> None:
    """The other is told that it is used up, and has no quote."""
    offer(house, cap=1)
    for number in ("1001", "1002"):
        assert configured(house, number, promotions=["SPRING"]) == ()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda number: price(house, number), ("1001", "1002")))

    assert sorted(len(answer.problems) for answer in answers) == [0, 1]
    refused = next(answer for answer in answers if answer.problems)
    assert [str(problem) for problem in refused.problems] == [
        "promotions[0]: SPRING is used up: it was given 1 times (leave it out)"
    ]
    assert len(house.rows(QuoteRow)) == 1
    assert [event for _, event in events(house)] == ["reserved"]


def test_past_its_cap_a_promotion_is_refused_before_there_is_a_deal(house: House) -> None:
    """The seller hears of it at the check."""
    offer(house, cap=1)
    house.quote(deal_file("1001", line("CRM"), promotions=["SPRING"]))

    assert [str(problem) for problem in configured(house, "1002", promotions=["SPRING"])] == [
        "promotions[0]: SPRING is used up: it was given 1 times (leave it out)"
    ]


def test_a_cap_for_each_customer_leaves_it_to_the_others(house: House) -> None:
    """C-100 has had it, C-200 has not."""
    offer(house, cap_per_customer=1)
    house.quote(deal_file("1001", line("CRM"), promotions=["SPRING"]))

    again = configured(house, "1002", promotions=["SPRING"])
    other = configured(house, "1003", promotions=["SPRING"], customer="C-200")

    assert [problem.reason for problem in again] == [
        "customer C-100 has used SPRING as often as one may (1)"
    ]
    assert other == ()


def test_a_lost_deal_gives_its_promotion_back(house: House) -> None:
    """The next deal gets it."""
    offer(house, cap=1)
    house.quote(deal_file("1001", line("CRM"), promotions=["SPRING"]))

    house.progress.close_deal(step(CloseDeal, "1001", outcome="declined"))
    house.progress.close_deal(step(CloseDeal, "1001", outcome="declined"))

    assert events(house) == [("1001", "reserved"), ("1001", "released")]
    assert configured(house, "1002", promotions=["SPRING"]) == ()


def test_a_deal_that_ended_after_its_contract_keeps_what_it_redeemed(house: House) -> None:
    """It had the benefit."""
    offer(house, cap=1)
    house.sell(deal_file("1001", line("CRM"), promotions=["SPRING"]))

    house.progress.close_deal(step(CloseDeal, "1001", outcome="completed"))

    assert house.books.read(lambda session: held_codes(session, "1001")) == ("SPRING",)


def test_trying_out_uses_nothing_up(house: House) -> None:
    """A deal on a test clock has uses of its own."""
    offer(house, cap=1)
    house.quote(deal_file("1001", line("CRM"), promotions=["SPRING"]), test_clock=True)

    assert configured(house, "1002", promotions=["SPRING"]) == ()


def test_unknown_codes_and_partners_are_problems_of_the_deal_file(house: House) -> None:
    """All at once, beside those of the lines."""
    offer(house)
    problems = configured(house, "1001", promotions=["SPRINT"], partner="P-9")

    assert [str(problem) for problem in problems] == [
        "partner: There is no partner P-9 on record (add it: `q2c partner add`)",
        "promotions[0]: there is no promotion SPRINT (did you mean SPRING?)",
    ]


def test_a_partner_gets_its_discount(house: House) -> None:
    """20 % off 1,800.00."""
    terms = {"number": "C-200", "partner": {"percent": "20"}}
    house.register(RegisterKind.CUSTOMER_PRICES, "C-200", terms)

    house.quote(deal_file("1001", line("CRM", "3"), partner="C-200"))

    assert version(house).total.minor == 1_440_00


def test_prices_are_converted_at_the_rate_of_the_day(house: House) -> None:
    """CRM costs 60 USD; at 0.91 EUR that is 54.60, times 3 for 12 months."""
    rates = [
        {"from_currency": "USD", "to_currency": "EUR", "rate": "0.91", "valid_from": "2025-12-01"}
    ]
    house.publish(RegisterKind.EXCHANGE_RATES, {"rates": rates})

    house.quote(deal_file("1001", line("CRM", "3"), price_currency="USD"))
    quote = version(house)

    assert (quote.price_book, quote.total.minor) == ("usd", 12 * 163_80)
    assert quote.lines[0].waterfall[1].rule == "0.91 EUR for 1 USD, rate of 2025-12-01"


def test_the_next_term_does_not_give_the_same_discount_twice(house: House) -> None:
    """The last price, 45.00, has the promotion in it; the renewal costs the same."""
    offer(house)
    house.sell(deal_file("1001", line("CRM", "3"), promotions=["SPRING"], partner=""))

    house.pricing.price_quote(step(PriceQuote, "1001", term=2))
    renewal = house.books.read(lambda session: quote_of_term(session, "1001", 2))

    assert renewal is not None
    assert renewal.total.minor == 1_620_00
    assert renewal.lines[0].promotions == ()
    assert events(house) == [("1001", "reserved"), ("1001", "redeemed")]


def test_the_next_term_does_not_give_a_partner_discount_twice(house: House) -> None:
    """Nor a contracted percentage: both are in the last price."""
    terms = {"number": "C-100", "partner": {"percent": "20"}}
    house.register(RegisterKind.CUSTOMER_PRICES, "C-100", terms)
    house.sell(deal_file("1001", line("CRM", "3"), partner="C-100"))

    house.pricing.price_quote(step(PriceQuote, "1001", term=2))
    renewal = house.books.read(lambda session: quote_of_term(session, "1001", 2))

    assert renewal is not None
    assert renewal.total.minor == 1_440_00


def test_pricing_again_reserves_nothing_more(house: House) -> None:
    """The answer of the first run may be lost."""
    offer(house)
    house.quote(deal_file("1001", line("CRM"), promotions=["SPRING"]))
    before = house.everything()

    price(house, "1001")

    assert house.everything() == before


def test_what_is_offered_is_kept_for_guidance(house: House) -> None:
    """Product, quantity, segment and discount of every line."""
    house.quote(deal_file("1001", line("CRM", "3", discount={"percent": "10"}), line("LAPTOP")))

    assert [
        (row.sku, row.quantity, row.discount_percent, row.quoted_on)
        for row in house.rows(PricedLineRow)
    ] == [
        ("CRM", Decimal(3), Decimal("10.00"), START),
        ("LAPTOP", Decimal(1), Decimal("0.00"), START),
    ]


def test_an_offer_ends_with_the_promotion_it_is_priced_with(house: House) -> None:
    """Nobody accepts in February at a price that was only for January."""
    offer(house, valid_until="2026-01-21")

    house.quote(deal_file("1001", line("CRM", "3"), promotions=["SPRING"]))

    assert str(version(house).valid_until) == "2026-01-20"
    assert version(house).valid_because == "promotion SPRING ends"
