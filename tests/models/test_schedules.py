"""Schedules: parts that sum to the price to the cent, whatever the periods of service are."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.billing_terms import AgreedBilling, BillingTerms, LineBilling, SchedulePart
from models.charges import Cadence, ChargeType, Timing
from models.errors import InvalidInputError
from models.plan import PlannedCharge
from models.quoting import Quote, make_quote
from tests.models.test_quoting import line, request, usd

MONTHLY, YEARLY = Cadence.MONTHLY, Cadence.YEARLY
START = date(2026, 1, 31)


def parts(*written: tuple[str, str]) -> tuple[SchedulePart, ...]:
    """Return parts in percent, on days or at milestones."""
    return tuple(
        SchedulePart(percent=Decimal(percent), on=date.fromisoformat(when))
        if when[0].isdigit()
        else SchedulePart(percent=Decimal(percent), milestone=when)
        for percent, when in written
    )


THIRDS = parts(("30", "2026-02-01"), ("40", "2026-06-01"), ("30", "Go-live"))


def quoted(*lines: Any, agreed: AgreedBilling) -> Quote:
    return make_quote(request(billing=agreed), list(lines))


def whole(*schedule: SchedulePart) -> AgreedBilling:
    return AgreedBilling(terms=BillingTerms(schedule=schedule))


def told(plan: tuple[PlannedCharge, ...]) -> list[tuple[str, str, int]]:
    return [(c.reference, str(c.bill_on or c.milestone), c.amount.minor) for c in plan]


def test_thirty_forty_thirty_sum_to_the_contract_price() -> None:
    """100.01 is 30.00, 40.01 and 30.00: the cent goes to the largest remainder."""
    quote = quoted(line(100_01, YEARLY), agreed=whole(*THIRDS))

    assert quote.total == usd(100_01)
    assert told(quote.plan) == [
        ("1/unit@1", "2026-02-01", 30_00),
        ("1/unit@2", "2026-06-01", 40_01),
        ("1/unit@3", "Go-live", 30_00),
    ]


def test_a_part_covers_the_whole_service_and_has_no_day_until_its_milestone() -> None:
    """The parts are independent of the twelve months that are served."""
    quote = quoted(line(10_00, MONTHLY, listed=12_00), agreed=whole(*THIRDS))

    assert {(str(c.period.start), str(c.period.end)) for c in quote.plan} == {
        ("2026-01-31", "2027-01-31")
    }
    assert [c.bill_on for c in quote.plan][2] is None
    assert [c.amount.minor for c in quote.plan] == [36_00, 48_00, 36_00]
    assert [c.discount.minor for c in quote.plan] == [7_20, 9_60, 7_20]
    assert {c.line_reference for c in quote.plan} == {"1/unit"}


def test_lines_of_one_schedule_are_rounded_together() -> None:
    """Three lines of 0.33: half of 0.99 is 0.50 and 0.49, and each line comes to its 0.33."""
    lines = [line(33, number=str(number)) for number in (1, 2, 3)]
    quote = quoted(*lines, agreed=whole(*parts(("50", "2026-02-01"), ("50", "2026-03-01"))))

    first = [c.amount.minor for c in quote.plan if c.part == 1]
    second = [c.amount.minor for c in quote.plan if c.part == 2]
    assert (sum(first), sum(second)) == (50, 49)
    assert [a + b for a, b in zip(first, second, strict=True)] == [33, 33, 33]


def test_a_line_of_its_own_schedule_leaves_the_others_alone() -> None:
    """A setup in two halves beside a monthly subscription."""
    own = LineBilling(line="1", schedule=parts(("50", "2026-02-01"), ("50", "Acceptance")))
    quote = quoted(
        line(300_00, number="1"),
        line(10_00, MONTHLY, number="2"),
        agreed=AgreedBilling(lines=(own,)),
    )

    assert told(quote.plan)[:2] == [
        ("1/unit@1", "2026-02-01", 150_00),
        ("1/unit@2", "Acceptance", 150_00),
    ]
    assert len(quote.plan) == 2 + 12
    assert quote.one_time == usd(300_00)
    assert quote.billing.milestones == ("Acceptance",)


def test_amounts_come_to_what_the_lines_come_to() -> None:
    """A schedule that forgets ten dollars is refused, with both sums."""
    own = LineBilling(
        line="1",
        schedule=(
            SchedulePart(amount=Decimal(100), on=date(2026, 2, 1)),
            SchedulePart(amount=Decimal(190), milestone="Go-live"),
        ),
    )

    with pytest.raises(InvalidInputError) as caught:
        quoted(line(300_00), agreed=AgreedBilling(lines=(own,)))

    assert [str(problem) for problem in caught.value.problems] == [
        (
            "line 1.schedule: comes to 290.00 USD, and what it bills to 300.00 USD "
            "(let the amounts add up to the price, or use percent)"
        )
    ]


def test_amounts_that_fit_are_billed_as_written() -> None:
    """To the cent."""
    own = LineBilling(
        line="1",
        schedule=(
            SchedulePart(amount=Decimal("99.99"), on=date(2026, 2, 1)),
            SchedulePart(amount=Decimal("200.01"), milestone="Go-live"),
        ),
    )
    quote = quoted(line(300_00), agreed=AgreedBilling(lines=(own,)))

    assert [c.amount.minor for c in quote.plan] == [99_99, 200_01]


percents = st.lists(st.integers(1, 100), min_size=1, max_size=12)
lines_drawn = st.lists(
    st.tuples(
        st.integers(0, 100_000),
        st.sampled_from([None, *Cadence]),
        st.sampled_from(list(Timing)),
    ),
    min_size=1,
    max_size=6,
)


@given(weights=percents, wanted=lines_drawn)
def test_a_schedule_bills_the_price_of_each_line_and_of_all(
    weights: list[int], wanted: list[tuple[int, Cadence | None, Timing]]
) -> None:
    """The parts sum to the price by line and over all, and no part is negative."""
    total = sum(weights)
    schedule = tuple(
        SchedulePart(percent=Decimal(100) * weight / total, milestone=f"M{index}")
        for index, weight in enumerate(weights)
    )
    lines = [
        line(net, cadence, number=str(number), timing=timing)
        for number, (net, cadence, timing) in enumerate(wanted, start=1)
    ]
    plain = make_quote(request(), lines)

    quote = make_quote(request(billing=whole(*schedule)), lines)

    assert quote.total == plain.total
    assert quote.one_time == plain.one_time
    assert all(charge.amount.minor >= 0 and charge.discount.minor >= 0 for charge in quote.plan)
    for each in lines:
        before = sum(c.amount.minor for c in plain.plan if c.reference == each.reference)
        after = sum(c.amount.minor for c in quote.plan if c.line_reference == each.reference)
        assert after == before
    assert {each.charge_type for each in lines} <= {ChargeType.ONE_TIME, ChargeType.RECURRING}
