"""Ids: the same act has the same id, however often it is delivered (rules of refusal 2).

Ids of refusals err towards different, ids of grants towards same: a refusal too many does no harm,
and a grant that is kept twice would outlive its correction.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact, fingerprint
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action

ID_BYTES = 16

_SAME_ID_IS_ONE_ACT: Final = frozenset({Action.REFUSED, Action.GRANTED, Action.HELD})
"""Actions of which a source's own name is enough.

Variants of a refusal or a hold under one id all count, and a grant that is told in two ways is a
conflict that a person must see. Of the others, one ticket may well hold several: two corrections
under one name, of two targets or by two people, would be a conflict that blocks the number.
"""


class Named(NamedTuple):
    """What a source gave that tells one act from another; None where it gave nothing.

    `nonce` is the message's id, the form as it was rendered or the press of its button, or the name
    of an imported list (its file's name is none: the same row of the same list is one act).
    `source_ref` is the source's own reference: call, message, ticket. `batch` is the
    `Idempotency-Key` of a batch with the index of the item.
    """

    nonce: str | None = None
    source_ref: str | None = None
    batch: str | None = None


def act_id(key: bytes, subject: str, fact: Fact, named: Named, fresh: str) -> bytes:
    """Compute the id of an act from all that is known of it.

    Args:
        key: The deployment's id key.
        subject: E.164.
        fact: What the act says; its own `event_id` and the clocks of its reception have no part.
        named: What the source gave.
        fresh: Text that was never used before, for an act that nothing names.

    Returns:
        16 bytes.
    """
    return event_id(
        key,
        fact.source,
        named.source_ref or "",
        subject,
        fact.action,
        fact.scope,
        nonce_of(fact, named, fresh),
    )


def nonce_of(fact: Fact, named: Named, fresh: str) -> str:
    """Return what makes an act one act.

    The source's nonce; else its reference, which is in the id anyway; else the key of the batch.
    Without any of them a refusal, a hold or an end of consent is a new act each time; a grant is
    known by its time, in whichever batch it comes; what names another event by what it says.

    Args:
        fact: What the act says.
        named: What the source gave.
        fresh: Text that was never used before.
    """
    if named.nonce is not None:
        name = f"nonce:{named.nonce}"
    elif named.source_ref is not None:
        name = "ref"
    elif fact.action is Action.GRANTED:
        name = f"at:{fact.occurred_at_ms}"
    elif named.batch is not None:
        name = f"key:{named.batch}"
    else:
        name = "target" if fact.target is not None else f"fresh:{fresh}"
    if fact.action in _SAME_ID_IS_ONE_ACT:
        return name
    return f"{name}:{fingerprint(fact).hex()}"


def event_id(  # noqa: PLR0913  # the six parts are the rule
    key: bytes, source: str, source_ref: str, subject: str, action: Action, scope: Scope, nonce: str
) -> bytes:
    """Compute an event's id.

    Args:
        key: The deployment's id key; without it nobody can tell which number an id belongs to.
        source: Registry id of the source.
        source_ref: The source's own reference: call id, message id, ticket.
        subject: E.164.
        action: What happened.
        scope: What it is about.
        nonce: What makes this act one act (`nonce_of`).

    Returns:
        16 bytes: HMAC-SHA256, cut.

    Source: RFC 2104.
    """
    return EventIds(key, source, action, scope, nonce).of(source_ref, subject)


class EventIds:
    """Ids of events that differ in reference and subject alone; see `event_id`.

    Args:
        key: The deployment's id key.
        source: Registry id of the source.
        action: What happened.
        scope: What it is about.
        nonce: What makes an act one act.
    """

    def __init__(self, key: bytes, source: str, action: Action, scope: Scope, nonce: str) -> None:
        self._mac = hmac.new(key, _part(source.encode()), hashlib.sha256)
        texts = (action, *(name or "\x00" for name in scope), nonce)
        self._end = b"".join(_part(text.encode()) for text in texts)

    def of(self, source_ref: str, subject: str) -> bytes:
        """Return the id of one event, 16 bytes."""
        mac = self._mac.copy()
        mac.update(_part(source_ref.encode()) + _part(subject.encode()) + self._end)
        return mac.digest()[:ID_BYTES]


def case_id(key: bytes, source: str, reason: str, payload: bytes) -> bytes:
    """Compute the id of a case for a person, so that a delivery repeated opens no second one.

    Args:
        key: The deployment's id key: the id must not tell whose number is in the case.
        source: Registry id of the source.
        reason: Why a person must look.
        payload: What came in, as it came.

    Returns:
        16 bytes.
    """
    return _mac(key, b"review", source.encode(), reason.encode(), payload)


def id_of_bytes(key: bytes | None, value: bytes | None) -> bytes:
    """Name something that has no id of its own, so that a replay names it the same.

    Args:
        key: Topic key as it lies in the log, or None.
        value: Value as it lies in the log, or None.

    Returns:
        First 16 bytes of SHA-256 over both, each with its length.
    """
    digest = hashlib.sha256()
    for data in (key, value):
        digest.update(b"\xff" if data is None else len(data).to_bytes(8, "big") + data)
    return digest.digest()[:ID_BYTES]


def _mac(key: bytes, *parts: bytes) -> bytes:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for data in parts:
        mac.update(_part(data))
    return mac.digest()[:ID_BYTES]


def _part(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
