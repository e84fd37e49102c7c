"""Promotions: what may be offered, and who may redeem a code when."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.errors import InvalidInputError
from models.promotions import (
    AmountPer,
    Asker,
    Duration,
    Promotion,
    Uses,
    parse_promotion,
    refusals,
)

BEGINS, ENDS = date(2026, 1, 1), date(2026, 2, 1)
ASKER = Asker(customer="C-1", segment="public", currency="USD", on=date(2026, 1, 15))


NO_USES = Uses()


def promotion(**changes: Any) -> Promotion:
    values = {"code": "SPRING", "valid_from": BEGINS, "percent": Decimal(10), **changes}
    return Promotion(**values)


def reasons(found: Promotion | None, uses: Uses = NO_USES, asker: Asker = ASKER) -> list[str]:
    known = {found.code: found} if found else {}
    problems = refusals(["SPRING"], known, {"SPRING": uses}, asker, ["SPRING-26"])
    return [str(problem) for problem in problems]


def test_a_promotion_is_read_with_its_benefit() -> None:
    """A month free, five times, once for each customer."""
    found = parse_promotion(
        {
            "code": "FREE",
            "valid_from": "2026-01-01",
            "free_months": 1,
            "cap": 5,
            "cap_per_customer": 1,
        }
    )

    assert (found.free_months, found.cap, found.cap_per_customer) == (1, 5, 1)


def test_every_problem_of_a_promotion_is_listed_at_once() -> None:
    """Two benefits, past 100 %, no count of periods, an empty window, a cap of none."""
    with pytest.raises(InvalidInputError) as error:
        parse_promotion(
            {
                "code": " ",
                "valid_from": "2026-01-01",
                "valid_until": "2026-01-01",
                "percent": "100.01",
                "amount": "5",
                "duration": "periods",
                "cap": 0,
                "cap_per_customer": -1,
            }
        )

    assert [str(problem) for problem in error.value.problems] == [
        "code: is empty (fill it in)",
        "percent: has percent and amount (give percent, amount or free_months, one of the three)",
        "percent: 100.01 is not between 0 and 100",
        "currency: is missing (name the currency of the amount)",
        "periods: is missing (say for how many periods)",
        "valid_until: 2026-01-01 is not after valid_from 2026-01-01",
        "cap: 0 is less than 1 (remove it for no cap, or end the promotion)",
        "cap_per_customer: -1 is less than 1 (remove it for no cap, or end the promotion)",
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            {"percent": None},
            "percent: has no benefit (give percent, amount or free_months, one of the three)",
        ),
        ({"percent": None, "free_months": 121}, "free_months: 121 is not between 1 and 120"),
        (
            {"periods": 3},
            "periods: is given for forever (remove it, or use the duration `periods`)",
        ),
        ({"duration": "periods", "periods": 0}, "periods: 0 is not between 1 and 120"),
        ({"per": "quote", "duration": "once"}, "per: is quote, but there is no amount to share"),
        (
            {"percent": None, "amount": "5", "currency": "USD", "per": "quote"},
            "per: is quote, which comes off once (use the duration `once`, or `per: line`)",
        ),
        (
            {"percent": None, "amount": "5", "currency": "Usd"},
            "currency: Usd is no currency (name the currency of the amount)",
        ),
    ],
)
def test_a_promotion_that_contradicts_itself_is_refused(
    written: dict[str, Any], problem: str
) -> None:
    """Before anybody is promised anything."""
    given = {"code": "X", "valid_from": "2026-01-01", "percent": "10", **written}

    with pytest.raises(InvalidInputError) as error:
        parse_promotion(given)

    assert [str(each) for each in error.value.problems] == [problem]


def test_what_may_be_redeemed_is_not_refused() -> None:
    """In its window, by whom it is for, below its caps."""
    found = promotion(
        valid_until=ENDS, customers=("C-1",), segments=("public",), cap=2, cap_per_customer=1
    )

    assert reasons(found, Uses(total=1)) == []


@pytest.mark.parametrize(
    ("found", "uses", "reason"),
    [
        (None, {}, "there is no promotion SPRING (did you mean SPRING-26?)"),
        (promotion(valid_from=date(2026, 1, 16)), {}, "SPRING begins on 2026-01-16"),
        (promotion(valid_until=date(2026, 1, 15)), {}, "SPRING ended before 2026-01-15"),
        (promotion(customers=("C-2",)), {}, "SPRING is not for customer C-1"),
        (
            promotion(segments=("education", "health")),
            {},
            "SPRING is only for the segment education, health",
        ),
        (
            promotion(percent=None, amount=Decimal(5), currency="EUR"),
            {},
            "SPRING is an amount in EUR, and the deal is in USD",
        ),
        (
            promotion(cap=2),
            {"total": 2},
            "SPRING is used up: it was given 2 times (leave it out)",
        ),
        (
            promotion(cap_per_customer=1),
            {"total": 9, "by_customer": 1},
            "customer C-1 has used SPRING as often as one may (1) (leave it out)",
        ),
    ],
)
def test_why_a_code_cannot_be_redeemed_is_told(
    found: Promotion | None, uses: dict[str, int], reason: str
) -> None:
    """At the place where the deal file names it."""
    assert reasons(found, Uses(**uses)) == [f"promotions[0]: {reason}"]


def test_a_deal_keeps_what_it_has_redeemed() -> None:
    """Its revision in March is not refused for a window that ended in January."""
    late = ASKER.model_copy(update={"on": date(2026, 3, 1), "redeemed": frozenset({"SPRING"})})

    assert reasons(promotion(valid_until=ENDS, cap=1), Uses(total=1), late) == []


def test_a_code_counts_once() -> None:
    """Naming it twice is no second benefit."""
    found = refusals(["SPRING", "SPRING"], {"SPRING": promotion()}, {}, ASKER)

    assert [str(problem) for problem in found] == ["promotions[1]: SPRING is named twice"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (promotion(), "10 % off"),
        (promotion(duration=Duration.ONCE), "10 % off, the first period only"),
        (
            promotion(duration=Duration.PERIODS, periods=3),
            "10 % off, the first 3 periods only",
        ),
        (
            promotion(percent=None, amount=Decimal(5), currency="USD", per=AmountPer.UNIT),
            "5 off a unit",
        ),
        (promotion(percent=None, free_months=2), "2 months free"),
    ],
)
def test_a_promotion_says_what_it_is_worth(found: Promotion, words: str) -> None:
    """In the waterfall."""
    assert found.words == words
