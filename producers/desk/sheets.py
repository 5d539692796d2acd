"""The forms of the desk: a refusal (or *not now*), a spoken consent, a correction."""

from __future__ import annotations

from typing import Any, Final

from consentlog.domain.scope import Scope
from producers.desk.choices import Choices
from producers.desk.clerk import Clerk
from producers.desk.fields import UNTIL, Field, Group, Kind, Sheet, Typed
from producers.page_texts import Texts
from producers.request import MAX_REF, EventIn

_MAX_WORDS: Final = 8192
_MAX_DATE: Final = 64
"""Characters; what is shorter and no date is told by the acceptor."""
_NARROWER: Final = ("brand", "campaign", "channel")

_NUMBER: Final = Field("number", Kind.NUMBER, 256, is_needed=True)
_ENTITY: Final = Field("entity", Kind.CHOICE, is_needed=True)
_CALL: Final = Field("call", most=MAX_REF)
_SHA256: Final = r"[0-9a-fA-F]{64}"
_EVENT_ID: Final = r"[0-9a-fA-F]{32}"


def _of_refusal(typed: Typed, choices: Choices, words: Texts) -> dict[str, str]:
    """Check what belongs together: a part of a refusal, and the end of *not now*."""
    found = {}
    entity, brand, campaign = (typed.get(name) for name in ("entity", "brand", "campaign"))
    if any(typed.get(name) for name in _NARROWER) and not typed.get("words"):
        found["words"] = words.say("missing_words")
    is_sure = entity in choices.values("entity")
    if is_sure and not choices.knows(Scope(entity, brand or None, campaign or None)):
        found["campaign" if campaign else "brand"] = words.say("not_of_entity")
    if typed.is_not_now and not typed.get(UNTIL):
        found[UNTIL] = words.say("missing_until")
    if typed.is_not_now and len(typed.get(UNTIL)) > _MAX_DATE:
        found[UNTIL] = words.say("too_long", most=str(_MAX_DATE))
    return found


def _nothing_else(_typed: Typed, _choices: Choices, _words: Texts) -> dict[str, str]:
    return {}


def _refusal(typed: Typed, clerk: Clerk) -> EventIn:
    what: dict[str, str] = {"action": "refused", "basis": typed.get("basis") or "objection"}
    if typed.is_not_now:
        # The hold ends as the day begins, by the clocks of the source.
        until = f"{typed.get(UNTIL)}T00:00:00"
        what = {"action": "held", "hold_kind": "not_now", "until": until}
    scope = {name: typed.some(name) for name in ("brand", "campaign", "purpose")}
    scope |= {"channel": typed.get("channel") or "all"}
    return _act(typed, clerk, scope, {**what, "method": "spoken"})


def _consent(typed: Typed, clerk: Clerk) -> EventIn:
    scope: dict[str, str | None] = {"channel": typed.get("channel")}
    return _act(typed, clerk, scope, {"action": "granted", "method": "spoken"})


def _correction(typed: Typed, clerk: Clerk) -> EventIn:
    target = typed.get("target").lower()
    return _act(typed, clerk, {}, {"action": "corrected", "target": target})


def _act(typed: Typed, clerk: Clerk, scope: dict[str, str | None], what: dict[str, str]) -> EventIn:
    evidence = {
        "verbatim": typed.some("words") or typed.some("reason"),
        "script_version": typed.some("script"),
        "recording_uri": typed.some("recording"),
        "recording_sha256": typed.get("sha256").lower() or None,
        "consent_text_version": typed.some("text_version"),
    }
    stated: dict[str, Any] = {
        "number": typed.get("number"),
        "scope": {"entity": typed.get("entity"), **scope},
        "source_ref": typed.some("call"),
        "nonce": typed.nonce,
        "actor": clerk.actor.model_dump(),
        "evidence": evidence if any(evidence.values()) else None,
    }
    return EventIn.model_validate(stated | what)


RECORD: Final = Sheet(
    "record",
    "/desk",
    "events:write",
    (
        Group((_NUMBER, _ENTITY)),
        Group(
            (
                Field("purpose", Kind.CHOICE),
                Field("basis", Kind.CHOICE),
                _CALL,
                Field("script"),
            )
        ),
        Group(
            (
                Field("brand", Kind.CHOICE),
                Field("campaign", Kind.CHOICE),
                Field("channel", Kind.CHOICE),
                Field("words", most=_MAX_WORDS),
            ),
            "part",
        ),
        Group((Field("recording", most=2048), Field("sha256", pattern=_SHA256)), "proof"),
    ),
    _of_refusal,
    _refusal,
    ("entity", "script"),
    has_not_now=True,
)
"""A refusal in one step: the number and Enter."""

CONSENT: Final = Sheet(
    "consent",
    "/desk/consent",
    "grants:write",
    (
        Group(
            (
                _NUMBER,
                _ENTITY,
                Field("channel", Kind.CHOICE, is_needed=True, choices="granted_channel"),
            )
        ),
        Group((Field("words", Kind.AREA, _MAX_WORDS, is_needed=True),)),
        Group((Field("text_version", is_needed=True), _CALL)),
        Group(
            (
                Field("recording", most=2048, is_needed=True),
                Field("sha256", is_needed=True, pattern=_SHA256),
            )
        ),
    ),
    _nothing_else,
    _consent,
    ("entity", "text_version"),
)
"""A spoken consent, which counts once somebody else has heard it too."""

CORRECT: Final = Sheet(
    "correct",
    "/desk/correct",
    "corrections:write",
    (
        Group((_NUMBER, _ENTITY)),
        Group((Field("target", is_needed=True, pattern=_EVENT_ID), _CALL)),
        Group((Field("reason", Kind.AREA, _MAX_WORDS, is_needed=True),)),
    ),
    _nothing_else,
    _correction,
)
"""The correction of something that was recorded wrongly."""

SHEETS: Final = (RECORD, CONSENT, CORRECT)
"""Every form, in the order of the tabs."""
