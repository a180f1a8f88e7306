"""The time of what reads texts from outside grows with the text and no faster: regular expressions and what uses them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pumping
import pytest
from pumping import Expression, growing

from swiftprep import Catalog, Sample
from swiftprep.catalog.python_java.docstrings import joined, param_docs, tidied
from swiftprep.catalog.vue.expressions import _is_sound
from swiftprep.catalog.vue.facts import CutPlaces, read_script, read_vue
from swiftprep.catalog.vue.module import SourcePiece
from swiftprep.catalog.vue.values import clean_doc
from swiftprep.code.snippets import script_frame
from swiftprep.distill.verification.considerations import considerations
from swiftprep.parsing.sfc import Block, template
from swiftprep.quality.rules import answers, fences, text
from swiftprep.redaction.secrets import redact
from swiftprep.scan.cut import pieces_of

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer that interrupts a pattern")
# Whoever uses these cuts the text to so many characters before.
BOUNDED = {
    "swiftprep.quality.rules.truncation:_TICKS": 1_000,
    "swiftprep.redaction.secret_values:_NOT_A_VALUE": 96,
    "phrases.yaml:greets": 160,
    "swiftprep.catalog.vue.syntax:_HEADING": 300,
    "swiftprep.catalog.vue.syntax:_COMMENTED_OUT": 300,
    "swiftprep.catalog.vue.script:_REQUIRE": 500,
    "swiftprep.catalog.explain:_CHINESE": 1_000,
    "swiftprep.catalog.witnesses.declarations:_STATED": 1_000,
    "swiftprep.scan.kinds:_PASSES_ON": 1_000,
    "swiftprep.catalog.witnesses.joining:_MADE": 500,
    "swiftprep.scan.api_samples:_CONSTANT": 500,
    "swiftprep.scan.api_samples:_CODE": 500,
    "swiftprep.catalog.linking.texts:_WORD_START": 2_000,
}
PARTS = 8


@pytest.fixture(scope="module")
def expressions() -> list[Expression]:
    """Every regular expression of the package, read in a process of its own."""
    told = subprocess.run(
        [sys.executable, str(Path(pumping.__file__))],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return [Expression(**json.loads(line)) for line in told.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_expression_takes_longer_than_its_text_grows(expressions, part):
    found = [next(growing(e, BOUNDED.get(e.name, 20_000)), None) for e in expressions[part::PARTS]]
    assert [line for line in found if line] == []


@pytest.mark.slow
def test_the_expressions_of_all_rooms_are_found(expressions):
    names = {expression.name.split(":")[0] for expression in expressions}
    assert {
        "swiftprep.parsing.sfc",
        "swiftprep.redaction.secret_formats",
        "swiftprep.quality.rules.mark_patterns",
        "phrases.yaml",
    } <= names
    written = sum(
        len(re.findall(r"\bre\.(?:compile|search|match|sub)\(", path.read_text("utf-8")))
        for path in pumping.PACKAGE.rglob("*.py")
    )
    assert len(expressions) > written


BAD = {
    "two repeats over one class": r"a[ \t]*,?[ \t]*$",
    "an end looked for from every start": r"<!--.*?-->",
    "one thing in two ways": r"(?:a|aa)+b",
    "a repeat in a repeat": r"(?:[-_]\w+)*!",
    "a beginning at every sign": r"\w+:",
    "a text that is not closed": r'"(?:\\.|[^"\\])*"',
    "white space before anything": r"\s+$",
    "Chinese words": "(?:看看|看)+吃",
}
GOOD = (
    r"a[ \t]*(?:,[ \t]*)?$",
    r"<!--.*?(?:-->|\Z)",
    r"(?<!\w)\w+:",
    r'(?<!\\)"(?:\\.|[^"\\])*"',
    r"[a-z]+",
    r"\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*\}\}",
)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", BAD.values(), ids=BAD)
def test_what_goes_back_and_forth_is_noticed(pattern):
    assert any(growing(Expression("bad", pattern, int(re.S), False)))


@pytest.mark.slow
@pytest.mark.parametrize("pattern", GOOD)
def test_what_is_read_once_is_not(pattern):
    assert list(growing(Expression("good", pattern, int(re.S), False))) == []
    assert list(growing(Expression("tried at one place", r"\s*(?:a|b)", 0, False, is_anchored=True))) == []


def vue(script: str = "", template: str = "<div/>", attributes: str = "") -> bytes:
    return f"<template>\n{template}\n</template>\n<script{attributes}>\n{script}\n</script>\n".encode()


def asked(answer: str) -> Sample:
    return Sample.from_instruction("写一个表格页面", "", answer)


KEY_BEGINS = "-----BEGIN PRIV" + "ATE KEY-----"
# What took the square of its length or more, at a length for which that takes minutes.
LONG = {
    "the names of a call's events": lambda: read_script(b"interface E { (e: '" + b'a" "' * 5_000 + b"a\"'): void }", "a.ts"),
    "blanks in a comment": lambda: clean_doc("// a" + " " * 300_000 + "b"),
    "blanks behind a type": lambda: read_vue(vue("export default { props: { a: ('PropType<a>" + " " * 200_000 + "x') } }"), "a.vue"),
    "blanks behind :param": lambda: param_docs("Do.\n\n:param" + " " * 20_000 + "a" + " " * 20_000 + "x"),
    "one long line in a list of parameters": lambda: param_docs("Parameters\n----------\n" + "a" * 200_000 + "\nb"),
    "blanks behind a heading": lambda: tidied("a\nArgs" + " " * 200_000 + "b"),
    "line ends between Chinese": lambda: joined("中" + "\n" * 200_000 + "a"),
    "braces that open": lambda: template(b"<div>" + b"{{" * 200_000),
    "comments that open": lambda: template(b"<!--\n" * 20_000 + b"<slot/>"),
    "a tag without an end": lambda: read_vue(b"<a" + b".b" * 100_000, "a.vue"),
    "blanks in v-for": lambda: _is_sound("for", "a" + " " * 200_000 + "x", ("js",), True),
    "private keys that end nowhere": lambda: redact((KEY_BEGINS + " " * 20_300 + "<\n") * 10, "a.js"),
    "secrets behind secrets": lambda: redact("-----END`sk-pwd:," * 1_000, "a.yml"),
    "signs at the end of an answer": lambda: answers.boilerplate(asked("secret " + "~" * 80_000)),
    "lines of dots": lambda: answers.placeholder(asked("说明\n```js\n…" + "\t" * 100_000 + "a\n```\n")),
    "rows below headings": lambda: fences.fence_form(asked("标题\n~~~\n" * 60_000)),
    "turns in fences": lambda: text.chat_markers(asked("说明\n" + "```js\nlet a\nUser: b\n```\n" * 20_000)),
    "words of someone who thinks": lambda: considerations("想看看" * 50_000 + "吃"),
    "chunks of which none is whole": lambda: script_frame("\n\n".join("const a = (\n" + "b(c, d);\n" * 150 for _ in range(59)), "js"),
    "blocks of a file": lambda: pieces_of(*many_blocks(8_000)),
    "mustaches in code that is checked": lambda: Catalog([]).check("</think>" + "{{" * 200_000),
}  # fmt: skip


def many_blocks(count: int) -> tuple[bytes, CutPlaces]:
    blocks = [Block("script", {}, 10 * n, 10 * n + 1, 10 * n + 8, 10 * n + 9) for n in range(count)]
    pieces = [SourcePiece(10 * n + place, 10 * n + place + 1, "statement") for n in range(count) for place in (2, 4, 6)]
    return b" " * 10 * count, CutPlaces(blocks, pieces)


def within(seconds: float, work: Callable[[], object]) -> None:
    """Run something; fail after so much time of the processor."""

    def stop(number, frame):
        raise pumping.TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize("work", LONG.values(), ids=LONG)
def test_long_texts_are_read_in_time(work):
    within(20, work)


def test_the_parts_of_a_file_are_the_ones_that_fit():
    source, shape = many_blocks(50)
    assert [[piece.start % 10 for piece in block.inner] for block in pieces_of(source, shape)] == [[2, 4, 6]] * 50
