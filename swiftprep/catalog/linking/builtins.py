"""What the functions of JavaScript, of Babel's helpers and of common libraries return.

Functions of the tree are run (`run.py`); these are the others, known by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.catalog.api import kebab
from swiftprep.catalog.linking.scope import Bound, Where
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

Arguments: TypeAlias = list[Bound]
_Builtin: TypeAlias = "Callable[[Evaluator, Arguments, int], Bound | None]"
_Method: TypeAlias = "Callable[[Evaluator, Bound, Arguments, int], Bound | None]"

_MORE_ITEMS: Value = ["...", [SOURCE, "…"]]
_MORE_ENTRIES: list[Any] = ["...", [SOURCE, "…"], ""]
_UNDEFINED: Value = [SOURCE, "undefined"]
_PLAIN = re.compile(r"/((?:[\w \-:@]|\\[-/.])+)/g?")  # a regular expression that is a plain text
_GLOBAL_OBJECTS = frozenset(("Object", "Array", "Vue", "React"))


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
    method = _METHODS.get(name)
    found = None if method is None else method(evaluator, owner, arguments, depth)
    return _by_name(evaluator, name, arguments, depth) if found is None and owner[0][0] in (NAME, MEMBER) else found


def _by_name(evaluator: Evaluator, name: str, arguments: Arguments, depth: int) -> Bound | None:
    function = _FUNCTIONS.get(name)
    if function is not None:
        return function(evaluator, arguments, depth) if arguments else None
    return _with_defaults(evaluator, arguments, depth) if "efault" in name and len(arguments) == 2 else None


def _texts(texts: list[str], where: Where, *, is_whole: bool = True) -> Bound:
    listed: list[Value] = [[STRING, text] for text in texts]
    return [ARRAY, listed if is_whole else [*listed, _MORE_ITEMS]], where


def _bounds(items: list[Bound], where: Where, *, is_whole: bool = True) -> Bound:
    listed: list[Value] = [[IN, *item] for item in items]
    return [ARRAY, listed if is_whole else [*listed, _MORE_ITEMS]], where


def _entries(evaluator: Evaluator, argument: Bound, depth: int) -> tuple[list[list[Any]], bool] | None:
    """Return the known entries of an object, and whether these are all; None for anything else."""
    bound = evaluator.modules.resolve(*argument, depth + 1)
    if bound[0][0] not in (OBJECT, ARRAY, "ns"):
        return None
    entries = evaluator.entries(bound, depth)
    known = [entry for entry in entries if entry[0] != "..."]
    return known, len(known) == len(entries)


def _keys(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = _entries(evaluator, arguments[0], depth)
    if found is None:
        return None
    return _texts([entry[0] for entry in found[0]], arguments[0][1], is_whole=found[1])


def _values(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = _entries(evaluator, arguments[0], depth)
    where = arguments[0][1]
    return None if found is None else _bounds([(entry[1], where) for entry in found[0]], where, is_whole=found[1])


def _pairs(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    found = _entries(evaluator, arguments[0], depth)
    if found is None:
        return None
    pairs: list[Value] = [[ARRAY, [[STRING, key], inner]] for key, inner, _ in found[0]]
    return [ARRAY, pairs if found[1] else [*pairs, _MORE_ITEMS]], arguments[0][1]


def _from_pairs(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    listed = evaluator.modules.resolve(*arguments[0], depth + 1)
    items, is_whole = evaluator.items(listed, depth)
    if not items:
        return ([OBJECT, []], listed[1]) if is_whole else None
    entries: list[list[Any]] = [] if is_whole else [_MORE_ENTRIES]
    for item in items:
        pair, _ = evaluator.items(evaluator.modules.resolve(*item, depth + 1), depth)
        key = evaluator.key(pair[0], depth) if pair else None
        entries.append(_MORE_ENTRIES if key is None or len(pair) < 2 else [key, [IN, *pair[1]], ""])
    return [OBJECT, entries], listed[1]


def _merged(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return [OBJECT, [["...", [IN, *argument], ""] for argument in arguments]], arguments[0][1]


def _same(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return arguments[0]


def _with_entry(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """Babel's `_defineProperty(object, key, value)`."""
    if len(arguments) != 3:
        return None
    key = evaluator.key(arguments[1], depth)
    entry = _MORE_ENTRIES if key is None else [key, [IN, *arguments[2]], ""]
    return [OBJECT, [["...", [IN, *arguments[0]], ""], entry]], arguments[0][1]


def _chosen(evaluator: Evaluator, arguments: Arguments, depth: int, *, keeps: bool) -> Bound | None:
    found = _entries(evaluator, arguments[0], depth)
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
    return [OBJECT, entries if is_known else [*entries, _MORE_ENTRIES]], arguments[0][1]


def _omitted(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return _chosen(evaluator, arguments, depth, keeps=False)


def _picked(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    return _chosen(evaluator, arguments, depth, keeps=True)


def _with_defaults(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
    """`initDefaultProps(props, defaults)`."""
    props, defaults = (_entries(evaluator, argument, depth) for argument in arguments)
    if props is None or defaults is None:
        return None
    given = {key: inner for key, inner, _ in defaults[0]}
    entries = [
        [key, [OBJECT, [["...", inner, ""], ["default", given[key], ""]]] if key in given else inner, doc]
        for key, inner, doc in props[0]
    ]
    return [OBJECT, entries if props[1] else [*entries, _MORE_ENTRIES]], arguments[0][1]


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
    return bound if len(arguments) == 1 else _mapped(evaluator, bound, arguments[1:], depth)


def _mapped(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY or not arguments:
        return None
    items, is_whole = evaluator.items(owner, depth)
    results: list[Bound] = []
    for at, item in enumerate(items):
        result = evaluator.apply(arguments[0], [item, ([SOURCE, str(at)], owner[1]), owner], depth + 1)
        results.append(([SOURCE, "…"], owner[1]) if result is None else result)
    return _bounds(results, owner[1], is_whole=is_whole)


def _flat_mapped(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    mapped = _mapped(evaluator, owner, arguments, depth)
    return None if mapped is None else ([ARRAY, [["...", item] for item in mapped[0][1]]], mapped[1])


def _filtered(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY or not arguments:
        return None
    items, is_whole = evaluator.items(owner, depth)
    kept: list[Bound] = []
    for at, item in enumerate(items):
        result = evaluator.apply(arguments[0], [item, ([SOURCE, str(at)], owner[1]), owner], depth + 1)
        truth = evaluator.truth(item if result is None else result, depth) if result is not None else None
        is_whole = is_whole and truth is not None
        if truth:
            kept.append(item)
    return _bounds(kept, owner[1], is_whole=is_whole)


def _each(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    _mapped(evaluator, owner, arguments, depth)
    return (_UNDEFINED, owner[1]) if owner[0][0] == ARRAY else None


def _reduced(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY or not arguments:
        return None
    items, is_whole = evaluator.items(owner, depth)
    start = 0 if len(arguments) > 1 else 1
    if start > len(items):
        return None
    result = arguments[1] if not start else items[0]
    for at, item in enumerate(items[start:], start):
        made = evaluator.apply(arguments[0], [result, item, ([SOURCE, str(at)], owner[1])], depth + 1)
        if made is None:
            return None
        result = evaluator.modules.resolve(*made, depth + 1)
    if is_whole or result[0][0] != OBJECT:
        return result
    return [OBJECT, [["...", [IN, *result], ""], _MORE_ENTRIES]], owner[1]


def _joined_lists(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY:
        return None
    listed: list[Value] = [["...", [IN, *owner]]]
    for argument in arguments:
        value, where = evaluator.modules.resolve(*argument, depth + 1)
        is_item = value[0] in (STRING, OBJECT, OPTIONS, FUNCTION)
        listed.append([IN, value, where] if is_item else ["...", [IN, value, where]])
    return [ARRAY, listed], owner[1]


def _included(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    text = evaluator.key(arguments[0], depth) if arguments else None
    if owner[0][0] != ARRAY or text is None:
        return None
    items, is_whole = evaluator.items(owner, depth)
    texts = [evaluator.key(item, depth) for item in items]
    if text in texts:
        return [SOURCE, "true"], owner[1]
    return ([SOURCE, "false"], owner[1]) if is_whole and None not in texts else None


def _place(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    text = evaluator.key(arguments[0], depth) if arguments else None
    items, is_whole = evaluator.items(owner, depth) if owner[0][0] == ARRAY else ([], False)
    texts = [evaluator.key(item, depth) for item in items]
    if text is None or not is_whole or None in texts:
        return None
    return [SOURCE, str(texts.index(text) if text in texts else -1)], owner[1]


def _has_own(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    found = _entries(evaluator, owner, depth)
    key = evaluator.key(arguments[0], depth) if arguments else None
    if found is None or key is None:
        return None
    if any(entry[0] == key for entry in found[0]):
        return [SOURCE, "true"], owner[1]
    return ([SOURCE, "false"], owner[1]) if found[1] else None


def _called_on(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`function.call(this, a, b)`."""
    if owner[0][0] == FUNCTION:
        return evaluator.apply(owner, arguments[1:], depth + 1, this=arguments[0] if arguments else None)
    is_has = owner[0][0] == MEMBER and owner[0][2] == "hasOwnProperty" and len(arguments) == 2
    if is_has:
        return _has_own(evaluator, evaluator.modules.resolve(*arguments[0], depth + 1), arguments[1:], depth)
    return None


def _applied_to(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`function.apply(this, [a, b])` and `Object.assign.apply(…)`."""
    if len(arguments) != 2:
        return None
    items, is_whole = evaluator.items(evaluator.modules.resolve(*arguments[1], depth + 1), depth)
    if owner[0][0] == FUNCTION and is_whole:
        return evaluator.apply(owner, items, depth + 1)
    return None


def _run_in_scope(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`effectScope().run(function)`."""
    is_scope = owner[0][0] == CALL and owner[0][1] == [NAME, "effectScope"]
    return evaluator.apply(arguments[0], [], depth + 1) if is_scope and arguments else None


def _same_owner(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    return owner


def _extended(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`Base.extend(options)`; options that are written there are read as such before."""
    if not arguments:
        return owner
    if owner[0] == [NAME, "Vue"]:
        return arguments[0]
    return [OBJECT, [["extends", [IN, *owner], ""], ["...", [IN, *arguments[0]], ""]]], arguments[0][1]


def _with_default(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`types[key].def(value)`, of a definition by PropTypes."""
    if not arguments or not evaluator.is_prop_type(*owner):
        return None
    return ["c", [MEMBER, [IN, *owner], "def"], [[IN, *argument] for argument in arguments]], owner[1]


def _with_texts(change: Callable[..., str]) -> _Method:
    """Return a method of strings."""

    def method(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
        text = evaluator.modules.text(*owner, depth)
        passed = [evaluator.key(argument, depth) for argument in arguments]
        if text is None or None in passed:
            return None
        try:
            return [STRING, change(text, *passed)], owner[1]
        except (TypeError, ValueError):  # called in another way
            return None

    return method


def _replaced(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`text.replace('a', 'b')` and `text.replace(/a/g, 'b')`."""
    if len(arguments) != 2:
        return None
    text = evaluator.modules.text(*owner, depth)
    pattern, new = evaluator.modules.resolve(*arguments[0], depth + 1)[0], evaluator.modules.text(*arguments[1], depth)
    plain = _PLAIN.fullmatch(pattern[1]) if pattern[0] == SOURCE else None
    old = pattern[1] if pattern[0] == STRING else None if plain is None else plain[1].replace("\\", "")
    if text is None or new is None or old is None or "$" in new:
        return None
    is_global = plain is not None and pattern[1].endswith("g")
    return [STRING, text.replace(old, new) if is_global else text.replace(old, new, 1)], owner[1]


def _split(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    text = evaluator.modules.text(*owner, depth)
    by = evaluator.modules.text(*arguments[0], depth) if arguments else None
    return _texts(text.split(by), owner[1]) if text and by else None


def _joined(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY:
        return None
    items, is_whole = evaluator.items(owner, depth)
    texts = [evaluator.key(item, depth) for item in items]
    by = evaluator.modules.text(*arguments[0], depth) if arguments else ","
    known = [text for text in texts if text is not None]
    return ([STRING, by.join(known)], owner[1]) if is_whole and by is not None and len(known) == len(texts) else None


def _spelt(change: Callable[[str], str]) -> _Builtin:
    """Return a function that spells a text differently."""

    def function(evaluator: Evaluator, arguments: Arguments, depth: int) -> Bound | None:
        text = evaluator.modules.text(*arguments[0], depth)
        return None if text is None else ([STRING, change(text)], arguments[0][1])

    return function


def _camel(text: str) -> str:
    return re.sub(r"[-_ ]+(\w)", lambda match: match[1].upper(), text)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


_CONSTRUCTORS = frozenset(("String", "Number", "Boolean", "Array", "Object", "Function", "Symbol", "BigInt", "Date"))
_KINDS = {OBJECT: "object", OPTIONS: "object", ARRAY: "array", STRING: "string", FUNCTION: "function"}
_FUNCTIONS: dict[str, _Builtin] = {
    "isObject": _tested("object", "array"), "isPlainObject": _tested("object"), "isString": _tested("string"),
    "isFunction": _tested("function"),
    "Object.keys": _keys, "Object.values": _values, "Object.entries": _pairs, "Object.fromEntries": _from_pairs,
    "keys": _keys, "fromPairs": _from_pairs, "toPairs": _pairs, "Array.isArray": _is_array, "isArray": _is_array,
    **dict.fromkeys(("Object.assign", "assign", "_extends", "extend", "__assign", "_objectSpread", "_objectSpread2",
                     "__spreadValues", "__spreadProps", "objectSpread2"), _merged),
    **dict.fromkeys(("Object.freeze", "Object.seal", "freeze", "markRaw", "reactive", "readonly", "toRaw", "unref",
                     "cloneDeep", "clone", "_interopRequireDefault", "_interopRequireWildcard", "_interopDefault",
                     "__importDefault", "__importStar", "_toConsumableArray", "_slicedToArray", "defineComponent",
                     "_defineComponent", "Vue.extend", "tuple", "defineProps"), _same),
    "_defineProperty": _with_entry, "omit": _omitted, "_objectWithoutProperties": _omitted, "pick": _picked,
    **dict.fromkeys(("capitalize", "upperFirst"), _spelt(_upper_first)),
    **dict.fromkeys(("camelize", "camelCase", "toCamelCase"), _spelt(_camel)),
    **dict.fromkeys(("hyphenate", "kebabCase", "toKebabCase"), _spelt(kebab)),
    **dict.fromkeys(("pascalCase", "classify", "toPascalCase"), _spelt(lambda text: _upper_first(_camel(text)))),
    "lowerFirst": _spelt(lambda text: text[:1].lower() + text[1:]),
    "mixins": _mixed, "Mixins": _mixed, "Array.from": _taken,
}  # fmt: skip
_METHODS: dict[str, _Method] = {
    "run": _run_in_scope,
    "map": _mapped, "flatMap": _flat_mapped, "filter": _filtered, "forEach": _each, "reduce": _reduced,
    "concat": _joined_lists, "includes": _included, "indexOf": _place, "hasOwnProperty": _has_own,
    "call": _called_on, "apply": _applied_to, "bind": _same_owner, "extend": _extended, "def": _with_default,
    "slice": lambda evaluator, owner, arguments, depth: _sliced(evaluator, owner, arguments, depth),
    "replace": _replaced, "split": _split, "join": _joined, "toLowerCase": _with_texts(str.lower),
    "toUpperCase": _with_texts(str.upper), "trim": _with_texts(str.strip),
    "charAt": _with_texts(lambda text, at: text[int(at) : int(at) + 1]),
}  # fmt: skip


def _sliced(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    places = [evaluator.number(argument, depth) for argument in arguments[:2]]
    if None in places:
        return None
    part = slice(*places) if len(places) == 2 else slice(places[0] if places else None, None)
    if owner[0][0] == ARRAY:
        items, is_whole = evaluator.items(owner, depth)
        return _bounds(items[part], owner[1]) if is_whole else None
    text = evaluator.modules.text(*owner, depth)
    return None if text is None else ([STRING, text[part]], owner[1])
