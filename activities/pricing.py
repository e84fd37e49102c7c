"""Price: make a quote version from the deal file, and find out who has to approve it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.configuration import file_content, file_hash, line_problems, pricing_request
from activities.ports import Office
from activities.register import approval_policy, catalog_in_force, customer_of, latest, people
from activities.signatures import PRICE_QUOTE
from models.approval import ApprovalPath, ApprovalRequest, build_path, facts_of
from models.catalog import Catalog
from models.charges import ChargeType
from models.configuration import ConfiguredLine, configure
from models.deal import QuoteReference
from models.deal_file import DealFile
from models.errors import InvalidInputError, ParkedError, Problem
from models.pricing import PricingRequest, choose_price_book, price
from models.quoting import Quote, QuoteRequest, discount_percent, make_quote, margin_percent
from models.register import HOUSE
from models.renewal import next_term_file
from models.steps import DealStep, PriceQuote, QuotePriced, RegisterKind
from models.tables import ApprovalPathRow, ContractRow, DealFileRow, QuoteRow, RegisterRow


@dataclass(frozen=True)
class PriceList:
    """The catalogue a quote is priced with: its revision in the register, and as of which day."""

    catalog: Catalog
    revision: int
    on: date


@dataclass(frozen=True)
class Draft:
    """What a quote version is made of; `previous` is the path whose approvals may still hold."""

    file: DealFile
    file_revision: int
    price_list: PriceList
    previous: ApprovalPath | None = None


class PricingActivities:
    """Makes quote versions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=PRICE_QUOTE.name)
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
            draft = Draft(file=file, file_revision=1, price_list=price_list_now(session, step.on))
            quote = make_version(session, step, draft)
        return priced(session, quote)


def or_problems(make: Callable[[], QuotePriced]) -> QuotePriced:
    """Return what was priced, or everything that kept it from being priced."""
    try:
        return make()
    except InvalidInputError as error:
        return QuotePriced(problems=error.problems)
    except ParkedError as error:
        problem = Problem(field="approval", reason=str(error), remedy="publish who approves")
        return QuotePriced(problems=(problem,))


def priced(session: Session, quote: Quote) -> QuotePriced:
    """Return what the workflow needs to know of a version: its reference and approval path."""
    policy = approval_policy(session)
    return QuotePriced(
        quote=reference_to(quote),
        steps=path_of(session, quote.deal, quote.version).steps,
        remind_after_hours=policy.remind_after_hours,
        escalate_after_hours=policy.escalate_after_hours,
    )


def price_list_now(session: Session, on: date) -> PriceList:
    """Return the catalogue in force; raises `NotFoundError` when none was published."""
    row = latest(session, RegisterKind.CATALOG, HOUSE)
    return PriceList(catalog_in_force(session), row.revision if row else 0, on)


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
    quote = drafted(session, step, draft)
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
    _route(session, quote, draft.previous)
    if step.term == 1:
        deal_row(session, step.deal).total_minor = quote.total.minor
    return quote


def drafted(session: Session, step: DealStep, draft: Draft) -> Quote:
    """Return what a deal file would be priced as; nothing is put on record.

    Raises `InvalidInputError` with everything that keeps it from being priced.
    """
    file, catalog = draft.file, draft.price_list.catalog
    configured = configure(catalog, file)
    if configured.problems:
        raise InvalidInputError(line_problems(catalog, file, _asked_of(step, draft)))
    wanted = configured.lines if step.term == 1 else _recurring_only(configured.lines)
    lines = price(catalog, wanted, _asked_of(step, draft))
    return make_quote(_quote_request(session, step, draft), lines)


def _asked_of(step: DealStep, draft: Draft) -> PricingRequest:
    asked = pricing_request(draft.file, step)
    return asked.model_copy(update={"priced_on": draft.price_list.on})


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
    file = next_term_file(previous, quote.lines, quote.ends_on)
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
    )


def _quote_request(session: Session, step: DealStep, draft: Draft) -> QuoteRequest:
    file, catalog = draft.file, draft.price_list.catalog
    made = session.exec(select(func.max(QuoteRow.version)).where(QuoteRow.deal == step.deal)).one()
    version = (made or 0) + 1
    customer = customer_of(session, file.customer)
    terms = file.payment_terms_days
    return QuoteRequest(
        deal=step.deal,
        number=f"Q-{step.deal}-{version}",
        version=version,
        term=step.term,
        entity=file.entity,
        customer=file.customer,
        seller=file.seller,
        catalog_version=catalog.version,
        price_book=choose_price_book(catalog, _asked_of(step, draft)).name,
        quoted_on=step.on,
        valid_until=_valid_until(step, file),
        starts_on=file.starts_on or step.on,
        term_months=file.term_months,
        payment_terms_days=customer.payment_terms_days if terms is None else terms,
        purchase_order=file.purchase_order,
        note=file.note,
        priced_on=draft.price_list.on,
    )


def _valid_until(step: DealStep, file: DealFile) -> date:
    """Return the last day an offer stands: a renewal's is the last notice day of the old term."""
    granted = step.on + timedelta(days=file.valid_days)
    if step.term == 1 or file.starts_on is None:
        return granted
    return max(file.starts_on - timedelta(days=file.renewal.notice_days), step.on)


def _route(session: Session, quote: Quote, previous: ApprovalPath | None) -> None:
    """Freeze the approval path of a quote version, with what still holds of the previous one."""
    path = needed_path(session, quote, previous)
    session.add(
        ApprovalPathRow(
            deal=quote.deal,
            quote_version=quote.version,
            policy_version=path.policy_version,
            content=path.model_dump_json(),
        )
    )
    session.flush()


def needed_path(session: Session, quote: Quote, previous: ApprovalPath | None) -> ApprovalPath:
    """Return the approvals a quote needs, with what still holds of the previous version's."""
    request = ApprovalRequest(
        seller=quote.seller,
        currency=quote.currency,
        quote_version=quote.version,
        content_hash=quote.content_hash,
        facts=facts_of(
            discount_percent(quote),
            margin_percent(quote),
            quote.total.decimal,
            quote.payment_terms_days,
            quote.term_months,
        ),
    )
    return build_path(approval_policy(session), request, people(session), previous)


def path_of(session: Session, deal: str, version: int) -> ApprovalPath:
    """Return the approval path of a quote version as it was frozen at submit."""
    statement = select(ApprovalPathRow).where(
        ApprovalPathRow.deal == deal, ApprovalPathRow.quote_version == version
    )
    return ApprovalPath.model_validate_json(session.exec(statement).one().content)
