"""What the methods of lists, strings, objects and functions return, as far as `builtins.py` needs them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.catalog.linking.scope import Bound, Where
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, FUNCTION, IN, MEMBER, NAME, OBJECT, OPTIONS, SOURCE, STRING
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.evaluate import Evaluator

Arguments: TypeAlias = list[Bound]
_Method: TypeAlias = "Callable[[Evaluator, Bound, Arguments, int], Bound | None]"

MORE_ITEMS: Value = ["...", [SOURCE, "…"]]
MORE_ENTRIES: list[Any] = ["...", [SOURCE, "…"], ""]
_UNDEFINED: Value = [SOURCE, "undefined"]
# A regular expression without repetitions, which takes no longer than the text is long.
_PATTERN = re.compile(r"/(\^?(?:[\w \-:@()]|\\[-/.wdsWDSbB]|\[\^?(?:[\w-]|\\[-wdsWDS])+\])+\$?)/([gi]{0,2})")


def texts(found: list[str], where: Where, *, is_whole: bool = True) -> Bound:
    """Return a list of strings."""
    listed: list[Value] = [[STRING, text] for text in found]
    return [ARRAY, listed if is_whole else [*listed, MORE_ITEMS]], where


def bounds(items: list[Bound], where: Where, *, is_whole: bool = True) -> Bound:
    """Return a list of values that stand elsewhere."""
    listed: list[Value] = [[IN, *item] for item in items]
    return [ARRAY, listed if is_whole else [*listed, MORE_ITEMS]], where


def entries_of(evaluator: Evaluator, argument: Bound, depth: int) -> tuple[list[list[Any]], bool] | None:
    """Return the known entries of an object, and whether these are all; None for anything else."""
    bound = evaluator.modules.resolve(*argument, depth + 1)
    if bound[0][0] not in (OBJECT, ARRAY, "ns"):
        return None
    entries = evaluator.entries(bound, depth)
    known = [entry for entry in entries if entry[0] != "..."]
    return known, len(known) == len(entries)


def mapped(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`list.map(function)`."""
    if owner[0][0] != ARRAY or not arguments:
        return None
    items, is_whole = evaluator.items(owner, depth)
    results: list[Bound] = []
    for at, item in enumerate(items):
        result = evaluator.apply(arguments[0], [item, ([SOURCE, str(at)], owner[1]), owner], depth + 1)
        results.append(([SOURCE, "…"], owner[1]) if result is None else result)
    return bounds(results, owner[1], is_whole=is_whole)


def _flat_mapped(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    lists = mapped(evaluator, owner, arguments, depth)
    return None if lists is None else ([ARRAY, [["...", item] for item in lists[0][1]]], lists[1])


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
    return bounds(kept, owner[1], is_whole=is_whole)


def _each(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    mapped(evaluator, owner, arguments, depth)
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
        if result[0][0] == OBJECT:  # `({ ...all, [key]: value })` would be within the next, and that within the next
            result = [OBJECT, evaluator.entries(result, depth), ""], result[1]
    if is_whole or result[0][0] != OBJECT:
        return result
    return [OBJECT, [["...", [IN, *result], ""], MORE_ENTRIES]], owner[1]


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
    keys = [evaluator.key(item, depth) for item in items]
    if text in keys:
        return [SOURCE, "true"], owner[1]
    return ([SOURCE, "false"], owner[1]) if is_whole and None not in keys else None


def _place(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    text = evaluator.key(arguments[0], depth) if arguments else None
    items, is_whole = evaluator.items(owner, depth) if owner[0][0] == ARRAY else ([], False)
    keys = [evaluator.key(item, depth) for item in items]
    if text is None or not is_whole or None in keys:
        return None
    return [SOURCE, str(keys.index(text) if text in keys else -1)], owner[1]


def _has_own(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    found = entries_of(evaluator, owner, depth)
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
    r"""`text.replace('a', 'b')`, `text.replace(/a/g, 'b')`, `text.replace(/-(\w)/g, (match, letter) => …)`."""
    text = evaluator.modules.text(*owner, depth)
    if len(arguments) != 2 or text is None:
        return None
    searched = evaluator.modules.resolve(*arguments[0], depth + 1)[0]
    written = _PATTERN.fullmatch(searched[1]) if searched[0] == SOURCE else None
    if written is None and searched[0] != STRING:
        return None
    flags = "" if written is None else written[2]
    try:
        pattern = re.compile(
            re.escape(searched[1]) if written is None else written[1],
            re.ASCII | re.IGNORECASE if "i" in flags else re.ASCII,
        )
    except re.error:
        return None
    replaced: list[str] = []
    end = 0
    for match in itertools.islice(pattern.finditer(text), None if "g" in flags else 1):
        new = _replacement(evaluator, arguments[1], [match[0], *match.groups("")], owner[1], depth)
        if new is None:
            return None
        replaced += [text[end : match.start()], new]
        end = match.end()
    return [STRING, "".join(replaced) + text[end:]], owner[1]


def _replacement(evaluator: Evaluator, by: Bound, matched: list[str], where: Where, depth: int) -> str | None:
    """Return the text that a match is replaced with, or None if it is unknown."""
    if evaluator.modules.resolve(*by, depth + 1)[0][0] == FUNCTION:
        result = evaluator.apply(by, [([STRING, text], where) for text in matched], depth + 1)
        return None if result is None else evaluator.modules.text(*result, depth)
    text = evaluator.modules.text(*by, depth)
    return None if text is None or "$" in text else text


def _split(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    text = evaluator.modules.text(*owner, depth)
    by = evaluator.modules.text(*arguments[0], depth) if arguments else None
    return texts(text.split(by), owner[1]) if text and by else None


def _sorted(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    """`list.sort()`, by text; another order than the texts' own is not computed."""
    if owner[0][0] != ARRAY or arguments:
        return owner if owner[0][0] == ARRAY else None
    items, is_whole = evaluator.items(owner, depth)
    keyed = [(evaluator.key(item, depth) or "", item) for item in items]
    return bounds([item for _, item in sorted(keyed, key=lambda pair: pair[0])], owner[1], is_whole=is_whole)


def _reversed(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY:
        return None
    items, is_whole = evaluator.items(owner, depth)
    return bounds(items[::-1], owner[1], is_whole=is_whole)


def _joined(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    if owner[0][0] != ARRAY:
        return None
    items, is_whole = evaluator.items(owner, depth)
    keys = [evaluator.key(item, depth) for item in items]
    by = evaluator.modules.text(*arguments[0], depth) if arguments else ","
    known = [key for key in keys if key is not None]
    return ([STRING, by.join(known)], owner[1]) if is_whole and by is not None and len(known) == len(keys) else None


def _sliced(evaluator: Evaluator, owner: Bound, arguments: Arguments, depth: int) -> Bound | None:
    places = [evaluator.number(argument, depth) for argument in arguments[:2]]
    if None in places:
        return None
    part = slice(*places) if len(places) == 2 else slice(places[0] if places else None, None)
    if owner[0][0] == ARRAY:
        items, is_whole = evaluator.items(owner, depth)
        return bounds(items[part], owner[1]) if is_whole else None
    text = evaluator.modules.text(*owner, depth)
    return None if text is None else ([STRING, text[part]], owner[1])


METHODS: dict[str, _Method] = {
    "run": _run_in_scope,
    "map": mapped, "flatMap": _flat_mapped, "filter": _filtered, "forEach": _each, "reduce": _reduced,
    "concat": _joined_lists, "includes": _included, "indexOf": _place, "hasOwnProperty": _has_own,
    "call": _called_on, "apply": _applied_to, "bind": _same_owner, "extend": _extended, "def": _with_default,
    "slice": lambda evaluator, owner, arguments, depth: _sliced(evaluator, owner, arguments, depth),
    "sort": _sorted, "reverse": _reversed,
    "replace": _replaced, "split": _split, "join": _joined, "toLowerCase": _with_texts(str.lower),
    "toUpperCase": _with_texts(str.upper), "trim": _with_texts(str.strip),
    "charAt": _with_texts(lambda text, at: text[int(at) : int(at) + 1]),
}  # fmt: skip
