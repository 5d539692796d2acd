"""What was recorded cannot break out of a query or a screen, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.console import Console

from auditors.entries import masked_row
from auditors.queries import Query, history_of
from auditors.timeline import print_timeline
from consentlog.errors import InvalidEvent

NUMBER = "+8613800138000"


def test_the_query_is_complete_once_inlined() -> None:
    sql = history_of("consentlog", NUMBER).inlined()
    assert "`consentlog`.consent_history" in sql
    assert f"subject = '{NUMBER}'" in sql
    assert "{" not in sql
    assert "entity IN" not in sql
    assert "entity IN ('acme', '*', '')" in history_of("c", NUMBER, "acme").inlined()


def test_quotes_cannot_end_a_literal() -> None:
    sql = history_of("a`b", NUMBER, "x' OR '1'='1\\").inlined()
    assert "`a\\`b`.consent_history" in sql
    assert "IN ('x\\' OR \\'1\\'=\\'1\\\\', '*', '')" in sql
    with pytest.raises(ValueError, match="invalid literal"):
        Query("{n:UInt64}", {"n": "1; DROP"}).inlined()


@pytest.mark.parametrize("number", ["13800138000", "+86 138", "", "+861380013800' OR 1=1"])
def test_only_numbers_are_asked_for(number: str) -> None:
    with pytest.raises(InvalidEvent, match="CL-4110"):
        history_of("consentlog", number)


@pytest.mark.parametrize("entity", ["", "x" * 33, "阿", "a\nb"])
def test_only_ids_are_asked_for(entity: str) -> None:
    with pytest.raises(InvalidEvent, match="CL-4111"):
        history_of("consentlog", NUMBER, entity)


def test_what_a_source_wrote_cannot_speak_to_the_terminal() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    words = ("action", "basis", "hold_kind", "purpose", "channel", "source", "method", "zone")
    more = ("actor_type", "actor_id", "actor_role", "entity", "brand", "campaign", "precision")
    row: dict[str, object] = dict.fromkeys(words + more, "[/bold]\x1b[2J")
    row |= dict.fromkeys(("target", "defect", "occurred_at_set_by"), "\x1b]0;x\x07[red]")
    row |= dict.fromkeys(("occurred_at", "recorded_at", "accepted_at", "ingested_at", "until"), at)
    row |= {"subject": NUMBER, "source_ref": "to 86 138 0013 8000 13800138000\r\n", "margin_ms": 0}
    row |= {"topic": "t", "partition": 0, "offset": 1, "event_id": "ab", "decoded": True}
    console = Console(width=90, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        print_timeline(console, [masked_row(row | {"clock_wrong": True})], UTC, "en")
    assert "[/bold]" in capture.get()
    assert "\x1b" not in capture.get()
    assert "13800138000" not in capture.get()
