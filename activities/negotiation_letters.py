"""The words of the mails that buyer and seller get about each other's words."""

from collections.abc import Sequence

from activities.letters import Letter, Subject


def comment_to_seller(about: Subject, person: str, text: str) -> Letter:
    """Tell the seller what a buyer wrote."""
    return Letter(
        subject=f"Comment on deal {about.deal}, {about.customer}",
        text=_lines(
            f"{person} of {about.customer} writes:",
            *_quoted(text),
            "To answer:",
            "",
            f"  q2c quote comment {about.deal} TEXT",
        ),
    )


def comment_to_buyer(about: Subject, number: str, text: str, link: str) -> Letter:
    """Tell the buyer what the seller wrote; `link` leads to the page of the offer."""
    return Letter(
        subject=f"About your quote {number} from {about.entity}",
        text=_lines(f"{about.seller} writes about quote {number}:", *_quoted(text), *_page(link)),
    )


def counter_offer(about: Subject, person: str, wishes: Sequence[str], reason: str) -> Letter:
    """Tell the seller what a buyer would take instead."""
    return Letter(
        subject=f"Counter-offer: deal {about.deal}, {about.customer}",
        text=_lines(
            f"{person} of {about.customer} would take instead of {about.total}:",
            "",
            *(f"  - {wish}" for wish in wishes),
            *(_quoted(reason) if reason else [""]),
            "What it comes to and who would have to approve it:",
            "",
            f"  q2c counter-offer show {about.deal}",
            "",
            "To answer:",
            "",
            f"  q2c counter-offer accept {about.deal}",
            f"  q2c counter-offer reject {about.deal} --reason TEXT",
        ),
    )


def counter_rejected(about: Subject, number: str, reason: str, link: str) -> Letter:
    """Tell the buyer that their counter-offer was not taken, and why."""
    return Letter(
        subject=f"Your counter-offer to quote {number}",
        text=_lines(
            f"{about.seller} cannot take your counter-offer to quote {number}:",
            *_quoted(reason),
            f"Quote {number} still stands as it is.",
            "",
            *_page(link),
        ),
    )


def _quoted(text: str) -> list[str]:
    return ["", *(f"  {line}" for line in text.splitlines()), ""]


def _page(link: str) -> list[str]:
    return ["See it and answer here:", "", f"  {link}"] if link else []


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
