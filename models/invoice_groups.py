"""Which of the charges that are due share an invoice, and which wait for the next one."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from models.billing import DueCharge
from models.billing_terms import AgreedBilling, Split
from models.money import Money
from models.value import Value


class InvoiceGroup(Value):
    """The charges of one invoice; `purchase_order` is theirs alone, or '' for the contract's."""

    charges: tuple[DueCharge, ...]
    purchase_order: str = ""


def invoice_groups(
    due: Sequence[DueCharge], agreed: AgreedBilling, ends_on: date, as_of: date
) -> tuple[InvoiceGroup, ...]:
    """Return one group for each invoice of a day, oldest first: late work bills each for itself.

    Charges of one day are split as agreed. With a minimum, what is less is carried to the next
    billing day, at the latest to `ends_on`, the end of the term. Charges that are in no group are
    carried. A run that is late makes the groups that a run on every day would have made.
    """
    carried = _Carried(agreed)
    groups: list[InvoiceGroup] = []
    ordered = sorted(due, key=lambda item: item.billable_on)
    for day, found in groupby(ordered, key=lambda item: item.billable_on):
        if day > ends_on:
            groups += carried.taken(at_end=True)
        carried.add(found)
        groups += carried.taken(at_end=day >= ends_on)
    if as_of >= ends_on:
        groups += carried.taken(at_end=True)
    return tuple(groups)


class _Carried:
    """The charges that wait, by what keeps them apart."""

    def __init__(self, agreed: AgreedBilling) -> None:
        self._agreed = agreed
        self._waiting: dict[tuple[str, str], list[DueCharge]] = {}

    def add(self, found: Iterator[DueCharge]) -> None:
        for item in found:
            self._waiting.setdefault(self._place(item), []).append(item)

    def taken(self, *, at_end: bool) -> list[InvoiceGroup]:
        """Take out what makes an invoice: all of it at the end, else what is enough for one."""
        ready = [place for place in self._waiting if at_end or self._is_enough(place)]
        return [
            InvoiceGroup(charges=tuple(self._waiting.pop(place)), purchase_order=place[0])
            for place in ready
        ]

    def _place(self, item: DueCharge) -> tuple[str, str]:
        match self._agreed.terms.split:
            case Split.BY_PURCHASE_ORDER:
                return self._agreed.purchase_order_of(item.charge.number), ""
            case Split.BY_CHARGE:
                order = self._agreed.purchase_order_of(item.charge.number)
                return order, item.charge.line_reference
            case Split.ONE | Split.BY_ENTITY:
                return "", ""

    def _is_enough(self, place: tuple[str, str]) -> bool:
        minimum = self._agreed.terms.minimum
        if minimum is None:
            return True
        amounts = [item.charge.amount for item in self._waiting[place]]
        currency = amounts[0].currency
        return Money.total(amounts, currency) >= Money.from_decimal(minimum.amount, currency)
