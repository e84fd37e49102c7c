"""What a network of structured documents is, whoever runs it."""

from typing import Protocol

from models.einvoice_settings import EInvoiceFormat, ElectronicAddress
from models.errors import Q2CError
from models.transmission import NetworkAnswer
from models.value import Value


class NetworkRefusedError(Q2CError):
    """The network will never carry this: an unknown recipient, say. Trying again is no cure."""

    code = "network_refused"


class OutgoingEInvoice(Value):
    """A structured document on its way; `key` is its identity: the same key is the same sending."""

    key: str
    format: EInvoiceFormat
    sender: ElectronicAddress
    recipient: ElectronicAddress
    content: bytes


class Network(Protocol):
    """Carries structured documents."""

    is_local: bool
    """Whether nothing leaves the house, so that documents of test clocks may be sent."""

    def send(self, document: OutgoingEInvoice) -> str:
        """Hand a document over once and return the network's reference for it.

        Raises `NetworkRefusedError` if it will never be carried; any other error is tried again.
        """

    def answers(self, reference: str) -> tuple[NetworkAnswer, ...]:
        """Return what the network knows of a document, the oldest first."""


class NoNetwork:
    """A house without a network: nothing is sent."""

    is_local = True

    def send(self, document: OutgoingEInvoice) -> str:
        """Refuse."""
        raise NetworkRefusedError(f"No network is set up to carry {document.key}")

    def answers(self, reference: str) -> tuple[NetworkAnswer, ...]:  # noqa: ARG002 - the port
        """Know nothing."""
        return ()
