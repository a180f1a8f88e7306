"""`Mixer`: choose how many rows to take of each data set, so that private and general data reach a ratio."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from swiftprep.apportion import apportion
from swiftprep.arguments import checked_keywords
from swiftprep.errors import ConfigError, DataError
from swiftprep.inputs import Data, data_files
from swiftprep.mix.sources import IDENTITY_ROWS, DataSource, is_identity, open_source
from swiftprep.notebook import html_table, short
from swiftprep.records import Reject, Sample, read_jsonl, write_jsonl
from swiftprep.storage.outputs import check_together
from swiftprep.streams import get_logger
from swiftprep.swiftfmt import as_swift_reads

if TYPE_CHECKING:
    import pandas as pd

logger = get_logger(__name__)

Ratio: TypeAlias = "str | float | Sequence[float]"
REPEATS_WORTH_A_WARNING = 3  # times a general row is seen on average


def parse_ratio(ratio: Ratio) -> Fraction:
    """Return the private share, between 0 and 1, of `"40:60"` (private : general), `"40/60"`, `(40, 60)` or `0.4`.

    Raises:
        ConfigError: the ratio is none of these, a part is negative, or the share is 0.

    >>> parse_ratio("40:60"), parse_ratio((40, 60)) == parse_ratio(0.4) == parse_ratio("2/3")
    (Fraction(2, 5), True)
    """
    if isinstance(ratio, Sequence) and not isinstance(ratio, str):
        text = ":".join(str(part).strip() for part in ratio)
    else:
        text = re.sub(r"\s{0,9}[:/：]\s{0,9}", ":", str(ratio).strip())
    if re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,30})?:[0-9]{1,30}(\.[0-9]{1,30})?", text):
        private, general = (Fraction(part) for part in text.split(":"))
        if private > 0:
            return private / (private + general)
    elif (
        re.fullmatch(r"(?:[0-9]{1,30}(?:\.[0-9]{1,30})?|\.[0-9]{1,30})(e-?[0-9]{1,2})?", text)
        and 0 < Fraction(text) <= 1
    ):
        return Fraction(text)
    raise ConfigError(
        f"ratio {text!r:.80}: expected 'private:general' such as '40:60' or (40, 60), or the private share such as 0.4 "
        "(比例应为 私有:通用，如 40:60)"
    )


class Mixer:
    """Mix private and general data sets at a ratio, counted in rows.

    Every private row is taken once, and the general side is scaled to fit (as in Google's VTC study: rows of the field
    are too valuable to drop). The general rows are divided among the general data sets in proportion to their rows. If
    there are too few, rows repeat, as ms-swift does for an `#N` above the size; `plan()` shows how often.

    `#N` after a name tells how many rows that data set offers; the ratio decides how many of them are taken. With
    `ratio=None`, each data set contributes all the rows it offers.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> rows = [Sample.from_instruction("q", "", "a")] * 40
    >>> _ = write_jsonl(rows, folder / "train.jsonl")
    >>> mix = Mixer(private=[folder / "train.jsonl"], general=["AI-ModelScope/alpaca-gpt4-data-zh#500"], ratio="40:60")
    >>> mix.dataset_args()[1]
    'AI-ModelScope/alpaca-gpt4-data-zh#60'
    """

    @checked_keywords
    def __init__(
        self,
        private: Data,
        general: Data = (),
        *,
        ratio: Ratio | None = "40:60",
        size: Mapping[str, int] | None = None,
        seed: int = 42,
        count_tokens: Callable[[str], int] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        """Inspect every data set, and decide how many rows to take of each.

        Args:
            private: One or several local `.jsonl` files, hub ids with `#N`, samples, or results that hold samples: a
                `Scan`, of which the training side is taken, a `QualityReport` or a `Result`.
            general: The same, for general abilities.
            ratio: `"40:60"` or `(40, 60)` (private : general), the private share `0.4`, or None to take everything.
            size: Rows of hub data sets, by id; required for those without `#N`.
            seed: For `freeze`; pass it to ms-swift as `data_seed`, too.
            count_tokens: Counts the tokens of a text, for example `lambda t: len(tokenizer(t).input_ids)`; fills the
                plan's `tokens` column.
            folder: Where samples in memory are written for ms-swift, in files named by their content; None: in
                swiftprep's cache folder, readable by its owner only. Held-out samples are left out, with a warning.

        Raises:
            ConfigError: no private data, a bad ratio, a bad `#N`, or a hub data set of unknown size.
            DataError: ms-swift could not load a file, or files come from different runs; see
                `swiftprep.storage.outputs`.
        """
        sizes = dict(size or {})
        share = None if ratio is None else parse_ratio(ratio)
        self.seed = seed
        self._count_tokens = count_tokens
        self._sources = [
            open_source(text, "private", sizes) for text in data_files("private", private, side="train", folder=folder)
        ]
        if not self._sources:
            raise ConfigError("no private data set was given (没有私有数据集)")
        extra = [
            open_source(text, "general", sizes) for text in data_files("general", general, side="train", folder=folder)
        ]
        if share is not None and share < 1 and not extra:
            raise ConfigError(
                f"ratio {ratio}: no general data set was given; add one, or pass ratio=None; the included rows "
                "are general=demo.general_samples(name, author), after `from swiftprep import demo` "
                "(没有通用数据集：请添加，或指定 ratio=None；自带的数据为 demo.general_samples(模型名, 作者)，"
                "先执行 from swiftprep import demo)"
            )
        self._sources += extra
        self._warn_of_identity(extra)
        check_together(self._files())
        self._taken = self._share_out(share)

    def __repr__(self) -> str:
        rows = {
            channel: sum(n for source, n in zip(self._sources, self._taken, strict=True) if source.channel == channel)
            for channel in ("private", "general")
        }
        return (
            f"<Mixer: {rows['private']} private and {rows['general']} general rows of {len(self._sources)} data sets>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (source.entry.source, source.channel, "" if source.rows is None else source.rows, taken)
            for source, taken in zip(self._sources, self._taken, strict=True)
        ]
        command = html_table(short(self.command(), 2000))
        return html_table(repr(self), ("data set", "channel", "available", "taken"), rows) + command

    def _files(self) -> list[Path]:
        return [source.entry.path for source in self._sources if source.entry.path is not None]

    def _warn_of_identity(self, general: list[DataSource]) -> None:
        for source in general:
            if is_identity(source.entry):
                logger.warning(
                    "%s: is about the model's identity (%d rows: who are you, who made you), not general skills; keep "
                    "it a small part of the mix, and use other data against forgetting "
                    "(该数据集只有 %d 条身份问答，不能代替通用数据)",
                    source.entry.source, IDENTITY_ROWS, IDENTITY_ROWS,
                )  # fmt: skip

    def _share_out(self, share: Fraction | None) -> list[int]:
        have = [source.asked for source in self._sources]
        if share is None:
            self._warn_of_repeats(have)
            return have
        general = [source.asked if source.channel == "general" else 0 for source in self._sources]
        private_rows = sum(have) - sum(general)
        wanted = round(private_rows * (1 - share) / share)
        sizes = [source.rows for source in self._sources if source.channel == "general"]
        there = sum(rows or 0 for rows in sizes)  # of a hub data set, `#N` does not tell how many there are
        if there and None not in sizes and wanted > REPEATS_WORTH_A_WARNING * there:
            logger.warning(
                "the ratio needs %d general rows, but there are only %d: each is seen about %.1f times; "
                "add general data, or lower their share (通用数据不足，会重复使用)",
                wanted, there, wanted / there,
            )  # fmt: skip
        parts = apportion(wanted, general)
        for source, part in zip(self._sources, parts, strict=True):
            if source.channel == "general" and part > (source.entry.count or part):
                logger.warning(
                    "%s#%d: the ratio takes %d rows of it, since #N only weighs it against the other data sets; "
                    "for just %d, %s or pass ratio=None (#N 不限制行数，实际取 %d 行，由比例决定)",
                    source.entry.source, source.entry.count, part, source.entry.count,
                    f"name a file of {source.entry.count} rows," if source.entry.path else "change the ratio", part,
                )  # fmt: skip
        taken = [
            part if source.channel == "general" else source.asked
            for source, part in zip(self._sources, parts, strict=True)
        ]
        self._warn_of_repeats(taken)
        return taken

    def _warn_of_repeats(self, taken: list[int]) -> None:
        for source, count in zip(self._sources, taken, strict=True):
            if is_identity(source.entry) and source.rows and count > source.rows:
                logger.warning(
                    "%s: has %d rows, and %d are taken: each is seen about %.1f times (每条会重复约 %.1f 次)",
                    source.entry.source, source.rows, count, count / source.rows, count / source.rows,
                )  # fmt: skip

    def dataset_args(self) -> list[str]:
        """Return the values of swift's `--dataset`: each data set with `#N`, or without it if a whole file is taken."""
        return [
            source.entry.with_count(None if source.forecast and taken == source.forecast.kept else taken)
            for source, taken in zip(self._sources, self._taken, strict=True)
            if taken
        ]

    def command(self) -> str:
        """Return `--dataset …`, quoted because a shell would take a bare `#` for a comment.

        >>> Mixer(private=["team/private#5"], ratio=None).command()
        "--dataset 'team/private#5'"
        """
        return shlex.join(["--dataset", *self.dataset_args()])

    def plan(self) -> pd.DataFrame:
        """Return one row per data set; unknown values are NA.

        The columns are `source`, `channel`, `available` (rows in the data set; for one on a hub, its `size`), `taken`
        (rows), `repeats` (how often a row is seen, on average), `tokens` (in the rows taken, on average over all draws;
        NA without `count_tokens`, for hub data and where a turn is not text) and `share` (of all rows).
        """
        import pandas as pd

        total = sum(self._taken)
        rows = [
            {
                "source": source.entry.source,
                "channel": source.channel,
                "available": source.rows,
                "taken": taken,
                "repeats": round(taken / source.rows, 2) if source.rows else None,
                "tokens": self._tokens(source, taken),
                "share": round(taken / total, 4),
            }
            for source, taken in zip(self._sources, self._taken, strict=True)
        ]
        return pd.DataFrame(rows).astype({"available": "Int64", "repeats": "Float64", "tokens": "Int64"})

    def _tokens(self, source: DataSource, taken: int) -> int | None:
        if self._count_tokens is None or source.forecast is None or source.entry.path is None:
            return None
        tokens = 0
        for _, messages in as_swift_reads(source.entry.path):
            for message in messages:
                if not isinstance(message["content"], str):
                    return None
                tokens += self._count_tokens(message["content"])
        return round(tokens * taken / source.forecast.kept)

    def freeze(self, path: str | Path) -> int:
        """Write the mix to one JSONL file, drawn and shuffled with the seed, and return the number of rows.

        Raises:
            ConfigError: a data set is on a hub, or is not a `.jsonl` file.
            DataError: ms-swift would keep rows of a file that swiftprep cannot read, or the other way round; or files
                have come from different runs since.
        """
        import numpy as np

        check_together(self._files())
        generator = np.random.default_rng(self.seed)
        mixed: list[Sample] = []
        for source, taken in zip(self._sources, self._taken, strict=True):
            if source.entry.path is None or source.forecast is None:
                raise ConfigError(
                    f"'{source.entry.source}': only local .jsonl files can be frozen (只能冻结本地 .jsonl 文件)"
                )
            unread: list[Reject] = []
            pool = list(read_jsonl(source.entry.path, rejects=unread))
            if len(pool) != source.forecast.kept:
                kept, read = source.forecast.kept, len(pool)
                why = f"{unread[0].path}: {unread[0].detail}" if unread else "rows of different forms"
                raise DataError(
                    f"{source.entry.path}: ms-swift keeps {kept} rows of it and swiftprep reads {read} ({why}), so "
                    f"what is frozen would not be what is trained on; `swiftprep check {source.entry.path}` writes "
                    f"kept.jsonl, which both read alike (ms-swift 保留 {kept} 行，swiftprep 读出 {read} 行；"
                    f"请先运行 swiftprep check，再使用它写出的 kept.jsonl)"
                )
            whole, rest = divmod(taken, len(pool))
            order = list(range(len(pool))) * whole + generator.permutation(len(pool))[:rest].tolist()
            mixed += [pool[i].replace(channel=pool[i].channel or source.channel) for i in order]
        return write_jsonl((mixed[i] for i in generator.permutation(len(mixed))), path)
