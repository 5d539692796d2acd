"""The fenced way of one partition into the table: intent, fence, insert; and what follows doubt.

No state is kept here: whatever happened to an earlier owner, or to an insert without an answer, the
group and the table together know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from consentlog.errors import FatalError
from consentlog.observability.logging import get_logger
from sinks.batch import Batch, build_batch
from sinks.intent import Intent, Resume, judge
from sinks.ports import Fence, Group, History, Log
from sinks.tokens import TRIES
from sinks.truncation import check_truncation

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PartitionSink:
    """One partition's steps over the three parties."""

    partition: int
    group: Group
    log: Log
    history: History
    fence: Fence

    def settle(self) -> int:
        """Find out where to go on, finishing what an owner left undone.

        Called by a new owner, after a lost connection, and after an insert whose outcome is not
        known: all three are the same case.

        Returns:
            The next offset to insert.

        Raises:
            FatalError: `CL-4101`, `CL-4103`, `CL-4104`, `CL-4112`: never go on in doubt. `CL-4106`
                if the partition was lost.
            TransientError: If group, log or table do not answer; call again.
        """
        intent = self.group.intent(self.partition)
        verdict = judge(intent, self.history.cover(self.partition, intent))
        if isinstance(verdict, Resume):
            next_offset = verdict.next_offset
        else:
            next_offset = self._repeat(verdict.intent)
        check_truncation(self.log, self.history, self.partition, next_offset)
        return next_offset

    def first_in_doubt(self, next_offset: int) -> int:
        """Return the first offset of the last batch announced, by whatever owner.

        A batch inserted twice is found only by a check that covers it.

        Args:
            next_offset: What `settle` returned; the answer if nothing was ever announced.

        Raises:
            TransientError: If the group does not answer; call again.
        """
        intent = self.group.intent(self.partition)
        return next_offset if intent is None else min(intent.first, next_offset)

    def write(self, batch: Batch) -> None:
        """Insert one batch, announced and fenced.

        Raises:
            FatalError: `CL-4106` if the partition belongs to somebody else; nothing was inserted.
            TransientError: If the group did not answer (nothing was inserted) or the table did not
                (unknown): settle before anything else.
        """
        self.group.commit_intent(self.partition, batch.intent)
        self.fence.check()
        self.history.insert(batch)

    def _repeat(self, intent: Intent) -> int:
        """Insert what was announced and is not there, until it is; return the next offset."""
        batch = self._fetched_again(intent)
        for attempt in range(TRIES):
            self.write(replace(batch, attempt=attempt))
            verdict = judge(intent, self.history.cover(self.partition, intent))
            if isinstance(verdict, Resume):
                return verdict.next_offset
            _log.warning(
                "rows_not_there", partition=self.partition, first=intent.first, last=intent.last
            )
        raise FatalError(
            "CL-4112", partition=self.partition, first=intent.first, last=intent.last, tries=TRIES
        )

    def _fetched_again(self, intent: Intent) -> Batch:
        records = self.log.read(self.partition, intent.first, intent.last)
        if len(records) == intent.last - intent.first + 1:
            batch = build_batch(records)
            if batch.intent == intent:
                return batch
        _, end = self.log.ends(self.partition)
        raise FatalError("CL-4101", partition=self.partition, offset=intent.last, end=end)
