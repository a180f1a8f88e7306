"""Read vetur's `tags.json` and `attributes.json`, which older frameworks ship for completion in editors."""

from __future__ import annotations

from typing import Any

from swiftprep.catalog.api import Component, Event, Prop, camel, kebab
from swiftprep.errors import DataError

_NO_PROPS = ("event", "method", "slot")


def from_vetur(tags: Any, attributes: Any, where: str = "vetur") -> list[Component]:
    """Return the components of the two documents.

    Args:
        tags: `{"el-button": {"attributes": ["size"], "description": ""}}`, parsed.
        attributes: `{"el-button/size": {"type": "string", "description": "", "options": []}}`, parsed; or None.
        where: The file, for error messages.

    Raises:
        DataError: `tags` is no object of objects.

    >>> tags = {"el-button": {"attributes": ["size", "native-type"], "description": "A button"}}
    >>> (button,) = from_vetur(tags, {"el-button/size": {"type": "string", "options": ["mini"]}})
    >>> [(prop.name, prop.type, prop.values) for prop in button.props]
    [('size', 'string', ('mini',)), ('nativeType', '', ())]
    """
    if not isinstance(tags, dict) or not all(isinstance(entry, dict) for entry in tags.values()):
        raise DataError(f"{where}: expected an object of tags (应为标签的对象)")
    attributes = attributes if isinstance(attributes, dict) else {}
    components = []
    for tag, entry in tags.items():
        listed = entry.get("attributes")
        props, events = [], []
        for name in dict.fromkeys(listed if isinstance(listed, list) else ()):
            if not isinstance(name, str) or not name:
                continue
            found = attributes.get(f"{tag}/{name}", attributes.get(name))
            about = found if isinstance(found, dict) else {}
            type_, doc, options = about.get("type"), about.get("description"), about.get("options")
            doc = doc if isinstance(doc, str) else ""
            if type_ == "event":
                events.append(Event(name, doc=doc, witness="vetur"))
            elif type_ not in _NO_PROPS:
                values = tuple(v for v in options if isinstance(v, str)) if isinstance(options, list) else ()
                type_ = type_ if isinstance(type_, str) else ""
                props.append(Prop(camel(name), type_, doc=doc, values=values, witness="vetur"))
        doc = entry.get("description")
        components.append(
            Component(
                kebab(tag),
                names=(tag,),
                doc=doc if isinstance(doc, str) else "",
                props=tuple(props),
                events=tuple(events),
                origin="vetur",
                open=("events", "slots"),
            )
        )
    return components
