"""The secrets file: the key that makes event ids, and the keys that seal links."""

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
class Secrets:
    """Keys of one deployment, 32 bytes each; never printed.

    `link_keys` by key id: `link_active` seals, all of them open.
    """

    id_key: bytes = field(repr=False)
    link_active: str
    link_keys: Mapping[str, bytes] = field(repr=False)


_Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_KeyId = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]


class _Link(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    active: _KeyId
    keys: dict[_KeyId, _Hex]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id_key: _Hex
    link: _Link


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
    return Secrets(bytes.fromhex(found.id_key), found.link.active, keys)
