"""Prices explained: the waterfall of a quote as data and as a chart, and what the past says."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Response

from activities.adapters.pdf.chart import MEDIA_TYPES, ChartForm, draw_waterfall
from models.guidance import Guidance
from starter.api.access import TheCaller, TheHouse
from starter.api.problems import responses
from starter.service import explaining, guiding

router = APIRouter(tags=["Prices"])

Version = Annotated[int | None, Query(ge=1, description="Quote version; the newest without one.")]
Line = Annotated[str, Query(description="Only this line, by number or reference.")]


@router.get(
    "/deals/{number}/waterfall",
    summary="How a quote came to its total",
    responses=responses(401, 404),
)
def waterfall(
    house: TheHouse, _: TheCaller, number: str, version: Version = None, line: Line = ""
) -> explaining.Explanation:
    """Return every step of every line, and the bars from list to net over the term."""
    return house.books.read(lambda session: explaining.explain(session, number, version, line))


@router.get(
    "/deals/{number}/waterfall.{form}",
    summary="The waterfall chart",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {}, "application/pdf": {}, "image/png": {}}},
        **responses(401, 404),
    },
)
def waterfall_chart(
    house: TheHouse,
    _: TheCaller,
    number: str,
    form: ChartForm,
    version: Version = None,
    line: Line = "",
) -> Response:
    """Return the chart of a quote version, or of one of its lines, as SVG, PDF or PNG."""
    found = house.books.read(lambda session: explaining.explain(session, number, version, line))
    about = f", line {line}" if line else ""
    title = f"{found.quote}{about}: list to net, {found.currency}"
    content = draw_waterfall(found.bars, title, form)
    headers = {"X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.get(
    "/guidance/{sku}",
    summary="What similar quotes were offered at",
    responses=responses(401, 404, 422),
)
def guidance(
    house: TheHouse,
    _: TheCaller,
    sku: str,
    quantity: Annotated[Decimal, Query(description="Units to be offered.")] = Decimal(1),
    segment: Annotated[str, Query(description="Only to customers of this segment.")] = "",
) -> Guidance:
    """Return win rate and discounts of similar offers with the number of offers they rest on."""
    return house.books.read(lambda session: guiding.guide(session, sku, quantity, segment))
