"""`Verifier`: is an answer fit to be trained on, and if not, why."""

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
_AT_ONCE = 500  # answers given to the worker
NOT_CHECKED = "not-checked"  # no fault of the answer's that is known


class Verifier:
    """Say whether an answer is fit to be trained on.

    A worker process looks through it; one that has no end there is itself not fit. One verifier may be used by
    several threads at once.

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
        """Make a verifier.

        Args:
            catalog: Of the framework; without it only the syntax of code is looked at.
            reasoning: The form the reasoning was asked for in.
            compiler: Compiles the Vue code, where the user has one.
            seconds: Of processor time that an answer may take.
        """
        self.catalog = catalog
        self.reasoning = reasoning
        self.compiler = compiler
        self.limits = ItemLimits.given("verify", seconds)
        self._examine = Guarded(Examiner(catalog, reasoning), limits=self.limits, size=_size)
        self._last: tuple[Scenario, Reply, Examined] | None = None

    @property
    def terms(self) -> str:
        """What whether an answer can be verified depends on, beside the answer."""
        return f"{swiftprep.__version__} {self.limits.seconds}"

    def finish(self, scenario: Scenario, reply: Reply) -> str:
        """Return the answer as it will be trained on; `""` for one that cannot be looked through.

        It is what `written` gives, repaired where that needs no teacher: hidden characters, JSON around the answer,
        fences that are not well formed, code without a fence, signs in code that only look right, "Certainly!" and
        "希望对你有帮助", the question repeated, and in a thought the sentences that speak of the prompt.
        `check` looks at the same text, so that what it passes is what is kept.
        """
        last = self._last  # it mostly comes after `check`
        if last is None or last[0] is not scenario or last[1] is not reply:
            return self._look(scenario, reply, ()).answer
        return last[2].answer

    def check(self, scenario: Scenario, reply: Reply, messages: Sequence[Message] = ()) -> list[Flaw]:
        """Return what is wrong with a reply; `[]` means it is good.

        Args:
            scenario: What was asked.
            reply: What came back.
            messages: The prompt, in which a copy is looked for; the teacher's own turns in it are passed over.

        Of an answer that holds a secret nothing else is told: what quotes it might show the secret.
        """
        finding = self._look(scenario, reply, messages)
        return [*finding.flaws, *self._compiled(finding.vue)]

    def check_all(self, asked: Iterable[tuple[Scenario, Reply]]) -> Iterator[tuple[list[Flaw], str]]:
        """Yield of each reply what `check` and `finish` return, without a prompt; many go to the worker at a time."""
        for some in _batches(asked):
            for finding in self._look_at_all([(scenario, reply, ()) for scenario, reply in some]):
                yield [*finding.flaws, *self._compiled(finding.vue)], finding.answer

    def _look(self, scenario: Scenario, reply: Reply, messages: Sequence[Message]) -> Examined:
        size = max(len(reply.content), len(reply.reasoning))
        asked = (scenario, reply, messages)
        finding = Examined([too_long(size)]) if size > 10 * LONGEST else _examined(self._examine(asked))
        self._last = (scenario, reply, finding)
        return finding

    def _look_at_all(self, asked: Sequence[Asked]) -> list[Examined]:
        sizes = [max(len(reply.content), len(reply.reasoning)) for _, reply, _ in asked]
        short = [one for one, size in zip(asked, sizes, strict=True) if size <= 10 * LONGEST]
        looked = iter(self._examine.map(short))
        return [_examined(next(looked)) if size <= 10 * LONGEST else Examined([too_long(size)]) for size in sizes]

    def _compiled(self, vue: Sequence[CodePiece]) -> Iterator[Flaw]:
        if self.compiler is not None:
            for piece in vue:
                for error in self.compiler.check(piece.code)[:MOST]:
                    yield at("compile", piece, 0, f"it does not compile: {error}", f"编译不通过：{error}")


def _examined(found: Examined | Lost) -> Examined:
    if not isinstance(found, Lost):
        return found
    more = "; verify_seconds= gives it more" if found.over == "seconds" else ""
    return Examined([Flaw(NOT_CHECKED, f"it could not be checked: {found.reason}{more}", f"无法检查：{found.reason}")])


def _batches(asked: Iterable[tuple[Scenario, Reply]]) -> Iterator[list[tuple[Scenario, Reply]]]:
    """Yield them a few hundred at a time, and fewer where they are long."""
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
