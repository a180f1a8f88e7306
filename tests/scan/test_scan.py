from __future__ import annotations

import json
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Scanner, demo
from swiftprep.errors import ConfigError

VUE = '<template>\n  <ta-card title="用户" />\n</template>\n'


def scan(root, **settings):
    return Scanner(root, **{"kinds": ["component"], "cache": False, **settings}).scan()


def unlike(number):
    """Return a component that is no near copy of another number's."""
    words = random.Random(number).choices([f"w{i}" for i in range(5000)], k=60)
    return f"<template>\n  <ta-card>{' '.join(words)}</ta-card>\n</template>\n"


def test_the_articles_sample_is_the_default(tree):
    root = tree({"src/components/UserProfile.vue": VUE})
    (sample,) = scan(root, framework="ta404").samples
    instruction, _, path = sample.prompt.partition("\n")
    assert instruction == (
        "你是一位熟悉Vue 2.7和名为'ta404'的私有UI框架的前端开发专家。你的任务是学习如何基于'ta404'框架来编写"
        "Vue 2.7组件。请仔细分析以下提供的组件代码。"
    )
    assert path == "这是一个Vue 2.7组件,它使用了'ta404'框架。该组件的原始文件路径是'src/components/UserProfile.vue'。"
    assert sample.answer == VUE


def test_framework_version_and_language_are_parameters(tree):
    (sample,) = scan(tree({"A.vue": VUE}), framework="acme-ui", vue_version="3.5", lang="en").samples
    assert "Vue 3.5" in sample.prompt
    assert "'acme-ui'" in sample.prompt
    assert sample.prompt.isascii()


def test_code_is_never_taken_for_a_template(tree):
    code = "<template>{{ user.name }}{% raw %}{{ 7 * 7 }}</template>"
    assert scan(tree({"A.vue": code})).samples[0].answer == code


def test_a_users_own_template(tree, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text('{instruction: "Write {{ path }}", input: "", output: "{{ code }}"}')
    assert scan(tree({"A.vue": VUE}), kinds=[own]).samples[0].prompt == "Write A.vue"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{instruction: "{{ typo }}", input: "", output: ""}', "'typo' is undefined"),
        ('{instruction: "x"}', "expected exactly the keys"),
        ("{{ ''.__class__.__mro__ }}", "not valid YAML|expected exactly"),
        ('{instruction: "{{ path.__class__.__mro__ }}", input: "", output: ""}', "unsafe"),
    ],
    ids=["unknown name", "missing keys", "not yaml", "sandbox"],
)
def test_a_bad_template_is_a_clear_error(tree, tmp_path, text, message):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(ConfigError, match=message):
        scan(tree({"A.vue": VUE}), kinds=[own])


ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with mark": ("utf-8-sig", b""),
    "gbk": ("gbk", b""),
    "gb18030": ("gb18030", b""),
    "utf-16 with mark": ("utf-16", b""),
}


@pytest.mark.parametrize("encoding", [e for e, _ in ENCODINGS.values()], ids=ENCODINGS.keys())
def test_encodings_are_read_as_text(tree, encoding):
    (sample,) = scan(tree({"A.vue": VUE.encode(encoding)})).samples
    assert sample.answer == VUE


def test_windows_line_ends_become_plain_ones(tree):
    assert scan(tree({"A.vue": VUE.replace("\n", "\r\n")})).samples[0].answer == VUE


def test_every_skipped_file_has_a_reason(tree, tmp_path):
    root = tree(
        {
            "src/Good.vue": VUE,
            "src/Empty.vue": " \n",
            "src/Binary.vue": b"\0\1\2",
            "src/Big.vue": "x" * 1_000_001,
            "node_modules/lib/Dep.vue": VUE,
            "tmp/Scratch.vue": VUE,
            "src/gen/Api.vue": VUE,
            "src/gen/Keep.vue": VUE,
            ".gitignore": "tmp/\n",
            "src/gen/.gitignore": "*.vue\n!Keep.vue\n",
            "README.md": "not looked for",
        }
    )
    (root / "src/Link.vue").symlink_to(root / "src/Good.vue")
    os.mkfifo(root / "src/Pipe.vue")
    found = scan(root)
    assert {s.meta["path"] for s in found.samples} == {"src/Good.vue", "src/gen/Keep.vue"}
    assert {(r.path, r.reason) for r in found.rejects} == {
        ("src/Empty.vue", "empty"),
        ("src/Binary.vue", "binary"),
        ("src/Big.vue", "too-large"),
        ("node_modules/lib/Dep.vue", "ignored"),
        ("tmp/Scratch.vue", "ignored"),
        ("src/gen/Api.vue", "ignored"),
        ("src/Link.vue", "symlink"),
        ("src/Pipe.vue", "not-a-file"),
    }
    assert found.found == len(list(root.rglob("*.vue"))) == 10


def test_names_that_are_no_utf_8_and_odd_ignore_files(tmp_path):
    root = tmp_path / "repo"
    root.mkdir()
    (root / ".gitignore").write_text("!\n\\\n*.skip.vue\n")
    for name in (b"caf\xe9.vue", b"caf\xe9.skip.vue"):
        (root / os.fsdecode(name)).write_text(VUE)
    found = scan(root)
    assert [s.meta["path"] for s in found.samples] == ["caf\ufffd.vue"]
    assert [r.path for r in found.rejects] == ["caf\ufffd.skip.vue"]
    assert found.write(tmp_path / "out")["rejects"].read_text()


def test_ignore_replaces_the_default_rules(tree):
    root = tree({"node_modules/a/A.vue": VUE, "old/B.vue": VUE})
    found = scan(root, ignore=["old/"])
    assert [s.meta["path"] for s in found.samples] == ["node_modules/a/A.vue"]
    assert found.rejects[0].detail == "old/ by ignore="


def test_a_folder_stays_on_one_side(tree):
    names = [f"src/{folder}/{part}.vue" for folder in "abcdefgh" for part in ("Index", "Form", "List")]
    found = scan(tree({name: unlike(i) for i, name in enumerate(names)}), val_fraction=0.25)
    sides: dict[str, set[str]] = {}
    for sample in found.samples:
        sides.setdefault(sample.meta["path"].rpartition("/")[0], set()).add(sample.meta["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert len(found.val) == 6


@pytest.mark.parametrize(("files", "held_out"), [(1, 0), (2, 1), (10, 1), (40, 4)])
def test_a_flat_folder_is_split_by_file(tree, files, held_out):
    found = scan(tree({f"C{i}.vue": unlike(i) for i in range(files)}))
    assert len(found.val) == held_out


def test_scans_are_byte_identical_whatever_the_order_on_disk(tmp_path):
    names = [f"src/{i % 7}/C{i}.vue" for i in range(40)]
    outputs = []
    for number in range(2):
        random.Random(number).shuffle(names)
        root = tmp_path / str(number) / "repo"
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(VUE + name)
        paths = scan(root).write(tmp_path / str(number) / "out")
        outputs.append([path.read_bytes() for path in paths.values()])
    assert outputs[0] == outputs[1]


def test_write_accounts_for_everything(tree, tmp_path):
    found = scan(tree({"a/A.vue": VUE, "b/B.vue": VUE, "c/C.vue": b"\0"}))
    paths = found.write(tmp_path / "out")
    lines = {name: paths[name].read_text().splitlines() for name in ("train", "val", "rejects")}
    assert sum(map(len, lines.values())) == found.found == 3
    assert json.loads(lines["rejects"][0])["reason"] == "binary"


def written(path):
    path.write_text("")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda tmp: Scanner(tmp / "none"), "no such folder"),
        (lambda tmp: Scanner(written(tmp / "App.vue")), "App.vue: is a file; expected the folder of a code base"),
        (lambda tmp: Scanner(tmp).scan(), "no .vue, .js, .*file in it"),
        (lambda tmp: Scanner(tmp, workers=0), "workers=0"),
        (lambda tmp: Scanner(tmp, max_tokens=100), "with tokenizer="),
        (lambda tmp: Scanner(tmp, tokenizer=tmp), "no tokenizer.json"),
        (lambda tmp: Scanner(tmp, suffixes=[".php"]), "expected some of .vue"),
        (lambda tmp: Scanner(tmp, kinds=[]), "at least one of component"),
        (lambda tmp: Scanner(tmp, val_fraction=1.5), "val_fraction=1.5"),
        (lambda tmp: Scanner(tmp, lang="fr"), "lang='fr'"),
        (lambda tmp: Scanner(tmp, kinds=["compnent"]), "did you mean 'component'"),
        (lambda tmp: Scanner(tmp, kinds="pagee"), r"no samples of kind 'pagee'.*there are component, template, .*可选"),
        (lambda tmp: Scanner(tmp, vue_version="abc"), "vue_version='abc': expected a version of Vue 2 or 3"),
        (lambda tmp: Scanner(tmp, vue_version="1.0"), "vue_version='1.0'"),
        (lambda tmp: Scanner(tmp, vue_version="4"), "vue_version='4'"),
        (lambda tmp: Scanner(tmp, vue_version="3.x"), "vue_version='3.x'"),
    ],
)
def test_bad_input(tmp_path, make, message):
    with pytest.raises(ConfigError, match=message):
        make(tmp_path)


@pytest.mark.parametrize("version", ["2", "2.7", "3", "3.4", "3.4.21", 3.4])
def test_a_version_of_vue_is_taken(tmp_path, version):
    assert Scanner(tmp_path, vue_version=version).vue_version == str(version)


def test_a_kind_that_is_given_twice_makes_its_samples_once(tree):
    root = tree({"A.vue": VUE})
    once = Scanner(root, kinds="component", cache=False).scan().samples
    assert Scanner(root, kinds=["component", "component"], cache=False).scan().samples == once


@pytest.mark.parametrize("suffixes", ["vue", ".VUE", "*.vue", ["vue", ".vue"]])
def test_a_suffix_may_be_written_without_its_dot(tmp_path, suffixes):
    assert Scanner(tmp_path, suffixes=suffixes).suffixes == (".vue",)


NAMES = st.text(st.sampled_from("ab#: ü中\n.!*[]'"), min_size=1, max_size=6).filter(lambda n: n.strip(". "))
TREES = st.dictionaries(
    st.tuples(
        st.lists(NAMES, min_size=1, max_size=3).map("/".join),
        st.sampled_from([".vue", ".vue", ".js", ".tsx", ".py", ".java"]),
    ).map("".join),
    st.binary(max_size=20) | st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace")),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(TREES, st.sampled_from(["", "*a*\n", "a/\n!b\n", "[\n", "/b.vue\n"]))
def test_found_is_kept_plus_rejected(tmp_path_factory, files, gitignore):
    root = tmp_path_factory.mktemp("tree")
    (root / ".gitignore").write_text(gitignore)
    for name, content in files.items():
        path = root / name
        if not path.parent.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    there = [path for path in root.rglob("*") if path.is_file() and path.name != ".gitignore"]
    found = scan(root)
    assert found.found == found.files_kept + len(found.rejects) == len(there)
    assert found.files_kept == len(found.samples)
    names = [s.meta["path"] for s in found.samples] + [r.path for r in found.rejects]
    assert sorted(names) == sorted(str(path.relative_to(root)) for path in there)


def test_the_demo_application_is_varied():
    found = scan(demo.app())
    assert 12 <= len(found.samples) <= 20
    assert not found.rejects
    tags = {tag for s in found.samples for tag in s.answer.split("<ta-")[1:]}
    assert len({tag.split()[0].split(">")[0] for tag in tags}) >= 25
    assert found.to_pandas().shape == (len(found.samples), 11)


def test_like_git_the_deeper_ignore_file_decides(tree):
    root = tree({".gitignore": "*.gen.vue\n", "a/.gitignore": "!keep.gen.vue\n"})
    for name in ("keep.gen.vue", "a/keep.gen.vue", "a/other.gen.vue"):
        (root / name).write_text(VUE)
    found = scan(root)
    assert [s.meta["path"] for s in found.samples] == ["a/keep.gen.vue"]
    assert {r.path: r.detail for r in found.rejects} == {
        "a/other.gen.vue": "a/other.gen.vue by .gitignore",
        "keep.gen.vue": "keep.gen.vue by .gitignore",
    }


def test_a_link_to_a_folder_and_an_upper_case_suffix_are_accounted_for(tree):
    root = tree({"a/A.VUE": VUE, "b/B.vue": VUE})
    (root / "linked").symlink_to(root / "b")
    found = scan(root)
    assert [s.meta["path"] for s in found.samples] == ["a/A.VUE", "b/B.vue"]
    assert [(r.path, r.reason) for r in found.rejects] == [("linked", "symlink")]


def test_a_few_huge_folders_are_split_by_file(tree):
    names = [f"components/C{i}.vue" for i in range(50)] + [f"views/V{i}.vue" for i in range(40)]
    assert len(scan(tree({name: unlike(i) for i, name in enumerate(names)}), val_fraction=0.1).val) == 9


def test_a_template_that_makes_nothing_is_a_reject(tree, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        '{instruction: "Write {{ path }}", input: "", output: "{% if \'A\' in path %}{{ code }}{% endif %}"}'
    )
    found = scan(tree({"A.vue": VUE, "B.vue": VUE}), kinds=[own])
    assert [(r.path, r.reason) for r in found.rejects] == [("B.vue", "no-sample")]


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ({"dependencies": {"vue": "^3.4.21"}}, "3.4"),
        ({"peerDependencies": {"vue": ">=3.2.0 <4"}, "devDependencies": {"vue": "3.5.1"}}, "3.2"),
        ({"devDependencies": {"vue": "3.x"}}, "3"),
        ({"dependencies": {"vue": "^3.3 || ~3.1.2"}}, "3.1"),
        ({"peerDependencies": {"vue": "^2.7.0 || ^3.0.0"}}, "2.7"),
        ({"dependencies": {"vue": "^2.6.14"}, "devDependencies": {"vue": "^3.4.0"}}, "2.7"),
        ({"dependencies": {"vue": "latest"}}, "2.7"),
        ({"dependencies": {"vue": "<4"}}, "2.7"),
        ({"dependencies": {"vue": "30.1.0"}}, "2.7"),
        ({"dependencies": ["vue"]}, "2.7"),
        ([], "2.7"),
    ],
)
def test_the_version_of_vue_comes_from_package_json(tree, package, version):
    root = tree({"package.json": json.dumps(package), "src/A.vue": VUE})
    assert scan(root).vue_version == version
    assert f"Vue {version}组件" in scan(root / "src").samples[0].prompt
    assert scan(root / "src", vue_version="2.6").vue_version == "2.6"


def test_the_nearest_package_json_decides_and_a_repository_ends_the_search(tree):
    root = tree(
        {
            "package.json": '{"dependencies": {"vue": "^3.4.0"}}',
            "ui/package.json": "{}",
            "ui/A.vue": VUE,
            "app/A.vue": VUE,
        }
    )
    assert scan(root / "ui").vue_version == "2.7"
    assert scan(root / "app").vue_version == "3.4"
    (root / "app" / ".git").mkdir()
    assert scan(root / "app").vue_version == "2.7"


def test_vue_3_by_package_json_allows_what_vue_3_does(tree):
    files = {
        "A.vue": VUE,
        "XGen.vue": "<template><p/></template><script>export default { name: 'XGen', props: ['title'] }</script>",
    }
    code = "<x-gen v-model:title='t'/>"
    assert [p.kind for p in scan(tree(files)).catalog.check(code)] == ["unknown-prop"]
    assert scan(tree({**files, "package.json": '{"dependencies": {"vue": "~3.3.0"}}'})).catalog.check(code) == []
