"""People at the HTTP door, and what they read in their mail."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.stories import world
from tests.stories.houses import House, wait_until


class Visitor:
    """Somebody who uses the API: one connection, one bearer token or none."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(self, path: str, status: int = 200, **parameters: Any) -> Any:
        """Read something and require a status."""
        response = self._http.get(path, params=parameters)
        assert response.status_code == status, response.text
        return response.json()

    def file(self, path: str) -> httpx.Response:
        """Read a document."""
        return self._http.get(path)

    def send(self, path: str, body: Any, status: int = 200, key: str = "") -> Any:
        """Send something and require a status."""
        headers = {"Idempotency-Key": key} if key else {}
        response = self._http.post(path, json=body, headers=headers)
        assert response.status_code == status, f"{response.status_code} {response.text}"
        if status >= 400:
            assert response.headers["content-type"] == "application/problem+json"
        return response.json()

    def tell(
        self, deal: str, name: str, status: int = 200, key: str = "", **body: Any
    ) -> dict[str, Any]:
        """Send a message to a deal and require a status."""
        answer: dict[str, Any] = self.send(f"/deals/{deal}/messages/{name}", body, status, key)
        return answer

    def stage(self, deal: str, stage: str) -> None:
        """Wait until a deal is on record in a stage."""
        wait_until(
            lambda: self._http.get(f"/deals/{deal}").json().get("stage") == stage,
            f"stage {stage} of deal {deal}: {self._http.get(f'/deals/{deal}').text[:600]}",
        )


def furnish(operator: Visitor) -> None:
    """Put the world on record through the door; its people are those of the first start."""
    operator.send("/entities", world.ENTITY, 201)
    operator.send("/customers", world.CUSTOMER, 201)
    operator.send("/register/catalog", world.CATALOG, 201)
    operator.send("/register/approval_policy", world.APPROVAL_POLICY, 201)
    operator.send("/register/tax_rules", world.TAX_RULES, 201)
    stock = {"entity": "US1", "sku": "BOX", "quantity": "5", "reference": "opening"}
    operator.send("/stock", stock, 201)


def mail_to(house: House, person: str, subject: str) -> EmailMessage:
    """Wait for the mail to somebody with these words in its subject."""

    def found() -> EmailMessage | None:
        read = (_read(file) for file in sorted(house.mails.glob("*.q2c")))
        return next((m for m in read if m["To"] == person and subject in m["Subject"]), None)

    mail: EmailMessage = wait_until(found, f"mail to {person} on {subject!r}")
    return mail


def _read(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(mail: EmailMessage) -> str:
    """Return what a mail says."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def token_in(mail: EmailMessage) -> str:
    """Return the token a mail carries."""
    match = re.search(r"Your token \(works once\): (\S+)", text_of(mail))
    assert match is not None, text_of(mail)
    return match[1]
