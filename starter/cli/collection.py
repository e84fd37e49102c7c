"""Money that comes in: recording a payment of a customer."""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from models.currencies import is_currency
from starter.cli.display import money, say, show_json, show_pairs
from starter.cli.options import AsJson, On, day
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_PANEL = "Deliver and collect"
_NEGATIVE = re.compile(r"-[0-9.,]+")
_MINUS = "\N{MINUS SIGN}"


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(rich_help_panel=_PANEL, cls=_WithAmounts)(pay)


class _WithAmounts(TyperCommand):
    """A command whose arguments may be amounts: `-5` is one, if a wrong one, and no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; a negative amount keeps its place and its sign."""
        before = ["", *args]
        return super().parse_args(
            ctx,
            [
                f"{_MINUS}{each[1:]}" if _NEGATIVE.fullmatch(each) and earlier[:1] != "-" else each
                for earlier, each in zip(before, args, strict=False)
            ],
        )


def pay(  # noqa: PLR0913, PLR0917 - a payment has these facts, each an option of the command
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(help="Customer number.", show_default=False)],
    amount: Annotated[
        str, typer.Argument(help="Amount, such as 1250.00 or 1,250.00.", show_default=False)
    ],
    currency: Annotated[str, typer.Argument(help="ISO 4217 code.", show_default=False)],
    reference: Annotated[
        str,
        typer.Option(
            "--reference", "-r", help="The bank's reference; it counts once.", show_default=False
        ),
    ],
    invoice: Annotated[
        list[str] | None,
        typer.Option("--invoice", help="Invoice it is for; repeat it for several."),
    ] = None,
    deal: Annotated[
        str, typer.Option("--deal", help="Settle this deal first.", show_default=False)
    ] = "",
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Record a payment.

    It settles the named invoices first, or those of the deal. What is left goes to the one invoice
    of exactly that amount, else to the one set of invoices with exactly that sum, else to the
    oldest due. The rest stays with the customer as unapplied cash.

    Examples: `q2c pay C-100 1,250.00 USD --reference BANK-0815`,
    `q2c pay C-100 99.50 EUR -r SEPA-17 --invoice INV-2026-0003 --on 2026-02-03`
    """
    session = session_of(ctx)
    body = {
        "provider": "bank",
        "reference": reference,
        "customer": customer,
        "amount": str(as_amount(amount)),
        "currency": as_currency(currency),
        "received_on": day(on),
        "invoices": list(invoice or ()),
        "deal": deal,
    }
    recorded = session.door.post("/v1/payments", {k: v for k, v in body.items() if v is not None})
    if as_json:
        show_json(session.out, recorded)
        return
    again = " It was on record already." if recorded.get("repeated") else ""
    say(session.out, f"Payment {recorded.get('payment', reference)} is recorded.{again}", "green")
    pairs = [
        ("Settled", money(recorded.get("applied_minor"), as_currency(currency))),
        ("Left over", money(recorded.get("unapplied_minor"), as_currency(currency))),
        ("Deals", recorded.get("deals")),
    ]
    show_pairs(session.out, pairs, indent=2)


def as_amount(text: str) -> Decimal:
    """Return an amount of more than 0 in major units; commas may group thousands."""
    try:
        text = text.replace(_MINUS, "-")
        value = Decimal(_ungrouped(text))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        remedy = "write what was received, such as 1250.00"
        raise bad_input("AMOUNT", f"{text} is no amount above 0", remedy)
    return value


def _ungrouped(text: str) -> str:
    """Drop commas between groups of three digits; any other comma makes the text no number."""
    first, *groups = text.strip().partition(".")[0].split(",")
    decimals = text.strip()[len(text.strip().partition(".")[0]) :]
    if all(len(group) == 3 and group.isdigit() for group in groups):
        return "".join([first, *groups]) + decimals
    return "no number"


def as_currency(text: str) -> str:
    """Return a currency code in capital letters; anything else is bad input."""
    code = text.strip().upper()
    if not is_currency(code):
        raise bad_input("CURRENCY", f"{text} is no currency", "write an ISO 4217 code such as USD")
    return code
