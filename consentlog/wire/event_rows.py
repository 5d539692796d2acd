"""Consent events as bytes, by the thousand: rows of a list that have nearly everything in common.

What is common is encoded once. The bytes are those of `wire.events` and `wire.evidence`, which a
test compares.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.wire.build import BUILD, ENUMS
from consentlog.wire.encoding import Encoder, compile_encoder, encode_text
from consentlog.wire.evidence import Evidence
from consentlog.wire.framing import head
from consentlog.wire.longs import zigzag
from consentlog.wire.schemas import EVENT_ID, EVIDENCE_ID, pinned
from consentlog.wire.source import Build, definitions

_NAMES: Final = tuple(field.name for field in fields(Evidence))
_SOME: Final = b"\x02"
"""The branch of a union that is not null."""


def encode_rest(fact: Fact, recorded_at_ms: int | None) -> bytes:
    """Encode what rows have in common: the fact without its id, and what follows up to evidence.

    Args:
        fact: Its `event_id` has no part in it.
        recorded_at_ms: The source system's own clock, ms UTC.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    encoders = _encoders()
    return encoders.fact(fact[1:]) + encoders.after((recorded_at_ms, ""))


def encode_row(subject: str, event_id: bytes, rest: bytes, evidence: bytes) -> bytes:
    """Encode and frame one event.

    Args:
        subject: E.164.
        event_id: 16 bytes.
        rest: From `encode_rest`.
        evidence: Framed.
    """
    length = zigzag(len(evidence))
    return b"".join((_EVENT_HEAD, encode_text(subject), event_id, rest, length, evidence))


def encode_common(evidence: Evidence) -> bytes:
    """Encode and frame evidence up to its last field, the number as it was written.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    values = tuple(getattr(evidence, name) for name in _NAMES[:-1])
    return _EVIDENCE_HEAD + _encoders().evidence(values)


def with_number(common: bytes, raw_number: str) -> bytes:
    """Complete what `encode_common` began.

    Raises:
        ValueError: If the text has no UTF-8 form.
    """
    return common + _SOME + encode_text(raw_number)


_EVENT_HEAD: Final = head(EVENT_ID)
_EVIDENCE_HEAD: Final = head(EVIDENCE_ID)


class _Encoders(NamedTuple):
    fact: Encoder
    after: Encoder
    evidence: Encoder


@cache
def _encoders() -> _Encoders:
    event, evidence = pinned()[EVENT_ID].schema, pinned()[EVIDENCE_ID].schema
    defined = definitions(event)
    fact, after = defined["Fact"]["fields"][1:], event["fields"][2:4]
    # What stands in evidence hardly repeats: remembering it would fill the memory.
    words = Build({}, ENUMS, frozenset(_NAMES))
    return _Encoders(
        compile_encoder({"name": "Fact", "fields": fact}, BUILD, defined),
        compile_encoder({"name": "After", "fields": after}, BUILD, defined),
        compile_encoder({"name": "Words", "fields": evidence["fields"][:-1]}, words),
    )
