"""Consolidation: the day of each charge, and each deal's part of what is open."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from models.consolidation import consolidation_on, open_consolidation_on, shares_of
from models.money import Money

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def test_a_charge_is_on_the_next_consolidation_day() -> None:
    """The day itself counts; the 31st is the last day of a shorter month."""
    assert consolidation_on(15, date(2026, 1, 10)) == date(2026, 1, 15)
    assert consolidation_on(15, date(2026, 1, 15)) == date(2026, 1, 15)
    assert consolidation_on(15, date(2026, 1, 16)) == date(2026, 2, 15)
    assert consolidation_on(31, date(2026, 2, 1)) == date(2026, 2, 28)


def test_a_day_whose_invoice_is_out_is_passed_over() -> None:
    """What becomes known later is on the next invoice."""
    closed = {date(2026, 1, 15), date(2026, 2, 15)}

    assert open_consolidation_on(15, date(2026, 1, 10), closed) == date(2026, 3, 15)
    assert open_consolidation_on(15, date(2026, 1, 10), ()) == date(2026, 1, 15)


@given(day=st.integers(1, 31), billable=days)
def test_no_charge_waits_longer_than_a_month(day: int, billable: date) -> None:
    """And never is one billed before it may be."""
    found = consolidation_on(day, billable)

    assert 0 <= (found - billable).days <= 31
    assert consolidation_on(day, found) == found


@given(
    gross=st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 10_000), min_size=1),
    paid=st.integers(0, 100),
)
def test_the_parts_of_the_deals_sum_to_the_balance(gross: dict[str, int], paid: int) -> None:
    """Unpaid they are what each deal has on the invoice; paid in full they are nothing."""
    whole = sum(gross.values())
    balance = Money(minor=whole - whole * paid // 100, currency="EUR")

    parts = shares_of(balance, gross)

    assert Money.total(parts.values(), "EUR") == balance
    if paid == 0:
        assert {deal: part.minor for deal, part in parts.items()} == gross
    assert all(part.minor >= 0 for part in parts.values())
