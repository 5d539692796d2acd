"""Threads that send batches, and that nobody waits for once the import is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias

Answer: TypeAlias = dict[int, dict[str, Any]]
"""What was told of single rows of a batch, by their place in it."""
_Sending: TypeAlias = tuple[bytes, int, "Future[Answer]"]


class Senders:
    """A few threads that send one batch after another.

    They end with the process. A pool of `concurrent.futures` is waited for at its end: whoever
    stopped an import would wait for a gateway that has fallen silent, a minute long.

    Args:
        send: Sends a body with so many rows and returns what was told of them.
        count: How many batches may be on their way at once.
    """

    def __init__(self, send: Callable[[bytes, int], Answer], count: int) -> None:
        self._send = send
        self._count = count
        self._queue: SimpleQueue[_Sending | None] = SimpleQueue()
        self._closed = threading.Event()
        for _ in range(count):
            threading.Thread(target=self._run, name="import-sender", daemon=True).start()

    def submit(self, body: bytes, rows: int) -> Future[Answer]:
        """Queue a batch; the answer, or why there is none, comes to the future."""
        future: Future[Answer] = Future()
        self._queue.put((body, rows, future))
        return future

    def close(self) -> None:
        """Send no other batch; those under way are not waited for."""
        self._closed.set()
        for _ in range(self._count):
            self._queue.put(None)

    def _run(self) -> None:
        while (sending := self._queue.get()) is not None and not self._closed.is_set():
            body, rows, future = sending
            try:
                future.set_result(self._send(body, rows))
            except BaseException as exc:  # noqa: BLE001  # whoever waits for the future raises it
                future.set_exception(exc)
