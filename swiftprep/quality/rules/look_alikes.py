"""The rule about look-alike characters in code: `ta‑table` with U+2011, `“x”`, `（`, a Cyrillic letter.

Some models write such characters as good typography. In code, outside strings, comments and visible text, no language
uses them, and a name with one is another name. Replacing them is a repair only if it is proved: the code then parses,
every changed name is known, and no string, comment or visible text changes. Chinese punctuation in text that a reader
sees is correct.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

import orjson

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.native import ATTRIBUTES, BUILT_IN, DOM_EVENTS, is_global, is_native
from swiftprep.code.markdown import fenced, is_bare_code, outside_fences
from swiftprep.code.snippets import language_of as code_language
from swiftprep.code.snippets import syntax_errors
from swiftprep.code.spans import SCRIPTS, STYLES, CodeSpan, code_spans
from swiftprep.parsing.grammar import parse
from swiftprep.parsing.sfc import blocks
from swiftprep.quality.rule import Rule, RuleResult, drop, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.origin import is_part
from swiftprep.quality.rules.plain_spaces import ODD_SPACES, odd_options, with_plain_spaces
from swiftprep.records import Sample
from swiftprep.text.characters import HAN

_DASHES = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_JOINERS = "\u200c\u200d"
_LETTERS = dict(
    zip("АВЕКМНОРСТХУІЈЅаеорсухіјѕԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXYIJSaeopcyxijsdhqwABEZHIKMNOPTYXo", strict=True)
)
_FULL = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_LETTERS |= {wide: plain for wide, plain in _FULL.items() if plain.isalpha()}
_SIGNS = {
    **{wide: plain for wide, plain in _FULL.items() if not plain.isalpha()},
    **dict.fromkeys(_DASHES, "-"), **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‘’‚‛", "'"),
    "、": ",", "。": ".", "【": "[", "】": "]", "〈": "<", "〉": ">", "《": "<", "》": ">", "｡": ".",
}  # fmt: skip
# Full-width characters that no SQL dialect has outside quotes; beside a Chinese character they may belong to a name,
# and brackets most likely do: `AS 金额（元）`.
_SURE_IN_SQL = frozenset("，；（）＝＜＞＊、")
_ALL = {**_SIGNS, **_LETTERS, **dict.fromkeys(ODD_SPACES, " ")}
_ANY = re.compile(f"[{re.escape(''.join(_ALL))}{_JOINERS}\u2014\u2015]")
_TO_ASCII = str.maketrans({**_ALL, **dict.fromkeys(_JOINERS, "")})
_NAME = re.compile(rf"[\w${_JOINERS}]+")
_NAME_IN_STYLE = re.compile(rf"[\w\-{_DASHES}{_JOINERS}]+")
_NAME_IN_TAG = re.compile(rf"[\w$@:#.\-{_DASHES}{_JOINERS}]+")
_WORD = re.compile(r"[A-Za-z_$][\w$-]*", re.ASCII)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_SHOWN_NAME = re.compile(r"</?[\w-]+\s*/?>|[@:#]?[\w.$:-]+(?:=|\(\))?", re.ASCII)
_HYPHENATED = re.compile(r"(?<!\w)\w+(?:[\u2010\u2011]\w+)+", re.ASCII)
_ABOUT = re.compile(
    r"全角|半角|中文(?:标点|符号|引号|括号|逗号|空格)|弯引号|零宽|不间断空格|乱码|同形|形近|不可见"
    r"|full-?width|look-?alike (?:char|letter|sign|glyph)|homoglyph|(?:smart|curly|typographic) quotes?"
    r"|zero-width|non-?breaking|no-?break|nbsp|unicode|\bU\+[0-9A-F]{4}",
    re.I,
)
_QUOTED = re.compile(r"(['\"])(\w+(?:[\u2010\u2011\u2212]\w+)+)\1", re.ASCII)
_NOT_CODE = (
    "comment", "string_fragment", "string_content", "regex_pattern", "jsx_text", "line_comment", "block_comment",
    "string_literal", "string",
)  # fmt: skip
_KEYWORDS = frozenset(
    """abstract any async await boolean break case catch class const continue data default delete do else emit export
    extends false finally for from function if import in instanceof interface let new null number object of props return
    setup static string super switch this throw true try type typeof undefined var void watch while computed methods
    created mounted console log window document def self print elif except lambda None True False pass""".split()
)


@dataclass(slots=True)
class _Outcome:
    """The result for a piece of code.

    Attributes:
        code: The code, repaired where that is proved.
        left: The look-alike characters and names that could not be repaired.
        breaks: Whether the code does not parse because of one of them.
    """

    code: str
    left: list[str] = field(default_factory=list)
    breaks: bool = False


def look_alikes(sample: Sample) -> RuleResult | None:
    """Replace characters in code that only look like those of its language."""
    return _judge(sample, None)


def look_alikes_beside(catalog: Catalog) -> Rule:
    """Return the same rule with a catalogue, whose names are known."""

    def rule(sample: Sample) -> RuleResult | None:
        return _judge(sample, catalog)

    rule.__name__ = look_alikes.__name__
    rule.__doc__ = look_alikes.__doc__
    return rule


def _judge(sample: Sample, catalog: Catalog | None) -> RuleResult | None:
    answer = sample.answer
    if not _ANY.search(answer) or is_part(sample):
        return None
    prose = "" if is_bare_code(answer) else outside_fences(answer)
    if _ABOUT.search(sample.prompt) or _ABOUT.search(prose):
        return None
    known = _known(sample.prompt + "\n" + answer, catalog)
    pieces: list[str] = []
    left: list[str] = []
    done = 0
    breaks = False
    for start, end, language in _pieces(answer):
        outcome = _repaired(answer[start:end], language, known)
        pieces += [_named(answer[done:start], known), outcome.code]
        done = end
        left += outcome.left
        breaks = breaks or outcome.breaks
    repaired = "".join([*pieces, _named(answer[done:], known) if prose or pieces else answer[done:]])
    if left:
        examples = ", ".join(dict.fromkeys(left[:3]))
        say = drop if breaks else warn
        return say(f"has look-alike characters in its code: {examples}", f"代码中有形似而不同的字符：{examples}")
    if repaired == answer:
        return None
    return fix(with_answer(sample, repaired), "has look-alike characters in its code", "代码中有形似而不同的字符")


def _pieces(answer: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, end and language of each piece of code in an answer."""
    if is_bare_code(answer):
        yield 0, len(answer), _language("", answer)
        return
    for block in fenced(answer):
        if block.code:
            start = answer.index("\n", block.start) + 1
            yield start, start + len(block.code), _language(block.language, block.code)


def _language(name: str, code: str) -> str:
    if name in ("vue", "html", "template", "vue-html", ""):
        is_markup = re.match(r"\s*[<＜][A-Za-z!]", code)
        return "vue" if is_markup else "js" if name == "vue" else ""
    is_component = name in SCRIPTS and re.match(r"\s*<(?:template|script)\b", code)
    return "vue" if is_component else name


@dataclass(frozen=True, slots=True)
class _Known:
    words: frozenset[str]
    catalog: Catalog | None

    def has(self, name: str) -> bool:
        """Return whether a name, as written in a template or a script, is known."""
        core = name.lstrip("@:#").split(".")[0]
        core = core.removeprefix("v-bind:").removeprefix("v-on:").removeprefix("v-slot:").removeprefix("v-model:")
        return bool(
            core in self.words or core in _KEYWORDS or core in DOM_EVENTS or core in BUILT_IN or core in _VUE
            or is_native(core) or is_global(core) or core in _NATIVE or kebab(core) in _names(self.catalog)
        )  # fmt: skip


_NATIVE = frozenset(name for names in ATTRIBUTES.values() for name in names)
_VUE = frozenset(
    "v-if v-else v-else-if v-for v-show v-model v-bind v-on v-slot v-text v-html v-once v-pre v-memo".split()
)


def _known(text: str, catalog: Catalog | None) -> _Known:
    return _Known(frozenset(_WORD.findall(text)), catalog)


@lru_cache(maxsize=4)
def _names(catalog: Catalog | None) -> frozenset[str]:
    """Return the names of a catalogue, in kebab case."""
    names: set[str] = set()
    for component in catalog or ():
        names |= {component.name, *component.names}
        for items in (component.props, component.events, component.slots, component.methods):
            names |= {item.name for item in items}
    return frozenset(map(kebab, names))


def _named(text: str, known: _Known) -> str:
    """Return prose with plain characters in known names, in inline code and with no-break hyphens."""
    if not _ANY.search(text):
        return text

    def inline_name(match: re.Match[str]) -> str:
        name = match[1].translate(_TO_ASCII)
        is_name = _SHOWN_NAME.fullmatch(name) and known.has(name.strip("</> ()="))
        return f"`{name}`" if is_name and name != match[1] else match[0]

    def prose_name(match: re.Match[str]) -> str:
        name = match[0].translate(_TO_ASCII)
        is_tag = known.catalog is not None and known.catalog.find(name) is not None
        return name if is_tag or (name in known.words and name.count("-") >= 1) else match[0]

    pieces = re.split(r"(?<!`)(`[^`\n]+`)(?!`)", text)
    pieces[::2] = [_HYPHENATED.sub(prose_name, piece) for piece in pieces[::2]]
    pieces[1::2] = [_INLINE.sub(inline_name, piece) for piece in pieces[1::2]]
    return "".join(pieces)


def _repaired(code: str, language: str, known: _Known) -> _Outcome:
    if not _ANY.search(code):
        return _Outcome(code)
    outcome = _tried(code, language, known, code_spans(code, language))
    if outcome.left and "＜" in code and _is_sound(code, language):
        # What seems to be a tag in full-width characters is text that shows one.
        outcome = _tried(code, language, known, code_spans(code, language, wide_tags=False))
    return outcome


def _tried(code: str, language: str, known: _Known, spans: list[CodeSpan]) -> _Outcome:
    if not spans:
        return _Outcome(with_plain_spaces(code, language), odd_options(code, language))
    places = (at for span in spans for at in range(span.start, span.end))
    signs = [at for at in places if code[at] in ODD_SPACES or (code[at] in _SIGNS and not _is_apostrophe(code, at))]
    if language == "sql":
        signs = [at for at in signs if code[at] not in "（）" or not _is_beside_han(code, at)]
    if language == "sql" and (doubtful := _doubtful(code, signs)):
        return _Outcome(code, [f"{code[at]} (U+{ord(code[at]):04X})" for at in doubtful])
    signs = _outside(signs, code, language, ("jsx_text",) if _has_errors(code, language) else _NOT_CODE)
    repaired = _with(code, signs)
    while len(kept := _outside(signs, repaired, language, _NOT_CODE)) < len(signs):
        signs = kept
        repaired = _with(code, signs)
    unknown = [
        match[2] for match in _QUOTED.finditer(code) if kebab(match[2].translate(_TO_ASCII)) in _names(known.catalog)
    ]
    names = _odd_names(code, spans, set(signs))
    for start, end in reversed(names):  # a name with a joiner becomes shorter
        name = repaired[start:end].translate(_TO_ASCII)
        if known.has(name) or name == re.sub(f"[{_JOINERS}]", "", code[start:end]):  # no Latin name has a joiner
            repaired = repaired[:start] + name + repaired[end:]
        else:
            unknown.append(code[start:end])
    if repaired == code and not unknown:
        return _Outcome(code)
    if not unknown and _is_sound(repaired, language):
        return _Outcome(repaired)
    spaced = _with(code, [at for at in signs if code[at] in ODD_SPACES])
    if spaced == code or not _is_sound(spaced, language):
        spaced = code
    in_names = {at for start, end in names for at in range(start, end)}
    wrong = [f"{code[at]} (U+{ord(code[at]):04X})" for at in signs if code[at] in _SIGNS and at not in in_names]
    return _Outcome(spaced, wrong + unknown, bool(wrong))


def _doubtful(code: str, signs: list[int]) -> list[int]:
    """Return where a character in SQL may be intended, or may stand for another than it looks like."""
    return [at for at in signs if code[at] in _SIGNS and (code[at] not in _SURE_IN_SQL or _is_beside_han(code, at))]


def _is_beside_han(code: str, at: int) -> bool:
    return HAN.search(code[max(0, at - 1) : at + 2]) is not None


def _is_apostrophe(code: str, at: int) -> bool:
    """Return whether a character is an apostrophe as in `it’s`, or alone on its line: then it stands in prose."""
    if code[at] != "’":
        return False
    line = code[max(at - 200, code.rfind("\n", 0, at) + 1) : at + 200].partition("\n")[0]
    is_alone = line.count("’") + line.count("‘") == 1
    return is_alone or (code[at - 1 : at].isalpha() and code[at + 1 : at + 2].isalpha())


def _with(code: str, places: list[int]) -> str:
    characters = list(code)
    for at in places:
        characters[at] = _ALL[code[at]]
    return "".join(characters)


def _odd_names(code: str, spans: list[CodeSpan], signs: set[int]) -> list[tuple[int, int]]:
    """Return the spans of names that are ASCII except for look-alike letters, joiners, and dashes in a tag."""
    places = []
    for span in spans:
        pattern = {"tag": _NAME_IN_TAG, "style": _NAME_IN_STYLE}.get(span.kind, _NAME)
        for match in pattern.finditer(code, span.start, span.end):
            name = match[0]
            if name.isascii() or not re.search("[A-Za-z]", name) or not name.translate(_TO_ASCII).isascii():
                continue
            has_letter = any(sign in _LETTERS or sign in _JOINERS for sign in name)
            has_sign = span.kind in ("tag", "style") and not signs.isdisjoint(range(*match.span()))
            if has_letter or has_sign:
                places.append(match.span())
    return places


def _scripts(code: str, language: str) -> Iterator[tuple[bytes, str, int]]:
    """Yield each script in a piece of code: its text, its grammar and the byte where it begins."""
    source = code.encode("utf-8", "replace")
    if language in SCRIPTS:
        yield source, SCRIPTS[language], 0
    for block in blocks(source) if language == "vue" else ():
        if block.kind == "script":
            grammar = {"ts": "ts", "tsx": "tsx", "jsx": "tsx"}.get(block.lang, "js")
            yield source[block.start : block.end], grammar, block.start


def _has_errors(code: str, language: str) -> bool:
    return any(parse(source, grammar).root_node.has_error for source, grammar, _ in _scripts(code, language))


def _outside(places: list[int], code: str, language: str, kinds: tuple[str, ...]) -> list[int]:
    """Return the places outside syntax nodes of some kinds; the quotes of a string count as outside."""
    covered: list[tuple[int, int]] = []
    for source, grammar, offset in _scripts(code, language) if places else ():
        stack = [parse(source, grammar).root_node]
        while stack:
            node = stack.pop()
            if node.type in kinds and not node.has_error:
                quote = 1 if node.type.startswith("string") and node.type.endswith(("string", "literal")) else 0
                covered.append((offset + node.start_byte + quote, offset + node.end_byte - quote))
            else:
                stack.extend(node.children)
    if not covered:
        return places
    covered.sort()
    offsets = dict(zip(range(len(code) + 1), accumulate(map(_width, code), initial=0), strict=True))
    kept = []
    for at in places:  # the nodes are not nested
        before = bisect_right(covered, (offsets[at], sys.maxsize)) - 1
        if before < 0 or offsets[at] >= covered[before][1]:
            kept.append(at)
    return kept


def _width(sign: str) -> int:
    return len(sign.encode("utf-8", "replace"))


def _is_sound(code: str, language: str) -> bool:
    """Return whether code is well formed, as far as this can be checked."""
    if language == "vue" or language in SCRIPTS:
        return not syntax_errors(code, code_language(language, code) if language in SCRIPTS else language)
    if language == "json":
        try:
            orjson.loads(code)
        except orjson.JSONDecodeError:
            return False
        return True
    if language == "sql":
        return all(code.count(opens) == code.count(closes) for opens, closes in ("()", "[]"))
    # There is no grammar for styles: only repairs of white space are safe.
    return language in STYLES and not any(
        code[at] in _SIGNS for span in code_spans(code, language) for at in range(span.start, span.end)
    )
