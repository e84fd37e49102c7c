"""Price: make a quote version from the deal file, and find out who has to approve it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.approval_paths import Handed, current_path, submit
from activities.configuration import file_content, file_hash, line_problems, sale_context
from activities.ports import Office, PublicHolidays
from activities.price_terms import request_of, with_terms
from activities.promotions import PromotionUses, note_lines
from activities.register import (
    approval_policy,
    catalog_on,
    catalog_revision,
    customer_of,
    entity_of,
)
from activities.signatures import PRICE_QUOTE
from models.approval import ApprovalPath
from models.catalog import Catalog
from models.charges import ChargeType
from models.configuration import ConfiguredLine, configure
from models.deal import QuoteReference, start_of_day
from models.deal_file import DealFile
from models.errors import InvalidInputError, ParkedError, Problem, told
from models.price_books import PriceBook
from models.pricing import PricedLine, PricingRequest, choose_price_book, price
from models.promotions import Promotion
from models.quoting import (
    Bound,
    Quote,
    QuoteRequest,
    make_quote,
    validity,
)
from models.register import HOUSE
from models.renewal import next_term_file
from models.steps import DealStep, PriceQuote, QuotePriced, RegisterKind
from models.tables import (
    AmendmentBookedRow,
    AmendmentRow,
    ContractRow,
    DealFileRow,
    QuoteRow,
    RegisterRow,
)
from models.working_hours import WorkingCalendar


@dataclass(frozen=True)
class PriceList:
    """The catalogue a quote is priced with: its revision in the register, and as of which day."""

    catalog: Catalog
    revision: int
    on: date


@dataclass(frozen=True)
class Draft:
    """What a quote version is made of; `previous` is the path whose approvals may still hold.

    `creator` is who asked for this version. One that `amends` a running contract is agreed the day
    it is made: it is offered to nobody.
    """

    file: DealFile
    file_revision: int
    price_list: PriceList
    previous: ApprovalPath | None = None
    creator: str = ""
    amends: bool = False


class PricingActivities:
    """Makes quote versions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=PRICE_QUOTE.name, no_thread_cancel_exception=True)
    def price_quote(self, step: PriceQuote) -> QuotePriced:
        """Make the quote version of a term, or list what keeps it from being priced.

        Safe to retry: the version already made for the term is returned as it is.
        """
        return or_problems(
            lambda: self._office.books.write(lambda session: self._price(session, step))
        )

    def _price(self, session: Session, step: PriceQuote) -> QuotePriced:
        quote = quote_of_term(session, step.deal, step.term)
        if quote is None:
            file = _file_for(session, step)
            draft = Draft(
                file=file,
                file_revision=1,
                price_list=price_list_now(session, step.on),
                creator=step.creator,
            )
            quote = make_version(session, step, draft)
        return priced(session, quote, self._office.holidays)


def or_problems(make: Callable[[], QuotePriced]) -> QuotePriced:
    """Return what was priced, or everything that kept it from being priced."""
    try:
        return make()
    except InvalidInputError as error:
        return QuotePriced(problems=told(error.problems))
    except ParkedError as error:
        problem = Problem(field="approval", reason=str(error), remedy="publish who approves")
        return QuotePriced(problems=(problem,))


def priced(session: Session, quote: Quote, holidays: PublicHolidays) -> QuotePriced:
    """Return what the workflow needs to know of a version: its reference and approval path."""
    policy = approval_policy(session)
    return QuotePriced(
        quote=reference_to(quote),
        steps=current_path(session, quote.deal, quote.version).steps,
        remind_after_hours=policy.remind_after_hours,
        escalate_after_hours=policy.escalate_after_hours,
        calendar=working_calendar(policy.calendar, quote.quoted_on, holidays),
    )


def working_calendar(
    calendar: WorkingCalendar | None, on: date, holidays: PublicHolidays
) -> WorkingCalendar | None:
    """Return the working calendar with its public holidays of this year and the next."""
    if calendar is None or not calendar.country:
        return calendar
    dates = holidays(calendar.country, calendar.region, (on.year, on.year + 1))
    return calendar.with_holidays(tuple(day for day in dates if day >= on))


def price_list_now(session: Session, on: date) -> PriceList:
    """Return the catalogue in force on a day; raises `NotFoundError` when there is none."""
    catalog = catalog_on(session, on)
    return PriceList(catalog, catalog_revision(session, catalog), on)


def price_list_of(session: Session, deal: str, version: int) -> PriceList:
    """Return the catalogue and day a quote version was priced with.

    Of versions made before revisions were named, it is the newest catalogue of the same version.
    """
    row = _version_row(session, deal, version)
    quote = Quote.model_validate_json(row.content)
    on = quote.priced_on or quote.quoted_on
    statement = select(RegisterRow).where(
        RegisterRow.kind == RegisterKind.CATALOG.value, RegisterRow.key == HOUSE
    )
    for one in session.exec(statement.order_by(col(RegisterRow.revision).desc())):
        if row.catalog_revision in (0, one.revision):
            catalog = Catalog.model_validate_json(one.content)
            if row.catalog_revision or catalog.version == quote.catalog_version:
                return PriceList(catalog, one.revision, on)
    return price_list_now(session, on)


def make_version(session: Session, step: DealStep, draft: Draft) -> Quote:
    """Price a deal file as the next quote version, put it on record and freeze its approval path.

    Raises `InvalidInputError` with everything that keeps it from being priced, `ParkedError` when
    nobody can approve it.
    """
    quote, segment = draft_quote(session, step, draft)
    session.add(
        QuoteRow(
            number=quote.number,
            deal=step.deal,
            version=quote.version,
            term=step.term,
            currency=quote.currency,
            total_minor=quote.total.minor,
            quoted_on=quote.quoted_on,
            valid_until=quote.valid_until,
            content_hash=quote.content_hash,
            content=quote.model_dump_json(),
            file_revision=draft.file_revision,
            catalog_revision=draft.price_list.revision,
        )
    )
    submit(session, quote, draft.price_list.catalog, handed_in(step, draft), draft.previous)
    PromotionUses(session, step.deal, step.on, step.at).reserve(quote)
    note_lines(session, quote, segment)
    if step.term == 1 and not draft.amends:
        deal_row(session, step.deal).total_minor = quote.total.minor
    return quote


def handed_in(step: DealStep, draft: Draft) -> Handed:
    """Return what approvers are told of a version besides itself."""
    return Handed(on=step.on, creator=draft.creator, header_discount=draft.file.header_discount)


def draft_quote(session: Session, step: DealStep, draft: Draft) -> tuple[Quote, str]:
    """Return the next quote version as it would be, and its customer's segment.

    Nothing is put on record. Raises `InvalidInputError` as `make_version` does.
    """
    file, catalog = draft.file, draft.price_list.catalog
    on = draft.price_list.on
    configured = configure(catalog, file, sale_context(session, file, step))
    if configured.problems:
        raise InvalidInputError(line_problems(session, catalog, file, step, on))
    wanted = configured.lines if step.term == 1 else _recurring_only(configured.lines)
    asked = with_terms(session, request_of(file, on), file, step.deal)
    lines = _with_optional(catalog, file, wanted, asked)
    book = choose_price_book(catalog, asked)
    quote = make_quote(_quote_request(session, step, draft, (book, asked.promotions)), lines)
    return quote, asked.segment


def _with_optional(
    catalog: Catalog, file: DealFile, wanted: Sequence[ConfiguredLine], asked: PricingRequest
) -> tuple[PricedLine, ...]:
    """Price the lines, and apart from them those only offered: they share nothing with the rest."""
    offered = {str(number) for number, line in enumerate(file.lines, start=1) if line.optional}
    beside = [line for line in wanted if line.number.partition(".")[0] in offered]
    firm = [line for line in wanted if line.number.partition(".")[0] not in offered]
    priced_firm = price(catalog, firm, asked)
    if not beside:
        return priced_firm
    nothing: dict[str, object] = {"header_discount": None, "target_total": None}
    alone = asked.model_copy(update={**nothing, "promotions": (), "groups": ()})
    optional = price(catalog, beside, alone)
    return (*priced_firm, *(line.model_copy(update={"optional": True}) for line in optional))


def _recurring_only(lines: Sequence[ConfiguredLine]) -> tuple[ConfiguredLine, ...]:
    """Return the lines of a renewal: a set-up fee is not due again."""
    kept = []
    for line in lines:
        charges = tuple(
            charge for charge in line.product.charges if charge.type is not ChargeType.ONE_TIME
        )
        product = line.product.model_copy(update={"charges": charges})
        kept.append(line.model_copy(update={"product": product}))
    return tuple(kept)


def _file_for(session: Session, step: PriceQuote) -> DealFile:
    """Return the deal file of the term; a renewal's is made from the term that ends."""
    found = file_of_term(session, step.deal, step.term)
    if found is not None:
        return found
    previous = file_of_term(session, step.deal, step.term - 1)
    quote = quote_of_term(session, step.deal, step.term - 1)
    if previous is None or quote is None:
        problem = Problem(field="term", reason=f"term {step.term - 1} is not on record")
        raise InvalidInputError([problem])
    file = next_term_file(previous, quote.firm, quote.ends_on, quote.starts_on)
    session.add(
        DealFileRow(
            deal=step.deal, term=step.term, content=file_content(file), content_hash=file_hash(file)
        )
    )
    return file


def file_of_term(session: Session, deal: str, term: int) -> DealFile | None:
    """Return the deal file of a term: the one its contract was made from, else the newest."""
    signed = _contracted(session, deal, term)
    if signed is not None:
        return file_of_version(session, deal, signed.version)[0]
    statement = (
        select(DealFileRow)
        .where(DealFileRow.deal == deal, DealFileRow.term == term)
        .order_by(col(DealFileRow.revision).desc())
    )
    row = session.exec(statement).first()
    return DealFile.model_validate_json(row.content) if row else None


def file_of_version(session: Session, deal: str, version: int) -> tuple[DealFile, int]:
    """Return the deal file a quote version was made from, and its revision."""
    quote = _version_row(session, deal, version)
    statement = select(DealFileRow).where(
        DealFileRow.deal == deal,
        DealFileRow.term == quote.term,
        DealFileRow.revision == quote.file_revision,
    )
    row = session.exec(statement).one()
    return DealFile.model_validate_json(row.content), row.revision


def quote_of_term(session: Session, deal: str, term: int) -> Quote | None:
    """Return the quote version of a term: the one its contract was made from, else the newest."""
    statement = (
        select(QuoteRow)
        .where(QuoteRow.deal == deal, QuoteRow.term == term)
        .order_by(col(QuoteRow.version).desc())
    )
    row = _contracted(session, deal, term) or session.exec(statement).first()
    return Quote.model_validate_json(row.content) if row else None


def _contracted(session: Session, deal: str, term: int) -> QuoteRow | None:
    amended = session.exec(
        select(QuoteRow)
        .join(
            AmendmentRow,
            (col(AmendmentRow.deal) == col(QuoteRow.deal))
            & (col(AmendmentRow.quote_version) == col(QuoteRow.version)),
        )
        .join(
            AmendmentBookedRow,
            (col(AmendmentBookedRow.deal) == col(AmendmentRow.deal))
            & (col(AmendmentBookedRow.number) == col(AmendmentRow.number)),
        )
        .where(QuoteRow.deal == deal, AmendmentBookedRow.term == term)
        .order_by(col(AmendmentBookedRow.version).desc())
    ).first()
    if amended is not None:
        return amended
    statement = select(ContractRow).where(ContractRow.deal == deal, ContractRow.term == term)
    contract = session.exec(statement).first()
    return session.get(QuoteRow, contract.quote) if contract else None


def quote_version(session: Session, deal: str, version: int) -> Quote:
    """Return one quote version; it is on record before anybody can name it."""
    return Quote.model_validate_json(_version_row(session, deal, version).content)


def _version_row(session: Session, deal: str, version: int) -> QuoteRow:
    statement = select(QuoteRow).where(QuoteRow.deal == deal, QuoteRow.version == version)
    return session.exec(statement).one()


def reference_to(quote: Quote) -> QuoteReference:
    """Return the part of a quote the workflow carries."""
    return QuoteReference(
        number=quote.number,
        version=quote.version,
        content_hash=quote.content_hash,
        total_minor=quote.total.minor,
        starts_on=quote.starts_on,
        ends_on=quote.ends_on,
        valid_until=quote.valid_until,
        expires_at=start_of_day(quote.valid_until + timedelta(days=1), quote.time_zone)
        if quote.time_zone
        else None,
    )


def _quote_request(
    session: Session,
    step: DealStep,
    draft: Draft,
    priced_by: tuple[PriceBook, Sequence[Promotion]],
) -> QuoteRequest:
    book, _ = priced_by
    file, catalog = draft.file, draft.price_list.catalog
    made = session.exec(select(func.max(QuoteRow.version)).where(QuoteRow.deal == step.deal)).one()
    version = (made or 0) + 1
    customer = customer_of(session, file.customer)
    terms = file.payment_terms_days
    agreed = Bound(last_on=step.on, because="")
    valid = agreed if draft.amends else _validity(step, file, *priced_by)
    return QuoteRequest(
        deal=step.deal,
        number=f"Q-{step.deal}-{version}",
        version=version,
        term=step.term,
        entity=file.entity,
        customer=file.customer,
        seller=file.seller,
        catalog_version=catalog.version,
        price_book=book.name,
        quoted_on=step.on,
        valid_until=valid.last_on,
        valid_because=valid.because,
        time_zone=customer.time_zone or entity_of(session, file.entity).time_zone,
        starts_on=file.starts_on or step.on,
        term_months=file.term_months,
        payment_terms_days=customer.payment_terms_days if terms is None else terms,
        purchase_order=file.purchase_order,
        note=file.note,
        priced_on=draft.price_list.on,
        anchor_on=file.anchor_on,
        billing=file.agreed_billing,
        prices_include_tax=book.prices_include_tax,
    )


def _validity(
    step: DealStep, file: DealFile, book: PriceBook, promotions: Sequence[Promotion]
) -> Bound:
    """Return the last day an offer stands: a renewal's is the last notice day of the old term."""
    if step.term == 1 or file.starts_on is None:
        return validity(step.on, file.valid_days, _bounds(file, book, promotions))
    last_notice = file.starts_on - timedelta(days=file.renewal.notice_days)
    return Bound(last_on=max(last_notice, step.on), because="the last notice day")


def _bounds(file: DealFile, book: PriceBook, promotions: Sequence[Promotion]) -> Iterator[Bound]:
    """Yield what an offer may not outlive: its own start if the file says so, and its prices."""
    if file.valid_before_start and file.starts_on is not None:
        yield Bound(last_on=file.starts_on, because="the term starts")
    if book.valid_until is not None:
        last = book.valid_until - timedelta(days=1)
        yield Bound(last_on=last, because=f"price book {book.name} ends")
    for promotion in promotions:
        if promotion.valid_until is not None:
            last = promotion.valid_until - timedelta(days=1)
            yield Bound(last_on=last, because=f"promotion {promotion.code} ends")
