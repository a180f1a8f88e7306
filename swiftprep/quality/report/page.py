"""One self-contained page to browse and filter the checker's findings.

The page is `assets/reports/quality.html` with the data embedded as JSON. It loads nothing from outside, and shows every
text as plain text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.errors import ConfigError
from swiftprep.quality.report.checked_rows import COLUMNS
from swiftprep.reasons import NAMES, name_of
from swiftprep.records import Sample
from swiftprep.storage.disk import write_text

if TYPE_CHECKING:
    import pandas as pd

# The original sample if it was repaired, else None; and the sample as it is now.
Pair: TypeAlias = tuple[Sample | None, Sample]

# Limits that keep the file small enough to open, whatever the size of the data: rows, then characters.
MAX_ROWS = 5_000
MAX_EXTRACT = 400
MAX_SAMPLE = 60_000
MAX_MESSAGES = 24
MAX_CHANGES = 12_000_000
MAX_SAMPLES_TOGETHER = 24_000_000
# The most values of a filter; rarer ones are grouped as `OTHER`.
MAX_VALUES = 100

FACETS = ("severity", "rule", "source", "channel", "kind")
OTHER = "…"  # all values beyond `MAX_VALUES`

# With these escaped, JSON is safe within a script element: no `</script>` or `<!--` is left, and no lone surrogate,
# which UTF-8 cannot encode.
_UNSAFE = re.compile("[<>&\u007f\u2028\u2029\ud800-\udfff]")


def write_html(
    path: str | Path,
    *,
    totals: Mapping[str, int],
    findings: pd.DataFrame,
    samples_at: Callable[[Collection[str]], Mapping[str, Pair]],
    lang: str = "zh",
) -> Path:
    """Write the findings as one HTML file and return its path.

    Its counts cover all findings. At most `MAX_ROWS` findings are listed, equally many of each rule where possible,
    evenly spread over the data; long texts are cut in the middle. The page says so.

    Args:
        path: The file; written atomically.
        totals: How many rows were read, kept, rejected and repaired, and how many findings there are.
        findings: One row per finding, with `COLUMNS`.
        samples_at: Returns the samples at the places of the listed findings.
        lang: `"zh"` or `"en"`, the language in which the page opens. A reader can switch.

    Raises:
        ConfigError: the language is neither.
    """
    if lang not in ("en", "zh"):
        raise ConfigError(f"lang={lang!r}; expected 'en' or 'zh' (页面语言只能是 en 或 zh)")
    page = (files("swiftprep") / "assets" / "reports" / "quality.html").read_text(encoding="utf-8")
    return write_text(
        path, page.replace("{{data}}", _script_json({"lang": lang, **_page_data(totals, findings, samples_at)}))
    )


def _script_json(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _page_data(
    totals: Mapping[str, int],
    findings: pd.DataFrame,
    samples_at: Callable[[Collection[str]], Mapping[str, Pair]],
) -> dict[str, Any]:
    columns = _columns(findings)
    values = {facet: _common(columns[facet]) for facet in FACETS}
    codes = [_codes(columns[facet], values[facet]) for facet in FACETS]
    listed = _spread(columns["rule"], MAX_ROWS)
    samples = samples_at({columns["place"][i] for i in listed})
    number = {place: position for position, place in enumerate(samples)}
    texts = [columns[name] for name in ("place", "id", "reason", "reason_zh")]
    changes = [
        max(MAX_EXTRACT, share)  # a repair is shown in full where possible
        for share in _shares([len(columns["before"][i]) + len(columns["after"][i]) for i in listed], MAX_CHANGES)
    ]
    return {
        "totals": dict(totals),
        "names": {rule: name_of(rule, "zh") for rule in values["rule"] if rule in NAMES},
        "values": {facet: [_cut(value, MAX_EXTRACT) for value in values[facet]] for facet in FACETS},
        "counts": [[*key, count] for key, count in sorted(Counter(zip(*codes, strict=True)).items())],
        "rows": [
            [column[i] for column in codes]
            + [_cut(column[i], MAX_EXTRACT) for column in texts]
            + [_cut(columns[name][i], most) for name in ("before", "after")]
            + [number.get(columns["place"][i], -1)]
            for i, most in zip(listed, changes, strict=True)
        ],
        "samples": _cut_samples(list(samples.values())),
    }


def _columns(findings: pd.DataFrame) -> dict[str, list[str]]:
    missing = findings[COLUMNS].isna()
    return {
        name: ["" if gone else str(value) for value, gone in zip(findings[name], missing[name], strict=True)]
        for name in COLUMNS
    }


def _common(column: list[str]) -> list[str]:
    """Return the values of a column, most frequent first; `OTHER` stands for those beyond `MAX_VALUES`."""
    ranked = sorted(Counter(column).items(), key=lambda item: (-item[1], item[0]))
    names = [name for name, _ in ranked[:MAX_VALUES]]
    return [*names, OTHER] if len(ranked) > MAX_VALUES else names


def _codes(column: list[str], values: list[str]) -> list[int]:
    position = {value: i for i, value in enumerate(values)}
    return [position.get(value, len(values) - 1) for value in column]


def _spread(rules: list[str], most: int) -> list[int]:
    """Choose at most `most` positions, in order: equally many of each rule where possible, evenly spaced."""
    places: dict[str, list[int]] = {}
    for position, rule in enumerate(rules):
        places.setdefault(rule, []).append(position)
    groups = list(places.values())
    chosen: list[int] = []
    for group, size in zip(groups, _shares([len(group) for group in groups], most), strict=True):
        chosen += [group[i * len(group) // size] for i in range(size)]
    return sorted(chosen)


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """Divide `total` evenly; what a small size does not need goes to the larger ones."""
    shares = [0] * len(sizes)
    for done, i in enumerate(sorted(range(len(sizes)), key=lambda i: sizes[i])):
        shares[i] = min(sizes[i], total // (len(sizes) - done))
        total -= shares[i]
    return shares


def _cut_samples(pairs: list[Pair]) -> list[dict[str, list[list[str]]]]:
    """Return the messages of each pair; if they are too long together, the longest are cut first."""
    sizes = [min(MAX_SAMPLE, max(_size(sample) for sample in pair if sample is not None)) for pair in pairs]
    shares = _shares(sizes, MAX_SAMPLES_TOGETHER // 2)
    return [
        {"now": _cut_messages(now, most)}
        if was is None
        else {"was": _cut_messages(was, most, now), "now": _cut_messages(now, most, was)}
        for (was, now), most in zip(pairs, shares, strict=True)
    ]


def _size(sample: Sample) -> int:
    return sum(len(message["content"]) for message in sample.messages)


def _cut_messages(sample: Sample, most: int, other: Sample | None = None) -> list[list[str]]:
    """Return `[role, content]` of each message, about `most` characters in total.

    Of a repaired sample, both versions are cut to the same part, where they begin to differ.
    """
    texts = [message["content"] for message in sample.messages]
    others = [message["content"] for message in other.messages] if other else texts
    if len(others) != len(texts):
        others = texts
    listed = list(range(len(texts)))
    if len(texts) > MAX_MESSAGES:
        listed = listed[: MAX_MESSAGES // 2] + listed[-MAX_MESSAGES // 2 :]
    shares = _shares([max(len(texts[i]), len(others[i])) for i in listed], most)
    rows = []
    for i, share in zip(listed, shares, strict=True):
        if texts[i] == others[i]:
            content = _cut(texts[i], share)
        elif len(texts[i]) <= share and len(others[i]) <= share:
            content = texts[i]
        else:
            content = _cut_from(texts[i], share, max(0, _difference(texts[i], others[i]) - share // 4))
        rows.append([sample.messages[i]["role"], content])
    if len(listed) < len(texts):
        rows.insert(MAX_MESSAGES // 2, [OTHER, _left_out(len(texts) - len(listed))])
    return rows


def _difference(text: str, other: str) -> int:
    """Return where two texts begin to differ."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(text), len(other)))


def _cut(text: str, most: int) -> str:
    """Cut a text in the middle to `most` characters."""
    if len(text) <= most:
        return text
    tail = most // 3
    return text[: most - tail] + _left_out(len(text) - most) + text[len(text) - tail :]


def _cut_from(text: str, most: int, start: int) -> str:
    """Cut a text to `most` characters from `start`."""
    end = start + most
    before = _left_out(start) if start else ""
    return before + text[start:end] + (_left_out(len(text) - end) if end < len(text) else "")


def _left_out(count: int) -> str:
    return f" [… {count} …] "
