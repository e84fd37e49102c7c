"""Tax as the doors show it: the rules in force, which one applies, and verdicts on VAT numbers."""

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import Field
from sqlmodel import Session

from activities.register import tax_rules
from activities.tax import refused_vat_id, vat_checks
from models.errors import InvalidInputError, NotFoundError, ParkedError, Problem
from models.money import Money
from models.parties import Customer, Entity, Role
from models.steps import CheckVatId, RegisterKind, VatIdChecked
from models.tax import TaxRule, find_rule
from models.taxing import Supply, TaxedSupply, TaxInquiry, answer_by_rules, net_of, tax_key
from models.value import Value
from models.vat_ids import VatCheck, is_known_to_vies
from starter.service.errors import RunFailedError, UnansweredError
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from starter.service.register import customer_of, find
from workers.tax_engine import tax_engine_of
from workflows.ids import vat_check_workflow_id

CHECKERS = (Role.SALES, Role.FINANCE, Role.OPERATOR)
"""Who may have a VAT number checked."""


class TaxQuestion(Value):
    """A supply to be taxed as if it were on an invoice."""

    entity: str = Field(description="Selling entity.")
    customer: str = Field(description="Customer.")
    category: str = Field(default="standard", description="Tax category of the product.")
    on: date | None = Field(default=None, description="The day of supply; today without one.")
    amount: Decimal = Field(default=Decimal(100), description="In the entity's currency.")
    is_gross: bool = Field(default=False, description="The amount holds the tax.")


class TaxFound(Value):
    """How a supply is taxed, or the question its invoice would wait for."""

    net: Money
    gross: Money
    taxed: TaxedSupply | None = None
    engine: str = ""
    question: str = ""


class RulesInForce(Value):
    """The tax rules in force on a day."""

    on: date
    rules: tuple[TaxRule, ...]


class VatChecks(Value):
    """Every verdict on a customer's VAT numbers, the newest first; `vat_id` is the one on record.

    `refused_because` is why that number does not count, if it does not.
    """

    customer: str
    vat_id: str
    refused_because: str = ""
    checks: tuple[VatCheck, ...] = ()


class VatCheckAsked(Value):
    """A check that was started, and its verdict if it came while one waited."""

    workflow_id: str
    vat_id: str
    number: int
    verdict: VatIdChecked | None = Field(
        default=None, description="Empty while VIES has not answered; it is asked until it does."
    )


def rules_in_force(session: Session, on: date, seller: str = "") -> RulesInForce:
    """Return the tax rules in force on a day, of all sellers' countries or of one."""
    rules = tuple(
        rule
        for rule in tax_rules(session)
        if rule.valid_from <= on < (rule.valid_until or date.max)
        and seller in ("", rule.seller_country)
    )
    return RulesInForce(on=on, rules=rules)


async def ask(house: House, question: TaxQuestion) -> TaxFound:
    """Return how a supply is taxed, by the engine that would tax its invoice.

    Raises `NotFoundError` for an unknown entity or customer.
    """
    day = question.on or house.clock().date()
    inquiry, rules = await house.read(lambda session: _inquiry(session, question, day))
    engine = tax_engine_of(house.settings)
    (supply,) = inquiry.supplies
    try:
        inquiry = _with_net(inquiry, rules) if question.is_gross else inquiry
        (supply,) = inquiry.supplies
        answer = (
            await asyncio.to_thread(engine, inquiry)
            if engine is not None
            else answer_by_rules(inquiry, rules)
        )
    except ParkedError as error:
        return TaxFound(net=supply.net, gross=supply.net, question=str(error))
    (line,) = answer.lines
    return TaxFound(net=supply.net, gross=supply.net + line.tax, taxed=line, engine=answer.engine)


def _inquiry(
    session: Session, question: TaxQuestion, day: date
) -> tuple[TaxInquiry, tuple[TaxRule, ...]]:
    entity = find(session, RegisterKind.ENTITY, question.entity, Entity)
    customer = customer_of(session, question.customer)
    if entity is None:
        raise NotFoundError(f"There is no entity {question.entity} on record.")
    if customer is None:
        raise NotFoundError(f"There is no customer {question.customer} on record.")
    supply = Supply(
        reference="1",
        description=question.category,
        category=question.category,
        net=Money.from_decimal(question.amount, entity.currency),
        quantity=Decimal(1),
        supplied_on=day,
    )
    inquiry = TaxInquiry.between(entity, customer, (supply,), entity.currency).model_copy(
        update={"refused_vat_id": refused_vat_id(session, customer)}
    )
    return inquiry, tax_rules(session)


def _with_net(inquiry: TaxInquiry, rules: tuple[TaxRule, ...]) -> TaxInquiry:
    """Return the inquiry about the net amount of a price with tax in it."""
    (supply,) = inquiry.supplies
    rule = find_rule(rules, tax_key(inquiry, supply))
    changed = supply.model_copy(update={"gross": supply.net, "net": net_of(supply.net, rule)})
    return inquiry.model_copy(update={"supplies": (changed,)})


def checks_of(session: Session, number: str) -> VatChecks:
    """Return the verdicts on a customer's VAT numbers; raises `NotFoundError`."""
    customer = _require_customer(session, number)
    return VatChecks(
        customer=number,
        vat_id=customer.vat_id,
        refused_because=refused_vat_id(session, customer),
        checks=vat_checks(session, number),
    )


async def verify(house: House, caller: Caller, number: str, data: object) -> VatCheckAsked:
    """Have a customer's VAT number checked by VIES; the verdict is kept as a fact.

    `data` may name the `entity` in whose name is asked. Raises `NotPermittedError`,
    `NotFoundError`, and `InvalidInputError` where VIES is off or does not know such numbers.
    """
    require(caller, CHECKERS, "have a VAT number checked")
    asked = data.get("entity", "") if isinstance(data, Mapping) else ""
    step = await house.read(lambda session: _step(session, number, str(asked), caller.id))
    problems = _verify_problems(house, step)
    if problems:
        raise InvalidInputError(problems)
    return await start_check(house, step)


async def start_check(house: House, step: CheckVatId, *, wait: bool = True) -> VatCheckAsked:
    """Start a check and wait a moment for its verdict.

    Raises `InvalidInputError` if VIES refuses the question.
    """
    workflow_id = vat_check_workflow_id(step.customer, step.vat_id, step.number)
    await house.gateway.start(
        Start(
            workflow="VatCheckWorkflow",
            workflow_id=workflow_id,
            payload=step,
            summary=f"VIES about {step.vat_id} of {step.customer}",
            fingerprint=workflow_id,
        )
    )
    started = VatCheckAsked(workflow_id=workflow_id, vat_id=step.vat_id, number=step.number)
    if not wait:
        return started
    try:
        verdict = await house.gateway.result(workflow_id, VatIdChecked, house.patience.start)
    except UnansweredError:
        return started
    except RunFailedError as error:
        reason, remedy = str(error), "correct it and ask again"
        listed = error.problems or (Problem(field="vat_id", reason=reason, remedy=remedy),)
        raise InvalidInputError(listed) from error
    return started.model_copy(update={"verdict": verdict})


async def check_recorded(house: House, customer: Customer, actor: str) -> None:
    """Have the number of a customer that was just recorded checked, if VIES is switched on.

    Nobody waits for it, and a number with a verdict is not asked about again.
    """
    if not house.settings.vies_url or not is_known_to_vies(customer.vat_id):
        return
    known = await house.read(lambda session: vat_checks(session, customer.number))
    if all(one.vat_id != customer.vat_id for one in known):
        step = CheckVatId(customer=customer.number, vat_id=customer.vat_id, actor=actor)
        await start_check(house, step, wait=False)


def _step(session: Session, number: str, entity: str, actor: str) -> CheckVatId:
    customer = _require_customer(session, number)
    seller = find(session, RegisterKind.ENTITY, entity, Entity) if entity else None
    if entity and seller is None:
        raise NotFoundError(f"There is no entity {entity} on record.")
    known = [one for one in vat_checks(session, number) if one.vat_id == customer.vat_id]
    return CheckVatId(
        customer=number,
        vat_id=customer.vat_id,
        number=len(known) + 1,
        requester=seller.vat_id if seller else "",
        actor=actor,
    )


def _verify_problems(house: House, step: CheckVatId) -> list[Problem]:
    problems = []
    if not house.settings.vies_url:
        remedy = "set Q2C_VIES_URL to the address of VIES and start again"
        problems.append(Problem(field="vies", reason="is not switched on", remedy=remedy))
    if not is_known_to_vies(step.vat_id):
        reason = f"{step.vat_id or 'none'} is no number of the EU, which is all VIES knows"
        remedy = "record the customer's VAT number, or ask its own authority"
        problems.append(Problem(field="vat_id", reason=reason, remedy=remedy))
    return problems


def _require_customer(session: Session, number: str) -> Customer:
    customer = customer_of(session, number)
    if customer is None:
        raise NotFoundError(f"There is no customer {number} on record.")
    return customer
