"""Documents: what was made, and the files themselves."""

from fastapi import APIRouter, Response

from models.documents import DocumentKind, suffix_of
from models.errors import NotFoundError
from starter.api.access import Counted, TheCaller, TheHouse
from starter.api.problems import responses
from starter.service import reports
from starter.service.ports import House

router = APIRouter(tags=["Documents"])


@router.get("/documents", summary="List documents", responses=responses(401))
def documents(
    house: TheHouse,
    _: TheCaller,
    page: Counted,
    deal: str | None = None,
    kind: DocumentKind | None = None,
) -> reports.Documents:
    """Return documents in the order in which they were made, page by page."""
    wanted = kind.value if kind else None
    return house.books.read(
        lambda session: reports.documents(session, deal, wanted, page.limit, page.after)
    )


@router.get(
    "/documents/{kind}/{number:path}.pdf",
    summary="The PDF of a document",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **responses(401, 404)},
)
def pdf(house: TheHouse, _: TheCaller, kind: DocumentKind, number: str) -> Response:
    """Return the bytes of a document as they were first stored; the ETag is their SHA-256."""
    return _file(house, kind, number, "pdf")


@router.get(
    "/documents/{kind}/{number:path}.xml",
    summary="The XML of a structured invoice",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}, **responses(401, 404)},
)
def structured(house: TheHouse, _: TheCaller, kind: DocumentKind, number: str) -> Response:
    """Return the bytes of a structured invoice as they were first stored."""
    return _file(house, kind, number, "xml")


def _file(house: House, kind: DocumentKind, number: str, suffix: str) -> Response:
    if suffix_of(kind) != suffix:
        raise NotFoundError(f"A {kind.replace('_', ' ')} is no {suffix.upper()} file.")
    row = house.books.read(lambda session: reports.document(session, kind.value, number))
    name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in row.filename)
    headers = {
        "ETag": f'"{row.sha256}"',
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    content = house.documents.get(row.sha256, suffix)
    return Response(content, media_type=f"application/{suffix}", headers=headers)
