"""Price: make a quote version from the deal file, and find out who has to approve it."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.approval_paths import Handed, path_of, submit
from activities.configuration import file_content, file_hash, pricing_request
from activities.ports import Office
from activities.register import approval_policy, catalog_in_force, customer_of
from activities.signatures import PRICE_QUOTE
from models.catalog import Catalog, ChargeType
from models.configuration import ConfiguredLine, configure
from models.deal import QuoteReference
from models.deal_file import DealFile
from models.errors import InvalidInputError, ParkedError, Problem
from models.pricing import choose_price_book, price
from models.quoting import Quote, QuoteRequest, make_quote
from models.renewal import next_term_file
from models.steps import PriceQuote, QuotePriced
from models.tables import DealFileRow, QuoteRow
from models.working_hours import WorkingCalendar


class PricingActivities:
    """Makes quote versions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=PRICE_QUOTE.name)
    def price_quote(self, step: PriceQuote) -> QuotePriced:
        """Make the quote version of a term, or list what keeps it from being priced.

        Safe to retry: the version already made for the term is returned as it is.
        """
        try:
            return self._office.books.write(lambda session: self._price(session, step))
        except InvalidInputError as error:
            return QuotePriced(problems=error.problems)
        except ParkedError as error:
            problem = Problem(field="approval", reason=str(error), remedy="publish who approves")
            return QuotePriced(problems=(problem,))

    def _price(self, session: Session, step: PriceQuote) -> QuotePriced:
        quote = quote_of_term(session, step.deal, step.term)
        if quote is None:
            quote = self._make(session, step)
        path = path_of(session, step.deal, quote.version)
        policy = approval_policy(session)
        return QuotePriced(
            quote=reference_to(quote),
            steps=path.steps,
            remind_after_hours=policy.remind_after_hours,
            escalate_after_hours=policy.escalate_after_hours,
            calendar=self._calendar(policy.calendar, step.on),
        )

    def _calendar(self, calendar: WorkingCalendar | None, on: date) -> WorkingCalendar | None:
        """Return the working calendar with its public holidays of this year and the next."""
        if calendar is None or not calendar.country:
            return calendar
        years = (on.year, on.year + 1)
        dates = self._office.holidays(calendar.country, calendar.region, years)
        return calendar.with_holidays(tuple(day for day in dates if day >= on))

    def _make(self, session: Session, step: PriceQuote) -> Quote:
        file = _file_for(session, step)
        catalog = catalog_in_force(session)
        quote = draft(session, step, file, catalog)
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
            )
        )
        handed = Handed(on=step.on, creator=step.creator, header_discount=file.header_discount)
        submit(session, quote, catalog, handed)
        if step.term == 1:
            deal_row(session, step.deal).total_minor = quote.total.minor
        return quote


def draft(session: Session, step: PriceQuote, file: DealFile, catalog: Catalog) -> Quote:
    """Return the next quote version of a term as it would be; nothing is put on record.

    Raises `InvalidInputError` with everything that keeps it from being priced.
    """
    configured = configure(catalog, file)
    if configured.problems:
        raise InvalidInputError(configured.problems)
    wanted = configured.lines if step.term == 1 else _recurring_only(configured.lines)
    lines = price(catalog, wanted, pricing_request(file, step))
    return make_quote(_quote_request(session, step, file, catalog), lines)


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
    """Return the deal file of a term, or None."""
    statement = select(DealFileRow).where(DealFileRow.deal == deal, DealFileRow.term == term)
    row = session.exec(statement).first()
    return DealFile.model_validate_json(row.content) if row else None


def quote_of_term(session: Session, deal: str, term: int) -> Quote | None:
    """Return the newest quote version of a term, or None."""
    statement = (
        select(QuoteRow)
        .where(QuoteRow.deal == deal, QuoteRow.term == term)
        .order_by(col(QuoteRow.version).desc())
    )
    row = session.exec(statement).first()
    return Quote.model_validate_json(row.content) if row else None


def quote_version(session: Session, deal: str, version: int) -> Quote:
    """Return one quote version; it is on record before anybody can name it."""
    statement = select(QuoteRow).where(QuoteRow.deal == deal, QuoteRow.version == version)
    return Quote.model_validate_json(session.exec(statement).one().content)


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


def _quote_request(
    session: Session, step: PriceQuote, file: DealFile, catalog: Catalog
) -> QuoteRequest:
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
        price_book=choose_price_book(catalog, pricing_request(file, step)).name,
        quoted_on=step.on,
        valid_until=_valid_until(step, file),
        starts_on=file.starts_on or step.on,
        term_months=file.term_months,
        payment_terms_days=customer.payment_terms_days if terms is None else terms,
        purchase_order=file.purchase_order,
        note=file.note,
    )


def _valid_until(step: PriceQuote, file: DealFile) -> date:
    """Return the last day an offer stands: a renewal's is the last notice day of the old term."""
    granted = step.on + timedelta(days=file.valid_days)
    if step.term == 1 or file.starts_on is None:
        return granted
    return max(file.starts_on - timedelta(days=file.renewal.notice_days), step.on)
