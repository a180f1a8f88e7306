"""What is known of an answer from where its sample comes from."""

from __future__ import annotations

from swiftprep.quality.markdown import is_bare_code, prose
from swiftprep.records import Sample


def is_part(sample: Sample) -> bool:
    """Return whether an answer is a part of a file, and so may leave open what the file goes on with."""
    return sample.meta.get("kind") == "fim" or sample.meta.get("part") not in (None, "1/1")


def is_code(sample: Sample) -> bool:
    """Return whether an answer is nothing but code: it looks so, or the scanner took it from a file as it stands."""
    from_a_file = sample.meta.get("kind") == "component" and "path" in sample.meta
    return from_a_file or is_bare_code(sample.answer)


def said(sample: Sample) -> str:
    """Return the prose of an answer."""
    return "" if is_code(sample) else prose(sample.answer)
