"""Run the flows of functions on what they may hold, to see which slots, listeners and events of a component they reach.

All branches are taken, loops run once, and what is unknown may be anything (`held.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from swiftprep.catalog.linking import calls, elements
from swiftprep.catalog.linking.held import (
    CHILDREN,
    KEY,
    LISTENERS,
    NOTHING,
    PARTS,
    PROPS,
    SELF,
    SLOTS,
    UNKNOWN,
    Function,
    Held,
    NamedFunction,
    Reference,
    Variables,
    either,
    items_of,
    joined_texts,
    listed_items,
    name_at,
    part,
    spread,
    text,
    unknown_of,
)
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.provided import Injectors
from swiftprep.catalog.linking.reached import Effects
from swiftprep.catalog.linking.references import looped, texts_of
from swiftprep.catalog.linking.scope import Where
from swiftprep.catalog.vue.flows import Flow
from swiftprep.catalog.vue.patterns import Expression

_DEEPEST = 70  # expressions and calls within each other
_MOST_ARGUMENTS = 50
_MOST_STEPS = 6_000  # per component; those of large frameworks need a few hundred
# `slots(name = 'default') { return this.$slots[name] }`, of a mixin that every component of a framework is given
_SLOTS_OF_ALL: Flow = [
    [["=", ["i", "name"], ["s", "default"]]],
    [["r", ["[", ["m", ["T"], "$slots"], ["i", "name"]]]],
]


class Tracing:
    """Evaluates the expressions of flows for one component.

    Args:
        modules: The facts of all files.
        effects: Receives what is found.
        methods: The component's methods, also those of its bases, each with the place of its names.
        computed: Its computed properties.
        place_of_tag: Returns the component that a tag means, or None.
        functions: The functions that references were found to be, shared by all components.
        injectors: Finds the components that inject what this one provides.
        given: What another component provides to this one, whose own slots and events do not count then.
        is_vue3: Whether the code is for Vue 3, in which attributes include listeners.

    Attributes:
        state: What is assigned to members of the component.
        called: The numbers of the functions that were called with known arguments.
    """

    def __init__(
        self,
        modules: Modules,
        effects: Effects,
        methods: Mapping[str, tuple[Flow, Where]],
        computed: Mapping[str, tuple[Flow, Where]],
        place_of_tag: Callable[[str], Place | None],
        functions: dict[Reference, NamedFunction],
        injectors: Injectors,
        given: Mapping[str, Held] | None = None,
        *,
        is_vue3: bool = False,
    ) -> None:
        self.modules = modules
        self.effects = effects
        self.state: dict[str, Held] = {}
        self.called: set[int] = set()
        self.place_of_tag = place_of_tag
        self.functions = functions
        self.injectors = injectors
        self.given = given or {}
        self.is_vue3 = is_vue3
        self._methods = methods
        self._computed = computed
        self._places: dict[Where, Variables] = {}
        self._results: dict[tuple[Any, ...], tuple[Held, Any]] = {}
        self._made: list[Function] = []
        self._depth = 0
        self._left = _MOST_STEPS

    def at(self, where: Where) -> Variables:
        """Return the variables outside of all functions of a file."""
        return self._places.setdefault(where, Variables({}, None, UNKNOWN if self.given else part(SELF), where))

    def within(self, given: Mapping[str, Held]) -> Tracing:
        """Return the evaluation of a component within this one, which is given something of it."""
        run = Tracing(self.modules, self.effects, {}, {}, self.place_of_tag, self.functions, self.injectors, given)
        run.is_vue3 = self.is_vue3
        run.called = self.called
        return run

    def run_with_anything(self, function: Function, *first: Held) -> Held:
        """Call a function whose remaining arguments are unknown."""
        given = Held(roles=frozenset((f"?{function.number}",)), is_open=True)
        count = min(len(function.flow[0]), _MOST_ARGUMENTS)
        return self.call(function, [*first, *[given] * (count - len(first))], is_known=False)

    def run_the_rest(self) -> None:
        """Call the functions that nothing has called, such as callbacks, with unknown arguments."""
        at = 0
        while at < len(self._made) and self._goes_on():
            if self._made[at].number not in self.called:
                self.run_with_anything(self._made[at])
            at += 1

    def _goes_on(self) -> bool:
        """Use up a step, and return whether to go on; if not, nothing is known to be complete."""
        self._left -= 1
        if self._left >= 0 and self.modules.effort.spend():
            return True
        self.effects.everything_unknown()
        return False

    def call(self, function: Function, given: list[Held], this: Held | None = None, *, is_known: bool = True) -> Held:
        """Return what a function may return; each combination of arguments is run once."""
        arguments = [*function.first, *given][:_MOST_ARGUMENTS]
        if is_known:
            self.called.add(function.number)
        this = function.around.this if this is None or not this.roles else this
        key = (function, this.roles, *(value.signature for value in arguments))
        if key in self._results:
            return self._results[key][0]
        if not self._goes_on():
            return UNKNOWN
        self._results[key] = NOTHING, arguments  # also keeps what the key identifies alive
        names = Variables({}, function.around, this, function.around.where)
        more = None if is_known else Held(roles=frozenset((f"?{function.number}",)), is_open=True)
        names.names["arguments"] = Held(members={str(at): value for at, value in enumerate(arguments)}, rest=more)
        for at, parameter in enumerate(function.flow[0]):
            if parameter[0] == "...":
                rest = arguments[at:]
                is_any = len(rest) == 1 and any(role[:1] == "?" for role in rest[0].roles)
                listed = Held(rest=rest[0]) if is_any else Held(members={str(n): v for n, v in enumerate(rest)})
                self.assign(parameter[1], listed, names)
            elif at < len(arguments):
                self.assign(parameter, arguments[at], names)
            elif parameter[0] == "=":
                self.assign(parameter[1], self.evaluate(parameter[2], names), names)
        result = self.run(function.flow[1], names)
        self._results[key] = result, arguments
        return result

    def run(self, steps: list[Expression], names: Variables) -> Held:
        """Run statements, and return what they may return."""
        returned: list[Held] = []
        for step in steps:
            if not self._goes_on():
                break
            value = self.evaluate(step[1] if step[0] == "r" else step, names)
            returned += [value] if step[0] == "r" else []
        return either(returned)

    def assign(self, target: Expression, value: Held, names: Variables) -> None:
        """Bind names, or add a member to an object."""
        kind = target[0]
        if kind == "=":
            is_given = value is not NOTHING and not value.is_open
            self.assign(target[1], value if is_given else either([value, self.evaluate(target[2], names)]), names)
        elif kind == "i":
            holder: Variables | None = names
            while holder is not None and target[1] not in holder.names:
                holder = holder.outer
            bound = (holder or names).names
            bound[target[1]] = either([bound[target[1]], value]) if target[1] in bound else value
        elif kind == "...":
            self.assign(target[1], value, names)
        elif kind == "o":
            for key, inner in target[1]:
                self.assign(inner, value if key == "..." else self.member(value, key), names)
        elif kind == "a":
            for at, inner in enumerate(target[1]):
                has_place = value.members is not None and str(at) in value.members
                self.assign(inner, self.member(value, str(at)) if has_place else items_of(value), names)
        elif kind in ("m", "["):
            key = text(target[2]) if kind == "m" else self.evaluate(target[2], names)
            self._add(self.evaluate(target[1], names), key, value)

    def _add(self, owner: Held, key: Held, value: Held) -> None:
        if SELF in owner.roles:
            for name in key.texts:
                self.state[name] = either([self.state.get(name, NOTHING), value])
        elif owner.members is not None or owner.rest is not None:
            if key.texts and not key.is_open and owner.members is not None:
                for name in key.texts:
                    owner.members[name] = either([owner.members.get(name, NOTHING), value])
            else:
                owner.rest = either([owner.rest or NOTHING, value])
        else:
            self.effects.escapes(value)

    def evaluate(self, expression: Expression, names: Variables) -> Held:
        """Return what an expression may hold."""
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                self.effects.everything_unknown()
                return UNKNOWN
            return self._evaluated(expression, names)
        finally:
            self._depth -= 1

    def _evaluated(self, expression: Expression, names: Variables) -> Held:
        kind = expression[0]
        if kind == "T":
            return names.this
        if kind == "s":
            return text(expression[1])
        if kind == "i":
            return self._named(expression[1], names)
        if kind == "m":
            return self.member(self.evaluate(expression[1], names), expression[2])
        if kind == "c":
            return self._called(expression, names)
        if kind == "?":
            for inner in expression[2]:
                self.evaluate(inner, names)
            return either([self.evaluate(inner, names) for inner in expression[1]])
        if kind == "f":
            function = Function(expression[1], names)
            self._made.append(function)
            return Held(functions=(function,))
        if kind == "=":
            value = self.evaluate(expression[2], names)
            self.assign(expression[1], value, names)
            return value
        if kind == "o":
            return self._object(expression, names)
        if kind == "a":
            return self._list(expression[1], names)
        if kind == "+":
            return joined_texts([texts_of(self.modules, self.evaluate(inner, names)) for inner in expression[1]])
        if kind == "[":
            return self.subscript(self.evaluate(expression[1], names), self.evaluate(expression[2], names))
        if kind == ",":
            for inner in expression[1]:
                self.evaluate(inner, names)
            return NOTHING
        if kind == "e":
            return looped(self.modules, self.evaluate(expression[1], names), expression[2])
        if kind == "j":
            return elements.rendered(self, expression, names)
        if kind == "t":
            return Held(references=(Reference(expression, names.where, f"<{expression[1]}>"),))
        if kind == "...":
            return self.evaluate(expression[1], names)
        if kind == "!":
            self.effects.everything_unknown()
        return UNKNOWN

    def _named(self, name: str, names: Variables) -> Held:
        here: Variables | None = names
        while here is not None:
            if name in here.names:
                return here.names[name]
            if here.is_template:
                return self.member(here.this, name)
            here = here.outer
        return NOTHING if name == "undefined" else name_at(name, names.where)

    def member(self, value: Held, name: str) -> Held:
        """Return what `value.name` may hold."""
        found: list[Held] = []
        for role in sorted(value.roles):
            if role == SELF:
                found.append(self._of_component(name))
            elif role in PARTS:
                found.append(part(PARTS[role][name]) if name in PARTS[role] else UNKNOWN)
                if PARTS[role].get(name) == CHILDREN:  # all that is between the tags, whatever slot it names
                    self.effects.slot("default")
                    self.effects.leave_open(("slots",), "it looks through all that stands between its tags")
            elif role == SLOTS:
                self.effects.slot(name)
            elif role == LISTENERS:
                self.effects.listener(name)
            elif role == PROPS:
                self.effects.props[name] = None
                found.append(UNKNOWN)
            else:
                found.append(UNKNOWN)
        if value.members is not None and name in value.members:
            found.append(value.members[name])
        elif value.rest is not None:
            found.append(value.rest)
        found += [reference.member(name) for reference in value.references]
        return either([*found, UNKNOWN] if value.is_open else found)

    def _of_component(self, name: str) -> Held:
        found = [self.state[name]] if name in self.state else []
        if name in PARTS[SELF]:
            return part(PARTS[SELF][name])
        if name in self._methods:
            flow, where = self._methods[name]
            return either([*found, Held(functions=(Function(flow, self.at(where)),))])
        if name in self._computed:
            flow, where = self._computed[name]
            return either([*found, self.call(Function(flow, self.at(where)), [])])
        if name == "slots" and not found:
            return Held(functions=(Function(_SLOTS_OF_ALL, Variables({}, None, part(SELF), "")),))
        return either(found) if found else UNKNOWN

    def has(self, name: str) -> bool:
        """Return whether the component is known to have a method or computed property of this name."""
        return name in self._methods or name in self._computed or name in self.state

    def subscript(self, value: Held, key: Held) -> Held:
        """Return what `value[key]` may hold."""
        key = texts_of(self.modules, key)
        found = [self.member(value, name) for name in key.texts]
        if key.is_open or not key.texts:
            whole = value.roles & {SLOTS, LISTENERS}
            if KEY in key.roles:
                return Held(roles=whole)
            for role in sorted(whole):
                self.effects.unknown("slots" if role == SLOTS else "events", key)
            roles = unknown_of(value).roles
            found.append(items_of(Held(roles=roles, members=value.members, rest=value.rest, is_open=True)))
        return either(found)

    def _list(self, items: list[Expression], names: Variables) -> Held:
        members: dict[str, Held] = {}
        rest: list[Held] = []
        for at, item in enumerate(items):
            value = self.evaluate(item, names)
            if item[0] == "..." or rest:
                rest.append(items_of(value) if item[0] == "..." else value)
            else:
                members[str(at)] = value
        return Held(members=members, rest=either(rest) if rest else None)

    def _object(self, expression: Expression, names: Variables) -> Held:
        made = Held(members={})
        for key, inner in expression[1]:
            value = self.evaluate(inner, names)
            if key == "...":
                made = spread(made, value)
            elif isinstance(key, str):
                assert made.members is not None
                made.members[key] = value
                made.masked |= {key} if made.roles else set()
            else:
                named = texts_of(self.modules, self.evaluate(key, names)) if key is not None else UNKNOWN
                self._add(made, named, value)
        return made

    def _called(self, expression: Expression, names: Variables) -> Held:
        _, callee, listed = expression
        if callee[0] == "m":
            owner = self.evaluate(callee[1], names)
            arguments = self._arguments(listed, names)
            return calls.method(self, owner, callee[2], arguments, listed)
        called = self.evaluate(callee, names)
        return self.apply(called, self._arguments(listed, names), calls.shown(listed[1:]))

    def _arguments(self, listed: list[Expression], names: Variables) -> list[Held]:
        values: list[Held] = []
        for inner in listed[:_MOST_ARGUMENTS]:
            value = self.evaluate(inner, names)
            if inner[0] == "...":
                values += listed_items(value)
            else:
                values.append(value)
        return values

    def apply(self, called: Held, arguments: list[Held], words: str = "", this: Held | None = None) -> Held:
        """Return what a call of a value may return."""
        return calls.called(self, called, arguments, words, this)
