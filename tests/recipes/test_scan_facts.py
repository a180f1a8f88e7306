"""The recipe `scan` with several folders and with facts from beside the code base."""

from __future__ import annotations

import json

import pytest

from swiftprep import Catalog
from swiftprep.recipes import scan

BOX = "<template><p /></template>\n<script>\nexport default { name: 'XBox', props: { size: String }, mixins: [far] }\n</script>\n"
PAGE = "<template><x-box size='a' /></template>\n"


@pytest.fixture
def code(tree):
    return tree(
        {
            "app/src/A.vue": PAGE,
            "app/package.json": '{"name": "app"}',
            "app/node_modules/x-ui/src/More.vue": BOX.replace("XBox", "XMore"),
            "ui/Box.vue": BOX,
            "overrides.yaml": "x-box: {closed: [props]}\nx-gone: null\n",
        }
    )


def ran(capsys, *arguments):
    code = scan.main([*arguments, "--json"])
    said = capsys.readouterr()
    return code, said


def test_several_folders_facts_and_overrides(code, capsys, tmp_path):
    out = tmp_path / "out"
    status, said = ran(
        capsys, f"scan.path={code / 'app'},{code / 'ui'}", f"scan.overrides={code / 'overrides.yaml'}",
        "scan.framework=x", f"output_dir={out}", "--lang=en",
    )  # fmt: skip
    assert status == 0, said.err
    report = json.loads(said.out)
    assert report["completeness"]["closed"] + report["completeness"]["open"] == 2
    assert "2 components: " in said.err
    catalog = Catalog.load(out)
    assert catalog.components["x-box"].path == "ui/Box.vue"
    assert "props" not in catalog.components["x-box"].open
    assert {json.loads(line)["path"] for line in (out / "rejects.jsonl").read_text().splitlines()} == {
        "app/node_modules/x-ui/src/More.vue"
    }


def test_a_package_in_the_code_base_and_two_folders_as_words(code, capsys, tmp_path):
    status, said = ran(
        capsys, str(code / "app"), "scan.facts=node_modules/x-ui", "scan.framework=x", f"output_dir={tmp_path / 'a'}",
        "--lang=zh",
    )  # fmt: skip
    assert status == 0, said.err
    assert "共 2 个组件" in said.err
    assert Catalog.load(tmp_path / "a").components["x-more"].path == "node_modules/x-ui/src/More.vue"
    status, said = ran(capsys, str(code / "app"), str(code / "ui"), f"output_dir={tmp_path / 'b'}")
    assert status == 0, said.err
    assert "x-box" in Catalog.load(tmp_path / "b").components


def test_run_time_asks_for_an_installed_package(code, capsys, tmp_path):
    status, said = ran(capsys, str(code / "app"), "scan.runtime=node_modules/x-ui", f"output_dir={tmp_path / 'a'}")
    assert status == 2
    assert "no package.json in it" in said.err


def test_wrong_overrides_are_one_clear_error(code, capsys, tmp_path):
    (code / "overrides.yaml").write_text("x-box: {prop: 3}")
    status, said = ran(
        capsys, str(code / "app"), f"scan.overrides={code / 'overrides.yaml'}", f"output_dir={tmp_path / 'a'}"
    )
    assert status == 2
    assert "did you mean 'props'" in said.err
