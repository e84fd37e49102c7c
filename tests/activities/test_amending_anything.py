"""Whatever is amended in whatever order: no day is billed twice, and every amount is somewhere."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from activities.adapters.books import Books
from activities.crediting import issue_credit_note
from models.amended_plan import base_of
from models.credit_steps import CreditOrder
from models.errors import InvalidInputError
from models.tables import (
    AmendmentBookedRow,
    CreditNoteLineRow,
    CreditNoteRow,
    DealRow,
    InvoiceLineRow,
    PlannedChargeRow,
    RecognizedRow,
)
from tests.activities.conservation import assert_conserved
from tests.activities.databases import database
from tests.activities.house import START, House, deal_file, furnish, line

END = date(2027, 1, 1)
TERM = (END - START).days


@contextmanager
def fresh_house() -> Iterator[House]:
    """Open a house for one example: a failed one must not spoil the next."""
    with database("sqlite", furnish) as url:
        books = Books(url)
        yield House(books)
        books.close()


def changes(day: date) -> st.SearchStrategy[dict[str, Any]]:
    """Return what may be asked on a day; much of it does not fit and is refused."""
    on = st.integers(-40, 60).map(lambda offset: f"{day + timedelta(days=offset)}")
    number = st.integers(1, 4)
    said = st.sampled_from([None, "now", "next_period"])
    one = st.one_of(
        st.builds(lambda n, q: {"line": n, "add": f"{q}"}, number, st.integers(-2, 3)),
        st.builds(
            lambda n, p: {"line": n, "unit_price": f"{p}"}, number, st.sampled_from([49, 88])
        ),
        st.builds(lambda n: {"line": n, "remove": True}, number),
        st.builds(lambda n: {"line": n, "product": "HOSTING"}, number),
    )
    lines = st.builds(
        lambda change, effective, when: {
            "lines": [change],
            "effective_on": effective,
            **({"when": when} if when else {}),
        },
        one,
        on,
        said,
    )
    added = st.builds(
        lambda sku, effective: {"add": [{"product": sku}], "effective_on": effective},
        st.sampled_from(["CRM", "SUITE", "SUPPORT"]),
        on,
    )
    rest = st.builds(
        lambda start, days: {
            "suspend": {
                "from_on": start,
                "until_on": f"{date.fromisoformat(start) + timedelta(days=days)}",
            }
        },
        on,
        st.integers(1, 70),
    )
    resumed, ended = on.map(lambda d: {"resume_on": d}), on.map(lambda d: {"end_on": d})
    return st.one_of(lines, lines, added, rest, resumed, ended)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.data(), st.lists(st.integers(1, 90), min_size=2, max_size=5))
def test_no_history_bills_a_day_twice_or_loses_a_cent(
    data: st.DataObject, steps: list[int]
) -> None:
    """Price = billed - credited + unbilled = recognized in the end; a repetition adds nothing."""
    with fresh_house() as house:
        sold = deal_file("1001", line("CRM", "3"), line("SUPPORT"), line("HOSTING"), line("SUITE"))
        house.sell(sold)
        day = START
        for place, step in enumerate(steps):
            day = min(day + timedelta(days=step), END - timedelta(days=1))
            house.converge("1001", day)
            _amend(house, day, data.draw(changes(day)), f"{place}")
            _concede(house, day, data.draw(st.sampled_from([0, 0, 1_00, 20_00])), f"{place}")
        house.fulfill("1001", day)
        done = house.converge("1001", END + timedelta(days=40))
        assert house.converge("1001", END + timedelta(days=40)).account == done.account
        _assert_sound(house, "1001")
        price = _price(house, "1001")
        conceded = sum(row.net_minor for row in house.rows(CreditNoteRow, effect="concession"))
        assert _billed(house, "1001") == price - conceded
        assert sum(row.amount_minor for row in house.rows(RecognizedRow)) == price - conceded
        assert house.rows(DealRow)[0].total_minor == price


def _amend(house: House, day: date, delta: dict[str, Any], command: str) -> None:
    said = {"command_id": command, "accepted_by": "Ben"}
    first = house.amend("1001", day, delta, **said)
    assert house.amend("1001", day, delta, **said) == first
    _assert_sound(house, "1001")
    house.converge("1001", day)
    _assert_sound(house, "1001")


def _concede(house: House, day: date, minor: int, key: str) -> None:
    """Credit an amount of the first invoice as a concession, where so much is left of it."""
    order = CreditOrder(
        key=key, invoice="INV-2026-00001", on=day, reason="Outage", amount_minor=minor or None
    )
    if minor:
        with suppress(InvalidInputError):
            house.books.write(lambda session: issue_credit_note(session, house.office, order))


def _price(house: House, deal: str) -> int:
    rows = house.rows(PlannedChargeRow, deal=deal)
    return sum(row.amount_minor for row in rows if row.canceled_on is None)


def _billed(house: House, deal: str) -> int:
    billed = sum(row.net_minor for row in house.rows(InvoiceLineRow, deal=deal))
    return billed - sum(row.net_minor for row in house.rows(CreditNoteLineRow, deal=deal))


def _assert_sound(house: House, deal: str) -> None:
    """Find each day of each charge billed at most once, net of credits, and the ledger in order."""
    days: dict[tuple[str, date], int] = defaultdict(int)
    notes = {note.number for note in house.rows(CreditNoteRow, effect="change")}
    for sign, rows in (
        (1, house.rows(InvoiceLineRow, deal=deal)),
        (-1, [row for row in house.rows(CreditNoteLineRow, deal=deal) if row.credit_note in notes]),
    ):
        for row in rows:
            for count in range((row.ends_on - row.starts_on).days):
                day = row.starts_on + timedelta(days=count)
                days[base_of(row.reference), day] += sign
    assert set(days.values()) <= {0, 1}
    versions = [row.version for row in house.rows(AmendmentBookedRow, deal=deal)]
    assert versions == list(range(2, len(versions) + 2))
    assert_conserved(house)
