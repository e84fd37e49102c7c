"""The messages by which a running contract is amended, for the workflow of a deal."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Amendment, Answer, Command, Message


class Amendable:
    """What a deal hears of changes of its contract; it goes into the inbox like everything else."""

    def _take(self, name: str, message: Message | None, **fields: Any) -> Command:
        raise NotImplementedError

    async def _answer(self, command: Command) -> Answer:
        raise NotImplementedError

    def _check(self, message: Message | None) -> None:
        raise NotImplementedError

    @workflow.signal(name="amend")
    def amend(self, message: Amendment | None = None) -> None:
        """Amend the running contract."""
        self._take("amend", message, amendment=message)

    @workflow.update(name="amend")
    async def amend_now(self, message: Amendment | None = None) -> Answer:
        """Amend the running contract, and hear what became of it."""
        return await self._answer(self._take("amend", message, amendment=message))

    @amend_now.validator
    def check_amend(self, message: Amendment | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)
