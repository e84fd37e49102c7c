"""Logos in entity files: a picture's file name becomes the hash it is stored under."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.errors import Problem
from starter.cli.door import Door

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)

Placed = tuple[str, Any]
"""What a row of a file says, with the row's place."""


class Logos:
    """The pictures that the entities of one file name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures: dict[str, bytes] = {}
        self.problems: list[Problem] = []

    def resolved(self, rows: Sequence[Placed]) -> list[Placed]:
        """Return the rows with hashes for file names; what cannot be read is among `problems`."""
        return [(place, self._with_hash(place, data)) for place, data in rows]

    def upload(self, door: Door) -> None:
        """Store the pictures; doing it again changes nothing."""
        for content in self._pictures.values():
            door.post("/v1/logos", {"content": base64.b64encode(content).decode("ascii")})

    def _with_hash(self, place: str, data: Any) -> Any:
        brand = data.get("brand") if isinstance(data, Mapping) else None
        name = brand.get("logo") if isinstance(brand, Mapping) else None
        if not isinstance(name, str) or not name or _HASH.fullmatch(name):
            return data
        found = self._stored(f"{place} brand.logo".strip(), name)
        return {**data, "brand": {**brand, "logo": found}} if brand else data

    def _stored(self, field: str, name: str) -> str:
        """Return the hash of a picture that may be a logo, else note why it may not."""
        from activities.adapters.pdf.logo import logo_problems  # noqa: PLC0415 - loads much

        try:
            content = (self._folder / name).read_bytes()
        except OSError as error:
            reason = f"{name} cannot be read ({error.strerror})"
            remedy = "name a picture relative to this file"
            self.problems.append(Problem(field=field, reason=reason, remedy=remedy))
            return ""
        for problem in logo_problems(content):
            reason = f"{name} {problem.reason}"
            self.problems.append(problem.model_copy(update={"field": field, "reason": reason}))
        sha256 = hashlib.sha256(content).hexdigest()
        self._pictures[sha256] = content
        return sha256
