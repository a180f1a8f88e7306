"""Unknown tags are judged by what the catalogue knows."""

from __future__ import annotations

import pytest

from swiftprep import Catalog
from swiftprep.catalog.api import Component
from swiftprep.catalog.known_tags import KnownTags, families
from swiftprep.catalog.vue.markup import Use

NAMES = ("table", "table-column", "tag", "tree", "form", "select")
SOURCE = [Component(f"ta-{name}", registered=True) for name in NAMES]
SEEN = [Component(f"ta-{name}", origin="usage", owner="framework", uses=3) for name in NAMES]


def unknown(catalog, code, **settings):
    return [problem.tag for problem in catalog.check(code, **settings) if problem.kind == "unknown-tag"]


def test_what_an_application_never_used_is_not_unknown():
    catalog = Catalog(SEEN)
    assert unknown(catalog, "<div><ta-tree-select/><ta-pager/><page-head/><chart-line/></div>") == []
    assert unknown(catalog, "<div><ta-selectt/><ta-tabel/><taselect/></div>") == ["ta-selectt", "ta-tabel", "taselect"]


def test_a_framework_known_from_its_source_has_no_other_tags():
    catalog = Catalog(SOURCE)
    assert unknown(catalog, "<div><ta-tree-select/><ta-tabel/><ta-table/></div>") == ["ta-tabel", "ta-tree-select"]
    assert unknown(catalog, "<div><page-head/><chart-line/><v-table/><van-button/></div>") == ["van-button"]


def test_strictly_no_other_family_exists_either():
    for catalog in (Catalog(SOURCE), Catalog(SEEN)):
        assert unknown(catalog, "<div><page-head/><ta-form/></div>", strict=True) == ["page-head"]
    seen = Catalog(SEEN, usage={"page-foot": Use(2)})
    assert unknown(seen, "<div><page-head/><ta-pager/></div>", strict=True) == []


def test_an_author_who_knows_the_catalogue_alone_knows_no_other_tag():
    assert unknown(Catalog(SEEN), "<div><ta-tree-select/></div>", only_known=True) == ["ta-tree-select"]


def test_what_only_the_application_defines_closes_no_family():
    own = [Component(f"ta-{name}", owner="application") for name in ("list", "head")]
    assert unknown(Catalog([*own, *SEEN[:1]]), "<div><ta-pager/></div>") == []


def test_a_family_is_not_closed_if_code_uses_more_of_it_than_the_source_shows():
    once = Component("ta-tabl", origin="usage", owner="framework", uses=1)
    assert KnownTags([*SOURCE, once], []).lack("ta-pager") is True
    assert KnownTags([*SOURCE[1:], SEEN[0]], []).lack("ta-pager") is False
    assert KnownTags([*SOURCE[1:], SEEN[0]], []).lack("ta-tabel") is True  # a slip all the same


def test_what_the_source_defines_may_be_registered_in_a_way_that_is_not_followed():
    tags = KnownTags([*SOURCE, Component("item", path="menu/item.js"), Component("ta-menu", registered=True)], [])
    assert [tags.lack(tag) for tag in ("ta-menu-item", "ta-item", "ta-list-item", "ta-menu-itme")] == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "is_slip"),
    [
        ("ta-taable", True),
        ("ta-tabel", True),
        ("ta-tables", False),  # a plural may be another component
        ("ta-trek", False),  # another letter in a short word makes another word
        ("tb-table", False),
        ("b-table", False),
    ],
)
def test_a_slip_of_a_seen_tag_differs_by_a_letter_and_is_no_other_word(tag, is_slip):
    assert KnownTags(SEEN, []).lack(tag) is is_slip


def test_a_slip_of_a_tag_that_the_file_registers_is_found():
    code = "<template><side-boxx/></template>\n<script>\nimport SideBox from './a'\nexport default { components: { SideBox } }\n</script>"
    assert unknown(Catalog(SOURCE), code) == ["side-boxx"]
    assert unknown(Catalog(SEEN[:1]), code.replace("side-boxx", "tide-box")) == []  # of another family
    word = code.replace("SideBox", "ActionBox")
    assert unknown(Catalog(SOURCE), word.replace("side-boxx", "acton-box")) == ["acton-box"]  # no framework's prefix


def test_an_applications_component_known_from_its_uses_is_not_checked_for_slips():
    from swiftprep.catalog.api import Prop

    size = (Prop("pageSize"),)
    parts = [Component(f"ta-{o}", props=size, origin="usage", owner=o, open=("props",)) for o in ("framework", "application")]  # fmt: skip
    problems = Catalog(parts).check("<div><ta-framework page-szie='1'/><ta-application page-szie='1'/></div>")
    assert [(problem.tag, problem.name) for problem in problems] == [("ta-framework", "page-szie")]


def test_families_are_shared_by_many():
    assert families([*SOURCE, Component("page-head")]) == {"ta"}
    assert families(SOURCE[:2]) == set()
