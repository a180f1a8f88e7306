"""Find what Vue's compiler rejects in a template although each expression parses: misused attributes and directives.

The rules, with their differences between Vue 2 and 3, are those of `vue-template-compiler` 2.7 and `@vue/compiler-dom`
3.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from swiftprep.catalog.vue.expressions import is_assignable
from swiftprep.parsing.sfc import VOID, Element, Template

# The elements that no component can be registered as; Vue renders all others as components.
_PLAIN = frozenset(
    "address article aside footer header h1 h2 h3 h4 h5 h6 hgroup nav section div dd dl dt figcaption figure picture "
    "hr img li main ol p pre ul a b abbr bdi bdo br cite code data dfn em i kbd mark q rp rt rtc ruby s samp small "
    "span strong sub sup time u var wbr area audio map track video embed object param source canvas noscript del ins "
    "caption col colgroup table thead tbody td th tr button datalist fieldset form input label legend meter optgroup "
    "option output progress select textarea details dialog menu summary blockquote iframe tfoot".split()
)
_IS = frozenset(("is", ":is", "v-bind:is", "v-is"))
_SLOTS = ("#", "v-slot")
_BRANCHES = ("v-else", "v-else-if")
_ON_SLOT = frozenset("v-if v-else v-else-if v-for v-bind v-on v-slot v-once v-memo v-cloak v-pre".split())
_TAKEN_OUT = frozenset(("slot", "slot-scope", "scope", "key", "ref", "is"))  # before Vue 2 looks at attributes
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_FOR = re.compile(r"\s(?:in|of)\s")
_MOST_ABOVE = 100  # elements above a `v-model` that are searched for its name


def misuses(
    parsed: Template, source: bytes, *, vue3: bool, typed: bool | None, mustaches: bool, one_root: bool = False
) -> list[tuple[int, str]]:
    """Return `(line, what is wrong)` of each misuse.

    Args:
        parsed: The template.
        source: The file that contains it.
        vue3: Whether it is for Vue 3.
        typed: Whether it may contain TypeScript; None if unknown, which allows it.
        mustaches: Whether `{{ }}` are its delimiters.
        one_root: Whether, in Vue 2, it is the template of a component, which has one root element.
    """
    return _Reader(parsed, source, vue3, typed).errors(mustaches=mustaches, one_root=one_root)


class _Reader:
    def __init__(self, parsed: Template, source: bytes, vue3: bool, typed: bool | None) -> None:
        self.parsed = parsed
        self.source = source
        self.vue3 = vue3
        self.typed = typed
        self.attributes = [dict(element.attrs) for element in parsed.elements]

    def errors(self, *, mustaches: bool, one_root: bool) -> list[tuple[int, str]]:
        rules: list[Callable[[int, Element], Iterator[str]]] = [self._duplicates, self._model, self._slot, self._keys]
        rules += [self._of_vue3] if self.vue3 else [self._interpolated] if mustaches else []
        elements = list(enumerate(self.parsed.elements))
        found = [(element.line, what) for at, element in elements for rule in rules for what in rule(at, element)]
        found += self._branches()
        return found + (self._roots() if one_root and not self.vue3 else [])

    def _duplicates(self, at: int, element: Element) -> Iterator[str]:
        """Two attributes of one name, or a plain and a bound one; a class and a style may be both."""
        if len(element.attrs) < 2:
            return
        written: set[str] = set()
        targets: set[str] = set()
        for name, _ in element.attrs:
            target = _target(name)
            if name in written or (target and target in targets):
                yield f"duplicate attribute '{target or name}'"
            written.add(name)
            targets.update([target] if target else [])

    def _model(self, at: int, element: Element) -> Iterator[str]:
        attributes = self.attributes[at]
        for name, value in element.attrs:
            if name.partition(".")[0].partition(":")[0] != "v-model" or not (value or "").strip():
                continue
            text = (value or "").strip()
            if not is_assignable(text, self.typed, self.vue3):
                yield f"nothing can be assigned to '{text}' of v-model"
            elif _WORD.fullmatch(text) and text in self._loop_names(at):
                yield f"'{text}' of v-model is a variable of the loop or slot around it, which cannot be assigned"
            if element.tag not in _PLAIN or _IS & attributes.keys():
                continue
            if element.tag not in ("input", "textarea", "select"):
                if self.vue3:
                    yield f"v-model is not supported on <{element.tag}>"
            elif attributes.get("type") == "file" and element.tag == "input":
                yield "v-model is not supported on <input type='file'>"
            elif (
                element.tag != "select"
                and attributes.get("type") not in ("checkbox", "radio")
                and {":value", "v-bind:value"} & attributes.keys()
                and not {":type", "v-bind:type"} & attributes.keys()
            ):
                yield "':value' conflicts with v-model on the same element"

    def _loop_names(self, at: int) -> set[str]:
        names: set[str] = set()
        for _ in range(_MOST_ABOVE):
            if at < 0:
                break
            for name, value in self.parsed.elements[at].attrs:
                if name == "v-for" and value and (match := _FOR.search(value)):
                    variables = _names(value[: match.start()])
                    names.update(variables if self.vue3 else variables[:1])
                elif self.vue3 and value and name.startswith(_SLOTS):
                    names.update(_names(value))
            at = self.parsed.elements[at].parent
        return names

    def _slot(self, at: int, element: Element) -> Iterator[str]:
        attributes = self.attributes[at]
        slots = [name for name in attributes if name.startswith(_SLOTS)]
        if element.tag == "slot" and not self.vue3 and {"key", ":key", "v-bind:key"} & attributes.keys():
            yield "<slot> cannot have a key"
        if not slots:
            return
        if "#" in slots and not self.vue3:
            yield "'#' without the name of a slot"
        if len(slots) > 1:
            yield f"two v-slot on <{element.tag}>"
        if not self.vue3 and {"slot", ":slot", "v-bind:slot", "slot-scope"} & attributes.keys():
            yield f"v-slot and the old slot syntax on the same <{element.tag}>"
        if element.tag in _PLAIN and not _IS & attributes.keys():
            yield f"v-slot on <{element.tag}>; it can only be used on components and <template>"
        above = self.parsed.elements[element.parent] if element.parent >= 0 else None
        if element.tag == "template" and above is not None:
            is_plain = above.tag in _PLAIN or (above.tag == "template" and not self.vue3)
            if is_plain and not self._has(element.parent, _IS):
                yield "<template v-slot> must be directly inside the component that has the slot"
            elif above.tag != "template" and any(name.startswith(_SLOTS) for name in self.attributes[element.parent]):
                yield f"v-slot both on <{above.tag}> and on a <template> inside it"

    def _has(self, at: int, names: frozenset[str]) -> bool:
        return not names.isdisjoint(self.attributes[at])

    def _keys(self, at: int, element: Element) -> Iterator[str]:
        keys = {"key", ":key", "v-bind:key"}
        if not self.vue3 and element.tag == "template" and keys & self.attributes[at].keys():
            yield "<template> cannot have a key; give it to the elements inside"
        is_branch = {"v-if", "v-for", *_BRANCHES} & self.attributes[at].keys()
        if self.vue3 and element.parent >= 0 and keys & self.attributes[at].keys() and not is_branch:
            above = self.attributes[element.parent]
            if self.parsed.elements[element.parent].tag == "template" and "v-for" in above and not keys & above.keys():
                yield "the key of <template v-for> belongs on the <template>"

    def _interpolated(self, at: int, element: Element) -> Iterator[str]:
        """Vue 2 has no `{{ }}` in attributes."""
        for name, value in element.attrs:
            plain = not name.startswith(("v-", ":", "@", "#")) and name not in _TAKEN_OUT
            plain = plain and (element.tag, name) != ("slot", "name")
            if plain and value is not None and "{{" in value and value.find("}}", value.find("{{") + 3) >= 0:
                yield f"{{{{ }}}} in the attribute '{name}'; bind it as ':{name}'"

    def _of_vue3(self, at: int, element: Element) -> Iterator[str]:
        attributes = self.attributes[at]
        if element.tag == "slot":
            for name in attributes:
                if name.startswith("v-") and name.partition(":")[0].partition(".")[0] not in _ON_SLOT:
                    yield f"'{name}' on <slot>"
        for name in ("v-html", "v-text"):
            if name in attributes and element.tag not in VOID and self._inside(element):
                yield f"<{element.tag} {name}> has content, which it would replace"
        if element.tag in _PLAIN and not _IS & attributes.keys() and any(n.startswith("v-model:") for n in attributes):
            yield f"v-model with an argument on <{element.tag}>"

    def _inside(self, element: Element) -> bytes:
        content = self.source[element.head_end : element.end]
        return _without_comments(content[: max(0, content.rfind(b"</"))]).strip()

    def _branches(self) -> list[tuple[int, str]]:
        """`v-else` without the `v-if` directly before it."""
        found = []
        before: dict[int, int] = {}
        for at, element in enumerate(self.parsed.elements):
            branch = next((name for name in _BRANCHES if name in self.attributes[at]), "")
            previous, before[element.parent] = before.get(element.parent), at
            if not branch:
                continue
            if previous is None and element.parent < 0 and self.parsed.start == 0:
                continue  # a piece of a template, cut out beside the `v-if`
            if previous is None:
                start = 0 if element.parent < 0 else self.parsed.elements[element.parent].head_end
                between = self.source[max(start, self.parsed.start) : element.start]
            else:
                between = self.source[self.parsed.elements[previous].end : element.start]
            text = _without_comments(between).strip()
            if b"<" in text:  # an element that is not compiled
                continue
            if previous is None or text or not self._has(previous, frozenset(("v-if", "v-else-if"))):
                found.append((element.line, f"{branch} without v-if directly before it"))
        return found

    def _roots(self) -> list[tuple[int, str]]:
        """A template of Vue 2 has exactly one root element at a time."""
        parsed = self.parsed
        roots = [at for at, element in enumerate(parsed.elements) if element.parent < 0]
        if parsed.inert or parsed.errors or not roots:
            return []
        first = parsed.elements[roots[0]]
        found = [(first.line, f"<{first.tag}> cannot be the root")] if first.tag in ("slot", "template") else []
        found += [(first.line, "v-for on the root")] if "v-for" in self.attributes[roots[0]] else []
        if "v-if" not in self.attributes[roots[0]]:
            return found + [(parsed.elements[at].line, "a second root element") for at in roots[1:2]]
        others = (at for at in roots[1:] if not self._has(at, frozenset(_BRANCHES)))
        return found + [(parsed.elements[at].line, "a second root element") for at in others]


def _target(name: str) -> str:
    """Return the name that an attribute sets, or `""` for directives, listeners, computed names, class and style."""
    if name.startswith("v-bind:"):
        name = name[len("v-bind:") :]
    elif name.startswith(":"):
        name = name[1:]
    elif name.startswith(("v-", "@", "#")):
        return ""
    name = name.partition(".")[0]
    return "" if name.startswith("[") or name in ("class", "style") else name


def _names(pattern: str) -> list[str]:
    """Return the variables of a simple pattern: `item`, `(item, i)`, `{ row, $index }`."""
    return [] if re.search(r"[:=.]", pattern) else _WORD.findall(pattern)


def _without_comments(source: bytes) -> bytes:
    kept: list[bytes] = []
    end = 0
    while (start := source.find(b"<!--", end)) >= 0 and (closed := source.find(b"-->", start + 4)) >= 0:
        kept.append(source[end:start])
        end = closed + 3
    return b"".join((*kept, source[end:]))
