"""Serves an application until it is told to stop."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from consentlog.settings import HttpSettings

GRACE_S = 8
"""Longest wait for running requests at a stop: one acknowledgement deadline, and a little."""


def serve(app: FastAPI, settings: HttpSettings) -> None:
    """Serve on one address until SIGTERM or SIGINT.

    The access log is off: it would print paths, and paths hold numbers and tokens. Who calls, and
    over https or not, is what a proxy says that is trusted; else what the connection says.

    Args:
        app: The application.
        settings: Where to listen, and behind whom.
    """
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=settings.trusted_proxies,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
    )
