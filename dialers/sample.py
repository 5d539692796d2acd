"""A sample dialer: works a call list and asks the gate before each call.

It shows the one rule of a dialer: nobody is called but on *allow*, and an error is not an *allow*.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from consentlog.errors import InvalidEvent, TransientError
from consentlog.observability.masking import mask
from dialers.client import GateClient

COLUMNS = ("number", "entity", "campaign", "channel")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a call list."""

    number: str
    entity: str
    campaign: str | None
    channel: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """What became of one entry.

    `number` is masked; `reasons` are as the gate sends them; `problem` is the code of an error,
    because of which nobody was called.
    """

    number: str
    entity: str
    campaign: str | None
    channel: str
    verdict: Literal["allow", "deny"]
    called: bool
    reasons: tuple[dict[str, Any], ...] = ()
    problem: str | None = None


def read_call_list(path: Path) -> list[Entry]:
    """Read a call list (CSV, UTF-8, heading `number,entity,campaign,channel`).

    Raises:
        InvalidEvent: `CL-2006` for another heading or a line that lacks something: nobody on the
            list is called.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            raise InvalidEvent("CL-2006", line=1, reason="the heading is another")
        return [_entry(row, rows.line_num) for row in rows if row]


def _entry(row: list[str], line: int) -> Entry:
    if len(row) != len(COLUMNS):
        raise InvalidEvent("CL-2006", line=line, reason=f"it has {len(row)} columns")
    number, entity, campaign, channel = (cell.strip() for cell in row)
    if not (number and entity and channel):
        raise InvalidEvent("CL-2006", line=line, reason="number, entity or channel is empty")
    return Entry(number, entity, campaign or None, channel)


def work(
    entries: Iterable[Entry], gate: GateClient, call: Callable[[Entry], None]
) -> Iterator[CallRow]:
    """Ask the gate for each entry and call on *allow* alone.

    Args:
        entries: Whom to call.
        gate: Whom to ask; asked anew for every entry, right before its call.
        call: Makes the call; in the demo it counts.

    Yields:
        One row an entry, in their order.
    """
    for entry in entries:
        yield _work_one(entry, gate, call)


def _work_one(entry: Entry, gate: GateClient, call: Callable[[Entry], None]) -> CallRow:
    asked = {
        "number": entry.number,
        "entity": entry.entity,
        "campaign": entry.campaign,
        "channel": entry.channel,
    }
    shown = (mask(entry.number), entry.entity, entry.campaign, entry.channel)
    try:
        reply = gate.decide(asked)
    except TransientError as error:
        return CallRow(*shown, "deny", called=False, problem=error.code)
    if reply.allowed:
        call(entry)
        return CallRow(*shown, "allow", called=True)
    problem = reply.body.get("code")
    return CallRow(
        *shown,
        "deny",
        called=False,
        reasons=tuple(reply.reasons),
        problem=str(problem) if problem else None,
    )
