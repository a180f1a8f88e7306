"""Refuse results in which nothing is kept, so that they do not replace earlier ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from swiftprep.errors import DataError, RunError, one_line
from swiftprep.records import Reject

_LEFT_TO_WORKERS = ("not-parsed", "not-checked")
# The form in which `swiftprep.process.worker_child` reports an exception, unlike a limit, a crash or deep nesting.
_EXCEPTION = re.compile(r"([A-Z]\w{0,60}(?:Error|Exception|Warning|Exit|Interrupt)\b): ")


def refuse_nothing(source: str, kept: int, rejects: Sequence[Reject], output_dir: Path) -> None:
    """Refuse a result in which nothing is kept.

    Args:
        source: The data that was read.
        kept: Number of items kept.
        rejects: The rejected items.
        output_dir: Folder for the results.

    Raises:
        DataError: nothing is kept; the message counts the reasons.
        RunError: nothing is kept, and every item processed failed with the same exception: an error in swiftprep.
    """
    if kept:
        return
    there = f"; {output_dir} stays as it is" if output_dir.exists() else ""
    counts = Counter(reject.reason for reject in rejects)
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common()) or "there is nothing in it"
    worked_on = [reject for reject in rejects if reject.reason in _LEFT_TO_WORKERS]
    names = {match[1] if (match := _EXCEPTION.match(reject.detail)) else None for reject in worked_on}
    if len(names) == 1 and None not in names:
        raise RunError(
            f"{source}: nothing is kept ({reasons}): an error within swiftprep, the same for all "
            f"{len(worked_on)}: {one_line(worked_on[0].detail)}. Please report it{there} (swiftprep 内部错误)"
        )
    most = counts.most_common(1)[0][0] if counts else ""
    example = next((f"; such as {r.path}: {one_line(r.detail, 200)}" for r in rejects if r.reason == most), "")
    raise DataError(f"{source}: nothing is kept: {reasons}{example}{there} (没有任何可用的内容，原有结果保持不变)")
