"""Drafts: what an invoice will say before it is issued, and what people said about it meanwhile.

A draft is computed, never stored: it is what the books make of the charges that are due. Only what
people say about it is on record: that it is held, or what is to be printed on it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, select

from activities.contract_versions import lines_by_reference
from activities.payers import payer_of
from activities.register import customer_of, entity_of, tax_rules
from activities.tax import refused_vat_id
from activities.voiding import corrected_order
from models.billing import DueCharge, InvoiceRequest
from models.invoice_groups import InvoiceGroup
from models.quoting import Quote
from models.tables import ContractRow, DraftNoteRow
from models.waterfall import PricedLine

HOLD, RELEASE, ANNOTATE = "hold", "release", "annotate"


class Drafts:
    """The drafts of one term: when each is issued, whether it is held, and its note.

    `explained` are the lines of what is measured, by reference.
    """

    def __init__(
        self,
        session: Session,
        contract: ContractRow,
        quote: Quote,
        explained: Mapping[str, PricedLine],
    ) -> None:
        self._session = session
        self._contract = contract
        self._quote = quote
        self._explained = explained
        entity = entity_of(session, contract.entity)
        own = quote.billing.terms.grace_days
        self._grace = timedelta(days=entity.grace_days if own is None else own)
        self._said = _said(session, contract) if self._grace else {}

    def sorted(
        self, groups: Iterable[InvoiceGroup], on: date
    ) -> tuple[list[InvoiceGroup], list[date]]:
        """Return the groups to be issued on a day, and on which days the waiting ones are.

        What comes to less than nothing waits for an invoice that it can come off.
        """
        ready: list[InvoiceGroup] = []
        later: list[date] = []
        for group in groups:
            if sum(each.charge.amount.minor for each in group.charges) < 0 or self.is_held(group):
                continue
            if self.issue_on(group) > on:
                later.append(self.issue_on(group))
            else:
                ready.append(group)
        return ready, later

    def issue_on(self, group: InvoiceGroup) -> date:
        """Return the day an invoice is issued on: its billing day and the days of grace."""
        return max(due.billable_on for due in group.charges) + self._grace

    def is_held(self, group: InvoiceGroup) -> bool:
        """Whether somebody holds a draft back; the last word counts."""
        words = [row.kind for row in self._of(group) if row.kind in (HOLD, RELEASE)]
        return bool(words) and words[-1] == HOLD

    def note(self, group: InvoiceGroup) -> str:
        """Return what is to be printed on an invoice: the last annotation."""
        texts = [row.text for row in self._of(group) if row.kind == ANNOTATE]
        return texts[-1] if texts else ""

    def held_because(self, group: InvoiceGroup) -> str:
        """Return why a draft is held; empty if it is not."""
        if not self.is_held(group):
            return ""
        return [row.text for row in self._of(group) if row.kind == HOLD][-1]

    def request(self, group: InvoiceGroup, on: date) -> InvoiceRequest:
        """Return everything the invoice is made of; preview and issue both start from it."""
        session, contract = self._session, self._contract
        payer = payer_of(session, contract.customer)
        served = customer_of(session, contract.customer)
        is_own = payer.number == served.number
        named = {} if is_own else {"recipient": served.legal_name}
        return InvoiceRequest(
            deal=contract.deal,
            term=contract.term,
            entity=entity_of(session, contract.entity),
            customer=payer,
            recipient=None if is_own else served,
            currency=contract.currency,
            issued_on=on,
            payment_terms_days=contract.payment_terms_days,
            purchase_order=group.purchase_order
            or corrected_order(session, contract.deal, contract.term)
            or contract.purchase_order,
            charges=tuple(due.model_copy(update=named) for due in group.charges),
            lines={**lines_by_reference(session, contract), **self._explained},
            rules=tax_rules(session),
            note=self.note(group),
            refused_vat_id=refused_vat_id(session, payer),
            prices_include_tax=self._quote.prices_include_tax,
        )

    def _of(self, group: InvoiceGroup) -> Sequence[DraftNoteRow]:
        if not self._said:
            return ()
        return self._said.get(draft_number(self._contract.deal, key_of(self._contract, group)), ())


def key_of(contract: ContractRow, group: InvoiceGroup) -> str:
    """Return the business key of an invoice: deal, term, first charge and its first day."""
    first = first_charge(group.charges)
    return f"{contract.deal}:{contract.term}:{first.charge.reference}:{first.charge.period.start}"


def first_charge(charges: Sequence[DueCharge]) -> DueCharge:
    """Return the charge that stands for an invoice."""
    return min(charges, key=lambda due: due.charge.reference)


def draft_number(deal: str, key: str) -> str:
    """Return what a draft goes by until it has a number of a series."""
    return f"{deal}.{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _said(session: Session, contract: ContractRow) -> dict[str, list[DraftNoteRow]]:
    rows = session.exec(
        select(DraftNoteRow)
        .where(DraftNoteRow.deal == contract.deal)
        .order_by(col(DraftNoteRow.id))
    )
    found: dict[str, list[DraftNoteRow]] = {}
    for row in rows:
        found.setdefault(row.draft, []).append(row)
    return found
