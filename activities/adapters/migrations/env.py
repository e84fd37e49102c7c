"""How Alembic reaches the books: with everybody's engine, one migration at a time."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import models.tables  # noqa: F401 - registers every table
from activities.adapters.books import open_engine

_ADVISORY_LOCK = 7102


def run() -> None:
    """Run the migrations that are missing; a second process waits for the first."""
    engine = open_engine(str(context.config.get_main_option("sqlalchemy.url")))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        context.configure(connection=connection, target_metadata=SQLModel.metadata)
        context.run_migrations()
    engine.dispose()


run()
