"""The history query carries its values safely, whatever they are."""

from __future__ import annotations

import pytest

from auditors.queries import Query, history_of
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
