"""The door to the API: keys, repetition, pages, and each failure as one kind of error."""

import json
from collections.abc import Callable

import httpx
import pytest

from models.errors import Problem
from starter.cli.door import Address, Door, segment
from starter.cli.trouble import CommandError, ExitCode

Handler = Callable[[httpx.Request], httpx.Response]


def door(handler: Handler, *, key: str = "", bearer: str = "told") -> Door:
    transport = httpx.MockTransport(handler)
    address = Address("http://api.test", bearer)
    return Door(address, key=key, transport=transport, pause_seconds=0)


def answering(status: int, content: object = None, text: str = "") -> Handler:
    def answer(_: httpx.Request) -> httpx.Response:
        if content is None:
            return httpx.Response(status, text=text)
        return httpx.Response(status, json=content)

    return answer


def refused(handler: Handler) -> CommandError:
    with pytest.raises(CommandError) as caught:
        door(handler).post("/v1/deals", {})
    return caught.value


def test_every_request_says_who_asks_and_through_which_door() -> None:
    """The API records the channel `cli` and authenticates the bearer token."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    door(answer).get("/v1/me")

    assert seen[0].headers["Authorization"] == "Bearer told"
    assert seen[0].headers["X-Q2C-Channel"] == "cli"


def test_nobody_sends_no_token() -> None:
    """An empty bearer token would be refused as malformed instead of missing."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    door(answer, bearer="").get("/v1/health")

    assert "Authorization" not in seen[0].headers


def test_a_change_broken_off_is_sent_again_under_the_same_key() -> None:
    """Law 2: identity makes repetition harmless, so a lost answer is asked for again."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            raise httpx.ReadError("gone", request=request)
        return httpx.Response(200, json={"accepted": True})

    told = door(answer).post("/v1/deals", {})

    assert told == {"accepted": True}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_changes_have_two_keys() -> None:
    """Approving twice on purpose is two commands."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(200, json={})

    one = door(answer)
    one.post("/v1/deals", {})
    one.post("/v1/deals", {})

    assert len(set(keys)) == 2


def test_a_given_key_is_used_as_it_is() -> None:
    """A person repeats a command safely with the key they were told."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(200, json={})

    door(answer, key="mine").post("/v1/deals", {})

    assert keys == ["mine"]


def test_silence_tells_the_key_to_repeat_with() -> None:
    """What may have happened must be repeatable without happening twice."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        raise httpx.ReadTimeout("slow", request=request)

    error = refused(answer)

    assert error.exit_code is ExitCode.UNREACHABLE
    assert f"--key {keys[0]}" in error.remedy
    assert len(keys) == 3


def test_a_question_broken_off_needs_no_key() -> None:
    """Reading changes nothing."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(CommandError) as caught:
        door(answer).get("/v1/deals")

    assert caught.value.remedy == "Try again."


def test_nobody_there_is_told_with_the_way_to_start() -> None:
    """Exit code 3 and the command that helps."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    error = refused(answer)

    assert error.exit_code is ExitCode.UNREACHABLE
    assert "http://api.test" in error.what
    assert "q2c up" in error.remedy


def test_all_pages_are_read() -> None:
    """A listing is whole, however the API cuts it."""

    def answer(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("after")
        assert request.url.params["stage"] == "live"
        if after is None:
            return httpx.Response(200, json={"items": [{"number": "1"}], "next": "1"})
        return httpx.Response(200, json={"items": [{"number": "2"}], "next": None})

    rows = door(answer).rows("/v1/deals", stage="live", customer=None)

    assert rows == [{"number": "1"}, {"number": "2"}]


def test_a_plain_list_is_a_listing_too() -> None:
    """Short listings have no pages."""
    assert door(answering(200, [{"a": 1}])).rows("/v1/x") == [{"a": 1}]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "invalid_input", ExitCode.BAD_INPUT),
        (413, "", ExitCode.BAD_INPUT),
        (422, "invalid_input", ExitCode.BAD_INPUT),
        (401, "unauthenticated", ExitCode.NOT_ALLOWED),
        (403, "not_permitted", ExitCode.NOT_ALLOWED),
        (404, "not_found", ExitCode.FAILED),
        (409, "conflict", ExitCode.FAILED),
        (409, "refused", ExitCode.FAILED),
        (410, "deal_ended", ExitCode.FAILED),
        (429, "", ExitCode.FAILED),
        (500, "", ExitCode.FAILED),
        (502, "", ExitCode.UNREACHABLE),
        (503, "unavailable", ExitCode.UNREACHABLE),
        (504, "unanswered", ExitCode.UNREACHABLE),
    ],
)
def test_each_status_has_its_exit_code(status: int, code: str, expected: ExitCode) -> None:
    """Scripts tell bad input from a refusal and an outage by the exit code."""
    content = {"title": "No", "detail": "Because.", "code": code, "status": status}

    error = refused(answering(status, content))

    assert error.exit_code is expected
    assert error.what == "No: Because."


def test_every_problem_is_kept() -> None:
    """A problem document lists all problems; so does the command line."""
    problems = [
        {"field": "lines[0].product", "reason": "CMR is no product", "remedy": "did you mean CRM?"},
        {"field": "currency", "reason": "is missing"},
        "nonsense",
    ]

    error = refused(answering(422, {"title": "The input has problems.", "problems": problems}))

    assert error.what == "The input has problems."
    assert error.problems == (
        Problem(field="lines[0].product", reason="CMR is no product", remedy="did you mean CRM?"),
        Problem(field="currency", reason="is missing"),
    )


@pytest.mark.parametrize(
    "handler",
    [
        answering(500, text="<html>Oops</html>"),
        answering(404, ["a", "list"]),
        answering(500, text=""),
        answering(403, {"problems": "none", "title": None}),
    ],
)
def test_an_error_without_a_problem_document_is_told_by_its_status(handler: Handler) -> None:
    """A proxy in between answers in its own way."""
    error = refused(handler)

    assert error.what.startswith("The API answered ")
    assert error.problems == ()


def test_an_answer_that_is_not_json_is_not_our_api() -> None:
    """Somebody else's server may listen at the address."""
    error = refused(answering(200, text="<html>Hello</html>"))

    assert error.exit_code is ExitCode.UNREACHABLE
    assert "not JSON" in error.what


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://x:port"])
def test_an_unusable_address_is_bad_input(url: str) -> None:
    """The remedy shows the form of an address."""
    with pytest.raises(CommandError) as caught:
        Door(Address(url), pause_seconds=0).get("/v1/me")

    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert caught.value.problems[0].field == "--api"


def test_a_number_is_one_segment_whatever_it_holds() -> None:
    """A slash in a deal number must not become another path."""
    assert segment("a/../b?c") == "a%2F..%2Fb%3Fc"


def test_documents_come_as_bytes() -> None:
    """A PDF is passed on untouched."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"%PDF-1.7\x00\xff")

    assert door(answer).file("/v1/documents/invoice/1.pdf") == b"%PDF-1.7\x00\xff"


def test_the_body_is_sent_as_written() -> None:
    """Decimal numbers travel as text, so that none is changed on the way."""
    bodies: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={})

    door(answer).post("/v1/deals", {"unit_price": "0.10"})

    assert bodies == [{"unit_price": "0.10"}]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's proxies out of the test."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
