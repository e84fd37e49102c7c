"""One line's way through the waterfall: from its base price to its rounded amount.

Everything here is exact up to the step that rounds; what comes off several lines together follows
in `models/spread.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from types import MappingProxyType

from models.charge_models import PRICED_BY_UNIT, charge_amount, extension_rule, plain
from models.charges import Charge, ChargeModel, ChargeType, QuantityBasis
from models.configuration import ConfiguredLine, addressed_charge
from models.deal_file import Discount, DiscountBasis
from models.derivation import Derivation, DerivationKind, TotalBasis
from models.derived_books import LineFacts, origin_of, ready_entry
from models.draft import Draft, UsageDraft, because
from models.meters import Meter
from models.money import Money, minor_units, round_together
from models.parties import PriceRounding
from models.prepaid import Prepaid
from models.price_books import Commitment, DrawDown, PriceBook, PriceBookEntry
from models.price_request import PricingRequest
from models.price_terms import ContractedPrice, ExchangeRate
from models.promotions import AmountPer, Duration, Promotion
from models.stacking import Reduction, counting, taken
from models.tiers import volume
from models.waterfall import WaterfallStep

_AVERAGE = Context(prec=28)
_PROMOTION, _PARTNER, _LINE = range(3)
"""The engine's order of reductions of one line."""

_STEP_OF = (WaterfallStep.PROMOTION, WaterfallStep.PARTNER, WaterfallStep.LINE_DISCOUNT)


def facts_of(line: ConfiguredLine, request: PricingRequest) -> LineFacts:
    """Return what the price of a line may depend on beside its charge."""
    return LineFacts(
        priced_on=request.priced_on,
        quantity=line.quantity,
        term_months=request.term_months,
        attributes=line.attributes,
    )


_Counter = tuple[str, str, int]
"""What is counted together over the quote: a charge of a product, each segment of a ramp apart."""


def _counter(line: ConfiguredLine, charge: Charge) -> _Counter:
    return (line.product.sku, charge.key, line.segment.index if line.segment else 0)


def _round_together(drafts: Sequence[Draft]) -> None:
    """Round again what is billed together, so that it comes to its rounded exact sum."""
    billed: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        if draft.usage is None:
            kind = draft.charge.cadence if draft.recurs else None
            segment = draft.line.segment.index if draft.line.segment else 0
            billed.setdefault((kind, segment), []).append(draft)
    for group in billed.values():
        currency = group[0].currency
        shares = round_together([draft.left for draft in group], currency)
        for draft, share in zip(group, shares, strict=True):
            draft.net = share
            draft.steps.pop()
            rule = f"to units of {currency}, together with what is billed with it"
            draft.note(WaterfallStep.ROUND, draft.left, draft.decimal(share), rule)


def is_derived(line: ConfiguredLine) -> bool:
    """Whether a line's price is a percentage of other lines."""
    derivation = line.derivation
    return derivation is not None and derivation.kind is DerivationKind.PERCENT_OF_TOTAL


class LinePass:
    """One pass over the lines, up to their rounded amounts; it remembers what lines share."""

    def __init__(
        self,
        lines: Sequence[ConfiguredLine],
        book: PriceBook,
        rate: ExchangeRate | None,
        request: PricingRequest,
        meters: Mapping[str, Meter] = MappingProxyType({}),
    ) -> None:
        self._lines, self._book, self._rate, self._request = lines, book, rate, request
        self._meters = meters
        self._listed_by = f"price book {book.name}, {book.currency}"
        self._rounded_by = f"half up to units of {request.currency}"
        self._offers: dict[tuple[str, str], tuple[Promotion, ...]] = {}
        self._reduced: dict[tuple[str, str], tuple[Reduction, ...]] = {}
        self._by_code = {each.code: each for each in request.promotions}
        self._told = {each.code: f"{each.code}: {each.words}" for each in request.promotions}
        self._counted: dict[_Counter, Decimal] = {}
        self._entries: dict[tuple[str, str], PriceBookEntry | None] = {}
        self.commitments: dict[str, Commitment] = {}
        self._totals = self._product_totals()

    def drafts(self) -> list[Draft]:
        """Return a draft of every charge in the order of the lines, priced in dependency order."""
        currency, known = self._request.currency, dict[int, Money]()
        bundles = {line.number: line.product.name for line in self._lines}
        drafts = [
            Draft(
                line=_measured(line, charge),
                charge=charge,
                ordered=line.quantity,
                currency=currency,
                known=known,
                bundle=bundles.get(line.number.partition(".")[0], "") if line.parent else "",
            )
            for line in self._lines
            for charge in line.product.charges
        ]
        derived = [draft for draft in drafts if draft.line.derivation and is_derived(draft.line)]
        for draft in drafts:
            if not derived or not is_derived(draft.line):
                self._base(draft)
                self._reduce(draft)
        for draft in sorted(derived, key=lambda each: _rank(each.line)):
            self._derive(draft, drafts)
            self._reduce(draft)
        if self._request.rounding is PriceRounding.ORDER:
            _round_together(drafts)
        return drafts

    def _product_totals(self) -> dict["_Counter", Decimal]:
        """Return the quantity over the quote of each charge that is counted by product."""
        totals: dict[_Counter, Decimal] = {}
        for line in self._lines:
            for charge in line.product.charges:
                if charge.quantity_basis is QuantityBasis.PRODUCT:
                    key = _counter(line, charge)
                    totals[key] = totals.get(key, Decimal(0)) + line.quantity
        return totals

    def _base(self, draft: Draft) -> None:
        """Note the price of one unit, from list to what was agreed, and extend it."""
        line, charge = draft.line, draft.charge
        entry = self._entry(draft)
        before = self._before(line, charge)
        listed = self._amount(charge.model, draft, entry, before)
        unit = _list_unit(charge.model, line.quantity, entry, listed)
        draft.note(WaterfallStep.LIST, unit, unit, self._listed_rule(line, entry))
        factor = Decimal(1)
        if self._rate is not None:
            factor = self._rate.rate
            listed, converted = listed * factor, unit * factor
            draft.note(WaterfallStep.CURRENCY, unit, converted, self._currency_rule(self._rate))
            unit = converted
        draft.list_unit, draft.listed = unit, minor_units(listed, draft.currency)
        self._measure(draft, entry, factor)
        fixed, factor, unit = self._agreed(draft, unit, factor)
        model, used = _effective(charge.model, entry, fixed)
        self._meter(draft, model, used, Decimal(1) if fixed is not None else factor)
        rule = extension_rule(model, line.quantity, used)
        extended = listed
        if fixed is not None:
            extended = self._amount(model, draft, used, before)
        elif factor != 1:
            extended = factor * self._amount(charge.model, draft, entry, before)
            rule = f"{rule}, x {plain(factor)}"
        if before is not None:
            rule = f"{rule}; units {plain(before + 1)} to {plain(before + line.quantity)} of "
            rule += f"{plain(self._totals[_counter(line, charge)])} of the quote"
        draft.unit, draft.base = unit, extended
        draft.note(WaterfallStep.QUANTITY, unit, extended, rule)

    def _meter(
        self, draft: Draft, model: ChargeModel, used: PriceBookEntry, factor: Decimal
    ) -> None:
        """Keep what usage is rated by, or met from, for its periods are priced when they end."""
        if used.unit is not None and model is ChargeModel.SPEND_COMMITMENT:
            draft.prepaid = self._prepaid(draft, used.unit, used.draw_down)
        if draft.is_metered:
            meter = self._meters[draft.charge.meter]
            draft.usage = UsageDraft(meter, model, used, factor, self._committed(used))

    def _prepaid(self, draft: Draft, unit: Decimal, terms: DrawDown) -> Prepaid:
        rate = self._rate.rate if self._rate else Decimal(1)
        credit = unit if terms.credit is None else terms.credit * rate
        return Prepaid(
            credit=draft.line.quantity * credit,
            priority=terms.priority,
            overage_percent=terms.overage_percent,
        )

    def _entry(self, draft: Draft) -> PriceBookEntry:
        """Return the price as the line is priced by it; one that needs nothing done is as it is."""
        line = draft.line
        found = self._looked_up(line, draft.charge)
        if found is None:
            name = f"{line.product.sku}/{draft.charge.key}"
            raise LookupError(f"{name} has no price in {self._book.name}")
        if found.price_unit or found.formula or self._book.rules:
            found = ready_entry(self._book, found, facts_of(line, self._request))
        committed = self._committed(found) if draft.recurs else None
        if committed is not None:
            self.commitments[draft.reference] = committed
        return found

    def _committed(self, entry: PriceBookEntry) -> Commitment | None:
        """Return what a price commits to, in the currency of the deal."""
        if entry.commitment is None:
            return None
        amount = entry.commitment.amount * (self._rate.rate if self._rate else Decimal(1))
        return entry.commitment.model_copy(update={"amount": amount})

    def _looked_up(self, line: ConfiguredLine, charge: Charge) -> PriceBookEntry | None:
        """Return the price of a charge; without attributes to look at, each is looked up once."""
        key = (line.product.sku, charge.key)
        if line.attributes:
            return self._book.entry(*key, line.attributes)
        if key not in self._entries:
            self._entries[key] = self._book.entry(*key)
        return self._entries[key]

    def _before(self, line: ConfiguredLine, charge: Charge) -> Decimal | None:
        """Return how many units of the product earlier lines have; None where lines stand alone."""
        if charge.quantity_basis is not QuantityBasis.PRODUCT:
            return None
        key = _counter(line, charge)
        before = self._counted.get(key, Decimal(0))
        self._counted[key] = before + line.quantity
        return before

    def _amount(
        self, model: ChargeModel, draft: Draft, entry: PriceBookEntry, before: Decimal | None
    ) -> Decimal:
        """Return what the line's units cost; counted by product, they follow those before them."""
        quantity = draft.line.quantity
        if before is None:
            return charge_amount(model, quantity, entry)
        if model is ChargeModel.VOLUME:
            total = self._totals[_counter(draft.line, draft.charge)]
            until = volume(total, entry.tiers, before + quantity)
            return until - (volume(total, entry.tiers, before) if before else 0)
        until = charge_amount(model, before + quantity, entry)
        return until - (charge_amount(model, before, entry) if before else 0)

    def _listed_rule(self, line: ConfiguredLine, entry: PriceBookEntry) -> str:
        origin = origin_of(entry)
        rule = f"{self._listed_by}: {origin}" if origin else self._listed_by
        if not line.attributes:
            return rule
        return f"{rule}, {', '.join(f'{key} {value}' for key, value in line.attributes.items())}"

    def _currency_rule(self, rate: ExchangeRate) -> str:
        pair = f"{rate.to_currency} for 1 {rate.from_currency}"
        return f"{plain(rate.rate)} {pair}, rate of {rate.valid_from}"

    def _measure(self, draft: Draft, entry: PriceBookEntry, factor: Decimal) -> None:
        """Note what the line is measured against: standalone price, cost, floor and ceiling."""
        units, currency = draft.count * factor, draft.currency
        draft.ssp = draft.listed if entry.ssp is None else minor_units(entry.ssp * units, currency)
        if entry.cost is not None:
            draft.cost = minor_units(entry.cost * units, currency)
        if entry.floor is not None:
            draft.floor = minor_units(entry.floor * units, currency)
        if entry.ceiling is not None:
            draft.ceiling = minor_units(entry.ceiling * units, currency)

    def _agreed(
        self, draft: Draft, unit: Decimal, factor: Decimal
    ) -> tuple[Decimal | None, Decimal, Decimal]:
        """Note contracted and agreed price; return the fixed price if any, factor, and unit."""
        line, charge = draft.line, draft.charge
        fixed: Decimal | None = None
        contract = self._contracted(line, charge)
        if contract is not None:
            if contract.percent is not None:
                factor *= (100 - contract.percent) / 100
                after = unit * (100 - contract.percent) / 100
                told = f"{plain(contract.percent)} % off list"
            else:
                fixed = after = contract.price or Decimal(0)
                told = plain(after)
            since = f"contracted {told} since {contract.valid_from}"
            rule = f"{since}, {contract.agreement}" if contract.agreement else since
            draft.note(WaterfallStep.CONTRACTED, unit, after, rule)
            unit = after
        agreed = line.unit_price
        if agreed is None or charge is not addressed_charge(line.product):
            draft.note(WaterfallStep.AGREED, unit, unit, "no agreed price")
            return fixed, factor, unit
        draft.note(WaterfallStep.AGREED, unit, agreed, f"agreed price {plain(agreed)}")
        return agreed, Decimal(1), agreed

    def _contracted(self, line: ConfiguredLine, charge: Charge) -> ContractedPrice | None:
        """Return the customer's own price of a charge: one that names it before one that does not.

        Of a price and a percentage, the price counts.
        """
        terms = self._request.terms
        if terms is None or line.price_is_final:
            return None
        own = [
            price
            for price in terms.prices
            if price.sku == line.product.sku
            and price.is_in_force_on(self._request.priced_on)
            and self._is_for(price, line, charge)
        ]
        return max(
            own, key=lambda price: (bool(price.charge), price.price is not None), default=None
        )

    def _is_for(self, price: ContractedPrice, line: ConfiguredLine, charge: Charge) -> bool:
        if price.price is not None and price.currency != self._request.currency:
            return False
        if price.charge:
            return price.charge == charge.key
        return price.percent is not None or charge is addressed_charge(line.product)

    def _derive(self, draft: Draft, drafts: Sequence[Draft]) -> None:
        """Price a line as a percentage of others, which all have their amounts already."""
        derivation = draft.line.derivation or Derivation(kind=DerivationKind.ADDED)
        wanted = set(derivation.of) - {draft.line.key}
        counted = [
            each
            for each in drafts
            if each.line.key in wanted and each.charge.type is draft.charge.type
        ]
        total = sum((_per_period(each, draft, derivation.basis) for each in counted), Decimal(0))
        amount = total * derivation.percent / 100
        of = f"{plain(derivation.percent)} % of the {derivation.basis} amounts, {plain(total)}"
        draft.note(WaterfallStep.LIST, amount, amount, f"{of} in all")
        draft.list_unit, draft.listed = amount, minor_units(amount, draft.currency)
        draft.ssp = draft.listed
        fixed, _, unit = self._agreed(draft, amount, Decimal(1))
        draft.unit = draft.base = unit if fixed is not None else amount
        draft.note(WaterfallStep.QUANTITY, unit, draft.base, "once for the lines it is taken of")

    def _reduce(self, draft: Draft) -> None:
        """Take off the line what comes off it alone, and round what is left."""
        discount = draft.line.discount
        draft.offered = self._offered(draft)
        left = draft.base
        reductions = self._reductions(draft)
        own = _line_reduction(draft)
        if own is not None:
            reductions = (*reductions, own)
        rule = "no line discount"
        for one, before, after in taken(self._permanent(draft, reductions), draft.base):
            left = after
            if one is own:
                rule = _discount_rule(one, discount)
            else:
                if one.source == _PROMOTION:
                    draft.codes.append(one.name)
                draft.note(_STEP_OF[one.source], before, after, self._words(one))
        if own is not None and rule == "no line discount":
            rule = _discount_rule(own, discount) if own in draft.limited else "does not combine"
        before = draft.steps[-1].output
        draft.note(WaterfallStep.LINE_DISCOUNT, before, left, rule)
        if own is not None and own in draft.limited:
            draft.limited.remove(own)
            draft.once = minor_units(own.amount or Decimal(0), draft.currency)
        if draft.usage is not None:
            steps = [*taken(counting(reductions, Decimal(1)), Decimal(1))]
            draft.usage.factor *= steps[-1][2] if steps else Decimal(1)
        draft.left, draft.net = left, minor_units(left, draft.currency)
        draft.note(WaterfallStep.ROUND, left, draft.decimal(draft.net), self._rounded_by)

    def _permanent(self, draft: Draft, reductions: Sequence[Reduction]) -> Iterator[Reduction]:
        """Yield the reductions of every period; note those of some billings only."""
        for one in counting(reductions, draft.base):
            if one.source == _PROMOTION and self._by_code[one.name].is_limited(draft.charge):
                draft.limited.append(one)
                draft.codes.append(one.name)
                unit = draft.steps[-1].output
                draft.note(WaterfallStep.PROMOTION, unit, unit, self._words(one))
            elif one.source == _LINE and _is_once(draft.line.discount):
                draft.limited.append(one)
            else:
                yield one

    def _offered(self, draft: Draft) -> tuple[Promotion, ...]:
        """Return the promotions that are for a charge, worked out once for each charge."""
        if draft.line.price_is_final or not self._request.promotions:
            return ()
        key = (draft.line.product.sku, draft.charge.key)
        if key not in self._offers:
            self._offers[key] = tuple(
                each
                for each in self._request.promotions
                if each.targets.include(draft.line.product, draft.charge)
                and (each.free_months is None or draft.recurs)
                and (not draft.is_metered or _is_for_usage(each))
            )
        return self._offers[key]

    def _reductions(self, draft: Draft) -> tuple[Reduction, ...]:
        """Return what promotions and the partner take off a charge, in the engine's order."""
        if draft.line.price_is_final:
            return ()
        key = (draft.line.product.sku, draft.charge.key)
        found = self._reduced.get(key)
        if found is None:
            found = self._reduced[key] = (*self._promoted(draft), *self._partner(draft))
        if any(each.per is AmountPer.UNIT for each in draft.offered):
            return (*self._promoted(draft), *self._partner(draft))
        return found

    def _promoted(self, draft: Draft) -> Iterator[Reduction]:
        periods = -(-self._request.term_months // draft.months) if draft.months else 1
        for each in draft.offered:
            if each.per is not AmountPer.QUOTE:
                yield _offer(each, draft, periods)

    def _partner(self, draft: Draft) -> Iterator[Reduction]:
        partner = self._request.partner
        if partner is not None and (not partner.skus or draft.line.product.sku in partner.skus):
            yield Reduction(
                source=_PARTNER,
                name=self._request.partner_name,
                percent=partner.percent,
                stacking=partner.stacking,
                priority=partner.priority,
            )

    def _words(self, one: Reduction) -> str:
        if one.source == _PARTNER:
            return f"partner {one.name}: {plain(one.percent or Decimal(0))} % off"
        return self._told[one.name]


def _measured(line: ConfiguredLine, charge: Charge) -> ConfiguredLine:
    """Return the line with the quantity that a usage charge is expected to measure."""
    if charge.type is not ChargeType.USAGE:
        return line
    expected = line.expected_usage.get(charge.key, Decimal(0))
    return line.model_copy(update={"quantity": expected})


def _is_for_usage(promotion: Promotion) -> bool:
    """Whether a promotion is a lasting percentage, the only kind that fits what is not known."""
    return promotion.percent is not None and promotion.duration is Duration.FOREVER


def _rank(line: ConfiguredLine) -> int:
    return line.derivation.rank if line.derivation else 0


def _per_period(each: Draft, of: Draft, basis: TotalBasis) -> Decimal:
    """Return what a line comes to in one billing period of another."""
    amount = each.decimal(each.listed if basis is TotalBasis.LIST else each.net)
    if not each.months or each.months == of.months:
        return amount
    ratio = of.months / each.months
    return _AVERAGE.divide(amount * ratio.numerator, Decimal(ratio.denominator))


def _offer(promotion: Promotion, draft: Draft, periods: int) -> Reduction:
    """Return what a promotion takes off a line; it reaches as far as its periods."""
    amount = promotion.amount
    if amount is not None and promotion.per is AmountPer.UNIT:
        amount *= draft.count
    reach = Decimal(1)
    if promotion.is_limited(draft.charge):
        months = draft.months or Fraction(1)
        free = promotion.free_months
        reached = Fraction(promotion.periods or 1) if free is None else free / months
        part = min(reached / max(periods, 1), Fraction(1))
        reach = _AVERAGE.divide(Decimal(part.numerator), Decimal(part.denominator))
    return Reduction(
        source=_PROMOTION,
        name=promotion.code,
        percent=Decimal(100) if promotion.free_months is not None else promotion.percent,
        amount=amount,
        stacking=promotion.stacking,
        priority=promotion.priority,
        reach=reach,
    )


def _line_reduction(draft: Draft) -> Reduction | None:
    """Return what the seller takes off the line; an amount is meant for one charge only."""
    discount = draft.line.discount
    if discount is None or (discount.percent is None and discount.amount is None):
        return None
    addressed = addressed_charge(draft.line.product)
    if discount.percent is None and (draft.charge is not addressed or draft.is_metered):
        return None
    return Reduction(
        source=_LINE,
        name="",
        percent=discount.percent,
        amount=None if discount.percent is not None else discount.amount,
        stacking=discount.stacking,
        priority=discount.priority,
    )


def _is_once(discount: Discount | None) -> bool:
    """Whether a discount comes off the first billing only, as an amount once does."""
    return (
        discount is not None and discount.percent is None and discount.basis is DiscountBasis.ONCE
    )


def _discount_rule(one: Reduction, discount: Discount | None) -> str:
    if discount is None:
        return "no line discount"
    if one.percent is not None:
        return because(f"{plain(one.percent)} % off", discount)
    what = "off the first billing only" if _is_once(discount) else "off"
    return because(f"{plain(one.amount or Decimal(0))} {what}", discount)


def _list_unit(
    model: ChargeModel, quantity: Decimal, entry: PriceBookEntry, listed: Decimal
) -> Decimal:
    if entry.unit is not None and model in PRICED_BY_UNIT:
        return entry.unit
    if quantity == 0:
        return entry.tiers[0].unit if entry.tiers else Decimal(0)
    return _AVERAGE.divide(listed, quantity)


def _effective(
    model: ChargeModel, entry: PriceBookEntry, agreed: Decimal | None
) -> tuple[ChargeModel, PriceBookEntry]:
    """Return how the line is extended: an agreed price takes the place of the unit or the table."""
    if agreed is None:
        return model, entry
    used = entry.model_copy(update={"unit": agreed, "tiers": ()})
    return (model if model in PRICED_BY_UNIT else ChargeModel.PER_UNIT), used
