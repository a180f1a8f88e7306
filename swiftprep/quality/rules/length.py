"""The rule about the token budget."""

from __future__ import annotations

from collections.abc import Callable

from swiftprep.quality.rule import RuleResult, drop
from swiftprep.records import Sample
from swiftprep.tokens import sample_tokens


def over_budget(max_tokens: int, count: Callable[[str], int] | None) -> Callable[[Sample], RuleResult | None]:
    """Return a rule that rejects samples too long for the training run.

    Args:
        max_tokens: swift's `--max_length`, the chat template's own tokens included.
        count: Counts the tokens of a text; without it, each Chinese character and every four other characters count
            as 1, a rough estimate for Qwen's tokenizer.
    """
    counter = count or estimate

    def too_long(sample: Sample) -> RuleResult | None:
        """Drop a sample longer than `max_tokens`, which ms-swift would drop or truncate."""
        size = sample_tokens(sample, counter) + 5 * len(sample.messages)
        if size <= max_tokens:
            return None
        return drop(f"{size:,} tokens, more than {max_tokens:,}", f"{size:,} 个 token，超过 {max_tokens:,}")

    return too_long


def estimate(text: str) -> int:
    """Estimate how many tokens a text has, without a tokenizer.

    >>> estimate("表格组件"), estimate("export default {}")
    (4, 5)
    """
    wide = sum(character > "\u2e7f" for character in text)
    return wide + -(-(len(text) - wide) // 4)
