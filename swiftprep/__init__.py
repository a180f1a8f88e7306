"""swiftprep: from a private code base to a fine-tuned Qwen2.5-Coder, through ModelScope Swift.

The public names are loaded when first used (PEP 562), so that `import swiftprep` stays instant.
"""

from __future__ import annotations

import os
import sys

# `python -m swiftprep.recipes.…` looks for modules in the working folder first, which may be the code base to scan.
_HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
if sys.argv[:1] == ["-m"] and sys.path and os.path.realpath(sys.path[0]) != _HERE:
    del sys.path[0]

from importlib import import_module  # noqa: E402 - from here on, nothing of that folder
from typing import TYPE_CHECKING, Any  # noqa: E402

if TYPE_CHECKING:
    from swiftprep.augment.augmenter import Augmenter
    from swiftprep.catalog.catalog import Catalog
    from swiftprep.distill.budget import Budget
    from swiftprep.distill.distiller import Distiller
    from swiftprep.distill.scenario import Scenario
    from swiftprep.mix.mixer import Mixer
    from swiftprep.quality.checker import Checker
    from swiftprep.records import Reject, Sample, read_jsonl, write_jsonl
    from swiftprep.scan.scanner import Scanner
    from swiftprep.teachers.protocol import Limits
    from swiftprep.teachers.teacher import Teacher
    from swiftprep.train.monitor import Monitor
    from swiftprep.train.runner import SwiftRunner

__version__ = "0.1.0"

__all__ = [
    "Augmenter",
    "Budget",
    "Catalog",
    "Checker",
    "Distiller",
    "Limits",
    "Mixer",
    "Monitor",
    "Reject",
    "Sample",
    "Scanner",
    "Scenario",
    "SwiftRunner",
    "Teacher",
    "__version__",
    "read_jsonl",
    "write_jsonl",
]

_HOME = {
    "Augmenter": "swiftprep.augment.augmenter",
    "Budget": "swiftprep.distill.budget",
    "Catalog": "swiftprep.catalog.catalog",
    "Checker": "swiftprep.quality.checker",
    "Distiller": "swiftprep.distill.distiller",
    "Limits": "swiftprep.teachers.protocol",
    "Mixer": "swiftprep.mix.mixer",
    "Monitor": "swiftprep.train.monitor",
    "Reject": "swiftprep.records",
    "Sample": "swiftprep.records",
    "Scanner": "swiftprep.scan.scanner",
    "Scenario": "swiftprep.distill.scenario",
    "SwiftRunner": "swiftprep.train.runner",
    "Teacher": "swiftprep.teachers.teacher",
    "read_jsonl": "swiftprep.records",
    "write_jsonl": "swiftprep.records",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'swiftprep' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
