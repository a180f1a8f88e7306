"""What the catalogue knows of a component, from the framework's source or from those who use it: plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Origin = Literal["source", "usage", "web-types"]


@dataclass(frozen=True, slots=True)
class Prop:
    """A property of a component, or a parameter of a function or of a class's constructor.

    Attributes:
        name: As it is declared, `pageSize` and not `page-size`.
        type: Such as `"string"` or `"boolean | number"`; `""` when the source does not say.
        required: Whether it must be given.
        doc: Its comment, in one paragraph.
        default: The default's source text, or None when there is none.
        values: The values allowed, where a validator, a union type or an `@values` tag lists them.
        origin: The file of the mixin or base it comes from, relative to the root; `""` when it is the component's own.
    """

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    default: str | None = None
    values: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event a component emits; `type` is what it passes on, such as `"(row, column)"`."""

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a component; `bindings` are the names it hands to the content, and `type` shows them as code.

    The names are those that scripts take: `rowData`, also where the template says `:row-data`.
    """

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    bindings: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method that can be called from outside; `type` is its signature, such as `"(row, selected)"`."""

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One entry of the catalogue.

    Attributes:
        name: The tag, `ta-table`; of a class or function of another language, its qualified name.
        kind: `"component"`, or `"class"` or `"function"` in Python and Java.
        names: Every name it is registered under, as written (`TaTable`, `ta-table`).
        path: The file that defines it, relative to the scanned root; of one known from usage, the first that uses it.
        span: First and last line of the definition, from 1.
        doc: Its comment.
        props: What can be set.
        events: What it emits.
        slots: Where content can go.
        methods: What can be called.
        model: The property and event of `v-model`, or None.
        mixins: Files of the mixins and bases it is made of, in the order they apply.
        components: The tags it registers for itself.
        registered: Whether an `install` or `Vue.component` makes it known everywhere.
        origin: Where this entry was read: the component's source, its usage, or a web-types file.
        open: What cannot be known completely, of `"props"`, `"events"`, `"slots"`: attributes handed on to something
            that is not known, a computed event or slot name. `"events:row-"`: only events that begin with `row-`.
        passes: The tags that its `$attrs` or `$listeners` are bound to, native or not.
        root: The tag its template begins with, which takes attributes that are no props; `"*"` when there are several.
        uses: How often the tag was seen in use.
    """

    name: str
    kind: Literal["component", "class", "function"] = "component"
    names: tuple[str, ...] = ()
    path: str = ""
    span: tuple[int, int] = (0, 0)
    doc: str = ""
    props: tuple[Prop, ...] = ()
    events: tuple[Event, ...] = ()
    slots: tuple[Slot, ...] = ()
    methods: tuple[Method, ...] = ()
    model: tuple[str, str] | None = None
    mixins: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    registered: bool = False
    origin: Origin = "source"
    open: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    root: str = ""
    uses: int = 0


_HUMP = re.compile(r"\B([A-Z])")


@lru_cache(maxsize=16384)
def kebab(name: str) -> str:
    """Return a name the way it is written in a template, by Vue's own rule (`hyphenate`, shared/util.js).

    >>> kebab("TaTable"), kebab("pageSize"), kebab("QRCode"), kebab("ta-table")
    ('ta-table', 'page-size', 'q-r-code', 'ta-table')
    """
    return _HUMP.sub(r"-\1", name).lower()


_HYPHEN = re.compile(r"-(\w)", re.ASCII)
_NO_HUMP = re.compile(r"-(?=[0-9_])")


def camel(name: str) -> str:
    """Return a name the way it is written in a script, by Vue's own rule (`camelize`, shared/util.js).

    >>> camel("page-size"), camel("pageSize")
    ('pageSize', 'pageSize')
    """
    return _HYPHEN.sub(lambda match: match[1].upper(), name)


@lru_cache(maxsize=16384)
def one_spelling(name: str) -> str:
    """Return the same text for all spellings of a name that Vue's `camelize` makes one; a digit has no capital.

    >>> one_spelling("is2xl"), one_spelling("is-2xl"), one_spelling("page-size"), one_spelling("pageSize")
    ('is2xl', 'is2xl', 'page-size', 'page-size')
    """
    return _NO_HUMP.sub("", kebab(name))


ITEMS: dict[str, type[Any]] = {"props": Prop, "events": Event, "slots": Slot, "methods": Method}
