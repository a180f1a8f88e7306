"""`Augmenter`: make variants of samples that name their parent and are no near duplicates."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from swiftprep.arguments import checked_keywords, one_or_more
from swiftprep.augment.context import context
from swiftprep.augment.general import reworded
from swiftprep.augment.holes import fim
from swiftprep.augment.page_props import props
from swiftprep.augment.parent import Draft, Drafts, Parent
from swiftprep.augment.phrasing import say
from swiftprep.augment.repair import repair
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.given import GivenCatalog, catalog_of
from swiftprep.errors import ConfigError, SwiftprepError, did_you_mean
from swiftprep.inputs import Data, samples_of
from swiftprep.notebook import html_of_repr, html_table
from swiftprep.process.workers import Guarded, Lost
from swiftprep.quality.duplicates.dedup import near_duplicates
from swiftprep.records import Reject, Sample, write_jsonl
from swiftprep.storage.disk import write_rows
from swiftprep.storage.outputs import writing

if TYPE_CHECKING:
    import pandas as pd

NEAR = 0.8  # Jaccard similarity of both question and answer from which two samples are near duplicates
_BATCH = 50  # samples sent to a worker at once
_LONGEST = 400_000  # characters up to which variants of a sample are made


def paraphrase(parent: Parent, draw: Random) -> Drafts:
    """Reword the question; a prompt that is not the scanner's only gets another opening."""
    asked = parent.asked
    if asked is None:
        return reworded(parent, draw)

    def drafts() -> Iterator[Draft]:
        while (text := say(asked.lang, asked.kind, asked.facts, draw)) is not None:
            instruction, _, rest = text.partition("\n")
            yield Draft(instruction, rest or parent.input, parent.sample.answer, parent.kind)

    return drafts()


OPERATIONS: dict[str, Callable[[Parent, Random], Drafts]] = {
    "paraphrase": paraphrase,
    "context": context,
    "fim": fim,
    "props": props,
    "repair": repair,
}


@dataclass(frozen=True)
class Augmentation:
    """The result of `Augmenter.augment`.

    Attributes:
        parents: The original samples.
        samples: Their variants, in the order of the parents.
        outcomes: `(operation, outcome, samples, variants)`; the outcome is `"made"` or why there is no variant. The
            samples of each operation add up to the number of parents.
        rejected: For each operation that made no variant of a sample, the sample's id or its position as `path`, the
            reason, and the operation as `detail`.
    """

    parents: list[Sample]
    samples: list[Sample]
    outcomes: list[tuple[str, str, int, int]] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Augmentation: {len(self.samples)} variants of {len(self.parents)} samples>"

    def _repr_html_(self) -> str:
        return html_table(repr(self), ("operation", "outcome", "samples", "variants"), self.outcomes)

    @property
    def kept(self) -> list[Sample]:
        """The variants: another name for `samples`."""
        return self.samples

    @property
    def rejects(self) -> list[Reject]:
        """Another name for `rejected`."""
        return self.rejected

    def reasons(self) -> dict[str, int]:
        """Return why operations made no variant: reason → how often, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejected).most_common())

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write `samples.jsonl` and `rejects.jsonl`, both or none; see `swiftprep.storage.outputs`.

        `save` is another name for it.

        Returns:
            Name → file: samples, rejects.
        """
        with writing(folder, "augment") as staged:
            write_jsonl(self.samples, staged / "samples.jsonl")
            write_rows(map(asdict, self.rejected), staged / "rejects.jsonl")
        return {name: Path(folder) / f"{name}.jsonl" for name in ("samples", "rejects")}

    save = write

    def counts(self) -> pd.DataFrame:
        """Return one row per operation and outcome; the columns are operation, outcome, samples, variants."""
        import pandas as pd

        return pd.DataFrame(self.outcomes, columns=["operation", "outcome", "samples", "variants"])

    def diversity(self, *, seed: int = 42) -> pd.DataFrame:
        """Return the diversity of the instructions before and after, each measured over equally many texts.

        See `swiftprep.quality.duplicates.diversity.before_and_after`.
        """
        from swiftprep.quality.duplicates.diversity import before_and_after

        return before_and_after(self.parents, [*self.parents, *self.samples], seed=seed)


class Variants(list[Sample]):
    """The variants that `Augmenter.run` returns: a list that a notebook shows in short.

    Attributes:
        augmentation: The whole result, with the outcome of each operation.
    """

    def __init__(self, augmentation: Augmentation) -> None:
        super().__init__(augmentation.samples)
        self.augmentation = augmentation

    def __reduce__(self) -> tuple[type[Variants], tuple[Augmentation]]:
        return type(self), (self.augmentation,)

    def __repr__(self) -> str:
        return f"<Variants: {len(self)} of {len(self.augmentation.parents)} samples>"

    def _repr_html_(self) -> str:
        return self.augmentation._repr_html_()


class Augmenter:
    """Make variants of existing samples, without a teacher.

    `paraphrase` rewords the question; `context` changes what is shown with it; `fim` cuts another piece out of a file;
    `props` sets or removes a prop of a page's components; `repair` breaks a component, and answers with the explanation
    and the correct code. A variant keeps its parent's channel, split and lineage, names the parent in `meta["parent"]`,
    and is no near duplicate of an original sample or another variant.

    The same samples and seed give the same variants, whatever the order of the samples. Adding a sample changes none of
    them, except that its near duplicates are left out, and that components defined in a held-out file are not shown.

    >>> sample = Sample.from_instruction("What can be set on ta-tag?", "", "Its color.", id="tag", channel="private")
    >>> [variant] = Augmenter(seed=1).run([sample])
    >>> variant.id, variant.answer, variant.channel, variant.meta["generator"], "ta-tag" in variant.prompt
    ('tag#aug-paraphrase-1', 'Its color.', 'private', 'augment/paraphrase', True)
    """

    @checked_keywords
    def __init__(
        self,
        *,
        seed: int = 42,
        operations: Iterable[str] = tuple(OPERATIONS),
        catalog: GivenCatalog | None = None,
        framework: str | None = None,
        per_sample: int = 1,
        vary_variants: bool = False,
    ) -> None:
        """Configure the operations.

        Args:
            seed: Chooses the words, places and props.
            operations: Names from `OPERATIONS`, or one of them.
            catalog: The framework's catalogue, or a `Scan` or file that holds it. `props` needs it; without it,
                `repair` only breaks the syntax.
            framework: The framework's name, for samples that do not state it; by default the catalogue's.
            per_sample: The most variants of a sample per operation.
            vary_variants: Whether to make variants of variants as well.

        Raises:
            ConfigError: an operation is unknown, or `per_sample` is below 1.
        """
        catalog = catalog_of(catalog)
        self.operations = tuple(dict.fromkeys(one_or_more("operations", operations)))
        for name in self.operations:
            if name not in OPERATIONS:
                near = did_you_mean(name, OPERATIONS)
                raise ConfigError(
                    f"operations: {name!r}; expected some of {', '.join(OPERATIONS)}{near} (没有这种操作)"
                )
        if per_sample < 1:
            raise ConfigError(f"per_sample={per_sample}; expected 1 or more (至少为 1)")
        self.seed = seed
        self.catalog = catalog
        self.framework = framework if framework is not None else catalog.framework if catalog else ""
        self.per_sample = per_sample
        self.vary_variants = vary_variants

    def __repr__(self) -> str:
        return f"<Augmenter: {', '.join(self.operations)}; {self.per_sample} of each per sample, seed {self.seed}>"

    _repr_html_ = html_of_repr

    @checked_keywords
    def run(self, samples: Data) -> Variants:
        """Return the variants of some samples, without the samples themselves.

        Args:
            samples: See `augment`.
        """
        return Variants(self.augment(samples))

    @checked_keywords
    def augment(self, samples: Data) -> Augmentation:
        """Return the variants of some samples, and the outcome of each operation.

        Args:
            samples: Samples in any order, a `Scan`, another result, a file, or a list of these. They are not changed.

        Raises:
            ConfigError: there is no data in the argument.
            DataError: a file cannot be read.
        """
        parents = samples_of("samples", samples)
        held_out = frozenset(s.path for s in parents if s.is_held_out and s.path)
        keys = [_key(sample) for sample in parents]
        variants: list[tuple[int, str, Sample]] = []  # parent, operation, variant
        tried: set[tuple[int, str]] = set()
        rejected: list[tuple[int, int, str]] = []  # parent, operation, reason
        seen: set[bytes] = set()
        unfit = []
        for sample, key in zip(parents, keys, strict=True):
            unfit.append("repeated" if key in seen else self._unfit(sample))
            seen.add(key)
        work = _Work(self.seed, self.operations, self.catalog, self.framework, self.per_sample, held_out)
        results = _all_variants(work, [sample for sample, why in zip(parents, unfit, strict=True) if not why])
        for index, why in enumerate(unfit):
            per_operation = why or next(results)
            for at, operation in enumerate(self.operations):
                drafted = per_operation if isinstance(per_operation, str) else per_operation[at]
                if isinstance(drafted, str):
                    rejected.append((index, at, drafted))
                else:
                    tried.add((index, operation))
                    variants += [(index, operation, variant) for variant in drafted]
        variants = _without_copies(parents, keys, variants)
        kept = Counter((index, operation) for index, operation, _ in variants)
        rejected += [
            (i, self.operations.index(operation), "near-copy") for i, operation in tried if (i, operation) not in kept
        ]
        rejected.sort()
        reasons = Counter((self.operations[at], reason) for _, at, reason in rejected)
        outcomes = []
        for operation in self.operations:
            counts = [count for (_, name), count in kept.items() if name == operation]
            outcomes.append((operation, "made", len(counts), sum(counts)))
            named = sorted((reason, count) for (name, reason), count in reasons.items() if name == operation and count)
            outcomes += [(operation, reason, count, 0) for reason, count in named]
        rejects = [Reject(parents[i].id or str(i), reason, self.operations[at]) for i, at, reason in rejected]
        return Augmentation(parents, [variant for *_, variant in variants], outcomes, rejects)

    def _unfit(self, sample: Sample) -> str:
        """Return why a sample cannot have variants, or `""`."""
        if not self.vary_variants and str(sample.meta.get("generator") or "").startswith("augment/"):
            return "variant"
        if [m["role"] for m in sample.messages if m["role"] != "system"] != ["user", "assistant"]:
            return "several-turns"
        if not sample.prompt.strip() or not sample.answer.strip():
            return "empty"
        if len(sample.prompt) + len(sample.answer) > _LONGEST:
            return "too-long"
        try:
            (sample.prompt + sample.answer).encode()
        except UnicodeEncodeError:
            return "not-unicode"
        return ""


class _Work(NamedTuple):
    """The settings of a run, and the variants they give of each sample."""

    seed: int
    operations: tuple[str, ...]
    catalog: Catalog | None
    framework: str
    per_sample: int
    held_out: frozenset[str]

    def variants(self, sample: Sample) -> list[list[Sample] | str]:
        """Return a sample's variants by each operation, or why there are none."""
        parent = Parent(sample, self.framework, self.catalog, self.held_out)
        return [self._of_or_why(parent, operation) for operation in self.operations]

    def _of_or_why(self, parent: Parent, operation: str) -> list[Sample] | str:
        """Return the variants, or why there are none; a failure costs only this operation on this sample."""
        try:
            return self._of(parent, operation)
        except SwiftprepError:
            raise
        except Exception as error:  # RecursionError and MemoryError are among them
            return f"failed: {type(error).__name__}"

    def _of(self, parent: Parent, operation: str) -> list[Sample] | str:
        sample = parent.sample
        text = f"{self.seed}\x1f{operation}\x1f".encode() + _key(sample)
        draw = Random(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))
        drafts = OPERATIONS[operation](parent, draw)
        if isinstance(drafts, str):
            return drafts
        chosen = islice(drafts, self.per_sample)
        return [_variant(sample, operation, at, draft) for at, draft in enumerate(chosen, start=1)] or "nothing-fits"


def _all_variants(work: _Work, samples: list[Sample]) -> Iterator[list[list[Sample] | str] | str]:
    """Yield the result of `_Work.variants` for each sample, or `"not-read"` for one that a worker could not finish."""
    guarded = Guarded(work.variants, size=_size)
    for start in range(0, len(samples), _BATCH):
        for result in guarded.map(samples[start : start + _BATCH]):
            yield "not-read" if isinstance(result, Lost) else result


def _size(sample: Sample) -> int:
    return len(sample.prompt) + len(sample.answer)


def _key(sample: Sample) -> bytes:
    """Return what a sample's variants depend on besides the seed."""
    text = "\x1f".join([sample.id, *(f"{m['role']}\x1f{m['content']}" for m in sample.messages)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _variant(sample: Sample, operation: str, number: int, draft: Draft) -> Sample:
    name = sample.id or _key(sample).hex()[:12]
    meta: dict[str, Any] = {k: v for k, v in sample.meta.items() if k not in ("tokens", "input_at")}
    meta |= {"parent": name, "generator": f"augment/{operation}"} | draft.meta
    if draft.kind:
        meta["kind"] = draft.kind
    variant = Sample.from_instruction(draft.instruction, draft.input, draft.answer, meta=meta)
    system = [m for m in sample.messages if m["role"] == "system"]
    variant_id = f"{name}#aug-{operation}-{number}"
    return variant.replace(messages=system + variant.messages, id=variant_id, channel=sample.channel)


def _without_copies(
    parents: list[Sample], keys: list[bytes], variants: list[tuple[int, str, Sample]]
) -> list[tuple[int, str, Sample]]:
    """Leave out each variant that is a near duplicate of a sample, or of a variant with a smaller key.

    A hole that a sample has already is a copy, however short the code around it is.
    """
    holes = {hole for sample in parents if (hole := _hole_of(sample)) is not None}
    variants = [row for row in variants if _hole_of(row[2]) not in holes]
    order = sorted(range(len(variants)), key=lambda at: (keys[variants[at][0]], variants[at][2].id))
    texts = [(sample.prompt, sample.answer) for sample in parents if sample.messages]
    firm = len(texts)
    texts += [(variants[at][2].prompt, variants[at][2].answer) for at in order]
    matches = near_duplicates(texts, threshold=NEAR, firm=firm) if variants else []
    copies = {order[match.position - firm] for match in matches}
    return [variant for at, variant in enumerate(variants) if at not in copies]


def _hole_of(sample: Sample) -> tuple[str, str] | None:
    """Return the file and the code of a hole, or None for a sample of another kind."""
    return (str(sample.meta.get("path")), sample.answer) if sample.meta.get("kind") == "fim" else None
