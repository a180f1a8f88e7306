"""The exceptions: each crosses from one process to another as it is."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from pathlib import Path

import pytest

import swiftprep
from swiftprep import Sample
from swiftprep.errors import (
    ConfigError,
    DistillStopped,
    MissingDependencyError,
    RunError,
    RunInterrupted,
    SwiftprepError,
    TeacherError,
)


def exceptions() -> list[type[BaseException]]:
    """Return every exception class of the package, the private ones included."""
    found: dict[str, type[BaseException]] = {}
    for module in pkgutil.walk_packages(swiftprep.__path__, "swiftprep."):
        for _, value in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(value, BaseException) and value.__module__.startswith("swiftprep."):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return [found[name] for name in sorted(found)]


def example(cls: type[BaseException]) -> BaseException:
    """Make one, with a value for each parameter that has no default."""
    if "__init__" not in cls.__dict__ and cls.__init__ in (
        Exception.__init__,
        ValueError.__init__,
        ImportError.__init__,
    ):
        return cls("message")
    needed = [
        p for p in inspect.signature(cls).parameters.values() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL
    ]
    named = {p.name: "value" for p in needed if p.kind is p.KEYWORD_ONLY}
    return cls(*("message" for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD), **named)


@pytest.mark.parametrize("cls", exceptions(), ids=lambda cls: cls.__qualname__)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_every_exception_comes_out_of_pickle_as_it_went_in(cls, protocol):
    error = example(cls)
    back = pickle.loads(pickle.dumps(error, protocol))
    assert (type(back), str(back), back.args, vars(back)) == (cls, str(error), error.args, vars(error))
    assert str(copy.copy(error)) == str(error)


@pytest.mark.parametrize(
    "error",
    [
        RunError("it ended", log_path=Path("run.log")),
        TeacherError("HTTP 429", kind="throttled", status=429, retry_after=2.5, body=b"{}", tokens=None),
        DistillStopped("no money", kind="no-money", result={"kept": 3}),
        RunInterrupted("stopped", checkpoint=Path("checkpoint-3")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_exception_carries_comes_along(error):
    back = pickle.loads(pickle.dumps(error))
    assert vars(back) == vars(error)
    assert any(vars(error).values())


def test_a_missing_dependency_keeps_what_an_import_error_has():
    back = pickle.loads(pickle.dumps(MissingDependencyError("pip install it")))
    assert back.msg == "pip install it"


def test_the_file_and_line_come_along(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"messages": 5}\n')
    with pytest.raises(SwiftprepError) as raised:
        list(swiftprep.read_jsonl(path))
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_a_stopped_distillation_brings_its_answers(tmp_path):
    """What is in the exception must itself be fit for pickle."""
    from swiftprep import Distiller

    asked = 0

    def teacher(messages):
        nonlocal asked
        asked += 1
        if asked > 1:
            raise TeacherError("empty account", kind="no-money")
        return "An answer that is long enough to be taken for one, about how the framework is set up. " * 3

    distiller = Distiller(teacher, store=tmp_path / "store.sqlite", reasoning="none")
    with pytest.raises(DistillStopped) as stopped:
        distiller.run(["How is the framework set up?", "How is it started?", "How is it stopped?"])
    back = pickle.loads(pickle.dumps(stopped.value))
    assert back.kind == stopped.value.kind == "no-money"
    assert [type(sample) for sample in back.result.samples] == [Sample] * len(stopped.value.result.samples)
    assert [s.messages for s in back.result.samples] == [s.messages for s in stopped.value.result.samples]
    assert back.result.usage == stopped.value.result.usage


def test_config_errors_are_value_errors():
    assert issubclass(ConfigError, ValueError)
