"""Every regular expression of the package, and texts that make a bad one go back and forth.

`python tests/pumping.py` prints the expressions, one a line in JSON. That needs a process of its own: expressions are
seen as they are compiled while the package is imported. Those within functions are read from the source.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Python's own reader of expressions; its name changed in 3.11.
PARSER: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

PACKAGE = Path(__file__).parents[2] / "swiftprep"
COMPILING = ("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
# What stands for a part of an expression that only a run knows.
UNKNOWN = "_"
_MOST_STARTS, _WITH_BODIES, _MOST_BODIES = 24, 6, 40
_BREAKS = "\x00"
FLOOR = 0.05  # seconds of the processor for 20,000 characters


@dataclass(frozen=True)
class Expression:
    """A regular expression: where it is written, its text, its flags, and whether it is only tried at one place."""

    name: str
    text: str
    flags: int
    is_bytes: bool
    is_anchored: bool = False

    def compiled(self) -> re.Pattern:
        return re.compile(self.text.encode("latin-1") if self.is_bytes else self.text, self.flags)


# ---------------------------------------------------------------- what there is


def _expression(name: str, pattern: Any, flags: int, is_anchored: bool = False) -> Expression:
    is_bytes = isinstance(pattern, bytes)
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else str(pattern)
    return Expression(name, text, int(flags) & ~int(re.DEBUG), is_bytes, is_anchored)


def _read(node: ast.expr, known: dict[str, Any]) -> Any:
    """Return the text an expression has, with `UNKNOWN` for what only a run knows, or None."""
    try:
        return eval(compile(ast.Expression(node), "<expression>", "eval"), known)
    except Exception:  # it names what only a run knows
        pass
    if isinstance(node, ast.JoinedStr):
        return "".join(str(_read(part, known) or UNKNOWN) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides: list[Any] = [_read(node.left, known), _read(node.right, known)]
        if sides == [None, None]:
            return None
        unknown: Any = UNKNOWN.encode() if any(isinstance(side, bytes) for side in sides) else UNKNOWN
        left, right = (unknown if side is None else side for side in sides)
        return left + right
    return None


def _uses(trees: dict[str, ast.Module]) -> dict[tuple[str, str], set[str]]:
    """Return by which methods the expressions of each module and name are used; one that is handed on is searched for."""
    uses: dict[tuple[str, str], set[str]] = {}
    for module, tree in trees.items():
        owners = {
            alias.asname or alias.name: str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                parent = parents[id(node)]
                use = parent.attr if isinstance(parent, ast.Attribute) else "search"
                uses.setdefault((owners.get(node.id, module), node.id), set()).add(use)
    return uses


def _forms(trees: dict[str, ast.Module]) -> dict[str, set[tuple[str, str]]]:
    """Return in which forms the phrases of each name stand, and by which methods they are used."""
    forms: dict[str, set[tuple[str, str]]] = {}
    for module, tree in trees.items():
        parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "phrases"):
                continue
            name, *rest = (_read(word, vars(sys.modules[module])) for word in node.args)
            parent = parents[id(node)]
            use = parent.attr if isinstance(parent, ast.Attribute) else "search"
            forms.setdefault(str(name), set()).add((str(rest[0]) if rest else "{}", use))
    return forms


def expressions() -> list[Expression]:
    """Return every expression of the package. Call it before anything imports the package."""
    seen: list[tuple[str, int, Any, int]] = []
    compiled = re.compile

    def noted(pattern: Any, flags: int = 0) -> re.Pattern:
        frame = sys._getframe(1)
        if str(frame.f_globals.get("__name__")).startswith("swiftprep"):
            seen.append((frame.f_globals["__name__"], frame.f_lineno, pattern, int(flags)))
        return compiled(pattern, flags)

    re.compile = noted
    package = importlib.import_module("swiftprep")
    for each in pkgutil.walk_packages(package.__path__, "swiftprep."):
        importlib.import_module(each.name)
    phrases = importlib.import_module("swiftprep.quality.rules.phrases")
    importlib.import_module("swiftprep.quality.rules.mark_patterns").marks()
    for name in ("model", "score"):
        importlib.import_module("swiftprep.distill.prompting.guard")._wordings(name)
    re.compile = compiled
    trees = {
        name: ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for name, module in sorted(sys.modules.items())
        if name.startswith("swiftprep") and getattr(module, "__file__", None)
    }
    uses = _uses(trees)
    found = []
    for module, line, pattern, flags in seen:
        targets = [
            target.id
            for node in trees[module].body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= line <= (node.end_lineno or line)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        ]
        is_anchored = bool(targets) and uses.get((module, targets[0]), {"search"}) <= {"match", "fullmatch"}
        found.append(_expression(f"{module}:{targets[0] if targets else line}", pattern, flags, is_anchored))
    places = {(module, line) for module, line, _, _ in seen}
    for module, tree in trees.items():
        known = vars(sys.modules[module])
        parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                continue
            if node.func.attr not in COMPILING or (module, node.lineno) in places:
                continue
            if (pattern := _read(node.args[0], known)) is None:
                continue
            given = {word.arg: word.value for word in node.keywords}
            place = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2}
            at = place.get(node.func.attr, 9)
            flag = given.get("flags", node.args[at] if len(node.args) > at else None)
            flags = _read(flag, known) if flag is not None else 0
            if isinstance(pattern, re.Pattern):
                continue
            parent = parents[id(node)]
            is_kept = isinstance(parent, ast.Assign) and node.func.attr == "compile"
            target = parent.targets[0] if isinstance(parent, ast.Assign) and is_kept else None
            used = uses.get((module, target.id), {"search"}) if isinstance(target, ast.Name) else {node.func.attr}
            found.append(_expression(f"{module}:{node.lineno}", pattern, flags or 0, used <= {"match", "fullmatch"}))
    forms = _forms(trees)
    for name, lines in phrases._read().items():
        for form, use in forms.get(name, {("{}", "search")}):
            for line in lines:
                if line.strip():
                    pattern = form.replace("{}", f"(?:{line.strip()})").replace("'", "['’]")
                    is_anchored = use in ("match", "fullmatch")
                    found.append(_expression(f"phrases.yaml:{name}", pattern, re.IGNORECASE, is_anchored))
    return list({(e.text, e.flags, e.is_bytes, e.is_anchored): e for e in found}.values())


# ---------------------------------------------------------------- what to feed them

_GENERAL = " \n\ta1A一é\"'`<>{}()[]-_.:=,;/*#@|~\\!$%&+?^"


class _Texts:
    """Texts that a parsed expression goes far into, and those that its repeats take over and over."""

    def __init__(self, expression: Expression) -> None:
        pattern = expression.text.encode("latin-1") if expression.is_bytes else expression.text
        self.tree = PARSER.parse(pattern, expression.flags)
        self.is_bytes = expression.is_bytes
        self.groups: dict[int, str] = {}
        self.atoms: list[tuple[Any, Any]] = []
        self._collect(self.tree)
        literals = {chr(value) for operation, value in self._literals(self.tree)}
        alphabet = [c for c in dict.fromkeys([*sorted(literals), *_GENERAL]) if not self.is_bytes or ord(c) < 256]
        kinds: dict[tuple[bool, ...], str] = {}
        for char in alphabet:
            kinds.setdefault(tuple(self._takes(atom, char) for atom in self.atoms), char)
        self.letters = list(kinds.values())
        self.starts: dict[str, None] = {"": None}
        self.bodies: dict[str, None] = {}
        self._walk(self.tree, [""])

    def _children(self, operation: Any, value: Any) -> Iterator[Any]:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield value[2]
        elif name == "SUBPATTERN":
            yield value[3]
        elif name == "BRANCH":
            yield from value[1]
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield value[1]
        elif name == "ATOMIC_GROUP":
            yield value
        elif name == "GROUPREF_EXISTS":
            yield from (part for part in value[1:] if part is not None)

    def _collect(self, tree: Any) -> None:
        for operation, value in tree:
            if str(operation) in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
                atom = (operation, value)
                if not any(repr(atom) == repr(other) for other in self.atoms):
                    self.atoms.append(atom)
            for child in self._children(operation, value):
                self._collect(child)

    def _literals(self, tree: Any) -> Iterator[tuple[Any, int]]:
        for operation, value in tree:
            if str(operation) in ("LITERAL", "NOT_LITERAL"):
                yield operation, value
            elif str(operation) == "IN":
                for inner, what in value:
                    if str(inner) == "LITERAL":
                        yield inner, what
                    elif str(inner) == "RANGE":
                        yield inner, what[0]
            for child in self._children(operation, value):
                yield from self._literals(child)

    def _takes(self, atom: tuple[Any, Any], char: str) -> bool:
        operation, value = str(atom[0]), atom[1]
        if operation == "LITERAL":
            return bool(ord(char) == value)
        if operation == "NOT_LITERAL":
            return bool(ord(char) != value)
        if operation == "ANY":
            return char != "\n"
        is_negated, taken = False, False
        for inner, what in value:
            if str(inner) == "NEGATE":
                is_negated = True
            elif str(inner) == "LITERAL":
                taken = taken or ord(char) == what
            elif str(inner) == "RANGE":
                taken = taken or what[0] <= ord(char) <= what[1]
            elif str(inner) == "CATEGORY":
                ascii_only = self.is_bytes
                kinds = {"DIGIT": char.isdecimal(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
                name = str(what).removeprefix("CATEGORY_")
                is_it = kinds[name.removeprefix("NOT_")] and (not ascii_only or char.isascii())
                taken = taken or is_it != name.startswith("NOT_")
        return taken != is_negated

    def one(self, tree: Any, repeats: int) -> str:
        """Return a text the tree takes, with what may be left out taken `repeats` times."""
        text = ""
        for operation, value in tree:
            name = str(operation)
            if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
                text += next((c for c in ("aA1一 " + "".join(self.letters)) if self._takes((operation, value), c)), "x")
            elif name.endswith("REPEAT"):
                low, high, body = value
                text += self.one(body, repeats) * min(max(low, repeats), int(high), 300)
            elif name == "SUBPATTERN":
                inner = self.one(value[3], repeats)
                if value[0] is not None:
                    self.groups[value[0]] = inner
                text += inner
            elif name == "BRANCH":
                text += self.one(value[1][0], repeats)
            elif name == "GROUPREF":
                text += self.groups.get(value, "")
        return text

    def _walk(self, tree: Any, before: list[str]) -> list[str]:
        """Note what leads to each repeat and what it takes; return what leads to the end."""
        for operation, value in tree:
            name = str(operation)
            if name.endswith("REPEAT"):
                _, high, body = value
                samples = {self.one(body, 0), self.one(body, 1)} - {""}
                if int(high) > 8:
                    self.starts.update(dict.fromkeys(before))
                    self.bodies.update(dict.fromkeys(samples))
                self._walk(body, before)
                least = [text + self.one([(operation, value)], 0) for text in before]
                before = list(
                    dict.fromkeys([*least, *(text + self.one([(operation, value)], 1) for text in before[:1])])
                )[:3]
            elif name == "BRANCH":
                ends = [self._walk(branch, before) for branch in value[1]]
                before = list(dict.fromkeys(end for texts in zip(*ends, strict=False) for end in texts))[:4]
            elif name == "SUBPATTERN":
                before = self._walk(value[3], before)
            elif name in ("ASSERT", "ASSERT_NOT"):
                if value[0] > 0:
                    self._walk(value[1], before)
            else:
                taken = self.one([(operation, value)], 0)
                before = [text + taken for text in before]
                self.bodies.update(dict.fromkeys(text for text in before if len(text) < 60))
        return before


def pumps(expression: Expression) -> Iterator[tuple[str, str, str]]:
    """Yield what to put before, over and over, and after."""
    texts = _Texts(expression)
    starts = sorted(texts.starts, key=len)[:_MOST_STARTS]
    # Beginnings of the whole, over and over, in which an end is looked for from each of them.
    bodies = [*texts.letters, *list(texts.bodies)[:_MOST_BODIES]]
    seen = set()
    for start in starts:
        for body in bodies if start in starts[:_WITH_BODIES] else texts.letters:
            for end in (_BREAKS, ""):
                if body and (start, body, end) not in seen:
                    seen.add((start, body, end))
                    yield start, body, end


class TooLong(Exception):
    pass


def _seconds(
    pattern: re.Pattern, text: Any, is_anchored: bool, most: float, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the time one pass over a text takes, at most `most`."""

    def stop(number: int, frame: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    started = clock()
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        if is_anchored:
            pattern.match(text)
            pattern.fullmatch(text)
        else:
            for _ in pattern.finditer(text):
                pass
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooLong:
        return most
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return clock() - started


def _text(pump: tuple[str, str, str], size: int, is_bytes: bool) -> Any:
    start, body, end = pump
    text = start + body * max(1, size // len(body)) + end
    return text.encode("latin-1", "replace") if is_bytes else text


def growing(expression: Expression, size: int = 20_000) -> Iterator[str]:
    """Yield each way to make an expression's time grow faster than the text, as a line that tells it.

    Four times the text may take eight times as long; a square takes 16 times. Many short texts are tried before, so that
    few long ones have to be, and what takes no time to speak of is in order.
    """
    pattern = expression.compiled()

    def seconds(
        pump: tuple[str, str, str], length: int, most: float, clock: Callable[[], float] = time.process_time
    ) -> float:
        return _seconds(pattern, _text(pump, length, expression.is_bytes), expression.is_anchored, most, clock)

    for pump in pumps(expression):
        # The clock of the processor is too coarse for these.
        short = seconds(pump, size // 16, 0.1, time.perf_counter)
        if short < 0.0001 or (short < 0.02 and short < 6 * seconds(pump, size // 64, 0.1, time.perf_counter)):
            continue
        for _ in range(3):  # another process may have been in the way
            small = seconds(pump, size // 4, 0.3)
            large = 8 * small if small >= 0.3 else seconds(pump, size, max(FLOOR, 9 * small))
            if large < max(FLOOR, 8 * small):
                break
        else:
            yield f"{expression.name}: {large / small:.0f} times as long for 4 times {pump!r} ({large:.2f} s) in {expression.text!r}"


def main(arguments: Iterable[str]) -> None:
    for expression in expressions():
        print(json.dumps(asdict(expression)))


if __name__ == "__main__":
    main(sys.argv[1:])
