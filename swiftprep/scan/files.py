"""Read a source file as text, whatever its encoding."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from swiftprep.records import Reject

MAX_BYTES = 1_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    r"""A source file as text.

    Attributes:
        text: The content with `\n` line ends and without a byte order mark.
        encoding: What it was read as.
    """

    text: str
    encoding: str


def read_source(root: Path, path: str, *, max_bytes: int = MAX_BYTES) -> Source | Reject:
    """Read `root/path`, or say why it cannot be used.

    The encoding is taken from the byte order mark, else UTF-8, else GB18030 (which holds GBK and GB2312), else
    charset-normalizer's best guess.
    """
    try:
        with (root / path).open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        return Reject(path, "unreadable", error.strerror or str(error))
    if len(data) > max_bytes:
        return Reject(path, "too-large", f"more than {max_bytes:,} bytes")
    decoded = _decode(data)
    if decoded is None:
        reason = "binary" if b"\0" in data else "undecodable"
        return Reject(path, reason, "no encoding fits")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return Reject(path, "empty", "nothing but white space")
    return Source(text, decoded.encoding)


def _decode(data: bytes) -> Source | None:
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is None and b"\0" in data:
        return None
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            return Source(data.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    if marked:
        return None
    from charset_normalizer import from_bytes  # costs 50 ms, and few files need it

    guess = from_bytes(data).best()
    return None if guess is None else Source(str(guess), guess.encoding)
