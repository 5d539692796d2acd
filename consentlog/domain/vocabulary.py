"""The closed sets of words that events and contacts are made of.

Values are the words of the rules of refusal; the wire's symbols are the same words in upper case.
`UNKNOWN` is what a reader gets for a word that it does not know yet: it never permits anything.
"""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What an event says happened; past tense, because an event is never edited."""

    UNKNOWN = "unknown"
    REFUSED = "refused"
    GRANTED = "granted"
    CONSENT_ENDED = "consent_ended"
    HELD = "held"
    HOLD_RELEASED = "hold_released"
    CORRECTED = "corrected"
    APPROVED = "approved"


class Basis(StrEnum):
    """Why a refusal was recorded."""

    UNKNOWN = "unknown"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    DO_NOT_CALL_LIST = "do_not_call_list"
    AUTHORITY = "authority"


class Purpose(StrEnum):
    """What a contact is for; `ALL` stands in scopes only."""

    UNKNOWN = "unknown"
    MARKETING = "marketing"
    SERVICE = "service"
    ALL = "all"


class Channel(StrEnum):
    """How a contact would be made; `ALL` stands in scopes only. Not where an event came from."""

    UNKNOWN = "unknown"
    VOICE = "voice"
    SMS = "sms"
    ALL = "all"


class SetBy(StrEnum):
    """Who stated `occurred_at`."""

    UNKNOWN = "unknown"
    SOURCE = "source"
    GATEWAY = "gateway"


class Precision(StrEnum):
    """How exact `occurred_at` is."""

    UNKNOWN = "unknown"
    INSTANT = "instant"
    MINUTE = "minute"
    DAY = "day"


class HoldKind(StrEnum):
    """Kind of a hold; all but `NOT_NOW` have no end and ignore grants."""

    UNKNOWN = "unknown"
    NOT_NOW = "not_now"
    DISPUTE = "dispute"
    UNVERIFIED = "unverified"
    UNCLEAR = "unclear"
    UNDECODABLE = "undecodable"
    CONFLICT = "conflict"


class Method(StrEnum):
    """How the person expressed it."""

    UNKNOWN = "unknown"
    KEYWORD = "keyword"
    SPOKEN = "spoken"
    WEB = "web"
    APP = "app"
    FORM = "form"
    LETTER = "letter"
    IMPORT = "import"
    COMPLAINT = "complaint"


class ActorType(StrEnum):
    """Kind of whoever recorded an event."""

    UNKNOWN = "unknown"
    PERSON = "person"
    AGENT = "agent"
    STAFF = "staff"
    SYSTEM = "system"
    AUTHORITY = "authority"
