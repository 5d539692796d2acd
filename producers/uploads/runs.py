"""Reads and sends lists in threads, one at a time for each list; what is done stands on disk.

A process that dies leaves what it was at as it stood: the same list, read or sent again, goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from consentlog.errors import ConsentLogError, FatalError
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from producers.imports.columns import data_rows
from producers.imports.faults import FaultFile
from producers.imports.memory import Run, list_memory
from producers.imports.run import Import
from producers.imports.sending import Stopping
from producers.imports.terms import terms_text
from producers.uploads.handing import Handing
from producers.uploads.looking import look_over, open_list
from producers.uploads.shelf import Shelf
from producers.uploads.upload import State, Upload, trouble_of

AT_ONCE: Final = 2
"""Lists that are read or sent at once; others wait, for each takes its share of one processor."""
_LOOKED_AFTER_S: Final = 0.5

log = get_logger(__name__)


@dataclass(slots=True)
class Work:
    """One list in somebody's hands: how many rows are `done`, and the run that keeps its place."""

    upload: Upload
    handing: Handing | None = None
    done: int = 0
    run: Run | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def list_key(self) -> tuple[str, str]:
        """Whose list it is, and which."""
        return self.upload.source, self.upload.list_name


class Standing(NamedTuple):
    """A list and what is being done to it, of one instant; `work` = None, nothing."""

    upload: Upload
    work: Work | None = None


class Runs:
    """What this process is at.

    Args:
        shelf: Where lists are.
        clock: When one was finished.
    """

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._works: dict[str, Work] = {}
        self._lock = threading.Lock()
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._stopped = threading.Event()

    def find(self, upload_id: str) -> Standing | None:
        """Return how a list stands; None as `Shelf.find`."""
        with self._lock:
            upload = self._shelf.find(upload_id)
            return None if upload is None else Standing(upload, self._works.get(upload_id))

    def of_source(self, source: str) -> list[Standing]:
        """Return how the lists of one source stand, the youngest first."""
        with self._lock:
            found = self._shelf.of_source(source)
            return [Standing(one, self._works.get(one.id)) for one in found]

    def look(self, upload: Upload) -> Work:
        """Look a list over in a thread of its own; harmless while it is looked over already."""
        return self._start(Work(replace(upload, state=State.READING, trouble=None)), self._look)

    def send(self, upload: Upload, handing: Handing) -> Work:
        """Send a list, or go on with it, in a thread of its own.

        Raises:
            FatalError: `CL-1504` if a list of this name is being sent for this source; `CL-1508` if
                it was never looked over to its end, so that nobody saw what would be sent.
        """
        if not upload.counts:
            raise FatalError("CL-1508", reason="not looked over")
        work = Work(replace(upload, state=State.RUNNING, trouble=None), handing)
        return self._start(work, self._send)

    def stop(self) -> None:
        """End everything soon, and wait for it; it can go on with the next process."""
        self._stopped.set()
        for work in list(self._works.values()):
            if work.handing is not None:
                work.handing.stop()
        for work in list(self._works.values()):
            work.ended.wait(10.0)

    def _start(self, work: Work, does: Callable[[Work], Upload]) -> Work:
        with self._lock:
            known = self._works.get(work.upload.id)
            if known is not None:
                return known
            if work.handing is not None:
                self._check_alone(work)
            self._shelf.keep(work.upload)
            self._works[work.upload.id] = work
        thread = threading.Thread(
            target=self._run, args=(work, does), name=f"list-{work.upload.id[:8]}", daemon=True
        )
        thread.start()
        return work

    def _check_alone(self, work: Work) -> None:
        for other in self._works.values():
            if other.handing is not None and other.list_key == work.list_key:
                file = self._shelf.memory_of(work.upload).name
                raise FatalError("CL-1504", list=work.upload.list_name, file=file)

    def _run(self, work: Work, does: Callable[[Work], Upload]) -> None:
        """Do it, and write down what became of it; a thread's top loop."""
        failed = State.UNREADABLE if work.handing is None else State.STOPPED
        try:
            self._wait_turn()
            try:
                after = does(work)
            finally:
                self._turn.release()
        except Stopping:
            after = work.upload
        except ConsentLogError as error:
            after = replace(work.upload, state=failed, trouble=trouble_of(error))
        except Exception as exc:  # told to the clerk and to the log; the gateway goes on
            log.exception("list_failed", upload=work.upload.id)
            trouble = "CL-1508", {"reason": type(exc).__name__}
            # What was not looked over to its end is looked over again, never sent.
            stands = State.READING if work.handing is None else State.STOPPED
            after = replace(work.upload, state=stands, trouble=trouble)
        self._end(work, after)

    def _end(self, work: Work, after: Upload) -> None:
        # Both in one step: whoever asks in between would be told that it is over and goes on.
        with self._lock:
            try:
                self._shelf.keep(after)
            except OSError:
                # It stays as it was: interrupted, which it is.
                log.exception("list_not_kept", upload=work.upload.id)
            finally:
                del self._works[work.upload.id]
        work.upload = after
        work.ended.set()

    def _wait_turn(self) -> None:
        while not self._turn.acquire(timeout=_LOOKED_AFTER_S):
            if self._stopped.is_set():
                raise Stopping

    def _look(self, work: Work) -> Upload:
        upload, told = work.upload, self._told(work)
        path, errors = self._shelf.list_of(upload.id), self._shelf.errors_of(upload.id)
        return look_over(upload, path, errors, told)

    def _send(self, work: Work) -> Upload:
        upload, handing = work.upload, work.handing
        assert handing is not None  # noqa: S101  # `send` gave one
        opened = open_list(upload, self._shelf.list_of(upload.id))
        columns, errors = opened.columns, self._shelf.errors_of(upload.id)
        terms = terms_text(upload.source, upload.about, columns, None, upload.sheet or None)
        # The same file handed in again begins anew (its rows are the same acts): a place in one
        # upload's file of faults means nothing in another's.
        terms = f"{terms}\x1f{upload.id}"
        with list_memory(self._shelf.memory_of(upload), upload.list_name) as memory:
            work.run = run = memory.begin(upload.sha256, terms)
            work.done = run.rows_done
            with closing(FaultFile(errors, columns.header, run.errors_bytes)) as faults:
                sends = Import(
                    *(upload.list_name, opened.reader, memory, handing, faults),
                    self._told(work),
                )
                counts = sends.run(data_rows(opened.table, columns), run)
        return replace(
            upload, state=State.FINISHED, sent=dict(counts), finished_ms=self._clock.now_ms()
        )

    def _told(self, work: Work) -> Callable[[int], Any]:
        def told(done: int) -> None:
            work.done = done
            if self._stopped.is_set():
                raise Stopping

        return told
