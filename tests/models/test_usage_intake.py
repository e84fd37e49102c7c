"""A batch of usage: read from CSV or JSON, compared with the books, whole or not at all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.errors import InvalidInputError
from models.usage_intake import (
    Kept,
    Metered,
    UsageEvent,
    Window,
    read_csv,
    read_json,
    sort_out,
)

NOW = datetime(2026, 2, 10, tzinfo=UTC)
JANUARY = Window(
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 2, 1, tzinfo=UTC),
    datetime(2026, 2, 5, tzinfo=UTC),
)
FEBRUARY = Window(
    datetime(2026, 2, 1, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 5, tzinfo=UTC),
)
DEALS = {"1001": Metered(NOW, {"calls": (JANUARY, FEBRUARY), "storage": (FEBRUARY,)})}
HEADING = "id,deal,meter,at,value,region"
GOOD = {"id": "e1", "deal": "1001", "meter": "calls", "at": "2026-02-03T10:00:00+01:00"}


def csv(*lines: str, heading: str = HEADING) -> tuple[UsageEvent, ...]:
    return read_csv([f"{line}\n" for line in (heading, *lines)])


def event(**changes: Any) -> UsageEvent:
    (found,) = read_json({"events": [{**GOOD, **changes}]})
    return found


def refused(read: Any, *arguments: Any, **named: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as error:
        read(*arguments, **named)
    return [str(problem) for problem in error.value.problems]


def test_a_line_of_csv_is_an_event_and_other_columns_are_properties() -> None:
    """Moments become UTC; an event without a value is one unit."""
    first, second = csv(
        "e1,1001,calls,2026-02-03T10:00:00+01:00,12.50,eu", "e2,1001,calls,2026-02-03T09:00Z,,"
    )

    assert (first.place, first.value, first.properties) == (
        "line 2",
        Decimal("12.50"),
        '{"region": "eu"}',
    )
    assert first.at == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert (second.value, second.properties) == (Decimal(1), "")


def test_json_says_the_same() -> None:
    """Both doors lead to one event."""
    (written,) = csv("e1,1001,calls,2026-02-03T10:00:00+01:00,12.5,eu")
    sent = event(value=Decimal("12.50"), properties={"region": "eu"})

    assert sent.digest == written.digest
    assert sent.key == written.key == ("1001", "", "e1")


def test_every_bad_line_is_named_with_its_number() -> None:
    """Whoever made the file looks for the line, not for the event."""
    found = refused(
        csv,
        ",1001,calls,2026-02-03T10:00Z,1,",
        "e2,1001,calls,yesterday,1,",
        "e3,1001,calls,2026-02-03T10:00,1,",
        "e4,1001,calls,2026-02-03T10:00Z,-5,",
        "e5,1001,calls,2026-02-03T10:00Z,many,",
        "e6,1001,calls,2026-02-03T10:00Z,NaN,",
        "e7,1001,calls",
        "e8,1001,calls,2026-02-03T10:00Z,0.0000000000001,",
    )

    zone = "(write it with its zone, such as 2026-01-31T23:59:59Z)"
    assert found == [
        "line 2: id: is empty (fill it in)",
        f"line 3: at: yesterday is no moment {zone}",
        f"line 4: at: 2026-02-03T10:00 has no time zone {zone}",
        "line 5: value: -5 is negative (correct the event it should lower, by `replaces`)",
        "line 6: value: many is no number (write digits)",
        "line 7: value: NaN is no quantity (write digits)",
        "line 8: has 3 columns, not 6 (correct the line)",
        "line 9: value: has more than 12 decimals (round it)",
    ]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (None, "events: is no list"),
        ({"events": []}, "events: holds no event"),
        ({"events": [5]}, "events[0]: is no object"),
        ({"events": [{**GOOD, "id": ["e1"]}]}, "events[0]: id: is no text"),
        ({"events": [{**GOOD, "properties": {}, "vlaue": 1}]}, "events[0]: vlaue: is no field"),
        ({"events": [{**GOOD, "replaces": "a", "deletes": "b"}]}, "events[0]: deletes: is given"),
        ({"events": [{**GOOD, "id": "x" * 201}]}, "events[0]: id: is longer than 200"),
        ({"events": [{**GOOD, "region": "x" * 5000}]}, "events[0]: properties: are longer"),
        ({"events": [{**GOOD, "at": "0001-01-01T00:00:00+23:00"}]}, "events[0]: at: 0001"),
    ],
)
def test_what_is_no_batch_is_refused(sent: Any, reason: str) -> None:
    """Each with what to do about it."""
    (problem,) = refused(read_json, sent)

    assert problem.startswith(reason)


def test_a_file_without_the_needed_columns_is_refused_by_its_heading() -> None:
    """One problem, not one for each line."""
    assert refused(csv, "1,2", heading="id,deal") == [
        "line 1: lacks meter, at (begin with id,deal,meter,at,value)"
    ]
    assert refused(csv, "1,2,3,4,5", heading="id,deal,meter,at,at") == [
        "line 1: has at twice (begin with id,deal,meter,at,value)"
    ]


def test_an_event_that_is_there_already_is_left_out_and_another_under_its_id_refused() -> None:
    """Sending again is harmless; changing what was sent is said by `replaces`."""
    kept = {event().key: Kept(event().digest, "calls", event().at)}

    again = sort_out([event(), event(id="e2")], kept, DEALS)
    twice = sort_out([event(id="e2"), event(id="e2")], {}, DEALS)

    assert ([one.id for one in again.new], again.known) == (["e2"], 1)
    assert ([one.id for one in twice.new], twice.known) == (["e2"], 1)
    assert refused(sort_out, [event(value="2")], kept, DEALS) == [
        (
            "events[0]: id: e1 is on record with other content "
            "(give it another id; to correct it, name it in `replaces`)"
        )
    ]


def test_what_belongs_nowhere_is_refused_for_each_reason() -> None:
    """Unknown deal and meter, the future, outside of the term, and settled for good."""
    found = refused(
        sort_out,
        [
            event(deal="9"),
            event(id="e2", meter="cals"),
            event(id="e3", at="2026-02-10T00:05:01Z"),
            event(id="e4", at="2025-12-31T23:59:59Z"),
            event(id="e5", at="2026-01-31T23:59:59Z"),
        ],
        {},
        DEALS,
    )

    assert found == [
        "events[0]: deal: there is no deal 9 that is charged by usage (see `q2c deal list`)",
        "events[0]: meter: cals is no meter that deal 1001 is charged by (did you mean calls?)",
        (
            "events[0]: at: 2026-02-10T00:05:01+00:00 has not come yet; it is "
            "2026-02-10T00:00:00+00:00 (check the clock it comes from)"
        ),
        (
            "events[0]: at: deal 1001 charges nothing for calls at 2025-12-31T23:59:59+00:00 "
            "(check the moment, or the deal's term)"
        ),
        (
            "events[0]: at: is too late: its period was settled for good on 2026-02-05 "
            "(settle it by hand)"
        ),
    ]


def test_clocks_may_differ_by_five_minutes() -> None:
    """Four minutes ahead is now."""
    ahead = event(at=(NOW + timedelta(minutes=4)).isoformat())

    assert sort_out([ahead], {}, DEALS).new == (ahead,)


def test_a_repetition_is_harmless_even_when_its_period_is_settled() -> None:
    """The file of January may be sent again in March."""
    old = event(at="2026-01-05T00:00:00Z")

    assert sort_out([old], {old.key: Kept(old.digest, "calls", old.at)}, DEALS).known == 1


def test_a_correction_takes_the_place_of_one_event_once() -> None:
    """In one batch or over several; a chain of corrections has one end."""
    first, second = event(), event(id="e2", replaces="e1", value="3")
    third = event(id="e3", deletes="e2")

    found = sort_out([first, second, third], {}, DEALS)
    branch = refused(sort_out, [first, second, event(id="e4", replaces="e1")], {}, DEALS)

    assert [one.id for one in found.new] == ["e1", "e2", "e3"]
    assert third.value == 0
    assert branch == ["events[0]: replaces: e1 counts no more: e2 took its place (correct e2)"]


def test_a_correction_of_what_it_cannot_correct_is_refused() -> None:
    """Nothing there, another meter, and a period that is settled."""
    settled = event(id="e0", at="2026-01-05T00:00:00Z")
    kept = {settled.key: Kept(settled.digest, "calls", settled.at)}

    assert refused(sort_out, [event(replaces="e9")], {}, DEALS) == [
        (
            "events[0]: replaces: there is no event e9 of that deal and source "
            "(send it first, or correct its id)"
        )
    ]
    assert refused(
        sort_out, [event(), event(id="e2", meter="storage", replaces="e1")], {}, DEALS
    ) == ["events[0]: meter: e1 is of the meter calls (delete it, and send a new event)"]
    assert refused(sort_out, [event(replaces="e0")], kept, DEALS) == [
        "events[0]: replaces: e0 is settled for good since 2026-02-05 (settle it by hand)"
    ]


def test_a_deal_that_has_ended_takes_nothing() -> None:
    """There is no invoice left to put it on."""
    ended = {"1001": DEALS["1001"]._replace(ended="completed")}

    assert refused(sort_out, [event()], {}, ended) == [
        "events[0]: deal: 1001 has ended: completed (leave it out)"
    ]


def test_one_bad_line_of_a_hundred_thousand_is_found() -> None:
    """The whole file is refused for it, and nothing else is said."""
    lines = [f"e{n},1001,calls,2026-02-03T10:00:00Z,{n % 9 + 1},eu" for n in range(100_000)]
    lines[77_775] = "e77775,1001,calls,2026-02-03T10:00:00Z,minus one,eu"

    assert refused(csv, *lines) == ["line 77777: value: minus one is no number (write digits)"]
