"""Find the source files of a tree, and say of each one left out why."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from swiftprep.records import Reject

# What is never the framework's own source, in gitignore syntax. A tree's own .gitignore files add to it.
DEFAULT_IGNORE = (
    ".git/", ".hg/", ".svn/",
    "node_modules/", "bower_components/",
    "dist/", "/build/", "/coverage/",
    ".nuxt/", ".output/", ".cache/", ".vuepress/dist/",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one ignore file, with the folder they are relative to and the name to report."""

    base: str
    spec: GitIgnoreSpec
    name: str

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """Return True (ignored), False (named by a `!` pattern) or None (not mentioned)."""
        relative = os.path.relpath(path, self.base) if self.base else path
        return self.spec.check_file(relative.replace(os.sep, "/") + ("/" if is_folder else "")).include


def walk(root: Path, *, suffixes: Iterable[str], ignore: Iterable[str] | None = None) -> Iterator[str | Reject]:
    """Yield, in sorted order, the path of each source file under `root` or the `Reject` that says why not.

    Every file whose name ends with one of `suffixes`, in any case, is yielded once, as one or the other, wherever it
    lies: files in ignored folders are listed too. Symbolic links are not followed; one that leads to a folder is
    listed as rejected, since there may be source files behind it.

    Args:
        root: The folder to walk.
        suffixes: Endings to look for, such as `".vue"`.
        ignore: gitignore patterns in place of `DEFAULT_IGNORE`; the tree's `.gitignore` files always apply.
    """
    patterns = list(DEFAULT_IGNORE if ignore is None else ignore)
    rules = [_Rules("", _spec(patterns), "ignore=" if ignore is not None else "default")]
    yield from _walk(root, "", rules, tuple(suffixes), "")


def _walk(
    root: Path, folder: str, rules: list[_Rules], suffixes: tuple[str, ...], ignored_by: str
) -> Iterator[str | Reject]:
    try:
        with os.scandir(root / folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield Reject(folder or ".", "unreadable", f"folder: {error.strerror}")
        return
    if not ignored_by and any(entry.name == ".gitignore" and entry.is_file() for entry in entries):
        rules = [*rules, _gitignore(root, folder)]
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        link_to_folder = entry.is_symlink() and entry.is_dir()
        if not is_folder and not link_to_folder and not entry.name.lower().endswith(suffixes):
            continue
        why = ignored_by or _ignored_by(path, is_folder, rules)
        if is_folder:
            yield from _walk(root, path, rules, suffixes, why)
        elif why:
            yield Reject(path, "ignored", why)
        elif entry.is_symlink():
            yield Reject(path, "symlink", f"points to {os.readlink(root / path)}")
        elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield Reject(path, "not-a-file", "neither a regular file nor a folder")
        else:
            yield path


def _gitignore(root: Path, folder: str) -> _Rules:
    try:
        lines = (root / folder / ".gitignore").read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        lines = []  # git, too, goes on without one it cannot read
    return _Rules(folder, _spec(lines), f"{folder}/.gitignore".lstrip("/"))


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """Compile patterns; like git, pass over one that is none, such as a lone `!`."""
    patterns: list[GitIgnoreSpecPattern] = []
    for line in lines:
        with contextlib.suppress(ValueError, re.error):
            patterns.extend(GitIgnoreSpec.from_lines([line]).patterns)
    return GitIgnoreSpec(patterns)


def _ignored_by(path: str, is_folder: bool, rules: list[_Rules]) -> str:
    """Return which rules ignore the path; like git, the deepest file that mentions it decides."""
    for rule in reversed(rules):
        decision = rule.decide(path, is_folder)
        if decision is not None:
            return f"{path}{'/' if is_folder else ''} by {rule.name}" if decision else ""
    return ""
