"""What `POST /v1/imports` takes: acts, each stated once, and the rows that are of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, ValidationError

from consentlog.http.problems import RequestRefused, pointers_of
from producers.request import ActIn, Ref, Shape

MAX_ROWS: Final = 1000
_CELLS: Final = range(2, 6)
_ROW: Final = {
    "type": "array",
    "description": "place of its act in `acts`, number, and where there is one: occurred_at, the"
    " words that are its evidence's verbatim, source_ref; null for none",
    "items": {"type": ["string", "integer", "null"]},
    "minItems": 2,
    "maxItems": 5,
}


class ImportAct(ActIn):
    """What rows have in common, as in an act of `/v1/consent-events`.

    `nonce` is the list's name, with the generation of its rows: the same row of the same list is
    one act.
    """

    method: Literal["import"]
    nonce: Ref


class ImportRequest(Shape):
    """Rows of a list, and what they have in common."""

    acts: Annotated[list[ImportAct], Field(min_length=1, max_length=MAX_ROWS)]
    rows: Annotated[
        list[list[Any]],
        Field(json_schema_extra={"items": _ROW, "minItems": 1, "maxItems": MAX_ROWS}),
    ]
    tell: Annotated[
        tuple[int, ...],
        Field(
            max_length=MAX_ROWS,
            strict=False,
            description="places of rows to tell of, whatever becomes of them",
        ),
    ] = ()


class Row(NamedTuple):
    """One row: which act it is of, and what JSON has for the rest, of whatever type."""

    act: int
    number: object
    occurred_at: object = None
    verbatim: object = None
    source_ref: object = None

    def item_of(self, act: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row as one act of `/v1/consent-events`.

        Args:
            act: The act that it is of, as it came.
        """
        item = {"number": self.number, **act}
        for name in ("occurred_at", "source_ref"):
            if (value := getattr(self, name)) is not None:
                item[name] = value
        if self.verbatim is not None:
            item["evidence"] = {**(act.get("evidence") or {}), "verbatim": self.verbatim}
        return item


class Rows(NamedTuple):
    """A request whose form is right; `acts` as they came."""

    acts: list[dict[str, Any]]
    rows: list[Row]
    tell: frozenset[int]


def read_rows(body: object) -> Rows:
    """Check the form of a request; what a row says is looked at row by row.

    Raises:
        RequestRefused: `CL-1001` pointing at what has another form, `CL-1105` for no rows or too
            many.
    """
    try:
        found = ImportRequest.model_validate(body)
    except ValidationError as exc:
        errors = pointers_of(exc.errors(include_input=False, include_url=False))
        raise RequestRefused("CL-1001", extra={"errors": errors}) from None
    if not 1 <= len(found.rows) <= MAX_ROWS:
        raise RequestRefused("CL-1105", count=len(found.rows), limit=MAX_ROWS)
    acts = len(found.acts)
    wrong = [at for at, cells in enumerate(found.rows) if not _is_row(cells, acts)]
    if wrong:
        told = "2 to 5 cells, the first of them the place of its act"
        errors = [{"pointer": f"/rows/{at}", "message": told} for at in wrong]
        raise RequestRefused("CL-1001", extra={"errors": errors})
    assert isinstance(body, dict)  # noqa: S101  # the model takes nothing else
    return Rows(body["acts"], [Row(*cells) for cells in found.rows], frozenset(found.tell))


def _is_row(cells: list[Any], acts: int) -> bool:
    return len(cells) in _CELLS and type(cells[0]) is int and 0 <= cells[0] < acts
