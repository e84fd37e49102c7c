"""The catalogue at the doors: its versions, what differs, and what publishing one would touch."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from activities.pricing import file_of_version
from activities.register import catalog_version, catalogs
from models.catalog import Catalog, check_catalog, parse_catalog
from models.catalog_diff import CatalogChange, catalog_diff, touched_skus
from models.catalog_impact import Stake, StakeKind, Touched, in_words, touched_by
from models.catalog_versions import in_force_on, is_on_record, publication_problems
from models.deal import Stage
from models.deal_file import DealFile, LineRequest
from models.errors import InvalidInputError, NotFoundError, Problem, RefusedError
from models.guided import Guidance, guide
from models.quoting import Quote
from models.register import HOUSE
from models.renewal import next_term_file
from models.steps import RegisterKind
from models.tables import ContractRow, DealRow, RegisterRow
from models.value import Value
from starter.service import changes
from starter.service.changes import RECORDERS, Recorded
from starter.service.people import Caller, require
from starter.service.ports import House
from starter.service.register import canonical, catalog_on, customer_of
from starter.service.versions import version_of

_Reached = tuple[Stake, str, frozenset[str]]
"""A quote or deal, the version it was priced with, and the products on its quote."""

_ENDED = (Stage.CLOSING.value, Stage.COMPLETED.value, Stage.LOST.value)


class CheckedCatalog(Value):
    """A catalogue without problems, in figures."""

    version: str
    effective_from: date | None = None
    products: int
    prices: int
    rules: int


class VersionEntry(Value):
    """A version on record; `in_force` tells whether it is the one of today."""

    version: str
    effective_from: date | None = None
    revision: int
    actor: str
    recorded_at: str
    in_force: bool = False


class Versions(Value):
    """Every version on record, the newest publication first."""

    items: tuple[VersionEntry, ...]


class Difference(Value):
    """What differs between two versions, from `before` to `after`."""

    before: str
    after: str
    changes: tuple[CatalogChange, ...]


class Preview(Value):
    """What publishing a version would do. `consent` stands for exactly this outcome.

    Quotes that are out keep the version they were priced with; touched is what a new price would
    change. Where anything is touched, publishing needs the `consent`.
    """

    version: str
    effective_from: date | None = None
    replaces: str = ""
    is_on_record: bool = False
    changes: tuple[CatalogChange, ...] = ()
    touched: tuple[Touched, ...] = ()
    consent: str = ""


class Suggested(Value):
    """What guided selling says of some answers, and the lines of a deal file that follow."""

    version: str
    guidance: Guidance
    lines: tuple[LineRequest, ...] = ()


def validate(data: object) -> CheckedCatalog:
    """Return a catalogue in figures; raises `InvalidInputError` with all its problems."""
    catalog = parse_catalog(data)
    return CheckedCatalog(
        version=catalog.version,
        effective_from=catalog.effective_from,
        products=len(catalog.products),
        prices=sum(len(book.entries) for book in catalog.price_books),
        rules=len(catalog.rules) + len(catalog.added),
    )


def versions(session: Session, today: date) -> Versions:
    """Return every version on record."""
    current = catalog_on(session, today)
    rows = session.exec(
        select(RegisterRow)
        .where(RegisterRow.kind == RegisterKind.CATALOG.value, RegisterRow.key == HOUSE)
        .order_by(col(RegisterRow.revision).desc())
    ).all()
    return Versions(
        items=tuple(
            VersionEntry(
                version=catalog.version,
                effective_from=catalog.effective_from,
                revision=row.revision,
                actor=row.actor,
                recorded_at=row.recorded_at.isoformat(),
                in_force=catalog == current,
            )
            for row, catalog in zip(rows, catalogs(session), strict=True)
        )
    )


def named(session: Session, version: str, today: date) -> Catalog:
    """Return the version of that name, or without a name the one in force; `NotFoundError`."""
    if version:
        return catalog_version(session, version)
    found = catalog_on(session, today)
    if found is None:
        raise NotFoundError("There is no catalogue on record.")
    return found


def difference(session: Session, data: object, today: date) -> Difference:
    """Return what differs between `before` and `after`, each a version's name or a catalogue.

    Without `before`, it is the version in force. Raises `InvalidInputError` and `NotFoundError`.
    """
    if not isinstance(data, Mapping) or not data.get("after"):
        problem = Problem(field="after", reason="is missing", remedy="name a version")
        raise InvalidInputError([problem])
    before, after = (_given(session, data.get(name), today) for name in ("before", "after"))
    return Difference(
        before=before.version, after=after.version, changes=catalog_diff(before, after)
    )


def _given(session: Session, data: object, today: date) -> Catalog:
    if isinstance(data, Mapping):
        return parse_catalog(data)
    return named(session, str(data or ""), today)


async def preview(
    house: House, caller: Caller, data: object, effective_from: date | None
) -> Preview:
    """Return what publishing a catalogue would change, and for whom; nothing is recorded.

    Raises `NotPermittedError` and `InvalidInputError` with every problem.
    """
    require(caller, RECORDERS[RegisterKind.CATALOG], "publish a catalogue")
    catalog = _dated(parse_catalog(data), effective_from)
    today = house.clock().date()
    return await house.read(lambda session: _preview(session, catalog, today))


async def publish(
    house: House, caller: Caller, data: object, effective_from: date | None, consent: str
) -> Recorded:
    """Put a version of the catalogue on record; it takes effect on its day.

    Raises `NotPermittedError`, `InvalidInputError` with every problem, and `RefusedError` if it
    would touch quotes or deals and `consent` is not that of a preview which still holds.
    """
    found = await preview(house, caller, data, effective_from)
    if found.touched and consent != found.consent:
        what = "has changed since it was previewed" if consent else "needs the consent of a preview"
        raise RefusedError(
            f"Publishing {found.version} touches {in_words(found.touched)}; it {what}."
        )
    catalog = _dated(parse_catalog(data), effective_from)
    written = json.loads(canonical(catalog))
    return await changes.record(house, caller, RegisterKind.CATALOG, (written, ""))


def _dated(catalog: Catalog, effective_from: date | None) -> Catalog:
    if effective_from is None:
        return catalog
    return catalog.model_copy(update={"effective_from": effective_from})


def _preview(session: Session, catalog: Catalog, today: date) -> Preview:
    known = [*catalogs(session)]
    problems = [*check_catalog(catalog), *publication_problems(known, catalog)]
    if problems:
        raise InvalidInputError(problems)
    if is_on_record(known, catalog):
        return Preview(
            version=catalog.version, effective_from=catalog.effective_from, is_on_record=True
        )
    replaced = in_force_on(known, catalog.effective_from or today)
    before = replaced or Catalog(version="")
    found = Preview(
        version=catalog.version,
        effective_from=catalog.effective_from,
        replaces=before.version,
        changes=catalog_diff(before, catalog),
        touched=tuple(_touched(session, known, catalog, today)) if replaced else (),
    )
    return found.model_copy(update={"consent": _consent(found, catalog)})


def _consent(found: Preview, catalog: Catalog) -> str:
    content = json.dumps([canonical(catalog), canonical(found)])
    return hashlib.sha256(content.encode()).hexdigest()


def _touched(
    session: Session, known: list[Catalog], catalog: Catalog, today: date
) -> Iterator[Touched]:
    """Yield what changes for each open quote and live deal the new version reaches."""
    others = [one for one in known if one != catalog]
    for stake, pinned, sold in _stakes(session, catalog, today):
        after = in_force_on([catalog, *others], stake.priced_on)
        before = next((one for one in known if one.version == pinned), None)
        before = before or in_force_on(known, stake.priced_on)
        if after != catalog or before is None:
            continue
        skus = touched_skus(catalog_diff(before, catalog))
        if skus is None or skus & (sold | _skus_of(stake.file)):
            yield from touched_by(before, catalog, stake)


def _skus_of(file: DealFile) -> frozenset[str]:
    """Return the products a deal file names."""
    found: set[str] = set()
    waiting: list[Any] = list(file.lines)
    while waiting:
        asked = waiting.pop()
        found.add(asked.product)
        waiting += asked.options
    return frozenset(found)


def _stakes(session: Session, catalog: Catalog, today: date) -> Iterator[_Reached]:
    """Yield each open quote with the version it was priced with, and each deal that lives on."""
    deals = session.exec(
        select(DealRow).where(col(DealRow.stage).not_in(_ENDED)).order_by(col(DealRow.number))
    )
    for deal in deals.all():
        quote, file = _in_force(session, deal.number)
        if quote is None or file is None:
            continue
        business_day = deal.business_time.date() if deal.business_time else today
        day = business_day if deal.test_clock else today
        begins = max(catalog.effective_from or day, day)
        customer = customer_of(session, deal.customer)
        sold = frozenset(line.sku for line in quote.lines)
        stake = Stake(
            kind=StakeKind.QUOTE,
            deal=deal.number,
            document=quote.number,
            customer=customer,
            file=file,
            priced_on=begins,
        )
        if not _is_signed(session, quote):
            if begins <= quote.valid_until:
                yield stake, quote.catalog_version, sold
            continue
        following = next_term_file(file, quote.lines, quote.ends_on)
        if quote.term_months and following.lines:
            priced_on = max(begins, quote.ends_on - timedelta(days=1))
            change = {"kind": StakeKind.DEAL, "file": following, "priced_on": priced_on}
            yield stake.model_copy(update=change), "", sold


def _in_force(session: Session, deal: str) -> tuple[Quote | None, DealFile | None]:
    row = version_of(session, deal)
    if row is None:
        return None, None
    file, _ = file_of_version(session, deal, row.version)
    return Quote.model_validate_json(row.content), file


def _is_signed(session: Session, quote: Quote) -> bool:
    statement = select(ContractRow.id).where(
        ContractRow.deal == quote.deal, ContractRow.term == quote.term
    )
    return session.exec(statement).first() is not None


def suggest(session: Session, answers: Mapping[str, str], today: date) -> Suggested:
    """Return what fits some answers, with the lines of a deal file that follow from it.

    Raises `InvalidInputError` with every answer that cannot be used, and `NotFoundError`.
    """
    catalog = named(session, "", today)
    names = {product.sku: product.name for product in catalog.products}
    found = guide(catalog.guide, names, answers)
    if found.problems:
        raise InvalidInputError(found.problems)
    lines = tuple(
        LineRequest(product=one.product, quantity=one.quantity, attributes=one.attributes)
        for one in found.candidates
    )
    return Suggested(version=catalog.version, guidance=found, lines=lines)
