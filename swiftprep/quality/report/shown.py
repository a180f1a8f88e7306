"""Show samples without private data, of which only the kind and length may be shown."""

from __future__ import annotations

import re
from itertools import zip_longest

from swiftprep.quality.rule import Rule
from swiftprep.quality.rules import privacy
from swiftprep.records import Sample

PRIVATE: tuple[Rule, ...] = (privacy.secrets, privacy.personal_data)

_MARK = re.compile(r"<REDACTED:([a-z0-9-]+)>|\bREDACTED_([A-Z0-9_]+)\b")


def shown(sample: Sample) -> Sample:
    """Return a sample without private data, so that it may be shown."""
    for rule in PRIVATE:
        verdict = rule(sample)
        sample = verdict.sample if verdict and verdict.sample else sample
    return sample


def masked(before: Sample, after: Sample) -> Sample:
    """Return the original of a sample, with the kind and length of private data in its place.

    Args:
        before: The sample with private data.
        after: The same sample with redaction markers. Only the lengths are taken from `before`.
    """
    pairs = zip(before.messages, after.messages, strict=True)
    return after.replace(messages=[{**new, "content": _masked(old["content"], new["content"])} for old, new in pairs])


def _masked(before: str, after: str) -> str:
    marks = list(_MARK.finditer(after))
    pieces: list[str] = []
    done = place = 0
    for match, following in zip_longest(marks, marks[1:]):
        kept = after[done : match.start()]
        kept_next = after[match.end() : following.start() if following else len(after)]
        at = before.find(kept, place)
        begin = at + len(kept) if at >= 0 else place
        end = before.find(kept_next, begin) if kept_next else -1 if following else len(before)
        if before.startswith(match[0], begin):
            hidden = match[0]  # the marker was in the original, too
        else:
            kind = (match[1] or match[2]).lower().replace("_", "-")
            hidden = f"⟨{kind}, {end - begin} characters⟩" if at >= 0 and end > begin else f"⟨{kind}⟩"
        pieces += kept, hidden
        done, place = match.end(), max(begin, end)
    return "".join([*pieces, after[done:]])
