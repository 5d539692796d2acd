"""Secrets, words, and the demo world that is rendered from the package."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.reference.demo import KEY_SCOPES, render
from consentlog.reference.load import load_policy, load_registry
from consentlog.reference.secrets import load_secrets

SECRETS = f'id_key = "{"ab" * 32}"\n[link]\nactive = "k1"\n[link.keys]\nk1 = "{"cd" * 32}"\n'


def _secrets(directory: Path, text: str, mode: int = 0o600) -> Path:
    path = directory / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_secrets_are_read_and_never_shown(tmp_path: Path) -> None:
    secrets = load_secrets(_secrets(tmp_path, SECRETS))
    assert secrets.id_key == b"\xab" * 32
    assert secrets.link_keys == {"k1": b"\xcd" * 32}
    assert "ab" * 4 not in repr(secrets)
    assert "xcd" not in repr(secrets)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ab" * 32, "ab" * 31),
        ('active = "k1"', 'active = "k2"'),
        ("[link.keys]", "[link.keyz]"),
        ("id_key", "key"),
    ],
)
def test_secrets_that_are_wrong_are_refused_without_showing_them(
    tmp_path: Path, old: str, new: str
) -> None:
    with pytest.raises(FatalError) as caught:
        load_secrets(_secrets(tmp_path, SECRETS.replace(old, new)))
    assert caught.value.code == "CL-6063"
    assert "abab" not in str(caught.value)


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="CL-6063"):
        load_secrets(_secrets(tmp_path, SECRETS, 0o640))


def test_the_demo_world_is_whole_and_rendered_once(tmp_path: Path) -> None:
    render(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    render(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert set(before) == {"registry.toml", "policy.toml", "secrets.toml", "keys.json"}
    registry = load_registry(tmp_path / "registry.toml")
    load_policy(tmp_path / "policy.toml")
    load_secrets(tmp_path / "secrets.toml")
    keys = json.loads(before["keys.json"])
    assert set(keys) == set(KEY_SCOPES)
    for source, key in keys.items():
        row = registry.keys[f"{source}-1"]
        assert row.sha256 == hashlib.sha256(key.encode()).hexdigest()
        assert row.source == source
    assert set(registry.sources) == set(KEY_SCOPES)


def test_only_the_owner_reads_the_demos_secrets(tmp_path: Path) -> None:
    render(tmp_path)
    for name in ("secrets.toml", "keys.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_two_renderings_share_no_key(tmp_path: Path) -> None:
    for name in ("a", "b"):
        render(tmp_path / name)
    texts = [(tmp_path / name / "keys.json").read_text() for name in ("a", "b")]
    assert not set(json.loads(texts[0]).values()) & set(json.loads(texts[1]).values())


def test_a_registry_whose_keys_are_lost_is_said_so(tmp_path: Path) -> None:
    render(tmp_path)
    (tmp_path / "keys.json").unlink()
    with pytest.raises(FatalError, match="CL-6064"):
        render(tmp_path)
