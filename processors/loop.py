"""The way from other threads onto the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def call_on(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call something on the event loop soon; nothing happens once the loop is closed.

    At a stop the loop ends before the threads that report to it; that is no failure of theirs.

    Args:
        loop: The worker's.
        call: Takes no argument.
    """
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        if not loop.is_closed():
            raise
