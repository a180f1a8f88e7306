"""What a public call takes for data: files, samples and results, one of them or several, mixed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, cast

import orjson

from swiftprep.errors import ConfigError, DataError
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.disk import cache_dir
from swiftprep.streams import get_logger
from swiftprep.text.limits import lines_within

logger = get_logger(__name__)


class HasSamples(Protocol):
    """A result: a `Scan`, a `QualityReport`, a `Result` or an `Augmentation`."""

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples it holds."""


class HasDatasetArgs(Protocol):
    """A `Mixer`."""

    def dataset_args(self) -> list[str]:
        """Return the values of swift's `--dataset`."""


Item: TypeAlias = "str | Path | Sample | HasSamples"
Data: TypeAlias = "Item | Iterable[Item]"
DataSets: TypeAlias = "Data | HasDatasetArgs"
Side: TypeAlias = Literal["train", "val"]


def samples_and_paths(name: str, data: Data, *, side: Side | None = None) -> Iterator[Sample | str | Path]:
    """Yield the samples and paths in what the user passed, in order; a single text is a path.

    Args:
        name: Name of the argument, for the error message.
        data: A path, a sample, a result with `samples`, or an iterable of these.
        side: Of a `Scan` or `QualityReport`, which have two sides, take only this one.

    Raises:
        ConfigError: there is something else among it.
    """
    if isinstance(data, (str, Path, Sample)):
        yield data
        return
    samples = getattr(data, side, None) if side else None
    if samples is None:
        samples = getattr(data, "samples", None)
    if samples is not None:
        yield from samples
    elif isinstance(data, Iterable) and not isinstance(data, (Mapping, bytes)):
        for item in data:
            yield from samples_and_paths(name, item, side=side)
    else:
        raise ConfigError(
            f"{name}={data!r:.100}: expected a list of paths, samples or results (a Scan, QualityReport or Result), or "
            "one of them; rows of a file become samples with read_jsonl "
            "(应为文件路径、样本、Scan、QualityReport 或 Result，或由它们组成的列表)"
        )


def samples_of(name: str, data: Data, *, side: Side | None = None) -> list[Sample]:
    """Return all samples in what the user passed; files are read.

    Args:
        name: Name of the argument, for messages.
        data: See `samples_and_paths`.
        side: `"train"` leaves out held-out samples, and logs how many were passed in a list or file.

    Raises:
        ConfigError: there is something else among it.
        DataError: a file cannot be read.
    """
    samples: list[Sample] = []
    for item in samples_and_paths(name, data, side=side):
        samples += [item] if isinstance(item, Sample) else read_jsonl(item)
    return _training(name, samples) if side == "train" else samples


def data_files(name: str, data: DataSets | None, *, side: Side, folder: str | Path | None = None) -> list[str]:
    """Return ms-swift's `--dataset` entries for what the user passed; samples in memory are written to a file.

    The file's name tells its content, so the same samples give the same file. It appears complete or not at all. By
    default it is in `samples/` of swiftprep's cache folder, which only its owner can read.

    Args:
        name: Name of the argument, for messages.
        data: See `samples_and_paths`; or a `Mixer`; None: no data.
        side: `"train"` leaves out held-out samples in memory, and warns of those in local `.jsonl` files; of a `Scan`
            or `QualityReport`, which have two sides, only this one is taken.
        folder: The folder for samples in memory.

    Raises:
        ConfigError: there is something else among it, or no held-out sample where one is needed.
        OSError: the file cannot be written.
    """
    if data is None:
        return []
    dataset_args = getattr(data, "dataset_args", None)
    if dataset_args is not None:
        return list(dataset_args())
    entries: list[str] = []
    items = samples_and_paths(name, cast(Data, data), side=side)
    for in_memory, group in groupby(items, key=lambda item: isinstance(item, Sample)):
        if not in_memory:
            named = list(map(str, group))
            entries += named
            if side == "train":
                _warn_of_held_out(name, named)
            continue
        samples = [item for item in group if isinstance(item, Sample)]
        samples = _training(name, samples) if side == "train" else samples
        if samples:
            entries.append(str(_file_of(samples, folder)))
    if side == "val" and not entries and hasattr(data, "val"):
        raise ConfigError(
            f"{name}: {data!r:.200} holds no held-out samples; pass .samples to evaluate on all of it "
            "(其中没有留出样本；要用全部样本评估，请传入 .samples)"
        )
    return entries


def data_file(name: str, data: Data, *, side: Side) -> str:
    """Return the one file of what the user passed; see `data_files`.

    Raises:
        ConfigError: it is none or several.
    """
    entries = data_files(name, data, side=side)
    if len(entries) != 1:
        raise ConfigError(
            f"{name}: {len(entries)} data sets; expected one file, or samples (应为一个文件或一组样本，"
            f"实际为 {len(entries)} 个)"
        )
    return entries[0]


def _training(name: str, samples: list[Sample]) -> list[Sample]:
    kept = [sample for sample in samples if not sample.is_held_out]
    if len(kept) < len(samples):
        logger.warning(
            "%s: left out %d held-out samples (split 'val'), which are for evaluation only (已排除 %d 条留出样本)",
            name, len(samples) - len(kept), len(samples) - len(kept),
        )  # fmt: skip
    return kept


def _warn_of_held_out(name: str, entries: Iterable[str]) -> None:
    """Warn of held-out samples in files, which ms-swift reads whole."""
    for entry in entries:
        path = Path(entry if os.path.exists(entry) else re.sub(r"#\d{1,18}$", "", entry))
        with suppress(OSError, DataError, ConfigError):  # whoever reads the file says what is wrong with it
            held_out = _held_out_rows(path) if path.suffix == ".jsonl" else 0
            if held_out:
                logger.warning(
                    "%s: %s holds %d held-out samples (split 'val'), which would be trained on; pass the scan or "
                    "report itself, of which the training side is taken, or write the sides to two files "
                    "(其中有 %d 条留出样本，会被用于训练：请直接传入 Scan 或 QualityReport，或把两部分写入不同的文件)",
                    name, path, held_out, held_out,
                )  # fmt: skip


def _held_out_rows(path: Path) -> int:
    with path.open("rb") as file:
        if not any(b"split" in line and b"val" in line for line in lines_within(file)):  # far faster than to parse them
            return 0
    return sum(sample.is_held_out for sample in read_jsonl(path, rejects=[]))


def _file_of(samples: list[Sample], folder: str | Path | None) -> Path:
    digest = hashlib.blake2b(digest_size=8)
    for sample in samples:
        row = [sample.id, sample.channel, sample.messages, sample.meta]
        digest.update(orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
    # A folder for each content: a training that reads one keeps writers out of its folder.
    place = cache_dir() / "samples" / digest.hexdigest() if folder is None else Path(folder)
    if folder is None:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.chmod(0o700)
    path = place / f"samples-{digest.hexdigest()}.jsonl"
    if not path.exists():
        write_jsonl(samples, path)
    return path
