"""Comparing two quotes: what lines came, went and changed, and what that does to the totals.

Lines are paired by what they sell, not by their number, which moves when a line before is removed:
the first of a product in one quote with the first of it in the other, inside the same bundles.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from models.money import Money
from models.pricing import PricedLine
from models.quoting import Quote
from models.value import Value

_HEADER = (
    "customer",
    "entity",
    "currency",
    "price_book",
    "catalog_version",
    "quoted_on",
    "valid_until",
    "starts_on",
    "ends_on",
    "term_months",
    "payment_terms_days",
    "purchase_order",
    "note",
)
_TOTALS = ("list_total", "total", "one_time", "acv", "arr", "mrr")
_OF_LINES = (
    "quantity",
    "list_unit",
    "unit_price",
    "list_amount",
    "net",
    "once_discount",
    "optional",
)


class FieldChange(Value):
    """One field that differs, as text; amounts with their currency."""

    field: str
    before: str
    after: str


class AmountChange(Value):
    """One figure before and after; `difference` is None between two currencies."""

    field: str
    before: Money
    after: Money
    difference: Money | None


class LineDiff(Value):
    """One priced line that is only in one of the quotes, or that changed.

    `before` and `after` are its references in the two quotes, empty where it is missing.
    """

    sku: str
    name: str
    before: str = ""
    after: str = ""
    net_before: Money | None = None
    net_after: Money | None = None
    changes: tuple[FieldChange, ...] = ()


class QuoteDiff(Value):
    """What differs between two quotes; what is equal is left out, but the totals always stand."""

    before: str
    after: str
    same_content: bool
    header: tuple[FieldChange, ...] = ()
    added: tuple[LineDiff, ...] = ()
    removed: tuple[LineDiff, ...] = ()
    changed: tuple[LineDiff, ...] = ()
    totals: tuple[AmountChange, ...] = ()


def diff_quotes(before: Quote, after: Quote) -> QuoteDiff:
    """Return what differs between two quotes, of one deal or of two; linear in their lines."""
    pairs = tuple(_paired(before.lines, after.lines))
    return QuoteDiff(
        before=before.number,
        after=after.number,
        same_content=before.content_hash == after.content_hash,
        header=tuple(_changes(before, after, _HEADER)),
        added=tuple(_only(new, is_new=True) for old, new in pairs if old is None and new),
        removed=tuple(_only(old, is_new=False) for old, new in pairs if new is None and old),
        changed=tuple(
            change
            for old, new in pairs
            if old and new and (change := _change(old, new)) is not None
        ),
        totals=tuple(_amount(before, after, field) for field in _TOTALS),
    )


def _paired(
    before: Sequence[PricedLine], after: Sequence[PricedLine]
) -> Iterator[tuple[PricedLine | None, PricedLine | None]]:
    """Yield every line with its counterpart: those of the new quote in order, then what went."""
    waiting: dict[tuple[str, ...], deque[PricedLine]] = defaultdict(deque)
    for key, line in _keyed(before):
        waiting[key].append(line)
    for key, line in _keyed(after):
        yield (waiting[key].popleft() if waiting[key] else None), line
    for lines in waiting.values():
        yield from ((line, None) for line in lines)


def _keyed(lines: Sequence[PricedLine]) -> Iterator[tuple[tuple[str, ...], PricedLine]]:
    """Yield each line with what it sells: the SKUs of its bundles, its own, and the charge."""
    paths: dict[str, tuple[str, ...]] = {}
    for line in lines:
        path = (*paths.get(line.parent or "", ()), line.sku)
        paths[line.number] = path
        yield (*path, line.charge), line


def _only(line: PricedLine, *, is_new: bool) -> LineDiff:
    place = {"after": line.reference, "net_after": line.net}
    gone = {"before": line.reference, "net_before": line.net}
    return LineDiff.model_validate(
        {"sku": line.sku, "name": line.name, **(place if is_new else gone)}
    )


def _change(old: PricedLine, new: PricedLine) -> LineDiff | None:
    changes = tuple(_changes(old, new, _OF_LINES))
    if not changes:
        return None
    return LineDiff(
        sku=new.sku,
        name=new.name,
        before=old.reference,
        after=new.reference,
        net_before=old.net,
        net_after=new.net,
        changes=changes,
    )


def _changes(old: Value, new: Value, fields: Sequence[str]) -> Iterator[FieldChange]:
    for field in fields:
        one, other = getattr(old, field), getattr(new, field)
        if one != other:
            yield FieldChange(field=field, before=_text(one), after=_text(other))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _amount(before: Quote, after: Quote, field: str) -> AmountChange:
    one, other = getattr(before, field), getattr(after, field)
    same = before.currency == after.currency
    return AmountChange(
        field=field, before=one, after=other, difference=other - one if same else None
    )
