"""Whatever a public call takes, returns or holds is public: exported, with a short `repr`, and picklable."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import swiftprep
from swiftprep import (
    Augmentation,
    Augmenter,
    Budget,
    CheckedRow,
    Checker,
    Distiller,
    Evaluation,
    Flaw,
    Limits,
    Mixer,
    Monitor,
    Note,
    Preview,
    QualityReport,
    Reject,
    Result,
    Run,
    Sample,
    Scenario,
    ScenarioRecord,
    SwiftRunner,
    Teacher,
    Usage,
    Variants,
    Verdict,
    errors,
    write_jsonl,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def names_for_types(module: str) -> dict[str, Any]:
    """Return what a module imports for annotations only."""
    names: dict[str, Any] = {}
    for node in ast.walk(ast.parse(Path(str(sys.modules[module].__file__)).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("swiftprep"):
            home = __import__(str(node.module), fromlist=["_"])
            names |= {alias.asname or alias.name: getattr(home, alias.name, None) for alias in node.names}
    return names


def classes_in(annotation: Any, module: str) -> Iterator[type]:
    """Yield swiftprep's classes in an annotation, which may be text, an alias or a class."""
    if isinstance(annotation, str):
        known = {**names_for_types(module), **vars(sys.modules[module])}
        for name in NAME.findall(annotation):
            if (known.get(name) is not None and not isinstance(known[name], str)) or (
                isinstance(known.get(name), str) and known[name] != annotation
            ):
                yield from classes_in(known[name], module)
    elif isinstance(annotation, type) and annotation.__module__.startswith("swiftprep"):
        yield annotation
    elif hasattr(annotation, "__forward_arg__"):
        yield from classes_in(annotation.__forward_arg__, module)
    else:
        for part in get_args(annotation):
            yield from classes_in(part, module)


def annotations_of(public: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield where an annotation is, the annotation and its module."""
    if not isinstance(public, type):
        for name, annotation in getattr(public, "__annotations__", {}).items():
            yield f"{public.__name__}({name})", annotation, public.__module__
        return
    for cls in public.__mro__:
        if not cls.__module__.startswith("swiftprep"):
            continue
        for name, annotation in vars(cls).get("__annotations__", {}).items():
            if not name.startswith("_"):
                yield f"{public.__name__}.{name}", annotation, cls.__module__
        for name, member in vars(cls).items():
            function = (
                getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
            )
            if name == "__init__" and public is swiftprep.Scan:
                continue  # only a `Scanner` makes one
            if (name == "__init__" or not name.startswith("_")) and inspect.isfunction(function):
                for of, annotation in function.__annotations__.items():
                    yield f"{public.__name__}.{name}({of})", annotation, cls.__module__


def reached() -> dict[type, str]:
    """Return every class of swiftprep that the public names reach, and where."""
    found: dict[type, str] = {}
    todo = [getattr(swiftprep, name) for name in swiftprep.__all__ if not name.startswith("__")]
    while todo:
        public = todo.pop()
        for place, annotation, module in annotations_of(public):
            for cls in classes_in(annotation, module):
                if cls not in found:
                    found[cls] = place
                    todo.append(cls)
    return found


# Parts of the library that no caller needs, and protocols that a caller's own class may follow without naming them.
INTERNAL = {"Prompt", "Prompter", "Told", "HasCatalog", "HasDatasetArgs", "HasSamples"}


def public_classes() -> list[Any]:
    found = [getattr(swiftprep, name) for name in swiftprep.__all__]
    return [pytest.param(cls, id=cls.__name__) for cls in found if isinstance(cls, type)]


def test_whatever_a_public_call_takes_returns_or_holds_is_exported():
    missing = {
        f"{place}: {cls.__module__}.{cls.__name__}"
        for cls, place in reached().items()
        if cls.__name__ not in INTERNAL and getattr(swiftprep, cls.__name__, None) is not cls
    }
    assert not missing


def test_every_exception_is_exported():
    for name, cls in inspect.getmembers(errors, inspect.isclass):
        if cls.__module__ == errors.__name__:
            assert getattr(swiftprep, name) is cls


def test_the_table_of_names_names_every_class():
    described = (swiftprep.__doc__ or "") + (errors.__doc__ or "")
    assert not [case.values[0].__name__ for case in public_classes() if case.values[0].__name__ not in described]


def test_the_lists_of_public_names_agree():
    tree = ast.parse(Path(str(swiftprep.__file__)).read_text("utf-8"))
    typed = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("swiftprep.")
        for alias in node.names
    }
    assert typed == swiftprep._HOME
    assert set(swiftprep.__all__) == {*typed, "__version__"}


@pytest.mark.parametrize("cls", public_classes())
def test_a_public_class_says_what_it_holds(cls):
    assert cls.__repr__ is not object.__repr__ or getattr(cls, "_is_protocol", False)


LONG = "<script>alert(1)</script> " * 40_000
SAMPLE = Sample.from_instruction(LONG, LONG, LONG, id=LONG, meta={"path": LONG})
REJECT = Reject("a.vue:3", "duplicate", LONG, SAMPLE)
NOTE = Note("duplicate", "drop", LONG, LONG)
REPORT = QualityReport([CheckedRow(LONG, LONG, SAMPLE, SAMPLE, None, [NOTE] * 3) for _ in range(50)])
AUGMENTATION = Augmentation([SAMPLE] * 50, [SAMPLE] * 50, [("fim", LONG, 1, 1)] * 50, [REJECT] * 50)
SCENARIO = Scenario(LONG, id=LONG, components=(LONG,) * 30, intent=LONG)
RECORD = ScenarioRecord(SCENARIO, SAMPLE, None, 1, [[Flaw("api", LONG, LONG)]])
VALUES = [
    REPORT,
    AUGMENTATION,
    Variants(AUGMENTATION),
    Result([RECORD] * 30, Usage(calls=3), LONG, {LONG: 3}),
    Preview(LONG, LONG, 3, 0, 10, 10, None, [[{"role": "user", "content": LONG}]] * 2),
    Run(LONG, Path("runs") / ("x" * 9000), Path("runs") / "checkpoint-9", None, {"a": LONG}),
    Run(LONG),
    Evaluation([{"set": LONG, "id": LONG, "score": 0.5, "prompt": LONG, "answer": LONG}] * 90, Path("x"), LONG),
    Verdict("normal", [LONG] * 9, [LONG] * 9, [LONG] * 9),
    Monitor([{"step": i, "loss": 1.0, "eval_loss": 1.0} for i in range(5000)]),
    Teacher("deepseek", "m" * 90_000),
    Distiller(lambda messages: LONG, store="x" * 90_000, examples=[SAMPLE] * 90),
    Augmenter(),
    Checker(held_out=[SAMPLE]),
    SwiftRunner("team/" + "m" * 90_000, "o" * 90_000),
]
SHOWN = [pytest.param(value, id=type(value).__name__) for value in VALUES]


@pytest.mark.parametrize("value", SHOWN)
def test_what_a_notebook_shows_is_short_and_escaped(value):
    assert len(repr(value)) < 500
    page = value._repr_html_()
    assert len(page) < 20_000
    assert "<script" not in page


def test_a_mix_is_shown_in_short(tmp_path):
    name = tmp_path / "<script>.jsonl"
    write_jsonl([Sample.from_instruction("q", "", "a")] * 3, name)
    mix = Mixer([f"{name}#{n}" for n in range(1, 4)] * 30, name)
    assert "private and" in repr(mix)
    assert len(repr(mix)) < 500
    assert len(mix._repr_html_()) < 20_000
    assert "<script" not in mix._repr_html_()
    assert "--dataset" in mix._repr_html_()


def test_a_sample_is_shown_in_short():
    assert len(repr(SAMPLE)) < 500


def test_secrets_are_not_shown(monkeypatch):
    key = "sk-" + "a1B2c3D4e5F6g7H8" * 2
    monkeypatch.setenv("DEEPSEEK_API_KEY", key)
    teacher = Teacher("deepseek", "deepseek-chat")
    evaluation = Evaluation([{"set": "val", "score": 1.0, "answer": f"The key is {key}."}], Path("x"), "")
    for value in (teacher, Distiller(teacher), evaluation, Run(f"swift sft --token {key}")):
        assert key not in repr(value) + value._repr_html_()


@pytest.mark.parametrize(
    "value", [*SHOWN[:10], SAMPLE, REJECT, SCENARIO, RECORD, Budget(calls=3), Limits(concurrency=2)]
)
def test_values_survive_pickle(value):
    copy = pickle.loads(pickle.dumps(value))
    assert repr(copy) == repr(value)
    if not isinstance(value, Monitor):
        assert copy == value


@pytest.mark.parametrize(
    ("call", "keyword", "ours"),
    [
        (lambda **given: swiftprep.Scanner(".", **given), "extensions", "suffixes"),
        (swiftprep.Catalog, "usag", "usage"),
        (swiftprep.Catalog.load, "pth", "path"),
        (Checker, "max_length", "max_tokens"),
        (Checker().run, "sample", "samples"),
        (Mixer, "train", "private"),
        (Augmenter, "random_state", "seed"),
        (Augmenter().run, "sampels", "samples"),
        (Distiller, "example", "examples"),
        (Distiller().plan, "language", "langs"),
        (Teacher, "url", "base_url"),
        (Teacher.swift, "adapter", "adapters"),
        (SwiftRunner, "output", "output_dir"),
        (Budget, "max_cost", "money"),
        (Limits, "rpm", "requests_per_minute"),
        (Scenario, "language", "lang"),
    ],
)
def test_a_wrong_keyword_is_told_the_right_one(call, keyword, ours):
    with pytest.raises(errors.ConfigError, match=rf"no argument '{keyword}' \(did you mean '{ours}'\?\)"):
        call(**{keyword: 1})


def test_signatures_stay_readable():
    assert "ratio" in inspect.signature(Mixer).parameters
    assert "examples" in inspect.signature(Distiller).parameters
    assert list(inspect.signature(Budget).parameters) == ["money", "tokens", "calls"]
