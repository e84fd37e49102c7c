"""Structured invoices: one written anew in a format, and a file of anybody checked."""

import asyncio

from activities.adapters.einvoice import write
from activities.adapters.einvoice.checking import CheckedFile, check_file
from activities.adapters.einvoice.markup import MOST_BYTES
from activities.einvoices import issued
from models.documents import safe_name
from models.einvoice_rules import einvoice_problems
from models.einvoice_settings import EInvoiceFormat
from models.errors import InvalidInputError, Problem
from models.value import Value
from starter.service.ports import House


class Written(Value):
    """A structured invoice as a file."""

    filename: str
    content: bytes


def written(house: House, number: str, wanted: EInvoiceFormat) -> Written:
    """Return an invoice or credit note in a format.

    Raises `NotFoundError`, and `InvalidInputError` with everything the format needs and the
    document or its parties lack.
    """
    found = house.books.read(lambda session: issued(session, number))
    problems = einvoice_problems(found.einvoice, wanted)
    if problems:
        raise InvalidInputError(problems)
    name = f"{safe_name(number)}.{wanted}.xml"
    return Written(filename=name, content=write(found.einvoice, wanted))


async def checked(content: bytes) -> CheckedFile:
    """Return what a file says and what is wrong with it; raises `InvalidInputError` for none."""
    if not content:
        problem = Problem(field="body", reason="is empty", remedy="send the file as it is")
        raise InvalidInputError([problem])
    if len(content) > MOST_BYTES:
        reason = f"has more than {MOST_BYTES:,} bytes"
        raise InvalidInputError([Problem(field="body", reason=reason, remedy="send one invoice")])
    return await asyncio.to_thread(check_file, content)
