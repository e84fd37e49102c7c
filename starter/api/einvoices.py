"""Structured invoices: written in a format, checked, and followed over the network."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from activities.adapters.einvoice.checking import CheckedFile
from models.einvoice_settings import EInvoiceFormat
from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import einvoices, transmissions

router = APIRouter(tags=["Invoices"])
changes = APIRouter(tags=["Invoices"], route_class=OnceRoute)

Wanted = Annotated[
    EInvoiceFormat, Query(alias="format", description="The syntax: CII, or UBL for Peppol.")
]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}, "example": example}
            for media, example in (
                ("application/pdf", "%PDF-1.7 ..."),
                ("application/xml", "<rsm:CrossIndustryInvoice>...</rsm:CrossIndustryInvoice>"),
            )
        },
    }
}


@router.get(
    "/invoices/{number}/xml",
    summary="An invoice as structured data",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}, **responses(401, 404, 422)},
)
def invoice_xml(
    house: TheHouse, _: TheCaller, number: str, wanted: Wanted = EInvoiceFormat.CII
) -> Response:
    """Return an issued invoice or credit note as EN 16931 data, in CII or in UBL.

    Electronic addresses and the buyer's reference are those on record today. Refused with every
    problem and its remedy where the format needs what is missing.
    """
    found = einvoices.written(house, number, wanted)
    headers = {
        "Content-Disposition": f'inline; filename="{found.filename}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, media_type="application/xml", headers=headers)


@router.post(
    "/invoices/check",
    summary="Check a structured invoice of anybody",
    responses=responses(401, 422),
    openapi_extra=_BODY,
)
async def check_invoice(_: TheCaller, request: Request) -> CheckedFile:
    """Read a Factur-X PDF, a CII or a UBL file, and list everything that is wrong with it.

    Looked at are its XSD and every sum of EN 16931 (BR-CO-10 to BR-CO-17). Nothing is kept.
    """
    return await einvoices.checked(await request.body())


@router.get(
    "/invoices/{number}/transmission",
    summary="How far an invoice has come over the network",
    responses=responses(401, 404),
)
def invoice_transmission(house: TheHouse, _: TheCaller, number: str) -> transmissions.Transmission:
    """Return the status of the last attempt, and every step of all of them."""
    return house.books.read(lambda session: transmissions.followed(session, number))


@changes.post(
    "/invoices/{number}/send",
    summary="Send an invoice over the network",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(transmissions.SendFile.model_json_schema(), {"format": "ubl"}),
)
async def send_invoice(
    house: TheHouse, caller: TheCaller, number: str, body: Body
) -> transmissions.Transmission:
    """Send an invoice or credit note to its buyer's electronic address; needs finance or operator.

    One that was rejected or failed may be sent again, with the addresses on record by then. While
    it is under way, or after it was accepted, it is refused.
    """
    return await transmissions.send(house, caller, number, body)
