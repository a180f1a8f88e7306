"""Find the source files of a tree, and record why each of the others is left out.

Files are ignored by git's rules. The patterns are translated here, in git's order, because the walk needs more than a
general matcher offers: whether a pattern matches this very path rather than a parent folder (which the walk has already
checked), for file names of arbitrary bytes, at a microsecond a file.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from swiftprep.records import Reject
from swiftprep.scan.gitignore import LONGEST_GLOB, SPECIAL, ignore_lines

# Third-party code copied into the tree. "vendor" may also mean a supplier, and "third-party" a login through another
# site: among pages, components and deeper in `src/`, such folders are the project's own, except among the assets.
_COPIED = ("vendor/", "vendors/", "third_party/", "third-party/")
# Files that are never the project's own source, in gitignore syntax. The tree's .gitignore files can add to these but
# not re-include any, since the caller decides what is read.
DEFAULT_IGNORE = (
    ".git/", ".hg/", ".svn/",
    "node_modules/", "bower_components/", ".yarn/", ".pnpm-store/",
    "dist/", "/build/", "/coverage/", "/target/", "**/target/classes/",
    ".nuxt/", ".next/", ".output/", ".cache/", ".vuepress/dist/",
    ".venv/", "venv/", "site-packages/", "__pycache__/",
    ".gradle/", ".idea/", ".history/",
    *_COPIED,
    *(f"!**/{own}/**/{folder}" for own in ("src/*", "pages", "views", "components") for folder in _COPIED),
    *(f"**/assets/**/{folder}" for folder in _COPIED),
    "/public/**/lib/", "/public/**/libs/", "/static/**/lib/", "/static/**/libs/",
    "*.min.js", "*.min.mjs", "*.min.css",
    "*.bundle.js", "*.chunk.js", "*.chunk.css", "*.umd.js", "*.esm-browser*.js",
    "*.prod.js", "!webpack*.prod.js", "!*conf*.prod.js", "!*env.prod.js",
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "*.lock",
)  # fmt: skip

_STARS = re.compile(rb"\*{3,}")
_CLASSES = {
    b"alnum": string.ascii_letters + string.digits,
    b"alpha": string.ascii_letters,
    b"blank": " \t",
    b"cntrl": "".join(map(chr, [*range(32), 127])),
    b"digit": string.digits,
    b"graph": "".join(map(chr, range(33, 127))),
    b"lower": string.ascii_lowercase,
    b"print": "".join(map(chr, range(32, 127))),
    b"punct": string.punctuation,
    b"space": string.whitespace,
    b"upper": string.ascii_uppercase,
    b"xdigit": string.hexdigits,
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A source file, with the size and time that show whether it has changed.

    Attributes:
        path: Relative to the walked folder, with `/`.
        size: In bytes.
        mtime_ns: Modification time in nanoseconds.
    """

    path: str
    size: int
    mtime_ns: int


def walk(root: Path, *, suffixes: Iterable[str], ignore: Iterable[str] | None = None) -> Iterator[FoundFile | Reject]:
    """Yield each source file under `root` in sorted order, or a `Reject` with the reason it is left out.

    Every file with one of the `suffixes`, in upper or lower case, is yielded exactly once, including those in ignored
    folders. Symbolic links are not followed; a link to a folder is yielded as rejected, since it may lead to source
    files, and so is a folder that cannot be listed.

    Only the current folder and its parents are held in memory.

    Args:
        root: The folder to walk.
        suffixes: File name endings, such as `".vue"`.
        ignore: gitignore patterns to use instead of `DEFAULT_IGNORE`; the tree's `.gitignore` files always apply.
    """
    lines = [os.fsencode(line) for line in (DEFAULT_IGNORE if ignore is None else ignore)]
    caller_rules = _rules("", lines, "default" if ignore is None else "ignore=")
    endings = tuple(suffix.lower() for suffix in suffixes)
    top = _enter(root, "", (), "", endings)
    if isinstance(top, Reject):
        yield top
        return
    levels = [top]
    while levels:
        level = levels[-1]
        for entry in level.entries:
            path = level.prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            why = level.ignored_by or _ignored_by(path, entry.name, is_folder, caller_rules, level.rules)
            if is_folder:
                below = _enter(root, path, level.rules, why, endings)
                if isinstance(below, Reject):
                    yield below
                    continue
                levels.append(below)
                break
            yield Reject(path, "ignored", why) if why else _judge(path, entry)
        else:
            levels.pop()


@dataclass(frozen=True, slots=True)
class _Level:
    """A folder being walked: its remaining entries, and the rules that apply to it."""

    entries: Iterator[os.DirEntry[str]]
    prefix: str
    rules: tuple[_Rules, ...]
    ignored_by: str


def _enter(
    root: Path, folder: str, rules: tuple[_Rules, ...], ignored_by: str, endings: tuple[str, ...]
) -> _Level | Reject:
    prefix = f"{folder}/" if folder else ""
    entries = []
    has_rules = False
    try:
        with os.scandir(os.path.join(root, folder)) as listing:
            for entry in listing:
                name = entry.name
                has_rules = has_rules or name == ".gitignore"
                if name.lower().endswith(endings) or _may_hold_files(entry):
                    entries.append(entry)
    except OSError as error:
        return Reject(folder or ".", "unreadable", f"folder: {error.strerror or error}")
    entries.sort(key=attrgetter("name"))
    if has_rules and not ignored_by:
        lines, name = ignore_lines(root, prefix)
        rules = (_rules(prefix, lines, name), *rules)
    return _Level(iter(entries), prefix, rules, ignored_by)


def _may_hold_files(entry: os.DirEntry[str]) -> bool:
    """Return whether the entry is a folder or a link to one."""
    if entry.is_dir(follow_symlinks=False):
        return True
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError as error:
        return error.errno != errno.ELOOP  # a link to itself leads nowhere; others may lead to a folder


def _judge(path: str, entry: os.DirEntry[str]) -> FoundFile | Reject:
    try:
        if entry.is_symlink():
            return Reject(path, "symlink", f"points to {os.readlink(entry.path)}")
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Reject(path, "unreadable", error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):
        return Reject(path, "not-a-file", "neither a regular file nor a folder")
    return FoundFile(path, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line of an ignore file: a literal, an ending or a glob, matched against the name or the relative path."""

    ignores: bool
    folders_only: bool
    of_path: bool
    literal: str | None = None
    ending: str | None = None
    glob: re.Pattern[bytes] | None = None

    def matches(self, name: str, path: str) -> bool:
        text = path if self.of_path else name
        if self.literal is not None:
            return text == self.literal
        if self.ending is not None:
            return text.endswith(self.ending)
        return self.glob is not None and self.glob.fullmatch(os.fsencode(text)) is not None


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The patterns of one ignore file, last first, with quick tests for names that none of them matches."""

    patterns: tuple[_Pattern, ...]
    names: frozenset[str]
    paths: frozenset[str]
    endings: tuple[str, ...]
    name_globs: re.Pattern[bytes] | None
    path_globs: re.Pattern[bytes] | None

    def decide(self, name: str, path: str) -> bool | None:
        """Return True (ignored), False (named by a `!` pattern) or None (not mentioned)."""
        if (
            name in self.names
            or path in self.paths
            or name.endswith(self.endings)
            or (self.name_globs and self.name_globs.fullmatch(os.fsencode(name)))
            or (self.path_globs and self.path_globs.fullmatch(os.fsencode(path)))
        ):
            return next((pattern.ignores for pattern in self.patterns if pattern.matches(name, path)), None)
        return None


@dataclass(frozen=True, slots=True)
class _Rules:
    """One ignore file: its folder (with a slash), the name to report, and its patterns for files and for folders."""

    base: str
    name: str
    of_files: _Patterns
    of_folders: _Patterns


def _ignored_by(path: str, name: str, is_folder: bool, caller_rules: _Rules, rules: tuple[_Rules, ...]) -> str:
    """Return the rules that ignore the path: the caller's, or, as in git, the deepest of the tree's that match it."""
    for rule in (caller_rules, *rules):
        decision = (rule.of_folders if is_folder else rule.of_files).decide(name, path[len(rule.base) :])
        if decision:
            return f"{path}{'/' if is_folder else ''} by {rule.name}"
        if decision is False and rule is not caller_rules:
            return ""
    return ""


def _rules(base: str, lines: Iterable[bytes], name: str) -> _Rules:
    parsed = [_pattern(line, number) for number, line in enumerate(lines)]
    patterns = [pattern for pattern in reversed(parsed) if pattern is not None]
    of_files = _patterns([pattern for pattern in patterns if not pattern.folders_only])
    return _Rules(base, name, of_files, _patterns(patterns))


def _patterns(patterns: list[_Pattern]) -> _Patterns:
    return _Patterns(
        patterns=tuple(patterns),
        names=frozenset(p.literal for p in patterns if p.literal is not None and not p.of_path),
        paths=frozenset(p.literal for p in patterns if p.literal is not None and p.of_path),
        endings=tuple(p.ending for p in patterns if p.ending is not None),
        name_globs=_any([p.glob.pattern for p in patterns if p.glob is not None and not p.of_path]),
        path_globs=_any([p.glob.pattern for p in patterns if p.glob is not None and p.of_path]),
    )


def _any(globs: list[bytes]) -> re.Pattern[bytes] | None:
    return re.compile(b"|".join(globs), re.DOTALL) if globs else None


def _pattern(line: bytes, number: int) -> _Pattern | None:
    """Parse a line; like git, skip one that is no pattern or matches nothing, such as `!` or `[`."""
    line = line.removesuffix(b"\n").removesuffix(b"\r").partition(b"\0")[0]
    trimmed = line.rstrip(b" ")
    if trimmed != line and (len(trimmed) - len(trimmed.rstrip(b"\\"))) % 2:
        trimmed += b" "  # a backslash keeps the space after it
    if not trimmed or trimmed.startswith(b"#"):
        return None
    ignores = not trimmed.startswith(b"!")
    glob = trimmed.removeprefix(b"!") if not ignores else trimmed
    folders_only = glob.endswith(b"/")
    glob = _STARS.sub(b"**", glob.removesuffix(b"/"))
    if len(glob) > LONGEST_GLOB:
        return None  # longer than any path
    of_path = b"/" in glob
    glob = glob.removeprefix(b"/") if of_path else glob
    if not SPECIAL.search(glob):
        return _Pattern(ignores, folders_only, of_path, literal=os.fsdecode(glob)) if glob else None
    ending = os.fsdecode(glob[1:])
    # An ending that begins within a multi-byte character must be compared as bytes.
    if not of_path and glob.startswith(b"*") and not SPECIAL.search(glob, 1) and ending.isprintable():
        return _Pattern(ignores, folders_only, of_path, ending=ending)
    translated = _translate(glob, number)
    if translated is None:
        return None
    return _Pattern(ignores, folders_only, of_path, glob=re.compile(translated, re.DOTALL))


def _translate(glob: bytes, number: int) -> bytes | None:
    """Translate a glob to a regular expression to match in full; None if nothing can match it.

    The part between two `*` is matched at its first occurrence, without backtracking; this loses no match and keeps a
    glob with many `*` fast. The same holds for the part between two `**/`.

    Args:
        glob: A glob that is not a plain literal.
        number: A number that makes its group names unique.
    """
    special = SPECIAL.search(glob)
    free_of_globs = special.start() if special else len(glob)
    blocks = [(b"", [b""])]  # for each `**/`: its prefix, then the parts between its `*`
    at = 0
    while at < len(glob):
        parts = blocks[-1][1]
        char = glob[at : at + 1]
        if char == b"*":
            # git compares the literal prefix first and then treats the rest as a separate pattern.
            starts = at in (0, free_of_globs) or glob[at - 1 : at] == b"/"
            end = at + len(glob[at:]) - len(glob[at:].lstrip(b"*"))
            across = starts and end - at > 1
            if across and end == len(glob):
                parts[-1] += b".*"
            elif across and glob[end : end + 1] == b"/":
                blocks.append((b"(?:.*?/)??", [b""]))
                end += 1
            elif across and glob[end : end + 2] == b"\\/":
                blocks.append((b".*?/", [b""]))
                end += 2
            else:
                parts.append(b"")
            at = end
        elif char == b"[":
            bracket = _bracket(glob, at + 1)
            if bracket is None:
                return None
            parts[-1] += bracket[0]
            at = bracket[1]
        elif char == b"?":
            parts[-1] += b"[^/]"
            at += 1
        else:
            at += char == b"\\"
            if at == len(glob):
                return None
            parts[-1] += re.escape(glob[at : at + 1])
            at += 1
    out = b""
    groups = 0
    for position, (start, parts) in enumerate(blocks):
        block = start + parts[0]
        for part in parts[1:-1]:
            groups += 1
            block += b"(?=(?P<g%d_%d>[^/]*?%b))(?P=g%d_%d)" % (number, groups, part, number, groups)
        if len(parts) > 1:
            block += b"[^/]*" + parts[-1]
        if 0 < position < len(blocks) - 1:
            groups += 1
            block = b"(?=(?P<g%d_%d>%b))(?P=g%d_%d)" % (number, groups, block, number, groups)
        out += block
    return out


def _bracket(glob: bytes, at: int) -> tuple[bytes, int] | None:
    """Translate the bracket set that opens before `at`; return it with its end, or None if it is not closed."""
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    previous: int | None = None
    first = at
    while at == first or glob[at : at + 1] != b"]":
        char = glob[at : at + 1]
        if char == b"-" and previous is not None and glob[at + 1 : at + 2] not in (b"", b"]"):
            at += 1 + (glob[at + 1 : at + 2] == b"\\")
            members.update(range(previous, glob[at] + 1) if at < len(glob) else ())
            previous = None
        elif char == b"[" and (named := re.compile(rb"\[:([^]:]*):\]").match(glob, at)):
            if named[1] not in _CLASSES:
                return None
            members.update(map(ord, _CLASSES[named[1]]))
            at = named.end() - 1
            previous = None
        else:
            at += char == b"\\"
            if at >= len(glob):
                return None
            members.add(glob[at])
            previous = glob[at]
        at += 1
    listed = b"".join(b"\\x%02x" % member for member in sorted(members - {ord("/")}))
    if negated:
        return b"[^/%b]" % listed, at + 1
    return (b"[%b]" % listed if listed else b"(?!)"), at + 1
