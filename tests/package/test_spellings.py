"""No spelling of a key and no long part of one is told or kept, and what only resembles it stays."""

from __future__ import annotations

import base64
import random
import unicodedata
from pathlib import Path

import pytest

from swiftprep import spellings, withheld
from swiftprep.spellings import without_spellings
from swiftprep.teachers.request import Reply
from swiftprep.withheld import shown, without_secrets, without_secrets_in_bytes

KEY = "sk-proj-" + "a8F3kLq9ZtR4vW7xY2bN6mP1cD5eG0hJ3sU8iO4"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setattr(withheld, "_values", {KEY})


def each(form: str, between: str = "") -> str:
    return between.join(form.format(letter, ord(letter)) for letter in KEY)


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS = {
    "base64": packed(KEY),
    "base64, small letters": packed(KEY).lower(),
    "base64 for URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "base64 in lines": base64.encodebytes(KEY.encode()).decode(),
    "base64 of the header": packed(f"Bearer {KEY}"),
    "base64 of JSON": packed(f'{{"key": "{KEY}", "n": 1}}'),
    "hexadecimal digits": KEY.encode().hex(),
    "large hexadecimal digits with colons": KEY.encode().hex(":").upper(),
    "JavaScript": each("\\u{{{1:x}}}"),
    "Python": each("\\U{1:08x}"),
    "C": each("\\{1:03o}"),
    "old JavaScript": each("%u{1:04X}"),
    "quoted printable": each("={1:02X}"),
    "quoted printable in lines": each("={1:02X}", "=\r\n"),
    "CSS": each("\\{1:06x} "),
    "CSS, short": each("\\{1:x} "),
    "HTML": each("&#{1:d};"),
    "large letters": KEY.upper(),
    "with blanks": each("{0}", " "),
    "with characters of no width": each("{0}", "\u200b"),
    "with soft hyphens": each("{0}", "&shy;"),
    "in lines": each("{0}", "\r\n"),
    "in lines of a program": each("{0}", "\\n"),
    "Markdown": each("**{0}**"),
    "HTML tags": each('<b class="key">{0}</b>'),
    "a list": each('"{0}"', ", "),
    "a sum": each("'{0}'", " + "),
    "in a tag": f'<input value="{each("{0}", " ")}">',
    "backwards": KEY[::-1],
    "full width": "".join(chr(ord(letter) + 0xFEE0) for letter in KEY),
    "decimal codes": each("{1:d}", ","),
    "without the first": KEY[10:],
    "without the last": KEY[:-10],
    "the middle": KEY[15:27],
    "the middle, spread": " ".join(KEY[15:27]),
    "base64 of the middle": packed(KEY[15:31]),
}


def letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum()).lower()


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_is_neither_told_nor_kept_in_this_spelling(spelling):
    text = f"const unused = 1 // 配置 {spelling} 完成"
    replies = (Reply(text).content, Reply("?", reasoning=text).reasoning)
    raw = without_secrets_in_bytes(text.encode()).decode()
    for made in (shown(text), without_secrets(text), *replies, *([raw] if "ｓ" not in text else [])):
        assert made.startswith("const unused = 1 // 配置 ")
        assert made.endswith(" 完成")
        assert "***" in made
        left = letters(unicodedata.normalize("NFKC", made))
        for row in spellings._rows(KEY):
            assert not any(part in left for part in row.parts)


def test_two_spellings_in_a_text_are_both_found():
    text = f"a {KEY} b {packed(KEY)} c {each('{0}', ' ')} d {KEY.encode().hex()} e"
    made = without_secrets(text).split()
    assert [word for word in made if len(word) == 1] == ["a", "b", "c", "d", "e"]
    assert len(made) == 9


PLAIN = {
    "short part": "the middle " + KEY[15:26],
    "beginning of any key": "keys begin with sk-proj- and go on",
    "code": 'a = ["s", "k"]; b = "\\u0073" + "%73" + "=73"; c = <b>sk</b>',
    "colours": "#736b2d #70726f 73 6b 2d 70",
    "alphabet": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_what_only_resembles_a_key_stays(text):
    assert without_secrets(text) == shown(text) == text


def test_no_text_of_the_package_holds_a_part_of_keys_with_words_in_them():
    texts = [path.read_text(encoding="utf-8") for path in Path(spellings.__file__).parent.glob("[a-l]*.py")]
    keys = ["production-secret-" + "k3v", "swiftprep-output-folder-" + "q7Zx", "changeme-please", "readable-password"]
    for text in texts:
        assert without_spellings(text, keys, "***") == text


def test_the_time_grows_with_the_text(monkeypatch):
    seen: list[int] = []

    def masked(text: str, *arguments: object) -> str:
        seen.append(len(text))
        return text

    monkeypatch.setattr(spellings, "_masked", masked)
    draw = random.Random(1)
    text = "".join(draw.choice("abcdefghij 0123456789<>&\\%=\n") for _ in range(200_000))
    assert without_spellings(text, [KEY], "***") == text
    assert not seen  # the slow way is gone only where a piece is found
    without_spellings(text + KEY, [KEY], "***")
    assert seen


def test_letters_that_repeat_are_passed_in_strides():
    row = spellings._rows("a1" * 20)[0]
    spans = list(spellings._spans("a1" * 10_000, row))
    assert len(spans) < 1_000
    assert without_spellings("so: " + "a1 " * 10_000 + "!", ["a1" * 20], "***") == "so: *** !"
