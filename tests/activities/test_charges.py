"""Charge models from the published catalogue to the invoice: quoted, planned and billed alike."""

from datetime import date
from decimal import Decimal
from typing import Any

from models.billing import Invoice
from models.deal_file import DealFile
from models.pricing import PricedLine
from models.quoting import Quote
from models.steps import ConfigureDeal, PriceQuote, RegisterKind
from models.tables import InvoiceRow, QuoteRow
from tests.activities.conservation import assert_conserved
from tests.activities.house import CATALOG, ENTITY, START, House, deal_file, line, noon, step

MODELS: dict[str, dict[str, Any]] = {
    "stairstep": {
        "tiers": [{"up_to": 10, "flat": 100}, {"up_to": 50, "flat": 400}, {"flat": 1500}]
    },
    "percentage": {"percent": "2.9", "fixed": "0.30", "free_amount": 200},
    "graduated_percentage": {
        "tiers": [{"up_to": 1000, "percent": "2.9", "flat": 5}, {"percent": "1.5"}]
    },
    "formula": {
        "formula": "base + max(0, quantity - 10) * (5 if term_months >= 24 else 8)",
        "parameters": {"base": 99},
    },
    "spend_commitment": {"unit": 1000, "draw_down": {"credit": 1100, "overage_percent": 120}},
    "volume": {"tiers": [{"up_to": 10, "unit": 10}, {"unit": 8}]},
}


def _product(sku: str, model: str) -> dict[str, Any]:
    charge = {
        "key": "run",
        "name": "Run",
        "type": "recurring",
        "cadence": "monthly",
        "model": model,
    }
    return {"sku": sku, "name": sku, "kind": "subscription", "charges": [charge]}


def catalog(**more: Any) -> dict[str, Any]:
    """The catalogue of the house with a product for each model, and one under commitments."""
    committed = {"sku": "SEATS", "charge": "run", "unit": 20, "commitment": {"amount": 100}}
    by_term = {
        "sku": "YEARLY",
        "charge": "run",
        "unit": 20,
        "commitment": {"amount": 1000, "span": "term"},
    }
    in_credits = {"sku": "CREDITS", "charge": "run", "unit": 5, "price_unit": "credit"}
    entries = [{"sku": model, "charge": "run", **prices} for model, prices in MODELS.items()]
    eur = {
        **CATALOG["price_books"][0],
        "price_units": [{"unit": "credit", "rate": "0.0211", "valid_from": "2020-01-01"}],
        "entries": [
            *CATALOG["price_books"][0]["entries"],
            *entries,
            committed,
            by_term,
            in_credits,
        ],
    }
    partner = {
        "name": "partner",
        "currency": "EUR",
        "valid_from": "2020-01-01",
        "derived_from": {"book": "eur", "percent": -20, "price_point": "0.05"},
    }
    return {
        **CATALOG,
        "version": "2026-2",
        "products": [
            *CATALOG["products"],
            *(_product(model, model) for model in MODELS),
            *(_product(sku, "per_unit") for sku in ("SEATS", "YEARLY", "CREDITS")),
        ],
        "price_books": [eur, *CATALOG["price_books"][1:], partner],
        **more,
    }


def published(house: House) -> House:
    """The house with that catalogue."""
    assert house.publish(RegisterKind.CATALOG, catalog()).problems == ()
    return house


def deal(*lines: dict[str, Any], price_book: str = "eur", **changes: Any) -> DealFile:
    """A deal file that names its price book, for there are two in euros."""
    return deal_file("1001", *lines, price_book=price_book, **changes)


def quote_of(house: House, deal: str = "1001") -> Quote:
    """The quote on record."""
    (row,) = house.rows(QuoteRow, deal=deal)
    return Quote.model_validate_json(row.content)


def told(priced: PricedLine) -> tuple[str, str, int]:
    """What a line is called, how its quantity was extended, and what it comes to."""
    rule = next(each.rule for each in priced.waterfall if each.step.value == "quantity")
    return priced.reference, rule, priced.net.minor


def test_every_model_is_quoted_with_the_rule_that_made_its_amount(house: House) -> None:
    """Twelve of each, a thousand euros where it is a percentage."""
    published(house).quote(
        deal(
            line("stairstep", "12"),
            line("percentage", "1000"),
            line("graduated_percentage", "1200"),
            line("formula", "12"),
            line("spend_commitment", "2"),
            line("CREDITS", "3"),
        )
    )

    assert [told(each) for each in quote_of(house).lines] == [
        ("1/run", "stairstep: 12 in the band up to 50: 400", 400_00),
        ("2/run", "2.9 % of 800 (200 free) + 0.3 fixed", 23_50),
        ("3/run", "graduated percentage: 1000 x 2.9 % + 5 flat + 200 x 1.5 %", 37_00),
        (
            "4/run",
            (
                "formula: base + max(0, quantity - 10) * (5 if term_months >= 24 else 8), "
                "with base = 99, term_months = 12, quantity = 12"
            ),
            115_00,
        ),
        (
            "5/run",
            "prepaid: 2 x 1000, to draw down 2200; beyond it at 120 % of the price",
            2000_00,
        ),
        ("6/run", "3 x 0.1055", 32),
    ]


def test_a_derived_price_book_prices_a_deal_that_names_it(house: House) -> None:
    """20 % off 50.00 is 40.00; the waterfall names the book it comes from."""
    published(house).quote(deal(line("CRM", "2"), price_book="partner"))

    (found,) = quote_of(house).lines
    assert (found.net.minor, found.waterfall[0].rule) == (
        80_00,
        "price book partner, EUR: from eur - 20 % to 0.05",
    )


def test_every_model_is_billed_as_it_was_planned(house: House) -> None:
    """The invoices of the term are the plan, and the ledger balances."""
    lines = [line(model, "15") for model in MODELS]
    published(house).sell(deal(*lines, term_months=3))

    house.converge("1001", date(2026, 4, 1))

    billed = sum(invoice.net.minor for invoice in invoices(house))
    assert billed == quote_of(house).total.minor
    assert_conserved(house)


def test_what_is_missing_from_a_commitment_is_invoiced_at_the_end_of_each_period(
    house: House,
) -> None:
    """January: 4 x 20 in advance. On 1 February the 20 it fell short, and the next 80."""
    published(house).sell(deal(line("SEATS", "4")))

    house.converge("1001", START)
    house.converge("1001", date(2026, 2, 1))

    billed = [
        [(each.reference, each.net.minor, each.quantity) for each in invoice.lines]
        for invoice in invoices(house)
    ]
    assert sorted(each for lines in billed for each in lines) == [
        ("1/run", 80_00, Decimal(4)),
        ("1/run", 80_00, Decimal(4)),
        ("1/run/true-up", 20_00, Decimal(1)),
    ]
    assert billed[0] == [("1/run", 80_00, Decimal(4))]
    assert_conserved(house)


def test_a_commitment_over_the_term_is_invoiced_with_its_end(house: House) -> None:
    """Twelve months of 80 are 960 of 1,000."""
    published(house).sell(deal(line("YEARLY", "4")))

    house.converge("1001", date(2026, 12, 31))
    before = sum(invoice.net.minor for invoice in invoices(house))
    house.converge("1001", date(2027, 1, 1))

    last = invoices(house)[-1]
    assert before == 960_00
    assert [(each.reference, each.net.minor) for each in last.lines] == [("1/run/true-up", 40_00)]
    assert_conserved(house)


def test_billing_a_true_up_again_writes_nothing(house: House) -> None:
    """It has its own place in the plan, so it is billed once."""
    published(house).sell(deal(line("SEATS", "4"), line("YEARLY", "4")))
    house.converge("1001", date(2027, 1, 1))
    before = house.everything()

    house.converge("1001", date(2027, 1, 1))

    assert house.everything() == before


def test_a_formula_that_cannot_be_computed_refuses_the_deal_with_its_place(house: House) -> None:
    """Dividing by what is left of ten fails for ten, and says where."""
    broken = catalog()
    for each in broken["price_books"][0]["entries"]:
        if each["sku"] == "formula":
            each["formula"] = "base / (10 - quantity)"
    assert house.publish(RegisterKind.CATALOG, broken).problems == ()

    asked = step(ConfigureDeal, "1001", START, file=deal(line("formula", "10"), line("CRM")))
    configured = house.configuration.configure_deal(asked)

    assert [str(problem) for problem in configured.problems] == [
        (
            "lines[0].product: the price of formula/run in eur cannot be computed: formula is 0, "
            "and nothing can be divided by it: '10 - quantity' at character 9 "
            "(choose another amount with if ... else where this is 0)"
        )
    ]
    assert house.rows(QuoteRow, deal="1001") == []


def test_a_catalogue_with_unsound_prices_is_refused_with_all_its_problems(house: House) -> None:
    """Nothing is on record of it."""
    wrong = catalog()
    for each in wrong["price_books"][0]["entries"]:
        if each["sku"] == "formula":
            each["formula"] = "__import__('os').getcwd()"
        if each["sku"] == "stairstep":
            each["tiers"] = [{"up_to": 10, "flat": 1}, {"up_to": 5, "flat": 2}, {"flat": 3}]
    wrong["price_books"][2]["derived_from"]["book"] = "partner"

    change = house.publish(RegisterKind.CATALOG, wrong)

    fields = [problem.field for problem in change.problems]
    assert any(field.endswith(".formula") for field in fields)
    assert any(field.endswith(".tiers[1].up_to") for field in fields)
    assert "price_books[2].derived_from.book" in fields


def test_a_renewal_is_priced_from_the_lines_and_committed_again(house: House) -> None:
    """4 x 20 and what is missing from 100, in the second term as in the first."""
    published(house).sell(deal(line("SEATS", "4"), term_months=1))

    house.pricing.price_quote(step(PriceQuote, "1001", date(2026, 1, 20), term=2))

    second = Quote.model_validate_json(house.rows(QuoteRow, deal="1001")[-1].content)
    assert noon(START) < noon(second.starts_on)
    assert [(each.reference, each.net.minor) for each in second.lines] == [
        ("1/run", 80_00),
        ("1/run/true-up", 20_00),
    ]


def invoices(house: House) -> list[Invoice]:
    """The invoices of the deal, oldest first."""
    rows = house.rows(InvoiceRow, deal="1001")
    return [Invoice.model_validate_json(row.content) for row in rows]


def test_an_entity_may_round_an_order_instead_of_its_lines(house: House) -> None:
    """0.1055 twice: 0.11 each by line, 0.21 by order."""
    lines = (line("CREDITS", "1"), line("CREDITS", "1"))
    published(house).quote(deal(*lines))
    (by_line,) = house.rows(QuoteRow, deal="1001")

    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "price_rounding": "order"})
    house.quote(deal(*lines).model_copy(update={"number": "1002"}))
    (by_order,) = house.rows(QuoteRow, deal="1002")

    assert (
        [each.net.minor for each in Quote.model_validate_json(by_line.content).lines],
        [each.net.minor for each in Quote.model_validate_json(by_order.content).lines],
    ) == ([11, 11], [11, 10])
