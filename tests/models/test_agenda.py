"""The agenda: what is due next, in an order that never depends on how it was put together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.agenda import AgendaItem, AgendaKind, next_due, next_retry, put, ready, without

START = datetime(2026, 1, 1, tzinfo=UTC)

moments = st.integers(0, 20).map(lambda days: START + timedelta(days=days))
items = st.builds(
    AgendaItem,
    key=st.sampled_from([f"{kind}:{number}" for kind in "ab" for number in (1, 2, 10)]),
    kind=st.sampled_from(AgendaKind),
    due_at=moments,
    retry_at=st.none() | moments,
)


def agenda_of(entries: list[AgendaItem]) -> tuple[AgendaItem, ...]:
    agenda: tuple[AgendaItem, ...] = ()
    for entry in entries:
        agenda = put(agenda, entry)
    return agenda


@given(st.lists(items))
def test_an_agenda_is_always_in_order_with_one_item_of_each_key(entries: list[AgendaItem]) -> None:
    """Earlier first; at one moment by kind, then by key."""
    agenda = agenda_of(entries)

    assert list(agenda) == sorted(agenda, key=lambda item: item.sort_key)
    assert len({item.key for item in agenda}) == len(agenda)
    assert {item.key for item in agenda} == {entry.key for entry in entries}


@given(st.lists(items, unique_by=lambda item: item.key), st.randoms())
def test_the_order_of_putting_decides_nothing(entries: list[AgendaItem], chance: object) -> None:
    """Two workers that replay the same facts see the same agenda."""
    shuffled = list(entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert agenda_of(shuffled) == agenda_of(entries)


@given(st.lists(items), items)
def test_the_last_item_put_under_a_key_is_the_one_that_stays(
    entries: list[AgendaItem], newest: AgendaItem
) -> None:
    """Putting again replaces: a new date moves the item, and putting twice changes nothing more."""
    agenda = put(agenda_of(entries), newest)

    assert [item for item in agenda if item.key == newest.key] == [newest]
    assert put(agenda, newest) == agenda


@given(st.lists(items), st.sampled_from(["a:", "b:1", "b:10", "c"]))
def test_striking_a_prefix_takes_exactly_the_items_that_begin_with_it(
    entries: list[AgendaItem], prefix: str
) -> None:
    """What is left is what does not begin with it, in the same order."""
    agenda = agenda_of(entries)

    left = without(agenda, prefix)

    assert list(left) == [item for item in agenda if not item.key.startswith(prefix)]


@given(st.lists(items), moments, moments)
def test_the_ready_item_is_the_first_that_is_due_and_not_waiting(
    entries: list[AgendaItem], business: datetime, wall: datetime
) -> None:
    """No item that may be done now is skipped for a later one, and none is done early."""
    agenda = agenda_of(entries)

    found = ready(agenda, business, wall)

    may = [
        item
        for item in agenda
        if item.due_at <= business and (item.retry_at is None or item.retry_at <= wall)
    ]
    assert found == (may[0] if may else None)


@given(st.lists(items), moments)
def test_what_is_not_ready_is_waiting_for_its_date_or_its_retry(
    entries: list[AgendaItem], business: datetime
) -> None:
    """The loop always knows how long to wait: nothing on the agenda is ever forgotten."""
    agenda = agenda_of(entries)

    due, retry = next_due(agenda, business), next_retry(agenda, business)

    late = [item for item in agenda if item.due_at <= business]
    future = [item for item in agenda if item.due_at > business]
    assert due == (future[0] if future else None)
    assert retry == min((item.retry_at for item in late if item.retry_at), default=None)


@pytest.mark.parametrize("kind", AgendaKind)
def test_everything_due_is_said_in_words(kind: AgendaKind) -> None:
    """Finance reads them at timers in the web UI; an engineer's word for it is no help there."""
    item = AgendaItem(key="any", kind=kind, due_at=START, reference="INV-1")

    assert item.words.endswith(" INV-1")
    assert "_" not in item.words
    assert " " in item.words.removesuffix(" INV-1") or kind is AgendaKind.PUBLISH


def test_at_one_moment_commands_go_before_money_and_the_end_of_the_term_comes_last() -> None:
    """The last invoice of a term is issued before the term is renewed or ends."""
    kinds = [AgendaKind.TERM_END, AgendaKind.DUN, AgendaKind.CONVERGE, AgendaKind.COMMAND]

    agenda = agenda_of([AgendaItem(key=kind, kind=kind, due_at=START) for kind in kinds])

    assert [item.kind for item in agenda] == ["command", "converge", "dun", "term_end"]
