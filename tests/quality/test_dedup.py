from __future__ import annotations

import random
import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Sample
from swiftprep.errors import ConfigError
from swiftprep.quality.duplicates.dedup import Match, duplicates, near_duplicates, semantic_duplicates
from swiftprep.quality.duplicates.shingles import BATCH, batches, shingles, tokenize

CODE = """export default {
  name: 'OrderTable',
  props: { rows: { type: Array, default: () => [] }, loading: Boolean },
  methods: {
    select(row) { this.$emit('select', row.id); this.current = row; },
    reload() { return this.$http.get('/orders', { params: this.query }).then((data) => (this.items = data.list)); },
  },
};"""


def plain_tokens(text):
    return re.findall(r"[0-9A-Za-z_$]+|[^\0-\x20\x7f\xa0\u3000/*0-9A-Za-z_$]", text)


def plain_shingles(text, size=5):
    """The shingles in their order, without hashes and without numpy."""
    tokens = plain_tokens(text)
    return [tuple(tokens[i : i + size]) for i in range(max(len(tokens) - size + 1, min(len(tokens), 1)))]


def jaccard(one, other):
    a, b = set(plain_shingles(one)), set(plain_shingles(other))
    return len(a & b) / len(a | b) if a | b else 1.0


def similarity(one, other):
    return min(jaccard(a, b) for a, b in zip(one, other, strict=True))


def pair(question, answer, **meta):
    return Sample.from_instruction(question, "", answer, meta=meta)


TOKENS = {
    "code": ("if(a_1!==$b)", ["if", "(", "a_1", "!", "=", "=", "$b", ")"]),
    "camel case stays whole": ("userName x", ["userName", "x"]),
    "tags": ('<ta-table :rows="x">', ["<", "ta", "-", "table", ":", "rows", "=", '"', "x", '"', ">"]),
    "Chinese by character": ("表格a行", ["表", "格", "a", "行"]),
    "emoji and letters with accents": ("é🙂ш", ["é", "🙂", "ш"]),
    "white space of all kinds": ("a\u3000b\xa0c\r\n\td\0e", ["a", "b", "c", "d", "e"]),
    "nothing": (" \n ", []),
}


@pytest.mark.parametrize(("text", "tokens"), TOKENS.values(), ids=TOKENS.keys())
def test_tokens(text, tokens):
    found = tokenize([text])
    assert [found.excerpt(i, i + 1).rstrip("\0/* ") for i in range(len(found.hashes))] == tokens == plain_tokens(text)


def test_the_layout_of_a_comment_is_no_token():
    one = "/** Rows\n * of the table. */\n// the end"
    assert tokenize([one]).hashes.tolist() == tokenize(["Rows of the table. the end"]).hashes.tolist()


def test_hashes_are_the_same_in_every_process():
    hashes, bounds = shingles(tokenize(["let a = 1", "表格"]), 3)
    assert bounds.tolist() == [0, 2, 3]
    assert hashes.tolist() == [11838810968252564996, 10824875645505964882, 16942762381294089329]


ODD = st.text(st.characters(categories=None) | st.sampled_from("ab c(;\n表🙂é\u3000/*\0\ud800"), max_size=40)


@settings(max_examples=50)
@given(st.lists(ODD, max_size=6), st.integers(1, 6))
def test_shingles_are_equal_where_the_tokens_are(texts, size):
    hashes, bounds = shingles(tokenize(texts), size)
    by_hash: dict[int, set] = {}
    for text, start, stop in zip(texts, bounds, bounds[1:], strict=False):
        wanted = plain_shingles(text, size)
        assert stop - start == len(wanted)
        for value, shingle in zip(hashes[start:stop].tolist(), wanted, strict=True):
            by_hash.setdefault(value, set()).add(shingle)
    assert all(len(alike) == 1 for alike in by_hash.values())


def test_batches_cover_everything_once_and_in_order():
    texts = [("x" * length,) for length in (3, BATCH + 1, 0, BATCH // 2, BATCH // 2, 7)]
    ranges = list(batches(texts))
    assert [i for first, last in ranges for i in range(first, last)] == list(range(len(texts)))
    assert len(ranges) == 3


@settings(max_examples=50)
@given(st.lists(st.tuples(ODD, st.text("ab ", max_size=12)), max_size=8), st.sampled_from([0.3, 0.8, 1.0]))
def test_every_match_is_right(texts, threshold):
    taken = set()
    for match in near_duplicates(texts, threshold=threshold):
        taken.add(match.position)
        assert match.of < match.position
        assert match.similarity == pytest.approx(similarity(texts[match.position], texts[match.of]))
        assert match.similarity >= threshold
    kept = [tuple(map(tuple, map(plain_tokens, parts))) for i, parts in enumerate(texts) if i not in taken]
    assert len(kept) == len(set(kept))  # where all tokens are the same, the match is always found


def families(draw, count):
    """Texts and copies of them with some tokens changed."""
    words = [f"name{n}" for n in range(500)] + list("表格组件(){};=.") * 12
    texts = []
    for _ in range(count):
        tokens = draw.choices(words, k=draw.randrange(40, 200))
        texts.append((" ".join(tokens),))
        for _ in range(draw.randrange(3)):
            copy = list(tokens)
            for at in draw.sample(range(len(copy)), draw.randrange(1, 6)):
                copy[at] = draw.choice(words)
            texts.append((" ".join(copy),))
    return texts


@pytest.fixture(scope="module")
def compared():
    """Texts, and the similarity of every two."""
    texts = families(random.Random(3), 110)
    sets = [set(plain_shingles(text)) for (text,) in texts]
    pairs = combinations(range(len(texts)), 2)
    return texts, {(a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in pairs}


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.4, 0.6, 0.8, 0.9])
def test_nearly_all_near_copies_are_found(compared, threshold):
    texts, similarities = compared
    pairs = [pair for pair, similarity in similarities.items() if similarity >= threshold]
    gone = {match.position for match in near_duplicates(texts, threshold=threshold)}
    assert len(pairs) > 10
    assert sum(a in gone or b in gone for a, b in pairs) >= 0.97 * len(pairs)


@pytest.mark.parametrize("other", [CODE.replace("row.id", "row.key"), CODE * 3], ids=["changed", "repeated"])
def test_the_similarity_is_that_of_the_sets_of_shingles(other):
    (match,) = near_duplicates([(CODE,), (other,)], threshold=0.5)
    assert match.similarity == pytest.approx(jaccard(CODE, other))


def test_a_template_used_thousands_of_times_leaves_one():
    texts = [(CODE.replace("OrderTable", f"Table{n}"),) for n in range(3000)]
    assert [match.of for match in near_duplicates(texts)] == [0] * 2999


@pytest.mark.slow
def test_texts_of_one_template_that_are_not_alike_all_stay():
    texts = [(CODE + " " + " ".join(f"own{n}_{i}" for i in range(40)),) for n in range(1500)]
    assert similarity(texts[0], texts[1]) > 0.5
    assert near_duplicates(texts) == []


def test_a_copy_is_like_the_one_that_is_kept_and_not_only_like_a_copy_of_it():
    words = [f"w{n}" for n in range(100)]
    chain = [(" ".join([*(f"x{n}" for n in range(at)), *words[at:]]),) for at in (0, 6, 12)]
    assert similarity(chain[0], chain[1]) >= 0.8 <= similarity(chain[1], chain[2])
    assert similarity(chain[0], chain[2]) < 0.8
    assert [(match.position, match.of) for match in near_duplicates(chain)] == [(1, 0)]
    assert [(match.position, match.of) for match in near_duplicates(chain, firm=2)] == [(2, 1)]


@pytest.mark.parametrize("threshold", [0, -1, 1.2, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ConfigError, match="threshold="):
        near_duplicates([], threshold=threshold)
    with pytest.raises(ConfigError, match="threshold="):
        duplicates([], threshold=threshold, near=False)


def test_short_parts_are_alike_when_they_are_equal():
    assert near_duplicates([("a b c",), ("a b d",), ("a  b\nc",)]) == [Match(2, 0, 1.0)]


EQUAL = {
    "white space": (pair("写 一个表格", CODE), pair(" 写  一个表格\n", CODE)),
    "line ends and indentation": (pair("写", CODE), pair("写", CODE.replace("\n  ", "\r\n\t"))),
    "ideographic space": (pair("写 表格", "好"), pair("写\u3000表格", "好")),
    "accents as characters of their own": (pair("é", "café"), pair("e\u0301", "cafe\u0301")),
    "meta and id": (pair("q", "a", kind="api"), Sample(pair("q", "a").messages, id="x")),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL.keys())
def test_exact_copies(one, other):
    (copy,) = duplicates([one, other], near=False)
    assert (copy.kind, copy.similarity, copy.across) == ("exact", 1.0, False)


def with_system(system):
    return Sample([{"role": "system", "content": system}, *pair("写一个表格。", CODE).messages])


def with_tool(question):
    """A conversation of which only the question is its own."""
    system, call, result = CODE * 2, "select({})", "[1, 2]"
    turns = zip(("system", "user", "tool_call", "tool_response"), (system, question, call, result), strict=True)
    messages = [{"role": role, "content": content} for role, content in turns]
    return Sample([*messages, {"role": "assistant", "content": CODE}])


HOLES = [CODE.split("\n")[line] for line in (2, 5)]
DIFFERENT = {
    "case": (pair("q", "Yes"), pair("q", "yes")),
    "another question, the same answer": (
        pair("请写一个订单表格组件。", CODE),
        pair("订单列表怎么做?给出代码。", CODE),
    ),
    "another answer": (pair("写一个表格。", CODE), pair("写一个表格。", "<ta-table/>")),
    "two holes in one file": tuple(pair(f"补全:{CODE.replace(hole, '【】')}", hole) for hole in HOLES),
    "another system prompt": (with_system("You are a cook."), with_system("你是前端专家。")),
    "another question before the tool's turn": (with_tool("有多少订单?"), with_tool("Which rows?")),
    "roles": (
        Sample([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, *pair("c", "d").messages]),
        Sample([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, *pair("c", "d").messages]),
    ),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_these_are_no_copies(one, other):
    assert duplicates([one, other]) == []


def test_near_copies_have_question_and_answer_alike():
    question = "请用私有框架写一个订单表格组件,支持选择一行、重新加载、显示加载状态,并说明每个属性的用途。"
    (copy,) = duplicates([pair(question, CODE + "\n" + CODE[::-1]), pair(question + "!", CODE + "\n" + CODE[::-1])])
    assert copy.kind == "near"
    assert 0.8 <= copy.similarity < 1


LONGER = CODE + "\n// done"
FENCED, OPEN = f"```js\n{CODE}\n```", f"```js\n{CODE}\n{CODE[:30]}"
BETTER = {
    "held out": (pair("q", CODE, split="val"), pair("q", LONGER)),
    "its fence is closed": (pair("q", FENCED), pair("q", OPEN)),
    "longer": (pair("q", LONGER), pair("q", CODE)),
}


@pytest.mark.parametrize(("better", "worse"), BETTER.values(), ids=BETTER.keys())
@pytest.mark.parametrize("turned", [False, True], ids=["first", "last"])
def test_the_better_one_is_kept(better, worse, turned):
    (copy,) = duplicates([worse, better] if turned else [better, worse], threshold=0.7)
    assert (copy.position, copy.of) == ((0, 1) if turned else (1, 0))
    assert copy.across == (better.meta.get("split") == "val")


def test_of_equal_ones_the_first_is_kept():
    assert [(copy.position, copy.of) for copy in duplicates([pair("q", "a")] * 3)] == [(1, 0), (2, 0)]


def test_what_is_held_out_is_never_trained_on():
    words = [f"w{n}" for n in range(100)]
    chain = [" ".join([*(f"x{n}" for n in range(at)), *words[at:]]) for at in (0, 6, 12)]
    samples = [pair("q", chain[2]), pair("q", chain[0]), pair("q", chain[1]), pair("q", chain[1])]
    copies = duplicates(samples, held_out=[1, 2, 3])
    assert [(c.position, c.of, c.kind, c.across) for c in copies] == [(0, 2, "near", True), (3, 2, "exact", False)]


def test_which_texts_stay_does_not_depend_on_the_order():
    samples = [pair("请写一个组件。", text) for (text,) in families(random.Random(5), 60)]
    stay = set()
    for seed in range(4):
        turned = random.Random(seed).sample(samples, len(samples))
        gone = {copy.position for copy in duplicates(turned)}
        stay.add(frozenset(sample.answer for i, sample in enumerate(turned) if i not in gone))
    assert len(stay) == 1
    assert 0 < len(next(iter(stay))) < len(samples)


@pytest.mark.slow
def test_odd_samples_are_compared_like_any():
    texts = ["", "\ud800\udc00", "🙂" * 9, "שלום עולם", "x" * 1_000_000, "a b " * 250_000, "\ufeff", "```" * 3]
    samples = [Sample([{"role": "assistant", "content": "x"}]), *(pair(text, text) for text in texts)]
    assert duplicates(samples) == []
    assert len(duplicates(samples * 2)) == len(samples)


VECTORS = {"red": [1, 0, 0], "crimson": [0.99, 0.1, 0], "green": [0, 1, 0], "nothing": [0, 0, 0]}


def embed(texts):
    return np.array([VECTORS[text] for text in texts])


def test_copies_in_meaning():
    samples = [pair(q, a) for q, a in (("red", "red"), ("crimson", "crimson"), ("red", "green"), ("green", "red"))]
    (copy,) = semantic_duplicates(samples, embed)
    assert (copy.position, copy.of, copy.kind) == (0, 1, "semantic")  # the longer answer stays
    assert copy.similarity == pytest.approx(0.995, abs=0.001)
    (copy,) = semantic_duplicates(samples, embed, held_out=[0])
    assert (copy.position, copy.of, copy.across) == (1, 0, True)
    assert semantic_duplicates(samples, embed, held_out=[0, 1]) == []
    assert semantic_duplicates([pair("nothing", "nothing")] * 2, embed) == []


def test_copies_in_meaning_are_found_across_blocks():
    draw = np.random.default_rng(0)
    vectors: Any = draw.normal(size=(600, 16))
    vectors = np.concatenate([vectors, vectors + 0.01 * draw.normal(size=vectors.shape)])
    samples = [pair(str(n), str(n)) for n in range(1200)]
    copies = semantic_duplicates(samples, lambda texts: vectors[list(map(int, texts))])
    assert sorted({copy.position % 600 for copy in copies}) == list(range(600))
    assert all(copy.of % 600 == copy.position % 600 for copy in copies)


def test_an_embedding_of_another_shape_is_refused():
    with pytest.raises(ConfigError, match=r"embed returned the shape \(3,\)"):
        semantic_duplicates([pair("a", "b")], lambda texts: np.zeros(3, np.float32))
