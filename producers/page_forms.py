"""What a form of a page sent, and the page's language; everything in it is a stranger's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from consentlog.errors import Language
from consentlog.http.language import language_of

_MAX_FIELDS: Final = 32
_NONCE: Final = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sent:
    """Fields of one form, urlencoded; anything else, a multipart body for example, is none."""

    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        """Return a field's first value, or an empty text."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> Sequence[str]:
        """Return every value of a field."""
        return self.fields.get(name, [])

    @property
    def nonce(self) -> str | None:
        """What names the act; a one-click body has none, and each is an act of its own."""
        found = self.one("nonce")
        return found if _NONCE.fullmatch(found) else None


def read_form(body: bytes) -> Sent:
    """Read a form; what cannot be read as one is one without fields."""
    try:
        return Sent(parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MAX_FIELDS))
    except ValueError:  # too many fields: no page of ours sent it
        return Sent({})


def page_language(request: Request) -> Language:
    """Return the language of a page: `?lang=`, else what the browser asks for."""
    chosen = request.query_params.get("lang")
    return language_of(chosen or request.headers.get("accept-language"))
