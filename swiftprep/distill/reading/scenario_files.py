"""Read users' own scenarios from files."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from swiftprep.distill.reading.apart import read_apart
from swiftprep.distill.reading.input_rows import read_rows
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.errors import DataError, did_you_mean, one_line
from swiftprep.process.workers import Lost
from swiftprep.text.characters import HAN, SURROGATE

FIELDS = tuple(field.name for field in fields(Scenario))
_SHOWN = 20  # problems listed in an error


def load_scenarios(path: str | Path) -> list[Scenario]:
    """Read scenarios from a file.

    YAML holds a list of strings, or of mappings with the attributes of `Scenario`; JSONL and CSV have those as keys or
    columns; plain text has one instruction per line. `components` may be a list or a comma-separated string. Without
    `lang` the language is detected from the instruction.

    Raises:
        DataError: the file cannot be read, or not within the time and memory a file may take; or some of its rows are
            wrong, and they are listed as `file:line: why`.
    """
    source = Path(path)
    if not os.path.isfile(source):
        raise DataError(f"{source}: no such file (没有这个文件)")
    (scenarios,) = read_apart(_read_file, [source])
    if isinstance(scenarios, Lost):
        raise DataError(f"{source}: {scenarios.reason}")
    if isinstance(scenarios, DataError):
        raise scenarios
    return scenarios


def _read_file(source: Path) -> list[Scenario]:
    scenarios: list[Scenario] = []
    problems: list[str] = []
    lines: dict[str, int] = {}  # instruction or id → line of its first use
    for row in read_rows(source):
        at = f"{source}:{row.place}"
        try:
            scenario = to_scenario(row.value)
        except Exception as error:
            problems.append(f"{at}: {one_line(error, 2000)}")
            continue
        same = [key for key in (f"instruction {scenario.instruction}", f"id {scenario.id}") if key in lines]
        if same:
            what = "the same instruction as" if same[0].startswith("instruction") else f"the same id {scenario.id!r} as"
            problems.append(f"{at}: {what} line {lines[same[0]]} (与第 {lines[same[0]]} 行重复)")
            continue
        lines |= {f"instruction {scenario.instruction}": row.place, f"id {scenario.id}": row.place}
        scenarios.append(scenario)
    if problems:
        more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise DataError("\n".join(problems[:_SHOWN]) + more)
    if not scenarios:
        raise DataError(f"{source}: no scenario in it (文件中没有场景)")
    return scenarios


def to_scenario(value: Any) -> Scenario:
    """Return the scenario given by a string or a mapping.

    Raises:
        DataError: it is neither, a key is unknown, or a value is wrong; the message lists all problems.
    """
    if isinstance(value, DataError):
        raise value
    if isinstance(value, str):
        value = {"instruction": value}
    if not isinstance(value, dict):
        raise DataError(f"{type(value).__name__}; expected an instruction or a mapping (应为一条指令或键值对)")
    unknown = [one_line(str(key), 100) for key in value if str(key) not in FIELDS]
    problems = [f"unknown key {key!r}{did_you_mean(key, FIELDS)} (未知的键)" for key in unknown[:_SHOWN]]
    values = {key: item for key, item in value.items() if item is not None}
    instruction = values.get("instruction", "")
    if not isinstance(instruction, str) or not instruction.strip():
        problems.append("no instruction (缺少 instruction)")
    elif SURROGATE.search(instruction):
        problems.append("instruction holds half a surrogate pair, which is not text (含有无效字符)")
    problems += [
        f"{key} is {type(values[key]).__name__}; expected text (应为文本)"
        for key in ("id", "intent")
        if not isinstance(values.get(key, ""), str | int) or isinstance(values.get(key), bool)
    ]
    lang = values.get("lang") or language_of(str(instruction))
    if lang not in ("zh", "en"):
        problems.append(f"lang is {one_line(repr(lang), 100)}; expected 'zh' or 'en' (语言应为 zh 或 en)")
    level = values.get("level", 1)
    level = int(level) if isinstance(level, str) and level.strip() in ("1", "2", "3") else level
    if isinstance(level, bool) or level not in (1, 2, 3):
        problems.append(f"level is {one_line(repr(level), 100)}; expected 1, 2 or 3 (难度应为 1、2 或 3)")
    components = names_in(values.get("components"))
    if components is None:
        problems.append("components is not a list of names (components 应为组件名列表)")
    meta = values.get("meta", {})
    if not isinstance(meta, dict):
        problems.append(f"meta is {type(meta).__name__}; expected a mapping (应为键值对)")
    if problems:
        raise DataError(one_line("; ".join(problems), 2000))
    return Scenario(
        instruction.strip(),
        id=str(values.get("id", "")).strip(),
        components=components or (),
        intent=str(values.get("intent", "")).strip(),
        lang=lang,
        level=int(level),
        meta=dict(meta),
    )


def names_in(value: Any) -> tuple[str, ...] | None:
    """Return the names in a list or in a comma-separated string; None for anything else.

    >>> names_in("ta-table、ta-card, ta-tag")
    ('ta-table', 'ta-card', 'ta-tag')
    """
    if value is None:
        return ()
    if isinstance(value, str):
        value = re.split(r"[,，;；、\s]+", value)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    return tuple(dict.fromkeys(name.strip().strip("<>/") for name in value if name.strip()))


def language_of(text: str) -> Lang:
    """Return `"zh"` if a text has Chinese characters, else `"en"`."""
    return "zh" if HAN.search(text) else "en"
