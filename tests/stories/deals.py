"""One deal, driven as its people would; where it is, is read from the books alone."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from models.approval import ApprovalPath, StepStatus
from models.decisions import decision_token
from models.steps import PaymentRecorded, RecordPayment
from models.tables import (
    ApprovalPathRow,
    AuditRow,
    CommandRow,
    DealRow,
    InvoiceRow,
    PaymentApplicationRow,
    QuoteRow,
)
from tests.stories.houses import House, until
from tests.stories.world import SECRET
from workflows.ids import deal_workflow_id, payment_workflow_id

CORE = "q2c-core"


class Deal:
    """A deal on the real server."""

    def __init__(self, house: House, client: Client, number: str) -> None:
        self.house, self.client, self.number = house, client, number
        self.handle = client.get_workflow_handle(deal_workflow_id(number))
        self._sent = 0
        self.last = ""

    @property
    def row(self) -> DealRow | None:
        """The deal as it is on record, if it is."""
        return next(iter(self.house.rows(DealRow, number=self.number)), None)

    def quote(self, term: int = 1) -> QuoteRow:
        """Return the newest quote of a term."""
        return self.house.rows(QuoteRow, deal=self.number, term=term)[-1]

    async def until(self, done: Callable[[], Any], what: str) -> Any:
        """Wait for something in the books; fail with where the deal is instead."""

        def story() -> str:
            audit = sorted(
                self.house.rows(AuditRow, deal=self.number), key=lambda entry: entry.sequence
            )
            lately = "\n".join(f"{e.at} {e.what}: {e.detail}" for e in audit[-12:])
            return f"{what} of {self.row!r}\n{lately}\n{self.house.logged()}"

        return await until(done, story)

    async def start(self, file: dict[str, Any]) -> None:
        """Start the deal as any client of Temporal would."""
        try:
            await self.client.start_workflow(
                "DealWorkflow", file, id=self.handle.id, task_queue=CORE
            )
        except WorkflowAlreadyStartedError:
            return

    async def stage(self, stage: str) -> None:
        """Wait until the deal rests in a stage."""
        await self.until(lambda: self.row and self.row.stage == stage, f"stage {stage}")

    async def send(self, name: str, **message: Any) -> str:
        """Send a message under an identity of its own, which is kept as `last`."""
        self._sent += 1
        self.last = f"{name}-{self._sent}"
        await self.handle.signal(name, {"command_id": self.last, **message})
        return self.last

    async def answered(self, command_id: str) -> CommandRow:
        """Wait until a message is dealt with, and everything that was due with it."""
        found = await self.until(
            lambda: self.house.rows(CommandRow, deal=self.number, command_id=command_id),
            f"the answer to {command_id}",
        )
        answer: CommandRow = found[0]
        return answer

    async def accepted(self, command_id: str) -> None:
        """Wait until a message is dealt with, and require that it was accepted."""
        answer = await self.answered(command_id)
        assert answer.accepted, answer.answer

    def proof(self, kind: str, person: str, term: int = 1) -> dict[str, str]:
        """Return what a decision carries: person, content and the token from their mail."""
        content = self.quote(term).content_hash
        token = decision_token(SECRET.encode(), self.number, kind, person, content)
        return {"person": person, "content_hash": content, "token": token}

    def open_step(self, person: str, version: int) -> str:
        """Return the key of the approval step of a quote version that asks for a person."""
        [row] = self.house.rows(ApprovalPathRow, deal=self.number, quote_version=version)
        path = ApprovalPath.model_validate_json(row.content)
        active = [s for s in path.steps if s.status is StepStatus.ACTIVE and s.approver == person]
        return active[0].key

    async def send_approval(self, person: str, term: int = 1) -> str:
        """Approve the step of a term's quote that asks for a person."""
        step = self.open_step(person, self.quote(term).version)
        return await self.send("approve", step=step, **self.proof(step, person, term))

    async def send_clock(self, until_: datetime) -> None:
        """Move the test clock."""
        await self.send("advance_clock", until=until_.isoformat())

    async def clock(self, moment: datetime) -> None:
        """Wait until the test clock stands at a moment and everything due by then is done."""
        await self.until(
            lambda: self.row and self.row.business_time and self.row.business_time >= moment,
            f"the test clock at {moment}",
        )

    def open_invoices(self) -> dict[str, int]:
        """Return what is still open on each invoice."""
        paid: dict[str, int] = {}
        for part in self.house.rows(PaymentApplicationRow, deal=self.number):
            paid[part.invoice] = paid.get(part.invoice, 0) + part.amount_minor
        left = {
            invoice.number: invoice.gross_minor - paid.get(invoice.number, 0)
            for invoice in self.house.rows(InvoiceRow, deal=self.number)
        }
        return {number: amount for number, amount in sorted(left.items()) if amount}

    async def send_payment(self, reference: str, amount_minor: int, day: date) -> None:
        """Have money arrive for this deal."""
        await self.client.start_workflow(
            "PaymentWorkflow",
            RecordPayment(
                provider="bank",
                reference=reference,
                customer="C1",
                currency="USD",
                amount_minor=amount_minor,
                received_on=day,
                deal=self.number,
                actor="fiona",
            ),
            id=payment_workflow_id("bank", reference),
            task_queue=CORE,
        )

    async def paid(self, reference: str) -> None:
        """Wait until a payment is on record, its receipt out, and the deal has heard of it."""
        handle = self.client.get_workflow_handle(
            payment_workflow_id("bank", reference), result_type=PaymentRecorded
        )
        recorded = await handle.result()
        await self.accepted(f"payment-{recorded.payment}")
