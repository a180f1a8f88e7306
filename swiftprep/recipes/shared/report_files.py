"""Write the report of a recipe as JSON and Markdown."""

from __future__ import annotations

import re
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from swiftprep.reasons import counted, in_chinese, in_english, name_of
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.report_words import word
from swiftprep.recipes.shared.result_files import write_json_report
from swiftprep.storage.disk import write_text
from swiftprep.withheld import printable


def write_report(report: dict[str, Any], folder: Path, lang: str, recipe: str) -> dict[str, Any]:
    """Write `report.json` and `report.md` into a folder, and return the report as written: without secrets.

    Args:
        report: The report, of plain values.
        folder: The folder.
        lang: `"zh"` or `"en"`.
        recipe: Name of the recipe; see `write_markdown`.
    """
    report = write_json_report(report, folder)
    write_markdown(report, folder / "report.md", lang, recipe)
    return report


def write_markdown(report: dict[str, Any], path: str | Path, lang: str, recipe: str = "stage1") -> Path:
    """Write the report of a recipe as Markdown.

    Args:
        report: The content of `report.json`.
        path: The file.
        lang: `"zh"` or `"en"`.
        recipe: `"stage1"`, `"distill"` or `"stage2"`.
    """
    return write_text(path, markdown(report, lang, recipe))


def markdown(report: dict[str, Any], lang: str, recipe: str) -> str:
    """Return the report of a recipe as Markdown; see `write_markdown`."""
    source = (files("swiftprep") / "assets" / "reports" / f"{recipe}.{lang}.md").read_text(encoding="utf-8")
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_finalized
    )
    environment.filters["cell"] = _cell
    environment.filters["fenced"] = _fenced
    environment.filters["plural"] = plural
    environment.filters["named"] = partial(name_of, lang=lang)
    environment.filters["counted"] = partial(counted, lang=lang)
    environment.filters["in_chinese"] = in_chinese
    environment.filters["in_english"] = in_english
    environment.filters["word"] = partial(word, lang=lang)
    verdict = report.get("verdicts", {}).get(lang, report.get("verdict"))
    return environment.from_string(source).render(**{**report, "verdict": verdict})


class _Inert(str):
    """Markdown in which text from outside has been made inert."""

    __slots__ = ()


# Markdown also turns a bare address into a link.
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\b(www)\.")
_SIGNS = {"&": "&amp;", "<": "&lt;", "\\": "&#92;", "|": "\\|", "`": "'", "[": "\\["}


def _finalized(value: object) -> object:
    """Make the values in a template inert, so that only the template's own text is Markdown."""
    return _inert(value) if isinstance(value, str) and not isinstance(value, _Inert) else value


def _inert(text: str) -> _Inert:
    """Turn a text into one line of plain Markdown: no link, no picture, no HTML, no table."""
    line = "".join(_SIGNS.get(letter, letter) for letter in printable(text).replace("\n", " "))
    return _Inert(_ADDRESS.sub(lambda match: f"{match[1]}&#58;" if match[1] else f"{match[2]}&#46;", line))


def _cell(text: object, width: int = 160) -> _Inert:
    """Shorten a text to fit a cell of a Markdown table."""
    line = " ".join(str(text).split())
    return _inert(line if len(line) <= width else line[: width - 1] + "…")


def _fenced(text: object, language: str = "text") -> _Inert:
    """Put a text into a code block with a fence longer than any in the text."""
    code = printable(str(text))
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Inert(f"{fence}{language}\n{code}\n{fence}")
