"""The recipes `distill` and `stage2`: whom they ask, what they keep, and how training goes on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from present import present

from swiftprep import Sample, Scanner, SwiftRunner, demo, write_jsonl
from swiftprep.distill.held_out import split_by_group
from swiftprep.distill.planning.coverage import coverage
from swiftprep.errors import ConfigError, RunError
from swiftprep.evaluate.validity import api_rows, api_valid
from swiftprep.models.folders import check_adapter
from swiftprep.recipes import distill, stage2
from swiftprep.recipes.shared.asking import make_teacher, shipped_experts
from swiftprep.recipes.shared.distill_settings import DistillConfig, Stage2Config
from swiftprep.recipes.shared.questions import compare_stages, examples
from swiftprep.recipes.shared.settings import load
from swiftprep.recipes.shared.stage1_state import write_state

GOOD = """要展示状态，需要考虑以下几点：

1. 状态用 `ta-tag` 展示，颜色由 `color` 决定。
2. 外层用 `ta-card` 给出标题，数据由父组件传入。

```vue
<template>
  <ta-card title="状态">
    <ta-tag color="green">{{ text }}</ta-tag>
  </ta-card>
</template>

<script>
export default {
  name: 'StateCard',
  props: {
    text: { type: String, default: '' }
  }
}
</script>
```

文字由父组件传入，组件自己不请求数据。
"""
BAD = GOOD.replace("ta-tag", "ta-tagg")


class Endpoint:
    """An OpenAI-compatible endpoint on 127.0.0.1 that says what it is told to, and counts."""

    def __init__(self) -> None:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.calls.append(body)
                time.sleep(endpoint.delay)
                status, content = endpoint.answer(body["messages"][-1]["content"])
                choice = {"message": {"content": content}, "finish_reason": "stop"}
                usage = {"prompt_tokens": 100, "completion_tokens": 50}
                answer = {"choices": [choice], "usage": usage} if status == 200 else {"error": {"message": content}}
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.calls: list[dict[str, object]] = []
        self.delay = 0.0
        self.answer = lambda question: (200, GOOD)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="session")
def catalog():
    return Scanner(demo.app(), framework="ta404").scan().catalog


@pytest.fixture
def app(tmp_path):
    """A code base of one file, which is read in no time and comes with no experts' answers."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "State.vue").write_text(
        '<template>\n  <ta-card title="x"><ta-tag color="red" /></ta-card>\n</template>\n'
    )
    return f"scan.path={tmp_path / 'app'}"


@pytest.fixture
def scenarios(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("用 ta-tag 展示设备状态\n用 ta-card 和 ta-tag 展示审批状态\n", encoding="utf-8")
    return path


def settings(endpoint, tmp_path, *more):
    return [
        f"teacher.base_url={endpoint.url}", "teacher.model=t", f"output_dir={tmp_path / 'out'}", "distill.n=0", *more,
    ]  # fmt: skip


# --- distil --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_answers_are_verified_kept_and_told_of_and_asked_for_once(endpoint, tmp_path, scenarios, capsys):
    endpoint.answer = lambda question: (200, BAD if "审批" in question or "没有" in question else GOOD)
    given = settings(
        endpoint, tmp_path, "scan.path=demo", f"distill.scenarios={scenarios}", "teacher.price=[1, 10]", "--json"
    )
    out = tmp_path / "out"
    assert distill.main([*given, "teacher.concurrency=1", "distill.budget.calls=1"]) == 0
    assert "1 not asked: the budget is reached" in capsys.readouterr().err
    assert len((out / "pending.jsonl").read_text(encoding="utf-8").splitlines()) == len(endpoint.calls) == 1

    assert distill.main([*given, "--lang", "zh"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / "report.json").read_text(encoding="utf-8"))
    asked = report["asked"]
    assert (asked["asked"], asked["answered"], asked["rejected"], asked["reasons"]) == (2, 1, 1, {"api": 1})
    assert len(endpoint.calls) == 4  # the bad one went back twice
    assert (asked["usage"]["calls"], asked["usage"]["cached"]) == (3, 1)
    assert asked["usage"]["cost"] == pytest.approx(3 * (100 * 1 + 50 * 10) / 1e6)
    assert report["experts"]["asked"] == report["experts"]["answered"] >= 24
    assert report["kept"] == report["experts"]["answered"] + 1
    rows = [json.loads(line) for line in (out / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == report["kept"]
    assert {row["meta"]["generator"] for row in rows} == {"expert", "t"}
    (reject,) = [json.loads(line) for line in (out / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert "ta-tagg" in reject["detail"]
    assert (out / "coverage.png").read_bytes().startswith(b"\x89PNG")
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "| 用 ta-card 和 ta-tag 展示审批状态 | 教师模型 | 3 | API 不存在或用法有误（api） | 第 " in text
    assert load(DistillConfig, out / "config.yaml").teacher.model == "t"


@pytest.mark.slow
def test_a_teacher_that_is_never_right_is_said_plainly(endpoint, tmp_path, scenarios, app):
    endpoint.answer = lambda question: (200, "Sorry, I cannot help with that.")
    assert distill.main(settings(endpoint, tmp_path, f"distill.scenarios={scenarios}", "scan.lang=en", app)) == 0
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "None of the teacher's answers passed" in text


@pytest.mark.slow
def test_dry_run_shows_everything_and_opens_no_connection(endpoint, tmp_path, scenarios, capsys):
    given = settings(endpoint, tmp_path, "scan.path=demo", f"distill.scenarios={scenarios}", "teacher.price=[1, 10]")
    assert distill.main([*given, "distill.n=3", "--dry-run", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert (report["calls"], report["cached"], len(report["scenarios"])) == (5, 0, 5)
    assert report["cost"] > 0
    assert report["host"] in printed.err
    assert printed.err.count(", whole\n") == 2
    assert "用 ta-tag 展示设备状态" in printed.err
    assert endpoint.calls == []
    assert not (tmp_path / "out").exists()


BAD_INPUT = {
    "misspelt provider": ("teacher.provider=depseek", "did you mean 'deepseek'"),
    "provider and base_url": ("teacher.provider=deepseek", "not both"),
    "no model": ("teacher.model=null", "teacher.model"),
    "a model of nobody": ("teacher.base_url=null", "whose is it"),
    "a bad URL": ("teacher.base_url=localhost", "expected http"),
    "key not set": ("teacher.api_key_env=SWIFTPREP_NO_SUCH_KEY", "SWIFTPREP_NO_SUCH_KEY"),
    "misspelt budget": ("distill.budget={mony: 3}", "did you mean 'distill.budget.money'"),
    "misspelt judge key": ("judge={modl: x}", "did you mean 'judge.model'"),
    "no scenarios": ("distill.scenarios=/none.yaml", "/none.yaml"),
    "no experts": ("distill.experts=/none", "/none"),
    "no such intent": ("distill={n: 1, intents: [fom]}", "did you mean 'form'"),
    "samples without catalogue": ("samples=[x.jsonl]", "catalog"),
    "a file as folder": ("output_dir={tmp}/mine.txt", "is a file"),
    "no compiler": ("distill.compiler={tmp}", "no Vue compiler"),
}


@pytest.mark.parametrize(("setting", "message"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_is_one_clear_line_and_exit_2(setting, message, endpoint, tmp_path, scenarios, app, capsys):
    given = settings(endpoint, tmp_path, app, f"distill.scenarios={scenarios}", setting.replace("{tmp}", str(tmp_path)))
    if message.startswith("did you mean 'deepseek'"):
        given.append("teacher.base_url=null")
    assert distill.main(given) == 2
    complaints = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(complaints) == 1
    assert message in complaints[0]


@pytest.mark.parametrize(("status", "said", "code"), [(401, "invalid api key", 2), (402, "Insufficient Balance", 1)])
def test_a_refused_key_is_the_users_to_mend_and_an_empty_account_can_go_on(
    status, said, code, endpoint, tmp_path, scenarios, app, monkeypatch, capsys
):
    monkeypatch.setenv("SWIFTPREP_TEST_KEY", "canary-5f1e")
    endpoint.answer = lambda question: (status, said)
    given = settings(
        endpoint, tmp_path, app, f"distill.scenarios={scenarios}", "teacher.api_key_env=SWIFTPREP_TEST_KEY"
    )
    assert distill.main(given) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert ("to go on:" in printed.err) is (code == 1)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"canary-5f1e" not in printed.err.encode() + written


def test_without_settings_the_teacher_is_the_embedded_one():
    teacher = make_teacher(DistillConfig().teacher)
    assert teacher.host == "127.0.0.1"
    assert teacher.identity.startswith("SmolLM2")


@pytest.mark.slow
def test_ctrl_c_exits_130_and_the_same_command_goes_on(endpoint, tmp_path, scenarios):
    endpoint.delay = 2.0
    given = settings(endpoint, tmp_path, "scan.path=demo", f"distill.scenarios={scenarios}", "teacher.concurrency=1")
    command = [sys.executable, "-m", "swiftprep.recipes.distill", *given]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not endpoint.calls:
        assert time.monotonic() < deadline
        assert child.poll() is None, present(child.stderr).read()
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "to go on: swiftprep distill " in said
    endpoint.delay = 0.0
    assert distill.main(given) == 0
    assert len(endpoint.calls) == 2  # the one in flight was not lost


# --- the experts that ship -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_experts_cover_every_intent_and_most_components(catalog):
    from swiftprep.distill.distiller import Distiller
    from swiftprep.distill.planning.planner import INTENTS

    result = Distiller(catalog=catalog).from_experts(shipped_experts())
    assert result.rejected == []
    assert {sample.meta["intent"] for sample in result.samples} == set(INTENTS)
    assert {sample.meta["lang"] for sample in result.samples} == {"zh", "en"}
    assert all(sample.meta["author"] for sample in result.samples)
    table = coverage(catalog, result.samples)
    ours = table[table.index.str.startswith("ta-")]
    assert (ours.sum(axis=1) > 0).mean() > 0.9
    assert all(catalog.check(code, strict=True) == [] for sample in result.samples for code in vue(sample.answer))


def vue(answer):
    from swiftprep.code.pieces import pieces

    return [piece.code for piece in pieces(answer) if piece.language == "vue"]


# --- stage 2 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def finished(tmp_path):
    """What a finished stage 1 leaves, without having run one."""
    folder = tmp_path / "stage1"
    scan = Scanner(demo.app(), framework="ta404").scan()
    scan.write(folder / "data")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    checkpoint = folder / "sft" / "v0" / "checkpoint-3"
    checkpoint.mkdir(parents=True)
    (checkpoint / "adapter_config.json").write_text('{"r": 8, "base_model_name_or_path": ""}')
    (checkpoint / "args.json").write_text(json.dumps({"model": str(model)}))
    (folder / "config.yaml").write_text(f"model: {{path: {model}}}\nscan: {{lang: en, path: {demo.app()}}}\n")
    write_state(folder, Path("/moved/stage1/sft/v0/checkpoint-3"), "")
    return folder


def test_stage2_without_stage1_says_what_to_run(tmp_path, capsys):
    assert stage2.main([f"stage1={tmp_path}/none"]) == 2
    assert f"swiftprep stage1 output_dir={tmp_path}/none" in capsys.readouterr().err


def test_stage2_of_another_base_model_is_refused(finished, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "llama"}')
    assert stage2.main([f"stage1={finished}", f"model={other}", f"output_dir={tmp_path}/out"]) == 2
    assert f"this adapter was made for {tmp_path / 'model'}, not for {other}" in capsys.readouterr().err


def test_stage2_does_not_write_over_stage1(finished, capsys):
    assert stage2.main([f"stage1={finished}", f"output_dir={finished}/../stage1"]) == 2
    assert "holds stage 1; name another folder" in capsys.readouterr().err


def test_stage2_with_a_part_of_stage1_gone(finished, capsys):
    (finished / "data" / "val.jsonl").unlink()
    assert stage2.main([f"stage1={finished}"]) == 2
    assert "val.jsonl: is gone" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dataset", "adapters", "model", "output_dir"])
def test_stage2_sets_these_itself(name, capsys):
    assert stage2.main([f"sft.{name}=x"]) == 2
    assert f"sft.{name}: this recipe sets it" in capsys.readouterr().err


def test_stage2_dry_run_asks_and_writes_nothing(finished, endpoint, tmp_path, capsys):
    given = [f"stage1={finished}", *settings(endpoint, tmp_path, "distill.n=2")]
    assert stage2.main([*given, "--dry-run", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["scenarios"]) == 2
    assert endpoint.calls == []
    assert not (tmp_path / "out").exists()


def test_too_few_answers_to_train_on(finished, endpoint, tmp_path, scenarios, capsys):
    given = [f"stage1={finished}", *settings(endpoint, tmp_path, f"distill.scenarios={scenarios}")]
    assert stage2.main(given) == 2
    said = capsys.readouterr().err
    assert "2 answers passed, of which the check leaves 0 to train on and 1 held out, and at least 8 and 1" in said
    assert f"Why answers were rejected is in {tmp_path / 'out/rejects.jsonl'} and {tmp_path / 'out/checked'}" in said
    assert (tmp_path / "out/rejects.jsonl").is_file()
    assert stage2.main([*given, "--dry-run"]) == 0
    assert (
        "the run would stop here: 2 answers at most, 1 of them to train on, and at least 8" in capsys.readouterr().err
    )


def test_rejected_answers_are_written_though_too_few_are_left(finished, endpoint, tmp_path, scenarios, capsys):
    endpoint.answer = lambda question: (200, BAD)
    given = settings(endpoint, tmp_path, f"distill.scenarios={scenarios}", "distill.repair_rounds=0")
    assert stage2.main([f"stage1={finished}", *given]) == 2
    assert "0 answers passed" in capsys.readouterr().err
    rows = [json.loads(line) for line in (tmp_path / "out/rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["reason"] for row in rows] == ["api", "api"]


def test_an_unreachable_teacher_says_how_to_go_on_with_the_experts_answers(
    endpoint, tmp_path, scenarios, finished, capsys
):
    endpoint.answer = lambda question: (402, "Insufficient Balance")
    given = settings(endpoint, tmp_path, f"distill.scenarios={scenarios}", f"distill.experts={shipped_experts()}")
    assert stage2.main([f"stage1={finished}", *given, "--prepare"]) == 1
    said = capsys.readouterr().err
    out = tmp_path / "out"
    assert f"swiftprep stage2 --resume output_dir={out} distill.n=0 distill.scenarios=null\n" in said
    assert f"to go on: swiftprep stage2 --resume output_dir={out} --prepare\n" in said
    assert len((out / "samples.jsonl").read_text(encoding="utf-8").splitlines()) >= 24


def test_distil_with_nothing_to_ask_and_no_experts_is_refused(endpoint, tmp_path, app, capsys):
    assert distill.main(settings(endpoint, tmp_path, app)) == 2
    assert "distill.n=0: nothing to ask" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def answers(count):
    return [
        Sample.from_instruction(f"question {n // 2}", "", f"answer {n}", id=str(n), meta={}) for n in range(2 * count)
    ]


def test_scenarios_are_held_out_whole_and_always_the_same():
    samples = answers(20)
    train, val = split_by_group(samples, 0.2, 42)
    assert len(val) == 8
    assert {s.prompt for s in train}.isdisjoint({s.prompt for s in val})
    again = split_by_group(reversed(samples), 0.2, 42)
    assert {s.id for s in again[1]} == {s.id for s in val}
    assert {s.id for s in split_by_group(samples, 0.2, 43)[1]} != {s.id for s in val}


@pytest.mark.parametrize("seed", range(8))
def test_what_evolved_from_a_scenario_goes_with_it(seed):
    first, other = answers(20)[0], answers(30)[-1]
    child = other.replace(id="child", meta={"parent": first.id})
    grandchild = answers(31)[-1].replace(id="grandchild", meta={"parent": "child"})
    odd = [answers(40)[-n].replace(id=f"odd{n}", meta={"parent": f"odd{3 - n}"}) for n in (1, 2)]  # each other's parent
    for side in split_by_group([grandchild, *answers(20), child, *odd], 0.5, seed):
        assert len({first.id, "child", "grandchild"} & {sample.id for sample in side}) in (0, 3)


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_neither_side_is_empty(fraction):
    assert all(split_by_group(answers(2), fraction, 1))


VALID = {
    "good": ("```vue\n<ta-tag color='red'>x</ta-tag>\n```", True),
    "cut off in its code": ("1. a\n\n```vue\n<ta-card title='x'>\n  <ta-tag color='red'>x</ta-", True),
    "cut off in an attribute": ("```vue\n<ta-card title='x'>\n  <ta-tag :clos", True),
    "bare code": ("<template>\n  <ta-tag>x</ta-tag>\n</template>", True),
    "unknown component": ("```vue\n<ta-card><ta-tagg/></ta-card>\n```", False),
    "another framework": ("```vue\n<el-table :data='x'/>\n```", False),
    "plain HTML": ("```html\n<table><tr><td>x</td></tr></table>\n```", False),
    "prose": ("Use `ta-tag` for that.", False),
    "empty": ("", False),
    "cut off in its script": (GOOD[: GOOD.index("props")], True),
    "cut off after a wrong tag": (BAD[: BAD.index("props")], False),
    "lone surrogate": ("```vue\n<ta-tag>\ud800</ta-tag>\n```", True),
}


@pytest.mark.parametrize(("answer", "valid"), VALID.values(), ids=VALID.keys())
def test_an_answers_api_is_valid(answer, valid, catalog):
    assert api_valid(answer, catalog) is valid


def test_only_questions_about_the_framework_are_scored_by_api(catalog):
    good, prose = VALID["good"][0], VALID["prose"][0]
    rows = [{"set": "s", "id": i, "metric": "rouge-l", "score": 0.5, "answer": good, "reference": r} for i, r in
            enumerate([good, prose])]  # fmt: skip
    assert [(row["set"], row["id"], row["metric"], row["score"]) for row in api_rows(rows, catalog)] == [
        ("s-api", 0, "api", 1.0)
    ]


def row(name, key, score, metric="pass"):
    return {"set": name, "id": key, "metric": metric, "score": score, "prompt": key, "answer": f"{score}"}


def test_the_three_stages_stand_side_by_side():
    found = {
        "base": [row("general", "a", 1.0), row("general", "b", 1.0), row("s", "c", 0.1, "rouge-l")],
        "stage1": [row("general", "a", 1.0), row("general", "b", 0.0), row("s", "c", 0.2, "rouge-l")],
        "stage2": [row("general", "a", 0.0), row("general", "b", 1.0), row("s", "c", 0.6, "rouge-l")],
    }
    general, scenarios = compare_stages(found)
    assert (general["base"], general["stage1"], general["stage2"]) == (1.0, 0.5, 0.5)
    assert (general["kept"], general["kept_of_stage1"], general["lost"]) == (0.5, 0.0, ["a"])
    assert general["forgets"]
    assert (scenarios["base"], scenarios["stage1"], scenarios["stage2"]) == (0.1, 0.2, 0.6)
    assert [(e["id"], e["stage2"]["score"]) for e in examples(found, most=1)] == [("a", 0.0), ("c", 0.6)]


# --- going on from a checkpoint, without a model -------------------------------------------------------------------


@pytest.fixture
def adapter(tmp_path):
    """A runner, and the folder of an adapter that was made for its model."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    folder = tmp_path / "checkpoint-3"
    folder.mkdir()
    config = {"r": 8, "lora_alpha": 32, "lora_dropout": 0.05, "base_model_name_or_path": str(model)}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    write_jsonl(answers(4), tmp_path / "t.jsonl")
    return SwiftRunner(model, tmp_path / "runs", device=None), folder, tmp_path / "t.jsonl"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lora_rank": 16}, r"lora_rank=16: an adapter that is continued keeps its own \(8\)"),
        ({"lora_dropout": 0.1}, r"keeps its own \(0.05\)"),
        ({"target_modules": ["q_proj"]}, "target_modules=.*leave it out"),
        ({"adapters": ["a", "b"]}, "one at a time"),
        ({"adapters": ["none"]}, "none: no such checkpoint"),
        ({"adapters": ["."]}, "no adapter_config.json in it"),
    ],
    ids=str,
)
def test_what_would_be_passed_over_in_silence_is_refused(given, message, adapter):
    runner, folder, data = adapter
    with pytest.raises(ConfigError, match=message):
        runner.command([data], **{"adapters": [str(folder)], **given})


def test_arguments_that_are_the_adapters_own_do_no_harm(adapter):
    runner, folder, data = adapter
    command = runner.command([data], adapters=str(folder), lora_rank=8, lora_alpha=32, learning_rate=1e-5)
    assert f"--adapters {folder}" in command


@pytest.mark.parametrize(
    ("base", "fits"),
    [("{model}", True), ("/moved/away", True), ("Qwen/Qwen2.5-Coder-0.5B", True), ("", True), ("{other}", False)],
)
def test_an_adapter_of_another_model_is_not_merged(base, fits, adapter, tmp_path):
    runner, folder, _ = adapter
    other = tmp_path / "other"
    other.mkdir()
    (folder / "args.json").write_text(json.dumps({"model": base.format(model=runner.model, other=other)}))
    (tmp_path / "checkpoint-3-merged").mkdir()  # so that nothing is merged either way
    with pytest.raises(ConfigError, match="is there already" if fits else f"made for {other}"):
        runner.merge(folder)


def test_two_hub_ids_are_two_models(adapter):
    _, folder, _ = adapter
    (folder / "args.json").write_text('{"model": "Qwen/Qwen2.5-Coder-0.5B"}')
    check_adapter(folder, "Qwen/Qwen2.5-Coder-0.5B")
    with pytest.raises(ConfigError, match=r"made for Qwen/Qwen2.5-Coder-0.5B, not for Qwen/Qwen2.5-Coder-1.5B"):
        check_adapter(folder, "Qwen/Qwen2.5-Coder-1.5B")


def test_a_model_that_ms_swift_wrote_carries_its_template(adapter):
    runner, _, _ = adapter
    (Path(runner.model) / "args.json").write_text('{"model_type": "llama", "template": "chatml"}')
    assert SwiftRunner(runner.model).template == "chatml"
    assert SwiftRunner(runner.model, template="qwen2_5").template == "qwen2_5"


# --- for real ------------------------------------------------------------------------------------------------------


@pytest.mark.xdist_group("stage1")
@pytest.mark.parametrize(
    "start", [pytest.param("continue", marks=pytest.mark.slow), pytest.param("merge", marks=pytest.mark.long)]
)
def test_stage2_goes_on_from_stage1(start, stage1_run, endpoint, scenarios, tmp_path, capsys):
    folder = stage1_run.folder
    given = [
        f"stage1={folder}", f"start={start}", "answer_tokens=8", *stage1_run.settings,
        "sft.max_steps=3", "sft.eval_steps=3", "sft.save_steps=3", "sft.gradient_accumulation_steps=1",
        *settings(endpoint, tmp_path, f"distill.scenarios={scenarios}"), "--lang", "zh", "--json",
    ]  # fmt: skip
    assert stage2.main(given) == 0
    report = json.loads(capsys.readouterr().out)
    out = tmp_path / "out"
    assert report == json.loads((out / "report.json").read_text(encoding="utf-8"))
    before = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    was, now = before["sft"]["eval_loss"]["tuned"], report["sft"]["channels"]["private"]["before"]
    # It begins where stage 1 ended; where weights are bfloat16, a merged adapter loses some digits.
    assert now == pytest.approx(was, abs=0.05 if start == "merge" else 0.02)
    assert report["sft"]["channels"]["distilled"]["after"] < report["sft"]["channels"]["distilled"]["before"]
    assert ("--adapters" in report["sft"]["command"]) is (start == "continue")
    assert (out / "merged" / "config.json").is_file() is (start == "merge")
    assert {found["name"] for found in report["eval"]} >= {"general", "held-out", "scenarios", "scenarios-api"}
    assert [row["channel"] for row in report["mix"]["plan"]] == ["private", "private", "general"]
    assert report["check"]["read"] + report["check"]["held_out"] == report["distilled"]["kept"] == 32
    for name in ("loss.png", "coverage.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "第二阶段：ta404" in text
    assert load(Stage2Config, out / "config.yaml").sft["max_steps"] == 3


@pytest.mark.long
@pytest.mark.xdist_group("stage1")
def test_a_merged_model_answers_as_its_adapter(stage1_run, model, tmp_path):
    checkpoint = next((stage1_run.folder / "sft").glob("v*/checkpoint-8"))
    probes = stage1_run.folder / "probes.jsonl"
    runner = SwiftRunner(model, tmp_path / "runs", **demo.MODEL_ARGUMENTS)
    whole = SwiftRunner(runner.merge(checkpoint, tmp_path / "merged"), tmp_path / "runs")
    of_adapter = [row["answer"] for row in runner.eval(checkpoint, probes, max_new_tokens=12).rows]
    assert [row["answer"] for row in whole.eval(None, probes, max_new_tokens=12).rows] == of_adapter


@pytest.mark.slow
@pytest.mark.xdist_group("stage1")
def test_an_adapter_is_merged_once_and_whole(stage1_run, model, tmp_path):
    checkpoint = next((stage1_run.folder / "sft").glob("v*/checkpoint-8"))
    runner = SwiftRunner(model, tmp_path / "runs", **demo.MODEL_ARGUMENTS)
    merged = runner.merge(checkpoint, tmp_path / "merged")
    assert runner.merge(checkpoint, tmp_path / "merged") == merged  # nothing is done twice
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    whole = SwiftRunner(merged, tmp_path / "runs")
    assert {"model_type": whole.model_type, "template": whole.template} == demo.MODEL_ARGUMENTS
    (merged / "swiftprep-merge.json").write_text('{"adapter": "another"}')
    with pytest.raises(ConfigError, match="is there already, and is not this merge"):
        runner.merge(checkpoint, merged)
    write_jsonl(answers(4), tmp_path / "t.jsonl")
    with pytest.raises(ConfigError, match=r"lora_rank=16: an adapter that is continued keeps its own \(8\)"):
        runner.sft([tmp_path / "t.jsonl"], adapters=[str(checkpoint)], lora_rank=16, dry_run=True)
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    (broken / "adapter_model.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(RunError):
        runner.merge(broken)
    assert [path.name for path in tmp_path.iterdir() if "broken" in path.name] == ["broken"]  # nothing half-made
