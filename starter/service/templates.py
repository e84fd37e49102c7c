"""Templates at the door: saved from a quote, listed, and filled in to begin a deal."""

import json
from collections.abc import Mapping

from pydantic import Field

from models.deal_template import DealTemplate, fill, template_of
from models.errors import NotFoundError
from models.reading import read
from models.steps import RegisterKind
from models.value import Value
from starter.service import changes
from starter.service.changes import Recorded
from starter.service.people import Caller
from starter.service.ports import House
from starter.service.quotes import Copy, file_of
from starter.service.register import canonical, find


class TemplateFromQuote(Value):
    """What to save: the quote, and a variable for each path of its deal file that is a blank."""

    quote: str = Field(examples=["Q-1001-1"], description="Number of a version, or of a deal.")
    about: str = Field(default="", description="What it is for.")
    variables: Mapping[str, str] = Field(
        default_factory=dict,
        examples=[{"seats": "lines[0].quantity"}],
        description="The path in the deal file for each variable.",
    )


class Blanks(Value):
    """The values for the blanks of a template, as text."""

    values: Mapping[str, str] = Field(default_factory=dict, examples=[{"seats": "25"}])


async def save(house: House, caller: Caller, name: str, data: object) -> Recorded:
    """Record a template made from a quote as the newest revision of its name.

    Raises `NotPermittedError`, `NotFoundError`, and `InvalidInputError` with every problem.
    """
    asked = read(TemplateFromQuote, data)
    file = await house.read(lambda session: file_of(session, asked.quote))
    made = template_of(file, name, asked.about, asked.variables)
    written = json.loads(canonical(made))
    return await changes.record(house, caller, RegisterKind.DEAL_TEMPLATE, (written, ""))


async def use(house: House, name: str, data: object) -> Copy:
    """Return the deal file of a template with its blanks filled in.

    Raises `NotFoundError`, and `InvalidInputError` with every blank that is wrong.
    """
    blanks = read(Blanks, data)
    template = await house.read(
        lambda session: find(session, RegisterKind.DEAL_TEMPLATE, name, DealTemplate)
    )
    if template is None:
        raise NotFoundError(f"There is no template {name}; `q2c quote template list` shows all.")
    return Copy(file=fill(template, blanks.values))
