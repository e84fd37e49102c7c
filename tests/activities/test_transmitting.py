"""Sending: each step of each attempt is on record once, whatever is cut or repeated."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from activities.adapters.document_store import DocumentStore
from activities.adapters.einvoice import write
from activities.network import NetworkRefusedError, OutgoingEInvoice
from activities.transmitting import TransmissionActivities, undelivered
from models.einvoice_settings import EInvoiceFormat
from models.steps import ReadAccount, RegisterKind
from models.tables import TransmissionRow
from models.transmission import (
    FollowEInvoice,
    NetworkAnswer,
    SendEInvoice,
    TransmissionStatus,
    Transmitted,
)
from tests.activities.house import ENTITY, START, House, deal_file, line, noon, step
from tests.activities.test_einvoicing import BUYER_ADDRESS, ON_PEPPOL, SELLER_ADDRESS
from tests.adapters.official import findings

NUMBER = "INV-2026-00001"
S = TransmissionStatus


class PowerCutError(Exception):
    """The worker dies here."""


@dataclass
class Carrier:
    """A network that remembers what it was given and answers what a test put in."""

    is_local: bool = True
    taken: dict[str, OutgoingEInvoice] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    said: dict[str, tuple[NetworkAnswer, ...]] = field(default_factory=dict)
    trouble: list[Exception] = field(default_factory=list)
    cut_after: bool = False

    def send(self, document: OutgoingEInvoice) -> str:
        """Take a document once per key, unless there is trouble."""
        if self.trouble:
            raise self.trouble.pop()
        self.given.append(document.key)
        self.taken.setdefault(document.key, document)
        if self.cut_after:
            self.cut_after = False
            raise PowerCutError
        return f"ref-{document.key}"

    def answers(self, reference: str) -> tuple[NetworkAnswer, ...]:
        """Return what a test put in."""
        return self.said.get(reference, ())


@dataclass(frozen=True)
class Post:
    """A house that sends, and its network."""

    house: House
    carrier: Carrier
    activities: TransmissionActivities

    def send(self, attempt: int = 1, number: str = NUMBER) -> Transmitted:
        """Send the invoice."""
        asked = SendEInvoice(number=number, attempt=attempt, actor="finn", at=noon(START))
        return self.activities.send_einvoice(asked)

    def follow(self, attempt: int = 1) -> Transmitted:
        """Ask what became of it."""
        asked = FollowEInvoice(number=NUMBER, attempt=attempt, at=noon(START))
        return self.activities.follow_einvoice(asked)

    def statuses(self) -> list[tuple[int, str]]:
        """Return what is on record."""
        return [(row.attempt, row.status) for row in self.house.rows(TransmissionRow)]


@pytest.fixture
def post(house: House, tmp_path: Path) -> Post:
    """Deal 1001 billed once, to a buyer on the network."""
    house.register(RegisterKind.CUSTOMER, "C-100", ON_PEPPOL)
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "electronic_address": SELLER_ADDRESS})
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", START)
    return sender(house, tmp_path)


def sender(house: House, folder: Path) -> Post:
    carrier = Carrier()
    store = DocumentStore(f"file://{folder}/documents")
    return Post(house, carrier, TransmissionActivities(house.office, store, write, carrier))


def test_an_invoice_is_prepared_and_sent_with_its_addresses(post: Post) -> None:
    """What goes out obeys the official rules, in the format its buyer asked for."""
    stands = post.send()

    sent = post.carrier.taken[f"{NUMBER}:1"]
    assert (stands.status, stands.attempt, stands.deal) == (S.SENT, 1, "1001")
    assert post.statuses() == [(1, "prepared"), (1, "sent")]
    assert (sent.format, sent.recipient.id) == (EInvoiceFormat.UBL, BUYER_ADDRESS["id"])
    assert findings(sent.content, EInvoiceFormat.UBL) == set()
    assert post.house.rows(TransmissionRow)[1].reference == f"ref-{NUMBER}:1"


def test_sending_again_changes_nothing(post: Post) -> None:
    """The answer of the first run may be lost; the network is not even asked again."""
    first = post.send()

    assert post.send() == first
    assert post.carrier.given == [f"{NUMBER}:1"]
    assert post.statuses() == [(1, "prepared"), (1, "sent")]


def test_a_cut_after_the_network_took_it_is_made_up_for(post: Post) -> None:
    """Handed over twice under one key, which is one sending; on record once."""
    post.carrier.cut_after = True
    with pytest.raises(PowerCutError):
        post.send()
    assert post.statuses() == [(1, "prepared")]

    stands = post.send()

    assert stands.status is S.SENT
    assert post.carrier.given == [f"{NUMBER}:1"] * 2
    assert len(post.carrier.taken) == 1
    assert post.statuses() == [(1, "prepared"), (1, "sent")]


def test_eight_at_once_send_one_document(post: Post) -> None:
    """Each fact is unique; who comes second either finds it or is tried again and then does."""

    def once(_: int) -> Transmitted | None:
        try:
            return post.send()
        except Exception:  # noqa: BLE001 - the engine would try it again
            return None

    with ThreadPoolExecutor(8) as threads:
        found = [stands for stands in threads.map(once, range(8)) if stands]

    assert found
    assert {stands.status for stands in found} == {S.SENT}
    assert set(post.carrier.taken) == {f"{NUMBER}:1"}
    assert post.statuses() == [(1, "prepared"), (1, "sent")]


def test_what_the_network_will_never_carry_has_failed(post: Post) -> None:
    """An unknown recipient is no reason to try for ever; trouble on the way is."""
    post.carrier.trouble = [NetworkRefusedError("Nobody is registered as 11-2233-44")]

    stands = post.send()

    assert (stands.status, stands.reason) == (S.FAILED, "Nobody is registered as 11-2233-44")
    assert post.statuses() == [(1, "prepared"), (1, "failed")]


def test_trouble_on_the_way_is_tried_again(post: Post) -> None:
    """The engine retries the activity; the attempt is the same."""
    post.carrier.trouble = [ConnectionError("no route")]
    with pytest.raises(ConnectionError):
        post.send()

    assert post.send().status is S.SENT
    assert post.statuses() == [(1, "prepared"), (1, "sent")]


def test_a_rejected_invoice_is_on_the_account_and_can_be_sent_again(post: Post) -> None:
    """With the reference corrected; what came back stays on record."""
    house = post.house
    post.send()
    post.carrier.said[f"ref-{NUMBER}:1"] = (
        NetworkAnswer(status=S.DELIVERED),
        NetworkAnswer(status=S.REJECTED, reason="Unknown Leitweg-ID"),
    )
    rejected = post.follow()
    account = house.collection.read_account(step(ReadAccount, "1001", START))
    corrected = {**ON_PEPPOL, "buyer_reference": "04011000-9999-99"}
    house.register(RegisterKind.CUSTOMER, "C-100", corrected)
    again = post.send(attempt=2)

    assert (rejected.status, rejected.reason) == (S.REJECTED, "Unknown Leitweg-ID")
    assert account.undelivered == ((NUMBER, "rejected: Unknown Leitweg-ID"),)
    assert again.status is S.SENT
    assert b"04011000-9999-99" in post.carrier.taken[f"{NUMBER}:2"].content
    assert house.books.read(lambda session: undelivered(session, "1001")) == ()
    assert post.statuses() == [
        (1, "prepared"),
        (1, "sent"),
        (1, "delivered"),
        (1, "rejected"),
        (2, "prepared"),
        (2, "sent"),
    ]


def test_following_twice_records_each_answer_once(post: Post) -> None:
    """And what leads nowhere not at all."""
    post.send()
    post.carrier.said[f"ref-{NUMBER}:1"] = (
        NetworkAnswer(status=S.ACCEPTED),
        NetworkAnswer(status=S.DELIVERED),
    )

    assert post.follow() == post.follow()
    assert post.statuses() == [(1, "prepared"), (1, "sent"), (1, "accepted")]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (lambda post: post.send(attempt=2), "was never sent"),
        (lambda post: post.send(number="INV-0"), "There is no invoice"),
        (lambda post: post.follow(attempt=3), "was never sent as attempt 3"),
    ],
)
def test_what_cannot_be_is_refused(
    post: Post, asked: Callable[[Post], Transmitted], reason: str
) -> None:
    """With the reason, and without a trace at the network."""
    (problem,) = asked(post).problems

    assert reason in problem.reason
    assert post.carrier.given == []


def test_an_invoice_under_way_is_not_sent_twice(post: Post) -> None:
    """A second attempt waits for the answer to the first."""
    post.send()

    (problem,) = post.send(attempt=2).problems

    assert (problem.field, problem.reason) == ("attempt", "is sent as attempt 1")
    assert post.carrier.given == [f"{NUMBER}:1"]


def test_without_addresses_nothing_is_sent(house: House, tmp_path: Path) -> None:
    """Both are named, with remedies."""
    house.sell(deal_file("1001", line("CRM", "3"), purchase_order="PO-1"))
    house.converge("1001", START)
    post = sender(house, tmp_path)

    refused = post.send()

    assert {problem.field for problem in refused.problems} == {
        "entity.electronic_address",
        "customer.electronic_address",
    }
    assert post.statuses() == []


def test_an_invoice_of_a_test_clock_never_leaves_the_house(house: House, tmp_path: Path) -> None:
    """The outbox may have it, marked as what it is; a network of others may not."""
    house.register(RegisterKind.CUSTOMER, "C-100", ON_PEPPOL)
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "electronic_address": SELLER_ADDRESS})
    house.sell(deal_file("1001", line("CRM", "3")), test_clock=True)
    (number,) = house.converge("1001", START).invoices
    post = sender(house, tmp_path)
    post.carrier.is_local = False
    refused = post.send(number=number)
    post.carrier.is_local = True

    assert "test clock" in refused.problems[0].reason
    assert post.send(number=number).status is S.SENT
    assert b"TEST CLOCK" in post.carrier.taken[f"{number}:1"].content
