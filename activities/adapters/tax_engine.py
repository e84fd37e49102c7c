"""A tax engine behind HTTP, such as a gateway to Avalara: one POST for one invoice.

The body is `models.taxing.TaxInquiry` as JSON, the answer `TaxAnswer`. The header `Idempotency-Key`
is the same for the same supplies, so that an engine which keeps transactions keeps one. Whatever is
no usable answer parks the invoice, which has no number yet.
"""

from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from models.errors import ParkedError
from models.taxing import TaxAnswer, TaxInquiry, answer_problems


class HttpTaxEngine:
    """The engine at one address."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self._url = url
        self._name = urlsplit(url).hostname or url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout_seconds

    def __call__(self, inquiry: TaxInquiry) -> TaxAnswer:
        """Return the tax of every line; raises `ParkedError` with the reason for no answer."""
        answer = self._read(self._asked(inquiry))
        problems = answer_problems(inquiry, answer)
        if problems:
            listed = "; ".join(str(problem) for problem in problems)
            raise ParkedError(f"The tax engine {self._name} answered what cannot be used: {listed}")
        return answer.model_copy(update={"engine": answer.engine or self._name})

    def _asked(self, inquiry: TaxInquiry) -> bytes:
        try:
            response = httpx.post(
                self._url,
                content=inquiry.model_dump_json(),
                headers={
                    **self._headers,
                    "Content-Type": "application/json",
                    "Idempotency-Key": inquiry.key,
                },
                timeout=self._timeout,
            )
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise self._silent(f"it said {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise self._silent(f"{type(error).__name__} {error}".strip()) from error
        return response.content

    def _read(self, content: bytes) -> TaxAnswer:
        try:
            return TaxAnswer.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"]) or "the body"
            raise self._silent(f"{place} cannot be read: {first['msg']}") from error

    def _silent(self, why: str) -> ParkedError:
        return ParkedError(
            f"The tax engine {self._name} gave no answer ({why}). No number was drawn; "
            "retry when it is back."
        )


def open_tax_engine(url: str, token: str, timeout_seconds: float) -> HttpTaxEngine | None:
    """Return the engine at an address; without one the rules on record decide."""
    return HttpTaxEngine(url, token, timeout_seconds) if url else None
