"""Write and read the catalogue as JetBrains web-types JSON.

The output follows github.com/JetBrains/web-types, `schema/web-types.json`; IDEs use it to complete and check templates.
The input may also have the older forms that packages publish:

| form       | where components are        | their props                   | seen in                                |
|------------|-----------------------------|-------------------------------|----------------------------------------|
| today's    | `vue-components`            | `props`                       | element-ui, element-plus, naive-ui     |
| older      | `tags`                      | `attributes`, with a `value`  | vant, quasar, vuetify, ant-design-vue  |
| custom elements | `elements`             | `attributes`, `js.properties` | shoelace                               |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, cast

from swiftprep.catalog.api import RANK, Component, Event, Method, Prop, Slot, Witness, kebab
from swiftprep.catalog.type_text import fields_of, fields_text, literals, split_type
from swiftprep.errors import DataError

SCHEMA = "https://raw.githubusercontent.com/JetBrains/web-types/master/schema/web-types.json"
KINDS = ("vue-components", "tags", "elements")
GENERATOR = "swiftprep"  # marks what is written here, so that a later scan does not take it for another witness
Entry: TypeAlias = dict[str, Any]


def to_web_types(
    components: Iterable[Component], *, name: str, version: str = "0.0.0", framework_version: str | None = None
) -> dict[str, Any]:
    """Return the web-types document of a catalogue's components, ready for JSON.

    Classes and functions are left out, and so are fields without a place in web-types: span, mixins, local components
    and the number of uses. `names`, `open`, `witness`, `js.methods` and a prop's `declared` are extensions that the
    schema permits and IDEs ignore.

    Args:
        components: The components in the order to write them. Their paths are relative to the scanned root, where the
            document should be placed.
        name: Name of the framework's package.
        version: Its version.
        framework_version: Version of Vue that it is for.

    >>> table = Component("ta-table", names=("TaTable",), props=(Prop("pageSize", "number", default="10"),))
    >>> document = to_web_types([table], name="ta404")
    >>> document["contributions"]["html"]["vue-components"]
    [{'name': 'TaTable', 'props': [{'name': 'pageSize', 'type': 'number', 'default': '10'}]}]
    >>> [component.name for component in from_web_types(document)]
    ['ta-table']
    """
    html: dict[str, Any] = {} if framework_version is None else {"framework-version": framework_version}
    html["vue-components"] = [_component_entry(c) for c in components if c.kind == "component"]
    return {
        "$schema": SCHEMA,
        "framework": "vue",
        "name": name,
        "version": version,
        "js-types-syntax": "typescript",
        "description-markup": "markdown",
        "contributions": {"html": html},
    }


def _component_entry(component: Component) -> Entry:
    written = _written_name(component)
    entry: Entry = {"name": written}
    if component.names != (written,):
        entry["names"] = list(component.names)
    if component.doc:
        entry["description"] = component.doc
    if component.open:
        entry["open"] = list(component.open)
    if component.path:
        # The schema requires an offset for every file; the catalogue has only lines, so the IDE opens the top.
        entry["source"] = {"file": component.path, "offset": 0}
    if component.model is not None:
        entry["vue-model"] = {"prop": component.model[0], "event": component.model[1]}
    if component.props:
        entry["props"] = [_prop_entry(prop) for prop in component.props]
    if component.slots:
        entry["slots"] = [_slot_entry(slot) for slot in component.slots]
    calls: dict[str, tuple[Event | Method, ...]] = {"events": component.events, "methods": component.methods}
    js = {key: [_call_entry(call) for call in listed] for key, listed in calls.items() if listed}
    return entry | {"js": js} if js else entry


def _written_name(component: Component) -> str:
    """Return the name for the document: PascalCase, which IDEs expect, if it converts back to the tag."""
    pascal = "".join(part[:1].upper() + part[1:] for part in component.name.split("-"))
    registered = sorted(component.names, key=lambda name: not name[:1].isupper())
    return next((name for name in (*registered, pascal) if kebab(name) == component.name), component.name)


def _base_entry(item: Prop | Event | Slot | Method) -> Entry:
    entry: Entry = {"name": item.name}
    if item.doc:
        entry["description"] = item.doc
    if item.required:
        entry["required"] = True
    if item.witness not in ("source", "web-types"):
        entry["witness"] = item.witness
    return entry


def _prop_entry(prop: Prop) -> Entry:
    entry = _base_entry(prop)
    if _declared(prop.name) != prop.name:
        entry["declared"] = prop.name
    if prop.type:
        entry["type"] = prop.type
    if prop.default is not None:
        entry["default"] = prop.default
    if prop.values != literals(prop.type):  # else the type already lists them
        entry["values"] = [{"name": value} for value in prop.values]
        if prop.values:
            entry["attribute-value"] = {"kind": "plain", "type": "enum"}
    return entry


def _slot_entry(slot: Slot) -> Entry:
    entry = _base_entry(slot)
    fields = fields_of(slot.type, "{}") or []
    names = tuple(name for name, _ in fields)
    if names != slot.bindings or not any(type_ for _, type_ in fields) or fields_text(fields, "{}") != slot.type:
        fields = [(name, "") for name in slot.bindings]
        if slot.type:
            entry["type"] = slot.type
    if slot.type or slot.bindings:
        entry["vue-properties"] = _fields_entry(fields)
    return entry


def _call_entry(call: Event | Method) -> Entry:
    entry = _base_entry(call)
    fields = fields_of(call.type, "()")
    if fields is not None and fields_text(fields, "()") == call.type:
        entry["arguments"] = _fields_entry(fields)
    elif call.type:
        entry["type"] = call.type
    return entry


def _fields_entry(fields: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": type_} if type_ else {"name": name} for name, type_ in fields]


def from_web_types(document: dict[str, Any], where: str = "web-types") -> list[Component]:
    """Read the components of a web-types document.

    A component's `name` becomes the tag, and `names` holds the name in the document. Entries that do not name a single
    item are left out: patterns, entries without a name, extensions of other entries, abstract entries, and rows of
    documentation that were converted to attributes, such as `blur()`. A prop written `page-size` becomes `pageSize`.

    Args:
        document: The parsed JSON.
        where: The file, for error messages.

    Raises:
        DataError: this is no web-types document, or a part violates the schema; the message names the part.
    """
    contributions = _object(document, where).get("contributions")
    if contributions is None:
        raise DataError(f"{where}: no 'contributions', so it is not web-types (不是 web-types 文件)")
    at = f"{where}: contributions"
    html = _object(contributions, at).get("html")
    components: list[Component] = []
    for kind in KINDS if html is not None else ():
        earlier = {component.name for component in components}
        for entry_at, entry in _items(_object(html, f"{at}.html"), kind, f"{at}.html"):
            name = _name_of(entry, entry_at)
            if not name or any(entry.get(key) for key in ("pattern", "extension", "abstract")):
                continue
            if kebab(name) not in earlier:
                components.append(_read_component(entry, name, kind, entry_at))
    return components


def _read_component(entry: Entry, name: str, kind: str, at: str) -> Component:
    events = tuple(Event(*call) for call in _read_calls(entry, at, ("js.events", "events", "html.events")))
    model = _read_model(entry, at, {event.name for event in events})
    other_names = [alias for alias in _strings(entry.get("aliases")) if alias != name]
    return Component(
        name=kebab(name),
        names=_strings(entry["names"]) if "names" in entry else (name, *other_names),
        path=_read_path(entry),
        doc=_string(entry.get("description")),
        props=_read_props(entry, kind, at, model),
        events=events,
        slots=_read_slots(entry, at),
        methods=tuple(Method(*call) for call in _read_calls(entry, at, ("js.methods", "methods"))),
        model=model,
        origin="web-types",
        open=_strings(entry.get("open")),
    )


def _read_path(entry: Entry) -> str:
    source = entry.get("source")
    if not isinstance(source, dict):
        return ""
    module = _string(source.get("module"))
    # Any other module is a package to import from, not a file.
    return _string(source.get("file")) or (module.removeprefix("./") if module.startswith("./") else "")


# A v-model prop as written in tables of documentation: v-model, v-model:show, v-model (value), value(v-model).
_MODEL_NAME = re.compile(r"v-model(?::(\S+)|\s*\(([^\s()]+)\))?|([^\s()]+)\s*\(v-model\)")
_HYPHEN = re.compile(r"-([A-Za-z0-9_])")


def _read_model(entry: Entry, at: str, events: set[str]) -> tuple[str, str] | None:
    model = entry.get("vue-model")
    if isinstance(model, dict):
        return _string(model.get("prop")) or "value", _string(model.get("event")) or "input"
    for _, attribute in _items(entry, "attributes", at):
        match = _MODEL_NAME.fullmatch(_string(attribute.get("name")))
        if match is None or match[1] or match[3]:
            continue  # a v-model with an argument is not the component's main model
        if not match[2] and events & {"update:modelValue", "update:model-value"}:
            return "modelValue", "update:modelValue"
        return match[2] or "value", "input"
    return None


def _declared(name: str, model: tuple[str, str] | None = None) -> str:
    """Return a prop's name as declared, or `""` for a pattern, a call or a remark."""
    match = _MODEL_NAME.fullmatch(name)
    if match is not None:
        name = match[1] or match[2] or match[3] or (model[0] if model else "value")
    if re.search(r"[\s()\[\]{}<>]", name):
        return ""
    return name if name.startswith(("data-", "aria-")) else _HYPHEN.sub(lambda letter: letter[1].upper(), name)


def _read_props(entry: Entry, kind: str, at: str, model: tuple[str, str] | None) -> tuple[Prop, ...]:
    paths = ("props", "html.props", "attributes", "html.attributes")
    if kind == "elements":
        named = _named(entry, at, (*paths, "js.properties"))
    else:
        named = _named(entry, at, paths, lambda item, name: _string(item.get("declared")) or _declared(name, model))
    return tuple(_read_prop(name, item, item_at) for name, item, item_at in named if item.get("read-only") is not True)


def _read_prop(name: str, item: Entry, at: str) -> Prop:
    value, plain = (host if isinstance(host, dict) else {} for host in (item.get("value"), item.get("attribute-value")))
    # In the old form, `type` beside `value` only hints that the attribute may be used without a value.
    types = [_type_text(host.get("type")) for host in (value, item, plain)]
    words = ("", "enum", "symbol", "of-match")  # the last three say how to match an attribute's value
    type_ = types[0] if types[0] not in words else types[1] or (types[2] if types[2] not in words else "")
    default = item.get("default", value.get("default", plain.get("default")))
    if isinstance(default, (bool, int, float)):
        default = str(default).lower()
    if value and isinstance(default, str):  # often copied from documentation tables in markdown
        default = re.sub(r"\A`([^`]*)`\Z", r"\1", default) or None
    if not isinstance(default, str) or default == "-":  # such tables write a dash for none
        default = None
    if item.get("values") is None:
        values = literals(type_)
    else:
        values = tuple(_string(v.get("name")) for _, v in _items(item, "values", at) if not v.get("pattern"))
    doc = _string(item.get("description"))
    return Prop(name, type_, item.get("required") is True, doc, default, values, witness=_witness(item))


def _read_slots(entry: Entry, at: str) -> tuple[Slot, ...]:
    slots = []
    paths = ("slots", "html.slots", "vue-scoped-slots", "scoped-slots")
    for name, item, item_at in _named(entry, at, paths, lambda _, name: name or "default"):
        type_ = _type_text(item.get("type"))
        key = next((k for k in ("vue-properties", "properties") if item.get(k) is not None), None)
        if key is None:
            names = [field.removesuffix("?") for field, _ in fields_of(type_, "{}") or ()]
            bindings = [field for field in names if re.fullmatch(r"[\w$]+", field)]
        else:
            fields = _read_fields(item, key, item_at)
            bindings = [field for field, _ in fields]
            if not type_ and any(field_type for _, field_type in fields):
                type_ = fields_text(fields, "{}")
        doc = _string(item.get("description"))
        slots.append(Slot(name, type_, item.get("required") is True, doc, tuple(bindings), witness=_witness(item)))
    return tuple(slots)


def _read_calls(entry: Entry, at: str, paths: Iterable[str]) -> Iterator[tuple[str, str, bool, str, str, Witness]]:
    """Yield the name, type, required flag, doc, origin and witness of events or methods."""
    for name, item, item_at in _named(entry, at, paths):
        type_ = _type_text(item.get("type"))
        if not type_ and item.get("arguments") is not None:
            type_ = fields_text(_read_fields(item, "arguments", item_at), "()")
        yield name, type_, item.get("required") is True, _string(item.get("description")), "", _witness(item)


def _read_fields(item: Entry, key: str, at: str) -> list[tuple[str, str]]:
    fields = ((_string(v.get("name")), _type_text(v.get("type")).strip()) for _, v in _items(item, key, at))
    return [(name, type_) for name, type_ in fields if name]


def _named(
    entry: Entry, at: str, paths: Iterable[str], spell: Callable[[Entry, str], str] = lambda _, name: name
) -> Iterator[tuple[str, Entry, str]]:
    """Yield `(name, item, where)` from the lists at `paths`; a name in an earlier list takes precedence."""
    names: set[str] = set()
    for path in paths:
        outer, _, key = path.rpartition(".")
        host, host_at = entry, at
        if outer:
            host_at = f"{at}.{outer}"
            host = {} if entry.get(outer) is None else _object(entry[outer], host_at)
        earlier = {kebab(name) for name in names}
        for item_at, item in _items(host, key, host_at):
            if item.get("name") is None:
                continue
            name = spell(item, _name_of(item, item_at))
            if name and name not in names and kebab(name) not in earlier:
                names.add(name)
                yield name, item, item_at


def _items(host: Entry, key: str, at: str) -> Iterator[tuple[str, Entry]]:
    """Yield `(where, object)` for each entry of a list; the schema also allows a single entry or a mere name."""
    value = host.get(key)
    listed = [] if value is None else [value] if isinstance(value, dict) else value
    if not isinstance(listed, list):
        raise DataError(f"{at}.{key} is {type(value).__name__}; expected a list (应为列表)")
    for position, item in enumerate(listed):
        item_at = f"{at}.{key}[{position}]"
        yield item_at, {"name": item} if isinstance(item, str) else _object(item, item_at)


def _object(value: Any, at: str) -> Entry:
    if not isinstance(value, dict):
        raise DataError(f"{at} is {type(value).__name__}; expected an object (应为对象)")
    return value


def _name_of(entry: Entry, at: str) -> str:
    name = entry.get("name")
    if name is not None and not isinstance(name, str):
        raise DataError(f"{at}.name is {type(name).__name__}; expected a string (应为字符串)")
    return name or ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _witness(item: Entry) -> Witness:
    stated = item.get("witness")
    return cast(Witness, stated) if isinstance(stated, str) and stated in RANK else "web-types"


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _type_text(value: Any) -> str:
    """Return a type as text: a string unchanged, the name of a reference, a list as a union."""
    if not isinstance(value, list):
        return _string(value.get("name") if isinstance(value, dict) else value)
    types = [text for item in value if not isinstance(item, list) and (text := _type_text(item))]
    if len(types) > 1:  # a function type would absorb the rest of the union into its result
        types = [f"({text})" if len(split_type(text, ("=>",)) or ()) > 1 else text for text in types]
    return " | ".join(dict.fromkeys(types))
