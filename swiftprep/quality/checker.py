"""`Checker`: find what would spoil training, repair what can be repaired, and account for every row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from swiftprep.arguments import checked_keywords, is_number, one_or_more
from swiftprep.catalog.given import GivenCatalog, catalog_of
from swiftprep.errors import ConfigError, DataError, did_you_mean
from swiftprep.inputs import Data, samples_and_paths, samples_of
from swiftprep.notebook import html_of_repr
from swiftprep.process.item_limits import ItemLimits, check_workers
from swiftprep.process.workers import pool_of
from swiftprep.progress import progress_bar
from swiftprep.quality.duplicates.contamination import contaminated
from swiftprep.quality.duplicates.dedup import duplicates
from swiftprep.quality.judging import Judging, Level, Named, Terms, apply, note
from swiftprep.quality.report.checked_rows import CheckedRow, Note
from swiftprep.quality.report.report import QualityReport
from swiftprep.quality.report.shown import PRIVATE
from swiftprep.quality.rule import Found, Rule, SetRule, Severity, drop, warn
from swiftprep.quality.rules import answers, fences, instructions, loops, privacy, text, truncation, turns, voices
from swiftprep.quality.rules.broken_code import syntax_error
from swiftprep.quality.rules.escapes import escaped_text
from swiftprep.quality.rules.framework import api_errors
from swiftprep.quality.rules.length import over_budget
from swiftprep.quality.rules.line_numbers import line_numbers
from swiftprep.quality.rules.look_alikes import look_alikes, look_alikes_beside
from swiftprep.quality.rules.sets import contradictions, monotony
from swiftprep.quality.rules.tool_calls import tool_call
from swiftprep.records import Sample
from swiftprep.scan.tasks import KINDS
from swiftprep.storage.outputs import check_together, run_of
from swiftprep.swiftfmt import REPAIRS, repair_file
from swiftprep.tokens import Counter

# The order matters: private data is removed before anything is shown, and characters are repaired before their meaning
# is judged.
RULES: tuple[Rule, ...] = (
    *PRIVATE,
    privacy.broken_redaction,
    turns.surrogates,
    text.mojibake,
    text.hidden_characters,
    text.json_wrapped,
    escaped_text,
    fences.fence_form,
    fences.bare_code,
    line_numbers,
    text.html_residue,
    text.web_residue,
    text.chat_markers,
    text.think_tags,
    tool_call,
    look_alikes,
    turns.empty_turn,
    turns.repeated_turn,
    turns.role_order,
    instructions.empty_input,
    answers.hollow,
    answers.refusal,
    answers.prompt_leak,
    voices.judge_leak,
    voices.thinks_aloud,
    voices.askers_words,
    voices.several_answers,
    answers.boilerplate,
    answers.echo,
    loops.looping,
    answers.placeholder,
    truncation.truncated,
    syntax_error,
    answers.wrong_language,
    instructions.unclear,
    instructions.missing_object,
    instructions.missing_reasoning,
)
SET_RULES: tuple[SetRule, ...] = (contradictions, monotony)

OTHERS = ("form", "not-checked", "contradiction", "monotony", "contamination", "duplicate", "near-duplicate")
MOST_PASSES = 5  # a repair may uncover a flaw that an earlier rule looks for
_POOL_CHARACTERS = 2_000_000  # characters of answers from which it pays to start more processes
TOO_MUCH = 0.5  # share of an evaluation question or answer from which a training sample is dropped


def rule_id(rule: Callable[..., object]) -> str:
    """Return a rule's id: its function's name with dashes."""
    return getattr(rule, "__name__", type(rule).__name__).replace("_", "-")


class Checker:
    """Check, repair and deduplicate samples.

    A rule of your own is a function that takes a sample and returns `fix(…)`, `drop(…)`, `warn(…)` or None:

    >>> from swiftprep.quality.rule import drop
    >>> def internal_host(sample):
    ...     return drop("names an internal host") if "corp.example" in sample.answer else None
    >>> samples = [Sample.from_instruction("Where is the wiki?", "", "At wiki.corp.example.", id="1")]
    >>> report = Checker(rules=[*RULES, internal_host]).run(samples)
    >>> [(reject.reason, reject.detail) for reject in report.rejected]
    [('internal-host', 'names an internal host')]

    Attributes:
        rules: The ids of the rules for single samples, in order.
        held_out: The evaluation samples.
    """

    @checked_keywords
    def __init__(
        self,
        *,
        catalog: GivenCatalog | None = None,
        held_out: Data = (),
        near_duplicate_threshold: float | None = 0.8,
        max_tokens: int | None = None,
        count_tokens: Callable[[str], int] | None = None,
        levels: Mapping[str, Level] | None = None,
        rules: Iterable[Rule] = RULES,
        fix: bool = True,
        workers: int | None = None,
        row_seconds: float = 3.0,
        row_memory_mb: int = 2000,
    ) -> None:
        """Set the rules.

        Args:
            catalog: The framework's catalogue, or a `Scan` or file that holds it; Vue code in answers is checked
                against it.
            held_out: Evaluation samples, or files of them; of a `Scan`, its held-out side. Training samples that
                repeat them are dropped.
            near_duplicate_threshold: Jaccard similarity of both question and answer from which two samples are near
                duplicates; None finds only exact ones.
            max_tokens: Longer samples are rejected; swift's `--max_length`.
            count_tokens: Counts the tokens of a text, for example `swiftprep.tokens.Counter(model)`; without it, they
                are estimated.
            levels: Rule id → `"off"`, `"warn"` or `"drop"`, in place of the rule's own severity.
            rules: The rules for single samples, in order; `[*RULES, mine]` adds one.
            fix: False repairs nothing: a finding that would be repaired is a `"warn"` that shows the change, and the
                sample is kept as it is. **Secrets and personal data then stay in the samples that are kept**: the
                finding says so, and neither it nor the page shows them. To reject such samples, set
                `levels={"secrets": "drop", "personal-data": "drop"}`. Files are still read with `repair_file`, which
                reports what it had to repair to read a row at all.
            workers: How many processes apply the package's rules; None starts as many as pay off. The result is the
                same. Your own rules run in this process.
            row_seconds: Seconds of processor time for a sample, and as many again for each million characters; a
                sample that takes longer, or kills the process, is rejected as `"not-checked"`.
            row_memory_mb: Megabytes of memory for a process (on Linux).

        Raises:
            ConfigError: `levels` names an unknown rule, or a number is out of range.
            DataError: a file of `held_out` cannot be read.
        """
        threshold = near_duplicate_threshold
        if threshold is not None and not (is_number(threshold) and 0 < threshold <= 1):
            raise ConfigError(
                f"near_duplicate_threshold={threshold!r:.100}: expected a similarity above 0 and up to 1, or None "
                "(相似度应大于 0 且不超过 1，或为 None)"
            )
        if workers is not None:
            check_workers(workers)
        limits = ItemLimits.given("row", row_seconds, row_memory_mb)
        self.near_duplicate_threshold = threshold
        self.fix = fix
        self.workers = workers
        catalog = catalog_of(catalog)
        held_out_items = list(samples_and_paths("held_out", held_out, side="val"))
        self.held_out = samples_of("held_out", held_out_items)
        self._held_out_runs = {item: run_of(item) for item in held_out_items if not isinstance(item, Sample)}
        all_rules = [Named(rule_id(rule), rule, rule in RULES) for rule in one_or_more("rules", rules)]
        if max_tokens is not None:
            rule = over_budget(max_tokens, count_tokens)
            all_rules.append(Named(rule_id(rule), rule, count_tokens is None or isinstance(count_tokens, Counter)))
        if catalog is not None:
            beside = Named(rule_id(look_alikes), look_alikes_beside(catalog), True)
            all_rules = [beside if named.rule is look_alikes else named for named in all_rules]
            rule = api_errors(catalog)
            all_rules.append(Named(rule_id(rule), rule, True))
        self.rules = tuple(named.name for named in all_rules)
        self._levels = dict(levels or {})
        known = [*OTHERS, *(named.name for named in all_rules)]
        for name, level in self._levels.items():
            if name not in known:
                raise ConfigError(f"levels: no rule '{name}'{did_you_mean(name, known)} (没有这条规则)")
            if level not in ("off", "warn", "drop"):
                raise ConfigError(
                    f"levels: {name}={level!r}; expected 'off', 'warn' or 'drop' (只能是 off、warn 或 drop)"
                )
        self._terms = Terms(self._levels, fix)
        self._judging = Judging(all_rules, self._terms, limits)

    def __repr__(self) -> str:
        options = [f"near duplicates from {self.near_duplicate_threshold}"] if self.near_duplicate_threshold else []
        options += [f"{len(self.held_out)} held out"] if self.held_out else []
        options += [] if self.fix else ["nothing is repaired"]
        return f"<Checker: {', '.join([f'{len(self.rules)} rules', *options])}>"

    _repr_html_ = html_of_repr

    @checked_keywords
    def run(self, samples: Data, *, source: str = "") -> QualityReport:
        """Check samples, or data set files.

        Args:
            samples: Samples in any order, a `Scan`, a `QualityReport` (its kept samples), a `Result`, files as in
                `run_files`, or a list of any of these. Nothing is changed.
            source: Their origin, for the report; a sample's own `meta["source"]` takes precedence.

        Returns:
            The report: `read == len(kept) + len(rejected)`.

        Raises:
            ConfigError: there is no data in the argument; or one of your own rules failed, and the message names it
                and the sample.
            DataError: as in `run_files`.
        """
        items = list(samples_and_paths("samples", samples))
        self._check_files([item for item in items if not isinstance(item, Sample)])
        rows: list[CheckedRow] = []
        for position, item in enumerate(items):
            if isinstance(item, Sample):
                rows.append(CheckedRow(str(position), str(item.meta.get("source") or source), item, item))
            else:
                rows += _rows_of(item)
        return self._check(rows)

    def run_files(self, *paths: str | Path) -> QualityReport:
        """Check data set files, read with `swiftprep.swiftfmt.repair_file`, which repairs malformed rows where it can.

        Args:
            *paths: `.jsonl`, `.json` or `.csv` files.

        Raises:
            DataError: a file is missing or cannot be read at all, or it comes from another run than the file of
                `held_out` beside it.
        """
        return self.run(paths)

    def _check_files(self, paths: Sequence[str | Path]) -> None:
        for path, run in self._held_out_runs.items():
            if run_of(path) != run:
                raise DataError(
                    f"{path}: was written anew since it was read; create a new Checker "
                    "(文件读取后又被重新生成，请新建 Checker)"
                )
        if self._held_out_runs:
            check_together([*paths, *self._held_out_runs])

    def _check(self, rows: list[CheckedRow]) -> QualityReport:
        readable = (row for row in rows if row.sample is not None and row.reject is None)
        self._check_rows([row for row in readable if self._is_formed(row)])
        about_the_set: list[Note] = []
        for rule in (*SET_RULES, self._copied, self._contaminated):
            left = [row for row in rows if row.reject is None]
            for position, name, verdict in rule([row.shown for row in left if row.shown is not None]):
                level: Severity | Level = self._levels.get(name, verdict.severity)
                if level == "off":
                    continue
                if position is None:
                    about_the_set.append(Note(name, "warn", verdict.reason, verdict.reason_zh))
                elif left[position].reject is None:
                    note(left[position], name, level, verdict)
        return QualityReport(rows, about_the_set)

    def _check_rows(self, rows: list[CheckedRow]) -> None:
        """Apply the rules in order, again and again until none repairs anything more or one rejects the row."""
        size = sum(len(row.sample.answer) for row in rows if row.sample is not None)
        workers = self.workers or (min(os.cpu_count() or 1, 8) if size > _POOL_CHARACTERS else 1)
        workers = max(1, min(workers, len(rows)))
        with pool_of(workers) as pool, progress_bar(None, desc="check", unit=" samples", total=len(rows)) as bar:
            for turn in range(MOST_PASSES):
                before = [row.sample for row in rows]
                self._judging.judge(rows, pool)
                bar.update(len(rows) if turn == 0 else 0)
                repaired = [row.sample is not sample for row, sample in zip(rows, before, strict=True)]
                rows = [row for row, again in zip(rows, repaired, strict=True) if again and row.reject is None]

    def _is_formed(self, row: CheckedRow) -> bool:
        apply(row, "form", turns.form, self._terms)
        if row.reject is not None:
            row.reject = replace(row.reject, sample=None)  # no rule can read it, so secrets may still be in it
            row.sample = row.before = None
        return row.reject is None

    def _contaminated(self, samples: Sequence[Sample]) -> Iterator[Found]:
        """Compare the training samples with the evaluation samples: those with the split `val`, and `held_out`."""
        training = [position for position, sample in enumerate(samples) if not _is_held_out(sample)]
        tests = list(map(_own_words, [*self.held_out, *filter(_is_held_out, samples)]))
        for hit in contaminated([samples[position] for position in training], tests):
            say = drop if hit.share >= TOO_MUCH else warn
            yield (
                training[hit.position],
                "contamination",
                say(
                    f"holds {hit.share:.0%} of an evaluation sample: {hit.text[:60]}",
                    f"包含留出样本内容的 {hit.share:.0%}：{hit.text[:60]}",
                ),
            )

    def _copied(self, samples: Sequence[Sample]) -> Iterator[Found]:
        together = [*samples, *self.held_out]
        ours = range(len(samples))
        held_out = {
            position for position, sample in enumerate(together) if position not in ours or _is_held_out(sample)
        }
        threshold = self.near_duplicate_threshold
        for copy in duplicates(together, threshold=threshold or 1, near=threshold is not None, held_out=held_out):
            if copy.position not in ours:
                continue
            other = together[copy.of].id or f"sample {copy.of}" if copy.of in ours else "an evaluation sample"
            exact = copy.kind == "exact"
            name = "duplicate" if exact else "near-duplicate"
            alike, alike_zh = (
                ("", "") if exact else (f" ({copy.similarity:.0%} alike)", f"（相似度 {copy.similarity:.0%}）")
            )
            yield copy.position, name, drop(f"a copy of {other}{alike}", f"与 {other} 重复{alike_zh}")


def _own_words(sample: Sample) -> Sample:
    """Return a sample of the scanner without its question, whose wording it shares with all the others."""
    return sample.replace(messages=sample.messages[-1:]) if sample.kind in KINDS else sample


def _is_held_out(sample: Sample) -> bool:
    return sample.is_held_out


def _rows_of(path: str | Path) -> Iterator[CheckedRow]:
    for read in repair_file(path):
        place = f"{path}:{read.line}"
        row = CheckedRow(place, str(path), read.sample, read.sample)
        row.notes += [Note(name, "fix", *REPAIRS[name]) for name in read.repairs]
        if read.reject is not None:
            row.reject = replace(read.reject, path=place)
            row.notes.append(Note(read.reject.reason, "drop", read.reject.detail))
        yield row
