"""The corpus of planted defects is what it says, and the checker holds its bars on a part of it."""

from __future__ import annotations

import random
import re
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from corpora import judge as judge_corpus
from corpora import load
from defects import FITTING, KINDS, Defect, Run, bank_card, defects, email, good_samples, id_card, judge, phone, right

import swiftprep
from swiftprep import Sample, Scanner, demo

EACH = 3
LONGEST = 32_768  # tokens Qwen2.5-Coder can read
OF_THE_API = ("unknown prop", "unknown tag", "unknown event")


@pytest.fixture(scope="module")
def scan():
    return Scanner(demo.app(), framework="ta404").scan()


@pytest.fixture(scope="module")
def samples(scan) -> list[Sample]:
    return [*good_samples(), *demo.general_samples(), *scan.samples]


@pytest.fixture(scope="module")
def planted(samples, scan) -> list[Defect]:
    """What is wrong with the API is planted in the embedded application, all else in samples of element-ui too."""
    known = [d for d in defects(samples, scan.catalog, each=EACH) if d.kind in OF_THE_API]
    return [*defects(samples, None, each=EACH), *known]


@pytest.mark.slow
def test_every_kind_is_planted_as_often_as_was_asked(planted):
    assert len(KINDS) >= 25
    assert FITTING.keys() == KINDS.keys()
    assert Counter(d.kind for d in planted) == dict.fromkeys(KINDS, EACH)


@pytest.mark.slow
def test_the_same_seed_plants_the_same_and_another_does_not(samples):
    first, again = (defects(samples, None, each=EACH) for _ in range(2))
    assert first == again
    assert first != defects(samples, None, each=EACH, seed=1)


def test_no_sample_is_broken_twice_in_a_kind(planted):
    for kind in KINDS:
        ids = [d.sample.id for d in planted if d.kind == kind]
        assert len(set(ids)) == len(ids)


@pytest.mark.slow
def test_a_defect_differs_from_its_original_or_from_nothing_but_its_set(planted):
    for d in planted:
        assert d.sample.messages != d.original.messages or d.beside or d.held_out, d.note


def test_what_is_expected_is_right_and_what_is_broken_is_not(planted):
    for d in planted:
        assert d.fixable == bool(d.expected or d.gone), d.note
        if d.fixable:
            assert not right(d, d.sample), (d.kind, d.note)
        if d.expected:
            assert right(d, d.expected), (d.kind, d.note)


def test_a_secret_may_be_replaced_by_anything_short_and_nothing_else_may_change(planted):
    for d in (d for d in planted if d.gone):

        def put(text: str, d: Defect = d) -> Sample:
            turns = [dict(turn) for turn in d.sample.messages]
            for turn in turns:
                for part in d.gone:
                    turn["content"] = turn["content"].replace(part, text)
            return d.sample.replace(messages=turns)

        assert right(d, put("REDACTED_WHAT"))
        assert right(d, put(""))
        assert not right(d, put("word " * 20)), d.kind
        assert not right(d, d.original), d.kind


def test_good_samples_are_many_and_whole():
    samples = good_samples()
    assert len(samples) >= 60
    assert (
        len({s.id for s in samples})
        == len({s.prompt for s in samples})
        == len({s.answer for s in samples})
        == len(samples)
    )
    for sample in samples:
        assert sample.answer.count("```") % 2 == 0, sample.id
        for tag in ("template", "script"):
            assert len(re.findall(rf"<{tag}\b", sample.answer)) == sample.answer.count(f"</{tag}>"), sample.id


def test_personal_data_has_its_real_form():
    dice = random.Random(7)
    for i in range(60):
        card = id_card(dice, i).upper()
        weights = [2**n % 11 for n in range(17, -1, -1)]
        digits = [10 if c == "X" else int(c) for c in card]
        assert sum(d * w for d, w in zip(digits, weights, strict=True)) % 11 == 1
        number = bank_card(dice, i).replace(" ", "")
        doubled = [int(d) * (1 + at % 2) for at, d in enumerate(reversed(number))]
        assert sum(n // 10 + n % 10 for n in doubled) % 10 == 0
        assert re.fullmatch(r"(\+86)?1[3-9]\d{9}", re.sub("[ -]", "", phone(dice, i)))
        assert re.fullmatch(r"[\w.]+@[\w-]+(\.\w+)+", email(dice, i))


def report_of(kept: list[Sample], rules: list[tuple[str, str]]) -> Any:
    """Return what the judge reads of a report."""
    return SimpleNamespace(kept=kept, findings=pd.DataFrame(rules, columns=["id", "rule"]))


def knowing(of_kind: list[Defect], rule: str) -> Run:
    """Return a checker that knows which samples are broken, calls that by one name, and repairs what can be."""
    fixed = {d.sample.id: d.expected for d in of_kind if d.expected}
    originals = [d.original for d in of_kind]

    def run(samples: list[Sample], held_out: list[Sample]) -> Any:
        if samples == originals and not held_out:
            return report_of(samples, [])
        broken = {d.sample.id for d in of_kind}
        return report_of([fixed.get(s.id, s) for s in samples], [(s.id, rule) for s in samples if s.id in broken])

    return run


def test_the_judge_gives_all_to_a_checker_that_knows(planted):
    for kind in KINDS:
        of_kind = [d for d in planted if d.kind == kind]
        for rule in FITTING[kind].split():
            for outcome in judge(of_kind, knowing(of_kind, rule)):
                assert outcome.found, kind
                assert outcome.repaired == (outcome.defect.expected is not None), (kind, outcome.defect.note)


def test_the_judge_gives_nothing_for_a_rule_that_does_not_fit_or_speaks_of_good_samples_too(planted):
    everything = sorted({rule for rules in FITTING.values() for rule in rules.split()})

    def deaf(samples: list[Sample], held_out: list[Sample]) -> Any:
        return report_of(samples, [(s.id, rule) for s in samples for rule in everything])

    assert not any(o.found or o.repaired for o in judge(planted, deaf))
    assert not any(o.found or o.repaired for o in judge(planted, lambda samples, held_out: report_of(samples, [])))
    for kind in KINDS:
        of_kind = [d for d in planted if d.kind == kind]
        assert not any(o.found for o in judge(of_kind, knowing(of_kind, "another-rule")))


def test_a_copy_in_the_validation_split_must_stay(planted):
    of_kind = [d for d in planted if d.kind == "cross-split duplicate"]

    def greedy(samples: list[Sample], held_out: list[Sample]) -> Any:
        report = knowing(of_kind, "duplicate")(samples, held_out)
        return SimpleNamespace(kept=[s for s in report.kept if s.meta.get("split") != "val"], findings=report.findings)

    assert not any(o.found for o in judge(of_kind, greedy))


@pytest.mark.slow
def test_the_checker_holds_its_bars(planted, scan):
    def run(catalog):
        return lambda broken, held_out: swiftprep.Checker(catalog=catalog, held_out=held_out, max_tokens=LONGEST).run(
            broken
        )

    outcomes = judge([d for d in planted if d.kind not in OF_THE_API], run(None))
    outcomes += judge([d for d in planted if d.kind in OF_THE_API], run(scan.catalog))
    fixable = [o for o in outcomes if o.defect.fixable]
    assert sum(o.found for o in outcomes) >= 0.95 * len(outcomes), [
        (o.defect.kind, o.defect.note) for o in outcomes if not o.found
    ]
    assert sum(o.repaired for o in fixable) >= 0.90 * len(fixable), [
        (o.defect.kind, o.defect.note) for o in fixable if not o.repaired
    ]
    clean = [*demo.general_samples(), *scan.samples]
    dropped = run(scan.catalog)(clean, good_samples()).rejected
    assert len(dropped) <= 0.02 * len(clean), dropped


@pytest.mark.slow
@pytest.mark.parametrize(
    ("corpus", "found", "repaired"), [(load("second"), 0.98, 0.96), (load("third"), 0.9, 0.9)], ids=["second", "third"]
)
def test_the_checker_holds_its_bars_on_a_corpus_written_blind(corpus, found, repaired):
    checker = swiftprep.Checker()
    judgement = judge_corpus(corpus, lambda messages: checker.run([Sample(messages)]))
    assert judgement.found >= found * judgement.planted, judgement.missed
    assert judgement.repaired >= repaired * judgement.fixable, judgement.missed
    assert judgement.good_dropped + judgement.good_changed <= 0.02 * judgement.good, judgement.missed
