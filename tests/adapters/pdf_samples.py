"""Sample documents: one of each kind, with everything that is hard to set."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from models.billing import Invoice, InvoiceLine
from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType
from models.collection import OpenItem
from models.credit_notes import CreditNote
from models.credits import CreditRequest, credit
from models.documents import (
    Assurance,
    CreditNoteDocument,
    DecisionNote,
    DeliveryNoteDocument,
    Document,
    InvoiceDocument,
    OrderConfirmationDocument,
    OrderFormDocument,
    QuoteDocument,
    ReceiptDocument,
    ReceiptLine,
    ReminderDocument,
    RenewalQuoteDocument,
    SignerBlock,
    StatementDocument,
    WorkOrderDocument,
)
from models.fulfillment import FulfillmentStatus, OrderLine
from models.money import Money
from models.parties import Address, BankAccount, Customer, Entity
from models.periods import Interval, add_months
from models.pricing import PricedLine
from models.quoting import PlannedCharge, Quote
from models.statements import (
    AccountScope,
    Movement,
    Statement,
    StatementFact,
    make_statement,
)
from models.tax import TaxTotal

SIGNED_AT = datetime(2026, 1, 12, 14, 3, 22, tzinfo=UTC)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

SELLER = Entity(
    number="E1",
    legal_name="Nordlicht Systems GmbH",
    address=Address(line1="Hafenstraße 12", postal_code="20457", city="Hamburg", country="DE"),
    tax_id="22/715/03981",
    vat_id="DE287411936",
    registration="Amtsgericht Hamburg, HRB 118822",
    email="accounts@nordlicht.example",
    bank=BankAccount(
        holder="Nordlicht Systems GmbH",
        bank="Hamburger Sparkasse",
        account="DE44 2005 0550 1234 5678 90",
        bic="HASPDEHHXXX",
    ),
    currency="EUR",
    time_zone="Europe/Berlin",
)
BUYER = Customer(
    number="C-204",
    legal_name="Ateliers Brézé & Fils S.A.S.",
    bill_to=Address(line1="14, rue des Tanneurs", postal_code="37000", city="Tours", country="FR"),
    ship_to=Address(
        line1="Zone industrielle Nord",
        line2="Quai 3",
        postal_code="37210",
        city="Vouvray",
        country="FR",
    ),
    vat_id="FR40303265045",
    language="en",
)


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def line(
    number: str, name: str, quantity: str, unit: str, amounts: tuple[int, int], **more: Any
) -> PricedLine:
    listed, net = amounts
    values: dict[str, Any] = {
        "reference": f"{number}/{more.get('charge', 'fee')}",
        "number": number,
        "sku": name.upper().replace(" ", "-"),
        "charge": "fee",
        "name": name,
        "kind": ProductKind.SUBSCRIPTION,
        "unit": unit,
        "charge_type": ChargeType.RECURRING,
        "model": ChargeModel.PER_UNIT,
        "cadence": Cadence.MONTHLY,
        "tax_category": "standard",
        "department": "operations",
        "quantity": Decimal(quantity),
        "list_unit": Decimal(listed) / 100 / Decimal(quantity),
        "unit_price": Decimal(net) / 100 / Decimal(quantity),
        "list_amount": eur(listed),
        "net": eur(net),
        "once_discount": eur(0),
        "ssp": eur(listed),
    }
    return PricedLine(**{**values, **more})


ONCE: dict[str, Any] = {"charge_type": ChargeType.ONE_TIME, "cadence": None}
LINES = (
    line("1", "Atlas Platform, Business edition", "1", "workspace", (1_200_00, 1_080_00)),
    line("1.1", "Named user", "40", "seat", (1_600_00, 1_440_00), parent="1"),
    line("1.2", "Priority support, answers within four hours", "1", "plan", (0, 0), parent="1"),
    line(
        "1.3", "API calls", "1", "1,000 calls", (50, 50), parent="1", charge_type=ChargeType.USAGE
    ),
    line("2", "Edge gateway G4", "6", "unit", (5_394_00, 4_854_60), kind=ProductKind.GOOD, **ONCE),
    line(
        "3",
        "Installation and training on site",
        "3.5",
        "day",
        (4_200_00, 4_200_00),
        kind=ProductKind.SERVICE,
        **ONCE,
    ),
    line("4", "Spare gateway G4", "2", "unit", (1_798_00, 1_618_20), optional=True, **ONCE),
    line("5", "Extended warranty", "8", "unit", (96_00, 96_00), optional=True),
)


def plan() -> tuple[PlannedCharge, ...]:
    months = [
        Interval(start=add_months(date(2026, 2, 1), at), end=add_months(date(2026, 2, 1), at + 1))
        for at in range(12)
    ]
    monthly = [
        PlannedCharge(
            reference=reference,
            description=name,
            period=month,
            bill_on=month.start,
            amount=eur(amount),
            discount=eur(discount),
        )
        for month in months
        for reference, name, amount, discount in (
            ("1/fee", "Atlas Platform, Business edition", 1_080_00, 120_00),
            ("1.1/fee", "Named user", 1_440_00, 160_00),
        )
    ]
    once = [
        PlannedCharge(
            reference=reference,
            description=name,
            period=Interval(start=date(2026, 2, 1), end=date(2026, 2, 2)),
            bill_on=None,
            amount=eur(amount),
            discount=eur(0),
        )
        for reference, name, amount in (
            ("2/fee", "Edge gateway G4", 4_854_60),
            ("3/fee", "Installation and training on site", 4_200_00),
        )
    ]
    return (*once, *monthly)


def quote(**more: Any) -> Quote:
    values: dict[str, Any] = {
        "deal": "1001",
        "number": "Q-1001",
        "version": 2,
        "term": 1,
        "entity": "E1",
        "customer": "C-204",
        "seller": "ida",
        "currency": "EUR",
        "catalog_version": "7",
        "price_book": "eu",
        "quoted_on": date(2026, 1, 8),
        "valid_until": date(2026, 2, 7),
        "starts_on": date(2026, 2, 1),
        "ends_on": date(2027, 2, 1),
        "term_months": 12,
        "payment_terms_days": 30,
        "purchase_order": "BC-2026-0117",
        "note": "Gateways ship from Hamburg within ten working days of your signature.",
        "lines": LINES,
        "plan": plan(),
        "list_total": eur(43_194_00),
        "total": eur(39_294_60),
        "one_time": eur(9_054_60),
        "acv": eur(30_240_00),
        "arr": eur(30_240_00),
        "mrr": eur(2_520_00),
        "content_hash": HASH,
    }
    return Quote(**{**values, **more})


def invoice_line(**more: Any) -> InvoiceLine:
    values: dict[str, Any] = {
        "reference": "1.1/fee",
        "description": "Named user",
        "quantity": Decimal(40),
        "unit": "seat",
        "unit_price": Decimal(40),
        "period": Interval(start=date(2026, 2, 1), end=date(2026, 3, 1)),
        "discount": eur(160_00),
        "net": eur(1_440_00),
        "tax_code": "AE",
        "tax_rate_percent": Decimal(0),
        "tax": eur(0),
        "unconditional_on": date(2026, 2, 1),
    }
    return InvoiceLine(**{**values, **more})


def invoice(**more: Any) -> Invoice:
    values: dict[str, Any] = {
        "number": "NL-2026-000042",
        "deal": "1001",
        "term": 1,
        "entity": SELLER,
        "customer": BUYER,
        "currency": "EUR",
        "issued_on": date(2026, 2, 2),
        "due_on": date(2026, 3, 4),
        "supplied": Interval(start=date(2026, 2, 1), end=date(2026, 3, 1)),
        "purchase_order": "BC-2026-0117",
        "lines": (
            invoice_line(),
            invoice_line(
                reference="1/fee",
                description="Atlas Platform, Business edition",
                quantity=Decimal(1),
                unit="workspace",
                unit_price=Decimal(1200),
                discount=eur(120_00),
                net=eur(1_080_00),
            ),
            invoice_line(
                reference="3/fee",
                description="Installation in Hamburg",
                quantity=Decimal("1.5"),
                unit="day",
                unit_price=Decimal(1200),
                period=Interval(start=date(2026, 2, 17), end=date(2026, 2, 18)),
                discount=eur(0),
                net=eur(1_800_00),
                tax_code="S",
                tax_rate_percent=Decimal(19),
                tax=eur(342_00),
            ),
        ),
        "taxes": (
            TaxTotal(
                code="AE",
                rate_percent=Decimal(0),
                name="VAT",
                text="Reverse charge, art. 196 Directive 2006/112/EC: the recipient owes the VAT.",
                base=eur(2_520_00),
                tax=eur(0),
            ),
            TaxTotal(
                code="S", rate_percent=Decimal(19), name="VAT", base=eur(1_800_00), tax=eur(342_00)
            ),
        ),
        "net": eur(4_320_00),
        "tax": eur(342_00),
        "gross": eur(4_662_00),
    }
    return Invoice(**{**values, **more})


def credit_note(**more: Any) -> CreditNote:
    """Credit all of the sample invoice."""
    request = CreditRequest(
        invoice=invoice(), reason="Livraison refusée", issued_on=date(2026, 2, 20), **more
    )
    return credit(request).model_copy(update={"number": "NL-CN-2026-000003"})


def statement() -> Statement:
    """A month with one of each document."""
    facts = (
        (date(2026, 1, 15), Movement.INVOICE, "NL-2026-000040", 500_00),
        (date(2026, 2, 2), Movement.INVOICE, "NL-2026-000042", 4_662_00),
        (date(2026, 2, 3), Movement.VOID, "NL-2026-000040", -500_00),
        (date(2026, 2, 20), Movement.CREDIT_NOTE, "NL-CN-2026-000003", -662_00),
        (date(2026, 2, 25), Movement.PAYMENT, "PAY-2026-000009", -1_000_00),
    )
    item = OpenItem(
        invoice="NL-2026-000042",
        deal="1001",
        issued_on=date(2026, 2, 2),
        due_on=date(2026, 2, 20),
        gross=eur(4_662_00),
        balance=eur(3_100_00),
    )
    return make_statement(
        AccountScope(
            customer="C-204",
            entity="E1",
            currency="EUR",
            since=date(2026, 2, 1),
            until=date(2026, 2, 28),
        ),
        [
            StatementFact(on=on, kind=kind, document=number, amount=eur(minor))
            for on, kind, number, minor in facts
        ],
        (item,),
    )


ORDER_LINES = (
    OrderLine(
        reference="2/fee",
        sku="EDGE-G4",
        name="Edge gateway G4",
        quantity=Decimal(6),
        department="warehouse",
        status=FulfillmentStatus.RESERVED,
    ),
    OrderLine(
        reference="4/fee",
        sku="RAIL-19",
        name="Mounting rail 19 inch",
        quantity=Decimal("2.5"),
        department="warehouse",
        status=FulfillmentStatus.BACK_ORDERED,
    ),
)
UNVERIFIED = DecisionNote(
    action="Discount approved",
    person="Jonas Weber",
    title="sales manager",
    decided_at=SIGNED_AT,
    assurance=Assurance.UNVERIFIED,
)
SIGNERS = (
    SignerBlock(
        role="For Ateliers Brézé & Fils S.A.S., Directrice générale",
        name="Claire Brézé",
        signed_at=SIGNED_AT,
        document_hash=HASH,
    ),
    SignerBlock(
        role="For Nordlicht Systems GmbH, Geschäftsführerin",
        name="Ida Petersen",
        signed_at=SIGNED_AT,
        document_hash=HASH,
        assurance=Assurance.UNVERIFIED,
    ),
    SignerBlock(role="Witness", name="Łukasz Żółć"),
)


def samples() -> dict[str, Document]:
    parties: dict[str, Any] = {"entity": SELLER, "customer": BUYER}
    return {
        "quote": QuoteDocument(
            quote=quote(),
            attention="Claire Brézé",
            seller_name="Ida Petersen",
            seller_email="ida@nordlicht.example",
            **parties,
        ),
        "renewal_quote": RenewalQuoteDocument(
            quote=quote(number="Q-1001-R1", version=1, term=2),
            auto_renew=True,
            last_notice_on=date(2027, 1, 2),
            previous_total=eur(30_240_00),
            **parties,
        ),
        "order_form": OrderFormDocument(
            number="OF-1001",
            written_on=date(2026, 1, 12),
            quote=quote(),
            signers=SIGNERS,
            **parties,
        ),
        "order_confirmation": OrderConfirmationDocument(
            number="O-1001",
            confirmed_on=date(2026, 1, 12),
            quote=quote(),
            decisions=(UNVERIFIED,),
            **parties,
        ),
        "work_order": WorkOrderDocument(
            number="WO-1001-1",
            deal="1001",
            department="warehouse",
            written_on=date(2026, 1, 13),
            wanted_on=date(2026, 1, 20),
            purchase_order="BC-2026-0117",
            note="Call the dock one hour before arrival.",
            lines=ORDER_LINES,
            **parties,
        ),
        "delivery_note": DeliveryNoteDocument(
            number="DN-1001-1",
            deal="1001",
            delivered_on=date(2026, 1, 21),
            lines=ORDER_LINES,
            **parties,
        ),
        "invoice": InvoiceDocument(invoice=invoice()),
        "credit_note": CreditNoteDocument(credit_note=credit_note()),
        "statement": StatementDocument(
            number="ST-C-204-EUR-20260228", statement=statement(), **parties
        ),
        "receipt": ReceiptDocument(
            number="R-2026-0009",
            received_on=date(2026, 3, 3),
            reference="SEPA 88121",
            amount=eur(5_000_00),
            applied=(ReceiptLine(invoice="NL-2026-000042", amount=eur(4_662_00)),),
            unapplied=eur(338_00),
            balance=eur(0),
            **parties,
        ),
        "reminder": ReminderDocument(
            number="D-2026-0003",
            level=2,
            level_name="First notice",
            written_on=date(2026, 3, 14),
            pay_by=date(2026, 3, 24),
            items=(
                OpenItem(
                    invoice="NL-2026-000042",
                    deal="1001",
                    issued_on=date(2026, 2, 2),
                    due_on=date(2026, 3, 4),
                    gross=eur(4_662_00),
                    balance=eur(4_162_00),
                ),
            ),
            total=eur(4_162_00),
            **parties,
        ),
    }
