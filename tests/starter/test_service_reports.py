"""Reports from the books: invoices, figures, journal, trial balance, receivables, documents."""

from datetime import date, timedelta
from typing import Any

import pytest

from models.billing import Invoice
from models.fulfillment import OrderLine
from models.money import Money
from models.parties import parse_customer, parse_entity
from models.periods import Interval
from models.tables import (
    ContractRow,
    DocumentRow,
    InvoiceLineRow,
    InvoiceRow,
    JournalEntryRow,
    OrderLineRow,
    PaymentApplicationRow,
    PaymentRow,
    PlannedChargeRow,
    PostingRow,
    RecognizedRow,
    WorkOrderRow,
)
from tests.starter.conftest import CUSTOMER, ENTITY, NOW


def invoice(number: str, gross: int, due_on: date = date(2026, 3, 3), **changes: Any) -> InvoiceRow:
    """Return an invoice over one untaxed amount."""
    amount, zero = Money(minor=gross, currency="USD"), Money(minor=0, currency="USD")
    issued_on = due_on - timedelta(days=30)
    content = Invoice(
        number=number,
        deal="1001",
        term=1,
        entity=parse_entity(ENTITY),
        customer=parse_customer(CUSTOMER),
        currency="USD",
        issued_on=issued_on,
        due_on=due_on,
        supplied=Interval(start=date(2026, 2, 1), end=date(2026, 3, 1)),
        lines=(),
        taxes=(),
        net=amount,
        tax=zero,
        gross=amount,
    )
    fields = {
        "number": number,
        "key": number,
        "entity": "US01",
        "series": "INV-2026",
        "sequence": int(number.rpartition("-")[2]),
        "deal": "1001",
        "term": 1,
        "customer": "C-100",
        "currency": "USD",
        "issued_on": issued_on,
        "due_on": due_on,
        "net_minor": gross,
        "tax_minor": 0,
        "gross_minor": gross,
        "content": content.model_dump_json(),
    }
    return InvoiceRow.model_validate({**fields, **changes})


def payment(world: Any, amount: int, invoice_number: str, applied_on: date) -> None:
    """Put a payment of one invoice on record."""
    world.add(
        PaymentRow(
            number=f"PAY-{invoice_number}",
            provider="bank",
            reference=invoice_number,
            request_hash="h",
            entity="US01",
            customer="C-100",
            currency="USD",
            amount_minor=amount,
            received_on=applied_on,
            rule="references",
            actor="fiona",
        ),
        PaymentApplicationRow(
            payment=f"PAY-{invoice_number}",
            invoice=invoice_number,
            deal="1001",
            amount_minor=amount,
            currency="USD",
            applied_on=applied_on,
        ),
    )


def entry(
    world: Any, key: str, booked_on: date, *postings: tuple[str, int], **changes: Any
) -> None:
    """Put a journal entry on record, its postings first."""
    fields = {
        "key": key,
        "entity": "US01",
        "deal": "1001",
        "customer": "C-100",
        "currency": "USD",
        "booked_on": booked_on,
        "cause": key,
        "text": key,
        "recorded_at": NOW,
    }
    world.add(
        *(
            PostingRow(
                entry=key,
                account=account,
                amount_minor=minor,
                currency=changes.get("currency", "USD"),
            )
            for account, minor in postings
        ),
        JournalEntryRow.model_validate({**fields, **changes}),
    )


def signed(world: Any) -> None:
    """Put a signed deal on record: 12 months at 100.00, one line given up."""
    quote = world.quote(world.deal(stage="live", total_minor=1200_00))
    world.add(
        ContractRow(
            number="C-1001-1",
            deal="1001",
            term=1,
            quote=quote.number,
            content_hash=quote.content_hash,
            entity="US01",
            customer="C-100",
            currency="USD",
            total_minor=1200_00,
            signed_at=NOW,
            starts_on=date(2026, 2, 1),
            ends_on=date(2027, 2, 1),
            payment_terms_days=30,
            purchase_order="PO-77",
            renewal="{}",
        ),
        _planned("1/seat", 1200_00),
        _planned("2/price", 250_00, canceled_on=date(2026, 2, 5)),
    )


def _planned(reference: str, amount: int, **changes: Any) -> PlannedChargeRow:
    fields = {
        "deal": "1001",
        "term": 1,
        "reference": reference,
        "description": "Seat",
        "starts_on": date(2026, 2, 1),
        "ends_on": date(2027, 2, 1),
        "bill_on": date(2026, 2, 1),
        "amount_minor": amount,
        "discount_minor": 0,
        "currency": "USD",
    }
    return PlannedChargeRow.model_validate({**fields, **changes})


def _billed(number: str, net: int) -> InvoiceLineRow:
    return InvoiceLineRow(
        invoice=number,
        deal="1001",
        term=1,
        reference="1/seat",
        starts_on=date(2026, 2, 1),
        ends_on=date(2026, 3, 1),
        net_minor=net,
        tax_minor=0,
        currency="USD",
        unconditional_on=date(2026, 2, 1),
    )


def test_a_deals_figures_add_up(world: Any) -> None:
    """Contract is billed plus unbilled, without lines given up."""
    signed(world)
    world.add(invoice("INV-1", 100_00), _billed("INV-1", 100_00))
    payment(world, 30_00, "INV-1", date(2026, 3, 1))
    day = date(2026, 2, 28)
    entry(
        world,
        "invoice:INV-1",
        day,
        ("1200 Receivable", 100_00),
        ("2500 Contract liability", -100_00),
    )
    entry(world, "revenue:1", day, ("2500 Contract liability", 80_00), ("4000 Revenue", -80_00))
    world.add(
        RecognizedRow(
            deal="1001",
            term=1,
            reference="1",
            before=date(2026, 3, 1),
            amount_minor=80_00,
            currency="USD",
            entry="revenue:1",
        )
    )

    shown = world.get("/v1/deals/1001")

    assert shown["figures"] == {
        "currency": "USD",
        "contract_minor": 1200_00,
        "billed_minor": 100_00,
        "unbilled_minor": 1100_00,
        "revenue_minor": 80_00,
        "contract_asset_minor": 0,
        "contract_liability_minor": 20_00,
        "receivable_minor": 70_00,
        "paid_minor": 30_00,
        "credited_minor": 0,
    }
    assert [each["balance_minor"] for each in shown["invoices"]] == [70_00]
    assert [each["reference"] for each in shown["payments"]] == ["INV-1"]
    assert [each["purchase_order"] for each in shown["contracts"]] == ["PO-77"]


def test_the_journal_shows_each_posting_on_its_side_page_by_page(world: Any) -> None:
    """In order of day and entry; no entry is cut by a page."""
    entry(world, "b", date(2026, 2, 1), ("1000 Cash", 5_00), ("1200 Receivable", -5_00))
    entry(world, "a", date(2026, 2, 1), ("1000 Cash", 7_00), ("1200 Receivable", -7_00))
    entry(world, "c", date(2026, 1, 31), ("1000 Cash", 1_00), ("1200 Receivable", -1_00))

    first = world.get("/v1/books/journal", "fiona", limit=2)
    second = world.get("/v1/books/journal", "fiona", limit=2, after=first["next"])

    assert [row["key"] for row in first["items"]] == ["c", "c", "a", "a"]
    assert [row["key"] for row in second["items"]] == ["b", "b"]
    assert (first["items"][0]["debit_minor"], first["items"][0]["credit_minor"]) == (1_00, None)
    assert (first["items"][1]["debit_minor"], first["items"][1]["credit_minor"]) == (None, 1_00)


def test_the_journal_is_found_by_deal_and_half_open_days(world: Any) -> None:
    """`until` is the first day that is not shown."""
    entry(world, "a", date(2026, 2, 1), ("1000 Cash", 1), ("1200 Receivable", -1))
    entry(world, "b", date(2026, 2, 2), ("1000 Cash", 1), ("1200 Receivable", -1), deal="1002")

    def found(**wanted: str) -> set[str]:
        items = world.get("/v1/books/journal", "fiona", **wanted)["items"]
        return {row["key"] for row in items}

    assert found(deal="1002") == {"b"}
    assert found(until="2026-02-02") == {"a"}
    assert found(**{"from": "2026-02-02"}) == {"b"}


def test_the_trial_balance_balances_by_currency(world: Any) -> None:
    """Debits equal credits in each currency, never across them."""
    day = date(2026, 2, 1)
    entry(
        world,
        "a",
        day,
        ("1200 Receivable", 119_00),
        ("2200 Tax payable", -19_00),
        ("2500 Contract liability", -100_00),
    )
    entry(world, "b", day, ("1000 Cash", 119_00), ("1200 Receivable", -119_00))
    entry(world, "c", day, ("1000 Cash", 50_00), ("2000 Unapplied cash", -50_00), currency="EUR")

    found = world.get("/v1/books/trial-balance", "fiona")
    only = world.get("/v1/books/trial-balance", "fiona", currency="USD")

    assert found["balanced"] is True
    assert [(each["currency"], each["debit_minor"]) for each in found["totals"]] == [
        ("EUR", 50_00),
        ("USD", 119_00),
    ]
    assert [(row["account"], row["balance_minor"]) for row in only["items"]] == [
        ("1000 Cash", 119_00),
        ("1200 Receivable", 0),
        ("2200 Tax payable", -19_00),
        ("2500 Contract liability", -100_00),
    ]


def test_receivables_are_aged_as_of_a_day(world: Any) -> None:
    """A later payment does not reach back, and a later invoice is not there yet."""
    world.deal(stage="live")
    world.add(invoice("INV-1", 100_00, date(2026, 3, 3)))
    world.add(invoice("INV-2", 50_00, date(2026, 5, 1)))
    world.add(invoice("INV-3", 70_00, date(2026, 9, 1)))
    payment(world, 40_00, "INV-1", date(2026, 4, 1))
    payment(world, 50_00, "INV-2", date(2026, 5, 2))

    found = world.get("/v1/books/receivables", "fiona", as_of="2026-05-01")

    assert [(row["invoice"], row["open_minor"], row["days_late"]) for row in found["items"]] == [
        ("INV-1", 60_00, 59),
        ("INV-2", 50_00, 0),
    ]
    assert found["aging"] == [
        {
            "currency": "USD",
            "current_minor": 50_00,
            "days_1_to_30_minor": 0,
            "days_31_to_60_minor": 60_00,
            "days_61_to_90_minor": 0,
            "over_90_minor": 0,
            "total_minor": 110_00,
        }
    ]


def test_deals_on_a_test_clock_are_told_apart(world: Any) -> None:
    """Trials are no money."""
    world.deal(stage="live", test_clock=True)
    world.add(invoice("INV-1", 100_00, scope="1001"), invoice("INV-2", 50_00))

    def found(**wanted: bool) -> list[str]:
        items = world.get("/v1/books/receivables", "fiona", as_of="2026-05-01", **wanted)["items"]
        return [row["invoice"] for row in items]

    assert found() == ["INV-1", "INV-2"]
    assert found(test_clock=True) == ["INV-1"]
    assert found(test_clock=False) == ["INV-2"]


@pytest.mark.parametrize(("wanted", "total"), [({}, 50_00), ({"test_clock": True}, 100_00)])
def test_money_of_a_test_clock_is_listed_and_not_summed(
    world: Any, wanted: dict[str, bool], total: int
) -> None:
    """Nobody owes it; only who asks for nothing else gets its sum."""
    world.deal(stage="live", test_clock=True)
    world.add(invoice("INV-1", 100_00, scope="1001"), invoice("INV-2", 50_00))

    found = world.get("/v1/books/receivables", "fiona", as_of="2026-05-01", **wanted)

    assert {row["invoice"]: row["test_clock"] for row in found["items"]}["INV-1"] is True
    assert [row["total_minor"] for row in found["aging"]] == [total]


def test_documents_are_listed_and_given_out_as_stored(world: Any) -> None:
    """The bytes are those that were stored first, named by their hash."""
    world.deal()
    world.add(
        DocumentRow(
            deal="1001",
            kind="quote",
            number="Q-1001-1",
            sha256="ab12",
            filename="quote-Q-1001-1.pdf",
            size=4,
            dated_on=NOW.date(),
        )
    )
    world.documents.contents["ab12"] = b"%PDF"

    (listed,) = world.get("/v1/documents", deal="1001")["items"]
    response = world.client.get(listed["href"], headers=world.by("sam"))

    assert response.content == b"%PDF"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["ETag"] == '"ab12"'
    missing = world.client.get("/v1/documents/invoice/X.pdf", headers=world.by("sam"))
    assert missing.status_code == 404
    assert world.get("/v1/documents", kind="invoice")["items"] == []


def order_line(world: Any, reference: str, department: str, status: str) -> None:
    """Put an order line on record."""
    line = OrderLine(
        reference=reference,
        sku="SCANNER",
        name="Scanner",
        quantity="3",
        department=department,
        status=status,
    )
    world.add(
        OrderLineRow(
            deal="1001",
            term=1,
            reference=reference,
            sku="SCANNER",
            status=status,
            content=line.model_dump_json(),
        )
    )


def test_tasks_are_the_work_orders_with_open_lines(world: Any) -> None:
    """A department sees what is left to do, not what is done."""
    world.deal(stage="fulfill")
    order_line(world, "1/price", "logistics", "back_ordered")
    order_line(world, "2/price", "logistics", "delivered")
    order_line(world, "3/price", "support", "canceled")
    for department, references in (("logistics", "1/price,2/price"), ("support", "3/price")):
        world.add(
            WorkOrderRow(
                number=f"WO-1001-{department}",
                deal="1001",
                term=1,
                department=department,
                references=references,
                opened_on=NOW.date(),
            )
        )

    (task,) = world.get("/v1/tasks")["items"]

    assert (task["number"], task["customer"]) == ("WO-1001-logistics", "C-100")
    assert (task["status"], task["references"]) == ("back_ordered", ["1/price"])
    assert task["lines"] == ["1/price: 3 x Scanner (back_ordered)"]
    assert world.get("/v1/tasks", department="support")["items"] == []
