"""How long an activity may take and how often it is tried before the deal serves its next item."""

from datetime import timedelta

from temporalio.common import RetryPolicy

# One transaction or one document takes milliseconds; half a minute covers a busy machine.
START_TO_CLOSE = timedelta(seconds=30)
# A deal of ten thousand lines takes longer, where every line is priced, printed or written.
LONG_START_TO_CLOSE = timedelta(minutes=4)
LONG_SCHEDULE_TO_CLOSE = timedelta(minutes=10)
_LONG = frozenset(
    {
        "configure_deal",
        "price_quote",
        "revise_quote",
        "conclude_contract",
        "fulfill_order",
        "confirm_delivery",
        "converge",
        "renew_term",
        "publish_document",
        "take_usage",
    }
)
# It shows signs of life in between, so that one whose worker died is begun again as soon as others.
HEARTBEAT_TIMEOUT = timedelta(seconds=20)
# No failing item may starve the others, so every call gives up and goes back on the agenda.
SCHEDULE_TO_CLOSE = timedelta(minutes=2)
RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=20),
    maximum_attempts=6,
)

# Local activities run inside the workflow task, which must not be kept waiting.
LOCAL_START_TO_CLOSE = timedelta(seconds=10)
LOCAL_SCHEDULE_TO_CLOSE = timedelta(seconds=40)
LOCAL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=5),
    maximum_attempts=8,
)

BACK_OFF_FIRST = timedelta(seconds=30)
BACK_OFF_LONGEST = timedelta(hours=1)


def start_to_close(activity: str) -> timedelta:
    """Return how long one try of an activity may take."""
    return LONG_START_TO_CLOSE if activity in _LONG else START_TO_CLOSE


def heartbeat_timeout(activity: str) -> timedelta | None:
    """Return how long one try may go without a sign of life; None where its time is short."""
    return HEARTBEAT_TIMEOUT if activity in _LONG else None


def schedule_to_close(activity: str) -> timedelta:
    """Return how long all tries of an activity may take together."""
    return LONG_SCHEDULE_TO_CLOSE if activity in _LONG else SCHEDULE_TO_CLOSE


def back_off(attempts: int) -> timedelta:
    """Return how long an item waits after its n-th failure: doubling, up to an hour."""
    doublings: int = 1 << min(attempts, 10)
    return min(BACK_OFF_FIRST * doublings, BACK_OFF_LONGEST)


# Beside a deal nothing else waits, so a small workflow keeps trying until it succeeds.
KEEP_TRYING = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=1),
)
