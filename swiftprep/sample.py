"""`Sample`, the record type used throughout swiftprep, and `Reject`, an input that did not become one."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample: a conversation that ends with the answer to learn.

    Attributes:
        messages: Turns as `{"role": …, "content": …}`; the last one is the assistant's.
        id: Stable name of the sample, unique within a data set.
        channel: Where it belongs in the mix, such as `"private"` or `"general"`. ms-swift reports the loss of
            each channel when `enable_channel_loss` is on.
        meta: Lineage and everything else (`path`, `commit`, `span`, `parent`, `generator`, `version` …).

    >>> sample = Sample.from_instruction("Say hi.", "", "Hi!", id="greeting-1")
    >>> sample.prompt, sample.answer
    ('Say hi.', 'Hi!')
    """

    messages: list[Message]
    id: str = ""
    channel: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return a short description: a list of samples printed in full would be megabytes."""
        asked, answer = reprlib.repr(self.prompt), reprlib.repr(self.messages[-1]["content"] if self.messages else "")
        return f"<Sample {self.id[:80]!r}: {asked} → {answer}>"

    @classmethod
    def from_instruction(
        cls,
        instruction: str,
        input: str,
        output: str,
        *,
        id: str = "",
        channel: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Sample:
        """Make a one-turn sample the way ms-swift joins an alpaca row: `instruction`, newline, `input`."""
        meta = dict(meta or {})
        if instruction and input:
            meta["input_at"] = len(instruction) + 1  # where the prompt is split again when written as alpaca
        prompt = f"{instruction}\n{input}" if instruction and input else instruction or input
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": output}]
        return cls(messages=turns, id=id, channel=channel, meta=meta)

    @property
    def prompt(self) -> str:
        """The last user message, or an empty string."""
        return next((m["content"] for m in reversed(self.messages) if m["role"] == "user"), "")

    @property
    def kind(self) -> str:
        """The kind of sample it is, such as `"component"` or `"scenario"`; empty if it does not say."""
        return str(self.meta.get("kind") or "")

    @property
    def path(self) -> str:
        """The file it was made from, relative to the scanned root; empty if there is none."""
        return str(self.meta.get("path") or "")

    @property
    def is_held_out(self) -> bool:
        """Whether it is on the evaluation side of the split."""
        return self.meta.get("split") == "val"

    @property
    def instruction_and_input(self) -> tuple[str, str]:
        """The prompt as the two fields of an alpaca row; the second is empty if the sample does not tell them apart.

        A prompt that was edited since is not split.
        """
        prompt, at = self.prompt, self.meta.get("input_at", 0)
        if isinstance(at, int) and at > 0 and prompt[at - 1 : at] == "\n":
            return prompt[: at - 1], prompt[at:]
        return prompt, ""

    @property
    def answer(self) -> str:
        """The last message, which is what the model learns to say."""
        return self.messages[-1]["content"]

    def replace(self, **changes: Any) -> Sample:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Reject:
    """An input that did not become a sample.

    Attributes:
        path: The file, relative to the scanned root, or `file:line` for a row.
        reason: A short fixed word, such as `"ignored"` or `"bad-row"`, to count by.
        detail: What exactly, for a person.
        sample: The sample that was rejected, where there was one.
        detail_zh: The detail in Chinese; `""` where `detail` holds both languages.
    """

    path: str
    reason: str
    detail: str = ""
    sample: Sample | None = None
    detail_zh: str = ""
