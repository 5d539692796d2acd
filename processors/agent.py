"""The Faust agent: takes batches off its stream and hands them to the fold."""

from __future__ import annotations

import faust
from faust.types import StreamT

from processors.endings import end_on
from processors.transport import Batch, BatchSchema
from processors.worker import FoldWorker


def add_agent(app: faust.App, events_topic: str, worker: FoldWorker) -> None:
    """Declare the agent that folds `events_topic`.

    Args:
        app: An app on the librdkafka transport.
        events_topic: Name with prefix.
        worker: The fold.
    """
    topic = app.topic(events_topic, schema=BatchSchema())

    @app.agent(topic)
    async def fold(stream: StreamT[Batch]) -> None:
        # noack: Faust acknowledges when the body ends, but the state is not delivered by then.
        async for event in stream.noack().events():  # type: ignore[attr-defined]  # missing in its type
            try:
                worker.handle(event.value, event.ack)
            except Exception as exc:  # noqa: BLE001  # Faust would acknowledge what raised
                end_on(exc, "agent")
