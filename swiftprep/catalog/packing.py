"""The stored form of a catalogue: JSON lines in the spool and the cache, a JSON array in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from swiftprep.catalog.api import Component
from swiftprep.catalog.stored import to_component
from swiftprep.catalog.webtypes import GENERATOR, to_web_types
from swiftprep.errors import DataError
from swiftprep.storage.disk import atomic_write
from swiftprep.storage.outputs import own, settle
from swiftprep.text.json_text import read_json

if TYPE_CHECKING:
    from swiftprep.catalog.catalog import Catalog

FORMAT = "swiftprep-catalog-1"
_BATCH = 300


def packed(frame: Catalog, components: Iterable[tuple[str, Component]]) -> Iterator[bytes]:
    """Yield `frame` with `components` in place of its own as JSON lines, a few hundred at a time."""
    head = {"format": FORMAT, "framework": frame.framework, "vue_version": frame.vue_version}
    rows: Iterator[dict[str, Any]] = chain(
        [head],
        ({"tag": key, "is": component} for key, component in components),
        ({"contradicts": one} for one in frame.contradictions),  # a list that grows while the components are read
        ({"used": tag, "is": use} for tag, use in sorted(frame.usage.items())),
    )
    while batch := list(islice(rows, _BATCH)):
        yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in batch)


def unpacked(parts: Iterable[bytes]) -> Iterator[Component]:
    """Yield the components from the parts that `packed` yields, one at a time."""
    for part in parts:
        for line in part.splitlines():
            if line.startswith(b'{"tag":'):
                yield to_component(orjson.loads(line)["is"])


def write_packed(parts: Iterable[bytes], path: str | Path) -> Path:
    """Write the parts that `packed` yields as a JSON array, atomically, and return the path."""
    own(path)
    with atomic_write(path) as file:
        for number, part in enumerate(parts):
            file.write((b",\n" if number else b"[\n") + part.rstrip(b"\n").replace(b"}\n{", b"},\n{"))
        file.write(b"\n]\n")
    return Path(path)


def _bytes(path: str | Path) -> bytes:
    settle(Path(path).parent)
    try:
        return Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror} (读不了这个文件)") from None


def read_document(path: str | Path) -> dict[str, Any] | list[Any]:
    """Return the JSON object or array in a file.

    Raises:
        DataError: it cannot be read, or holds neither.
    """
    try:
        document = read_json(_bytes(path))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: not valid JSON: {error} (JSON 格式错误)") from None
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    if not isinstance(document, dict | list):
        raise DataError(
            f"{path}: expected a JSON object or array, found {type(document).__name__} (应为 JSON 对象或数组)"
        )
    return document


def write_web_types(
    path: str | Path, components: Iterable[Component], *, name: str, version: str, framework_version: str | None
) -> None:
    """Write the document of `to_web_types` to `path`, atomically and without holding it all in memory."""
    frame = to_web_types([], name=name, version=version, framework_version=framework_version)
    frame["contributions"]["html"]["generator"] = GENERATOR
    before, mark, after = orjson.dumps(frame, option=orjson.OPT_INDENT_2).partition(b'"vue-components": []')
    own(path)
    with atomic_write(path) as file:
        file.write(before + mark[:-1])
        separator = b"\n"
        for component in components:
            for entry in to_web_types([component], name=name)["contributions"]["html"]["vue-components"]:
                file.write(separator + orjson.dumps(entry))
                separator = b",\n"
        file.write(b"]" + after + b"\n")
