"""What the doors need from outside, by name: Temporal, the document store and the clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from sqlmodel import Session

from activities.adapters.books import Books
from models.errors import Problem
from models.messages import Answer, Message
from models.value import Value
from workers.settings import Settings

Result = TypeVar("Result")


class Start(Value):
    """A workflow to start; `fingerprint` stands for what was asked, so that a repetition shows."""

    workflow: str
    workflow_id: str
    payload: Value
    summary: str
    fingerprint: str


class RunState(StrEnum):
    """Where a workflow stands."""

    ABSENT = "absent"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Run(Value):
    """A workflow as the engine knows it; `text` and `problems` say why a failed one failed."""

    state: RunState
    fingerprint: str = ""
    text: str = ""
    problems: tuple[Problem, ...] = ()


class Update(Value):
    """A message to a deal that wants an answer. The same `update_id` is executed once in a run."""

    workflow_id: str
    name: str
    update_id: str
    message: Message


class Gateway(Protocol):
    """The engine that runs the workflows.

    Every method raises `UnavailableError` where nobody is there to ask.
    """

    async def start(self, start: Start) -> bool:
        """Start a workflow; False if one under this id runs or has completed."""

    async def look(self, workflow_id: str) -> Run:
        """Return where a workflow stands; it needs no worker."""

    async def result(self, workflow_id: str, model: type[Result], seconds: float) -> Result:
        """Wait for a workflow's result.

        Raises `RunFailedError` if it failed, `UnansweredError` if it takes longer.
        """

    async def update(self, update: Update, seconds: float) -> Answer:
        """Send a message and wait for its answer.

        Raises `RefusedError` with the reason, `NotFoundError` if no such workflow runs, and
        `UnansweredError` if no answer comes in time; then it may still happen.
        """

    async def query(
        self, workflow_id: str, name: str, model: type[Result], seconds: float
    ) -> Result:
        """Ask a workflow; raises `NotFoundError`, or `UnansweredError` when no worker answers."""

    async def is_reachable(self, seconds: float) -> bool:
        """Whether the engine answers."""


class DocumentStore(Protocol):
    """Where documents lie under their hash."""

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Store a document and return its hash."""

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return a document; raises `NotFoundError`."""


class Patience(Value):
    """How many seconds the doors wait: for a start's first checks, an answer, a query.

    `settle` is how long a priced deal may take to reach its first stage of waiting.
    """

    start: float = 3.0
    settle: float = 1.0
    answer: float = 30.0
    query: float = 3.0
    pause: float = 0.05


@dataclass(frozen=True)
class House:
    """What every service works with."""

    settings: Settings
    books: Books
    gateway: Gateway
    documents: DocumentStore
    clock: Callable[[], datetime]
    patience: Patience = field(default_factory=Patience)

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Read the books without keeping other requests waiting."""
        return await asyncio.to_thread(self.books.read, work)
