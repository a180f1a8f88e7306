from __future__ import annotations

import logging

import pytest

from swiftprep import Catalog
from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.vue.markup import Use


def box(*props, origin="source", **more):
    return Component("ta-box", props=tuple(map(Prop, props)), origin=origin, **more)


def test_source_beats_web_types_and_web_types_beat_usage(caplog):
    usage, types, source = box("a", origin="usage", uses=3), box("b", origin="web-types"), box("c", uses=1)
    for order in ((usage, types, source), (source, types, usage), (types, source, usage)):
        (merged,) = Catalog.merge([Catalog([one]) for one in order])
        assert (merged.origin, [p.name for p in merged.props], merged.uses) == ("source", ["c"], 4)
    (merged,) = Catalog.merge([Catalog([usage]), Catalog([types])])
    assert merged.origin == "web-types"
    assert not caplog.records


def test_of_equals_the_first_is_taken_and_the_other_is_logged(caplog):
    one, other = Catalog([box("a", path="a.vue")]), Catalog([box("b", path="b.vue"), Component("ta-tag")])
    with caplog.at_level(logging.WARNING, logger="swiftprep"):
        merged = Catalog.merge([one, other])
    assert merged.components["ta-box"].path == "a.vue"
    assert "ta-box (b.vue)" in caplog.text
    assert list(merged.components) == ["ta-box", "ta-tag"]
    caplog.clear()
    Catalog.merge([one, one])
    assert not caplog.records


def test_usage_adds_up_and_the_given_catalogues_stay_as_they_are():
    app = Catalog(usage={"ta-box": Use(2, props={"a": [2, 0, ["x"]]})}, vue_version="3.4")
    other = Catalog(usage={"ta-box": Use(3, props={"a": [3, 1, ["y"]]}), "ta-tag": Use(1)}, framework="acme")
    merged = Catalog.merge([app, other])
    assert merged.usage["ta-box"].count == 5
    assert merged.usage["ta-box"].props == {"a": [5, 1, ["x", "y"]]}
    assert set(merged.usage) == {"ta-box", "ta-tag"}
    assert (merged.framework, merged.vue_version) == ("acme", "3.4")
    assert (app.usage["ta-box"].count, app.usage["ta-box"].props) == (2, {"a": [2, 0, ["x"]]})


def test_a_further_name_of_a_component_is_not_listed_again():
    source = Component("ta-box", names=("TaBox", "TaCrate"))
    (merged,) = Catalog.merge([Catalog([Component("ta-crate", origin="usage", uses=2)]), Catalog([source])])
    assert (merged.name, merged.uses) == ("ta-box", 2)


def test_components_under_a_path_are_all_kept():
    first = Catalog({"ta-box": box("a"), "src/Box.vue": box("b")})
    second = Catalog({"src/Box.vue": box("c"), "src/Other.vue": box("d")})
    merged = Catalog.merge([first, second, first])
    assert {key: [p.name for p in c.props] for key, c in merged.components.items()} == {
        "src/Box.vue": ["b"], "src/Box.vue#2": ["c"], "src/Other.vue": ["d"], "ta-box": ["a"],
    }  # fmt: skip


def test_none_merge_to_none():
    assert len(Catalog.merge([])) == 0


@pytest.mark.parametrize("method", ["save", "write"])
def test_a_folder_is_read_by_its_catalogue(tmp_path, method):
    catalog = Catalog([box("a")], framework="acme")
    getattr(catalog, method)(tmp_path / "catalog.json")
    assert Catalog.load(tmp_path).components == Catalog.load(str(tmp_path)).components == catalog.components
