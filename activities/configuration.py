"""Configure: check a deal file against everything known, and put the deal on record."""

import hashlib
from collections.abc import Iterator
from datetime import date

from sqlmodel import Session, select
from temporalio import activity

from activities.ports import Office
from activities.price_terms import partner_terms, request_of, with_terms
from activities.register import catalog_on, customer_of, entity_of, partner_of, person_of
from activities.signatures import CONFIGURE_DEAL
from models.beside import beside, changed_files, check_whole_file
from models.catalog import Catalog
from models.configuration import configure, context_for
from models.deal import Stage
from models.deal_file import MOST_INLINE, DealFile, check_deal_file, line_count
from models.eligibility import SaleContext
from models.errors import InvalidInputError, NotFoundError, Problem, told
from models.negotiation import limit_problems
from models.pricing import price
from models.steps import ConfigureDeal, DealConfigured, DealStep
from models.tables import DealFileRow, DealRow


class ConfigurationActivities:
    """Checks deals before anything is committed."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=CONFIGURE_DEAL.name, no_thread_cancel_exception=True)
    def configure_deal(self, step: ConfigureDeal) -> DealConfigured:
        """Check the whole file and put the deal on record, or list every problem and write nothing.

        Safe to retry: a deal on record with the same file is left alone.
        """
        problems = tuple(_size_problems(step))
        if step.file_hash:
            try:
                step = step.model_copy(update={"file": self._stored_file(step)})
            except InvalidInputError as error:
                problems = error.problems
        if problems:
            return DealConfigured(problems=problems)
        return self._office.books.write(lambda session: self._configure(session, step))

    def _stored_file(self, step: ConfigureDeal) -> DealFile:
        """Return the deal file a start names by its hash.

        Raises `InvalidInputError` if there is none, or one for another start.
        """
        try:
            content = self._office.store.get(step.file_hash, "json") if self._office.store else b""
            file = DealFile.model_validate_json(content)
        except (NotFoundError, ValueError) as error:
            reason = f"no deal file lies under {step.file_hash[:12]}"
            problem = Problem(field="file_hash", reason=reason, remedy="start it through the API")
            raise InvalidInputError([problem]) from error
        problems = [
            Problem(field=field, reason="is not what the stored deal file says")
            for field in ("number", "seller", "signature_days", "test_clock")
            if getattr(file, field) != getattr(step.file, field)
        ]
        if problems:
            raise InvalidInputError(problems)
        return file

    def _configure(self, session: Session, step: ConfigureDeal) -> DealConfigured:
        if not _is_on_record(session, step):
            problems = (*self._house_problems(step), *problems_of(session, step))
            if problems:
                return DealConfigured(problems=told(problems))
            self._put_on_record(session, step)
        return DealConfigured(
            entity=step.file.entity,
            customer=step.file.customer,
            currency=step.file.currency,
            time_zone=entity_of(session, step.file.entity).time_zone,
            continue_as_new_every=self._office.rules.continue_as_new_every,
        )

    def _house_problems(self, step: ConfigureDeal) -> tuple[Problem, ...]:
        if not step.test_clock or self._office.rules.allow_test_clock:
            return ()
        reason, remedy = "test clocks are not allowed here", "leave test_clock out"
        return (Problem(field="test_clock", reason=reason, remedy=remedy),)

    def _put_on_record(self, session: Session, step: ConfigureDeal) -> None:
        content = file_content(step.file)
        deal = DealRow(
            number=step.deal,
            entity=step.file.entity,
            customer=step.file.customer,
            seller=step.file.seller,
            currency=step.file.currency,
            time_zone=entity_of(session, step.file.entity).time_zone,
            stage=Stage.CONFIGURE.value,
            test_clock=step.test_clock,
            business_time=step.at,
            started_at=step.at,
            partner=step.file.partner or "",
        )
        session.add(deal)
        session.flush()
        session.add(
            DealFileRow(deal=step.deal, term=1, content=content, content_hash=file_hash(step.file))
        )


def _size_problems(step: ConfigureDeal) -> Iterator[Problem]:
    count = line_count(step.file)
    if not step.file_hash and count > MOST_INLINE:
        reason = f"{count} lines and options are more than {MOST_INLINE} in one message"
        remedy = "start it through the API, which stores the file and sends its hash"
        yield Problem(field="lines", reason=reason, remedy=remedy)


def file_content(file: DealFile) -> str:
    """Return a deal file as the JSON the books keep."""
    return DealFile.model_validate(file.model_dump()).model_dump_json()


def file_hash(file: DealFile) -> str:
    """Return the SHA-256 of a deal file's content."""
    return hashlib.sha256(file_content(file).encode()).hexdigest()


def problems_of(session: Session, step: ConfigureDeal) -> tuple[Problem, ...]:
    """Return everything that keeps a deal file from being sold: parties, products and prices."""
    file = step.file
    problems = [
        *check_whole_file(file),
        *_party_problems(session, file),
    ]
    if _recorded_hash(session, step.deal) not in ("", file_hash(file)):
        reason = f"deal {step.deal} exists with another file"
        problems.append(Problem(field="number", reason=reason, remedy="use another number"))
    try:
        catalog = catalog_on(session, step.on)
    except NotFoundError as error:
        remedy = "publish one with `q2c catalog publish`"
        return (*problems, Problem(field="lines", reason=str(error), remedy=remedy))
    found = _sale_problems(session, catalog, file, step)
    for index, made in changed_files(file):
        problems += beside(index, _sale_problems(session, catalog, made, step), found)
    return (*problems, *found)


def _sale_problems(
    session: Session, catalog: Catalog, file: DealFile, step: ConfigureDeal
) -> tuple[Problem, ...]:
    """Return what keeps the lines of a file, or of an alternative to it, from being offered."""
    lines = line_problems(session, catalog, file, step)
    return (*_partner_problems(session, file), *lines, *limit_problems(catalog, file))


def sale_context(session: Session, file: DealFile, step: DealStep) -> SaleContext | None:
    """Return whom a deal is for, where and on which day; None for an unknown customer."""
    try:
        customer = customer_of(session, file.customer)
    except NotFoundError:
        return None
    return context_for(customer, file, step.on)


def _recorded_hash(session: Session, deal: str) -> str:
    """Return the hash of the file a deal was put on record with, empty for a new deal."""
    statement = select(DealFileRow).where(
        DealFileRow.deal == deal, DealFileRow.term == 1, DealFileRow.revision == 1
    )
    row = session.exec(statement).first()
    # An older release wrote fewer fields, so a file is compared as it is read today.
    return file_hash(DealFile.model_validate_json(row.content)) if row else ""


def _is_on_record(session: Session, step: ConfigureDeal) -> bool:
    return _recorded_hash(session, step.deal) == file_hash(step.file)


def _party_problems(session: Session, file: DealFile) -> list[Problem]:
    lookups = (
        ("entity", file.entity, entity_of, "`q2c entity add`"),
        ("customer", file.customer, customer_of, "`q2c customer add`"),
        ("seller", file.seller, person_of, "`q2c person add FILE`"),
    )
    problems = []
    for field, number, look_up, remedy in lookups:
        try:
            if number:
                look_up(session, number)
        except NotFoundError as error:
            problems.append(Problem(field=field, reason=str(error), remedy=f"add it: {remedy}"))
    return problems


def _partner_problems(session: Session, file: DealFile) -> Iterator[Problem]:
    """Yield what keeps a partner from offering this: another price book, or another's name."""
    try:
        theirs = person_of(session, file.seller).partner
    except NotFoundError:
        theirs = None
    if theirs and theirs != file.partner:
        reason = f"{file.seller} offers for partner {theirs} only"
        yield Problem(field="partner", reason=reason, remedy=f"write {theirs}")
    if not file.partner:
        return
    try:
        partner = partner_of(session, file.partner)
    except NotFoundError as error:
        if partner_terms(session, file.partner) is not None:
            return
        remedy = "add it: `q2c partner add`"
        yield Problem(field="partner", reason=str(error), remedy=remedy)
        return
    if file.price_book != partner.price_book:
        reason = f"{partner.number} sells from its own price book only"
        yield Problem(field="price_book", reason=reason, remedy=f"write {partner.price_book}")


def line_problems(
    session: Session,
    catalog: Catalog,
    file: DealFile,
    step: DealStep,
    priced_on: date | None = None,
) -> list[Problem]:
    """Return everything that keeps the lines of a file from being configured and priced.

    Without `priced_on` the prices are those of the step's own day.
    """
    configured = configure(catalog, file, sale_context(session, file, step))
    lines, request = configured.lines, request_of(file, priced_on or step.on)
    found = {(problem.field, problem.reason): problem for problem in configured.problems}
    try:
        request = with_terms(session, request, file, step.deal)
    except InvalidInputError as error:
        found |= {(problem.field, problem.reason): problem for problem in error.problems}
    if configured.problems or check_deal_file(file):
        # Numbers of a broken file may not compute; that everything has a price can still be told.
        bare = {"unit_price": None, "discount": None}
        lines = tuple(line.model_copy(update=bare) for line in lines)
        bare_header = {"header_discount": None, "groups": (), "target_total": None}
        request = request.model_copy(update=bare_header)
    try:
        price(catalog, lines, request)
    except InvalidInputError as error:
        for problem in error.problems:
            found.setdefault((problem.field, problem.reason), problem)
    return list(found.values())
