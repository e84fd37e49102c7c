"""Looking at every logo in force, whether it is in the store and can be printed."""

from collections.abc import Iterator

from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session, col, select

from activities.adapters.books import Books
from activities.adapters.document_store import DamagedDocumentError, DocumentStore
from activities.adapters.pdf.logo import logo_problems
from models.errors import NotFoundError
from models.parties import Entity
from models.steps import RegisterKind
from models.tables import RegisterRow


def entities_without_logo(books_url: str, documents_url: str) -> list[tuple[str, str]]:
    """Return the entities whose logo would be missing from their documents, each with the reason.

    It only reads.
    """
    books = Books(books_url)
    try:
        entities = books.read(_entities)
    except (OperationalError, ProgrammingError):
        # Books without a schema have no entities; that they need one is another check's finding.
        return []
    finally:
        books.close()
    store = DocumentStore(documents_url)
    return [(entity.number, reason) for entity in entities for reason in _reasons(store, entity)]


def _entities(session: Session) -> list[Entity]:
    statement = (
        select(RegisterRow)
        .where(RegisterRow.kind == RegisterKind.ENTITY.value)
        .order_by(col(RegisterRow.revision))
    )
    newest = {row.key: row.content for row in session.exec(statement)}
    return [Entity.model_validate_json(newest[key]) for key in sorted(newest)]


def _reasons(store: DocumentStore, entity: Entity) -> Iterator[str]:
    if not entity.brand.logo:
        return
    try:
        content = store.get(entity.brand.logo)
    except (NotFoundError, DamagedDocumentError) as error:
        yield str(error)
        return
    for problem in logo_problems(content):
        yield f"the logo {problem.reason}"
