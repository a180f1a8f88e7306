"""The facts of all files, parsed on access."""

from __future__ import annotations

import gc

import pytest

from swiftprep.scan.aggregate import SpooledFacts
from swiftprep.scan.result import Spool


class CountingSpool(Spool):
    """A spool that counts how often it is read."""

    def __init__(self):
        super().__init__()
        self.reads = 0

    def get(self, place):
        self.reads += 1
        return super().get(place)


def spooled(count, size=2):
    spool = CountingSpool()
    text = "a" * size
    return spool, SpooledFacts(
        {f"f{n}.js": spool.add(b'{"n": %d, "a": "%s"}' % (n, text.encode())) for n in range(count)}, spool
    )


def test_facts_are_parsed_once_for_all_passes_over_a_large_tree():
    spool, facts = spooled(3000)
    for _ in range(3):
        assert [facts[path]["n"] for path in facts] == list(range(3000))
    assert spool.reads == 3000


def test_facts_beyond_the_kept_ones_are_parsed_again_but_those_kept_are_not():
    spool, facts = spooled(2000, size=10_000)
    for path in facts:
        assert facts[path]["a"]
    first = spool.reads
    assert [facts[path]["n"] for path in facts] == list(range(2000))
    assert 0 < spool.reads - first < 1300


def test_a_file_without_facts_is_no_key():
    _, facts = spooled(1)
    assert "other.js" not in facts
    assert facts.get("other.js") is None
    with pytest.raises(KeyError):
        facts["other.js"]


@pytest.mark.parametrize("is_enabled", [True, False], ids=["collecting", "not collecting"])
def test_parsing_leaves_garbage_collection_as_it_was(is_enabled):
    was_enabled = gc.isenabled()
    (gc.enable if is_enabled else gc.disable)()
    try:
        _, facts = spooled(1)
        assert facts["f0.js"]["n"] == 0
        assert gc.isenabled() is is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
