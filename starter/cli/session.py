"""One run of the command line: its root options, its consoles, and the door it goes through."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import typer
from rich.console import Console

from models.errors import Problem
from starter.cli.display import console
from starter.cli.door import Address, Door
from starter.cli.trouble import CommandError, ExitCode

if TYPE_CHECKING:
    from workers.settings import Settings

TOKENS_NAME = "tokens.json"


@dataclass(frozen=True)
class Options:
    """The root options. Empty means: not given."""

    home: Path | None = None
    api: str = ""
    token: str = ""
    person: str = ""
    key: str = ""
    debug: bool = False


@dataclass
class Session:
    """What every command gets as `ctx.obj`. A test gives its own `transport`."""

    options: Options = field(default_factory=Options)
    transport: httpx.BaseTransport | None = None
    pause_seconds: float = 0.5

    @cached_property
    def out(self) -> Console:
        """The console of results."""
        return console()

    @cached_property
    def err(self) -> Console:
        """The console of errors and of what is happening."""
        return console(errors=True)

    @cached_property
    def settings(self) -> "Settings":
        """The settings of this house, with `--home` over the environment."""
        from workers.settings import load_settings  # noqa: PLC0415 - not every command needs them

        home = {"home": self.options.home} if self.options.home else {}
        return load_settings(**home)

    @cached_property
    def door(self) -> Door:
        """The API as the person named by the root options."""
        url = self.options.api or self._address()
        address = Address(url=url.rstrip("/"), token=self._token())
        return Door(
            address,
            key=self.options.key,
            transport=self.transport,
            pause_seconds=self.pause_seconds,
        )

    def close(self) -> None:
        """Let go of the connection, if one was opened."""
        if "door" in self.__dict__:
            self.door.close()

    def _address(self) -> str:
        from workers.records import api_address  # noqa: PLC0415 - only without --api

        return api_address(self.settings)

    def _token(self) -> str:
        """Return the bearer token of the caller.

        Raises `CommandError` when nobody is named and the data folder knows people, or when it
        does not know the one named.
        """
        if self.options.token:
            return self.options.token
        tokens = known_tokens(self.settings.home)
        if self.options.person:
            return _token_of(self.options.person, tokens, self.settings.home)
        if not tokens and not self.options.api:
            self._require_stack()
        raise _nobody(tokens, self.settings.home)

    def _require_stack(self) -> None:
        """Say that nothing runs before asking who is there: a newcomer has to start it first."""
        from workers.records import running_stack  # noqa: PLC0415

        if running_stack(self.settings) is None:
            what = f"No stack runs on the data folder {self.settings.home}."
            remedy = "Start it with `q2c up`, or name an API with --api or Q2C_API_URL."
            raise CommandError(what, remedy=remedy, exit_code=ExitCode.UNREACHABLE)


def session_of(ctx: typer.Context) -> Session:
    """Return the session of a command's context."""
    session: Session = ctx.obj
    return session


def known_tokens(home: Path) -> dict[str, str]:
    """Return the tokens of the people an embedded stack was set up with, by person."""
    file = home / TOKENS_NAME
    try:
        content: Any = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problem = Problem(
            field=str(file), reason=f"cannot be read ({error})", remedy="give --token instead"
        )
        raise CommandError("It is unclear who asks.", [problem]) from error
    if not isinstance(content, dict):
        return {}
    return {str(person): token for person, token in content.items() if isinstance(token, str)}


def _token_of(person: str, tokens: dict[str, str], home: Path) -> str:
    if person in tokens:
        return tokens[person]
    known = ", ".join(sorted(tokens))
    remedy = f"use one of {known}" if known else "give --token or set Q2C_TOKEN"
    reason = f"{home / TOKENS_NAME} has no token of {person}"
    problem = Problem(field="--as", reason=reason, remedy=remedy)
    raise CommandError("It is unclear who asks.", [problem], exit_code=ExitCode.NOT_ALLOWED)


def _nobody(tokens: dict[str, str], home: Path) -> CommandError:
    known = ", ".join(sorted(tokens))
    remedy = (
        f"add --as PERSON (or set Q2C_AS); there are: {known}"
        if known
        else f"give --token or set Q2C_TOKEN; {home / TOKENS_NAME} lists nobody yet"
    )
    problem = Problem(field="--as", reason="nobody is named", remedy=remedy)
    return CommandError("Say who is asking.", [problem], exit_code=ExitCode.NOT_ALLOWED)
