"""Python and Java sources → catalogue entries, and the pieces such a file can be cut into.

Sources are UTF-8. A syntax error never raises: what parses is kept, and the lines of the errors are listed.
"""

from __future__ import annotations

import ast
import bisect
import html
import inspect
import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from swiftprep.catalog.api import Component, Method, Prop

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Language: TypeAlias = Literal["python", "java"]

_COMMENTS = ("comment", "line_comment", "block_comment", "line_continuation")
_FUNCTIONS = ("function_definition", "method_declaration", "constructor_declaration", "compact_constructor_declaration")
_INTERFACES = ("interface_declaration", "annotation_type_declaration")
_CLASSES = ("class_definition", "class_declaration", "enum_declaration", "record_declaration", *_INTERFACES)
_TRANSPARENT = frozenset((
    "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause", "finally_clause", "with_statement",
    "match_statement", "case_clause", "block", "enum_body_declarations", "ERROR",
))  # fmt: skip
_MAX_DOTS = 100  # of a qualified name, so that no source can exhaust the stack
# A class without a constructor of its own takes nothing but its fields if these are all its bases.
_MODELS = frozenset(("BaseModel", "BaseSettings", "NamedTuple", "TypedDict"))
_PLAIN_BASES = _MODELS | {"object", "ABC", "Generic", "Protocol"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a file that cuts no statement; the white space after it is its own.

    Attributes:
        kind: `"function"`, `"class"`, `"method"`, or `"statements"` for a run of anything else.
        name: As it is declared; `""` of a run of statements.
        start: Byte offset of its first byte: of the comments directly above it, where there are any.
        end: Byte offset after its last.
        line: Line of its first byte, from 1.
        language: What `members` parses it as.
    """

    kind: str
    name: str
    start: int
    end: int
    line: int
    language: Language = "python"


def python_units(source: bytes) -> list[Unit]:
    r"""Cut a Python file at its top-level functions and classes; the units in order are the whole file.

    >>> [(unit.kind, unit.name, unit.line) for unit in python_units(b"import os\n\n# Adds.\ndef add(): ...\n")]
    [('statements', '', 1), ('function', 'add', 3)]
    """
    return _cut(source, Unit("", "", 0, len(source), 1, "python"), _root(source, "python"))


def java_units(source: bytes) -> list[Unit]:
    """Cut a Java file at its top-level types; the units in order are the whole file."""
    return _cut(source, Unit("", "", 0, len(source), 1, "java"), _root(source, "java"))


def members(source: bytes, unit: Unit) -> list[Unit]:
    """Cut a class at its methods and nested classes; the units in order are the whole class.

    Anything but a class comes back as it is.

    Args:
        source: The whole file.
        unit: One of its units, or one of the members of such a unit.
    """
    body: Node | None = _root(source, unit.language) if unit.kind == "class" else None
    while body is not None:
        nodes = body.children
        at = bisect.bisect_right(nodes, unit.start, key=lambda n: n.end_byte)
        while at < len(nodes) and nodes[at].type in _COMMENTS:
            at += 1
        if at == len(nodes):
            break
        node = nodes[at]
        body = node if node.type == "enum_body_declarations" else _field(_bare(node), "body")
        if body is not None and _kind(node) == "class" and unit.start <= node.start_byte < unit.end:
            return _cut(source, unit, body)
    return [unit]


def _cut(source: bytes, whole: Unit, body: Node) -> list[Unit]:
    nodes = [n for n in body.named_children for n in (n.named_children if n.type == "enum_body_declarations" else [n])]
    owner = [i if _kind(node) else -1 for i, node in enumerate(nodes)]
    for i in reversed(range(len(nodes) - 1)):  # comments directly above a definition
        if nodes[i].type in _COMMENTS and nodes[i + 1].start_point.row <= nodes[i].end_point.row + 1:
            owner[i] = owner[i + 1]
    for i in range(1, len(nodes)):  # comments beside the end of one, or indented below it
        column = nodes[owner[i - 1]].start_point.column if owner[i - 1] >= 0 else 1_000_000
        beside = nodes[i].start_point.row == nodes[i - 1].end_point.row
        if nodes[i].type in _COMMENTS and (beside or nodes[i].start_point.column > column):
            owner[i] = owner[i - 1]
    nested = bool(whole.kind)
    cuts = [(whole.start, whole.line, -1)] if nested or not nodes else [(whole.start, whole.line, owner[0])]
    for i, node in enumerate(nodes):
        if owner[i] != cuts[-1][2]:
            cuts.append((_line_start(source, node.start_byte), node.start_point.row + 1, owner[i]))
    if nested and whole.language == "java" and cuts[-1][2] >= 0:
        cuts.append((_line_start(source, body.end_byte - 1), body.end_point.row + 1, -1))
    units = []
    for (start, line, i), end in zip(cuts, [*(cut[0] for cut in cuts[1:]), whole.end], strict=True):
        kind, name = ("statements", "") if i < 0 else (_kind(nodes[i]), _name(nodes[i]))
        kind = "method" if nested and kind == "function" else kind
        units.append(Unit(kind, name, start, end, line, whole.language))
    return [unit for unit in units if unit.end > unit.start]


def _line_start(source: bytes, offset: int) -> int:
    """Return where the line of `offset` starts, or `offset` itself when there is code before it on that line."""
    start = source.rfind(b"\n", 0, offset) + 1
    return offset if source[start:offset].strip() else start


def python_api(source: bytes, path: str) -> tuple[list[Component], list[int]]:
    r"""Read the public functions and classes of a Python file.

    `__all__` decides what is public where it is literal, else the leading underscore. A function has one method, its
    own signature. A class that takes its constructor, or fields, from a base that is not read here is `open`.

    Args:
        source: The file's content.
        path: Relative to the root; the qualified names are made of it.

    Returns:
        The entries in the order of the file, and the lines of syntax errors.

    >>> entries, errors = python_api(b"def find(key: int = 0) -> str:\n    'Find it.'\n", "src/app/store.py")
    >>> entries[0].name, entries[0].doc, entries[0].methods[0].type, errors
    ('app.store.find', 'Find it.', '(key: int = 0) -> str', [])
    """
    root = _root(source, "python")
    module = re.sub(r"(?:(^|/)__init__)?\.\w+$", "", path.removeprefix("src/")).replace("/", ".")
    exported = _exported(root)
    entries: list[Component] = []
    for name, node in _definitions(root).items():
        if name in exported if exported is not None else not name.startswith("_"):
            entries += _python_entries(node, f"{module}.{name}".lstrip("."), path)
    return entries, _error_lines(root)


def _python_entries(node: Node, name: str, path: str) -> list[Component]:
    definition, bare = _bare(node), name.rpartition(".")[2]
    if _broken(definition):
        return []
    doc = _docstring(_field(definition, "body"))
    docs = _param_docs(doc)
    entry = Component(name, "function", names=(bare,), path=path, span=_span(node), doc=_tidy(doc))
    if _kind(node) == "function":
        props, is_open = _parameters(definition, False, docs)
        return [replace(entry, props=props, methods=(Method(bare, _signature(definition, False)),), open=is_open)]
    inner = _definitions(_field(definition, "body"))
    heads = _children(_field(definition, "superclasses"))
    bases = tuple(_line(head) for head in heads if head.type not in ("keyword_argument", *_COMMENTS))
    props, is_open = _constructor(node, inner, {_last(base) for base in bases}, docs)
    public = [(key, n) for key, n in inner.items() if not key.startswith("_")]
    methods = tuple(_method(key, n) for key, n in public if _kind(n) == "function" and not _broken(_bare(n)))
    entries = [replace(entry, kind="class", props=props, methods=methods, mixins=bases, open=is_open)]
    for key, nested in public:
        if _kind(nested) == "class" and name.count(".") < _MAX_DOTS:
            entries += _python_entries(nested, f"{name}.{key}", path)
    return entries


def _method(name: str, node: Node) -> Method:
    decorators, definition = {_last(decorator) for decorator in _decorators(node)}, _bare(node)
    is_property = any(decorator.endswith("property") for decorator in decorators)
    type_ = "property" if is_property else _signature(definition, "staticmethod" not in decorators)
    return Method(name, type_, doc=_tidy(_docstring(_field(definition, "body"))))


def _constructor(
    node: Node, inner: dict[str, Node], bases: set[str], docs: dict[str, str]
) -> tuple[tuple[Prop, ...], tuple[str, ...]]:
    init = inner.get("__init__") or inner.get("__new__")
    if init is not None:
        docs = docs | _param_docs(_docstring(_field(_bare(init), "body")))
        return ((), ("props",)) if _broken(_bare(init)) else _parameters(_bare(init), True, docs)
    is_open = ("props",) if bases - _PLAIN_BASES else ()
    if not bases & _MODELS and not {_last(name) for name in _decorators(node)} & {"dataclass", "define"}:
        return (), is_open
    fields = [_model_field(statement, docs) for statement in _children(_field(_bare(node), "body"))]
    return tuple(f for f in fields if f and not (bases & _MODELS and f.name.startswith("_"))), is_open


def _model_field(statement: Node, docs: dict[str, str]) -> Prop | None:
    parts = next(iter(statement.named_children), None)
    name, kind, value = _text(_field(parts, "left")), _line(_field(parts, "type")), _field(parts, "right")
    if statement.type != "expression_statement" or not kind or re.match(r"([\w.]+\.)?(ClassVar|KW_ONLY)\b", kind):
        return None
    doc, default = docs.get(name, "") or _remark(statement), _line(value) or None
    if value is not None and value.type == "call" and _last(_line(_field(value, "function"))) in ("field", "Field"):
        arguments = [n for n in _children(_field(value, "arguments")) if n.type not in (*_COMMENTS, "dictionary_splat")]
        given = {_text(_field(n, "name")) or "default": _field(n, "value") or n for n in arguments}
        doc = doc or _joined(_string(given.get("description")))
        if _text(given.get("init")) == "False":
            return None
        if "default_factory" not in given:
            default = _line(given.get("default")).replace("...", "") or None
    kind = re.sub(r"^([\w.]+\.)?InitVar\[(.*)\]$", r"\2", kind)
    return Prop(name, kind, default is None, doc, default, _values(kind))


def _signature(function: Node, bound: bool) -> str:
    returned = _line(_field(function, "return_type"))
    shown = ", ".join(_line(node) for node in _parameter_nodes(function, bound) if node.type not in _COMMENTS)
    return "async " * (function.children[0].type == "async") + f"({shown})" + f" -> {returned}" * bool(returned)


def _parameter_nodes(function: Node, bound: bool) -> list[Node]:
    nodes = _children(_field(function, "parameters"))
    own = [n for n in nodes if n.type not in _COMMENTS][:2]
    if bound and own and not own[0].type.endswith(("splat_pattern", "separator")):
        return nodes[nodes.index(own[-1] if own[-1].type == "positional_separator" else own[0]) + 1 :]
    return nodes


def _parameters(function: Node, bound: bool, docs: dict[str, str]) -> tuple[tuple[Prop, ...], tuple[str, ...]]:
    props, is_open = [], False
    for node in _parameter_nodes(function, bound):
        target = _field(node, "name") or next(iter(node.named_children), node)
        if target.type == "identifier" and node.type not in ("list_splat_pattern", "dictionary_splat_pattern"):
            name, kind, value = _text(target), _line(_field(node, "type")), _line(_field(node, "value")) or None
            props.append(Prop(name, kind, value is None, docs.get(name) or _remark(node), value, _values(kind)))
        is_open = is_open or "splat" in node.type + target.type
    return tuple(props), ("props",) if is_open else ()


def _definitions(body: Node | None) -> dict[str, Node]:
    """Return the functions and classes of a body, decorators included: of several of one name, the one in force."""
    found: dict[str, Node] = {}
    for node in _flat(body):
        if not _kind(node) or any(name.endswith((".setter", ".deleter")) for name in _decorators(node)):
            continue
        earlier = found.get(_name(node))
        parent = body if body is None or not (earlier or body.has_error) else node.parent  # asking for it is slow
        if parent and body and parent.type == "ERROR" and node.start_point.column != body.start_point.column:
            continue  # part of something larger that did not parse
        if earlier is None or parent in (body, earlier.parent):  # else the fallback in another branch
            found.pop(_name(node), None)
            found[_name(node)] = node
    return found


def _exported(root: Node) -> set[str] | None:
    names: set[str] | None = None
    for statement in _flat(root):
        if statement.type != "expression_statement" or not _text(statement).startswith("__all__"):
            continue
        target = _children(statement)[0]
        value = _field(target, "right") or next(iter(_children(_field(target, "arguments"))), None)
        given = _literal(_text(value)) if value is not None else None
        given = [given] if _text(_field(target, "function")) == "__all__.append" else given
        if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
            return None
        names = (names or set()).union(given)
    return names


def _docstring(body: Node | None) -> str:
    return _string(next(iter(_children(body)), None))


def _string(node: Node | None) -> str:
    """Return the text of a string, or of a statement that is one; else an empty string."""
    while node is not None and node.type in ("expression_statement", "parenthesized_expression"):
        node = node.named_children[0] if len(node.named_children) == 1 else None
    value = _literal(_text(node)) if node is not None and node.type in ("string", "concatenated_string") else ""
    return inspect.cleandoc(value) if isinstance(value, str) else ""


def _literal(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the escapes in someone else's strings
        try:
            return ast.literal_eval(f"({text}\n)")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def _values(annotation: str) -> tuple[str, ...]:
    """Return what a `Literal` allows, where nothing but None is allowed besides."""
    match = re.fullmatch(r"(?:[\w.]*Optional\[)?[\w.]*Literal\[([^\[\]]+)\]\]?(?:\s*\|\s*None)?", annotation)
    given = _literal(f"{match[1]},") if match else None
    return tuple(v if isinstance(v, str) else repr(v) for v in given) if isinstance(given, tuple) else ()


_HEADING = r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Attributes|参数|属性)"
_SPHINX = re.compile(
    r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|ivar)[ \t]+(?:[^:\n]*[ \t])?\**(\w+)[ \t]*:"
    r"(.*(?:\n(?![ \t]*(?::[a-z]|$)).*)*)",
    re.M,
)
_GOOGLE = re.compile(rf"^([ \t]*){_HEADING}[ \t]*[:：][ \t]*\n((?:[ \t]*\n|\1[ \t]+\S.*\n)+)", re.M)
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)(?:[ \t]*\((?:[^()]|\([^()]*\))*\))?[ \t]*[:：](.*(?:\n(?!\S).*)*)", re.M)
_NUMPY = re.compile(rf"^{_HEADING}[ \t]*\n-{{3,}}[ \t]*\n((?:(?!.+\n-{{3,}}).*\n)+)", re.M)
_NUMPY_ENTRY = re.compile(r"^([^\s:][^:\n]*).*((?:\n(?!\S).*)+)", re.M)
_BREAK = re.compile(rf"\n(?=[ \t]*(?:\n|[:@][a-z]|[-*] |>>>|{_HEADING}[ \t]*[:：]?[ \t]*\n))")


def _param_docs(doc: str) -> dict[str, str]:
    """Return what a docstring says of each parameter, in Sphinx's, Google's or numpy's form."""
    found = _SPHINX.findall(doc)
    for _, section in _GOOGLE.findall(f"{doc}\n"):
        found += _GOOGLE_ENTRY.findall(inspect.cleandoc("\n" + section))
    for section in _NUMPY.findall(f"{doc}\n"):
        found += [(name, text) for names, text in _NUMPY_ENTRY.findall(section) for name in names.split(",")]
    return {name.strip("* "): _joined(text) for name, text in found if text.strip()}


def _tidy(doc: str) -> str:
    """Return a text with its first paragraph on one line."""
    first, *rest = _BREAK.split(doc.strip(), maxsplit=1)
    return "\n\n".join([_joined(first), *(text.strip("\n") for text in rest)])


def _joined(text: str) -> str:
    """Return a text on one line; where a line of Chinese was broken there is no space."""
    return " ".join(re.sub(r"(?<=[⺀-鿿＀-￯])\s*\n\s*(?=[⺀-鿿＀-￯])", "", text).split())


def _remark(node: Node) -> str:
    """Return the comment behind a node on its line, unless it is meant for a tool."""
    after = node.next_sibling
    if after is not None and after.type == ",":
        after = after.next_sibling
    if after is None or after.type != "comment" or after.start_point.row != node.end_point.row:
        return ""
    text = _text(after).lstrip("#: ")
    return "" if re.match(r"type:|noqa|pragma|pylint|fmt:|mypy|pyright|nosec", text) else text


def java_api(source: bytes, path: str) -> tuple[list[Component], list[int]]:
    """Read the public classes, interfaces, enums, records and annotations of a Java file, those inside them too.

    `props` are the parameters of the longest public constructor, a record's components or an annotation's elements; an
    enum has one, `value`, whose `values` are its constants.

    Args:
        source: The file's content.
        path: Relative to the root. The qualified names are of the package that the file declares.

    Returns:
        The entries in the order of the file, and the lines of syntax errors.

    >>> entries, errors = java_api(b"package com.acme; public class Foo { public int add(int a) {} }", "Foo.java")
    >>> entries[0].name, entries[0].methods[0].type
    ('com.acme.Foo', 'int add(int a)')
    """
    root = _root(source, "java")
    packages = [_line(n.named_children[-1]) + "." for n in root.named_children if n.type == "package_declaration"]
    found = [_java_entries(comment, n, "".join(packages[:1]), path, False) for comment, n in _documented(root)]
    return list(itertools.chain.from_iterable(found)), _error_lines(root)


def _java_entries(comment: str, node: Node, prefix: str, path: str, implied: bool) -> list[Component]:
    if _kind(node) != "class" or _broken(node) or not _public(node, implied):
        return []
    doc, docs = _javadoc(comment, ("deprecated",))
    name, in_interface, is_enum = prefix + _name(node), node.type in _INTERFACES, node.type == "enum_declaration"
    props, methods, nested, values = _java_parameters(node, docs), [], [], []
    for above, member in _documented(_field(node, "body")):
        text, own = _javadoc(above, ("param", "return", "returns", "throws", "exception", "deprecated"))
        if member.type == "enum_constant":
            values.append(_name(member))
        elif member.type == "annotation_type_element_declaration":
            default = _line(_field(member, "value")) or None
            props.append(Prop(_name(member), _java_type(member), default is None, _joined(text), default))
        elif _broken(member) or not _public(member, in_interface):
            continue
        elif member.type == "constructor_declaration" and node.type != "record_declaration":
            props = max(props, _java_parameters(member, docs | own), key=len)
        elif member.type == "method_declaration":
            methods.append(Method(_name(member), _java_signature(member), doc=text))
        elif name.count(".") < _MAX_DOTS:
            nested += _java_entries(above, member, f"{name}.", path, in_interface)
    props = [Prop("value", values=tuple(values))] if is_enum else props
    heads = [n for n in node.named_children if n.type in ("superclass", "super_interfaces", "extends_interfaces")]
    types = [t for head in heads for n in head.named_children for t in (_children(n) if n.type == "type_list" else [n])]
    bases = tuple(_line(t) for t in types if t.type not in _COMMENTS)
    entry = Component(name, "class", names=(_name(node),), path=path, span=_span(node), doc=doc, mixins=bases)
    return [replace(entry, props=tuple(props), methods=tuple(methods)), *nested]


def _documented(body: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield each declaration after the Javadoc comment above it."""
    comment = ""
    for node in _flat(body):
        if node.type not in _COMMENTS:
            yield comment, node
            comment = ""
        elif _text(node).startswith("/**") and _text(node) != "/**/":
            comment = _text(node)


def _modifiers(node: Node) -> set[str]:
    return {word.type for child in node.children[:1] if child.type == "modifiers" for word in child.children}


def _public(node: Node, implied: bool) -> bool:
    return "public" in _modifiers(node) or (implied and "private" not in _modifiers(node))


def _java_signature(method: Node) -> str:
    words = ["static"] if "static" in _modifiers(method) else []
    shown = ", ".join(f"{prop.type} {prop.name}" for prop in _java_parameters(method, {}))
    words += [_line(_field(method, "type_parameters")), _java_type(method), f"{_name(method)}({shown})"]
    return " ".join(word for word in words if word)


def _java_type(node: Node) -> str:
    return _line(_field(node, "type")) + _line(_field(node, "dimensions"))


def _java_parameters(node: Node, docs: dict[str, str]) -> list[Prop]:
    props = []
    for child in _children(_field(node, "parameters")):
        if child.type == "formal_parameter":
            props.append(Prop(_name(child), _java_type(child), True, docs.get(_name(child), "")))
        elif child.type == "spread_parameter":
            kind, declarator = [n for n in child.named_children if n.type not in _COMMENTS][-2:]
            props.append(Prop(_name(declarator), f"{_line(kind)}...", False, docs.get(_name(declarator), "")))
    return props


_MARKUP = re.compile(
    r"\{@(?P<tag>\w+)\b(?P<text>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
    r"|<(?P<html>/?(?i:p|br|b|i|em|strong|ul|ol|li|dl|dt|dd|pre|code|tt|a|h\d|table|tr|td|th|div|span|blockquote)\b)[^<>]*>"
    r"|&#?\w+;"
)


def _javadoc(comment: str, kept: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return the text of a Javadoc comment with the `kept` ones of its tags below it, and its `@param` by name."""
    text = re.sub(r"^[ \t]*\*+ ?", "", comment.removeprefix("/**").removesuffix("*/"), flags=re.M)
    # An annotation in an example has a capital, and so have some tags that IDE templates write.
    main, *blocks = re.split(r"^[ \t]*@(?=[a-z]|(?:Author|Date|Description|Version)\b)", text, flags=re.M)
    found = [re.findall(r"^(\w+)[\s:：]*(.*)", block, re.S)[0] for block in blocks]
    tags = [(tag.lower(), _joined(_MARKUP.sub(_plain, rest))) for tag, rest in found]
    main = main if main.strip() else next((said for tag, said in tags if tag == "description"), "")
    docs = {words[0]: words[2] for tag, said in tags if tag == "param" and (words := said.partition(" "))[2]}
    main = _tidy(re.sub(r"\n\s*\n", "\n\n", inspect.cleandoc(_MARKUP.sub(_plain, main))))
    shown = [f"@{tag} {said}" for tag, said in tags if tag in kept and said and (tag != "param" or " " in said)]
    return "\n\n".join(part for part in (main, "\n".join(shown)) if part), docs


def _plain(match: re.Match[str]) -> str:
    tag, text = match["tag"], (match["text"] or "").strip()
    if tag in ("link", "linkplain"):
        target, label = re.findall(r"^([^\s(]*(?:\([^)]*\))?)\s*(.*)", text, re.S)[0]
        return str(label or target.lstrip("#").replace("#", "."))
    if tag:
        return text
    breaks = {"p": "\n\n", "br": "\n", "li": "\n- "}
    return breaks.get(match["html"].lower(), "") if match["html"] else html.unescape(match[0])


@cache
def _parser(language: Language) -> Parser:
    import tree_sitter_java
    import tree_sitter_python
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser

    return Parser(Grammar((tree_sitter_python if language == "python" else tree_sitter_java).language()))


@lru_cache(maxsize=2)  # entries, units and members are asked for of one file after the other
def _root(source: bytes, language: Language) -> Node:
    return _parser(language).parse(source).root_node


def _error_lines(root: Node) -> list[int]:
    lines, stack = set(), [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            lines.add(node.start_point.row + 1)
        stack.extend(child for child in node.children if child.has_error or child.is_missing)
    return sorted(lines)


def _broken(definition: Node) -> bool:
    """Return whether the head of a definition did not parse, so that what it says may be wrong."""
    head = itertools.takewhile(lambda n: not n.type.endswith((":", "block", "body")), definition.children)
    return _field(definition, "name") is None or any(child.has_error or child.is_missing for child in head)


def _flat(body: Node | None) -> Iterator[Node]:
    """Yield the statements of a body and of the branches of `if`, `try`, `with` and `match` in it."""
    stack = _children(body)[::-1]
    while stack:
        node = stack.pop()
        if node.type in _TRANSPARENT:
            stack.extend(reversed(node.named_children))
        else:
            yield node


def _bare(node: Node) -> Node:
    return _field(node, "definition") or node


def _kind(node: Node) -> str:
    type_ = _bare(node).type
    return "function" if type_ in _FUNCTIONS else "class" if type_ in _CLASSES else ""


def _decorators(node: Node) -> list[str]:
    names = [re.match(r"@\s*([\w.]+)", _text(n)) for n in _children(node) if n.type == "decorator"]
    return [match[1] for match in names if match]


def _last(name: str) -> str:
    """Return the last name of a dotted one: `BaseModel` of `pydantic.BaseModel[T]`."""
    return re.split(r"[\[(]", name)[0].rpartition(".")[2]


def _span(node: Node) -> tuple[int, int]:
    return node.start_point.row + 1, node.end_point.row + 1


def _field(node: Node | None, name: str) -> Node | None:
    return None if node is None else node.child_by_field_name(name)


def _children(node: Node | None) -> list[Node]:
    return [] if node is None else node.named_children


def _name(node: Node) -> str:
    return _text(_field(_bare(node), "name"))


def _text(node: Node | None) -> str:
    return "" if node is None else (node.text or b"").decode("utf-8", "replace")


def _line(node: Node | None) -> str:
    """Return the source of a node on one line, without comments."""
    if node is None or "\n" not in _text(node):
        return _text(node)
    shown, end, stack = "", node.start_byte, [node]
    while stack:
        leaf = stack.pop()
        if leaf.child_count and leaf.type not in ("string", "string_literal"):  # their escapes alone are nodes
            stack.extend(reversed(leaf.children))
        elif leaf.type not in _COMMENTS:
            glued = leaf.start_byte == end or shown.endswith(("(", "[", "{")) or leaf.type in (")", "]", "}")
            shown, end = shown + " " * (not glued) + _text(leaf), leaf.end_byte
    return shown
