"""The content of an amendment's confirmation, from what is on record."""

from decimal import Decimal

from sqlmodel import Session, select

from activities.accounts import deal_row
from activities.register import customer_of, entity_of
from models.amended_contract import Effect
from models.amendment import AmendmentDelta, ContractState
from models.documents import AmendedLine, AmendmentDocument
from models.money import Money
from models.periods import Interval
from models.quote_diff import LineDiff, QuoteDiff
from models.steps import PublishDocument
from models.tables import AmendmentBookedRow, AmendmentRow


def amendment_rows(
    session: Session, deal: str, number: int
) -> tuple[AmendmentRow, AmendmentBookedRow]:
    """Return an amendment that is booked, as it was asked and as it was booked."""
    asked = session.exec(
        select(AmendmentRow).where(AmendmentRow.deal == deal, AmendmentRow.number == number)
    ).one()
    booked = session.exec(
        select(AmendmentBookedRow).where(
            AmendmentBookedRow.deal == deal, AmendmentBookedRow.number == number
        )
    ).one()
    return asked, booked


def amendment_document_of(session: Session, step: PublishDocument) -> AmendmentDocument:
    """Return the content of an amendment's confirmation."""
    number = int(step.number.rpartition("-")[2])
    asked, booked = amendment_rows(session, step.deal, number)
    deal = deal_row(session, step.deal)
    effect = Effect.model_validate_json(booked.effect)
    delta = AmendmentDelta.model_validate_json(asked.delta)
    return AmendmentDocument(
        number=step.number,
        deal=step.deal,
        version=booked.version,
        entity=entity_of(session, deal.entity),
        customer=customer_of(session, deal.customer),
        effective_on=asked.effective_on,
        signed_on=asked.signed_on,
        booked_on=booked.booked_on,
        reason=asked.reason,
        accepted_by=asked.accepted_by,
        purchase_order=asked.purchase_order,
        lines=_lines(QuoteDiff.model_validate_json(asked.diff)),
        rests=_rests(asked, delta),
        ends_on=delta.end_on,
        credited=_sum(effect, "credited"),
        canceled=_sum(effect, "canceled"),
        planned=_sum(effect, "planned"),
        price_before=effect.price_before,
        price_after=effect.price_after,
        credit_notes=effect.credit_notes,
        test_clock=deal.test_clock,
    )


def _rests(asked: AmendmentRow, delta: AmendmentDelta) -> tuple[Interval, ...]:
    if delta.suspend is None:
        return ()
    state = ContractState.model_validate_json(asked.state)
    until = delta.suspend.until_on or state.term_ends_on
    return (Interval(start=delta.suspend.from_on, end=until),)


def _sum(effect: Effect, part: str) -> Money:
    amounts = (one.amount for one in getattr(effect, part))
    return Money.total(amounts, effect.price_after.currency)


def _lines(diff: QuoteDiff) -> tuple[AmendedLine, ...]:
    return tuple(_line(one) for one in (*diff.changed, *diff.added, *diff.removed))


def _line(one: LineDiff) -> AmendedLine:
    quantities = next((each for each in one.changes if each.field == "quantity"), None)
    return AmendedLine(
        name=one.name,
        quantity_before=Decimal(quantities.before) if quantities else None,
        quantity_after=Decimal(quantities.after) if quantities else None,
        net_before=one.net_before,
        net_after=one.net_after,
    )
