import gc
import json
import os
import shutil
import sys
import threading

import npm
import pytest
from present import present

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.compiler import Compiler, project_root
from swiftprep.distill.verification.verify import Verifier
from swiftprep.errors import RunError
from swiftprep.teachers.request import Reply

# Speaks as the real one does, and does what the code says.
FAKE = """
import json, os, sys, time
with open(sys.argv[1], "a") as file:
    file.write(json.dumps({"pid": os.getpid(), "env": sorted(os.environ)}) + "\\n")
print(json.dumps({"ready": "fake 1.0"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    code = asked["code"]
    if "hang" in code:
        time.sleep(3600)
    if "die" in code:
        os._exit(3)
    if "noise" in code:
        print("warning: something", flush=True)
        continue
    errors = ["line 2: no such thing"] if "bad" in code else []
    print(json.dumps({"id": asked["id"], "errors": errors}), flush=True)
"""


@pytest.fixture
def fake(tmp_path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    with Compiler([sys.executable, str(script), str(tmp_path / "started")], timeout=60) as compiler:
        yield compiler


def started(tmp_path):
    return [json.loads(line) for line in (tmp_path / "started").read_text().splitlines()]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_good_and_bad_code(fake):
    assert fake.name == "fake 1.0"
    assert fake.check("<ta-table/>") == []
    assert fake.check("bad") == ["line 2: no such thing"]


@pytest.mark.parametrize("code", ["", "\ud800", "\0", "\u202e‮", "é" * 100_000, '"\\\n\u2028'], ids=range(6))
def test_odd_code_is_handed_over(fake, code):
    assert fake.check(code) == []


@pytest.mark.timeout(120)  # it hangs for an hour
def test_one_that_hangs_is_ended_and_started_again(fake, tmp_path):
    fake.timeout = 0.1
    assert fake.check("hang") == ["the compiler did not come to an end within 0.1 s"]
    fake.timeout = 60.0
    assert fake.check("bad") == ["line 2: no such thing"]
    first, second = started(tmp_path)
    assert not is_running(first["pid"])
    assert is_running(second["pid"])


@pytest.mark.parametrize("code", ["die", "noise"])
def test_code_it_dies_of_does_not_compile_and_others_do(fake, code):
    assert fake.check(code) == ["the compiler died of it"]
    assert fake.check("<ta-table/>") == []


def test_it_is_started_again_after_it_was_killed(fake, tmp_path):
    os.kill(started(tmp_path)[0]["pid"], 9)
    assert fake.check("bad") == ["line 2: no such thing"]


def test_close_ends_the_process(fake, tmp_path):
    fake.close()
    assert not is_running(started(tmp_path)[0]["pid"])


def test_it_ends_with_its_owner(tmp_path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    compiler = Compiler([sys.executable, str(script), str(tmp_path / "started")])
    del compiler
    gc.collect()
    assert not is_running(started(tmp_path)[0]["pid"])


def test_no_key_is_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("TEACHER_API_KEY", "canary")
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    with Compiler([sys.executable, str(script), str(tmp_path / "started")]):
        assert "TEACHER_API_KEY" not in started(tmp_path)[0]["env"]


def test_threads_each_get_their_own_answer(fake):
    found = {}

    def work(number):
        code = "bad" if number % 2 else "good"
        found[number] = [fake.check(code) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(bool(answer) == bool(number % 2) for number, answers in found.items() for answer in answers)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('print(\'{"missing": "no compiler in /app"}\')', "no compiler in /app"),
        ("print('hello')", "no JSON"),
        ("raise SystemExit(1)", "ended"),
    ],
    ids=["missing", "not ours", "dies"],
)
def test_one_that_does_not_start_is_an_error(tmp_path, script, why):
    path = tmp_path / "broken.py"
    path.write_text(script)
    with pytest.raises(RunError, match=why):
        Compiler([sys.executable, str(path)])
    with pytest.raises(RunError, match="does not start"):
        Compiler([str(tmp_path / "no-such-program")])


def test_find_says_why_there_is_none(tmp_path, monkeypatch, caplog):
    assert Compiler.find(None) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Compiler.find(tmp_path) is None
    assert "no 'node' on the PATH" in caplog.text


# --- whose JavaScript runs ------------------------------------------------------------------------------------------

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@pytest.fixture
def plant(tmp_path):
    """Put a compiler, in name, into a folder's `node_modules`; it leaves a mark when it runs."""

    def put(folder, name="vue-template-compiler", needs=""):
        home = folder / "node_modules" / name
        home.mkdir(parents=True)
        (home / "package.json").write_text('{"version": "2.0.0", "main": "index.js"}')
        mark = json.dumps(str(tmp_path / "ran"))
        code = f"require('fs').appendFileSync({mark}, {json.dumps(name)}); exports.parseComponent = code => ({{}})\n"
        (home / "index.js").write_text(f"{needs}\n{code}")
        return home

    return put


def project(folder, mark="package.json"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / mark).write_text("{}") if mark else None
    return folder


def ran(tmp_path):
    return (tmp_path / "ran").read_text() if (tmp_path / "ran").exists() else ""


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("mark", ["package.json", ".git", ""])
def test_nothing_above_the_projects_root_runs(tmp_path, plant, caplog, mark):
    plant(tmp_path)
    plant(tmp_path, "vue")
    assert Compiler.find(project(tmp_path / "app", mark)) is None
    assert ran(tmp_path) == ""
    assert f"no vue-template-compiler or @vue/compiler-sfc in {tmp_path / 'app'}" in caplog.text


@needs_node
@pytest.mark.slow
def test_the_project_above_a_folder_of_it_runs_and_is_told_before(tmp_path, plant, caplog):
    plant(project(tmp_path / "app"))
    (tmp_path / "app" / "src" / "views").mkdir(parents=True)
    with present(Compiler.find(tmp_path / "app" / "src" / "views")) as compiler:
        assert compiler.name == "vue-template-compiler 2.0.0"
    assert ran(tmp_path) == "vue-template-compiler"
    assert f"JavaScript of the project {tmp_path / 'app'} runs with {shutil.which('node')}" in caplog.text


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize(
    "what", ["node_modules", "node_modules/vue-template-compiler", "node_modules/vue-template-compiler/index.js"]
)
def test_no_link_leads_out_of_the_project(tmp_path, plant, caplog, what):
    app, other = project(tmp_path / "app"), project(tmp_path / "app-2")
    plant(app)
    (tmp_path / "app" / what).rename(other / "moved")
    (tmp_path / "app" / what).symlink_to(other / "moved")
    assert Compiler.find(app) is None
    assert ran(tmp_path) == ""
    assert "is outside of the project" in caplog.text


@needs_node
@pytest.mark.slow
def test_links_within_the_project_are_followed(tmp_path, plant):
    """As pnpm makes them."""
    app = project(tmp_path / "app")
    store = app / "node_modules" / ".pnpm" / "vue-template-compiler"
    store.parent.mkdir(parents=True)
    plant(tmp_path).rename(store)
    (app / "node_modules" / "vue-template-compiler").symlink_to(store)
    (tmp_path / "link").symlink_to(app)
    for folder in (app, tmp_path / "link"):
        with present(Compiler.find(folder)) as compiler:
            assert compiler.check("<p/>") is not None


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("needs", ["require('he')", "require('../../../he')"])
def test_what_a_compiler_needs_comes_from_the_project_too(tmp_path, plant, caplog, needs):
    plant(project(tmp_path / "app"), needs=needs)
    plant(tmp_path, "he")
    (tmp_path / "he").symlink_to(tmp_path / "node_modules" / "he")
    assert Compiler.find(tmp_path / "app") is None
    assert ran(tmp_path) == ""
    assert "is outside of the project" in caplog.text


@needs_node
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    "what", ["node_modules", "node_modules/vue-template-compiler", "node_modules/vue-template-compiler/index.js"]
)
def test_what_belongs_to_someone_else_does_not_run(tmp_path, plant, caplog, what):
    app = project(tmp_path / "app")
    plant(app)
    os.chown(app / what, 12345, 12345)
    assert Compiler.find(app) is None
    assert ran(tmp_path) == ""
    assert "does not belong to the owner" in caplog.text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_mark_of_someone_else_makes_no_root(tmp_path):
    app = project(tmp_path / "app", mark="")
    os.chown(project(tmp_path) / "package.json", 12345, 12345)
    assert project_root(app) == app
    (tmp_path / "package.json").unlink()
    project(tmp_path)
    assert project_root(app) == tmp_path
    os.chown(tmp_path, 12345, 12345)
    assert project_root(app) == app


def test_a_node_of_the_working_folder_is_none(tmp_path, monkeypatch, caplog):
    for name in ("node", "node.exe"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho ran > {tmp_path / 'ran'}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", os.pathsep, f"{os.pathsep}./{os.pathsep}"):
        monkeypatch.setenv("PATH", path)
        assert Compiler.find(tmp_path) is None
    assert ran(tmp_path) == ""
    assert "no 'node' on the PATH" in caplog.text


@needs_node
def test_a_folder_that_is_not_there_has_none(tmp_path, caplog):
    assert Compiler.find(tmp_path / "none") is None
    assert "code is not compiled" in caplog.text


def test_the_verifier_tells_what_does_not_compile(fake):
    verifier = Verifier(Catalog(), reasoning="none", compiler=fake)
    reply = Reply("```vue\n<div>bad</div>\n```\n\n错误写法：\n\n```vue\n<p>bad</p>\n```\n\n```js\nbad()\n```")
    flaws = verifier.check(Scenario("写一个页面"), reply)
    assert [(flaw.kind, flaw.message) for flaw in flaws] == [
        ("compile", "code block 1: it does not compile: line 2: no such thing")
    ]


# The real compilers, installed once into the cache.

PACKAGES = {
    "vue 2.7": "vue@2.7.16",
    "vue-template-compiler": "vue-template-compiler@2.7.16",
    "vue 3": "@vue/compiler-sfc@3.5.13",
}
FINE = {
    "component": "<template>\n  <div>{{ a }}</div>\n</template>\n<script>\nexport default { data() { return { a: 1 } } }\n</script>",
    "element": '<ta-table :columns="columns" />',
    "elements": "<ta-a/>\n<ta-b/>",
    "slot": "<ta-table>\n  <template v-slot:action=\"{ record }\"><a/></template>\n</ta-table>",
    "slot alone": '<template #action="{ record }">\n  <i/><b/>\n</template>',
    "no end tags": '<template>\n  <div><br><img src="a.png"><input v-model="a"></div>\n</template>',
    "script alone": "<script>\nexport default {}\n</script>",
    "comment first": "<!-- src/App.vue -->\n<template>\n  <p/>\n</template>",
    "pug": "<template lang='pug'>\ndiv\n</template>",
    "setup": "<template>\n  <p>{{ a }}</p>\n</template>\n<script setup>\nimport { ref } from 'vue'\nconst a = ref(1)\n</script>",
    "types from elsewhere": "<template>\n  <p/>\n</template>\n<script setup lang=\"ts\">\nimport type { P } from './p'\ndefineProps<P>()\n</script>",
    "CRLF": "<template>\r\n  <p/>\r\n</template>\r\n",
    "nothing": "",
}  # fmt: skip
FAULTY = {
    "expression": ("<template>\n  <div>\n    <i :a=\"b +\" />\n  </div>\n</template>", "line 3"),
    "v-else alone": ("<template>\n  <div>\n    <i v-else />\n  </div>\n</template>", "line 3"),
    "v-for": ("<template>\n  <div>\n    <i v-for=\"x on y\" />\n  </div>\n</template>", "line 3"),
    "element open": ("<template>\n  <div><b></div>\n</template>", "line 2"),
    "template open": ("<template>\n  <div></div>\n", "template|end tag"),
    "piece": ('<ta-table\n  :columns="a +"\n/>', "line"),
}  # fmt: skip


@pytest.fixture(scope="module", params=PACKAGES)
def real(request):
    folder = npm.installed(PACKAGES[request.param])
    (folder / "src" / "views").mkdir(parents=True, exist_ok=True)
    compiler = Compiler.find(folder / "src" / "views", timeout=60)
    assert compiler is not None
    with compiler:
        yield compiler


@pytest.mark.slow
@pytest.mark.parametrize("name", FINE)
def test_real_compilers_take_what_is_right(real, name):
    assert real.check(FINE[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTY)
def test_real_compilers_say_what_is_wrong_and_where(real, name):
    code, where = FAULTY[name]
    errors = real.check(code)
    assert errors
    assert any(part in errors[0] for part in where.split("|"))


@pytest.mark.slow
def test_code_is_compiled_and_never_run(real, tmp_path):
    mark = tmp_path / "mark"
    run = f"require('fs').writeFileSync('{mark}', 'x'); process.exit(1)"
    real.check(f'<script>\n{run}\n</script>\n<template><i :a="(function () {{ {run} }})()" /></template>')
    real.check(f"<script setup>\n{run}\n</script>")
    assert not mark.exists()
    assert real.check("<template><p/></template>") == []


@pytest.mark.slow
def test_a_folder_without_a_compiler_has_none(tmp_path, caplog):
    if shutil.which("node") is None:
        pytest.skip("needs node")
    assert Compiler.find(tmp_path) is None
    assert "no vue-template-compiler" in caplog.text
