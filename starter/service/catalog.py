"""The catalogue at the doors: its versions, what differs, and what publishing one would touch."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date

from sqlmodel import Session, col, select

from activities.catalog_changes import needs_a_case
from activities.catalog_stakes import touched_by_version
from activities.register import catalog_version, catalogs
from models.approval_facts import Subject
from models.catalog import Catalog, check_catalog, parse_catalog
from models.catalog_diff import CatalogChange, catalog_diff
from models.catalog_impact import Touched, in_words
from models.catalog_versions import in_force_on, is_on_record, publication_problems
from models.deal_file import LineRequest
from models.errors import InvalidInputError, NotFoundError, Problem, RefusedError
from models.guided import Guidance, guide
from models.register import HOUSE
from models.steps import RegisterKind
from models.tables import RegisterRow
from models.value import Value
from starter.service import changes
from starter.service.cases import CaseEntry, HandedIn, hand_in
from starter.service.changes import RECORDERS, Recorded
from starter.service.people import Caller, require
from starter.service.ports import House
from starter.service.register import canonical, catalog_on


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


class Published(Recorded):
    """A version on record, or handed in under `case`: then its revision is 0 until it is approved.

    `waits_for` are those whose yes is missing.
    """

    case: str = ""
    waits_for: tuple[str, ...] = ()


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
) -> Published:
    """Put a version of the catalogue on record; it takes effect on its day.

    Where the approval policy has a word about it, it is handed in and waits for its approvers;
    whoever publishes does not approve.

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
    if found.is_on_record or not await house.read(needs_a_case):
        done = await changes.record(house, caller, RegisterKind.CATALOG, (written, ""))
        return Published(**done.model_dump())
    asked = HandedIn(
        subject=Subject.CATALOG_CHANGE,
        base=catalog.version,
        content=catalog.model_dump_json(exclude_defaults=True),
    )
    return _published(await hand_in(house, caller, asked))


def _published(case: CaseEntry) -> Published:
    """Return what became of a version that was handed in: it waits, or it is on record."""
    number = case.reference.rpartition(" ")[2]
    return Published(
        kind=RegisterKind.CATALOG,
        key=HOUSE,
        revision=int(number) if number.isdecimal() else 0,
        repeated=case.repeated,
        case=case.number,
        waits_for=case.waits_for,
    )


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
        touched=tuple(touched_by_version(session, known, catalog, today)) if replaced else (),
    )
    return found.model_copy(update={"consent": _consent(found, catalog)})


def _consent(found: Preview, catalog: Catalog) -> str:
    content = json.dumps([canonical(catalog), canonical(found)])
    return hashlib.sha256(content.encode()).hexdigest()


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
