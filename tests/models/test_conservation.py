"""Conservation: whatever happens in whatever order, no amount appears or disappears.

One contract with a subscription in advance, one in arrears and a delivery is billed, recognized and
paid in a random order; after every event the equations of conservation hold.
"""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from models.billing import (
    InvoiceRequest,
    check_invoice,
    draft_invoice,
    due_charges,
    group_by_invoice,
)
from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType, Timing
from models.collection import Applied
from models.ledger import (
    Account,
    EntryHeader,
    JournalEntry,
    application_entry,
    balance,
    contract_position,
    invoice_entry,
    invoice_key,
    payment_entry,
    payment_key,
    revenue_entry,
    revenue_key,
    trial_balance,
)
from models.money import Money
from models.parties import Address, BankAccount, Customer, Entity
from models.periods import Interval, full_periods
from models.pricing import PricedLine
from models.quoting import PlannedCharge
from models.recognition import Obligation, Satisfaction, earned
from models.tax import TaxRule

TERM = Interval(start=date(2026, 1, 31), end=date(2026, 7, 31))
DELIVERED_ON = date(2026, 3, 10)
ADDRESS = Address(line1="Hauptstr. 1", city="Berlin", country="DE")
ENTITY = Entity(
    number="E1",
    legal_name="Seller GmbH",
    address=ADDRESS,
    tax_id="30/123/45678",
    email="billing@seller.example",
    bank=BankAccount(holder="Seller GmbH", bank="Bank", account="DE02120300000000202051"),
    currency="EUR",
    time_zone="Europe/Berlin",
)
CUSTOMER = Customer(number="C1", legal_name="Buyer GmbH", bill_to=ADDRESS)
RULE = TaxRule(
    seller_country="DE",
    place_country="DE",
    category="standard",
    valid_from=date(2021, 1, 1),
    rate_percent=Decimal(19),
)


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def priced(reference: str, timing: Timing) -> PricedLine:
    return PricedLine(
        reference=reference,
        number=reference.partition("/")[0],
        sku="SKU",
        charge=reference.partition("/")[2],
        name=reference,
        kind=ProductKind.SUBSCRIPTION,
        unit="unit",
        charge_type=ChargeType.RECURRING,
        model=ChargeModel.PER_UNIT,
        cadence=Cadence.MONTHLY,
        timing=timing,
        tax_category="standard",
        quantity=Decimal(3),
        department="operations",
        list_unit=Decimal(1),
        unit_price=Decimal(1),
        list_amount=eur(0),
        net=eur(0),
        once_discount=eur(0),
        ssp=eur(0),
    )


LINES = {
    "1/ahead": priced("1/ahead", Timing.IN_ADVANCE),
    "2/after": priced("2/after", Timing.IN_ARREARS),
    "3/unit": priced("3/unit", Timing.IN_ADVANCE),
}


def planned(reference: str, period: Interval, bill_on: date | None, minor: int) -> PlannedCharge:
    return PlannedCharge(
        reference=reference,
        description=reference,
        period=period,
        bill_on=bill_on,
        amount=eur(minor),
        discount=eur(0),
    )


def promise(reference: str, allocated: Money, transferred_on: date | None = None) -> Obligation:
    kind = Satisfaction.POINT_IN_TIME if transferred_on else Satisfaction.OVER_TIME
    return Obligation(
        reference=reference,
        name=reference,
        satisfaction=kind,
        ssp=allocated,
        allocated=allocated,
        period=TERM,
        transferred_on=transferred_on,
    )


class Contract:
    """One contract and its books; every event is followed by all the equations."""

    def __init__(self, ahead: int, after: int, unit: int) -> None:
        periods = list(full_periods(TERM.start, 1, TERM.end))
        self.plan = [
            *(planned("1/ahead", period, period.start, ahead) for period in periods),
            *(planned("2/after", period, period.end, after) for period in periods),
            planned("3/unit", TERM, None, unit),
        ]
        self.price = Money.total((charge.amount for charge in self.plan), "EUR")
        shares = self.price.allocate([3, 2, 1])
        delivered = (None, None, DELIVERED_ON)
        self.promises = [
            promise(str(number), share, on)
            for number, (share, on) in enumerate(zip(shares, delivered, strict=True), start=1)
        ]
        self.entries: list[JournalEntry] = []
        self.billed: dict[str, list[Interval]] = {}
        self.billed_net = self.recognized = self.received = self.applied = eur(0)
        self.open_items: dict[str, Money] = {}

    def run(self, event: str, on: date, minor: int) -> None:
        """Let one thing happen, then compare every account with what it stands for."""
        match event:
            case "bill":
                self.bill(on)
            case "recognize":
                self.recognize(on)
            case "pay":
                self.pay(eur(minor), apply=minor % 2 == 0)
            case _:
                self.apply_waiting()
        self.check()

    def bill(self, as_of: date) -> None:
        """Issue and book an invoice for each billable day up to `as_of`."""
        transferred = {"3/unit": DELIVERED_ON}
        for group in group_by_invoice(due_charges(self.plan, transferred, self.billed, as_of)):
            number = f"INV-{len(self.open_items) + 1}"
            draft = draft_invoice(
                InvoiceRequest(
                    deal="1001",
                    term=1,
                    entity=ENTITY,
                    customer=CUSTOMER,
                    currency="EUR",
                    issued_on=group[0].billable_on,
                    payment_terms_days=30,
                    charges=group,
                    lines=LINES,
                    rules=(RULE,),
                )
            )
            issued = draft.model_copy(update={"number": number})
            assert check_invoice(issued) == ()
            self.book(invoice_entry(header(invoice_key(number)), issued, self.position()))
            for due in group:
                self.billed.setdefault(due.charge.reference, []).append(due.charge.period)
            self.billed_net += issued.net
            self.open_items[number] = issued.gross

    def recognize(self, before: date) -> None:
        """Book what is earned before a day and not on record."""
        target = Money.total((earned(item, before) for item in self.promises), "EUR")
        amount = max(target - self.recognized, eur(0))
        self.book(revenue_entry(header(revenue_key("1001", 1, before)), amount, self.position()))
        self.recognized += amount

    def pay(self, received: Money, *, apply: bool) -> None:
        """Receive money, set against the open invoices or left waiting."""
        parts = self.parts_for(received) if apply else []
        self.book(payment_entry(header(payment_key(f"P{len(self.entries)}")), received, parts))
        self.received += received
        self.settle(parts)

    def apply_waiting(self) -> None:
        """Set the money that waits against the open invoices."""
        parts = self.parts_for(self.received - self.applied)
        self.book(application_entry(header(f"application:{len(self.entries)}"), parts))
        self.settle(parts)

    def parts_for(self, cash: Money) -> list[Applied]:
        """Return how cash fills the open invoices, oldest first."""
        parts = []
        for number, open_amount in self.open_items.items():
            amount = min(open_amount, cash)
            cash -= amount
            if amount > eur(0):
                parts.append(Applied(invoice=number, deal="1001", amount=amount))
        return parts

    def settle(self, parts: list[Applied]) -> None:
        """Take what was applied off the open invoices."""
        for part in parts:
            self.open_items[part.invoice] -= part.amount
            self.applied += part.amount

    def book(self, entry: JournalEntry | None) -> None:
        """Append an entry, if there is one."""
        if entry is not None:
            self.entries.append(entry)

    def position(self) -> Money:
        """Return the net contract asset, negative for a liability."""
        return contract_position(self.entries, "EUR")

    def on(self, account: Account) -> Money:
        """Return the balance of an account."""
        return balance(self.entries, account, "EUR")

    def check(self) -> None:
        """Compare the ledger with what was billed, earned, received and applied (semantics 20)."""
        asset, liability = self.on(Account.CONTRACT_ASSET), -self.on(Account.CONTRACT_LIABILITY)
        unbilled = due_charges(self.plan, {"3/unit": DELIVERED_ON}, self.billed, date.max)
        rows = trial_balance(self.entries)

        assert self.recognized == -self.on(Account.REVENUE)
        assert self.billed_net == self.recognized + liability - asset
        assert min(asset, liability) == eur(0)
        assert self.price == self.billed_net + Money.total(
            (due.charge.amount for due in unbilled), "EUR"
        )
        assert self.on(Account.CASH) == self.received
        assert self.received == self.applied - self.on(Account.UNAPPLIED_CASH)
        assert self.on(Account.RECEIVABLE) == Money.total(self.open_items.values(), "EUR")
        assert sum(row.debit.minor for row in rows) == sum(row.credit.minor for row in rows)
        assert len({entry.key for entry in self.entries}) == len(self.entries)


def header(key: str) -> EntryHeader:
    return EntryHeader(
        key=key,
        entity="E1",
        deal="1001",
        customer="C1",
        booked_on=TERM.start,
        cause=key,
        text="",
    )


AMOUNTS = st.integers(0, 10**6)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "recognize", "pay", "apply"]),
        st.integers(-10, 220).map(lambda days: TERM.start + timedelta(days=days)),
        st.integers(1, 10**6),
    ),
    max_size=25,
)


@given(AMOUNTS, AMOUNTS, AMOUNTS, EVENTS)
def test_every_event_conserves_every_amount(
    ahead: int, after: int, unit: int, events: list[tuple[str, date, int]]
) -> None:
    """Semantics 20: billed = recognized + liability - asset; cash = applied + unapplied."""
    contract = Contract(ahead, after, unit)

    for event, on, minor in events:
        contract.run(event, on, minor)


@given(AMOUNTS, AMOUNTS, AMOUNTS, EVENTS)
def test_a_finished_contract_leaves_nothing_open(
    ahead: int, after: int, unit: int, events: list[tuple[str, date, int]]
) -> None:
    """At the end all is billed, earned and paid, whatever happened on the way."""
    contract = Contract(ahead, after, unit)
    for event, on, minor in events:
        contract.run(event, on, minor)

    contract.run("bill", date.max, 0)
    contract.run("recognize", date.max, 0)
    contract.run("apply", date.max, 0)
    owed = Money.total(contract.open_items.values(), "EUR")
    contract.pay(owed, apply=True)
    contract.check()

    assert contract.billed_net == contract.recognized == contract.price
    assert contract.position() == eur(0)
    assert contract.on(Account.RECEIVABLE) == eur(0)
