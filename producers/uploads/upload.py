"""One list that was handed in: what it is, on which terms it is read, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from consentlog.errors import ConsentLogError
from producers.imports.preview import are_many
from producers.imports.rows import ListOf


class State(StrEnum):
    """How far a list has come, as it stands on disk.

    READING and RUNNING are what a process began: where none is at it, it was interrupted.
    """

    READING = "reading"
    LOOKED = "looked"
    UNREADABLE = "unreadable"
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Upload:
    """One list.

    `clerk` handed it in for `source`. `column` is where its numbers are and `sheet` which sheet of
    a workbook, as they were told; empty = found. `counts`, `findings` and `columns` (what the list
    calls them, by field) are what was seen in it; `sent` what became of its rows. `trouble` is code
    and values of what went wrong last.
    """

    id: str
    source: str
    clerk: str
    file_name: str
    size: int
    sha256: str
    uploaded_ms: int
    list_name: str
    entity: str | None
    basis: str
    zone: str | None = None
    region: str | None = None
    column: str = ""
    sheet: str = ""
    state: State = State.READING
    read_as: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    finished_ms: int = 0
    trouble: tuple[str, Mapping[str, str]] | None = None

    @property
    def about(self) -> ListOf:
        """What holds for every row; who handed it in is the actor, whoever presses the button."""
        return ListOf(
            self.list_name, self.entity, self.zone, self.region, self.basis, actor=self.clerk
        )

    @property
    def told(self) -> Mapping[str, str]:
        """Columns that were told."""
        return {"number": self.column} if self.column else {}

    @property
    def rows(self) -> int:
        """How many rows were seen in it."""
        return self.counts.get("rows", 0)

    @property
    def needs_zone(self) -> bool:
        """Whether a date of it has no offset, and nobody said in which zone it is."""
        return self.zone is None and bool(self.counts.get("without_zone"))

    @property
    def has_many_unreadable(self) -> bool:
        """Whether so much of it cannot be read that it is imported only if somebody says so."""
        return are_many(self.counts.get("unreadable", 0), self.rows)

    @property
    def error(self) -> ConsentLogError | None:
        """What went wrong last."""
        return ConsentLogError(self.trouble[0], **self.trouble[1]) if self.trouble else None

    def as_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self), ensure_ascii=False)


def trouble_of(error: ConsentLogError) -> tuple[str, Mapping[str, str]]:
    """Return what is kept of an error."""
    return error.code, {name: str(value) for name, value in error.params.items()}


_NEEDS_COUNTS: Final = (State.LOOKED, State.RUNNING, State.STOPPED)


def read_upload(text: str, upload_id: str) -> Upload:
    """Read what `as_json` wrote.

    Args:
        text: What was written.
        upload_id: Of the list that it has to be about.

    Returns:
        The list; one that was never looked over to its end is to be read again, whatever it says.

    Raises:
        ValueError: If it is damaged, another list's, or of a version that this one does not know.
    """
    upload = _SHAPE.validate_json(text)
    if upload.id != upload_id or json.loads(text).keys() != asdict(upload).keys():
        raise ValueError("another list's, or another version's")
    if upload.error is not None:
        _check_told(upload.error)
    if upload.state in _NEEDS_COUNTS and not upload.counts:
        return replace(upload, state=State.READING)
    return upload


def _check_told(error: ConsentLogError) -> None:
    try:
        error.what()
    except KeyError:
        raise ValueError("a trouble that has no words") from None


_SHAPE: Final[TypeAdapter[Upload]] = TypeAdapter(Upload)
