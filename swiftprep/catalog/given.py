"""The catalogue a user passes: itself, a file of it, or what holds one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeAlias

from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError


class HasCatalog(Protocol):
    """A `Scan`."""

    @property
    def catalog(self) -> Catalog:
        """The catalogue it holds."""


GivenCatalog: TypeAlias = "Catalog | HasCatalog | str | Path"


def catalog_of(given: GivenCatalog | None) -> Catalog | None:
    """Return the catalogue in what the user passed; a file is read.

    Raises:
        ConfigError: it is neither a catalogue, nor a file, nor holds a catalogue.
        DataError: the file is no catalogue.
    """
    catalog = Catalog.load(given) if isinstance(given, (str, Path)) else getattr(given, "catalog", given)
    if catalog is not None and not isinstance(catalog, Catalog):
        raise ConfigError(
            f"catalog={given!r:.100}: expected a Catalog, a Scan, or the path of a catalog.json "
            "(应为 Catalog、Scan 或 catalog.json 的路径)"
        )
    return catalog
