from __future__ import annotations

import json

import pytest

from swiftprep import Scanner
from swiftprep.errors import ConfigError

TABLE = "<template><div /></template>\n<script>export default { name: 'TaTable', props: ['rows'] }</script>\n"
CARD = "<template><p /></template>\n<script>export default { name: 'TaCard', props: ['title'] }</script>\n"
PAGE = "<template>\n  <ta-card title='a'><ta-table :rows='rows' /></ta-card>\n</template>\n"


@pytest.fixture
def two(tree):
    root = tree(
        {
            "shop/src/Page.vue": PAGE,
            "shop/src/Other.vue": PAGE.replace("title='a'", "title='other' class='b'"),
            "shop/package.json": json.dumps({"name": "shop", "dependencies": {"@corp/ta404": "1", "vue": "^3.4.0"}}),
            "shop/build/Out.vue": PAGE,
            "ui/src/Table.vue": TABLE,
            "ui/src/Card.vue": CARD,
            "ui/src/Page.vue": "<template><ta-table /></template>\n",
            "ui/package.json": json.dumps({"name": "@corp/ta404-source"}),
            "ui/.gitignore": "Ignored.vue\n",
            "ui/Ignored.vue": CARD,
            "shop/Ignored.vue": PAGE + "<!-- kept -->",
        }
    )
    return root / "shop", root / "ui"


def scan(*roots, **given):
    return Scanner(list(roots), **{"cache": False, "workers": 1, **given}).scan()


def test_uses_in_the_application_resolve_to_the_frameworks_components(two):
    found = scan(*two)
    table = found.catalog.components["ta-table"]
    assert (table.origin, table.path, table.uses) == ("source", "ui/src/Table.vue", 4)
    assert [p.kind for p in found.catalog.check("<template><ta-table :row='a' /></template>")] == ["unknown-prop"]
    assert (found.framework, found.framework_from) == ("ta404-source", "package.json")
    assert found.vue_version == "3.4"


def test_paths_begin_with_the_folders_name_and_counts_add_up(two):
    found = scan(*two, sample_all=True)
    assert [file["path"] for file in found.files] == [
        "shop/Ignored.vue", "shop/src/Other.vue", "shop/src/Page.vue", "ui/src/Card.vue", "ui/src/Page.vue",
        "ui/src/Table.vue",
    ]  # fmt: skip
    assert {(r.path, r.reason) for r in found.rejects} == {
        ("shop/build/Out.vue", "ignored"),
        ("ui/Ignored.vue", "ignored"),
    }
    each = [scan(root) for root in two]
    assert found.found == found.files_kept + len(found.rejects) == sum(one.found for one in each)
    assert {s.path.partition("/")[0] for s in found} == {"shop", "ui"}
    assert len({s.id for s in found}) == len(found)
    assert found.roots == {"shop": two[0], "ui": two[1]}
    assert str(two[0]) in repr(found)
    assert str(two[1]) in repr(found)


def test_samples_are_the_applications_and_the_catalogue_is_that_of_all(two):
    found = scan(*two)
    assert [file["path"] for file in found.files] == ["shop/Ignored.vue", "shop/src/Other.vue", "shop/src/Page.vue"]
    assert {(r.path, r.reason) for r in found.rejects} == {("shop/build/Out.vue", "ignored")}
    assert {s.path.partition("/")[0] for s in found if s.kind != "api"} == {"shop"}
    assert {s.path for s in found if s.kind == "api"} == {"ui/src/Card.vue", "ui/src/Table.vue"}
    assert {s.path.partition("/")[0] for s in scan(*two[::-1]) if s.kind != "api"} == {"ui"}


def test_of_two_components_with_one_tag_that_of_the_first_folder_counts(tree):
    root = tree({"a/Box.vue": TABLE, "b/Box.vue": TABLE.replace("rows", "lines"), "a/A.vue": PAGE, "b/B.vue": PAGE})
    first = [scan(root / one, root / other).catalog.components["ta-table"].path for one, other in ("ab", "ba")]
    assert first == ["a/Box.vue", "b/Box.vue"]


def test_neither_the_order_of_further_folders_nor_the_workers_matter(two, tree, tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    more = tree({"more/src/More.vue": CARD.replace("TaCard", "TaMore")}) / "more"
    orders = (two[0], two[1], more), (two[0], more, two[1])
    scans = [
        scan(*order, workers=workers, cache=cache) for order in orders for workers, cache in ((1, False), (2, True))
    ]
    contents = []
    for number, found in enumerate(scans):
        paths = found.write(tmp_path / str(number))
        contents.append({name: path.read_bytes() for name, path in paths.items()})
    assert all(content == contents[0] for content in contents)


def test_a_list_of_one_folder_is_that_folder(two):
    one, same = Scanner(two[1], cache=False).scan(), scan(two[1])
    assert list(one) == list(same)
    assert same.roots == {"": two[1]}
    assert same.root == two[1]


def test_equal_names_are_numbered(tree):
    root = tree({"a/app/A.vue": PAGE, "b/app/A.vue": TABLE, "c/app-2/A.vue": CARD})
    found = scan(root / "b/app", root / "a/app", root / "c/app-2", sample_all=True)
    assert [file["path"] for file in found.files] == ["app/A.vue", "app-2/A.vue", "app-2-2/A.vue"]
    assert list(found.roots.values()) == [root / "a/app", root / "b/app", root / "c/app-2"]


def test_the_commit_is_that_of_each_folder(two):
    for folder, digit in zip(two, "ab", strict=True):
        (folder / ".git").mkdir()
        (folder / ".git" / "HEAD").write_text(digit * 40)
    found = scan(*two, sample_all=True)
    assert found.commits == {"shop": "a" * 40, "ui": "b" * 40}
    assert found.commit is None
    assert {(s.path.partition("/")[0], s.meta["commit"]) for s in found} == {("shop", "a" * 40), ("ui", "b" * 40)}


def test_an_import_by_the_package_name_reaches_the_other_folder(two):
    (two[0] / "src" / "Wide.vue").write_text(
        "<template><p /></template>\n<script>\nimport Table from '@corp/ta404-source/src/Table.vue'\n"
        "export default { name: 'WideTable', extends: Table }\n</script>\n"
    )
    assert [prop.name for prop in scan(*two).catalog.components["wide-table"].props] == ["rows"]


def test_folders_within_each_other_are_refused(two, tmp_path):
    outer = two[0].parent
    for roots in ((outer, two[0]), (two[0], outer), (two[0], two[0] / "src")):
        with pytest.raises(ConfigError, match=r"is within .*互相包含"):
            Scanner(roots)
    link = tmp_path / "link"
    link.symlink_to(two[0])
    for roots in ((two[0], two[0]), (two[0], f"{two[0]}/"), (two[0], link)):
        with pytest.raises(ConfigError, match="given twice"):
            Scanner(roots)


def test_folders_that_cannot_be_scanned_are_named(two, tmp_path):
    with pytest.raises(ConfigError, match="none: no such folder"):
        Scanner([two[0], tmp_path / "none"])
    with pytest.raises(ConfigError, match="expected a folder"):
        Scanner([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="empty: no source file"):
        scan(two[0], tmp_path / "empty")


def test_one_suffix_and_one_kind_need_no_list(two):
    found = Scanner(two[0], suffixes=".vue", kinds="component", cache=False).scan()
    assert {sample.kind for sample in found} == {"component"}
    assert len(found) == 3
    assert Scanner(two[0], ignore="Page.vue", allow_licenses="MIT", cache=False).scan().reasons() == {"ignored": 1}


def test_what_is_private_in_a_folders_name_is_replaced_in_all_places(tree):
    root = tree({"tel 13812345678/A.vue": PAGE, "tel 13912345678/A.vue": TABLE, "tel 13912345678/.git/HEAD": "a" * 40})
    found = scan(root / "tel 13812345678", root / "tel 13912345678", framework="acme", sample_all=True)
    assert found.files_kept == 2
    assert not any(number in f"{s.id} {s.path}" for s in found for number in ("13812345678", "13912345678"))
    assert {(s.path in found.catalog.components["ta-table"].path, s.meta["commit"]) for s in found} == {
        (True, "a" * 40),
        (False, None),
    }
    assert "138" not in scan(root / "tel 13812345678").framework


def test_where_no_tags_are_used_the_folder_with_most_components_names_the_framework(tree):
    plain = "<template><p /></template>\n"
    root = tree(
        {f"ui/{name}.vue": plain for name in "ABC"} | {"app/A.vue": plain, "app/package.json": '{"name": "shop"}'}
    )
    (root / "ui" / "package.json").write_text('{"name": "@corp/ta404"}')
    found = scan(root / "app", root / "ui")
    assert (found.framework, found.framework_from) == ("ta404", "package.json")
