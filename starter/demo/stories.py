"""The five deals of the demo: what their people do, and until when each is played."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from models.value import Value

SAMPLES = Path(__file__).parent.parent / "samples"


class Counter(Value):
    """What the customer wants instead, in words, and the change that meets it."""

    words: str
    file: Path


class Story(Value):
    """What happens around one deal of the samples.

    `silent` do not answer requests for approval, so these are escalated; `refused_by` says no.
    Invoices are paid `days_late` days after they are due. The customer answers the first quote with
    a `counter`, which the seller meets by a revision of the quote.
    """

    number: str
    title: str
    file: Path
    until: datetime
    days_late: int = 0
    counter: Counter | None = None
    silent: tuple[str, ...] = ()
    refused_by: str = ""
    deliveries: tuple[datetime, ...] = ()
    stock_arrives: datetime | None = None


def _at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def _file(name: str) -> Path:
    return SAMPLES / "deals" / name


STORIES: Sequence[Story] = (
    Story(
        number="DEMO-1",
        title="Goods, one line back-ordered",
        file=_file("demo-1-goods.yaml"),
        until=_at(2025, 9, 1),
        deliveries=(_at(2025, 7, 11), _at(2025, 7, 21)),
        stock_arrives=_at(2025, 7, 18),
    ),
    Story(
        number="DEMO-2",
        title="Seats billed monthly, renewed",
        file=_file("demo-2-seats.yaml"),
        until=_at(2025, 4, 10),
    ),
    Story(
        number="DEMO-3",
        title="Bundle, approval escalated",
        file=_file("demo-3-bundle.yaml"),
        until=_at(2025, 8, 15),
        silent=("mia",),
        deliveries=(_at(2025, 4, 7),),
    ),
    Story(
        number="DEMO-4",
        title="Counter met, pays after the second reminder",
        file=_file("demo-4-late-payer.yaml"),
        until=_at(2025, 9, 10),
        days_late=12,
        counter=Counter(
            words="Femke de Wit takes 30 seats of each for 5 % off",
            file=SAMPLES / "changes" / "demo-4-counter.yaml",
        ),
    ),
    Story(
        number="DEMO-5",
        title="Refused at approval",
        file=_file("demo-5-refused.yaml"),
        until=_at(2025, 6, 30),
        refused_by="dan",
    ),
)
