"""The demo world: two companies, its sources, and fresh keys for each data directory."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from importlib import resources
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError
from consentlog.reference.secrets import KEY_BYTES

KEY_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "desk": ("events:write", "grants:write", "desk:use", "role:agent"),
    "ivr": ("events:write",),
    "care": (
        "events:write",
        "grants:write",
        "consent:end",
        "corrections:write",
        "desk:use",
        "reviews:read",
        "role:staff",
    ),
    "app": ("events:write", "grants:write"),
    "aliyun": ("sms:aliyun",),
    "huawei": ("sms:huawei",),
    "tencent": ("sms:tencent",),
    "twilio": ("sms:twilio",),
    "takeover": ("grants:backfill",),
    "dialer": ("check:read",),
    "web": ("check:read",),
    "compliance": (
        "events:write",
        "consent:end",
        "holds:release",
        "approvals:write",
        "check:read",
        "desk:use",
        "reviews:read",
        "reviews:decide",
        "numbers:read",
        "role:compliance",
    ),
}
"""What the key of each source may do.

The source `web` acts through sealed links; with its key the gateway asks the gate what to show.
"""

_SIGNING: Final = {"huawei": "demo-ak", "twilio": "auth-token"}
"""The vendors that can sign their webhooks, each with the name of its key."""


def render(data_dir: Path) -> None:
    """Write the demo's registry, policy, secrets and API keys, each only if it is missing.

    Writes `registry.toml`, `policy.toml`, `secrets.toml` (0600) and `keys.json` (0600; API keys by
    source). May be called again, also after being killed in between.

    Args:
        data_dir: Directory of one stack; made if missing.

    Raises:
        FatalError: `CL-6064` if a registry is there whose keys are gone.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    _write_once(data_dir / "policy.toml", _packaged("policy.toml"), 0o644)
    _write_once(data_dir / "secrets.toml", _fresh_secrets(), 0o600)
    keys = data_dir / "keys.json"
    if (data_dir / "registry.toml").exists() and not keys.exists():
        raise FatalError("CL-6064", dir=str(data_dir))
    _write_once(keys, _fresh_keys(), 0o600)
    tables = _key_tables(json.loads(keys.read_text("utf-8")))
    _write_once(data_dir / "registry.toml", _packaged("registry.toml") + tables, 0o644)


def _packaged(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _fresh_secrets() -> str:
    id_key, link_key = secrets.token_hex(KEY_BYTES), secrets.token_hex(KEY_BYTES)
    webhooks = "".join(
        f'\n[webhooks.{source}.keys]\n{name} = "{secrets.token_hex(KEY_BYTES // 2)}"\n'
        for source, name in _SIGNING.items()
    )
    link = f'[link]\nactive = "k1"\n\n[link.keys]\nk1 = "{link_key}"\n'
    return f'id_key = "{id_key}"\n\n{link}{webhooks}'


def _fresh_keys() -> str:
    keys = {source: f"cl_{secrets.token_urlsafe(24)}" for source in KEY_SCOPES}
    return json.dumps(keys, indent=1) + "\n"


def _key_tables(keys: dict[str, str]) -> str:
    return "".join(
        f'\n[[keys]]\nid = "{source}-1"\nsource = "{source}"\n'
        f'sha256 = "{hashlib.sha256(keys[source].encode()).hexdigest()}"\n'
        f"scopes = {json.dumps(scopes)}\n"
        for source, scopes in KEY_SCOPES.items()
        # Keys of a directory that an older version began have no key for a newer source.
        if source in keys
    )


def _write_once(path: Path, text: str, mode: int) -> None:
    """Write through a new file, so that a kill leaves all of it or nothing."""
    if path.exists():
        return
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
