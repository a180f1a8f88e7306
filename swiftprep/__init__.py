"""swiftprep: from a private code base to a fine-tuned Qwen2.5-Coder, through ModelScope Swift.

Each step is a class with one main verb, and returns a result:

    Scanner(root).scan() → Scan                    samples, catalogue, Finding of secrets
    Augmenter(…).run(samples) → Variants           .augment(samples) → Augmentation, with what each operation did
    Distiller(teacher, …).run(scenarios) → Result  ScenarioRecord, Flaw, Usage; .preview(…) → Preview
    Checker(…).run(samples) → QualityReport        CheckedRow, Note; a rule returns a RuleResult
    Mixer(private, general).dataset_args()         what SwiftRunner.sft takes
    SwiftRunner(model).sft(mix) → Run              .eval(…) → Evaluation
    Monitor.read(folder).verdict() → Verdict       the log of a run

Scan, Augmentation, Result and QualityReport have the same names for the same things: `samples` (or `kept`), `rejected`
(or `rejects`), `reasons()` (reason → how many), `counts()` (of outcomes) and `write(folder)` (or `save`). Wherever
samples are taken, each of them may be passed as it is, and so may a file, a list of samples, and a mixture of these.

The values within: Sample, Reject, Scenario, Budget, Limits; Catalog with Component, Prop, Event, Slot, Method and Use,
its Completeness, the Explanation of a Fact, the Contradiction of two witnesses, and the Problem of a piece of code;
Request and Reply of a TeacherProtocol; Compiler. Everything swiftprep raises is a SwiftprepError: see
`swiftprep.errors`.

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
    from swiftprep.augment.augmenter import Augmentation, Augmenter, Variants
    from swiftprep.catalog.api import Component, Event, Method, Prop, Slot
    from swiftprep.catalog.catalog import Catalog
    from swiftprep.catalog.check import Problem
    from swiftprep.catalog.explain import Completeness, Explanation, Fact
    from swiftprep.catalog.vue.markup import Use
    from swiftprep.catalog.witnesses.joining import Contradiction
    from swiftprep.distill.budget import Budget
    from swiftprep.distill.distiller import Distiller
    from swiftprep.distill.preview import Preview
    from swiftprep.distill.result import Result, ScenarioRecord, Usage
    from swiftprep.distill.scenario import Scenario
    from swiftprep.distill.verification.compiler import Compiler
    from swiftprep.distill.verification.flaw import Flaw
    from swiftprep.errors import (
        ConfigError,
        DataError,
        DistillStopped,
        MissingDependencyError,
        RunError,
        RunInterrupted,
        SwiftprepError,
        TeacherError,
    )
    from swiftprep.mix.mixer import Mixer
    from swiftprep.quality.checker import Checker
    from swiftprep.quality.report.checked_rows import CheckedRow, Note
    from swiftprep.quality.report.report import QualityReport
    from swiftprep.quality.rule import RuleResult
    from swiftprep.records import read_jsonl, write_jsonl
    from swiftprep.redaction.finding import Finding
    from swiftprep.sample import Reject, Sample
    from swiftprep.scan.result import Scan
    from swiftprep.scan.scanner import Scanner
    from swiftprep.teachers.protocol import Limits, TeacherProtocol
    from swiftprep.teachers.request import Reply, Request
    from swiftprep.teachers.teacher import Teacher
    from swiftprep.train.monitor import Monitor, Verdict
    from swiftprep.train.results import Evaluation, Run
    from swiftprep.train.runner import SwiftRunner

__version__ = "0.1.0"

__all__ = [
    "Augmentation",
    "Augmenter",
    "Budget",
    "Catalog",
    "CheckedRow",
    "Checker",
    "Compiler",
    "Completeness",
    "Component",
    "ConfigError",
    "Contradiction",
    "DataError",
    "DistillStopped",
    "Distiller",
    "Evaluation",
    "Event",
    "Explanation",
    "Fact",
    "Finding",
    "Flaw",
    "Limits",
    "Method",
    "MissingDependencyError",
    "Mixer",
    "Monitor",
    "Note",
    "Preview",
    "Problem",
    "Prop",
    "QualityReport",
    "Reject",
    "Reply",
    "Request",
    "Result",
    "RuleResult",
    "Run",
    "RunError",
    "RunInterrupted",
    "Sample",
    "Scan",
    "Scanner",
    "Scenario",
    "ScenarioRecord",
    "Slot",
    "SwiftRunner",
    "SwiftprepError",
    "Teacher",
    "TeacherError",
    "TeacherProtocol",
    "Usage",
    "Use",
    "Variants",
    "Verdict",
    "__version__",
    "read_jsonl",
    "write_jsonl",
]

_HOME = {
    "Augmentation": "swiftprep.augment.augmenter",
    "Augmenter": "swiftprep.augment.augmenter",
    "Budget": "swiftprep.distill.budget",
    "Catalog": "swiftprep.catalog.catalog",
    "CheckedRow": "swiftprep.quality.report.checked_rows",
    "Checker": "swiftprep.quality.checker",
    "Compiler": "swiftprep.distill.verification.compiler",
    "Completeness": "swiftprep.catalog.explain",
    "Component": "swiftprep.catalog.api",
    "ConfigError": "swiftprep.errors",
    "Contradiction": "swiftprep.catalog.witnesses.joining",
    "DataError": "swiftprep.errors",
    "DistillStopped": "swiftprep.errors",
    "Distiller": "swiftprep.distill.distiller",
    "Evaluation": "swiftprep.train.results",
    "Event": "swiftprep.catalog.api",
    "Explanation": "swiftprep.catalog.explain",
    "Fact": "swiftprep.catalog.explain",
    "Finding": "swiftprep.redaction.finding",
    "Flaw": "swiftprep.distill.verification.flaw",
    "Limits": "swiftprep.teachers.protocol",
    "Method": "swiftprep.catalog.api",
    "MissingDependencyError": "swiftprep.errors",
    "Mixer": "swiftprep.mix.mixer",
    "Monitor": "swiftprep.train.monitor",
    "Note": "swiftprep.quality.report.checked_rows",
    "Preview": "swiftprep.distill.preview",
    "Problem": "swiftprep.catalog.check",
    "Prop": "swiftprep.catalog.api",
    "QualityReport": "swiftprep.quality.report.report",
    "Reject": "swiftprep.sample",
    "Reply": "swiftprep.teachers.request",
    "Request": "swiftprep.teachers.request",
    "Result": "swiftprep.distill.result",
    "RuleResult": "swiftprep.quality.rule",
    "Run": "swiftprep.train.results",
    "RunError": "swiftprep.errors",
    "RunInterrupted": "swiftprep.errors",
    "Sample": "swiftprep.sample",
    "Scan": "swiftprep.scan.result",
    "Scanner": "swiftprep.scan.scanner",
    "Scenario": "swiftprep.distill.scenario",
    "ScenarioRecord": "swiftprep.distill.result",
    "Slot": "swiftprep.catalog.api",
    "SwiftRunner": "swiftprep.train.runner",
    "SwiftprepError": "swiftprep.errors",
    "Teacher": "swiftprep.teachers.teacher",
    "TeacherError": "swiftprep.errors",
    "TeacherProtocol": "swiftprep.teachers.protocol",
    "Usage": "swiftprep.distill.result",
    "Use": "swiftprep.catalog.vue.markup",
    "Variants": "swiftprep.augment.augmenter",
    "Verdict": "swiftprep.train.monitor",
    "read_jsonl": "swiftprep.records",
    "write_jsonl": "swiftprep.records",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'swiftprep' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
