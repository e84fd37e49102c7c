"""Working hours: a calendar as data, and how long something takes when only work time counts.

Which days are public holidays is not computed here: their dates come in with the calendar, so that
the same calendar always gives the same answer.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator

from models.countries import is_country
from models.errors import Problem
from models.reading import value_at
from models.value import Value

_MOST_DAYS = 3660


class Weekday(StrEnum):
    """A day of the week, in the order of ISO 8601."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK = tuple(Weekday)


def _clock_time(value: Any) -> Any:
    """Read 17:00 as YAML hands it over where it is not quoted: as the minutes of the day."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time_of_day(value // 60, value % 60)
    return value


ClockTime = Annotated[time_of_day, BeforeValidator(_clock_time)]


class WorkingCalendar(Value):
    """When a house works: its days and hours in its time zone, and the days it is closed.

    `country` and `region` (ISO 3166) say whose public holidays count; `holidays` are their dates
    for the years that matter, filled in where the calendar is used. `closed_on` are days of the
    house's own.
    """

    time_zone: str = "UTC"
    days: tuple[Weekday, ...] = _WEEK[:5]
    opens: ClockTime = time_of_day(9)
    closes: ClockTime = time_of_day(17)
    country: str = ""
    region: str = ""
    closed_on: tuple[date, ...] = ()
    holidays: tuple[date, ...] = ()

    def works_on(self, day: date) -> bool:
        """Whether anybody is at work on that day."""
        is_closed = day in self.closed_on or day in self.holidays
        return _WEEK[day.weekday()] in self.days and not is_closed

    def with_holidays(self, dates: tuple[date, ...]) -> "WorkingCalendar":
        """Return the calendar with the dates of its public holidays."""
        return self.model_copy(update={"holidays": dates})


def due_after(start: datetime, hours: int, calendar: WorkingCalendar | None) -> datetime:
    """Return the moment, in UTC, at which `hours` of work have passed since `start`.

    Time outside working hours does not count, whatever the clocks do in between. Without a calendar
    every hour counts, and so it does in one that never opens within ten years.
    """
    remaining = timedelta(hours=hours)
    if calendar is None:
        return start + remaining
    for opens, closes in _shifts(start, calendar):
        begins = max(opens, start.astimezone(UTC))
        if closes - begins >= remaining:
            return begins + remaining
        remaining -= max(closes - begins, timedelta())
    return start.astimezone(UTC) + timedelta(hours=hours)


def _shifts(start: datetime, calendar: WorkingCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working times from the day of `start` on, as moments in UTC."""
    zone = ZoneInfo(calendar.time_zone)
    first = start.astimezone(zone).date()
    for count in range(_MOST_DAYS):
        day = first + timedelta(days=count)
        if calendar.works_on(day):
            opens = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
            yield opens, datetime.combine(day, calendar.closes, zone).astimezone(UTC)


def calendar_problems(data: Mapping[str, object], path: str) -> Iterator[Problem]:
    """Yield what is wrong with the calendar written at `path`; it meets any shape."""
    written = value_at(data, path)
    if not isinstance(written, Mapping):
        return
    zone, country = written.get("time_zone", "UTC"), written.get("country", "")
    if isinstance(zone, str) and zone not in available_timezones():
        remedy = "write it like Europe/Berlin"
        yield Problem(field=f"{path}.time_zone", reason="is not a known time zone", remedy=remedy)
    if isinstance(country, str) and country and not is_country(country):
        remedy = "write two capital letters in quotes: US, DE, GB"
        yield Problem(field=f"{path}.country", reason="is not a country code", remedy=remedy)
    if written.get("days") == []:
        yield Problem(field=f"{path}.days", reason="are none", remedy="name the days of work")
    opens, closes = _time_of(written, "opens"), _time_of(written, "closes")
    if opens is not None and closes is not None and opens >= closes:
        reason = f"{closes:%H:%M} is not after {opens:%H:%M}"
        yield Problem(field=f"{path}.closes", reason=reason, remedy="end after you begin")


def _time_of(written: Mapping[Any, object], field: str) -> time_of_day | None:
    """Return a time of day as the calendar reads it, or None if it cannot be read."""
    value = _clock_time(written.get(field, WorkingCalendar.model_fields[field].default))
    if isinstance(value, time_of_day):
        return value
    try:
        return time_of_day.fromisoformat(str(value))
    except ValueError:
        return None
