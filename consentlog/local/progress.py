"""What a person sees while something takes long: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from consentlog.local.settings import is_interactive

Advance = Callable[[int], None]
"""Called with a number of bytes whenever so many more have arrived; from any thread."""

_PLAIN_EVERY_SECONDS: Final = 2.0


@contextmanager
def download_progress(title: str, total_bytes: int) -> Iterator[Advance]:
    """Show one download until the block ends.

    Args:
        title: What is being fetched.
        total_bytes: Size of all of it.
    """
    with (_bar if is_interactive() else _lines)(title, total_bytes) as advance:
        yield advance


@contextmanager
def _bar(title: str, total_bytes: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total_bytes)
        yield lambda count: progress.advance(task, count)


@contextmanager
def _lines(title: str, total_bytes: int) -> Iterator[Advance]:
    lock = threading.Lock()
    done, said_at = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, said_at
        with lock:
            done += count
            if time.monotonic() - said_at >= _PLAIN_EVERY_SECONDS:
                said_at = time.monotonic()
                _say(f"{title}: {done / 1e6:.0f} of {total_bytes / 1e6:.0f} MB")

    _say(f"{title}: {total_bytes / 1e6:.0f} MB")
    yield advance
    _say(f"{title}: done")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
