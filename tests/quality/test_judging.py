"""Rows in worker processes: what one of them does to a rule costs that row, and is told."""

from __future__ import annotations

import math
import os
import sys
from typing import Any

import cloudpickle
import pytest
from corpora import load, messages_of

from swiftprep import Checker, Sample
from swiftprep.errors import ConfigError
from swiftprep.process.workers import ItemLimits, pool_of
from swiftprep.quality.checker import RULES
from swiftprep.quality.judging import Judging, Named, Terms
from swiftprep.quality.report.checked_rows import CheckedRow
from swiftprep.quality.rule import fix, warn

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the children cannot import the tests

LOW = ItemLimits(seconds=0.3, seconds_per_mb=0, memory_mb=1500)
SECRET = "sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2


def sample(answer: str, id: str = "") -> Sample:
    return Sample.from_instruction("怎样写一个按钮？", "", answer, id=id)


def odd(given: Sample) -> Any:
    if "endless" in given.answer:
        while True:
            pass
    if "dies" in given.answer:
        os._exit(9)
    if "raises" in given.answer:
        raise KeyError("odd")
    if "deep" in given.answer:
        return odd(given)
    if "mend" in given.answer:
        return fix(given.replace(messages=[given.messages[0], {"role": "assistant", "content": "mended"}]), "m")
    return warn("seen")


def judged(rows: list[CheckedRow], *, own: bool = True, levels: Any = ()) -> list[CheckedRow]:
    with pool_of(1) as pool:
        Judging([Named("odd", odd, own)], Terms(dict(levels)), LOW).judge(rows, pool)
    return rows


def rows_of(*answers: str) -> list[CheckedRow]:
    return [CheckedRow(str(at), "", sample(answer), sample(answer)) for at, answer in enumerate(answers)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other platforms lack some of the limits")
def test_a_row_costs_itself_alone():
    ends = {"endless": "row_seconds=", "dies": "exit code 9", "raises": "rule 'odd' failed", "deep": "RecursionError"}
    rows = judged(rows_of(*(word for end in ends for word in ("plain", end, "mend"))))
    for row, word in zip(rows, (word for end in ends for word in ("plain", end, "mend")), strict=True):
        if word in ends:
            assert row.reject is not None
            assert (row.reject.reason, row.sample, row.before, row.reject.sample) == ("not-checked", None, None, None)
            assert ends[word] in row.reject.detail
        else:
            assert row.reject is None
            assert row.sample is not None
            assert row.sample.answer == ("mended" if word == "mend" else "plain")
            assert [note.severity for note in row.notes] == ["fix" if word == "mend" else "warn"]


@pytest.mark.parametrize(("level", "kept", "notes"), [("warn", True, 1), ("off", True, 0), ("drop", False, 1)])
def test_the_user_says_what_becomes_of_it(level, kept, notes):
    (row,) = judged(rows_of("raises"), levels={"not-checked": level})
    assert (row.reject is None, len(row.notes)) == (kept, notes)
    assert (row.sample is not None) == kept


def test_a_users_rule_runs_here_and_says_when_it_fails():
    seen = []

    def counts(given):
        seen.append(os.getpid())

    report = Checker(rules=[*RULES, counts]).run([sample("先引入按钮，再写模板。"), sample("先写模板，再绑定事件。")])
    assert set(seen) == {os.getpid()}
    assert len(report.kept) == 2
    with pytest.raises(ConfigError, match="rule 'odd' failed on sample 0: KeyError"):
        judged(rows_of("raises"), own=False)


def test_rules_before_and_after_a_users_see_what_it_left():
    def own(given):
        if "TODO-OWN" in given.answer:
            answer = given.answer.replace("TODO-OWN", SECRET)
            return fix(given.replace(messages=[given.messages[0], {"role": "assistant", "content": answer}]), "own")
        return None

    (kept,) = Checker(rules=[*RULES[:3], own, *RULES[3:]]).run([sample("密钥写在 TODO-OWN 里，先读取它。")]).kept
    assert SECRET not in kept.answer
    assert "REDACTED" in kept.answer


@pytest.mark.slow
def test_the_result_is_the_same_with_any_number_of_workers():
    given = [Sample(messages_of(question, answer)) for _, question, answer, *_ in load("second").bad]
    one, two = (Checker(workers=workers, near_duplicate_threshold=None).run(given) for workers in (1, 2))
    assert [(row.sample, row.reject, row.notes) for row in one.rows] == [
        (row.sample, row.reject, row.notes) for row in two.rows
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"workers": 0},
        {"row_seconds": 0},
        {"row_seconds": math.inf},
        {"row_seconds": math.nan},
        {"row_memory_mb": 1},
        {"row_memory_mb": 10**20},
    ],
)
def test_numbers_out_of_range(settings):
    with pytest.raises(ConfigError, match="expected"):
        Checker(**settings)
