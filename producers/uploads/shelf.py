"""Where lists are kept: a directory for each, with what is known of it and its rows to look at.

    <root>/<id>/list          as it was handed in
    <root>/<id>/upload.json   what it is and how far it has come
    <root>/<id>/errors.csv    rows that a person should look at
    <root>/lists/*.sqlite     what is remembered of each list between its files

Everything is for its owner only: lists hold whole numbers.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from consentlog.observability.logging import get_logger
from producers.imports.memory import memory_file
from producers.uploads.upload import State, Upload, read_upload

_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_ABANDONED_S: Final = 86_400
"""After which a list that never arrived as a whole is taken away."""

log = get_logger(__name__)


class Shelf:
    """Lists on disk; may be used from several threads.

    Args:
        root: Its directory, of this gateway alone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._memories = root / "lists"
        for directory in (root, self._memories):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
        self._damaged: set[str] = set()

    def new_id(self) -> str:
        """Make room for one more list and name it."""
        found = secrets.token_hex(16)
        (self._root / found).mkdir(mode=0o700)
        return found

    def list_of(self, upload_id: str) -> Path:
        """The file of a list."""
        return self._root / upload_id / "list"

    def errors_of(self, upload_id: str) -> Path:
        """Its rows to look at."""
        return self._root / upload_id / "errors.csv"

    def has_errors(self, upload_id: str) -> bool:
        """Whether there is a row to look at: the file has more than its header."""
        try:
            with self.errors_of(upload_id).open("rb") as file:
                return bool(file.readline()) and bool(file.readline())
        except FileNotFoundError:
            return False

    def memory_of(self, upload: Upload) -> Path:
        """What is remembered of all lists of this name from this source."""
        return memory_file(self._memories, f"{upload.source}\n{upload.list_name}")

    def keep(self, upload: Upload) -> None:
        """Write down how far a list has come, whole or not at all, to outlast a crash."""
        path = self._root / upload.id / "upload.json"
        scratch = path.with_suffix(f".{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(upload.as_json())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)

    def find(self, upload_id: str) -> Upload | None:
        """Return a list, or None if there is none of this id, or none that is understood.

        One that is not understood stays where it is, for a person to look at; the log says so once.
        """
        if not _ID.fullmatch(upload_id):
            return None
        try:
            text = (self._root / upload_id / "upload.json").read_text("utf-8")
            found = read_upload(text, upload_id)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as exc:
            self._tell_damaged(upload_id, exc)
            return None
        self._damaged.discard(upload_id)
        return found

    def _tell_damaged(self, upload_id: str, exc: Exception) -> None:
        if upload_id not in self._damaged:
            self._damaged.add(upload_id)
            # Its kind only: what stands in the file, the text of the error would show.
            kind = type(exc).__name__
            log.error("list_not_understood", code="CL-1512", upload=upload_id, error=kind)

    def damaged(self) -> list[str]:
        """Return the lists that were not understood when they were last looked for, by id.

        Whose they are is not known, for that stands in what is damaged.
        """
        found = sorted(self._damaged.copy())
        return [one for one in found if (self._root / one / "upload.json").exists()]

    def of_source(self, source: str) -> list[Upload]:
        """Return the lists of one source, the youngest first."""
        found = [one for one in self._all() if one.source == source]
        return sorted(found, key=lambda one: one.uploaded_ms, reverse=True)

    def remove(self, upload_id: str) -> None:
        """Take a list away with all that came of it; what is remembered of its name stays."""
        shutil.rmtree(self._root / upload_id, ignore_errors=True)

    def sweep(self, before_ms: int) -> int:
        """Take away lists that were finished before an instant, and what never arrived whole.

        Args:
            before_ms: Ms UTC.

        Returns:
            How many were taken away.
        """
        over = {
            one.id
            for one in self._all()
            if one.state is State.FINISHED and one.finished_ms < before_ms
        }
        over |= {path.name for path in self._directories() if _is_abandoned(path)}
        for upload_id in over:
            self.remove(upload_id)
        return len(over)

    def _all(self) -> list[Upload]:
        found = (self.find(path.name) for path in self._directories())
        return [one for one in found if one is not None]

    def _directories(self) -> list[Path]:
        return [path for path in self._root.iterdir() if _ID.fullmatch(path.name)]


def _is_abandoned(directory: Path) -> bool:
    try:
        age_s = time.time() - directory.stat().st_mtime
    except FileNotFoundError:  # taken away meanwhile
        return False
    return age_s > _ABANDONED_S and not (directory / "upload.json").exists()
