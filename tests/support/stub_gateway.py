"""A gateway that only remembers: over HTTP, for a command that runs in a process of its own."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from producers.lists.shapes import Row


class StubGateway:
    """Remembers every row as an act; may be told to be busy, or to wait before it answers.

    `keys` counts bodies by key. From its body number `silent_from` on, a key gets no answer: who
    sends under it cannot be done before it is killed, however late the killer is.
    """

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.bodies = 0
        self.keys: Counter[str | None] = Counter()
        self.silent_from: int | None = None
        self.busy = 0
        self.answer_after_s = 0.0
        self.url = ""
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def close(self) -> None:
        """Wait for nothing any more."""
        self._closing.set()

    def take(self, body: bytes, key: str | None) -> tuple[int, dict[str, Any]]:
        """Take a batch; status and body of the answer."""
        with self._lock:
            self.bodies += 1
            self.keys[key] += 1
            is_silent = self.silent_from is not None and self.keys[key] >= self.silent_from
            if self.busy:
                self.busy -= 1
                return 503, {"code": "CL-1401", "detail": "full"}
            found = json.loads(body)
            rows = [Row(*cells) for cells in found["rows"]]
            self.items += [row.item_of(found["acts"][row.act]) for row in rows]
        self._closing.wait(60 if is_silent else self.answer_after_s)
        told = [{"index": at, "status": "accepted", "event_id": "00"} for at in found["tell"]]
        return 202, {"accepted": len(rows), "rejected": 0, "spooled": 0, "results": told}


@contextmanager
def stub_gateway() -> Iterator[StubGateway]:
    """Serve one on a free port of the loopback."""
    stub = StubGateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = stub.take(body, self.headers["x-api-key"])
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # the command was killed
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        stub.close()
        server.shutdown()
        thread.join()
        server.server_close()
