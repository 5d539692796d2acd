"""How far the sending of an approved list is, kept beside it, so that an interrupted run goes on.

Losing it harms nothing: what is sent again is the same acts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Place:
    """Batches of a take-over that are answered; `errors_bytes` = length of the file of errors."""

    takeover_id: str
    batches_done: int = 0
    errors_bytes: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def keep(self, file: Path) -> None:
        """Write it through a new file, so that a kill leaves the old one or the new one."""
        draft = file.with_name(f"{file.name}.new")
        kept = {
            "takeover_id": self.takeover_id,
            "batches_done": self.batches_done,
            "errors_bytes": self.errors_bytes,
            "counts": dict(self.counts),
        }
        draft.write_text(json.dumps(kept), "utf-8")
        draft.replace(file)


def place_in(file: Path, takeover_id: str, errors_bytes: int) -> Place:
    """Return the place that was kept of this take-over, else its beginning.

    Args:
        file: Where it is kept.
        takeover_id: Of the list.
        errors_bytes: Length of the file of errors before anything is sent.
    """
    try:
        kept = json.loads(file.read_text("utf-8"))
        found = Place(**{**kept, "counts": Counter(kept["counts"])})
    except (OSError, ValueError, TypeError, KeyError):
        return Place(takeover_id, errors_bytes=errors_bytes)
    is_same = found.takeover_id == takeover_id
    return found if is_same else Place(takeover_id, errors_bytes=errors_bytes)
