"""Writes messages with codes into a file, from which the deployment's own sender takes them.

On the local stack `consentlog codes` shows them. The file is its owner's alone (0600), holds what
still holds, and is the only place where a code can be read: no log, no metric, no event has it.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Final, NamedTuple

from consentlog.errors import TransientError
from consentlog.ports import Clock
from producers.codes import HOLDS_MS

MAX_LINES: Final = 1000
"""Messages that the file holds at most."""


class Message(NamedTuple):
    """One message to send, and when it was written, ms UTC."""

    at_ms: int
    number: str
    text: str


class CodeOutbox:
    """A `CodeSender` that appends one JSON line a message: `at_ms`, `number`, `text`.

    Args:
        path: The file; made if missing, its directory must be there.
        clock: When messages end.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = asyncio.Lock()

    async def send(self, subject: str, text: str) -> None:
        """Append a message and drop those whose codes have ended.

        Raises:
            TransientError: `CL-1603` if the file cannot be written, or is full.
        """
        async with self._lock:
            try:
                await asyncio.to_thread(self._write, subject, text)
            except OSError as exc:
                raise TransientError("CL-1603", reason=exc.strerror or "OSError") from exc

    def _write(self, subject: str, text: str) -> None:
        now_ms = self._clock.now_ms()
        lines = [one for one in read_outbox(self._path) if one.at_ms > now_ms - HOLDS_MS]
        if len(lines) >= MAX_LINES:
            raise TransientError("CL-1603", reason="nobody takes the messages out of the file")
        lines.append(Message(now_ms, subject, text))
        draft = self._path.with_name(f".{self._path.name}.new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line._asdict(), ensure_ascii=False) + "\n" for line in lines)
        draft.replace(self._path)


def read_outbox(path: Path) -> list[Message]:
    """Return the messages in a file, oldest first; none if it is not there."""
    try:
        return [Message(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    except (FileNotFoundError, NotADirectoryError):
        return []
