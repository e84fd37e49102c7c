"""Invoice runs: desired minus billed, for one subscription whose price changes through time."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.charges import Timing
from models.invoice_runs import PriceChange, RunItem, credit_movement, run
from models.money import Money
from models.periods import Step


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def change(on: str, minor: int | None, **fields: object) -> PriceChange:
    price = None if minor is None else eur(minor)
    return PriceChange.model_validate({"on": date.fromisoformat(on), "price": price, **fields})


def item(start: str, end: str | None, minor: int) -> RunItem:
    until = date.fromisoformat(end) if end else None
    return RunItem(start=date.fromisoformat(start), end=until, amount=eur(minor))


def test_an_upgrade_inside_a_billed_period_credits_and_charges() -> None:
    """16 of 31 days of 31.00 are given back and billed at 62.00."""
    billed = (item("2026-01-01", "2026-02-01", 31_00),)
    history = [change("2026-01-01", 31_00), change("2026-01-16", 62_00, billing_day=1)]

    made = run(history, Timing.IN_ADVANCE, date(2026, 1, 16), billed)

    assert made == (
        item("2026-01-16", "2026-02-01", 32_00),
        item("2026-01-16", "2026-02-01", -16_00),
    )
    assert run(history, Timing.IN_ADVANCE, date(2026, 1, 16), (*billed, *made)) == ()


def test_in_arrears_a_period_is_billed_when_it_is_over() -> None:
    """January is billed on 1 February, not before."""
    history = [change("2026-01-01", 31_00)]

    assert run(history, Timing.IN_ARREARS, date(2026, 1, 31)) == ()
    assert run(history, Timing.IN_ARREARS, date(2026, 2, 1)) == (
        item("2026-01-01", "2026-02-01", 31_00),
    )


def test_the_last_day_of_a_month_sticks() -> None:
    """31 January, 28 February, 31 March, 30 April (test vector 1)."""
    history = [change("2026-01-31", 10_00)]

    made = run(history, Timing.IN_ADVANCE, date(2026, 4, 30))

    assert [one.start.isoformat() for one in made] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_a_pause_that_is_taken_back_and_made_again_is_credited_once_each() -> None:
    """The days were billed twice and given back twice: nothing is left to do."""
    always = [change("2026-04-01", 30_00)]
    paused = [
        change("2026-04-01", 30_00),
        change("2026-04-11", None),
        change("2026-04-21", 30_00, billing_day=1),
    ]
    day = date(2026, 4, 25)
    record: tuple[RunItem, ...] = ()
    for history in (always, paused, always, paused):
        record += run(history, Timing.IN_ADVANCE, day, record)

    amounts = [one.amount.minor for one in record]
    assert amounts == [30_00, -10_00, 10_00, -10_00]
    assert run(paused, Timing.IN_ADVANCE, day, record) == ()


def test_what_was_adjusted_is_not_given_back_again() -> None:
    """10.00 of 31.00 are gone, so at most 21.00 can be credited."""
    record = (item("2026-01-01", "2026-02-01", 31_00), item("2026-01-02", None, -10_00))
    history = [change("2026-01-01", 31_00), change("2026-01-02", None)]

    made = run(history, Timing.IN_ADVANCE, date(2026, 1, 2), record)

    assert made == (item("2026-01-02", "2026-02-01", -21_00),)


def test_credit_of_one_run_pays_for_the_next() -> None:
    """Given back 5.00, then 2.00 used up; what is not there cannot be used."""
    assert credit_movement([item("2026-01-01", None, -5_00)], eur(0)) == eur(5_00)
    assert credit_movement([item("2026-01-01", None, 2_00)], eur(5_00)) == eur(-2_00)
    assert credit_movement([item("2026-01-01", None, 2_00)], eur(0)) == eur(0)


PRICES = st.sampled_from([None, 10_00, 24_95, 99_99])
FIRST = date(2026, 1, 15)
HISTORIES = st.lists(
    st.tuples(st.integers(1, 200), PRICES, st.integers(1, 31), st.sampled_from([1, 3])),
    max_size=4,
)


@given(HISTORIES, st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_no_day_is_paid_for_twice_and_a_rerun_adds_nothing(
    later: list[tuple[int, int | None, int, int]], runs: list[int]
) -> None:
    """Whatever becomes known between runs, in whatever order they come."""
    history = [PriceChange(on=FIRST, price=eur(50_00), billing_day=1)]
    record: tuple[RunItem, ...] = ()
    changes = iter(later)
    for after in runs:
        day = FIRST + timedelta(days=after)
        record += run(history, Timing.IN_ADVANCE, day, record)
        assert run(history, Timing.IN_ADVANCE, day, record) == ()
        for offset, minor, billing_day, months in [*changes][:2]:
            history.append(
                PriceChange(
                    on=FIRST + timedelta(days=offset),
                    price=None if minor is None else eur(minor),
                    step=Step(months=months),
                    billing_day=billing_day,
                )
            )
    paid: dict[date, int] = {}
    for one in record:
        for count in range(one.period.days):
            day = one.start + timedelta(days=count)
            paid[day] = paid.get(day, 0) + (-1 if one.is_credit else 1)
    assert set(paid.values()) <= {0, 1}
