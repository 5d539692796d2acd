"""From a proposed list to its consents: who may state them, and whether they are what was approved.

Nothing is kept here. The id of a take-over is made from its manifest, so the manifest that comes
with the rows is the approved one or has another id; and the decision is in the review log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from consentlog.domain.acts import BACKFILL
from consentlog.domain.ids import case_id
from consentlog.errors import TransientError
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused, pointers_of
from consentlog.ports import Clock
from consentlog.wire.instants import write_utc
from consentlog.wire.reviews import MAX_PAYLOAD_BYTES, ReviewEvent, ReviewReason
from producers.accept import Acceptor
from producers.draft import Reception
from producers.outcome import Outcome
from producers.reviews.book import ReviewBook
from producers.reviews.case import Case, Decided
from producers.reviews.opening import open_review
from producers.reviews.proposer import sentence_of
from producers.stated import read_times
from producers.takeovers.manifest import Manifest, canonical, digest_of
from producers.takeovers.row import SPOKEN, TakeoverRow

APPROVED: Final = "approved"
WAITING: Final = "waiting"
DECLINED: Final = "declined"

_MAY_GRANT: Final = frozenset({"grants:write"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a take-over stands; `by` whom and when it was decided, ms UTC."""

    status: str
    by: str | None = None
    at_ms: int | None = None

    @property
    def shown(self) -> dict[str, object]:
        """What a caller is told."""
        at = None if self.at_ms is None else write_utc(self.at_ms)
        told = {"decided_by": self.by, "decided_at": at}
        return {"status": self.status, **{name: text for name, text in told.items() if text}}


class Takeovers:
    """Decides about lists of documented consents.

    Args:
        acceptor: Decides what becomes of one consent.
        book: Tells what was decided of a list.
        id_key: The deployment's key for ids.
        clock: When a case is opened.
    """

    def __init__(self, acceptor: Acceptor, book: ReviewBook, id_key: bytes, clock: Clock) -> None:
        self._acceptor = acceptor
        self._book = book
        self._id_key = id_key
        self._clock = clock

    def propose(self, manifest: Manifest, principal: Principal) -> ReviewEvent:
        """Open the case of a list; the same manifest of the same source is the same case.

        Raises:
            RequestRefused: `CL-1103`, `CL-1104` if the key may not, `CL-1901` for a manifest that
                does not fit into a case.
        """
        principal.require(BACKFILL)
        if manifest.entity not in principal.source.entities:
            raise RequestRefused("CL-1104", entity=manifest.entity)
        payload = manifest.canonical
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise RequestRefused("CL-1901", bytes=len(payload), limit=MAX_PAYLOAD_BYTES)
        what = f"{manifest.rows} documented consents of a list"
        return open_review(
            self._id_key,
            ReviewReason.TAKEOVER,
            source=principal.source.id,
            opened_at_ms=self._clock.now_ms(),
            payload=payload,
            detail=sentence_of(what, principal.key_id),
            entity=manifest.entity,
        )

    def standing(self, takeover_id: bytes, principal: Principal) -> Standing | None:
        """Tell how a take-over stands; None if the log does not know it, or it is another source's.

        Raises:
            RequestRefused: `CL-1103`.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal.require(BACKFILL)
        self._check_complete()
        found = self._book.find(takeover_id)
        if isinstance(found, Decided):
            status = APPROVED if found.decision == APPROVED else DECLINED
            return Standing(status, found.by, found.at_ms)
        return Standing(WAITING) if found is not None and _is_of(found, principal) else None

    def check(
        self,
        takeover_id: bytes,
        manifest: Manifest,
        batch: int,
        rows: Sequence[object],
        principal: Principal,
    ) -> Decided:
        """Check that exactly these rows were approved by somebody else.

        Args:
            takeover_id: Of the list.
            manifest: Of the list, once more.
            batch: Place of the rows in it, from 0.
            rows: As they came.
            principal: Who sends them.

        Returns:
            The decision.

        Raises:
            RequestRefused: `CL-1103` for the key, `CL-1905` for another manifest, `CL-1903` and
                `CL-1904` for one that waits or was declined, `CL-1907` for one that the sender
                approved, `CL-1906` for other rows.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal.require(BACKFILL)
        self._check_complete()
        case = case_id(self._id_key, principal.source.id, ReviewReason.TAKEOVER, manifest.canonical)
        if case != takeover_id:
            raise RequestRefused("CL-1905")
        decided = self._book.decision(takeover_id)
        if decided is None:
            raise RequestRefused("CL-1903", review=takeover_id.hex())
        if decided.decision != APPROVED:
            raise RequestRefused("CL-1904", decision=decided.decision, by=decided.by)
        if decided.by == principal.key_id:
            raise RequestRefused("CL-1907")
        if not _is_batch(manifest, batch, rows):
            raise RequestRefused("CL-1906", batch=batch)
        return decided

    def accept(
        self, raw: object, manifest: Manifest, by: str, principal: Principal, offset_ms: int | None
    ) -> Outcome:
        """Decide what becomes of one row of an approved list.

        The actor is the source, not the key: a key that was renewed sends the same act, and one
        that is told in two ways would be a conflict that blocks the number.

        Args:
            raw: The row as it came.
            manifest: Of its list.
            by: Which approval it rests on.
            principal: Who sends it.
            offset_ms: How far the sender's clock was measured to be off; None if it was not.
        """
        if isinstance(raw, dict) and raw.get("method") == SPOKEN:
            return Outcome(refusal=RequestRefused("CL-1908"))
        try:
            row = TakeoverRow.model_validate(raw)
        except ValidationError as exc:
            errors = pointers_of(exc.errors(include_input=False, include_url=False))
            return Outcome(refusal=RequestRefused("CL-1001", extra={"errors": errors}))
        source = principal.source
        item = row.event(manifest.entity, manifest.list_, source.id, by)
        try:
            stated_ms = read_times(item, source.zone).occurred_at_ms
        except RequestRefused as refusal:
            return Outcome(refusal=refusal)
        if stated_ms is None or not manifest.first_ms <= stated_ms <= manifest.last_ms:
            return Outcome(refusal=RequestRefused("CL-1909"))
        speaker = Principal(principal.key_id, source, _MAY_GRANT)
        return self._acceptor.accept(item, speaker, Reception(canonical(raw), offset_ms=offset_ms))

    def _check_complete(self) -> None:
        if not self._book.is_complete:
            raise TransientError("CL-1801")


def approval(takeover_id: bytes, decided: Decided) -> str:
    """Name an approval in the evidence of what rests on it."""
    return f"takeover {takeover_id.hex()}, approved by {decided.by}"


def _is_of(case: Case, principal: Principal) -> bool:
    opened = case.opened
    return opened.reason is ReviewReason.TAKEOVER and opened.source == principal.source.id


def _is_batch(manifest: Manifest, batch: int, rows: Sequence[object]) -> bool:
    if batch >= len(manifest.batches):
        return False
    try:
        return digest_of(rows) == manifest.batches[batch]
    except RecursionError:
        return False
