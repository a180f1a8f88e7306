"""`Verifier`: decide whether an answer is fit for training, and if not, why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import swiftprep
from swiftprep.catalog.catalog import Catalog
from swiftprep.code.pieces import CodePiece
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.compiler import Compiler
from swiftprep.distill.verification.examine import LONGEST, MOST, Examined, Examiner, at, too_long, wants_code
from swiftprep.distill.verification.flaw import Flaw
from swiftprep.process.workers import Guarded, ItemLimits, Lost
from swiftprep.records import Message
from swiftprep.teachers.request import Reasoning, Reply

__all__ = ["KINDS", "Flaw", "Verifier", "wants_code"]

KINDS = (
    "empty", "refusal", "truncated", "no-code", "api", "syntax", "compile", "no-reasoning", "placeholder", "copy",
    "secret", "prompt-leak", "wrong-component", "wrong-language", "looping", "chat-markers",
    "look-alikes",
)  # fmt: skip
Asked: TypeAlias = tuple[Scenario, Reply, Sequence[Message]]
_AT_ONCE = 500  # answers passed to the worker at once
NOT_CHECKED = "not-checked"  # it could not be verified, which need not be the answer's fault


class Verifier:
    """Verify answers before they are trained on.

    A worker process examines each answer; one on which it does not finish is rejected. Several threads may share a
    verifier.

    >>> verifier = Verifier(reasoning="none")
    >>> [flaw.kind for flaw in verifier.check(Scenario("写一个按钮"), Reply("抱歉，我无法帮助您完成这个请求。"))]
    ['refusal']
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        reasoning: Reasoning = "inline",
        compiler: Compiler | None = None,
        seconds: float = 3.0,
    ) -> None:
        """Create a verifier.

        Args:
            catalog: The framework's catalogue; without it only the syntax of code is checked.
            reasoning: The requested form of reasoning.
            compiler: The user's Vue compiler, if there is one.
            seconds: CPU seconds an answer may take.
        """
        self.catalog = catalog
        self.reasoning = reasoning
        self.compiler = compiler
        self.limits = ItemLimits.given("verify", seconds)
        self._examine = Guarded(Examiner(catalog, reasoning), limits=self.limits, size=_size)
        self._examine_experts = Guarded(Examiner(catalog, reasoning, is_expert=True), limits=self.limits, size=_size)
        self._last: tuple[Scenario, Reply, Examined] | None = None

    @property
    def terms(self) -> str:
        """The conditions, besides the answer, on which it depends whether an answer can be verified."""
        return f"{swiftprep.__version__} {self.limits.seconds}"

    def finish(self, scenario: Scenario, reply: Reply) -> str:
        """Return the answer as it will be trained on; `""` for one that cannot be examined.

        That is what `written` returns, with the repairs that need no teacher: hidden characters, JSON around the
        answer, malformed fences, code without a fence, look-alike characters in code, "Certainly!" and
        "希望对你有帮助", the question repeated, and sentences of a thought that mention the prompt.
        `check` examines the same text, so what it passes is what is kept.
        """
        last = self._last  # usually `check` has just examined it
        if last is None or last[0] is not scenario or last[1] is not reply:
            return self._look(scenario, reply, ()).answer
        return last[2].answer

    def check(self, scenario: Scenario, reply: Reply, messages: Sequence[Message] = ()) -> list[Flaw]:
        """Return the flaws of a reply; `[]` means it is good.

        If an answer holds a secret, that is the only flaw returned: others quote the answer and might show it.

        Args:
            scenario: What was asked.
            reply: The teacher's reply.
            messages: The prompt, to detect copies; the teacher's own turns in it are ignored.
        """
        finding = self._look(scenario, reply, messages)
        return [*finding.flaws, *self._compiled(finding.vue)]

    def check_all(
        self, asked: Iterable[tuple[Scenario, Reply]], *, by_experts: bool = False
    ) -> Iterator[tuple[list[Flaw], str]]:
        """Yield what `check`, without a prompt, and `finish` return for each reply; the worker takes many at a time.

        Args:
            asked: What was asked, with the reply.
            by_experts: Whether the replies are by people who know the framework, also what the catalogue has not seen
                of it; a teacher knows no more than the reference it is shown.
        """
        for some in _batches(asked):
            for finding in self._look_at_all([(scenario, reply, ()) for scenario, reply in some], by_experts):
                yield [*finding.flaws, *self._compiled(finding.vue)], finding.answer

    def _look(self, scenario: Scenario, reply: Reply, messages: Sequence[Message]) -> Examined:
        size = max(len(reply.content), len(reply.reasoning))
        asked = (scenario, reply, messages)
        finding = Examined([too_long(size)]) if size > 10 * LONGEST else _examined(self._examine(asked))
        self._last = (scenario, reply, finding)
        return finding

    def _look_at_all(self, asked: Sequence[Asked], by_experts: bool) -> list[Examined]:
        sizes = [max(len(reply.content), len(reply.reasoning)) for _, reply, _ in asked]
        short = [one for one, size in zip(asked, sizes, strict=True) if size <= 10 * LONGEST]
        looked = iter((self._examine_experts if by_experts else self._examine).map(short))
        return [_examined(next(looked)) if size <= 10 * LONGEST else Examined([too_long(size)]) for size in sizes]

    def _compiled(self, vue: Sequence[CodePiece]) -> Iterator[Flaw]:
        if self.compiler is not None:
            for piece in vue:
                for error in self.compiler.check(piece.code)[:MOST]:
                    yield at("compile", piece, 0, f"it does not compile: {error}", f"编译不通过：{error}")


def _examined(result: Examined | Lost) -> Examined:
    if not isinstance(result, Lost):
        return result
    more = "; verify_seconds= gives it more" if result.over == "seconds" else ""
    return Examined(
        [Flaw(NOT_CHECKED, f"it could not be checked: {result.reason}{more}", f"无法检查：{result.reason}")]
    )


def _batches(asked: Iterable[tuple[Scenario, Reply]]) -> Iterator[list[tuple[Scenario, Reply]]]:
    """Yield replies in batches of a few hundred, fewer where they are long."""
    some: list[tuple[Scenario, Reply]] = []
    size = 0
    for scenario, reply in asked:
        some.append((scenario, reply))
        size += len(reply.content) + len(reply.reasoning)
        if len(some) >= _AT_ONCE or size > 10 * LONGEST:
            yield some
            some, size = [], 0
    if some:
        yield some


def _size(asked: Asked) -> int:
    return len(asked[1].content) + len(asked[1].reasoning)
