"""Check Vue code against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from swiftprep.catalog.api import Component, kebab, one_spelling
from swiftprep.catalog.known_tags import KnownTags, is_slip_of
from swiftprep.catalog.local_tags import LocalTags, imported
from swiftprep.catalog.near import Names, is_misspelt
from swiftprep.catalog.vue.behaviour import jsx_elements
from swiftprep.catalog.vue.expressions import expression_errors
from swiftprep.catalog.vue.facts import MOST_BLOCKS, script_lang
from swiftprep.catalog.vue.markup import Attribute, is_custom, read_attribute
from swiftprep.catalog.vue.misuse import misuses
from swiftprep.catalog.vue.native import ATTRIBUTES, BUILT_IN, DOM_EVENTS, TRANSITION_PROPS, is_global, is_native
from swiftprep.catalog.vue.script import ScriptReader
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import Element, blocks, template

_ANY_NATIVE = frozenset(name for names in ATTRIBUTES.values() for name in names)
_WORDS = {
    "not-checked": ("could not be checked: {name}", "无法检查：{name}"),
    "syntax": ("{name}", "语法错误：{name}"),
    "unknown-tag": ("<{tag}> is not a known component{hint}", "没有 <{tag}> 这个组件{hint}"),
    "unknown-prop": ("<{tag}> has no prop '{name}'{hint}", "<{tag}> 没有属性 '{name}'{hint}"),
    "missing-prop": ("<{tag}> needs the prop '{name}'", "<{tag}> 缺少必填属性 '{name}'"),
    "unknown-event": ("<{tag}> has no event '{name}'{hint}", "<{tag}> 没有事件 '{name}'{hint}"),
    "unknown-slot": ("<{tag}> has no slot '{name}'{hint}", "<{tag}> 没有插槽 '{name}'{hint}"),
    "v-model": ("<{tag}> has no {name}{hint}", "<{tag}> 不支持 {name}{hint}"),
}
_DELIMITERS = re.compile(rb"\bdelimiters\s*:")
_MOST_REACHED = 50_000  # components to follow attributes and listeners to, per piece of code
_MEANT = 0.6  # similarity from which a known name is suggested
_SPELLING = 0.8  # similarity from which a name counts as a typo of one that was seen


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a piece of code.

    Attributes:
        kind: `"syntax"`, `"unknown-tag"`, `"unknown-prop"`, `"missing-prop"`, `"unknown-event"`, `"unknown-slot"`, or
            `"not-checked"`.
        line: Its line, from 1.
        tag: The tag concerned, or `""`.
        name: The prop, event or slot, `"v-model"` for a component without one, the description of the syntax error, or
            the reason the code was not checked.
        near: The most similar known name, or `""`.
    """

    kind: str
    line: int
    tag: str = ""
    name: str = ""
    near: str = ""

    @property
    def _words(self) -> tuple[str, str]:
        return _WORDS["v-model" if self.name.startswith("v-model") else self.kind]

    @property
    def message(self) -> str:
        """The description in English."""
        hint = f" (did you mean '{self.near}'?)" if self.near else ""
        return self._words[0].format(tag=self.tag, name=self.name, hint=hint)

    @property
    def message_zh(self) -> str:
        """The description in Chinese."""
        hint = f"，是不是 '{self.near}'？" if self.near else ""
        return self._words[1].format(tag=self.tag, name=self.name, hint=hint)


def check(
    code: str,
    components: Mapping[str, list[Component]],
    *,
    vue3: bool,
    strict: bool,
    seen: frozenset[str] = frozenset(),
    tags: KnownTags | None = None,
) -> list[Problem]:
    """Return the problems in a single-file component or a fragment of a template, by line.

    Args:
        code: The code.
        components: Tag → the components with that tag, the registered one first.
        vue3: Whether the code is for Vue 3, where native events reach the root element without `.native`.
        strict: Whether to report, in Vue 2, listeners for native events that the component does not emit, an unclosed
            `{{`, which Vue 2 shows as text, and a second root element; and unknown tags with a prefix that no known tag
            has.
        seen: The attributes and listeners that the code base itself uses, on any component, in kebab case.
        tags: Judges unknown tags; without it, each is a problem.
    """
    source = code.replace("\r\n", "\n").encode("utf-8", "replace")
    parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
    checker = _Checker(components, vue3=vue3, strict=strict, seen=seen, tags=tags)
    if not parts:
        parsed = template(source)
        checker.syntax(parsed.errors)
        checker.syntax(expression_errors(parsed, source, vue3=vue3, strict=strict))
        checker.syntax(misuses(parsed, source, vue3=vue3, typed=None, mustaches=True))
        checker.elements(parsed.elements, LocalTags())
        return checker.problems()
    checker.syntax(
        (source.count(b"\n", 0, b.outer) + 1, f"<{b.kind}> without its end tag") for b in parts if not b.closed
    )
    known = LocalTags()
    scripts = [block for block in parts if block.kind == "script"][:MOST_BLOCKS]
    typed = any(script_lang(block) in ("ts", "tsx") for block in scripts) if scripts else None
    mustaches = not any(_DELIMITERS.search(source, block.start, block.end) for block in scripts)
    rendered: list[Element] = []
    for block in scripts:
        if "src" in block.attrs:  # its registrations are in another file
            known.complete = False
        lang = script_lang(block)
        if lang is None:
            continue
        text = source[block.start : block.end]
        line = source.count(b"\n", 0, block.start) + 1
        root, bad, grammar = parse_script(text, lang)
        checker.syntax((line + row - 1, "syntax error in <script>") for row in bad)
        reader = ScriptReader(text, root, line=line, in_sfc=True, is_setup=block.is_setup)
        known.add(reader.read(), setup=block.is_setup)
        rendered += jsx_elements(text, root, grammar, line=line)
    for block in [b for b in parts if b.kind == "template" and b.lang in ("", "html")][:MOST_BLOCKS]:
        parsed = template(source, block.start, block.end)
        checker.syntax(parsed.errors)
        checker.syntax(expression_errors(parsed, source, vue3=vue3, typed=typed, mustaches=mustaches, strict=strict))
        checker.syntax(misuses(parsed, source, vue3=vue3, typed=typed, mustaches=mustaches, one_root=strict))
        checker.elements(parsed.elements, known)
    checker.elements(rendered, known, jsx=True)
    return checker.problems()


class _Checker:
    def __init__(
        self,
        components: Mapping[str, list[Component]],
        *,
        vue3: bool,
        strict: bool,
        seen: frozenset[str],
        tags: KnownTags | None,
    ) -> None:
        self.components = components
        self.seen = seen
        self.vue3 = vue3
        self.strict = strict and not vue3
        self._tags = tags
        self._strict_tags = strict
        self._found: list[Problem] = []
        self._names: dict[tuple[float, tuple[str, ...]], Names] = {}
        self._spelt: dict[int, frozenset[str]] = {}
        self._of_any: frozenset[str] | None = None
        self._left = _MOST_REACHED

    def problems(self) -> list[Problem]:
        order = list(_WORDS)
        return sorted(dict.fromkeys(self._found), key=lambda p: (p.line, order.index(p.kind), p.tag, p.name))

    def syntax(self, errors: Iterable[tuple[int, str]]) -> None:
        self._found += [Problem("syntax", line, name=what) for line, what in errors]

    def elements(self, elements: list[Element], known: LocalTags, *, jsx: bool = False) -> None:
        specs: list[Component | None] = []
        for element in elements:
            spec = self._spec(element, known, jsx)
            specs.append(spec)
            attributes = [read_attribute(name, value) for name, value in element.attrs]
            if spec is not None:
                self._props(element, attributes, spec)
                for attribute in attributes:
                    if attribute.role == "on" and not self._hears(spec, attribute, jsx):
                        names = [event.name for event in spec.events]
                        self._say("unknown-event", element.line, element.tag, attribute.name, names)
            self._slots(element, attributes, spec, specs)

    def _say(self, kind: str, line: int, tag: str, name: str = "", known: Iterable[str] = ()) -> None:
        """Record a problem, with the most similar known name."""
        key = _MEANT, () if kind == "unknown-tag" else tuple(known)
        if key not in self._names:
            self._names[key] = Names(known, cutoff=_MEANT)
        self._found.append(Problem(kind, line, tag, name, self._names[key].nearest(name or tag)))

    def _is_slip(self, name: str, known: Iterable[str], spec: Component) -> bool:
        """Return whether an unknown name is a likely typo, where a list is open.

        The list may lack it, so a name counts as a typo only if it is not used anywhere in the code base, no component
        has it, and it differs by letters that were swapped, lost, added or mistaken, not by a plural.
        """
        if (spec.origin == "usage" and spec.owner == "application") or not self.seen.isdisjoint((name, kebab(name))):
            return False
        key = _SPELLING, tuple(known)
        if key not in self._names:
            self._names[key] = Names(key[1], cutoff=_SPELLING)
        near = self._names[key].nearest(name)
        return near != "" and is_misspelt(name, near) and (spec.origin == "usage" or not self._is_anyones(name))

    def _is_anyones(self, name: str) -> bool:
        """Return whether a native element or any component has a prop or event with this name."""
        if name in DOM_EVENTS or name in _ANY_NATIVE:
            return True
        if self._of_any is None:
            specs = {id(spec): spec for named in self.components.values() for spec in named}
            names = (item.name for spec in specs.values() for items in (spec.props, spec.events) for item in items)
            self._of_any = frozenset(map(one_spelling, names))
        return one_spelling(name) in self._of_any

    def _spec(self, element: Element, known: LocalTags, jsx: bool) -> Component | None:
        """Return the component that an element represents, or None if it is native or unknown."""
        tag = next((t for t in (kebab(element.tag), one_spelling(element.tag)) if self._is_known(t, known)), "")
        named = self.components.get(tag, ())
        if tag in known.tags:
            return imported(known.tags[tag], named)
        if tag in known.own:
            return named[0] if len(named) == 1 else None
        if not is_custom(element.tag) or "." in element.tag or (jsx and element.tag[:1].isupper()):
            return None
        if any(name in ("is", "v-is", ":is") for name, _ in element.attrs):
            return None
        spec = named[0] if named else None
        if spec is None and known.complete and self._lacks(kebab(element.tag), known):
            self._say("unknown-tag", element.line, element.tag, known=self.components)
        return spec

    def _lacks(self, tag: str, known: LocalTags) -> bool:
        """Return whether a tag is certain not to exist."""
        is_lacking = self._tags is None or self._tags.lack(tag, strict=self._strict_tags)
        return is_lacking or is_slip_of(tag, (*known.tags, *known.own))

    def _is_known(self, tag: str, known: LocalTags) -> bool:
        return tag in known.tags or tag in known.own or tag in self.components

    def _props(self, element: Element, attributes: list[Attribute], spec: Component) -> None:
        known = self._props_of(spec)
        set_props = {one_spelling(a.name) for a in attributes if a.role == "prop"}
        for attribute in attributes:
            if attribute.role == "model":
                set_props.add(one_spelling(attribute.name or (spec.model[0] if spec.model else "value")))
                set_props.add(attribute.name or "model-value")
                if not self._models(spec, attribute.name):
                    written = f"v-model:{attribute.name}" if attribute.name else "v-model"
                    self._found.append(Problem("unknown-prop", element.line, element.tag, written, _synced(spec)))
            if attribute.role != "prop" or attribute.name == "" or is_global(attribute.name):
                continue
            if one_spelling(attribute.name) not in known and not self._takes(spec, attribute, 0):
                names = [kebab(prop.name) for prop in spec.props]
                self._say("unknown-prop", element.line, element.tag, attribute.name, names)
        if element.spread or "" in set_props or any(a.role == "object" for a in attributes):
            return
        for prop in spec.props:
            if prop.required and one_spelling(prop.name) not in set_props:
                self._say("missing-prop", element.line, element.tag, kebab(prop.name))

    def _props_of(self, spec: Component) -> frozenset[str]:
        if id(spec) not in self._spelt:
            self._spelt[id(spec)] = frozenset(one_spelling(prop.name) for prop in spec.props)
        return self._spelt[id(spec)]

    def _models(self, spec: Component, argument: str) -> bool:
        """Return whether a component supports the `v-model`; in Vue 2 it cannot have an argument."""
        if self.vue3 or spec.origin == "web-types":
            return True
        is_open = spec.model or spec.passes or not (spec.root or spec.props) or {"props", "events"} & set(spec.open)
        names = {*(prop.name for prop in spec.props), *(event.name for event in spec.events if not spec.root)}
        return not argument and (bool(is_open) or not names.isdisjoint(("value", "input")))

    def _takes(self, spec: Component, attribute: Attribute, depth: int) -> bool:
        """Return whether a component uses an attribute that is not one of its props."""
        name = attribute.name
        self._left -= 1
        if self._left < 0:  # too many to follow: give it the benefit of the doubt
            return True
        if set(attribute.modifiers) & {"prop", "attr", "camel"} or not re.fullmatch(r"[A-Za-z][\w:-]*", name):
            return True
        if "props" in spec.open:
            return not self._is_slip(name, (kebab(p.name) for p in spec.props), spec)
        if not spec.root and not spec.passes and spec.origin in ("source", "run-time", "types"):
            return name in _ANY_NATIVE  # its root element is not known
        if not self.vue3 and self._target(spec.root) is not None:
            # In Vue 2 they end up on the element without becoming props of the component in between.
            return name in _ANY_NATIVE or any(self._reaches(tag, name, attribute, depth) for tag in spec.passes)
        return any(self._reaches(tag, name, attribute, depth) for tag in (*spec.passes, spec.root) if tag)

    def _target(self, tag: str) -> Component | None:
        named = () if is_native(tag) else self.components.get(kebab(tag)) or self.components.get(one_spelling(tag))
        return named[0] if named else None

    def _reaches(self, tag: str, name: str, attribute: Attribute, depth: int) -> bool:
        self._left -= 1
        if tag in ("slot", "*"):
            return False
        if tag in ("component", "Component", "template"):  # Vue treats both spellings as a dynamic component
            return True
        if kebab(tag) in BUILT_IN:
            return name in TRANSITION_PROPS or tag == "router-link"
        target = self._target(tag)
        if target is not None:
            return one_spelling(name) in self._props_of(target) or (
                depth < 4 and self._takes(target, attribute, depth + 1)
            )
        return name in ATTRIBUTES.get(tag, ()) if is_native(tag) else True

    def _hears(self, spec: Component, attribute: Attribute, jsx: bool, depth: int = 0) -> bool:
        """Return whether a listener on a component can ever be called."""
        name = attribute.name
        if self._left < 0:
            return True
        if not name or "native" in attribute.modifiers or name.startswith(("hook:", "vue:", "vnode-", "update:")):
            return True
        names = {event.name for event in spec.events}
        if name in names or ((jsx or self.vue3) and one_spelling(name) in map(one_spelling, names)):
            return True
        if self.vue3 and one_spelling(f"on-{name}") in self._props_of(spec):
            return True
        handed_on = any(not is_native(tag) and self._target(tag) is None for tag in spec.passes)
        if "events" in spec.open or handed_on:
            return not self._is_slip(name, sorted(names if spec.origin == "usage" else names | DOM_EVENTS), spec)
        if any(name.startswith(what.removeprefix("events:")) for what in spec.open if what.startswith("events:")):
            return True
        if name.lower() in DOM_EVENTS and not self.strict:
            return True
        for tag in spec.passes:
            self._left -= 1
            target = self._target(tag)
            if target is None and (not is_native(tag) or name in DOM_EVENTS):
                return True
            if target is not None and depth < 4 and self._hears(target, attribute, jsx, depth + 1):
                return True
        return False

    def _slots(
        self, element: Element, attributes: list[Attribute], spec: Component | None, specs: list[Component | None]
    ) -> None:
        for attribute in attributes:
            if attribute.role != "slot" or not attribute.name or attribute.name == "default":
                continue
            own = spec is not None and attribute.bound and element.tag != "template"
            owner = spec if own else specs[element.parent] if element.parent >= 0 else None
            if owner is None or "slots" in owner.open or f"slots:{attribute.name}" in owner.open:
                continue
            names = [slot.name for slot in owner.slots]
            if attribute.name not in names and (names or owner.root):
                self._say("unknown-slot", element.line, owner.name, attribute.name, names)


def _synced(spec: Component) -> str:
    """Return the two-way bound prop in template syntax, or `""`."""
    synced = [event.name.removeprefix("update:") for event in spec.events if event.name.startswith("update:")]
    return f":{kebab(synced[0])}.sync" if synced else ""
