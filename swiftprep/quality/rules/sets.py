"""Rules over the whole set: one question with different answers, and one wording over and over."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from swiftprep.quality.rule import Found, warn
from swiftprep.records import Sample

MANY = 20  # samples of one wording from which it may be monotonous
SHARE = 0.5  # of a group, above which one wording is monotonous
LONGEST = 400  # characters of a question that are compared

_TOKEN = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|“[^“”\n]*”|「[^「」\n]*」|[\w@.\-/\\]+")
_OF_NAMES = re.compile(r"['\"`“「/\\\d-]")


def contradictions(samples: Sequence[Sample]) -> Iterator[Found]:
    """Warn of the same question with different answers, of which the model would learn the mean."""
    by_question: defaultdict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for position, sample in enumerate(samples):
        key = tuple((turn["role"], " ".join(turn["content"].split())) for turn in sample.messages[:-1])
        by_question[key].append(position)
    for positions in by_question.values():
        if len({" ".join(samples[p].answer.split()) for p in positions}) < 2:
            continue
        for position in positions:
            others = len(positions) - 1
            verdict = warn(f"other answers to the same question: {others}", f"同一指令另有 {others} 个不同的回答")
            yield position, "contradiction", verdict


def monotony(samples: Sequence[Sample]) -> Iterator[Found]:
    """Warn of instructions that differ only in names and numbers, per kind of sample and per component."""
    for what, group in _groups(samples):
        wordings = Counter(_wording(sample) for sample in group)
        wording, times = wordings.most_common(1)[0]
        if times >= MANY and times > SHARE * len(group):
            yield (
                None,
                "monotony",
                warn(
                    f"{times} of {len(group)} samples of {what} share one wording: {wording[:80]}",
                    f"{what} 的 {len(group)} 条样本中有 {times} 条措辞相同：{wording[:80]}",
                ),
            )


def _groups(samples: Sequence[Sample]) -> Iterator[tuple[str, list[Sample]]]:
    kinds: defaultdict[str, list[Sample]] = defaultdict(list)
    components: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        kinds[sample.kind or sample.channel or "no kind"].append(sample)
        named = sample.meta.get("components")
        for name in named if isinstance(named, list) else ():
            components[str(name)].append(sample)
    for groups in (kinds, components):
        yield from sorted(groups.items())


def _wording(sample: Sample) -> str:
    """Return the first line of a question with `_` for every name, path, number and quotation."""
    line = sample.prompt.strip().partition("\n")[0][:LONGEST]
    return " ".join(_TOKEN.sub(lambda match: "_" if _OF_NAMES.search(match[0]) else match[0], line).split())
