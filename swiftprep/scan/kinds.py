"""Make the samples of each kind from one file, each with its line span."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from swiftprep.catalog.api import kebab
from swiftprep.catalog.vue.facts import CutPlaces, suffix_of
from swiftprep.catalog.vue.module import SourcePiece
from swiftprep.catalog.vue.native import is_global
from swiftprep.scan.cut import cut, pieces_of, span_of
from swiftprep.scan.framework import package_of
from swiftprep.scan.ownership import FrameworkTags
from swiftprep.scan.tasks import Task

SYNTAX = {
    ".vue": "vue", ".js": "javascript", ".jsx": "jsx", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".tsx": "tsx", ".mts": "typescript", ".cts": "typescript", ".py": "python", ".java": "java",
}  # fmt: skip
FEWEST_LINES, MOST_LINES = 2, 40  # of the hole in a fill-in-the-middle sample
MOST_USED = 4  # components named in a page's question
# A statement that exports or loads what other modules define; an `export { a }` too, if the module defines nothing.
_LONGEST_EXPORT = 1_000  # bytes of a statement that only exports
_PASSES_ON = re.compile(
    rb"['\"]use strict['\"]|export\s+(?:type\s*)?[*{][^(=;]*"
    rb"|(?:export\s+default|module\.exports\s*=)\s+[A-Za-z_$][\w$.]*"
    rb"|(?:(?:var|let|const)\s+[\w${},\s:]+=\s*|module\.exports\s*=\s*)?require\([^()]*\)(?:\.\w+)?"
)
_MOST_INDENTED = 200  # columns
CONTEXT_LINES = 40  # kept on each side of the hole if the whole file is too long


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """The samples to make.

    Attributes:
        tasks: Their templates.
        framework: The framework's name for the templates.
        vue_version: The version of Vue for the templates.
        framework_tags: The tags of the framework; only those are named in a page's question.
        max_tokens: The maximum length of a sample, prompt and answer together, or None.
        count: Counts the tokens of a text.
    """

    tasks: tuple[Task, ...]
    framework: str
    vue_version: str
    framework_tags: Container[str] = FrameworkTags()
    max_tokens: int | None = None
    count: Callable[[str], int] | None = None


@dataclass(slots=True)
class BuiltSamples:
    """The samples of one file as rows, `[id, kind, instruction, input, output, span, more]`, and the dropped parts.

    Attributes:
        rows: The samples.
        dropped: `[span, kind, size]` of each part that is longer than `max_tokens` and cannot be cut.
    """

    rows: list[list[Any]] = field(default_factory=list)
    dropped: list[list[Any]] = field(default_factory=list)


class SampleBuilder:
    """Makes the samples of one file.

    Args:
        wanted: The samples to make.
        path: The file's path, as written in the samples.
        text: Its text, with secrets replaced.
        facts: Its facts (`facts.py`).
        shape: The places where it can be cut.
    """

    def __init__(self, wanted: SampleSpec, path: str, text: str, facts: dict[str, Any], shape: CutPlaces) -> None:
        self.wanted = wanted
        self.path = path
        self.text = text
        self.source = text.encode("utf-8", "replace")
        self.facts = facts
        self.shape = shape
        self.made = BuiltSamples()
        self.halves: dict[str, tuple[str, list[int]]] | None = None
        self.base = {
            "framework": wanted.framework,
            "vue_version": wanted.vue_version,
            "path": path,
            "language": SYNTAX.get(suffix_of(path), "text"),
        }

    def make(self) -> BuiltSamples:
        """Make all samples; a module that only imports and exports what others define gives none."""
        if is_only_imports(self.shape, self.source):
            return self.made
        for task in self.wanted.tasks:
            if task.kind == "component":
                self._component(task)
            elif task.kind in ("template", "script"):
                self._halves(task)
            elif task.kind == "fim":
                self._fim(task)
            elif task.kind == "page":
                self._page(task)
        return self.made

    def _id(self, kind: str, number: int = 0) -> str:
        tail = f"-{number}" if number else ""
        whole = kind == "component" and not number
        return f"{self.wanted.framework}:{self.path}" + ("" if whole else f"#{kind}{tail}")

    def _size(self, parts: tuple[str, str, str]) -> int | None:
        """Return the number of tokens in a sample, or None if there is no tokenizer."""
        if self.wanted.count is None:
            return None
        prompt = "\n".join(part for part in parts[:2] if part)
        return self.wanted.count(prompt) + self.wanted.count(parts[2])

    def _add(self, task: Task, sample_id: str, span: list[int], values: dict[str, Any], **more: Any) -> bool:
        """Render a sample and add it; return False if it is too long."""
        parts = task.render(sample_id, {**self.base, **values})
        if not parts[2].strip() or not (parts[0] + parts[1]).strip():
            return True
        size = self._size(parts)
        if size is not None:
            if self.wanted.max_tokens is not None and size > self.wanted.max_tokens:
                return False
            more["tokens"] = size
        self.made.rows.append([sample_id, task.kind, *parts, span, more])
        return True

    def _drop(self, kind: str, span: list[int], size: int | None) -> None:
        self.made.dropped.append([span, kind, size])

    def _tokens(self, text: str) -> int | None:
        return None if self.wanted.count is None else self.wanted.count(text)

    def _component(self, task: Task) -> None:
        whole = span_of(self.source, 0, len(self.source))
        plain = {"part": 1, "parts": 1, "context": ""}
        if self._add(task, self._id("component"), whole, {"code": self.text, **plain}):
            return
        limit, count = self.wanted.max_tokens, self.wanted.count
        assert limit is not None
        assert count is not None
        empty = task.render("", {**self.base, "code": "", "part": 99, "parts": 99, "context": "x" * 200})
        room = limit - (self._size(empty) or 0)

        def fits(piece: bytes) -> bool:
            if len(piece) > 16 * limit:  # no tokenizer has code tokens that long on average
                return False
            return count(piece.decode("utf-8", "replace")) <= room

        parts, too_long = cut(self.source, pieces_of(self.source, self.shape), fits)
        for part in too_long:
            text = self.source[part.start : part.end].decode("utf-8", "replace")
            self._drop("component", span_of(self.source, part.start, part.end), count(text))
        parts = [part for part in parts if self.source[part.start : part.end].strip()]
        for number, part in enumerate(parts, start=1):
            code = self.source[part.start : part.end].decode("utf-8", "replace").strip("\n")
            values = {"code": code, "part": number, "parts": len(parts), "context": " … ".join(part.around)[-200:]}
            span = span_of(self.source, part.start, part.end)
            if not self._add(task, self._id("component", number), span, values, part=f"{number}/{len(parts)}"):
                self._drop("component", span, self._tokens(code))
        if not self.shape.blocks and not self.shape.pieces:
            self._drop("component", whole, self._tokens(self.text))

    def _halves(self, task: Task) -> None:
        if self.halves is None:
            self.halves = {kind: self._half(kind) for kind in ("template", "script")}
        texts = {kind: text for kind, (text, _) in self.halves.items()}
        if not all(texts.values()):
            return
        span = self.halves[task.kind][1]
        if not self._add(task, self._id(task.kind), span, texts):
            self._drop(task.kind, span, self._tokens(texts["template"] + texts["script"]))

    def _half(self, kind: str) -> tuple[str, list[int]]:
        """Return the text of the non-empty blocks of a kind, and their line span."""
        blocks = [b for b in self.shape.blocks if b.kind == kind and self.source[b.start : b.end].strip()]
        if not blocks:
            return "", [0, 0]
        text = "\n\n".join(self.source[b.outer : b.outer_end].decode("utf-8", "replace") for b in blocks)
        return text, span_of(self.source, blocks[0].outer, blocks[-1].outer_end)

    def _fim(self, task: Task) -> None:
        sample_id = self._id("fim")
        candidates = _pieces(self.shape)
        first = zlib.crc32(sample_id.encode("utf-8", "replace")) % max(len(candidates), 1)
        hole = next(
            (
                hole
                for start, end in candidates[first:] + candidates[:first]
                if is_good_hole(self.source, *(hole := (_line_start(self.source, start), end)))
            ),
            None,
        )
        if hole is None:
            return
        prefix, middle, suffix = (
            part.decode("utf-8", "replace")
            for part in (self.source[: hole[0]], self.source[hole[0] : hole[1]], self.source[hole[1] :])
        )
        span = span_of(self.source, *hole)
        if self._add(task, sample_id, span, {"prefix": prefix, "suffix": suffix, "middle": middle}):
            return
        near = "".join(prefix.splitlines(keepends=True)[-CONTEXT_LINES:])
        after = "".join(suffix.splitlines(keepends=True)[:CONTEXT_LINES])
        if not self._add(task, sample_id, span, {"prefix": near, "suffix": after, "middle": middle}):
            self._drop("fim", span, self._tokens(near + middle + after))

    def _page(self, task: Task) -> None:
        if not self.path.lower().endswith(".vue"):
            return
        used = self._used()
        if not used:
            return
        own: dict[str, Any] = next((c for c in self.facts.get("components", ()) if c.get("sure")), {})
        states = own.get("data", [])[:8]
        name = re.sub(r"\.\w+$", "", self.path.rpartition("/")[2])
        if name.lower() in ("index", "main"):
            name = self.path.rpartition("/")[0].rpartition("/")[2] or name
        values = {"code": self.text, "used": used, "states": states, "name": name}
        span = span_of(self.source, 0, len(self.source))
        if not self._add(task, self._id("page"), span, values, components=[item["tag"] for item in used]):
            self._drop("page", span, self._tokens(self.text))

    def _used(self) -> list[dict[str, Any]]:
        """Return the framework components that a file uses, most used first, with the props, events and slots set."""
        own = self._own_tags()
        made_up = set(self.facts.get("columns", ()))
        components = []
        for tag, (count, props, events, slots, _, models, _, _) in self.facts.get("uses", {}).items():
            if tag in own or tag not in self.wanted.framework_tags:
                continue
            set_props = {
                name: times for name, (times, bound, _) in props.items() if _is_set_for_a_component(name, bound)
            }
            names = sorted(set_props, key=lambda name: (-set_props[name], name))
            item = {"tag": tag, "count": count, "props": names[:6], "events": sorted(events)[:4]}
            components.append({**item, "slots": sorted(slots.keys() - made_up)[:4], "model": bool(models)})
        components.sort(key=lambda item: (-item["count"], item["tag"]))
        return components[:MOST_USED]

    def _own_tags(self) -> set[str]:
        """Return the tags that the file defines itself or imports from other files of the code base."""
        imports = self.facts.get("imports", {})
        own = {kebab(name) for name, (module, _) in imports.items() if not package_of(module)}
        for options in self.facts.get("components", ()):
            registered = options.get("components") or ["o", []]
            for key, value, _ in registered[1] if registered[0] == "o" else ():
                if value[0] == "i" and not package_of(imports.get(value[1], [""])[0]):
                    own.add(kebab(key))
            name = options.get("name")
            if name and name[0] == "s":
                own.add(kebab(name[1]))
        return own


def _is_set_for_a_component(name: str, bound: int) -> bool:
    """Return whether an attribute is one for a component to read, not one that any element has (`style`, `ref`)."""
    return not is_global(name) or name in ("title", "hidden") or (name.startswith("data-") and bound > 0)


def is_only_imports(shape: CutPlaces, source: bytes) -> bool:
    """Return whether a module consists of imports, and of exports of what other modules define."""
    statements = [piece for piece in shape.pieces if piece.kind != "comment"]
    return (
        not shape.blocks
        and bool(statements)
        and all(
            piece.kind == "import_statement"
            or _PASSES_ON.fullmatch(source[piece.start : piece.end][:_LONGEST_EXPORT].rstrip(b"; \n"))
            for piece in statements
        )
    )


def holes(shape: CutPlaces, source: bytes) -> list[tuple[int, int]]:
    """Return the byte ranges that can become a hole: methods, options, statements, elements below the root.

    A range includes the indentation of its first line, so that all its lines are indented alike.
    """
    return [(_line_start(source, start), end) for start, end in _pieces(shape)]


def _pieces(shape: CutPlaces) -> list[tuple[int, int]]:
    pieces: list[SourcePiece] = []
    for piece in shape.pieces:
        for entry in piece.inner:
            pieces += [p for p in entry.inner if p.kind == "member"] or [entry]
        if not piece.inner and piece.kind != "import_statement":
            pieces.append(piece)
    elements = [(element.start, element.end) for element in shape.elements if element.parent >= 0]
    return [(piece.start, piece.end) for piece in pieces] + elements


def _line_start(source: bytes, start: int) -> int:
    """Return the start without the indentation before it."""
    before = source[max(0, start - _MOST_INDENTED) : start]
    return start - len(before) + len(before.rstrip(b" \t"))


def is_good_hole(source: bytes, start: int, end: int) -> bool:
    """Return whether a piece fits as a hole: it begins a line, and has a suitable size in lines and for its file."""
    return (
        source[max(0, start - 1) : start] in (b"", b"\n")
        and 2 * (end - start) <= len(source)
        and FEWEST_LINES <= source.count(b"\n", start, end) + 1 <= MOST_LINES
    )
