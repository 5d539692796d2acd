"""Which column of a list of consents means what, and what the list says once for all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.errors import InvalidEvent
from producers.imports.columns import HEADERS, Columns, columns_of
from producers.imports.tables import Table

CONSENT_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: HEADERS[name] for name in ("number", "channel", "purpose", "scope", "entity")},
    **{name: HEADERS[name] for name in ("brand", "campaign", "action", "note")},
    "date": (
        *("date", "occurred at", "time", "granted at", "granted on", "consented at"),
        *("日期", "时间", "同意日期", "同意时间", "授权日期", "授权时间", "发生时间"),
    ),
    "method": ("method", "how", "way", "方式", "同意方式", "授权方式", "获取方式"),
    "version": (
        *("version", "text version", "consent text version", "wording"),
        *("版本", "文本版本", "同意文本版本", "协议版本", "条款版本"),
    ),
    "ref": (
        *("ref", "reference", "evidence", "evidence ref", "evidence reference", "proof"),
        *("凭证", "凭证号", "证据", "证据编号", "来源编号", "流水号"),
    ),
    "until": ("until", "valid until", "expires", "expires at", "有效期", "有效期至", "到期日"),
}
"""Headers by field, as those of an import."""

_NEEDED: Final = ("date", "method", "version", "ref", "channel")


@dataclass(frozen=True, slots=True)
class ConsentList:
    """What holds for every row of a list.

    `zone` of dates without an offset, `region` of numbers without a country code; `method`,
    `channel` and `version` where the list has no column that says it.
    """

    name: str
    entity: str
    zone: str | None = None
    region: str | None = None
    method: str | None = None
    channel: str | None = None
    version: str | None = None

    def said(self, field: str) -> str | None:
        """Return what is told of a field for all rows."""
        return {"method": self.method, "channel": self.channel, "version": self.version}.get(field)


def consent_columns(table: Table, told: Mapping[str, str], about: ConsentList) -> Columns:
    """Find the columns of a list of consents.

    Raises:
        InvalidEvent: `CL-1502` if numbers, times, methods, text versions, references or channels
            stand in no column and are not told either; `CL-1501` if the list cannot be read.
    """
    columns = columns_of(table, told, CONSENT_HEADERS)
    missing = [name for name in _NEEDED if name not in columns.places and not about.said(name)]
    if missing:
        raise InvalidEvent("CL-1502", reason=f"nothing says {', '.join(missing)}")
    return columns
