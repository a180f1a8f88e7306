"""The page to browse findings: what is in the file, and what a real browser makes of it."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from swiftprep.errors import ConfigError
from swiftprep.quality.report import page as html_page
from swiftprep.quality.report.checked_rows import CheckedRow, Note
from swiftprep.quality.report.report import QualityReport
from swiftprep.records import Reject, Sample

HOSTILE = (
    "</script><img src=x onerror='window.ran=1'><script>window.ran=1</script><!--<script> ]]> &amp; "
    "\x00 \u2028 \u202egnp.exe\u202c عربي 👩‍👩‍👧 {{data}}"
)


def sample(name, answer="An answer.", *, question="A question?", channel="private", kind="page"):
    return Sample.from_instruction(question, "", answer, id=name, channel=channel, meta={"kind": kind})


def row(place, source, now, *notes, was=None):
    drop = next((note for note in notes if note.severity == "drop"), None)
    reject = drop and Reject(place, drop.rule, drop.reason, now)
    return CheckedRow(place, source, now, was or now, reject, list(notes))


@pytest.fixture
def report():
    """Ten rows of two files: three dropped, one of them hostile, two repaired, three warned about, and one note on the set."""
    placeholder = Note("placeholder", "drop", "holds a placeholder", "含有占位符")
    long = Note("too-long", "warn", "is long", "太长")
    fence = Note(
        "fence",
        "fix",
        "was not fenced",
        "没有围栏",
        before="[assistant] let a = 1",
        after="[assistant] ```js\nlet a = 1",
    )
    rows = [
        row("a.jsonl:1", "a.jsonl", sample("a1", "TODO", kind="api"), placeholder),
        row("a.jsonl:2", "a.jsonl", sample("a2", "Unspeakable words."), placeholder),
        row("a.jsonl:3", "a.jsonl", sample("a3", "```js\nlet a = 1\n```"), fence, was=sample("a3", "let a = 1")),
        row("a.jsonl:4", "a.jsonl", sample("a4"), long),
        row("b.jsonl:1", "b.jsonl", sample("b1", channel="general"), long),
        row("b.jsonl:2", "b.jsonl", sample("b2", "```js\nlet b\n```", channel=None), fence, long, was=sample("b2", "let b")),
        row("b.jsonl:3", "b.jsonl", sample("b3", HOSTILE + "\ud800", question=HOSTILE, channel=HOSTILE), Note("rule</script>", "drop", HOSTILE, HOSTILE, HOSTILE)),
        row("b.jsonl:4", "b.jsonl", sample("b4")),
    ]  # fmt: skip
    rows.append(
        CheckedRow(
            "b.jsonl:5",
            "b.jsonl",
            None,
            None,
            Reject("b.jsonl:5", "bad-row", "no JSON"),
            [Note("bad-row", "drop", "no JSON")],
        )
    )
    return QualityReport(rows, [Note("diversity", "warn", "all begin alike", "开头都一样")])


class Page(HTMLParser):
    """The tags of a page, its addresses, and its data."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.attributes, self.policy, self._in_data, text = (
            [],
            [],
            "",
            False,
            path.read_text(encoding="utf-8"),
        )
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(name, value) for name, value in attrs.items() if name in ("src", "href", "action")]
        self._in_data = attrs.get("id") == "data"
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]

    def handle_data(self, data):
        if self._in_data:
            self.raw, self.data, self._in_data = data, json.loads(data), False


def test_the_data_is_all_there(report, tmp_path):
    data = Page(report.to_html(tmp_path / "new" / "q.html")).data
    assert data["lang"] == "zh"
    assert data["totals"] == {"read": 9, "kept": 5, "rejected": 4, "repaired": 2, "findings": 10}
    assert data["names"]["too-long"] == "过长（too-long）"
    assert "fence" not in data["names"], "a rule of a user's own keeps its id"
    values = data["values"]
    by_rule = {(values["rule"][c[1]], values["severity"][c[0]]): 0 for c in data["counts"]}
    for count in data["counts"]:
        by_rule[values["rule"][count[1]], values["severity"][count[0]]] += count[5]
    assert by_rule == {
        ("placeholder", "drop"): 2, ("fence", "fix"): 2, ("too-long", "warn"): 3, ("rule</script>", "drop"): 1,
        ("bad-row", "drop"): 1, ("diversity", "warn"): 1,
    }  # fmt: skip
    fixed = next(r for r in data["rows"] if r[5] == "a.jsonl:3")
    whole = data["samples"][fixed[11]]
    assert whole["was"] == [["user", "A question?"], ["assistant", "let a = 1"]]
    assert whole["now"][1] == ["assistant", "```js\nlet a = 1\n```"]
    warned = next(r for r in data["rows"] if r[5] == "a.jsonl:4")
    assert "was" not in data["samples"][warned[11]]
    assert [r[11] for r in data["rows"] if r[5] in ("", "b.jsonl:5")] == [-1, -1]


def test_hostile_text_stays_text(report, tmp_path):
    page = Page(report.to_html(tmp_path / "q.html"))
    plain = Page(QualityReport([]).to_html(tmp_path / "empty.html"))
    assert page.tags == plain.tags
    assert not set("<>&\x00\u2028") & set(page.raw)
    hostile = next(r for r in page.data["rows"] if r[5] == "b.jsonl:3")
    assert hostile[7] == HOSTILE
    assert page.data["samples"][hostile[11]]["now"] == [["user", HOSTILE], ["assistant", HOSTILE + "\ud800"]]


def test_nothing_is_fetched(report, tmp_path):
    path = report.to_html(tmp_path / "q.html")
    page = Page(path)
    assert "default-src 'none'" in page.policy
    assert page.attributes == [("href", "data:,")]
    text = path.read_text(encoding="utf-8")
    assert not [word for word in ("http://", "https://", "@import", "url(", "innerHTML", "eval(") if word in text]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_opens_in_the_language_asked_for(report, tmp_path, lang):
    assert Page(report.to_html(str(tmp_path / "q.html"), lang=lang)).data["lang"] == lang


def test_another_language_is_refused(report, tmp_path):
    with pytest.raises(ConfigError, match="lang='fr'"):
        report.to_html(tmp_path / "q.html", lang="fr")
    assert not list(tmp_path.iterdir())


def test_the_same_report_makes_the_same_file(report, tmp_path):
    first, second = (report.to_html(tmp_path / name).read_bytes() for name in "ab")
    assert first == second


@pytest.mark.slow
def test_many_findings_are_sampled_and_counted_in_full(tmp_path):
    notes = {
        "common": Note("common", "warn", "c"),
        "other": Note("other", "warn", "o"),
        "rare": Note("rare", "drop", "r"),
    }
    names = ["rare" if i % 1000 == 7 else "other" if i % 4 == 0 else "common" for i in range(12_000)]
    whole = sample("x", "words " * 2_000)
    rows = [row(str(i), f"file-{i % 300}.jsonl", whole, notes[name]) for i, name in enumerate(names)]
    path = QualityReport(rows).to_html(tmp_path / "q.html")
    data = Page(path).data
    rule = [data["values"]["rule"][r[1]] for r in data["rows"]]
    assert {name: rule.count(name) for name in notes} == {"rare": 12, "other": 2494, "common": 2494}
    places = [int(r[5]) for r in data["rows"]]
    assert places == sorted(places)
    assert max(b - a for a, b in pairwise(places)) < 20  # nowhere in the data is left out
    assert sum(count[5] for count in data["counts"]) == 12_000
    assert len(data["values"]["source"]) == html_page.MAX_VALUES + 1
    assert data["values"]["source"][-1] == html_page.OTHER
    assert path.stat().st_size < 1.2 * html_page.MAX_SAMPLES_TOGETHER


def test_long_texts_are_cut_where_they_are_the_same(tmp_path):
    head, tail = "head " * html_page.MAX_SAMPLE, " tail" * html_page.MAX_SAMPLE
    was, now = (
        sample("x", head + "wrong" + tail, question="q" * 9_000),
        sample("x", head + "right!" + tail, question="q" * 9_000),
    )
    note = Note("r", "fix", "reason " * 1_000, before="b" * 5_000)
    data = Page(QualityReport([row("1", "s", now, note, was=was)]).to_html(tmp_path / "q.html")).data
    shown = data["samples"][0]
    assert shown["was"][0] == shown["now"][0]
    assert "head wrong tail" in shown["was"][1][1]
    assert "head right! tail" in shown["now"][1][1]
    assert shown["was"][1][1].split("wrong")[0] == shown["now"][1][1].split("right!")[0]
    assert sum(len(text) for _, text in shown["now"]) < html_page.MAX_SAMPLE + 100
    assert all(len(text) < html_page.MAX_EXTRACT + 30 for text in data["rows"][0][5:9])
    assert data["rows"][0][9] == "b" * 5_000  # all that a repair changed
    assert "reason " in data["rows"][0][7][-20:]


def test_a_dropped_sample_and_every_change_can_be_read(tmp_path):
    text = "".join(f"第{n}行：先取值，再保存。" for n in range(1_500))
    dropped = sample("d", text + "并且")
    change = "".join(f"{n} was changed here\n⋯\n" for n in range(400))
    rows = [
        row("1", "s", dropped, Note("truncated", "drop", "stops")),
        row(
            "2",
            "s",
            sample("f"),
            Note("r", "fix", "is mended", before=change, after=change.upper()),
            was=sample("f", "x"),
        ),
    ]
    data = Page(QualityReport(rows).to_html(tmp_path / "q.html")).data
    assert data["samples"][0]["now"][1] == ["assistant", text + "并且"]
    assert data["rows"][1][9:11] == [change, change.upper()]


def test_of_many_turns_the_first_and_the_last_are_shown(tmp_path):
    turns = [{"role": ("user", "assistant")[i % 2], "content": f"turn {i}"} for i in range(1_000)]
    report = QualityReport([row("1", "s", Sample(turns, id="x"), Note("r", "warn", "w"))])
    now = Page(report.to_html(tmp_path / "q.html")).data["samples"][0]["now"]
    assert [text for _, text in now][:2] == ["turn 0", "turn 1"]
    assert now[12][0] == html_page.OTHER
    assert "976" in now[12][1]
    assert now[-1] == ["assistant", "turn 999"]
    assert len(now) == html_page.MAX_MESSAGES + 1


@pytest.fixture(scope="module")
def browser():
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on PATH")
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def view(browser, report, tmp_path):
    """The page in a browser. At the end: nothing else was asked for, and nothing went wrong."""
    path = report.to_html(tmp_path / "q.html", lang="en")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    yield page
    assert page.evaluate("window.ran") is None
    assert {url.split("#")[0] for url in asked} == {path.as_uri()}
    assert wrong == []
    page.close()


def places(page):
    return page.locator(".row .place").all_inner_texts()


def choose(page, facet, name):
    page.locator(f"[data-facet={facet}] tbody button", has_text=name).click()


def numbers(page, facet):
    """Return name → what its cells of drop, fix and warn read."""
    rows = page.locator(f"[data-facet={facet}] tbody tr")
    return {r.locator("button").inner_text().strip(): "".join(r.locator("td").all_inner_texts()) for r in rows.all()}


@pytest.mark.slow
def test_a_reader_filters_by_rule_source_and_channel(view):
    assert (
        view.locator("#figures").inner_text().split()
        == "9 rows read = 5 kept (2 of them repaired) + 4 rejected · 10 findings".split()
    )
    assert len(places(view)) == 10
    assert numbers(view, "rule")["too-long"] == "··3"
    assert numbers(view, "source") == {"a.jsonl": "211", "b.jsonl": "212", "(none)": "··1"}
    choose(view, "rule", "too-long")
    assert places(view) == ["a.jsonl:4", "b.jsonl:1", "b.jsonl:2"]
    assert numbers(view, "source") == {"a.jsonl": "··1", "b.jsonl": "··2"}
    choose(view, "source", "b.jsonl")
    assert places(view) == ["b.jsonl:1", "b.jsonl:2"]
    choose(view, "channel", "general")
    assert places(view) == ["b.jsonl:1"]
    assert view.locator("#status").inner_text() == "1–1 of 1 findings"
    assert "rule=too-long&source=b.jsonl&channel=general" in view.url
    view.reload()
    assert places(view) == ["b.jsonl:1"]
    choose(view, "channel", "general")
    choose(view, "rule", "fence")  # one rule or the other, and the source
    assert places(view) == ["b.jsonl:1", "b.jsonl:2", "b.jsonl:2"]
    view.locator("#clear").click()
    assert len(places(view)) == 10
    view.locator(".swatches .fix").click()
    choose(view, "kind", "page")
    assert places(view) == ["a.jsonl:3", "b.jsonl:2"]


@pytest.mark.slow
def test_a_reader_searches_and_opens(view):
    view.keyboard.press("/")
    view.keyboard.type("question UNSPEAKABLE")  # in any order and case
    view.locator(".row").nth(1).wait_for(state="detached")
    assert places(view) == ["a.jsonl:2"]
    assert numbers(view, "rule") == {"placeholder": "1··"}
    view.keyboard.press("ArrowDown")
    view.keyboard.press("Enter")
    assert "Unspeakable words." in view.locator(".detail .text").inner_text()
    view.locator("#q").fill("nothing has this")
    view.locator("#empty").wait_for()


@pytest.mark.slow
def test_a_repair_shows_before_and_after_with_the_difference(view):
    choose(view, "rule", "fence")
    view.locator(".row").first.click()
    sides = view.locator(".detail .sides").last.locator(".text").all_inner_texts()
    assert [side.split("assistant\n")[1] for side in sides] == ["let a = 1", "```js\nlet a = 1\n```"]
    assert view.locator(".detail .sides").last.locator("ins").all_text_contents() == ["```js\n", "\n```"]
    assert view.locator(".detail .sides").last.locator("del").count() == 0
    assert "没有围栏" in view.locator(".detail dl").inner_text()
    assert "open=" in view.url
    view.reload()
    assert view.locator(".detail").count() == 1
    view.locator(".row").first.click()
    assert view.locator(".detail").count() == 0


@pytest.mark.slow
def test_a_hostile_sample_is_shown_and_does_not_run(view):
    choose(view, "rule", "rule</script>")
    view.locator(".row").click()
    whole = view.locator(".detail .text").last.inner_text()
    assert "</script><img src=x onerror='window.ran=1'>" in whole
    assert "U+202Egnp.exe" in whole
    assert "U+0000" in whole
    assert whole.endswith("U+D800")
    assert view.locator("img").count() == 0


@pytest.mark.slow
def test_a_reader_switches_the_language(view):
    view.locator("[data-lang=zh]").click()
    assert view.locator("h1").inner_text() == "数据质量"
    assert "含有占位符" in view.locator(".row .reason").all_inner_texts()
    assert view.evaluate("document.documentElement.lang") == "zh"
    assert "过长（too-long）" in view.locator(".row .rule").all_inner_texts()
    assert numbers(view, "kind")["页面"]
    assert "9 行读入 = 5 行保留（其中修复 2） + 4 行剔除" in " ".join(view.locator("#figures").inner_text().split())
    view.locator("#q").fill("用占位内容代替")
    view.locator(".row").nth(2).wait_for(state="detached")
    assert places(view) == ["a.jsonl:1", "a.jsonl:2"]
    words = view.evaluate("[WORDS.en, WORDS.zh].map(words => Object.keys(words).sort().join())")
    assert words[0] == words[1]


@pytest.mark.slow
def test_on_a_phone_nothing_is_wider_than_the_screen(view):
    view.set_viewport_size({"width": 390, "height": 800})
    view.reload()
    assert not view.locator("#tables").is_visible()
    view.locator("#facets summary").click()
    choose(view, "rule", "fence")
    view.locator(".row").first.click()
    assert view.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_pages_turn(browser, tmp_path):
    rows = [row(str(i), "s", sample("x"), Note("r", "warn", "w")) for i in range(html_page.MAX_ROWS + 10)]
    page = browser.new_page()
    page.goto(QualityReport(rows).to_html(tmp_path / "q.html", lang="en").as_uri())
    assert "5,000 of 5,010 findings are listed" in page.locator("#sampled").inner_text()
    page.locator("#next").click()
    assert page.locator("#status").inner_text() == "51–100 of 5,000 findings"
    assert "page=2" in page.url
    page.close()
