"""What the origin of a sample tells about its answer."""

from __future__ import annotations

import re

from swiftprep.code.markdown import is_bare_code, prose
from swiftprep.records import Sample
from swiftprep.scan.tasks import KINDS

_QUOTED = re.compile(
    '“[^”\n]{1,200}”|「[^」\n]{1,200}」|『[^』\n]{1,200}』|(?<!\\w)"[^"\n]{1,200}"(?!\\w)|《[^》\n]{1,100}》'
)


def is_part(sample: Sample) -> bool:
    """Return whether an answer is a part of a file, and may therefore end before its code does."""
    return sample.kind == "fim" or sample.meta.get("part") not in (None, "1/1")


def is_scanned(sample: Sample) -> bool:
    """Return whether a sample comes from the scanner, so that its text is that of the user's own files."""
    return sample.kind in KINDS and "generator" not in sample.meta


def is_code(sample: Sample) -> bool:
    """Return whether an answer is nothing but code: it looks like code, or the scanner copied it from a file."""
    from_a_file = sample.kind == "component" and "path" in sample.meta
    return from_a_file or is_bare_code(sample.answer)


def said(sample: Sample) -> str:
    """Return the prose of an answer."""
    return "" if is_code(sample) else prose(sample.answer)


def language_of_file(sample: Sample) -> str:
    """Return the language of an answer that is bare code: that of its file, or a guess."""
    suffix = sample.path.rpartition(".")[2].lower()
    return suffix or ("vue" if sample.answer.lstrip().startswith("<") else "js")


def unquoted(text: str) -> str:
    """Return prose without its quotations, which are the words of a page, a message or somebody else.

    >>> unquoted("提示“无法提交”即可。")
    '提示 即可。'
    """
    return _QUOTED.sub(" ", text)
