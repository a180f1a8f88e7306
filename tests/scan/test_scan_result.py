from __future__ import annotations

import random

from swiftprep import Scanner

HOSTILE = "<script>alert(1)</script>"


def words(number):
    return " ".join(random.Random(number).choices([f"w{i}" for i in range(5000)], k=60))


def big(tree, count=300):
    name = "p" * 200
    files = {f"{i}/{name}{i}.vue": f"<template><ta-card>{words(i)}</ta-card></template>\n" for i in range(count)}
    return tree({**files, "bad.vue": b"\0\0"})


def test_a_scan_has_a_length_and_yields_its_samples(tree):
    found = Scanner(big(tree, 20), cache=False).scan()
    assert len(found) == len(list(found)) == len(found.samples) > 20
    assert list(found) == found.samples == found.kept
    assert found.rejected == found.rejects
    assert (found.found, found.files_kept) == (21, 20)
    assert found.counts() == {
        "found": 21, "kept": 20, "rejected": 1, "samples": len(found), "train": len(found.train), "val": len(found.val),
    }  # fmt: skip
    assert found.reasons() == {"binary": 1}


def test_save_and_write_are_alike(tree, tmp_path):
    found = Scanner(big(tree, 5), cache=False).scan()
    one, other = found.write(tmp_path / "one"), found.save(tmp_path / "other")
    assert {name: path.read_bytes() for name, path in one.items()} == {n: p.read_bytes() for n, p in other.items()}


def test_what_a_notebook_shows_is_bounded(tree):
    found = Scanner(big(tree), framework="f" * 5000, cache=False).scan()
    for shown in (found, found.catalog, found.catalog.components["ta-card"]):
        assert len(repr(shown)) < 500
        assert 0 < len(shown._repr_html_()) < 20_000
        assert shown._repr_html_().count("<tr>") <= 21


def test_what_a_notebook_shows_is_escaped(tree):
    vue = f"<template><p/></template>\n<script>export default {{ name: 'TaBox', props: {{ '{HOSTILE[:8]}': String }} }}"
    found = Scanner(
        tree({f"{HOSTILE.replace('/', '')}.vue": vue + "</script>\n"}), framework=HOSTILE, cache=False
    ).scan()
    box = found.catalog.components["ta-box"]
    for shown in (found, found.catalog, box):
        assert "<script" not in shown._repr_html_()
    assert "&lt;script&gt;" in box._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
