"""Meters: what of a customer's use is counted, and how many events become one quantity.

An event names a meter and says how much happened when. A meter may count the events of another
one (`of`), narrowed by filters, so that one stream of events feeds several charges.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, nearest, repeated

LONGEST_DELAY = 366
"""No period may stay open for late events for longer: somebody has to close the books."""


class Aggregation(StrEnum):
    """How the events of a period become one quantity."""

    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    LAST = "last"
    UNIQUE = "unique"
    WEIGHTED = "weighted"


class TimeUnit(StrEnum):
    """What a level is multiplied by to be weighted with time; `period` gives the average level."""

    HOUR = "hour"
    DAY = "day"
    PERIOD = "period"


class MeterFilter(Value):
    """A condition on an event: its property has one of the values."""

    model_config = NUMBERS_AS_TEXT

    property: str
    one_of: tuple[str, ...]

    def holds(self, properties: Mapping[str, str]) -> bool:
        """Whether an event with these properties counts."""
        return properties.get(self.property) in self.one_of


class Meter(Value):
    """What is counted of a customer's use.

    `sum` adds the values of the events, `count` counts them, `max` and `last` take one value of the
    period, `unique` counts the different values of the property `unique_by`. `weighted` reads each
    value as a level that holds until the next event, from period to period, and multiplies it with
    its time in units of `per`. All `filters` must hold. `late_days` is how long after a period's
    end its events are still taken.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    name: str
    unit: str = "unit"
    aggregation: Aggregation = Aggregation.SUM
    of: str = ""
    filters: tuple[MeterFilter, ...] = ()
    unique_by: str = ""
    per: TimeUnit = TimeUnit.HOUR
    late_days: int = 30

    @property
    def source(self) -> str:
        """The meter that its events name."""
        return self.of or self.key

    def counts(self, properties: Mapping[str, str]) -> bool:
        """Whether an event of its source with these properties counts."""
        return all(each.holds(properties) for each in self.filters)


def meter_problems(meters: Sequence[Meter]) -> Iterator[Problem]:
    """Yield what is wrong with the meters of a catalogue."""
    yield from repeated("meters", "key", [meter.key for meter in meters])
    own = {meter.key for meter in meters if not meter.of}
    for index, meter in enumerate(meters):
        path = f"meters[{index}]"
        yield from filled(f"{path}.key", meter.key)
        yield from filled(f"{path}.name", meter.name)
        if meter.of and meter.of not in own:
            yield Problem(
                field=f"{path}.of",
                reason=f"{meter.of} is no meter with events of its own",
                remedy=nearest(meter.of, own),
            )
        yield from _counting_problems(meter, path)


def _counting_problems(meter: Meter, path: str) -> Iterator[Problem]:
    is_unique = meter.aggregation is Aggregation.UNIQUE
    if is_unique != bool(meter.unique_by):
        reason = "is missing" if is_unique else f"means nothing to a {meter.aggregation}"
        remedy = "name the property whose values are counted" if is_unique else "remove it"
        yield Problem(field=f"{path}.unique_by", reason=reason, remedy=remedy)
    if not 0 <= meter.late_days <= LONGEST_DELAY:
        yield Problem(
            field=f"{path}.late_days",
            reason=f"{meter.late_days} is not between 0 and {LONGEST_DELAY}",
            remedy="write how many days after a period its events are still taken",
        )
    for index, each in enumerate(meter.filters):
        where = f"{path}.filters[{index}]"
        yield from filled(f"{where}.property", each.property)
        if not each.one_of:
            yield Problem(field=f"{where}.one_of", reason="is empty", remedy="list the values")


def unknown_meters(meters: Sequence[Meter], named: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Yield a problem for each charge that names a meter the catalogue lacks.

    `named` are the paths of the charges with the meter each names.
    """
    known = {meter.key for meter in meters}
    for path, name in named:
        if name and name not in known:
            reason = f"{name} is no meter of the catalogue"
            yield Problem(field=f"{path}.meter", reason=reason, remedy=nearest(name, known))
