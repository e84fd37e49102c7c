"""Which open quotes and live deals a new version of the catalogue would touch, from the books."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from activities.pricing import file_of_version
from activities.register import latest
from activities.versions import version_of
from models.catalog import Catalog
from models.catalog_diff import catalog_diff, touched_skus
from models.catalog_impact import Stake, StakeKind, Touched, touched_by
from models.catalog_versions import in_force_on
from models.deal import Stage
from models.deal_file import DealFile
from models.parties import Customer
from models.quoting import Quote
from models.renewal import next_term_file
from models.steps import RegisterKind
from models.tables import ContractRow, DealRow

_Reached = tuple[Stake, str, frozenset[str]]
"""A quote or deal, the version it was priced with, and the products on its quote."""

_ENDED = (Stage.CLOSING.value, Stage.COMPLETED.value, Stage.LOST.value)


def touched_by_version(
    session: Session, known: Sequence[Catalog], catalog: Catalog, today: date
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
        customer = _customer(session, deal.customer)
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


def _customer(session: Session, number: str) -> Customer | None:
    row = latest(session, RegisterKind.CUSTOMER, number)
    return Customer.model_validate_json(row.content) if row else None
