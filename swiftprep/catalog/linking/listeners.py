"""Find the events that props stand for: in Vue 3, `@search` sets the prop `onSearch`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from swiftprep.catalog.api import Event, Prop, one_spelling

_LISTENER = re.compile(r"on[A-Z]")


def listener_events(props: Iterable[Prop], events: Iterable[Event]) -> list[Event]:
    """Return an event for each prop such as `onSearch` that is a function, unless the event is among `events`."""
    known = {one_spelling(event.name) for event in events}
    found = []
    for prop in props:
        if _LISTENER.match(prop.name) and ("=>" in prop.type or "function" in (*prop.runtime, *_words(prop.type))):
            name = prop.name[2].lower() + prop.name[3:]
            if one_spelling(name) not in known:
                found.append(Event(name, payload(prop.type), doc=prop.doc, origin=prop.origin))
    return found


def payload(text: str) -> str:
    """Return an event's arguments from its type, `[id: number]` or `(id: number) => void`, else `""`.

    >>> payload("[id: number]"), payload("(done: () => void) => void"), payload("(now: boolean)"), payload("Handler")
    ('(id: number)', '(done: () => void)', '(now: boolean)', '')
    """
    if text.startswith("["):
        return f"({text[1:-1]})"
    depth = 0
    for position, char in enumerate(text if text.startswith("(") else ""):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            inner, rest = text[1:position], text[position + 1 :].lstrip()
            return payload(inner) if inner.startswith("(") and not rest.startswith("=>") else text[: position + 1]
    return ""


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split("|")]
