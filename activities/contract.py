"""Contract: the order form, its signers, and the contract of each term with its plan."""

from sqlmodel import Session, col, select
from temporalio import activity

from activities.accounts import deal_row
from activities.pools import write_pools
from activities.ports import Office
from activities.pricing import file_of_term, quote_version
from activities.promotions import PromotionUses
from activities.register import customer_of, entity_of, people, tax_rules
from activities.signatures import CONCLUDE_CONTRACT, DRAW_UP_CONTRACT
from activities.usage import write_usage_periods
from models.contract import SIGNED, customer_signer, order_form_number, our_signer
from models.deal_file import RenewalTerms
from models.inclusive import rules_between, without_tax
from models.quoting import Quote
from models.recognition import obligations
from models.steps import (
    ConcludeContract,
    ContractConcluded,
    ContractDrawnUp,
    DealStep,
    DrawUpContract,
)
from models.tables import ContractRow, DecisionRow, ObligationRow, PlannedChargeRow


class ContractActivities:
    """Draws up and concludes contracts."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=DRAW_UP_CONTRACT.name, no_thread_cancel_exception=True)
    def draw_up_contract(self, step: DrawUpContract) -> ContractDrawnUp:
        """Name the order form of an accepted quote, the hash to sign, and the signers.

        Safe to retry: it only reads.
        """

        def draw_up(session: Session) -> ContractDrawnUp:
            quote = quote_version(session, step.deal, step.quote_version)
            return ContractDrawnUp(
                number=order_form_number(quote.deal, quote.version),
                content_hash=quote.content_hash,
                signers=signers_of(session, quote),
            )

        return self._office.books.read(draw_up)

    @activity.defn(name=CONCLUDE_CONTRACT.name, no_thread_cancel_exception=True)
    def conclude_contract(self, step: ConcludeContract) -> ContractConcluded:
        """Put the signed contract on record, with what will be billed and what is promised.

        Safe to retry: the contract of a term is written once.
        """

        def sign(session: Session) -> ContractConcluded:
            concluded = conclude(session, step, step.quote_version)
            number = order_form_number(step.deal, step.quote_version)
            return concluded.model_copy(update={"signed_copy": f"{number}{SIGNED}"})

        return self._office.books.write(sign)


def conclude(session: Session, step: DealStep, version: int) -> ContractConcluded:
    """Write the contract of a term with its billing plan and obligations, once."""
    quote = quote_version(session, step.deal, version)
    found = session.exec(
        select(ContractRow).where(ContractRow.deal == step.deal, ContractRow.term == step.term)
    ).first()
    file = file_of_term(session, step.deal, step.term)
    renewal = file.renewal if file else RenewalTerms()
    if found is None:
        kept = _as_kept(session, quote)
        found = _contract_row(session, kept, step, renewal)
        session.add(found)
        if step.term == 1:
            # Until now it was that of the version in force, which an alternative may not have been.
            deal_row(session, step.deal).total_minor = found.total_minor
        _write_plan(session, kept)
        write_usage_periods(session, quote)
        write_pools(session, quote)
        _write_obligations(session, kept)
        PromotionUses(session, step.deal, step.on, step.at).redeem(quote)
        session.flush()
    return ContractConcluded(
        starts_on=quote.starts_on,
        ends_on=quote.ends_on,
        total_minor=found.total_minor,
        term_months=quote.term_months,
        renewal=renewal,
    )


def _as_kept(session: Session, quote: Quote) -> Quote:
    """Return the quote with net amounts, if its prices have tax in them.

    Raises `ParkedError` with the question which tax that is.
    """
    if not quote.prices_include_tax:
        return quote
    seller, buyer = entity_of(session, quote.entity), customer_of(session, quote.customer)
    return without_tax(quote, rules_between(seller, buyer, tax_rules(session)))


def _contract_row(
    session: Session, quote: Quote, step: DealStep, renewal: RenewalTerms
) -> ContractRow:
    return ContractRow(
        number=f"C-{quote.deal}-{quote.term}",
        deal=quote.deal,
        term=quote.term,
        quote=quote.number,
        content_hash=quote.content_hash,
        entity=quote.entity,
        customer=quote.customer,
        currency=quote.currency,
        total_minor=quote.total.minor,
        signed_at=step.at,
        starts_on=quote.starts_on,
        ends_on=quote.ends_on,
        payment_terms_days=quote.payment_terms_days,
        purchase_order=_purchase_order(session, quote),
        renewal=renewal.model_dump_json(),
    )


def _purchase_order(session: Session, quote: Quote) -> str:
    """Return the order number the customer named when accepting, else the one in the deal file."""
    statement = (
        select(DecisionRow.purchase_order)
        .where(DecisionRow.deal == quote.deal, DecisionRow.purchase_order != "")
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id).desc())
    )
    return session.exec(statement).first() or quote.purchase_order


def _write_plan(session: Session, quote: Quote) -> None:
    for charge in quote.plan:
        session.add(
            PlannedChargeRow(
                deal=quote.deal,
                term=quote.term,
                reference=charge.reference,
                description=charge.description,
                starts_on=charge.period.start,
                ends_on=charge.period.end,
                bill_on=charge.bill_on,
                amount_minor=charge.amount.minor,
                discount_minor=charge.discount.minor,
                gross_minor=charge.gross.minor if charge.gross else None,
                currency=charge.amount.currency,
                part=charge.part,
                milestone=charge.milestone,
            )
        )


def _write_obligations(session: Session, quote: Quote) -> None:
    for obligation in obligations(quote):
        session.add(
            ObligationRow(
                deal=quote.deal,
                term=quote.term,
                reference=obligation.reference,
                currency=obligation.allocated.currency,
                ssp_minor=obligation.ssp.minor,
                allocated_minor=obligation.allocated.minor,
                content=obligation.model_dump_json(),
            )
        )


def signers_of(session: Session, quote: Quote) -> tuple[tuple[str, str], ...]:
    """Return who signs, with their party: the customer first, then we."""
    ours = our_signer(people(session), quote.seller)
    theirs = customer_signer(customer_of(session, quote.customer).contacts)
    return ((theirs, "customer"), (ours, "seller")) if theirs else ((ours, "seller"),)


def signer_names(session: Session, quote: Quote) -> tuple[str, ...]:
    """Return the people who may sign a quote's order form."""
    return tuple(person for person, _ in signers_of(session, quote))
