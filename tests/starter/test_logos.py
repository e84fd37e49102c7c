"""Logos through the doors: a picture on its way from a file into every document."""

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from models.steps import ChangeRecorded
from starter.service.ports import Start
from tests.starter.conftest import ENTITY
from tests.starter.test_cli_commands import Api, run


def picture(kind: str = "PNG", size: tuple[int, int] = (200, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (140, 30, 90)).save(buffer, kind)
    return buffer.getvalue()


PICTURE = picture()
HASH = hashlib.sha256(PICTURE).hexdigest()
SENT = {"content": base64.b64encode(PICTURE).decode()}
ENTITY_FILE = """
number: US01
legal_name: Example Software Inc.
address: {line1: 1 Main Street, city: Springfield, region: CA, country: US}
tax_id: 12-3456789
email: billing@example.com
bank: {holder: Example Software Inc., bank: First Bank, account: "000123456789"}
currency: USD
time_zone: America/Los_Angeles
brand: {logo: pictures/logo.png, accent: "#8C1E5A"}
"""


def refused(response: Any) -> dict[str, str]:
    assert response.status_code == 422, response.text
    return {each["field"]: each["reason"] for each in response.json()["problems"]}


def test_a_logo_is_stored_once_under_its_hash(world: Any) -> None:
    """Sending it again changes nothing."""
    first = world.post("/v1/logos", SENT, person="olga")
    again = world.post("/v1/logos", SENT, person="olga")

    assert (first.status_code, first.json()) == (201, {"sha256": HASH})
    assert again.json() == first.json()
    assert world.documents.contents == {HASH: PICTURE}


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"content": "no base64!"}, "content", "is not base64"),
        ({"content": ""}, "content", "is empty"),
        ({}, "content", "is missing"),
        ({"content": "QUJD"}, "brand.logo", "cannot be read as a picture"),
        (
            {"content": base64.b64encode(picture(size=(20, 20))).decode()},
            "brand.logo",
            "is 20 x 20 pixels",
        ),
    ],
)
def test_what_is_no_logo_is_refused(world: Any, body: Any, field: str, reason: str) -> None:
    """Nothing of it reaches the store."""
    problems = refused(world.post("/v1/logos", body, person="olga"))

    assert problems[field].startswith(reason)
    assert world.documents.contents == {}


def test_only_who_may_record_an_entity_may_store_its_logo(world: Any) -> None:
    """A seller may not change the letterhead."""
    response = world.post("/v1/logos", SENT, person="sam")

    assert response.status_code == 403
    assert world.documents.contents == {}


def test_an_entity_with_a_logo_that_is_not_stored_is_refused(world: Any) -> None:
    """Else its next invoice could not be drawn."""
    brand = {"logo": "ab" * 32}

    problems = refused(world.post("/v1/entities", {**ENTITY, "brand": brand}, person="olga"))

    assert problems == {"brand.logo": "names a picture that is not in the document store"}
    assert world.gateway.started == []


def test_an_entity_with_a_stored_logo_is_recorded(world: Any) -> None:
    """Logo and color are of its newest revision."""

    def on_start(start: Start) -> None:
        world.gateway.results[start.workflow_id] = ChangeRecorded(revision=2)

    world.gateway.on_start = on_start
    world.post("/v1/logos", SENT, person="olga")
    brand = {"logo": HASH, "accent": "#8C1E5A"}

    response = world.post("/v1/entities", {**ENTITY, "brand": brand}, person="olga")

    assert (response.status_code, response.json()["revision"]) == (201, 2)


@pytest.mark.parametrize("command", ["add", "import"])
def test_a_picture_named_in_a_file_is_stored_and_named_by_its_hash(
    tmp_path: Path, command: str
) -> None:
    """Its name is relative to the file, as people expect."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/logo.png").write_bytes(PICTURE)
    (tmp_path / "entity.yaml").write_text(ENTITY_FILE)
    recorded = {"kind": "entity", "key": "US01", "revision": 1, "repeated": False}
    api = Api({"POST /v1/logos": {"sha256": HASH}, "POST /v1/entities": recorded})

    result = run(api, "entity", command, str(tmp_path / "entity.yaml"))

    assert result.exit_code == 0, result.output
    first, second = api.asked
    assert httpx.Response(200, content=first.content).json() == SENT
    assert first.url.path == "/v1/logos"
    assert api.body["brand"] == {"logo": HASH, "accent": "#8C1E5A"}
    assert second.url.path == "/v1/entities"


@pytest.mark.parametrize("command", ["add", "import"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "pictures/logo.png cannot be read (No such file or directory)"),
        (b"<svg/>", "pictures/logo.png cannot be read as a picture"),
    ],
)
def test_a_bad_picture_is_refused_before_anything_is_sent(
    tmp_path: Path, command: str, content: bytes | None, reason: str
) -> None:
    """With the file and what to do."""
    (tmp_path / "pictures").mkdir()
    if content is not None:
        (tmp_path / "pictures/logo.png").write_bytes(content)
    (tmp_path / "entity.yaml").write_text(ENTITY_FILE)
    api = Api()

    result = run(api, "entity", command, str(tmp_path / "entity.yaml"))

    assert result.exit_code == 2
    assert "Nothing was recorded" in result.output
    assert reason in " ".join(result.output.split())
    assert api.asked == []
