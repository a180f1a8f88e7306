"""Find the components whose slots may be read by others, as tabs read the titles of their panes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from swiftprep.catalog.api import Component
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.reached import NOT_NAMES
from swiftprep.catalog.linking.references import function_of
from swiftprep.catalog.linking.registered import Apart
from swiftprep.catalog.vue.value_kinds import NAME

_MOST_WORDS = 8  # of a folder's name


class AskedSlots:
    """The slots that files read of other components, by folder.

    Args:
        modules: The facts of all files.
        apart: Limits the steps for one file and notes what fails.
    """

    def __init__(self, modules: Modules, apart: Apart) -> None:
        self._readers: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)  # folder → slot → files
        reads: dict[int, bool] = {}  # the flow of a helper → whether it reads slots
        for path in sorted(modules.facts):
            for helper, name in modules.facts[path].get("asked", ()):
                with apart(path, "slots of other components"):
                    if name == "default" or name in NOT_NAMES:
                        continue
                    if helper:
                        flow = function_of(modules, [NAME, helper], path).flow
                        if flow is None or not reads.setdefault(id(flow), "lots'" in repr(flow)):
                            continue
                    self._readers[path.rpartition("/")[0]].setdefault(name, set()).add(path)

    def of(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield each further slot that a neighbour reads of others, perhaps of this component, and its file."""
        own = {component.path, *component.mixins}
        known = {slot.name for slot in component.slots}
        folders = dict.fromkeys(near for path in sorted(own) for near in _near(path.rpartition("/")[0]))
        for folder in folders:
            for name, paths in self._readers.get(folder, {}).items():
                if name not in known and not paths <= own:
                    yield name, min(paths - own)


def _near(folder: str) -> Iterator[str]:
    """Yield a folder and those beside it whose names say that they belong to it: `tab-pane`, `tab` and `tabs`."""
    yield folder
    above, _, name = folder.rpartition("/")
    ends = [at for at, sign in enumerate(name) if sign == "-"][:_MOST_WORDS]
    for word in (name[:end] for end in (*ends, len(name))):
        for other in (word, f"{word}s", word.removesuffix("s")):
            if other and other != name:
                yield f"{above}/{other}"
