"""Explain the catalogue: how a fact is known, from which file and line, and why a list is open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swiftprep.catalog.api import ITEMS, Component, Witness, kebab, one_spelling
from swiftprep.catalog.near import Names
from swiftprep.catalog.witnesses.joining import Contradiction

_LISTS = ("props", "events", "slots")
_LARGEST = 5_000_000  # bytes of a file to search for a line
_NEAR = 0.6
_TOP = 3  # reasons in a summary
_WITNESSES = {
    "overrides": ("your overrides", "你的更正文件"),
    "source": ("the component's source", "组件源码"),
    "run-time": ("Vue at run time", "Vue 运行时"),
    "web-types": ("a web-types file", "web-types 文件"),
    "vetur": ("vetur's files", "vetur 文件"),
    "types": ("TypeScript's types", "TypeScript 类型"),
    "docs": ("the documentation", "文档"),
    "usage": ("how it is used", "用法"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known of a component.

    Attributes:
        what: `"component"`, `"prop"`, `"event"`, `"slot"` or `"method"`.
        name: Its name.
        type: Its type, or `""`.
        witness: How it is known.
        path: The file that says so, relative to the scanned root; `""` if none is recorded.
        line: The line in it, from 1; 0 if it is not known.
    """

    what: str
    name: str
    type: str
    witness: Witness
    path: str
    line: int

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{self.what} {self.name}{f': {self.type}' if self.type else ''} — by {_WITNESSES[self.witness][0]}" + (
            f" ({place})" if place else ""
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """How something in the catalogue is known, or why it is not.

    Attributes:
        asked: The tag, or the tag and a name.
        facts: What is known under that name; several if a name is both a prop and an event; `()` if nothing is.
        near: Known names that are similar.
        open: Pairs of a list that may be incomplete and a reason.
        contradictions: Where witnesses say different things.
    """

    asked: str
    facts: tuple[Fact, ...] = ()
    near: tuple[str, ...] = ()
    open: tuple[tuple[str, str], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    def __str__(self) -> str:
        lines = [str(fact) for fact in self.facts] or [f"{self.asked}: not known"]
        if self.near:
            lines.append(f"did you mean {' or '.join(self.near)}?")
        lines += [f"the list of {what} is open: {reason}" for what, reason in self.open]
        lines += [f"contradiction: {one}" for one in self.contradictions]
        return "\n".join(lines)


def explain_component(
    component: Component,
    name: str | None,
    roots: Mapping[str, Path],
    contradictions: Iterable[Contradiction],
) -> Explanation:
    """Explain a component, or what is known under a name in it.

    Args:
        component: The component.
        name: The name of a prop, event, slot or method; None for the component itself.
        roots: The scanned folders by name, to find the line of a name in its file.
        contradictions: Those of the catalogue.
    """
    about = [one for one in contradictions if one.component == component.name]
    if name is None:
        fact = Fact("component", component.name, "", component.origin, component.path, component.span[0])
        return Explanation(
            f"<{component.name}>", (fact,), open=_reasons(component, _LISTS), contradictions=tuple(about)
        )
    wanted = one_spelling(name)
    facts = []
    names: list[str] = []
    for what in ITEMS:
        for item in getattr(component, what):
            names.append(item.name)
            if one_spelling(item.name) == wanted:
                path = item.origin or (component.path if item.witness in ("source", "usage") else "")
                line = _line(roots, path, item.name, component.span if path == component.path else (1, 0))
                facts.append(Fact(what.removesuffix("s"), item.name, item.type, item.witness, path, line))
    near = () if facts else (Names(names, cutoff=_NEAR).nearest(name),)
    return Explanation(
        f"<{component.name}> {name}",
        tuple(facts),
        tuple(one for one in near if one),
        () if facts else _reasons(component, _LISTS),
        tuple(one for one in about if one_spelling(one.name) == wanted),
    )


def _reasons(component: Component, lists: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return why the lists of a component are open."""
    reasons = list(component.why_open)
    explained = {what for what, _ in reasons}
    usage = component.origin == "usage"
    for what in lists:
        if what not in explained and any(part.partition(":")[0] == what for part in component.open):
            why = "only its uses are known" if usage else "a part of it could not be followed"
            reasons.append((what, f"{why} ({component.path})" if component.path else why))
    return tuple(reasons)


def _line(roots: Mapping[str, Path], path: str, name: str, span: tuple[int, int]) -> int:
    """Return the line of a name in a file, within a span of lines if it is there; the span's first, else 0."""
    names = "|".join(sorted({re.escape(name), re.escape(kebab(name))}))
    lines = _lines(roots, path)
    keyed = re.compile(rf"(?<![\w$-])['\"`]?(?:{names})['\"`]?\s*[?!]?[:(=]|['\"`](?:{names})['\"`]")
    first, last = span[0], span[1] or len(lines)
    for number, line in enumerate(lines[max(first - 1, 0) : last], max(first, 1)):
        if keyed.search(line[:2_000]):
            return number
    return first if lines or first > 1 else 0


def _lines(roots: Mapping[str, Path], path: str) -> list[str]:
    parts = path.split("/")
    if not path or ".." in parts:
        return []
    name = max((root for root in roots if not root or path.startswith(f"{root}/")), key=len, default=None)
    if name is None:
        return []
    file = roots[name] / (path.removeprefix(f"{name}/") if name else path)
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > _LARGEST:
            return []
        return file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many components of a catalogue are known completely.

    Attributes:
        closed: Components whose props, events and slots are all complete.
        open: Components with a list that may be incomplete.
        reasons: Why lists are open → the number of components, the most frequent first.
        from_usage: Components known only from how they are used.
    """

    closed: int
    open: int
    reasons: dict[str, int]
    from_usage: int = 0

    def __str__(self) -> str:
        """Return one line in English."""
        total = self.closed + self.open
        counted = f"{total} component{'' if total == 1 else 's'}: {self.closed} closed, {self.open} open"
        return f"{counted} ({_top(self.reasons)})" if self.reasons else counted

    @property
    def zh(self) -> str:
        """One line in Chinese."""
        counted = f"共 {self.closed + self.open} 个组件：{self.closed} 个完整，{self.open} 个不完整"
        reasons: Counter[str] = Counter()
        for reason, count in self.reasons.items():
            reasons[_in_chinese(reason)] += count
        return f"{counted}（{_top(dict(reasons.most_common()), '；')}）" if reasons else counted


_LONGEST_REASON = 1_000  # characters

# What `linking.reasons` says, in Chinese.
_CHINESE = (
    (re.compile(r"its mixin or base (.*) could not be followed"), r"无法跟踪 mixin 或基类 \1"),
    (re.compile(r"its props include (.*), which could not be followed"), r"无法跟踪 props 中的 \1"),
    (re.compile(r"its props are (.*), which is not followed"), r"无法跟踪 props：\1"),
    (re.compile(r"it is a functional component without props.*"), "函数式组件没有声明 props，任何属性都可用"),
    (re.compile(r"it is too deep, too long or too large.*"), "嵌套过深或过大，没有跟踪到底"),
    (re.compile(r"names that begin with (.*) are computed"), r"以 \1 开头的名称是计算得到的"),
    (re.compile(r"attributes are passed on.*"), "属性被传给了未知的组件或元素"),
    (re.compile(r"the name of an event is computed, or.*"), "事件名是计算得到的，或监听器被整体传递"),
    (re.compile(r"the name of a slot is computed, or.*"), "插槽名是计算得到的，或插槽被整体传递"),
    (re.compile(r"the name of an event is computed"), "事件名是计算得到的"),
    (re.compile(r"the name of a slot is computed"), "插槽名是计算得到的"),
    (re.compile(r"the whole of what it is given is passed on"), "收到的全部内容被整体传递"),
    (re.compile(r"they are passed to a function.*"), "被传给了无法跟踪的函数"),
    (re.compile(r"they are passed on to a component.*"), "被传给了未知的组件"),
    (re.compile(r"it looks through all.*"), "会遍历标签之间的全部内容"),
    (re.compile(r"all listeners are passed on to a native.*"), "全部监听器被传给了原生元素"),
    (re.compile(r"a part of (?:its (.*)|it) could not be followed"), "有一部分无法跟踪"),
    (re.compile(r"Vue lists only.*"), "Vue 只列出声明过的事件"),
    (re.compile(r"Vue keeps no list of slots"), "Vue 没有插槽列表"),
    (re.compile(r"the user's overrides say so"), "更正文件中如此说明"),
)


def _in_chinese(reason: str) -> str:
    for pattern, chinese in _CHINESE:
        if len(reason) <= _LONGEST_REASON and (match := pattern.fullmatch(reason)):
            return match.expand(chinese)
    return reason


def _top(reasons: Mapping[str, int], mark: str = "; ") -> str:
    return mark.join(f"{count} × {reason}" for reason, count in list(reasons.items())[:_TOP])


class Counts:
    """Counts complete and incomplete components, one at a time."""

    def __init__(self) -> None:
        self._closed = self._open = self._from_usage = 0
        self._reasons: Counter[str] = Counter()

    def add(self, component: Component) -> None:
        """Count a component; classes and functions are left out."""
        if component.kind != "component":
            return
        if component.origin == "usage":
            self._from_usage += 1
        elif component.open:
            self._open += 1
            self._reasons.update({re.sub(r" \([^()]*\)$", "", reason) for _, reason in _reasons(component, _LISTS)})
        else:
            self._closed += 1

    def counted(self, components: Iterable[tuple[str, Component]]) -> Iterator[tuple[str, Component]]:
        """Yield components by key, counting them."""
        for key, component in components:
            self.add(component)
            yield key, component

    def total(self) -> Completeness:
        """Return the result."""
        reasons = dict(sorted(self._reasons.items(), key=lambda pair: (-pair[1], pair[0])))
        return Completeness(self._closed, self._open, reasons, self._from_usage)


def completeness_of(components: Iterable[Component]) -> Completeness:
    """Return how many components are known completely, and why the others are not.

    >>> closed, open_ = Component("a-b"), Component("a-c", open=("slots",), why_open=(("slots", "computed (c.js:1)"),))
    >>> print(completeness_of([closed, open_]))
    2 components: 1 closed, 1 open (1 × computed)
    """
    counts = Counts()
    for component in components:
        counts.add(component)
    return counts.total()
