"""The result of a distillation: samples, rejects with reasons, and the cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.flaw import Flaw
from swiftprep.notebook import html_table
from swiftprep.records import Reject, Sample, write_jsonl
from swiftprep.storage.disk import atomic_write
from swiftprep.storage.outputs import writing
from swiftprep.teachers.request import Reasoning
from swiftprep.text.characters import whole, whole_in

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run used.

    Attributes:
        calls: Attempts made, failed ones included.
        cached: Answers that came from the store, free of charge.
        tokens_in: Tokens of the prompts.
        tokens_out: Tokens of the answers, reasoning included.
        cost: Money; None when no teacher's price is known.
        outcomes: Outcome → attempts.
    """

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.tokens_in + self.tokens_out


def to_sample(scenario: Scenario, answer: str, reasoning: Reasoning, generator: str, meta: Mapping[str, Any]) -> Sample:
    """Return the training sample of an answer.

    Args:
        scenario: What was asked.
        answer: The answer as it will be trained on.
        reasoning: The form of its reasoning.
        generator: Identity of the teacher, or `"expert"`.
        meta: Further lineage.
    """
    about = {
        "kind": "scenario",
        "intent": scenario.intent,
        "components": list(scenario.components),
        "lang": scenario.lang,
        "level": scenario.level,
        "reasoning": reasoning,
        "generator": generator,
    }
    return Sample.from_instruction(
        scenario.instruction,
        "",
        whole(answer),
        id=scenario.id,
        channel="private",
        meta={**scenario.meta, **about, **meta},
    )


@dataclass(slots=True)
class ScenarioRecord:
    """The outcome of one scenario.

    Attributes:
        scenario: What was asked.
        sample: The verified answer, or None.
        reject: Why there is no sample; None when there is one, or when the scenario is pending.
        tries: Answers that were verified: 1 when the first was good.
        flaws: The flaws of each of them, in order.
    """

    scenario: Scenario
    sample: Sample | None = None
    reject: Reject | None = None
    tries: int = 0
    flaws: list[list[Flaw]] = field(default_factory=list)

    @property
    def pending(self) -> bool:
        """Whether the run ended before it was answered or rejected."""
        return self.sample is None and self.reject is None


@dataclass(frozen=True)
class Result:
    """The outcomes of all scenarios, as `Distiller.run` returns them.

    Attributes:
        records: One for each scenario, in order.
        usage: Calls, tokens and money.
        stopped: Why the run ended early; `""` when it did not.
        neutralised: What was removed from the code and docs sent to the teacher: kind → how often.
    """

    records: Sequence[ScenarioRecord]
    usage: Usage = field(default_factory=Usage)
    stopped: str = ""
    neutralised: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        pending = f", {len(self.pending)} pending" if self.pending else ""
        return (
            f"<Result: {self.asked} scenarios, {len(self.samples)} answered, {len(self.rejected)} rejected{pending}; "
            f"{self.usage.calls} calls>"
        )

    def _repr_html_(self) -> str:
        rates = self.pass_rates().round(2)
        return html_table(repr(self), list(rates.columns), rates.itertuples(index=False))

    @property
    def asked(self) -> int:
        """Number of scenarios; `asked == len(samples) + len(rejected) + len(pending)`."""
        return len(self.records)

    @property
    def samples(self) -> list[Sample]:
        """The verified answers, in the order of their scenarios."""
        return [record.sample for record in self.records if record.sample is not None]

    @property
    def kept(self) -> list[Sample]:
        """Another name for `samples`."""
        return self.samples

    @property
    def rejects(self) -> list[Reject]:
        """Another name for `rejected`."""
        return self.rejected

    @property
    def rejected(self) -> list[Reject]:
        """The rejects: `reason` is the kind of the first flaw, `sample` the last answer.

        `path` is the scenario's id, or for an expert's answer its place: `file:line`, in Excel `file:sheet!row`.
        """
        return [record.reject for record in self.records if record.reject is not None]

    @property
    def pending(self) -> list[Scenario]:
        """Scenarios the run did not get to; the next run goes on with them."""
        return [record.scenario for record in self.records if record.pending]

    def reasons(self) -> dict[str, int]:
        """Return reason → how many were rejected for it, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejected).most_common())

    def counts(self) -> pd.DataFrame:
        """Return how many scenarios had each outcome: kept, each reason to reject, pending.

        The columns are outcome and scenarios.
        """
        import pandas as pd

        rows = [("kept", len(self.samples)), *self.reasons().items(), ("pending", len(self.pending))]
        return pd.DataFrame(rows, columns=["outcome", "scenarios"])

    def pass_rates(self) -> pd.DataFrame:
        """Return how many answers passed at the first try and after repair.

        The first row counts all of them, the others each intent, language and component. The columns are by, name,
        asked, answered (at least one answer), first_try, repaired, kept, and first_try_rate and kept_rate as shares
        of those answered.
        """
        import pandas as pd

        groups: dict[tuple[str, str], list[ScenarioRecord]] = {}
        for record in self.records:
            scenario = record.scenario
            names = [("all", ""), ("intent", scenario.intent or "other"), ("lang", scenario.lang)]
            for group in [*names, *(("component", tag) for tag in scenario.components)]:
                groups.setdefault(group, []).append(record)
        order = ("all", "intent", "lang", "component")
        rows = []
        for by, name in sorted(groups, key=lambda key: (order.index(key[0]), key[1])):
            members = [record for record in groups[by, name] if not record.pending]
            answered = sum(record.tries > 0 for record in members)
            first = sum(record.sample is not None and record.tries == 1 for record in members)
            kept = sum(record.sample is not None for record in members)
            rates = [count / answered if answered else float("nan") for count in (first, kept)]
            rows.append((by, name, len(members), answered, first, kept - first, kept, *rates))
        columns = [
            "by", "name", "asked", "answered", "first_try", "repaired", "kept", "first_try_rate", "kept_rate",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, for a report."""
        return {
            "asked": self.asked,
            "answered": len(self.samples),
            "rejected": len(self.rejected),
            "pending": len(self.pending),
            "reasons": self.reasons(),
            "usage": {**asdict(self.usage), "tokens": self.usage.tokens},
            "stopped": self.stopped,
            "neutralised": self.neutralised,
            "pass_rates": orjson.loads(self.pass_rates().to_json(orient="records")),
        }

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write `samples.jsonl`, `rejects.jsonl` and `pending.jsonl`, all or none; see `swiftprep.storage.outputs`.

        `save` is another name for it.

        Returns:
            Name → file: samples, rejects, pending.
        """
        with writing(folder, "distill") as staged:
            write_jsonl(self.samples, staged / "samples.jsonl")
            _write_rows(map(asdict, self.rejected), staged / "rejects.jsonl")
            _write_rows(map(asdict, self.pending), staged / "pending.jsonl")
        return {name: Path(folder) / f"{name}.jsonl" for name in ("samples", "rejects", "pending")}

    save = write


def settle(record: ScenarioRecord, sample: Sample, flaws: list[Flaw]) -> None:
    """Keep the sample, or reject it with its flaws."""
    if not flaws:
        record.sample = sample
        return
    detail = "; ".join(flaw.message for flaw in flaws)
    detail_zh = "；".join(flaw.message_zh for flaw in flaws)
    # An answer that holds a secret is not even kept among the rejects.
    rejected = None if any(flaw.kind == "secret" for flaw in flaws) else sample
    record.reject = Reject(record.scenario.id, flaws[0].kind, detail, rejected, detail_zh)


def _write_rows(rows: Iterable[dict[str, Any]], path: Path) -> None:
    with atomic_write(path) as file:
        for row in rows:
            file.write(orjson.dumps(whole_in(row), option=orjson.OPT_APPEND_NEWLINE, default=str))
