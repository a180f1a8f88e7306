"""Read a judge's score from its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from swiftprep.text.characters import whole
from swiftprep.text.limits import shallow

_LOOKED_AT = 20_000  # characters examined, from the end
_MOST = 200  # places at which parsing an object is tried
_LONGEST = 500  # characters of a reason
_PLAIN = str.maketrans("０１２３４５６７８９：，．／“”｛｝＂", '0123456789:,./""{}"')
_DECODER = json.JSONDecoder(strict=False)
_SCORES = ("score", "评分", "分数", "得分", "rating")
_REASONS = ("reason", "理由", "原因", "explanation", "rationale", "comment")
_SAID = re.compile(
    r"""(?:\b(?:score|rating|grade)|评分|打分|得分|分数|总分|评为)[\s"'*`_]{0,6}(?:is|of|as|为|是|给)?[\s"'*`_:=]{0,6}
    (?P<score>\d{1,3}(?:\.\d{1,3})?)(?![\d.]*\d)(?:\s{0,2}/\s{0,2}(?P<of>\d{1,3}))?""",
    re.VERBOSE | re.I,
)
_ALONE = re.compile(r"\s{0,9}\**(?P<score>\d(?:\.\d)?)\**(?:\s?/\s?(?P<of>\d{1,3})|\s?分)?[\s.。]{0,9}")
_OF = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3})?)(?:\s*/\s*(\d{1,3})|\s*分)?\s*")


def read_judgement(text: str) -> tuple[int, str] | None:
    r"""Return a judge's score from 1 to 5 and its reason; None when there is no readable score.

    The last JSON object with a score counts, else the last score in prose. Thoughts are skipped, full-width digits are
    accepted, `4.5` counts as 4, and scores on another scale are ignored.

    >>> read_judgement('```json\n{"score": 4, "reason": "complete"}\n```')
    (4, 'complete')
    >>> read_judgement("评分：３ 分，缺少校验"), read_judgement("looks good to me")
    ((3, '评分：３ 分，缺少校验'), None)
    """
    text = whole(text.rpartition("</think>")[2][-_LOOKED_AT:])
    plain = text.translate(_PLAIN)
    for version in (text, plain):
        objects = [candidate for candidate in _objects(version) if _key(candidate, _SCORES) is not None]
        if objects:
            last = objects[-1]
            score = _score(_key(last, _SCORES))
            return None if score is None else (score, whole(str(_key(last, _REASONS) or ""))[:_LONGEST])
    match = _ALONE.fullmatch(plain) or next(iter(list(_SAID.finditer(plain))[-1:]), None)
    score = _score(match["score"] + (f"/{match['of']}" if match["of"] else "")) if match else None
    return None if score is None else (score, text.strip()[:_LONGEST])


def _objects(text: str) -> Iterator[dict[str, Any]]:
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _MOST:
        tries += 1
        try:
            parsed, end = _DECODER.raw_decode(text, at)
            shallow(parsed)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield parsed
        at = text.find("{", end)


def _key(judgement: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value for key, value in judgement.items() if str(key).strip().lower() in names), None)


def _score(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _OF.fullmatch(str(value).translate(_PLAIN))
    if match is None or match[2] not in (None, "5"):
        return None
    score = int(float(match[1]))
    return score if 1 <= float(match[1]) <= 5 else None
