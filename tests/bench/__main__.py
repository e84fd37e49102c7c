"""Measure pricing, invoicing and the deal engine: `python -m tests.bench`.

Prints the CPU of pricing quotes of 10 to 10,000 lines, invoices and usage events per second, and
then, in one run on one server: deals per second to first cash with twenty at once, CPU seconds per
deal, activities and history events per deal and per month, and the ratio to a bare workflow of
fourteen sequential empty activities.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.adapters.books import Books, migrate
from models.decisions import decision_token
from models.tables import DealRow, MailRow, QuoteRow
from tests.bench.invoices import measure_invoices
from tests.bench.pricing import measure_pricing
from tests.bench.usage import measure_usage
from tests.bench.world import BUYER, QUEUE, SIGNATORY, deal_file, furnish
from workers.attributes import ensure_namespace
from workers.connection import connect
from workers.runner import open_office, sandbox
from workers.server import temporal_server
from workers.settings import Role, Settings, free_port

AT_ONCE = 20
ROUNDS = 3
BARE_STEPS = 14
_TICKS = os.sysconf("SC_CLK_TCK")


@activity.defn(name="nothing")
async def nothing() -> None:
    """Do nothing."""


@workflow.defn(name="Bare")
class Bare:
    """The least that durable sequential work costs."""

    @workflow.run
    async def run(self) -> None:
        """Call fourteen empty activities, one after the other."""
        for _ in range(BARE_STEPS):
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def spent_by(pids: dict[str, list[int]]) -> dict[str, float]:
    """Return the CPU seconds of each group of processes so far."""
    return {name: sum(map(cpu_seconds, group)) for name, group in pids.items()}


class Watcher:
    """Sees in the books how far every deal is: two queries a round, whatever waits."""

    def __init__(self, url: str) -> None:
        self._books = Books(url)
        self._mails: frozenset[str] = frozenset()
        self._deals: dict[str, tuple[int, str]] = {}

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            self._mails, self._deals = self._books.read(self._look)
            await asyncio.sleep(0.025)

    def _look(self, session: Session) -> tuple[frozenset[str], dict[str, tuple[int, str]]]:
        keys = frozenset(session.exec(select(MailRow.key)))
        rows = session.exec(
            select(DealRow.number, DealRow.balance_minor, QuoteRow.content_hash)
            .join(QuoteRow, col(QuoteRow.deal) == col(DealRow.number))
            .where(QuoteRow.term == 1)
        )
        return keys, {number: (balance, content) for number, balance, content in rows}

    async def mailed(self, number: str, key: str) -> str:
        """Wait until a mail of a deal went out; return the content hash of its quote."""
        start = f"{number}:{key}:"
        await self._until(lambda: any(mail.startswith(start) for mail in self._mails), start)
        return self._deals[number][1]

    async def owing(self, number: str, *, anything: bool) -> int:
        """Wait until a deal's balance is (not) zero; return it."""
        await self._until(
            lambda: number in self._deals and bool(self._deals[number][0]) is anything,
            f"{number} owing {anything}",
        )
        return self._deals[number][0]

    async def _until(self, done: Callable[[], bool], what: str) -> None:
        for _ in range(6000):
            if done():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"stuck before: {what}")


async def to_first_cash(
    client: Client, watcher: Watcher, secret: bytes, number: str
) -> WorkflowHandle[Any, Any]:
    """Take one deal from its file to its first payment, as its people would."""
    handle = await client.start_workflow(
        "DealWorkflow", deal_file(number), id=f"deal-{number}", task_queue=QUEUE
    )
    content = await watcher.mailed(number, "quote")

    def decision(kind: str, person: str) -> dict[str, str]:
        return {"person": person, "token": decision_token(secret, number, kind, person, content)}

    await handle.execute_update("accept_quote", decision("accept", BUYER))
    await watcher.mailed(number, "sign")
    for person in (BUYER, SIGNATORY):
        await handle.signal("contract_signed", decision("sign", person))
    balance = await watcher.owing(number, anything=True)
    await pay(client, number, "1", balance, "2026-01-01")
    await watcher.owing(number, anything=False)
    return handle


async def pay(client: Client, number: str, month: str, amount: int, on: str) -> None:
    """Pay what a deal asks for."""
    payment = {
        "provider": "bank",
        "reference": f"{number}-{month}",
        "customer": "C1",
        "amount_minor": amount,
        "currency": "USD",
        "received_on": on,
        "deal": number,
    }
    workflow_id = f"payment-bank-{number}-{month}"
    await client.execute_workflow("PaymentWorkflow", payment, id=workflow_id, task_queue=QUEUE)


async def counts(handle: WorkflowHandle[Any, Any]) -> Counter[str]:
    """Count the events and activities of a deal's history so far."""
    found: Counter[str] = Counter()
    async for event in handle.fetch_history_events():
        found["events"] += 1
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            found["activities"] += 1
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            found["local activities"] += 1
    return found


async def bare_rate(client: Client) -> float:
    """Return bare workflows per second, as many at once as deals."""
    worker = Worker(
        client,
        task_queue="bare",
        workflows=[Bare],
        activities=[nothing],
        workflow_runner=sandbox(),
    )
    async with worker:
        best = 0.0
        for round_number in range(ROUNDS):
            started = time.perf_counter()
            await asyncio.gather(
                *(
                    client.execute_workflow(
                        "Bare", id=f"bare-{round_number}-{i}", task_queue="bare"
                    )
                    for i in range(AT_ONCE)
                )
            )
            best = max(best, AT_ONCE / (time.perf_counter() - started))
        return best


@asynccontextmanager
async def house(home: Path) -> AsyncIterator[tuple[Client, Settings, dict[str, list[int]]]]:
    """Run a server and a worker process for each role, as a cluster does, on a fresh folder."""
    settings = Settings(
        home=home,
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        api_port=free_port(),
    )
    migrate(settings.books_url)
    office = open_office(settings)
    furnish(office.office)
    async with temporal_server(settings) as server:
        await ensure_namespace(f"127.0.0.1:{settings.temporal_port}", settings)
        environment = {**os.environ, **settings.environment()}
        workers = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "starter", "worker", "--role", role.value), env=environment
            )
            for role in Role.ALL.parts
        ]
        try:
            server_pid = server.record.pid if server.record else os.getpid()
            pids = {"worker": [worker.pid for worker in workers], "server": [server_pid]}
            yield await connect(settings), settings, pids
        finally:
            for worker in workers:
                worker.terminate()
            await asyncio.gather(*(worker.wait() for worker in workers))


async def measure() -> None:
    """Run the whole bench and print what it found."""
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as (client, settings, pids):
            secret, watcher = settings.signing_secret(), Watcher(settings.books_url)
            watching = asyncio.create_task(watcher.watch())
            await to_first_cash(client, watcher, secret, "warm")
            before = spent_by(pids)
            rates, handles = [], []
            for round_number in range(ROUNDS):
                started = time.perf_counter()
                handles = await asyncio.gather(
                    *(
                        to_first_cash(client, watcher, secret, f"B{round_number}-{i}")
                        for i in range(AT_ONCE)
                    )
                )
                rates.append(AT_ONCE / (time.perf_counter() - started))
            spent = {name: value - before[name] for name, value in spent_by(pids).items()}
            deals = AT_ONCE * ROUNDS
            first = await counts(handles[0])
            month = await one_month(client, watcher, handles[0])
            watching.cancel()
            bare = await bare_rate(client)
            report(max(rates), bare, {name: value / deals for name, value in spent.items()})
            report_counts(first, month)


async def one_month(
    client: Client, watcher: Watcher, handle: WorkflowHandle[Any, Any]
) -> Counter[str]:
    """Count what one more month costs: billed, mailed, paid and recognized."""
    before = await counts(handle)
    number = handle.id.removeprefix("deal-")
    await handle.signal("advance_clock", {"until": "2026-02-02T17:00:00Z"})
    balance = await watcher.owing(number, anything=True)
    await pay(client, number, "2", balance, "2026-02-02")
    await watcher.owing(number, anything=False)
    after = await counts(handle)
    after.subtract(before)
    return after


def report(rate: float, bare: float, cpu: dict[str, float]) -> None:
    """Print rates and CPU."""
    print(f"deals to first cash      {rate:8.2f} a second, {AT_ONCE} at once (aim 6)")
    print(f"bare 14-step workflow    {bare:8.2f} a second, {AT_ONCE} at once")
    print(f"ratio                    {rate / bare:8.2f} (aim 0.4)")
    print(f"CPU of our workers       {cpu['worker']:8.3f} s a deal (aim 0.2)")
    print(f"CPU of the server        {cpu['server']:8.3f} s a deal")


def report_counts(first: Counter[str], month: Counter[str]) -> None:
    """Print what the histories hold."""
    print(f"activities to first cash {first['activities']:8d} (aim 16)")
    print(f"local activities         {first['local activities']:8d}")
    print(f"events to first cash     {first['events']:8d}")
    print(f"activities a month       {month['activities']:8d}")
    print(f"events a month           {month['events']:8d} (aim 30)")


if __name__ == "__main__":
    measure_pricing()
    measure_invoices()
    measure_usage()
    asyncio.run(measure())
    sys.stdout.flush()
    # The SDK's threads may abort the interpreter on its way out.
    os._exit(0)
