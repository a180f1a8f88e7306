"""Find what a folder exports whose `index` file is not there.

Bundlers drop files that only re-export, so the sources that are restored from source maps lack them.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from typing import Any

from swiftprep.catalog.vue.value_kinds import NAME


class UnlistedExports:
    """The exports of all files, to be found by folder and name.

    Args:
        facts: Path relative to the root → the file's facts.
    """

    def __init__(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        self._facts = facts
        self._folders: set[str] | None = None
        self._by_name: dict[str, list[str]] | None = None

    def file(self, module: str, name: str, importer: str) -> str | None:
        """Return the only file that exports a name from the folder that a module name means, or None.

        A relative name is looked up from the importer's folder; that of a scoped package or an alias, such as
        `@ui/constants`, in the folders around the importer.
        """
        folder = self._folder(module, os.path.dirname(importer))
        if folder is None or name in ("*", "default", "require"):
            return None
        inside = [path for path in self._exporters().get(name, ()) if path.startswith(f"{folder}/")]
        return inside[0] if len(inside) == 1 else None

    def _folder(self, module: str, folder: str) -> str | None:
        if self._folders is None:
            self._folders = {place for path in self._facts for place in _above(path)}
        if module.startswith("."):
            place = os.path.normpath(os.path.join(folder, module)).replace(os.sep, "/")
            return place if place in self._folders else None
        scope, _, tail = module.partition("/")
        if not tail or not scope.startswith("@"):
            return None
        return next((f"{place}/{tail}" for place in _above(f"{folder}/") if f"{place}/{tail}" in self._folders), None)

    def _exporters(self) -> dict[str, list[str]]:
        if self._by_name is None:
            self._by_name = {}
            for path in sorted(self._facts):
                for name, value in self._facts[path].get("exports", {}).items():
                    if value[0] != NAME or not value[1].startswith("*"):  # not a re-export
                        self._by_name.setdefault(name, []).append(path)
        return self._by_name


def _above(path: str) -> list[str]:
    """Return the folders around a file, the innermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
