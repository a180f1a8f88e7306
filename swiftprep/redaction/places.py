"""Classification of places in a text: strings and comments, numbers, and code.

A file is split into the parts that a grammar can parse: scripts, the expressions of a template, the fenced blocks of a
Markdown page. Everything outside these parts is text: prose, markup, style sheets, configuration.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from tree_sitter import Node

from swiftprep.parsing.grammar import error_lines, parse
from swiftprep.parsing.script import parse_script

Kind: TypeAlias = Literal["text", "number", "code", ""]

_GRAMMARS = {
    **dict.fromkeys((".js", ".mjs", ".cjs"), "js"), **dict.fromkeys((".ts", ".mts", ".cts"), "ts"), ".jsx": "jsx",
    ".tsx": "tsx", **dict.fromkeys((".json", ".json5", ".jsonc"), "json"), ".py": "python", ".java": "java",
}  # fmt: skip
PROSE = ("", ".md", ".markdown", ".txt")
MARKUP = (".vue", ".html", ".htm", ".xml")
# Code without a grammar here, which is examined line by line.
OTHER_CODE = frozenset(".kt .go .cs .php .c .cpp .rs .sql .toml .dart .swift .rb .scala .groovy".split())
# Language names after a fence that differ from the file suffix.
_FENCE_NAMES = {
    "javascript": "js", "typescript": "ts", "python": "py", "yaml": "yml", "bash": "sh", "shell": "sh", "zsh": "sh",
    "console": "sh", "dotenv": "env", "kotlin": "kt", "golang": "go", "rust": "rs", "csharp": "cs", "c++": "cpp",
    "text": "txt", "plain": "txt", "markdown": "md", "mysql": "sql", "vue-html": "html", "ruby": "rb",
}  # fmt: skip
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n`]*$", re.M)
_STARTS_AS_CODE = re.compile(
    r"(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/){0,200}"
    r"(?:(?:import|export|const|let|var|function|async function|class|module\.exports)\b|['\"]use strict|@\w+)"
)
# An expression in markup: in `{{ }}`, or the value of a directive. Only the names of Vue directives hold one.
_EXPRESSION = re.compile(
    r"<!--.*?(?:-->|\Z)|\{\{(?P<shown>(?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}"
    r"|(?<=\s)(?::|@|#|v-)[\w:.@\[\]-]{1,80}\s{0,3}=\s{0,3}(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')",
    re.S,
)
# Bounded, as a hostile page would take quadratic time otherwise.
_ATTRIBUTES = r"""(?:[^<>"']|"[^"\n]{0,300}"|'[^'\n]{0,300}'){0,400}"""
_RAW = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(?P<tag>script|style)(?P<attributes>(?=[\s>]){_ATTRIBUTES})>(?P<body>.*?)(?:</(?P=tag)\s*>|\Z)",
    re.S,
)
_LANG = re.compile(r"\blang\s*=\s*[\"']?(\w+)")
_TEXT_NODES = frozenset(
    "string string_fragment string_content string_literal template_string comment line_comment block_comment "
    "regex regex_pattern jsx_text html_comment escape_sequence character_literal "
    "multiline_string_fragment hash_bang_line".split()
)
_IN_TEXT = ("template_substitution", "interpolation", "string_interpolation")  # code within a string
_NUMBERS = frozenset("number integer float decimal_integer_literal decimal_floating_point_literal".split())
_WRAPS = (("", ""), ("(", ")"), ("({", "})"), ("class _ {", "}"))
_PIECE = 20_000  # bytes up to which code may be a fragment of a file
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_MOST_PARTS = 20_000


@dataclass(frozen=True, slots=True)
class GrammarPart:
    """A part of a text that a grammar can parse.

    Attributes:
        start: Start offset.
        end: End offset.
        language: Its grammar: `"js"`, `"ts"`, `"tsx"`, `"jsx"`, `"json"`, `"python"` or `"java"`.
        quote: The quote around it, which it cannot contain, or `""`.
    """

    start: int
    end: int
    language: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree: its root, the shift of its offsets against the source, and the number of lines with an error."""

    root: Node
    shift: int
    errors: int


@dataclass(frozen=True, slots=True)
class Place:
    """The syntactic context of a stretch of a text.

    Attributes:
        kind: `"text"`: within a string, a comment or a text node; `"number"`; `"code"`: a name, a call or another
            expression; `""`: unknown to any grammar.
        start: Start of the literal: the number, or the content of the quotes.
        end: End of the literal.
        name: Name of the value: the key, variable, attribute or function it belongs to, or `""`.
        quotes: The quotes that a string may have in this place.
        is_comment: Whether it is a comment.
        is_sound: Whether the surrounding code parses.
    """

    kind: Kind
    start: int
    end: int
    name: str = ""
    quotes: str = "\"'"
    is_comment: bool = False
    is_sound: bool = True


def suffix_of(path: str) -> str:
    """Return the suffix that determines the format of a file: `".env"` of `.env.local`, else the suffix or the name."""
    file = PurePosixPath(path.lower())
    return ".env" if file.name.startswith(".env") else file.suffix or file.name


def regions(text: str, path: str) -> list[tuple[int, int, str]]:
    r"""Return `(start, end, suffix)` of the regions of a text: the fenced blocks of prose, and the prose around them.

    >>> regions("a\n```js\nb\n```\n", "a.md")
    [(0, 8, '.md'), (8, 10, '.js'), (10, 14, '.md')]
    """
    suffix = suffix_of(path)
    if suffix not in PROSE or not ("```" in text or "~~~" in text):
        return [(0, len(text), suffix)]
    spans, done = [], 0
    for start, end, language in _fences(text):
        if language:
            spans += [(done, start, suffix), (start, end, f".{_FENCE_NAMES.get(language, language)}")]
            done = end
    return [*spans, (done, len(text), suffix)]


def _fences(text: str) -> Iterator[tuple[int, int, str]]:
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            opened = match
        elif match[1].startswith(opened[1]) and not match[2]:
            yield min(opened.end() + 1, match.start()), match.start(), opened[2].lower()
            opened = None
    if opened is not None:
        yield min(opened.end() + 1, len(text)), len(text), opened[2].lower()


def parts(text: str, path: str) -> list[GrammarPart]:
    """Return the parts of a text that a grammar can parse, in order and without overlaps."""
    grammar_parts = [part for start, end, suffix in regions(text, path) for part in _parts(text, start, end, suffix)]
    return grammar_parts[:_MOST_PARTS]


def _parts(text: str, start: int, end: int, suffix: str) -> Iterator[GrammarPart]:
    piece = text[start:end]
    if suffix in PROSE:
        # Code without a fence, if it is unmistakably code.
        if piece.lstrip().startswith("<") and "</" in piece:
            yield from _markup(piece, start)
        elif _STARTS_AS_CODE.match(piece) and not parsed(flat(piece), "js").errors:
            yield GrammarPart(start, end, "js")
    elif suffix == ".vue" and not re.search(r"^\s*<|<(?:script|template)\b", piece):
        yield GrammarPart(start, end, "js")  # a fragment of a script
    elif suffix in MARKUP:
        yield from _markup(piece, start) if suffix != ".xml" else ()
    elif suffix in _GRAMMARS:
        yield GrammarPart(start, end, _GRAMMARS[suffix])


def _markup(piece: str, offset: int) -> Iterator[GrammarPart]:
    """Yield the scripts of a component or a page, and the expressions of its markup."""
    done = 0
    for match in _RAW.finditer(piece):
        if match["tag"] is None:
            continue
        yield from _expressions(piece, done, match.start("body"), offset)
        done = match.end("body")
        if match["tag"] == "script" and not re.search(r"application/|text/x-", match["attributes"]):
            language = _LANG.search(match["attributes"])
            name = language[1] if language and language[1] in ("ts", "tsx", "jsx") else "js"
            yield GrammarPart(offset + match.start("body"), offset + done, name)
    yield from _expressions(piece, done, len(piece), offset)


def _expressions(piece: str, start: int, end: int, offset: int) -> Iterator[GrammarPart]:
    for match in _EXPRESSION.finditer(piece, start, end):
        if match.lastgroup:
            quote = {"double": '"', "single": "'"}.get(match.lastgroup, "")
            yield GrammarPart(offset + match.start(match.lastgroup), offset + match.end(match.lastgroup), "js", quote)


def flat(text: str) -> bytes:
    """Return a text with one byte per character, so that offsets in a syntax tree equal those in the text."""
    return text.encode() if text.isascii() else _FOREIGN.sub(_stand_in, text).encode()


def _stand_in(match: re.Match[str]) -> str:
    return "x" if match[0].isalnum() else " " if match[0].isspace() else "\x7f"


@lru_cache(maxsize=8)
def parsed(source: bytes, language: str) -> Parsed:
    """Parse code, or a fragment of code, such as entries of an object or members of a class."""
    best: Parsed | None = None
    wraps = _WRAPS[1:] if language == "json" else _WRAPS[:1] if language == "python" else _WRAPS
    for before, after in wraps if len(source) <= _PIECE else wraps[:1]:
        wrapped = before.encode() + source + after.encode()
        if language in ("python", "java"):
            root = parse(wrapped, language).root_node
        else:
            root = parse_script(wrapped, "" if language in ("js", "json") else language)[0]
        tree = Parsed(root, len(before), len(error_lines(root, None)))
        best = tree if best is None or tree.errors < best.errors else best
        if not best.errors:
            break
    assert best is not None
    return best


class Places:
    """Looks up places in one text; each part is parsed only when it is needed.

    >>> places = Places("const a = 1, b = '2' // 3", "a.js")
    >>> [places.at(at, at + 1).kind for at in (6, 10, 18, 24)]
    ['code', 'number', 'text', 'text']
    """

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.parts = parts(text, path)
        self._starts = [part.start for part in self.parts]
        self._regions = regions(text, path)
        self._trees: dict[GrammarPart, Parsed] = {}

    def part(self, start: int) -> GrammarPart | None:
        """Return the part that contains a position."""
        index = bisect_right(self._starts, start) - 1
        return self.parts[index] if index >= 0 and start < self.parts[index].end else None

    def at(self, start: int, end: int) -> Place:
        """Return the context of `text[start:end]`."""
        part = self.part(start)
        if part is None or end > part.end:
            return self._without_grammar(start, end)
        tree = self.tree(part)
        shift = tree.shift - part.start
        node = tree.root.named_descendant_for_byte_range(start + shift, end + shift)
        if node is None or node.parent is None:
            return Place("", start, end, self._name(part, None, start), _free(part.quote))
        text_node = _text_node(node)
        name = self._name(part, node, start)
        if text_node is not None:
            inner = (text_node.start_byte - shift + 1, text_node.end_byte - shift - 1)
            is_comment = "comment" in text_node.type
            around = text_node.parent
            is_sound = is_comment or (around is not None and not around.has_error)
            inner = inner if "string" in text_node.type else (start, end)
            return Place("text", *inner, name, "", is_comment, is_sound)
        nodes = list(_ancestors(node))
        # After an error the quotes may be paired wrongly, so that the statement proves nothing.
        is_sound = not nodes[-2].has_error and not nodes[-2].is_error
        kind: Kind = "number" if node.type in _NUMBERS else "code" if is_sound else ""
        taken = part.quote + "".join(_quote(other) for other in nodes if "string" in other.type)
        return Place(kind, node.start_byte - shift, node.end_byte - shift, name, _free(taken))

    def tree(self, part: GrammarPart) -> Parsed:
        """Return the syntax tree of a part."""
        if part not in self._trees:
            self._trees[part] = parsed(flat(self.text[part.start : part.end]), part.language)
        return self._trees[part]

    def around(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the spans of the nodes around `text[start:end]`, smallest first, except the whole part."""
        part = self.part(start)
        if part is None:
            return
        tree = self.tree(part)
        shift = tree.shift - part.start
        node = tree.root.named_descendant_for_byte_range(start + shift, end + shift)
        while node is not None and node.parent is not None:
            if node.start_byte - shift >= part.start and node.end_byte - shift <= part.end:
                yield node.start_byte - shift, node.end_byte - shift
            node = node.parent

    def suffix(self, start: int) -> str:
        """Return the suffix of the region that contains a position."""
        return next((suffix for begin, end, suffix in self._regions if begin <= start < end), "")

    def _without_grammar(self, start: int, end: int) -> Place:
        line = self.text.rfind("\n", 0, start) + 1
        name = _name_before(self.text[max(line, start - 160) : start])
        if self.suffix(start) not in OTHER_CODE:
            return Place("", start, end, name)
        before = self.text[line:start]
        if any(before.count(quote) % 2 for quote in "\"'`"):
            return Place("text", start, end, name, "")
        if re.search(r"//|#|--|/\*|^\s*\*", before):
            return Place("text", start, end, name, "", True)
        is_number = self.text[start:end].isdigit()
        return Place("number" if is_number else "", start, end, name, "'" if self.suffix(start) == ".sql" else '"')

    def _name(self, part: GrammarPart, node: Node | None, start: int) -> str:
        for other in _ancestors(node) if node is not None else ():
            if name := _named_by(other, node):
                return name
        return _name_before(self.text[max(self.text.rfind("\n", 0, part.start) + 1, start - 160) : start])


def _ancestors(node: Node) -> Iterator[Node]:
    parent: Node | None = node
    while parent is not None:
        yield parent
        parent = parent.parent


def _text_node(node: Node) -> Node | None:
    """Return the string, comment, pattern or text that contains a node, unless there is code in between."""
    text_node: Node | None = None
    for other in _ancestors(node):
        if other.type in _IN_TEXT:
            break
        if other.type in _TEXT_NODES:
            text_node = other
        elif text_node is not None:
            break
    return text_node


def _quote(node: Node) -> str:
    text = node.text or b""
    opening = re.match(rb"\w*([\"'`])", text)
    return opening[1].decode() if opening else ""


def _free(taken: str) -> str:
    return "".join(quote for quote in "\"'" if quote not in taken)


_NAMING = {
    "pair": "key", "variable_declarator": "name", "assignment_expression": "left", "assignment": "left",
    "keyword_argument": "name", "call_expression": "function", "call": "function", "method_invocation": "name",
    "new_expression": "constructor", "field_definition": "property", "public_field_definition": "name",
    "property_signature": "name", "enum_assignment": "name", "assignment_pattern": "left", "default_parameter": "name",
}  # fmt: skip


def _named_by(node: Node, inner: Node | None) -> str:
    """Return the name that a node assigns to its content, unless the content is that name."""
    if node.type in _NAMING:
        named = node.child_by_field_name(_NAMING[node.type])
    elif node.type == "jsx_attribute":
        named = node.named_children[0] if node.named_children else None
    elif node.type == "binary_expression":
        sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
        named = next((s for s in sides if s is not None and s.type in ("identifier", "member_expression")), None)
    else:
        named = None
    if named is None or (inner is not None and named.start_byte <= inner.start_byte < named.end_byte):
        return ""
    return (named.text or b"").decode("utf-8", "replace")[-80:].strip("\"'")


_NAME_BEFORE = re.compile(
    r"([A-Za-z_$\u4e00-\u9fff][\w$.\u4e00-\u9fff-]{0,40})[\"'\]]?\s{0,3}(?:[:=]=?=?|：|\(|是|为)\s{0,3}[\[({]?\s{0,3}[\"'`]?(?:[^\n:：=\"'`]{0,80},\s?[\"'`]?)?$"
)

_ATTRIBUTE_BEFORE = re.compile(r"(?<=\s)[:@#]?([A-Za-z][\w:.@-]{0,60})=(?:\"[^\"]*|'[^']*)$")


def _name_before(before: str) -> str:
    match = _ATTRIBUTE_BEFORE.search(before) or _NAME_BEFORE.search(before)
    return match[1] if match else ""
