"""Which rows of the data are too long for a training, said before it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from swiftprep.recipes.shared.command_line import say
from swiftprep.swiftfmt import as_swift_reads, parse_entry


@dataclass(frozen=True, slots=True)
class RowLengths:
    """Counts of rows, by their length in tokens.

    Attributes:
        rows: All rows that ms-swift keeps of the local files.
        longer: Those that are longer than the limit.
        unanswered: Those whose question alone is as long as the limit, so that nothing is left of the answer.
    """

    rows: int = 0
    longer: int = 0
    unanswered: int = 0


def row_lengths(entries: Iterable[str | Path], longest: int, count: Callable[[str], int]) -> RowLengths:
    """Count the rows of the local files in a `--dataset` by their length, without the chat template's few tokens.

    Args:
        entries: The data sets; those on a hub are left out.
        longest: `max_length`, in tokens.
        count: Counts the tokens of a text.

    Raises:
        DataError: ms-swift cannot load a file.
    """
    rows = longer = unanswered = 0
    for entry in entries:
        path = parse_entry(str(entry)).path
        if path is None or path.is_dir():
            continue
        for _, messages in as_swift_reads(path):
            tokens = [count(turn["content"]) for turn in messages if isinstance(turn["content"], str)]
            rows += 1
            longer += sum(tokens) > longest
            unanswered += sum(tokens[:-1]) >= longest
    return RowLengths(rows, longer, unanswered)


def say_too_long(
    data: Iterable[str | Path], held_out: Iterable[str | Path], longest: object, count: Callable[[str], int] | None
) -> None:
    """Warn of rows that are longer than `max_length`; nothing is said where tokens cannot be counted.

    Args:
        data: The data sets to train on.
        held_out: Those to evaluate on.
        longest: `max_length`, in tokens; None if it is the model's own.
        count: Counts the tokens of a text, or None.

    Raises:
        DataError: ms-swift cannot load a file.
    """
    if count is None or not isinstance(longest, int):
        return
    for side, side_zh, entries in (("training", "训练", data), ("held-out", "留出", held_out)):
        found = row_lengths(entries, longest, count)
        if found.longer:
            say(
                f"        {found.longer} of {found.rows} {side} rows are longer than max_length={longest} tokens",
                f"        {found.rows} 条{side_zh}数据中有 {found.longer} 条超过 max_length={longest}",
            )
        if found.unanswered:
            nan, nan_zh = ("; the eval loss may be nan", "，验证损失可能为 nan") if side == "held-out" else ("", "")
            say(
                f"        of {found.unanswered} of them nothing is left of the answer{nan}: raise sft.max_length, or "
                "scan with scan.max_tokens",
                f"        其中 {found.unanswered} 条的回答会被全部截掉{nan_zh}：请提高 sft.max_length，"
                "或扫描时设置 scan.max_tokens",
            )
