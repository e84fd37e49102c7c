"""Whether the house is there, and who one is in it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from models.parties import Role
from models.tables import DealRow
from models.value import Value
from starter.api.access import TheCaller, TheHouse
from starter.api.problems import ProblemDocument

router = APIRouter(tags=["House"])


class Health(Value):
    """Whether the API can read the books and reach Temporal. `ok` is both."""

    ok: bool = Field(examples=[True])
    books: bool = Field(examples=[True])
    temporal: bool = Field(examples=[True])
    namespace: str = Field(examples=["q2c"])


class Me(Value):
    """The person behind the token."""

    id: str = Field(examples=["sam"])
    name: str = Field(examples=["Sam Seller"])
    email: str
    roles: tuple[Role, ...]
    titles: tuple[str, ...]
    manager: str | None = None


@router.get("/health", summary="Is the house there?", responses={503: {"model": Health}})
async def health(house: TheHouse) -> JSONResponse:
    """Tell whether books and Temporal answer; needs no token. 503 if either does not."""

    def read(session: Session) -> bool:
        session.exec(select(DealRow.number).limit(1)).all()
        return True

    try:
        books = await house.read(read)
    except SQLAlchemyError:
        books = False
    temporal = await house.gateway.is_reachable(house.patience.query)
    found = Health(
        ok=books and temporal,
        books=books,
        temporal=temporal,
        namespace=house.settings.namespace,
    )
    return JSONResponse(found.model_dump(mode="json"), status_code=200 if found.ok else 503)


@router.get("/me", summary="Who am I?", responses={401: {"model": ProblemDocument}})
def me(caller: TheCaller) -> Me:
    """Return the person behind the token, with roles and titles."""
    return Me.model_validate(caller.person.model_dump())
