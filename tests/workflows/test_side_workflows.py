"""Payments, changes of the register and stock receipts: short workflows beside the deals."""

import asyncio
import json
from typing import Any

import pytest

from tests.loopback import Answer, service
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import live
from tests.workflows.house import House

PAYMENT = {
    "provider": "bank",
    "reference": "R1",
    "customer": "C1",
    "amount_minor": 20000,
    "currency": "USD",
    "received_on": "2026-01-05",
    "deal": "1001",
}
STOCK = {"entity": "US1", "sku": "BOX", "quantity": "10", "reference": "DN-1"}
PERSON = {
    "kind": "person",
    "key": "zoe",
    "content": '{"id": "zoe", "name": "Zoe", "email": "zoe@q2c.example", "roles": ["sales"]}',
}
DUTCH = {
    "number": "C2",
    "legal_name": "Buyer BV",
    "bill_to": {"line1": "Zeestraat 1", "city": "Den Haag", "country": "NL"},
    "vat_id": "NL861347205B89",
}
CHECK = {"customer": "C1", "vat_id": "NL861347205B89", "number": 1}
BATCH = {"file_hash": 64 * "0", "suffix": "csv", "at": "2026-01-05T12:00:00Z"}
SENDING = {"number": "INV-1", "at": "2026-01-05T12:00:00Z"}
CREDIT = {"deal": "1001", "reference": "PO-1", "on": "2026-01-05", "amount": "50.00"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "PaymentWorkflow": ("payment-bank-R1", PAYMENT),
    "StockWorkflow": ("stock-US1-BOX-DN-1", STOCK),
    "RegisterWorkflow": ("person-zoe-1", PERSON),
    "VatCheckWorkflow": ("vat-check-C1-NL861347205B89-1", CHECK),
    "UsageWorkflow": (f"usage-{32 * '0'}", BATCH),
    "CreditWorkflow": ("credit-1001-PO-1", CREDIT),
    "TransmissionWorkflow": ("e-invoice-INV-1-1", SENDING),
}


async def test_a_payment_is_recorded_applied_told_and_receipted(house: House) -> None:
    """The deal re-reads the books when told, and a receipt goes out."""
    deal = await live(house)
    await deal.settle()

    answer = await house.result(await house.start("PaymentWorkflow", "payment-bank-R1", PAYMENT))
    state = await deal.until(lambda one: one.balance_minor == 0, "a paid invoice")

    assert (answer["applied_minor"], answer["unapplied_minor"], answer["deals"]) == (
        20000,
        0,
        ["1001"],
    )
    assert state.open_invoices == 0
    assert records.value(
        house.settings.home, "select count(*) from document where kind = 'receipt'"
    )


async def test_a_repeated_payment_counts_once_and_another_under_its_name_is_refused(
    house: House,
) -> None:
    """Provider and reference make a payment's identity, however often its workflow runs."""
    deal = await live(house)
    await deal.settle()
    await house.result(await house.start("PaymentWorkflow", "payment-bank-R1", PAYMENT))

    again = await house.result(await house.start("PaymentWorkflow", "payment-bank-R1", PAYMENT))
    other = await house.start("PaymentWorkflow", "payment-bank-R1", {**PAYMENT, "amount_minor": 1})
    error = await house.failure(other)

    assert again["repeated"] is True
    assert "with other content" in error.message
    assert records.value(house.settings.home, "select count(*) from payment") == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"amount_minor": 0}, "is not above zero"),
        ({"deal": "9999"}, "has no deal 9999"),
        ({"currency": "EUR"}, "USD"),
        ({"invoices": ["NO-1"]}, "NO-1"),
    ],
)
async def test_a_payment_nobody_can_place_is_refused_with_the_reason(
    house: House, changed: dict[str, Any], reason: str
) -> None:
    """Money is never converted or guessed silently."""
    deal = await live(house)
    await deal.settle()
    handle = await house.start("PaymentWorkflow", "payment-bank-R1", {**PAYMENT, **changed})

    error = await house.failure(handle)

    (problem,) = error.details
    assert error.type == "refused"
    assert reason in error.message
    assert error.message == f"{problem['field']}: {problem['reason']} ({problem['remedy']})"
    assert records.value(house.settings.home, "select count(*) from payment") == 0


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("PaymentWorkflow", "payment-bank-R10"),
        ("RegisterWorkflow", "person-zoe1"),
        ("StockWorkflow", "wrong"),
        ("VatCheckWorkflow", "vat-check-C1-NL861347205B89-2"),
        ("UsageWorkflow", "usage-1"),
        ("CreditWorkflow", "credit-1001-PO-2"),
    ],
)
async def test_a_request_under_an_id_that_is_not_its_own_is_refused(
    house: House, kind: str, wrong: str
) -> None:
    """Under other ids the same request could run as often as somebody invents one."""
    workflow_id, good = KINDS[kind]
    before = records.dump(house.settings.home)

    error = await house.failure(await house.start(kind, wrong, good))

    (problem,) = error.details
    assert error.type == "invalid_input"
    assert (problem["field"], problem["reason"]) == ("workflow_id", f"is {wrong}")
    assert problem["remedy"] == f"start it as {workflow_id.replace('zoe-1', 'zoe-<anything>')}"
    assert records.dump(house.settings.home) == before


async def test_a_payment_to_a_deal_that_has_ended_is_still_recorded(house: House) -> None:
    """The money is there; that nobody is left to tell is no failure."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 1}])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "all")
    await deal.ended()

    answer = await house.result(await house.start("PaymentWorkflow", "payment-bank-R1", PAYMENT))

    assert answer["unapplied_minor"] == 20000


async def test_a_change_of_the_register_makes_a_revision_once(house: House) -> None:
    """Equal content is the revision in force, not another one."""
    first = await house.result(await house.start("RegisterWorkflow", "person-zoe-1", PERSON))
    second = await house.result(await house.start("RegisterWorkflow", "person-zoe-2", PERSON))

    assert (first["revision"], first["repeated"]) == (1, False)
    assert (second["revision"], second["repeated"]) == (1, True)


async def test_a_wrong_change_is_refused_with_every_problem(house: House) -> None:
    """Nothing is written, and the details carry field, reason and remedy for programs."""
    wrong = {**PERSON, "content": '{"id": "zoe", "roles": ["king"]}'}
    handle = await house.start("RegisterWorkflow", "person-zoe-1", wrong)

    error = await house.failure(handle)

    assert error.type == "invalid_input"
    assert len(error.details) >= 2
    assert (
        records.value(house.settings.home, "select count(*) from register where key = 'zoe'") == 0
    )


async def test_a_receipt_counts_once_and_tells_the_deals_that_wait(house: House) -> None:
    """Ten more gadgets: the deal for seven is served, and a repetition moves nothing."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 7}])
    await deal.until(lambda one: one.back_ordered == 1, "a back-order")

    first = await house.result(await house.start("StockWorkflow", "stock-US1-BOX-DN-1", STOCK))
    await deal.until(lambda one: one.back_ordered == 0, "a reservation")
    second = await house.result(await house.start("StockWorkflow", "stock-US1-BOX-DN-1", STOCK))

    assert (first["deals"], second["repeated"], second["deals"]) == (["1001"], True, [])
    on_hand = "select sum(quantity) from stock_movement where sku = 'BOX'"
    assert records.value(house.settings.home, on_hand) == 8


@pytest.mark.parametrize("kind", KINDS)
async def test_a_malformed_start_ends_as_failed_instead_of_running_for_ever(
    house: House, kind: str
) -> None:
    """Input that cannot be decoded is retried for ever, unless it is read without raising."""
    workflow_id, good = KINDS[kind]
    wrong_types: dict[str, Any] = {key: [1] for key in good} | {"actor": 5}
    starts: list[tuple[Any, ...]] = [(), (good, good), ("text",), (None,), ({},), (wrong_types,)]

    handles = [
        await house.start(kind, f"{workflow_id}-{number}", *args)
        for number, args in enumerate(starts)
    ]
    errors = await asyncio.gather(*(house.failure(handle) for handle in handles))

    assert [error.type for error in errors] == ["invalid_input"] * len(starts)
    assert len(errors[-1].details) >= 3


async def test_vies_is_asked_until_it_answers_and_the_verdict_is_kept(
    open_house: OpenHouse,
) -> None:
    """A state that is down is asked again; the fact is written once."""
    answers: list[Answer] = [
        (200, {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}),
        (503, "busy"),
        (200, {"valid": True, "requestIdentifier": "REF-1"}),
    ]
    with service(lambda _: answers.pop(0)) as vies:
        async with open_house(vies_url=vies.url) as house:
            dutch = {"kind": "customer", "key": "C2", "content": json.dumps(DUTCH)}
            await house.result(await house.start("RegisterWorkflow", "customer-C2-1", dutch))
            asked = {**CHECK, "customer": "C2"}
            name = "vat-check-C2-NL861347205B89-1"

            answer = await house.result(await house.start("VatCheckWorkflow", name, asked))

            assert (answer["valid"], answer["reference"]) == (True, "REF-1")
            assert len(vies.asked) == 3
            assert records.value(house.settings.home, "select count(*) from vat_check") == 1


async def test_a_check_that_cannot_be_made_ends_as_failed_with_the_remedy(house: House) -> None:
    """VIES is off; the workflow does not ask for ever what nobody will answer."""
    error = await house.failure(
        await house.start("VatCheckWorkflow", "vat-check-C1-NL861347205B89-1", CHECK)
    )

    assert [problem["field"] for problem in error.details] == ["vies"]
    assert "Q2C_VIES_URL" in error.message
