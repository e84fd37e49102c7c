"""The language and paper one document is made in, and the parts that every document shares."""

from dataclasses import dataclass

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.address import address_lines
from activities.adapters.pdf.blocks import Party, gap, masthead, opening, warning
from activities.adapters.pdf.labels import Labels, labels_for
from activities.adapters.pdf.page import text_width
from activities.formats import Formats, formats_for
from models.documents import DecisionNote, unverified
from models.parties import Address, Customer, Entity


@dataclass(frozen=True)
class Edition:
    """Words, number and date formats, and paper, all chosen by the customer."""

    labels: Labels
    formats: Formats
    size: tuple[float, float]

    @property
    def width(self) -> float:
        """The width in points that text and tables fill."""
        return text_width(self.size)


def edition_for(customer: Customer) -> Edition:
    """Return the customer's edition."""
    return Edition(
        labels=labels_for(customer.language),
        formats=formats_for(customer.language),
        size=theme.page_size(customer.bill_to.country),
    )


def top(
    edition: Edition, entity: Entity, title: str, parties: list[Party], facts: list[tuple[str, str]]
) -> list[Flowable]:
    """Return the masthead and the opening of a document."""
    return [
        masthead(entity.legal_name, title, edition.width),
        gap(5),
        opening(parties, facts, edition.width),
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


def assurance_notice(edition: Edition, decisions: tuple[DecisionNote, ...]) -> list[Flowable]:
    """Return a notice naming each decision whose maker was not verified, if there is one."""
    notes = unverified(decisions)
    if not notes:
        return []
    lines = [edition.labels.unverified_sentence, *(_decision_line(edition, note) for note in notes)]
    return [gap(5), warning(edition.labels.unverified_title, lines, edition.width)]


def _decision_line(edition: Edition, note: DecisionNote) -> str:
    who = f"{note.person} ({note.title})" if note.title else note.person
    when = edition.formats.moment(note.decided_at) if note.decided_at else ""
    return ", ".join(
        part for part in (f"{note.action}: {who}", when, edition.labels.unverified) if part
    )
