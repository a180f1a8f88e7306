"""Find the slots that a file reads of other components, as a parent does of what stands between its tags."""

from __future__ import annotations

import re

from swiftprep.catalog.vue.behaviour import last_word, own_names
from swiftprep.catalog.vue.module import Module

# `child.$slots.title`, `context?.slots?.['more-icon']`
_PART = re.compile(rb"\.\$?(?:s|scopedS)lots(?:\??\.([A-Za-z_][\w$]*)|(?:\?\.)?\[\s*['\"]([\w-]{1,80})['\"]\s*\])")
_METHOD = re.compile(rb"\.[\w$]{0,20}[sS]lots?\(\s*['\"]([\w-]{1,80})['\"]")  # `child.slots('title')`
_HELPER = re.compile(rb"\(\s*([\w$]{1,80})\s*,\s*['\"]([\w-]{1,80})['\"]")  # `getSlot(child, 'title')`
_FAR = 60
_MOST = 200  # of one file


def asked_slots(source: bytes, module: Module) -> list[list[str]]:
    """Return `[helper, slot]` of each slot that is read of something other than the component itself.

    The helper is the function that reads it, which linking looks at, or `""`.
    """
    own = own_names(source)
    found: dict[tuple[str, str], None] = {}
    for pattern in (_PART, _METHOD) if b"lot" in source else ():
        for match in pattern.finditer(source):
            receiver = last_word(source[max(0, match.start() - _FAR) : match.start()].rstrip(b"?!)"))
            if receiver and receiver not in own:
                found["", (match[1] or match[match.lastindex or 1]).decode()] = None
    for match in _HELPER.finditer(source):
        helper = last_word(source[max(0, match.start() - _FAR) : match.start()])
        if match[1].decode() not in own and (helper in module.imports or helper in module.flows):
            found[helper, match[2].decode()] = None
    return [list(pair) for pair in list(found)[:_MOST]]
