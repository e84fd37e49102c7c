"""Invoices are credited: credit notes line by line, voids, and days that may be billed again.

A charge's days are on at most one invoice net of what was taken back whole. So a line of an invoice
may meet an earlier one of its charge only on days that were credited.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "credit_note",
    "credit_note_line",
    "freed_interval",
    "credit_application",
    "invoice_void",
    "rebill",
)

_EVENTS = ("UPDATE", "DELETE")
_BILLED_ONCE = """
    SELECT 1 FROM invoice_line other
    WHERE other.deal = NEW.deal AND other.term = NEW.term AND other.reference = NEW.reference
      AND other.starts_on < NEW.ends_on AND NEW.starts_on < other.ends_on
"""
_EMPTY = "SELECT 1 WHERE NEW.ends_on <= NEW.starts_on"
_TOO_MUCH = """
    SELECT 1 FROM invoice_line billed
    WHERE billed.id = NEW.invoice_line AND (
        ABS(billed.net_minor) < ABS(NEW.net_minor + COALESCE(
            (SELECT SUM(net_minor) FROM credit_note_line WHERE invoice_line = billed.id), 0))
        OR ABS(billed.tax_minor) < ABS(NEW.tax_minor + COALESCE(
            (SELECT SUM(tax_minor) FROM credit_note_line WHERE invoice_line = billed.id), 0)))
"""
_FREED_TWICE = """
    SELECT 1 FROM freed_interval other
    WHERE other.invoice_line = NEW.invoice_line AND other.kind = NEW.kind
      AND other.starts_on < NEW.ends_on AND NEW.starts_on < other.ends_on
    UNION ALL
    SELECT 1 FROM invoice_line billed
    WHERE billed.id = NEW.invoice_line
      AND (NEW.starts_on < billed.starts_on OR NEW.ends_on > billed.ends_on)
"""
_MORE_THAN_CREDITED = """
    SELECT 1 FROM credit_note note
    WHERE note.number = NEW.credit_note AND note.gross_minor < NEW.amount_minor + COALESCE(
        (SELECT SUM(amount_minor) FROM credit_application WHERE credit_note = note.number), 0)
"""
_GUARDS = (
    ("credit_note_line", "cap", _TOO_MUCH, "more is credited than was billed"),
    ("freed_interval", "overlap", _FREED_TWICE, "days are credited once, and only billed ones"),
    ("freed_interval", "empty", _EMPTY, "a credited interval has at least one day"),
    ("credit_application", "cap", _MORE_THAN_CREDITED, "more is applied than was credited"),
)
_OVERLAP_SAID = "this interval of the charge is already billed"
_UNIQUE = {
    "sqlite": "uq_invoice_line_deal",
    "postgresql": "invoice_line_deal_term_reference_starts_on_key",
}


def _overlap(dialect: str) -> str:
    """Return the rule that no day is billed twice; days are counted in the database's own way."""
    if dialect == "postgresql":
        first, last = "GREATEST({0}.starts_on, NEW.starts_on)", "LEAST({0}.ends_on, NEW.ends_on)"
        days = f"({last} - {first})"
    else:
        first, last = "MAX({0}.starts_on, NEW.starts_on)", "MIN({0}.ends_on, NEW.ends_on)"
        days = f"(julianday({last}) - julianday({first}))"
    return f"""{_BILLED_ONCE}
      AND {days.format("other")} > COALESCE((
          SELECT SUM({days.format("free")}) FROM freed_interval free
          WHERE free.invoice_line = other.id AND free.kind = 'credited'
            AND free.starts_on < NEW.ends_on AND NEW.starts_on < free.ends_on), 0)
    """  # noqa: S608 - nothing in it comes from outside


def upgrade() -> None:
    """Make the tables, and let credited days be billed again."""
    dialect = op.get_bind().dialect.name
    _credit_notes()
    _freed_and_applied()
    _voids_and_rebills()
    _replace_overlap(dialect, _overlap(dialect), unique=False)
    install = _guard_postgresql if dialect == "postgresql" else _guard_sqlite
    for table, name, condition, message in _GUARDS:
        install(f"{table}_{name}", table, "INSERT", (condition, message))
    for table in APPEND_ONLY:
        _append_only(table, dialect)


def _credit_notes() -> None:
    op.create_table(
        "credit_note",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("number", "key", "request_hash", "invoice", "entity", "series")
        ),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("customer", "currency", "scope")
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("net_minor", "tax_minor", "gross_minor")
        ),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("entity", "series", "sequence"),
    )
    op.create_index("ix_credit_note_customer_currency", "credit_note", ["customer", "currency"])
    op.create_index(op.f("ix_credit_note_invoice"), "credit_note", ["invoice"])
    op.create_index(op.f("ix_credit_note_deal"), "credit_note", ["deal"])
    op.create_table(
        "credit_note_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_note", sa.String(), nullable=False),
        *_of_a_line(),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("net_minor", "tax_minor")),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("unconditional_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["credit_note"], ["credit_note.number"]),
        sa.ForeignKeyConstraint(["invoice_line"], ["invoice_line.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("credit_note", "invoice_line", "deal"):
        op.create_index(op.f(f"ix_credit_note_line_{column}"), "credit_note_line", [column])


def _of_a_line() -> tuple["sa.Column[object]", ...]:
    return (
        sa.Column("invoice_line", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
    )


def _freed_and_applied() -> None:
    op.create_table(
        "freed_interval",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_a_line(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_line"], ["invoice_line.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("invoice_line", "kind", "starts_on"),
    )
    for column in ("invoice_line", "deal", "document"):
        op.create_index(op.f(f"ix_freed_interval_{column}"), "freed_interval", [column])
    op.create_table(
        "credit_application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_note", sa.String(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["credit_note"], ["credit_note.number"]),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credit_note", "invoice"),
    )
    for column in ("credit_note", "invoice", "deal"):
        op.create_index(op.f(f"ix_credit_application_{column}"), "credit_application", [column])


def _voids_and_rebills() -> None:
    _about_an_invoice("invoice_void", "voided_on")
    _about_an_invoice(
        "rebill",
        "asked_on",
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("purchase_order", sa.String(), nullable=False),
    )


def _about_an_invoice(table: str, day: str, *more: "sa.Column[int] | sa.Column[str]") -> None:
    op.create_table(
        table,
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("invoice", "key", "request_hash", "deal", "reason", "actor")
        ),
        *more,
        sa.Column(day, sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.PrimaryKeyConstraint("invoice"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f(f"ix_{table}_deal"), table, ["deal"])


def _replace_overlap(dialect: str, condition: str, *, unique: bool) -> None:
    """Change the rule against double billing; SQLite copies the table to lose its constraint."""
    guard = (condition, _OVERLAP_SAID)
    columns = ["deal", "term", "reference", "starts_on"]
    if dialect == "postgresql":
        op.execute("DROP FUNCTION invoice_line_overlap() CASCADE")
        if unique:
            op.create_unique_constraint(_UNIQUE[dialect], "invoice_line", columns)
        else:
            op.drop_constraint(_UNIQUE[dialect], "invoice_line", type_="unique")
        _guard_postgresql("invoice_line_overlap", "invoice_line", "INSERT", guard)
        return
    names = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
    with op.batch_alter_table("invoice_line", naming_convention=names, recreate="always") as batch:
        if unique:
            batch.create_unique_constraint(_UNIQUE[dialect], columns)
        else:
            batch.drop_constraint(_UNIQUE[dialect], type_="unique")
    _guard_sqlite("invoice_line_overlap", "invoice_line", "INSERT", guard)
    empty = (_EMPTY, "a billed interval has at least one day")
    _guard_sqlite("invoice_line_empty", "invoice_line", "INSERT", empty)
    _append_only("invoice_line", dialect)


def _append_only(table: str, dialect: str) -> None:
    install = _guard_postgresql if dialect == "postgresql" else _guard_sqlite
    for event in _EVENTS:
        guard = ("SELECT 1", f"{table} is append-only")
        install(f"{table}_no_{event.lower()}", table, event, guard)
    if dialect == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_delete()"
        )


def _guard_sqlite(name: str, table: str, event: str, guard: tuple[str, str]) -> None:
    condition, message = guard
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN EXISTS ({condition}) "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _guard_postgresql(name: str, table: str, event: str, guard: tuple[str, str]) -> None:
    condition, message = guard
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({condition}) THEN RAISE EXCEPTION '{message}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    """Take the tables away; days that were billed again keep this from being undone."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        # Triggers that name a table of another one stand in the way of copying it.
        op.execute("DROP TRIGGER invoice_line_overlap")
    names = [f"{table}_{name}" for table, name, _, _ in _GUARDS]
    names += [f"{table}_no_{event.lower()}" for table in APPEND_ONLY for event in _EVENTS]
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
    for name in names if dialect == "postgresql" else ():
        op.execute(f"DROP FUNCTION {name}() CASCADE")
    _replace_overlap(dialect, _BILLED_ONCE, unique=True)
