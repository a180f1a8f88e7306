"""Settings of the recipe `start`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from swiftprep.recipes.shared.settings import Section


class StartConfig(Section):
    """All settings of start."""

    path: Path = Field(default=Path("."), description="folder of the code base, the default in the question")
    output: Path = Field(default=Path("swiftprep.yaml"), description="settings file to write; none is overwritten")
