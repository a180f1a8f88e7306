"""`Scanner`: a code base in, training samples out."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from swiftprep.disk import atomic_write
from swiftprep.errors import ConfigError
from swiftprep.progress import progress_bar
from swiftprep.records import Reject, Sample, write_jsonl
from swiftprep.scan.files import read_source
from swiftprep.scan.tasks import load_task
from swiftprep.scan.walk import walk

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".vue",)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found.

    Attributes:
        root: The scanned folder.
        samples: One per kept file, ordered by path; `meta["split"]` is `"train"` or `"val"`.
        rejects: Every file that was found and not kept, with the reason. Files found = samples + rejects.
    """

    root: Path
    samples: list[Sample]
    rejects: list[Reject] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How many source files the tree has, kept or not."""
        return len(self.samples) + len(self.rejects)

    @property
    def train(self) -> list[Sample]:
        """The samples to train on."""
        return [s for s in self.samples if s.meta["split"] == "train"]

    @property
    def val(self) -> list[Sample]:
        """The samples held out."""
        return [s for s in self.samples if s.meta["split"] == "val"]

    def reasons(self) -> dict[str, int]:
        """Return how many files were rejected for each reason, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejects).most_common())

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per sample: id, path, split, encoding, lines, characters, prompt, answer."""
        import pandas as pd

        columns = ["id", "path", "split", "encoding", "lines", "characters", "prompt", "answer"]
        rows = [
            (
                s.id, s.meta["path"], s.meta["split"], s.meta["encoding"],
                s.answer.count("\n") + (not s.answer.endswith("\n")), len(s.answer), s.prompt, s.answer,
            )
            for s in self.samples
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write `train.jsonl`, `val.jsonl` and `rejects.jsonl` into `folder`, each atomically.

        Returns:
            The path of each, by the name without its suffix. `val` is there even when nothing is held out.
        """
        out = Path(folder)
        paths = {name: out / f"{name}.jsonl" for name in ("train", "val", "rejects")}
        write_jsonl(self.train, paths["train"])
        write_jsonl(self.val, paths["val"])
        with atomic_write(paths["rejects"]) as file:
            for reject in self.rejects:
                row = {"path": reject.path, "reason": reject.reason, "detail": reject.detail}
                file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        return paths


class Scanner:
    """Turn the Vue single-file components of a code base into samples.

    Each component becomes one sample: an instruction, the component's path as input, its code as output
    (source article, section 2, stage 1).

    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (root / "Hello.vue").write_text("<template><ta-tag>hi</ta-tag></template>")
    >>> scan = Scanner(root, framework="ta404").scan()
    >>> scan.samples[0].id, scan.samples[0].answer
    ('ta404:Hello.vue', '<template><ta-tag>hi</ta-tag></template>')
    """

    def __init__(
        self,
        root: str | Path,
        *,
        framework: str = "ta404",
        vue_version: str = "2.7",
        lang: str = "zh",
        template: str | Path = "component",
        ignore: Iterable[str] | None = None,
        val_fraction: float = 0.1,
        seed: int = 42,
    ) -> None:
        """Set up a scan; nothing is read yet but the template.

        Args:
            root: The folder of the code base.
            framework: Name of the private framework, as the samples shall call it.
            vue_version: Version of Vue, as the samples shall call it.
            lang: Language of the instructions, `"zh"` or `"en"`.
            template: A template that ships (`"component"`) or the path of your own `.yaml`.
            ignore: gitignore patterns in place of the default ones (`.git/`, `node_modules/`, `dist/` …). The
                tree's own `.gitignore` files apply in any case.
            val_fraction: Share of the samples to hold out, from 0 to below 1.
            seed: Which folders are held out.

        Raises:
            ConfigError: the folder is not there, or a setting is out of range.
        """
        self.root = Path(root)
        if not self.root.is_dir():
            raise ConfigError(f"{self.root}: no such folder (没有这个文件夹)")
        if not 0 <= val_fraction < 1:
            raise ConfigError(f"val_fraction={val_fraction}: expected a share from 0 to below 1")
        self.framework = framework
        self.vue_version = vue_version
        self.task = load_task(template, lang)
        self.ignore = None if ignore is None else list(ignore)
        self.val_fraction = val_fraction
        self.seed = seed

    def scan(self) -> Scan:
        """Read the tree.

        Raises:
            ConfigError: there is no `.vue` file at all below the folder.
        """
        samples: list[Sample] = []
        rejects: list[Reject] = []
        found = walk(self.root, suffixes=SUFFIXES, ignore=self.ignore)
        for item in progress_bar(found, desc="scan", unit=" files"):
            made = item if isinstance(item, Reject) else self._sample(item)
            if isinstance(made, Reject):
                rejects.append(replace(made, path=_readable(made.path), detail=_readable(made.detail)))
            else:
                samples.append(made)
        if not samples and not rejects:
            raise ConfigError(f"{self.root}: no .vue file in it (文件夹里没有 .vue 文件)")
        held_out = _held_out([s.meta["path"] for s in samples], self.val_fraction, self.seed)
        samples = [
            s.replace(meta={**s.meta, "split": "val" if s.meta["path"] in held_out else "train"}) for s in samples
        ]
        return Scan(root=self.root, samples=samples, rejects=rejects)

    def _sample(self, path: str) -> Sample | Reject:
        source = read_source(self.root, path)
        if isinstance(source, Reject):
            return source
        name = _readable(path)
        instruction, input_, output = self.task.render(
            framework=self.framework, vue_version=self.vue_version, path=name, code=source.text
        )
        if not output.strip() or not (instruction + input_).strip():
            return Reject(path, "empty", "the template makes no prompt or no answer of it")
        return Sample.from_instruction(
            instruction,
            input_,
            output,
            id=f"{self.framework}:{name}",
            channel="private",
            meta={"path": name, "kind": "component", "encoding": source.encoding},
        )


def _readable(name: str) -> str:
    """Return a file name as valid text: bytes of it that are no UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _held_out(paths: list[str], fraction: float, seed: int) -> set[str]:
    """Choose the files to hold out, whole folders at a time, so that a component's parts stay together.

    A tree that has all its files in one folder, or in folders each far larger than what is to be held out, is split
    by file. The choice depends on the names and the seed alone, not on the order of the files.
    """
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.rpartition("/")[0]].append(path)
    wanted = round(len(paths) * fraction) or int(fraction > 0)
    if len(paths) < 2 or not wanted:
        return set()
    groups = list(folders.values())
    if len(groups) == 1 or min(map(len, groups)) > 3 * wanted:
        groups = [[path] for path in paths]
    groups.sort(key=lambda group: hashlib.sha256(f"{seed}:{min(group)}".encode("utf-8", "replace")).digest())
    chosen: set[str] = set()
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen.update(group)
    return chosen or set(sorted(groups, key=len)[0])
