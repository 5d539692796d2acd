"""Runs the gateway: `consentlog-gateway`, or `python -P -m producers`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from consentlog.errors import FatalError
from consentlog.garbage import collect_rarely
from consentlog.http.clock import SystemClock
from consentlog.http.server import serve
from consentlog.observability.logging import configure_logging, get_logger
from consentlog.reference.load import load_policy, load_registry
from consentlog.reference.secrets import load_secrets
from consentlog.reference.words import load_words
from producers.app import Reference, build_gateway
from producers.desk.ended import FILE, EndedSessions
from producers.outside import outside_of
from producers.publish import gateway_producer
from producers.reviews.book import ReviewBook
from producers.reviews.following import follower_of
from producers.reviews.open_cases import FILE as OPEN_CASES
from producers.reviews.open_cases import OpenCases
from producers.settings import GatewaySettings
from producers.spool.log import SpooledLog
from producers.uploads.desk_lists import DeskLists

_SWITCH_S: Final = 0.0002
"""How long a thread of the spool waits before it may take the interpreter from the event loop.

Python's default of 5 ms is paid for each of a broker's reports, and for each statement to disk.
"""

log = get_logger(__name__)


def build(settings: GatewaySettings) -> FastAPI:
    """Put the gateway together; the spool starts and stops with the application.

    Raises:
        FatalError: If a file that it needs cannot be used.
    """
    registry = load_registry(settings.registry_file)
    reference = Reference(
        registry,
        load_policy(settings.policy_file, registry),
        load_secrets(settings.secrets_file),
        load_words(),
    )
    kafka = settings.kafka
    clock = SystemClock()
    events = SpooledLog(
        settings.spool.directory,
        settings.spool.limits,
        gateway_producer(kafka.bootstrap_servers),
        clock,
        settings.spool.reporter,
        kafka.topic_prefix,
    )
    pages = outside_of(settings.gate, settings.codes, registry, clock)

    book = ReviewBook(OpenCases(settings.spool.directory / OPEN_CASES))
    follower = follower_of(book, kafka, settings.reviews, clock)

    desk = settings.desk
    ended = EndedSessions(clock, settings.spool.directory / FILE)
    lists = None
    if desk.uploads:
        root = Path(desk.uploads)
        lists = DeskLists(root, desk.upload_max_bytes, desk.upload_keep_days, clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        events.start()
        follower.start()
        ended.start()
        if lists is not None:
            lists.start()
        yield
        if lists is not None:
            await asyncio.to_thread(lists.stop)
        await asyncio.to_thread(follower.stop)
        book.close()
        await pages.close()
        await asyncio.to_thread(events.close)

    return build_gateway(
        reference,
        events,
        clock,
        is_ready=lambda: events.is_ready,
        lifespan=lifespan,
        limits=settings.limits,
        pages=pages,
        book=book,
        lists=lists,
        ended=ended,
        only_https=desk.secure_cookie,
    )


def main() -> None:
    """Run until SIGTERM; exit 1 with one sentence if it cannot start."""
    try:
        settings = GatewaySettings.read()
        configure_logging(settings.log, "gateway")
        app = build(settings)
    except FatalError as error:
        sys.stderr.write(f"{error}\n{error.do()}\n")
        sys.exit(1)
    sys.setswitchinterval(_SWITCH_S)
    collect_rarely()
    serve(app, settings.http)


if __name__ == "__main__":
    main()
