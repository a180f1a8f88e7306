r"""The rule about answers that were escaped once too often, so that their line ends are the two characters `\n`.

An answer about programs may just as well be about `\n`. It is a line end only where nothing else makes sense: code that
does not parse otherwise, a fence or a list that does not begin otherwise, a break after each sentence.
"""

from __future__ import annotations

import re

from swiftprep.code.markdown import fenced
from swiftprep.code.snippets import language_of, syntax_errors
from swiftprep.code.syntax import without
from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.origin import is_code, language_of_file
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

LEAST = 2  # line ends from which an answer has several lines

_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\r": "", "\\\\": "\\"}
_ESCAPED = re.compile(r'\\(?:[ntr"]|\\)')
_RUN = re.compile(r"(?:(?:\\r)?\\n)+")
_BLOCK = re.compile(r"(`{3,}|~{3,}).*?(?:\1|\Z)", re.S)
_INLINE = re.compile(r"(?<!`)`[^`\n]{1,400}`(?!`)")
_QUOTED = re.compile(r"\"[^\"\n]{0,400}\"|“[^“”\n]{0,400}”|「[^「」\n]{0,400}」|(?<!\w)'[^'\n]{0,400}'(?!\w)")
_IN_QUOTES = re.compile(r"""(['"`/])(?<!\\)(?:\\[rn])+\1""")
# Around a `\n` that a sentence mentions: white space or a quote before it, the next word or punctuation after it.
_SPOKEN_OF_BEFORE = re.compile(r"[ \t(（\"'`“‘「]\Z")
_SPOKEN_OF_AFTER = re.compile(r"[ \t]?[,.;:!?，。；：、！？)）\"'”’」](?![\w.])|[ \t](?![ \t])")
_AFTER_SENTENCE = re.compile(r"[。.！!？?：:；;，,)）”\"]\Z")
_FENCE = re.compile(r"(?:\A|\\n)[ \t]{0,8}(?:`{3,}|~{3,})[\w+.-]{0,20}(?:\\r)?\\n")
_ITEM = re.compile(r"(?:\A|\\n)[ \t]{0,8}(?:[-*•] |\d{1,3}[.)、]|#{1,6} |第[\w]{1,3}[步点])")
# A TeX command or a Windows path that begins like an escape.
_NAME = re.compile(
    r"\\(?:nabla|neq?|nu|not(?:in)?|theta|times|text[a-z]{0,9}|tau|tan|to|triangle|rho|right[a-z]{0,9}|rangle)(?![A-Za-z])"
    r"|(?<!\w)[A-Za-z]:\\\w"
)
_TAGS = re.compile(r">(?:(?:\\r)?\\n|\\t|[ \t])+<[\w/!]")


def escaped_text(sample: Sample) -> RuleResult | None:
    r"""Unescape an answer in which every line end is the two characters `\n`.

    It is repaired if each `\n` can only be a line end, and kept with a warning if the answer may be about one. It is
    dropped if the two cannot be told apart: fenced code does not parse afterwards, or has a string that is `\n`.
    """
    inner = sample.answer.strip()
    if "\n" in inner or _INLINE.sub("", inner).count("\\n") < LEAST:
        return None
    is_quoted = len(inner) > 2 and inner[0] == inner[-1] == '"'
    body = inner[1:-1] if is_quoted else inner
    unescaped = _ESCAPED.sub(lambda match: _ESCAPES[match[0]], body)
    if not unescaped.strip():
        return None
    doubtful = warn("may have line ends written as \\n", "换行可能被写成了字面的 \\n")
    if phrases("about_line_ends").search(sample.prompt):
        return doubtful if _FENCE.search(body) else None
    repaired = fix(with_answer(sample, unescaped), "its line ends are written as \\n", "换行被写成了字面的 \\n")
    if is_code(sample):
        language = language_of_file(sample)
        if without(inner, language, "literal").count("\\n") < inner.count("\\n"):
            return None
        return repaired if _parses_only(unescaped, body, language) else doubtful
    words = _BLOCK.sub("", body)
    is_shown = any("\\n" in match[0] for pattern in (_INLINE, _QUOTED) for match in pattern.finditer(words))
    if is_shown or _NAME.search(words):
        return doubtful
    runs = list(_RUN.finditer(words))
    spoken_of = sum(_is_spoken_of(words, run) for run in runs)
    if runs and spoken_of == len(runs):
        return None
    has_blocks = _FENCE.search(body) is not None
    after_sentence = sum(_AFTER_SENTENCE.search(words, max(0, r.start() - 1), r.start()) is not None for r in runs)
    has_lines = len(_ITEM.findall(words)) >= LEAST or (after_sentence >= LEAST and 2 * after_sentence >= len(runs))
    if spoken_of or not (has_blocks or (has_lines and not phrases("about_texts").search(sample.prompt))):
        return doubtful
    blocks = [(language_of(block.language, block.code), block.code) for block in fenced(unescaped)]
    if _IN_QUOTES.search(body) or any(syntax_errors(code, language) for language, code in blocks):
        return drop("its line ends are written as \\n, like an intended \\n", "换行被写成了 \\n，且无法完整还原")
    return repaired


def _is_spoken_of(text: str, run: re.Match[str]) -> bool:
    """Return whether a sentence mentions the line ends: white space or punctuation surrounds them as it does a word."""
    before = text[max(0, run.start() - 1) : run.start()]
    return _SPOKEN_OF_BEFORE.match(before) is not None or _SPOKEN_OF_AFTER.match(text, run.end()) is not None


def _parses_only(unescaped: str, escaped: str, language: str) -> bool:
    """Return whether code parses only with real line ends; for markup, it is enough that they separate its tags."""
    if syntax_errors(unescaped, language_of(language, unescaped)):
        return False
    if language in ("vue", "html") and len(_TAGS.findall(escaped)) >= LEAST:
        return True
    return bool(syntax_errors(escaped, language_of(language, escaped)))
