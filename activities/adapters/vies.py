"""VIES: asks the Commission's service whether a VAT number is valid today.

A question may be asked as often as you like; each answer has a reference of its own. Whatever is no
answer (a state that is down, a limit, a broken line) raises, so that the activity is tried again.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from models.errors import InvalidInputError, Problem
from models.vat_ids import VatVerdict

_TIMEOUT_SECONDS = 10.0

_FOR_GOOD = {
    "INVALID_INPUT": ("vat_id", "is not accepted by VIES", "correct the customer's number"),
    "INVALID_REQUESTER_INFO": (
        "requester",
        "is not accepted by VIES",
        "correct the VAT number of the entity that asks",
    ),
}


class ViesSilentError(Exception):
    """No answer from VIES, with its own word for why; it is no fact of ours and may come later."""


class Vies:
    """The service at one address."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_seconds

    def __call__(self, vat_id: str, requester: str) -> VatVerdict:
        """Return the verdict on a number, asked in the name of `requester` (a VAT number, or "").

        Raises `InvalidInputError` if the question itself is refused, `ViesSilentError` for no
        answer.
        """
        try:
            response = httpx.post(
                f"{self._url}/check-vat-number",
                json=_question(vat_id, requester),
                timeout=self._timeout,
            )
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ViesSilentError(f"VIES did not answer: {error}") from error
        return _verdict(answer, response.status_code)


def open_vies(url: str) -> Vies | None:
    """Return the service at an address; without one nobody is ever asked."""
    return Vies(url, _TIMEOUT_SECONDS) if url else None


def _question(vat_id: str, requester: str) -> Mapping[str, str]:
    asked = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
    if requester:
        asked |= {"requesterMemberStateCode": requester[:2], "requesterNumber": requester[2:]}
    return asked


def _verdict(answer: Any, status: int) -> VatVerdict:
    if not isinstance(answer, Mapping) or not isinstance(answer.get("valid"), bool):
        word = _error_of(answer) or f"status {status}"
        if word in _FOR_GOOD:
            field, reason, remedy = _FOR_GOOD[word]
            raise InvalidInputError([Problem(field=field, reason=reason, remedy=remedy)])
        raise ViesSilentError(f"VIES gave no verdict: {word}")
    return VatVerdict(
        valid=answer["valid"],
        reference=str(answer.get("requestIdentifier") or ""),
        name=str(answer.get("name") or ""),
        asked_at=str(answer.get("requestDate") or ""),
    )


def _error_of(answer: Any) -> str:
    wrappers = answer.get("errorWrappers") if isinstance(answer, Mapping) else None
    first = wrappers[0] if isinstance(wrappers, list) and wrappers else {}
    return str(first.get("error", "")) if isinstance(first, Mapping) else ""
