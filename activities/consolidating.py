"""Consolidate: one invoice over what several deals of a customer bill on the agreed day.

It is decided in one step under the customer's lock, by whichever deal comes first; the others find
their charges billed.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, select

from activities.accounts import scope_of
from activities.issuing import issue, request_for, require_sound, together
from activities.numbering import lock
from activities.open_terms import OpenTerm, open_terms
from activities.payers import deals_together
from activities.register import customer_of
from activities.tax_desk import TaxDesk
from models.billing import DueCharge, InvoiceRequest, draft_invoice
from models.billing_terms import Split
from models.consolidation import consolidation_on, open_consolidation_on
from models.errors import ParkedError
from models.parties import Customer
from models.steps import Converge
from models.tables import DealRow, InvoiceRow

_Place = tuple[int, str]
"""What an invoice has one of: days to pay, and what keeps deals apart beside them.

That is the order number where a deal splits by it, the place of supply, and whether tax is in the
prices.
"""


def is_consolidated(term: OpenTerm, payer: Customer) -> bool:
    """Whether what a term bills waits for the customer's day; a deal split by charge does not."""
    return payer.consolidate_invoices is not None and term.quote.billing.terms.split is not (
        Split.BY_CHARGE
    )


def next_consolidation(term: OpenTerm, session: Session, payer: Customer, on: date) -> date | None:
    """Return the next consolidation day on which a term has something to bill."""
    waiting, coming = term.left(session, on)
    day = payer.consolidate_invoices or 1
    days = [on + timedelta(days=1)] if waiting else []
    days += [coming] if coming is not None else []
    return min((consolidation_on(day, each) for each in days), default=None)


class Consolidation:
    """Makes the invoices of one payer in which one deal takes part."""

    def __init__(
        self, session: Session, deal: DealRow, payer: Customer, step: Converge, desk: TaxDesk
    ) -> None:
        self._session, self._deal, self._payer, self._step = session, deal, payer, step
        self._desk = desk
        self._scope = scope_of(deal)
        self._closed: dict[_Place, frozenset[date]] = {}

    def run(self, own: Sequence[OpenTerm]) -> tuple[list[str], str]:
        """Issue what is due; return the other deals on the invoices, and what parks this one."""
        days = {day for term in own for item in term.due if (day := self._day(term, item))}
        touched: list[str] = []
        if not days:
            return touched, ""
        members = self._members(own)
        for (day, place), requests in sorted(members.items()):
            mine = [each for each in requests if each.deal == self._deal.number]
            if not mine:
                continue
            try:
                self._require_sound(mine)
            except ParkedError as error:
                return touched, str(error)
            others = [each for each in requests if each not in mine and self._is_sound(each)]
            request = together([*mine, *others])
            if issue(self._session, request, self._scope, self._desk, self._key(place, day)):
                touched += [each.deal for each in others]
        return list(dict.fromkeys(touched)), ""

    def _members(self, own: Sequence[OpenTerm]) -> dict[tuple[date, _Place], list[InvoiceRequest]]:
        """Return what goes on each invoice, one request for each term, this deal's first."""
        terms = [*own]
        for number in deals_together(self._session, self._deal, self._payer.number):
            if number != self._deal.number:
                lock(self._session, f"deal:{number}")
                terms += open_terms(self._session, number, self._step.on)
        found: dict[tuple[date, _Place], list[InvoiceRequest]] = {}
        for term in terms:
            parts: dict[tuple[date, _Place], list[DueCharge]] = {}
            for item in term.due:
                if day := self._day(term, item):
                    parts.setdefault((day, self._place(term, item)), []).append(item)
            for key, charges in parts.items():
                order = self._order(term, charges[0])
                request = request_for(self._session, term, charges, order, self._step)
                found.setdefault(key, []).append(request)
        return found

    def _day(self, term: OpenTerm, item: DueCharge) -> date | None:
        """Return the consolidation day a charge is billed on, or None if it has not come."""
        if not is_consolidated(term, self._payer):
            return None
        closed = self._closed_days(self._place(term, item))
        chosen = self._payer.consolidate_invoices or 1
        day = open_consolidation_on(chosen, item.billable_on, closed)
        return day if day <= self._step.on else None

    def _place(self, term: OpenTerm, item: DueCharge) -> _Place:
        served = customer_of(self._session, term.contract.customer).place_of_supply
        kind = "gross" if term.quote.prices_include_tax else "net"
        parts = (self._order(term, item), served.country, served.region, kind)
        return term.contract.payment_terms_days, ":".join(parts)

    def _order(self, term: OpenTerm, item: DueCharge) -> str:
        """Return the order number that wants an invoice of its own, or ''."""
        billing = term.quote.billing
        if billing.terms.split is not Split.BY_PURCHASE_ORDER:
            return ""
        return billing.purchase_order_of(item.charge.number) or term.contract.purchase_order

    def _closed_days(self, place: _Place) -> frozenset[date]:
        """Return the consolidation days whose invoice went out already."""
        if place not in self._closed:
            prefix = self._prefix(place)
            statement = select(InvoiceRow.key).where(
                col(InvoiceRow.key).startswith(prefix, autoescape=True)
            )
            days = (
                key.removeprefix(prefix).partition("#")[0] for key in self._session.exec(statement)
            )
            self._closed[place] = frozenset(map(date.fromisoformat, days))
        return self._closed[place]

    def _prefix(self, place: _Place) -> str:
        parts = (self._payer.number, self._deal.entity, self._deal.currency, self._scope)
        return f"consolidated:{':'.join(parts)}:{place[0]}:{place[1]}:"

    def _key(self, place: _Place, day: date) -> str:
        return f"{self._prefix(place)}{day}"

    def _require_sound(self, requests: Sequence[InvoiceRequest]) -> None:
        if not self._desk.has_engine:
            require_sound(draft_invoice(together(requests)))

    def _is_sound(self, request: InvoiceRequest) -> bool:
        """Whether another deal's part may go out; a broken deal never stops its neighbours."""
        try:
            self._require_sound([request])
        except ParkedError:
            return False
        return True
