"""Pricing: quote versions, their approval paths, and the terms that follow."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from activities.pricing import quote_of_term
from models.approval import StepStatus
from models.quoting import Quote, content_hash
from models.steps import ConfigureDeal, DealConfigured, PriceQuote, QuotePriced, RegisterKind
from models.tables import ApprovalPathRow, DealFileRow, DealRow, QuoteRow
from tests.activities.house import (
    CATALOG,
    CUSTOMER,
    POLICY,
    START,
    House,
    deal_file,
    line,
    off,
    step,
)


def version(house: House, term: int) -> Quote:
    found = house.books.read(lambda session: quote_of_term(session, "1001", term))
    assert found is not None
    return found


def price(house: House, term: int = 1) -> QuotePriced:
    return house.pricing.price_quote(step(PriceQuote, "1001", term=term))


def test_the_first_version_is_priced_and_on_record(house: House) -> None:
    """3 seats at 50.00 for 12 months are 1,800.00."""
    priced = house.quote(deal_file("1001", line("CRM", "3")))

    assert priced.quote is not None
    assert (priced.quote.number, priced.quote.version) == ("Q-1001-1", 1)
    assert priced.quote.total_minor == 1_800_00
    assert [row.total_minor for row in house.rows(DealRow)] == [1_800_00]
    assert version(house, 1).content_hash == priced.quote.content_hash
    assert (priced.remind_after_hours, priced.escalate_after_hours) == (24, 48)


def test_pricing_again_returns_the_version_on_record(house: House) -> None:
    """The answer of the first run may be lost (law 1)."""
    first = house.quote(deal_file("1001", line("CRM", "3", discount=off("25"))))
    before = house.everything()

    again = price(house)

    assert again == first
    assert house.everything() == before


def test_a_number_people_have_seen_never_changes(house: House) -> None:
    """Law 5: a new price list does not touch the version that is out."""
    first = house.quote(deal_file("1001", line("CRM", "3")))
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "version": "p2"})

    assert price(house) == first
    assert [row.policy_version for row in house.rows(ApprovalPathRow)] == ["p1"]


def test_a_usual_discount_needs_nobody(house: House) -> None:
    """10 % is not above 10 %."""
    assert house.quote(deal_file("1001", line("CRM", "3", discount=off("10")))).steps == ()


def test_a_big_discount_goes_up_the_chain_and_long_terms_go_beside_it(house: House) -> None:
    """Chains run in parallel, the steps of one chain in order."""
    file = deal_file("1001", line("CRM", "3", discount=off("25")), payment_terms_days=90)

    steps = house.quote(file).steps

    assert [(one.key, one.approver, one.status) for one in steps] == [
        ("sales-1", "mia", StepStatus.ACTIVE),
        ("sales-2", "vera", StepStatus.WAITING),
        ("finance-1", "finn", StepStatus.ACTIVE),
    ]


def test_a_title_nobody_holds_is_a_problem_and_nothing_is_written(house: House) -> None:
    """Nothing is committed yet, so the start may end with its problems."""
    rule = {**POLICY["rules"][0], "titles": ["treasurer"]}  # type: ignore[dict-item]
    house.publish(RegisterKind.APPROVAL_POLICY, {"version": "p3", "rules": [rule]})
    file = deal_file("1001", line("CRM", discount=off("25")))

    priced = house.quote(file)

    assert [problem.field for problem in priced.problems] == ["approval"]
    assert "treasurer" in priced.problems[0].reason
    assert house.rows(QuoteRow) == []


def test_a_price_list_that_ended_meanwhile_is_a_problem(house: House) -> None:
    """What was sound when it was configured may not be when it is priced."""
    asked = step(ConfigureDeal, "1001", file=deal_file("1001", line("CRM")))
    assert house.configuration.configure_deal(asked) != DealConfigured()

    early = START.replace(year=2019)
    priced = house.pricing.price_quote(step(PriceQuote, "1001", early))

    assert [problem.field for problem in priced.problems] == ["price_book"]
    assert house.rows(QuoteRow) == []


def next_term(house: House, *lines: dict[str, Any], **changes: Any) -> Quote:
    house.sell(deal_file("1001", *lines, **changes))
    priced = price(house, term=2)
    assert priced.problems == ()
    return version(house, 2)


def test_the_next_term_is_made_from_the_last_price_and_its_uplift(house: House) -> None:
    """50.00 less 20 % is 40.00, plus 5 % is 42.00 a seat and month."""
    quote = next_term(
        house,
        line("CRM", "3", discount=off("20")),
        renewal={"uplift_percent": "5", "term_months": 6},
    )

    assert (quote.number, quote.version, quote.term) == ("Q-1001-2", 2, 2)
    assert (quote.starts_on.isoformat(), quote.ends_on.isoformat()) == ("2027-01-01", "2027-07-01")
    assert quote.lines[0].unit_price == Decimal(42)
    assert quote.total.minor == 6 * 3 * 42_00


def test_what_was_sold_once_is_not_sold_again(house: House) -> None:
    """A setup fee and goods belong to the first term."""
    quote = next_term(house, line("LAPTOP"), line("SUITE"))

    assert [one.reference for one in quote.lines] == ["1/fee"]
    assert quote.total.minor == 12 * 100_00


def test_pricing_the_next_term_again_makes_no_other_version(house: House) -> None:
    """The renewal quote is made once, and its file is kept."""
    next_term(house, line("CRM", "3"))
    before = house.everything()

    price(house, term=2)

    assert house.everything() == before
    assert [row.term for row in house.rows(DealFileRow)] == [1, 2]


def test_the_renewal_leaves_the_running_term_as_it_is(house: House) -> None:
    """The deal's value is that of the term in force."""
    next_term(house, line("CRM", "3"), renewal={"uplift_percent": "10"})

    assert [row.total_minor for row in house.rows(DealRow)] == [1_800_00]


def test_a_term_without_a_term_before_it_is_a_problem(house: House) -> None:
    """Terms follow each other."""
    house.quote(deal_file("1001", line("CRM")))

    priced = price(house, term=3)

    assert [str(problem) for problem in priced.problems] == ["term: term 2 is not on record"]


def test_an_offer_ends_with_its_prices(house: House) -> None:
    """Book `eur` ends on 11 January: the offer of thirty days stands through the 10th."""
    (book, other) = CATALOG["price_books"]
    ending = {**book, "valid_until": "2026-01-11"}
    ends = {**CATALOG, "version": "2026-ends", "price_books": [ending, other]}
    assert house.publish(RegisterKind.CATALOG, ends).problems == ()

    house.quote(deal_file("1001", line("CRM")))

    assert str(version(house, 1).valid_until) == "2026-01-10"
    assert version(house, 1).valid_because == "price book eur ends"


def test_an_offer_ends_with_the_start_of_its_term_only_if_its_file_says_so(house: House) -> None:
    """A start that was agreed on cannot be kept by a later yes."""
    asked = {"starts_on": "2026-01-08"}
    house.quote(deal_file("1001", line("CRM"), **asked, valid_before_start=True))
    house.quote(deal_file("1002", line("CRM"), **asked))

    ends = {row.deal: str(row.valid_until) for row in house.rows(QuoteRow)}
    assert ends == {"1001": "2026-01-08", "1002": "2026-01-31"}


def test_a_term_that_began_before_its_offer_is_refused_if_the_offer_must_not_outlive_it(
    house: House,
) -> None:
    """There is no day left on which it could be accepted; nothing is written."""
    file = deal_file("1001", line("CRM"), starts_on="2025-12-24", valid_before_start=True)
    priced = house.quote(file)

    assert [problem.field for problem in priced.problems] == ["valid_days"]
    assert "the term starts on 2025-12-24" in priced.problems[0].reason
    assert house.rows(QuoteRow) == []


def test_the_last_day_ends_where_the_customer_is_else_where_we_are(house: House) -> None:
    """31 January ends eleven hours earlier in Auckland than in Berlin, at eleven in the morning."""
    here = house.quote(deal_file("1001", line("CRM"))).quote
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "time_zone": "Pacific/Auckland"})
    there = house.quote(deal_file("1002", line("CRM"))).quote

    assert here is not None
    assert there is not None
    assert here.expires_at == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert there.expires_at == datetime(2026, 1, 31, 11, tzinfo=UTC)


def test_the_house_that_learns_the_customers_zone_keeps_the_hash_of_the_content(
    house: House,
) -> None:
    """Validity is no part of what is agreed; old tokens go on to fit."""
    first = house.quote(deal_file("1001", line("CRM"))).quote

    assert first is not None
    content = version(house, 1).model_copy(update={"time_zone": "Asia/Tokyo"})
    assert content_hash(content) == first.content_hash
