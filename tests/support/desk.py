"""A clerk at the desk, without a browser: signs in, reads forms, sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import httpx2

from consentlog.domain.events import ConsentEvent
from consentlog.ports import Position
from tests.support.gateway import Gateway
from tests.support.pages import nonce_of

FROM_HERE: Mapping[str, str] = {"sec-fetch-site": "same-origin"}


class KnownSpread:
    """A gate that denies or not, as a test set it; remembers what it was asked."""

    def __init__(self, *, denies: bool = True) -> None:
        self.denies = denies
        self.asked: list[tuple[ConsentEvent, Position]] = []

    async def is_denied(self, event: ConsentEvent, written: Position, patience_s: float) -> bool:
        assert 0 < patience_s <= 1.5
        self.asked.append((event, written))
        return self.denies

    async def close(self) -> None:
        pass


class DeskClient:
    """Keeps the cookies of one browser."""

    def __init__(self, gateway: Gateway, language: str = "en") -> None:
        self.gateway = gateway
        self.language = language
        self.cookies: dict[str, str] = {}
        self.headers: Mapping[str, str] = FROM_HERE

    def sign_in(self, source: str = "desk", **fields: str) -> httpx2.Response:
        """Show a key: of a source, or `key` as it is given."""
        key = fields.pop("key", None) or self.gateway.keys[source]
        return self.post("/desk/sign-in", key=key, **fields)

    def get(self, path: str = "/desk") -> httpx2.Response:
        """Ask for a page."""
        address = f"{path}?lang={self.language}"
        return self._kept(self.gateway.client.get(address, headers=self._cookies()))

    def post(self, path: str = "/desk", **fields: str) -> httpx2.Response:
        """Send a form's fields, with the headers that say where it comes from."""
        address, headers = f"{path}?lang={self.language}", self._cookies() | dict(self.headers)
        return self._kept(self.gateway.client.post(address, data=fields, headers=headers))

    def submit(self, path: str = "/desk", **fields: str) -> httpx2.Response:
        """Send a form that was just drawn."""
        return self.post(path, **{"nonce": nonce_of(self.get(path).text), **fields})

    def _cookies(self) -> dict[str, str]:
        self.gateway.client.cookies.clear()  # those of another clerk
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"cookie": kept} if kept else {}

    def _kept(self, answer: httpx2.Response) -> httpx2.Response:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value
        return answer


def errors_of(html: str) -> dict[str, str]:
    """What is said to be wrong, by field."""
    found = re.findall(r'<span class="wrong" id="([a-z0-9_]+)-wrong">([^<]*)</span>', html)
    for name, _ in found:
        assert re.search(rf'id="{name}"[^>]*aria-describedby="[^"]*{name}-wrong', html), name
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', html), name
        assert f'href="#{name}"' in html, name
    return {name: unescape(text) for name, text in found}
