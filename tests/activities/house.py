"""A small house to test in: who sells what to whom, and the steps that take a deal forward.

Prices in EUR: CRM 50.00 a seat and month, SUITE 100.00 a month and 300.00 to set up at signature,
SUPPORT 90.00 a quarter, HOSTING 31.00 a month in arrears, LAPTOP 1,000.00 and CHAIR 200.00 each on
delivery, TRAINING 500.00 a day. Tax is 19 %.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from sqlmodel import SQLModel, select

from activities.adapters.books import Books
from activities.amending import AmendmentActivities
from activities.approval import ApprovalActivities
from activities.billing import BillingActivities
from activities.collection import CollectionActivities
from activities.configuration import ConfigurationActivities
from activities.contract import ContractActivities
from activities.fulfillment import FulfillmentActivities
from activities.ports import HouseRules, Office, PublicHolidays, no_holidays
from activities.pricing import PricingActivities
from activities.progress import ProgressActivities
from activities.register import RegisterActivities
from activities.renewal import RenewalActivities
from activities.revision import RevisionActivities
from models.charges import Transfer
from models.deal_file import DealFile, parse_deal_file
from models.decisions import DecisionKind, decision_token
from models.register import HOUSE
from models.steps import (
    AmendDeal,
    CancelLine,
    ChangeRecorded,
    ConcludeContract,
    ConfigureDeal,
    ConfirmDelivery,
    Converge,
    Converged,
    DealAmended,
    DealStep,
    Dun,
    Dunned,
    FulfillmentOutcome,
    FulfillOrder,
    PaymentRecorded,
    PriceQuote,
    QuotePriced,
    RecordDecision,
    RecordPayment,
    RegisterChange,
    RegisterKind,
    StockReceipt,
)

Step = TypeVar("Step", bound=DealStep)
Row = TypeVar("Row", bound=SQLModel)

SECRET = b"a secret of the house"
WRITTEN_AT = datetime(2030, 5, 5, 12, tzinfo=UTC)
START = date(2026, 1, 1)

ENTITY = {
    "number": "DE01",
    "legal_name": "Nord Handel GmbH",
    "address": {"line1": "Kai 1", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
    "tax_id": "48/123/45678",
    "vat_id": "DE123456789",
    "email": "billing@nord.example",
    "bank": {"holder": "Nord Handel GmbH", "bank": "Hafenbank", "account": "0012345678"},
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
}
PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "sam", "name": "Sam", "email": "sam@nord.example", "manager": "mia"},
    {
        "id": "mia",
        "name": "Mia",
        "email": "mia@nord.example",
        "titles": ["sales_manager"],
        "manager": "vera",
    },
    {"id": "vera", "name": "Vera", "email": "vera@nord.example", "titles": ["director"]},
    {"id": "finn", "name": "Finn", "email": "finn@nord.example", "titles": ["finance"]},
)
CUSTOMER: dict[str, Any] = {
    "number": "C-100",
    "legal_name": "Buyer AG",
    "bill_to": {"line1": "Markt 2", "postal_code": "10115", "city": "Berlin", "country": "DE"},
    "contacts": [
        {"name": "Ben", "email": "ben@buyer.example"},
        {"name": "Sigrid", "email": "sigrid@buyer.example", "role": "signatory"},
    ],
}
OTHER_CUSTOMER: dict[str, Any] = {**CUSTOMER, "number": "C-200", "legal_name": "Other AG"}
POLICY = {
    "version": "p1",
    "rules": [
        {
            "id": "discount-10",
            "fact": "discount_percent",
            "comparison": "above",
            "threshold": "10",
            "titles": ["sales_manager"],
            "chain": "sales",
            "reason": "more than 10 % off",
        },
        {
            "id": "discount-20",
            "fact": "discount_percent",
            "comparison": "above",
            "threshold": "20",
            "titles": ["sales_manager", "director"],
            "chain": "sales",
            "reason": "more than 20 % off",
        },
        {
            "id": "terms-60",
            "fact": "payment_terms_days",
            "comparison": "above",
            "threshold": "60",
            "titles": ["finance"],
            "chain": "finance",
            "reason": "more than 60 days to pay",
        },
    ],
}
TAX_RULE = {
    "seller_country": "DE",
    "place_country": "DE",
    "category": "standard",
    "valid_from": "2020-01-01",
    "rate_percent": "19",
}
BOOKS_TAX_RULE = {**TAX_RULE, "category": "training", "rate_percent": "7"}


def _recurring(key: str, cadence: str, **changes: str) -> dict[str, str]:
    return {"key": key, "name": key, "type": "recurring", "cadence": cadence, **changes}


def _once(key: str, **changes: str) -> dict[str, str]:
    return {"key": key, "name": key, "type": "one_time", **changes}


def _product(sku: str, kind: str, *charges: dict[str, str], **changes: str) -> dict[str, Any]:
    return {"sku": sku, "name": sku.title(), "kind": kind, "charges": list(charges), **changes}


CATALOG: dict[str, Any] = {
    "version": "2026",
    "products": [
        _product("CRM", "subscription", _recurring("seat", "monthly")),
        _product(
            "SUITE",
            "subscription",
            _once("setup", model="flat", bill_on="signature"),
            _recurring("fee", "monthly"),
        ),
        _product("SUPPORT", "subscription", _recurring("plan", "quarterly", model="flat")),
        _product("HOSTING", "subscription", _recurring("run", "monthly", timing="in_arrears")),
        _product("LAPTOP", "good", _once("unit"), department="warehouse"),
        _product("CHAIR", "good", _once("unit"), department="warehouse", transfer="ship"),
        _product("DESK", "good", _once("unit"), department="warehouse", transfer="accept"),
        _product("CRATE", "good", _once("unit", bill_on="signature"), department="warehouse"),
        _product("TRAINING", "service", _once("day"), tax_category="training"),
        _product("UNPRICED", "service", _once("day")),
    ],
    "price_books": [
        {
            "name": "eur",
            "currency": "EUR",
            "valid_from": "2020-01-01",
            "entries": [
                {"sku": "CRM", "charge": "seat", "unit": "50"},
                {"sku": "SUITE", "charge": "setup", "unit": "300"},
                {"sku": "SUITE", "charge": "fee", "unit": "100"},
                {"sku": "SUPPORT", "charge": "plan", "unit": "90"},
                {"sku": "HOSTING", "charge": "run", "unit": "31"},
                {"sku": "LAPTOP", "charge": "unit", "unit": "1000"},
                {"sku": "CHAIR", "charge": "unit", "unit": "200"},
                {"sku": "DESK", "charge": "unit", "unit": "400"},
                {"sku": "CRATE", "charge": "unit", "unit": "80"},
                {"sku": "TRAINING", "charge": "day", "unit": "500"},
            ],
        },
        {
            "name": "usd",
            "currency": "USD",
            "valid_from": "2020-01-01",
            "entries": [{"sku": "CRM", "charge": "seat", "unit": "60"}],
        },
    ],
}


def deal_file(number: str, *lines: dict[str, Any], **changes: Any) -> DealFile:
    """Return a deal file for customer C-100, sold by Sam, with what is different about it."""
    written = {
        "number": number,
        "entity": "DE01",
        "customer": "C-100",
        "seller": "sam",
        "currency": "EUR",
        "starts_on": START,
        "lines": list(lines),
        **changes,
    }
    return parse_deal_file(written)


def line(product: str, quantity: str = "1", **changes: Any) -> dict[str, Any]:
    """Return one line of a deal file."""
    return {"product": product, "quantity": quantity, **changes}


def off(percent: str) -> dict[str, str]:
    """Return a discount."""
    return {"percent": percent, "reason": "big deal"}


def noon(day: date) -> datetime:
    """Return the middle of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def step(kind: type[Step], deal: str, on: date = START, /, **fields: Any) -> Step:
    """Return a step of a deal at noon of a day."""
    return kind.model_validate({"deal": deal, "at": noon(on), "on": on, **fields})


RULES = HouseRules(
    secret=SECRET,
    allow_test_clock=True,
    allow_unverified_decisions=False,
    continue_as_new_every=12,
)


@dataclass(frozen=True)
class House:
    """The activities of a house on its books, and short ways to use them."""

    books: Books
    rules: HouseRules = RULES
    holidays: PublicHolidays = no_holidays

    def ruled(self, **changes: Any) -> "House":
        """Return the same house under other rules."""
        return House(self.books, replace(self.rules, **changes))

    def with_holidays(self, holidays: PublicHolidays) -> "House":
        """Return the same house with a calendar of public holidays."""
        return House(self.books, self.rules, holidays)

    @cached_property
    def office(self) -> Office:
        """What the activities work with."""
        return Office(
            books=self.books,
            rules=self.rules,
            wall_clock=lambda: WRITTEN_AT,
            holidays=self.holidays,
        )

    @cached_property
    def registrar(self) -> RegisterActivities:
        """Who keeps parties, catalogue and policies."""
        return RegisterActivities(self.office)

    @cached_property
    def configuration(self) -> ConfigurationActivities:
        """Who checks deals."""
        return ConfigurationActivities(self.office)

    @cached_property
    def pricing(self) -> PricingActivities:
        """Who makes quotes."""
        return PricingActivities(self.office)

    @cached_property
    def revision(self) -> RevisionActivities:
        """Who makes quotes out of earlier ones."""
        return RevisionActivities(self.office)

    @cached_property
    def approval(self) -> ApprovalActivities:
        """Who records decisions."""
        return ApprovalActivities(self.office)

    @cached_property
    def contract(self) -> ContractActivities:
        """Who concludes contracts."""
        return ContractActivities(self.office)

    @cached_property
    def fulfillment(self) -> FulfillmentActivities:
        """Who keeps orders."""
        return FulfillmentActivities(self.office)

    @cached_property
    def billing(self) -> BillingActivities:
        """Who issues invoices."""
        return BillingActivities(self.office)

    @cached_property
    def collection(self) -> CollectionActivities:
        """Who takes money and reminds of it."""
        return CollectionActivities(self.office)

    @cached_property
    def renewal(self) -> RenewalActivities:
        """Who concludes later terms."""
        return RenewalActivities(self.office)

    @cached_property
    def amending(self) -> AmendmentActivities:
        """Who changes running contracts."""
        return AmendmentActivities(self.office)

    @cached_property
    def progress(self) -> ProgressActivities:
        """Who tells where deals are."""
        return ProgressActivities(self.office)

    def register(self, kind: RegisterKind, key: str, content: object) -> ChangeRecorded:
        """Record a party or policy, as Rita, who decides on nothing."""
        return self.register_by("rita", kind, key, content)

    def register_by(
        self, actor: str, kind: RegisterKind, key: str, content: object
    ) -> ChangeRecorded:
        """Record a party or policy as somebody."""
        change = RegisterChange(kind=kind, key=key, content=json.dumps(content), actor=actor)
        return self.registrar.record_change(change)

    def publish(self, kind: RegisterKind, content: object) -> ChangeRecorded:
        """Record what there is only one of."""
        return self.register(kind, HOUSE, content)

    def stock(self, sku: str, quantity: str, reference: str = "DN-1") -> ChangeRecorded:
        """Receive goods."""
        receipt = StockReceipt(
            entity="DE01", sku=sku, quantity=quantity, reference=reference, actor="wim"
        )
        return self.registrar.receive_stock(receipt)

    def quote(self, file: DealFile, on: date = START, *, test_clock: bool = False) -> QuotePriced:
        """Configure and price a deal."""
        asked = step(ConfigureDeal, file.number, on, file=file, test_clock=test_clock)
        configured = self.configuration.configure_deal(asked)
        assert configured.problems == (), configured.problems
        return self.pricing.price_quote(step(PriceQuote, file.number, on))

    def sell(self, file: DealFile, on: date = START, *, test_clock: bool = False) -> str:
        """Take a deal to its signed contract and start its order; return its number."""
        quote = self.quote(file, on, test_clock=test_clock).quote
        assert quote is not None
        signed = step(ConcludeContract, file.number, on, quote_version=quote.version)
        self.contract.conclude_contract(signed)
        self.fulfillment.fulfill_order(step(FulfillOrder, file.number, on))
        return file.number

    def fulfill(self, deal: str, on: date) -> FulfillmentOutcome:
        """Reserve and provision what is open of an order."""
        return self.fulfillment.fulfill_order(step(FulfillOrder, deal, on))

    def token(
        self, kind: DecisionKind, person: str, content_hash: str, key: str | None = None
    ) -> str:
        """Return the token a person got for deal 1001; approvers get one for each step."""
        asked = kind.value if key is None else key
        return decision_token(SECRET, "1001", asked, person, content_hash)

    def deliver(
        self,
        deal: str,
        on: date,
        *lines: str,
        event: Transfer = Transfer.DELIVER,
        command: str = "",
    ) -> FulfillmentOutcome:
        """Confirm a delivery of lines, or of all that are open."""
        name = command or f"{event}-{on}-{'-'.join(lines)}"
        asked = step(
            ConfirmDelivery, deal, on, lines=lines, event=event, command_id=name, actor="wim"
        )
        return self.fulfillment.confirm_delivery(asked)

    def cancel(self, deal: str, on: date, number: str, term: int = 1) -> FulfillmentOutcome:
        """Give up a line."""
        asked = step(CancelLine, deal, on, line=number, reason="no stock", actor="sam", term=term)
        return self.fulfillment.cancel_line(asked)

    def converge(self, deal: str, on: date) -> Converged:
        """Bill and recognize a deal up to a day."""
        return self.billing.converge(step(Converge, deal, on))

    def amend(self, deal: str, on: date, delta: dict[str, Any], **said: Any) -> DealAmended:
        """Amend a deal, accepted by Ben, as Sam asks for."""
        given = {"command_id": f"amend-{on}-{sorted(delta)}", "accepted_by": "Ben", "actor": "sam"}
        return self.amending.amend_deal(step(AmendDeal, deal, on, delta=delta, **{**given, **said}))

    def dun(self, deal: str, on: date) -> Dunned:
        """Remind of a deal's overdue invoices."""
        return self.collection.dun(step(Dun, deal, on))

    def pay(self, minor: int, reference: str, **fields: Any) -> PaymentRecorded:
        """Receive money from customer C-100 on 1 March 2026."""
        return self.collection.record_payment(payment(minor, reference, **fields))

    def decide(
        self, kind: DecisionKind, person: str, on: date = START, **fields: Any
    ) -> RecordDecision:
        """Return a decision about version 1 of deal 1001."""
        given = {"command_id": f"{kind}-{person}", "quote_version": 1, **fields}
        return step(RecordDecision, "1001", on, kind=kind, person=person, **given)

    def rows(self, table: type[Row], **equal: object) -> Sequence[Row]:
        """Return the rows of a table with these values, oldest first."""
        statement = select(table)
        for name, value in equal.items():
            statement = statement.where(getattr(table, name) == value)
        for column in table.__table__.primary_key.columns:  # type: ignore[attr-defined]
            statement = statement.order_by(column)
        return self.books.read(lambda session: session.exec(statement).all())

    def everything(self) -> dict[str, list[dict[str, object]]]:
        """Return every row of every table."""
        found = {}
        for mapper in SQLModel._sa_registry.mappers:
            table: type[SQLModel] = mapper.class_
            found[str(mapper.local_table)] = [row.model_dump() for row in self.rows(table)]
        return found


def payment(minor: int, reference: str, **fields: Any) -> RecordPayment:
    """Return money of customer C-100 that came by bank on 1 March 2026."""
    given = {
        "provider": "bank",
        "customer": "C-100",
        "currency": "EUR",
        "received_on": date(2026, 3, 1),
        "actor": "finn",
        **fields,
    }
    return RecordPayment.model_validate({"amount_minor": minor, "reference": reference, **given})


def furnish(books: Books) -> None:
    """Record the parties, catalogue, policies and tax rules of the house."""
    house = House(books)
    changes = [
        house.register(RegisterKind.ENTITY, "DE01", ENTITY),
        *(house.register(RegisterKind.PERSON, one["id"], one) for one in PEOPLE),
        house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER),
        house.register(RegisterKind.CUSTOMER, "C-200", OTHER_CUSTOMER),
        house.publish(RegisterKind.CATALOG, CATALOG),
        house.publish(RegisterKind.APPROVAL_POLICY, POLICY),
        house.publish(RegisterKind.TAX_RULES, [TAX_RULE, BOOKS_TAX_RULE]),
    ]
    assert [change.problems for change in changes] == [()] * len(changes)


def minor(amount: str) -> int:
    """Return an amount of EUR written in major units as cents."""
    return int(Decimal(amount) * 100)
