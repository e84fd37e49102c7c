"""Contracts are amended: what was asked, what was booked, and plans with more than one version."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

APPEND_ONLY = ("amendment", "amendment_booked")

_EVENTS = ("UPDATE", "DELETE")
_PLAN = "planned_charge"
_OLD = ["deal", "term", "reference", "starts_on"]
_NEW = [*_OLD, "amendment"]
_CONSTRAINT = {
    "sqlite": "uq_planned_charge_deal",
    "postgresql": "planned_charge_deal_term_reference_starts_on_key",
}


def upgrade() -> None:
    """Make the tables, and let an amendment plan days anew."""
    _fact(
        "amendment",
        ("term", "number", "base_version", "quote_version"),
        ("effective_on", "signed_on"),
        (
            "reason_code",
            "reason",
            "delta",
            "state",
            "diff",
            "accepted_by",
            "purchase_order",
            "actor",
            "channel",
            "command_id",
        ),
        ("proposed_at", "command_id"),
    )
    _fact(
        "amendment_booked",
        ("term", "number", "version"),
        ("booked_on",),
        ("treatment", "currency", "effect"),
        ("booked_at", "version"),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in (
                "price_before_minor",
                "price_after_minor",
                "arr_before_minor",
                "arr_after_minor",
            )
        ),
    )
    op.add_column(_PLAN, sa.Column("amendment", sa.Integer(), server_default="0", nullable=False))
    _replace_unique(_NEW)
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        (_guard_postgresql if dialect == "postgresql" else _guard_sqlite)(table)


def _fact(
    table: str,
    counts: tuple[str, ...],
    days: tuple[str, ...],
    texts: tuple[str, ...],
    told: tuple[str, str],
    *more: "sa.Column[int]",
) -> None:
    moment, counted = told
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        *(sa.Column(name, sa.Date(), nullable=False) for name in days),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *more,
        sa.Column(moment, sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.number"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "number"),
        sa.UniqueConstraint("deal", counted),
    )
    op.create_index(op.f(f"ix_{table}_deal"), table, ["deal"], unique=False)


def _replace_unique(columns: list[str]) -> None:
    """Change what is planned once; SQLite copies the table to lose its constraint."""
    name = _CONSTRAINT[op.get_bind().dialect.name]
    if op.get_bind().dialect.name == "postgresql":
        found = sa.inspect(op.get_bind()).get_unique_constraints(_PLAN)
        op.drop_constraint(str(found[0]["name"]), _PLAN, type_="unique")
        op.create_unique_constraint(name, _PLAN, columns)
        return
    names = {"uq": "uq_%(table_name)s_%(column_0_name)s"}
    with op.batch_alter_table(_PLAN, naming_convention=names, recreate="always") as batch:
        batch.drop_constraint(name, type_="unique")
        batch.create_unique_constraint(name, columns)


def _guard_sqlite(table: str) -> None:
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql(table: str) -> None:
    for event in _EVENTS:
        name = f"{table}_no_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_delete()"
    )


def downgrade() -> None:
    """Take the tables away; days that were planned anew keep this from being undone."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    _replace_unique(_OLD)
    op.drop_column(_PLAN, "amendment")
    for table in APPEND_ONLY:
        op.drop_table(table)
        for event in _EVENTS if postgresql else ():
            op.execute(f"DROP FUNCTION {table}_no_{event.lower()}()")
