"""Tax: the rules in force, how a supply is taxed, and what VIES says about VAT numbers."""

from typing import Annotated, Any

import typer

from starter.cli.display import Column, moment, plain, say, show_json, show_pairs, show_rows
from starter.cli.door import Row, segment
from starter.cli.options import AsJson
from starter.cli.session import session_of

_CUSTOMER = "customer"

Number = Annotated[str, typer.Argument(help="Customer.", show_default=False)]
OnDay = Annotated[
    str | None, typer.Option("--on", help="Day of supply.", show_default="today", metavar="DATE")
]


def _place(row: Row) -> str:
    return "-".join(part for part in (row.get("place_country"), row.get("place_region")) if part)


def _buyer(row: Row) -> str:
    needs = row.get("needs_vat_id")
    vat_id = "" if needs is None else "with VAT ID" if needs else "without VAT ID"
    exempt = "exempt" if row.get("exempt") else ""
    return ", ".join(part for part in (plain(row.get("status")), vat_id, exempt) if part)


_RULES = (
    Column("Seller", "seller_country"),
    Column("Place", _place),
    Column("Category", "category"),
    Column("Buyer", _buyer),
    Column("Rate", lambda row: f"{row.get('rate_percent')} %", right=True),
    Column("Code", "code"),
    Column("Tax", "name"),
    Column("From", "valid_from"),
    Column("Until", "valid_until"),
)
_CHECKS = (
    Column("VAT ID", "vat_id"),
    Column("Verdict", lambda row: "valid" if row.get("valid") else "not valid"),
    Column("When", moment("checked_at")),
    Column("Reference", "reference"),
    Column("Name", "name", long=True),
    Column("Asked by", "actor"),
)


def attach(app: typer.Typer) -> None:
    """Add the group `tax`, and `customer verify` and `customer checks` to the group `customer`."""
    group = typer.Typer(help="Which tax applies, and why.", no_args_is_help=True)
    group.command("rules")(rules)
    group.command("check")(check)
    app.add_typer(group, name="tax", rich_help_panel="Register")
    known = (each.typer_instance for each in app.registered_groups if each.name == _CUSTOMER)
    customer = next(each for each in known if each is not None)
    customer.command("verify")(verify)
    customer.command("checks")(checks)


def rules(
    ctx: typer.Context,
    on: OnDay = None,
    seller: Annotated[
        str, typer.Option(help="Only of this seller's country.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the tax rules in force on a day.

    Example: `q2c tax rules --seller DE --on 2026-01-01`
    """
    session = session_of(ctx)
    found = session.door.get("/v1/tax/rules", on=on, seller=seller or None)
    if as_json:
        show_json(session.out, found)
        return
    empty = "None. Publish some with: q2c policy publish tax FILE"
    show_rows(session.out, _RULES, found.get("rules", []), empty)


def check(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    entity: Annotated[str, typer.Option(help="Selling entity.", show_default=False)],
    customer: Annotated[str, typer.Option(help="Customer.", show_default=False)],
    category: Annotated[str, typer.Option(help="Tax category of the product.")] = "standard",
    on: OnDay = None,
    amount: Annotated[str, typer.Option(help="In the entity's currency.")] = "100.00",
    gross: Annotated[bool, typer.Option("--gross", help="The amount holds the tax.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a supply would be taxed, or the question its invoice would wait for.

    Example: `q2c tax check --entity DE01 --customer C-100 --category software`
    """
    session = session_of(ctx)
    found = session.door.get(
        "/v1/tax/check",
        entity=entity,
        customer=customer,
        category=category,
        on=on,
        amount=amount,
        is_gross=gross or None,
    )
    if as_json:
        show_json(session.out, found)
        return
    if found.get("question"):
        say(session.out, found["question"], "yellow")
        return
    show_pairs(session.out, _pairs(found))


def _pairs(found: Row) -> list[tuple[str, Any]]:
    taxed: Row = found.get("taxed") or {}
    levies = [(f"  {levy.get('name')}", plain(levy.get("tax"))) for levy in taxed.get("levies", ())]
    return [
        ("Net", plain(found.get("net"))),
        (f"{taxed.get('name')} {taxed.get('rate_percent')} %", plain(taxed.get("tax"))),
        *levies,
        ("Gross", plain(found.get("gross"))),
        ("Category", taxed.get("code")),
        ("On the invoice", taxed.get("text")),
        ("By", found.get("engine") or "the tax rules"),
    ]


def verify(
    ctx: typer.Context,
    number: Number,
    entity: Annotated[
        str, typer.Option(help="Entity in whose name VIES is asked.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Have a customer's VAT number checked by VIES; the verdict is kept as a fact.

    Example: `q2c customer verify C-100 --entity DE01`
    """
    session = session_of(ctx)
    asked = session.door.post(f"/v1/customers/{segment(number)}/vat-checks", {"entity": entity})
    if as_json:
        show_json(session.out, asked)
        return
    verdict = asked.get("verdict")
    if verdict is None:
        say(session.out, f"VIES was asked about {asked.get('vat_id')} and has not answered.")
        return
    is_valid, reference = verdict.get("valid"), verdict.get("reference") or "none"
    words = f"{asked.get('vat_id')} is {'valid' if is_valid else 'not valid'}"
    say(session.out, f"{words}, reference {reference}.", "green" if is_valid else "red")


def checks(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """List what VIES said about a customer's VAT number, the newest first.

    Example: `q2c customer checks C-100`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/customers/{segment(number)}/vat-checks")
    if as_json:
        show_json(session.out, found)
        return
    if found.get("refused_because"):
        say(session.out, found["refused_because"], "red")
    empty = f"Nobody has asked yet. Ask with: q2c customer verify {number}"
    show_rows(session.out, _CHECKS, found.get("checks", []), empty)
