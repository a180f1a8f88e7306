"""Repair text that was decoded with the wrong encoding, where the right reading can be proved.

A reading is proved if it converts both ways without loss (the wrong text encodes to bytes that are valid in the other
encoding, and these convert back to the wrong text) *and* the wrong text can hardly be intended. For UTF-8 the first is
nearly enough. Any even number of Latin-1 letters is valid GBK, so its reading must also look like Chinese.
"""

from __future__ import annotations

import re

from swiftprep.text.characters import HAN

_LATIN = re.compile("[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]{2}")
_CJK = re.compile("[\u3400-\u9fff]{2}")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_HIGH = re.compile("[\x80-\xff]+")
# What UTF-8 read as Latin-1 or cp1252 turns out to be: European letters, punctuation, Chinese, emoji. Other scripts are
# coincidences: `É…` would be an African letter, and a capital followed by NBSP a Caucasian one.
_PLAUSIBLE = re.compile(
    "[\u00a0-\u017f\u2010-\u205e\u20ac\u2100-\u214f\u2190-\u27bf\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef"
    "\ufe0f\U0001f300-\U0001faff]"
)
_CHINESE_TEXT = re.compile("[\u2010-\u2027\u3000-\u301f\u3400-\u9fff\uff01-\uff5e\u00b7\u00d7\u00b0\u00b1]")
# About four in ten characters of Chinese prose are among these.
_FREQUENT = re.compile(
    "[的一是不了在有人这中大为上个国和地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "如前面分把数据组件表格示例使实现需值名列加并与将当从通请若或其]"
)
_GAP = re.compile(r"(?<![\w/.?=&:@#$<-])[A-Za-z\u00c0-\u024f]+\?[a-z\u00df-\u024f]+\b(?![=&(/\[.{?*+|-]\S)")
_LEAST = 6  # Chinese characters needed to tell whether a text reads like Chinese
_LEAST_IN_CODE = 4  # wrong letters in code; fewer may be a pattern that matches wrong letters
_MOST_TIMES = 3  # how many times in a row a text may have been decoded wrongly


def decoded(text: str, *, has_code: bool = False) -> str:
    r"""Return a text in its right reading, as a whole or line by line, or unchanged if none is proved.

    Args:
        text: Any text.
        has_code: Whether it contains code, in which a few wrong letters may be intended.

    >>> decoded("组件库".encode().decode("latin-1")), decoded("\xa0\xa0\xa0\xa0this.open()"), decoded("CAFÉ…")
    ('组件库', '\xa0\xa0\xa0\xa0this.open()', 'CAFÉ…')
    """
    if not _LATIN.search(text) and not _CJK.search(text):
        return text
    repaired = _reading(text)
    if repaired is None:
        lines = text.split("\n")
        readings = [_reading(line) for line in lines]
        others = "".join(line for line, reading in zip(lines, readings, strict=True) if reading is None)
        if _NOT_ASCII.search(others):
            return text  # next to correct text, wrong letters may be an example
        repaired = "\n".join(
            line if reading is None else reading for line, reading in zip(lines, readings, strict=True)
        )
    if has_code and sum(a != b for a, b in zip(_NOT_ASCII.findall(text), repaired, strict=False)) < _LEAST_IN_CODE:
        return text
    return repaired


def wrong_lines(text: str) -> tuple[int, int]:
    """Count the letters that are not ASCII: those in lines with another, proved reading, and all of them."""
    lines = [line for line in text.split("\n") if _NOT_ASCII.search(line)]
    wrong = [line for line in lines if _reading(line) is not None]
    return len(_NOT_ASCII.findall("".join(wrong))), len(_NOT_ASCII.findall("".join(lines)))


def words_with_gaps(text: str) -> set[str]:
    """Return the words of prose that have a question mark in place of a letter, as `gr?n` has.

    >>> sorted(words_with_gaps("Die T?r ist gr?n, ja? a?b=1 list?page=2"))
    ['T?r', 'gr?n']
    """
    return {match[0] for match in _GAP.finditer(text)}


def looks_wrong(text: str) -> bool:
    """Return whether a text seems to be decoded with the wrong encoding, though no reading is proved."""
    return any(map(_is_nearly_utf8, text.split("\n"))) or _is_likely_gbk(text)


def _reading(text: str) -> str | None:
    """Return the proved reading of a text, or None."""
    reading = _from_utf8(text) or _utf8_in_gbk(text) or _gbk_in_latin(text)
    return (_from_utf8(reading) or reading) if reading else None


def _from_utf8(text: str) -> str | None:
    """Read a text as UTF-8 that was decoded as Latin-1 or cp1252, once or several times."""
    if not _LATIN.search(text):
        return None
    import ftfy.bad_codecs  # noqa: F401 - registers sloppy-windows-1252, which has the five bytes cp1252 lacks
    from ftfy.badness import is_bad

    right = None
    once = text
    for _ in range(_MOST_TIMES):
        reading = _recoded(once, "latin-1", "utf-8") or _recoded(once, "sloppy-windows-1252", "utf-8")
        if reading is None:
            break
        once = reading
        letters = _NOT_ASCII.findall(reading)
        if letters and all(map(_PLAUSIBLE.match, letters)) and (is_bad(text) or HAN.search(reading)):
            right = reading
    return right


def _utf8_in_gbk(text: str) -> str | None:
    """Read a text as UTF-8 that was decoded as GBK; two Chinese characters do not result by chance."""
    if not _CJK.search(text):
        return None
    reading = _recoded(text, "gb18030", "utf-8")
    if reading is None or len(HAN.findall(reading)) < 2:
        return None
    return reading if all(map(_PLAUSIBLE.match, _NOT_ASCII.findall(reading))) else None


def _gbk_in_latin(text: str) -> str | None:
    """Read a text as GBK that was decoded as Latin-1 or cp1252, if the result reads like Chinese."""
    if not _LATIN.search(text):
        return None
    for wrong in ("latin-1", "sloppy-windows-1252"):
        reading = _recoded(text, wrong, "gb18030")
        if reading is not None and _reads_like_chinese(text.encode(wrong).decode("latin-1"), reading):
            return reading
    return None


def _reads_like_chinese(raw: str, reading: str) -> bool:
    """Tell Chinese in GBK from rows of European letters, by pairs of high bytes and frequent characters."""
    runs = _HIGH.findall(raw)
    letters = _NOT_ASCII.findall(reading)
    chinese = HAN.findall(reading)
    return (
        len(chinese) >= _LEAST
        and all(len(run) % 2 == 0 for run in runs)
        and len(_CHINESE_TEXT.findall(reading)) == len(letters)
        and len(_FREQUENT.findall(reading)) >= max(2, len(chinese) // 10)
    )


def _recoded(text: str, wrong: str, right: str) -> str | None:
    """Return another reading of a text's bytes, if it converts both ways and changes something."""
    try:
        reading = text.encode(wrong).decode(right)
        return reading if reading != text and reading.encode(right).decode(wrong) == text else None
    except UnicodeError:
        return None


def _is_nearly_utf8(line: str) -> bool:
    """Return whether a line of Chinese characters would be Chinese in UTF-8, except for a few lost letters."""
    if not _CJK.search(line):
        return False
    reading = line.encode("gb18030", "replace").decode("utf-8", "replace")
    right = len(HAN.findall(reading))
    return right > 1 and reading.count("\ufffd") * 4 < right


def _is_likely_gbk(text: str) -> bool:
    """Return whether much of a text would be Chinese in GBK, though it is too mixed to be sure."""
    raw = "".join(run for run in _HIGH.findall(text) if len(run) >= 4 and len(set(run)) > 2)
    reading = raw.encode("latin-1").decode("gb18030", "replace")
    return len(HAN.findall(reading)) >= _LEAST and len(_FREQUENT.findall(reading)) >= max(2, len(reading) // 10)
