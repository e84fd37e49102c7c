"""The quote and the renewal quote: an offer a customer can read in a minute and accept."""

from collections.abc import Sequence

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Party, gap, text
from activities.adapters.pdf.commerce import offer, payment_terms, term, terms
from activities.adapters.pdf.edition import Edition, assurance_notice, buyer, delivery_place, top
from activities.adapters.pdf.page import Sheet
from models.deal_file import RenewalTerms
from models.documents import QuoteDocument, RenewalQuoteDocument, document_number
from models.parties import Partner


def quote_sheet(document: QuoteDocument, edition: Edition) -> Sheet:
    """Return the sheet of a quote."""
    story = _story(edition, document, edition.labels.quote, renewal=document.renewal)
    return _sheet(edition, document, edition.labels.quote, story)


def renewal_quote_sheet(document: RenewalQuoteDocument, edition: Edition) -> Sheet:
    """Return the sheet of a renewal quote: what happens without an answer is said first."""
    labels, formats = edition.labels, edition.formats
    facts: list[tuple[str, str]] = []
    sentence = labels.expire_sentence
    if document.last_notice_on is not None:
        facts.append((labels.last_notice, formats.day(document.last_notice_on)))
        if document.auto_renew:
            sentence = labels.renew_sentence.format(day=formats.day(document.last_notice_on))
    if document.previous_total is not None:
        facts.append((labels.previous_total, formats.money(document.previous_total)))
    story = _story(
        edition, document, labels.renewal_quote, opening=[text(sentence), gap(4)], facts=facts
    )
    return _sheet(edition, document, labels.renewal_quote, story)


def _sheet(
    edition: Edition,
    document: QuoteDocument | RenewalQuoteDocument,
    title: str,
    story: list[Flowable],
) -> Sheet:
    return edition.sheet(title, document_number(document), story, test_clock=document.test_clock)


def _story(
    edition: Edition,
    document: QuoteDocument | RenewalQuoteDocument,
    title: str,
    *,
    renewal: RenewalTerms | None = None,
    opening: Sequence[Flowable] = (),
    facts: Sequence[tuple[str, str]] = (),
) -> list[Flowable]:
    labels, quote = edition.labels, document.quote
    valid = labels.validity_terms.format(day=edition.formats.day(quote.valid_until))
    return [
        *top(edition, title, _parties(edition, document), _facts(edition, document, facts)),
        *opening,
        *offer(edition, quote),
        *terms(
            edition,
            quote,
            renewal=renewal,
            taxes_note=document.taxes_note,
            more=(valid, *document.terms),
        ),
        *assurance_notice(edition, document.decisions),
    ]


def _parties(edition: Edition, document: QuoteDocument | RenewalQuoteDocument) -> list[Party]:
    parties = [
        buyer(edition, document.customer, edition.labels.prepared_for, document.attention),
        *delivery_place(edition, document.customer),
    ]
    if document.partner is not None:
        parties.append(_offering(edition, document.partner, document.entity.legal_name))
    return parties


def _offering(edition: Edition, partner: Partner, entity: str) -> Party:
    """Return who offers it in their own name; the contract is with our entity all the same."""
    return Party(
        edition.labels.offered_by,
        partner.legal_name,
        [edition.labels.offered_for.format(entity=entity), partner.email],
    )


def _facts(
    edition: Edition,
    document: QuoteDocument | RenewalQuoteDocument,
    more: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:
    labels, formats, quote = edition.labels, edition.formats, document.quote
    return [
        (labels.number, quote.number),
        (labels.version, str(quote.version)),
        (labels.date, formats.day(quote.quoted_on)),
        (labels.valid_until, formats.day(quote.valid_until)),
        (labels.term, term(edition, quote)),
        (labels.payment_terms, payment_terms(edition, quote.payment_terms_days)),
        (labels.purchase_order, quote.purchase_order),
        (labels.currency, quote.currency),
        (labels.your_contact, document.seller_name),
        ("", document.seller_email),
        *more,
    ]
