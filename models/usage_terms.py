"""What a quote agrees about usage: the meter, its price to the last tier, and an estimate.

It is part of the priced line and so of what the customer signs: a price that changes later in the
catalogue changes nothing for who has bought.
"""

from decimal import Decimal

from models.charge_models import charge_amount, extension_rule, plain
from models.charges import Cadence, ChargeModel
from models.meters import Meter
from models.money import Money
from models.price_books import Commitment, PriceBookEntry
from models.value import Value


class UsageTerms(Value):
    """How a usage charge is measured and rated, period by period.

    An amount is what `entry` makes of the quantity by `model`, times `factor`: the exchange rate of
    the quote and every percentage that comes off. `committed` is the least for a period, or for the
    term. `estimated` units come to `estimate` in a full period; it is no part of any total.
    """

    meter: Meter
    cadence: Cadence
    model: ChargeModel
    entry: PriceBookEntry
    factor: Decimal = Decimal(1)
    committed: Commitment | None = None
    estimated: Decimal = Decimal(0)
    estimate: Money

    @property
    def words(self) -> str:
        """The price in one line, at the estimated quantity or else for one unit."""
        quantity = self.estimated or Decimal(1)
        rule = extension_rule(self.model, quantity, self.entry)
        off = "" if self.factor == 1 else f", x {plain(self.factor)}"
        return f"{rule}{off}"

    @property
    def by_transaction(self) -> bool:
        """Whether each event is priced for itself."""
        return self.model is ChargeModel.PERCENTAGE

    def exact(self, quantity: Decimal) -> Decimal:
        """Return what a quantity costs in a period, not rounded."""
        return charge_amount(self.model, quantity, self.entry) * self.factor
