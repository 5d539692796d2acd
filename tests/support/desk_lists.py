"""A clerk who hands in lists at the desk of a gateway on a real port, and the gateway's threads."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import httpx2
from fastapi import FastAPI

from consentlog.ports import Delivered, NewRecord
from producers.app import build_gateway
from producers.uploads.desk_lists import DeskLists
from producers.uploads.wording import wording
from tests.support.desk import DeskClient
from tests.support.gateway import FixedClock, Gateway, demo_reference
from tests.support.reviews import FollowedLog
from tests.support.served import served

WITHIN_S = 20.0


class HaltingLog(FollowedLog):
    """A log in memory that can hold batches back: once so many have passed, until it is `open`."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.batches_until_closed = 1_000_000

    def release(self) -> None:
        """Let everything pass from now on; a batch that comes just now must not close it again."""
        self.batches_until_closed = 1_000_000
        self.open.set()

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        if records:
            self.batches_until_closed -= 1
            if self.batches_until_closed < 0:
                self.open.clear()
            while not self.open.is_set():
                await asyncio.sleep(0.01)
        return await super().append_all(topic, records, within_s)


class ListClerk(DeskClient):
    """A clerk with lists."""

    def hand_in(
        self, content: bytes | None, name: str = "dnc.csv", **fields: str
    ) -> httpx2.Response:
        """Send the form with a file, or without one."""
        typed = {"list": "weekly", "entity": "acme", **fields}
        files = {"file": (name, content)} if content is not None else {"other": ("", b"")}
        headers = self._cookies() | dict(self.headers)
        address = f"/desk/import?lang={self.language}"
        return self._kept(
            self.gateway.client.post(address, data=typed, files=files, headers=headers)
        )

    def list_id(self, answer: httpx2.Response) -> str:
        """The list that an answer leads to, once it was looked over."""
        assert answer.status_code == 303, answer.text
        found = str(answer.headers["location"].split("/")[-1].partition("?")[0])
        until(lambda: self.page(found), _is_over)
        return found

    def page(self, list_id: str) -> str:
        """The page of a list."""
        answer = self.get(f"/desk/import/{list_id}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def go(self, list_id: str, **fields: str) -> httpx2.Response:
        """Press the button of a list."""
        return self.post(f"/desk/import/{list_id}", act="go", **fields)

    def until(self, list_id: str, words: str) -> str:
        """Look at the page of a list until it says something."""
        return until(lambda: self.page(list_id), lambda page: words in page)


def _is_over(page: str) -> bool:
    """Whether a look is over: what is pressed before does something else, or nothing."""
    words = wording("en")
    is_looked = words.html("title_looked") not in page or 'value="go"' in page
    return words.html("title_reading") not in page and is_looked


def until(ask: Callable[[], str], enough: Callable[[str], bool]) -> str:
    """Ask until an answer is the one that is waited for."""
    deadline = time.monotonic() + WITHIN_S
    while not enough(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def list_app(
    directory: Path, log: HaltingLog | None = None, max_bytes: int = 1 << 20
) -> tuple[FastAPI, Gateway, DeskLists]:
    """A gateway with room for lists, without a client; its directory and its log outlast it."""
    reference, keys = demo_reference(directory / "reference")
    memory, clock = log or HaltingLog(), FixedClock()
    lists = DeskLists(directory / "uploads", max_bytes, 7, clock)
    app = build_gateway(reference, memory, clock, lists=lists, book=memory.book)
    return app, Gateway(httpx2.Client(), keys, memory, clock, reference), lists


@contextmanager
def list_desk(
    directory: Path, log: HaltingLog | None = None
) -> Iterator[tuple[Gateway, DeskLists]]:
    """Run such a gateway on a port: its threads need an event loop that stays."""
    app, gateway, lists = list_app(directory, log)
    with served(app) as url, httpx2.Client(base_url=url, timeout=WITHIN_S) as client:
        gateway.client = client
        try:
            yield gateway, lists
        finally:
            lists.stop()


def counts_of(page: str, head: str = "counts") -> dict[str, int]:
    """Counts of a page, by their words."""
    found = re.search(rf'id="{head}"><dl>(.*?)</dl>', page)
    assert found, page
    pairs = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", found[1])
    return {unescape(words): int(count.replace(",", "")) for words, count in pairs}
