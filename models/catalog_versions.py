"""Versions of the catalogue: which one is in force on a day, and which may be published.

Versions are on record in the order of their publication. One with a day takes effect on it; one
without takes the place of everything published before. A version's name stands for its content.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from models.catalog import Catalog
from models.errors import Problem


def standing(newest_first: Iterable[Catalog]) -> Iterator[Catalog]:
    """Yield the versions that can be in force on some day: none before the last without a day."""
    for catalog in newest_first:
        yield catalog
        if catalog.effective_from is None:
            return


def in_force_on(newest_first: Iterable[Catalog], day: date) -> Catalog | None:
    """Return the version in force on a day, or None: that of the latest effective day by then."""
    found: Catalog | None = None
    for catalog in standing(newest_first):
        begins = catalog.effective_from or date.min
        if begins <= day and (found is None or begins > (found.effective_from or date.min)):
            found = catalog
    return found


def is_on_record(newest_first: Sequence[Catalog], catalog: Catalog) -> bool:
    """Whether publishing a version would change nothing: it stands, with its day, or is newest."""
    if newest_first[:1] == [catalog]:
        return True
    return catalog.effective_from is not None and catalog in [*standing(newest_first)]


def publication_problems(newest_first: Sequence[Catalog], catalog: Catalog) -> Iterator[Problem]:
    """Yield why a version may not be published: its name is taken, or its day is."""
    if any(one.version == catalog.version and one != catalog for one in newest_first):
        yield Problem(
            field="version",
            reason=f"{catalog.version} is on record with another content",
            remedy="give the new content a version of its own",
        )
    for one in standing(newest_first):
        same_day = one.effective_from == catalog.effective_from
        if catalog.effective_from is not None and same_day and one.version != catalog.version:
            yield Problem(
                field="effective_from",
                reason=f"version {one.version} takes effect on {one.effective_from} already",
                remedy="choose another day",
            )
