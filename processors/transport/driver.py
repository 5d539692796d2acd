"""The Faust side: a transport whose consumer is librdkafka, one Faust message per batch.

The event loop gets two kinds of news from the consumer thread, in order: batches, which go to the
agents' streams, and changes of hands, which go to Faust's bookkeeping, then to the caller's hooks.
Private Faust names used here are guarded by tests/processors/test_faust_contract.py.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, Final, cast

import faust
from faust.exceptions import ImproperlyConfigured
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka
from faust.types import TP, ConsumerMessage
from faust.types.tuples import Message
from mode import Service

from processors.transport.batch import Batch
from processors.transport.consumer_thread import ConsumerThread
from processors.transport.exit import Exit, ExitCode, exit_process
from processors.transport.ownership import Ownership
from processors.transport.rebalance import Patience, Rebalanced
from processors.transport.settings import TransportSettings
from processors.transport.unsupported import WithoutFetching

OwnershipHook = Callable[[Sequence[Ownership]], Awaitable[None]]
"""Called with partitions that were gained or lost."""

_STOP_SECONDS: Final = 10.0  # what is left of a stop after the consumer has left the group


class IdleFetcher(Service):
    """Stands where Faust starts its fetcher."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class LibrdkafkaConsumer(WithoutFetching):
    """The event-loop side of the consumer thread."""

    transport: LibrdkafkaTransport

    def __init__(self, transport: LibrdkafkaTransport, *args: Any, **kwargs: Any) -> None:
        super().__init__(transport, *args, **kwargs)
        self._rk_thread: ConsumerThread | None = None
        self._rk_news: asyncio.Queue[ConsumerMessage | Rebalanced] = asyncio.Queue()
        self._rk_changes: asyncio.Queue[Rebalanced] = asyncio.Queue()
        self._rk_leaving = False
        self._rk_faust_ready = False

    @property
    def _rk_app(self) -> faust.App:
        return cast(faust.App, self.app)

    async def on_start(self) -> None:
        """Start the thread; it joins the group when Faust subscribes.

        Raises:
            ImproperlyConfigured: If the app has tables.
        """
        if self._rk_app.tables:
            raise ImproperlyConfigured("Tables lose events: not on the librdkafka transport")
        loop = asyncio.get_running_loop()
        news = self._rk_news.put_nowait

        def post(item: ConsumerMessage | Rebalanced) -> None:
            if not self._rk_leaving:
                loop.call_soon_threadsafe(news, item)

        def deliver(batch: Batch) -> ConsumerMessage:
            message = _message(batch, self._rk_app.consumer_generation_id)
            post(message)
            return message

        self._rk_thread = ConsumerThread(
            self.transport.settings, deliver=deliver, post=post, exit_=self.transport.exit
        )
        for task in (self._rk_dispatch, self._rk_call_hooks, self._rk_watch_thread):
            self.add_future(self._rk_or_exit(task))
        atexit.register(self._rk_abandon)
        self._rk_thread.start()

    async def on_stop(self) -> None:
        """Leave the group, unless `wait_empty` did."""
        await self._rk_leave()

    async def wait_empty(self) -> None:
        """Leave the group; Faust calls this at stop while the agents still run."""
        await self._rk_leave()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group for the topics of all agents."""
        if self._rk_thread is not None:
            self._rk_thread.subscribe(list(topics))

    def assignment(self) -> set[TP]:
        """Return the partitions owned now."""
        if self._rk_thread is None:
            return set()
        return {TP(owned.topic, owned.partition) for owned in self._rk_thread.holdings}

    def ack(self, message: Message) -> bool:
        """Note that an agent is done with a batch. From any thread, in any order."""
        message.acked = True
        if self._rk_thread is not None:
            self._rk_thread.wake()
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Ask the thread to commit the acknowledged prefixes soon."""
        if self._rk_thread is not None:
            self._rk_thread.commit()
        return True

    def stop_flow(self) -> None:
        """Note that Faust is about to stop its streams: what no agent took stays unread."""
        super().stop_flow()
        if self._rk_thread is not None:
            self._rk_thread.expect_stop()

    async def _rk_or_exit(self, task: Callable[[], Awaitable[None]]) -> None:
        try:
            await task()
        except Exception as exc:  # noqa: BLE001  # Faust would restart or acknowledge: end instead
            facts = {"task": getattr(task, "__name__", ""), "error": repr(exc)}
            self.transport.exit(ExitCode.UNEXPECTED, "transport_task_failed", facts)

    async def _rk_dispatch(self) -> None:
        while True:
            item = await self._rk_news.get()
            if isinstance(item, Rebalanced):
                await self._rk_tell_faust(item)
                self._rk_changes.put_nowait(item)
            else:
                await self.callback(item)

    async def _rk_call_hooks(self) -> None:
        """Call the hooks one after another, beside the batches of partitions that are ready."""
        while True:
            change = await self._rk_changes.get()
            if change.lost:
                await self.transport.on_revoked(change.lost)
            gained = [owned for owned in change.gained if owned.live]
            if gained:
                await self.transport.on_assigned(gained)
                assert self._rk_thread is not None  # noqa: S101  # started this task
                self._rk_thread.resume(gained)

    async def _rk_watch_thread(self) -> None:
        """End the process if the thread itself hangs, which it could not notice."""
        limit = self.transport.settings.max_poll_interval_ms / 1000
        while self._rk_thread is not None and not self._rk_leaving:
            await asyncio.sleep(1)
            silent = time.monotonic() - self._rk_thread.beat
            if silent > limit:
                facts = {"seconds": round(silent, 1)}
                self.transport.exit(ExitCode.STUCK, "consumer_thread_silent", facts)

    async def _rk_tell_faust(self, change: Rebalanced) -> None:
        app = self._rk_app
        held, gained, lost = (
            {TP(owned.topic, owned.partition) for owned in side}
            for side in (change.held, change.gained, change.lost)
        )
        app.on_rebalance_start()
        if lost:
            await app.on_partitions_revoked.send(lost)
        await app.agents.on_rebalance(lost, gained)
        await app.topics.on_partitions_assigned(held)
        app.unassigned = not held
        await app.on_partitions_assigned.send(held)
        app.on_rebalance_return()
        self._rk_let_faust_run()
        await app.on_rebalance_complete.send()
        app.on_rebalance_end()

    def _rk_let_faust_run(self) -> None:
        """Open, once, what Faust keeps closed until its Tables are recovered."""
        if self._rk_faust_ready:
            return
        self._rk_faust_ready = True
        app = self._rk_app
        app.flow_control.resume()
        tables = cast(TableManager, app.tables)
        tables.recovery.completed.set()
        tables.on_actives_ready()
        tables.on_standbys_ready()

    async def _rk_leave(self) -> None:
        if self._rk_thread is None or self._rk_thread.closed.is_set():
            return
        settings = self.transport.settings
        self._rk_leaving = True
        limit = settings.drain_seconds + settings.ask_seconds + _STOP_SECONDS
        # Whatever hangs, here or in Faust's own stop: SIGTERM ends the process in bounded time.
        end = threading.Timer(
            limit, self.transport.exit, (ExitCode.STUCK, "stop_not_finished", {"seconds": limit})
        )
        end.daemon = True
        end.start()
        self._rk_thread.stop(Patience.FOR_TAKEN)
        await asyncio.get_running_loop().run_in_executor(None, self._rk_thread.closed.wait)

    def _rk_abandon(self) -> None:
        """Leave the group at exit if Faust did not stop this consumer, as when it never started.

        Without it a SIGTERM during the start leaves a member behind that owns partitions and reads
        nothing until its session ends.
        """
        if self._rk_thread is not None and not self._rk_thread.closed.is_set():
            self._rk_leaving = True
            self._rk_thread.stop(Patience.FOR_NOTHING)
            self._rk_thread.closed.wait(self.transport.settings.ask_seconds)


class LibrdkafkaTransport(aiokafka.Transport):
    """Faust transport that reads through librdkafka; set it as `app.transport` before the start.

    Every topic of the app is delivered in batches: declare them with `BatchSchema`.

    Args:
        app: The app; its id is the group.
        settings: Where and how.
        on_assigned: Awaited for partitions just gained, before any of their records is delivered,
            also if none ever come. Raising ends the process. Look at `live` now and then: a
            partition can be taken away while its view loads.
        on_revoked: Awaited for partitions that were drained, committed and given back.
        exit_: Ends the process.
    """

    Consumer: ClassVar[Any] = LibrdkafkaConsumer
    Fetcher: ClassVar[Any] = IdleFetcher

    def __init__(
        self,
        app: faust.App,
        settings: TransportSettings,
        *,
        on_assigned: OwnershipHook,
        on_revoked: OwnershipHook,
        exit_: Exit = exit_process,
    ) -> None:
        super().__init__(app.conf.broker_consumer, app)
        self.settings = settings
        self.on_assigned = on_assigned
        self.on_revoked = on_revoked
        self.exit = exit_


def _message(batch: Batch, generation_id: int) -> ConsumerMessage:
    """Wrap a batch so that Faust can carry it; its offset is the last one."""
    owned = batch.ownership
    kind, at_ms = batch.records[-1].timestamp() if batch.records else (0, 0)
    where = TP(owned.topic, owned.partition)
    return ConsumerMessage(
        owned.topic,
        owned.partition,
        batch.next_offset - 1,
        at_ms / 1000,
        kind,
        headers=None,
        key=None,
        value=cast(Any, batch),  # Faust's type says bytes; `BatchSchema` takes it out again
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        tp=where,
        generation_id=generation_id,
    )
