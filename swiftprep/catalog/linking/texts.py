"""Functions of lodash and of Vue that change the case of a text."""

from __future__ import annotations

import re
from collections.abc import Callable

from swiftprep.catalog.api import kebab

_WORD_START = re.compile(r"[-_\s]+(\w)")


def _camel(text: str) -> str:
    camel = _WORD_START.sub(lambda match: match[1].upper(), text)
    return camel[:1].lower() + camel[1:]


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


TEXT_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "capitalize": str.capitalize, "upperFirst": _upper_first, "camelCase": _camel, "kebabCase": kebab,
    "lowerFirst": lambda text: text[:1].lower() + text[1:], "toUpper": str.upper, "toLower": str.lower,
    "hyphenate": kebab, "camelize": lambda text: _WORD_START.sub(lambda match: match[1].upper(), text),
}  # fmt: skip
