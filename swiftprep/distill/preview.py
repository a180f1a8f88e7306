"""Preview a run: what it would send, where to, and what it might cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swiftprep.distill.budget import cost_of
from swiftprep.distill.prompting.prompts import Prompter
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.distill.store import read_answers
from swiftprep.notebook import html_table
from swiftprep.quality.rules.length import estimate
from swiftprep.records import Message
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.request import Reasoning, Request, longest

SHOWN = 2  # prompts shown in full


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Attributes:
        host: Where the requests would go.
        teacher: The teacher that would answer.
        calls: First calls, one for each scenario that is not in the store; repairs and retries come on top.
        cached: Scenarios whose first answer is in the store.
        tokens_in: Approximate tokens of the prompts.
        tokens_out: Tokens of the answers, at most.
        cost: Money, at most; None when the price is unknown.
        prompts: The first prompts, in full.
    """

    host: str
    teacher: str
    calls: int
    cached: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    prompts: Sequence[Sequence[Message]]

    def __repr__(self) -> str:
        about = f"{self.calls} calls to {self.host:.100} ({self.teacher:.100}), {self.cached} answers in the store"
        return f"<Preview: {about}, about {self.tokens_in} tokens>"

    def _repr_html_(self) -> str:
        names = ("host", "teacher", "calls", "cached", "tokens_in", "tokens_out", "cost")
        prompts = [(f"prompt, {message['role']}", message["content"]) for prompt in self.prompts for message in prompt]
        return html_table(repr(self), ("what", "value"), [*((name, getattr(self, name)) for name in names), *prompts])

    def __str__(self) -> str:
        return self.in_words()

    def in_words(self, lang: Lang = "en") -> str:
        """Return it as text.

        Args:
            lang: `"en"` or `"zh"`.
        """
        if lang == "zh":
            cost = "未知，请填写教师模型的单价 price" if self.cost is None else f"最多 {self.cost:.4g}"
            lines = [
                f"发往     {self.host}（{self.teacher}）",
                f"调用     {self.calls} 次，另加修改所需的调用；已有 {self.cached} 个回答在存储中",
                f"token    提示词约 {self.tokens_in} 个，回答最多 {self.tokens_out} 个",
                f"费用     {cost}",
            ]
        else:
            cost = "not known: give the teacher its price=" if self.cost is None else f"at most {self.cost:.4g}"
            lines = [
                f"to       {self.host} ({self.teacher})",
                f"calls    {self.calls}, and more for repairs; {self.cached} answers are in the store",
                f"tokens   about {self.tokens_in} of prompts, at most {self.tokens_out} of answers",
                f"cost     {cost}",
            ]
        for number, messages in enumerate(self.prompts, start=1):
            heading = (
                f"第 {number} 条提示词全文，共 {self.calls} 条"
                if lang == "zh"
                else f"prompt {number} of {self.calls}, whole"
            )
            lines.append(f"\n──── {heading}")
            lines += [f"[{message['role']}]\n{message['content']}" for message in messages]
        return "\n".join(lines)


def preview(
    prompter: Prompter, teacher: TeacherProtocol, store: Path, scenarios: Sequence[Scenario], reasoning: Reasoning
) -> Preview:
    """Return what a run would do; see `Distiller.preview`."""
    prompts = [prompter.ask(scenario).messages for scenario in scenarios]
    keys = [Request(teacher.identity, messages, teacher.sampling, reasoning).key() for messages in prompts]
    settled = read_answers(store, keys)
    missing = [messages for messages, key in zip(prompts, keys, strict=True) if key not in settled]
    tokens_in = sum(estimate(message["content"]) for messages in missing for message in messages)
    tokens_out = len(missing) * longest(teacher.sampling)
    return Preview(
        host=teacher.host,
        teacher=teacher.identity,
        calls=len(missing),
        cached=len(prompts) - len(missing),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost_of(teacher.price, tokens_in, tokens_out),
        prompts=missing[:SHOWN],
    )
