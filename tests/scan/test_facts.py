"""What a scan takes from beside the code base: packages, web-types, documentation, catalogues, a user's overrides."""

from __future__ import annotations

import json
import logging

import pytest

from swiftprep import Catalog, Scanner
from swiftprep.catalog.api import Component, Prop
from swiftprep.errors import ConfigError

BOX = "export default { name: 'XBox', props: { size: String, items: Array }, render() { return null } }\n"
OPEN_BOX = "import far from 'far'\nexport default { name: 'XBox', mixins: [far], props: { size: String } }\n"
PAGE = "<template><x-box size='a' :items='rows' /></template>\n"
WEB_TYPES = {
    "name": "ui",
    "version": "1.0.0",
    "contributions": {
        "html": {
            "vue-components": [
                {"name": "XBox", "props": [{"name": "size", "description": "How large"}, {"name": "wide"}]},
                {"name": "XOnly", "props": [{"name": "some", "type": "string"}]},
            ]
        }
    },
}


def scan(root, **given):
    return Scanner(root, **{"cache": False, "workers": 1, "framework": "x", **given}).scan()


def names(items):
    return [item.name for item in items]


@pytest.fixture
def installed(tree):
    return tree(
        {
            "src/A.vue": PAGE,
            "package.json": json.dumps({"name": "app", "dependencies": {"x-ui": "1"}}),
            "node_modules/x-ui/package.json": json.dumps(
                {"name": "x-ui", "main": "lib/index.js", "module": "es/index.js"}
            ),
            "node_modules/x-ui/es/box.js": BOX,
            "node_modules/x-ui/lib/box.js": BOX.replace("size", "compiled"),
            "node_modules/x-ui/dist/box.js": BOX.replace("size", "bundled"),
            "node_modules/other/box.js": BOX.replace("XBox", "XOther"),
        }
    )


def test_an_installed_package_gives_facts_and_no_samples(installed):
    plain, found = scan(installed), scan(installed, facts="node_modules/x-ui")
    box = found.catalog.components["x-box"]
    assert plain.catalog.components["x-box"].origin == "usage"
    assert (box.origin, box.path, names(box.props)) == ("source", "node_modules/x-ui/es/box.js", ["size", "items"])
    assert "x-other" not in found.catalog.components
    assert not [key for key in found.catalog.components if "lib/" in key]
    assert [file["path"] for file in found.files] == ["src/A.vue"]
    assert {r.path for r in found.rejects} == {"node_modules/other/box.js"}
    assert found.found == found.files_kept + len(found.rejects)
    assert {s.path for s in found if s.kind == "api"} == {"node_modules/x-ui/es/box.js"}
    assert found.roots == {"": installed, "node_modules/x-ui": installed / "node_modules/x-ui"}
    assert [p.kind for p in found.catalog.check("<template><x-box sise='a' /></template>")] == ["unknown-prop"]
    (size,) = found.catalog.explain("x-box", "size").facts
    assert (size.path, size.line) == ("node_modules/x-ui/es/box.js", 1)


def test_the_source_of_a_package_counts_before_what_is_built(installed):
    source = installed / "node_modules/x-ui/packages/box.vue"
    source.parent.mkdir()
    source.write_text("<script>\nexport default { name: 'XBox', props: ['written'] }\n</script>\n")
    assert names(scan(installed, facts="node_modules/x-ui").catalog.components["x-box"].props) == ["written"]


def test_a_folder_outside_and_one_within_the_code_base_give_facts(tree, monkeypatch):
    root = tree({"app/src/A.vue": PAGE, "ui/src/box.js": BOX, "app/ui/note.js": "", "app/libs/own/box.js": BOX})
    outside = scan(root / "app", facts=[root / "ui"], suffixes=".vue", ignore="libs/")
    assert outside.catalog.components["x-box"].path == "ui-2/src/box.js"
    assert set(outside.roots) == {"", "ui-2"}
    within = scan(root / "app", facts="libs/own")
    assert within.catalog.components["x-box"].path == "libs/own/box.js"
    assert {r.path for r in within.rejects} == {"ui/note.js"}
    monkeypatch.chdir(root)
    assert set(scan("app", facts="../ui", ignore="libs/").roots) == {"", "ui-2"}


def test_facts_that_are_not_there_or_read_twice_are_refused(installed):
    with pytest.raises(ConfigError, match=r"facts: node_modules/none: no such folder.*没有这个文件夹"):
        scan(installed, facts="node_modules/none")
    with pytest.raises(ConfigError, match="is read already"):
        scan(installed, facts=["node_modules/x-ui", installed / "node_modules/x-ui"])
    with pytest.raises(ConfigError, match="is read already"):
        scan([installed / "src", installed / "node_modules/x-ui"], facts=installed / "node_modules/x-ui")


def test_web_types_of_a_package_are_a_witness(tree):
    files = {"src/box.js": OPEN_BOX, "package.json": '{"name": "ui", "web-types": "./docs/wt.json"}'}
    found = scan(tree({**files, "docs/wt.json": json.dumps(WEB_TYPES)})).catalog
    assert [(p.name, p.witness, p.doc) for p in found.components["x-box"].props] == [
        ("size", "source", "How large"), ("wide", "web-types", ""),
    ]  # fmt: skip
    assert "props" in found.components["x-box"].open
    assert found.components["x-only"].origin == "web-types"


def test_a_complete_list_is_not_added_to_and_the_contradiction_is_kept(tree):
    found = scan(tree({"src/box.js": BOX, "package.json": '{"name": "ui"}', "web-types.json": json.dumps(WEB_TYPES)}))
    assert names(found.catalog.components["x-box"].props) == ["size", "items"]
    assert [str(one) for one in found.catalog.contradictions] == [
        "<x-box> prop 'wide': web-types has it, source does not"
    ]


def test_web_types_written_by_an_earlier_scan_are_no_witness(tree):
    root = tree({"src/box.js": OPEN_BOX, "package.json": '{"name": "ui"}'})
    Catalog([Component("x-box", names=("XBox",), props=(Prop("stale"),))]).to_web_types(root / "web-types.json")
    assert names(scan(root).catalog.components["x-box"].props) == ["size"]


@pytest.mark.parametrize("content", ["{", "[]", '{"contributions": {"html": {"tags": 3}}}', "[" * 500])
def test_broken_web_types_are_told_and_the_scan_goes_on(tree, content, caplog):
    root = tree({"src/box.js": BOX, "package.json": '{"name": "ui"}', "web-types.json": content})
    with caplog.at_level(logging.WARNING, logger="swiftprep"):
        assert names(scan(root).catalog.components["x-box"].props) == ["size", "items"]
    assert ("web-types.json" in caplog.text) is (content != "[]")


def test_web_types_outside_the_package_are_not_read(tree):
    files = {"app/src/box.js": OPEN_BOX, "app/package.json": '{"name": "ui", "web-types": ["../wt.json", 3]}'}
    root = tree({**files, "wt.json": json.dumps(WEB_TYPES)})
    assert names(scan(root / "app").catalog.components["x-box"].props) == ["size"]


def test_vetur_files_are_a_witness(tree):
    files = {
        "src/box.js": OPEN_BOX,
        "package.json": '{"name": "ui", "vetur": {"tags": "v/tags.json", "attributes": "v/attributes.json"}}',
        "v/tags.json": '{"x-box": {"attributes": ["wide"]}}',
        "v/attributes.json": '{"x-box/wide": {"type": "boolean", "description": "Use all room"}}',
    }
    wide = scan(tree(files)).catalog.components["x-box"].props[1]
    assert (wide.name, wide.type, wide.doc, wide.witness) == ("wide", "boolean", "Use all room", "vetur")


DOCS = "# XBox 盒子\n\n### Box\n\n| 参数 | 说明 | 类型 |\n| --- | --- | --- |\n| size | 盒子的大小，密钥 {} | string |\n| more | 更多 | number |\n"


def test_documentation_fills_comments_and_open_lists(tree):
    files = {"box/index.js": BOX, "box/index.zh-CN.md": DOCS.format("x"), "README.md": "# Box\n\nText.\n"}
    found = scan(tree(files))
    box = found.catalog.components["x-box"]
    assert [(p.name, p.doc, p.witness) for p in box.props] == [
        ("size", "盒子的大小，密钥 x", "source"),
        ("items", "", "source"),
    ]
    assert [(c.name, c.other) for c in found.catalog.contradictions] == [("more", "docs")]
    assert (found.found, found.files_kept) == (1, 1)
    (api,) = [s for s in found if s.kind == "api"]
    assert "盒子的大小" in api.answer
    (tree({}) / "box/index.js").write_text(OPEN_BOX)
    more = scan(tree({})).catalog.components["x-box"].props[1]
    assert (more.name, more.type, more.witness) == ("more", "number", "docs")


def test_secrets_in_documentation_are_replaced(tree):
    files = {"box/index.js": BOX, "box/index.zh-CN.md": DOCS.format("AKIAIOSFODNN7EXAMPLE 13812345678")}
    root = tree(files)
    assert "13812345678" not in scan(root).catalog.components["x-box"].props[0].doc
    assert "13812345678" in scan(root, redact=False).catalog.components["x-box"].props[0].doc


def test_catalogues_give_facts(tree, tmp_path):
    root = tree({"src/box.js": OPEN_BOX, "src/A.vue": PAGE})
    running = Catalog([Component("x-box", props=(Prop("size", "number"), Prop("run")), origin="run-time")])
    path = Catalog([Component("x-more", props=(Prop("a"),)), Component("x-used", origin="usage")]).save(
        tmp_path / "c.json"
    )
    found = scan(root, facts=[running, path]).catalog
    assert [(p.name, p.witness) for p in found.components["x-box"].props] == [("size", "source"), ("run", "run-time")]
    assert "props" not in found.components["x-box"].open
    assert names(found.components["x-more"].props) == ["a"]
    assert "x-used" not in found.components
    assert [c.fact for c in found.contradictions] == ["type"]


def test_overrides_rank_first(tree, tmp_path):
    root = tree({"src/box.js": OPEN_BOX, "src/A.vue": PAGE.replace("/>", "><x-gone /><x-gone /></x-box>")})
    (tmp_path / "o.yaml").write_text(
        "x-box:\n  props: {size: number, items: null}\n  closed: [props]\nx-gone: null\nx-new: {props: [a]}\n"
    )
    found = scan(root, overrides=tmp_path / "o.yaml").catalog
    assert [(p.name, p.type, p.witness) for p in found.components["x-box"].props] == [("size", "number", "overrides")]
    assert "props" not in found.components["x-box"].open
    assert set(found.components) >= {"x-box", "x-new"}
    assert "x-gone" not in found.components
    assert found.components["x-new"].origin == "overrides"
    with pytest.raises(ConfigError, match="did you mean 'props'"):
        scan(root, overrides={"x-box": {"prop": []}})


def test_changed_facts_are_seen_although_the_files_are_cached(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    root = tree({"src/box.js": OPEN_BOX, "README.md": "text"})
    overrides = [None, {"x-box": {"props": ["a"]}}, {"x-box": {"props": ["b"]}}, None]
    found = [scan(root, cache=True, overrides=one).catalog.components["x-box"] for one in overrides]
    assert [names(one.props) for one in found] == [["size"], ["size", "a"], ["size", "b"], ["size"]]
    (root / "README.md").write_text(DOCS.format(""))
    assert names(scan(root, cache=True).catalog.components["x-box"].props) == ["size", "more"]


def test_a_scan_without_components_says_why(tree, caplog):
    generated = (
        "// Code generated by protoc. DO NOT EDIT.\nexport default { name: 'XBox', props: ['a'], render() {} }\n"
    )
    root = tree({"lib/box.jsx": "export const a = 1\n", "lib/more.js": "const b = 2\n", "dist/box.vue": PAGE})
    with caplog.at_level(logging.WARNING, logger="swiftprep"):
        found = scan(root)
    assert found.completeness.closed + found.completeness.open == 0
    assert "no component was found in 2 files that may define some: 1 read without a component" in caplog.text
    assert "1 ignored (dist/box.vue)" in caplog.text
    assert "没有找到任何组件" in caplog.text
    caplog.clear()
    scan(tree({"a.py": "def f(): pass\n"}), suffixes=".py", ignore=["lib/", "dist/"])
    scan(tree({"lib/Box.vue": "<template><p /></template>\n", "lib/g.js": generated}))
    assert "no component" not in caplog.text


def test_the_commit_is_that_of_the_code_base_and_not_of_what_is_installed(installed):
    (installed / ".git").mkdir()
    (installed / ".git" / "HEAD").write_text("a" * 40)
    found = scan(installed, facts="node_modules/x-ui")
    assert found.commits == {"": "a" * 40, "node_modules/x-ui": None}
    assert found.commit == "a" * 40
    assert {(s.kind == "api", s.meta["commit"]) for s in found} == {(True, None), (False, "a" * 40)}


def test_paths_of_web_types_are_those_of_their_package(tree):
    entries = [{"name": "XOnly"}, {"name": "XPath", "source": {"file": "a.js"}}]
    content = {"contributions": {"html": {"vue-components": entries}}}
    files = {
        "packages/ui/package.json": '{"name": "ui"}',
        "packages/ui/web-types.json": json.dumps(content),
        "A.vue": PAGE,
    }
    found = scan(tree(files)).catalog.components
    assert [found[tag].path for tag in ("x-only", "x-path")] == ["packages/ui/web-types.json", "packages/ui/a.js"]


def test_a_page_of_the_application_is_not_the_frameworks_component_of_that_name(tree):
    running = Catalog([Component("table", names=("Table",), props=(Prop("rows"),), origin="run-time", registered=True)])
    page = "<template><div /></template>\n<script>\nexport default { name: 'Table', props: ['query'] }\n</script>\n"
    files = {"src/views/Table.vue": page, "package.json": '{"name": "app", "dependencies": {"iview": "3"}}'}
    found = scan(tree(files), facts=running, framework="iview").catalog
    assert names(found.components["table"].props) == ["query"]
    assert found.contradictions == []


def test_a_package_installed_in_one_of_several_folders_gives_facts(installed, tree):
    tree({"ui/box.js": BOX.replace("XBox", "XMore")})
    app = tree({"app/src/A.vue": PAGE, "app/node_modules/x-ui/src/box.js": BOX}) / "app"
    found = scan([app, app.parent / "ui"], facts="node_modules/x-ui")
    assert set(found.roots) == {"app", "app/node_modules/x-ui", "ui"}
    assert found.catalog.components["x-box"].path == "app/node_modules/x-ui/src/box.js"
    assert found.catalog.components["x-more"].path == "ui/box.js"
    assert found.found == found.files_kept == 1


def test_documentation_is_told_of_one_component_for_each_tag(tree):
    rows = "".join(f"| p{number} | d | string |\n" for number in range(500))
    page = "# XBox\n" + f"### Box\n\n| 参数 | 说明 | 类型 |\n| --- | --- | --- |\n{rows}\n" * 50
    files = {f"b{number}/index.js": OPEN_BOX for number in range(300)} | {"README.zh-CN.md": page}
    found = scan(tree(files), file_seconds=30.0)
    assert sum(any(prop.witness == "docs" for prop in one.props) for one in found.catalog) <= 1
