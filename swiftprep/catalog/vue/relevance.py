"""Tell by their text which functions of a component may reach its slots, listeners or events.

Converting a function to a flow (`flows.py`) takes much longer than this, and most functions of an application only deal
with its data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

# What the text of a function that reaches a component by itself holds.
_REACHES = re.compile(
    rb"emit|[sS]lots?\b|[lL]isteners\b|\$attrs\b|getCurrentInstance|[(,]\s*this\s*[,)]|\buse[A-Z]\w*\("
)
# The same, except `this.$emit('name')`, which `behaviour.py` finds without following anything.
_REACHES_MORE = re.compile(
    rb"(?<!this\.\$)emit|emit(?!\(\s*(?:'[^'\n]*'|\"[^\"\n]*\")\s*[,)])"
    rb"|[sS]lots?\b|[lL]isteners\b|\$attrs\b|getCurrentInstance|[(,]\s*this\s*[,)]|\buse[A-Z]\w*\("
)
# A call of a method of the component that may be told the name of a slot or an event.
_TELLS = re.compile(rb"\bthis\s*\.\s*(?!\$)([\w$]+)\(\s*[A-Za-z_$'\"`\[{]")
_HANDED = re.compile(rb"[\w$]\(\s*([A-Za-z_$][\w$]*)\s*,")
_HANDED_ALONE = re.compile(rb"[\w$]\(\s*([A-Za-z_$][\w$]*)\s*[,)]")
# What gives a component, or a part of it, to a function or a variable.
_GIVES = re.compile(rb"[(,=]\s*this\b(?!\s*[.\[])|[sS]lots?\b|[lL]isteners\b|\$attrs\b|emit\s*[,)]")
_WORDS = re.compile(rb"[A-Za-z_$][\w$]*")
_MOST_PARAMETERS = 20


def is_relevant(function: Node, *, alone: bool = False) -> bool:
    """Return whether a function may reach a component, tell it a name, or pass on one of its parameters.

    Args:
        function: The function.
        alone: Whether to count a parameter that is passed on without other arguments.
    """
    text = function.text or b""
    if _REACHES.search(text) is not None or _TELLS.search(text) is not None:
        return True
    return _hands_on(function, text, _HANDED_ALONE if alone else _HANDED)


def _hands_on(function: Node, text: bytes, pattern: re.Pattern[bytes] = _HANDED) -> bool:
    """Return whether a function passes one of its parameters to another, as `pattern` finds it."""
    handed = set(pattern.findall(text))
    if not handed:
        return False
    parameters = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    names = _WORDS.findall(b"" if parameters is None else parameters.text or b"")[:_MOST_PARAMETERS]
    return not handed.isdisjoint(names)


class Relevance:
    """Tells which functions of a component in a single-file component are relevant.

    Such a component is hardly ever the base of another, so a call of one of its own methods is only relevant if that
    method is.

    Args:
        node: The options of the component.
        functions: Its methods and computed properties, with their names.
        own: The names of all its methods and computed properties.
        is_whole: Whether it has no other methods, which bases may give it.

    Attributes:
        telling: The names of its relevant methods and computed properties.
    """

    def __init__(self, node: Node, functions: Sequence[tuple[str, Node]], *, own: set[str], is_whole: bool) -> None:
        self._gives = _GIVES.search(node.text or b"") is not None
        self._is_whole = is_whole
        self._own = own
        self.telling: set[str] = set()
        waiting: list[tuple[str, set[str]]] = []
        for name, function in functions:
            text = function.text or b""
            if self._reaches(function, text):
                self.telling.add(name)
            elif called := _called(text):
                waiting.append((name, called))
        before = -1
        while before < len(self.telling):
            before = len(self.telling)
            self.telling.update(name for name, called in waiting if any(map(self.may_do, called)))

    def __call__(self, function: Node) -> bool:
        """Return whether a function is relevant."""
        text = function.text or b""
        return self._reaches(function, text) or any(map(self.may_do, _called(text)))

    def may_do(self, method: str) -> bool:
        """Return whether a method may do something with a name that it is told."""
        return method in self.telling or not (self._is_whole or method in self._own)

    def _reaches(self, function: Node, text: bytes) -> bool:
        return _REACHES_MORE.search(text) is not None or (self._gives and _hands_on(function, text))


def _called(text: bytes) -> set[str]:
    return {name.decode("utf-8", "replace") for name in _TELLS.findall(text)}
