"""Fulfilling: stock, deliveries, and lines that are given up."""

from datetime import date
from decimal import Decimal

import pytest

from activities.assembly import assemble
from activities.fulfillment import on_hand
from models.charges import Transfer
from models.documents import DeliveryNoteDocument, DocumentKind
from models.steps import (
    FulfillmentOutcome,
    FulfillOrder,
    PriceQuote,
    PublishDocument,
    RenewTerm,
)
from models.tables import (
    DealRow,
    DocumentRow,
    FulfillmentEventRow,
    ObligationRow,
    OrderLineRow,
    PlannedChargeRow,
    StockMovement,
    WorkOrderRow,
)
from tests.activities.conservation import assert_conserved
from tests.activities.house import START, House, deal_file, line, off, step

LATER, STILL_LATER = date(2026, 1, 20), date(2026, 2, 3)


def fulfill(house: House, on: date = START) -> FulfillmentOutcome:
    return house.fulfillment.fulfill_order(step(FulfillOrder, "1001", on))


def statuses(house: House) -> list[str]:
    return [row.status for row in house.rows(OrderLineRow, deal="1001")]


def transfers(house: House) -> list[date | None]:
    return [row.transferred_on for row in house.rows(OrderLineRow, deal="1001")]


def on_stock(house: House, sku: str) -> Decimal:
    return house.books.read(lambda session: on_hand(session, "DE01", sku))


def test_goods_are_reserved_and_subscriptions_provisioned(house: House) -> None:
    """A service stays open until it is delivered."""
    house.stock("LAPTOP", "5")

    house.sell(deal_file("1001", line("LAPTOP", "2"), line("CRM"), line("TRAINING")))

    assert statuses(house) == ["reserved", "provisioned", "open"]
    assert transfers(house) == [None, START, None]
    assert on_stock(house, "LAPTOP") == Decimal(3)
    assert [row.number for row in house.rows(WorkOrderRow)] == [
        "WO-1001-operations",
        "WO-1001-warehouse",
    ]


def test_fulfilling_again_reserves_nothing_more(house: House) -> None:
    """The answer of the first run may be lost; the documents it named are named again."""
    house.stock("LAPTOP", "5")
    house.sell(deal_file("1001", line("LAPTOP", "2"), line("CRM")))
    before = house.everything()

    again = fulfill(house)

    assert house.everything() == before
    assert again.undelivered == 1
    assert again.confirmation == "OC-1001"
    assert again.work_orders == ("WO-1001-operations", "WO-1001-warehouse")


def test_a_document_that_is_stored_is_not_named_again(house: House) -> None:
    """Otherwise every arrival of stock would confirm the order anew."""
    house.sell(deal_file("1001", line("LAPTOP")))
    confirmation = DocumentRow(
        deal="1001",
        kind="order_confirmation",
        number="OC-1001",
        sha256="0" * 64,
        filename="OC-1001.pdf",
        size=1,
        dated_on=START,
    )
    house.books.write(lambda session: session.add(confirmation))

    again = fulfill(house)

    assert again.confirmation == ""
    assert again.work_orders == ("WO-1001-warehouse",)


def test_a_line_is_reserved_whole_or_waits(house: House) -> None:
    """Three of four in stock are left for others until the fourth arrives."""
    house.stock("LAPTOP", "3", "DN-1")
    house.sell(deal_file("1001", line("LAPTOP", "4"), term_months=0))

    waiting = fulfill(house)
    house.stock("LAPTOP", "1", "DN-2")
    served = fulfill(house, LATER)

    assert (waiting.undelivered, waiting.back_ordered) == (1, 1)
    assert (served.undelivered, served.back_ordered) == (1, 0)
    assert statuses(house) == ["reserved"]
    assert on_stock(house, "LAPTOP") == 0


def test_a_delivery_passes_control_and_makes_one_note(house: House) -> None:
    """Without line numbers it is about all that can be delivered."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("TRAINING"), line("CHAIR")))

    outcome = house.deliver("1001", LATER)

    assert (outcome.undelivered, outcome.delivery_note) == (1, "DN-1001-1")
    assert statuses(house) == ["delivered", "delivered", "back_ordered"]
    assert transfers(house) == [LATER, LATER, None]


def test_a_delivery_note_says_what_was_back_ordered_that_day(house: House) -> None:
    """Made again after the goods came, it is still the paper that went out with the first ones."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("CHAIR", "3"), term_months=0))
    house.deliver("1001", LATER)
    first = note(house, "DN-1001-1")
    house.stock("CHAIR", "3", "DN-2")
    fulfill(house, STILL_LATER)
    house.deliver("1001", STILL_LATER, command="c-2")

    assert [(one.sku, one.quantity) for one in first.back_ordered] == [("CHAIR", Decimal(3))]
    assert [one.unit for one in (*first.lines, *first.back_ordered)] == ["unit", "unit"]
    assert [one.sku for one in note(house, "DN-1001-1").back_ordered] == ["CHAIR"]
    assert note(house, "DN-1001-2").back_ordered == ()


def note(house: House, number: str) -> DeliveryNoteDocument:
    asked = step(PublishDocument, "1001", kind=DocumentKind.DELIVERY_NOTE, number=number)
    found = house.books.read(lambda session: assemble(session, asked))
    assert isinstance(found, DeliveryNoteDocument)
    return found


def test_a_delivery_command_repeated_returns_its_note(house: House) -> None:
    """Law 2: one command, one delivery note."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("TRAINING")))
    first = house.deliver("1001", LATER, "1", command="c-1")
    before = house.everything()

    again = house.deliver("1001", LATER, "1", command="c-1")

    assert again == first
    assert house.everything() == before


def test_a_delivery_reported_twice_makes_no_second_note(house: House) -> None:
    """Another command about the same event is told that nothing waits."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("TRAINING")))
    house.deliver("1001", LATER, "1", command="c-1")
    before = house.everything()

    refused = house.deliver("1001", STILL_LATER, "1", command="c-2")

    assert refused.refused_because == (
        "Nothing waits for delivery: stock is missing or all is delivered"
    )
    assert house.everything() == before


def test_what_passes_on_shipment_is_transferred_when_it_leaves(house: House) -> None:
    """The transfer event is data on the product (semantics 12)."""
    house.stock("CHAIR", "1")
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("CHAIR"), line("LAPTOP"), term_months=0))

    shipped = house.deliver("1001", LATER, event=Transfer.SHIP)
    delivered = house.deliver("1001", STILL_LATER)

    assert shipped.undelivered == 2
    assert (delivered.undelivered, delivered.delivery_note) == (0, "DN-1001-2")
    assert transfers(house) == [LATER, STILL_LATER]
    assert [row.status for row in house.rows(FulfillmentEventRow, document="DN-1001-1")] == [
        "shipped",
        "shipped",
    ]


def test_what_passes_on_acceptance_waits_for_it(house: House) -> None:
    """A desk that stands at the customer's is not theirs before they accept it."""
    house.stock("DESK", "1")
    house.sell(deal_file("1001", line("DESK"), term_months=0))

    delivered = house.deliver("1001", LATER)
    accepted = house.deliver("1001", STILL_LATER, event=Transfer.ACCEPT)

    assert (delivered.undelivered, accepted.undelivered) == (1, 0)
    assert transfers(house) == [STILL_LATER]


@pytest.mark.parametrize(
    ("lines", "event", "reason"),
    [
        (("9",), Transfer.DELIVER, "There is no line 9; lines: 1, 2, 3"),
        (("2",), Transfer.DELIVER, "a subscription is not handed over"),
        (("3",), Transfer.SHIP, "a service is not shipped"),
        (("1",), Transfer.DELIVER, "An order line that is back_ordered cannot become delivered"),
        ((), Transfer.SHIP, "Nothing waits for delivery"),
        (("3", "1"), Transfer.DELIVER, "back_ordered cannot become delivered"),
    ],
)
def test_an_impossible_delivery_is_refused_whole(
    house: House, lines: tuple[str, ...], event: Transfer, reason: str
) -> None:
    """All of the lines or none of them."""
    house.sell(deal_file("1001", line("LAPTOP"), line("CRM"), line("TRAINING")))
    before = house.everything()

    refused = house.deliver("1001", LATER, *lines, event=event)

    assert reason in refused.refused_because
    assert house.everything() == before


def test_a_delivery_before_the_contract_is_refused(house: House) -> None:
    """A slip in the year would book revenue into years that are closed."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP")))
    before = house.everything()

    refused = house.deliver("1001", date(2019, 1, 1))

    assert refused.refused_because == (
        "delivered_on: 2019-01-01 is before the contract was signed on 2026-01-01"
    )
    assert house.everything() == before


def test_a_line_given_up_leaves_plan_and_promises(house: House) -> None:
    """2,400.00 remain of 3,300.00, shared over what is still promised; stock comes back."""
    house.stock("LAPTOP", "1")
    file = deal_file(
        "1001", line("LAPTOP", discount=off("10")), line("TRAINING", "2"), line("CHAIR", "7")
    )
    house.sell(file)

    outcome = house.cancel("1001", LATER, "1")

    assert outcome.refused_because == ""
    assert statuses(house) == ["canceled", "open", "back_ordered"]
    assert on_stock(house, "LAPTOP") == 1
    assert [row.canceled_on for row in house.rows(PlannedChargeRow)] == [LATER, None, None]
    promises = house.rows(ObligationRow)
    assert [row.canceled_on for row in promises] == [LATER, None, None]
    assert [row.allocated_minor for row in promises[1:]] == [1_000_00, 1_400_00]
    assert [row.total_minor for row in house.rows(DealRow)] == [2_400_00]


def test_giving_up_again_gives_nothing_back_twice(house: House) -> None:
    """The stock was released once."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("CRM")))
    first = house.cancel("1001", LATER, "1")
    before = house.everything()

    assert house.cancel("1001", STILL_LATER, "1") == first
    assert house.everything() == before
    assert len(house.rows(StockMovement)) == 3


@pytest.mark.parametrize("event", [Transfer.SHIP, Transfer.DELIVER])
def test_what_has_left_us_cannot_be_given_up(house: House, event: Transfer) -> None:
    """That is a return."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), line("CRM")))
    house.deliver("1001", LATER, "1", event=event)
    before = house.everything()

    refused = house.cancel("1001", STILL_LATER, "1")

    assert "cannot become canceled" in refused.refused_because
    assert house.everything() == before


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("2", "Line 2 is billed already; it needs a credit note"),
        ("9", "There is no line 9; lines: 1, 2"),
    ],
)
def test_what_is_billed_or_unknown_cannot_be_given_up(
    house: House, number: str, reason: str
) -> None:
    """An issued invoice is only corrected by a later document."""
    house.sell(deal_file("1001", line("LAPTOP"), line("CRM")))
    house.converge("1001", START)

    assert house.cancel("1001", LATER, number).refused_because == reason


def test_the_only_line_may_be_given_up(house: House) -> None:
    """Nothing is left to bill or to promise."""
    house.sell(deal_file("1001", line("LAPTOP"), term_months=0))

    house.cancel("1001", LATER, "1")
    converged = house.converge("1001", LATER)

    assert (converged.invoices, converged.next_on) == ((), None)
    assert [row.total_minor for row in house.rows(DealRow)] == [0]


def test_a_price_shared_anew_is_made_up_on_what_was_delivered(house: House) -> None:
    """With nothing left to deliver, the change falls on the satisfied promise (606-10-25-13)."""
    house.stock("LAPTOP", "1")
    file = deal_file("1001", line("LAPTOP", discount=off("50")), line("CHAIR"), term_months=0)
    house.sell(file)
    house.deliver("1001", LATER, "1")
    house.converge("1001", LATER)
    shared = [row.allocated_minor for row in house.rows(ObligationRow)]
    assert shared == [583_33, 116_67]

    house.cancel("1001", STILL_LATER, "2")
    converged = house.converge("1001", STILL_LATER)

    assert_conserved(house)
    assert [row.allocated_minor for row in house.rows(ObligationRow)] == [500_00, 116_67]
    assert converged.account.fully_recognized
    assert converged.account.fully_billed
    assert converged.next_on is None


def test_a_price_changed_on_the_day_of_delivery_is_made_up_the_next_day(house: House) -> None:
    """The day's revenue is posted already, so the deal is called again tomorrow."""
    house.stock("LAPTOP", "1")
    file = deal_file("1001", line("LAPTOP", discount=off("50")), line("CHAIR"), term_months=0)
    house.sell(file)
    house.deliver("1001", LATER, "1")
    house.converge("1001", LATER)

    house.cancel("1001", LATER, "2")
    today = house.converge("1001", LATER)
    assert today.next_on == LATER.replace(day=21)
    tomorrow = house.converge("1001", today.next_on)

    assert_conserved(house)
    assert not today.account.fully_recognized
    assert tomorrow.account.fully_recognized
    assert tomorrow.next_on is None


def test_a_line_of_the_first_term_leaves_the_second_alone(house: House) -> None:
    """The next term numbers its lines anew: its line 1 is what was line 2 before."""
    house.sell(deal_file("1001", line("LAPTOP"), line("CRM")))
    house.pricing.price_quote(step(PriceQuote, "1001", term=2))
    renewed = date(2027, 1, 1)
    house.renewal.renew_term(step(RenewTerm, "1001", renewed, term=2, quote_version=2))
    house.converge("1001", renewed)

    outcome = house.cancel("1001", renewed, "1", term=2)

    assert outcome.refused_because == ""
    assert [row.reference for row in house.rows(PlannedChargeRow) if row.canceled_on] == ["1/unit"]
    assert [row.canceled_on for row in house.rows(ObligationRow, term=2)] == [None]
    assert [row.total_minor for row in house.rows(DealRow)] == [600_00]
    assert_conserved(house)


def test_a_deal_on_a_test_clock_takes_no_real_stock(house: House) -> None:
    """Playing through a deal must not leave a real customer without goods."""
    house.stock("LAPTOP", "5")

    house.sell(deal_file("1001", line("LAPTOP", "4")), test_clock=True)

    assert statuses(house) == ["reserved"]
    assert on_stock(house, "LAPTOP") == Decimal(5)
    left = house.books.read(lambda session: on_hand(session, "DE01", "LAPTOP", "1001"))
    assert left == Decimal(1)
