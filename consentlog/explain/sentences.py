"""One fact, one scope, one instant in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consentlog.errors import Language
from consentlog.explain.wording import listed, word

Fields = Mapping[str, Any]
"""A JSON object, as `part.py` makes it."""

_TO_THE_SECOND: Final = "%Y-%m-%d %H:%M:%S"
_FORMS: Final = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M"}


_FITTING: Final = {
    "refused": {"refused"},
    "held": {"held", "unknown"},
    "grant_too_old": {"granted"},
}


def is_behind(fact: Fields, reason: Fields) -> bool:
    """Tell whether a fact is the one that a reason names; variants of one id may be of any kind."""
    same = fact["event_id"] == reason.get("event_id")
    return same and fact["action"] in _FITTING.get(reason["code"], ())


def say_instant(text: str, zone: str | None, *, form: str = _TO_THE_SECOND) -> str:
    """Say an instant in a zone, and in which.

    Args:
        text: RFC 3339.
        zone: IANA zone; UTC for None and for one that this machine does not know.
        form: What of it.
    """
    name, tz = "UTC", None
    if zone is not None:
        try:
            name, tz = zone, ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            name = "UTC"
    try:
        local = datetime.fromisoformat(text).astimezone(tz or UTC)
    except OverflowError:  # within a day of the calendar's end
        name, local = "UTC", datetime.fromisoformat(text)
    return f"{local.strftime(form)} {name}"


def say_fact(fact: Fields, zone: str, lang: Language) -> str:
    """Say what one fact is: which act, when, through what, by whom, about what.

    Args:
        fact: Its JSON form, with or without what is withheld.
        zone: Zone for instants that state none.
        lang: Language to say it in.
    """
    parts = [word(lang, "action", fact["action"]) + _qualified(fact, lang)]
    parts.append(say_time(fact, zone, lang))
    if "method" in fact:
        parts.append(word(lang, "method", fact["method"]))
    if "actor" in fact:
        parts.append(_actor(fact, lang))
    received = say_instant(fact["accepted_at"], fact.get("zone", zone))
    parts.append(word(lang, "time", "received").format(at=received))
    if "until" in fact:
        until = say_instant(fact["until"], fact.get("zone", zone))
        parts.append(word(lang, "time", "until").format(at=until))
    if "target" in fact:
        parts.append(word(lang, "note", "names").format(fact["target"]))
    parts.append(
        word(lang, "scope", "is").format(say_scope(fact["scope"], lang))
        if "scope" in fact
        else word(lang, "scope", "withheld")
    )
    parts.append(word(lang, "note", "event").format(fact["event_id"]))
    return listed(parts, lang)


def say_briefly(fact: Fields, zone: str, lang: Language) -> str:
    """Say when and through what, for one line; arguments as in `say_fact`."""
    parts = [say_time(fact, zone, lang)]
    if "kind" in fact:
        parts.insert(0, word(lang, "kind", fact["kind"]))
    if "method" in fact:
        parts.append(word(lang, "method", fact["method"]))
    if "source" in fact:
        parts.append(_source(fact, lang))
    return listed(parts, lang)


def say_time(fact: Fields, zone: str, lang: Language) -> str:
    """Say when the act was, as exactly as its source said, in the zone that it stated."""
    if "occurred_at" not in fact:
        return word(lang, "time", "none")
    precision = fact.get("precision")
    # A day without a zone was written down as that day of UTC; elsewhere it may be another.
    stated = fact.get("zone", "UTC" if precision == "day" else zone)
    at = say_instant(fact["occurred_at"], stated, form=_FORMS.get(precision or "", _TO_THE_SECOND))
    key = "said"
    if fact.get("clock_wrong"):
        key = "clock_wrong"
    elif precision == "day":
        key = "day_only"
    elif fact.get("occurred_at_set_by") == "gateway":
        key = "on_receipt"
    return word(lang, "time", key).format(at=at)


def say_scope(scope: Fields, lang: Language) -> str:
    """Say a scope or a contact; what it does not name is every one."""
    entity = scope.get("entity", "*")
    parts = [
        word(lang, "scope", "any_entity")
        if entity == "*"
        else word(lang, "scope", "entity").format(entity)
    ]
    parts += [
        word(lang, "scope", name).format(scope[name])
        for name in ("brand", "campaign")
        if name in scope
    ]
    parts.append(word(lang, "scope", scope.get("purpose", "all_purposes")))
    parts.append(word(lang, "scope", scope.get("channel", "all_channels")))
    return ("、" if lang == "zh" else " / ").join(parts)


def _qualified(fact: Fields, lang: Language) -> str:
    said = [word(lang, name, fact[name]) for name in ("basis", "kind") if name in fact]
    opened, closed = ("（", "）") if lang == "zh" else (" (", ")")
    return f"{opened}{listed(said, lang)}{closed}" if said else ""


def _source(fact: Fields, lang: Language) -> str:
    return word(lang, "note", "source").format(fact["source"])


def _actor(fact: Fields, lang: Language) -> str:
    actor = fact["actor"]
    text = word(lang, "actor", actor["type"]).format(id=actor.get("id", "")).strip()
    if "source" in fact:
        text = listed([_source(fact, lang), text], lang)
    if "role" in actor:
        text += word(lang, "actor", "role").format(role=actor["role"])
    return text
