"""The file of rows that a person must look at: the row as it is, why, and the case's number."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_FORMULA: Final = ("=", "@", "\t", "\r")
_HEAD: Final = ("row", "reason", "detail", "review_id", "event_id")


class FaultFile:
    """Collects rows; what is beyond a kept length is cut off when a run goes on.

    UTF-8 with a mark, so that a spreadsheet shows Chinese; mode 0600, for it holds whole numbers.

    Args:
        path: Where it is written.
        header: The list's own header.
        kept_bytes: Length that the run has answered for; 0 = begin anew.
    """

    def __init__(self, path: Path, header: Sequence[str], kept_bytes: int = 0) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")
        os.fchmod(self._file.fileno(), 0o600)
        # Not longer than it is, where somebody has taken it away meanwhile.
        length = min(kept_bytes, self._file.seek(0, io.SEEK_END))
        self._file.truncate(length)
        self._file.seek(length)
        if not length:
            self._file.write(b"\xef\xbb\xbf" + _line((*_HEAD, *header)))

    def add(
        self, row: int, reason: str, detail: str, result: dict[str, object], cells: Sequence[str]
    ) -> None:
        """Write one row.

        Args:
            row: Its number in the list.
            reason: Code of the reason.
            detail: The reason in words.
            result: What the gateway answered; empty if it was not asked.
            cells: The row as it is.
        """
        ids = (str(result.get(name, "")) for name in ("review_id", "event_id"))
        self._file.write(_line((str(row), reason, detail, *ids, *cells)))

    def flush(self) -> int:
        """Write what is pending and return the length so far."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_inert(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _inert(cell: str) -> str:
    """Keep a spreadsheet from taking a stranger's text for a formula; a number stays a number."""
    is_sum = cell.startswith(("+", "-")) and not cell[1:2].isdecimal()
    return f"'{cell}" if is_sum or cell.startswith(_FORMULA) else cell
