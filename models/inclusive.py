"""Prices with tax in them: a quote at gross prices as its contract is billed and earned, net.

The customer agreed on gross amounts, so those stay to the cent. What is ours is what is left when
the tax of the day of supply is taken off, charge by charge.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from models.billing import DueCharge
from models.errors import ParkedError
from models.money import Money
from models.parties import Customer, Entity
from models.plan import PlannedCharge
from models.quoting import Quote
from models.tax import TaxRule, find_rule
from models.taxing import Supply, TaxInquiry, net_of, tax_key
from models.waterfall import PricedLine

RuleOf = Callable[[PricedLine, date], TaxRule]
"""Tells which rule taxes a line that is supplied on a day."""


def rules_between(seller: Entity, buyer: Customer, rules: Sequence[TaxRule]) -> RuleOf:
    """Return the rules as they apply between two parties.

    What it returns raises `ParkedError` with the question where none applies, or where the rule is
    made of several taxes, which cannot be taken off a price one by one.
    """

    def rule_of(line: PricedLine, day: date) -> TaxRule:
        supply = Supply(
            reference=line.reference,
            description=line.name,
            category=line.tax_category,
            net=line.net,
            quantity=Decimal(1),
            supplied_on=day,
        )
        inquiry = TaxInquiry.between(seller, buyer, (supply,), line.net.currency)
        rule = find_rule(rules, tax_key(inquiry, supply))
        if rule.levies:
            raise ParkedError(
                f"{line.name} is priced with tax in it, and {rule.name} is made of several taxes. "
                "What is its price before tax?"
            )
        return rule

    return rule_of


def without_tax(quote: Quote, rule_of: RuleOf) -> Quote:
    """Return a quote at prices with tax in them as its contract keeps it.

    Amounts of the plan, their discounts, the total and standalone prices are net; each charge keeps
    its gross amount. A quote at net prices is returned as it is. Raises `ParkedError` as `rule_of`.
    """
    if not quote.prices_include_tax:
        return quote
    lines = {line.reference: line for line in quote.lines}
    plan = tuple(
        _net_charge(charge, rule_of(lines[charge.line_reference], _supplied_on(quote, charge)))
        for charge in quote.plan
    )
    return quote.model_copy(
        update={
            "plan": plan,
            "total": Money.total((charge.amount for charge in plan), quote.currency),
            "lines": tuple(
                line.model_copy(update={"ssp": net_of(line.ssp, rule_of(line, quote.starts_on))})
                for line in quote.lines
            ),
        }
    )


def _supplied_on(quote: Quote, charge: PlannedCharge) -> date:
    """Return the day of supply; what is billed on delivery counts as delivered on the first day."""
    due = DueCharge(charge=charge, billable_on=charge.bill_on or quote.starts_on)
    return due.supplied_on


def _net_charge(charge: PlannedCharge, rule: TaxRule) -> PlannedCharge:
    net = net_of(charge.amount, rule)
    off = net_of(charge.amount + charge.discount, rule) - net
    changes = {"amount": net, "discount": off, "gross": charge.amount}
    return charge.model_copy(update=changes)
