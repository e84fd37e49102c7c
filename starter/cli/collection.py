"""Money that comes in: recording a payment of a customer."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from models.currencies import is_currency
from starter.cli.display import money, say, show_json, show_pairs
from starter.cli.options import AsJson, On, day
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_PANEL = "Deliver and collect"


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(rich_help_panel=_PANEL)(pay)


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
    """Record a payment. It settles the named invoices, then the oldest ones.

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
        value = Decimal(_ungrouped(text))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise bad_input("AMOUNT", f"{text} is no amount above 0", "write 1250.00")
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
