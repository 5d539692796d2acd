"""Make `docs/vectors/state-contract.json`: what every reader of the state topic must agree with.

What is expected is written here by hand, from the rules of refusal; only the bytes are computed.
`tests/docs/test_vectors.py` holds our own code to it, and a second reader that shares no code with
it. `--check` compares and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from consentlog.domain.state import OVERFLOWN, fold
from consentlog.kafka.topics import PARTITIONS
from consentlog.wire.states import FOLD_VERSION, StateRecord, encode_state
from tools.vector_cases import DECISIONS, Case

FILE = Path(__file__).parent.parent / "docs" / "vectors" / "state-contract.json"
NUMBER = "+8613800138000"
WRITER = bytes.fromhex("00112233445566778899aabbccddeeff")
NOON_MS = 1_763_784_000_000

KEYS = {"+8613800138000": 8, "+8613912345678": 0, "+16502530000": 9, "+442079460000": 7}

FRESHNESS = [
    ("level a moment ago", 0, "fresh"),
    ("just inside the limit", 15_000, "fresh"),
    ("just outside", 15_001, "stale"),
    ("broker's clock a little ahead", -2_000, "fresh"),
    ("broker's clock too far ahead", -2_001, "clock-skew"),
]

TRACES: list[dict[str, Any]] = [
    {
        "name": "a stopped owner's record comes late",
        "records": [(NUMBER, 0, 10, None), (NUMBER, 0, 12, None), (NUMBER, 0, 11, None)],
        "expected": ["applied", "applied", "dropped"],
        "end": (0, 12, -1, 0),
        "has": {10: True, 12: True, 13: False},
    },
    {
        "name": "a rewritten record repeats the highest position",
        "records": [(NUMBER, 0, 12, None), ("+16502530000", 0, 12, None)],
        "expected": ["applied", "applied"],
        "end": (0, 12, -1, 0),
        "has": {12: True},
    },
    {
        "name": "progress moves on without events and never back",
        "records": [
            ("@progress/3", 0, 12, (12, NOON_MS)),
            ("@progress/3", 0, 12, (12, NOON_MS + 1000)),
            ("@progress/3", 0, 12, (11, NOON_MS + 500)),
        ],
        "expected": ["applied", "applied", "applied"],
        "end": (0, 12, 12, NOON_MS + 1000),
        "has": {12: True, 13: False},
    },
    {
        "name": "a stopped owner's progress does not count",
        "records": [
            ("@progress/3", 0, 20, (20, NOON_MS)),
            ("@progress/3", 0, 19, (25, NOON_MS + 60_000)),
        ],
        "expected": ["applied", "dropped"],
        "end": (0, 20, 20, NOON_MS),
        "has": {20: True, 25: False},
    },
    {
        "name": "a raised epoch starts anew: lower offsets, stale until the owner says otherwise",
        "records": [
            ("@progress/3", 0, 20, (20, NOON_MS)),
            (NUMBER, 1, 4, None),
            (NUMBER, 0, 21, None),
        ],
        "expected": ["applied", "applied", "dropped"],
        "end": (1, 4, -1, 0),
        "has": {4: True, 5: False},
    },
    {
        "name": "a hole counts as read",
        "records": [(NUMBER, 0, 6, None), ("@hole/3/7-9", 0, 9, None)],
        "expected": ["applied", "applied"],
        "end": (0, 9, -1, 0),
        "has": {9: True, 10: False},
    },
]

SCOPES: list[tuple[dict[str, Any], dict[str, Any], bool, bool]] = [
    # scope, contact, overlaps, contains
    ({}, {}, True, True),
    ({"entity": "*"}, {}, True, False),
    ({"entity": "beta"}, {}, False, False),
    ({"entity": "beta"}, {"predecessors": ["beta"]}, True, False),
    ({"brand": "a"}, {"brand": "a"}, True, True),
    ({"brand": "a"}, {"brand": "b"}, False, False),
    ({"brand": "a"}, {}, True, False),
    ({}, {"brand": "a"}, True, True),
    ({"campaign": "x"}, {}, True, False),
    ({"channel": "SMS"}, {}, False, False),
    ({"channel": "VOICE"}, {}, True, True),
    ({"channel": "UNKNOWN"}, {}, True, False),
    ({"purpose": "SERVICE"}, {}, False, False),
    ({"purpose": "ALL"}, {}, True, True),
    ({"purpose": "UNKNOWN"}, {}, True, False),
]

_SCOPE: dict[str, Any] = {
    "entity": "acme", "brand": None, "campaign": None, "purpose": "MARKETING", "channel": "ALL",
}  # fmt: skip


def vectors() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "about": "docs/state-contract.md says what these mean; times are ms UTC, ids are hex",
        "schema_id": 3,
        "partitions": {"count": PARTITIONS, "of": KEYS},
        "values": _values(),
        "monotone": [_trace(trace) for trace in TRACES],
        "freshness": [
            {"name": name, "level_at": NOON_MS, "now": NOON_MS + age, "expected": expected}
            for name, age, expected in FRESHNESS
        ],
        "scopes": [
            {
                "scope": _SCOPE | scope,
                "contact": Case.full_contact(contact),
                "overlaps": overlaps,
                "contains": contains,
            }
            for scope, contact, overlaps, contains in SCOPES
        ],
        "decisions": [_decision(case) for case in DECISIONS],
    }


def _values() -> list[dict[str, Any]]:
    good = encode_state(StateRecord(NUMBER, 42, WRITER))
    rows = [
        ("a state without facts", good, True),
        ("nothing", b"", False),
        ("another schema id", b"\x00\x00\x00\x00\x01" + good[5:], False),
        ("no zero byte in front", b"\x01" + good[1:], False),
        ("cut short", good[:-1], False),
        ("bytes left over", good + b"\x00", False),
    ]
    return [{"name": name, "value": value.hex(), "readable": ok} for name, value, ok in rows]


def _trace(trace: dict[str, Any]) -> dict[str, Any]:
    records = []
    for (subject, epoch, as_of, progress), outcome in zip(
        trace["records"], trace["expected"], strict=True
    ):
        row = {"subject": subject, "log_epoch": epoch, "as_of": as_of, "expected": outcome}
        if progress is not None:
            row["progress"] = {"folded_through": progress[0], "level_at": progress[1]}
        records.append(row)
    names = ("log_epoch", "as_of", "folded_through", "level_at")
    return {
        "name": trace["name"],
        "records": records,
        "end": dict(zip(names, trace["end"], strict=True)),
        "has": [{"offset": offset, "expected": has} for offset, has in trace["has"].items()],
    }


def _decision(case: Case) -> dict[str, Any]:
    value = None
    if case.history is not None:
        state = OVERFLOWN if case.overflow else fold(case.history)
        record = StateRecord(NUMBER, 42, WRITER, state, fold_version=FOLD_VERSION)
        value = encode_state(record).hex()
    return {
        "name": case.name,
        "value": value,
        "contact": case.full_contact(case.contact),
        "at": case.at_ms,
        "basis_required": case.basis_required,
        "verdict": case.verdict,
        "reasons": list(case.reasons),
        "verdict_from_derived": case.derived or case.verdict,
    }


def render() -> str:
    """Return the file's text."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 on a difference"
    )
    text = render()
    if not parser.parse_args().check:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text, "utf-8")
    elif FILE.read_text("utf-8") != text:
        print(f"{FILE} differs; run python -m tools.build_vectors", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
