"""Telling a deal something: one message, one answer, shown the same way everywhere."""

from typing import Any

import typer

from starter.cli.display import say, show_json, show_pairs
from starter.cli.door import segment
from starter.cli.session import Session
from starter.cli.trouble import ExitCode


def tell(session: Session, deal: str, name: str, **fields: object) -> None:
    """Send a message to a deal and say what became of it; a refusal ends with exit code 1.

    Fields without a value are left out, so that the API fills in who is asking and what is meant.
    """
    body = {key: value for key, value in fields.items() if value not in ("", None, [], ())}
    answer = session.door.post(f"/v1/deals/{segment(deal)}/messages/{name}", body)
    show_answer(session, answer)


def show_answer(session: Session, answer: Any) -> None:
    """Show what became of a message: accepted or refused, with the reason and the reference."""
    accepted = bool(answer.get("accepted", True))
    text = str(answer.get("text") or ("Done." if accepted else "Refused."))
    console = session.out if accepted else session.err
    say(console, text if accepted else f"Refused: {text}", "green" if accepted else "bold red")
    show_pairs(console, [("Reference", answer.get("reference"))], indent=2)
    if not accepted:
        raise typer.Exit(ExitCode.FAILED)


def show_listing(session: Session, content: object, as_json: bool) -> bool:
    """Write the content as JSON if that is wanted, and tell whether it was."""
    if as_json:
        show_json(session.out, content)
    return as_json
