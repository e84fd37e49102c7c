"""Guidance: what similar quotes of the past were offered at, and how many of them were won.

Similar is the same product in the same band of quantity and, if asked for, of the same customer
segment. A figure is only given with the number of quotes it rests on, and none below a minimum:
three quotes are an anecdote.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from models.money import round_half_up
from models.value import Value

LEAST_SUPPORT = 5
"""So many decided quotes are needed before a win rate or a distribution is told."""

BANDS = (1, 10, 50, 100, 500, 1_000, 5_000)
"""Where bands of quantity begin; the last one has no end."""


class PastOffer(Value):
    """A line that was offered before: at which discount, and what became of it.

    `won` is None while its deal is undecided; `loss_reason` is the code of its loss, if it has one.
    """

    quantity: Decimal
    discount_percent: Decimal
    won: bool | None = None
    loss_reason: str = ""


class Distribution(Value):
    """Discounts in percent: the quarter points, and the least and the most there was."""

    least: Decimal
    lower_quarter: Decimal
    median: Decimal
    upper_quarter: Decimal
    most: Decimal


class Guidance(Value):
    """What the past says about an offer. `support` counts the decided offers it rests on.

    Without enough of them `reason` says so, and there are no figures. `won_discounts` are those of
    the offers that were won, which need the same support of their own. `loss_reasons` counts those
    that were lost under a code, the commonest first.
    """

    sku: str
    segment: str = ""
    band_from: Decimal
    band_until: Decimal | None = None
    support: int
    open_offers: int = 0
    won: int = 0
    lost: int = 0
    win_rate_percent: Decimal | None = None
    discounts: Distribution | None = None
    won_discounts: Distribution | None = None
    reason: str = ""
    loss_reasons: Mapping[str, int] = {}


def band_of(quantity: Decimal) -> tuple[Decimal, Decimal | None]:
    """Return the band of a quantity, half-open; less than one counts as one."""
    starts = [start for start in BANDS if start <= quantity] or [BANDS[0]]
    later = [start for start in BANDS if start > starts[-1]]
    low = Decimal(0) if starts[-1] == BANDS[0] else Decimal(starts[-1])
    return low, Decimal(later[0]) if later else None


def guidance(
    sku: str, quantity: Decimal, offers: Sequence[PastOffer], segment: str = ""
) -> Guidance:
    """Return what past offers of a product say about one of this quantity.

    `offers` are those of the product and segment; offers of other bands are left out here.
    """
    low, high = band_of(quantity)
    similar = [each for each in offers if band_of(each.quantity) == (low, high)]
    decided = [each for each in similar if each.won is not None]
    won = [each for each in decided if each.won]
    base = Guidance(
        sku=sku,
        segment=segment,
        band_from=low,
        band_until=high,
        support=len(decided),
        open_offers=len(similar) - len(decided),
        won=len(won),
        lost=len(decided) - len(won),
        loss_reasons=_counted([each.loss_reason for each in decided if each.won is False]),
    )
    if len(decided) < LEAST_SUPPORT:
        reason = f"not enough: {len(decided)} similar offers were decided, {LEAST_SUPPORT} needed"
        return base.model_copy(update={"reason": reason})
    return base.model_copy(
        update={
            "win_rate_percent": round_half_up(Decimal(100 * len(won)) / len(decided), 1),
            "discounts": distribution([each.discount_percent for each in decided]),
            "won_discounts": distribution([each.discount_percent for each in won])
            if len(won) >= LEAST_SUPPORT
            else None,
        }
    )


def _counted(codes: Sequence[str]) -> dict[str, int]:
    counts = Counter(code for code in codes if code)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def distribution(values: Sequence[Decimal]) -> Distribution | None:
    """Return the quarter points of some values, linear between neighbours; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return Distribution(
        least=ordered[0],
        lower_quarter=_quantile(ordered, 1),
        median=_quantile(ordered, 2),
        upper_quarter=_quantile(ordered, 3),
        most=ordered[-1],
    )


def _quantile(ordered: Sequence[Decimal], quarter: int) -> Decimal:
    whole, rest = divmod((len(ordered) - 1) * quarter, 4)
    if not rest:
        return round_half_up(ordered[whole], 2)
    between = ordered[whole + 1] - ordered[whole]
    return round_half_up(ordered[whole] + between * rest / 4, 2)
