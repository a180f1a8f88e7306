"""Measure coverage: the number of samples or scenarios for each component and intent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.native import TAGS
from swiftprep.code.markdown import code_of
from swiftprep.distill.planning.intents import INTENTS
from swiftprep.distill.planning.traits import askable, framework_tags
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.plotting import font_for, new_figure, set_font
from swiftprep.records import Sample
from swiftprep.storage.disk import atomic_write

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

OTHER = "other"  # column for items without an intent, or with an unknown one
_MARKUP = ("", "vue", "html", "jsx", "tsx")
_TAG = re.compile(r"(?<![\w.])<([A-Za-z][\w-]*)")  # not of `Array<Row>`
_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST_ROWS = 40


def tally(catalog: Catalog, items: Iterable[Sample | Scenario]) -> Counter[tuple[str, str]]:
    """Count the items by component name and intent as given, `""` for none.

    A scenario is about its `components`; a sample is about those whose tags, or for Python and Java whose names, are
    in the code of its answer.
    """
    short: dict[str, list[str]] = {}
    for component in catalog:
        if component.kind != "component":
            short.setdefault(component.name.rpartition(".")[2], []).append(component.name)
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        if isinstance(item, Scenario):
            tags, intent = [_name(catalog, tag) for tag in item.components], item.intent
        else:
            tags, intent = _used(catalog, item.answer, short), str(item.meta.get("intent") or "")
        for tag in dict.fromkeys(tags):
            counts[tag, intent] += 1
    return counts


def _name(catalog: Catalog, tag: str) -> str:
    component = catalog.find(tag)
    return component.name if component is not None else tag


def _used(catalog: Catalog, answer: str, short: dict[str, list[str]]) -> list[str]:
    tags: list[str] = []
    for language, code in code_of(answer):
        if language in _MARKUP:
            for name in dict.fromkeys(_TAG.findall(code)):
                component = catalog.find(name)
                if component is not None:
                    tags.append(component.name)
        if short and language not in ("vue", "html"):
            for word in dict.fromkeys(_WORD.findall(code)):
                tags += short.get(word, ())
    return tags


def coverage(catalog: Catalog, items: Iterable[Sample | Scenario]) -> pd.DataFrame:
    """Return the number of items for each component and intent.

    Args:
        catalog: The components.
        items: Samples, scenarios or both.

    Returns:
        One row per component that can be asked about (index `component`, by name), one column per intent, and a
        column `"other"` for items without an intent or with a user's own.

    >>> from swiftprep.catalog.api import Component
    >>> asked = Scenario("How?", components=("ta-tag",), intent="use")
    >>> int(coverage(Catalog([Component("ta-tag", uses=1)]), [asked]).loc["ta-tag", "use"])
    1
    """
    import pandas as pd

    counts = tally(catalog, items)
    rows: dict[str, Counter[str]] = {name: Counter() for name in sorted(askable(catalog))}
    for (tag, intent), times in counts.items():
        if tag in rows:
            rows[tag][intent if intent in INTENTS else OTHER] += times
    columns = [*INTENTS, OTHER]
    cells = [[row[column] for column in columns] for row in rows.values()]
    return pd.DataFrame(cells, index=pd.Index(list(rows), name="component"), columns=columns, dtype=int)


def of_framework(frame: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """Return the rows of a coverage table for the framework's components, without the application's own ones.

    Where no prefix tells them apart, those whose source was not scanned are taken for the framework's; if there are
    none, all are kept.
    """
    tags = framework_tags(catalog)
    components = {component.name for component in catalog if component.kind == "component"}
    if tags == components:
        tags = {c.name for c in catalog if c.origin != "source" and c.name not in TAGS} or tags
    return frame.loc[[name for name in frame.index if name in tags or name not in components]]


_WORDS = {
    "en": {
        "covered": "{covered} of {all} components covered",
        "most": "{title}; shown are the {shown} least covered",
        "more": "{more} more: {uncovered} not covered, {covered} covered",
        "all covered": "{more} more, all of them covered",
        "none covered": "{more} more, none of them covered",
        OTHER: OTHER,
    },
    "zh": {
        "covered": "共 {all} 个组件，已覆盖 {covered} 个",
        "most": "{title}；图中为覆盖最少的 {shown} 个",
        "more": "另有 {more} 个：未覆盖 {uncovered} 个，已覆盖 {covered} 个",
        "all covered": "另有 {more} 个，均已覆盖",
        "none covered": "另有 {more} 个，均未覆盖",
        OTHER: "其他",
    },
}


def plot_coverage(frame: pd.DataFrame, path: str | Path | None = None, *, lang: Lang = "zh") -> Figure:
    """Plot a coverage table as a heat map, the least covered component first: darker means more, a dot means none.

    Args:
        frame: From `coverage`; see also `of_framework`.
        path: Where to save it as PNG, too, atomically.
        lang: Language of the labels; without a Chinese font they are in English.

    Returns:
        The figure, which a notebook shows, with at most 40 components and a note about the others. A component with
        items of any intent comes after those that only have some in the column `"other"`.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    of_intents = frame.drop(columns=OTHER, errors="ignore")
    totals = frame.sum(axis=1)
    ranks = sorted(zip(of_intents.sum(axis=1), totals, range(len(frame)), strict=True))
    table = frame.iloc[[position for *_, position in ranks[:_MOST_ROWS]]]
    height, width = table.shape
    figure = new_figure(3.2 + 0.55 * width, 1.6 + 0.22 * max(height, 1))
    font = font_for(lang)
    drawn_in = lang if font else "en"
    words = _WORDS[drawn_in]
    axes = figure.subplots()
    if height:
        most = max(1, int(of_intents.loc[table.index].to_numpy().max(initial=0)))
        axes.imshow(table.to_numpy(), cmap="Blues", vmin=0, vmax=most, aspect="auto")
        for y, row in enumerate(table.to_numpy().tolist()):
            for x, value in enumerate(row):
                colour = "#c44e52" if value == 0 else "white" if value > 0.6 * most else "#333333"
                axes.text(x, y, str(value) if value else "·", ha="center", va="center", fontsize=7, color=colour)
    names = [words[OTHER] if name == OTHER else _intent(str(name), drawn_in) for name in table.columns]
    axes.set_xticks(range(width), names, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(height), [_label(name) for name in table.index], fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    covered = int((totals > 0).sum())
    title = words["covered"].format(covered=covered, all=len(frame))
    if len(frame) > height:
        title = words["most"].format(title=title, shown=height)
        of_others = covered - int((table.sum(axis=1) > 0).sum())
        uncovered = len(frame) - height - of_others
        note = "all covered" if not uncovered else "more" if of_others else "none covered"
        figure.supxlabel(
            words[note].format(more=len(frame) - height, covered=of_others, uncovered=uncovered), fontsize=8
        )
    axes.set_title(title, fontsize=9)
    set_font(figure, font)
    if path is not None:
        with atomic_write(path) as file:
            figure.savefig(file, format="png")
    return figure


def _intent(name: str, lang: str) -> str:
    return INTENTS[name].zh if lang == "zh" and name in INTENTS else name


def _label(name: object, most: int = 34) -> str:
    """Return a name that any font can draw and matplotlib does not read as mathematics."""
    text = "".join(letter if " " < letter < "\x7f" and letter != "$" else "?" for letter in str(name))
    return text if len(text) <= most else f"…{text[1 - most :]}"
