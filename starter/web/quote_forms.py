"""What a buyer can do with an offer: one form for each, with its problems beside its boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from models.deal_file import BuyerLimits, DealFile, LineRequest
from models.errors import Problem
from models.quoting import Quote
from starter.service.offers import Offer, Standing, Visit
from starter.web.markup import Content, Html, joined, tag
from starter.web.reader import Reader

CHANGE, COUNTER, COMMENT, ACCEPT, DECLINE = "change", "counter", "comment", "accept", "decline"


@dataclass(frozen=True)
class Draft:
    """What a visitor filled in and what became of it: `action` names the form.

    `preview` is the quote that its `wishes` would lead to, `done` what was done, `headline` what
    went wrong.
    """

    action: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    preview: Quote | None = None
    wishes: Sequence[str] = ()
    done: str = ""
    headline: str = ""
    key: str = ""

    def of(self, action: str) -> "Draft":
        """Return what belongs to one form: everything if it is the one that was sent."""
        return self if action == self.action else Draft(key=self.key)

    def value(self, name: str, default: str = "") -> str:
        """Return what stands in a box."""
        return self.form.get(name, default)


def actions(visit: Visit, offer: Offer, reader: Reader, draft: Draft) -> Html | None:
    """Return the forms that the standing of an offer allows; a comment is always possible."""
    quote, file = offer.quote, offer.file
    if quote is None or file is None:
        return None
    forms: list[Content] = []
    if offer.standing is Standing.OPEN:
        forms += [
            _accept(visit, offer, quote, reader, draft.of(ACCEPT)),
            _change(visit, offer, file, reader, draft.of(CHANGE)),
            _counter(visit, offer, file, reader, draft.of(COUNTER)),
        ]
    forms.append(_comment(visit, offer, reader, draft.of(COMMENT)))
    if offer.standing is Standing.OPEN:
        forms.append(_decline(visit, offer, reader, draft.of(DECLINE)))
    return tag("div", *forms, class_="actions", id="actions")


def preview_card(visit: Visit, offer: Offer, reader: Reader, draft: Draft) -> Html | None:
    """Return what the visitor's change would come to, with the button that sends it."""
    words, money = reader.words, reader.formats.money
    if draft.preview is None or offer.quote is None:
        return None
    send = words.send_change if draft.action == CHANGE else words.send_counter
    hidden = [
        tag("input", type="hidden", name=name, value=value)
        for name, value in draft.form.items()
        if name not in {"base", "key", "do"}
    ]
    then = draft.preview
    return tag(
        "section",
        tag("h2", words.preview_title),
        tag("ul", *(tag("li", wish) for wish in draft.wishes), class_="wishes"),
        tag(
            "dl",
            tag("div", tag("dt", words.preview_now), tag("dd", money(offer.quote.total))),
            tag(
                "div",
                tag("dt", words.preview_then),
                tag("dd", money(then.total), id="preview-total"),
                class_="grand",
            ),
            class_="totals",
        ),
        tag("p", words.preview_note, class_="hint"),
        _form(
            visit,
            offer,
            draft,
            draft.action,
            *hidden,
            tag("button", send, type="submit", name="do", value="send", id="send"),
            tag("a", words.discard, href=f"/q/{visit.token}", class_="button quiet"),
        ),
        class_="card preview",
        id="preview",
    )


def _form(visit: Visit, offer: Offer, draft: Draft, action: str, *content: Content) -> Html:
    base = offer.quote.content_hash if offer.quote else ""
    return tag(
        "form",
        tag("input", type="hidden", name="base", value=base),
        tag("input", type="hidden", name="key", value=draft.key),
        *content,
        method="post",
        action=f"/q/{visit.token}/{action}",
        autocomplete="off",
    )


def _folded(title: str, draft: Draft, action: str, *content: Content) -> Html:
    """Return a part that opens when it is asked for, or when it was just filled in."""
    is_open = draft.action == action and bool(draft.problems)
    return tag(
        "details", tag("summary", title), *content, class_="card", id=action, open=is_open or None
    )


def _accept(visit: Visit, offer: Offer, quote: Quote, reader: Reader, draft: Draft) -> Html:
    words = reader.words
    sentence = words.agree.format(
        number=quote.number,
        total=reader.formats.money(quote.total),
        customer=offer.customer.legal_name,
    )
    ticked = bool(draft.value("agreed"))
    order = _box(reader, draft, "purchase_order", words.purchase_order, hint=words.optional)
    return tag(
        "section",
        tag("h2", words.accept_title),
        _form(
            visit,
            offer,
            draft,
            ACCEPT,
            order,
            tag(
                "label",
                tag("input", type="checkbox", name="agreed", value="yes", checked=ticked or None),
                tag("span", sentence),
                class_="tick",
            ),
            _trouble(reader, draft, "agreed"),
            tag("button", words.accept, type="submit", class_="primary"),
        ),
        class_="card",
        id=ACCEPT,
    )


def _change(
    visit: Visit, offer: Offer, file: DealFile, reader: Reader, draft: Draft
) -> Html | None:
    words = reader.words
    rows = [
        _changeable(offer, reader, draft, number, line)
        for number, line in enumerate(file.lines, start=1)
        if line.buyer_may is not None
    ]
    if not rows:
        return None
    button = tag("button", words.show_price, type="submit", name="do", value="preview")
    form = _form(visit, offer, draft, CHANGE, *rows, button)
    return tag(
        "section",
        tag("h2", words.change_title),
        tag("p", words.change_text, class_="hint"),
        form,
        class_="card",
        id=CHANGE,
    )


def _changeable(offer: Offer, reader: Reader, draft: Draft, number: int, line: LineRequest) -> Html:
    limits = line.buyer_may or BuyerLimits()
    name, box = _name(offer, number, line), None
    if limits.allows_quantity:
        box = _box(
            reader,
            draft,
            f"quantity-{number}",
            reader.words.quantity,
            default=_plain(line.quantity),
            hint=_limits_said(reader, limits),
        )
    options = [_option(offer, draft, number, sku) for sku in limits.options]
    trouble = _trouble(reader, draft, f"option-{number}")
    return tag("fieldset", tag("legend", name), box, *options, trouble)


def _option(offer: Offer, draft: Draft, number: int, sku: str) -> Html:
    """Return the box of one option; a hidden one beside it says how it was."""
    place, lines = f"{number}.", offer.quote.lines if offer.quote else ()
    found = next(
        (line for line in lines if line.sku == sku and line.number.startswith(place)), None
    )
    before = "in" if found else "out"
    name = f"option-{number}-{sku}"
    ticked = name in draft.form if draft.form else before == "in"
    return joined(
        tag("input", type="hidden", name=f"shown-{number}-{sku}", value=before),
        tag(
            "label",
            tag("input", type="checkbox", name=name, value="yes", checked=ticked or None),
            tag("span", found.name if found else offer.names.get(sku, sku)),
            class_="tick",
        ),
    )


def _counter(visit: Visit, offer: Offer, file: DealFile, reader: Reader, draft: Draft) -> Html:
    words = reader.words
    rows = [
        tag(
            "fieldset",
            tag("legend", _name(offer, number, line)),
            tag(
                "div",
                _box(reader, draft, f"quantity-{number}", words.quantity),
                _box(
                    reader,
                    draft,
                    f"price-{number}",
                    words.target_price.format(currency=file.currency),
                ),
                _box(reader, draft, f"discount-{number}", words.discount_wish),
                class_="boxes",
            ),
        )
        for number, line in enumerate(file.lines, start=1)
    ]
    whole = tag(
        "div",
        _box(reader, draft, "header", words.header_wish),
        _box(reader, draft, "term", words.term_wish) if file.term_months else None,
        class_="boxes",
    )
    form = _form(
        visit,
        offer,
        draft,
        COUNTER,
        whole,
        *rows,
        _area(reader, draft, "reason", words.why),
        tag("button", words.show_result, type="submit", name="do", value="preview"),
    )
    hint = tag("p", words.counter_text, class_="hint")
    return _folded(words.counter_title, draft, COUNTER, hint, form)


def _comment(visit: Visit, offer: Offer, reader: Reader, draft: Draft) -> Html:
    words = reader.words
    form = _form(
        visit,
        offer,
        draft,
        COMMENT,
        _area(reader, draft, "text", words.comment_text),
        tag("button", words.send_comment, type="submit"),
    )
    return _folded(words.comment_title, draft, COMMENT, form)


def _decline(visit: Visit, offer: Offer, reader: Reader, draft: Draft) -> Html:
    words = reader.words
    form = _form(
        visit,
        offer,
        draft,
        DECLINE,
        _area(reader, draft, "reason", words.decline_text),
        tag("button", words.decline, type="submit", class_="danger"),
    )
    return _folded(words.decline_title, draft, DECLINE, form)


def _box(
    reader: Reader, draft: Draft, name: str, label: str, *, default: str = "", hint: str = ""
) -> Html:
    is_text = name == "purchase_order"
    return tag(
        "label",
        tag("span", label, tag("em", hint) if hint else None, class_="label"),
        tag(
            "input",
            type="text",
            name=name,
            value=draft.value(name, default),
            inputmode=None if is_text else "decimal",
            maxlength=80 if is_text else 40,
            aria_invalid="true" if _found(draft, name) else None,
        ),
        _trouble(reader, draft, name),
        class_="box",
    )


def _area(reader: Reader, draft: Draft, name: str, label: str) -> Html:
    return tag(
        "label",
        tag("span", label, class_="label"),
        tag("textarea", draft.value(name), name=name, rows=3, maxlength=2000),
        _trouble(reader, draft, name),
        class_="box",
    )


def _trouble(reader: Reader, draft: Draft, name: str) -> Html | None:
    found = _found(draft, name)
    return tag("span", reader.problem(found), class_="trouble", role="alert") if found else None


def _found(draft: Draft, name: str) -> Problem | None:
    return next((problem for problem in draft.problems if problem.field == name), None)


def _name(offer: Offer, number: int, line: LineRequest) -> str:
    lines = offer.quote.lines if offer.quote else ()
    return next((one.name for one in lines if one.number == str(number)), line.product)


def _limits_said(reader: Reader, limits: BuyerLimits) -> str:
    words, least, most = reader.words, limits.minimum, limits.maximum
    if least is not None and most is not None:
        return words.between.format(minimum=_plain(least), maximum=_plain(most))
    if least is not None:
        return words.at_least.format(minimum=_plain(least))
    return words.at_most.format(maximum=_plain(most or Decimal(0)))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
