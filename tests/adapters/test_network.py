"""The outbox: a document is written once, and answers beside it are read."""

import json
from pathlib import Path

import pytest

from activities.adapters.network import Outbox, UnreadableAnswerError, open_network
from activities.network import OutgoingEInvoice
from models.einvoice_settings import EInvoiceFormat, ElectronicAddress
from models.transmission import NetworkAnswer, TransmissionStatus

DOCUMENT = OutgoingEInvoice(
    key="DE-INV/1:1",
    format=EInvoiceFormat.UBL,
    sender=ElectronicAddress(scheme="9930", id="DE1"),
    recipient=ElectronicAddress(scheme="0204", id="11-2233-44"),
    content=b"<Invoice/>",
)


def test_a_document_lies_in_the_outbox_with_where_it_goes(tmp_path: Path) -> None:
    """Whoever carries it needs nothing else."""
    reference = open_network(f"outbox://{tmp_path}/out").send(DOCUMENT)

    assert reference == "DE-INV_1_1"
    assert (tmp_path / "out" / f"{reference}.xml").read_bytes() == b"<Invoice/>"
    assert json.loads((tmp_path / "out" / f"{reference}.json").read_text()) == {
        "from": {"scheme": "9930", "id": "DE1"},
        "to": {"scheme": "0204", "id": "11-2233-44"},
        "format": "ubl",
        "file": "DE-INV_1_1.xml",
    }


def test_the_same_key_is_the_same_sending(tmp_path: Path) -> None:
    """A retry after a cut leaves what was there, and no drafts."""
    outbox = Outbox(tmp_path)
    outbox.send(DOCUMENT)
    outbox.send(DOCUMENT.model_copy(update={"content": b"<Other/>"}))

    assert (tmp_path / "DE-INV_1_1.xml").read_bytes() == b"<Invoice/>"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "DE-INV_1_1.json",
        "DE-INV_1_1.xml",
    ]


def test_answers_are_read_from_beside_it(tmp_path: Path) -> None:
    """None as long as nobody wrote any; an unreadable file is said to be one."""
    outbox = Outbox(tmp_path)
    reference = outbox.send(DOCUMENT)
    assert outbox.answers(reference) == ()

    file = tmp_path / f"{reference}.answers.json"
    file.write_text('[{"status": "delivered"}, {"status": "rejected", "reason": "No such order"}]')
    assert outbox.answers(reference) == (
        NetworkAnswer(status=TransmissionStatus.DELIVERED),
        NetworkAnswer(status=TransmissionStatus.REJECTED, reason="No such order"),
    )

    file.write_text('{"status": "lost"}')
    with pytest.raises(UnreadableAnswerError, match=reference):
        outbox.answers(reference)
