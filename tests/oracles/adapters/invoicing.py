"""Kinds of whole invoices: runs through time, coupons, credits, consumption and gifts."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from models.charges import Timing
from models.consumption import consumption_invoice
from models.credit_amounts import (
    BilledAmount,
    credit_amounts,
    creditable,
    exact_shares,
    refundable,
)
from models.invoice_runs import PriceChange, RunItem, credit_movement, run
from models.money import Money
from models.periods import Interval, Step, add_months
from models.promotions import Gift
from models.stacking import Reduction, off_total
from tests.oracles.adapters.contract import Adapter, Answer, Inputs, NotOfferedError, chosen
from tests.oracles.comparison import OpenEnded

_EUR = "EUR"
_STEPS = {
    "daily": Step(days=1),
    "weekly": Step(days=7),
    "biweekly": Step(days=14),
    "thirty_days": Step(days=30),
    "monthly": Step(months=1),
    "quarterly": Step(months=3),
    "half_yearly": Step(months=6),
    "biannual": Step(months=6),
    "annual": Step(months=12),
    "yearly": Step(months=12),
}
_TIMINGS = {"in_advance": Timing.IN_ADVANCE, "in_arrears": Timing.IN_ARREARS}
_SHOWN = timedelta(days=731)
_OPEN_END = "no further invoice, subscription closed"


def subscription_invoices(inputs: Inputs) -> Answer:
    """Answer `subscription_invoices`: the items of one run, of several, or of a told scenario."""
    timing = chosen(_TIMINGS, inputs.get("mode", "in_advance"), "mode")
    if "steps" in inputs:
        return _told(inputs, timing)
    plans = [_changes(events) for events in inputs["subscriptions"].values()]
    record = [
        [_item(*each) for key in _ON_RECORD for each in inputs.get(key, ())],
        *([] for _ in plans[1:]),
    ]
    runs = []
    for target in inputs.get("targets") or [inputs["target"]]:
        runs.append(_run(plans, timing, date.fromisoformat(target), record))
    again = _run(plans, timing, date.fromisoformat(target), record)
    second = again if len(runs) == 1 else runs[1]
    return {
        "items": [_shown(item) for item in runs[0]],
        "item_count": len(runs[0]),
        "item_counts": [len(items) for items in runs],
        "total": _sum(runs[0]).decimal,
        "totals": [_sum(items).decimal for items in runs],
        "second_run": [_shown(item) for item in second] or None,
    }


_ON_RECORD = ("already_invoiced", "already_credited")


def _run(
    plans: Sequence[Sequence[PriceChange]],
    timing: Timing,
    as_of: date,
    record: Sequence[list[RunItem]],
) -> list[RunItem]:
    made = [
        run(plan, timing, as_of, tuple(known)) for plan, known in zip(plans, record, strict=True)
    ]
    for known, items in zip(record, made, strict=True):
        known.extend(items)
    return [item for items in made for item in items]


def _changes(events: Sequence[Mapping[str, Any]]) -> list[PriceChange]:
    return [
        PriceChange(
            on=date.fromisoformat(event["date"]),
            price=_eur(event["price"]) if event.get("price") is not None else None,
            step=chosen(_STEPS, event.get("period", "monthly"), "period"),
            billing_day=event.get("bill_cycle_day"),
            fixed=_eur(event["fixed"]) if event.get("fixed") is not None else None,
        )
        for event in events
    ]


class _Story(NamedTuple):
    """What the steps of a scenario come to: prices through time, facts, and days of runs."""

    billing_day: int | None
    changes: list[PriceChange]
    record: list[RunItem]
    days: list[date]


def _told(inputs: Inputs, timing: Timing) -> Answer:
    story = _Story(inputs.get("bill_cycle_day"), [], [], [])
    for step in inputs["steps"]:
        on = date.fromisoformat(step["date"])
        _tell(story, on, step["event"])
    credit, runs, moved = _eur("0"), [], []
    days = sorted(dict.fromkeys(story.days))
    days.append(days[-1] + _SHOWN)  # No more changes: one late run bills what many would.
    for day in days:
        known = [change for change in story.changes if change.on <= day]
        made = run(known, timing, day, story.record)
        story.record.extend(made)
        movement = credit_movement(made, credit)
        credit += movement
        if made:
            runs.append(made)
            moved.append(movement)
    items = [item for made in runs for item in made]
    return {
        "items": OpenEnded(_shown(item) for item in items),
        "invoices": OpenEnded(
            {"items": [_shown(item) for item in made], "credit": movement.decimal}
            for made, movement in zip(runs, moved, strict=True)
        ),
        "credit_generated": moved[0].decimal if moved else Decimal(0),
    }


def _tell(story: _Story, on: date, event: str) -> None:
    for pattern, tell in _SENTENCES:
        match = re.fullmatch(pattern, event.strip())
        if match:
            tell(story, on, match.groupdict())
            return
    raise NotOfferedError(f"a step told in other words: {event}")


_Said: TypeAlias = Mapping[str, str | None]


def _price_from(story: _Story, on: date, said: _Said) -> None:
    price, period = said.get("price"), said.get("period") or said.get("before")
    kept = [change for change in story.changes if change.on < on]
    before = [change.step for change in kept if change.price is not None]
    story.changes[:] = [
        *kept,
        PriceChange(
            on=on,
            price=_eur(price) if price else None,
            step=_STEPS[period] if period else (before or [_STEPS["monthly"]])[-1],
            billing_day=story.billing_day,
        ),
    ]
    story.days.append(on)


def _trial(story: _Story, on: date, said: _Said) -> None:
    _price_from(story, on + timedelta(days=int(said["days"] or 0)), said)


def _trial_goes_on(story: _Story, _on: date, said: _Said) -> None:
    _price_from(story, story.changes[-1].on, said)


def _cancel(story: _Story, on: date, _said: _Said) -> None:
    _price_from(story, on, {})


def _invoice(story: _Story, on: date, said: _Said) -> None:
    period = said["period"] or "monthly"
    _price_from(story, on, {**said, "period": period})
    story.days.pop()
    amount = _eur(said["price"] or "0")
    story.record.append(RunItem(start=on, end=_STEPS[period].shift(on, 1), amount=amount))


def _adjust(story: _Story, on: date, said: _Said) -> None:
    story.record.append(RunItem(start=on, end=None, amount=_eur(said["amount"] or "0")))


def _happens(story: _Story, on: date, _said: _Said) -> None:
    story.days.append(on)


_PERIOD = "|".join(_STEPS)
_CHANGE = (
    rf"change (at once )?to (a plan of )?((?P<before>{_PERIOD}) )?(?P<price>[\d.]+)"
    rf"( (?P<period>{_PERIOD}))?( at the end of the paid period)?"
)
_TRIAL_GOES_ON = (
    rf"change plan at once: price (?P<price>[\d.]+)( (?P<period>{_PERIOD}))?, "
    r"the trial continues"
)
_SENTENCES: tuple[tuple[str, Callable[[_Story, date, _Said], None]], ...] = (
    (
        rf"start with an? (?P<days>\d+) day trial(, then (?P<price>[\d.]+) (?P<period>{_PERIOD}))?",
        _trial,
    ),
    (
        _TRIAL_GOES_ON,
        _trial_goes_on,
    ),
    (
        _CHANGE,
        _price_from,
    ),
    (rf"invoice ((?P<period>{_PERIOD}) )?(?P<price>[\d.]+)( for \w+)?(, paid)?", _invoice),
    (r"item adjustment of (?P<amount>-[\d.]+)( \(credit\))?", _adjust),
    (r"cancel at once", _cancel),
    (r"trial ends|renewal", _happens),
)
"""The sentences a scenario is told in."""


def coupon_discount(inputs: Inputs) -> Answer:
    """Answer `coupon_discount`: what coupons take off a subtotal."""
    reductions = [
        Reduction(
            source=index,
            name=str(index),
            percent=Decimal(coupon["percent"]) if "percent" in coupon else None,
            amount=_minor(coupon["fixed_minor"]).decimal if "fixed_minor" in coupon else None,
        )
        for index, coupon in enumerate(inputs["coupons"])
    ]
    return {"discount_minor": off_total(reductions, _minor(inputs["subtotal_minor"])).minor}


def discount_distribution(inputs: Inputs) -> Answer:
    """Answer `discount_distribution`: a discount shared over lines."""
    lines = [_minor(line) for line in inputs["lines_minor"]]
    shares = _minor(inputs["discount_minor"]).allocate([line.minor for line in lines])
    taxable = [line - share for line, share in zip(lines, shares, strict=True)]
    return {"taxable_minor": [each.minor for each in taxable]}


def credit_note(inputs: Inputs) -> Answer:
    """Answer `credit_note`: what parts of billed fees were worth, and how much may go back."""
    fees = {fee.get("id", str(index)): fee for index, fee in enumerate(inputs["fees"])}
    nets = [_minor(fee["net_minor"]) for fee in fees.values()]
    coupons = _minor(inputs.get("coupons_minor", 0))
    shares = coupons.allocate([net.minor for net in nets])
    billed = {
        name: BilledAmount(
            listed=net,
            off=_minor(fee.get("coupon_minor", 0)) + share,
            tax_percent=tuple(Decimal(each) for each in fee["tax_percent"]),
        )
        for (name, fee), net, share in zip(fees.items(), nets, shares, strict=True)
    }
    whole = credit_amounts([(one, one.listed) for one in billed.values()])
    asked = inputs.get("credit") or {name: one.listed.minor for name, one in billed.items()}
    credit = credit_amounts([(billed[name], _minor(part)) for name, part in asked.items()])
    gone = sum(each.get("total_minor", 0) for each in inputs.get("already_credited", ()))
    most = creditable(whole.total, _minor(gone), credit.total)
    return {
        "net_minor": credit.net.minor,
        "tax_minor": credit.tax.minor,
        "total_minor": credit.total.minor,
        "coupons_adjustment_minor": credit.off.minor,
        "max_creditable_minor": most.minor,
        "max_refundable_minor": refundable(_minor(inputs.get("paid_minor", 0)), most).minor,
        "fees_minor": _total(nets).minor,
        "coupon_share_minor": exact_shares(coupons, nets),
    }


def consumption(inputs: Inputs) -> Answer:
    """Answer `consumption_invoice`: daily consumption, billed on the first of a month."""
    if inputs["consumption"] != "daily":
        raise NotOfferedError(f"consumption not offered: {inputs['consumption']}")
    start = date.fromisoformat(inputs["start"])
    told = re.fullmatch(r"monthly, first on (\d{4}-\d\d-\d\d)", inputs["invoice"])
    if told is None:
        raise NotOfferedError(f"invoices not offered: {inputs['invoice']}")
    first = date.fromisoformat(told[1])
    last = first - timedelta(days=1)
    per_day, price = Decimal(inputs["quantity_per_day"]), _eur(inputs["unit_price"])
    open_ended = Interval(start=start, end=add_months(first, 1200))
    made = consumption_invoice(open_ended, first, start, per_day, price)
    ended = consumption_invoice(Interval(start=start, end=first), first, start, per_day, price)
    return {
        f"consumption_lines_by_{last}": made.days,
        f"invoice_{first}": {
            "quantity": made.quantity,
            "unit_price": price.decimal,
            "amount": made.amount.decimal,
        },
        "next_invoice": made.next_on,
        f"after_line_end_{last}": ended.next_on or _OPEN_END,
    }


def promotion(inputs: Inputs) -> Answer:
    """Answer `promotion`: a product that is free from an order total on."""
    told = re.fullmatch(
        r"product (\w+) is free when the order total reaches ([\d.]+)", inputs["rule"]
    )
    if told is None:
        raise NotOfferedError(f"a rule told in other words: {inputs['rule']}")
    price = _eur(inputs["unit_price"])
    amounts: dict[str, Money] = {}
    for line in inputs["lines"]:
        product = str(line["product"])
        amount = price.times(Decimal(line["quantity"]))
        amounts[product] = amounts.get(product, _eur("0")) + amount
    gift = Gift(product=told[1], threshold=_eur(told[2]))
    before = _total(list(amounts.values()))
    return {"before": before.decimal, "after": gift.total(amounts).decimal}


def _item(start: str, end: str | None, amount: str) -> RunItem:
    until = date.fromisoformat(end) if end else None
    return RunItem(start=date.fromisoformat(start), end=until, amount=_eur(amount))


def _shown(item: RunItem) -> list[object]:
    return [item.start, item.end, item.amount.decimal]


def _sum(items: Sequence[RunItem]) -> Money:
    return _total([item.amount for item in items])


def _total(amounts: Sequence[Money]) -> Money:
    return Money.total(amounts, _EUR)


def _eur(amount: str) -> Money:
    return Money.from_decimal(Decimal(amount), _EUR)


def _minor(units: int) -> Money:
    return Money(minor=units, currency=_EUR)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "consumption_invoice": consumption,
        "coupon_discount": coupon_discount,
        "credit_note": credit_note,
        "discount_distribution": discount_distribution,
        "promotion": promotion,
        "subscription_invoices": subscription_invoices,
    }
)
"""The kinds answered here."""
