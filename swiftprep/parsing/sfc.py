"""Vue single-file components: the blocks of a file, and the elements of a template.

Blocks are split as in `@vue/compiler-sfc`: only top-level tags count, and everything but a template is raw text. A
template's elements come from tree-sitter-html, after same-length replacements where Vue differs from HTML: `<` inside
`{{ }}`; components called `Input`, `Col` or `Link`, which are not void elements in Vue; and the content of `<textarea>`
and `<title>`, which is text. The content of a `v-pre` element yields no elements either.
All offsets are in bytes of the UTF-8 source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from swiftprep.parsing.grammar import error_lines, parse

_ATTRIBUTES = rb"""((?:[^<>"']|"[^"]*"|'[^']*')*)"""  # excluding `<` keeps the time linear
_OPEN = re.compile(rb"<!--.*?(?:-->|\Z)|<([A-Za-z][\w.-]*)(?![\w.-])" + _ATTRIBUTES + rb">", re.S)
# Vue treats the content of these elements as text; `{{ }}` still works in the first two.
_RAW = rb"textarea|title|script|style"
_TEMPLATE = re.compile(rb"<!--.*?(?:-->|\Z)|<(/?)(template|" + _RAW + rb")(?=[\s/>])" + _ATTRIBUTES + rb">", re.S)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+|/(?!>))(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>`]+))?""")

# Something like a tag after an open `{{`.
_TAG_LIKE = re.compile(rb"\{\{(?:[^{}<]|\{(?!\{)|<(?![A-Za-z/!]))*<[A-Za-z/!]")
_NO_BRACE = re.compile(rb"[^\n{}]")
_LONE = re.compile(rb"<(?![A-Za-z/!])|&")
_OR_LONE_END = re.compile(rb"<!--.*?(?:-->|\Z)|</?[A-Za-z][\w.:-]*(?![\w.:-])" + _ATTRIBUTES + rb">|>", re.S)
# Includes `<Form.Item>`, and `p`: Vue 3 does not close it before a block element, and Vue 2 does so silently.
_NOT_HTML = re.compile(rb"</?(?:[A-Z][\w.-]*|[a-z][\w-]*\.[\w.-]+|p)(?=[\s/>])")
_KNOWN_TO_HTML = frozenset(
    "area base br col embed hr img input link meta param source track wbr script style li dt dd option optgroup rt rp"
    " rb rtc tr td th thead tbody tfoot colgroup caption html head body p textarea title basefont bgsound command frame"
    " image isindex keygen menuitem nextid".split()
)
_QUOTES = tuple("“”‘’„‟＂＇「『《«")
_TYPOGRAPHIC = re.compile(rb"=\s*(?:" + "|".join(_QUOTES).encode() + rb")")
_BREAKS = bytes(code if code == 10 else 0 for code in range(256))
_HAS_RAW = re.compile(rb"<(?:textarea|title)[\s>]")
_NO_TAGS = bytes.maketrans(b"<>&", b"xxx")
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"],
)
MOST_NESTED = 400  # levels of elements; deeper, the grammar takes quadratic time and loses the outermost ones
_TAG = re.compile(rb"<(/?)([A-Za-z][\w.:-]*)(?![\w.:-])" + _ATTRIBUTES + rb">")
# The start tags that implicitly close an element in the grammar; `p` is renamed before parsing.
_CLOSED_BY = {
    "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "tr": ("tr",), "td": ("td", "th", "tr"),
    "th": ("td", "th", "tr"), "rb": ("rb", "rt", "rp"), "rt": ("rb", "rt", "rp"), "rp": ("rb", "rt", "rp"),
    "optgroup": ("optgroup",),
}  # fmt: skip
_SPREADS = frozenset(("v-bind", "v-bind.sync", "v-bind.prop"))
_MAY_STAY_OPEN = frozenset("li dt dd option optgroup rt rp rb rtc tr td th thead tbody tfoot colgroup p".split())


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block of a single-file component.

    Attributes:
        kind: Its tag: `"template"`, `"script"`, `"style"` or a custom tag.
        attrs: Its attributes; the value is `""` where there is none.
        outer: Where the block begins, with its tag.
        start: Where its content begins.
        end: Where its content ends.
        outer_end: Where the block ends, with its end tag.
        closed: Whether it has an end tag.
    """

    kind: str
    attrs: dict[str, str]
    outer: int
    start: int
    end: int
    outer_end: int
    closed: bool = True

    @property
    def lang(self) -> str:
        """The value of its `lang` attribute in lower case, or `""`."""
        return self.attrs.get("lang", "").lower()

    @property
    def is_setup(self) -> bool:
        """Whether it is `<script setup>`."""
        return "setup" in self.attrs


@dataclass(slots=True)
class Element:
    """An element of a template.

    Attributes:
        tag: Its tag as written.
        attrs: `(name, value)` as written, without quotes; the value is None if there is none.
        line: Its line in the file, from 1.
        start: Where it begins in the file.
        end: Where it ends.
        parent: Index of its parent element, or -1.
        spread: Whether it takes attributes from an object (`v-bind="obj"`, `{...obj}`).
        head_end: Where its start tag ends.
    """

    tag: str
    attrs: list[tuple[str, str | None]]
    line: int
    start: int
    end: int
    parent: int = -1
    spread: bool = False
    head_end: int = 0


@dataclass(slots=True)
class Template:
    """A parsed template.

    Attributes:
        start: Where its markup begins in the file.
        end: Where it ends.
        elements: Its elements in document order.
        errors: `(line, what is wrong)` of each syntax error.
        tags: `(start, end)` of each tag and comment in the file.
        inert: `(start, end)` of each stretch of the file that Vue does not compile, such as a `v-pre` element.
    """

    start: int = 0
    end: int = 0
    elements: list[Element] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    tags: list[tuple[int, int]] = field(default_factory=list)
    inert: list[tuple[int, int]] = field(default_factory=list)


def read_attributes(raw: bytes) -> list[tuple[str, str | None]]:
    """Return the `(name, value)` pairs of the attributes in a start tag."""
    pairs: list[tuple[str, str | None]] = []
    for name, value in _ATTRIBUTE.findall(raw.decode("utf-8", "replace")):
        if name != "/":
            quoted = value[:1] in ('"', "'")
            pairs.append((name, value[1:-1] if quoted and value else value or None))
    return pairs


def blocks(source: bytes) -> list[Block]:
    """Return the top-level blocks of a single-file component, in order."""
    top_level: list[Block] = []
    position = 0
    while match := _OPEN.search(source, position):
        position = match.end()
        if match[1] is None:  # a comment
            continue
        kind = match[1].decode()
        attrs = {name: value or "" for name, value in read_attributes(match[2])}
        if match[2].rstrip().endswith(b"/"):
            top_level.append(Block(kind, attrs, match.start(), position, position, position))
            continue
        is_markup = kind == "template" and attrs.get("lang", "html") == "html"
        end, outer_end = _template_end(source, position) if is_markup else _raw_end(source, position, match[1])
        top_level.append(Block(kind, attrs, match.start(), position, end, outer_end, outer_end > end))
        position = outer_end
    return top_level


def _raw_end(source: bytes, start: int, tag: bytes) -> tuple[int, int]:
    match = re.compile(rb"</" + re.escape(tag) + rb"\s*>", re.I).search(source, start)
    return match.span() if match else (len(source), len(source))


def _template_end(source: bytes, start: int) -> tuple[int, int]:
    depth = 1
    last = None
    for match in _outside_text(source, start):
        if match[2] != b"template":
            continue
        if match[1]:
            depth -= 1
            last = match
            if depth == 0:
                return match.span()
        elif not match[3].rstrip().endswith(b"/"):
            depth += 1
    return last.span() if last else (len(source), len(source))


def _outside_text(source: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Yield the tags of `<template>` and of raw-text elements, skipping tags inside raw text."""
    never_closed: set[bytes] = set()
    while match := _TEMPLATE.search(source, start):
        start = match.end()
        if match[2] is None:
            continue
        yield match
        is_raw = match[2] != b"template" and not match[1] and not match[3].rstrip().endswith(b"/")
        if is_raw and match[2] not in never_closed:
            start, closed = _raw_end(source, start, match[2])
            if closed == start:  # no end tag: do not search for it again
                never_closed.add(match[2])
                start = match.end()


def _mustaches_masked(markup: bytes) -> bytes:
    """Return the markup with each character inside `{{ }}` replaced by x."""
    parts, end = [], 0
    while (start := markup.find(b"{{", end)) >= 0 and (closing := markup.find(b"}}", start + 2)) >= 0:
        parts += [markup[end:start], _NO_BRACE.sub(b"x", markup[start : closing + 2])]
        end = closing + 2
    return b"".join([*parts, markup[end:]])


def _texts_masked(markup: bytes) -> bytes:
    """Return the markup with tags masked inside raw-text elements such as `<textarea>`."""
    if not _HAS_RAW.search(markup):
        return markup
    parts, end = [], 0
    opened: re.Match[bytes] | None = None
    for match in _outside_text(markup):
        if opened is not None and match[1] and match[2] == opened[2]:
            parts += [markup[end : opened.end()], markup[opened.end() : match.start()].translate(_NO_TAGS)]
            end = match.start()
        opened = None if match[1] or match[3].rstrip().endswith(b"/") or match[2] == b"template" else match
    return b"".join([*parts, markup[end:]])


def _mask_lone_end(match: re.Match[bytes]) -> bytes:
    """Mask a `>` that ends no tag; Vue treats it as text."""
    return b"x" if match[0] == b">" else match[0]


def _rename(match: re.Match[bytes]) -> bytes:
    start = 2 if match[0].startswith(b"</") else 1
    name = match[0][start:].replace(b".", b"-")
    return match[0][:start] + (b"x" + name[1:] if name.decode().lower() in _KNOWN_TO_HTML else name)


def _is_too_deep(markup: bytes) -> bool:
    """Return whether more than `MOST_NESTED` elements are open at once."""
    if markup.count(b"<") <= MOST_NESTED:
        return False
    waiting: list[str] = []
    times: Counter[str] = Counter()
    for match in _TAG.finditer(markup):
        name = match[2].decode()
        if match[1]:
            while times[name] and waiting:
                times[last := waiting.pop()] -= 1
                if last == name:
                    break
        elif name not in VOID and not match[3].endswith(b"/"):
            while waiting and name in _CLOSED_BY.get(waiting[-1], ()):
                times[waiting.pop()] -= 1
            waiting.append(name)
            times[name] += 1
            if len(waiting) > MOST_NESTED:
                return True
    return False


def template(source: bytes, start: int = 0, end: int | None = None) -> Template:
    """Parse the markup in `source[start:end]`; lines and offsets refer to the whole of `source`."""
    original = source[start:end]
    markup = _texts_masked(original)
    if _is_too_deep(markup):
        line = source.count(b"\n", 0, start) + 1
        return Template(
            start, start + len(original), errors=[(line, f"elements nested deeper than {MOST_NESTED} levels")]
        )
    if _TAG_LIKE.search(markup):
        markup = _mustaches_masked(markup)
    markup = _LONE.sub(b"x", markup)
    markup = _NOT_HTML.sub(_rename, markup)
    never_closed = markup.find(b"<!--", max(0, markup.rfind(b"-->")))
    if never_closed >= 0:  # the grammar would scan to the end for each of them
        markup = markup[:never_closed] + markup[never_closed:].replace(b"<!--", b"x!--")
    root = parse(markup, "html").root_node
    if root.has_error:
        without = parse(_OR_LONE_END.sub(_mask_lone_end, markup), "html").root_node
        if len(error_lines(without)) < len(error_lines(root)):
            root = without
    first_line = source.count(b"\n", 0, start) + 1
    parsed = Template(
        start, start + len(original), [], [(first_line + line - 1, "syntax error") for line in error_lines(root)]
    )
    if never_closed >= 0:
        parsed.errors.append((first_line + markup.count(b"\n", 0, never_closed), "syntax error"))
    stack = [(child, -1, False) for child in reversed(root.children)]
    while stack:
        node, parent, is_inert = stack.pop()
        kind = node.type
        if kind == "comment":
            parsed.tags.append((start + node.start_byte, start + node.end_byte))
        elif kind in ("end_tag", "erroneous_end_tag"):
            parsed.tags.append((start + node.start_byte, start + node.end_byte))
            if kind == "erroneous_end_tag":
                name = original[node.start_byte : node.end_byte].decode("utf-8", "replace").strip("</> \n")
                parsed.errors.append((first_line + node.start_point[0], f"</{name}> without its start tag"))
        elif kind == "ERROR":
            stack.extend((child, parent, is_inert) for child in reversed(node.children))
        elif kind in ("element", "script_element", "style_element"):
            children = node.children
            head = children[0]
            if head.type not in ("start_tag", "self_closing_tag"):
                continue
            parsed.tags.append((start + head.start_byte, start + head.end_byte))
            raw = original[head.start_byte + 1 : head.end_byte - 1]
            name_end = head.children[1].end_byte - head.start_byte - 1
            tag = raw[:name_end].decode("utf-8", "replace")
            line = first_line + head.start_point[0]
            attrs = read_attributes(raw[name_end:])
            place = start + node.start_byte, start + node.end_byte
            if not is_inert and not raw.isascii() and _TYPOGRAPHIC.search(raw):
                parsed.errors += [(line, f"{sign} is not a quotation mark") for sign in _typographic(raw[name_end:])]
            is_pre = b"v-pre" in raw and any(name == "v-pre" for name, _ in attrs)
            if not is_inert and (kind != "element" or is_pre):
                parsed.inert.append(place)
            is_inert = is_inert or is_pre
            if not is_inert:
                spread = b"v-bind" in raw and any(name in _SPREADS for name, _ in attrs)
                parsed.elements.append(Element(tag, attrs, line, *place, parent, spread, start + head.end_byte))
            is_open = head.type == "start_tag" and children[-1].type != "end_tag" and tag not in VOID
            if is_open and (tag not in _MAY_STAY_OPEN or _is_last_and_bare(node)):
                parsed.errors.append((line, f"<{tag}> without its end tag"))
            index = parent if is_inert else len(parsed.elements) - 1
            stack.extend((child, index, is_inert) for child in reversed(children[1:]) if child.type != "text")
    parsed.errors.sort()
    return parsed


def _is_last_and_bare(node: Node) -> bool:
    """Return whether nothing that may end an element, inside or after it, is there, only the end of its parent."""
    following = node.next_sibling
    inner = (child.type for child in node.children[1:])
    return (following is None or following.type == "end_tag") and not any(kind.endswith("element") for kind in inner)


def blanked(source: bytes, start: int, end: int, places: Iterable[tuple[int, int]]) -> bytes:
    """Return `source[start:end]` with the given places zeroed; line breaks and length are kept."""
    text = bytearray(source[start:end])
    for first, last in places:
        text[first - start : last - start] = source[first:last].translate(_BREAKS)
    return bytes(text)


def _typographic(raw: bytes) -> list[str]:
    """Return the typographic marks used in place of the quotation marks around a value."""
    values = (value for _, value in _ATTRIBUTE.findall(raw.decode("utf-8", "replace")))
    return [value[0] for value in values if value[:1] in _QUOTES]
