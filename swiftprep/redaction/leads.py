"""Selection of the rules that may apply to a text, by its words.

A rule starts at a word such as `token` or `admin`. Searching a text for the words of every rule takes longer than
splitting it into its own words, nearly all of which a code base repeats: the rules of each word are looked up once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MOST_WORDS = 200_000  # in the cache
_LONGEST = 64  # letters of a word in the cache
_WORDS = bytes(code if code < 128 and (chr(code).isalnum() or chr(code) in "_$") else 32 for code in range(256))


class Leads:
    r"""The words at which rules start.

    >>> leads = Leads({"keys": "token|secret", "users": r"admin\d*\Z"})
    >>> sorted(leads.rules(b"the admintoken of the admins")), sorted(leads.rules(b"admin: 1"))
    (['keys'], ['users'])
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """Set up.

        Args:
            patterns: For each rule a pattern that matches within at least one word of every text the rule applies to.
                Words consist of lower-case letters, digits, `_` and `$`.
        """
        self._patterns = {rule: re.compile(pattern.encode()) for rule, pattern in patterns.items()}
        self._any = re.compile("|".join(patterns.values()).encode())
        self._without: set[bytes] = set()  # words of no rule
        self._known: dict[bytes, frozenset[str]] = {}

    def rules(self, lower: bytes) -> set[str]:
        """Return the rules that may apply to a text in lower case, one byte per character."""
        rules: set[str] = set()
        for word in set(lower.translate(_WORDS).split()) - self._without:
            rules |= self._known.get(word) or self._of(word)
        return rules

    def _of(self, word: bytes) -> frozenset[str]:
        if len(self._without) + len(self._known) > _MOST_WORDS:
            self._without.clear()
            self._known.clear()
        if self._any.search(word) is None:
            if len(word) <= _LONGEST:
                self._without.add(word)
            return frozenset()
        rules = frozenset(rule for rule, pattern in self._patterns.items() if pattern.search(word))
        if len(word) <= _LONGEST:
            self._known[word] = rules
        return rules
