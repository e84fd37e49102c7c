"""The samples: everything a newcomer plays with is sound, and its real figures are real."""

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from models.approval import ApprovalPolicy, demanded, facts_of, parse_policy, route
from models.catalog import Catalog, parse_catalog
from models.collection import parse_dunning_policy
from models.configuration import configure
from models.deal_file import DealFile, parse_deal_file
from models.money import Money
from models.parties import (
    Customer,
    CustomerStatus,
    Entity,
    has_valid_check_digits,
    parse_customer,
    parse_entity,
)
from models.pricing import PricedLine, PricingRequest, price
from models.tax import TaxKey, find_rule, parse_tax_rules
from starter.cli.files import read_document, read_documents
from starter.first_start import sample_people
from tests.shared_data import shared

SAMPLES = Path(__file__).parents[2] / "starter" / "samples"
DEALS = sorted((SAMPLES / "deals").glob("*.yaml"))


def catalog() -> Catalog:
    return parse_catalog(read_document(SAMPLES / "catalog.yaml"))


def policy() -> ApprovalPolicy:
    return parse_policy(read_document(SAMPLES / "approval_policy.yaml"))


def deal(number: str) -> DealFile:
    file = next(file for file in DEALS if file.name.startswith(number.lower()))
    return parse_deal_file(read_document(file))


def entities() -> dict[str, Entity]:
    found = [parse_entity(each) for each in read_documents(SAMPLES / "entities.yaml")]
    return {entity.number: entity for entity in found}


def customers() -> dict[str, Customer]:
    found = [parse_customer(each) for each in read_documents(SAMPLES / "customers.yaml")]
    return {customer.number: customer for customer in found}


def priced(file: DealFile) -> tuple[PricedLine, ...]:
    configured = configure(catalog(), file)
    assert configured.problems == ()
    assert file.test_clock is not None
    request = PricingRequest(
        currency=file.currency,
        priced_on=file.test_clock.date(),
        term_months=file.term_months,
        header_discount=file.header_discount,
    )
    return price(catalog(), configured.lines, request)


def titles_asked(discount: str, margin: str = "50") -> list[str]:
    facts = facts_of(Decimal(discount), Decimal(margin), Decimal(1000), 30, 12)
    rules = demanded(policy(), facts, "USD")
    return list(dict.fromkeys(title for rule in rules for title in rule.titles))


@pytest.mark.parametrize(
    ("name", "parse"),
    [
        ("catalog.yaml", parse_catalog),
        ("approval_policy.yaml", parse_policy),
        ("approval_policy_full.yaml", parse_policy),
        ("dunning_policy.yaml", parse_dunning_policy),
        ("tax_rules.yaml", lambda data: parse_tax_rules(data["rules"])),
    ],
)
def test_a_policy_of_the_samples_has_no_problem(name: str, parse: Callable[[Any], object]) -> None:
    """Parsing raises with every problem a document has."""
    assert parse(read_document(SAMPLES / name))


def test_sellers_and_buyers_have_all_that_an_invoice_needs() -> None:
    """EU VAT Directive art. 226: names, addresses, tax numbers, and an account that exists."""
    assert sorted(entities()) == ["DE01", "US01"]
    assert len(customers()) == 6
    assert all(has_valid_check_digits(each.bank.account) for each in entities().values())


def test_vat_numbers_of_the_samples_have_valid_check_digits() -> None:
    """DE: ISO 7064 MOD 11,10; NL: MOD 97-10 over letters and digits."""
    german = [entities()["DE01"].vat_id, customers()["C-100"].vat_id]
    dutch = customers()["C-400"].vat_id

    assert all(_german_check_digit(number[2:10]) == number[10] for number in german)
    assert int("".join(str(int(sign, 36)) for sign in dutch)) % 97 == 1


def _german_check_digit(digits: str) -> str:
    product = 10
    for digit in digits:
        rest = (int(digit) + product) % 10 or 10
        product = 2 * rest % 11
    return str((11 - product) % 10)


@pytest.mark.parametrize("file", DEALS, ids=lambda file: file.stem)
def test_a_sample_deal_can_be_sold_and_taxed(file: Path) -> None:
    """Its parties are on record, its lines priced, and a tax rule covers each of them."""
    written = parse_deal_file(read_document(file))
    entity, customer = entities()[written.entity], customers()[written.customer]
    rules = parse_tax_rules(read_document(SAMPLES / "tax_rules.yaml")["rules"])

    lines = priced(written)

    assert written.seller in {person.id for person in sample_people()}
    for line in lines:
        key = TaxKey(
            seller_country=entity.address.country,
            seller_region=entity.address.region,
            place_country=customer.place_of_supply.country,
            place_region=customer.place_of_supply.region,
            category=line.tax_category,
            status=CustomerStatus.BUSINESS,
            has_vat_id=bool(customer.vat_id),
            exempt=bool(customer.tax_exemption),
            supplied_on=date(2025, 6, 1),
        )
        assert find_rule(rules, key).rate_percent >= 0


def test_the_goods_of_the_samples_cost_what_the_order_says() -> None:
    """21 x 81 + 20 x 36 + 4 x 18 = 2,493.00, less 20 % = 1,994.40 (Northwind order 10593)."""
    lines = priced(deal("DEMO-1"))

    nets = [line.net for line in lines]

    assert Money.total(nets, "EUR") == Money(minor=199440, currency="EUR")


def test_the_goods_of_the_samples_are_those_of_the_real_order() -> None:
    """Quantities, agreed prices and discounts are those of the source, line by line."""
    with shared("data/orders/order_lines.csv").open() as file:
        order = [
            (f"NW-{row['product_id']}", row["quantity"], row["unit_price"], row["discount_rate"])
            for row in csv.DictReader(file)
            if (row["dataset"], row["order_id"]) == ("northwind", "10593")
        ]

    ours = [
        (line.product, line.quantity, line.unit_price, line.discount and line.discount.percent)
        for line in deal("DEMO-1").lines
    ]

    assert ours == [
        (sku, Decimal(quantity), Decimal(unit), Decimal(rate) * 100)
        for sku, quantity, unit, rate in order
    ]


@pytest.mark.parametrize(
    ("sku", "saas", "year", "name", "months"),
    [
        ("JIRA-STANDARD", "jira", "2025", "STANDARD", 1),
        ("JIRA-PREMIUM", "jira", "2025", "PREMIUM", 1),
        ("OKTA-SSO", "okta", "2025", "singleSignOn", 3),
        ("OKTA-DIRECTORY", "okta", "2025", "universalDirectory", 3),
        ("OKTA-MFA", "okta", "2025", "multiFactorAuthentication", 3),
        ("OKTA-ADAPTIVE-MFA", "okta", "2025", "adaptiveMultiFactorAuthentication", 3),
        ("GITHUB-TEAM", "github", "2025", "TEAM", 12),
        ("COPILOT-BUSINESS", "github", "2025", "githubCopilotBusiness", 12),
        ("ZOOM-BUSINESS", "zoom", "2025", "BUSINESS", 1),
        ("ZOOM-LARGE-MEETINGS", "zoom", "2025", "largeMeetings", 1),
        ("IDENTITY-SUITE", "databox", "2025", "guidedOnboarding", 1),
    ],
)
def test_a_list_price_is_the_one_of_its_source(
    sku: str, saas: str, year: str, name: str, months: int
) -> None:
    """The source gives prices a month; the catalogue those of its billing period."""
    with shared("data/saas_pricing/plans_flat.csv").open() as file:
        found = [
            Decimal(row["amount"])
            for row in csv.DictReader(file)
            if (row["saas"], row["year"], row["name"]) == (saas, year, name)
        ]

    prices = [
        entry.unit
        for book in catalog().price_books
        if book.valid_until is None
        for entry in book.entries
        if entry.sku == sku
    ]

    assert prices == [found[0] * months]


@pytest.mark.parametrize(
    ("discount", "margin", "titles"),
    [
        ("10", "50", []),
        ("20", "50", ["sales_manager"]),
        ("24", "50", ["sales_manager", "sales_director"]),
        ("24", "19", ["sales_manager", "sales_director", "finance"]),
        ("45", "50", ["sales_manager", "sales_director", "legal"]),
    ],
)
def test_a_discount_asks_whom_the_policy_names(
    discount: str, margin: str, titles: list[str]
) -> None:
    """The typical table: 10 % none, 20 % manager, 30 % director, beyond it legal in parallel."""
    assert titles_asked(discount, margin) == titles


def test_the_bundle_asks_two_people_one_after_the_other() -> None:
    """DEMO-3 has 24 % off, and the silent manager's own manager is asked next."""
    facts = facts_of(Decimal(24), Decimal(60), Decimal(15264), 30, 12)

    steps = route(policy(), facts, "USD", sample_people(), "sam")

    assert [(step.chain, step.approver) for step in steps] == [("sales", "mia"), ("sales", "dan")]
