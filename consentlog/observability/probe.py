"""/healthz, /readyz and /metrics for services that speak no HTTP of their own (fold, sink)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import REGISTRY, generate_latest


class ProbeServer:
    """A loopback HTTP server on a daemon thread.

    Args:
        port: TCP port on 127.0.0.1; 0 starts nothing.
        is_live: Whether the service's loop turned lately.
        is_ready: Whether the service does its work; asked at each request, must not block.
    """

    def __init__(
        self, port: int, is_live: Callable[[], bool], is_ready: Callable[[], bool]
    ) -> None:
        self._checks = {"/healthz": is_live, "/readyz": is_ready}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler()) if port else None

    def start(self) -> None:
        """Serve until the process ends."""
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="probe", daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        checks = self._checks

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                check = checks.get(self.path)
                if self.path == "/metrics":
                    self._answer(200, generate_latest(REGISTRY))
                elif check is None:
                    self._answer(404, b"not found\n")
                else:
                    ok = check()
                    self._answer(200 if ok else 503, b"ok\n" if ok else b"not yet\n")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: a probe every second is no news."""

        return Handler
