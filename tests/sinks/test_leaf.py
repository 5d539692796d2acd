"""The leaf's format is the one that docs/leaf.md fixes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.leaf import leaf_hash, leaf_preimage

DOC = Path(__file__).parents[2] / "docs" / "leaf.md"
VECTOR: dict[str, Any] = {
    "topic": "consent.events.v1",
    "partition": 3,
    "offset": 42,
    "append_ms": 1763778600123,
    "key": b"+8613800138000",
    "headers": [("ce_id", b"01"), ("x", None)],
    "value": bytes.fromhex("0000000001ff"),
}


def test_the_published_vector() -> None:
    text = DOC.read_text("utf-8")
    block = re.search(r"preimage  ([0-9a-f\s]+)leaf      ([0-9a-f]{64})", text)
    assert block
    preimage = bytes.fromhex("".join(block[1].split()))
    assert leaf_preimage(**VECTOR) == preimage
    assert leaf_hash(**VECTOR) == hashlib.sha256(b"\x00" + preimage).digest()
    assert leaf_hash(**VECTOR).hex() == block[2]
    empty = VECTOR | {"key": None, "headers": [], "value": None}
    assert f"value null: leaf `{leaf_hash(**empty).hex()}`" in text


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "consent.events.v2"},
        {"partition": 4},
        {"offset": 43},
        {"append_ms": -1},
        {"key": None},
        {"key": b""},
        {"headers": [("x", None), ("ce_id", b"01")]},
        {"headers": [("ce_id", b"01"), ("x", b"")]},
        {"headers": []},
        {"value": None},
        {"value": b""},
    ],
)
def test_every_part_counts(change: dict[str, Any]) -> None:
    assert leaf_hash(**VECTOR | change) != leaf_hash(**VECTOR)
