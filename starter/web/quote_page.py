"""The page of an offer: what a buyer reads, and below it what they can do."""

from activities.usage_words import usage_estimate, usage_prices
from models.charges import Cadence, ChargeType
from models.documents import PlanRow, plan_rows
from models.money import Money
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import Quote
from starter.service.offers import Offer, Standing, Visit, Word
from starter.web.frame import page
from starter.web.markup import Content, Html, joined, tag
from starter.web.quote_forms import Draft, actions, preview_card
from starter.web.reader import Reader

_REFRESH_SECONDS = 10


def quote_page(visit: Visit, offer: Offer, reader: Reader, draft: Draft) -> Html:
    """Return the page of an offer with what the visitor has filled in so far."""
    words, quote = reader.words, offer.quote
    title = words.title.format(number=quote.number) if quote else offer.entity.legal_name
    waiting = offer.standing is Standing.PREPARING
    main = tag(
        "main",
        _banner(reader, draft),
        _standing(reader, offer),
        preview_card(visit, offer, reader, draft),
        tag("div", _reading(visit, offer, reader, quote), class_="reading") if quote else None,
        actions(visit, offer, reader, draft),
        class_="offer",
    )
    return page(
        title,
        _header(reader, offer, title),
        main,
        language=reader.language,
        refresh=_REFRESH_SECONDS if waiting and not draft.form else 0,
    )


def _header(reader: Reader, offer: Offer, title: str) -> Html:
    words, quote = reader.words, offer.quote
    entity = offer.entity.legal_name
    said = [words.version.format(version=quote.version)] if quote else []
    if offer.partner is not None:
        by = words.offered_by.format(partner=offer.partner.legal_name, entity=entity)
        said.insert(0, by)
    return tag(
        "header",
        tag(
            "div",
            tag("p", words.test_clock, class_="test") if offer.test_clock else None,
            tag("p", entity if offer.partner is None else offer.partner.legal_name, class_="brand"),
            tag("h1", title),
            tag("p", " · ".join(said)) if said else None,
            class_="inner",
        ),
    )


def _banner(reader: Reader, draft: Draft) -> Html | None:
    if draft.problems:
        known = set(draft.form)
        loose = [p for p in draft.problems if p.field not in known and "-" not in p.field]
        return tag(
            "div",
            tag("strong", draft.headline or reader.words.trouble),
            *(tag("p", reader.problem(problem)) for problem in loose),
            class_="banner bad",
            role="alert",
        )
    if draft.headline:
        return tag("div", draft.headline, class_="banner bad", role="alert")
    return tag("div", draft.done, class_="banner good", role="status") if draft.done else None


def _standing(reader: Reader, offer: Offer) -> Html | None:
    """Say where the offer stands, unless it simply waits for an answer."""
    words = reader.words
    match offer.standing:
        case Standing.OPEN:
            return None
        case Standing.PREPARING:
            text = words.preparing_text if offer.quote else words.not_ready_text
            title = words.preparing
        case Standing.ACCEPTED:
            title, text = words.accepted, words.accepted_text.format(person=offer.decided_by)
        case Standing.DECLINED:
            title, text = words.declined, words.declined_text
        case Standing.CLOSED:
            title, text = words.closed, words.closed_text
    order = words.order_number.format(number=offer.purchase_order)
    return tag(
        "section",
        tag("h2", title),
        tag("p", text),
        tag("p", order) if offer.purchase_order else None,
        class_=f"card standing {offer.standing.value}",
        id="standing",
    )


def _reading(visit: Visit, offer: Offer, reader: Reader, quote: Quote) -> Html:
    return joined(
        tag("section", _summary(visit, offer, reader, quote), class_="card summary"),
        tag(
            "section",
            tag("h2", reader.words.lines),
            _lines(reader, quote),
            _totals(reader, quote),
            class_="card",
        ),
        tag("section", _terms(reader, quote), class_="card"),
        tag("section", _history(reader, offer), class_="card", id="history"),
    )


def _summary(visit: Visit, offer: Offer, reader: Reader, quote: Quote) -> Html:
    words, formats = reader.words, reader.formats
    last = Interval(start=quote.starts_on, end=quote.ends_on)
    days = quote.payment_terms_days
    facts: list[tuple[str, Content]] = [
        (words.prepared_for, _lines_of(offer.customer.legal_name, visit.contact.name)),
        (words.your_contact, _lines_of(offer.seller_name, offer.seller_email)),
        (words.valid_until, formats.day(quote.valid_until)),
        (words.term, formats.period(last) if quote.term_months else ""),
        (words.payment, words.days_net.format(days=days) if days else words.at_once),
    ]
    if offer.partner is not None:
        facts.insert(1, (words.your_partner, offer.partner.legal_name))
        facts.insert(2, (words.contracting_party, offer.entity.legal_name))
    download = tag(
        "a", words.download, href=f"/q/{visit.token}/quote.pdf", class_="button quiet", id="pdf"
    )
    return joined(
        tag("p", words.total, class_="label"),
        tag("p", formats.money(quote.total), class_="total", id="total"),
        tag(
            "dl",
            *((tag("div", tag("dt", name), tag("dd", value))) for name, value in facts if value),
        ),
        tag(
            "p",
            download if offer.has_document else None,
            tag("a", words.answer, href="#actions", class_="button primary narrow-only"),
            class_="ways",
        ),
    )


def _lines_of(*lines: str) -> Html:
    return joined(*(tag("span", line, class_="row") for line in lines if line))


def _lines(reader: Reader, quote: Quote) -> Html:
    words = reader.words
    heads = (words.description, words.quantity, words.unit_price, words.discount, words.amount)
    return tag(
        "table",
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *(_line(reader, line) for line in quote.lines)),
        class_="lines",
    )


def _line(reader: Reader, line: PricedLine) -> Html:
    words, formats = reader.words, reader.formats
    once = words.once_discount.format(amount=formats.money(line.once_discount))
    is_free = not line.list_amount.minor and not line.net.minor
    off = line.list_amount - line.net
    depth = " part" if line.parent else ""
    quantity = f"{formats.quantity(line.billed_quantity)} {line.billed_unit}"
    metered = [*usage_prices(formats, line.usage)] if line.usage else []
    if line.usage:
        quantity = ""
        metered.append(usage_estimate(formats, line.usage, words.usage_estimate))
    cells = [
        (words.quantity, quantity),
        (words.unit_price, "" if is_free else formats.unit_price(line.list_unit, off.currency)),
        (words.discount, formats.money(-off) if off.minor else ""),
        (words.amount, _amount(reader, line, is_free=is_free)),
    ]
    return tag(
        "tr",
        tag(
            "td",
            tag("span", line.name, class_="name"),
            tag("span", _rhythm(reader, line), class_="hint"),
            tag("span", once, class_="hint") if line.once_discount.minor else None,
            *(tag("span", each, class_="hint") for each in metered if each),
        ),
        *(
            tag("td", value, data_label=label, class_=None if value else "none")
            for label, value in cells
        ),
        class_=f"line{depth}",
    )


def _amount(reader: Reader, line: PricedLine, *, is_free: bool) -> str:
    if line.usage is not None:
        return reader.words.by_usage
    return reader.words.included if is_free else reader.formats.money(line.net)


def _rhythm(reader: Reader, line: PricedLine) -> str:
    words = reader.words
    if line.usage is not None:
        return words.by_usage
    if line.charge_type is ChargeType.ONE_TIME or line.cadence is None:
        return words.one_time
    return {
        Cadence.WEEKLY: words.per_week,
        Cadence.MONTHLY: words.per_month,
        Cadence.QUARTERLY: words.per_quarter,
        Cadence.HALF_YEARLY: words.per_half_year,
        Cadence.YEARLY: words.per_year,
    }[line.cadence]


def _totals(reader: Reader, quote: Quote) -> Html:
    words, money = reader.words, reader.formats.money
    off = Money(minor=quote.total.minor - quote.list_total.minor, currency=quote.currency)
    rows = [(words.list_total, quote.list_total), (words.total_discount, off)] if off.minor else []
    after = [(words.one_time_total, quote.one_time), (words.per_month_total, quote.mrr)]
    return tag(
        "dl",
        *(_total(label, money(amount)) for label, amount in rows),
        _total(words.total, money(quote.total), class_="grand"),
        *(_total(label, money(amount)) for label, amount in after if amount.minor),
        class_="totals",
    )


def _total(label: str, amount: str, class_: str | None = None) -> Html:
    return tag("div", tag("dt", label), tag("dd", amount), class_=class_)


def _terms(reader: Reader, quote: Quote) -> Html:
    words, formats = reader.words, reader.formats
    rows = plan_rows(quote.plan, quote.currency)
    planned = [
        tag(
            "tr",
            tag("td", _billed_on(reader, row)),
            tag("td", ", ".join(row.descriptions)),
            tag("td", formats.money(row.amount), class_="right"),
        )
        for row in rows
    ]
    return joined(
        tag("h2", words.note) if quote.note else None,
        tag("p", quote.note) if quote.note else None,
        tag("h2", words.plan),
        tag(
            "details",
            tag("summary", words.plan_of.format(count=len(rows))),
            tag("table", tag("tbody", *planned), class_="plan"),
        ),
        tag("p", words.validity.format(day=formats.day(quote.valid_until)), class_="hint"),
        tag("p", words.taxes, class_="hint"),
    )


def _billed_on(reader: Reader, row: PlanRow) -> str:
    if row.bill_on is not None:
        return reader.formats.day(row.bill_on)
    return row.milestone or reader.words.on_delivery


def _history(reader: Reader, offer: Offer) -> Html:
    words, formats = reader.words, reader.formats
    versions = [
        tag(
            "li",
            tag("span", formats.day(version.quoted_on), class_="when"),
            tag(
                "span",
                _version_said(reader, version.version, version.total_minor, version.currency),
            ),
            class_="event",
        )
        for version in reversed(offer.versions)
    ]
    return joined(
        tag("h2", words.history),
        tag("ol", *versions, class_="events"),
        tag("ol", *(_said(reader, word) for word in offer.words), class_="talk"),
    )


def _version_said(reader: Reader, version: int, minor: int, currency: str) -> str:
    total = reader.formats.money(Money(minor=minor, currency=currency))
    return reader.words.said_version.format(version=version, total=total)


def _said(reader: Reader, word: Word) -> Html:
    words = reader.words
    what = {
        "comment": words.said_comment,
        "counter_offer": words.said_counter_offer,
        "accepted": words.said_accepted,
        "rejected": words.said_rejected,
    }[word.kind].format(by=word.by)
    return tag(
        "li",
        tag("p", what, tag("span", reader.formats.moment(word.at), class_="when"), class_="who"),
        tag("ul", *(tag("li", wish) for wish in word.wishes)) if word.wishes else None,
        tag("p", word.text, class_="said") if word.text else None,
        class_="ours" if word.is_ours else "theirs",
    )
