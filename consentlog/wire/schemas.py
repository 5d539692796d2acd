"""The schemas of this package and their pinned ids."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

import fastavro

EVENT_ID: Final = 1
EVIDENCE_ID: Final = 2
STATE_ID: Final = 3
REVIEW_V1_ID: Final = 4
WATERMARK_ID: Final = 5
REVIEW_ID: Final = 6


class PinnedSchema(NamedTuple):
    """One published schema: its id for ever, registry subject, version, file, and JSON."""

    id: int
    subject: str
    version: int
    file: str
    schema: Any


@cache
def pinned() -> dict[int, PinnedSchema]:
    """Read `schemas/index.json` and every file that it names.

    Returns:
        Schemas by id.
    """
    folder = resources.files("schemas")
    rows = json.loads((folder / "index.json").read_text("utf-8"))["schemas"]
    return {
        row["id"]: PinnedSchema(**row, schema=json.loads((folder / row["file"]).read_text("utf-8")))
        for row in rows
    }


@cache
def parsed(schema_id: int) -> Any:
    """Return fastavro's parsed form of a pinned schema (parsing anew costs 2.4 times a decode)."""
    return fastavro.parse_schema(pinned()[schema_id].schema)
