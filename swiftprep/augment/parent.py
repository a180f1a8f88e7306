"""A sample as the operations see it, and the drafts of its variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from swiftprep.augment.phrasing import Asked, language_of, read
from swiftprep.catalog.api import Component
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.facts import SCRIPTS, CutPlaces, read_script, read_vue, suffix_of
from swiftprep.code.markdown import fenced, is_bare_code
from swiftprep.records import Sample
from swiftprep.scan.kinds import SYNTAX

LONGEST = 200_000  # characters of the longest code that is parsed


class Draft(NamedTuple):
    """A variant that may still be left out.

    Attributes:
        instruction: The first part of the prompt.
        input: The second part of the prompt, or `""`.
        answer: The answer to learn.
        kind: The kind of the sample.
        meta: The metadata that differ from the parent's.
    """

    instruction: str
    input: str
    answer: str
    kind: str
    meta: dict[str, Any] = {}  # noqa: RUF012 - never changed

    @property
    def prompt(self) -> str:
        """The user's message."""
        return "\n".join(part for part in (self.instruction, self.input) if part)


# The result of an operation on a sample: drafts, the preferred ones first, or why there are none.
Drafts: TypeAlias = Iterator[Draft] | str


class AnswerCode(NamedTuple):
    """The code of an answer.

    Attributes:
        text: The code, without its fence.
        language: The language, for example `"vue"` or `"javascript"`.
        before: The part of the answer before the code, including its fence.
        after: The part after the code.
    """

    text: str
    language: str
    before: str
    after: str


@dataclass(frozen=True)
class Parent:
    """A sample to make variants of.

    Attributes:
        sample: The sample: one question, one answer.
        framework: The framework's name, if the sample does not state it.
        catalog: The framework's catalogue, or None.
        held_out: Files whose components must not be shown to training samples.
    """

    sample: Sample
    framework: str = ""
    catalog: Catalog | None = None
    held_out: frozenset[str] = field(default=frozenset())

    @cached_property
    def kind(self) -> str:
        """The kind of sample, or `""`."""
        return self.sample.kind

    @cached_property
    def path(self) -> str:
        """The file that the sample was made from, or `""`."""
        return self.sample.path

    @cached_property
    def _split(self) -> tuple[str, str]:
        prompt, input_ = self.sample.instruction_and_input
        if input_:
            return prompt, input_
        whole = read(prompt)
        if whole is None and self.kind in ("template", "script", "fim"):  # saved as messages, which lose the split
            first, _, rest = prompt.partition("\n")
            return first, rest
        return prompt, ""

    @property
    def instruction(self) -> str:
        """The first part of the prompt."""
        return self._split[0]

    @property
    def input(self) -> str:
        """The rest of the prompt."""
        return self._split[1]

    @cached_property
    def asked(self) -> Asked | None:
        """What the prompt asks; None if it is not one of the scanner's."""
        return read(self.sample.prompt) or read(self.instruction)

    @cached_property
    def lang(self) -> str:
        """The language to write in."""
        return self.asked.lang if self.asked else language_of(self.sample.prompt)

    @cached_property
    def known(self) -> dict[str, str]:
        """The facts that a new question may state: the framework's name."""
        name = (self.asked.facts.get("framework") if self.asked else "") or self.framework
        return {"framework": name} if name else {}

    @cached_property
    def code(self) -> AnswerCode | None:
        """The code of the answer, if it is the whole answer or its only code block."""
        answer = self.sample.answer
        blocks = fenced(answer)
        if not blocks and (self.kind == "component" or is_bare_code(answer)):
            looks = "vue" if answer.lstrip().startswith(("<template", "<script")) else "text"
            return AnswerCode(answer, SYNTAX.get(suffix_of(self.path), looks) if self.path else looks, "", "")
        if len(blocks) != 1 or not blocks[0].closed or "```" in blocks[0].code:
            return None
        block = blocks[0]
        text = block.code.removesuffix("\n")
        at = answer.index("\n", block.start) + 1
        return AnswerCode(text, block.language, answer[:at], answer[at + len(text) :])

    @cached_property
    def parsed(self) -> tuple[dict[str, Any], CutPlaces] | str:
        """The facts and the shape of the code (see `catalog/vue/facts.py`), or why there are none."""
        if self.code is None:
            return "no-code"
        if "\r" in self.code.text:
            return "crlf"
        if len(self.code.text) > LONGEST:
            return "too-long"
        source = self.code.text.encode("utf-8", "replace")
        suffix = next((end for end, name in SYNTAX.items() if name == self.code.language), "")
        if suffix == ".vue":
            facts, shape = read_vue(source, self.path)
        elif suffix in SCRIPTS:
            facts, shape = read_script(source, "code" + suffix)
        else:
            return "other-language"
        return "syntax" if facts.get("errors") else (facts, shape)

    @cached_property
    def is_vue(self) -> bool:
        """Whether the code is a single-file component, or a block of one."""
        return self.code is not None and self.code.language == "vue"

    @property
    def is_part(self) -> bool:
        """Whether the code is only a part of its file."""
        return "part" in self.sample.meta

    def component(self, tag: str) -> Component | None:
        """Return the catalogue's component of a tag, unless it is held out and this sample is not."""
        spec = self.catalog.find(tag) if self.catalog is not None else None
        if spec is None or (spec.path in self.held_out and not self.sample.is_held_out):
            return None
        return spec
