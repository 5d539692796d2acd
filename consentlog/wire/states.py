"""State records as bytes: the public contract for dialers (docs/state-contract.md)."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from consentlog.domain.derive import Derived, Grant, Hold, Refusal, derive
from consentlog.domain.facts import SCOPE_FIELDS, key_of
from consentlog.domain.state import EMPTY, SubjectState
from consentlog.errors import CodecError
from consentlog.wire.build import BUILD, Hole, Progress
from consentlog.wire.decoding import Decoder, compile_decoder
from consentlog.wire.encoding import Encoder, compile_encoder
from consentlog.wire.framing import HEAD_BYTES, head, schema_id_of
from consentlog.wire.longs import zigzag
from consentlog.wire.schemas import STATE_ID, pinned
from consentlog.wire.source import definitions

FOLD_VERSION: Final = 1
"""Version of the rules that derive; a new one recomputes the derived part from the fact map."""

NOT_A_NUMBER: Final = "@"
"""Subjects that start with this are records about a partition."""


class StateRecord(NamedTuple):
    """One record of the state topic.

    `as_of` is an offset of the events topic; (`log_epoch`, `as_of`) never decreases along a state
    partition for a reader. `writer` is 16 random bytes per process and generation.
    """

    subject: str
    as_of: int
    writer: bytes
    state: SubjectState = EMPTY
    log_epoch: int = 0
    fold_version: int = FOLD_VERSION
    progress: Progress | None = None
    hole: Hole | None = None

    @property
    def position(self) -> tuple[int, int]:
        """What readers order by."""
        return self.log_epoch, self.as_of


def progress_subject(partition: int) -> str:
    """Return the subject of a partition's progress record."""
    return f"@progress/{partition}"


def hole_subject(partition: int, hole: Hole) -> str:
    """Return the subject of the record of a hole."""
    return f"@hole/{partition}/{hole.first}-{hole.last}"


def encode_state(record: StateRecord) -> bytes:
    """Encode and frame one state record; the derived part is computed here, from the map alone.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    state = record.state
    facts = state.facts
    derived = derive(facts)
    encode = _encoders()
    ordered = [facts[key] for key in sorted(facts)] if len(facts) > 1 else facts.values()
    return b"".join(
        (
            _HEAD,
            encode.front((record.subject, record.as_of)),
            encode.about[
                record.log_epoch,
                record.writer,
                record.fold_version,
                state.overflow,
                record.progress,
                record.hole,
            ],
            _block([getattr(fact, "encoded", b"") or encode.fact(fact) for fact in ordered]),
            b"\x01" if derived.review or state.overflow else b"\x00",
            _block(_scopes(derived, encode)),
            _block(
                [encode.hold((h.event_id, h.kind, *h.scope, h.until_ms)) for h in derived.holds]
            ),
        )
    )


def _fields_of(hold: Hold) -> tuple[Any, ...]:
    return hold.event_id, hold.kind, *hold.scope, hold.until_ms


def _block(items: list[bytes]) -> bytes:
    """Return an Avro array of items that are encoded already."""
    return b"".join((zigzag(len(items)), *items, b"\x00")) if items else b"\x00"


def decode_state(value: bytes | None) -> StateRecord:
    """Unframe and decode one state record.

    The derived part is checked for shape and dropped: whoever decides computes it from the map.

    Raises:
        CodecError: `CL-3101` for another schema, truncated or corrupt bytes, or bytes left over.
    """
    if value is None or value[:HEAD_BYTES] != _HEAD:
        raise CodecError("CL-3101", reason=f"not a consent state but schema {schema_id_of(value)}")
    try:
        wire, end = _decoder()(value, HEAD_BYTES)
    except (LookupError, ValueError) as exc:
        raise CodecError("CL-3101", reason=str(exc)) from exc
    if end != len(value):
        raise CodecError("CL-3101", reason="the record does not end where its bytes end")
    facts = {key_of(fact): fact for fact in wire.facts}
    return StateRecord(
        wire.subject,
        wire.as_of,
        wire.writer,
        SubjectState(facts, wire.overflow),
        wire.log_epoch,
        wire.fold_version,
        wire.progress,
        wire.hole,
    )


def _scopes(derived: Derived, encode: _Encoders) -> list[bytes]:
    """Latest refusal and latest valid grant by scope; on equal times the greater key, as sorted."""
    refusals: dict[Any, Refusal] = {}
    grants: dict[Any, Grant] = {}
    for refusal in derived.refusals:
        scope = refusal.fact[SCOPE_FIELDS]
        known = refusals.get(scope)
        if known is None or known.barrier_ms <= refusal.barrier_ms:
            refusals[scope] = refusal
    for grant in derived.grants:
        scope = grant.fact[SCOPE_FIELDS]
        latest = grants.get(scope)
        if latest is None or latest.granted_at_ms <= grant.granted_at_ms:
            grants[scope] = grant
    states = []
    for scope in {**refusals, **grants} if grants else refusals:
        against, towards = refusals.get(scope), grants.get(scope)
        refused = granted = _NO
        if against is not None:
            fact = against.fact
            refused = encode.refused((fact.acted_at_ms, against.barrier_ms, fact.event_id))
        if towards is not None:
            granted = encode.granted(
                (towards.granted_at_ms, towards.until_ms, towards.fact.event_id)
            )
        states.append(encode.scopes[scope] + refused + granted)
    return states


_NO: Final = bytes(3)
"""Three fields that are null."""


class _Repeating(dict[tuple[Any, ...], bytes]):
    """Encodings of what comes again and again: a scope, a writer. Emptied when full."""

    def __init__(self, encode: Encoder) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, fields: tuple[Any, ...]) -> bytes:
        if len(self) >= 4096:
            self.clear()
        encoded = self[fields] = self._encode(fields)
        return encoded


class _Encoders(NamedTuple):
    """Parts of a state record, each compiled from its stretch of the schema's fields."""

    front: Encoder
    about: _Repeating
    fact: Encoder
    scopes: _Repeating
    refused: Encoder
    granted: Encoder
    hold: Encoder


_HEAD: Final = head(STATE_ID)


@cache
def _decoder() -> Decoder:
    return compile_decoder(pinned()[STATE_ID].schema, BUILD)


@cache
def _encoders() -> _Encoders:
    schema = pinned()[STATE_ID].schema
    defined = definitions(schema)
    fields, scope = schema["fields"], defined["ScopeState"]["fields"]

    def stretch(some: list[Any]) -> Encoder:
        return compile_encoder({"name": "Stretch", "fields": some}, BUILD, defined)

    return _Encoders(
        front=stretch(fields[:2]),
        about=_Repeating(stretch(fields[2:8])),
        fact=compile_encoder(defined["Fact"], BUILD, defined),
        scopes=_Repeating(stretch(scope[:5])),
        refused=stretch(scope[5:8]),
        granted=stretch(scope[8:]),
        hold=stretch(defined["HoldState"]["fields"]),
    )
