"""The command line against the real API and books: both mean the same by every name."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from activities.adapters.books import Books, migrate
from models.messages import Answer
from models.parties import parse_customer, parse_entity, parse_person
from models.register import PARSERS
from models.steps import ChangeRecorded, RegisterKind
from models.tables import AuditRow, DealRow, RegisterRow
from starter import first_start
from starter.api.app import create_app
from starter.cli.app import app
from starter.cli.session import Session
from starter.service.ports import House, Run, RunState, Start, Update
from starter.service.register import canonical
from workers.settings import Settings

SAMPLES = Path(first_start.__file__).parent / "samples"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


class Engine:
    """A gateway that accepts everything and remembers it."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.updates: list[Update] = []

    async def start(self, start: Start) -> bool:
        """Remember a start."""
        self.starts.append(start)
        return True

    async def look(self, workflow_id: str) -> Run:
        """Say that it runs."""
        del workflow_id
        return Run(state=RunState.RUNNING)

    async def result(self, workflow_id: str, model: Any, seconds: float) -> Any:
        """Answer as a register change does."""
        del workflow_id, model, seconds
        return ChangeRecorded(revision=1, deals=("1001",))

    async def update(self, update: Update, seconds: float) -> Answer:
        """Remember a message and accept it."""
        del seconds
        self.updates.append(update)
        return Answer(accepted=True, text=f"{update.name} is on record.", reference="R-1")

    async def query(self, workflow_id: str, name: str, model: Any, seconds: float) -> Any:
        """Know of nothing: no agenda, and the state of a deal that has just begun."""
        del workflow_id, seconds
        return model() if name == "state" else ()

    async def is_reachable(self, seconds: float) -> bool:
        """Be there."""
        return seconds > 0


class Nothing:
    """A document store with one page in it."""

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Keep nothing."""
        del suffix
        return str(len(content))

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return the same page under every hash."""
        del suffix
        return sha256.encode()


@pytest.fixture
def engine() -> Engine:
    """An engine of this test's own."""
    return Engine()


@pytest.fixture
def ask(tmp_path: Path, engine: Engine) -> Iterator[Any]:
    """Run the command line as a person against an API over books with a deal in them."""
    settings = Settings(home=tmp_path)
    migrate(settings.books_url)
    first_start.prepare(settings)
    books = Books(settings.books_url)
    books.write(_fill)
    house = House(settings, books, engine, Nothing(), clock=lambda: NOW)
    transport = httpx.MockTransport(through(create_app(settings, house)))

    def run(person: str, *arguments: str) -> Result:
        session = Session(transport=transport, pause_seconds=0)
        environment: dict[str, str | None] = {
            "COLUMNS": "200",
            "Q2C_HOME": str(tmp_path),
            "Q2C_API_URL": "http://testserver",
            "Q2C_AS": person,
            "Q2C_TOKEN": None,
        }
        return CliRunner().invoke(app, list(arguments), obj=session, env=environment)

    yield run
    books.close()


def through(served: FastAPI) -> Callable[[httpx.Request], httpx.Response]:
    """Return the way into an application that runs in this process, for a client that waits."""

    async def send(request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(served, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as client:
            told = await client.send(request)
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)

    def handle(request: httpx.Request) -> httpx.Response:
        plain = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        return asyncio.run(send(plain))

    return handle


def _fill(session: Any) -> None:
    entities = yaml.safe_load((SAMPLES / "entities.yaml").read_text())
    customers = yaml.safe_load((SAMPLES / "customers.yaml").read_text())
    for entity in map(parse_entity, entities):
        session.add(_revision(RegisterKind.ENTITY, entity.number, entity))
    for customer in map(parse_customer, customers):
        session.add(_revision(RegisterKind.CUSTOMER, customer.number, customer))
    catalog = PARSERS[RegisterKind.CATALOG](yaml.safe_load((SAMPLES / "catalog.yaml").read_text()))
    session.add(_revision(RegisterKind.CATALOG, "house", catalog))
    for promotion in yaml.safe_load((SAMPLES / "promotions.yaml").read_text()):
        recorded = PARSERS[RegisterKind.PROMOTION](promotion)
        session.add(_revision(RegisterKind.PROMOTION, promotion["code"], recorded))
    deal: Any = {"number": "1001", "entity": "DE01", "customer": "C-100", "seller": "sam"}
    state: Any = {"currency": "EUR", "time_zone": "UTC", "stage": "accept", "total_minor": 123450}
    session.add(DealRow(**deal, **state, started_at=NOW))
    session.flush()
    session.add(
        AuditRow(deal="1001", sequence=1, at=NOW, actor="sam", what="stage", detail="accept")
    )


def _revision(kind: RegisterKind, key: str, content: Any) -> RegisterRow:
    return RegisterRow(
        kind=kind.value,
        key=key,
        revision=1,
        content=canonical(content),
        content_hash="",
        actor="test",
        recorded_at=NOW,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["inbox"],
        ["tasks", "--department", "it"],
        ["deal", "list", "--stage", "accept", "--customer", "C-100", "--seller", "sam"],
        ["deal", "list", "--on-hold"],
        ["deal", "show", "1001"],
        ["deal", "timeline", "1001"],
        ["deal", "agenda", "1001"],
        ["deal", "hold", "1001"],
        ["deal", "schema"],
        ["entity", "list"],
        ["entity", "show", "DE01"],
        ["customer", "list"],
        ["customer", "show", "C-100"],
        ["customer", "checks", "C-400"],
        ["tax", "rules", "--seller", "DE", "--on", "2026-01-01"],
        ["tax", "check", "--entity", "DE01", "--customer", "C-100", "--amount", "5", "--gross"],
        ["person", "list"],
        ["person", "show", "sam"],
        ["promotion", "list"],
        ["customer-prices", "list"],
        ["quote", "guidance", "JIRA-STANDARD", "--quantity", "50", "--segment", "public"],
        ["catalog", "show"],
        ["document", "list", "--deal", "1001", "--kind", "invoice"],
    ],
)
def test_every_question_is_understood(ask: Any, arguments: list[str]) -> None:
    """No path and no parameter is named differently on the two sides."""
    result = ask("sam", *arguments)

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["books", "journal", "--deal", "1001", "--entity", "DE01", "--since", "2026-01-01"],
        ["books", "trial-balance", "--currency", "eur", "--entity", "DE01", "--real"],
        ["books", "receivables", "--customer", "C-100", "--as-of", "2026-02-01", "--test-clock"],
    ],
)
def test_finance_reads_the_books_and_sales_may_not(ask: Any, arguments: list[str]) -> None:
    """The role decides; without it the end is 4."""
    assert ask("fiona", *arguments).exit_code == 0
    assert ask("sam", *arguments).exit_code == 4


def test_the_deal_is_listed_with_its_money(ask: Any) -> None:
    """What the books hold is what a person reads."""
    assert "1,234.50 EUR" in ask("sam", "deal", "list").stdout
    assert "1,234.50 EUR" in ask("sam", "deal", "show", "1001").stdout


@pytest.mark.parametrize(
    ("person", "arguments", "name", "said"),
    [
        ("mia", ["approve", "1001", "--step", "s"], "approve", {"person": "mia", "step": "s"}),
        ("mia", ["reject", "1001", "--reason", "no"], "reject", {"reason": "no"}),
        ("sam", ["accept", "1001", "--po", "P"], "accept_quote", {"purchase_order": "P"}),
        ("sam", ["decline", "1001"], "decline_quote", {"actor": "sam"}),
        ("dan", ["sign", "1001"], "contract_signed", {"person": "dan"}),
        ("sam", ["deliver", "1001", "--line", "1"], "delivery_confirmed", {"lines": ("1",)}),
        ("sam", ["cancel-line", "1001", "2"], "cancel_line", {"line": "2"}),
        ("sam", ["renew", "1001"], "renew", {}),
        ("sam", ["renew", "1001", "--decline"], "decline_renewal", {}),
        ("sam", ["cancel", "1001", "--reason", "x"], "cancel", {"reason": "x"}),
        ("olga", ["deal", "retry", "1001", "--item", "i"], "retry", {"item": "i"}),
        (
            "olga",
            ["deal", "resolve", "1001", "--item", "i", "--answer", "a"],
            "resolve",
            {"item": "i", "answer": "a"},
        ),
        (
            "olga",
            ["deal", "clock", "1001", "--until", "2026-03-01"],
            "advance_clock",
            {"until": datetime(2026, 3, 1, tzinfo=UTC)},
        ),
    ],
)
def test_every_message_reaches_the_deal(
    ask: Any, engine: Engine, person: str, arguments: list[str], name: str, said: dict[str, Any]
) -> None:
    """Each command becomes the message of its name, through the channel `cli`."""
    result = ask(person, *arguments)

    assert result.exit_code == 0, result.output
    update = engine.updates[-1]
    assert (update.workflow_id, update.name) == ("deal-1001", name)
    message = update.message.model_dump()
    assert {key: message[key] for key in said} == said
    assert (message["channel"], message["actor"]) == ("cli", person)
    assert f"{name} is on record." in result.stdout


def test_a_deal_file_is_checked_with_all_its_problems(ask: Any, tmp_path: Path) -> None:
    """Shape, parties and products in one answer."""
    file = tmp_path / "a.yaml"
    file.write_text("entity: XX\ncustomer: C-100\nseller: mia\ncurrency: EURO\nlines: []\nfoo: 1\n")

    result = ask("sam", "deal", "check", str(file))

    assert result.exit_code == 2
    for field in ("entity", "seller", "currency", "lines", "foo"):
        assert field in result.stdout
    assert "leave it out: the seller is who asks" in result.stdout


@pytest.mark.parametrize("file", sorted((SAMPLES / "deals").glob("*.yaml")), ids=lambda f: f.stem)
def test_the_sample_deals_are_in_order(ask: Any, file: Path) -> None:
    """The files a newcomer tries first."""
    result = ask("sam", "deal", "check", str(file))

    assert result.exit_code == 0, result.output
    assert "in order." in result.stdout


@pytest.mark.parametrize(
    ("person", "arguments"),
    [
        ("olga", ["entity", "import", "entities.yaml"]),
        ("olga", ["customer", "import", "customers.yaml"]),
        ("olga", ["person", "import", "people.yaml"]),
        ("olga", ["catalog", "publish", "catalog.yaml"]),
        ("olga", ["promotion", "import", "promotions.yaml"]),
        ("olga", ["customer-prices", "import", "customer_prices.yaml"]),
        ("olga", ["policy", "publish", "approval", "approval_policy.yaml"]),
        ("olga", ["policy", "publish", "dunning", "dunning_policy.yaml"]),
        ("olga", ["policy", "publish", "tax", "tax_rules.yaml"]),
        ("olga", ["stock", "import", "stock.yaml"]),
        ("olga", ["stock", "add", "DE01", "NW-20", "5", "--reference", "DN-1"]),
    ],
)
def test_the_samples_are_recorded(ask: Any, person: str, arguments: list[str]) -> None:
    """Every sample file passes the checks of the command line and of the API."""
    given = [str(SAMPLES / each) if each.endswith(".yaml") else each for each in arguments]

    result = ask(person, *given)

    assert result.exit_code == 0, result.output


def test_what_show_writes_add_reads(ask: Any, tmp_path: Path) -> None:
    """Looking up, editing and recording again is one round."""
    shown = ask("sam", "customer", "show", "C-100")
    file = tmp_path / "c.yaml"
    file.write_text(shown.stdout)

    result = ask("sam", "customer", "add", str(file))

    assert result.exit_code == 0, result.output
    assert "was on record already as revision 1" in result.stdout


def test_an_unknown_deal_is_a_failure_with_its_number(ask: Any) -> None:
    """A slip in the number is told, with exit code 1."""
    result = ask("sam", "deal", "timeline", "9/9")

    assert result.exit_code == 1
    assert "Error: " in result.stderr


def test_json_is_what_the_api_answers(ask: Any) -> None:
    """A program may use either door."""
    rows = json.loads(ask("sam", "deal", "list", "--json").stdout)

    assert [(row["number"], row["total_minor"], row["currency"]) for row in rows] == [
        ("1001", 123450, "EUR")
    ]


def test_the_sample_people_can_be_read() -> None:
    """They are who `--as` may name."""
    people = yaml.safe_load((SAMPLES / "people.yaml").read_text())

    assert {parse_person(each).id for each in people} >= {"sam", "mia", "dan", "fiona", "olga"}


@pytest.mark.parametrize(("command", "many"), [("add", False), ("import", True)])
def test_a_customer_with_a_wrong_vat_number_is_refused_with_the_remedy(
    ask: Any, engine: Engine, tmp_path: Path, command: str, many: object
) -> None:
    """One by one and in a table; nothing is recorded."""
    wrong = {
        "number": "C-900",
        "legal_name": "Molen BV",
        "bill_to": {"line1": "Zeestraat 1", "city": "Den Haag", "country": "NL"},
        "vat_id": "NL861347205B88",
    }
    file = tmp_path / "customers.yaml"
    file.write_text(yaml.safe_dump([wrong] if many else wrong))

    result = ask("sam", "customer", command, str(file))

    assert result.exit_code == 2
    assert "wrong check digits" in " ".join(result.output.split())
    assert "compare it with the customer's letter" in " ".join(result.output.split())
    assert engine.starts == []


def test_a_supply_is_shown_as_its_invoice_would_tax_it(ask: Any) -> None:
    """The words and figures of the rule, or the question."""
    asked = ("tax", "check", "--entity", "DE01", "--customer", "C-400", "--category", "moon")

    result = ask("sam", *asked)

    assert result.exit_code == 0
    assert "No tax rule covers a supply of category 'moon'" in " ".join(result.output.split())
