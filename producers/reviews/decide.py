"""Who sees a case, who has it, and what is decided of it.

For the HTTP interface and for pages alike: every method takes the key that asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from consentlog.domain.events import ConsentEvent
from consentlog.domain.registry import Registry
from consentlog.errors import TransientError
from consentlog.http.auth import Principal
from consentlog.http.problems import RequestRefused
from consentlog.kafka.topics import REVIEWS
from consentlog.observability.masking import mask_text
from consentlog.ports import Clock, Delivered, EventLog
from consentlog.wire.instants import write_utc
from consentlog.wire.reviews import ReviewAction, ReviewEvent, encode_review
from producers.accept import Acceptor
from producers.draft import Reception
from producers.intake import Intake
from producers.outcome import Outcome
from producers.request import EventIn
from producers.reviews.book import ReviewBook
from producers.reviews.case import Case, Decided, Kind, Place
from producers.reviews.proposer import proposers_of
from producers.reviews.shapes import DecisionIn, Verdict
from producers.reviews.verdict import acts_of, approval, check_fit
from producers.rules import check_rules

READ: Final = "reviews:read"
DECIDE: Final = "reviews:decide"
_FILED_WITHIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Done:
    """A decision that is durable, with the acts that followed and where each of them is."""

    decided: Decided
    events: tuple[tuple[ConsentEvent, Delivered], ...]


class Reviews:
    """The cases of one gateway.

    Args:
        registry: Whose source may see which case.
        book: What the review topic says.
        acceptor: Decides what becomes of the acts that follow from a decision.
        intake: Delivers them.
        log: Where the steps of cases go.
        clock: When it was decided.
    """

    def __init__(  # noqa: PLR0913  # what it puts together
        self,
        registry: Registry,
        book: ReviewBook,
        acceptor: Acceptor,
        intake: Intake,
        log: EventLog,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._book = book
        self._acceptor = acceptor
        self._intake = intake
        self._log = log
        self._clock = clock
        # Decided here, and not in the book yet: Kafka is away, or the follower is behind.
        self._ahead: dict[bytes, Decided] = {}
        # One decision at a time: two at once could both find a case open.
        self._turn = asyncio.Lock()

    def open_cases(
        self,
        principal: Principal,
        after: Place | None = None,
        wanted: Callable[[Kind], bool] = lambda _: True,
    ) -> Iterator[Case]:
        """Yield the open cases that a key may see, the oldest first.

        Args:
            principal: Who asks.
            after: Begin behind this place.
            wanted: Tells of which kinds.

        Raises:
            RequestRefused: `CL-1103` without `reviews:read`.
            TransientError: `CL-1801` while not all cases are read, `CL-1809` if the disk does not
                give them.
        """
        principal.require(READ)
        self._check_complete()
        sources = self._registry.sources

        def seen(kind: Kind) -> bool:
            return wanted(kind) and kind.whose.may_be_seen_by(principal, sources)

        cases = self._book.open_cases(after, seen)
        return (case for case in cases if case.opened.review_id not in self._ahead)

    def find(self, principal: Principal, review_id: bytes) -> Case | Decided:
        """Return one case, or what was decided of it.

        Raises:
            RequestRefused: As `open_cases`; `CL-1802` if there is none that the key may see.
            TransientError: `CL-1801` while not all cases are read.
        """
        principal.require(READ)
        self._check_complete()
        found = self._decided(review_id) or self._book.find(review_id)
        if found is None or not found.whose.may_be_seen_by(principal, self._registry.sources):
            raise RequestRefused("CL-1802")
        return found

    async def assign(
        self, principal: Principal, review_id: bytes, owner: str | None = None
    ) -> Case:
        """Give a case to somebody; returns after it is durable.

        Args:
            principal: Who gives it.
            review_id: Of an open case.
            owner: A role or a person's id; None = whoever asks.

        Raises:
            RequestRefused: `CL-1103` without `reviews:decide`, `CL-1802`, `CL-1803`.
            TransientError: A code with status 503 if it is not durable, or not all cases are read.
        """
        async with self._turn:
            case = self._open(principal, review_id)
            owner = owner or principal.key_id
            step = replace(
                case.opened, action=ReviewAction.ASSIGNED, owner=owner, payload=b"", detail=""
            )
            await self._file(step)
        return replace(case, owner=owner)

    async def decide(
        self, principal: Principal, review_id: bytes, asked: DecisionIn, trace: str | None = None
    ) -> Done:
        """Decide a case: first what follows from it is durable, then that it was decided.

        Ended in between, the case is still open, and the same decision is the same acts.

        Args:
            principal: Who decides.
            review_id: Of an open case.
            asked: The decision.
            trace: W3C trace context of the request.

        Raises:
            RequestRefused: `CL-1103` without `reviews:decide` or what an act needs, `CL-1802`,
                `CL-1803` if it was decided already, `CL-1804`, `CL-1805`, and what an act lacks;
                nothing is recorded then.
            TransientError: A code with status 503 if something of it is not durable, or not all
                cases are read.
        """
        async with self._turn:
            case = self._open(principal, review_id)
            outcomes = self._outcomes(case.opened, asked, principal)
            # In order: a refusal is there before the hold ends that stood in for it.
            events = [(one, await self._intake.deliver(Outcome(one), trace)) for one in outcomes]
            decided = Decided(
                asked.decision, principal.key_id, self._clock.now_ms(), case.owner, case.whose
            )
            if not await self._file(_step(case, decided, asked)):
                self._ahead[review_id] = decided
        return Done(decided, tuple(events))

    def _outcomes(
        self, case: ReviewEvent, asked: DecisionIn, principal: Principal
    ) -> Sequence[ConsentEvent]:
        check_fit(case, asked)
        if asked.verdict is Verdict.APPROVED:
            self._check_approver(case, asked, principal)
        acts = acts_of(case, asked, principal.key_id, self._registry.sources)
        return [self._event(act, principal) for act in acts]

    def _check_approver(self, case: ReviewEvent, asked: DecisionIn, principal: Principal) -> None:
        """Check that a second person approves; whether it counts is decided with the act.

        The scopes of a key may have changed since it proposed what waits.
        """
        check_rules(approval(case, asked, principal.key_id), principal)
        if principal.key_id in proposers_of(case):
            raise RequestRefused("CL-1805")

    def _event(self, act: EventIn, principal: Principal) -> ConsentEvent:
        outcome = self._acceptor.accept(act, principal, Reception(b""))
        if outcome.refusal is not None:
            raise outcome.refusal
        if outcome.review is not None:
            # It would be held, and a case opened about it: the name is here to be put right.
            unknown = outcome.review.detail.removeprefix("unknown: ")
            raise RequestRefused("CL-1204", unknown=unknown)
        assert outcome.event is not None  # noqa: S101  # an outcome has an event or a refusal
        return outcome.event

    async def _file(self, step: ReviewEvent) -> bool:
        """Deliver one step of a case; tells whether the book has it already."""
        key = step.review_id.hex().encode()
        delivered = await self._log.append(REVIEWS.name, key, encode_review(step), [])
        if delivered.position is None:
            return False
        return await self._book.applied(delivered.position.offset, _FILED_WITHIN_S)

    def _open(self, principal: Principal, review_id: bytes) -> Case:
        principal.require(DECIDE)
        found = self.find(principal, review_id)
        if isinstance(found, Decided):
            raise already(found)
        return found

    def _decided(self, review_id: bytes) -> Decided | None:
        in_log = self._book.decision(review_id)
        if in_log is not None:
            self._ahead.pop(review_id, None)
        return in_log or self._ahead.get(review_id)

    def _check_complete(self) -> None:
        if not self._book.is_complete:
            raise TransientError("CL-1801")


def already(decided: Decided) -> RequestRefused:
    """Return the problem of a case that was decided before."""
    at = "?" if decided.at_ms is None else write_utc(decided.at_ms)
    facts: Mapping[str, str] = {
        "decision": decided.decision,
        "decided_by": decided.by,
        "decided_at": at,
    }
    return RequestRefused("CL-1803", extra=facts, decision=decided.decision, by=decided.by, at=at)


def _step(case: Case, decided: Decided, asked: DecisionIn) -> ReviewEvent:
    return replace(
        case.opened,
        action=ReviewAction.DECIDED,
        owner=case.owner,
        detail=mask_text(asked.reason),
        payload=b"",
        decided_by=decided.by,
        decision=decided.decision,
        decided_at_ms=decided.at_ms,
    )
