"""Billing terms of a deal file: anchors, splits, minimum, schedules; all problems at once."""

from datetime import date
from typing import Any

import pytest

from models.billing_terms import Anchor, Weekday
from models.charges import Cadence
from models.deal_file import DealFile, deal_file_schema, parse_deal_file
from models.errors import InvalidInputError
from models.plan import Calendar, billing_plan
from tests.models.test_quoting import line, shown

MONTHLY, QUARTERLY, YEARLY = Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY


def parsed(*lines: dict[str, Any], **billing: Any) -> DealFile:
    return parse_deal_file(
        {
            "number": "1001",
            "entity": "US01",
            "customer": "C-1",
            "seller": "sam",
            "currency": "USD",
            "starts_on": date(2026, 1, 20),
            "lines": list(lines) or [{"product": "A"}],
            "billing": billing,
        }
    )


def problems_of(*lines: dict[str, Any], **billing: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        parsed(*lines, **billing)
    return [str(problem) for problem in caught.value.problems]


def bounds(cadence: Cadence, start: date, end: date, **terms: Any) -> list[str]:
    """Return where the periods of a cadence begin, and where the last ends."""
    calendar = Calendar(start, end, None, parsed(**terms).billing)
    shares = calendar.every(cadence, recurs=True)
    return [str(share.period.start)[2:] for share in shares] + [str(shares[-1].period.end)[2:]]


def test_without_terms_periods_are_counted_from_the_start() -> None:
    """As before: the anniversary."""
    file = parsed()

    assert (file.billing.anchor, file.agreed_billing.lines) == (Anchor.ANNIVERSARY, ())
    assert bounds(MONTHLY, date(2026, 1, 20), date(2026, 4, 20)) == [
        "26-01-20",
        "26-02-20",
        "26-03-20",
        "26-04-20",
    ]


def test_calendar_periods_begin_with_months_and_quarters() -> None:
    """The first and the last are cut."""
    start, end = date(2026, 1, 20), date(2026, 7, 20)

    assert bounds(QUARTERLY, start, end, anchor="calendar") == [
        "26-01-20",
        "26-04-01",
        "26-07-01",
        "26-07-20",
    ]
    assert bounds(Cadence.HALF_YEARLY, start, end, anchor="calendar")[1] == "26-07-01"
    assert bounds(Cadence.WEEKLY, date(2026, 1, 21), date(2026, 2, 3), anchor="calendar") == [
        "26-01-21",
        "26-01-26",
        "26-02-02",
        "26-02-03",
    ]


def test_a_fixed_day_sticks() -> None:
    """The 31st comes back after February and April."""
    found = bounds(MONTHLY, date(2026, 1, 20), date(2026, 6, 1), anchor="day", day=31)

    assert found == [
        "26-01-20",
        "26-01-31",
        "26-02-28",
        "26-03-31",
        "26-04-30",
        "26-05-31",
        "26-06-01",
    ]


def test_a_month_end_is_the_last_day_of_each_month() -> None:
    """29 February in a leap year."""
    found = bounds(MONTHLY, date(2028, 1, 31), date(2028, 4, 30), anchor="month_end")

    assert found == ["28-01-31", "28-02-29", "28-03-31", "28-04-30"]


def test_weeks_begin_on_the_weekday_that_was_agreed() -> None:
    """20 January 2026 is a Tuesday; the first week is cut."""
    start, end = date(2026, 1, 20), date(2026, 2, 4)

    assert bounds(Cadence.WEEKLY, start, end) == ["26-01-20", "26-01-27", "26-02-03", "26-02-04"]
    assert bounds(Cadence.WEEKLY, start, end, anchor="weekday", weekday="friday") == [
        "26-01-20",
        "26-01-23",
        "26-01-30",
        "26-02-04",
    ]


def test_weeks_keep_their_weekday_in_the_next_term() -> None:
    """A year is 52 weeks and a day; the next term does not begin a new count."""
    calendar = Calendar(date(2027, 1, 20), date(2027, 2, 5), date(2026, 1, 20))
    starts = [share.period.start for share in calendar.every(Cadence.WEEKLY, recurs=True)]

    assert starts == [date(2027, 1, 20), date(2027, 1, 26), date(2027, 2, 2)]


def test_a_cut_first_period_is_prorated_on_the_full_one() -> None:
    """12 of January's 31 days of 31.00, then whole months, then 19 of April's 30."""
    terms = parsed(anchor="calendar").agreed_billing
    plan = billing_plan([line(31_00, MONTHLY)], date(2026, 1, 20), date(2026, 4, 20), None, terms)

    assert shown(plan) == [
        ("2026-01-20", "2026-02-01", "2026-01-20", 12_00),
        ("2026-02-01", "2026-03-01", "2026-02-01", 31_00),
        ("2026-03-01", "2026-04-01", "2026-03-01", 31_00),
        ("2026-04-01", "2026-04-20", "2026-04-01", 19_63),
    ]


def test_several_cadences_follow_one_anchor() -> None:
    """The quarter and the month begin on the same days where they meet."""
    terms = parsed(anchor="day", day=5).agreed_billing
    lines = [line(30_00, MONTHLY), line(90_00, QUARTERLY, number="2"), line(5_00, number="3")]
    plan = billing_plan(lines, date(2026, 1, 5), date(2026, 7, 5), None, terms)

    assert [str(c.period.start) for c in plan if c.reference == "2/unit"] == [
        "2026-01-05",
        "2026-04-05",
    ]
    assert sum(c.amount.minor for c in plan) == 6 * 30_00 + 2 * 90_00 + 5_00


def test_a_month_cannot_begin_on_a_weekday() -> None:
    """Weekly anchor with a monthly charge: the plan names the line and the way out."""
    terms = parsed(anchor="weekday", weekday="monday").agreed_billing

    with pytest.raises(InvalidInputError, match="line 1: Apple is billed monthly, and no month"):
        billing_plan([line(1_00, MONTHLY)], date(2026, 1, 5), date(2027, 1, 5), None, terms)


def test_a_day_and_a_weekday_go_with_their_anchor() -> None:
    """Everything is told at once."""
    assert problems_of(anchor="day") == ["billing.day: is missing for the anchor day (use 1 to 31)"]
    assert problems_of(anchor="day", day=32) == ["billing.day: 32 is no day (use 1 to 31)"]
    assert problems_of(anchor="calendar", day=3) == [
        "billing.day: is given, but the anchor is calendar (set billing.anchor to day)"
    ]
    assert problems_of(anchor="weekday")[0].startswith(
        "billing.weekday: is missing for the anchor weekday"
    )
    assert parsed(anchor="calendar", weekday="friday").billing.weekday is Weekday.FRIDAY


def test_a_deal_of_several_entities_is_refused_honestly() -> None:
    """It is not built; each entity writes its own deal."""
    assert problems_of(split="by_entity") == [
        (
            "billing.split: splits by entity, and a deal of several entities is not built "
            "(write a deal for each selling entity)"
        )
    ]


def test_an_order_number_of_a_line_needs_an_invoice_of_its_own() -> None:
    """One invoice names one order."""
    lines = ({"product": "A", "purchase_order": "PO-7"},)

    assert problems_of(*lines) == [
        (
            "lines[0].purchase_order: PO-7 is of this line alone, and one invoice bills all "
            "(set billing.split to by_purchase_order, or give the deal one order number)"
        )
    ]
    agreed = parsed(*lines, split="by_purchase_order").agreed_billing
    assert (agreed.purchase_order_of("1.2"), agreed.purchase_order_of("2")) == ("PO-7", "")


def test_a_minimum_is_in_the_currency_of_the_deal() -> None:
    """Cash never crosses currencies silently, and neither does a threshold."""
    assert problems_of(minimum={"amount": "50.005", "currency": "EUR"}) == [
        "billing.minimum.currency: is EUR, and the deal is in USD (write it in USD)",
        (
            "billing.minimum.amount: 50.005 is finer than the smallest unit of USD "
            "(use at most 2 decimals)"
        ),
    ]
    assert problems_of(minimum={"amount": "-1"})[0].startswith("billing.minimum.amount: -1 must")


def test_percentages_add_up_to_the_whole() -> None:
    """30, 40 and 20 leave a tenth that nobody would bill."""
    schedule = [
        {"percent": "30", "on": date(2026, 2, 1)},
        {"percent": "40", "on": date(2026, 6, 1)},
        {"percent": "20", "milestone": "Go-live"},
    ]

    assert problems_of(schedule=schedule) == [
        "billing.schedule: comes to 90 percent, not to 100 (let the parts add up to 100)"
    ]


def test_parts_of_a_schedule_do_not_overlap() -> None:
    """Two parts of one day or one milestone could not be told apart."""
    lines = (
        {
            "product": "A",
            "schedule": [
                {"percent": "50", "milestone": "Go-live"},
                {"percent": "30", "milestone": "go-live "},
                {"percent": "20", "on": date(2026, 6, 1)},
            ],
        },
    )

    assert problems_of(*lines) == [
        (
            "lines[0].schedule[1]: overlaps part 1: both are billed at go-live "
            "(add them up, or move one)"
        )
    ]


def test_a_part_says_how_much_and_when() -> None:
    """Each part for itself, all problems together."""
    schedule = [
        {"on": date(2026, 2, 1)},
        {"percent": "50", "amount": "5"},
        {"percent": "0", "milestone": "M"},
    ]

    assert problems_of(schedule=schedule) == [
        "billing.schedule[0]: has neither percent nor amount (give one of the two)",
        "billing.schedule[1]: has both percent and amount (give one of the two)",
        "billing.schedule[1]: has neither a day nor a milestone (give `on` or `milestone`)",
        (
            "billing.schedule[2].percent: 0 is not more than 0 and at most 100 "
            "(write a share of the price)"
        ),
        "billing.schedule: mixes percent and amount (give all parts a percent, or all an amount)",
    ]


def test_the_schema_of_deal_files_tells_the_terms() -> None:
    """Editors complete them."""
    schema = deal_file_schema()

    assert schema["properties"]["billing"]["default"]["anchor"] == "anniversary"
    assert set(schema["$defs"]["BillingTerms"]["properties"]) == {
        "anchor",
        "grace_days",
        "day",
        "weekday",
        "split",
        "minimum",
        "schedule",
    }
