"""The way to the HTTP API: one client, and every failure of it as one kind of error.

A request that changes something carries an `Idempotency-Key`, so it is safe to send it again when
the connection breaks before the answer arrives. This is done here, with the same key.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from json import JSONDecodeError
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from models.errors import Problem
from starter.cli.trouble import CommandError, ExitCode

Row = dict[str, Any]

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_START = "Start it with `q2c up`, or name another with --api or Q2C_API_URL."


class Address(NamedTuple):
    """Where the API is and who asks; an empty `token` asks as nobody."""

    url: str
    token: str = ""


class Door:
    """A client of the API. Whatever goes wrong is raised as `CommandError`."""

    def __init__(
        self,
        address: Address,
        *,
        key: str = "",
        transport: httpx.BaseTransport | None = None,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> None:
        self.address = address
        self.key = key
        self._pause_seconds = pause_seconds
        headers = {"Accept": "application/json", "X-Q2C-Channel": "cli"}
        if address.token:
            headers["Authorization"] = f"Bearer {address.token}"
        try:
            self._client = httpx.Client(
                base_url=address.url, headers=headers, timeout=_TIMEOUT, transport=transport
            )
        except (httpx.InvalidURL, UnicodeEncodeError, ValueError) as error:
            raise _unusable(address, error) from error

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what the API answers to a question; parameters that are None are left out."""
        wanted = {name: value for name, value in parameters.items() if value is not None}
        response = self._attempt("GET", path, params=wanted, headers={})
        return _content(_accepted(response))

    def rows(self, path: str, **parameters: Any) -> list[Row]:
        """Return a whole listing, page after page."""
        found: list[Row] = []
        while True:
            page = self.get(path, **parameters)
            if not isinstance(page, Mapping):
                return [*found, *page]
            found += page.get("items", [])
            if not page.get("next"):
                return found
            parameters = {**parameters, "after": page["next"]}

    def post(self, path: str, body: object, key: str = "") -> Any:
        """Send a change under a key (otherwise this door's, or a new one); return the answer.

        One that was given to the same request before is marked as `repeated`.
        """
        named = key or self.key or uuid.uuid4().hex
        response = self._attempt("POST", path, json=body, headers={"Idempotency-Key": named})
        content = _content(_accepted(response))
        is_replayed = response.headers.get("Idempotent-Replayed") == "true"
        return {**content, "repeated": True} if is_replayed and content else content

    def send(self, path: str, content: bytes, kind: str) -> Any:
        """Send a file as it is, of that media type, as `post` sends a change."""
        headers = {"Idempotency-Key": self.key or uuid.uuid4().hex, "Content-Type": kind}
        response = self._attempt("POST", path, content=content, headers=headers)
        found = _content(_accepted(response))
        is_replayed = response.headers.get("Idempotent-Replayed") == "true"
        return {**found, "repeated": True} if is_replayed and found else found

    def file(self, path: str) -> bytes:
        """Return the bytes of a document."""
        return _accepted(self._attempt("GET", path, headers={})).content

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _attempt(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request up to three times; nothing is sent twice under two keys."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._client.request(method, path, **request)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
                raise _unusable(self.address, error) from error
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise self._unreachable(error) from error
            except (httpx.TransportError, httpx.DecodingError) as error:
                if attempt == _ATTEMPTS:
                    raise self._silent(error, request["headers"]) from error
            time.sleep(self._pause_seconds * attempt)
        raise AssertionError("unreachable")

    def _unreachable(self, error: Exception) -> CommandError:
        what = f"Nothing answers at {self.address.url} ({error})."
        return CommandError(what, remedy=_START, exit_code=ExitCode.UNREACHABLE)

    def _silent(self, error: Exception, headers: Mapping[str, str]) -> CommandError:
        kind = type(error).__name__
        what = f"{self.address.url} broke off without an answer, three times ({kind})."
        key = headers.get("Idempotency-Key")
        remedy = "Try again."
        if key:
            remedy = f"It may have been done. Repeat it safely with: --key {key}"
        return CommandError(what, remedy=remedy, exit_code=ExitCode.UNREACHABLE)


def _accepted(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    raise refusal(response)


def segment(text: str) -> str:
    """Return a number or name as one segment of a path, whatever characters it has."""
    return quote(text, safe="")


def refusal(response: httpx.Response) -> CommandError:
    """Return the API's refusal (RFC 9457 problem document, or anything else) as an error."""
    content = _problem_document(response)
    title = str(content.get("title") or f"The API answered {response.status_code}.")
    detail = str(content.get("detail") or "")
    problems = problems_in(content.get("problems"))
    what = title if problems or not detail or detail == title else f"{_stopped(title)} {detail}"
    code = _exit_code(response.status_code, str(content.get("code") or ""))
    return CommandError(what, problems, _remedy(response, content), code)


def _stopped(title: str) -> str:
    return title if title.endswith((".", "!", "?", ":")) else f"{title}:"


def _problem_document(response: httpx.Response) -> Mapping[str, Any]:
    try:
        content = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, Mapping) else {}


def problems_in(listed: object) -> Sequence[Problem]:
    """Return the problems an answer lists; whatever else stands there is left out."""
    if not isinstance(listed, list):
        return ()
    return [
        Problem(**{name: str(each.get(name) or "") for name in ("field", "reason", "remedy")})
        for each in listed
        if isinstance(each, Mapping)
    ]


def _exit_code(status: int, code: str) -> ExitCode:
    if status in (400, 413, 415, 422):
        return ExitCode.BAD_INPUT
    if status in (401, 403):
        return ExitCode.NOT_ALLOWED
    if status in (502, 503, 504) or code.endswith("unreachable"):
        return ExitCode.UNREACHABLE
    return ExitCode.FAILED


_REMEDIES = {
    401: "Say who you are with --as PERSON, --token or Q2C_TOKEN.",
    502: "`q2c doctor` says what is missing.",
    503: "`q2c doctor` says what is missing.",
    504: "`q2c doctor` says what is missing.",
}


def _remedy(response: httpx.Response, content: Mapping[str, Any]) -> str:
    status, code = response.status_code, content.get("code")
    if content.get("remedy"):
        return str(content["remedy"])
    if code == "unanswered":
        return ""
    if status in _REMEDIES:
        return _REMEDIES[status]
    if status >= 500:
        return "The log of the API says more."
    root = response.request.url.copy_with(raw_path=b"/")
    return "" if content else f"Is {root} the API of Q2C? See --api and Q2C_API_URL."


def _content(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else None
    except (JSONDecodeError, UnicodeDecodeError) as error:
        address = str(response.request.url.copy_with(raw_path=b"/"))
        what = f"{address} answered with something that is not JSON."
        remedy = "Is it the API of Q2C? See --api and Q2C_API_URL."
        raise CommandError(what, remedy=remedy, exit_code=ExitCode.UNREACHABLE) from error


def _unusable(address: Address, error: Exception) -> CommandError:
    problem = Problem(
        field="--api",
        reason=f"{address.url} is no usable address ({error})",
        remedy="write http://host:port",
    )
    return CommandError("The API cannot be asked.", [problem], exit_code=ExitCode.BAD_INPUT)
