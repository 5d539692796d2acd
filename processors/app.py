"""Wires the fold together: the composition root of `consentlog-fold`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import faust

from consentlog.kafka.producer import build_producer
from consentlog.kafka.self_fence import SelfFence
from consentlog.kafka.topics import EVENTS, REVIEWS, STATE
from processors.agent import add_agent
from processors.catch_up import CatchUp
from processors.endings import end, end_on, end_on_pause
from processors.events_log import EventsLog
from processors.outbox import Outbox
from processors.progress import ProgressReporter
from processors.settings import FoldSettings
from processors.transport import ExitCode, Ownership, build_app
from processors.views import StateReader
from processors.worker import FoldWorker

_LIVE_SECONDS = 10.0


@dataclass(slots=True)
class Service:
    """The app, and what the probes ask."""

    app: faust.App
    worker: FoldWorker
    threads: Sequence[Callable[[], None]]
    beat: float | None = None

    def start_threads(self) -> None:
        """Start what runs beside the event loop."""
        for start in self.threads:
            start()

    def is_live(self) -> bool:
        """Tell whether the event loop turned lately."""
        # Faust lets tasks run once partitions are assigned; until then the transport watches.
        return self.beat is None or time.monotonic() - self.beat < _LIVE_SECONDS

    def is_ready(self) -> bool:
        """Tell whether every owned partition has its view and reported progress."""
        return self.worker.is_ready()


def build_service(settings: FoldSettings) -> Service:
    """Build the worker.

    Args:
        settings: From the environment.

    Returns:
        A service whose app is to be run by Faust's worker.
    """
    kafka, tuning = settings.kafka, settings.fold
    events, state, reviews = (t.named(kafka.topic_prefix) for t in (EVENTS, STATE, REVIEWS))
    fence = SelfFence(tuning.session_timeout_ms / 2000, end_on_pause)
    producer = build_producer(
        kafka.bootstrap_servers,
        "consentlog.fold",
        delivery_timeout_ms=tuning.delivery_timeout_ms,
        linger_ms=tuning.linger_ms,
        on_fatal=lambda e: end(ExitCode.UNEXPECTED, "producer_fatal", {"error": e.str()}),
    )
    outbox = Outbox(producer, state_topic=state, reviews_topic=reviews, fence=fence, exit_=end)
    reader = StateReader(kafka.bootstrap_servers, state, tuning.stall_seconds, end)
    log = EventsLog(kafka.bootstrap_servers, events)
    worker = FoldWorker(outbox, reader, CatchUp(log, outbox, tuning.rebuild_after_ms))
    app = build_app(
        settings.transport(),
        tuning.data_dir,
        on_assigned=_or_end(worker.on_assigned),
        on_revoked=_or_end(worker.on_revoked),
        exit_=end,
    )
    add_agent(app, events, worker)
    service = Service(app, worker, (fence.start, outbox.start, reader.start))
    _add_tasks(service, ProgressReporter(worker.owned, outbox, log, tuning.progress_seconds))
    return service


def _or_end(
    hook: Callable[[Sequence[Ownership]], Awaitable[None]],
) -> Callable[[Sequence[Ownership]], Awaitable[None]]:
    async def guarded(ownerships: Sequence[Ownership]) -> None:
        try:
            await hook(ownerships)
        except Exception as exc:  # noqa: BLE001  # ends with the exit code that fits
            end_on(exc, "change_of_hands")

    return guarded


def _add_tasks(service: Service, progress: ProgressReporter) -> None:
    async def report_progress() -> None:
        try:
            await progress.run()
        except Exception as exc:  # noqa: BLE001  # Faust would log it and go on without progress
            end_on(exc, "progress")

    async def beat() -> None:
        while True:
            service.beat = time.monotonic()
            await asyncio.sleep(0.5)

    async def joined(*_args: Any, **_kwargs: Any) -> None:
        # With partitions it has joined once their views are right (`FoldWorker.on_assigned`).
        service.worker.has_joined |= service.app.unassigned

    service.app.task(report_progress)
    service.app.task(beat)
    service.app.on_rebalance_complete.connect(cast(Any, joined))
