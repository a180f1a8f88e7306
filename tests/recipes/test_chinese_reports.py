"""Reports in Chinese hold no English sentence, and what a person reads of experts' and teachers' answers."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from test_report import DISTILLED, REPORT

from swiftprep import Limits, Monitor, Scenario, Teacher
from swiftprep.distill.planning.intents import INTENTS
from swiftprep.distill.result import Result, ScenarioRecord
from swiftprep.errors import DistillStopped
from swiftprep.quality.checker import Checker
from swiftprep.reasons import name_of
from swiftprep.recipes import distill
from swiftprep.recipes.shared.asking import place_in_words
from swiftprep.recipes.shared.report_files import write_markdown
from swiftprep.records import Sample
from swiftprep.train.verdict_texts import FIXES, TEXTS

CODE = re.compile(r"(`{3,}).*?\n\1|`[^`\n]*`|!\[[^]]*\]\([^)]*\)|[（(][a-z-]+[)）]", re.S)
# Four words of letters with nothing but spaces between them; `learning_rate=5e-5` is none.
SENTENCE = re.compile(r"(?<![\w=./-])[A-Za-z]+(?:[ ,;:]+[A-Za-z]+(?![\w=./-])){3,}")
LOGS = {
    "normal": [(0, 2.0), (9, 1.6), (18, 1.5)],
    "overfitting": [(0, 2.0), (9, 1.2), (18, 1.9)],
    "not-learning": [(0, 2.0), (9, 2.01), (18, 2.0)],
    "too-few": [(18, 1.5)],
}


def verdict(name: str) -> dict[str, Any]:
    rows = [{"step": step, "eval_loss": loss} for step, loss in LOGS[name]]
    rows += [{"step": step, "loss": 2.0 - step / 18} for step in range(1, 18)]
    return asdict(Monitor(sorted(rows, key=lambda row: row["step"])).verdict("zh"))


def sentences(text: str) -> list[str]:
    return SENTENCE.findall(CODE.sub(" ", text))


STAGE2: dict[str, Any] = {
    **REPORT,
    "framework": "ta404",
    "config": {"start": "continue"},
    "sft": {**REPORT["sft"], "channels": {"distilled": {"before": 2.0, "after": 1.5}, "private": {"before": 1.0, "after": 1.1}}},
    "mix": {**REPORT["mix"], "rehearsal": 8},
    "check": {"read": 9, "kept": 8, "held_out": 2},
    "eval": [
        {**REPORT["eval"][0], "stage1": 0.5, "stage2": 0.4},
        *({**REPORT["eval"][1], "name": name, "metric": metric, "stage1": 0.2, "stage2": 0.3}
          for name, metric in (("held-out", "rouge-l"), ("scenarios", "rouge-l"), ("scenarios-api", "api"))),
    ],
    "examples": [{**example, "stage1": example["base"], "stage2": example["tuned"]} for example in REPORT["examples"]],
    "distilled": {
        "experts": {"asked": 9, "answered": 8, "rejected": 1},
        "teacher": {"identity": "deepseek-chat", "host": "api.example"},
        "asked": {"asked": 5, "answered": 0, "rejected": 5, "reasons": {"api": 3, "no-answer": 2},
                  "usage": {"calls": 5, "tokens": 900, "cost": None}},
    },
}  # fmt: skip
RATES = [
    {"by": by, "name": name, "asked": 9, "answered": 8, "first_try": 5, "repaired": 1, "kept": 6, "first_try_rate": 0.625,
     "kept_rate": None}
    for by, name in [("all", ""), *(("intent", name) for name in [*INTENTS, "other"]), ("lang", "zh"), ("component", "ta-tag")]
]  # fmt: skip
DISTILL: dict[str, Any] = {
    **DISTILLED,
    "config": {"scan": {"framework": "ta404"}},
    "experts": {"asked": 9, "answered": 8, "rejected": 1, "pass_rates": RATES},
    "teacher": {"identity": "deepseek-chat", "host": "api.example"},
    "asked": {**DISTILLED["asked"], "answered": 0, "pending": 2, "stopped": "", "pass_rates": RATES,
              "neutralised": dict.fromkeys(("hidden", "delimiter", "token", "instruction", "secret"), 2)},
    "rejected": [
        {"instruction": "如何分页？", "place": "答案.xlsx:问答!12", "tries": 1, "reason": "api",
         "detail": "<ta-tagg> is not a known component", "detail_zh": "没有 <ta-tagg> 这个组件"},
        {"instruction": "如何校验？", "place": "", "tries": 3, "reason": "syntax", "detail": "it is not valid at all",
         "detail_zh": "语法错误"},
    ],
    "rejected_in_all": 30,
    "shown": [{"prompt": "如何分页？", "intent": "paging", "generator": "expert", "answer": "用 `ta-table`。"}],
    "seconds": {"scan": 1.0, "distil": 2.0},
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize(("recipe", "report"), [("stage1", REPORT), ("stage2", STAGE2)], ids=["stage1", "stage2"])
def test_a_report_of_training_in_chinese_holds_no_english_sentence(tmp_path, recipe, report, name):
    seconds = dict.fromkeys(("scan", "distil", "check", "mix", "merge", "sft", "eval"), 1.5)
    report = {**report, "verdict": verdict(name), "seconds": seconds}
    text = write_markdown(report, tmp_path / "r.md", "zh", recipe).read_text(encoding="utf-8")
    assert sentences(text) == []
    for part in ("第 18 步", "训练 1.5 秒", "通用题：答对的比例，9 题", "留出组件：与参考答案的 ROUGE-L（0 到 1）"):
        assert part in text or (part == "第 18 步" and name == "too-few")
    assert "拒绝" not in text
    assert re.search(r"\b(?:private|general|held-out)\b", CODE.sub(" ", text).replace("g.jsonl", "")) is None


def test_a_report_of_distilling_in_chinese_holds_no_english_sentence(tmp_path):
    text = write_markdown(DISTILL, tmp_path / "r.md", "zh", "distill").read_text(encoding="utf-8")
    assert sentences(text) == []
    assert "| 如何分页？ | 答案.xlsx:问答!12 | 1 | API 不存在或用法有误（api） | 没有 &lt;ta-tagg> 这个组件 |" in text
    assert "| 意图 | 分页列表 | 9 |" in text
    assert "意图：分页列表；来自专家" in text
    assert "扫描 1.0 秒，蒸馏 2.0 秒" in text
    assert "没有一条通过验证" in text
    stopped = "h: it never answered (没有得到任何回答); is the server running? (请确认服务已启动 (或重启)): HTTP 500"
    report = {**DISTILL, "asked": {**DISTILL["asked"], "stopped": stopped}}
    text = write_markdown(report, tmp_path / "r.md", "zh", "distill").read_text(encoding="utf-8")
    assert "**提前结束：没有得到任何回答；请确认服务已启动 (或重启)**" in text
    assert "没有一条通过验证" not in text, "it gave no answer that could pass"
    assert sentences(text) == []
    assert "拒绝" not in text


def test_the_same_report_in_english_names_the_reason_and_the_place(tmp_path):
    text = write_markdown(DISTILL, tmp_path / "r.md", "en", "distill").read_text(encoding="utf-8")
    row = "| uses API that does not exist (api) | &lt;ta-tagg> is not a known component |"
    assert f"| 如何分页？ | 答案.xlsx:问答!12 | 1 {row}" in text
    assert not re.search("[\u4e00-\u9fff]", re.sub(r"`{3}.*|.*如何.*|来自.*|用 `.*", "", text))


def test_the_quality_page_of_rejects_says_why_in_chinese(tmp_path):
    twice = [Sample.from_instruction("如何分页？", "", "用 ta-pagination 组件。", id=name) for name in "ab"]
    result = Checker().run(
        [*twice, Sample.from_instruction("如何校验表单？", "", "抱歉，我无法回答这个问题。", id="c")]
    )
    page = result.to_html(tmp_path / "q.html", lang="zh").read_text(encoding="utf-8")
    assert "重复（duplicate）" in page
    assert "拒绝回答（refusal）" in page
    assert all(reject.detail_zh for reject in result.rejected)
    assert sentences(" ".join(reject.detail_zh for reject in result.rejected)) == []


@pytest.mark.parametrize("rows", [[{"epoch": 1.0, "eval_loss": 2.0}, {"epoch": 2.0, "eval_loss": 1.0}]])
def test_a_verdict_counts_in_what_the_log_counts_in(rows):
    assert "验证损失：第 1 轮为 2.000，第 2 轮为 1.000，下降 50%" in Monitor(rows).verdict("zh").evidence


def test_an_english_sentence_would_be_found():
    assert sentences("- 结论：the loss rose again today") == ["the loss rose again today"]
    assert sentences("设置 load_best_model_at_end=true、eval_steps 与 save_steps；`swift sft --model x y z`") == []


def test_no_text_of_a_verdict_in_chinese_is_english():
    for text in [*TEXTS["zh"].values(), *(fix for fixes in FIXES["zh"].values() for fix in fixes)]:
        assert sentences(text) == []
        assert " 处" not in text


# --- a teacher that never answers -------------------------------------------------------------------------------


@pytest.fixture
def gone(monkeypatch) -> Iterator[str]:
    """A teacher whose address nobody listens at, and who is not asked twice."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        teacher = Teacher(url, "m", limits=Limits(concurrency=25, attempts=1))
        monkeypatch.setattr("swiftprep.recipes.shared.asking.make_teacher", lambda config: teacher)
        yield url


@pytest.mark.parametrize("n", [1, 2, 5, 25])
def test_a_teacher_that_never_answers_fails_the_recipe_and_loses_nothing(tmp_path, gone, n, capsys):
    out = tmp_path / "out"
    assert distill.main(["scan.path=demo", f"distill.n={n}", f"output_dir={out}", "--lang", "zh"]) == 1
    told = capsys.readouterr().err
    assert "is the server running" in told
    assert "请确认服务已启动" in told
    assert "继续运行：" in told
    rows = (out / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) >= 24, "the experts' answers are written first"
    assert "**提前结束：" in (out / "report.md").read_text(encoding="utf-8")


def test_what_an_earlier_run_wrote_is_not_replaced_by_less(tmp_path, gone, monkeypatch):
    out, argv = tmp_path / "out", ["scan.path=demo", "distill.n=0", "--json"]
    assert distill.main([*argv, f"output_dir={out}"]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    stop = DistillStopped("the disk is full (磁盘已满)", kind="store")
    stop.result = Result([ScenarioRecord(Scenario("没有问到的场景"))])

    def run(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr("swiftprep.distill.distiller.Distiller.run", run)
    assert distill.main(["scan.path=demo", "distill.n=2", f"output_dir={out}"]) == 1
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name in before} == before


# --- experts ----------------------------------------------------------------------------------------------------


BAD = "1. 用 color。\n2. 用 closable。\n```vue\n<template><ta-tag colr='red' /></template>\n```"


@pytest.fixture
def experts(tmp_path: Path) -> Path:
    folder = tmp_path / "experts"
    folder.mkdir()
    (folder / "a.md").write_text(f"# 如何用 ta-tag 展示状态？\n\n{BAD}\n\n# 没有答案的问题？\n", encoding="utf-8")
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "问答"
    for row in (["问题", "答案"], ["如何用 ta-tag 表示紧急？", BAD], ["如何关闭 ta-tag？", BAD]):
        sheet.append(row)
    book.save(folder / "b.xlsx")
    return folder


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("C", "experts 0 of 4 answers pass ({path}): 4 rejected, 3 of them: uses API that does not exist (api), such as "
              "a.md:1: code block 1, line 1: <ta-tag> has no prop 'colr'"),
        ("zh_CN.UTF-8", "专家    4 条回答中 0 条通过（{path}）；剔除 4 条，其中 3 条因为 API 不存在或用法有误（api），例如 a.md:1："
                        "第 1 个代码块第 1 行：<ta-tag> 没有属性 'colr'"),
    ],
    ids=["en", "zh"],
)  # fmt: skip
def test_experts_rejects_name_their_places_and_the_main_reason(tmp_path, experts, locale, said, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", locale)
    out = tmp_path / "out"
    assert distill.main(["scan.path=demo", f"distill.experts={experts}", "distill.n=0", f"output_dir={out}"]) == 0
    assert said.format(path=experts) in capsys.readouterr().err
    rejects = [json.loads(line) for line in (out / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["path"] for row in rejects] == ["a.md:1", "b.xlsx:问答!2", "b.xlsx:问答!3", "a.md:9"]
    assert "没有属性 'colr'" in rejects[0]["detail_zh"]
    assert "has no prop 'colr'" in rejects[0]["detail"]
    text = (out / "report.md").read_text(encoding="utf-8")
    wrong, missing = (name_of(reason, "en" if locale == "C" else "zh") for reason in ("api", "no-answer"))
    assert f"| 如何关闭 ta-tag？ | b.xlsx:问答!3 | 1 | {wrong} |" in text
    assert f"| — | a.md:9 | 0 | {missing} |" in text


def test_a_place_in_a_sheet_is_said_in_words():
    assert place_in_words("b.xlsx:问答!3", "zh") == "b.xlsx 的工作表“问答”第 3 行"
    assert place_in_words("b.xlsx:Sheet1!3", "en") == "b.xlsx, sheet Sheet1, row 3"
    assert place_in_words("c.csv:3", "zh") == "c.csv:3"


# --- loss.png -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("font", "labels"),
    [
        ("DejaVu Sans", ["训练损失", "验证损失（vue）", "步数", "损失"]),
        ("", ["train loss", "eval loss (vue)", "step", "loss"]),
    ],
    ids=["a Chinese font", "none"],
)
def test_losses_are_labelled_in_chinese_where_it_can_be_drawn(font, labels, monkeypatch):
    monkeypatch.setattr("swiftprep.train.loss_plot.font_for", lambda lang: font)
    rows = [{"step": 0, "eval_vue_loss": 2.0}, {"step": 1, "loss": 2.0}, {"step": 1, "eval_vue_loss": 1.0}]
    axes = Monitor(rows).plot(lang="zh").axes[0]
    drawn = [str(line.get_label()) for line in axes.get_lines()] + [axes.get_xlabel(), axes.get_ylabel()]
    assert drawn == labels
