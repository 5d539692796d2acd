"""Ids of events: the same act has the same id.

However often it is delivered (rules of refusal 2).
"""

from __future__ import annotations

import hashlib
import hmac

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action

ID_BYTES = 16


def event_id(  # noqa: PLR0913  # the six parts are the rule
    key: bytes, source: str, source_ref: str, subject: str, action: Action, scope: Scope, nonce: str
) -> bytes:
    """Compute an event's id.

    Ids of refusals err towards different, ids of grants towards same: the caller chooses the nonce
    so that refuse, grant, refuse again through one link are three acts, and a delivery repeated is
    one.

    Args:
        key: The deployment's id key; without it nobody can tell which number an id belongs to.
        source: Registry id of the source.
        source_ref: The source's own reference: call id, message id, ticket.
        subject: E.164.
        action: What happened.
        scope: What it is about.
        nonce: What makes this act one act: message id, rendered form, list name.

    Returns:
        16 bytes: HMAC-SHA256, cut.

    Source: RFC 2104.
    """
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in (source, source_ref, subject, action, *(name or "\x00" for name in scope), nonce):
        data = part.encode()
        mac.update(len(data).to_bytes(4, "big") + data)
    return mac.digest()[:ID_BYTES]


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
