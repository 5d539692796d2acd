"""The bounds of issue 4 on the labelled corpus. Of the held-out part only totals are ever shown."""

from __future__ import annotations

import pytest

from consentlog.reference.words import load_words
from tools.words_table import CLASSES, DOCUMENT, PARTS, document, measure

WORDS = load_words()


@pytest.mark.parametrize("part", PARTS.values())
def test_the_bounds_hold(part: str) -> None:
    counted = measure(part, WORDS)
    missed = {one.name: counted[one.name] for one in CLASSES if not one.meets(counted[one.name])}
    assert not missed


def test_the_corpus_is_as_large_as_it_must_be() -> None:
    size = {part: sum(one.n for one in measure(part, WORDS).values()) for part in PARTS.values()}
    total = sum(size.values())
    assert total >= 600
    assert size["held_out.jsonl"] * 3 >= total


def test_the_document_s_table_is_of_today() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert document(text, WORDS) == text, "run python -m tools.words_table --write"
