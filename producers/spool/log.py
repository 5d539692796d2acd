"""The event log as channels see it: durable here first, then in Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from consentlog.ports import Clock, Delivered, NewRecord
from producers.publish import Build, Publisher
from producers.spool.commits import CommitThread
from producers.spool.feeder import Feeder
from producers.spool.jobs import Waiter, job_of
from producers.spool.limits import SpoolLimits
from producers.spool.metrics import PARKED, WAITING
from producers.spool.store import SpoolStore
from producers.spool.watch import SpoolWatch

ACKNOWLEDGED_WITHIN_S: Final = 0.25
"""From the commit on; a caller that waits longer is told that it is spooled."""


class SpooledLog:
    """A log that answers once a record is on disk, with its position if the broker is quick.

    Args:
        directory: Of the spool; made if missing.
        limits: When it is full, how long delivered records stay.
        build: Builds the producer.
        clock: The gateway's.
        reporter: Under which name the age of the oldest record is reported.
        prefix: Put before topic names.
        within_s: How long a request waits for the broker before it is told "spooled".

    Raises:
        FatalError: `CL-1403` if the directory cannot be used.
    """

    def __init__(  # noqa: PLR0913  # the last three have a default
        self,
        directory: Path,
        limits: SpoolLimits,
        build: Build,
        clock: Clock,
        reporter: str = "gateway",
        prefix: str = "",
        within_s: float = ACKNOWLEDGED_WITHIN_S,
    ) -> None:
        self._store = SpoolStore(directory)
        publisher = Publisher(build, prefix)
        watch = SpoolWatch(self._store, publisher, clock, reporter)
        self._within_s = within_s
        self._feeder = Feeder(self._store, publisher, clock)
        self._commits = CommitThread(
            self._store, limits, clock, self._feeder.committed, self._feeder.rescan
        )
        self._feeder.attach(self._commits, lambda: watch.tick(self._commits))

    def start(self) -> None:
        """Start both threads; what an earlier process left goes to the log first."""
        # Asked for at each scrape: a count that lags could say that nothing waits when it does.
        WAITING.set_function(lambda: self._commits.backlog.waiting)
        PARKED.set_function(lambda: self._commits.backlog.parked)
        self._feeder.start()
        self._commits.start()

    def close(self) -> None:
        """Write what is queued, wait a little for the broker, note what it said, and end."""
        self._commits.stop()
        self._feeder.stop()
        self._commits.write_marks()
        self._store.close()

    @property
    def is_ready(self) -> bool:
        """Whether a record would be taken now; the broker may be away."""
        return self._commits.failing is None and not self._commits.is_full

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        """Append one record; see `consentlog.ports.EventLog`.

        Args:
            topic: Without prefix.
            key: Of the record.
            value: Of the record.
            headers: Of the record.

        Raises:
            TransientError: `CL-1401` if the spool is full, `CL-1402` if it cannot be written.
        """
        (delivered,) = await self.append_all(topic, [NewRecord(key, value, headers)])
        return delivered

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        """Append records in one commit; see `consentlog.ports.EventLog`.

        Args:
            topic: Without prefix.
            records: Any number.
            within_s: How long to wait for the broker, from the commit on.

        Raises:
            TransientError: `CL-1401` if the spool has no room for all of them, `CL-1402` if it
                cannot be written.
        """
        if not records:
            return []
        loop = asyncio.get_running_loop()
        waiter = Waiter(loop, loop.create_future())
        patience_s = self._within_s if within_s is None else within_s
        self._commits.put(job_of(topic, records, patience_s, waiter))
        return await waiter.future
