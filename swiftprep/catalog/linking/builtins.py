"""What the functions of JavaScript, of Babel's helpers and of common libraries return.

Functions of the tree are run (`run.py`); these are the others, known by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.catalog.api import kebab
from swiftprep.catalog.linking.methods import (
    METHODS,
    MORE_ENTRIES,
    MORE_ITEMS,
    Arguments,
    bounds,
    entries_of,
    mapped,
    texts,
)
from swiftprep.catalog.linking.scope import Bound, Where
from swiftprep.catalog.linking.texts import TEXT_FUNCTIONS
from swiftprep.catalog.vue.value_kinds import (
    ARRAY,
    CALL,
    FUNCTION,
    IN,
    MEMBER,
    NAME,
    OBJECT,
    OPTIONS,
    SOURCE,
    STRING,
)
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.evaluate import Evaluator

_Builtin: TypeAlias = "Callable[[Evaluator, Arguments, int], Bound | None]"

_GLOBAL_OBJECTS = frozenset(("Object", "Array", "Reflect", "Vue", "React"))


def result_of(evaluator: Evaluator, callee: Value, where: Where, arguments: Arguments, depth: int) -> Bound | None:
    """Return what a function that is not in the tree returns, or None if it is unknown.

    Args:
        evaluator: Evaluates values.
        callee: The function, as written.
        where: The place of the call.
        arguments: Its arguments.
        depth: The nesting depth.
    """
    if callee[0] == NAME:
        return _by_name(evaluator, callee[1], arguments, depth)
    if callee[0] != MEMBER:
        return None
    name = callee[2]
    if callee[1][0] == NAME and callee[1][1] in _GLOBAL_OBJECTS:
        return _by_name(evaluator, f"{callee[1][1]}.{name}", arguments, depth)
    owner = evaluator.modules.resolve(callee[1], where, depth + 1)
    method = METHODS.get(name)
    found = None if method is None else method(evaluator, owner, arguments, depth)
    return _by_name(evaluator, name, arguments, depth) if found is None and owner[0][0] in (NAME, MEMBER) else found


def _by_name(evaluator: Evaluator, name: str, arguments: Arguments, depth: int) -> Bound | None:
    function = _FUNCTIONS.get(name)
    if function is not None:
        return function(evaluator, arguments, depth) if arguments else None
    if name in TEXT_FUNCTIONS and arguments:
        text = evaluator.modules.text(*arguments[0], depth)
        return None if text is None else ([STRING, TEXT_FUNCTIONS[name](text)], arguments[0][1])
    return _with_defaults(evaluator, arguments, depth) if "efault" in name and len(arguments) == 2 else None


def _keys(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = entries_of(evaluator, arguments[0], depth)
    if found is None:
        return None
    return texts([entry[0] for entry in found[0]], arguments[0][1], is_whole=found[1])


def _values(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = entries_of(evaluator, arguments[0], depth)
    where = arguments[0][1]
    return None if found is None else bounds([(entry[1], where) for entry in found[0]], where, is_whole=found[1])


def _pairs(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = entries_of(evaluator, arguments[0], depth)
    if found is None:
        return None
    pairs: list[Value] = [[ARRAY, [[STRING, key], inner]] for key, inner, _ in found[0]]
    return [ARRAY, pairs if found[1] else [*pairs, MORE_ITEMS]], arguments[0][1]


def _from_pairs(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    listed = evaluator.modules.resolve(*arguments[0], depth + 1)
    items, is_whole = evaluator.items(listed, depth)
    if not items:
        return ([OBJECT, []], listed[1]) if is_whole else None
    entries: list[list[Any]] = [] if is_whole else [MORE_ENTRIES]
    for item in items:
        pair, _ = evaluator.items(evaluator.modules.resolve(*item, depth + 1), depth)
        key = evaluator.key(pair[0], depth) if pair else None
        entries.append(MORE_ENTRIES if key is None or len(pair) < 2 else [key, [IN, *pair[1]], ""])
    return [OBJECT, entries], listed[1]


def _merged(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return [OBJECT, [["...", [IN, *argument], ""] for argument in arguments]], arguments[0][1]


def _merged_deeply(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """`deepmerge(defaults, options)` of objects; options of components are joined as a mixin is."""
    given = [evaluator.modules.resolve(*argument, depth + 1) for argument in arguments]
    where = given[-1][1]
    if any(value[0] == ARRAY for value, _ in given):
        return None
    if any(value[0] == OPTIONS for value, _ in given):
        options = evaluator.modules.options(*given[-1]) if given[-1][0][0] == OPTIONS else {}
        name = [["name", [IN, options["name"], where], ""]] if "name" in options else []
        mixins = [ARRAY, [[IN, *bound] for bound in given[:-1]]]
        return [OBJECT, [["...", [IN, *given[-1]], ""], ["mixins", mixins, ""], *name]], where
    found = [entries_of(evaluator, bound, depth) for bound in given]
    by_key: dict[str, list[Any]] = {}
    for entries in found:
        for key, inner, doc in [] if entries is None else entries[0]:
            if key in by_key:
                inner = [CALL, [NAME, "deepmerge"], [by_key[key][1], inner]]
            by_key[key] = [key, inner, doc]
    if found[-1] is None:  # of values that are no objects, the last counts
        return given[-1]
    is_whole = all(entries is not None and entries[1] for entries in found)
    return [OBJECT, [*by_key.values(), *([] if is_whole else [MORE_ENTRIES])]], where


def _same(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return arguments[0]


def _with_entry(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """Babel's `_defineProperty(object, key, value)`."""
    if len(arguments) != 3:
        return None
    key = evaluator.key(arguments[1], depth)
    entry = MORE_ENTRIES if key is None else [key, [IN, *arguments[2]], ""]
    return [OBJECT, [["...", [IN, *arguments[0]], ""], entry]], arguments[0][1]


def _chosen(evaluator: Evaluator, arguments: Arguments, depth: int, *, keeps: bool) -> Bound | None:
    found = entries_of(evaluator, arguments[0], depth)
    if found is None or len(arguments) < 2:
        return None
    names: set[str | None] = set()
    is_whole = True
    for argument in arguments[1:]:
        bound = evaluator.modules.resolve(*argument, depth + 1)
        items, is_all = evaluator.items(bound, depth) if bound[0][0] == ARRAY else ([bound], True)
        names |= {evaluator.modules.text(*item, depth) for item in items}
        is_whole = is_whole and is_all
    entries = [entry for entry in found[0] if (entry[0] in names) == keeps]
    is_known = is_whole and None not in names and (found[1] or keeps)
    return [OBJECT, entries if is_known else [*entries, MORE_ENTRIES]], arguments[0][1]


def _omitted(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return _chosen(evaluator, arguments, depth, keeps=False)


def _picked(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return _chosen(evaluator, arguments, depth, keeps=True)


def _with_defaults(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """`initDefaultProps(props, defaults)`."""
    props, defaults = (entries_of(evaluator, argument, depth) for argument in arguments)
    if props is None or defaults is None:
        return None
    given = {key: inner for key, inner, _ in defaults[0]}
    entries = [
        [key, [OBJECT, [["...", inner, ""], ["default", given[key], ""]]] if key in given else inner, doc]
        for key, inner, doc in props[0]
    ]
    return [OBJECT, entries if props[1] else [*entries, MORE_ENTRIES]], arguments[0][1]


def _is_array(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    value, where = evaluator.modules.resolve(*arguments[0], depth + 1)
    if value[0] == ARRAY:
        return [SOURCE, "true"], where
    return ([SOURCE, "false"], where) if value[0] in (OBJECT, STRING, FUNCTION, OPTIONS, NAME) else None


def _tested(*kinds: str) -> _Builtin:
    """Return a function such as `isObject` of @vue/shared, which tells whether a value is of one of these kinds."""

    def test(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
        value, where = evaluator.modules.resolve(*arguments[0], depth + 1)
        is_constructor = value[0] == NAME and value[1] in _CONSTRUCTORS
        kind = "function" if is_constructor else _KINDS.get(value[0], "")
        return ([SOURCE, "true" if kind in kinds else "false"], where) if kind else None

    return test


def _mixed(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """`mixins(A, B)` of vue-class-component and vue-typed-mixins."""
    listed = [ARRAY, [[IN, *argument] for argument in arguments]]
    return [OBJECT, [["mixins", listed, ""]]], arguments[0][1]


def _taken(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """`Array.from(list, function)`, or a copy of a list."""
    bound = evaluator.modules.resolve(*arguments[0], depth + 1)
    if bound[0][0] != ARRAY:
        return None
    return bound if len(arguments) == 1 else mapped(evaluator, bound, arguments[1:], depth)


def _spelt(change: Callable[[str], str]) -> _Builtin:
    """Return a function that spells a text differently."""

    def function(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
        text = evaluator.modules.text(*arguments[0], depth)
        return None if text is None else ([STRING, change(text)], arguments[0][1])

    return function


def _camel(text: str) -> str:
    first, *rest = re.split(r"[-_ ]", text)
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


_CONSTRUCTORS = frozenset(("String", "Number", "Boolean", "Array", "Object", "Function", "Symbol", "BigInt", "Date"))
_KINDS = {OBJECT: "object", OPTIONS: "object", ARRAY: "array", STRING: "string", FUNCTION: "function"}
_FUNCTIONS: dict[str, _Builtin] = {
    "isObject": _tested("object", "array"), "isPlainObject": _tested("object"), "isString": _tested("string"),
    "isFunction": _tested("function"),
    **dict.fromkeys(("Object.keys", "Object.getOwnPropertyNames", "Reflect.ownKeys"), _keys),
    "Object.values": _values, "Object.entries": _pairs, "Object.fromEntries": _from_pairs,
    "keys": _keys, "fromPairs": _from_pairs, "toPairs": _pairs, "Array.isArray": _is_array, "isArray": _is_array,
    **dict.fromkeys(("Object.assign", "assign", "_extends", "extend", "__assign", "_objectSpread", "_objectSpread2",
                     "__spreadValues", "__spreadProps", "objectSpread2"), _merged),
    **dict.fromkeys(("Object.freeze", "Object.seal", "freeze", "markRaw", "reactive", "readonly", "toRaw", "unref",
                     "cloneDeep", "clone", "_interopRequireDefault", "_interopRequireWildcard", "_interopDefault",
                     "__importDefault", "__importStar", "_toConsumableArray", "_slicedToArray", "defineComponent",
                     "_defineComponent", "Vue.extend", "tuple", "defineProps"), _same),
    **dict.fromkeys(("deepmerge", "deepMerge", "mergeDeep", "merge"), _merged_deeply),
    "_defineProperty": _with_entry, "omit": _omitted, "_objectWithoutProperties": _omitted, "pick": _picked,
    **dict.fromkeys(("capitalize", "upperFirst"), _spelt(_upper_first)),
    **dict.fromkeys(("camelize", "camelCase", "toCamelCase"), _spelt(_camel)),
    **dict.fromkeys(("hyphenate", "kebabCase", "toKebabCase"), _spelt(kebab)),
    **dict.fromkeys(("pascalCase", "classify", "toPascalCase"), _spelt(lambda text: _upper_first(_camel(text)))),
    "lowerFirst": _spelt(lambda text: text[:1].lower() + text[1:]),
    "mixins": _mixed, "Mixins": _mixed, "Array.from": _taken,
}  # fmt: skip
