"""Run the statements of functions (`functions.py`) on values.

Values are never changed: `props[key] = String` binds `props` to another object. A function that changes its argument
in this way changes the caller's variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from swiftprep.catalog.linking.scope import Bound, Scope, Where, holder, path_of
from swiftprep.catalog.linking.statements import CHANGES, has_effects, matters
from swiftprep.catalog.vue.functions import Statement
from swiftprep.catalog.vue.value_kinds import (
    APP,
    ARRAY,
    CALL,
    CHOICE,
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
)
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.evaluate import Evaluator

Changes: TypeAlias = tuple[str, str, list[Statement]]  # a name, its file, and the statements that change its value
_MOST_TURNS = 1_000  # of a loop
_BREAK, _CONTINUE = "break", "continue"
_UNDEFINED: Value = [SOURCE, "undefined"]
_MORE: list[Any] = ["...", [SOURCE, "…"], ""]


def applied(
    evaluator: Evaluator,
    function: Bound,
    arguments: list[Bound],
    key: str,
    depth: int,
    *,
    types: list[str] | None = None,
    call: Bound | None = None,
    this: Bound | None = None,
) -> Bound | None:
    """Return what a function returns, or None if that is unknown.

    Args:
        evaluator: Evaluates values.
        function: The function.
        arguments: Its arguments.
        key: The call as text, for `Scope.key`.
        depth: The nesting depth.
        types: The texts of the type arguments, which are bound as `<T>`; `""` for one that is not given.
        call: The call, whose variables change with the parameters.
        this: What it is called on.
    """
    value, where = function
    frame = Scope(path_of(where), where, key, is_running=True)
    for at, name in enumerate(value[5] if len(value) > 5 else ()):
        text = types[at] if types and at < len(types) else ""
        frame.names[f"<{name}>"] = [SOURCE, text], where if call is None else call[1]
    runner = _Runner(evaluator, depth + 1)
    if this is not None:
        frame.names["this"] = this
    frame.names["arguments"] = [ARRAY, [[IN, *argument] for argument in arguments]], where
    for at, pattern in enumerate(value[3]):
        if pattern is not None and pattern[0] == "...":
            rest: Value = [ARRAY, [[IN, *argument] for argument in arguments[at:]]]
            runner.bind(pattern[1], (rest, where), frame)
        elif pattern is not None:
            runner.bind(pattern, arguments[at] if at < len(arguments) else (_UNDEFINED, where), frame)
    result = None if value[4] is None else runner.run(value[4], frame)
    returned = result if isinstance(result, tuple) else None
    if returned is None and value[2] is not None:
        frame.is_running = has_effects(value[2])
        returned = evaluator.modules.resolve(value[2], frame, depth + 1)
    frame.is_running = False
    if call is not None:
        _hand_back(runner, value[3], frame, call)
    if value[4] is None or runner.is_doubtful:
        return runner.doubted(returned)
    return (_UNDEFINED, where) if returned is None else returned


def changed(evaluator: Evaluator, before: Bound, changes: list[Changes], key: str, depth: int) -> Bound:
    """Return the value of a top-level name after the statements that change it, each with the name it has there."""
    for number, (name, path, statements) in enumerate(changes):
        frame = Scope(path, path, f"{key}:{number}", {name: before}, is_running=True)
        _Runner(evaluator, depth + 1).run(statements, frame)
        frame.is_running = False
        before = frame.names[name]
    return before


def run_statements(evaluator: Evaluator, statements: list[Statement], frame: Scope) -> None:
    """Run statements of a module's top level for their effects."""
    _Runner(evaluator, 1).run(statements, frame)
    frame.is_running = False


def effects(evaluator: Evaluator, statements: list[Statement], where: Where, depth: int) -> None:
    """Run the statements within an expression."""
    if not isinstance(where, str) and where.is_running:
        _Runner(evaluator, depth + 1).run(statements, where)


def _hand_back(runner: _Runner, parameters: list[Any], frame: Scope, call: Bound) -> None:
    """Bind the variables of a call to the objects that the function made of them."""
    for pattern, argument in zip(parameters, call[0][2], strict=False):
        is_changed = pattern is not None and pattern[0] == NAME and pattern[1] in frame.changed
        if is_changed and argument[0] in (NAME, MEMBER, ITEM):
            runner.assign(argument, frame.names[pattern[1]], call[1])


class _Runner:
    """Runs the statements of one call.

    Args:
        evaluator: Evaluates values.
        depth: The nesting depth.

    Attributes:
        is_doubtful: Whether a condition was unknown, so that the result may be another one.
    """

    def __init__(self, evaluator: Evaluator, depth: int) -> None:
        self.evaluator = evaluator
        self.modules = evaluator.modules
        self.depth = depth
        self.is_doubtful = False
        self._candidates: list[Bound] = []

    def run(self, statements: list[Statement], frame: Scope) -> Bound | str | None:
        """Run statements; return the result, `"break"` or `"continue"`, or None at their end."""
        for statement in statements:
            if not self.modules.effort.spend(1, self.depth):
                self.is_doubtful = True
                return None
            end = self._statement(statement, frame)
            if end is not None:
                return end
        return None

    def _statement(self, statement: Statement, frame: Scope) -> Bound | str | None:
        kind = statement[0]
        if kind == "let":
            self.bind(statement[1], self._value(statement[2], frame), frame)
            if statement[1][0] == NAME:
                self._alias(statement[1][1], statement[2], frame)
        elif kind == "=":
            self.assign(statement[1], self._value(statement[2], frame), frame)
        elif kind == "return":
            return self._value(statement[1], frame)
        elif kind == "do":
            self._do(statement[1], frame)
        elif kind == "if":
            return self._if(statement, frame)
        elif kind == "for":
            return self._for(statement, frame)
        elif kind == "loop":
            return self._loop(statement, frame)
        elif kind == "delete":
            self._delete(statement[1], frame)
        elif kind in (_BREAK, _CONTINUE):
            return str(kind)
        elif kind == "throw":
            return _UNDEFINED, frame
        else:
            self.is_doubtful = True
        return None

    def _value(self, value: Value, frame: Scope) -> Bound:
        """Evaluate now what depends on variables that may change."""
        bound = self.modules.resolve(value, frame, self.depth)
        if bound[0][0] in (OPERATION, CHOICE):  # unknown, and later its variables may be others
            return [SOURCE, "…"], frame
        if bound[0][0] == JOINED:
            number = self.evaluator.number(bound, self.depth)
            text = self.modules.text(*bound, self.depth) if number is None else None
            return ([SOURCE, str(number)] if text is None else [STRING, text], frame) if (number, text) != (
                None, None,
            ) else bound  # fmt: skip
        return bound

    def _if(self, statement: Statement, frame: Scope) -> Bound | str | None:
        truth = self.evaluator.truth((statement[1], frame), self.depth)
        if truth is not None:
            return self.run(statement[2] if truth else statement[3], frame)
        for branch in (statement[2], statement[3]):
            if any(map(matters, branch)) and branch[-1][0] != "throw":
                self.is_doubtful = True
                end = self.run(branch, frame)
                if isinstance(end, tuple):
                    self._candidates.append(end)
        return None

    def _for(self, statement: Statement, frame: Scope) -> Bound | str | None:
        iterated = self.modules.resolve(statement[3], frame, self.depth)
        if statement[1] == "in":
            entries = (
                self.evaluator.entries(iterated, self.depth) if iterated[0][0] in (OBJECT, ARRAY, "ns") else [_MORE]
            )
            items: list[Bound] = [([STRING, key], frame) for key, _, _ in entries if key != "..."]
            is_whole = len(items) == len(entries)
        else:
            items, is_whole = self.evaluator.items(iterated, self.depth)
        self.is_doubtful = self.is_doubtful or not is_whole
        for number, item in enumerate(items):
            turn = Scope(frame.path, frame, f"{frame.key}/{number}", is_running=True)
            self.bind(statement[2], item, turn)
            end = self.run(statement[4], turn)
            turn.is_running = False
            if end == _BREAK:
                break
            if isinstance(end, tuple):
                return end
        return None

    def _loop(self, statement: Statement, frame: Scope) -> Bound | str | None:
        self.run(statement[1], frame)
        for _ in range(_MOST_TURNS):
            truth = self.evaluator.truth((statement[2], frame), self.depth)
            if truth is False:
                return None
            if truth is None or not self.modules.effort.spend(1, self.depth):
                break
            end = self.run(statement[4], frame)
            if end == _BREAK:
                return None
            if isinstance(end, tuple):
                return end
            self.run(statement[3], frame)
        self.is_doubtful = True
        return None

    def _do(self, value: Value, frame: Scope) -> None:
        """Evaluate an expression for its effects."""
        if value[0] == CALL and value[2]:
            callee = value[1]
            if callee[0] == MEMBER and callee[2] in CHANGES:
                owner = self.modules.resolve(callee[1], frame, self.depth)
                if owner[0][0] == ARRAY:
                    added = [[IN, *argument] for argument in self.evaluator.arguments(value[2], frame, self.depth)]
                    before = [["...", [IN, *owner]]]
                    listed = before + added if callee[2] == "push" else added + before
                    items, is_whole = self.evaluator.items(([ARRAY, listed], frame), self.depth)
                    rest: list[Value] = [] if is_whole else [["...", [SOURCE, "…"]]]
                    self.assign(callee[1], ([ARRAY, [[IN, *item] for item in items] + rest], frame), frame)
                    return
            result = self.modules.resolve(value, frame, self.depth)
            if callee[-1] in ("assign", "_extends", "__assign", "extend") and result[0][0] == OBJECT:
                self.assign(value[2][0], result, frame)
            return
        self.modules.resolve(value, frame, self.depth)

    def _delete(self, target: Value, frame: Scope) -> None:
        key = self._key(target, frame)
        if key is None:
            return
        owner = self.modules.resolve(target[1], frame, self.depth)
        if owner[0][0] == OBJECT:
            kept = [entry for entry in self.evaluator.entries(owner, self.depth) if entry[0] != key]
            self._set(target[1], ([OBJECT, kept], owner[1]), frame)

    def _alias(self, name: str, value: Value, frame: Scope) -> None:
        """Note that `const prop = props[key]` shares its object."""
        key = self._key(value, frame)
        if value[0] == NAME:
            frame.aliases[name] = value
        elif key is not None:
            frame.aliases[name] = [MEMBER, value[1], key]

    def _key(self, target: Value, where: Where) -> str | None:
        if target[0] == MEMBER:
            return str(target[2])
        return self.evaluator.key((target[2], where), self.depth) if target[0] == ITEM else None

    def assign(self, target: Value, bound: Bound, where: Where) -> None:
        """Bind a variable, or set an entry of one."""
        if target[0] == NAME:
            scope = holder(target[1], where)
            if scope is not None and scope.is_running:
                scope.names[target[1]] = bound
            return
        if target[0] not in (MEMBER, ITEM):
            return
        owner, there = self.modules.resolve(target[1], where, self.depth)
        if owner[0] == APP:
            return
        key = self._key(target, where)
        value: Value
        if owner[0] == ARRAY and key is not None and key.isdigit():
            items, is_whole = self.evaluator.items((owner, there), self.depth)
            if not is_whole or int(key) > len(items):
                return
            listed: list[Value] = [[IN, *item] for item in items]
            listed[int(key) : int(key) + 1] = [[IN, *bound]]
            value = [ARRAY, listed]
        else:
            base: list[Any] = (
                list(self.evaluator.entries((owner, there), self.depth))
                if owner[0] == OBJECT
                else [["...", [IN, owner, there], ""]]
            )
            entry: list[Any] = ["...", [SOURCE, "…"], ""] if key is None else [key, [IN, *bound], ""]
            at = next((at for at, known in enumerate(base) if known[0] == key), len(base))
            if at < len(base) and not any(known[0] == "..." for known in base[at:]):
                base[at] = [key, entry[1], base[at][2]]
            else:
                base.append(entry)
            value = [OBJECT, base, ""]
        self._set(target[1], (value, there), where)

    def _set(self, target: Value, bound: Bound, where: Where) -> None:
        scope = holder(target[1], where) if target[0] == NAME else None
        if scope is not None:
            scope.changed.add(target[1])
        self.assign(target, bound, where)
        alias = None if scope is None else scope.aliases.get(target[1])
        if scope is not None and alias is not None and alias != target:
            self._set(alias, bound, scope) if alias[0] == NAME else self.assign(alias, bound, scope)

    def bind(self, pattern: Any, bound: Bound, frame: Scope) -> None:
        """Bind the names of a pattern."""
        if pattern is None:
            return
        kind = pattern[0]
        if kind == NAME:
            frame.names[pattern[1]] = bound
            return
        if kind == "=":
            value, where = self.modules.resolve(*bound, self.depth)
            is_given = value != _UNDEFINED
            self.bind(pattern[1], (value, where) if is_given else self._value(pattern[2], frame), frame)
            return
        value, where = self.modules.resolve(*bound, self.depth)
        if kind == "{":
            for key, inner in pattern[1]:
                self.bind(inner, self._part(value, where, key), frame)
            if pattern[2] is not None:
                taken = {key for key, _ in pattern[1]}
                rest: list[Any] = [_MORE]
                if value[0] == OBJECT:
                    rest = [e for e in self.evaluator.entries((value, where), self.depth) if e[0] not in taken]
                self.bind(pattern[2], ([OBJECT, rest], where), frame)
        elif kind == "[":
            for at, inner in enumerate(pattern[1]):
                if inner is not None and inner[0] == "...":
                    items, is_whole = self.evaluator.items((value, where), self.depth)
                    tail: list[Value] = [[IN, *item] for item in items[at:]]
                    self.bind(inner[1], ([ARRAY, tail if is_whole else [*tail, ["...", [SOURCE, "…"]]]], where), frame)
                else:
                    self.bind(inner, self._part(value, where, str(at)), frame)

    def _part(self, value: Value, where: Where, key: str) -> Bound:
        found = self.evaluator.member(value, key, where, self.depth)
        return ([MEMBER, [IN, value, where], key], where) if found is None else found

    def doubted(self, bound: Bound | None) -> Bound | None:
        """Return a result of which more may be possible, or another one that is known."""
        for found in (bound, *self._candidates):
            value, where = (_UNDEFINED, "") if found is None else self.modules.resolve(*found, self.depth)
            if value[0] in (FUNCTION, OPTIONS):
                return value, where
            if value[0] == OBJECT:
                return [OBJECT, [["...", [IN, value, where], ""], _MORE]], where
            if value[0] == ARRAY:
                return [ARRAY, [["...", [IN, value, where]], ["...", [SOURCE, "…"]]]], where
        return None
