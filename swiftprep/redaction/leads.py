"""Tell by its words which rules a text may concern.

A rule begins at a word such as `token` or `admin`. To look through a text for the words of every rule takes longer than
to cut it into its own words, of which a code base repeats nearly all: what a word means to the rules is found out once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MOST_WORDS = 200_000  # to remember
_LONGEST = 64  # letters of a word to remember
_WORDS = bytes(code if code < 128 and (chr(code).isalnum() or chr(code) in "_$") else 32 for code in range(256))


class Leads:
    r"""The words that rules begin at.

    >>> leads = Leads({"keys": "token|secret", "users": r"admin\d*\Z"})
    >>> sorted(leads.rules(b"the admintoken of the admins")), sorted(leads.rules(b"admin: 1"))
    (['keys'], ['users'])
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """Set up.

        Args:
            patterns: For each rule a pattern, one of whose matches is in some word of every text that the rule
                concerns. Words are of small letters, digits, `_` and `$`.
        """
        self._patterns = {rule: re.compile(pattern.encode()) for rule, pattern in patterns.items()}
        self._any = re.compile("|".join(patterns.values()).encode())
        self._without: set[bytes] = set()  # words that lead to no rule
        self._known: dict[bytes, frozenset[str]] = {}

    def rules(self, lower: bytes) -> set[str]:
        """Return the rules that a text may concern; it is in small letters, one byte a character."""
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
