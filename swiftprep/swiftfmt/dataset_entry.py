"""Parsing of `--dataset` entries, as ms-swift parses them (`swift/dataset/dataset_syntax.py`)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from swiftprep.errors import ConfigError
from swiftprep.storage.outputs import settle

FILE_SUFFIXES = (".jsonl", ".json", ".csv", ".txt")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """One entry of swift's `--dataset`: `[hf::|ms::]id_or_path[:sub1/sub2][#N]`.

    Attributes:
        source: Path or hub id, including the `hf::`/`ms::` prefix and the `:subset` part.
        path: The local file or folder, or None for a hub id.
        count: N of the `#N` suffix, or None.
    """

    source: str
    path: Path | None
    count: int | None

    def with_count(self, count: int | None) -> str:
        """Format the entry with another `#N`."""
        return self.source if count is None else f"{self.source}#{count}"


def parse_entry(text: str) -> DatasetEntry:
    """Parse a `--dataset` entry the way ms-swift does: an existing path is taken literally.

    Raises:
        ConfigError: `#N` is not a whole number of 1 or more, or the source is neither an existing file nor a hub id.

    >>> parse_entry("AI-ModelScope/alpaca-gpt4-data-zh#500").count
    500
    """
    settle(Path(text).parent)
    if os.path.exists(text):
        return DatasetEntry(source=text, path=Path(text), count=None)
    source, mark, number = text.rpartition("#")
    if not mark:
        source, number = text, ""
    count = None
    if mark:
        if not re.fullmatch(r"\s*\+?[0-9]{1,18}\s*", number) or int(number) < 1:
            raise ConfigError(
                f"'{text}': #{number} is not a number of rows; write #N with N of 1 or more (#N 必须是正整数)"
            )
        count = int(number)
    if os.path.exists(source):
        return DatasetEntry(source=source, path=Path(source), count=count)
    hub_id = re.sub(r"^(hf|ms)::", "", source, flags=re.IGNORECASE).split(":", 1)[0]
    looks_local = hub_id.endswith(FILE_SUFFIXES) or hub_id.startswith((".", "/", "~", "\\"))
    if looks_local or not is_hub_id(hub_id):
        raise ConfigError(
            f"'{source}': no such file or folder, and not a hub id like 'AI-ModelScope/alpaca-gpt4-data-zh' "
            "(没有这个文件，也不是数据集 id)"
        )
    return DatasetEntry(source=source, path=None, count=count)


def is_hub_id(text: str) -> bool:
    """Tell whether a text has the form of a hub id, `owner/name`."""
    return _HUB_ID.fullmatch(text) is not None
