"""The checker as a whole: every row is accounted for, and what is kept stays kept."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from present import present

from swiftprep import Sample, Scanner, demo, read_jsonl, write_jsonl
from swiftprep.errors import ConfigError
from swiftprep.quality.checker import RULES, Checker
from swiftprep.quality.report.checked_rows import COLUMNS, GAP
from swiftprep.quality.report.report import extracts
from swiftprep.quality.rule import drop, fix, warn

KEY = "sk-" + "a1B2c3D4e5F6g7H8" * 2


def qa(question: str, answer: str, id: str = "", **meta: object) -> Sample:
    return Sample.from_instruction(question, "", answer, id=id, meta=meta)


def many(count: int) -> list[Sample]:
    """Different questions with different answers, none of them near another."""
    draw = random.Random(5)
    words = [
        f"{a}{b}"
        for a in "red green blue round small heavy".split()
        for b in "Table Chart Dialog Button Tree Menu".split()
    ]

    def text(size: int) -> str:
        return " ".join(draw.choices(words, k=size))

    return [
        qa(f"How do I show {text(6)} on the page?", f"First, import {text(12)}. Then show it.", str(i))
        for i in range(count)
    ]


def test_every_row_is_accounted_for():
    samples = [
        *many(5),
        qa("Close the tag, please.", "It is done like this:\n\n```html\n<b>x</b>", "open"),
        qa("对话框要怎样关闭？", "抱歉，我无法回答这个问题。", "refused"),
        Sample([], id="nothing"),
    ]
    report = Checker().run(samples, source="mine.jsonl")
    assert report.read == len(report.kept) + len(report.rejected) == len(samples)
    assert [s.id for s in report.kept] == ["0", "1", "2", "3", "4", "open"]
    assert [(r.path, r.reason) for r in report.rejected] == [("6", "refusal"), ("7", "form")]
    assert [s.id for s in report.repaired] == ["open"]
    before, after = report.changes[0]
    assert (before, after) == (samples[5], report.kept[5])
    assert list(report.findings.columns) == COLUMNS
    assert set(report.findings["source"]) == {"mine.jsonl"}
    told = report.findings.set_index("id").loc["open"]
    assert (told["rule"], told["severity"]) == ("truncated", "fix")
    assert told["after"].endswith("```")
    assert report.counts()["rows"].sum() == 3
    assert report.rejected[0].sample == samples[6]


@pytest.mark.slow
def test_what_is_kept_is_kept_again():
    scan = Scanner(demo.app(), framework="ta404").scan()
    first = Checker(catalog=scan.catalog).run(scan.samples)
    assert len(first.kept) > 0.9 * first.read
    again = Checker(catalog=scan.catalog).run(first.kept)
    assert again.kept == first.kept
    assert not again.rejected
    assert not again.changes


def test_a_rule_of_ones_own_is_one_function():
    def internal_host(sample):
        return drop("names an internal host") if "corp.example" in sample.answer else None

    def full_stop(sample):
        if sample.answer.endswith("。") or not sample.answer.endswith("字"):
            return None
        turns = [*sample.messages[:-1], {"role": "assistant", "content": sample.answer + "。"}]
        return fix(sample.replace(messages=turns), "has no full stop")

    def mentions_wiki(sample):
        return warn("mentions the wiki") if "wiki" in sample.prompt else None

    samples = [
        qa("Where is the wiki?", "At wiki.corp.example."),
        qa("Who keeps the wiki?", "Everybody does."),
        qa("春天的春是什么意思？", "这是一个表示季节的字"),
    ]
    report = Checker(rules=[*RULES, internal_host, full_stop, mentions_wiki]).run(samples)
    assert [r.reason for r in report.rejected] == ["internal-host"]
    assert [s.answer for s in report.kept] == ["Everybody does.", "这是一个表示季节的字。"]
    assert list(report.findings["rule"]) == ["internal-host", "mentions-wiki", "full-stop"]


def test_a_rule_that_fails_is_named():
    def broken(sample):
        raise KeyError("oops")

    with pytest.raises(ConfigError, match=r"rule 'broken' failed on sample 0: KeyError"):
        Checker(rules=[broken]).run(many(1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"near_duplicate_threshold": "x"}, "near_duplicate_threshold='x': expected a similarity"),
        ({"held_out": 5}, "held_out=5: expected a list"),
        ({"held_out": [5]}, "held_out=5: expected a list of paths, samples or results"),
        ({"workers": 1001}, "workers=1001: expected 1 or more"),
        ({"row_seconds": "3"}, "row_seconds='3'"),
        ({"rules": [lambda sample: 5]}, "failed on sample 0: TypeError: it returned 5, and not fix"),
    ],
    ids=lambda given: "".join(given) if isinstance(given, dict) else "",
)
def test_what_is_no_setting_is_told(given, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        Checker(**given).run(many(1))


def test_samples_files_and_results_are_checked_alike(tmp_path):
    samples = many(6)
    write_jsonl(samples[3:], tmp_path / "data.jsonl")
    first = Checker().run(samples[:3])
    report = Checker().run([first, tmp_path / "data.jsonl"])
    assert [sample.id for sample in report.kept] == [sample.id for sample in samples]
    assert [row.place for row in report.rows] == ["0", "1", "2", *(f"{tmp_path / 'data.jsonl'}:{n}" for n in (1, 2, 3))]
    for alone in (str(tmp_path / "data.jsonl"), tmp_path / "data.jsonl"):
        assert Checker().run(alone).rows == Checker().run_files(alone).rows == report.rows[3:]


def test_a_report_answers_to_the_names_all_results_share(tmp_path):
    report = Checker().run([*many(2), qa("对话框要怎样关闭？", "抱歉，我无法回答这个问题。")])
    assert (report.samples, report.rejects) == (report.kept, report.rejected)
    assert report.reasons() == {"refusal": 1}
    assert report.save(tmp_path / "out")["kept"].is_file()


def test_levels_change_what_becomes_of_a_finding():
    samples = [*many(2), qa("对话框要怎样关闭？", "抱歉，我无法回答这个问题。")]
    assert len(Checker(levels={"refusal": "warn"}).run(samples).kept) == 3
    assert Checker(levels={"refusal": "off"}).run(samples).findings.empty
    todo = [qa("How do I close a dialog?", "First call `close`.\nThen wait.\nTODO: more.\nThat is all.\nReally all.")]
    assert Checker().run(todo).kept == todo
    assert Checker(levels={"placeholder": "drop"}).run(todo).rejected[0].reason == "placeholder"
    with pytest.raises(ConfigError, match=r"no rule 'refusl' \(did you mean 'refusal'\?\)"):
        Checker(levels={"refusl": "off"})
    with pytest.raises(ConfigError, match="expected 'off', 'warn' or 'drop'"):
        Checker(levels={"refusal": "maybe"})  # type: ignore[dict-item]
    with pytest.raises(ConfigError, match="near_duplicate_threshold=2"):
        Checker(near_duplicate_threshold=2)


def test_copies_go_and_the_evaluation_side_wins(tmp_path):
    one, two, three = many(3)
    copy = one.replace(id="copy", messages=[{**m, "content": m["content"].replace(" ", "  ")} for m in one.messages])
    held = two.replace(id="held", meta={"split": "val"})
    report = Checker().run([one, copy, two, held, three])
    assert {(present(r.sample).id, r.reason) for r in report.rejected} == {("copy", "duplicate"), ("1", "duplicate")}
    file = tmp_path / "val.jsonl"
    write_jsonl([three], file)
    for held_out in ([three], file, [str(file)]):
        report = Checker(held_out=held_out).run([one, three])
        assert [s.id for s in report.kept] == ["0"]
        assert len(report.rejected) == 1


def test_an_answer_of_the_evaluation_is_not_trained_on():
    held = many(1)[0].replace(meta={"split": "val"}, id="held")
    leak = qa(
        "Say it in other words, if you can.",
        f"As we know: {held.answer} And that is all there is to it, my friend.",
        "leak",
    )
    report = Checker().run([*many(6)[1:], held, leak])
    assert [(present(r.sample).id, r.reason) for r in report.rejected] == [("leak", "contamination")]


def test_the_same_question_with_other_answers_and_one_wording_are_told():
    samples = [qa("How large is the table?", f"It has {i} rows, and that is {i * 7} cells.", str(i)) for i in range(3)]
    report = Checker().run(samples)
    assert list(report.findings["rule"]) == ["contradiction"] * 3
    alike = [
        s.replace(messages=[{"role": "user", "content": f"Show 'Page{i}.vue' to me."}, s.messages[1]])
        for i, s in enumerate(many(30))
    ]
    told = Checker().run(alike).findings
    assert list(told["rule"]) == ["monotony"]
    assert told["place"].tolist() == [""]


def test_a_secret_is_nowhere_in_the_report(tmp_path):
    samples = [
        qa("How do I call the service?", f"Set the key first.\nexport OPENAI_API_KEY={KEY}\nThen call 13912345678.")
    ]
    refused = [qa(f"My key is {KEY}; is it right?", "抱歉，我无法回答这个问题。")]
    report = Checker().run(samples + refused)
    files = report.write(tmp_path)
    assert {r.reason for r in report.rejected} == {"refusal"}
    for path in files.values():
        text = path.read_text(encoding="utf-8")
        assert KEY not in text
        assert "13912345678" not in text
    assert KEY not in report.findings.to_string()
    assert KEY not in str(report.changes) + str(report.rejected) + repr(report)


SECRETS = [
    qa(f"Where does {KEY} go?", f"Put it here:\n\nexport OPENAI_API_KEY={KEY}\n\nThen ring 13912345678.", "key"),
    qa(
        "Who knows more?",
        "Certainly! Ask li.lei@corp.cn for help, and wait until he has answered.\n\n```js\nask()",
        "mail",
    ),
]
HIDDEN = (KEY, "13912345678", "li.lei@corp.cn")


def test_without_repairs_everything_is_kept_as_it_came(tmp_path):
    samples = [
        *many(3),
        *SECRETS,
        qa("Close the tag.", "Like this, with a mark at its end:\n\n```html\n<b>x</b>", "open"),
    ]
    report = Checker(fix=False).run(samples)
    assert report.kept == samples
    assert report.changes == []
    assert set(report.findings["severity"]) == {"warn"}
    told: Any = report.findings.set_index(["id", "rule"])
    assert told.loc[("open", "truncated"), "after"].endswith("```")  # what a repair would make of it
    assert "still there" in told.loc[("key", "secrets"), "reason"]
    assert "仍在样本中" in told.loc[("mail", "personal-data"), "reason_zh"]
    files = report.write(tmp_path)
    assert [sample.messages for sample in read_jsonl(files["kept"])] == [sample.messages for sample in samples]
    for name in ("rejects", "findings", "report"):
        assert not [text for text in HIDDEN if text in files[name].read_text(encoding="utf-8")], name


@pytest.mark.parametrize("levels", [{"secrets": "warn"}, {"personal-data": "warn"}, {"secrets": "drop"}], ids=str)
@pytest.mark.parametrize("fix_them", [True, False])
def test_what_stays_in_a_sample_is_not_shown(tmp_path, levels, fix_them):
    refused = qa(f"What does {KEY} open?", f"抱歉，我无法帮您打开{KEY}。", "no")
    report = Checker(levels=levels, fix=fix_them).run([*SECRETS, refused])
    files = report.write(tmp_path)
    for name in ("rejects", "findings", "report"):
        assert not [text for text in HIDDEN if text in files[name].read_text(encoding="utf-8")], name
    assert not [text for text in HIDDEN if text in str(report.rejected)]
    kept = {sample.id: sample.answer for sample in report.kept}
    assert ("key" in kept) == (levels != {"secrets": "drop"})
    assert (KEY in kept.get("key", "")) == ("key" in kept and ("secrets" in levels or not fix_them))
    assert ("13912345678" in kept.get("key", "")) == ("key" in kept and ("personal-data" in levels or not fix_them))
    assert kept["mail"].endswith("ask()\n```" if fix_them else "ask()")


def test_what_was_taken_out_is_shown_by_kind_and_length():
    told: Any = Checker().run(SECRETS).findings.set_index(["id", "rule"])
    before, after = told.loc[("key", "secrets"), ["before", "after"]]
    assert f"OPENAI_API_KEY=⟨model-api-key, {len(KEY)} characters⟩" in before
    assert "⟨model-api-key" not in after
    assert before.count("⟨model-api-key") == 2  # in the question, too
    assert "⟨phone, 11 characters⟩" in told.loc[("key", "personal-data"), "before"]
    assert "⟨email, 14 characters⟩" in told.loc[("mail", "personal-data"), "before"]


def test_written_files_add_up(tmp_path):
    samples = [*many(3), qa("对话框要怎样关闭？", "抱歉，我无法回答这个问题。", "no")]
    files = Checker().run(samples).write(tmp_path / "out")
    assert [s.id for s in read_jsonl(files["kept"])] == ["0", "1", "2"]
    rejects = [json.loads(line) for line in files["rejects"].read_text(encoding="utf-8").splitlines()]
    assert [(r["path"], r["reason"], r["sample"]["id"]) for r in rejects] == [("3", "refusal", "no")]
    assert len(files["findings"].read_text(encoding="utf-8").splitlines()) == 1
    assert "<html" in files["report"].read_text(encoding="utf-8")


def test_an_empty_set_is_no_error(tmp_path):
    report = Checker().run([])
    assert (report.read, report.kept, report.rejected, len(report.findings)) == (0, [], [], 0)
    report.write(tmp_path)
    assert report.counts().empty


def test_files_of_all_forms_are_read(tmp_path):
    rows = [{"instruction": "How do I show a table?", "input": "", "output": "Import it first. Then show it."}]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "b.jsonl").write_bytes("\n".join([
        json.dumps({"query": "表格怎么显示到页面上？", "response": "先引入组件，再写到模板里。", "channel": 3}, ensure_ascii=False),
        "{broken",
        json.dumps({"conversations": [{"from": "human", "value": "Who is it?"}, {"from": "gpt", "value": "It is me."}]}),
    ]).encode("gb18030"))  # fmt: skip
    report = Checker().run_files(tmp_path / "a.json", tmp_path / "b.jsonl")
    assert report.read == 4
    assert [s.prompt for s in report.kept] == ["How do I show a table?", "表格怎么显示到页面上？", "Who is it?"]
    assert [r.path for r in report.rejected] == [f"{tmp_path / 'b.jsonl'}:2"]
    assert report.kept[1].channel == "3"
    told = report.findings[report.findings["place"] == f"{tmp_path / 'b.jsonl'}:1"]
    assert {"encoding", "channel"} <= set(told[told["severity"] == "fix"]["rule"])


TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "alien"]), "content": TEXT | st.none()}
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.builds(
            Sample,
            messages=st.lists(TURN, max_size=5),
            meta=st.fixed_dictionaries({"split": st.sampled_from(["train", "val"])}),
        ),
        max_size=8,
    )
)
def test_any_samples_at_all_add_up_and_can_be_written(tmp_path_factory, samples):
    report = Checker().run(samples)
    assert report.read == len(samples) == len(report.kept) + len(report.rejected)
    path = tmp_path_factory.mktemp("odd") / "kept.jsonl"
    write_jsonl(report.kept, path)
    assert [s.messages for s in read_jsonl(path)] == [s.messages for s in report.kept]


def test_extracts_show_what_changed():
    before, after = qa("q", "x" * 300 + "WRONG" + "y" * 300), qa("q", "x" * 300 + "RIGHT" + "y" * 300)
    old, new = extracts(before, after)
    assert "WRONG" in old
    assert "RIGHT" in new
    assert len(old) < 200


def test_extracts_show_every_change():
    filler = [f"line {n}: {word}\n" for n, word in enumerate("alpha beta gamma delta epsilon zeta".split() * 40)]
    old = "".join([*filler[:40], "FIRST wrong\n", *filler[40:80], "taken out\n", *filler[80:], "LAST wrong"])
    new = "".join(
        [*filler[:40], "FIRST right\n", *filler[40:80], *filler[80:120], "put in " * 200, *filler[120:], "LAST right"]
    )
    before, after = extracts(qa("q", old), qa("q", new))
    assert before.count(GAP) == after.count(GAP) == 3
    assert [part for part in ("FIRST wrong", "taken out", "LAST wrong") if part not in before] == []
    assert [part for part in ("FIRST right", "put in " * 200, "LAST right") if part not in after] == []
    assert len(before) < 700
    assert extracts(qa("q", old), qa("q", old)) == ("", "")


def test_a_file_cut_into_parts_is_left_as_it_is():
    paths = sorted(path for path in demo.app().rglob("*.vue"))
    parts = []
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        pieces = ["".join(lines[at : at + 12]) for at in range(0, len(lines), 12)]
        parts += [
            qa(
                f"学习这个组件的第{number}部分。",
                piece,
                f"{path.name}-{number}",
                kind="component",
                path=path.name,
                part=f"{number}/{len(pieces)}",
            )
            for number, piece in enumerate(pieces, start=1)
            if piece.strip()
        ]
    catalog = Scanner(demo.app(), framework="ta404").scan().catalog
    report = Checker(catalog=catalog, near_duplicate_threshold=None).run(parts)
    assert report.changes == []
    assert [(present(reject.sample).id, reject.reason) for reject in report.rejected] == []


def test_turns_without_a_question_are_no_stumbling_block():
    samples = [Sample([{"role": "system", "content": "s"}, {"role": "assistant", "content": "A fine answer."}])]
    assert Checker(levels={"role-order": "warn"}).run(samples).kept == samples
