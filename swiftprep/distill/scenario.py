"""`Scenario`: one thing to ask a teacher."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from swiftprep.arguments import checked_keywords
from swiftprep.text.characters import whole, whole_in

Lang: TypeAlias = Literal["zh", "en"]


@checked_keywords
@dataclass(frozen=True, slots=True)
class Scenario:
    """An instruction for a teacher, and what it is about.

    Attributes:
        instruction: What the trained model will be asked.
        id: Stable name, unique within a data set; derived from the instruction by default.
        components: Tags it is about, such as `("ta-table", "ta-pagination")`; empty when unknown.
        intent: What to do with them, one of `swiftprep.distill.planning.intents.INTENTS` or a user's own word;
            `""` when unknown.
        lang: Language of the instruction and of the answer.
        level: Difficulty: 1 one component, basic use; 2 a feature of a page; 3 a whole page with its edge cases.
        meta: Lineage (`source`, `author` …), copied to the sample.

    >>> Scenario("How do I page a ta-table?", components=("ta-table",)).id
    's-c2fcdb0d7096'
    """

    instruction: str
    id: str = ""
    components: tuple[str, ...] = ()
    intent: str = ""
    lang: Lang = "zh"
    level: int = 1
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "components", tuple(self.components))
        object.__setattr__(self, "instruction", whole(self.instruction))
        for name in ("id", "components", "intent", "meta"):
            object.__setattr__(self, name, whole_in(getattr(self, name)))
        if not self.id:
            digest = hashlib.blake2b(self.instruction.encode("utf-8", "replace"), digest_size=6).hexdigest()
            object.__setattr__(self, "id", f"s-{digest}")

    def replace(self, **changes: Any) -> Scenario:
        """Return a copy with some attributes changed."""
        return replace(self, **changes)
