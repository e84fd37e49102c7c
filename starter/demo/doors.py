"""The doors the demo goes through: the HTTP API as one of its people, and Temporal's signals."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.errors import Q2CError
from starter.demo.mailbox import Mailbox, Request

PATIENCE_SECONDS = 45.0

_PAUSE_SECONDS = 0.08
_OPERATOR = "olga"
_FINANCE = "fiona"
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)

Answer = dict[str, Any]


class DemoError(Q2CError):
    """The demo cannot go on; the message names the deal and what it waits for."""

    code = "demo"


class Doors:
    """Everything a person of the demo can reach."""

    def __init__(
        self, api: httpx.AsyncClient, client: Client, mailbox: Mailbox, tokens: Mapping[str, str]
    ) -> None:
        self._api = api
        self._client = client
        self.mailbox = mailbox
        self._tokens = tokens

    async def get(self, path: str, **parameters: object) -> Answer:
        """Return what the API answers an operator."""
        wanted = {name: str(value) for name, value in parameters.items()}
        return await self._ask("GET", path, _OPERATOR, params=wanted)

    async def find(self, path: str) -> Answer | None:
        """Return what the API answers an operator, or None where there is nothing."""
        response = await self._api.get(path, headers=self._headers(_OPERATOR))
        return None if response.status_code == httpx.codes.NOT_FOUND else _accepted(response, path)

    async def post(self, person: str, path: str, body: object, key: str = "") -> Answer:
        """Send a change as one of our people; the same key again changes nothing more."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", path, person, json=body, headers=headers)

    async def operate(self, path: str, body: object, key: str = "") -> Answer:
        """Send a change as the operator."""
        return await self.post(_OPERATOR, path, body, key)

    async def pay(self, body: object) -> Answer:
        """Record a payment as finance does."""
        return await self.post(_FINANCE, "/v1/payments", body)

    async def signal(self, request: Request) -> None:
        """Send what a mail asks for; a deal that has ended hears nothing any more."""
        handle = self._client.get_workflow_handle(request.workflow_id)
        try:
            await handle.signal(request.signal, request.content)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _ask(self, method: str, path: str, person: str, **request: Any) -> Answer:
        headers = {**request.pop("headers", {}), **self._headers(person)}
        response = await self._api.request(method, path, headers=headers, **request)
        return _accepted(response, f"{method} {path} as {person}")

    def _headers(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(person)}"}

    def _token(self, person: str) -> str:
        token = self._tokens.get(person)
        if token is None:
            raise DemoError(
                f"There is no token of {person} in the data folder: its people are not the "
                "sample people. Run the demo in a folder of its own: Q2C_HOME=./demo make demo"
            )
        return token


def open_api(url: str) -> httpx.AsyncClient:
    """Open the way to the API; the caller closes it."""
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT)


async def eventually(look: Callable[[], Awaitable[Answer | None]], deal: str, what: str) -> Answer:
    """Look until there is something to see and return it.

    Raises `DemoError` naming the deal and what it waits for when patience ends.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise DemoError(
                f"Deal {deal} waited {PATIENCE_SECONDS:.0f} seconds for {what}. "
                f"See `q2c deal timeline {deal}` and the logs of the data folder."
            )
        await asyncio.sleep(_PAUSE_SECONDS)


def _accepted(response: httpx.Response, what: str) -> Answer:
    if not response.is_success:
        raise DemoError(f"{what}: {_refusal(response)}")
    answer: Answer = response.json()
    return answer


def _refusal(response: httpx.Response) -> str:
    try:
        told = response.json()
    except ValueError:
        return f"{response.status_code} {response.text[:200]}"
    problems = "; ".join(
        f"{each.get('field')}: {each.get('reason')}" for each in told.get("problems") or ()
    )
    return ": ".join(part for part in (told.get("title"), told.get("detail"), problems) if part)
