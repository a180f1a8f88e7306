"""Remove the remains of a web page from an answer, where nothing of the answer is lost."""

from __future__ import annotations

import html
import re
from collections import Counter

from swiftprep.code.completeness import cut_off
from swiftprep.code.markdown import FENCE_MARK, INLINE_CODE, fenced, in_a_block
from swiftprep.code.snippets import language_of, syntax_errors
from swiftprep.code.syntax import without
from swiftprep.quality.rules.phrases import phrases
from swiftprep.text.characters import without_entities

_MOST_TIMES = 8  # how many times a text may have been escaped
_ANNOUNCES = re.compile(r"(?:[:：]|如下|as follows)\W{0,3}$|[,，、]$")
_ENTITY = re.compile(r"&(?:amp;)?(?:lt|gt|amp|quot|nbsp|#39|#x27|apos|ldquo|rdquo|hellip|mdash);")
_QUOTES_OR_TAGS = re.compile(r"&(?:quot|#39|#34|#x27|apos);|&lt;/?\w|&amp;&amp;|=&gt;")
_TAG = re.compile(r"<[a-zA-Z/!]")
_BLOCK_TAG = re.compile(r"</?(?:p|div|span|font|ul|ol)(?: [^<>\n]*)?>", re.I)
_TAG_NAME = re.compile(r"<(/?[a-z][a-z0-9]*)(?: [^<>\n]*)?>", re.I)
_PLAIN = frozenset("p div span font ul ol li h1 h2 h3 h4 h5 h6 b strong".split())
# Attributes that only style an element, or name it for a script.
_LOOKS = r"(?:\s+(?:class|id|style|color|face|size|align|dir|lang|data-[\w-]+)(?:=\"[^\"\n]*\"|='[^'\n]*'|=[\w#.-]+)?)*"
_RICH = re.compile(rf"<!--|<(?!br\b)\w+\b(?!{_LOOKS}\s*>)[^<>\n]*>")
# Links that lead nowhere outside their page, and links that lead elsewhere.
_DEAD_LINK = re.compile(
    r"(?:<sup>)?<a\s(?=[^<>\n]*\bhref=[\"'](?:javascript:|#))[^<>\n]*>([^<>\n]*)</a>(?:</sup>)?", re.I
)
_LINK = re.compile(
    r"<a\s(?=[^<>\n]*>[^<>\n\[\]]+</a>)(?:[^<>\n]*\s)?href=\"(https?://[^\"\s()]+)\"[^<>\n]*>([^<>\n\[\]]+)</a>", re.I
)
_PROSE_ONLY = re.compile(r"(`[^`\n]*`|^[ \t]*\|.*$)", re.M)
_BREAK = re.compile(r"<br ?/?>", re.I)
# Where a line may well end: after punctuation, at the end of a line, beside another break or a list.
_BREAK_AT_END = re.compile(
    r"(?:(?<=[。！？.!?:：;；,，、)）」”\"`>])|(?<=\A)|(?<=\n))[ \t]*<br ?/?>"
    r"|<br ?/?>[ \t]*(?=\n|\Z|<br|[-*] |\d+[.、)])",
    re.I,
)
_PARAGRAPH_END = re.compile(r"</(?:p|div|li|h[1-6])>[ \t]*\n?", re.I)
_ITEM = re.compile(r"<li(?: [^<>\n]*)?>[ \t]*", re.I)
_HEADING = re.compile(r"<h([1-6])(?: [^<>\n]*)?>[ \t]*", re.I)
_STRONG = re.compile(r"</?(?:b|strong)>", re.I)
_SPACE = re.compile(r"(?<![\s`'\"“‘「])&nbsp;(?![\s`'\"”’」])|(?:&nbsp;){2,}", re.I)
# Languages without a grammar here. All of them use `<` and `&`, and none has anything that looks like an entity.
_WITHOUT_GRAMMAR = frozenset(
    "sql mysql plsql bash sh shell c cpp c++ h cs csharp go golang rust rs php kotlin swift scala dart ruby rb".split()
)
_NAMED_SIGN = re.compile(r"&(?!nbsp;)[A-Za-z][A-Za-z0-9]{1,31};")


def without_page_lines(answer: str) -> str:
    """Return an answer without the lines that a web page put before and after it, and the copy buttons of its code.

    A line is removed only where it certainly belongs to the page: in a run of such lines at the beginning or the end,
    at least one of which occurs on pages only, and which no sentence introduces; or as a copy button next to a fence. A
    list of button names or a date within an answer belongs to the answer.
    """
    lines = answer.strip().split("\n")
    first = _run(lines, announced=False)
    last = len(lines) - _run(lines[::-1][: len(lines) - first], announced=True)
    left_out: set[int] = set()
    for place in range(first, last):
        if phrases("copy_button").fullmatch(lines[place].strip(" \t")) and _is_beside_a_fence(lines, place):
            after = _first(lines, range(place + 1, len(lines)))
            is_label = place > first and FENCE_MARK.sub("", after).strip() == lines[place - 1].strip() != ""
            left_out |= {place, place - is_label}  # the page also writes the language above its code
    return "\n".join(lines[place] for place in range(first, last) if place not in left_out).strip()


def _run(lines: list[str], *, announced: bool) -> int:
    """Count the leading lines that a page added; with `announced`, none if the next line introduces them."""
    count = 0
    is_sure = False
    for place, line in enumerate(lines):
        bare = line.strip(" \t")
        is_strong = phrases("web_page").fullmatch(bare) is not None
        if line.strip() and not is_strong and not phrases("web_page_too").fullmatch(bare):
            if announced and _ANNOUNCES.search(line.rstrip()[-20:]):
                return 0
            break
        is_sure = is_sure or is_strong
        count = place + 1 if line.strip() else count
    return count if is_sure and count < len(lines) else 0


def _is_beside_a_fence(lines: list[str], place: int) -> bool:
    before = _first(lines, range(place - 1, -1, -1))
    after = _first(lines, range(place + 1, len(lines)))
    return _is_fence(after) or (_is_fence(before) and place + 1 == len(lines))


def _is_fence(line: str) -> bool:
    return FENCE_MARK.match(line.lstrip(" \t")) is not None


def _first(lines: list[str], places: range) -> str:
    """Return the first of these lines that is not blank, or `""`."""
    return next((lines[place] for place in places if lines[place].strip()), "")


def page_line(answer: str) -> str:
    """Return a line, anywhere in an answer, that occurs on web pages only, or `""`."""
    blocks, start = fenced(answer), 0
    for line in answer.split("\n"):
        bare = line.strip(" \t")
        if phrases("web_page").fullmatch(bare) and not in_a_block(start, blocks):
            return bare.strip()
        start += len(line) + 1
    return ""


def unescaped(answer: str) -> str:
    """Return an answer with its HTML-escaped code unescaped, where the escaped form cannot be code."""
    if not _ENTITY.search(answer):
        return answer
    blocks = fenced(answer)
    if not blocks and (markup := _markup(answer)):
        return markup
    pieces: list[str] = []
    done = 0
    for block in blocks:
        start = block.start + answer[block.start : block.end].find("\n") + 1
        code = _markup(block.code) or _script(block.code, block.language) or block.code
        pieces += _inline(answer[done:start]), code
        done = start + len(block.code)
    return "".join([*pieces, _inline(answer[done:])])


def _inline(text: str) -> str:
    """Unescape inline code, unless some of it is nothing but an entity: then the text is about entities."""
    codes = INLINE_CODE.findall(text)
    if any(_ENTITY.fullmatch(code[1:-1].strip()) for code in codes):
        return text
    return INLINE_CODE.sub(
        lambda match: without_entities(match[0]) if _QUOTES_OR_TAGS.search(match[0]) else match[0], text
    )


def _markup(code: str) -> str | None:
    """Unescape markup in which every tag is escaped; it must be complete afterwards."""
    if _TAG.search(code) or not code.lstrip().startswith("&"):
        return None
    plain: str | None = code
    for _ in range(_MOST_TIMES):
        plain = None if plain is None else _once(plain)
        if plain is None or _TAG.match(plain.lstrip()):
            break
    return plain if plain is not None and _TAG.match(plain.lstrip()) and not cut_off(plain, "vue") else None


def _script(code: str, language: str) -> str | None:
    """Unescape a script that parses only afterwards; without a grammar, one with entities outside its strings."""
    if not _ENTITY.search(code):
        return None
    plain = _once(code)
    if plain is None:
        return None
    if language in _WITHOUT_GRAMMAR:
        return plain if _ENTITY.search(without(code, language, "literal", "comment")) else None
    language = language_of(language, code)
    is_script = language in ("js", "jsx", "ts", "tsx", "python", "java")
    return plain if is_script and syntax_errors(code, language) and not syntax_errors(plain, language) else None


def _once(code: str) -> str | None:
    """Undo one escaping of a whole piece of code, where escaping the result gives the original again."""
    escaped = _NAMED_SIGN.sub(_sign, code.replace("&nbsp;", " "))
    plain = without_entities(escaped)
    for names, one in (("&#39; &apos; &#039;", "&#x27;"), ("&#34;", "&quot;")):
        for name in names.split():
            escaped = escaped.replace(name, one)
    return plain if plain != code and escaped in (html.escape(plain), html.escape(plain, quote=False)) else None


def _sign(entity: re.Match[str]) -> str:
    """Return the character of a named entity such as `&times;`; an ASCII character stays escaped."""
    sign = without_entities(entity[0])
    return entity[0] if sign.isascii() else sign


def without_tags(answer: str) -> str:
    """Return an answer with the HTML of its prose as Markdown that renders the same."""
    pieces: list[str] = []  # prose and code alternate; inline code may show a tag, and a table needs `<br>`
    done = 0
    for block in fenced(answer):
        pieces += [*_PROSE_ONLY.split(answer[done : block.start]), answer[block.start : block.end]]
        done = block.end
    pieces += _PROSE_ONLY.split(answer[done:])
    pieces[::2] = [_LINK.sub(r"[\2](\1)", _DEAD_LINK.sub(_link_text, piece)) for piece in pieces[::2]]
    prose = "".join(pieces[::2])
    tags = Counter(tag.lower() for tag in _TAG_NAME.findall(prose) if tag.lower() not in ("br", "/br"))
    names = {tag.strip("/") for tag in tags}
    if any(tags[name] != tags[f"/{name}"] for name in names):
        return answer  # prose about a tag
    codes = "".join(piece for piece in pieces[1::2] if piece[:1] == "`" and piece[:3] != "```")
    if not names.isdisjoint(tag.lower().strip("/") for tag in _TAG_NAME.findall(codes)):
        return answer  # a tag that is also shown as code is what the answer is about
    if not names <= _PLAIN or _RICH.search(prose):
        return answer  # intended HTML, which Markdown cannot express otherwise
    wraps = any(_BLOCK_TAG.fullmatch(f"<{name}>") or name[0] in "lh" for name in names)
    breaks = len(_BREAK.findall(prose))
    is_broken = breaks > 0 and len(_BREAK_AT_END.findall(answer)) >= min(breaks, 1 + breaks // 2)
    if not (wraps or is_broken or _SPACE.search(prose) or _DEAD_LINK.search(answer)):
        return answer
    numbered = "ol" in names and "ul" not in names
    pieces[::2] = [_as_markdown(piece, numbered) for piece in pieces[::2]]
    return "".join(pieces)


def _link_text(link: re.Match[str]) -> str:
    """Return the text of a link within its page, or `""` for a button."""
    text = link[1].strip()
    is_button = phrases("web_page", "{}").fullmatch(text) or phrases("web_page_too", "{}").fullmatch(text)
    return "" if is_button else link[1]


def _as_markdown(text: str, numbered: bool) -> str:
    text = _BREAK.sub("\n", re.sub(r"<br ?/?>\n?", "\n", text, flags=re.I))
    text = _HEADING.sub(lambda match: "#" * int(match[1]) + " ", _ITEM.sub("1. " if numbered else "- ", text))
    text = _BLOCK_TAG.sub("", _PARAGRAPH_END.sub("\n", text))
    return without_entities(_STRONG.sub("**", text)).replace("\xa0", " ")
