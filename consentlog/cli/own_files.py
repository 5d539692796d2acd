"""What a command keeps on this machine for itself: a disk that does not take it is one sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from consentlog.errors import FatalError


@contextmanager
def own_files() -> Iterator[None]:
    """Say which file cannot be written, and why; also a decorator.

    Raises:
        FatalError: `CL-1511`.
    """
    try:
        yield
    except OSError as exc:
        where = f": {exc.filename}" if exc.filename else ""
        raise FatalError("CL-1511", reason=f"{exc.strerror or 'unknown'}{where}") from exc
    except sqlite3.OperationalError as exc:
        raise FatalError("CL-1511", reason=str(exc)) from exc
