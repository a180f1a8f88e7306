"""Read the facts of a single file.

The *facts* are plain data that a worker process returns and the cache stores: the non-empty fields of `module.Module`,
and `foreign`, `asked`, `heard`, `uses`, `columns` (slots that pages name in the columns of tables), `errors` and
`notes`. The *shape* holds the places where samples can be cut.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from swiftprep.catalog.vue.asked import asked_slots
from swiftprep.catalog.vue.behaviour import jsx_elements, read_behaviour
from swiftprep.catalog.vue.component_flows import CODE, read_flows, read_template_flows
from swiftprep.catalog.vue.expressions import codes_of
from swiftprep.catalog.vue.markup import behaviour, slots_in, uses
from swiftprep.catalog.vue.module import Module, SourcePiece
from swiftprep.catalog.vue.script import ScriptReader
from swiftprep.catalog.vue.value_kinds import CALL, FUNCTION, NAME, OPTIONS, STRING
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import Block, Element, Template, blanked, blocks, template

SCRIPTS = {
    ".js": "js",
    ".jsx": "jsx",
    ".mjs": "js",
    ".cjs": "js",
    ".ts": "ts",
    ".tsx": "tsx",
    ".mts": "ts",
    ".cts": "ts",
}
MOST_BLOCKS = 20  # per kind and file; Vue allows one template and two scripts
_LANGS = {"js": "js", "javascript": "js", "babel": "js", "es6": "js", "module": "js", "ecmascript": "js"}
_LANGS |= {"jsx": "jsx", "ts": "ts", "typescript": "ts", "tsx": "tsx"}
_OTHER_LANGS = frozenset(
    ("coffee", "coffeescript", "livescript", "ls", "json", "ld+json", "template", "html", "python")
)
_KEPT = (
    "imports", "exports", "stars", "bindings", "types", "augments", "declared", "effects", "registering",
    "registrations", "installs", "components", "flows",
)  # fmt: skip
_IMPORTED_TYPE = re.compile(rb"""\bimport\(\s*['"][^'"\n]+['"]\s*\)\.(?=[\w$.]+<)""")
_OUTER = "*script"  # the local name for the import of a `<script src>`
# `scopedSlots: { customRender: 'status' }`, and `slot: 'status'` in an object with a title.
_COLUMN_SLOTS = re.compile(rb"\b(?:scopedSlots|slots)\s*:\s*\{([^{}]{0,400})\}")
_WORDS = re.compile(rb"[\w$\x80-\xff]+")
_TEXTS = re.compile(rb":\s*['\"]([^'\"\n]{1,80})['\"]")
_COLUMN_SLOT = re.compile(
    rb"\{(?=[^{}]{0,400}\b(?:title|label)\s*:)[^{}]{0,400}?\bslot(?:Name)?\s*:\s*['\"]([^'\"\n]{1,80})['\"]"
)
_HEARD = re.compile(rb"\$on\(\s*['\"]([^'\"]+)['\"]")
_TEMPLATE_EMIT = re.compile(r"""\$emit\(\s*(?:(['"`])([^'"`$]+)\1|([^)]*))((?:\s*,[^()]*(?:\([^()]*\)[^()]*)*)?)""")


def suffix_of(path: str) -> str:
    """Return a path's suffix in lower case."""
    name = path.rpartition("/")[2]
    return "." + name.rpartition(".")[2].lower() if "." in name else ""


@dataclass(slots=True)
class CutPlaces:
    """The places where a source can be cut.

    Attributes:
        blocks: The blocks of a single-file component; `[]` for other files.
        pieces: The statements of its scripts, with their parts.
        elements: The elements of its templates and its JSX.
    """

    blocks: list[Block] = field(default_factory=list)
    pieces: list[SourcePiece] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)


def _lines_at(source: bytes, places: set[int]) -> dict[int, int]:
    """Return the line of each offset, from 1."""
    lines: dict[int, int] = {}
    line, done = 1, 0
    for place in sorted(places):
        line += source.count(b"\n", done, place)
        lines[place], done = line, place
    return lines


def read_vue(source: bytes, path: str) -> tuple[dict[str, Any], CutPlaces]:
    """Return the facts and the shape of a single-file component."""
    parts = blocks(source)
    shape = CutPlaces(parts)
    module, foreign, elements = Module(), [], []
    lines = _lines_at(source, {place for b in parts for place in (b.outer, b.start)})
    errors: list[tuple[int, str]] = [(lines[b.outer], f"<{b.kind}> without its end tag") for b in parts if not b.closed]
    scripts = sorted([b for b in parts if b.kind == "script"][:MOST_BLOCKS], key=lambda b: b.is_setup)
    notes = [f"<{b.kind} src={b.attrs['src']}> stands in another file" for b in parts if "src" in b.attrs]
    for kind, count in Counter(b.kind for b in parts if b.kind in ("script", "template")).items():
        if count > MOST_BLOCKS:
            notes.append(f"{count} <{kind}> blocks, of which the first {MOST_BLOCKS} are read")
    for block in scripts:
        lang = script_lang(block)
        if lang is None:
            notes.append(f"script lang={block.lang} is not read")
            continue
        text = source[block.start : block.end]
        line = lines[block.start]
        root, bad, grammar = parse_script(text, lang)
        errors += [(line + row - 1, "syntax error in <script>") for row in bad]
        is_setup = block.is_setup
        reader = ScriptReader(text, root, line=line, offset=block.start, in_sfc=True, is_setup=is_setup, module=module)
        first = len(module.components) - is_setup
        reader.read()
        read_flows(module, root, offset=block.start, first=first)
        shape.pieces += reader.pieces
        foreign += read_behaviour(text, root, module, offset=block.start)
        elements += jsx_elements(text, root, grammar, offset=block.start, line=line)
    jsx = len(elements)
    own = _own_component(module, source)
    for block in (b for b in scripts if "src" in b.attrs):
        module.imports[_OUTER] = [block.attrs["src"], "default"]
        own["outer"] = [NAME, _OUTER]
    for block in [b for b in parts if b.kind == "template"][:MOST_BLOCKS]:
        if "src" in block.attrs:  # its slots and bindings are unknown
            own.setdefault("open", []).extend(["props", "events", "slots"])
            continue
        if block.lang not in ("", "html"):
            notes.append(f"template lang={block.lang} is not read")
            own.setdefault("open", []).extend(["props", "events", "slots"])
            continue
        parsed = template(source, block.start, block.end)
        errors += parsed.errors
        _add_template(own, parsed, source, block)
        shift = len(elements)
        for element in parsed.elements:
            element.parent += shift if element.parent >= 0 else 0
        elements += parsed.elements
    shape.elements = elements
    return _facts(module, foreign, elements, source, path, errors, notes, jsx=jsx), shape


def read_script(source: bytes, path: str) -> tuple[dict[str, Any], CutPlaces]:
    """Return the facts and the shape of a JavaScript or TypeScript module."""
    lang = SCRIPTS[suffix_of(path)]
    if path.endswith(".d.ts"):  # the grammar knows `import('vue').DefineComponent`, but not with arguments
        source = _IMPORTED_TYPE.sub(lambda match: b" " * len(match[0]), source)
    root, bad, grammar = parse_script(source, lang)
    reader = ScriptReader(source, root)
    module = reader.read()
    read_flows(module, root, offset=0)
    foreign = read_behaviour(source, root, module, offset=0)
    elements = jsx_elements(source, root, grammar)
    for options in module.components:
        markup = options.pop("template", None)
        if markup is not None and markup[0] == STRING:
            text = markup[1].encode("utf-8", "replace")
            _add_template(options, template(text), text, None)
    errors = [(line, "syntax error") for line in bad]
    facts = _facts(module, foreign, elements, source, path, errors, [], jsx=len(elements))
    return facts, CutPlaces([], reader.pieces, elements)


def _facts(
    module: Module,
    foreign: list[list[Any]],
    elements: list[Element],
    source: bytes,
    path: str,
    errors: list[tuple[int, str]],
    notes: list[str],
    *,
    jsx: int,
) -> dict[str, Any]:
    _drop_notes(module, source)
    kept = {name: getattr(module, name) for name in _KEPT}
    facts: dict[str, Any] = {name: value for name, value in kept.items() if value}
    variables = _variables(module, elements[:jsx], source)
    used = uses(elements, source, path, jsx=jsx, variables=variables) if elements else {}
    columns = _slots_of_columns(source) if b"slot" in source or b"Slots" in source else []
    asked = asked_slots(source, module)
    if foreign:
        facts["foreign"] = foreign
    if asked:
        facts["asked"] = asked
    if used:
        facts["uses"] = {tag: _packed(use) for tag, use in used.items()}
    if columns:
        facts["columns"] = columns
    if b"$on(" in source:
        facts["heard"] = sorted({match[1].decode("utf-8", "replace") for match in _HEARD.finditer(source)})
    if errors:
        facts["errors"] = sorted(set(errors))[:20]
    if notes or module.notes:
        facts["notes"] = list(dict.fromkeys([*notes, *module.notes]))
    return facts


def _drop_notes(module: Module, source: bytes) -> None:
    """Drop the notes on methods that the file itself uses, which are internal; on others they are documentation."""
    methods = [method for options in module.components for method in options["methods"] if method[3:]]
    counts = Counter(_WORDS.findall(source)) if any(method[2] and method[3] for method in methods) else Counter()
    for method in methods:
        if method.pop() and counts[method[0].encode("utf-8", "replace")] > 1:
            method[2] = ""


def _variables(module: Module, elements: list[Element], source: bytes) -> set[str]:
    """Return the names in JSX tags that are variables of the file, and not tags of registered components."""
    members = {element.tag.partition(".")[0] for element in elements if "." in element.tag}
    names = {element.tag for element in elements if element.tag[:1].isupper()} - members
    bound = {name for name in names if name in module.imports or name in module.bindings}
    declared = rb"(?:\b(?:const|let|var|function|class)\s+|[{,(:]\s*)%b\s*[=,}({)]"
    return members | bound | {n for n in names - bound if re.search(declared % re.escape(n).encode(), source)}


def _slots_of_columns(source: bytes) -> list[str]:
    """Return the names of slots that a page makes up for the columns of its tables."""
    names = [name for part in _COLUMN_SLOTS.findall(source) for name in _TEXTS.findall(part)]
    names += _COLUMN_SLOT.findall(source) if b"slot" in source else []
    return sorted({name.decode("utf-8", "replace") for name in names})


def _packed(use: Any) -> list[Any]:
    return [use.count, use.props, use.events, use.slots, use.parents, use.models, use.objects, use.example]


def script_lang(block: Block) -> str | None:
    """Return the grammar for a script block, or None for a language without one (CoffeeScript).

    Vue itself ignores `type`, so one with an unusual name (`text/ecmascript-6`) is JavaScript.
    """
    if block.lang:
        return _LANGS.get(block.lang)
    name = block.attrs.get("type", "").rpartition("/")[2].lower().removeprefix("x-")
    return None if name in _OTHER_LANGS else _LANGS.get(name, "js")


def _own_component(module: Module, source: bytes) -> dict[str, Any]:
    """Return the options of the file's own component, creating them if the script has none."""
    exported = module.exports.get("default")
    if exported is not None and exported[0] == NAME:
        exported = module.bindings.get(exported[1], exported)
    setup = next((options for options in module.components if options.get("setup")), None)
    if exported is not None and exported[0] == OPTIONS:
        own = module.components[exported[1]]
        own["sure"] = True
        if setup is None:
            return own
        own.pop("sure")
        for key in ("name", "inheritAttrs", "doc"):
            if key in own:
                setup.setdefault(key, own[key])
        exported = None
    if setup is None:
        lines = source.count(b"\n") + 1
        setup = {"sure": True, "span": [1, lines], "range": [0, len(source)], "methods": [], "doc": ""}
        if exported is not None and exported[0] == FUNCTION:  # a functional component of Vue 3, which is not supported
            setup["open"] = ["props", "events", "slots"]
        elif exported is not None:
            setup["extends"] = exported
            given = [argument[1] for argument in exported[2] if argument[0] == OPTIONS] if exported[0] == CALL else []
            if len(given) == 1:  # `export default make({ name: 'TaBox' })`
                base = module.components[given[0]]
                base["sure"] = False
                setup |= {key: base[key] for key in ("name", "doc", "span") if key in base}
        module.components.append(setup)
    module.exports["default"] = [OPTIONS, module.components.index(setup)]
    return setup


def _add_template(options: dict[str, Any], parsed: Template, source: bytes, block: Block | None) -> None:
    api = behaviour(parsed, source)
    for key in ("slots", "passes", "open"):
        if api[key]:
            options.setdefault(key, []).extend(api[key])
    options["roots"] = api["roots"]
    options.pop("bare", None)
    found = codes_of(parsed, source, holding=CODE)
    codes = [code.text for _, code in found if code.kind not in ("parameters", "for")]
    read_template_flows(options, parsed, codes)
    if block is not None and "functional" in block.attrs:
        options["functional"] = True
    text = blanked(source, parsed.start, parsed.end, parsed.inert)
    if b"$emit" in text:
        events = options.setdefault("events", [])
        for _, name, other, arguments in _TEMPLATE_EMIT.findall(text.decode("utf-8", "replace")):
            names = re.findall(r"""\?\s*['"]([^'"]+)['"]\s*:\s*['"]([^'"]+)['"]""", other)
            if name or names:
                events += [
                    [[STRING, word], f"({arguments.strip(', ')})" if arguments else "", ""]
                    for word in ([name] if name else names[0])
                ]
    if b"lots" in text and block is None:
        options.setdefault("slots", []).extend([name, [], ""] for name in slots_in(text.decode("utf-8", "replace")))
