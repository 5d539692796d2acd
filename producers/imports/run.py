"""Sends a list in batches and keeps its place, so that an interrupted run goes on.

The next batch is put together while others are on their way. A batch counts once its answer is
kept; what was sent and not kept is sent again and is the same acts.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any, Final, NamedTuple

from producers.imports.faults import FaultFile
from producers.imports.memory import ListMemory, Run, nonce_of
from producers.imports.rows import ReadRow, RowReader
from producers.imports.senders import Answer, Senders
from producers.imports.sending import MAX_BYTES, MAX_ROWS, Gateway
from producers.imports.tables import Row

IN_FLIGHT: Final = 4
"""Batches on their way at once."""


class _Read(NamedTuple):
    number: int
    cells: list[str]
    row: ReadRow


class _Sent(NamedTuple):
    rows: list[_Read]
    generations: dict[int, int]
    answer: Future[Answer]


class Import:
    """One run over one list.

    Args:
        list_name: Name of the list; with the generation of a row the nonce of its act.
        reader: Reads rows.
        memory: What is remembered of the list.
        gateway: Takes the acts.
        faults: Where rows go that a person must look at.
        on_progress: Told how many rows are done after each batch.
    """

    def __init__(  # noqa: PLR0913  # what a run stands on
        self,
        list_name: str,
        reader: RowReader,
        memory: ListMemory,
        gateway: Gateway,
        faults: FaultFile,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._list_name = list_name
        self._nonce_bytes = 6 * len(list_name) + 64
        self._reader = reader
        self._memory = memory
        self._gateway = gateway
        self._faults = faults
        self._on_progress = on_progress

    def run(self, rows: Iterator[Row], run: Run) -> Counter[str]:
        """Send what the run has not yet had answered.

        Args:
            rows: All rows of the data, from the first.
            run: Where to go on; moved on with each answered batch.

        Returns:
            How many rows were `recorded`, `held`, left to `review`, `lost`, `undated`; over the
            whole list, earlier parts of the run included.

        Raises:
            InvalidEvent: `CL-1505` if the gateway turns the import away.
            TransientError: `CL-1506` if it takes nothing for too long.
        """
        counts = Counter(json.loads(run.counts)) if run.counts else Counter[str]()
        pending: deque[_Sent] = deque()
        senders = Senders(self._gateway.send, IN_FLIGHT)
        try:
            for batch in self._batches(islice(rows, run.rows_done, None)):
                pending.append(self._send(senders, run, batch))
                if len(pending) > IN_FLIGHT:
                    self._settle(run, pending.popleft(), counts)
            while pending:
                self._settle(run, pending.popleft(), counts)
        finally:
            senders.close()
        self._memory.keep(run, {}, finished=True)
        return counts

    def _batches(self, rows: Iterator[Row]) -> Iterator[list[_Read]]:
        batch: list[_Read] = []
        size = 0
        for number, cells in rows:
            row = self._reader.read(cells)
            # As if it shared nothing with another: more is a batch never.
            length = len(row.act.encode()) + len(row.text.encode()) + self._nonce_bytes
            if batch and size + length > MAX_BYTES:
                yield batch
                batch, size = [], 0
            size += length
            batch.append(_Read(number, cells, row))
            if len(batch) == MAX_ROWS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _send(self, senders: Senders, run: Run, batch: list[_Read]) -> _Sent:
        generations = self._memory.generations(run, [read.row.key for read in batch])
        body = _body_of(self._list_name, [read.row for read in batch], generations)
        return _Sent(batch, generations, senders.submit(body, len(batch)))

    def _settle(self, run: Run, sent: _Sent, counts: Counter[str]) -> None:
        """Keep what became of a batch, in the order of the list."""
        told = sent.answer.result()
        for at, read in enumerate(sent.rows):
            result = told.get(at)
            if result is None:
                counts["recorded"] += 1
                continue
            kind, reason, detail = _verdict(read.row, result)
            counts[kind] += 1
            if result.get("clock_wrong"):
                counts["undated"] += 1
            if reason:
                self._faults.add(read.number, reason, detail, result, read.cells)
        run.rows_done += len(sent.rows)
        run.errors_bytes = self._faults.flush()
        run.counts = json.dumps(counts)
        self._memory.keep(run, sent.generations)
        self._on_progress(run.rows_done)


def _body_of(list_name: str, rows: Sequence[ReadRow], generations: Mapping[int, int]) -> bytes:
    """Return the body of `POST /v1/imports`: each act once, and the rows by the act's place."""
    acts: dict[tuple[str, int], int] = {}
    cells = [
        f"[{acts.setdefault((row.act, generations[row.key]), len(acts))},{row.text}]"
        for row in rows
    ]
    nonces = {one: json.dumps(nonce_of(list_name, one)) for _, one in acts}
    stated = (f'{act}, "nonce": {nonces[generation]}}}' for act, generation in acts)
    # A row that a person must look at needs its event's id, too.
    tell = [str(at) for at, row in enumerate(rows) if row.findings or row.action == "held"]
    body = f'{{"acts":[{",".join(stated)}],"rows":[{",".join(cells)}],"tell":[{",".join(tell)}]}}'
    return body.encode()


def _verdict(row: ReadRow, result: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what became of a row, and reason and detail if a person must look at it."""
    reason = row.findings[0] if row.findings else ""
    if result.get("status") == "rejected":
        problem = result.get("problem", {})
        kind = "review" if result.get("review_id") else "lost"
        return kind, reason or str(problem.get("code", "")), _sentence(problem)
    if result.get("held") or row.action == "held":
        return "held", reason or "held", ""
    if result.get("clock_wrong"):
        reason = reason or "clock_wrong"
    return "recorded", reason, ""


def _sentence(problem: Mapping[str, Any]) -> str:
    errors: Sequence[Mapping[str, str]] = problem.get("errors", ())
    pointers = "; ".join(f"{one.get('pointer')}: {one.get('message')}" for one in errors)
    return " ".join(part for part in (str(problem.get("detail", "")), pointers) if part)
