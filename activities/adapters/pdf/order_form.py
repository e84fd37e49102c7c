"""The order form: the contract to sign, and the same paper once it is signed."""

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Table
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.paragraph import Paragraph

from activities.adapters.pdf import theme
from activities.adapters.pdf.blocks import gap, text
from activities.adapters.pdf.commerce import offer, payment_terms, term, terms
from activities.adapters.pdf.edition import (
    Edition,
    assurance_notice,
    buyer,
    delivery_place,
    top,
)
from activities.adapters.pdf.line import escape
from activities.adapters.pdf.page import Sheet
from models.documents import Assurance, OrderFormDocument, SignerBlock

_BLOCKS_IN_A_ROW = 2


def order_form_sheet(document: OrderFormDocument, edition: Edition) -> Sheet:
    """Return the sheet of an order form with a place to sign, or a signature, per signer."""
    labels, quote = edition.labels, document.quote
    parties = [
        buyer(edition, document.customer, labels.bill_to),
        *delivery_place(edition, document.customer),
    ]
    story = [
        *top(edition, labels.order_form, parties, _facts(edition, document)),
        *offer(edition, quote),
        *terms(
            edition,
            quote,
            renewal=document.renewal,
            taxes_note=document.taxes_note,
            more=document.terms,
        ),
        KeepTogether(
            [
                edition.blocks.heading(labels.agreement),
                text(labels.agreement_sentence.format(number=quote.number, version=quote.version)),
                *_content_hash(edition, quote.content_hash),
                gap(6),
                _signatures(edition, document.signers),
            ]
        ),
        *assurance_notice(edition, document.decisions),
    ]
    return edition.sheet(labels.order_form, document.number, story, test_clock=document.test_clock)


def _facts(edition: Edition, document: OrderFormDocument) -> list[tuple[str, str]]:
    labels, formats, quote = edition.labels, edition.formats, document.quote
    return [
        (labels.number, document.number),
        (labels.quote_number, f"{quote.number} v{quote.version}"),
        (labels.date, formats.day(document.written_on)),
        (labels.term, term(edition, quote)),
        (labels.payment_terms, payment_terms(edition, quote.payment_terms_days)),
        (labels.purchase_order, quote.purchase_order),
        (labels.currency, quote.currency),
    ]


def _content_hash(edition: Edition, content_hash: str) -> list[Flowable]:
    if not content_hash:
        return []
    return [text(edition.labels.content_hash.format(hash=content_hash), theme.SMALL)]


def _signatures(edition: Edition, signers: tuple[SignerBlock, ...]) -> Flowable:
    cells: list[object] = [[_signature(edition, signer)] for signer in signers]
    rows = [
        [*cells[at : at + _BLOCKS_IN_A_ROW], ""][:_BLOCKS_IN_A_ROW]
        for at in range(0, len(cells), _BLOCKS_IN_A_ROW)
    ]
    table = Table(
        rows or [["", ""]], colWidths=[edition.blocks.width / _BLOCKS_IN_A_ROW] * _BLOCKS_IN_A_ROW
    )
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 14),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 14),
        ]
    )
    return table


def _signature(edition: Edition, signer: SignerBlock) -> Flowable:
    width = edition.blocks.width / _BLOCKS_IN_A_ROW - 14
    mark = _signed(edition, signer) if signer.signed_at else _unsigned(edition)
    who = Paragraph(f"<b>{escape(signer.name)}</b><br/>{escape(signer.role)}", theme.BODY)
    table = Table(
        [[mark], [who]], colWidths=[width], rowHeights=[None if signer.signed_at else 17 * mm, None]
    )
    table.setStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (0, 0), "BOTTOM"),
            ("LINEBELOW", (0, 0), (0, 0), 0.8, theme.INK),
        ]
    )
    return table


def _unsigned(edition: Edition) -> Flowable:
    labels = edition.labels
    return text(f"{labels.signature} / {labels.signature_date}", theme.SMALL)


def _signed(edition: Edition, signer: SignerBlock) -> Flowable:
    labels = edition.labels
    moment = edition.formats.moment(signer.signed_at) if signer.signed_at else ""
    is_verified = signer.assurance is Assurance.VERIFIED
    assurance = labels.signature_verified if is_verified else labels.signature_unverified
    color = (edition.blocks.theme.accent if is_verified else theme.WARNING).hexval()
    parts = [
        f'<font color="{theme.INK.hexval()}">{escape(labels.signed.format(moment=moment))}</font>',
        escape(labels.signed_hash.format(hash=signer.document_hash))
        if signer.document_hash
        else "",
        f'<font color="{color}"><b>{escape(assurance)}</b></font>',
    ]
    return Paragraph("<br/>".join(part for part in parts if part), theme.SMALL)
