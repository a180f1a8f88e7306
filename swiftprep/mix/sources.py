"""The data sets of a mix, and the number of rows in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swiftprep.errors import ConfigError
from swiftprep.swiftfmt import FILE_SUFFIXES, DatasetEntry, Forecast, parse_entry, require_rows

_IDENTITY = re.compile(r"(hf::|ms::)?(swift|modelscope)/self-cognition(:\w+)?", re.I)
IDENTITY_ROWS = 108  # half of them Chinese, half English


@dataclass(frozen=True, slots=True)
class DataSource:
    """One data set of a mix.

    Attributes:
        entry: The data set, as in swift's `--dataset`.
        channel: `"private"` or `"general"`.
        asked: Rows it offers: N of its `#N`, else its size as passed, else the rows that ms-swift keeps of the file.
        rows: Rows it has: those that ms-swift keeps of the file, else its size as passed, else None, as `#N` does not
            tell how many there are; of `swift/self-cognition` it is known.
        forecast: What ms-swift keeps of the file; None for a hub data set.
    """

    entry: DatasetEntry
    channel: str
    asked: int
    rows: int | None = None
    forecast: Forecast | None = None


def is_identity(entry: DatasetEntry) -> bool:
    """Tell whether a data set is ms-swift's about the model's own name and author, whichever of its forms."""
    return entry.path is None and _IDENTITY.fullmatch(entry.source) is not None


def open_source(text: str | Path, channel: str, sizes: Mapping[str, int]) -> DataSource:
    """Inspect one data set: count a local file, or take a hub data set's size from its `#N` or from `sizes`.

    Raises:
        ConfigError: a bad `#N`, a missing file, or a hub data set of unknown size.
        DataError: ms-swift cannot load the file, or would keep no row of it.
    """
    entry = parse_entry(str(text))
    size = sizes.get(entry.source, sizes.get(str(text), IDENTITY_ROWS if is_identity(entry) else None))
    if size is not None and size < 1:
        raise ConfigError(f"size of '{entry.source}' is {size}; expected 1 or more (行数至少为 1)")
    asked = size if entry.count is None else entry.count
    if entry.path is None or entry.path.is_dir():
        if asked is None:
            what = "folder" if entry.path else "hub data set"
            raise ConfigError(
                f"'{entry.source}' is a {what} of unknown size: write '{entry.source}#500', or pass "
                f"size={{'{entry.source}': 500}}, which recipes call mix.size.{entry.source}=500 "
                f"(数据集大小未知，请写 #N，或指定 size；命令行中为 mix.size.{entry.source}=500)"
            )
        return DataSource(entry, channel, asked, size)
    forecast = require_rows(entry)
    rows = size if forecast is None else forecast.kept
    if asked is None:
        if rows is None:
            kinds = ", ".join(FILE_SUFFIXES)
            raise ConfigError(
                f"{entry.path}: rows can only be counted in {kinds} files; write '{entry.source}#N' (请写明行数 #N)"
            )
        asked = rows
    return DataSource(entry, channel, asked, rows, forecast)
