"""A house with real books in a temporary folder, and an engine that only remembers."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import Session as BooksSession
from sqlmodel import SQLModel
from typer.testing import CliRunner, Result

from activities.adapters.books import Books, migrate
from models.approval import ApprovalPolicy, ApprovalRequest, build_path, parse_policy
from models.catalog import parse_catalog
from models.configuration import configure
from models.deal_file import DealFile, parse_deal_file
from models.decisions import decision_token
from models.errors import NotFoundError, RefusedError
from models.messages import Answer
from models.parties import parse_customer, parse_entity
from models.pricing import PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from models.steps import RegisterKind
from models.tables import (
    ApprovalPathRow,
    DealFileRow,
    DealRow,
    DecisionRow,
    QuoteRow,
    RegisterRow,
)
from starter.api.app import create_app
from starter.cli.app import app
from starter.cli.session import Session
from starter.first_start import prepare, sample_people
from starter.service.errors import UnansweredError, UnavailableError
from starter.service.ports import House, Patience, Run, RunState, Start, Update
from workers.settings import Settings

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)

CATALOG = {
    "version": "2026-1",
    "products": [
        {
            "sku": "CRM",
            "name": "CRM seat",
            "kind": "subscription",
            "charges": [{"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly"}],
        },
        {
            "sku": "SCANNER",
            "name": "Scanner",
            "kind": "good",
            "department": "logistics",
            "charges": [{"key": "price", "name": "Scanner", "type": "one_time"}],
        },
    ],
    "price_books": [
        {
            "name": "standard",
            "currency": "USD",
            "valid_from": "2025-01-01",
            "entries": [
                {"sku": "CRM", "charge": "seat", "unit": "40.00", "cost": "10.00"},
                {"sku": "SCANNER", "charge": "price", "unit": "250.00", "cost": "100.00"},
            ],
        }
    ],
}
ENTITY = {
    "number": "US01",
    "legal_name": "Example Software Inc.",
    "address": {"line1": "1 Main", "city": "Springfield", "region": "CA", "country": "US"},
    "tax_id": "12-3456789",
    "email": "billing@example.com",
    "bank": {"holder": "Example Software Inc.", "bank": "First", "account": "000123456789"},
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}
CUSTOMER = {
    "number": "C-100",
    "legal_name": "Acme Inc.",
    "bill_to": {"line1": "2 Side", "city": "Shelbyville", "region": "CA", "country": "US"},
    "contacts": [
        {"name": "Cora Chief", "email": "cora@acme.example", "role": "signatory"},
        {"name": "Bea Buyer", "email": "bea@acme.example", "role": "buyer"},
    ],
}
POLICY = {
    "version": "p1",
    "rules": [
        {
            "id": "discount",
            "fact": "discount_percent",
            "comparison": "above",
            "threshold": "10",
            "titles": ["sales_manager", "sales_director"],
            "chain": "sales",
            "reason": "discount above 10 percent",
        }
    ],
}
DEAL: dict[str, Any] = {
    "number": "1001",
    "entity": "US01",
    "customer": "C-100",
    "currency": "USD",
    "starts_on": "2026-02-01",
    "term_months": 12,
    "lines": [{"product": "CRM", "quantity": "25", "discount": {"percent": "20"}}],
}


@dataclass
class FakeGateway:
    """An engine that remembers what it was asked and answers what a test put in."""

    runs: dict[str, Run] = field(default_factory=dict)
    started: list[Start] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, Any] = field(default_factory=dict)
    answer: Answer | Exception = field(
        default_factory=lambda: Answer(accepted=True, text="Recorded.", reference="R-1")
    )
    fails_with: Run | None = None
    on_start: Callable[[Start], None] | None = None
    is_up: bool = True

    def _require_up(self) -> None:
        if not self.is_up:
            raise UnavailableError("No Temporal server answers at 127.0.0.1:7233.")

    async def start(self, start: Start) -> bool:
        """Remember the start; refuse the id of what runs or has completed."""
        self._require_up()
        known = self.runs.get(start.workflow_id)
        if known is not None and known.state is not RunState.FAILED:
            return False
        self.started.append(start)
        failed = self.fails_with
        state = failed.state if failed else RunState.RUNNING
        self.runs[start.workflow_id] = (failed or Run(state=state)).model_copy(
            update={"fingerprint": start.fingerprint}
        )
        if self.on_start is not None:
            self.on_start(start)
        return True

    async def look(self, workflow_id: str) -> Run:
        """Return what a test put in, or what was started."""
        self._require_up()
        return self.runs.get(workflow_id, Run(state=RunState.ABSENT))

    async def result(self, workflow_id: str, model: type[Any], seconds: float) -> Any:
        """Return or raise what a test put in; without it nothing comes in time."""
        self._require_up()
        found = self.results.get(workflow_id)
        if found is None:
            raise UnansweredError(f"No answer from {workflow_id} within {seconds:g} seconds.")
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, model)
        return found

    async def update(self, update: Update, seconds: float) -> Answer:  # noqa: ARG002 - the port
        """Remember the message and give the answer of the test."""
        self._require_up()
        self.updates.append(update)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def query(
        self,
        workflow_id: str,
        name: str,
        model: type[Any],  # noqa: ARG002
        seconds: float,
    ) -> Any:
        """Return what a test put in; without it no worker answers."""
        self._require_up()
        if name not in self.queries:
            raise UnansweredError(f"No answer from {workflow_id} within {seconds:g} seconds.")
        return self.queries[name]

    async def is_reachable(self, seconds: float) -> bool:  # noqa: ARG002 - as the port has it
        """Whether the test has it up."""
        return self.is_up


class FakeDocuments:
    """Documents by their hash."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def put(self, content: bytes, suffix: str = "pdf") -> str:  # noqa: ARG002 - the port
        """Keep a document."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        return sha256

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:  # noqa: ARG002 - as the port has it
        """Return a document."""
        if sha256 not in self.contents:
            raise NotFoundError(f"Document {sha256} is not in the store.")
        return self.contents[sha256]


@dataclass(frozen=True)
class Client:
    """Sends requests to the application in this process, each in a loop of its own."""

    app: FastAPI

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send one request and return its response, also for an unforeseen error."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://q2c") as client:
                return await client.request(method, path, **content)

        return asyncio.run(send())

    def get(self, path: str, **content: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, **content)


@dataclass
class World:
    """A house, its doors, and short ways to put facts on record."""

    house: House
    gateway: FakeGateway
    documents: FakeDocuments
    client: Client
    tokens: Mapping[str, str]

    def by(self, person: str, **headers: str) -> dict[str, str]:
        """Return the headers of a request of a person."""
        return {"Authorization": f"Bearer {self.tokens[person]}", **headers}

    def get(self, path: str, person: str = "sam", **parameters: Any) -> Any:
        """Return the JSON of a successful GET."""
        response = self.client.get(path, headers=self.by(person), params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None, person: str = "sam", **headers: str) -> Any:
        """Return the response of a POST."""
        return self.client.post(path, json=body, headers=self.by(person, **headers))

    def tell(self, name: str, body: Any = None, person: str = "sam", key: str = "") -> Any:
        """Return the response to a message to deal 1001."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"/v1/deals/1001/messages/{name}", body, person, **headers)

    def add(self, *rows: SQLModel) -> None:
        """Put rows on record, in order."""

        def write(session: BooksSession) -> None:
            for row in rows:
                session.add(row)
                session.flush()

        self.house.books.write(write)

    def register(self, kind: RegisterKind, key: str, content: str, revision: int = 1) -> None:
        """Put a revision on record."""
        self.add(
            RegisterRow(
                kind=kind.value,
                key=key,
                revision=revision,
                content=content,
                content_hash=f"{kind}{key}{revision}",
                actor="olga",
                recorded_at=NOW,
            )
        )

    def deal(
        self, number: str = "1001", file: Mapping[str, Any] | None = None, **changes: Any
    ) -> DealFile:
        """Put a deal with its file on record; `file` is what its line says besides."""
        lines = [{**DEAL["lines"][0], **(file or {})}]
        return self._deal(number, lines, changes)

    def _deal(self, number: str, lines: list[dict[str, Any]], changes: dict[str, Any]) -> DealFile:
        file = parse_deal_file({**DEAL, "number": number, "seller": "sam", "lines": lines})
        fields = {
            "number": number,
            "entity": "US01",
            "customer": "C-100",
            "seller": "sam",
            "currency": "USD",
            "time_zone": "America/Los_Angeles",
            "stage": "accept",
            "business_time": NOW,
            "started_at": NOW,
        }
        self.add(
            DealRow.model_validate({**fields, **changes}),
            DealFileRow(
                deal=number, term=1, content=file.model_dump_json(), content_hash=f"file{number}"
            ),
        )
        return file

    def quote(
        self, file: DealFile, version: int = 1, term: int = 1, file_revision: int = 1
    ) -> Quote:
        """Price a deal file and put quote and approval path on record."""
        catalog = parse_catalog(CATALOG)
        pricing = PricingRequest(currency="USD", priced_on=NOW.date(), term_months=12)
        lines = price(catalog, configure(catalog, file).lines, pricing)
        quote = make_quote(
            QuoteRequest(
                deal=file.number,
                number=f"Q-{file.number}-{version}",
                version=version,
                term=term,
                entity="US01",
                customer="C-100",
                seller="sam",
                catalog_version="2026-1",
                price_book="standard",
                quoted_on=NOW.date(),
                valid_until=date(2026, 2, 14),
                starts_on=date(2026 + term - 1, 2, 1),
                term_months=12,
                payment_terms_days=30,
            ),
            lines,
        )
        self.add_quote(quote, file_revision)
        return quote

    def add_quote(self, quote: Quote, file_revision: int = 1) -> None:
        """Put a quote version with its approval path on record."""
        self.add(_quote_row(quote, file_revision), _path_row(quote))

    def decision(self, quote: Quote, kind: str, person: str, **changes: Any) -> None:
        """Put a counted decision on record."""
        fields = {
            "deal": quote.deal,
            "quote_version": quote.version,
            "kind": kind,
            "step": kind,
            "person": person,
            "actor": person,
            "content_hash": quote.content_hash,
            "accepted": True,
            "refused_because": "",
            "reason": "",
            "purchase_order": "",
            "channel": "api",
            "assurance": "verified",
            "command_id": f"{kind}-{person}",
            "decided_at": NOW,
        }
        self.add(DecisionRow.model_validate({**fields, **changes}))

    def token(self, step: str, person: str, content_hash: str) -> str:
        """Return the token a decision about deal 1001 needs."""
        secret = self.house.settings.signing_secret()
        return decision_token(secret, "1001", step, person, content_hash)


def _quote_row(quote: Quote, file_revision: int) -> QuoteRow:
    return QuoteRow(
        number=quote.number,
        deal=quote.deal,
        version=quote.version,
        term=quote.term,
        currency=quote.currency,
        total_minor=quote.total.minor,
        quoted_on=quote.quoted_on,
        valid_until=quote.valid_until,
        content_hash=quote.content_hash,
        content=quote.model_dump_json(),
        file_revision=file_revision,
    )


def _path_row(quote: Quote, policy: ApprovalPolicy | None = None) -> ApprovalPathRow:
    policy = policy or parse_policy(POLICY)
    request = ApprovalRequest(
        seller="sam",
        currency="USD",
        quote_version=quote.version,
        content_hash=quote.content_hash,
        facts={"discount_percent": "20"},
    )
    path = build_path(policy, request, sample_people())
    return ApprovalPathRow(
        deal=quote.deal,
        quote_version=quote.version,
        policy_version=policy.version,
        content=path.model_dump_json(),
    )


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated books to copy, because migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("books") / "empty.sqlite"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def settings(tmp_path: Path, empty_books: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty folder with migrated books, whatever the caller's environment."""
    for name in [name for name in os.environ if name.startswith("Q2C_")]:
        monkeypatch.delenv(name)
    found = Settings(home=tmp_path / "home", books_url=f"sqlite:///{tmp_path / 'books.sqlite'}")
    found.home.mkdir()
    shutil.copy(empty_books, tmp_path / "books.sqlite")
    return found


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """A house with people, one entity, one customer and a catalogue."""
    first = prepare(settings)
    gateway, documents = FakeGateway(), FakeDocuments()
    house = House(
        settings=settings,
        books=Books(settings.books_url),
        gateway=gateway,
        documents=documents,
        clock=lambda: NOW,
        patience=Patience(start=0.02, settle=0.01, answer=0.02, query=0.02, pause=0.001),
    )
    tokens = json.loads(first.tokens_file.read_text())
    found = World(house, gateway, documents, Client(create_app(settings, house)), tokens)
    found.register(RegisterKind.ENTITY, "US01", parse_entity(ENTITY).model_dump_json())
    found.register(RegisterKind.CUSTOMER, "C-100", parse_customer(CUSTOMER).model_dump_json())
    found.register(RegisterKind.CATALOG, "house", parse_catalog(CATALOG).model_dump_json())
    yield found
    house.books.close()


@pytest.fixture
def by(world: World) -> Callable[..., Result]:
    """Run the command line as a person against the world's own API."""

    def handle(request: httpx.Request) -> httpx.Response:
        told = world.client.request(
            request.method,
            str(request.url),
            headers=dict(request.headers),
            content=request.read(),
        )
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)

    def run(person: str, *arguments: str) -> Result:
        session = Session(transport=httpx.MockTransport(handle), pause_seconds=0)
        environment = {
            "COLUMNS": "200",
            "Q2C_API_URL": "http://q2c",
            "Q2C_TOKEN": world.tokens[person],
            "Q2C_AS": None,
        }
        return CliRunner().invoke(app, list(arguments), obj=session, env=environment)

    return run


@pytest.fixture
def refusal() -> RefusedError:
    """What a deal says when it refuses a message."""
    return RefusedError("No quote waits for acceptance (live).")
