"""Parties, catalogue and policies: recording them from files, many at once, and looking them up."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from models.errors import InvalidInputError, Problem
from starter.cli.display import Column, moment, say, show_json, show_pairs, show_rows
from starter.cli.door import Row, segment
from starter.cli.files import as_yaml, read_document, read_rows
from starter.cli.logos import Logos
from starter.cli.options import AsJson
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode, broken_off

_PANEL = "Register"

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="YAML or JSON file.", show_default=False)
]
TableArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="YAML list or CSV table.", show_default=False)
]


class Policy(StrEnum):
    """A policy of the house."""

    APPROVAL = "approval"
    DUNNING = "dunning"
    TAX = "tax"
    RATES = "rates"


_KINDS = {
    Policy.APPROVAL: "approval_policy",
    Policy.DUNNING: "dunning_policy",
    Policy.TAX: "tax_rules",
    Policy.RATES: "exchange_rates",
}
_HOUSE = "house"
_WHOLE = frozenset({"payment_terms_days", "credit_limit_minor"})


class Party(NamedTuple):
    """A kind of party: its name, where the API keeps it, its key, and what a listing shows."""

    name: str
    path: str
    key: str
    columns: tuple[Column, ...]


def content(row: Row) -> Row:
    """Return what a register entry says, without who recorded it and when."""
    inner = row.get("content")
    return inner if isinstance(inner, dict) else row


def _of(*path: str) -> Any:
    def find(row: Row) -> object:
        value: Any = content(row)
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return find


_ENTITY = Party(
    "entity",
    "/v1/entities",
    "number",
    (
        Column("Entity", _of("number")),
        Column("Name", _of("legal_name"), long=True),
        Column("Country", _of("address", "country")),
        Column("Currency", _of("currency")),
        Column("Time zone", _of("time_zone")),
    ),
)
_CUSTOMER = Party(
    "customer",
    "/v1/customers",
    "number",
    (
        Column("Customer", _of("number")),
        Column("Name", _of("legal_name"), long=True),
        Column("City", _of("bill_to", "city")),
        Column("Country", _of("bill_to", "country")),
        Column("Terms", _of("payment_terms_days"), right=True),
        Column("VAT ID", _of("vat_id")),
    ),
)
_PERSON = Party(
    "person",
    "/v1/register/person",
    "id",
    (
        Column("Person", _of("id")),
        Column("Name", _of("name")),
        Column("Roles", _of("roles")),
        Column("Titles", _of("titles")),
        Column("Manager", _of("manager")),
    ),
)
_PROMOTION = Party(
    "promotion",
    "/v1/register/promotion",
    "code",
    (
        Column("Promotion", _of("code")),
        Column("Name", _of("name"), long=True),
        Column("From", _of("valid_from")),
        Column("Until", _of("valid_until")),
        Column("Percent", _of("percent"), right=True),
        Column("Amount", _of("amount"), right=True),
        Column("Free months", _of("free_months"), right=True),
        Column("For", _of("duration")),
        Column("Cap", _of("cap"), right=True),
        Column("Each", _of("cap_per_customer"), right=True),
    ),
)
_CUSTOMER_PRICES = Party(
    "customer-prices",
    "/v1/register/customer_prices",
    "number",
    (
        Column("Customer", _of("number")),
        Column("Price book", _of("price_book")),
        Column("Partner percent", _of("partner", "percent"), right=True),
        Column("Prices", lambda row: len(content(row).get("prices") or ()), right=True),
    ),
)


_PARTNER = Party(
    "partner",
    "/v1/register/partner",
    "number",
    (
        Column("Partner", _of("number")),
        Column("Name", _of("legal_name"), long=True),
        Column("Country", _of("address", "country")),
        Column("Price book", _of("price_book")),
        Column("Commission", _of("commission_percent"), right=True),
    ),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for party, text in (
        (_ENTITY, "Our own companies: the sellers on documents."),
        (_CUSTOMER, "Whom we sell to."),
        (_PERSON, "People of ours and what they may do."),
        (_PROMOTION, "Promotions: codes, what they are worth, until when and how often."),
        (_CUSTOMER_PRICES, "Contracted prices of customers, and what partners get."),
        (_PARTNER, "Who offers our products in their own name."),
    ):
        group = _party_commands(party, text)
        if party is _PERSON:
            group.command("token")(token)
        app.add_typer(group, name=party.name, rich_help_panel=_PANEL)
    policy = typer.Typer(
        help="Rules of approval, dunning and tax, and exchange rates.", no_args_is_help=True
    )
    policy.command("publish")(publish_policy)
    policy.command("show")(show_policy)
    app.add_typer(policy, name="policy", rich_help_panel=_PANEL)


def _party_commands(party: Party, text: str) -> typer.Typer:
    group = typer.Typer(help=text, no_args_is_help=True)

    def add(ctx: typer.Context, file: FileArgument) -> None:
        session = session_of(ctx)
        logos = Logos(file.parent)
        ((_, data),) = logos.resolved([("", read_document(file))])
        if logos.problems:
            what = f"Nothing was recorded: {file} has {len(logos.problems)} problem(s)."
            raise CommandError(what, logos.problems, exit_code=ExitCode.BAD_INPUT)
        logos.upload(session.door)
        tell_recorded(session, party.name, session.door.post(party.path, data))

    def bring_in(ctx: typer.Context, file: TableArgument) -> None:
        _import(session_of(ctx), party, file)

    def listing(ctx: typer.Context, as_json: AsJson = False) -> None:
        session = session_of(ctx)
        rows = session.door.rows(party.path)
        if as_json:
            show_json(session.out, rows)
            return
        empty = f"None yet. Begin with: q2c {party.name} add FILE"
        show_rows(session.out, party.columns, rows, empty)

    def show(
        ctx: typer.Context,
        number: Annotated[str, typer.Argument(help="Number.", show_default=False)],
        as_json: AsJson = False,
    ) -> None:
        session = session_of(ctx)
        show_entry(session, session.door.get(f"{party.path}/{segment(number)}"), as_json)

    name = party.name
    group.command("add", help=f"Record or change one {name}.\n\nExample: `q2c {name} add a.yaml`")(
        add
    )
    group.command(
        "import",
        help="Record many at once: a YAML list, or CSV whose headings are the fields "
        "(`legal_name`, `bill_to.city`, `contacts[0].email`). If one row is wrong, nothing is "
        f"recorded and every problem is listed by row.\n\nExample: `q2c {name} import list.csv`",
    )(bring_in)
    group.command("list", help=f"List what is in force.\n\nExample: `q2c {name} list`")(listing)
    group.command(
        "show", help=f"Show one as YAML, ready to be edited.\n\nExample: `q2c {name} show X1`"
    )(show)
    return group


def token(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="Person id.", show_default=False)],
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke every token of this person instead.")
    ] = False,
) -> None:
    """Make a bearer token for a person, shown this once, or revoke all of them.

    Example: `q2c --as olga person token nina`
    """
    session = session_of(ctx)
    if revoke:
        revoked = session.door.post("/v1/tokens/revoke", {"person": person})
        say(session.out, f"Revoked {revoked['revoked']} token(s) of {person}.", "green")
        return
    made = session.door.post("/v1/tokens", {"person": person})
    say(session.out, f"Token of {person}, shown this once: {made['token']}", "green")


def _import(session: Session, party: Party, file: Path) -> None:
    """Record every row or none: the rows are checked here first, all of them."""
    logos = Logos(file.parent)
    rows = logos.resolved(read_rows(file, _WHOLE))
    problems = [*logos.problems, *row_problems(party.name, party.key, rows)]
    if problems:
        what = f"Nothing was recorded: {file} has {len(problems)} problem(s)."
        raise CommandError(what, problems, exit_code=ExitCode.BAD_INPUT)
    logos.upload(session.door)
    for done, (place, data) in enumerate(rows):
        try:
            session.door.post(party.path, data)
        except CommandError as error:
            raise broken_off(place, done, error) from error
    say(session.out, f"Recorded {len(rows)}.", "green")


def row_problems(name: str, key: str, rows: Sequence[tuple[str, Any]]) -> list[Problem]:
    """Return everything wrong with the rows of an import, each with the place of its row."""
    from activities.adapters.vat_numbers import vat_number_problem  # noqa: PLC0415
    from models.register import parse  # noqa: PLC0415
    from models.steps import RegisterKind  # noqa: PLC0415

    kind = RegisterKind(name.replace("-", "_"))
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for place, data in rows:
        try:
            value = str(getattr(parse(kind, data, vat_number_problem), key))
        except InvalidInputError as error:
            problems += [
                p.model_copy(update={"field": f"{place} {p.field}"}) for p in error.problems
            ]
            continue
        if value in first:
            reason = f"{value} is in {first[value]} already"
            problems.append(Problem(field=f"{place} {key}", reason=reason, remedy="keep one"))
        first.setdefault(value, place)
    return problems


def _placed(place: str, problem: Problem) -> Problem:
    return problem.model_copy(update={"field": f"{place} {problem.field}"})


def show_entry(session: Session, entry: Row, as_json: bool) -> None:
    """Show an entry of the register: as JSON with who recorded it, or its content as YAML."""
    if as_json:
        show_json(session.out, entry)
        return
    session.out.file.write(as_yaml(content(entry)))


def tell_recorded(session: Session, name: str, recorded: Row) -> None:
    """Say which revision is on record, and whether it was there before."""
    again = bool(recorded.get("repeated"))
    key = recorded.get("key", "")
    words = f"{name.replace('_', ' ').capitalize()} {'' if key == _HOUSE else key}".strip()
    what = "was on record already as" if again else "is on record as"
    say(session.out, f"{words} {what} revision {recorded.get('revision', 1)}.", "green")


def publish_policy(
    ctx: typer.Context,
    kind: Annotated[Policy, typer.Argument(help="Which policy.", show_default=False)],
    file: FileArgument,
) -> None:
    """Publish a policy. Deals already submitted keep the version they were submitted under.

    Example: `q2c policy publish approval approvals.yaml`
    """
    session = session_of(ctx)
    document = read_rules(file) if kind is Policy.TAX else read_document(file)
    recorded = session.door.post(f"/v1/register/{_KINDS[kind]}", document)
    tell_recorded(session, _KINDS[kind], recorded)


def read_rules(file: Path) -> Any:
    """Return tax rules, which are a list or a document whose only field `rules` is one."""
    entries = [data for _, data in read_rows(file)]
    sole = entries[0] if len(entries) == 1 else None
    return sole if isinstance(sole, dict) and "rules" in sole else entries


def show_policy(
    ctx: typer.Context,
    kind: Annotated[Policy, typer.Argument(help="Which policy.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show a policy in force as YAML, ready to be edited.

    Example: `q2c policy show approval`
    """
    session = session_of(ctx)
    entry = session.door.get(f"/v1/register/{_KINDS[kind]}/{_HOUSE}")
    if as_json:
        show_json(session.out, entry)
        return
    pairs = [
        ("Revision", entry.get("revision")),
        ("Recorded", moment("recorded_at")(entry)),
        ("By", entry.get("actor")),
    ]
    show_pairs(session.err, pairs)
    inner = entry.get("content", entry)
    session.out.file.write(as_yaml(inner if isinstance(inner, dict) else {"rules": inner}))
