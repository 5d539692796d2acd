"""Options of the commands that take a list: how its file is read, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Zone = Annotated[
    str | None, typer.Option("--zone", help="of dates without offset, e.g. Asia/Shanghai")
]
Region = Annotated[
    str | None, typer.Option("--region", help="of numbers without country code, e.g. CN")
]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", help="FIELD=HEADER or FIELD=2; may be repeated: number=客户电话"),
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="forces it, e.g. gbk, utf-8")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="of an XLSX; default: the first")]
Url = Annotated[str | None, typer.Option("--url", help="of the gateway; default: the local one")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="holds the source's API key, mode 0600")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="of the local stack, with its keys")
]
Faults = Annotated[
    Path | None, typer.Option("--errors", help="file for odd rows; default: FILE.errors.csv")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="look it over; send nothing")]
Yes = Annotated[bool, typer.Option("--yes", help="go on without asking")]
Patience = Annotated[
    float,
    typer.Option("--patience", min=0, help="seconds to wait for a gateway that takes nothing"),
]
