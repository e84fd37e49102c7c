"""What a meter makes of events: figures worked out by hand, and laws for any events."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.meters import Aggregation, Meter, TimeUnit
from models.usage import Reading, Span, measure

START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = Span(START, START + timedelta(days=31))


def at(hours: float, value: str, distinct: str = "") -> Reading:
    return Reading(START + timedelta(hours=hours), Decimal(value), distinct)


def meter(aggregation: Aggregation, **changes: object) -> Meter:
    return Meter.model_validate({"key": "m", "name": "M", "aggregation": aggregation, **changes})


def quantity(aggregation: Aggregation, *readings: Reading, **changes: object) -> Decimal:
    return measure(meter(aggregation, **changes), readings, SPAN).quantity


EVENTS = (at(1, "5", "ann"), at(2, "7.5", "bob"), at(2, "2", "ann"), at(700, "4", "cid"))


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (Aggregation.SUM, "18.5"),
        (Aggregation.COUNT, "4"),
        (Aggregation.MAX, "7.5"),
        (Aggregation.LAST, "4"),
    ],
)
def test_events_of_a_period_become_one_quantity(aggregation: Aggregation, expected: str) -> None:
    """5 + 7.5 + 2 + 4, four of them, the largest, the latest."""
    assert quantity(aggregation, *EVENTS) == Decimal(expected)


def test_unique_counts_values_not_events() -> None:
    """Ann came twice."""
    assert quantity(Aggregation.UNIQUE, *EVENTS, unique_by="user") == 3


def test_a_level_is_weighted_with_the_time_it_holds() -> None:
    """10 GB for ten hours, then 30 GB for the 734 that are left of January's 744."""
    readings = (at(0, "10"), at(10, "30"))

    assert quantity(Aggregation.WEIGHTED, *readings) == 10 * 10 + 30 * 734
    assert quantity(Aggregation.WEIGHTED, *readings, per=TimeUnit.DAY) == Decimal("921.666667")
    assert quantity(Aggregation.WEIGHTED, *readings, per=TimeUnit.PERIOD) == Decimal("29.731183")


def test_a_level_goes_on_from_the_period_before() -> None:
    """Nobody reports what does not change; the latest level before counts, whatever its age."""
    before = (at(-900, "50"), at(-5, "4"))

    assert quantity(Aggregation.WEIGHTED, *before) == 4 * 744
    assert quantity(Aggregation.WEIGHTED, *before, at(744 - 1, "0")) == 4 * 743
    assert quantity(Aggregation.LAST, *before) == 0


def test_an_hour_has_3600_seconds_on_the_day_the_clocks_change() -> None:
    """29 March 2026 in Paris has 23 hours, 25 October has 25."""
    paris = ZoneInfo("Europe/Paris")
    found = []
    for month, day in ((3, 29), (10, 25)):
        start = datetime(2026, month, day, tzinfo=paris)
        end = datetime(2026, month, day + 1, tzinfo=paris)
        span = Span(start.astimezone(UTC), end.astimezone(UTC))
        level = Reading(span.start, Decimal(2))
        found.append(measure(meter(Aggregation.WEIGHTED), [level], span).quantity)

    assert found == [46, 50]


def test_an_event_at_the_end_belongs_to_the_period_that_begins() -> None:
    """Periods are half-open: midnight is in one month only."""
    first, last = Reading(SPAN.start, Decimal(1)), Reading(SPAN.end, Decimal(100))

    assert quantity(Aggregation.SUM, first, last) == 1


def test_single_values_are_kept_only_where_they_are_asked_for() -> None:
    """A price by transaction needs each of them."""
    kept = measure(meter(Aggregation.SUM), EVENTS, SPAN, each=True)

    assert kept.amounts == tuple(Decimal(value) for value in ("5", "7.5", "2", "4"))
    assert measure(meter(Aggregation.SUM), EVENTS, SPAN).amounts == ()


_VALUES = st.decimals("0", "1000000", places=6)
_READINGS = st.lists(st.builds(at, st.integers(0, 743), _VALUES.map(str)), max_size=30).map(
    lambda found: sorted(found, key=lambda one: one.at)
)


@given(_READINGS, st.integers(1, 743))
def test_two_halves_of_a_period_sum_to_the_whole(readings: list[Reading], hour: int) -> None:
    """Nothing is counted twice or lost where a period is cut."""
    middle = START + timedelta(hours=hour)
    for aggregation in (Aggregation.SUM, Aggregation.COUNT, Aggregation.WEIGHTED):
        whole = measure(meter(aggregation), readings, SPAN).quantity
        halves = [
            measure(meter(aggregation), readings, span).quantity
            for span in (Span(SPAN.start, middle), Span(middle, SPAN.end))
        ]
        assert abs(sum(halves) - whole) <= Decimal("0.000001")


@given(_READINGS)
def test_an_average_level_lies_between_the_lowest_and_the_highest(
    readings: list[Reading],
) -> None:
    """Before the first event the level is zero."""
    average = quantity(Aggregation.WEIGHTED, *readings, per=TimeUnit.PERIOD)

    assert 0 <= average <= max((one.value for one in readings), default=Decimal(0))
