"""The scenario planner: what is covered least comes first, nothing is said twice, nothing is invented."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from swiftprep import Catalog, demo
from swiftprep.catalog.api import Component, Event, Prop, Slot, kebab
from swiftprep.distill.planning.coverage import coverage, of_framework, plot_coverage, tally
from swiftprep.distill.planning.misuse import misuses
from swiftprep.distill.planning.planner import INTENTS, plan
from swiftprep.distill.planning.sentences import phrases
from swiftprep.distill.planning.traits import askable, framework_tags, parents_of, traits_of
from swiftprep.distill.reading.scenario_files import load_scenarios
from swiftprep.distill.scenario import Scenario
from swiftprep.errors import ConfigError, DataError
from swiftprep.records import Sample
from swiftprep.scan.result import Scan
from swiftprep.scan.scanner import Scanner

ASSETS = Path(__file__).parents[2] / "swiftprep" / "assets" / "distill"
TABLE = Component(
    "ta-table",
    props=(
        Prop("columns", "array", required=True),
        Prop("dataSource", "array"),
        Prop("size", "string", values=("small",)),
    ),
    events=(Event("row-click"),),
    slots=(Slot("default"), Slot("footer")),
    root="div",
    uses=8,
)
INPUT = Component("ta-input", props=(Prop("value"), Prop("maxLength")), model=("value", "input"), root="input", uses=3)
CARD = Component("ta-card", props=(Prop("title", "string"),), root="div", uses=2)
CATALOG = Catalog([TABLE, INPUT, CARD], framework="ta404")


@pytest.fixture(scope="module")
def scan() -> Scan:
    return Scanner(demo.app(), framework="ta404").scan()


@pytest.mark.slow
def test_every_cell_that_fits_is_asked_about(scan: Scan) -> None:
    planned = plan(scan.catalog, 800)
    asked = {(s.components[0], s.intent) for s in planned}
    assert {tag for tag, _ in asked} == set(askable(scan.catalog))
    assert {intent for _, intent in asked} == set(INTENTS)
    assert {
        ("ta-table", "paging"),
        ("ta-form", "form"),
        ("ta-input", "validation"),
        ("ta-button", "permission"),
    } <= asked
    assert not {("ta-divider", "paging"), ("ta-alert", "form"), ("ta-row", "validation")} & asked
    assert {s.level for s in planned} == {1, 2, 3}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_instructions_are_distinct_whole_and_name_only_what_exists(scan: Scan, lang: Any) -> None:
    planned = plan(scan.catalog, 600, langs=(lang,))
    assert len({s.instruction for s in planned}) == len({s.id for s in planned}) == 600
    known = askable(scan.catalog)
    for scenario in planned:
        assert not re.search(r"[{}]", scenario.instruction), scenario
        assert scenario.components[0] in scenario.instruction
        assert all(tag in known and tag in scenario.instruction for tag in scenario.components)
        named = set(re.findall(r"(?<![\w-])ta-[a-z-]+", scenario.instruction))
        assert named <= set(scenario.components)
        if scenario.intent != "troubleshooting":
            api = {
                kebab(item.name) if what == "props" else item.name
                for tag in scenario.components
                for what in ("props", "events", "slots")
                for item in getattr(known[tag], what)
            }
            values = {v.strip("'\"") for tag in scenario.components for p in known[tag].props for v in p.values}
            told = set(re.findall(r"`([A-Za-z][\w-]*)`", scenario.instruction))
            ours = {f"{d['key']}{end}" for d in phrases(lang)["domains"] for end in ("", "List", "Data")}
            assert told <= api | values | ours | {"v-model", "save", "title"}, scenario


@pytest.mark.slow
def test_what_is_asked_in_troubleshooting_is_a_mistake_the_catalogue_reports(scan: Scan) -> None:
    planned = [s for s in plan(scan.catalog, 400, intents=["troubleshooting"]) if "v-model" not in s.instruction]
    assert len(planned) > 100
    for scenario in planned:
        snippet = next(code for code in re.findall("`([^`]+)`", scenario.instruction) if code.startswith("<"))
        assert scan.catalog.check(snippet, strict=True), scenario.instruction


MISUSES = [
    ("unknown-prop", "<ta-table :data=", TABLE),
    ("missing-prop", "<ta-table :data-source=", TABLE),
    ("unknown-event", "<ta-table @", TABLE),
    ("unknown-slot", "<ta-table><template #bottom>", TABLE),
    ("native-event", '<ta-table @click="open" />', TABLE),
    ("no-model", '<ta-card v-model="current" />', CARD),
    ("model", ":value=", Component("ta-modal", props=(Prop("open"),), model=("open", "toggle"), root="div")),
    ("wrong-argument", "fetch(", Component("api.fetch", "function", path="api.py", props=(Prop("timeout"),))),
]


@pytest.mark.parametrize(("kind", "start", "component"), MISUSES, ids=[row[0] for row in MISUSES])
def test_mistakes_are_of_every_kind(kind: str, start: str, component: Component) -> None:
    found = misuses(component, Catalog([component]), 1)
    assert any(start in misuse.snippet for misuse in found[kind]), found.get(kind)


def test_no_mistake_is_made_up_where_everything_may_be_right() -> None:
    loose = Component(
        "ta-x", props=(Prop("ab"),), model=("value", "input"), origin="usage", open=("props", "events", "slots")
    )
    assert misuses(loose, Catalog([loose]), 1) == {}


def test_the_intents_of_a_component_take_turns(scan: Scan) -> None:
    planned = plan(scan.catalog, 300)
    for tag in ("ta-table", "ta-button", "ta-form", "ta-modal"):
        intents = [s.intent for s in planned if s.components[0] == tag]
        assert len(intents) > 5
        assert len(set(intents[:5])) == 5, (tag, intents)


def test_what_few_components_are_for_is_asked_of_them_first() -> None:
    tables = [Component(f"ta-table{n}-table", props=(Prop("columns"), Prop("data")), uses=3) for n in range(4)]
    cards = [Component(f"ta-c{n}-card", props=(Prop("title"),), uses=20) for n in range(7)]
    first = {s.components[0]: s.intent for s in reversed(plan(Catalog([*tables, *cards]), 40))}
    assert {first[table.name] for table in tables} == {"paging", "performance"}


def test_the_prop_of_v_model_is_not_asked_about_by_itself() -> None:
    asked = [
        s.instruction for s in plan(CATALOG, 150) if s.components == ("ta-input",) and s.intent != "troubleshooting"
    ]
    assert any("`max-length`" in text for text in asked)
    assert not any("`value`" in text for text in asked)


def test_a_shorter_plan_is_the_beginning_of_a_longer_one(scan: Scan) -> None:
    longer = plan(scan.catalog, 120, samples=scan.train, langs=("zh", "en"))
    assert plan(scan.catalog, 45, samples=scan.train, langs=("zh", "en")) == longer[:45]
    assert [s.lang for s in longer] == ["zh", "en"] * 60


@pytest.mark.slow
def test_plans_are_the_same_in_every_process_and_differ_by_seed() -> None:
    code = (
        "from swiftprep import demo, Scanner; from swiftprep.distill.planning.planner import plan\n"
        "print([s.id for s in plan(Scanner(demo.app(), framework='ta404').scan().catalog, 60)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert plan(CATALOG, 10, intents=["use"], seed=1) != plan(CATALOG, 10, intents=["use"], seed=2)


def test_what_was_asked_comes_last() -> None:
    asked = [Scenario(f"q{n}", components=("ta-table",), intent="paging") for n in range(5)]
    planned = plan(CATALOG, 12, scenarios=asked)
    assert planned[0].components[0] != "ta-table"
    assert all(s.intent != "paging" for s in planned)
    assert any(s.intent == "paging" for s in plan(CATALOG, 12))


def test_samples_count_by_the_code_of_their_answers() -> None:
    answer = (
        "So:\n```vue\n<template><TaTable :columns='c'><ta-card/><ta-table/></TaTable></template>\n```\nNot <ta-input>."
    )
    sample = Sample.from_instruction("q", "", answer)
    told = sample.replace(meta={"intent": "form"})
    counts = tally(CATALOG, [sample, told, Scenario("q", components=("TaCard", "ta-gone"), intent="mine")])
    assert counts == {
        ("ta-table", ""): 1, ("ta-card", ""): 1, ("ta-table", "form"): 1, ("ta-card", "form"): 1,
        ("ta-card", "mine"): 1, ("ta-gone", "mine"): 1,
    }  # fmt: skip
    planned = plan(CATALOG, 30, samples=[sample] * 3)
    first = [s.intent for s in planned if s.components[0] == "ta-table"][:8]
    assert first
    assert "use" not in first


def test_nothing_that_was_asked_is_asked_again() -> None:
    first = plan(CATALOG, 20)
    done = [Sample.from_instruction(s.instruction, "", "A.") for s in first]
    assert not {s.instruction for s in first} & {s.instruction for s in plan(CATALOG, 40, samples=done)}


def test_a_plan_goes_on_where_the_last_one_ended() -> None:
    first = plan(CATALOG, 20)
    second = plan(CATALOG, 20, scenarios=first)
    cells = {(s.components[0], s.intent) for s in first}
    assert sum((s.components[0], s.intent) not in cells for s in second[:5]) >= 4


CATALOGUES = {
    "one component": Catalog([CARD]),
    "nothing known of it": Catalog([Component("x")]),
    "from usage": Catalog([Component("ta-tag", props=(Prop("color"),), origin="usage", open=("props", "events", "slots"), uses=1)]),
    "a class": Catalog([Component("app.Store", "class", path="app.py", props=(Prop("limit"),))]),
    "a Java class": Catalog([Component("com.acme.Store", "class", path="Store.java", props=(Prop("limit"),))]),
    "odd names": Catalog([Component("ta-表格", props=(Prop("数据"), Prop("a b"), Prop("`${x}`")), slots=(Slot("{x}"),), uses=1)]),
}  # fmt: skip


@pytest.mark.parametrize("catalog", CATALOGUES.values(), ids=CATALOGUES)
def test_small_catalogues(catalog: Catalog) -> None:
    planned = plan(catalog, 12, langs=("zh", "en"))
    assert len(planned) == 12
    assert {tag for s in planned for tag in s.components} == set(catalog.components)


def test_code_is_asked_about_in_its_own_language() -> None:
    planned = plan(CATALOGUES["a Java class"], 12)
    assert any("Java" in s.instruction for s in planned)
    assert not any("Vue" in s.instruction or "组件" in s.instruction for s in planned)


def test_more_than_can_be_worded_says_how_many(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        planned = plan(CATALOGUES["a class"], 5000, intents=["best-practice"])
    assert 2 < len(planned) < 5000
    assert f"{len(planned)} can be worded" in caplog.text
    assert len({s.instruction for s in planned}) == len(planned)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"catalog": Catalog()}, "no component"),
    ({"n": -1}, "n=-1"),
    ({"n": 10**9}, "n=1000000000; expected a whole number from 0 to 100,000"),
    ({"langs": ()}, "langs"),
    ({"langs": "zh"}, "langs"),
    ({"langs": ("de",)}, "langs"),
    ({"intents": ["pagin"]}, "did you mean 'paging'"),
    ({"intents": []}, "intents"),
]


@pytest.mark.parametrize(("settings", "said"), WRONG, ids=[row[1] for row in WRONG])
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    given = {"catalog": CATALOG, "n": 3, **settings}
    with pytest.raises(ConfigError, match=re.escape(said)):
        plan(given.pop("catalog"), given.pop("n"), **given)


TRAITS = [
    (Component("el-table-column"), "item"),
    (Component("el-form-item"), "field"),
    (Component("el-form", props=(Prop("model"), Prop("rules"))), "form"),
    (Component("el-radio-button", model=("value", "input")), "choice"),
    (Component("x-list-pager", props=(Prop("currentPage"), Prop("pageSize"))), "pager"),
    (Component("x-sheet", props=(Prop("columns"), Prop("dataSource"))), "overlay"),
    (Component("x-records", props=(Prop("columns"), Prop("dataSource"))), "table"),
    (Component("x-window", props=(Prop("visible"),), events=(Event("update:visible"),)), "overlay"),
    (Component("x-mood", model=("value", "input")), "input"),
    (Component("x-thing"), "display"),
    (Component("a.b", "function"), "function"),
]


@pytest.mark.parametrize(("component", "kind"), TRAITS, ids=[row[0].name for row in TRAITS])
def test_what_a_component_is(component: Component, kind: str) -> None:
    from swiftprep.catalog.vue.markup import Use

    assert traits_of(component, Use())[0] == kind


def test_the_frameworks_tags_and_where_they_belong(scan: Scan) -> None:
    tags = framework_tags(scan.catalog)
    assert "ta-table" in tags
    assert "user-list" not in tags
    step = scan.catalog.components["ta-step"]
    assert parents_of(step, scan.catalog.usage["ta-step"], tags)[0] == "ta-steps"


def test_both_languages_have_the_same_sentences() -> None:
    zh, en = (yaml.safe_load((ASSETS / f"scenarios.{lang}.yaml").read_text(encoding="utf-8")) for lang in ("zh", "en"))
    assert list(zh["intents"]) == list(en["intents"]) == list(INTENTS)
    slots = re.compile(r"\{(\w+)\}")
    for intent, groups in zh["intents"].items():
        assert {t: len(s) for t, s in groups.items()} == {t: len(s) for t, s in en["intents"][intent].items()}
    known = set(
        "tag domain key column1 column2 column3 field action action2 rows library snippet wrong right language method "
        "prop prop2 event slot choice value array loading disabled parent mate mate2 table pager form overlay text button card".split()
    )
    for loaded in (zh, en):
        texts = [t for groups in loaded["intents"].values() for ts in groups.values() for t in ts]
        texts += [t for ts in loaded["extras"].values() for t in ts]
        assert {slot for text in texts for slot in slots.findall(text)} <= known
        assert len(texts) == len(set(texts)) + sum(texts.count(t) - 1 for t in set(texts))
        for domain in loaded["domains"]:
            assert len(domain["actions"]) >= 2
            assert all(domain[kind] for kind in ("name", "text", "date", "number", "choice", "flag"))


@pytest.mark.parametrize(
    ("text", "domain", "lang", "said"),
    [
        ("Show a order in an table", "order", "en", "Show an order in an table"),
        ("A user and a API key", "user", "en", "A user and an API key"),
        ("a one-off in `a order`", "x", "en", "a one-off in `a order`"),
        ("商品的商品名称", "商品", "zh", "商品的名称"),
        ("预约的预约人", "预约", "zh", "预约的预约人"),
    ],
)
def test_small_words(text: str, domain: str, lang: Any, said: str) -> None:
    from swiftprep.distill.planning.sentences import _tidy

    assert _tidy(text, domain, lang) == said


# --- coverage ---------------------------------------------------------------------------------------------------


def test_coverage_counts_every_item_once_in_its_cell() -> None:
    asked = [
        Scenario("a", components=("ta-table", "ta-card", "ta-table"), intent="paging"),
        Scenario("b", components=("ta-table",), intent="my own"),
        Scenario("c", components=("other-lib",), intent="use"),
    ]
    frame = coverage(CATALOG, asked)
    assert list(frame.index) == ["ta-card", "ta-input", "ta-table"]
    assert list(frame.columns) == [*INTENTS, "other"]
    assert (frame.loc["ta-table", "paging"], frame.loc["ta-card", "paging"], frame.loc["ta-table", "other"]) == (
        1,
        1,
        1,
    )
    assert int(frame.to_numpy().sum()) == 3
    assert coverage(CATALOG, []).to_numpy().sum() == 0


@pytest.mark.slow
def test_coverage_plot(tmp_path: Path, scan: Scan) -> None:
    frame = coverage(scan.catalog, plan(scan.catalog, 60))
    frame = frame[[*frame.columns[:2], "other"]]  # to draw all would take seconds
    figure = plot_coverage(frame, tmp_path / "out" / "coverage.png", lang="en")
    assert (tmp_path / "out" / "coverage.png").read_bytes().startswith(b"\x89PNG")
    axes = figure.axes[0]
    assert len(axes.get_yticklabels()) == 40
    assert "the 40 least covered" in axes.get_title()
    totals = frame.drop(columns="other").sum(axis=1)
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert totals[shown].is_monotonic_increasing
    assert totals[shown].max() <= totals.drop(shown).min()


@pytest.mark.slow
@pytest.mark.parametrize(
    "catalog", [Catalog(), CATALOGUES["odd names"], CATALOGUES["one component"]], ids=["empty", "odd", "one"]
)
def test_coverage_plot_of_odd_catalogues(catalog: Catalog, tmp_path: Path) -> None:
    plot_coverage(coverage(catalog, []), tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 1000


def texts(figure: Any) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_coverage_of_the_framework_leaves_out_the_applications_own_pages(scan: Scan) -> None:
    frame = of_framework(coverage(scan.catalog, []), scan.catalog)
    assert {name.partition("-")[0] for name in frame.index} == {"ta"}
    assert {"ta-table", "ta-button"} <= set(frame.index)
    assert "order-list" in coverage(scan.catalog, []).index


def test_without_a_prefix_the_framework_is_what_has_no_source() -> None:
    used = [Component(name, uses=2, origin="usage") for name in ("card", "grid", "aside")]
    own = [Component(name, uses=1) for name in ("order-list", "user-page")]
    assert list(of_framework(coverage(Catalog([*used, *own]), []), Catalog([*used, *own])).index) == ["card", "grid"]
    assert len(of_framework(coverage(Catalog(own), []), Catalog(own))) == 2
    python = Catalog([*own, Component("shop.Order", kind="class", uses=1)])
    assert "shop.Order" in of_framework(coverage(python, []), python).index


@pytest.mark.parametrize(
    ("asked", "notes"),
    [
        (0, {"en": "20 more, none of them covered", "zh": "另有 20 个，均未覆盖"}),
        (30, {"en": "20 more, all of them covered", "zh": "另有 20 个，均已覆盖"}),
        (10, {"en": "20 more: 10 not covered, 10 covered", "zh": "另有 20 个：未覆盖 10 个，已覆盖 10 个"}),
    ],
)
def test_the_picture_of_coverage_says_what_it_does_not_show(
    asked: int, notes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog([Component(f"ta-c{number:02}", uses=1) for number in range(60)])
    scenarios = [Scenario(f"{n}", components=(f"ta-c{n:02}",), intent="use" if n % 2 else "") for n in range(asked)]
    frame = coverage(catalog, scenarios)[["use", "paging", "other"]]
    assert notes["en"] in texts(plot_coverage(frame, lang="en"))
    monkeypatch.setattr("swiftprep.distill.planning.coverage.font_for", lambda lang: "DejaVu Sans")
    chinese = texts(plot_coverage(frame, lang="zh"))
    for part in (notes["zh"], f"共 60 个组件，已覆盖 {asked} 个；图中为覆盖最少的 40 个", "使用", "分页列表", "其他"):
        assert part in chinese
    monkeypatch.setattr("swiftprep.distill.planning.coverage.font_for", lambda lang: "")
    without_a_font = texts(plot_coverage(frame, lang="zh"))
    assert f"{asked} of 60 components covered" in without_a_font
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in without_a_font)


# --- scenario files ---------------------------------------------------------------------------------------------

FILES: dict[str, tuple[str, bytes]] = {
    "yaml strings": ("s.yaml", "- 用 ta-table 分页\n- How?\n".encode()),
    "yaml mappings": ("s.yml", "- instruction: 用 ta-table 分页\n  components: [ta-table]\n- instruction: How?\n".encode()),
    "jsonl": ("s.jsonl", '{"instruction": "用 ta-table 分页"}\n\n{"instruction": "How?"}\n'.encode()),
    "csv": ("s.csv", "instruction,components,level\n用 ta-table 分页,\"ta-table、ta-tag\",2\nHow?,,\n".encode()),
    "gbk csv": ("s.csv", "instruction,lang\n用 ta-table 分页,zh\nHow?,en\n".encode("gbk")),
    "bom, crlf": ("s.csv", "\ufeffinstruction,level\r\n用 ta-table 分页,1\r\nHow?,\r\n".encode()),
    "text": ("s.txt", "用 ta-table 分页\n\n  How?  \n".encode()),
    "utf-16 text": ("s.txt", "用 ta-table 分页\r\nHow?".encode("utf-16")),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data"), FILES.values(), ids=FILES)
def test_scenario_files(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = load_scenarios(tmp_path / name)
    assert [(s.instruction, s.lang) for s in found] == [("用 ta-table 分页", "zh"), ("How?", "en")]


def test_scenario_fields_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id,instruction,components,intent,lang,level\nx1,Do it,<ta-a> ta-b,paging,zh,3\n", encoding="utf-8")
    assert load_scenarios(path) == [
        Scenario("Do it", id="x1", components=("ta-a", "ta-b"), intent="paging", lang="zh", level=3)
    ]


def test_all_problems_of_a_scenario_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "- ok\n- instruction: a\n  componets: [x]\n  level: 9\n- instruction: ''\n- ok\n- 5\n- instruction: b\n  id: one\n"
        "- instruction: c\n  id: one\n- instruction: d\n  components: 3\n  meta: []\n  lang: fr\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        load_scenarios(path)
    lines = [line.removeprefix(f"{path}:") for line in str(caught.value).split("\n")]
    assert [line.partition(":")[0] for line in lines] == ["2", "5", "6", "7", "10", "12"]
    assert "unknown key 'componets' (did you mean 'components'?)" in lines[0]
    assert "level is 9" in lines[0]
    assert "same instruction as line 1" in lines[2]
    assert "same id 'one' as line 8" in lines[4]
    assert all(word in lines[5] for word in ("components", "meta", "lang"))


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "no yaml": ("s.yaml", b"- a\n- [b\n", ":3: not valid YAML"),
    "nothing": ("s.yaml", b"", "no scenario"),
    "unknown kind": ("s.docx", b"x", "unknown kind of file '.docx'"),
    "no json": ("s.jsonl", b'{"instruction": "a"}\n{bad\n', ":2: not valid JSON"),
    "open quote": ("s.csv", b'instruction\na\n"b\n', ":3: a quote is not closed"),
    "too many cells": ("s.csv", b"instruction\na,b\n", ":2: 2 cells"),
    "bytes": ("s.txt", b"\xff\xff\x81", "neither UTF-8 nor GBK"),
    "surrogate": ("s.yaml", b'- "\\ud800"\n', ":1: "),
    "yaml tag": ("s.yaml", b"- !!python/object:os.system x\n", ":1: not valid YAML"),
    "yaml date": ("s.yaml", b"- 2020-99-99\n", "not valid YAML"),
}


@pytest.mark.parametrize(("name", "data", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_scenario_files(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=re.escape(said)):
        load_scenarios(tmp_path / name)
    with pytest.raises(DataError, match="no such file"):
        load_scenarios(tmp_path / "none.yaml")
