"""Which column of a list means what: by its header in Chinese or English, or as it is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from consentlog.errors import InvalidEvent
from producers.imports.tables import Row, Table

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    field: tuple(names.split(", "))
    for field, names in {
        "number": "number, phone, phone number, mobile, mobile number, tel, telephone, msisdn, "
        "号码, 手机号, 手机号码, 手机, 电话, 电话号码, 联系电话, 联系方式, 被叫号码, 客户号码",
        "date": "date, occurred at, time, refused at, refused on, "
        "日期, 时间, 拒绝日期, 拒绝时间, 退订日期, 退订时间, 登记日期, 发生时间",
        "channel": "channel, 渠道, 通道",
        "purpose": "purpose, 用途, 目的",
        "scope": "scope, 范围, 拒绝范围",
        "entity": "entity, company, 主体, 公司",
        "brand": "brand, 品牌",
        "campaign": "campaign, 活动, 营销活动",
        "action": "action, status, 动作, 操作, 状态",
        "ref": "ref, reference, source ref, ticket, 工单号, 流水号, 来源编号",
        "note": "note, remark, verbatim, comment, 备注, 原话, 说明",
    }.items()
}
"""Headers by field; upper case, full width, spaces and underscores do not matter."""

_DIGITS_OF_A_NUMBER: Final = 5
_MOST_TOLD: Final = 200
"""Characters of a header that an error tells."""


class Columns(NamedTuple):
    """Place of each field that the list has; `has_header` = its first row is none of the data."""

    places: Mapping[str, int]
    has_header: bool
    header: tuple[str, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether the list is nothing but numbers."""
        return not self.has_header and set(self.places) == {"number"}


def columns_of(
    table: Table, told: Mapping[str, str], headers: Mapping[str, tuple[str, ...]] = HEADERS
) -> Columns:
    """Find the columns of a list.

    Args:
        table: The list.
        told: Header, or place from 1, by field; wins over the known headers.
        headers: The known ones by field.

    Raises:
        InvalidEvent: `CL-1502` if the column of the numbers is not known, or one that was told is
            not there. `CL-1501` if the list is empty.
    """
    first = next((cells for _, cells in table.rows() if any(cell.strip() for cell in cells)), None)
    if first is None:
        raise InvalidEvent("CL-1502", reason="the list is empty")
    is_data = any(_digits(cell) >= _DIGITS_OF_A_NUMBER for cell in first)
    places = {} if is_data else _by_header(first, told, headers)
    places |= {field: _told(field, where, first, is_data) for field, where in told.items()}
    if "number" not in places:
        if len(first) > 1:
            raise InvalidEvent("CL-1502", reason=_without_number(first, is_data))
        # One column that nobody named: every line counts, the first one too.
        return Columns({"number": 0}, has_header=False)
    return Columns(places, not is_data, () if is_data else tuple(first))


def data_rows(table: Table, columns: Columns) -> chain[Row]:
    """Return the rows of the data, without the header and without what is blank."""
    rows = (row for row in table.rows() if "".join(row[1]).strip())
    if columns.has_header:
        next(rows, None)
    return chain(rows)


def _by_header(
    cells: Sequence[str], told: Mapping[str, str], headers: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        known = next((field for field, names in headers.items() if _plain(cell) in names), None)
        if known is None or known in told:
            continue
        if known in places:
            reason = f"two columns for {known}: {cells[places[known]]}, {cell}"
            raise InvalidEvent("CL-1502", reason=reason)
        places[known] = place
    return places


def _told(field: str, where: str, first: Sequence[str], is_data: bool) -> int:
    if not is_data:
        for place, cell in enumerate(first):
            if _plain(cell) == _plain(where):
                return place
    if where.isdecimal() and 1 <= int(where) <= len(first):
        return int(where) - 1
    raise InvalidEvent("CL-1502", reason=f"there is no column {where} for {field}")


def _without_number(first: Sequence[str], is_data: bool) -> str:
    if is_data:
        return f"no header, and {len(first)} columns"
    return f"none of these is known to hold numbers: {', '.join(first)[:_MOST_TOLD]}"


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").strip("\ufeff *:")
    return " ".join(folded.split())


def _digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)
