"""Read the tables of API in a Markdown page of documentation.

The page's *facts* are plain data: `[subjects, kind, rows]` for each table, with `[name, doc, type]` for each row. The
subjects are names of the component, the likeliest first: as the nearest heading writes it (`Table.Column`), and `""`
for the one that the page is called after. The kind is `"props"`, `"events"`, `"slots"` or `"methods"`. Tables about
anything else are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Table: TypeAlias = tuple[list[str], str, list[list[str]]]

_LONGEST_NAMES = 500  # characters of a cell of names
_MOST_TABLES, _MOST_ROWS, _MOST_CELLS, _LONGEST = 200, 500, 20, 500
_DELIMITER = re.compile(r"[ \t|]{0,9}:?-+:?[ \t]{0,99}(?:\|[ \t]{0,99}:?-*:?[ \t]{0,99})*")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.{1,200}?)[ \t#]*")
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)")
_BAR = re.compile(r"(?<!\\)\|")
_TAG = re.compile(r"<br\s*/?>|</?[a-z][^<>]{0,200}>", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,500}\)")
_WORD = re.compile(r"[A-Za-z][\w.-]*")
_CJK = re.compile(r"[\u3400-\u9fff]")
_KINDS = {
    "props": re.compile(r"属性|参数|配置|(?i:\b(?:props?|propert(?:y|ies)|attributes?|attrs?|options?|parameters?)\b)"),
    "events": re.compile(r"事件|(?i:\b(?:events?|emits)\b)"),
    "slots": re.compile(r"插槽|(?i:\b(?:scoped[ -]?slots?|slots?)\b)"),
    "methods": re.compile(r"方法|(?i:\b(?:methods?|functions?)\b)"),
}
# What a heading may say beside the kind and still be about the page's own component.
_NEUTRAL = re.compile(
    r"(?i:\b(?:api|configuration|list|of|the|and)\b)|说明|列表|名称|作用域|支持的?|接口|[\s:：/、&()（）-]"
)
_NAMES = {
    "props": re.compile(
        r"参数名?|属性名?称?|配置项|(?i:prop(?:s|erty|erties)?(?: name)?|attributes?|parameters?|options?)"
    ),
    "events": re.compile(r"事件名?称?|(?i:events?(?: name)?)"),
    "slots": re.compile(r"(?:作用域)?插槽名?称?|(?i:(?:scoped )?slots?(?: name)?)"),
    "methods": re.compile(r"方法名?称?|(?i:(?:methods?|functions?)(?: name)?)"),
    "": re.compile(r"名称|名字|成员|字段|(?i:name)"),
}
_DOC = re.compile(r"说明|描述|介绍|含义|作用|(?i:descriptions?|desc|details)")
_TYPE = re.compile(r"(?:数据)?类型|(?i:types?)")
_CALLED_WITH = re.compile(
    r"(?:回调)?参数|回调函数|(?i:(?:callback )?(?:parameters?|arguments?|params)|callback|payload)"
)
_PROP = re.compile(r"[A-Za-z][\w-]*")
_CALL = re.compile(r"([a-z]\w*)\s*(?:\(.{0,200}\))?")
_NAME = re.compile(r"[A-Za-z#][\w:.-]*")
_ASIDE = re.compile(r"\(\.sync\)|\(v-model(?::[\w-]+)?\)|v-model:|\s\^?\d+(?:\.\d+)+.*|\*+|`")
_NOT_PROPS = frozenset("key ref slot is class style v-model".split())


def api_tables(text: str) -> list[Table]:
    r"""Return the tables of API in a Markdown page.

    >>> page = "# Box\n### Props\n| 参数 | 说明 | 类型 |\n| -- | -- | -- |\n| `page-size` | 每页条数 | _number_ |"
    >>> api_tables(page)
    [(['Box', 'Box', ''], 'props', [['pageSize', '每页条数', 'number']])]
    """
    tables: list[Table] = []
    for headings, header, lines in _tables(text):
        about = _about(headings)
        columns = _columns(header, about[1]) if about is not None else None
        if about is None or columns is None or len(tables) == _MOST_TABLES:
            continue
        by_kind: dict[str, list[list[str]]] = {}
        for cells in lines:
            for kind, row in _rows(cells, columns):
                by_kind.setdefault(kind, []).append(row)
        tables += [(about[0], kind, rows) for kind, rows in by_kind.items()]
    return tables


def is_chinese(text: str) -> bool:
    """Return whether a text contains Chinese characters."""
    return _CJK.search(text) is not None


def _tables(text: str) -> Iterator[tuple[list[tuple[int, str]], list[str], list[list[str]]]]:
    """Yield each table outside code: the headings above it, outermost first, its header, and its rows."""
    headings: list[tuple[int, str]] = []
    header, fence = "", ""
    rows: list[list[str]] | None = None  # of the table that is being read
    for line in (*text.splitlines(), ""):
        if rows is not None:
            if "|" in line:
                rows += [_cells(line)] if len(rows) < _MOST_ROWS else []
                continue
            yield headings, _cells(header), rows
            rows = None
        opened = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if fence or opened:
            if not fence and opened:
                fence = opened[1][:3]
            elif opened and opened[1].startswith(fence):
                fence = ""
        elif line.startswith("#"):
            heading = _HEADING.fullmatch(line.rstrip())
            if heading is not None:
                level = len(heading[1])
                headings = [one for one in headings if one[0] < level] + [(level, heading[2])]
        elif "-" in line and "|" in header and len(line) < _LONGEST and _DELIMITER.fullmatch(line.rstrip()):
            rows = []
            continue
        header = line


def _cells(line: str) -> list[str]:
    parts = _BAR.split(line[: 20 * _LONGEST].strip().removeprefix("|"), _MOST_CELLS)
    if parts and not parts[-1].strip():
        parts.pop()
    return [part.replace("\\|", "|").strip()[:_LONGEST] for part in parts]


def _about(headings: list[tuple[int, str]]) -> tuple[list[str], str] | None:
    """Return the subjects of a table and what its headings say of its kind; None if it is about something else."""
    kind = ""
    for level, heading in reversed(headings):
        text = re.sub(r"[<>`*]", " ", heading)
        kinds = [name for name, pattern in _KINDS.items() if pattern.search(text)]
        kind = kind or (kinds[-1] if kinds else "")
        for pattern in _KINDS.values():
            text = pattern.sub(" ", text)
        rest = _NEUTRAL.sub(" ", text).strip()
        words = _WORD.findall(rest)
        if words:
            return ["-".join(words)] if level > 1 else ["-".join(words), words[0], ""], kind
        if rest and level > 1:
            return None
    return [""], kind


def _columns(header: list[str], kind: str) -> tuple[str, int, int, int] | None:
    """Return the kind of a table, and its columns of names, docs and types, -1 for none; None if it is no API."""
    doc = next((place for place, cell in enumerate(header) if _DOC.fullmatch(cell)), -1)
    types = next((place for place, cell in enumerate(header) if _TYPE.fullmatch(cell)), -1)
    for stated, pattern in _NAMES.items():
        if header and pattern.fullmatch(header[0]) and (doc > 0 or types > 0):
            own = stated if kind in ("", "props") or stated in ("events", "slots", "methods") else kind
            own = own or kind or "props"
            if own in ("events", "slots", "methods"):
                types = next((place for place, cell in enumerate(header) if _CALLED_WITH.fullmatch(cell)), types)
            return own, 0, doc, types
    return None


def _rows(cells: list[str], columns: tuple[str, int, int, int]) -> Iterator[tuple[str, list[str]]]:
    """Yield the kind and the row for each name in a line of a table."""
    kind, _, doc_at, type_at = columns
    doc = _plain(cells[doc_at]) if 0 <= doc_at < len(cells) else ""
    type_ = _plain(cells[type_at]).strip("_-| ") if 0 <= type_at < len(cells) else ""
    for part in re.split(r"[/、,|]", _ASIDE.sub("", _plain(cells[0]))[:_LONGEST_NAMES]) if cells else ():
        name = part.strip()
        if kind == "props":
            if not _PROP.fullmatch(name) or name in _NOT_PROPS:
                continue
            name = re.sub(r"-([A-Za-z0-9_])", lambda letter: letter[1].upper(), name)
            is_slot = re.search(r"slot|插槽", type_, re.IGNORECASE) is not None
            if is_slot:
                yield "slots", [name, doc, ""]
            if not is_slot or re.match(r"(?:v-)?slot\b|插槽", type_, re.IGNORECASE) is None:
                yield "props", [name, doc, "" if is_slot else type_]
        elif kind == "methods":
            match = _CALL.fullmatch(name)
            if match is not None:
                yield kind, [match[1], doc, ""]
        elif _NAME.fullmatch(name) and not (kind == "events" and re.match(r"on[A-Z]", name)):
            yield kind, [name.lstrip("#"), doc, ""]


def _plain(cell: str) -> str:
    """Return the text of a cell without marks of Markdown and HTML, in one line."""
    text = _LINK.sub(r"\1", cell)
    text = _TAG.sub(" ", text) if "<" in text else text
    return " ".join(text.replace("`", "").replace("\\[", "[").replace("\\_", "_").split())
