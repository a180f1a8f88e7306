"""Read catalogue entries from Python sources.

Sources are UTF-8. Syntax errors never raise: everything that parses is kept, and the lines of errors are returned.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import warnings
from dataclasses import replace
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.api import Component, Method, Prop
from swiftprep.catalog.python_java.docstrings import joined, param_docs, tidied
from swiftprep.parsing.grammar import error_lines
from swiftprep.parsing.nodes import (
    COMMENTS,
    MAX_NESTED,
    children_of,
    field_of,
    is_broken,
    kind_of,
    line_of,
    name_of,
    root_of,
    span_of,
    statements_in,
    text_of,
    undecorated,
)
from swiftprep.text.characters import whole

_MODELS = frozenset(("BaseModel", "BaseSettings", "NamedTuple", "TypedDict"))
# A class without its own constructor takes only its fields if it has no bases but these.
_PLAIN_BASES = _MODELS | {"object", "ABC", "Generic", "Protocol"}


def python_api(source: bytes, path: str) -> tuple[list[Component], list[int]]:
    r"""Read the public functions and classes of a Python file.

    A literal `__all__` decides what is public, else the leading underscore. A function has one method, its own
    signature. A class that inherits its constructor or fields from a base outside the file is `open`.

    Args:
        source: The file's content.
        path: The path relative to the root, from which qualified names are derived.

    Returns:
        The entries in the order of the file, and the lines of syntax errors.

    >>> entries, errors = python_api(b"def find(key: int = 0) -> str:\n    'Find it.'\n", "src/app/store.py")
    >>> entries[0].name, entries[0].doc, entries[0].methods[0].type, errors
    ('app.store.find', 'Find it.', '(key: int = 0) -> str', [])
    """
    root = root_of(source, "python")
    module = re.sub(r"(?:(^|/)__init__)?\.\w+$", "", path.removeprefix("src/")).replace("/", ".")
    exported = _exported(root)
    entries: list[Component] = []
    for name, node in _definitions(root).items():
        if name in exported if exported is not None else not name.startswith("_"):
            entries += _entries(node, f"{module}.{name}".lstrip("."), path)
    return entries, error_lines(root, None, nested=True)


def _entries(node: Node, name: str, path: str, depth: int = 0) -> list[Component]:
    definition, bare = undecorated(node), name.rpartition(".")[2]
    if is_broken(definition):
        return []
    doc = _docstring(field_of(definition, "body"))
    docs = param_docs(doc)
    entry = Component(name, "function", names=(bare,), path=path, span=span_of(node), doc=tidied(doc))
    if kind_of(node) == "function":
        props, is_open = _parameters(definition, False, docs)
        return [replace(entry, props=props, methods=(Method(bare, _signature(definition, False)),), open=is_open)]
    inner = _definitions(field_of(definition, "body"))
    heads = children_of(field_of(definition, "superclasses"))
    bases = tuple(line_of(head) for head in heads if head.type not in ("keyword_argument", *COMMENTS))
    props, is_open = _constructor(node, inner, {_last(base) for base in bases}, docs)
    public = [(key, n) for key, n in inner.items() if not key.startswith("_")]
    methods = tuple(_method(key, n) for key, n in public if kind_of(n) == "function" and not is_broken(undecorated(n)))
    entries = [replace(entry, kind="class", props=props, methods=methods, mixins=bases, open=is_open)]
    for key, nested in public:
        if kind_of(nested) == "class" and depth < MAX_NESTED:
            entries += _entries(nested, f"{name}.{key}", path, depth + 1)
    return entries


def _method(name: str, node: Node) -> Method:
    decorators, definition = {_last(decorator) for decorator in _decorators(node)}, undecorated(node)
    is_property = any(decorator.endswith("property") for decorator in decorators)
    type_ = "property" if is_property else _signature(definition, "staticmethod" not in decorators)
    return Method(name, type_, doc=tidied(_docstring(field_of(definition, "body"))))


def _constructor(
    node: Node, inner: dict[str, Node], bases: set[str], docs: dict[str, str]
) -> tuple[tuple[Prop, ...], tuple[str, ...]]:
    init = inner.get("__init__") or inner.get("__new__")
    if init is not None:
        docs = docs | param_docs(_docstring(field_of(undecorated(init), "body")))
        return ((), ("props",)) if is_broken(undecorated(init)) else _parameters(undecorated(init), True, docs)
    is_open = ("props",) if bases - _PLAIN_BASES else ()
    if not bases & _MODELS and not {_last(name) for name in _decorators(node)} & {"dataclass", "define"}:
        return (), is_open
    body = field_of(undecorated(node), "body")
    remarks = _remarks(body)
    fields = [_model_field(statement, docs, remarks) for statement in children_of(body)]
    return tuple(f for f in fields if f and not (bases & _MODELS and f.name.startswith("_"))), is_open


def _model_field(statement: Node, docs: dict[str, str], remarks: dict[int, str]) -> Prop | None:
    parts = next(iter(statement.named_children), None)
    name, kind, value = text_of(field_of(parts, "left")), line_of(field_of(parts, "type")), field_of(parts, "right")
    if statement.type != "expression_statement" or not kind or re.match(r"([\w.]+\.)?(ClassVar|KW_ONLY)\b", kind):
        return None
    doc, default = docs.get(name, "") or remarks.get(statement.id, ""), line_of(value) or None
    if value is not None and value.type == "call" and _last(line_of(field_of(value, "function"))) in ("field", "Field"):
        arguments = children_of(field_of(value, "arguments"))
        arguments = [n for n in arguments if n.type not in (*COMMENTS, "dictionary_splat")]
        settings = {text_of(field_of(n, "name")) or "default": field_of(n, "value") or n for n in arguments}
        doc = doc or joined(_string(settings.get("description")))
        if text_of(settings.get("init")) == "False":
            return None
        if "default_factory" not in settings:
            default = line_of(settings.get("default")).replace("...", "") or None
    kind = re.sub(r"^([\w.]+\.)?InitVar\[(.*)\]$", r"\2", kind)
    return Prop(name, kind, default is None, doc, default, _values(kind))


def _signature(function: Node, bound: bool) -> str:
    returned = line_of(field_of(function, "return_type"))
    parameters = ", ".join(line_of(node) for node in _parameter_nodes(function, bound) if node.type not in COMMENTS)
    return "async " * (function.children[0].type == "async") + f"({parameters})" + f" -> {returned}" * bool(returned)


def _parameter_nodes(function: Node, bound: bool) -> list[Node]:
    nodes = children_of(field_of(function, "parameters"))
    own = [n for n in nodes if n.type not in COMMENTS][:2]
    if bound and own and not own[0].type.endswith(("splat_pattern", "separator")):
        return nodes[nodes.index(own[-1] if own[-1].type == "positional_separator" else own[0]) + 1 :]
    return nodes


def _parameters(function: Node, bound: bool, docs: dict[str, str]) -> tuple[tuple[Prop, ...], tuple[str, ...]]:
    props, is_open = [], False
    remarks = _remarks(field_of(function, "parameters"))
    for node in _parameter_nodes(function, bound):
        target = field_of(node, "name") or next(iter(node.named_children), node)
        if target.type == "identifier" and node.type not in ("list_splat_pattern", "dictionary_splat_pattern"):
            name, kind = text_of(target), line_of(field_of(node, "type"))
            value = line_of(field_of(node, "value")) or None
            props.append(
                Prop(name, kind, value is None, docs.get(name) or remarks.get(node.id, ""), value, _values(kind))
            )
        is_open = is_open or "splat" in node.type + target.type
    return tuple(props), ("props",) if is_open else ()


def _definitions(body: Node | None) -> dict[str, Node]:
    """Return the functions and classes of a body by name, with decorators; the effective one of each name."""
    definitions: dict[str, Node] = {}
    parents: dict[str, Node] = {}
    for node, parent in statements_in(body):
        name = name_of(node) if kind_of(node) else ""
        if not kind_of(node) or any(name.endswith((".setter", ".deleter")) for name in _decorators(node)):
            continue
        if body and parent.type == "ERROR" and node.start_point.column != body.start_point.column:
            continue  # part of a larger construct that did not parse
        if name not in definitions or parent in (body, parents[name]):  # else it is a fallback in another branch
            definitions.pop(name, None)
            definitions[name], parents[name] = node, parent
    return definitions


def _exported(root: Node) -> set[str] | None:
    names: set[str] | None = None
    for statement, _ in statements_in(root):
        if statement.type != "expression_statement" or not text_of(statement).startswith("__all__"):
            continue
        target = children_of(statement)[0]
        value = field_of(target, "right") or next(iter(children_of(field_of(target, "arguments"))), None)
        listed = _literal(text_of(value)) if value is not None else None
        listed = [listed] if text_of(field_of(target, "function")) == "__all__.append" else listed
        if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
            return None
        names = names or set()
        names.update(listed)
    return names


def _docstring(body: Node | None) -> str:
    return _string(next(iter(children_of(body)), None))


def _string(node: Node | None) -> str:
    """Return the value of a string or of a string statement, else an empty string."""
    while node is not None and node.type in ("expression_statement", "parenthesized_expression"):
        node = node.named_children[0] if len(node.named_children) == 1 else None
    value = _literal(text_of(node)) if node is not None and node.type in ("string", "concatenated_string") else ""
    return inspect.cleandoc(value) if isinstance(value, str) else ""


def _literal(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about invalid escapes in the scanned code
        try:
            return _whole(ast.literal_eval(f"({text}\n)"))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def _whole(value: Any) -> Any:
    """Return a value with the lone surrogates in its strings replaced."""
    if isinstance(value, list | tuple):
        return type(value)(map(_whole, value))
    return whole(value) if isinstance(value, str) else value


def _values(annotation: str) -> tuple[str, ...]:
    """Return the values of a `Literal` annotation, possibly combined with None."""
    match = re.fullmatch(r"(?:[\w.]*Optional\[)?[\w.]*Literal\[([^\[\]]+)\]\]?(?:\s*\|\s*None)?", annotation)
    literals = _literal(f"{match[1]},") if match else None
    try:
        return tuple(v if isinstance(v, str) else repr(v) for v in literals) if isinstance(literals, tuple) else ()
    except ValueError:  # a number with thousands of digits
        return ()


def _remarks(parent: Node | None) -> dict[int, str]:
    """Return the trailing comment of each child of a node by the child's id, except those for tools."""
    remarks: dict[int, str] = {}
    children = [] if parent is None else [node for node in parent.children if node.type != ","]
    for node, after in itertools.pairwise(children):
        if after.type == "comment" and after.start_point.row == node.end_point.row:
            text = text_of(after).lstrip("#: ")
            if not re.match(r"type:|noqa|pragma|pylint|fmt:|mypy|pyright|nosec", text):
                remarks[node.id] = text
    return remarks


def _decorators(node: Node) -> list[str]:
    names = [re.match(r"@\s*([\w.]+)", text_of(n)) for n in children_of(node) if n.type == "decorator"]
    return [match[1] for match in names if match]


def _last(name: str) -> str:
    """Return the last part of a dotted name: `BaseModel` for `pydantic.BaseModel[T]`."""
    return re.split(r"[\[(]", name)[0].rpartition(".")[2]
