"""The language of the console: that of the terminal, unless `--lang` chooses another."""

from __future__ import annotations

import os

from swiftprep.streams import Lang

LANGUAGES: tuple[Lang, ...] = ("zh", "en")


def terminal_lang() -> Lang:
    """Return `"zh"` or `"en"`: the first of `LC_ALL`, `LC_MESSAGES`, `LANG` and `LANGUAGE` that is set decides."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"))
    return "zh" if next(filter(None, names), "").lower().startswith("zh") else "en"


def plural(count: int, noun: str) -> str:
    """Return a number with its noun in English.

    >>> plural(1, "file"), plural(2, "file")
    ('1 file', '2 files')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
