"""Facts are appended: triggers that refuse changed facts, overlapping bills and unbalanced entries.

The rules hold in the code as well; here they hold whatever the code does.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "register",
    "deal_file",
    "audit",
    "quote",
    "approval_path",
    "decision",
    "contract",
    "fulfillment_event",
    "stock_movement",
    "invoice",
    "invoice_line",
    "payment",
    "payment_application",
    "reminder",
    "reminder_item",
    "recognized",
    "journal_entry",
    "posting",
    "document",
)

_OVERLAP = """
    SELECT 1 FROM invoice_line other
    WHERE other.deal = NEW.deal AND other.term = NEW.term AND other.reference = NEW.reference
      AND other.starts_on < NEW.ends_on AND NEW.starts_on < other.ends_on
"""
_UNBALANCED = """
    SELECT 1 FROM (
        SELECT COUNT(*) AS postings, SUM(amount_minor) AS total,
               SUM(CASE WHEN currency <> NEW.currency THEN 1 ELSE 0 END) AS strange
        FROM posting WHERE entry = NEW.key
    ) sums
    WHERE postings < 2 OR total <> 0 OR strange > 0
"""
_POSTED = "SELECT 1 FROM journal_entry WHERE key = NEW.entry"
_EMPTY = "SELECT 1 WHERE NEW.ends_on <= NEW.starts_on"

_GUARDS = (
    ("invoice_line", "overlap", _OVERLAP, "this interval of the charge is already billed"),
    ("invoice_line", "empty", _EMPTY, "a billed interval has at least one day"),
    ("journal_entry", "balance", _UNBALANCED, "a journal entry must balance"),
    ("posting", "late", _POSTED, "a posted entry takes no further posting"),
)


def upgrade() -> None:
    """Install the triggers in the database's own dialect."""
    dialect = op.get_bind().dialect.name
    install = _guard_postgresql if dialect == "postgresql" else _guard_sqlite
    for table, name, condition, message in _GUARDS:
        install(f"{table}_{name}", table, "BEFORE INSERT", condition, message)
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_no_{event.lower()}"
            install(name, table, f"BEFORE {event}", "SELECT 1", f"{table} is append-only")
        if dialect == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_delete()"
            )


def _guard_sqlite(name: str, table: str, when: str, condition: str, message: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW WHEN EXISTS ({condition}) "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _guard_postgresql(name: str, table: str, when: str, condition: str, message: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({condition}) THEN RAISE EXCEPTION '{message}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    """Remove the triggers."""
    dialect = op.get_bind().dialect.name
    names = [f"{table}_{name}" for table, name, _, _ in _GUARDS]
    names += [f"{table}_no_{event}" for table in APPEND_ONLY for event in ("update", "delete")]
    for name in names:
        if dialect == "postgresql":
            op.execute(f"DROP FUNCTION {name} CASCADE")
        else:
            op.execute(f"DROP TRIGGER {name}")
