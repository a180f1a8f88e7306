"""The rule about code that does not parse."""

from __future__ import annotations

import re

import orjson

from swiftprep.code.pieces import CodePiece, is_noted_wrong, pieces
from swiftprep.code.snippets import syntax_errors
from swiftprep.code.syntax import without
from swiftprep.quality.rule import RuleResult, warn
from swiftprep.quality.rules.origin import is_code, is_part, is_scanned, language_of_file
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

# Syntax around the code that its grammar does not know: EJS, Jinja, Handlebars, Thymeleaf, a diff, a shell session.
_MADE_ELSEWHERE = re.compile(r"<%|\{%|\{\{[{#/>!~^&-]|\$\{\{|^[+-]{3} |^@@ |^(?:>>>|\$|In \[\d+\]:) ", re.M)
# Left out for the reader, not by mistake. (A spread has a name after the dots.)
_ELLIPSIS = re.compile(r"\.{3}(?![\w$\[({'\"`.])|…|\.{4,}")
_COMMENT = re.compile(r"^\s*(?://|/\*|#)", re.M)


def syntax_error(sample: Sample) -> RuleResult | None:
    """Warn of code that cannot be parsed, whatever part of a file it may be.

    The sample is kept, because grammars lag behind their languages. Code that the answer presents as wrong, or
    abbreviates with dots, is intended.
    """
    if is_part(sample) or (is_scanned(sample) and not is_code(sample)) or phrases("about_syntax").search(sample.prompt):
        return None
    code_pieces = [CodePiece(language_of_file(sample), sample.answer)] if is_code(sample) else pieces(sample.answer)
    for piece in code_pieces:
        if piece.is_wrong or _MADE_ELSEWHERE.search(piece.code) or "\ufffd" in piece.code:
            continue
        line = _first_error(piece)
        if line and not is_noted_wrong(piece.code, line):
            excerpt = piece.code.split("\n")[line - 1].strip()[:60]
            return warn(f"its code does not parse, line {line}: {excerpt}", f"代码有语法错误，第 {line} 行：{excerpt}")
    return None


def _first_error(piece: CodePiece) -> int:
    """Return the line of the first syntax error in a piece of code, or 0."""
    code, language = piece.code, piece.language
    if language in ("json", "json5", "jsonc"):
        try:
            orjson.loads(code)
        except orjson.JSONDecodeError:
            language = "js"  # it may have comments, be part of an object, or be several objects
        else:
            return 0
    errors = [line for line, what in syntax_errors(code, language) if "without its end tag" not in what]
    if not errors:
        return 0  # `truncated` reports what is left open
    if language != "python" and _ELLIPSIS.search(without(code, piece.language, "literal", "visible")):
        return 0
    return min(errors[0], code.count("\n") + 1)
