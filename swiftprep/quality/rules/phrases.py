"""The phrases that rules look for, from `assets/quality/phrases.yaml`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml

# For whole words: English words have boundaries, Chinese ones do not.
BETWEEN_WORDS = r"(?:\b|(?<=[\u3400-\u9fff])){}(?:\b|(?=[\u3400-\u9fff]))"


@cache
def _read() -> dict[str, list[str]]:
    text = (files("swiftprep") / "assets" / "quality" / "phrases.yaml").read_text(encoding="utf-8")
    return {name: str(lines).split("\n") for name, lines in yaml.safe_load(text).items()}


@cache
def phrases(name: str, form: str = "{}") -> re.Pattern[str]:
    """Return a pattern that matches any phrase of one name, ignoring case.

    Args:
        name: A key of the file.
        form: A pattern around the phrases, with `{}` in their place.

    >>> bool(phrases("refusal").search("抱歉，我无法回答这个问题。"))
    True
    """
    lines = (line.strip().replace("'", "['’]") for line in _read()[name])
    inner = "|".join(f"(?:{line})" for line in lines if line)
    return re.compile(form.replace("{}", f"(?:{inner})"), re.IGNORECASE)
