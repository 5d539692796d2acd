"""A gateway on a real port with a phone that tests read, for pages in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consentlog.domain.events import ConsentEvent
from consentlog.domain.scope import Scope
from consentlog.errors import Language
from consentlog.http.clock import SystemClock
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.testing.event_log import MemoryEventLog
from consentlog.wire.events import decode_event
from producers.app import build_gateway
from producers.channels.pages import Outside
from producers.links import LinkSealer
from tests.support.gateway import NUMBER, demo_reference
from tests.support.pages import KnownState
from tests.support.served import served


class Phone:
    """A `CodeSender` whose messages are read here."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, subject: str, text: str) -> None:  # one phone is enough
        self.texts.append(text)

    @property
    def code(self) -> str:
        """The newest code."""
        found = re.search(r"\b\d{6}\b", self.texts[-1])
        assert found
        return found[0]


@dataclass
class PageWorld:
    """A gateway for pages: its address, its log, what it says of the state, the person's phone."""

    url: str
    log: MemoryEventLog
    state: KnownState
    phone: Phone
    sealer: LinkSealer

    def link(self, scope: Scope = Scope("acme"), number: str = NUMBER) -> str:  # noqa: B008  # frozen
        """The address of a person's page."""
        return f"{self.url}/p/{self.sealer.mint(number, scope)}"

    def page(self, language: Language) -> str:
        """The address of a page in one language."""
        return f"{self.link()}?lang={language}"

    @property
    def events(self) -> list[ConsentEvent]:
        """Every event in the log."""
        return [decode_event(record.value) for record in self.log.records(EVENTS.name)]


@contextmanager
def page_world(directory: Path) -> Iterator[PageWorld]:
    """Run a gateway for pages in the demo's world."""
    reference, _ = demo_reference(directory)
    log = MemoryEventLog(lambda key: partition_of(key, PARTITIONS))
    state, phone = KnownState(), Phone()
    secrets = reference.secrets
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    app = build_gateway(reference, log, SystemClock(), pages=Outside(state, phone))
    with served(app) as url:
        yield PageWorld(url, log, state, phone, sealer)
