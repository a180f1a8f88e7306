"""Tell the kind of a component, and so what can be asked about it, from its name, its API and its uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from math import log2

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.markup import Use

ITEM_WORDS = frozenset("item column option pane step".split())
_DATA = frozenset("data data-source columns items options tree-data dataset".split())
_PAGES = frozenset("current current-page page page-no page-size page-sizes page-count total".split())
_SHOWN = ("visible", "open", "show", "opened", "value", "model-value")
_FEWEST = 3  # components that must share a prefix for it to be the framework's

# The kind, by the last word of a component's name; tried in this order.
_WORDS: dict[str, frozenset[str]] = {
    "pager": frozenset("pagination pager paginator".split()),
    "table": frozenset("table datagrid grid".split()),
    "overlay": frozenset("modal dialog drawer sheet".split()),
    "popup": frozenset("tooltip popover dropdown".split()),
    "upload": frozenset("upload uploader".split()),
    "tree": frozenset("tree".split()),
    "form": frozenset("form".split()),
    "nav": frozenset("tabs menu submenu steps breadcrumb collapse anchor navbar tabbar".split()),
    "date": frozenset("date time calendar datepicker timepicker".split()),
    "number": frozenset("number slider rate stepper".split()),
    "flag": frozenset("switch checkbox toggle".split()),
    "choice": frozenset("select cascader transfer radio segmented".split()),
    "text": frozenset("input textarea password search autocomplete mention mentions".split()),
    "button": frozenset("button link".split()),
    "notice": frozenset("alert message notification popconfirm result toast".split()),
    "feedback": frozenset("progress spin loading skeleton empty".split()),
    "layout": frozenset(
        "row col container space divider footer main aside layout flex splitter scrollbar transition".split()
    ),
}
_REMOTE = frozenset("select cascader transfer autocomplete mention mentions".split())
_ENTRY = ("date", "number", "flag", "choice", "text")


def framework_tags(catalog: Catalog) -> set[str]:
    """Return the tags of the framework itself, without the application's own and the framework's internal ones.

    Where the catalogue does not tell whose its components are, the framework's share a prefix, and most of those with
    known source are registered globally. Without such a prefix nothing tells them apart, and all tags are returned.
    """
    if any(c.owner for c in catalog):
        owned = {c.name for c in catalog.owned("framework") if c.kind == "component"}
        return owned or {c.name for c in catalog if c.kind == "component" and c.owner != "other"}
    tags = {c.name: c for c in catalog if c.kind == "component"}
    heads = Counter(tag.partition("-")[0] for tag in tags if "-" in tag)
    prefix, times = min(heads.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    if times < _FEWEST or times < 0.4 * sum(heads.values()):
        return set(tags)
    ours = {tag for tag in tags if tag.startswith(f"{prefix}-")}
    public = {tag for tag in ours if tags[tag].registered or tags[tag].origin == "web-types"}
    return public if len(public) > 0.6 * len(ours) else ours


def traits_of(component: Component, use: Use, *, own: bool = False) -> tuple[str, ...]:
    """Return the traits of a component, the most telling first.

    Args:
        component: The component.
        use: How it is used.
        own: Whether it is the application's own or internal to the framework; then it has no other trait.

    >>> traits_of(Component("ta-input", model=("value", "input")), Use())
    ('text', 'input', 'any')
    """
    if component.kind != "component":
        return (component.kind, "code")
    if own:
        return ("own",)
    words = component.name.split("-")
    words = words[1:] if len(words) > 1 else words
    names = {kebab(prop.name) for prop in component.props}
    kind = _kind(component, words, names, use)
    traits = [kind]
    if kind in _ENTRY:
        traits.append("input")
    if _REMOTE & set(words) and kind != "date":
        traits.append("remote")
    if kind not in ("table", "tree", "choice") and names & _DATA:
        traits.append("data")
    traits += [trait for trait in ("loading", "disabled") if trait in names]
    return (*dict.fromkeys(traits), "any")


def _kind(component: Component, words: list[str], names: set[str], use: Use) -> str:
    last = words[-1]
    if last in ITEM_WORDS:
        return "field" if words[-2:-1] == ["form"] or last == "field" else "item"
    if {"model", "rules"} <= names:
        return "form"
    if len(names & _PAGES) > 1 and not names & {"columns", "data", "data-source"}:
        return "pager"
    held = component.model is not None or use.models > 0
    for kind in _ENTRY:  # el-radio-button, el-time-select
        if held and last in ("button", "group", "select", "picker", "box") and set(words) & _WORDS[kind]:
            return kind
    for kind, known in _WORDS.items():
        if last in known or (last in ("group", "box", "view") and set(words) & known):
            return kind
    if names & {"custom-request", "http-request", "before-upload"}:
        return "upload"
    if "columns" in names and names & _DATA - {"columns"}:
        return "table"
    if "tree-data" in names:
        return "tree"
    if held and names & {"options", "data"}:
        return "choice"
    if names & set(_SHOWN[:3]) and any(event.name.startswith(("update:", "close")) for event in component.events):
        return "overlay"
    return "input" if held else "display"


def parents_of(component: Component, use: Use, tags: Container[str]) -> list[str]:
    """Return the components one belongs inside, told by its name and by what was seen around it."""
    seen = [tag for tag, _ in sorted(use.parents.items(), key=lambda item: (-item[1], item[0]))]
    stem = component.name.rpartition("-")[0]
    candidates = dict.fromkeys([stem, f"{stem}s", f"{component.name}s", *seen])
    return [tag for tag in candidates if tag in tags and tag != component.name][:3]


_PLAIN = re.compile(r"[A-Za-z][\w.-]{0,39}")


def usable(name: str) -> bool:
    """Return whether a name can be used in a sentence: a plain word that is not internal."""
    return _PLAIN.fullmatch(name) is not None


def toggles(component: Component) -> list[str]:
    """Return the props that show or hide a component."""
    names = [kebab(prop.name) for prop in component.props]
    return [name for name in _SHOWN[:4] if name in names]


def askable(catalog: Catalog) -> dict[str, Component]:
    """Return the components that can be asked about, by tag.

    Of several with the same name it is the most important one. Those of other packages and the internal ones of a
    framework are left out. So are those with an unknown API that nothing uses, unless there are no others.
    """
    named: dict[str, Component] = {}
    is_told = any(component.owner for component in catalog)
    for component in catalog:
        name = component.name
        if is_told and component.kind == "component" and not is_asked_about(component):
            continue
        if name.rpartition(".")[2].startswith("_") or not name.strip():
            continue
        if name not in named or importance(component) > importance(named[name]):
            named[name] = component
    known = {tag: c for tag, c in named.items() if c.kind != "component" or c.uses or c.registered or _known(c)}
    return known or named


def is_asked_about(component: Component) -> bool:
    """Return whether a component with a known owner is the framework's, or one that the application defines."""
    return component.owner == "framework" or (component.owner == "application" and component.origin == "source")


def _known(component: Component) -> int:
    return len(component.props) + len(component.events) + len(component.slots)


def importance(component: Component) -> float:
    """Return how important a component is, by how often it is used and the size of its API."""
    return 1 + log2(1 + component.uses) / 2 + min(_known(component), 20) / 20 + component.registered
