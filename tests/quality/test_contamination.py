from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from swiftprep import Sample
from swiftprep.demo import general_samples
from swiftprep.quality.duplicates.contamination import contaminated

TEXT = "订单表格用 ta-table 显示全部订单,选中一行时触发 select 事件,参数是订单号和当前行的数据。"
CODE = (
    "const rows = await this.$http.get('/orders', { params: { page: this.page, size: 20 } });\nthis.items = rows.list;"
)


def pair(question, answer):
    return Sample.from_instruction(question, "", answer)


def filler(draw, count):
    return " ".join(f"word{draw.randrange(10**6)}" for _ in range(count))


HIT = {
    "the answer": (pair("q", CODE), pair("z", CODE), 1.0),
    "the answer inside a question": (pair(f"解释:{CODE}", "好"), pair("z", CODE), 1.0),
    "the question": (pair(TEXT, "a"), pair(TEXT, "b"), 1.0),
    "in another layout": (pair("q", CODE.replace(" ", "\n  ")), pair("z", CODE), 1.0),
    "in what came before": (
        Sample([*pair("q", CODE).messages, *pair("r", "s").messages]),
        pair("z", CODE),
        1.0,
    ),
    "eight tokens": (pair("q", "ok; this.$emit('save') now"), pair("z", "this.$emit('save')"), 1.0),
    "a part": (pair("q", CODE.split("\n")[0]), pair("z", CODE), 0.70),
}


@pytest.mark.parametrize(("training", "test", "share"), HIT.values(), ids=HIT.keys())
def test_what_is_held_out_is_found(training, test, share):
    others = [pair("Say hi.", "Hi!"), pair("q", "nothing like it")]
    (hit,) = contaminated([*others, training], [others[0], test])
    assert (hit.position, hit.held_out_position) == (2, 1)
    assert hit.share == pytest.approx(share, abs=0.01)


NO_HIT = {
    "seven tokens": (pair("q", "this.$emit('s'"), pair("z", "this.$emit('s'")),
    "a short text in part": (pair("q", "ok; this.$emit('load')"), pair("z", "this.$emit('save')")),
    "a small part": (pair("q", CODE[:60]), pair("z", CODE * 3 + TEXT * 3)),
    "nothing": (pair("", ""), pair("", "")),
}


@pytest.mark.parametrize(("training", "test"), NO_HIT.values(), ids=NO_HIT.keys())
def test_this_is_no_contamination(training, test):
    assert contaminated([training], [test]) == []


def test_the_text_is_the_longest_piece_that_is_there():
    words = "a b c d e f g h i j k l m n o p q r s t u v w x y z".split()
    (hit,) = contaminated(
        [pair("q", f"{' '.join(words[:5])} -- {' '.join(words[8:])} --")], [pair("z", " ".join(words))], n=4
    )
    assert hit.text == " ".join(words[8:])
    assert hit.share == pytest.approx(17 / 23)


def test_frequent_runs_do_not_count():
    draw = random.Random(1)
    licence = filler(draw, 30)
    training = [pair("q", f"{licence} {filler(draw, 20)}") for _ in range(11)]
    test = pair("z", f"{licence} {filler(draw, 40)}")
    assert contaminated(training, [test]) == []
    assert len(contaminated(training[:10], [test])) == 10


def test_what_is_mostly_frequent_runs_is_not_found_by_the_few_others():
    draw = random.Random(1)
    licence, own = filler(draw, 30), filler(draw, 15)
    training = [pair("q", f"{licence} {filler(draw, 20)}") for _ in range(11)] + [pair("q", own)]
    assert contaminated(training, [pair("z", f"{licence} {own}")]) == []


def test_an_answer_trained_on_many_times_does_not_hide_itself():
    draw = random.Random(2)
    answer = filler(draw, 80)
    training = [pair(filler(draw, 20), f"{answer} {n}") for n in range(30)]
    training += [pair("q", f"{answer} {filler(draw, 20)}"), *[pair(filler(draw, 9), filler(random.Random(4), 80))] * 2]
    hits = contaminated(training, [pair("other", "thing"), pair("z", answer)])
    assert [(hit.position, hit.held_out_position) for hit in hits] == [(n, 1) for n in range(30)]
    assert all(hit.share >= 0.9 for hit in hits)


def test_it_agrees_with_the_plain_way():
    draw = random.Random(3)
    words = [f"w{n}" for n in range(6)]
    training = [pair(" ".join(draw.choices(words, k=20)), " ".join(draw.choices(words, k=40))) for _ in range(60)]
    tests = [pair(" ".join(draw.choices(words, k=3)), " ".join(draw.choices(words, k=30))) for _ in range(20)]

    def runs(text):
        tokens = re.findall(r"\w+", text)
        return {tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)}

    theirs = [runs(f"{sample.prompt}\n{sample.answer}") for sample in training]
    counts = Counter(run for of_row in theirs for run in of_row)
    wanted = {}
    for row, of_row in enumerate(theirs):
        shares = []
        for test in tests:
            every = runs(test.answer)
            rare = {run for run in every if counts[run] <= 10}
            shares.append(len(rare & of_row) / len(rare) if rare and 2 * len(rare) >= len(every) else 0.0)
        if max(shares) >= 0.15:
            wanted[row] = max(shares)
    found = {hit.position: hit.share for hit in contaminated(training, tests, n=4, least=0.15)}
    assert found == pytest.approx(wanted)
    assert len(found) > 5


def test_nothing_to_compare():
    assert contaminated([], [pair("q", CODE)]) == contaminated([pair("q", CODE)], []) == []


def test_our_general_rows_do_not_hold_each_other():
    rows = general_samples()
    assert [hit for hit in contaminated(rows[::2], rows[1::2]) if hit.share >= 0.5] == []


@pytest.mark.slow
def test_odd_samples_do_no_harm():
    texts = ["", "\0", "\ud800" * 20, "🙂" * 20, "שלום " * 20, "x" * 1_000_000, "a b " * 250_000]
    hits = contaminated([pair(text, text) for text in texts], [pair(text, text) for text in texts])
    assert [(hit.position, hit.held_out_position) for hit in hits] == [(n, n) for n in (2, 3, 4, 6)]
