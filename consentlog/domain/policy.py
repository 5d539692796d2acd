"""Policy rows: dated data, not code (rules of refusal 9).

Several rows may hold at once; the strictest value wins, whoever wrote it. Whatever is not known of
a number makes more rows apply to it, never fewer. A decision names the rows that it used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias, cast

from consentlog.domain.hours import DAY_MINUTES, Hours, HoursAnswer, ask_hours
from consentlog.domain.place import Place
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import Channel, Purpose

ANYWHERE: Final = "*"
"""The jurisdiction of a row that holds for every number."""

DEFAULT_ROW: Final = "default"
"""Stands for a row's id where the rules of refusal themselves say the value."""

DRAFT: Final = "draft"
"""Confidence of a row that is kept to be shown as guidance, and binds nobody (rules 9)."""

DAY_MS: Final = 86_400_000


class What(StrEnum):
    """What a row prescribes; a closed list, each with its own idea of stricter."""

    BASIS_REQUIRED = "basis_required"
    CALLING_HOURS = "calling_hours"
    GRANT_MAX_AGE = "grant_max_age"
    HONOUR_WITHIN = "honour_within"
    RETENTION = "retention"
    NOT_NOW_MAX = "not_now_max"


Value: TypeAlias = bool | int | Hours
"""`BASIS_REQUIRED`: a boolean; `CALLING_HOURS`: hours; everything else: whole days."""

BUILT_IN_DAYS: Final[Mapping[What, int]] = {What.NOT_NOW_MAX: 30, What.RETENTION: 1827}
"""What holds without any row, and what no row of a deployment may loosen.

A `not_now` hold ends after 30 days at most; history is kept 5 years at least, of which two may be
leap years. Source: rules of refusal 2 and 9.
"""


def is_looser(what: What, own: Value, law: Value) -> bool:
    """Tell whether `own` permits anything that `law` does not.

    Args:
        what: What both prescribe.
        own: Value to be judged.
        law: Value that it is held against.

    Raises:
        ValueError: If the two are not of one type.
    """
    match own, law:
        case Hours(), Hours():
            return own.opens_minute < law.opens_minute or own.closes_minute > law.closes_minute
        case bool(), bool():
            return law and not own
        case int(), int():
            return own < law if what is What.RETENTION else own > law
    raise ValueError(f"{own!r} and {law!r} are values of different kinds")


def is_value(what: What, value: Value) -> bool:
    """Tell whether `value` has the type and range that `what` asks for.

    Days begin at 1, but a refusal may have to be honoured within 0: at once. A `not_now` hold never
    lasts longer than the rules of refusal allow.
    """
    if what is What.BASIS_REQUIRED:
        return isinstance(value, bool)
    if what is What.CALLING_HOURS:
        return isinstance(value, Hours) and 0 <= value[0] < value[1] <= DAY_MINUTES
    least = 0 if what is What.HONOUR_WITHIN else 1
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return least <= value and (what is not What.NOT_NOW_MAX or value <= BUILT_IN_DAYS[what])


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One dated row; valid from `from_ms` (included) up to `to_ms` (excluded), ms UTC.

    `jurisdiction` is the region (ISO 3166) of the numbers that it holds for, or `ANYWHERE`.
    `entity`, `purpose` and `channel` narrow the row; None means every one, but calling hours that
    name no channel are those of voice.

    Raises:
        ValueError: If `value` is not one that `what` can have.
    """

    id: str
    jurisdiction: str
    what: What
    value: Value
    from_ms: int
    to_ms: int | None
    citation: str
    confidence: str
    entity: str | None = None
    purpose: Purpose | None = None
    channel: Channel | None = None

    def __post_init__(self) -> None:
        if not is_value(self.what, self.value):
            raise ValueError(f"{self.value!r} is no value of {self.what}")

    def runs(self, at_ms: int) -> bool:
        """Tell whether the row is in force at `at_ms`, ms UTC."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)

    def is_about(
        self,
        what: What,
        entity: str,
        purpose: Purpose | None,
        channel: Channel | None,
        region: str | None,
    ) -> bool:
        """Tell whether the row binds contacts of this kind; a part that is None is not looked at.

        So rows of every jurisdiction bind a number whose region is not known.
        """
        return (
            self.what is what
            and self.confidence != DRAFT
            and self.entity in (None, entity)
            and (purpose is None or self.purpose in (None, purpose))
            and (channel is None or channel in self.channels)
            and (region is None or self.jurisdiction in (region, ANYWHERE))
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that the row is about."""
        if self.channel is None:
            return _VOICE if self.what is What.CALLING_HOURS else _EVERY
        return _EVERY if self.channel is Channel.ALL else (self.channel,)


_VOICE: Final = (Channel.VOICE,)
_EVERY: Final = (Channel.VOICE, Channel.SMS)
_OPEN: Final = HoursAnswer()


@dataclass(frozen=True, slots=True)
class Policy:
    """The rows of a deployment, already checked against looser values when they were read."""

    rows: tuple[PolicyRow, ...] = ()
    _sorted: dict[tuple[str | None, ...], tuple[PolicyRow, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Rows by what they prescribe and for whom, sorted out when first asked for.

    A decision asks three times; there are as many entries as kinds of contacts, emptied when full.
    """

    def find(self, row_id: str) -> PolicyRow | None:
        """Return the row of that id, for whoever must show its citation."""
        return next((row for row in self.rows if row.id == row_id), None)

    def basis_required(
        self, entity: str, purpose: Purpose, at_ms: int, region: str | None = None
    ) -> tuple[bool, str]:
        """Tell whether a contact without any refusal needs a grant.

        Args:
            entity: Entity of the contact.
            purpose: Purpose of the contact.
            at_ms: Instant of the contact, ms UTC.
            region: Region of the number; None if it is not known.

        Returns:
            Whether a grant is needed, and the id of the row that says so (`default` if none does:
            on for marketing, off for service).
        """
        row = _strictest(self._for(_BASIS, entity, purpose, None, region), at_ms)
        if row is None:
            return purpose is Purpose.MARKETING, DEFAULT_ROW
        return cast("bool", row.value), row.id

    def calling_hours(self, contact: Contact, at_ms: int, place: Place) -> HoursAnswer:
        """Tell which rows forbid a contact at this hour.

        A contact is inside a window only if it is inside in every zone that the number may be in.

        Args:
            contact: What somebody wants to do.
            at_ms: Instant of the contact, ms UTC.
            place: Where the number lives; without zones every row forbids.
        """
        rows = self._for(_HOURS, contact.entity, contact.purpose, contact.channel, place.region)
        if not rows:
            return _OPEN
        windows = {row.id: cast("Hours", row.value) for row in rows if row.runs(at_ms)}
        return ask_hours(windows, place.zones, at_ms) if windows else _OPEN

    def grant_max_age_ms(
        self, contact: Contact, at_ms: int, region: str | None
    ) -> tuple[int | None, str | None]:
        """Return how old a grant may be for this contact, ms, and the row that says so.

        None and None if no row does.
        """
        rows = self._for(_AGE, contact.entity, contact.purpose, contact.channel, region)
        row = _strictest(rows, at_ms)
        return (None, None) if row is None else (_days(row) * DAY_MS, row.id)

    def honour_within_days(
        self, entity: str, at_ms: int, region: str | None
    ) -> tuple[int | None, str | None]:
        """Return within how many days a refusal must be honoured, and the row that says so."""
        row = _strictest(self._for(What.HONOUR_WITHIN, entity, None, None, region), at_ms)
        return (None, None) if row is None else (_days(row), row.id)

    def not_now_max_ms(self, entity: str, at_ms: int, region: str | None) -> tuple[int, str]:
        """Return how long a `not_now` hold may last, ms, and the row that says so.

        At most 30 days, whatever the rows say (rules of refusal 2).
        """
        row = _strictest(self._for(What.NOT_NOW_MAX, entity, None, None, region), at_ms)
        if row is None:
            return BUILT_IN_DAYS[What.NOT_NOW_MAX] * DAY_MS, DEFAULT_ROW
        return _days(row) * DAY_MS, row.id

    def retention_days(self, at_ms: int) -> tuple[int, str]:
        """Return how long history is kept at least, in days, and the row that says so.

        One history holds every number, so the rows of all jurisdictions apply; never below 5 years.
        """
        row = _strictest(
            [r for r in self.rows if r.what is What.RETENTION and r.confidence != DRAFT], at_ms
        )
        least = BUILT_IN_DAYS[What.RETENTION]
        if row is None or _days(row) < least:
            return least, DEFAULT_ROW
        return _days(row), row.id

    def _for(
        self,
        what: What,
        entity: str,
        purpose: Purpose | None,
        channel: Channel | None,
        region: str | None,
    ) -> tuple[PolicyRow, ...]:
        asked = what, entity, purpose, channel, region
        rows = self._sorted.get(asked)
        if rows is None:
            if len(self._sorted) >= _MOST_SORTED:
                self._sorted.clear()
            rows = self._sorted[asked] = tuple(row for row in self.rows if row.is_about(*asked))
        return rows


_BASIS: Final = What.BASIS_REQUIRED
_HOURS: Final = What.CALLING_HOURS
_AGE: Final = What.GRANT_MAX_AGE
_MOST_SORTED: Final = 4096


def _strictest(rows: Iterable[PolicyRow], at_ms: int) -> PolicyRow | None:
    best: PolicyRow | None = None
    for row in rows:
        if row.runs(at_ms) and (best is None or is_looser(row.what, best.value, row.value)):
            best = row
    return best


def _days(row: PolicyRow) -> int:
    return cast("int", row.value)
