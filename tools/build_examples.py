"""Make the golden examples in `schemas/examples/`: JSON form and framed bytes of each record.

Run once when a schema version is published. A published example is never made anew: the tests
compare today's code with yesterday's bytes. `--check` compares and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.state import OVERFLOWN, fold
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.wire.build import Hole, Progress
from consentlog.wire.events import encode_event
from consentlog.wire.evidence import Evidence, encode_evidence
from consentlog.wire.framing import encode
from consentlog.wire.json_form import framed_to_json
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason, encode_review
from consentlog.wire.schemas import REVIEW_V1_ID
from consentlog.wire.states import StateRecord, encode_state, hole_subject, progress_subject
from consentlog.wire.watermarks import ReporterKind, Watermark, encode_watermark

FOLDER = Path(__file__).parent.parent / "schemas" / "examples"
NOON_MS = 1_763_784_000_000
NUMBER = "+8613800138000"

REFUSED = Fact(
    bytes(range(16)), Action.REFUSED, Basis.OBJECTION, "acme", None, None, Purpose.MARKETING,
    Channel.ALL, NOON_MS, SetBy.SOURCE, Precision.MINUTE, "Asia/Shanghai", False, 300_000,
    NOON_MS + 1_234, None, None, HoldKind.UNKNOWN, "desk", Method.SPOKEN, "agent-7",
    ActorType.AGENT, "", True,
)  # fmt: skip
GRANTED = REFUSED._replace(
    event_id=bytes(range(16, 32)), action=Action.GRANTED, basis=Basis.UNKNOWN, brand="acme-life",
    channel=Channel.SMS, occurred_at_ms=NOON_MS + 86_400_000, precision=Precision.INSTANT,
    accepted_at_ms=NOON_MS + 86_400_500, until_ms=NOON_MS + 31_536_000_000, source="app",
    method=Method.APP, actor_id="user-1", actor_type=ActorType.PERSON, margin_ms=5_000,
)  # fmt: skip
HELD = REFUSED._replace(
    event_id=bytes(range(32, 48)), action=Action.HELD, basis=Basis.UNKNOWN, entity="*",
    purpose=Purpose.ALL, occurred_at_ms=None, occurred_at_set_by=SetBy.UNKNOWN,
    precision=Precision.UNKNOWN, zone=None, margin_ms=0, hold_kind=HoldKind.UNDECODABLE,
    source="fold", method=Method.UNKNOWN, actor_id="", actor_type=ActorType.SYSTEM,
    has_evidence=False,
)  # fmt: skip
EVIDENCE = Evidence(
    verbatim="不要再打了", language="zh-CN", source_ref="call-20251122-0001", script_version="s3",
    recording_uri="rec://2025/11/22/0001", recording_sha256=bytes(32), recording_offset_ms=41_000,
    raw_number="138 0013 8000",
)  # fmt: skip
# Nobody writes version 1 any more: these are its fields as they were.
REVIEW_V1 = {
    "review_id": HELD.event_id, "action": "OPENED", "reason": "UNDECODABLE", "subject": NUMBER,
    "source": "fold", "opened_at": NOON_MS, "topic": "consent.events.v1", "partition": 3,
    "kafka_offset": 42, "owner": "compliance", "detail": "a record does not decode",
    "payload": b"\x00\x00", "decided_by": None, "decision": None,
}  # fmt: skip
WRITER = bytes.fromhex("00112233445566778899aabbccddeeff")


def examples() -> dict[str, bytes]:
    """Return each example's framed bytes by name."""
    event = ConsentEvent(NUMBER, REFUSED, NOON_MS + 900, "", encode_evidence(EVIDENCE))
    progress = Progress(41, NOON_MS, bytes(range(32)))
    hole = Hole(7, 9)
    return {
        "consent-event-v1.refused": encode_event(event),
        "consent-event-v1.granted": encode_event(ConsentEvent(NUMBER, GRANTED)),
        "consent-event-v1.held": encode_event(ConsentEvent(NUMBER, HELD)),
        "evidence-v1.full": encode_evidence(EVIDENCE),
        "consent-state-v1.facts": encode_state(
            StateRecord(NUMBER, 42, WRITER, fold([REFUSED, GRANTED, HELD]))
        ),
        "consent-state-v1.overflow": encode_state(StateRecord(NUMBER, 43, WRITER, OVERFLOWN)),
        "consent-state-v1.progress": encode_state(
            StateRecord(progress_subject(3), 42, WRITER, progress=progress)
        ),
        "consent-state-v1.hole": encode_state(
            StateRecord(hole_subject(3, hole), 42, WRITER, hole=hole)
        ),
        "review-event-v1.opened": encode(REVIEW_V1_ID, REVIEW_V1),
        "review-event-v2.decided": encode_review(
            ReviewEvent(
                bytes(range(48, 64)), ReviewReason.NEEDS_APPROVAL, NOON_MS, "app", NUMBER,
                detail="a spoken grant waits for a second person", action=ReviewAction.DECIDED,
                decided_by="compliance-1", decision="approved", event_id=GRANTED.event_id,
                entity="acme", decided_at_ms=NOON_MS + 60_000,
            )
        ),
        "watermark-v1.gateway": encode_watermark(
            Watermark("gateway-1", ReporterKind.GATEWAY, NOON_MS, 61_000, 1200, 1)
        ),
    }  # fmt: skip


def as_json(value: bytes) -> str:
    """Return the JSON form of a framed record, as a file."""
    return json.dumps(framed_to_json(value), ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write missing examples, or check all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 on a difference"
    )
    check = parser.parse_args().check
    FOLDER.mkdir(exist_ok=True)
    wrong = []
    for name, value in examples().items():
        for file, text in ((f"{name}.hex", value.hex() + "\n"), (f"{name}.json", as_json(value))):
            path = FOLDER / file
            if path.exists() and path.read_text("utf-8") != text:
                wrong.append(file)
            elif not path.exists() and not check:
                path.write_text(text, "utf-8")
    for file in wrong:
        print(
            f"{file} differs from today's code; a published example is never made anew",
            file=sys.stderr,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
