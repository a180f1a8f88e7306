"""The Distiller as a whole, with functions as teachers; HTTP and its faults are in test_faults.py."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import Counter
from contextlib import closing
from types import SimpleNamespace
from typing import Any, cast

import pytest

from swiftprep import Budget, Distiller, Limits, Reject, Result, Scenario, ScenarioRecord, Teacher, write_jsonl
from swiftprep.catalog.api import Component, Event, Prop
from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.store import AnswerStore, read_body, read_ledger
from swiftprep.distill.verification import verify
from swiftprep.errors import ConfigError, DistillStopped, TeacherError
from swiftprep.process.workers import Guarded, Lost
from swiftprep.records import Sample, read_jsonl
from swiftprep.teachers.request import Reasoning, Reply

CATALOG = Catalog(
    [Component("ta-tag", props=(Prop("color", "string", required=True),), events=(Event("close"),), registered=True)],
    framework="ta404",
)
QUESTION = "用 ta-tag 写一个红色标签组件，并处理关闭事件。"


def answer(color="color", note=""):
    return (
        "1. 标签用 `ta-tag`，颜色通过必填属性设置。\n2. 关闭时触发 `close` 事件，用方法处理。\n\n"
        f'```vue\n<template>\n  <ta-tag {color}="red" @close="remove">标签{note}</ta-tag>\n</template>\n\n<script>\nexport default {{\n'
        "  name: 'RedTag',\n  methods: {\n    remove() {\n      this.$emit('removed');\n    },\n  },\n};\n</script>\n```\n\n"
        "点击关闭图标时，组件通知父组件。"
    )


class Scripted:
    """A teacher that says these things, one after the other, and counts."""

    def __init__(self, *says, name="scripted"):
        self.says = list(says)
        self.asked = []
        self.identity = name
        self.limits = Limits(concurrency=1, attempts=2, backoff=0.01)

    def __call__(self, messages):
        self.asked.append(messages)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, Exception):
            raise said
        return said


def distil(tmp_path, teacher, scenarios=QUESTION, **settings):
    run = {name: settings.pop(name) for name in ("budget", "mode") if name in settings}
    return Distiller(teacher, catalog=CATALOG, store=tmp_path / "s.sqlite", **settings).run(scenarios, **run)


def silent(tmp_path, teacher, *scenarios, **settings):
    """Return the result of a run in which a teacher never answers."""
    with pytest.raises(DistillStopped, match="never answered") as stopped:
        distil(tmp_path, teacher, *scenarios, **settings)
    return stopped.value.result


def ledger(tmp_path):
    return list(read_ledger(tmp_path / "s.sqlite"))


def test_a_good_answer_is_kept_with_its_lineage(tmp_path):
    scenario = Scenario(QUESTION, components=("ta-tag",), intent="use", meta={"author": "李工"})
    result = distil(tmp_path, Scripted(answer()), [scenario])
    (sample,) = result.samples
    assert (sample.prompt, sample.answer, sample.id, sample.channel) == (QUESTION, answer(), scenario.id, "private")
    wanted = {"kind": "scenario", "intent": "use", "author": "李工", "generator": "scripted", "tries": 1}
    assert {name: sample.meta[name] for name in wanted} == wanted
    assert sample.meta["request"] == ledger(tmp_path)[0]["key"]


def test_a_wrong_prop_is_told_and_mended(tmp_path):
    teacher = Scripted(answer("colour"), answer())
    result = distil(tmp_path, teacher)
    assert len(result.samples) == 1
    told = teacher.asked[1][-1]["content"]
    assert "colour" in told
    assert "color" in told
    assert teacher.asked[1][-2] == {"role": "assistant", "content": answer("colour")}
    rates = result.pass_rates().set_index(["by", "name"]).loc[("all", "")]
    assert (rates["asked"], rates["first_try"], rates["repaired"], rates["kept_rate"]) == (1, 0, 1, 1.0)
    assert [row["purpose"] for row in ledger(tmp_path)] == ["answer", "repair"]


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_what_is_never_mended_is_rejected_with_the_reasons(tmp_path, rounds):
    result = distil(tmp_path, Scripted(answer("colour")), repair_rounds=rounds)
    (reject,) = result.rejected
    assert reject.reason == "api"
    assert "no prop 'colour'" in reject.detail
    assert reject.sample.answer == answer("colour")
    assert result.usage.calls == rounds + 1
    assert result.asked == len(result.samples) + len(result.rejected) + len(result.pending)


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path):
    scenarios = [Scenario(f"{QUESTION}第 {number} 种。", components=("ta-tag",)) for number in range(9)]
    first = distil(tmp_path, Scripted(answer("colour"), answer(), answer()), scenarios)
    broken = Scripted(TeacherError("must not be asked", kind="server"))
    second = distil(tmp_path, broken, scenarios)
    assert not broken.asked
    assert second.usage.calls == 0
    assert second.samples == first.samples
    assert second.usage.cached == first.usage.calls


def test_a_cut_off_answer_is_asked_for_once_more_with_a_larger_limit(tmp_path):
    limits: list[int] = []

    def teacher(messages):
        return Reply(answer()[:150], finish_reason="length") if len(limits) < 1 else answer()

    class Limited:
        identity, host, price, limits = "limited", "here", None, Limits(concurrency=1)
        sampling = {"max_tokens": 100}  # noqa: RUF012
        enough = 200

        async def ask(self, request):
            limits.append(request.sampling["max_tokens"])
            cut = request.sampling["max_tokens"] < self.enough
            return Reply(answer()[:150] if cut else answer(), finish_reason="length" if cut else "stop")

        async def close(self):
            pass

    assert len(distil(tmp_path, Limited()).samples) == 1
    assert limits == [100, 200]
    limits.clear()
    Limited.enough = 10**9
    result = distil(tmp_path, Limited(), QUESTION + "！", repair_rounds=0)
    assert limits == [100, 200]
    assert result.rejected[0].reason == "truncated"


def test_a_judge_sends_back_what_it_does_not_like(tmp_path):
    judge = Scripted('{"score": 2, "reason": "没有说明"}', '{"score": 5, "reason": "好"}', name="judge")
    teacher = Scripted(answer(), answer(note="二"))
    result = distil(tmp_path, teacher, judge=judge)
    assert result.samples[0].answer == answer(note="二")
    assert "没有说明" in teacher.asked[1][-1]["content"]
    assert Counter(row["purpose"] for row in ledger(tmp_path)) == {"answer": 1, "repair": 1, "judge": 2}
    again = distil(tmp_path, Scripted(""), judge=Scripted("", name="judge"))
    assert (again.samples, again.usage.calls) == (result.samples, 0)


def test_half_a_character_anywhere_costs_no_file(tmp_path):
    lone = "\ud83d"
    odd = Scenario(f"{QUESTION}{lone}", id=f"a{lone}", intent=lone, meta={lone: [{"by": (lone,)}]})
    judge = Scripted('{"score": 2, "reason": "\\ud83d 不好"}', f'{{"score": 5}}{lone}', '{"score": 5}', name="judge")
    result = distil(
        tmp_path,
        Scripted(answer(), answer(), answer(note=lone)),
        [odd, QUESTION, QUESTION + "二"],
        judge=judge,
        repair_rounds=0,
    )
    assert (len(result.rejected), len(result.samples)) == (2, 1)  # in code it may be all that is left of a text
    files = result.write(tmp_path / "out")
    rows = [json.loads(line) for file in files.values() for line in file.read_text(encoding="utf-8").splitlines()]
    left = next(row for row in rows if "path" in row)
    assert (left["path"], left["detail"]) == ("a\ufffd", "scored 2 of 5: \ufffd 不好")


def test_a_judge_that_says_nothing_of_use_keeps_nothing(tmp_path):
    teacher = Scripted(answer())
    result = distil(tmp_path, teacher, judge=Scripted("很好！", name="judge"))
    assert (result.reasons(), len(teacher.asked)) == ({"judge": 1}, 1), "that is no fault of the answer"


def test_the_same_scenario_twice_is_one_sample_and_one_reject(tmp_path):
    teacher = Scripted(answer())
    result = distil(tmp_path, teacher, [QUESTION, QUESTION])
    assert (len(result.samples), result.reasons(), len(teacher.asked)) == (1, {"duplicate": 1}, 1)


def test_two_scenarios_with_one_question_are_asked_once(tmp_path):
    teacher = Scripted(answer())
    result = distil(tmp_path, teacher, [Scenario(QUESTION, id="a"), Scenario(QUESTION, id="b")])
    assert ([sample.id for sample in result.samples], len(teacher.asked)) == (["a", "b"], 1)


def test_a_budget_of_calls_ends_the_run_and_a_larger_one_goes_on(tmp_path):
    scenarios = [f"{QUESTION}第 {number} 种。" for number in range(10)]
    first = distil(tmp_path, Scripted(answer()), scenarios, budget=Budget(calls=4))
    assert (first.usage.calls, len(first.samples), len(first.pending)) == (4, 4, 6)
    assert "budget" in first.stopped
    none = distil(tmp_path, Scripted(answer()), scenarios, budget={"calls": 4})
    assert (none.usage.calls, none.usage.cached, len(none.pending)) == (0, 4, 6)
    rest = distil(tmp_path, Scripted(answer()), scenarios, budget=Budget(calls=100))
    assert (rest.usage.calls, rest.usage.cached, len(rest.samples), rest.stopped) == (6, 4, 10, "")


def test_what_was_still_to_be_mended_is_pending(tmp_path):
    first = distil(tmp_path, Scripted(answer("colour")), budget=Budget(calls=1))
    assert (len(first.rejected), len(first.pending)) == (0, 1)
    second = distil(tmp_path, Scripted(answer()), budget=Budget(calls=9))
    assert (len(second.samples), second.usage.calls, second.usage.cached) == (1, 1, 1)


def test_a_budget_of_money_needs_a_price(tmp_path):
    teacher = Teacher("http://127.0.0.1:9/v1", "m")
    with pytest.raises(ConfigError, match="price"):
        distil(tmp_path, teacher, budget=Budget(money=1))


def test_files_of_scenarios(tmp_path):
    path = tmp_path / "scenarios.txt"
    path.write_text(f"{QUESTION}\n", encoding="utf-8")
    for given in (path, str(path)):
        assert distil(tmp_path, Scripted(answer()), given).samples[0].prompt == QUESTION


def test_it_runs_inside_a_running_event_loop(tmp_path):
    async def notebook():
        return distil(tmp_path, Scripted(answer()))

    assert len(asyncio.run(notebook()).samples) == 1


def test_what_is_written_is_read_again(tmp_path):
    result = distil(tmp_path, Scripted(answer(), answer("colour")), [QUESTION, QUESTION + "另一种。"], repair_rounds=0)
    files = result.write(tmp_path / "out")
    assert list(read_jsonl(files["samples"])) == result.samples
    (reject,) = map(json.loads, files["rejects"].read_text(encoding="utf-8").splitlines())
    assert reject["reason"] == "api"
    assert json.dumps(result.to_dict(), ensure_ascii=False)
    assert "1 answered, 1 rejected" in result._repr_html_()


def test_a_preview_opens_nothing(tmp_path):
    teacher = Teacher("http://127.0.0.1:9/v1", "m", price=(1, 2), sampling={"max_tokens": 1000})
    distiller = Distiller(teacher, catalog=CATALOG, store=tmp_path / "s.sqlite")
    seen = distiller.preview([QUESTION, QUESTION + "二", QUESTION + "三"])
    assert (seen.host, seen.calls, seen.cached, seen.tokens_out, len(seen.prompts)) == ("127.0.0.1:9", 3, 0, 3000, 2)
    assert seen.cost == pytest.approx((seen.tokens_in + 2 * 3000) / 1e6)
    assert QUESTION in str(seen)
    assert not list(tmp_path.iterdir())


def test_a_preview_knows_what_is_answered(tmp_path):
    distil(tmp_path, Scripted(answer()))
    distiller = Distiller(Scripted(answer()), catalog=CATALOG, store=tmp_path / "s.sqlite")
    assert (distiller.preview([QUESTION, "别的问题"]).cached, distiller.preview(QUESTION).calls) == (1, 0)


def test_experts_are_verified_like_everybody(tmp_path):
    path = tmp_path / "faq.md"
    path.write_text(f"# {QUESTION}\n\n{answer()}\n\n# 再写一个 ta-tag 组件\n\n{answer('colour')}\n", encoding="utf-8")
    result = Distiller(catalog=CATALOG, store=tmp_path / "s.sqlite").from_experts(path)
    assert [sample.prompt for sample in result.samples] == [QUESTION]
    assert result.samples[0].meta["generator"] == "expert"
    assert result.reasons() == {"api": 1}
    assert not (tmp_path / "s.sqlite").exists()


def test_reasoning_that_experts_give_apart_comes_first(tmp_path):
    thought, _, code = answer().partition("\n\n")
    path = tmp_path / "faq.yaml"
    path.write_text(json.dumps([{"question": QUESTION, "answer": code, "reasoning": thought}]), encoding="utf-8")
    forms: dict[Reasoning, str] = {"inline": answer(), "think": f"<think>\n{thought}\n</think>\n\n{code}"}
    for reasoning, wanted in forms.items():
        (sample,) = Distiller(catalog=CATALOG, reasoning=reasoning).from_experts(path).samples
        assert sample.answer == wanted


def test_examples_are_shown_and_secrets_are_not(tmp_path):
    key = "sk-" + "a1B2c3D4" * 5
    code = f'<template><ta-tag color="red" token="{key}">重要</ta-tag></template>'
    example = Sample.from_instruction("学习", "", code, meta={"path": "src/a.vue", "kind": "component"})
    teacher = Scripted(answer())
    distil(tmp_path, teacher, examples=[example])
    sent = json.dumps(teacher.asked, ensure_ascii=False)
    assert "重要" in sent
    assert key not in sent


def test_scenarios_evolve(tmp_path, caplog):
    def teacher(messages):
        return "好的，这是答案。" if "蓝色" in messages[-1]["content"] else f"{QUESTION}并支持暗色主题。"

    scenarios = [
        Scenario(QUESTION, components=("ta-tag",)),
        Scenario("用 ta-tag 写一个蓝色标签", components=("ta-tag",)),
    ]
    distiller = Distiller(teacher, catalog=CATALOG, store=tmp_path / "s.sqlite")
    (made,) = distiller.evolve(scenarios, operations=["constrain"])
    assert (made.instruction, made.meta["parent"]) == (f"{QUESTION}并支持暗色主题。", scenarios[0].id)
    assert made.meta["operation"] == "constrain"
    assert "1 of 2" in caplog.text
    assert {row["purpose"] for row in ledger(tmp_path)} == {"evolve"}
    with pytest.raises(ConfigError, match="did you mean 'deepen'"):
        distiller.evolve(scenarios, operations=["deepn"])  # type: ignore[list-item]


def test_planning_needs_a_catalogue():
    with pytest.raises(ConfigError, match="catalogue"):
        Distiller(Scripted("")).plan(3)


@pytest.mark.parametrize(
    "settings", [{"reasoning": "thinking"}, {"repair_rounds": -1}, {"teacher": "gpt-4"}, {"judge": 3}], ids=str
)
def test_arguments_that_are_none(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        Distiller(**settings)


def test_without_a_teacher_nothing_is_asked(tmp_path):
    for call in (Distiller(store=tmp_path / "s.sqlite").run, Distiller(store=tmp_path / "s.sqlite").preview):
        with pytest.raises(ConfigError, match="no teacher"):
            call([QUESTION])


def test_bodies_are_kept(tmp_path):
    distil(tmp_path, Scripted(Reply(answer(), body=b'{"raw": 1}')))
    assert read_body(tmp_path / "s.sqlite", 1) == b'{"raw": 1}'


def test_the_ledger_is_a_table(tmp_path):
    distiller = Distiller(Scripted(answer("colour"), answer()), catalog=CATALOG, store=tmp_path / "s.sqlite")
    with pytest.raises(ConfigError, match="no such store"):
        distiller.ledger()
    distiller.run(QUESTION)
    assert list(distiller.ledger()["purpose"]) == ["answer", "repair"]
    assert distiller.coverage([Scenario(QUESTION, components=("ta-tag",), intent="use")]).loc["ta-tag", "use"] == 1


def test_a_store_is_only_its_owners(tmp_path):
    with AnswerStore(tmp_path / "s.sqlite"):
        pass
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o077 == 0


def test_an_error_in_one_answer_is_told_and_the_others_go_on(tmp_path, caplog):
    distiller = Distiller(Scripted(answer()), catalog=CATALOG, store=tmp_path / "s.sqlite")
    check = distiller.verifier.check

    class Broken:
        compiler = None
        terms = distiller.verifier.terms
        finish = distiller.verifier.finish

        @staticmethod
        def check(scenario, reply, messages):
            if "坏" in scenario.instruction:
                raise ZeroDivisionError("odd")
            return check(scenario, reply, messages)

    verifier: Any = Broken()
    distiller.verifier = verifier
    result = distiller.run([QUESTION, QUESTION + "坏的。"])
    assert (len(result.samples), result.reasons()) == (1, {"error": 1})
    assert "ZeroDivisionError" in caplog.text
    assert "Traceback" not in caplog.text
    AnswerStore(tmp_path / "s.sqlite").close()  # and the lock is free


def test_an_answer_that_cannot_be_verified_is_not_tried_again(tmp_path, monkeypatch):
    tried = []

    class Endless(Guarded):
        def __call__(self, asked):
            tried.append(asked)
            return Lost("did not come to an end within 3 s of processor time", "seconds")

    monkeypatch.setattr(verify, "Guarded", Endless)
    distil(tmp_path, Scripted(answer()), repair_rounds=0)
    (reject,) = distil(tmp_path, Scripted(), repair_rounds=0).rejected
    assert len(tried) == 1
    assert reject.reason == "not-checked"
    assert "3 s of processor time" in reject.detail
    distil(tmp_path, Scripted(), repair_rounds=0, verify_seconds=9)
    assert len(tried) == 2


def test_an_error_that_is_told_to_the_user_ends_the_run_and_keeps_what_was_in_flight(tmp_path):
    def teacher(messages):
        return answer()

    distiller = Distiller(teacher, catalog=CATALOG, store=tmp_path / "s.sqlite")
    check = distiller.verifier.check

    class Gone:
        compiler = None
        terms = distiller.verifier.terms
        finish = distiller.verifier.finish

        @staticmethod
        def check(scenario, reply, messages):
            if "坏" in scenario.instruction:
                raise ConfigError("no compiler any more")
            return check(scenario, reply, messages)

    verifier: Any = Gone()
    distiller.verifier = verifier
    with pytest.raises(ConfigError, match="no compiler any more"):
        distiller.run([f"{QUESTION}第 {number} 种。{'坏的。' if number == 3 else ''}" for number in range(8)])
    rows = ledger(tmp_path)
    assert {row["outcome"] for row in rows} == {"answered"}


def test_a_judge_that_cannot_be_reached_leaves_the_scenario_pending(tmp_path):
    judge = Scripted(TeacherError("503", kind="server"), name="judge")
    teacher = Scripted(answer())
    result = silent(tmp_path, teacher, judge=judge)
    assert (len(result.pending), len(teacher.asked), len(judge.asked)) == (1, 1, 2)
    again = distil(tmp_path, Scripted(""), judge=Scripted('{"score": 5, "reason": "好"}', name="judge"))
    assert len(again.samples) == 1


def test_failed_calls_count_in_a_budget(tmp_path):
    def teacher(messages):
        raise TeacherError("nothing said", kind="empty", tokens=(4000, 1000))

    limited: Any = teacher
    limited.limits = Limits(concurrency=1, attempts=3, backoff=0.01)
    result = distil(tmp_path, limited, [f"{QUESTION}第 {n} 种。" for n in range(9)], budget=Budget(tokens=20_000))
    assert result.stopped
    assert 10_000 <= result.usage.tokens <= 20_000


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (TeacherError("odd", kind="timeout"), "timeout"),
        (Reply(None), "bad-body"),  # type: ignore[arg-type]
        (Reply("x", reasoning=None), "bad-body"),  # type: ignore[arg-type]
        (StopIteration("no more"), "server"),
        (ValueError("broken"), "server"),
    ],
    ids=str,
)
def test_what_a_users_teacher_does_wrong_is_tried_again_and_told(tmp_path, says, outcome):
    def teacher(messages):
        if isinstance(says, BaseException):
            raise says
        return says

    limited: Any = teacher
    limited.limits = Limits(concurrency=1, attempts=2, backoff=0.01)
    result = silent(tmp_path, limited)
    assert (result.reasons(), result.usage.outcomes) == ({"no-answer": 1}, {outcome: 2})
    assert silent(tmp_path, limited).usage.calls == 2, "it is asked again the next time"


@pytest.mark.parametrize("given", [None, 5, [1], [{"instruction": "x"}]], ids=str)
def test_what_is_no_scenario(tmp_path, given):
    with pytest.raises(ConfigError, match="scenarios"):
        distil(tmp_path, Scripted(answer()), given)


def test_one_scenario_is_a_list_of_one(tmp_path):
    assert len(distil(tmp_path, Scripted(answer()), Scenario(QUESTION)).samples) == 1


def test_what_is_no_budget(tmp_path):
    with pytest.raises(ConfigError, match="budget"):
        distil(tmp_path, Scripted(answer()), budget=5)


def deep_list():
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    return value


class Odd:
    """A teacher whose reply cannot be read."""

    identity, host, sampling, price = "odd", "here", {"max_tokens": 10}, None
    limits = Limits(attempts=1)

    def __init__(self, says):
        self.says = says

    async def ask(self, request):
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    async def close(self):
        pass


@pytest.mark.parametrize(
    "teacher",
    [Odd(RecursionError("too deep\nto read")), Odd(deep_list()), lambda messages: deep_list()],
    ids=["error", "value", "function"],
)
def test_a_reply_that_cannot_be_read_ends_its_attempt_on_one_line(tmp_path, teacher, caplog):
    teacher.limits = Limits(attempts=1)
    (reject,) = silent(tmp_path, teacher, [QUESTION], repair_rounds=0).rejected
    assert reject.reason == "no-answer"
    assert "\n" not in reject.detail
    assert {row["outcome"] for row in ledger(tmp_path)} <= {"bad-body", "empty"}
    assert "Traceback" not in caplog.text


def test_a_damaged_store_is_no_fault_of_a_scenario(tmp_path):
    store, instructions = tmp_path / "s.sqlite", [f"{QUESTION}（{number}）" for number in range(3)]
    distil(tmp_path, Scripted(answer()), instructions)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='requests'").fetchone()
    data = bytearray(store.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xaa" * 4096
    store.write_bytes(data)
    with pytest.raises(DistillStopped, match=r"s\.sqlite: the store cannot be read") as stopped:
        distil(tmp_path, Scripted(answer()), instructions)
    result = stopped.value.result
    assert (stopped.value.kind, len(result.rejected), len(result.pending)) == ("store", 0, 3)


@pytest.mark.parametrize("change", ["content = x'ff'", "tokens_in = 'many'", "content = CAST(x'ff' AS TEXT)"])
def test_a_row_that_was_changed_is_no_fault_of_a_scenario(tmp_path, change):
    distil(tmp_path, Scripted(answer()))
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute(f"UPDATE requests SET {change}")
    with pytest.raises(DistillStopped, match="cannot be read") as stopped:
        distil(tmp_path, Scripted(answer()))
    assert len(stopped.value.result.pending) == 1


def test_one_that_cannot_be_stored_takes_no_others_along(tmp_path):
    async def both(store):
        table = "INSERT INTO unchecked VALUES (?, '', '')"
        return await asyncio.gather(
            store.write([(table, ("a",))]), store.write([(table, (2**70,))]), store.write([(table, ("b",))]),
            return_exceptions=True,
        )  # fmt: skip

    with AnswerStore(tmp_path / "s.sqlite") as store:
        one, odd, other = asyncio.run(both(store))
        assert (one, other, store.rows("SELECT key FROM unchecked")) == (None, None, [("a",), ("b",)])
    assert isinstance(odd, DistillStopped)
    assert "isk" not in str(odd)


def test_numbers_of_a_teachers_are_bounded(tmp_path):
    numbers: list[Any] = [10**30, -5, "12", float("nan"), None]
    for number in numbers:
        result = distil(tmp_path / repr(number), Scripted(Reply(answer(), tokens_in=number, body=number)))
        assert len(result.samples) == 1
    refused = TeacherError("no", kind="\ud800", status=10**30, tokens=(10**30, -1))
    assert len(silent(tmp_path / "refused", Scripted(refused)).rejected) == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_an_empty_file_becomes_a_store_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "s.sqlite"
    path.touch()
    path.chmod(0o666)
    with AnswerStore(path):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX owners")
def test_an_empty_file_of_somebody_elses_is_no_store(tmp_path, monkeypatch):
    path = tmp_path / "s.sqlite"
    path.touch()
    path.chmod(0o666)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="somebody else's"):
        AnswerStore(path)


@pytest.mark.parametrize("name", ["loop", "a\0b", "x" * 300], ids=["loop of links", "NUL", "too long"])
def test_a_name_that_can_be_none_is_told_in_one_line(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    for use in (AnswerStore, lambda path: Distiller(store=path).ledger()):
        with pytest.raises(ConfigError) as refused:
            use(tmp_path / name)
        assert "\n" not in str(refused.value)


def test_a_scan_or_files_give_the_catalogue_and_the_examples(tmp_path, caplog):
    catalog = Catalog([Component("ta-tag")], framework="ta404")
    catalog.save(tmp_path / "catalog.json")
    samples = [Sample.from_instruction(str(i), "", "a", meta={"split": "val"} if i else {}) for i in range(2)]
    write_jsonl(samples, tmp_path / "all.jsonl")
    scan = SimpleNamespace(samples=samples, train=samples[:1], val=samples[1:], catalog=catalog)
    whole = Distiller(catalog=scan, examples=scan)
    assert (whole.catalog, whole.examples) == (catalog, tuple(samples[:1]))
    assert not caplog.text
    from_files = Distiller(catalog=tmp_path / "catalog.json", examples=tmp_path / "all.jsonl")
    assert from_files.examples == tuple(samples[:1])
    assert "examples: left out 1 held-out samples" in caplog.text
    assert list(from_files.catalog or ()) == list(catalog)
    with pytest.raises(ConfigError, match=r"catalog=5: expected a Catalog"):
        Distiller(catalog=cast(Any, 5))


def test_one_language_and_one_intent_may_be_given_by_themselves():
    distiller = Distiller(catalog=Catalog([Component("ta-tag", props=(Prop("color", "string"),))], framework="ta404"))
    assert {scenario.lang for scenario in distiller.plan(2)} == {"zh"}
    assert {scenario.lang for scenario in distiller.plan(2, langs="en")} == {"en"}


def test_a_distillations_result_answers_to_the_names_all_results_share(tmp_path):
    kept = ScenarioRecord(Scenario("a"), sample=Sample.from_instruction("a", "", "b"), tries=1)
    lost = ScenarioRecord(Scenario("b"), reject=Reject("s", "api", "no such prop"))
    result = Result([kept, lost, ScenarioRecord(Scenario("c"))])
    assert (result.kept, result.rejects) == (result.samples, result.rejected)
    assert result.counts().to_numpy().tolist() == [["kept", 1], ["api", 1], ["pending", 1]]
    assert result.save(tmp_path / "out")["samples"].is_file()
