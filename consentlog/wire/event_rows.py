"""Consent events as bytes, by the thousand: rows of a list that have nearly everything in common.

What is common is encoded once. The bytes are those of `wire.events` and `wire.evidence`, which a
test compares.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import Precision, SetBy
from consentlog.wire.build import BUILD, ENUMS
from consentlog.wire.encoding import Encoder, compile_encoder, encode_text
from consentlog.wire.evidence import Evidence
from consentlog.wire.framing import head
from consentlog.wire.longs import zigzag
from consentlog.wire.schemas import EVENT_ID, EVIDENCE_ID, pinned
from consentlog.wire.source import Build, Schema, definitions

_NAMES: Final = tuple(field.name for field in fields(Evidence))
_DATE: Final = slice(Fact._fields.index("occurred_at_ms"), Fact._fields.index("zone") + 1)
"""Where the fields of the date stand in a fact."""
_SOME: Final = b"\x02"
"""The branch of a union that is not null."""


class Rest(NamedTuple):
    """What rows have in common of their events' bytes, around the date that is each row's own.

    `after` ends before the evidence; `after_proved` says that there is some that proves.
    """

    before: bytes
    after: bytes
    after_proved: bytes


def encode_rest(fact: Fact, recorded_at_ms: int | None) -> Rest:
    """Encode what rows have in common.

    Args:
        fact: Its `event_id`, its date and whether it has evidence have no part in it, but for
            `Rest.after`, which says of evidence what the fact does.
        recorded_at_ms: The source system's own clock, ms UTC.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    encoders = _encoders()
    proved = fact._replace(has_evidence=True)
    clock = encoders.clock((recorded_at_ms, ""))
    after = (encoders.after(one[_DATE.stop :]) + clock for one in (fact, proved))
    return Rest(encoders.before(fact[1 : _DATE.start]), *after)


def encode_date(
    occurred_at_ms: int | None, set_by: SetBy, precision: Precision, zone: str | None
) -> bytes:
    """Encode when a row's act took place, as a fact states it.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    return _encoders().date((occurred_at_ms, set_by, precision, zone))


def encode_row(  # noqa: PLR0913  # the parts of an event, in their order
    subject: bytes, event_id: bytes, before: bytes, date: bytes, after: bytes, evidence: bytes
) -> bytes:
    """Encode and frame one event.

    Args:
        subject: E.164.
        event_id: 16 bytes.
        before: From `encode_rest`.
        date: From `encode_date`.
        after: From `encode_rest`.
        evidence: Framed.
    """
    length = zigzag(len(evidence))
    named = zigzag(len(subject))
    return b"".join((_EVENT_HEAD, named, subject, event_id, before, date, after, length, evidence))


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
    before: Encoder
    date: Encoder
    after: Encoder
    clock: Encoder
    evidence: Encoder


@cache
def _encoders() -> _Encoders:
    event, evidence = pinned()[EVENT_ID].schema, pinned()[EVIDENCE_ID].schema
    defined = definitions(event)
    fact = defined["Fact"]["fields"]
    # What stands in evidence hardly repeats: remembering it would fill the memory.
    words = Build({}, ENUMS, frozenset(_NAMES))

    def stretch(name: str, fields: list[Schema], build: Build = BUILD) -> Encoder:
        return compile_encoder({"name": name, "fields": fields}, build, defined)

    return _Encoders(
        stretch("Before", fact[1 : _DATE.start]),
        stretch("Date", fact[_DATE]),
        stretch("After", fact[_DATE.stop :]),
        stretch("Clock", event["fields"][2:4]),
        stretch("Words", evidence["fields"][:-1], words),
    )
