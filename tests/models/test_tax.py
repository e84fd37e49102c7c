"""Tax: rules are read strictly, chosen by the most specific match, and rounded as the law says."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import CurrencyMismatchError, InvalidInputError, ParkedError
from models.money import Money
from models.parties import CustomerStatus, TaxRounding
from models.tax import TaxableLine, TaxKey, TaxRule, find_rule, parse_tax_rules, tax_totals

REVERSE_CHARGE = "Reverse charge"


def rule(place: str = "DE", rate: str = "19", **changes: Any) -> TaxRule:
    fields: dict[str, Any] = {
        "seller_country": "DE",
        "place_country": place,
        "category": "standard",
        "valid_from": date(2021, 1, 1),
        "rate_percent": Decimal(rate),
    }
    return TaxRule(**(fields | changes))


def key(place: str = "DE", **changes: Any) -> TaxKey:
    fields: dict[str, Any] = {
        "seller_country": "DE",
        "place_country": place,
        "category": "standard",
        "status": CustomerStatus.BUSINESS,
        "has_vat_id": True,
        "supplied_on": date(2026, 3, 1),
    }
    return TaxKey(**(fields | changes))


def written(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "seller_country": "DE",
        "place_country": "DE",
        "category": "standard",
        "valid_from": "2021-01-01",
        "rate_percent": "19",
    }
    return fields | changes


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def line(minor: int, rate: str = "19", **changes: Any) -> TaxableLine:
    return TaxableLine(net=eur(minor), rule=rule(rate=rate, **changes))


DOMESTIC = rule()
INTRA_EU = rule("EU", "0", needs_vat_id=True, code="AE", text=REVERSE_CHARGE)
FRENCH_CONSUMERS = rule("FR", "20", status=CustomerStatus.CONSUMER)


def test_domestic_supplies_carry_the_domestic_rate() -> None:
    """The seller's own country is not part of "any other EU country"."""
    assert find_rule([DOMESTIC, INTRA_EU], key("DE")) == DOMESTIC


def test_business_abroad_with_a_vat_id_gets_reverse_charge_and_its_text() -> None:
    """EU VAT Directive art. 44 and 196: the buyer accounts for the tax."""
    found = find_rule([DOMESTIC, INTRA_EU, FRENCH_CONSUMERS], key("FR"))

    assert (found.code, found.rate_percent, found.text) == ("AE", Decimal(0), REVERSE_CHARGE)


def test_reverse_charge_beats_a_general_rate_of_the_destination() -> None:
    """Who buys outranks where it goes."""
    assert find_rule([rule("FR", "20"), INTRA_EU], key("FR")) == INTRA_EU


def test_consumers_abroad_pay_the_rate_of_their_country() -> None:
    """EU VAT Directive art. 58: electronic services are taxed where the consumer lives."""
    buyer = key("FR", status=CustomerStatus.CONSUMER, has_vat_id=False)

    assert find_rule([DOMESTIC, INTRA_EU, FRENCH_CONSUMERS], buyer) == FRENCH_CONSUMERS


@pytest.mark.parametrize(
    "unanswered",
    [
        key("FR", has_vat_id=False),
        key("CH"),
        key("DE", category="books"),
        key("DE", supplied_on=date(2020, 12, 31)),
        key("DE", seller_country="FR"),
    ],
)
def test_a_supply_without_a_rule_parks_with_the_question(unanswered: TaxKey) -> None:
    """Semantics 19: never 0 %, never the domestic rate."""
    with pytest.raises(ParkedError) as parked:
        find_rule([DOMESTIC, INTRA_EU], unanswered)

    question = str(parked.value)
    assert "Which rate applies?" in question
    assert f"category '{unanswered.category}' from {unanswered.seller_country}" in question
    assert f"to {unanswered.place_country} on {unanswered.supplied_on}" in question


def test_two_equally_specific_rules_park_with_the_question() -> None:
    """A person decides, not the order of the list."""
    with pytest.raises(ParkedError, match=r"2 tax rules cover .* equally well: VAT 19 %.*VAT 16 %"):
        find_rule([DOMESTIC, rule(rate="16")], key("DE"))


def test_a_rule_ends_before_its_last_date() -> None:
    """Windows are half-open, so the day of a change belongs to the new rate."""
    old = rule(rate="16", valid_from=date(2020, 7, 1), valid_until=date(2021, 1, 1))

    assert find_rule([old, DOMESTIC], key("DE", supplied_on=date(2020, 12, 31))) == old
    assert find_rule([old, DOMESTIC], key("DE", supplied_on=date(2021, 1, 1))) == DOMESTIC


def american(region: str, rate: str, **changes: Any) -> TaxRule:
    fields: dict[str, Any] = {"seller_country": "US", "place_region": region, "name": "Sales tax"}
    return rule("US", rate, **(fields | changes))


def test_american_rates_go_by_state() -> None:
    """The rate of the state wins over a general one, and no other state's is taken."""
    rules = [american("", "5"), american("CA", "7.25"), american("NY", "8")]

    found = find_rule(rules, key("US", seller_country="US", place_region="CA", has_vat_id=False))

    assert found.rate_percent == Decimal("7.25")


def test_another_states_rate_is_no_answer() -> None:
    """A state without a rule is a question."""
    with pytest.raises(ParkedError, match="to US-TX"):
        find_rule([american("CA", "7.25")], key("US", seller_country="US", place_region="TX"))


def test_an_exemption_certificate_selects_the_exempt_rule() -> None:
    """Without a certificate the exempt rule never applies."""
    exempt = american("", "0", exempt=True, code="E", text="Resale certificate")
    rules = [american("CA", "7.25"), exempt]
    buyer = key("US", seller_country="US", place_region="CA", has_vat_id=False)

    assert find_rule(rules, buyer.model_copy(update={"exempt": True})) == exempt
    assert find_rule(rules, buyer).rate_percent == Decimal("7.25")


def test_rules_are_read_as_written() -> None:
    """Dates and rates come as text or numbers from YAML and JSON."""
    rules = parse_tax_rules([written(rate_percent=19.6), written(place_country="EU")])

    assert rules[0].rate_percent == Decimal("19.6")
    assert rules[1].valid_from == date(2021, 1, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seller_country": "de"}, "rules[0].seller_country"),
        ({"seller_country": "EU"}, "rules[0].seller_country"),
        ({"seller_country": ["DE"]}, "rules[0].seller_country"),
        ({"place_country": "XX"}, "rules[0].place_country"),
        ({"place_country": "EU", "place_region": "BY"}, "rules[0].place_region"),
        ({"rate_percent": "-1"}, "rules[0].rate_percent"),
        ({"rate_percent": "NaN"}, "rules[0].rate_percent"),
        ({"rate_percent": "19", "code": "Z"}, "rules[0].rate_percent"),
        ({"code": "X"}, "rules[0].code"),
        ({"rate_percent": "0", "code": "AE"}, "rules[0].text"),
        ({"rate_percent": "0", "code": "E", "text": " "}, "rules[0].text"),
        ({"rate_percent": "0", "code": "G"}, "rules[0].text"),
        ({"rate_percent": "0", "code": "O"}, "rules[0].text"),
        ({"valid_until": "2021-01-01"}, "rules[0].valid_until"),
        ({"valid_from": "soon"}, "rules[0].valid_from"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    """Whoever corrects the file is told where."""
    with pytest.raises(InvalidInputError) as refused:
        parse_tax_rules([written(**changes)])

    assert [problem.field for problem in refused.value.problems] == [field]


def test_all_problems_are_listed_at_once() -> None:
    """A file is corrected once, not once for each problem."""
    with pytest.raises(InvalidInputError) as refused:
        parse_tax_rules([written(seller_country="XX"), "rule", written(code="AE")])

    fields = {problem.field for problem in refused.value.problems}
    assert fields == {
        "rules[0].seller_country",
        "rules[1]",
        "rules[2].rate_percent",
        "rules[2].text",
    }


@pytest.mark.parametrize("data", [None, "rules", {"rules": []}, 7])
def test_something_else_than_a_list_is_refused(data: object) -> None:
    """A wrong shape is an answer too, not a crash."""
    with pytest.raises(InvalidInputError):
        parse_tax_rules(data)


def test_overlapping_windows_of_one_supply_are_refused() -> None:
    """Otherwise the same supply would have two rates on one day."""
    with pytest.raises(
        InvalidInputError, match=r"rules\[1\]: is in force together with rules\[0\]"
    ):
        parse_tax_rules([written(valid_until="2026-01-02"), written(valid_from="2026-01-01")])


def test_windows_that_touch_are_accepted() -> None:
    """The day of the change belongs to the later window."""
    rules = parse_tax_rules([written(valid_until="2026-01-01"), written(valid_from="2026-01-01")])

    assert len(rules) == 2


def test_tax_by_category_is_rounded_once() -> None:
    """Semantics, vector 7; EN 16931 BR-CO-17: 0.99 x 19 % = 0.1881."""
    totals, taxes = tax_totals([line(33), line(33), line(33)], TaxRounding.CATEGORY)

    assert [(total.base, total.tax) for total in totals] == [(eur(99), eur(19))]
    assert taxes == (eur(7), eur(6), eur(6))


def test_tax_by_line_is_rounded_on_every_line() -> None:
    """Semantics, vector 7: three times 0.06."""
    totals, taxes = tax_totals([line(33), line(33), line(33)], TaxRounding.LINE)

    assert [(total.base, total.tax) for total in totals] == [(eur(99), eur(18))]
    assert taxes == (eur(6), eur(6), eur(6))


def test_each_category_and_rate_has_its_own_total() -> None:
    """EN 16931 BG-23: one breakdown for each code and rate, however the rate is written."""
    lines = [line(90000), line(80000, "7"), line(10000, "19.00"), line(5000, "0", code="Z")]

    totals, taxes = tax_totals(lines, TaxRounding.CATEGORY)

    assert [(total.code, total.base, total.tax) for total in totals] == [
        ("S", eur(100000), eur(19000)),
        ("S", eur(80000), eur(5600)),
        ("Z", eur(5000), eur(0)),
    ]
    assert taxes == (eur(17100), eur(5600), eur(1900), eur(0))


def test_credits_and_charges_of_one_category_may_cancel_out() -> None:
    """CEN example CII-BR-CO-10-RoundingIssue: 720.81 and -720.81 at 19 % leave no tax."""
    totals, taxes = tax_totals([line(72081), line(-72081)], TaxRounding.CATEGORY)

    assert (totals[0].base, totals[0].tax) == (eur(0), eur(0))
    assert taxes == (eur(13695), eur(-13695))


def test_the_reasons_of_one_category_are_all_printed() -> None:
    """EU VAT Directive art. 226(11): every exemption names its provision."""
    lines = [
        line(100, "0", code="E", text="Art. 132"),
        line(100, "0", code="E", text="Art. 135"),
        line(100, "0", code="E", text="Art. 132"),
    ]

    totals, _ = tax_totals(lines, TaxRounding.CATEGORY)

    assert [total.text for total in totals] == ["Art. 132; Art. 135"]


def test_no_lines_carry_no_tax() -> None:
    """An empty input has an empty answer."""
    assert tax_totals([], TaxRounding.CATEGORY) == ((), ())


def test_two_currencies_never_meet_in_one_base() -> None:
    """Semantics 9."""
    yen = TaxableLine(net=Money(minor=1, currency="JPY"), rule=rule())

    with pytest.raises(CurrencyMismatchError):
        tax_totals([line(1), yen], TaxRounding.CATEGORY)


LINES = st.lists(
    st.builds(line, st.integers(-(10**7), 10**7), st.sampled_from(["19", "7", "0", "7.25"])),
    min_size=1,
)


@given(LINES, st.sampled_from(TaxRounding))
def test_the_taxes_of_the_lines_sum_to_the_totals(
    lines: list[TaxableLine], rounding: TaxRounding
) -> None:
    """What is shown for display always adds up to what is owed."""
    totals, taxes = tax_totals(lines, rounding)

    assert sum(tax.minor for tax in taxes) == sum(total.tax.minor for total in totals)
    assert sum(total.base.minor for total in totals) == sum(item.net.minor for item in lines)


@given(LINES, st.sampled_from(TaxRounding))
def test_a_full_credit_mirrors_its_invoice_line_by_line(
    lines: list[TaxableLine], rounding: TaxRounding
) -> None:
    """Semantics 9: work on the absolute value and apply the sign."""
    credited = [item.model_copy(update={"net": -item.net}) for item in lines]

    _, charged = tax_totals(lines, rounding)
    _, returned = tax_totals(credited, rounding)

    assert [tax.minor for tax in returned] == [-tax.minor for tax in charged]


@given(LINES)
def test_a_lines_share_is_within_two_units_of_its_own_tax(lines: list[TaxableLine]) -> None:
    """Rounding by category moves units between lines, never more than its remainders."""
    _, taxes = tax_totals(lines, TaxRounding.CATEGORY)

    for item, tax in zip(lines, taxes, strict=True):
        assert abs(tax.minor - item.net.minor * item.rule.rate_percent / 100) < 2


LEVIES = [
    {"name": "State", "rate_percent": "6.25"},
    {"name": "County", "rate_percent": "1"},
    {"name": "City", "rate_percent": "0.5"},
]


def test_several_jurisdictions_tax_each_line_by_themselves() -> None:
    """10.01 at 6.25, 1 and 0.5 %: 0.63 + 0.10 + 0.05; twice that on two lines, never 1.55."""
    (stated,) = parse_tax_rules(
        [
            written(
                seller_country="US",
                place_country="US",
                place_region="XX",
                rate_percent="7.75",
                levies=LEVIES,
            )
        ]
    )
    lines = [TaxableLine(net=eur(1001), rule=stated)] * 2

    totals, taxes = tax_totals(lines, TaxRounding.CATEGORY)

    assert taxes == (eur(78), eur(78))
    assert [(levy.name, levy.base, levy.tax) for levy in totals[0].levies] == [
        ("State", eur(2002), eur(126)),
        ("County", eur(2002), eur(20)),
        ("City", eur(2002), eur(10)),
    ]
    assert totals[0].tax == eur(156)


def test_a_tax_per_unit_counts_the_units_of_its_line() -> None:
    """0.40 for each of three units, and 10 % on the price with it: 1.20 and 1.12."""
    (stated,) = parse_tax_rules(
        [
            written(
                seller_country="US",
                place_country="US",
                place_region="XX",
                rate_percent="10",
                levies=[
                    {
                        "name": "Tire fee",
                        "kind": "fixed_per_unit",
                        "amount": "0.40",
                        "included_in_later_bases": True,
                    },
                    {"name": "State", "rate_percent": "10"},
                ],
            )
        ]
    )
    three = TaxableLine(net=eur(1000), rule=stated, quantity=Decimal(3))

    totals, taxes = tax_totals([three], TaxRounding.LINE)

    assert taxes == (eur(120 + 112),)
    assert [levy.tax for levy in totals[0].levies] == [eur(120), eur(112)]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({}, "rules[0].levies", "one VAT"),
        (
            {"seller_country": "US", "rate_percent": "7.5"},
            "rules[0].rate_percent",
            "which is 7.75",
        ),
        (
            {"seller_country": "US", "levies": [{"rate_percent": "7.75"}]},
            "rules[0].levies",
            "names of their own",
        ),
        (
            {
                "seller_country": "US",
                "levies": [{"name": "All", "kind": "division", "rate_percent": "100"}],
            },
            "rules[0].levies",
            "leave nothing",
        ),
        (
            {
                "seller_country": "US",
                "levies": [{"name": "In", "rate_percent": "7.75", "price_included": True}],
            },
            "rules[0].levies",
            "said by the price book",
        ),
    ],
)
def test_levies_that_cannot_stand_are_refused(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    """Where law knows one VAT per line, and wherever the printed rate would be another."""
    with pytest.raises(InvalidInputError) as refused:
        parse_tax_rules([written(**({"rate_percent": "7.75", "levies": LEVIES} | changes))])

    found = [problem for problem in refused.value.problems if problem.field == field]
    assert any(reason in problem.reason for problem in found)
    assert all(problem.remedy for problem in found)
