"""Partners at the doors: they offer in their own name, from their own price book, and see no more.

Everything is closed to somebody of a partner but what is listed here, so a door that is added later
is closed to them until somebody opens it on purpose.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlmodel import Session, select

from models.approval import ApprovalStep
from models.documents import DocumentKind
from models.errors import NotFoundError, Problem
from models.money import Money
from models.parties import Partner, Person, Role
from models.quoting import Quote
from models.steps import RegisterKind
from models.tables import DealRow, DocumentRow
from models.value import Value
from starter.service.errors import NotPermittedError
from starter.service.people import Caller
from starter.service.register import find
from starter.service.reports import DealSummary, DocumentEntry
from starter.service.reports_deal import DealDetail, OrderEntry

_OPEN = frozenset(
    {
        ("GET", "/me"),
        ("GET", "/schema/deal"),
        ("GET", "/template/deal"),
        ("POST", "/deals"),
        ("POST", "/deals/check"),
        ("GET", "/deals"),
        ("GET", "/inbox"),
    }
)
_OF_OWN_DEALS = frozenset(
    {
        ("GET", "/deals/{number}"),
        ("GET", "/deals/{number}/link"),
        ("GET", "/deals/{number}/counter-offer"),
        ("GET", "/deals/{number}/comments"),
        ("POST", "/deals/{number}/messages/revise_quote"),
        ("POST", "/deals/{number}/messages/comment"),
        ("POST", "/deals/{number}/messages/answer_counter_offer"),
        ("POST", "/deals/{number}/messages/revoke_link"),
    }
)
_DOCUMENT = ("GET", "/documents/{kind}/{number:path}.pdf")
_INTERNAL_OF_LINES = {"__all__": {"cost", "ssp", "waterfall"}}


class PartnerDeal(DealSummary):
    """A deal as its partner sees it: the offer, never what it costs us or who approved it why.

    `commission` is what the partner earns if the offer is taken.
    """

    partner: str
    price_book: str = ""
    quote: dict[str, Any] | None = None
    order: tuple[OrderEntry, ...] = ()
    documents: tuple[DocumentEntry, ...] = ()
    commission: Money | None = None


class AsOffered(Value):
    """The fields of a deal file that follow from who offers it, and what is wrong with them."""

    fields: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def is_partner(person: Person) -> bool:
    """Whether somebody works for a partner, not for us."""
    return Role.PARTNER in person.roles


def require_open(
    session: Session, person: Person, method: str, path: str, parts: Mapping[str, Any]
) -> None:
    """Pass if a door is open to somebody: to our people always, to a partner's for their own.

    Raises `NotPermittedError`, and `NotFoundError` for another one's deal: they do not learn that
    it exists.
    """
    if not is_partner(person) or (method, path) in _OPEN:
        return
    if (method, path) in _OF_OWN_DEALS:
        _require_own(session, person, str(parts.get("number", "")))
    elif (method, path) == _DOCUMENT:
        _require_own_quote(session, person, parts)
    else:
        raise NotPermittedError("This is not open to partners; ask your contact at our house.")


def _require_own(session: Session, person: Person, number: str) -> None:
    row = session.get(DealRow, number)
    if row is None or row.partner != person.partner:
        raise NotFoundError(f"There is no deal {number} of yours.")


def _require_own_quote(session: Session, person: Person, parts: Mapping[str, Any]) -> None:
    number, kind = str(parts.get("number", "")), str(parts.get("kind", ""))
    statement = select(DocumentRow).where(DocumentRow.kind == kind, DocumentRow.number == number)
    row = session.exec(statement).first()
    if kind != DocumentKind.QUOTE.value or row is None:
        raise NotFoundError(f"There is no quote {number} of yours.")
    _require_own(session, person, row.deal)


def as_offered(session: Session, caller: Caller, written: Mapping[str, Any]) -> AsOffered:
    """Return the partner and price book of a deal file, which a partner's caller cannot choose."""
    problems = tuple(_misnamed(caller, written))
    number = caller.person.partner or written.get("partner")
    if not number:
        return AsOffered(fields={})
    partner = find(session, RegisterKind.PARTNER, str(number), Partner)
    if partner is None:
        reason, remedy = f"there is no partner {number} on record", "add it with `q2c partner add`"
        problem = Problem(field="partner", reason=reason, remedy=remedy)
        return AsOffered(fields={}, problems=(*problems, problem))
    named = written.get("price_book")
    if named not in (None, "", partner.price_book):
        reason = f"{partner.number} sells from its own price book only, not from {named}"
        remedy = "leave it out"
        problems = (*problems, Problem(field="price_book", reason=reason, remedy=remedy))
    fields = {"partner": partner.number, "price_book": partner.price_book}
    return AsOffered(fields=fields, problems=problems)


def _misnamed(caller: Caller, written: Mapping[str, Any]) -> Iterator[Problem]:
    own, named = caller.person.partner, written.get("partner")
    if is_partner(caller.person) and named not in (None, "", own):
        yield Problem(field="partner", reason=f"you offer for {own} only", remedy="leave it out")


def partner_view(session: Session, detail: DealDetail) -> PartnerDeal:
    """Return what a partner may see of a deal of theirs."""
    summary = DealSummary.model_validate(detail.model_dump())
    row = session.get_one(DealRow, detail.number)
    partner = find(session, RegisterKind.PARTNER, row.partner, Partner)
    quotes = (DocumentKind.QUOTE.value, DocumentKind.ORDER_CONFIRMATION.value)
    return PartnerDeal(
        **summary.model_dump(),
        partner=row.partner,
        price_book=detail.quote.price_book if detail.quote else "",
        quote=_outside(detail.quote) if detail.quote else None,
        order=detail.order,
        documents=tuple(one for one in detail.documents if one.kind in quotes),
        commission=_commission(detail.quote, partner),
    )


def _outside(quote: Quote) -> dict[str, Any]:
    return quote.model_dump(mode="json", exclude={"lines": _INTERNAL_OF_LINES})


def _commission(quote: Quote | None, partner: Partner | None) -> Money | None:
    if quote is None or partner is None:
        return None
    return quote.total.times(partner.commission_percent / Decimal(100))


def without_reasons(steps: tuple[ApprovalStep, ...]) -> tuple[ApprovalStep, ...]:
    """Return approval steps without why they are needed, which would tell costs and margins."""
    return tuple(step.model_copy(update={"reasons": (), "fingerprint": ""}) for step in steps)
