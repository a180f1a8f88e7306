"""Generate mistakes that people make with a component, each one that the catalogue reports."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from swiftprep.augment.breaks import misspelt
from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.planning.traits import usable

_MOST = 4  # of each kind
_SHORTEST = 4  # letters a name must have to be misspelt
# Names of the same thing in other frameworks, which people mix up.
_OTHER_NAMES = (
    ("visible", "open", "show"),
    ("data", "data-source", "items"),
    ("options", "items", "data"),
    ("row-key", "key-field"),
    ("page-size", "per-page"),
    ("current-page", "current", "page"),
    ("disabled", "disable"),
    ("loading", "is-loading"),
    ("clearable", "allow-clear"),
    ("closable", "show-close"),
    ("title", "header"),
    ("label", "text"),
    ("placeholder", "hint"),
    ("bordered", "border"),
    ("change", "on-change", "changed"),
    ("close", "closed", "cancel"),
    ("confirm", "ok"),
    ("select", "selected"),
    ("search", "on-search"),
    ("extra", "actions"),
    ("footer", "bottom"),
)


class Misuse(NamedTuple):
    """A mistake.

    Attributes:
        snippet: The code with the mistake.
        wrong: The wrong name; `""` if a name is missing.
        right: The name that belongs there; `""` if there is none.
    """

    snippet: str
    wrong: str = ""
    right: str = ""


def misuses(component: Component, catalog: Catalog, seed: int) -> dict[str, list[Misuse]]:
    """Return a few mistakes of each kind.

    The kinds are those of `Catalog.check` and `"native-event"` (a listener that needs `.native`), `"model"` (`:value`
    on a component whose `v-model` is another prop), `"no-model"` (`v-model` on one that has none) and
    `"wrong-argument"` (Python).

    Args:
        component: The component to misuse.
        catalog: Confirms that a mistake is one.
        seed: Seed for the misspellings.
    """
    draw = Random(f"{seed}:{component.name}")
    by_kind: dict[str, list[Misuse]] = {}
    if component.kind != "component":
        by_kind["wrong-argument"] = list(_arguments(component, draw))[:_MOST]
        return {kind: some for kind, some in by_kind.items() if some}
    names = [kebab(prop.name) for prop in component.props]
    for kind, misuse in _drafts(component, names, draw):
        known = by_kind.setdefault(kind, [])
        if len(known) < _MOST and misuse not in known and _is_one(kind, misuse, catalog):
            known.append(misuse)
    return {kind: some for kind, some in by_kind.items() if some}


def _is_one(kind: str, misuse: Misuse, catalog: Catalog) -> bool:
    if kind == "no-model":
        return True
    reported_kind = {"native-event": "unknown-event", "model": "unknown-prop"}.get(kind, kind)
    name = misuse.right if kind == "missing-prop" else misuse.wrong
    return any(
        p.kind == reported_kind and p.name == name for p in catalog.check(misuse.snippet, strict=kind == "native-event")
    )


def _drafts(component: Component, names: list[str], draw: Random) -> Iterator[tuple[str, Misuse]]:
    tag = component.name
    for prop in component.props:
        name = kebab(prop.name)
        if prop.required:
            others = [f':{other}="{_camel(other)}"' for other in names if other != name and usable(other)][:1]
            yield "missing-prop", Misuse(f"<{' '.join([tag, *others])} />", "", name)
        for wrong in _wrong(name, draw):
            attribute = wrong if prop.type == "boolean" else f':{wrong}="{_camel(name)}"'
            yield "unknown-prop", Misuse(f"<{tag} {attribute} />", wrong, name)
    for event in component.events:
        for wrong in _wrong(event.name, draw):
            yield "unknown-event", Misuse(f'<{tag} @{wrong}="{_camel("on-" + event.name)}" />', wrong, event.name)
    for slot in component.slots:
        for wrong in _wrong(slot.name, draw) if slot.name != "default" else ():
            yield "unknown-slot", Misuse(f"<{tag}><template #{wrong}>…</template></{tag}>", wrong, slot.name)
    if component.origin != "source":
        return
    if not any(event.name == "click" for event in component.events):
        yield "native-event", Misuse(f'<{tag} @click="open" />', "click", "click.native")
    if component.model is not None and component.model[0] != "value":
        yield "model", Misuse(f'<{tag} :value="current" @input="current = $event" />', "value", component.model[0])
    takes = {"value", "model-value"} & set(names) or component.open or component.passes or not component.root
    if component.model is None and not takes:
        yield "no-model", Misuse(f'<{tag} v-model="current" />')


def _wrong(name: str, draw: Random) -> Iterator[str]:
    """Yield wrong names for a right one: first those of other frameworks, then a misspelling."""
    if not usable(name) or len(name) < _SHORTEST:
        return
    for group in _OTHER_NAMES:
        if name in group:
            yield from (other for other in group if other != name)
    yield misspelt(name, draw)


def _camel(name: str) -> str:
    head, *rest = name.replace(":", "-").replace(".", "-").split("-")
    return head + "".join(word.capitalize() for word in rest)


def _arguments(component: Component, draw: Random) -> Iterator[Misuse]:
    names = [prop.name for prop in component.props]
    if not component.path.endswith(".py") or component.open or any(name.startswith("*") for name in names):
        return
    call = component.name.rpartition(".")[2]
    for name in names:
        if usable(name) and len(name) >= _SHORTEST and name != "self":
            wrong = misspelt(name, draw)
            if wrong not in names and wrong.isidentifier():
                yield Misuse(f"{call}({wrong}=…)", wrong, name)
