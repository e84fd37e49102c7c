"""The books on both databases: what they refuse, how they migrate, and many writers at once."""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import Session, SQLModel, text

import activities.adapters.books as subject
from activities.adapters.books import Books, migrate, migration_state, open_engine
from activities.approval_cases import CaseActivities
from activities.approval_subjects import subjects_of
from activities.crediting import issue_credit_note
from activities.journal import post
from models.approval_cases import CaseStatus, CloseCase, DecideCase, OpenCase
from models.approval_facts import Subject
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.decisions import DecisionKind
from models.ledger import Account, JournalEntry, Posting
from models.money import Money
from models.periods import Interval
from models.steps import Converge, PaymentRecorded, RegisterKind, ReviseQuote
from models.tables import (
    APPEND_ONLY,
    AuditRow,
    CommentRow,
    CounterAnswerRow,
    CounterOfferRow,
    CreditApplicationRow,
    CreditNoteLineRow,
    DealRow,
    DocumentRow,
    DraftNoteRow,
    FreedIntervalRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    JournalEntryRow,
    LinkRevocationRow,
    MilestoneRow,
    NumberSeries,
    PaymentRow,
    PostingRow,
    RebillRow,
    TransmissionRow,
    UsageBatchRow,
    UsageEventRow,
    UsagePoolRow,
    UsageRatingRow,
    VatCheckRow,
    WithheldRow,
)
from models.value import Value
from models.write_offs import Refund, WriteOff
from tests.activities.databases import DIALECTS, database, unmigrated
from tests.activities.house import (
    START,
    WRITTEN_AT,
    House,
    deal_file,
    furnish,
    line,
    noon,
    off,
    payment,
    step,
)


def fill_every_table(books: Books) -> None:
    """Write something in every table that may only grow."""
    furnish(books)
    house = House(books)
    house.stock("LAPTOP", "5")
    spring = {"code": "SPRING", "valid_from": "2025-12-01", "percent": "1"}
    house.register(RegisterKind.PROMOTION, "SPRING", spring)
    lines = line("CRM", "3", discount=off("25")), line("LAPTOP")
    file = deal_file("1001", *lines, promotions=["SPRING"])
    quote = house.quote(file).quote
    assert quote is not None
    token = house.token(DecisionKind.APPROVE, "mia", quote.content_hash, "sales-1")
    house.approval.record_decision(house.decide(DecisionKind.APPROVE, "mia", token=token))
    house.sell(file)
    house.converge("1001", date(2026, 2, 1))
    rest = {"suspend": {"from_on": "2026-06-01", "until_on": "2026-06-05"}}
    assert house.amend("1001", date(2026, 2, 1), rest).booked
    house.pay(100_00, "r-1")
    house.dun("1001", date(2026, 3, 6))
    part = CreditPart(line=0, days=Interval(start=date(2026, 1, 20), end=date(2026, 1, 22)))
    order = CreditOrder(
        key="k-1", invoice="INV-2026-00001", on=date(2026, 3, 7), reason="x", parts=(part,)
    )
    books.write(lambda session: issue_credit_note(session, house.office, order))
    audit = AuditRow(deal="1001", sequence=1, at=noon(START), actor="q2c", what="x", detail="")
    stored = DocumentRow(
        deal="1001",
        kind="invoice",
        number="INV-2026-00001",
        sha256="0" * 64,
        filename="a.pdf",
        size=1,
        dated_on=START,
    )
    said = [audit, stored, _reached(), _sent(), *_words(), *_taken_back(), *_taxes()]
    books.write(lambda session: session.add_all(said))
    _use(books)
    house.quote(deal_file("1002", line("CRM")))
    change = step(ReviseQuote, "1002", quote_version=1, delta={"note": "new"}, command_id="r-1")
    assert house.revision.revise_quote(change).quote is not None
    _give_up_and_pay_back(house)


def _give_up_and_pay_back(house: House) -> None:
    """Write an invoice off, with a decision that came too late, and pay cash back."""
    cases = CaseActivities(house.office, subjects_of(house.office))
    given_up = WriteOff(invoice="INV-2026-00001", currency="EUR", amount_minor=10**9)
    _carry_out(cases, Subject.WRITE_OFF, given_up)
    late = {"case": "write_off-1", "kind": DecisionKind.APPROVE, "person": "mia"}
    cases.decide_case(DecideCase(**late, at=noon(START), command_id="late"))
    paid = house.pay(10**7, "far too much").payment
    _carry_out(cases, Subject.REFUND, Refund(payment=paid, currency="EUR", amount_minor=1))


def _carry_out(cases: CaseActivities, subject: Subject, meant: Value) -> None:
    asked = OpenCase(subject=subject, key="1", content=meant.model_dump_json(), actor="rita")
    assert cases.open_case(asked).problems == ()
    closed = cases.close_case(CloseCase(case=asked.number, at=WRITTEN_AT))
    assert closed.status is CaseStatus.DONE


def _taken_back() -> list[SQLModel]:
    """Return an invoice that was made void and billed again."""
    said: dict[str, Any] = {
        "invoice": "INV-2026-00002",
        "key": "k-2",
        "request_hash": "0",
        "deal": "1001",
        "term": 1,
        "document": "INV-2026-00002",
        "purchase_order": "",
        "voided_on": START,
        "asked_on": START,
        "reason": "x",
        "actor": "finn",
    }
    said |= {"draft": "1001.x", "kind": "hold", "text": "x", "said_on": START}
    return [
        InvoiceVoidRow.model_validate(said),
        RebillRow.model_validate(said),
        DraftNoteRow.model_validate(said),
    ]


def _sent() -> SQLModel:
    """Return the first step of an invoice over a network."""
    said = {"deal": "1001", "document": "INV-2026-00001", "attempt": 1, "status": "prepared"}
    return TransmissionRow.model_validate({**said, "format": "ubl", "at": noon(START)})


def _taxes() -> list[SQLModel]:
    """Return a verdict on a VAT number, and tax that was kept back."""
    said: dict[str, Any] = {
        "customer": "C-100",
        "vat_id": "DE284736193",
        "number": 1,
        "valid": True,
        "reference": "R",
        "asked_at": "",
        "actor": "sam",
        "checked_at": noon(START),
        "invoice": "INV-2026-00001",
        "deal": "1001",
        "payment": "PAY-2026-00001",
        "name": "IRPF",
        "amount_minor": 1,
        "currency": "EUR",
        "booked_on": START,
    }
    return [VatCheckRow.model_validate(said), WithheldRow.model_validate(said)]


def _use(books: Books) -> None:
    """Write a batch of one event, a pool to draw on, and the rating of a period."""
    said: dict[str, Any] = {
        "deal": "1001",
        "term": 1,
        "content_hash": "0",
        **dict.fromkeys(("events", "added", "deals", "batch", "revision", "events_until"), 1),
        **dict.fromkeys(("source", "event", "meter", "reference", "key", "name", "actor"), "x"),
        **dict.fromkeys(("starts_on", "ends_on", "before", "rated_on"), START),
        **dict.fromkeys(("recorded_at", "at"), noon(START)),
        **dict.fromkeys(("amount_minor", "billable_minor", "true_up_minor", "earned_minor"), 1),
        **dict.fromkeys(("paid_minor", "credit_minor", "priority"), 1),
        **dict.fromkeys(("value", "overage_percent", "digest", "content", "settlement"), "1"),
        "currency": "EUR",
        "is_top_up": True,
    }
    books.write(lambda session: session.add(UsageBatchRow.model_validate(said)))
    tables = (UsageEventRow, UsagePoolRow, UsageRatingRow)
    rows = [table.model_validate(said) for table in tables]
    books.write(lambda session: session.add_all(rows))


def _reached() -> SQLModel:
    """Return a milestone."""
    said = {"deal": "1001", "term": 1, "name": "Go-live", "reached_on": START, "actor": "sam"}
    return MilestoneRow.model_validate({**said, "confirmed_at": noon(START), "command_id": "m-1"})


def _words() -> list[SQLModel]:
    """Return a word of each kind that a negotiation puts on record."""
    said: dict[str, Any] = {
        "deal": "1001",
        "actor": "sam",
        "channel": "api",
        "command_id": "n-1",
        "number": 1,
        "quote_version": 1,
        "base_version": 1,
        "counter": 1,
        "origin": "seller",
        "person": "ben@buyer.example",
        "text": "x",
        "reason": "x",
        "delta": "{}",
        "accepted": False,
    }
    moments = ("written_at", "offered_at", "answered_at", "revoked_at")
    said |= dict.fromkeys(moments, noon(START))
    tables = (CommentRow, CounterOfferRow, CounterAnswerRow, LinkRevocationRow)
    return [table.model_validate(said) for table in tables]


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(dialect: str) -> Iterator[str]:
    """The address of books with something in every table."""
    with database(dialect, fill_every_table) as address:
        yield address


@pytest.fixture
def books(url: str) -> Iterator[Books]:
    with closing(Books(url)) as opened:
        yield opened


# Transactions


class _TroubleError(Exception):
    """Something went wrong."""


def test_what_fails_leaves_nothing(books: Books) -> None:
    """All of a step's work is on record, or none of it."""

    def half(session: Session) -> None:
        session.add(NumberSeries(entity="X", series="X", last=1, last_on=START))
        session.flush()
        raise _TroubleError

    with pytest.raises(_TroubleError):
        books.write(half)

    found = books.read(lambda session: session.get(NumberSeries, ("X", "X")))
    assert found is None


def test_reading_leaves_nothing(books: Books) -> None:
    """A transaction that only reads is never committed; PostgreSQL refuses to write in it."""

    def scribble(session: Session) -> None:
        session.add(NumberSeries(entity="X", series="X", last=1, last_on=START))
        session.flush()

    with suppress(DatabaseError):
        books.read(scribble)

    assert books.read(lambda session: session.get(NumberSeries, ("X", "X"))) is None


def test_rows_outlive_their_transaction(books: Books) -> None:
    """What work returns can be read afterwards."""
    deal = books.read(lambda session: session.get_one(DealRow, "1001"))

    assert deal.customer == "C-100"


def test_moments_come_back_aware_and_in_utc(books: Books) -> None:
    """SQLite keeps no zone."""
    deal = books.read(lambda session: session.get_one(DealRow, "1001"))

    assert deal.started_at == noon(START)
    assert deal.started_at.utcoffset() is not None


def test_a_broken_constraint_is_an_error_on_both(books: Books) -> None:
    """On PostgreSQL it is tried again first, as a lost race would look the same."""
    twice = NumberSeries(entity="DE01", series="INV-2026", last=1, last_on=START)

    with pytest.raises(IntegrityError):
        books.write(lambda session: session.add(NumberSeries.model_validate(twice.model_dump())))


def test_sqlite_is_set_up_to_survive(tmp_path: Path) -> None:
    """Durable after every commit, readers beside the writer, thirty seconds of patience."""
    path = f"sqlite:///{tmp_path}/new/books.sqlite"
    migrate(path)
    engine = open_engine(path)

    with engine.connect() as connection:
        names = (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "busy_timeout",
            "recursive_triggers",
        )
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    engine.dispose()

    assert found == ["wal", 2, 1, 30000, 1]


# What the database itself refuses


def _refused(books: Books, work: Callable[[Session], object], reason: str) -> None:
    before = House(books).everything()
    with pytest.raises(DatabaseError, match=reason):
        books.write(work)
    assert House(books).everything() == before


def _statement(sql: str) -> Callable[[Session], object]:
    return lambda session: session.connection().execute(text(sql))


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: str(table.__tablename__))
def test_facts_are_neither_changed_nor_deleted(books: Books, table: type[SQLModel]) -> None:
    """Law 3, for each table and whatever the code does; every table holds a row to try it on."""
    name = table.__tablename__
    column = next(iter(table.__table__.columns)).name  # type: ignore[attr-defined]
    assert House(books).rows(table)

    update = f"UPDATE {name} SET {column} = {column}"  # noqa: S608 - our own names
    _refused(books, _statement(update), "append-only")
    _refused(books, _statement(f"DELETE FROM {name}"), "append-only")  # noqa: S608 - the same


def test_the_two_lists_of_such_tables_agree() -> None:
    """The migrations keep their own lists, because they never change."""
    guarded: list[str] = []
    for path in (Path(subject.__file__).parent / "migrations/versions").glob("0*.py"):
        scope: dict[str, Sequence[str]] = {}
        exec(path.read_text(), scope)  # noqa: S102 - a module's name may not begin with a digit
        guarded += scope.get("APPEND_ONLY", ())

    assert sorted(guarded) == sorted(str(one.__tablename__) for one in APPEND_ONLY)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_table_of_facts_cannot_be_emptied(books: Books) -> None:
    """TRUNCATE is no DELETE to PostgreSQL."""
    _refused(books, _statement("TRUNCATE invoice CASCADE"), "append-only")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_fact_cannot_be_replaced(books: Books) -> None:
    """INSERT OR REPLACE is a DELETE that SQLite does not mention by default."""
    replace = "INSERT OR REPLACE INTO invoice SELECT * FROM invoice"

    _refused(books, _statement(replace), "append-only")


def _billed(first: date, end: date) -> InvoiceLineRow:
    return InvoiceLineRow(
        invoice="INV-2026-00001",
        deal="1001",
        term=1,
        reference="1/seat",
        starts_on=first,
        ends_on=end,
        net_minor=1,
        tax_minor=0,
        currency="EUR",
        unconditional_on=START,
    )


@pytest.mark.parametrize(
    ("first", "end", "reason"),
    [
        (date(2026, 1, 10), date(2026, 1, 11), "already billed"),
        (date(2025, 12, 1), date(2026, 1, 2), "already billed"),
        (date(2026, 2, 28), date(2026, 4, 1), "already billed"),
        (date(2025, 1, 1), date(2027, 1, 1), "already billed"),
        (date(2026, 5, 1), date(2026, 5, 1), "at least one day"),
        (date(2026, 5, 2), date(2026, 5, 1), "at least one day"),
    ],
)
def test_no_day_of_a_charge_is_billed_twice(
    books: Books, first: date, end: date, reason: str
) -> None:
    """Law 1: in the rules, and again in the database. January and February are billed."""
    _refused(books, lambda session: session.add(_billed(first, end)), reason)


def test_only_days_that_were_credited_may_be_billed_again(books: Books) -> None:
    """20 and 21 January were taken back; the days beside them stay billed, and so do these then."""
    _refused(
        books,
        lambda session: session.add(_billed(date(2026, 1, 20), date(2026, 1, 23))),
        "already billed",
    )

    books.write(lambda session: session.add(_billed(date(2026, 1, 20), date(2026, 1, 22))))

    again = _billed(date(2026, 1, 21), date(2026, 1, 22))
    _refused(books, lambda session: session.add(again), "already billed")


def test_no_more_is_credited_or_applied_than_there_is(books: Books) -> None:
    """Caps: the line of the invoice, its days, and the credit note."""
    line = House(books).rows(CreditNoteLineRow)[0].model_dump(exclude={"id"})
    more = CreditNoteLineRow.model_validate(line | {"net_minor": 150_00})
    tax = CreditNoteLineRow.model_validate(line | {"net_minor": 1, "tax_minor": 28_00})
    free = House(books).rows(FreedIntervalRow)[0].model_dump(exclude={"id"})
    twice = FreedIntervalRow.model_validate(free | {"starts_on": date(2026, 1, 21)})
    beside = FreedIntervalRow.model_validate(
        free | {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 2)}
    )
    used = House(books).rows(CreditApplicationRow)[0].model_dump(exclude={"id"})
    spent = CreditApplicationRow.model_validate(used | {"invoice": "INV-2026-00002"})

    _refused(books, lambda session: session.add(more), "more is credited than was billed")
    _refused(books, lambda session: session.add(tax), "more is credited than was billed")
    _refused(books, lambda session: session.add(twice), "days are credited once")
    _refused(books, lambda session: session.add(beside), "only billed ones")
    _refused(books, lambda session: session.add(spent), "more is applied than was credited")


def test_the_days_beside_a_billed_interval_are_free(books: Books) -> None:
    """Periods are half-open."""
    march = _billed(date(2026, 3, 1), date(2026, 4, 1))

    books.write(lambda session: session.add(march))

    assert len(House(books).rows(InvoiceLineRow, reference="1/seat")) == 3


def _entry(key: str) -> JournalEntryRow:
    return JournalEntryRow(
        key=key,
        entity="DE01",
        deal="1001",
        customer="C-100",
        currency="EUR",
        booked_on=START,
        cause="test",
        text="",
        recorded_at=WRITTEN_AT,
    )


@pytest.mark.parametrize(
    "postings",
    [
        [],
        [(0, "EUR")],
        [(5, "EUR"), (-4, "EUR")],
        [(5, "EUR"), (-5, "USD")],
    ],
)
def test_an_entry_that_does_not_balance_is_refused(
    books: Books, postings: list[tuple[int, str]]
) -> None:
    """The journal balances or it does not exist (law 3)."""

    def write(session: Session) -> None:
        for amount, currency in postings:
            account = Account.CASH.value
            row = PostingRow(entry="k", account=account, amount_minor=amount, currency=currency)
            session.add(row)
        session.flush()
        session.add(_entry("k"))

    _refused(books, write, "must balance")


def test_a_posted_entry_takes_no_further_posting(books: Books) -> None:
    """Not even two that balance among themselves."""
    known = House(books).rows(JournalEntryRow)[0].key

    def add(session: Session) -> None:
        for amount in (5, -5):
            row = PostingRow(entry=known, account="1000", amount_minor=amount, currency="EUR")
            session.add(row)

    _refused(books, add, "no further posting")


def test_postings_without_their_entry_are_refused(books: Books) -> None:
    """An amount without a cause is none."""
    stray = PostingRow(entry="nobody", account="1000", amount_minor=5, currency="EUR")

    _refused(books, lambda session: session.add(stray), "(?i)foreign key")


def test_an_entry_is_posted_once(books: Books) -> None:
    """Its key is its identity."""
    amounts = ((Account.CASH, 5), (Account.REVENUE, -5))
    entry = JournalEntry(
        **_entry("k").model_dump(exclude={"currency", "scope", "recorded_at"}),
        postings=tuple(
            Posting(account=account, amount=Money(minor=minor, currency="EUR"))
            for account, minor in amounts
        ),
    )

    first = books.write(lambda session: post(session, entry, WRITTEN_AT))
    again = books.write(lambda session: post(session, entry, WRITTEN_AT))

    assert (first, again) == (True, False)
    assert len(House(books).rows(PostingRow, entry="k")) == 2


@pytest.mark.parametrize("changed", [{"number": "X"}, {"number": "X", "key": "X"}, {"key": "X"}])
def test_a_number_names_one_invoice(books: Books, changed: dict[str, str]) -> None:
    """EU VAT Directive art. 226(2); and one place in a series belongs to one invoice."""
    known = House(books).rows(InvoiceRow)[0].model_dump()
    copy = InvoiceRow.model_validate({**known, **changed})

    _refused(books, lambda session: session.add(copy), "(?i)unique")


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_an_amount_may_be_larger_than_32_bits(books: Books) -> None:
    """25 million EUR are 2.5 billion cents."""
    deal = House(books).rows(DealRow)[0].model_dump()
    large = DealRow.model_validate({**deal, "number": "L", "total_minor": 2_500_000_000})

    books.write(lambda session: session.add(large))

    assert House(books).rows(DealRow, number="L")[0].total_minor == 2_500_000_000


# Migrations


def test_models_and_migrations_agree(url: str) -> None:
    """Whoever changes a table writes a migration."""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()

    assert found == []


def test_migrating_twice_changes_nothing(url: str) -> None:
    """Every start migrates."""
    before = migration_state(url)

    migrate(url)

    assert before == migration_state(url)
    assert before[0] == before[1]


def test_the_way_back_and_forth_works(dialect: str) -> None:
    """A migration that went wrong can be taken back; afterwards the guards stand again."""
    with unmigrated(dialect) as url:
        assert migration_state(url)[0] is None
        migrate(url)
        command.downgrade(subject._config(url), "base")
        assert migration_state(url)[0] is None
        migrate(url)

        with closing(Books(url)) as books:
            fill_every_table(books)
            _refused(books, _statement("DELETE FROM invoice"), "append-only")


# Many writers


THREADS, PROCESSES, DEALS = 4, 2, 24
Answer = dict[str, object]


def _bill(url: str, deals: Sequence[str]) -> list[str]:
    """Converge deals in threads of this process; any error escapes."""
    with closing(Books(url)) as books, ThreadPoolExecutor(THREADS) as threads:
        house = House(books)
        done = threads.map(house.billing.converge, [step(Converge, deal) for deal in deals])
        return [number for converged in done for number in converged.invoices]


def _pay(url: str, count: int) -> list[Answer]:
    """Record one payment many times in threads of this process."""
    with closing(Books(url)) as books, ThreadPoolExecutor(THREADS) as threads:
        record = House(books).collection.record_payment
        done = threads.map(record, [payment(178_50, "r-9")] * count)
        return [json.loads(answer.model_dump_json()) for answer in done]


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes of their own, as workers have."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        yield pool


def _sell_many(books: Books) -> None:
    furnish(books)
    for number in range(DEALS):
        House(books).sell(deal_file(f"D{number}", line("CRM", "3")))


@pytest.mark.parametrize("dialect", DIALECTS, indirect=True)
def test_eight_writers_issue_gapless_numbers(dialect: str, processes: ProcessPoolExecutor) -> None:
    """Two processes bill the same deals with four threads each: one invoice a deal, no error."""
    with database(dialect, _sell_many) as url:
        deals = [f"D{number}" for number in range(DEALS)]
        jobs = [processes.submit(_bill, url, order) for order in (deals, deals[::-1])]
        named = [job.result(timeout=90) for job in jobs]

        with closing(Books(url)) as books:
            invoices = House(books).rows(InvoiceRow)
            series = House(books).rows(NumberSeries)
    expected = [f"INV-2026-{number:05d}" for number in range(1, DEALS + 1)]
    assert [row.number for row in invoices] == expected
    assert sorted(row.deal for row in invoices) == sorted(deals)
    assert sorted(named[0]) == sorted(named[1]) == expected
    assert [row.last for row in series] == [DEALS]


@pytest.mark.parametrize("dialect", DIALECTS, indirect=True)
def test_a_payment_reported_by_everybody_is_one(
    dialect: str, processes: ProcessPoolExecutor
) -> None:
    """Webhook, bank file and a person may tell of the same money at the same time."""
    with database(dialect, fill_every_table) as url:
        jobs = [processes.submit(_pay, url, 8) for _ in range(PROCESSES)]
        answers = [PaymentRecorded.model_validate(one) for job in jobs for one in job.result(90)]

        with closing(Books(url)) as books:
            found = House(books).rows(PaymentRow, reference="r-9")
    assert len(found) == 1
    assert {answer.payment for answer in answers} == {found[0].number}
    assert {answer.refused_because for answer in answers} == {""}
    assert sum(not answer.repeated for answer in answers) == 1
