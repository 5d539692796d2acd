"""Requests that wait until the view includes a write of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from consentlog.ports import Position


class TokenWaiters:
    """Bridges the replica's thread to the requests on the event loop.

    Args:
        partitions: Partition count of the events topic.
        has: Tells whether a token is visible; safe from any thread.
    """

    def __init__(self, partitions: int, has: Callable[[Position], bool]) -> None:
        self._has = has
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[dict[asyncio.Future[None], int]] = [{} for _ in range(partitions)]

    async def wait(self, token: Position, limit_s: float) -> bool:
        """Wait until a token is visible, at most `limit_s` seconds.

        Returns:
            Whether it is visible now.
        """
        if self._has(token):
            return True
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = self._loop.create_future()
        waiting = self._waiting[token.partition]
        waiting[future] = token.offset
        try:
            # It may have been applied before the replica's thread could see this entry.
            if self._has(token):
                return True
            await asyncio.wait_for(future, limit_s)
        except TimeoutError:
            return self._has(token)
        else:
            return True
        finally:
            del waiting[future]

    def notify(self, partition: int) -> None:
        """Say, from the replica's thread, that a partition advanced; cheap if nobody waits."""
        if self._waiting[partition] and self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake, partition)

    def _wake(self, partition: int) -> None:
        for future, offset in self._waiting[partition].items():
            if not future.done() and self._has(Position(partition, offset)):
                future.set_result(None)
