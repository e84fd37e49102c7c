"""The language, looks and paper of one document, and the parts that every document shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.address import address_lines
from activities.adapters.pdf.blocks import Blocks, Party, gap
from activities.adapters.pdf.page import Sheet, text_width
from activities.formats import Formats, formats_for
from models.documents import (
    CreditNoteDocument,
    DecisionNote,
    Document,
    InvoiceDocument,
    WorkOrderDocument,
    unverified,
)
from models.fulfillment import OrderLine
from models.parties import Address, Customer, Entity, language_between
from models.words import Labels, words_for


@dataclass(frozen=True)
class Edition:
    """Words, formats and paper as the reader wants them, logo and color as the entity set them."""

    language: str
    entity: Entity
    labels: Labels
    formats: Formats
    blocks: Blocks
    size: tuple[float, float]
    logo: bytes = b""

    def sheet(
        self, title: str, number: str, story: Sequence[Flowable], *, test_clock: bool
    ) -> Sheet:
        """Return a document of this edition, ready to be set."""
        return Sheet(
            title=title,
            number=number,
            entity=self.entity,
            labels=self.labels,
            language=self.language,
            theme=self.blocks.theme,
            size=self.size,
            story=story,
            test_clock=test_clock,
        )


def edition_of(document: Document, logo: bytes = b"") -> Edition:
    """Return the edition of a document: the customer's, or for our own people the entity's."""
    if isinstance(document, InvoiceDocument):
        customer, entity = document.invoice.customer, document.invoice.entity
    elif isinstance(document, CreditNoteDocument):
        customer, entity = document.credit_note.customer, document.credit_note.entity
    else:
        customer, entity = document.customer, document.entity
    if isinstance(document, WorkOrderDocument):
        return _edition(entity, entity.language, entity.address.country, logo)
    language = language_between(customer, entity)
    return _edition(entity, language, customer.bill_to.country, logo)


def _edition(entity: Entity, language: str, country: str, logo: bytes) -> Edition:
    size = theme.page_size(country)
    return Edition(
        language=language,
        entity=entity,
        labels=words_for(language).labels,
        formats=formats_for(language),
        blocks=Blocks(theme.theme_for(entity.brand.accent), text_width(size)),
        size=size,
        logo=logo,
    )


def top(
    edition: Edition, title: str, parties: list[Party], facts: list[tuple[str, str]]
) -> list[Flowable]:
    """Return the masthead and the opening of a document."""
    return [
        edition.blocks.masthead(edition.entity.legal_name, title, edition.logo),
        gap(5),
        edition.blocks.opening(parties, facts),
        gap(6),
    ]


def buyer(edition: Edition, customer: Customer, caption: str, attention: str = "") -> Party:
    """Return the customer as addressed and billed, with every tax number on record."""
    labels = edition.labels
    numbers = (
        (labels.customer_number, customer.number),
        (labels.vat_id, customer.vat_id),
        (labels.exemption, customer.tax_exemption),
    )
    lines = [labels.attention.format(name=attention)] if attention else []
    lines += address_lines(customer.bill_to)
    lines += [f"{label} {value}" for label, value in numbers if value]
    return Party(caption=caption, name=customer.legal_name, lines=lines)


def delivery_place(edition: Edition, customer: Customer, *, always: bool = False) -> list[Party]:
    """Return the delivery address where it differs from the billing address, or where asked for."""
    place: Address = customer.place_of_supply
    if place == customer.bill_to and not always:
        return []
    return [
        Party(caption=edition.labels.ship_to, name=customer.legal_name, lines=address_lines(place))
    ]


def quantity_of(edition: Edition, line: OrderLine) -> str:
    """Return how much of an order line there is, with its unit; a flat fee is one piece of work."""
    quantity = Decimal(1) if line.is_flat else line.quantity
    unit = "" if line.is_flat else line.unit
    return f"{edition.formats.quantity(quantity)} {unit}".strip()


def assurance_notice(edition: Edition, decisions: tuple[DecisionNote, ...]) -> list[Flowable]:
    """Return a notice naming each decision whose maker was not verified, if there is one."""
    notes = unverified(decisions)
    if not notes:
        return []
    labels = edition.labels
    lines = [labels.unverified_sentence, *(_decision_line(edition, note) for note in notes)]
    return [gap(5), edition.blocks.warning(labels.unverified_title, lines)]


def _decision_line(edition: Edition, note: DecisionNote) -> str:
    labels = edition.labels
    action = labels.actions.get(note.action, note.action)
    who = f"{note.person} ({note.title})" if note.title else note.person
    when = edition.formats.moment(note.decided_at) if note.decided_at else ""
    return ", ".join(part for part in (f"{action}: {who}", when, labels.unverified) if part)
