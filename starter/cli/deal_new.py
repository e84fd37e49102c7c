"""Making a deal file by answering questions, with what the customer and the catalogue suggest."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from models.currencies import is_currency
from models.written import nearest
from starter.cli.checked import show_checked
from starter.cli.display import Column, say, show_heading, show_problems, show_rows
from starter.cli.door import Row
from starter.cli.files import as_yaml
from starter.cli.register import content
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode, bad_input

_CHOICES = (Column("Number", "number"), Column("Name", "name"))

Reader = Callable[[str], str]


def new_deal(
    ctx: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write.", show_default="deal-NUMBER.yaml"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Make a deal file by answering questions, check it, and write it.

    Customers, products and defaults come from the register. Nothing is started.

    Example: `q2c --as sam deal new`
    """
    session = session_of(ctx)
    document = _asked(session)
    file = out or Path(f"deal-{document['number'] or document['customer']}.yaml")
    problem = _check(session, document)
    _write(session, file, document, force=force)
    if problem:
        raise typer.Exit(ExitCode.FAILED)
    say(session.out, f"Start it with: q2c deal start {file}")


def _asked(session: Session) -> Row:
    """Ask for everything a deal file needs, in the order in which a seller thinks of it."""
    door = session.door
    customers = [content(row) for row in door.rows("/v1/customers")]
    entities = [content(row) for row in door.rows("/v1/entities")]
    catalog = door.get("/v1/catalog")
    customer = _party(session, "Customer", customers, "q2c customer add FILE")
    last = _last_entity(session, customer) if len(entities) > 1 else ""
    entity = _party(session, "Selling entity", entities, "q2c entity add FILE", last)
    currency = _ask("Currency", str(entity.get("currency", "")), _currency)
    document: Row = {
        "number": _ask("Deal number (Enter: the next free one)", "", str),
        "entity": entity["number"],
        "customer": customer["number"],
        "currency": currency,
        "starts_on": _ask("First day of service", _today(), _date),
        "term_months": int(_ask("Term in months (0: one-off sale)", "12", _whole)),
    }
    terms = _ask("Payment terms in days", str(customer.get("payment_terms_days", 30)), _whole)
    document["payment_terms_days"] = int(terms)
    order = _ask("Customer's purchase order (optional)", "", str)
    if order:
        document["purchase_order"] = order
    document["lines"] = _lines(session, catalog.get("products", []))
    if document["term_months"]:
        document["renewal"] = _renewal()
    return document


def _last_entity(session: Session, customer: Row) -> str:
    """Return who sold last: to this customer, else in the caller's last deal, else nobody."""
    me = session.door.get("/v1/me").get("id")
    for wanted in ({"customer": customer["number"]}, {"seller": me}):
        deals = session.door.rows("/v1/deals", **wanted)
        if deals:
            newest = max(deals, key=lambda deal: str(deal.get("started_at") or ""))
            return str(newest.get("entity") or "")
    return ""


def _party(
    session: Session, title: str, parties: Sequence[Row], remedy: str, likely: str = ""
) -> Row:
    if not parties:
        raise CommandError(f"{title}: none is on record yet.", remedy=remedy)
    names = {str(party["number"]): party for party in parties}
    rows = [{"number": number, "name": each.get("legal_name")} for number, each in names.items()]
    show_heading(session.out, title)
    show_rows(session.out, _CHOICES, rows, "")
    only = next(iter(names)) if len(names) == 1 else likely if likely in names else ""
    return names[_ask(title, only, _one_of(names))]


def _lines(session: Session, products: Sequence[Row]) -> list[Row]:
    if not products:
        raise CommandError("The catalogue is empty.", remedy="q2c catalog publish FILE")
    known = {str(product["sku"]): product for product in products}
    rows = [{"number": sku, "name": each.get("name")} for sku, each in known.items()]
    show_heading(session.out, "Products")
    show_rows(session.out, (Column("SKU", "number"), Column("Name", "name")), rows, "")
    lines: list[Row] = []
    while True:
        title = "Product (Enter when done)" if lines else "Product"
        sku = _ask(title, "", _one_of(known, empty=bool(lines)))
        if not sku:
            return lines
        lines.append(_line(known[sku]))


def _line(product: Row) -> Row:
    line: Row = {"product": product["sku"], "quantity": _ask("  Quantity", "1", _positive)}
    options = [
        {"product": component["sku"], "quantity": wanted}
        for component in product.get("components") or ()
        if not component.get("required")
        and (wanted := _ask(f"  {component['sku']} per unit", _default_of(component), _number))
        != _default_of(component)
    ]
    if options:
        line["options"] = options
    percent = _ask("  Discount in percent", "0", _percent)
    if Decimal(percent):
        line["discount"] = {"percent": percent}
        reason = _ask("  Reason for the discount", "", str)
        if reason:
            line["discount"]["reason"] = reason
    return line


def _default_of(component: Row) -> str:
    return str(component.get("default", 0))


def _renewal() -> Row:
    if not typer.confirm("Renew automatically?", default=True):
        return {"auto_renew": False}
    return {
        "auto_renew": True,
        "notice_days": int(_ask("Notice in days before the end", "30", _whole)),
        "uplift_percent": _ask("Price rise at renewal in percent", "0", _percent),
    }


def _check(session: Session, document: Row) -> bool:
    """Show what the API says about the deal; tell whether it is a problem."""
    show_heading(session.out, "Check")
    try:
        answer = session.door.post("/v1/deals/check", document)
    except CommandError as error:
        if error.exit_code is not ExitCode.BAD_INPUT and not error.problems:
            say(session.out, f"Not checked: {error.what}", "bold red")
            return True
        say(session.out, error.what, "bold red")
        show_problems(session.out, error.problems)
        return True
    say(session.out, "In order.", "green")
    show_checked(session, answer)
    return False


def _write(session: Session, file: Path, document: Row, *, force: bool) -> None:
    if file.exists() and not force and not typer.confirm(f"{file} exists. Replace it?"):
        raise bad_input("--out", f"{file} exists", "name another file with --out")
    try:
        file.write_text(as_yaml(document), encoding="utf-8")
    except OSError as error:
        reason = f"{file} cannot be written ({error.strerror})"
        raise bad_input("--out", reason, "name another file") from error
    say(session.out, f"Wrote {file}.", "green")


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def _ask(title: str, default: str, reader: Reader) -> str:
    """Ask until the answer can be read; Enter takes the default."""
    while True:
        given: Any = typer.prompt(title, default=default, show_default=bool(default))
        try:
            return reader(str(given).strip())
        except ValueError as error:
            typer.echo(f"  {error}")


def _one_of(known: Iterable[str], *, empty: bool = False) -> Reader:
    names = {name.casefold(): name for name in known}

    def read(text: str) -> str:
        if not text and empty:
            return ""
        if not text:
            raise ValueError("Choose one from the list.")
        if text.casefold() not in names:
            raise ValueError(f"{text} is not on the list: {nearest(text, names.values())}")
        return names[text.casefold()]

    return read


def _currency(text: str) -> str:
    if not is_currency(text.upper()):
        raise ValueError(f"{text} is no currency; write an ISO 4217 code such as USD.")
    return text.upper()


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text} is no date; write YYYY-MM-DD.") from None


def _whole(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text} is no whole number.")
    return text


def _number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise ValueError(f"{text} is no number of 0 or more; write 10 or 2.5.")
    return text


def _positive(text: str) -> str:
    if not Decimal(_number(text)):
        raise ValueError("It must be more than 0.")
    return text


def _percent(text: str) -> str:
    value = _number(text.removesuffix("%").strip())
    if Decimal(value) > 100:
        raise ValueError("It must be from 0 to 100.")
    return value
