from __future__ import annotations

import copy
import re
from typing import Any

import pandas as pd
import pytest

from swiftprep import Monitor
from swiftprep.recipes.shared.report_files import write_markdown, write_report
from swiftprep.train.loss_plot import plot_losses

REPORT: dict[str, Any] = {
    "config": {"scan": {"framework": "ta404"}},
    "scan": {"root": "app", "found": 12, "kept": 10, "train": 8, "held_out": 2, "secrets": 3, "rejected": {"ignored": 2}},
    "mix": {
        "ratio": "40:60",
        "plan": [
            {"source": "a|b.jsonl", "channel": "private", "available": 8, "taken": 8, "repeats": 1.0, "share": 0.4,
             "tokens": 900},
            {"source": "g.jsonl", "channel": "general", "available": 99, "taken": 12, "repeats": 0.12, "share": 0.6,
             "tokens": None},
        ],
    },
    "sft": {
        "command": "swift sft", "max_length": 512, "longer_than_max_length": 3, "best_checkpoint": "c", "steps": 9,
        "rows": {"planned": 20, "trained": 18, "held_out": 2},
        "eval_loss": {"base": 2.0, "tuned": 1.5, "last": 1.6},
    },
    "eval": [
        {"name": "general", "metric": "pass", "questions": 9, "base": 0.5, "tuned": 0.4, "kept": 0.75,
         "lost": ["probe-1"], "gained": [], "forgets": True},
        {"name": "held-out", "metric": "rouge-l", "questions": 2, "base": 0.1, "tuned": 0.3, "kept": None,
         "lost": [], "gained": [], "forgets": False},
    ],
    "examples": [
        {"prompt": "capital?", "metric": "pass", "base": {"answer": "Paris", "score": 1},
         "tuned": {"answer": "<template>\n| x |\n</template>", "score": 0}},
        {"prompt": "code?", "metric": "rouge-l", "base": {"answer": "a", "score": 0.1},
         "tuned": {"answer": "b", "score": 0.25}},
    ],
    "verdict": {"kind": "overfitting", "evidence": ["up"], "counter": ["but"], "fixes": ["stop"]},
    "seconds": {"sft": 1.0},
    "versions": {"torch": "2"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "kind"), [("en", "## Verdict: overfitting"), ("zh", "## 结论：过拟合（overfitting）")]
)
def test_the_report_says_what_matters(tmp_path, lang, kind):
    text = write_markdown(REPORT, tmp_path / "r.md", lang).read_text(encoding="utf-8")
    assert kind in text
    for part in ("2.000", "1.500", "75%", "probe-1", "mix.ratio=30:70", "max_length", "![", "swift sft"):
        assert part in text
    assert "&lt;template> \\| x \\| &lt;/template>" in text  # model output cannot break the table or be taken for HTML
    assert "a\\|b.jsonl" in text
    assert "| ✓ Paris | ✗ &lt;template>" in text
    assert "| (0.10) a | (0.25) b |" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_run_without_a_step_0_evaluation_or_lost_rows(tmp_path, lang):
    report = copy.deepcopy(REPORT)
    report["sft"]["eval_loss"] = {"base": None, "tuned": None, "last": None}
    report["sft"]["rows"]["trained"] = 20
    report["sft"]["longer_than_max_length"] = 0
    text = write_markdown(report, tmp_path / "r.md", lang).read_text(encoding="utf-8")
    assert "max_length" not in text


@pytest.mark.slow
def test_the_plot_shows_both_losses(tmp_path):
    log = Monitor([{"step": 0, "eval_loss": 2.0}, {"step": 1, "loss": 1.5}, {"step": 1, "eval_loss": 1.4}]).log
    figure: Any = plot_losses(log, tmp_path / "loss.png", lang="en")
    train, held_out = figure.axes[0].get_lines()
    assert train.get_xydata().tolist() == [[1, 1.5]]
    assert held_out.get_xydata().tolist() == [[0, 2.0], [1, 1.4]]
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_plot_over_epochs():
    figure = plot_losses(pd.DataFrame({"epoch": [1.0, 2.0], "loss": [2.0, 1.0]}), lang="en")
    assert figure.axes[0].get_xlabel() == "epoch"


@pytest.mark.slow
def test_each_evaluation_set_has_its_line(tmp_path):
    rows = [{"step": s, "eval_a_b_loss": 2.0 - s, "eval_c_loss": 1.0 + s} for s in (0, 1)]
    lines = plot_losses(Monitor(rows).log, lang="en").axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["eval loss (a_b)", "eval loss (c)"]
    assert len({line.get_color() for line in lines}) == 2


FENCE = "`" * 3
HOSTILE = f"""1. Look.

{FENCE}vue
<script>steal()</script>
{FENCE}
~~~
````
<img src=x onerror=steal()> ![x](http://evil.example/p.png) [here](javascript:steal())
| a | b |
\x1b[2J done
"""
DISTILLED: dict[str, Any] = {
    "config": {"scan": {"framework": "ta404 <b>"}}, "kept": 1, "components": {"all": 2, "covered": 1}, "experts": None,
    "teacher": {"identity": "m`<img src=x>`", "host": "h"}, "seconds": {"scan": 1.0}, "rejected_in_all": 1,
    "asked": {
        "asked": 1, "answered": 1, "rejected": 1, "pending": 0, "stopped": "\x1b[31m<img src=x>", "neutralised": {},
        "usage": {"calls": 1, "cached": 0, "tokens_in": 1, "tokens_out": 1, "cost": None}, "pass_rates": [],
    },
    "rejected": [{"place": "", "detail_zh": HOSTILE, "instruction": "\\[a](javascript:x) www.evil.example", "tries": 1, "reason": "[r](https://evil.example)", "detail": HOSTILE}],
    "shown": [{"prompt": HOSTILE, "intent": "![i](x)", "generator": "<script>", "answer": HOSTILE}],
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_that_others_wrote_is_live_in_a_report(tmp_path, lang):
    write_report(DISTILLED, tmp_path, lang, "distill")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    opening = "`" * 5 + "markdown\n"
    assert text.count(opening) == 1
    before, _, rest = text.partition(opening)
    answer, _, after = rest.partition("\n" + "`" * 5 + "\n")
    assert answer == HOSTILE.replace("\x1b", "\\u001b").strip("\n") + "\n"
    outside = re.sub(r"!\[\w+\]\(coverage\.png\)", "", before + after)
    assert not re.search(r"(?<!\\)\[|<(?!\w+ \w+>)[a-z/]|javascript\(|https?:/|www\.", outside)
    assert "\\\\[" not in outside  # an escaped backslash, and a bracket that is live
    assert text.replace("\n", "").isprintable()
    assert "\x1b" not in (tmp_path / "report.json").read_text(encoding="utf-8")


def test_a_command_stays_one_that_can_be_copied(tmp_path):
    command = "swift sft \\\n    --dataset '[a]<b>.jsonl' --x `y` | z"
    report = copy.deepcopy(REPORT)
    report["sft"]["command"] = command
    assert f"{FENCE}bash\n{command}\n{FENCE}" in write_markdown(report, tmp_path / "r.md", "en").read_text(
        encoding="utf-8"
    )
