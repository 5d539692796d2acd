"""The secrets file: the key that makes event ids, keys that seal links, keys of webhooks."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consentlog.errors import FatalError
from consentlog.reference.document import read_document

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """What proves that requests come from one source, `[webhooks.<source>]`.

    `keys` by key id (Huawei's access key; else any name): all of them are good, so that one can be
    changed without a gap. `base_url` is scheme and host by which the source calls us, where a proxy
    hides them: signatures cover the address. `tolerance_ms` is how old a signature may be.
    """

    keys: Mapping[str, str] = field(repr=False)
    base_url: str | None = None
    tolerance_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys of one deployment, those of ids and links 32 bytes each; never printed.

    `link_keys` by key id: `link_active` seals, all of them open. `webhooks` by source.
    """

    id_key: bytes = field(repr=False)
    link_active: str
    link_keys: Mapping[str, bytes] = field(repr=False)
    webhooks: Mapping[str, WebhookSecret] = field(default_factory=dict)


_Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_KeyId = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]
_KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_SharedKey = Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,256}$")]


class _Link(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    active: _KeyId
    keys: dict[_KeyId, _Hex]


class _Webhook(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    keys: dict[_KeyName, _SharedKey] = Field(min_length=1)
    base_url: Annotated[str, Field(pattern=r"^https?://[^/?#\s]+$")] | None = None
    tolerance_s: Annotated[int, Field(ge=1, le=3600)] = 300


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id_key: _Hex
    link: _Link
    webhooks: dict[str, _Webhook] = Field(default_factory=dict)


def load_secrets(path: Path) -> Secrets:
    """Read the secrets file.

    Raises:
        FatalError: `CL-6060` if it is not TOML; `CL-6063` if others can read it, a key is missing
            or misshapen, or the active link key is not among the keys. Never with a key's value.
    """
    document = read_document(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise FatalError("CL-6063", file=str(path), reason="others can read it (chmod 600)")
    try:
        found = _File.model_validate(document.tables)
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        reason = f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
        raise FatalError("CL-6063", file=str(path), reason=reason) from None
    if found.link.active not in found.link.keys:
        reason = f"link.active names {found.link.active}, which is not in link.keys"
        raise FatalError("CL-6063", file=str(path), reason=reason)
    keys = {name: bytes.fromhex(value) for name, value in found.link.keys.items()}
    webhooks = {
        source: WebhookSecret(one.keys, one.base_url, one.tolerance_s * 1000)
        for source, one in found.webhooks.items()
    }
    return Secrets(bytes.fromhex(found.id_key), found.link.active, keys, webhooks)
