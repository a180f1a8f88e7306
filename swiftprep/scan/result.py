"""`Scan`, the result of a scan, kept in memory while small and otherwise in a temporary file."""

from __future__ import annotations

import io
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.explain import Completeness
from swiftprep.catalog.packing import unpacked, write_packed, write_web_types
from swiftprep.notebook import html_table, short
from swiftprep.records import Reject, Sample, write_jsonl
from swiftprep.redaction.finding import Finding
from swiftprep.scan.framework import FrameworkFrom, FrameworkName
from swiftprep.scan.roots import Roots
from swiftprep.storage.disk import write_rows
from swiftprep.storage.outputs import writing

if TYPE_CHECKING:
    import pandas as pd

IN_MEMORY = 32_000_000  # bytes


class Spool:
    """Byte strings, written once and read in any order; large amounts go to a temporary file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = io.BytesIO()
        self._end = 0

    def add(self, data: bytes) -> tuple[int, int]:
        """Append bytes and return their place as `(offset, length)`."""
        if isinstance(self._file, io.BytesIO) and self._end + len(data) > IN_MEMORY:
            on_disk = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the scan is no longer used
            weakref.finalize(self, on_disk.close)
            on_disk.write(self._file.getbuffer())
            self._file = on_disk
        self._file.seek(self._end)
        try:
            self._file.write(data)
        except OSError as error:
            error.filename = error.filename or tempfile.gettempdir()  # probably full
            raise
        start = self._end
        self._end += len(data)
        return start, len(data)

    def get(self, place: tuple[int, int]) -> bytes:
        """Return the bytes at a place."""
        self._file.seek(place[0])
        return self._file.read(place[1])


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was kept: its path as text, the place of its samples, its split and further details."""

    path: str
    rows: tuple[int, int]
    split: str
    head: dict[str, Any]


class Scan:
    """The result of `Scanner.scan`.

    Its length is the number of samples, and iterating yields them, as `stream` does.

    Attributes:
        roots: The scanned folders by name, where paths begin with it; a single one has the name `""`.
        rejects: Every file that was found but not kept, with the reason. Files found = files kept + rejects.
        commits: The git commit checked out in each folder, by the same names; None outside a repository.
        framework: The framework's name.
        framework_from: What the name was taken from: `"given"`, `"package.json"`, `"tag prefix"` or `"folder name"`.
        vue_version: Its version of Vue.
    """

    def __init__(
        self,
        roots: Roots,
        kept: list[Kept],
        rejects: list[Reject],
        spool: Spool,
        *,
        catalog: list[tuple[int, int]],
        derived: list[tuple[str, tuple[int, int]]],
        framework: FrameworkName,
        vue_version: str,
    ) -> None:
        self.roots = {root.name: root.folder for root in roots.all}
        self.rejects = rejects
        self.commits = roots.commits()
        self._roots = roots
        self.framework = framework.name
        self.framework_from: FrameworkFrom = framework.source
        self.vue_version = vue_version
        self._kept = kept
        self._spool = spool
        self._catalog = catalog
        self._derived = derived

    def __repr__(self) -> str:
        found = f"{self.found} files, {self.files_kept} kept, {len(self.rejects)} rejected; {len(self)} samples"
        name = f"framework {short(self.framework)} ({self.framework_from})"
        known = self.completeness
        components = f"{known.closed + known.open} components, {known.open} of them open"
        return f"<Scan {short(self.place, 200)}: {found}; {components}; {name}>"

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Sample]:
        return self.stream()

    @property
    def root(self) -> Path:
        """The scanned folder; of several, the first by name."""
        return next(iter(self.roots.values()))

    @property
    def place(self) -> str:
        """All scanned folders as one text."""
        return ", ".join(map(str, self.roots.values()))

    @property
    def commit(self) -> str | None:
        """The git commit checked out in the folder; None outside a repository, and if several folders differ."""
        commits = {self.commits[root.name] for root in self._roots.all if root.is_sampled}
        return commits.pop() if len(commits) == 1 else None

    @property
    def found(self) -> int:
        """The number of source files in the tree, kept or not."""
        return self.files_kept + len(self.rejects)

    @property
    def files_kept(self) -> int:
        """The number of files kept."""
        return len(self._kept)

    @property
    def kept(self) -> list[Sample]:
        """The samples, under the name that all results share."""
        return self.samples

    @property
    def rejected(self) -> list[Reject]:
        """The files that were not kept, under the name that all results share."""
        return self.rejects

    def counts(self) -> dict[str, int]:
        """Return the numbers of files found, kept and rejected, and of samples, on either side of the split."""
        sides = Counter("val" if sample.is_held_out else "train" for sample in self.stream())
        return {
            "found": self.found, "kept": self.files_kept, "rejected": len(self.rejects), "samples": sides.total(),
            "train": sides["train"], "val": sides["val"],
        }  # fmt: skip

    @property
    def files(self) -> list[dict[str, Any]]:
        """The path, split and encoding of each kept file, and its licence, errors and notes if any."""
        keys = ("encoding", "licence", "errors", "notes")
        rows = [{"path": k.path, "split": k.split, **{n: k.head[n] for n in keys if n in k.head}} for k in self._kept]
        of_path = {row["path"]: row for row in rows}
        for path, note in self._side("notes"):
            if path in of_path:
                of_path[path]["notes"] = [*of_path[path].get("notes", ()), note]
        return rows

    @property
    def findings(self) -> list[Finding]:
        """The secrets that were replaced: file, line and kind, never the value."""
        return [Finding(k.path, line, kind) for k in self._kept for line, kind in k.head.get("findings", ())]

    @property
    def dropped(self) -> list[Reject]:
        """The parts that gave no sample or component: too long, with the size, or failed, with the reason."""
        return [
            Reject(f"{k.path}:{span[0]}-{span[1]}", "too-long", f"{kind} of {size} tokens")
            for k in self._kept
            for span, kind, size in k.head.get("dropped", ())
        ] + [
            Reject(
                f"{path}:{span[0]}-{span[1]}",
                reason,
                f"{what} of {more} tokens" if side == "dropped" else f"{what}: {more}",
            )
            for side, reason in (("dropped", "too-long"), ("failed", "failed"))
            for path, span, what, more in self._side(side)
        ]

    @cached_property
    def completeness(self) -> Completeness:
        """How many components are known completely, and why the others are not."""
        return next((Completeness(**row) for row in self._side("completeness")), Completeness(0, 0, {}))

    def _side(self, name: str) -> Iterator[Any]:
        """Yield the rows stored under a name by `ScanAggregate.add`."""
        for side, place in self._derived:
            if side == name:
                yield from orjson.loads(self._spool.get(place))

    def stream(self, split: str | None = None) -> Iterator[Sample]:
        """Yield the samples, or those of one split, without holding them all in memory.

        The order is by file path, followed by the samples from the catalogue.

        Args:
            split: `"train"`, `"val"` or None for both.
        """
        for file in self._kept:
            if split in (None, file.split):
                shared: dict[str, Any] = {key: file.head[key] for key in ("encoding", "licence") if key in file.head}
                if "findings" in file.head:
                    shared["redacted"] = len(file.head["findings"])
                yield from self._samples(file.path, file.split, file.rows, shared)
        for side, rows in self._derived:
            if side in ("train", "val") and split in (None, side):
                yield from self._samples(None, side, rows, {})

    def _samples(
        self, path: str | None, split: str, place: tuple[int, int], shared: dict[str, Any]
    ) -> Iterator[Sample]:
        if not place[1]:
            return
        for sample_id, kind, instruction, input_, output, span, more in orjson.loads(self._spool.get(place)):
            of_file = more.pop("path", path)
            meta = {
                "path": of_file,
                "commit": self.commits.get(self._roots.of(of_file).name) if of_file else None,
                "span": span,
                "kind": kind,
                "split": split,
                **shared,
                **more,
            }
            yield Sample.from_instruction(instruction, input_, output, id=sample_id, channel="private", meta=meta)

    @cached_property
    def samples(self) -> list[Sample]:
        """All samples, in the order of `stream`; `meta["split"]` is `"train"` or `"val"`."""
        return list(self.stream())

    @property
    def train(self) -> list[Sample]:
        """The training samples."""
        return [s for s in self.samples if not s.is_held_out]

    @property
    def val(self) -> list[Sample]:
        """The held-out samples."""
        return [s for s in self.samples if s.is_held_out]

    @cached_property
    def _length(self) -> int:
        places = [file.rows for file in self._kept] + [at for side, at in self._derived if side in ("train", "val")]
        return sum(len(orjson.loads(self._spool.get(place))) for place in places if place[1])

    def _repr_html_(self) -> str:
        """Return the kinds of samples and the reasons for rejections as a table for notebooks."""
        kinds = Counter((sample.kind, sample.is_held_out) for sample in self.stream())
        names = dict.fromkeys(kind for kind, _ in kinds)
        rows = [(f"samples: {kind}", kinds[kind, False], kinds[kind, True]) for kind in names]
        rejected = [(f"files rejected: {reason}", count, "") for reason, count in self.reasons().items()]
        return html_table(repr(self), ("", "number, or to train on", "held out"), [*rows, *rejected])

    @cached_property
    def catalog(self) -> Catalog:
        """The catalogue of the components found, with the usage of all components."""
        catalog = Catalog.unpack(self._packed())
        catalog.roots = dict(self.roots)
        return catalog

    def reasons(self) -> dict[str, int]:
        """Return the number of rejected files by reason, most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejects).most_common())

    def kinds(self) -> pd.DataFrame:
        """Return one row per kind of sample, with counts and, if there was a tokenizer, tokens.

        The columns are kind, samples, train, val, tokens, median_tokens, longest, dropped.
        """
        import pandas as pd

        table = pd.DataFrame(
            [(s.kind, not s.is_held_out, s.meta.get("tokens")) for s in self.stream()],
            columns=["kind", "train", "tokens"],
        )
        dropped = Counter(r.detail.partition(" ")[0] for r in self.dropped if r.reason == "too-long")
        rows = [
            (
                kind, len(group), int(group["train"].sum()), int((~group["train"].astype(bool)).sum()),
                group["tokens"].sum(min_count=1), group["tokens"].median(), group["tokens"].max(),
                dropped.get(str(kind), 0),
            )
            for kind, group in table.groupby("kind", sort=False)
        ]  # fmt: skip
        columns = ["kind", "samples", "train", "val", "tokens", "median_tokens", "longest", "dropped"]
        return pd.DataFrame(rows, columns=columns)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per sample.

        The columns are id, kind, path, span, split, encoding, lines, characters, tokens, prompt, answer.
        """
        import pandas as pd

        columns = [
            "id", "kind", "path", "span", "split", "encoding", "lines", "characters", "tokens", "prompt", "answer",
        ]  # fmt: skip
        rows = [
            (
                s.id, s.kind, s.path, tuple(s.meta["span"]), s.meta["split"], s.meta.get("encoding"),
                s.answer.count("\n") + (not s.answer.endswith("\n")), len(s.answer), s.meta.get("tokens"),
                s.prompt, s.answer,
            )
            for s in self.stream()
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write the results into `folder`, all of them or none; see `swiftprep.storage.outputs`.

        `train.jsonl` and `val.jsonl` hold the samples, `rejects.jsonl` the files that were not kept, `dropped.jsonl`
        the parts of kept files that are too long or failed, `findings.jsonl` the places of replaced secrets,
        `catalog.json` the catalogue and `web-types.json` the components for completion in IDEs.

        Returns:
            The path of each file, by its name without suffix. Empty files are written too.

        Raises:
            ConfigError: another process is writing there and does not finish in time.
            OSError: the folder is not writable, or the disk is full; earlier results are left unchanged.
        """
        with writing(folder, "scan", sides=("train.jsonl", "val.jsonl")) as staged:
            paths = self._write(staged)
        return {name: Path(folder) / path.name for name, path in paths.items()}

    save = write

    def _write(self, out: Path) -> dict[str, Path]:
        paths = {name: out / f"{name}.jsonl" for name in ("train", "val", "rejects", "dropped", "findings")}
        write_jsonl(self.stream("train"), paths["train"])
        write_jsonl(self.stream("val"), paths["val"])
        for name, rejects in (("rejects", self.rejects), ("dropped", self.dropped)):
            write_rows(({"path": r.path, "reason": r.reason, "detail": r.detail} for r in rejects), paths[name])
        write_rows(({"path": f.path, "line": f.line, "kind": f.kind} for f in self.findings), paths["findings"])
        paths["catalog"] = write_packed(self._packed(), out / "catalog.json")
        paths["web-types"] = out / "web-types.json"
        write_web_types(
            paths["web-types"], unpacked(self._packed()), name=self.framework, version="0.0.0",
            framework_version=self.vue_version,
        )  # fmt: skip
        return paths

    def _packed(self) -> Iterator[bytes]:
        return (self._spool.get(place) for place in self._catalog)
