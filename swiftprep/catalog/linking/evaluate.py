"""Evaluate values as far as a component's API needs it: names, members, calls, choices, objects with spreads.

Nothing is evaluated further than asked for: an object's entries and a call's arguments stay values in their own places.
What cannot be evaluated stays as it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.catalog.linking import builtins, run
from swiftprep.catalog.linking.effort import MOST_ITEMS
from swiftprep.catalog.linking.inspected import (
    GLOBALS,
    MORE,
    UNDEFINED,
    UNKNOWN,
    computed,
    digest,
    inside,
    is_nothing,
    is_prop_type,
    is_unknown,
    type_of,
)
from swiftprep.catalog.linking.scope import Bound, Where, is_settled, key_of, local, path_of
from swiftprep.catalog.vue.value_kinds import (
    APP,
    ARRAY,
    CALL,
    CHOICE,
    DEFAULT,
    EARLIER,
    EFFECTS,
    FUNCTION,
    IN,
    ITEM,
    JOINED,
    MEMBER,
    NAME,
    OBJECT,
    OPERATION,
    OPTIONS,
    SOURCE,
    STRING,
    TYPED,
)
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.names import Modules

OnCall: TypeAlias = "Callable[[Value, Where, list[Bound], int], Bound | None]"
FINAL = frozenset((APP, ARRAY, FUNCTION, JOINED, OBJECT, OPTIONS, SOURCE, STRING))  # kinds that no step evaluates
APP_METHODS = ("component", "use")  # of Vue and of apps
_NEITHER = frozenset(("undefined", "null"))
_FALSY = frozenset(("undefined", "null", "false", "0", "NaN"))
_MOST_KNOWN = 20_000
_NUMBERS = itertools.count()
_INHERITING = frozenset(("mixins", "extends", "spreads"))
_SETTINGS = frozenset(("type", "default", "def", "required"))  # of a prop, which its type has not


__all__ = ["Evaluator", "digest", "inside"]


class Evaluator:
    """Evaluates values.

    Args:
        modules: The facts of all files.

    Attributes:
        on_call: Is asked first for the result of `x.component(…)` and `x.use(…)`, from the call, its place, its
            arguments and the nesting depth. While it is set, methods know their `this`.
    """

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.effort = modules.effort
        self.on_call: OnCall | None = None
        self._elsewhere: dict[tuple[str, str], list[run.Changes]] | None = None
        self._calls: dict[tuple[int, Where], tuple[Value, Bound | None]] = {}
        self._plain: dict[tuple[int, Where], tuple[Value, Bound | None]] = {}  # of functions without arguments

    def step(self, value: Value, where: Where, depth: int, *, calls: bool, types: bool = False) -> Bound | None:
        """Evaluate a value by one step; None if that is not possible."""
        kind = value[0]
        if kind == NAME:
            return self._name(value, where, depth, types)
        if kind == IN:
            return value[1], value[2]
        if kind in (MEMBER, ITEM):
            return self._member_of(value, where, depth)
        if kind == CALL:
            return self._called(value, where, depth) if calls else None
        if kind == CHOICE:
            truth = self.truth((value[1], where), depth + 1)
            return None if truth is None else (value[2] if truth else value[3], where)
        if kind == OPERATION:
            return self._operation(value, where, depth)
        if kind == EFFECTS:
            run.effects(self, value[1], where, depth)
            return (value[1][-1][2] if value[2] is None else value[2]), where
        if kind == EARLIER:
            return self._earlier(value[1], where, depth)
        if kind == TYPED or (kind == DEFAULT and value[2] is not None):
            return value[2], where
        return None

    def _name(self, value: Value, where: Where, depth: int, types: bool) -> Bound | None:
        bound = local(value[1], where)
        if bound is not None:
            return bound
        path = path_of(where)
        facts = self.modules.facts.get(path, {})
        bound = self.modules.top_level(value, path, types=types)
        changes = [(value[1], path, facts.get("effects", {}).get(value[1], []))]
        if value[1] in facts.get("bindings", {}):
            changes += self._changes_elsewhere().get((path, value[1]), [])
        if bound is None or types or not any(statements for _, _, statements in changes):
            return bound
        before = bound
        return self.effort.named(
            ("effects", path, value[1]), lambda: run.changed(self, before, changes, f"{path}#{value[1]}", depth), before
        )

    def _earlier(self, value: Value, where: Where, depth: int) -> Bound | None:
        """Return a member as it is before the statements of the top level that change it."""
        owner = self.modules.top_level(value[1], path_of(where))
        return None if owner is None else self._member_in(self.modules.resolve(*owner, depth + 1), value[2], depth)

    def _changes_elsewhere(self) -> dict[tuple[str, str], list[run.Changes]]:
        """Return the calls that make a component's props of an object and may change the object itself, by its name.

        `props: initDefaultProps(boxProps, {size: 'small'})` of ant-design-vue adds the default for all who use them.
        """
        if self._elsewhere is None:
            self._elsewhere = {}
            facts = self.modules.facts
            for path in sorted(facts):
                for options in facts[path].get("components", ()):
                    call = options.get("props")
                    if call and call[0] == CALL and len(call[2]) > 1 and call[2][0][0] == NAME:
                        place = self.modules.declared(call[2][0][1], path)
                        if place is not None:
                            change = (call[2][0][1], path, [["do", call]])
                            self._elsewhere.setdefault(place, []).append(change)
        return self._elsewhere

    def _member_of(self, value: Value, where: Where, depth: int) -> Bound | None:
        if is_prop_type(value, where):
            return None
        owner, there = self.modules.resolve(value[1], where, depth + 1)
        if is_prop_type(owner, there):
            return [MEMBER, [IN, owner, there], value[2]], there
        if value[0] == MEMBER:
            return self._member_in((owner, there), value[2], depth)
        key = self.key((value[2], where), depth)
        return None if key is None else self.member(owner, key, there, depth)

    def _member_in(self, owner: Bound, name: str, depth: int) -> Bound | None:
        return self.member(owner[0], name, owner[1], depth)

    def key(self, bound: Bound, depth: int) -> str | None:
        """Return the text of a key or an index, or None if it is unknown."""
        bound = self.modules.resolve(*bound, depth + 1)
        if bound[0][0] == STRING:
            return str(bound[0][1])
        number = self.number(bound, depth)
        return self.modules.text(*bound, depth + 1) if number is None else str(number)

    def member(self, owner: Value, name: str, where: Where, depth: int = 0) -> Bound | None:
        """Return the member of an evaluated value, or None if it is unknown."""
        kind = owner[0]
        if kind == OBJECT:
            return self._entry(owner, name, where, depth)
        if kind == APP:
            return owner, where
        if kind == SOURCE and owner[1] in _NEITHER:  # `options?.prefix`
            return UNDEFINED, where
        if kind == "ns":
            return self.modules.export(owner[1], name)
        if kind == ARRAY:
            items, is_whole = self.items((owner, where), depth)
            if name == "length":
                return ([SOURCE, str(len(items))], where) if is_whole else None
            if name.isascii() and name.isdigit() and len(name) < 9:
                return items[int(name)] if int(name) < len(items) else (UNDEFINED, where) if is_whole else None
        if kind == OPTIONS:
            if name == "options" and not _INHERITING.isdisjoint(self.modules.options(owner, where)):
                return None  # Vue has merged into them what the component inherits
            if name in ("options", "default", "prototype", "constructor"):
                return owner, where
            options = self.modules.options(owner, where)
            inner = options.get("statics", {}).get(name) or options.get(name)
            if isinstance(inner, list) and inner and isinstance(inner[0], str):
                return inner, where
            if name == "methods" and inner:
                return [OBJECT, [[key, [FUNCTION, text, None, [], None], doc] for key, text, doc in inner]], where
            if name == "functional" or (name in ("mixins", "methods") and not options.get("spreads")):
                return ([SOURCE, "true"] if inner else UNDEFINED), where
        if kind == FUNCTION and name == "default":
            return owner, where
        if name in _SETTINGS and (kind == ARRAY or (kind == NAME and owner[1] in GLOBALS)):
            return UNDEFINED, where
        return None

    def _entry(self, owner: Value, name: str, where: Where, depth: int) -> Bound | None:
        if self.effort.is_known("entries", owner, where):
            members = self.effort.once("members", owner, where, lambda: self._members((owner, where)), None)
            if members is not None and (name in members or name != "default"):
                return members.get(name, (UNDEFINED, where))
        is_whole = True
        for key, inner, _ in reversed(owner[1]):
            if key == name:
                return inner, where
            if key == "...":
                spread, there = self.modules.resolve(inner, where, depth + 1)
                found = self.member(spread, name, there, depth + 1)
                if found is not None and found[0] is not UNDEFINED:
                    return found
                is_whole = is_whole and (found is not None or is_nothing(spread))
            elif key == "[]":
                text = self.key((inner[1], where), depth + 1)
                if text == name:
                    return inner[2], where
                is_whole = is_whole and text is not None
        return (UNDEFINED, where) if is_whole and name != "default" else None

    def _members(self, bound: Bound) -> dict[str, Bound] | None:
        """Return the entries of an evaluated object by key, or None if some are unknown."""
        entries = self.entries(bound)
        is_whole = all(key != "..." for key, _, _ in entries)
        return {key: (inner[1], inner[2]) for key, inner, _ in entries} if is_whole else None

    def entries(self, bound: Bound, depth: int = 0) -> list[list[Any]]:
        """Return the entries of an evaluated object as `[key, ["@", value, place], doc]`, the last of each key.

        What may be spread into it and is unknown has the key `"..."`.
        """
        value, where = bound
        if len(value) > 2:  # made by `flat`
            return list(value[1])
        if is_settled(where):
            return self.effort.once("entries", value, where, lambda: self._entries(value, where, depth), [MORE])
        return self._entries(value, where, depth)

    def _entries(self, value: Value, where: Where, depth: int) -> list[list[Any]]:
        if value[0] == ARRAY:
            items, is_whole = self.items(bound=(value, where), depth=depth)
            return [[str(at), inside(item), ""] for at, item in enumerate(items)] + ([] if is_whole else [MORE])
        if value[0] == "ns":
            return [[name, inside(found), ""] for name, found in self.modules.all_exports(value[1])]
        by_key: dict[str, list[Any]] = {}
        for number, (key, inner, doc) in enumerate(self._spread(value, where, depth)):
            name = f"... {number}" if key == "..." else key
            before = by_key.get(name)
            by_key[name] = [key, inner, doc or (before[2] if before is not None else "")]
            if not self.effort.spend() or len(by_key) > MOST_ITEMS:
                self.effort.is_cut = True
                return [*by_key.values(), MORE]
        return list(by_key.values())

    def _spread(self, value: Value, where: Where, depth: int) -> Iterator[list[Any]]:
        for key, inner, doc in value[1]:
            if key == "...":
                spread, there = self.modules.resolve(inner, where, depth + 1)
                if spread[0] in (OBJECT, ARRAY, "ns") and self.effort.spend(1, depth):
                    yield from self.entries((spread, there), depth + 1)
                elif not is_nothing(spread):
                    yield [key, inside((spread, there)), doc]
            elif key == "[]":
                text = self.key((inner[1], where), depth + 1)
                known = ["...", inside((UNKNOWN, where)), doc]
                yield known if text is None else [text, inside((inner[2], where)), doc]
            else:
                yield [key, inside((inner, where)), doc]

    def items(self, bound: Bound, depth: int = 0) -> tuple[list[Bound], bool]:
        """Return the items of an evaluated array, and whether these are all of them."""
        value, where = bound
        items: list[Bound] = []
        is_whole = value[0] == ARRAY
        for item in value[1] if is_whole else ():
            if not self.effort.spend(1, depth) or len(items) > MOST_ITEMS:
                self.effort.is_cut = True
                return items, False
            if item[0] != "...":
                items.append((item, where))
                continue
            spread, there = self.modules.resolve(item[1], where, depth + 1)
            inner, is_inner_whole = self.items((spread, there), depth + 1)
            items += inner
            is_whole = is_whole and is_inner_whole
        return items, is_whole

    def arguments(self, values: list[Value], where: Where, depth: int) -> list[Bound]:
        """Return the arguments of a call; what follows an unknown spread is left out."""
        bounds: list[Bound] = []
        for value in values:
            if value[0] == "...":
                items, is_whole = self.items(self.modules.resolve(value[1], where, depth + 1), depth)
                bounds += items
                if not is_whole:
                    break
            else:
                bounds.append((value, where))
        return bounds

    def _called(self, value: Value, where: Where, depth: int) -> Bound | None:
        if is_prop_type(value, where):
            return None
        if not is_settled(where):
            return self._result(value, where, depth)
        key = id(value), where
        if key not in self._calls:
            if len(self._calls) > _MOST_KNOWN:
                self._calls.clear()
            self._calls[key] = value, None  # for a function that calls itself; holding the value keeps its id unique
            was_cut, self.effort.is_cut = self.effort.is_cut, False
            result = self._result(value, where, depth)
            if self.effort.is_cut:  # another component may have steps left
                self._calls.pop(key, None)
                return result
            self.effort.is_cut = was_cut
            self._calls[key] = value, result
        return self._calls[key][1]

    def _result(self, call: Value, where: Where, depth: int) -> Bound | None:
        if not self.effort.spend(1, depth):
            return None
        function, there = self.modules.resolve(call[1], where, depth + 1)
        arguments = self.arguments(call[2], where, depth)
        number = 0
        if not isinstance(where, str) and not is_settled(where):  # variables may change before the result is used
            where.calls = number = where.calls + 1
            arguments = [self.modules.resolve(*argument, depth + 1) for argument in arguments]
        this: Bound | None = None
        if self.on_call is not None and call[1][0] == MEMBER:
            if call[1][2] in APP_METHODS and (made := self.on_call(call, where, arguments, depth)) is not None:
                return made
            this = self.modules.resolve(call[1][1], where, depth + 1)
        if function[0] == FUNCTION:
            key = f"{key_of(there)}({digest(call)} {key_of(where)}:{number}"
            types = call[3] if len(call) > 3 else []
            plain = None if call[2] or types or this is not None or not is_settled(there) else (id(function), there)
            if plain in self._plain:
                return self._plain[plain][1]
            made = run.applied(
                self, (function, there), arguments, key, depth, types=types, call=(call, where), this=this
            )
            if made is not None and not is_unknown(made[0]):
                if plain is not None and not self.effort.is_cut:
                    self._plain[plain] = function, made  # holding the function keeps its id unique
                return made
        return builtins.result_of(self, call[1], where, arguments, depth)

    def apply(self, function: Bound, arguments: list[Bound], depth: int, *, this: Bound | None = None) -> Bound | None:
        """Return what a function returns for these arguments, or None if that is unknown."""
        value, where = self.modules.resolve(*function, depth + 1)
        if value[0] != FUNCTION or not self.effort.spend(1, depth):
            return None
        return run.applied(self, (value, where), arguments, f"{key_of(where)}/{next(_NUMBERS)}", depth, this=this)

    def is_prop_type(self, value: Value, where: Where) -> bool:
        """Return whether a value is a definition such as `PropTypes.string.def('a')`."""
        return is_prop_type(value, where)

    def truth(self, bound: Bound, depth: int) -> bool | None:
        """Return whether a value counts as true, or None if that is unknown."""
        value, where = self.modules.resolve(*bound, depth + 1)
        kind = value[0]
        if kind in (OBJECT, ARRAY, FUNCTION, OPTIONS, "ns") or is_prop_type(value, where):
            return True
        if kind == STRING:
            return bool(value[1])
        if kind == SOURCE:
            if value[1] in _FALSY:
                return False
            return True if value[1] == "true" or self.number((value, where), depth) is not None else None
        if kind == NAME:
            return True if value[1] in GLOBALS else None
        if kind == JOINED:
            text = self.modules.text(value, where, depth)
            return None if text is None else bool(text)
        return None

    def number(self, bound: Bound, depth: int) -> int | None:
        """Return a whole number, or None for anything else."""
        value, where = self.modules.resolve(*bound, depth + 1)
        if value[0] == SOURCE:
            text = value[1]
            return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 9 else None
        if value[0] == JOINED and len(value) == 2 and value[1][0][0] != STRING:
            numbers = [self.number((part, where), depth + 1) for part in value[1]]
            return None if None in numbers else sum(number or 0 for number in numbers)
        return None

    def _operation(self, value: Value, where: Where, depth: int) -> Bound | None:
        sign, operands = value[1], value[2]
        first = operands[0], where
        if sign in ("||", "&&", "??"):
            left, there = self.modules.resolve(*first, depth + 1)
            if sign == "??":
                is_first = None if is_unknown(left) else left[1:] not in (["undefined"], ["null"])
            else:
                truth = self.truth((left, there), depth)
                is_first = None if truth is None else truth == (sign == "||")
            return None if is_first is None else (left, there) if is_first else (operands[1], where)
        result = self._compared(sign, first, (operands[-1], where), depth)
        return None if result is None else ([STRING, result] if sign == "typeof" else [SOURCE, result], where)

    def _compared(self, sign: str, one: Bound, other: Bound, depth: int) -> str | None:
        """Return the result of an operation as source text (for `typeof`, as it is), or None."""
        if sign == "!":
            truth = self.truth(one, depth)
            return None if truth is None else "false" if truth else "true"
        left, right = self.modules.resolve(*one, depth + 1), self.modules.resolve(*other, depth + 1)
        if sign == "typeof":
            return type_of(left[0])
        if sign == "in":
            key = self.key(left, depth)
            keys = [entry[0] for entry in self.entries(right, depth)] if right[0][0] in (OBJECT, ARRAY) else ["..."]
            return "true" if key in keys else None if key is None or "..." in keys else "false"
        if sign in ("===", "!==", "==", "!="):
            same = self._same(left, right, len(sign) == 2, depth)
            return None if same is None else "true" if same == (sign[0] == "=") else "false"
        numbers = self.number(left, depth), self.number(right, depth)
        if numbers[0] is None or numbers[1] is None:
            return None
        return computed(sign, numbers[0], numbers[1])

    def _same(self, one: Bound, other: Bound, is_loose: bool, depth: int) -> bool | None:
        """Return whether two evaluated values are equal, or None if that is unknown."""
        if is_unknown(one[0]) or is_unknown(other[0]):
            return None
        nothing = {"undefined", "null"}
        if is_loose and one[0][0] == SOURCE and other[0][0] == SOURCE and {one[0][1], other[0][1]} <= nothing:
            return True
        kinds = {one[0][0], other[0][0]}
        if kinds <= {STRING, SOURCE, NAME}:
            return bool(one[0] == other[0])
        if JOINED in kinds:
            texts = self.modules.text(*one, depth), self.modules.text(*other, depth)
            return None if None in texts else texts[0] == texts[1]
        return False if kinds & {STRING, SOURCE, NAME} else None
