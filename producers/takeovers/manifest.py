"""What a second person approves: which list it is, how many consents, and exactly which rows.

The rows themselves are not in it: a list has more of them than a case can hold. Each batch is there
by its digest, so that after the approval not one row can be another one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from consentlog.domain.stated import instant_ms
from producers.request import Name, Shape

MAX_ROWS: Final = 1000
"""Rows of a batch."""
MAX_LIST_NAME: Final = 100

_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:\d\d)$", re.ASCII)


def _check_instant(text: str) -> str:
    if not _OFFSET.search(text):
        raise ValueError("it needs an offset")
    instant_ms(text, "UTC", later=False)
    return text


Instant = Annotated[str, Field(max_length=64), AfterValidator(_check_instant)]
Digest = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}:[A-Za-z0-9_-]{43}$")]


class Manifest(Shape):
    """A list of documented consents.

    `list` names it; `file_sha256` is the file's, so that whoever approves can look at the same one;
    `first_at` and `last_at` bound the times of its consents; `batches` are the digests of its rows
    (`digest_of`), at most 1000 rows each.
    """

    list_: Annotated[str, Field(min_length=1, max_length=MAX_LIST_NAME, alias="list")]
    entity: Name
    rows: Annotated[int, Field(ge=1)]
    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    first_at: Instant
    last_at: Instant
    batches: Annotated[list[Digest], Field(min_length=1)]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        counts = [int(batch.partition(":")[0]) for batch in self.batches]
        if max(counts) > MAX_ROWS or sum(counts) != self.rows:
            # The count is what a person reads before they approve.
            raise ValueError(f"the batches do not hold {self.rows} rows, at most {MAX_ROWS} each")
        if self.first_ms > self.last_ms:
            raise ValueError("first_at lies behind last_at")
        return self

    @property
    def first_ms(self) -> int:
        """Time of the earliest consent, ms UTC."""
        return instant_ms(self.first_at, "UTC", later=False)

    @property
    def last_ms(self) -> int:
        """Time of the latest consent, ms UTC."""
        return instant_ms(self.last_at, "UTC", later=False)

    @property
    def canonical(self) -> bytes:
        """The same bytes for the same manifest, however its JSON was written."""
        return canonical(self.model_dump(by_alias=True))


def canonical(value: object) -> bytes:
    """Return a JSON value as bytes that do not depend on how it was written.

    Source: RFC 8785, for objects whose keys are ASCII and whose values hold no fractions.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # Half a character, which JSON can spell, has no UTF-8: it must not end in an error of ours.
    return text.encode("utf-8", "surrogatepass")


def digest_of(rows: Sequence[object]) -> str:
    """Return what names a batch in a manifest: how many rows, and their digest.

    `<rows>:<SHA-256 of its canonical JSON, base64url>`; the count is checked with the content.

    Args:
        rows: The rows exactly as they are sent.

    Raises:
        RecursionError: If a row nests further than JSON can be written.
    """
    digest = hashlib.sha256(canonical(list(rows))).digest()
    return f"{len(rows)}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
