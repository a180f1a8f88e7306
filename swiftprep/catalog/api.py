"""The entries of the catalogue as plain data classes: components, props, events, slots, methods."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

from swiftprep.notebook import html_table, short

Witness = Literal["overrides", "source", "run-time", "web-types", "vetur", "types", "docs", "usage"]
Origin = Witness
Owner = Literal["", "framework", "application", "other"]
RANK: dict[str, int] = {witness: rank for rank, witness in enumerate(get_args(Witness))}  # the best known first


@dataclass(frozen=True, slots=True)
class Prop:
    """A property of a component, or a parameter of a function or of a class's constructor.

    Attributes:
        name: Its name as declared: `pageSize`, not `page-size`.
        type: Its type, such as `"string"` or `"boolean | number"`; `""` if unknown.
        required: Whether it is required.
        doc: Its comment, in one paragraph.
        default: The source text of its default, or None.
        values: The allowed values, if a validator, a union type or an `@values` tag lists them.
        origin: The file of the mixin or base that defines it, relative to the root; `""` for the component's own.
        runtime: The types that Vue checks, such as `("object",)`, where `type` is a name that does not tell them.
        witness: How it is known: from the component's source, from its usage, and so on; see `Component.origin`.
    """

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    default: str | None = None
    values: tuple[str, ...] = ()
    origin: str = ""
    runtime: tuple[str, ...] = ()
    witness: Witness = field(default="source", compare=False)


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a component emits; `type` is its payload, such as `"(row, column)"`."""

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    origin: str = ""
    witness: Witness = field(default="source", compare=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a component; `bindings` are the names of its slot props, and `type` shows them as code.

    Names are in camel case, as in scripts: `rowData`, even if the template has `:row-data`.
    """

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    bindings: tuple[str, ...] = ()
    origin: str = ""
    witness: Witness = field(default="source", compare=False)


@dataclass(frozen=True, slots=True)
class Method:
    """A public method; `type` is its signature, such as `"(row, selected)"`."""

    name: str
    type: str = ""
    required: bool = False
    doc: str = ""
    origin: str = ""
    witness: Witness = field(default="source", compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Component:
    """One entry of the catalogue.

    Attributes:
        name: The tag, such as `ta-table`; for a Python or Java class or function, its qualified name.
        kind: `"component"`, or `"class"` or `"function"` in Python and Java.
        names: Every name it is registered under, as written (`TaTable`, `ta-table`).
        path: The file that defines it, relative to the scanned root; if known only from usage, the first that uses it.
        span: First and last line of the definition, from 1.
        doc: Its comment.
        props: Its props, or the parameters of its constructor or function.
        events: The events it emits.
        slots: Its slots.
        methods: Its public methods.
        model: The property and event of `v-model`, or None.
        mixins: Files of its mixins and base components, in the order they apply.
        components: The tags of its locally registered components.
        registered: Whether it is registered globally, by an `install` or `Vue.component`.
        origin: How the component is known, by the best of its witnesses: a user's `"overrides"`, its `"source"`, Vue at
            `"run-time"`, a `"web-types"` or `"vetur"` file, TypeScript's `"types"`, `"docs"` in Markdown, or `"usage"`.
        open: The lists that may be incomplete, of `"props"`, `"events"`, `"slots"`, for example because of attributes
            passed to an unknown component or a computed name. `"events:row-"`: only events that begin with `row-`;
            `"slots:label"`: only a slot of that name.
        why_open: Pairs of such a list and a reason why it is open, with the file.
        passes: The tags that its `$attrs` or `$listeners` are bound to, native or not.
        root: The root tag of its template, which receives attributes that are not props; `"*"` if there are several.
        uses: How often the tag is used.
        owner: Whose it is: `"framework"`, `"application"` for the code base's own, or `"other"` for another package's;
            `""` if that is not known, and for a part of the framework's source that it does not register.
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
    why_open: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    passes: tuple[str, ...] = ()
    root: str = ""
    uses: int = 0
    owner: Owner = ""

    def __repr__(self) -> str:
        parts = (f"{len(getattr(self, what))} {what}" for what in ITEMS)
        return f"<{self.kind.title()} {short(self.name)}: {', '.join(parts)}; {self.origin}>"

    def _repr_html_(self) -> str:
        """Return the props, events, slots and methods as a table for notebooks."""
        rows = [(what, item.name, item.type, item.doc) for what in ITEMS for item in getattr(self, what)]
        return html_table(repr(self), ("", "name", "type", "comment"), rows)


_HUMP = re.compile(r"\B([A-Z])")


@lru_cache(maxsize=16384)
def kebab(name: str) -> str:
    """Return a name in kebab case, by Vue's own rule (`hyphenate`, shared/util.js).

    >>> kebab("TaTable"), kebab("pageSize"), kebab("QRCode"), kebab("ta-table")
    ('ta-table', 'page-size', 'q-r-code', 'ta-table')
    """
    return _HUMP.sub(r"-\1", name).lower()


_HYPHEN = re.compile(r"-(\w)", re.ASCII)
_NO_HUMP = re.compile(r"-(?=[0-9_])")


def camel(name: str) -> str:
    """Return a name in camel case, by Vue's own rule (`camelize`, shared/util.js).

    >>> camel("page-size"), camel("pageSize")
    ('pageSize', 'pageSize')
    """
    return _HYPHEN.sub(lambda match: match[1].upper(), name)


@lru_cache(maxsize=16384)
def one_spelling(name: str) -> str:
    """Return one spelling for all names that Vue's `camelize` makes equal, including names with digits.

    >>> one_spelling("is2xl"), one_spelling("is-2xl"), one_spelling("page-size"), one_spelling("pageSize")
    ('is2xl', 'is2xl', 'page-size', 'page-size')
    """
    return _NO_HUMP.sub("", kebab(name))


ITEMS: dict[str, type[Any]] = {"props": Prop, "events": Event, "slots": Slot, "methods": Method}
