"""What a person reads is in the language of the console; the samples are in that of `scan.lang`."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from test_report import DISTILLED, REPORT

import swiftprep
from swiftprep import ConfigError, Monitor
from swiftprep.reasons import NAMES
from swiftprep.recipes import check, distill, report
from swiftprep.recipes.shared.command_line import speak_in
from swiftprep.recipes.shared.report_files import markdown
from swiftprep.recipes.shared.tables import table_text
from swiftprep.recipes.shared.training import verdict_facts

CHINESE = re.compile("[\u4e00-\u9fff]")
ROW = {
    "messages": [
        {"role": "user", "content": "How does paging work?"},
        {"role": "assistant", "content": "With a pager."},
    ]
}
RISING = (
    "Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193\nEpoch 2/3: Train Loss: 0.892, Eval Loss: 1.215\n"
    "Epoch 3/3: Train Loss: 0.515, Eval Loss: 1.897\n"
)


@pytest.fixture(autouse=True)
def _as_before():
    yield
    speak_in(None)


@pytest.mark.parametrize(
    ("lang", "title", "said"),
    [("en", "# Distillation", "samples are in Chinese; scan.lang=en for English"), ("zh", "# 蒸馏", "")],
    ids=["en", "zh"],
)
def test_a_report_is_in_the_language_of_the_console_whatever_that_of_the_samples(tmp_path, lang, title, said, capsys):
    out = tmp_path / "out"
    argv = ["scan.path=demo", "scan.lang=zh", "distill.n=0", f"output_dir={out}", "--lang", lang]
    assert distill.main(argv) == 0
    assert (out / "report.md").read_text(encoding="utf-8").startswith(title)
    printed = capsys.readouterr().err
    assert printed.count("samples are in Chinese") == printed.count(said or "samples are in") == bool(said)


@pytest.mark.parametrize(
    ("given", "page"), [([], "en"), (["--lang", "zh"], "zh"), (["lang=zh"], "zh"), (["--lang", "zh", "lang=en"], "en")]
)
def test_the_page_of_a_check_is_in_the_language_of_the_console_unless_it_is_set(tmp_path, jsonl, given, page):
    out = tmp_path / "out"
    assert check.main([str(jsonl("a.jsonl", [ROW])), f"output_dir={out}", *given]) == 0
    assert f'"lang":"{page}"' in (out / "report.html").read_text(encoding="utf-8").replace(": ", ":")


def test_a_check_that_finds_nothing_says_so(jsonl, tmp_path, capsys):
    for lang, said in (("en", "no findings"), ("zh", "没有发现问题")):
        assert check.main([str(jsonl("a.jsonl", [ROW])), f"output_dir={tmp_path / lang}", "--lang", lang]) == 0
        printed = capsys.readouterr().err
        assert said in printed.splitlines()
        assert "Empty" not in printed


def test_tables_are_in_chinese_and_straight():
    plan = pd.DataFrame(
        {"source": ["a.jsonl", "数据.jsonl"], "channel": ["private", "general"], "available": [3, None]}
    )
    lines = table_text(plan.astype({"available": "Int64"}).assign(tokens=None), "zh").splitlines()
    assert [line.split() for line in lines] == [
        ["来源", "通道", "可用条数"], ["a.jsonl", "私有", "3"], ["数据.jsonl", "通用", "未知"]
    ]  # fmt: skip
    assert len({sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in line) for line in lines}) == 1
    outcomes = pd.DataFrame({"operation": ["fim", "fim"], "outcome": ["made", "other-kind"], "samples": [1, 2]})
    text = table_text(outcomes, "zh")
    assert "补全（fim）" in text
    assert "不适用于这类样本（other-kind）" in text
    assert "other-kind" in table_text(outcomes, "en")


def test_every_outcome_of_augment_has_a_name():
    ids = set()
    for path in Path(swiftprep.__file__).parent.joinpath("augment").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        ids |= set(re.findall(r'return (?:.* (?:else|or) )?"([a-z]+-[a-z]+)"', text))
    assert {"other-kind", "no-context", "nothing-fits"} <= ids <= NAMES.keys()


@pytest.mark.parametrize(("lang", "questions"), [("zh", {"zh"}), ("en", {"en"})])
def test_the_questions_that_are_planned_are_in_the_language_of_the_samples(tmp_path, lang, questions, capsys):
    argv = ["scan.path=demo", f"scan.lang={lang}", "distill.n=3", f"output_dir={tmp_path / 'o'}", "--dry-run", "--json"]
    assert distill.main(argv) == 0
    asked = json.loads(capsys.readouterr().out)["scenarios"]
    assert {"zh" if CHINESE.search(question) else "en" for question in asked} == questions


def test_a_verdict_is_stored_in_both_languages_and_a_report_takes_its_own():
    facts = verdict_facts(Monitor.read(RISING), "zh")
    assert facts["verdict"] == facts["verdicts"]["zh"]
    english = markdown({**REPORT, **facts}, "en", "stage1")
    assert "- do: " in english
    assert not CHINESE.search(english)
    assert "- 建议：" in markdown({**REPORT, **facts}, "zh", "stage1")
    assert "- do: stop" in markdown(REPORT, "en", "stage1"), "a report of an earlier version has one language"


@pytest.mark.parametrize(
    ("lang", "first", "against"), [("zh", "结论：过拟合", "  但是："), ("en", "verdict: overfitting", "  but: ")]
)
def test_the_verdict_on_a_log_is_in_words_with_what_speaks_against_it(tmp_path, lang, first, against, capsys):
    log = tmp_path / "logging.jsonl"
    rows = [
        {"step": step, "epoch": step / 5, "loss": 2 - step / 10, "eval_loss": loss, "eval_token_acc": 0.5 + step / 100}
        for step, loss in ((1, 1.5), (5, 1.2), (10, 1.6), (15, 2.0))
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert report.main([str(log), "--lang", lang]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == first
    assert any(line.startswith(against) for line in lines)
    assert any(line.startswith("  → ") for line in lines)


def test_a_verdict_in_another_language_is_refused():
    with pytest.raises(ConfigError, match="'zh' or 'en' is expected"):
        Monitor.read(RISING).verdict("中文")  # type: ignore[arg-type]


def test_a_language_that_is_missing_is_asked_for(capsys):
    assert report.main(["--lang"]) == 2
    assert "zh or en is expected" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", [None, "acme"])
def test_a_report_of_distilling_without_a_name_or_an_intent_has_no_hole(lang, name):
    shown = [{"prompt": "q", "intent": "", "generator": "expert", "answer": "a"}]
    text = markdown(
        {**DISTILLED, "config": {"scan": {"framework": None}}, "framework": name, "shown": shown}, lang, "distill"
    )
    colon = "：" if lang == "zh" else ": "
    title = "# 蒸馏" if lang == "zh" else "# Distillation"
    assert text.splitlines()[:2] == [title + (f"{colon}{name}" if name else ""), ""]
    assert ("意图：未注明；来自专家" if lang == "zh" else "By an expert") in text.splitlines()
