"""A desk on a real port, with a gate that tests set, for browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from consentlog.domain.events import ConsentEvent
from consentlog.errors import Language
from consentlog.http.clock import SystemClock
from consentlog.kafka.topics import EVENTS
from consentlog.wire.events import decode_event
from producers.app import build_gateway
from producers.channels.pages import Outside
from producers.uploads.desk_lists import DeskLists
from tests.support.desk import KnownSpread
from tests.support.desk_lists import HaltingLog
from tests.support.gateway import demo_reference
from tests.support.served import served


@dataclass
class DeskWorld:
    """A gateway for clerks: its address, keys by source, log, and what the gate says."""

    url: str
    keys: dict[str, str]
    log: HaltingLog
    spread: KnownSpread

    @property
    def events(self) -> list[ConsentEvent]:
        """Every event in the log."""
        return [decode_event(record.value) for record in self.log.records(EVENTS.name)]

    def at(self, language: Language, path: str = "/desk") -> str:
        """The address of a page in one language."""
        return f"{self.url}{path}?lang={language}"

    def sign_in(self, page: Page, language: Language, source: str = "desk") -> None:
        """Type a key, and Enter."""
        page.goto(self.at(language))
        # The cursor comes a moment after the page; what is typed before it is lost.
        page.wait_for_selector("#key:focus")
        page.keyboard.type(self.keys[source])
        page.keyboard.press("Enter")
        page.wait_for_selector("#number:focus")


@contextmanager
def desk_world(directory: Path) -> Iterator[DeskWorld]:
    """Run a gateway for clerks in the demo's world, with a place for lists."""
    reference, keys = demo_reference(directory)
    log, spread, clock = HaltingLog(), KnownSpread(), SystemClock()
    outside = Outside(spread=spread)
    lists = DeskLists(directory / "uploads", 100 << 20, 7, clock)
    app = build_gateway(reference, log, clock, pages=outside, book=log.book, lists=lists)
    with served(app) as url:
        yield DeskWorld(url, keys, log, spread)
        lists.stop()
