"""The samples: everything a newcomer plays with is sound, and its real figures are real."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from models.approval import ApprovalPolicy, demanded, facts_of, parse_policy, route
from models.catalog import Catalog, parse_catalog
from models.collection import parse_dunning_policy
from models.configuration import configure
from models.deal_file import DealFile, LineRequest, OptionRequest, parse_deal_file
from models.money import Money
from models.parties import (
    Customer,
    CustomerStatus,
    Entity,
    has_valid_check_digits,
    parse_customer,
    parse_entity,
)
from models.plan import billing_plan, term_end
from models.price_terms import CustomerPrices, parse_customer_prices
from models.pricing import PricedLine, PricingRequest, price
from models.promotions import Promotion, parse_promotion
from models.tax import TaxKey, find_rule, parse_tax_rules
from models.usage_intake import read_csv
from models.waterfall import WaterfallStep
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


def promotions(codes: Sequence[str]) -> tuple[Promotion, ...]:
    found = [parse_promotion(each) for each in read_documents(SAMPLES / "promotions.yaml")]
    return tuple(each for each in found if each.code in codes)


def agreed_with(customer: str) -> CustomerPrices | None:
    found = read_documents(SAMPLES / "customer_prices.yaml")
    return next((parse_customer_prices(each) for each in found if each["number"] == customer), None)


def priced(file: DealFile) -> tuple[PricedLine, ...]:
    configured = configure(catalog(), file)
    assert configured.problems == ()
    assert file.test_clock is not None
    request = PricingRequest(
        terms=agreed_with(file.customer),
        promotions=promotions(file.promotions),
        starts_on=file.starts_on,
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
        ("OKTA-WORKFLOWS-LIGHT", "okta", "2025", "lightWorkflows", 3),
        ("OKTA-WORKFLOWS-MEDIUM", "okta", "2025", "mediumWorkflows", 3),
        ("OKTA-WORKFLOWS-UNLIMITED", "okta", "2025", "unlimitedWorkflows", 3),
        ("IDENTITY-SUITE", "databox", "2025", "guidedOnboarding", 1),
        ("DATABOX-SYNC", "databox", "2025", "15minSyncPerSource", 1),
        ("DATABOX-ANALYST", "databox", "2025", "dedicatedAnalyst", 1),
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


def amounts(lines: Sequence[PricedLine]) -> dict[str, str]:
    return {line.reference: str(line.net) for line in lines}


def contract_value(number: str) -> Money:
    file, lines = deal(number), priced(deal(number))
    assert file.starts_on is not None
    plan = billing_plan(lines, file.starts_on, term_end(file.starts_on, file.term_months))
    return Money.total((charge.amount for charge in plan), file.currency)


def test_the_bundle_shows_agreed_prices_and_a_promotion() -> None:
    """24 % off: lifecycle is 5 % below list before, and 410.40 are off one quarter.

    4 x 3,671.71 - 410.40 + 380.00 = 14,656.44.
    """
    lines = priced(deal("DEMO-3"))
    factors = next(line for line in lines if line.sku == "OKTA-ADAPTIVE-MFA")
    lifecycle = next(line for line in lines if line.sku == "OKTA-LIFECYCLE")

    assert amounts(lines) == {
        "1/setup": "380.00 USD",
        "1.1/user": "547.20 USD",
        "1.2/user": "547.20 USD",
        "1.3/user": "1,641.60 USD",
        "1.4/user": "935.71 USD",
    }
    assert [(one.periods, str(one.amount)) for one in factors.introductory] == [(1, "410.40 USD")]
    assert [step.output for step in lifecycle.steps_of(WaterfallStep.CONTRACTED)] == [
        Decimal("10.26")
    ]
    assert [step.rule for step in factors.steps_of(WaterfallStep.PROMOTION)] == [
        "MFA-START: 25 % off, the first period only"
    ]
    assert [step.rule for step in factors.steps_of(WaterfallStep.INTRODUCTORY)] == [
        "MFA-START: 410.40 USD off 1 billing from number 1 on"
    ]
    assert str(contract_value("DEMO-3")) == "14,656.44 USD"


def test_care_is_a_percentage_of_whatever_is_subscribed() -> None:
    """80 x 18.32 less 45 % are 806.08 a month, 856.08 with meetings: 10 % of three months."""
    assert amounts(priced(deal("DEMO-5"))) == {
        "1/license": "806.08 USD",
        "2/month": "50.00 USD",
        "3/care": "256.82 USD",
    }


def test_a_ramp_is_billed_by_its_steps() -> None:
    """20, 35 and 50 seats at the agreed 13.00: 3 x 260 + 3 x 455 + 6 x 650 = 6,045."""
    assert amounts(priced(deal("TRY-6"))) == {
        "1/seat": "260.00 USD",
        "1/seat#2": "455.00 USD",
        "1/seat#3": "650.00 USD",
    }
    assert str(contract_value("TRY-6")) == "6,045.00 USD"


def test_stairs_a_commitment_an_added_line_and_a_promotion_meet_in_one_deal() -> None:
    """60 users are on the last stair; 6 x 14 is 56 short of 140; an analyst comes by rule.

    12 x (319 + 140 + 160) - 3 x 159.50 = 6,949.50.
    """
    assert amounts(priced(deal("TRY-7"))) == {
        "1/users": "319.00 USD",
        "2/source": "84.00 USD",
        "2/source/true-up": "56.00 USD",
        "3/month": "160.00 USD",
    }
    assert str(contract_value("TRY-7")) == "6,949.50 USD"
    assert all(line.cost is not None for line in priced(deal("TRY-7")))


def test_a_formula_charges_what_is_beyond_the_included_storage() -> None:
    """(200 - 20) x 0.07 x 12 = 151.20 a year; within 20 GB it is nothing."""
    file = deal("TRY-8")
    seats, storage = file.lines
    within = storage.model_copy(update={"quantity": Decimal(20)})

    assert amounts(priced(file))["2/storage"] == "151.20 EUR"
    assert amounts(priced(file.model_copy(update={"lines": (seats, within)})))["2/storage"] == (
        "0.00 EUR"
    )


@pytest.mark.parametrize(
    ("plan", "name"),
    [
        ("starter", "STARTER"),
        ("professional", "PROFESSIONAL"),
        ("growth", "GROWTH"),
        ("premium", "PREMIUM"),
    ],
)
def test_a_price_by_attribute_is_the_one_of_its_source(plan: str, name: str) -> None:
    """The plan is chosen on the line, and the price goes by it."""
    line = LineRequest(product="DATABOX", attributes={"plan": plan})

    (found,) = priced(deal("TRY-7").model_copy(update={"lines": (line,), "promotions": ()}))

    assert found.net.decimal == listed("databox", "2025", name)


@pytest.mark.parametrize(
    ("users", "name"),
    [(5, "STARTER"), (6, "PROFESSIONAL"), (15, "PROFESSIONAL"), (16, "GROWTH")],
)
def test_stairs_are_the_user_limits_of_the_plans(users: int, name: str) -> None:
    """The source limits STARTER to 5 users and PROFESSIONAL to 15."""
    line = LineRequest(product="DATABOX-TEAM", quantity=Decimal(users))

    (found,) = priced(deal("TRY-7").model_copy(update={"lines": (line,), "promotions": ()}))

    assert found.net.decimal == listed("databox", "2025", name)


def test_of_a_group_of_options_one_is_chosen() -> None:
    """150 flows for 120 users are 120 x 15.00; two sizes at once are refused with the reason."""
    file = deal("DEMO-3")
    suite = file.lines[0]

    def with_options(*skus: str) -> DealFile:
        options = tuple(OptionRequest(product=sku) for sku in skus)
        lines = (suite.model_copy(update={"options": options}),)
        changes = {"lines": lines, "promotions": (), "header_discount": None}
        return file.model_copy(update=changes)

    one = priced(with_options("OKTA-WORKFLOWS-MEDIUM"))
    two = configure(catalog(), with_options("OKTA-WORKFLOWS-LIGHT", "OKTA-WORKFLOWS-MEDIUM"))

    assert [str(line.net) for line in one if line.sku == "OKTA-WORKFLOWS-MEDIUM"] == [
        "1,800.00 USD"
    ]
    assert any(
        "2 choices of Workflows in IDENTITY-SUITE are more than 1" in str(problem)
        for problem in two.problems
    )


def test_what_goes_well_together_is_recommended() -> None:
    """A recommendation is shown and blocks nothing."""
    file = deal("DEMO-5")
    alone = file.model_copy(update={"lines": file.lines[:1]})

    found = configure(catalog(), alone)

    assert found.problems == ()
    assert any("ZOOM-LARGE-MEETINGS" in str(warning) for warning in found.warnings)


def listed(saas: str, year: str, name: str) -> Decimal:
    with shared("data/saas_pricing/plans_flat.csv").open() as file:
        (found,) = [
            Decimal(row["amount"])
            for row in csv.DictReader(file)
            if (row["saas"], row["year"], row["name"]) == (saas, year, name)
        ]
    return found


def test_the_tokens_of_the_samples_cost_what_the_source_says() -> None:
    """genai-prices, openai gpt-4o, for a million tokens."""
    with shared("data/usage_prices/genai_prices.json").open(encoding="utf-8") as file:
        providers = json.load(file, parse_float=Decimal)
    models = {
        each["id"]: each for one in providers if one["id"] == "openai" for each in one["models"]
    }
    prices = models["gpt-4o"]["prices"]

    lines = {line.charge: line for line in priced(deal("TRY-9")) if line.usage}

    for charge, meter in (("input", "input_mtok"), ("output", "output_mtok")):
        terms = lines[charge].usage
        assert terms is not None
        assert terms.exact(Decimal(1_000_000)) == Decimal(prices[meter])


def test_the_usage_of_the_samples_can_be_sent() -> None:
    """Its events are of the deal and of a meter that the deal is charged by."""
    with (SAMPLES / "usage.csv").open(encoding="utf-8", newline="") as file:
        events = read_csv(file)

    meters = {line.usage.meter.source for line in priced(deal("TRY-9")) if line.usage}
    assert {(event.deal, event.meter) for event in events} == {("TRY-9", "tokens")}
    assert meters == {"tokens"}
