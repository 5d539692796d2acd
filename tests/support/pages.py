"""What tests of the pages share: a state that tests set, and a reader of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from consentlog.ports import Position
from producers.preference.choices import PARTS
from producers.preference.standing import Standing, Standings

FORM = {"content-type": "application/x-www-form-urlencoded"}


class KnownState:
    """Answers what a test set, and remembers what it was asked."""

    def __init__(self, standings: Standings | None = None) -> None:
        self.found: Standings = standings or dict.fromkeys(PARTS, Standing.OPEN)
        self.asked: list[tuple[str, str, Position | None]] = []

    async def standings(self, subject: str, entity: str, after: Position | None) -> Standings:
        self.asked.append((subject, entity, after))
        return self.found

    async def close(self) -> None:
        pass


class Page(HTMLParser):
    """Tags of a page with their attributes, its buttons by value, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, tag: str) -> list[str]:
        """Values of every such tag that has one."""
        return [
            attrs["value"] or "" for name, attrs in self.tags if name == tag and "value" in attrs
        ]

    def links(self) -> list[str]:
        """Where its links go."""
        return [attrs["href"] or "" for name, attrs in self.tags if name == "a"]


def nonce_of(html: str) -> str:
    """The nonce of a page's form."""
    found = re.search(r'name="nonce" value="([0-9a-f]+)"', html)
    assert found
    return found[1]
