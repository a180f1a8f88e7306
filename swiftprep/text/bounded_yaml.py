"""Safe YAML loading with limits on size, depth, and the expansion of aliases and merge keys.

A kilobyte of anchors can expand to more values than there are atoms, and PyYAML copies merged keys one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from swiftprep.errors import one_line
from swiftprep.text.limits import DEEPEST, TOO_DEEP

LARGEST = 10 << 20  # characters of a document
MOST_VALUES = 1_000_000  # in a document, with all aliases expanded
LONGEST_PLAIN = 40  # characters of a possible number or date; Python takes quadratic time to parse a number's digits
_QUOTED = re.compile(r"""'[^']*(?:'|$)|"[^"]*(?:"|$)""")
_TOKEN = re.compile(r"'(?:<[a-z ]+>|[\[\]{},:?-])'|\"<[a-z ]+>\"|'utf-8'")
_TEXT = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:binary")


class BoundedLoader(yaml.SafeLoader):
    """Loads what `yaml.SafeLoader` loads, within the limits; anything beyond them, or any failure, is a `YAMLError`.

    Half a surrogate pair is an error, and a pair written as two escapes is joined, as in JSON.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LARGEST:
            raise yaml.YAMLError(f"more than {LARGEST >> 20} MB of YAML (YAML 超过 {LARGEST >> 20} MB)")
        super().__init__(text)
        self._depth = 0
        self._measured: dict[int, tuple[int, int]] = {}  # id of a node → its values and its levels

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node and count its values with aliases expanded."""
        is_alias = self.check_event(yaml.AliasEvent)
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self._depth >= DEEPEST and self.check_event(yaml.CollectionStartEvent):
            raise ComposerError(None, None, TOO_DEEP, mark)
        self._depth += 1
        node: Any = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias:
            if id(node) not in self._measured:
                raise ComposerError(None, None, "an alias within the value it refers to (别名指向自身)", mark)
            return node
        inner = [] if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in inner for part in pair]
        measured = [self._measured[id(part)] for part in inner]
        values = 1 + sum(count for count, _ in measured)
        levels = max((levels for _, levels in measured), default=0) + (not isinstance(node, yaml.ScalarNode))
        if values > MOST_VALUES:
            reason = f"aliases and merge keys stand for more than {MOST_VALUES:,} values (别名展开后过大)"
            raise ComposerError(None, None, reason, mark)
        if levels > DEEPEST:
            raise ComposerError(None, None, TOO_DEEP, mark)
        self._measured[id(node)] = values, levels
        return node

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node; a long plain scalar is always text."""
        if kind is yaml.ScalarNode and implicit[0] and len(value) > LONGEST_PLAIN:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Construct an object; any failure is a `YAMLError` that names the line."""
        if isinstance(node, yaml.ScalarNode) and node.tag not in _TEXT and len(node.value) > LONGEST_PLAIN:
            reason = f"more than {LONGEST_PLAIN} characters for {node.tag.rpartition(':')[2]} (值过长)"
            raise ConstructorError(None, None, reason, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except Exception as error:
            raise ConstructorError(None, None, one_line(error), node.start_mark) from None

    def construct_each(self, nodes: list[yaml.Node]) -> Iterator[Any]:
        """Yield the object of each node, or the `YAMLError` its construction raised."""
        for node in nodes:
            self.constructed_objects = {}
            self.recursive_objects = {}
            self.state_generators = []
            self.deep_construct = False
            try:
                yield self.construct_document(node)
            except yaml.YAMLError as error:
                yield error

    def construct_yaml_str(self, node: yaml.ScalarNode) -> str:
        """Construct a text, refusing half a surrogate pair."""
        text = str(self.construct_scalar(node))
        if text.isascii():
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            reason = "half a surrogate pair, which is not valid text (含有无效字符)"
            raise ConstructorError(None, None, reason, node.start_mark) from None


BoundedLoader.add_constructor("tag:yaml.org,2002:str", BoundedLoader.construct_yaml_str)


def load_bounded(text: str, loader: type[BoundedLoader] = BoundedLoader) -> Any:
    r"""Load a document.

    Raises:
        yaml.YAMLError: the text is not valid YAML, or exceeds the limits.

    >>> load_bounded("a: &x [1, 2]\nb: *x")
    {'a': [1, 2], 'b': [1, 2]}
    """
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError:
        raise
    except Exception as error:
        raise yaml.YAMLError(one_line(error)) from None


def why_not_yaml(error: yaml.YAMLError) -> tuple[int, str]:
    """Return the line number of a YAML error from 1 (0 if unknown) and the reason on one line.

    Text that the reason quotes is removed, since it may be a key; the names of PyYAML's tokens stay.
    """
    if not isinstance(error, yaml.MarkedYAMLError):
        return 0, _unquoted(str(error))
    mark = error.problem_mark or error.context_mark
    return (mark.line + 1 if mark else 0), _unquoted(str(error.problem or error.context))


def where_not_yaml(error: yaml.YAMLError) -> str:
    r"""Return the position of a YAML error and its reason, without any of the text.

    >>> try:
    ...     load_bounded("a: 1\napi_key: @secret")
    ... except yaml.YAMLError as error:
    ...     print(where_not_yaml(error))
    line 2, column 10: found character '…' that cannot start any token
    """
    line, why = why_not_yaml(error)
    mark = error.problem_mark or error.context_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f"line {line}, column {mark.column + 1}: {why}" if mark else why


def _unquoted(reason: str) -> str:
    """Return a reason without quoted text; where the end of a quotation is unclear, the rest is cut off."""
    if "\\" in reason:
        reason = reason[: min((reason.find(mark) for mark in "'\"" if mark in reason), default=0)] + "'…'"
    return one_line(_QUOTED.sub(lambda quoted: quoted[0] if _TOKEN.fullmatch(quoted[0]) else "'…'", reason), 200)
