"""Watching a simulated deal: whoever waits for it is woken by the progress it puts on record."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.ports import Office
from activities.progress import ProgressActivities
from activities.signatures import RECORD_PROGRESS
from models.deal import Stage
from models.messages import Answer
from models.steps import Progress, Recorded

_ENDED = (Stage.COMPLETED, Stage.LOST)


class Watch:
    """Serves the activity that records progress, and tells what was recorded last.

    It belongs to the event loop it is made in.
    """

    def __init__(self, office: Office) -> None:
        self._activities = ProgressActivities(office)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._last: Progress | None = None
        self._answers: dict[str, Answer] = {}

    @activity.defn(name=RECORD_PROGRESS.name)
    def record_progress(self, progress: Progress) -> Recorded:
        """Put progress on record as always, then wake whoever waits for it."""
        recorded = self._activities.record_progress(progress)
        self._loop.call_soon_threadsafe(self._note, progress)
        return recorded

    def _note(self, progress: Progress) -> None:
        self._last = progress
        self._answers |= {each.command_id: each.answer for each in progress.answers}
        self._changed.set()

    @property
    def stage(self) -> Stage | None:
        """The stage on record; None before there is any."""
        return self._last.stage if self._last else None

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen any more."""
        return self.stage in _ENDED

    @property
    def on_hold(self) -> str:
        """What is parked, in the words of the deal's row."""
        return self._last.on_hold if self._last else ""

    def is_past(self, moment: datetime) -> bool:
        """Whether the deal's clock has come to a moment."""
        return self._last is not None and self._last.business_time >= moment

    def answer_to(self, command_id: str) -> Answer | None:
        """Return what the deal answered to a message, or None."""
        return self._answers.get(command_id)

    async def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until `done` holds; False if it does not within the time given."""
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
