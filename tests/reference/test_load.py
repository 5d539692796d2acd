"""Registry and policy files: read whole, or refused with file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.domain.registry import Period
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.errors import FatalError
from consentlog.reference.load import load_policy, load_registry

NOON_MS = 1_763_784_000_000

REGISTRY = """version = 1

[[entities]]
id = "acme"
names = { zh = "甲", en = "Acme" }
successor = "beta"

[[entities]]
id = "beta"

[[brands]]
id = "life"
entity = "acme"

[[campaigns]]
id = "spring"
entity = "acme"
brand = "life"
purpose = "marketing"
from = 2025-01-01T00:00:00+08:00
to = 2026-01-01T00:00:00+08:00

[[sms_numbers]]
value = "1069"
entity = "acme"

[[sources]]
id = "desk"
kind = "phone"
entities = ["acme"]
margin_ms = 300000
zone = "Asia/Shanghai"
region = "CN"

[[keys]]
id = "desk-1"
source = "desk"
sha256 = "{sha}"
scopes = ["events:write", "role:agent"]
""".replace("{sha}", "ab" * 32)

POLICY = """version = 1

[[legal]]
id = "cn-basis"
jurisdiction = "CN"
what = "basis_required"
value = true
purpose = "marketing"
from = 2021-01-01T00:00:00+08:00
to = 2030-01-01T00:00:00+08:00
citation = "Civil Code 1033(1)"
confidence = "primary"

[[deployment]]
id = "own"
jurisdiction = "CN"
what = "basis_required"
value = false
purpose = "service"
from = 2026-01-01T00:00:00+08:00
reason = "contract"
"""


def _file(directory: Path, text: str) -> Path:
    path = directory / "data.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_registry_is_read_with_its_dates(tmp_path: Path) -> None:
    registry = load_registry(_file(tmp_path, REGISTRY))
    assert registry.campaigns["spring"].period == Period(1_735_660_800_000, 1_767_196_800_000)
    assert registry.campaigns["spring"].purpose is Purpose.MARKETING
    assert registry.knows(Scope("acme", "life", "spring"), NOON_MS)
    assert not registry.knows(Scope("acme", "life", "spring"), 1_767_196_800_000)
    contact = registry.resolve("beta", None, None, Channel.SMS, NOON_MS).contact
    assert contact is not None
    assert contact.predecessors == {"acme"}
    source = registry.sources["desk"]
    assert (source.margin_ms, source.zone, source.region) == (300_000, "Asia/Shanghai", "CN")
    assert registry.keys["desk-1"].scopes == {"events:write", "role:agent"}


WRONG_REGISTRIES = [
    ("version = 1\n", "version = 2\n", 1, "version"),
    ("[[brands]]\n", "[[brandz]]\n", 11, "unknown table"),
    ('entity = "acme"\nbrand', 'colour = "red"\nentity = "acme"\nbrand', 15, "colour"),
    ('purpose = "marketing"\n', 'purpose = "all"\n', 15, "purpose"),
    ('purpose = "marketing"\n', "", 15, "purpose"),
    ("2025-01-01T00:00:00+08:00", "2025-01-01T00:00:00", 15, "from"),
    ("2025-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00", 15, "before"),
    ('brand = "life"', 'brand = "auto"', 15, "auto is not defined"),
    ('id = "life"\nentity = "acme"', 'id = "life"\nentity = "beta"', 15, "another entity's"),
    ('successor = "beta"', 'successor = "gamma"', 3, "gamma is not defined"),
    ('id = "beta"', 'id = "beta"\nsuccessor = "acme"', 3, "lead back"),
    ('id = "beta"', 'id = "acme"', 8, "twice"),
    ('id = "beta"', 'id = "*"', 8, "id"),
    ('id = "beta"', 'id = "贝塔"', 8, "id"),
    ('source = "desk"', 'source = "care"', 35, "care is not defined"),
    ("margin_ms = 300000", "margin_ms = -1", 27, "margin_ms"),
    ("margin_ms = 300000", 'margin_ms = "5m"', 27, "margin_ms"),
    ('zone = "Asia/Shanghai"', 'zone = "Mars"', 27, "time zone"),
    ('region = "CN"', 'region = "China"', 27, "region"),
    ('"role:agent"', '"everything"', 35, "scopes"),
    ('region = "CN"', 'region = "UK"', 27, "UK is no region"),
    ('"role:agent"', '"holds:release"', 35, "count with role:compliance only"),
    ('"role:agent"', '"reviews:read", "reviews:decide"', 35, "count with role:compliance only"),
    ('"role:agent"', '"role:compliance", "reviews:decide"', 35, "add reviews:read"),
    ('"role:agent"', '"approvals:write"', 35, "count with role:compliance only"),
    (
        '"role:agent"',
        '"role:compliance", "approvals:write", "corrections:write"',
        35,
        "two keys",
    ),
    ('"role:agent"', '"role:compliance", "approvals:write", "grants:backfill"', 35, "two keys"),
    (
        '"role:agent"]\n',
        '"role:agent"]\n\n[[keys]]\nid = "desk-2"\nsource = "desk"\n'
        f'sha256 = "{"ab" * 32}"\nscopes = ["check:read"]\n',
        41,
        "desk-1 is the same key",
    ),
    ("ab" * 32, "ab", 35, "sha256"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    WRONG_REGISTRIES,
    ids=[row[1][:24] for row in WRONG_REGISTRIES],
)
def test_a_doubtful_registry_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in REGISTRY
    path = _file(tmp_path, REGISTRY.replace(old, new, 1))
    with pytest.raises(FatalError) as caught:
        load_registry(path)
    assert caught.value.code == "CL-6061"
    assert caught.value.params["file"] == str(path)
    if "version" not in reason and "unknown table" not in reason:
        assert caught.value.params["line"] == line
    assert reason in caught.value.what()


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    for path in (_file(tmp_path, "version = 1\n[[entities\n"), tmp_path / "missing.toml"):
        with pytest.raises(FatalError) as caught:
            load_registry(path)
        assert caught.value.code == "CL-6060"
    (tmp_path / "data.toml").write_bytes(b"\xff")
    with pytest.raises(FatalError, match="CL-6060"):
        load_registry(tmp_path / "data.toml")


def test_policy_rows_are_read_with_citation(tmp_path: Path) -> None:
    policy = load_policy(_file(tmp_path, POLICY))
    assert policy.basis_required("acme", Purpose.MARKETING, NOON_MS) == (True, "cn-basis")
    assert policy.basis_required("acme", Purpose.SERVICE, 1_800_000_000_000) == (False, "own")
    assert policy.rows[0].citation == "Civil Code 1033(1)"
    assert policy.rows[1].confidence == "deployment"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('purpose = "service"', 'purpose = "marketing"'),
        ('purpose = "service"', 'purpose = "marketing"\nentity = "acme"'),
        (
            'purpose = "service"\nfrom = 2026-01-01T00:00:00+08:00',
            'purpose = "marketing"\nfrom = 2020-01-01T00:00:00+08:00\n'
            "to = 2021-01-01T00:00:01+08:00",
        ),
    ],
)
def test_a_row_looser_than_the_law_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = _file(tmp_path, POLICY.replace(old, new, 1))
    with pytest.raises(FatalError) as caught:
        load_policy(path)
    assert caught.value.code == "CL-6062"
    assert caught.value.params["line"] == 14
    assert "Civil Code" in caught.value.why()


def test_a_row_that_names_no_purpose_is_looser_too(tmp_path: Path) -> None:
    path = _file(tmp_path, POLICY.replace('purpose = "service"\n', "", 1))
    with pytest.raises(FatalError, match="CL-6062"):
        load_policy(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('purpose = "service"', 'purpose = "marketing"\nto = 2026-02-01T00:00:00+08:00'),
        ("value = false", "value = true"),
    ],
)
def test_a_row_stricter_or_at_another_time_is_taken(tmp_path: Path, old: str, new: str) -> None:
    text = POLICY.replace("2030-01-01", "2025-12-31", 1).replace(old, new, 1)
    assert len(load_policy(_file(tmp_path, text)).rows) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('what = "basis_required"', 'what = "calling_days"'),
        ('what = "basis_required"', 'what = "calling_hours"'),
        ('citation = "Civil Code 1033(1)"\n', ""),
        ("value = true", 'value = "yes"'),
        ('id = "own"', 'id = "cn-basis"'),
        ("[[deployment]]", "[[own]]"),
    ],
)
def test_a_doubtful_policy_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(FatalError, match="CL-6061"):
        load_policy(_file(tmp_path, POLICY.replace(old, new, 1)))
