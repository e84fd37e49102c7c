"""Who polls which task queue, as the Temporal server sees it."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_RECENT = timedelta(minutes=2)
_TYPES = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


async def polled(client: Client, queues: tuple[str, ...]) -> set[str]:
    """Return those of the queues that a worker has asked for work in the last two minutes.

    The server remembers a dead worker for five minutes; a living one asks at least once a minute.
    """
    return {queue for queue in queues if await _is_polled(client, queue)}


async def _is_polled(client: Client, queue: str) -> bool:
    earliest = datetime.now(UTC) - _RECENT
    for kind in _TYPES:
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=kind,
            )
        )
        seen = [poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in answer.pollers]
        if any(at >= earliest for at in seen):
            return True
    return False
