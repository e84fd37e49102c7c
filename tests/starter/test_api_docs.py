"""The page that describes the API: whole without the internet."""

import re
from typing import Any

from tests.starter.conftest import World

_LOADED = re.compile(r"""(?:src|href)=["']([^"']+)["']|url:\s*['"]([^'"]+)['"]""")


def loaded(page: str) -> list[str]:
    """Return every address a page loads something from."""
    return [first or second for first, second in _LOADED.findall(page)]


def test_the_description_needs_nothing_from_outside(world: World) -> None:
    """In a closed network a page that loads its scripts from elsewhere stays blank."""
    page = world.client.get("/docs")

    addresses = loaded(page.text)
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert len(addresses) == 4
    assert "/v1/openapi.json" in addresses
    for address in addresses:
        answer = world.client.get(address)
        assert (address, answer.status_code) == (address, 200)
        assert len(answer.content) > 1000


def test_the_style_loads_nothing_from_outside(world: World) -> None:
    """A style may name fonts and pictures; all of them are in it."""
    style = next(each for each in loaded(world.client.get("/docs").text) if each.endswith(".css"))

    targets: list[Any] = re.findall(r"url\(['\"]?([^'\")]{1,20})", world.client.get(style).text)
    assert targets
    assert {target[:5] for target in targets} == {"data:"}


def test_the_description_is_not_sent_to_a_validator(world: World) -> None:
    """By itself the page would send our address to a service that checks descriptions."""
    assert '"validatorUrl": null' in world.client.get("/docs").text


def test_there_is_no_second_page(world: World) -> None:
    """ReDoc's own script loads a picture from elsewhere."""
    assert world.client.get("/redoc").status_code == 404
