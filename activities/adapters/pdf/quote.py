"""The quote and the renewal quote: an offer a customer can read in a minute and accept."""

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Party, gap, text
from activities.adapters.pdf.commerce import offer, payment_terms, terms
from activities.adapters.pdf.edition import (
    Edition,
    assurance_notice,
    buyer,
    delivery_place,
    edition_for,
    top,
)
from activities.adapters.pdf.page import Sheet
from models.documents import QuoteDocument, RenewalQuoteDocument, document_number
from models.parties import Partner
from models.periods import Interval
from models.quoting import Quote


def quote_sheet(document: QuoteDocument) -> Sheet:
    """Return the sheet of a quote."""
    edition = edition_for(document.customer)
    return _sheet(edition, document, edition.labels.quote, opening_lines=[], extra_facts=[])


def renewal_quote_sheet(document: RenewalQuoteDocument) -> Sheet:
    """Return the sheet of a renewal quote: what happens without an answer is said first."""
    edition = edition_for(document.customer)
    labels, formats = edition.labels, edition.formats
    facts: list[tuple[str, str]] = []
    sentence = labels.expire_sentence
    if document.last_notice_on is not None:
        facts.append((labels.last_notice, formats.day(document.last_notice_on)))
        if document.auto_renew:
            sentence = labels.renew_sentence.format(day=formats.day(document.last_notice_on))
    if document.previous_total is not None:
        facts.append((labels.previous_total, formats.money(document.previous_total)))
    lines: list[Flowable] = [text(sentence), gap(4)]
    return _sheet(edition, document, labels.renewal_quote, opening_lines=lines, extra_facts=facts)


def _sheet(
    edition: Edition,
    document: QuoteDocument | RenewalQuoteDocument,
    title: str,
    *,
    opening_lines: list[Flowable],
    extra_facts: list[tuple[str, str]],
) -> Sheet:
    labels, quote = edition.labels, document.quote
    parties = [
        buyer(edition, document.customer, labels.prepared_for, document.attention),
        *delivery_place(edition, document.customer),
    ]
    if document.partner is not None:
        parties.append(_offering(edition, document.partner, document.entity.legal_name))
    if document.seller_name:
        contact = [document.seller_email] if document.seller_email else []
        parties.append(Party(labels.your_contact, document.seller_name, contact))
    facts = [*_facts(edition, quote), *extra_facts]
    valid = labels.validity_terms.format(day=edition.formats.day(quote.valid_until))
    story = [
        *top(edition, document.entity, title, parties, facts),
        *opening_lines,
        *offer(edition, quote),
        *terms(edition, quote, taxes_note=document.taxes_note, more=(*document.terms, valid)),
        *assurance_notice(edition, document.decisions),
    ]
    return Sheet(
        title=title,
        number=document_number(document),
        entity=document.entity,
        labels=labels,
        size=edition.size,
        story=story,
        test_clock=document.test_clock,
    )


def _offering(edition: Edition, partner: Partner, entity: str) -> Party:
    """Return who offers it in their own name; the contract is with our entity all the same."""
    return Party(
        edition.labels.offered_by,
        partner.legal_name,
        [edition.labels.offered_for.format(entity=entity), partner.email],
    )


def _facts(edition: Edition, quote: Quote) -> list[tuple[str, str]]:
    labels, formats = edition.labels, edition.formats
    return [
        (labels.number, quote.number),
        (labels.version, str(quote.version)),
        (labels.date, formats.day(quote.quoted_on)),
        (labels.valid_until, formats.day(quote.valid_until)),
        (labels.term, term(edition, quote)),
        (labels.payment_terms, payment_terms(edition, quote.payment_terms_days)),
        (labels.purchase_order, quote.purchase_order),
        (labels.currency, quote.currency),
    ]


def term(edition: Edition, quote: Quote) -> str:
    """Return the term by its first and last day; empty for a one-off sale."""
    if not quote.term_months:
        return ""
    return edition.formats.period(Interval(start=quote.starts_on, end=quote.ends_on))
