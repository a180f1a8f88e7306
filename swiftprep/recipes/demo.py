"""Recipe `demo`: stage 1 on the application that ships with swiftprep, with the embedded model.

swiftprep demo
swiftprep demo sft.max_steps=5 output_dir=runs/quick
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.command_line import Arguments, run
from swiftprep.recipes.shared.output_folders import resumed
from swiftprep.recipes.shared.scanning import is_demo
from swiftprep.recipes.shared.settings import DemoConfig, load
from swiftprep.recipes.stage1 import stage1

SUMMARY = "Demo: stage 1 on the application that ships with swiftprep."


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        settings = arguments.file, arguments.overrides
        config = resumed(DemoConfig, "stage1", *settings) if arguments.resume else load(DemoConfig, *settings)
        if not is_demo(config.scan.path):
            raise ConfigError(
                "scan.path: the demo scans the application that ships; for a code base of yours, run "
                "`swiftprep stage1 FOLDER` (演示只使用自带的应用；自己的代码库请用 swiftprep stage1)"
            )
        return stage1(config, dry_run=arguments.dry_run, prepare=arguments.prepare, resume=arguments.resume)

    return run("demo", SUMMARY, recipe, argv, can_prepare=True, can_resume=True)


if __name__ == "__main__":
    sys.exit(main())
