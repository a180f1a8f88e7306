"""What a framework's source shows without anything of ours: what a component's files name, emit and show.

Regular expressions on the text of a component's file, its folder, and every file these import. They see less than a
reader and more than is there, so they confirm and refute names that others state; they are no list of their own.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SUFFIXES = (".vue", ".tsx", ".ts", ".jsx", ".js", ".mjs")
# `emit('x')`, `this.$emit('x')`, `emitEvent<…>(this, 'x')`; a name made at run time, `row-${name}`, is kept as row-*.
_EMIT = re.compile(
    r"\$?\b_*emit\w*(?:<[^()]*>)?(?:\?\.)?\(\s*(?:[\w.$]+\s*,\s*)?['\"`]([^'\"`$]+)(['\"`]\s*[,)]|['\"]\s*(?:\+|\.concat)|\$\{)",
    re.I,
)
_EMIT_EITHER = re.compile(r"\$?emit\(\s*[^,'\"`]{0,80}\?\s*['\"]([^'\"]+)['\"]\s*:\s*['\"]([^'\"]+)['\"]")
_EMIT_COMPUTED = re.compile(
    r"emit\w*(?:<[^()]*>)?(?:\?\.)?\(\s*(?:this\s*,\s*)?(?:[A-Za-z_$][\w.$]*\s*[,)]|`)|\blisteners\b|\[event\w*\]", re.I
)
# Its own slots, not those of `item.$slots`.
_OWN = r"(?<![\w.$])(?:(?:this|ctx|context|_?vm|self|instance)\.)?"
_SLOTS = rf"{_OWN}\$?(?:scoped)?[sS]lots(?:\.value)?"
_SLOT = re.compile(
    rf"<slot[^>]*?\sname=\"([\w:.-]+)\"|{_SLOTS}\??\.(\w+)|{_SLOTS}(?:\?\.)?\[['\"`]([\w:.-]+)['\"`]\]"
    rf"|{_OWN}\w*(?:[sS]lots?|TNode\w*|TNodeJSX|ComponentFromProp\w*)\(\s*(?:[\w.$]+\s*,\s*)*['\"`]([\w:.-]+)['\"`]"
    r"|<slot(?![^>]*name=)[^>]*(>)"
)
_SLOT_LIST = re.compile(r"(?:const|let|var)\s*\{([^{}]*)\}\s*=\s*[\w.$]*[sS]lots\b")
_SLOT_COMPUTED = re.compile(
    rf"{_SLOTS}(?:\?\.)?\[\s*[A-Za-z_$`]|[sS]lots?\w*\(\s*(?:[\w.$]+\s*,\s*)*[A-Za-z_$`]|<slot[^>]*\s:name=|TNode\w*\(|FromProp"
)
# Listeners that are read by name: `getListeners(this).x`, `const { x } = this.$listeners`.
_LISTENER = re.compile(r"[lL]isteners(?:\(\w*\))?\.(\w+)")
_LISTENER_LIST = re.compile(r"(?:const|let|var)\s*\{([^{}]*)\}\s*=\s*[\w.$]*[lL]isteners\b")
_SLOTS_TYPE = re.compile(r"SlotsType<\{(.*?)\n\s*\}>", re.S)  # what a component declares of its slots
_DECLARED = re.compile(r"^\s*['\"]?([\w-]+)['\"]?\??\s*:", re.M)
_LISTENERS = re.compile(r"[lL]isteners\b|\binherit\(|\$attrs\b|\battrs\b")
_SLOTS_ON = re.compile(
    r"(?:v-slots|scopedSlots|slots)\s*[:=]\s*\{?\{?\s*(?:\.\.\.)?\s*(?:[\w$]+\.)*\$?(?:scoped)?[sS]lots\b|\.\.\.\s*(?:[\w$]+\.)*\$?(?:scoped)?[sS]lots\b"
    r"|in (?:Object\.keys\()?\$(?:scopedS|s)lots|[,(]\s*(?:[\w$]+\.)*\$?(?:scoped)?[sS]lots\s*[,)}]"
)
_ANY_SLOT = re.compile(r"<slot\b|[sS]lots\b|\bchildren\b|[sS]lot\(")
_IMPORT = re.compile(r"(?:\bfrom|\bimport|\brequire\()\s*['\"]([^'\"]+)['\"]")
_QUOTED = re.compile(r"['\"`]([A-Za-z][\w:.-]*)['\"`]")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_ANY = re.compile("")
_PART = re.compile(r"hooks?|mixins?|composables?|utils?|common|shared|(?:^|/)use[-A-Z]", re.I)  # of a component
_MOST_FILES = 400  # of one component, imports included


@dataclass(frozen=True)
class Shown:
    """What a component's files show.

    `emitted` and `slots` are written out there; `begun` ends in `*`. `computed` are the names that may be meant where
    an event or a slot has a computed name, by kind.
    """

    text: str
    emitted: frozenset[str]
    slots: frozenset[str]

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.text)) | self.quoted

    @cached_property
    def quoted(self) -> frozenset[str]:
        return frozenset(_QUOTED.findall(self.text))

    def hands_on(self, kind: str) -> bool:
        """Return whether its listeners or slots are handed on as a whole, to whatever it renders."""
        return (_LISTENERS if kind == "events" else _SLOTS_ON).search(self.text) is not None

    @property
    def any_slot(self) -> bool:
        return _ANY_SLOT.search(self.text) is not None

    def computed(self, kind: str) -> bool:
        return (_EMIT_COMPUTED if kind == "events" else _SLOT_COMPUTED).search(self.text) is not None


class Code:
    """The source files of a framework."""

    def __init__(self, root: Path) -> None:
        """Index the files under `root`, by path without suffix and `/index`."""
        self.texts: dict[str, str] = {}
        self._by_stem: dict[str, str] = {}
        for path in sorted(
            root.rglob("*"), key=lambda path: SUFFIXES.index(path.suffix) if path.suffix in SUFFIXES else 9
        ):
            name = path.relative_to(root).as_posix()
            if (
                path.suffix in SUFFIXES
                and "node_modules/" not in name
                and not name.endswith(".d.ts")
                and path.is_file()
            ):
                self.texts[name] = path.read_text("utf-8", errors="replace")
                self._by_stem.setdefault(_stem(name), name)
        self._tails: dict[str, list[str]] = {}
        for stem, name in self._by_stem.items():
            self._tails.setdefault(stem.rsplit("/", 1)[-1], []).append(name)
        self._shown: dict[tuple[str, str], Shown] = {}

    def shown(self, path: str, imports: str = "") -> Shown:
        """Return what a component's own folder shows, with what it imports too: `"all"` or its `"parts"`, such as hooks."""
        if (path, imports) not in self._shown:
            names = self._folder(path)
            if imports:
                names = self._closure(
                    names or ([path] if path in self.texts else []), _ANY if imports == "all" else _PART
                )
            self._shown[path, imports] = _show("\n".join(self.texts[name] for name in names))
        return self._shown[path, imports]

    def _folder(self, path: str) -> list[str]:
        folder = posixpath.dirname(path)
        folder = posixpath.dirname(folder) if posixpath.basename(folder) == "src" else folder
        if folder in ("", "packages", "src", "components", "src/components", "packages/components"):
            return []
        return [name for name in self.texts if name.startswith(f"{folder}/")]

    def _closure(self, names: list[str], wanted: re.Pattern[str]) -> list[str]:
        seen = dict.fromkeys(names)
        queue = list(names)
        while queue and len(seen) < _MOST_FILES:
            name = queue.pop(0)
            for module in _IMPORT.findall(self.texts[name]):
                target = self._resolve(name, module)
                if target and target not in seen and wanted.search(target):
                    seen[target] = None
                    queue.append(target)
        return list(seen)

    def _resolve(self, name: str, module: str) -> str:
        if module.startswith("."):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), module))
            return path if path in self.texts else self._by_stem.get(_stem(path), self._by_stem.get(path, ""))
        tail = _stem(re.sub(r"^[@~]?[\w-]*/(?:src/)?", "", module))  # an alias: what it stands for is not known
        return next(
            (it for it in self._tails.get(tail.rsplit("/", 1)[-1], ()) if f"/{_stem(it)}".endswith(f"/{tail}")), ""
        )


def _stem(path: str) -> str:
    return re.sub(r"(?:/index)?(?:\.(?:vue|tsx?|jsx?|mjs))?$", "", path)


def _show(text: str) -> Shown:
    emitted = {name if end[-1] in ",)" else f"{name}*" for name, end in _EMIT.findall(text)}
    emitted |= {name for names in _EMIT_EITHER.findall(text) for name in names}
    emitted |= {*_LISTENER.findall(text), *_listed(_LISTENER_LIST, text)}
    slots = {next(filter(None, found)).replace(">", "default") for found in _SLOT.findall(text)}
    slots |= _listed(_SLOT_LIST, text)
    slots |= {name for body in _SLOTS_TYPE.findall(text) for name in _DECLARED.findall(body)}
    return Shown(text, frozenset(emitted), frozenset(slots))


def _listed(pattern: re.Pattern[str], text: str) -> set[str]:
    """Return the keys of each object that is taken apart: `a` and `b` of `{ a, b: c = d }`."""
    return {name for names in pattern.findall(text) for name in _WORD.findall(re.sub(r"[:=][^,]*", "", names))}
