from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from swiftprep.records import Reject
from swiftprep.scan.packages import packages_of
from swiftprep.scan.source_file import Source, read_bytes, read_source
from swiftprep.scan.walk import DEFAULT_IGNORE, FoundFile, walk

VUE = '<template>\n  <ta-card title="用户" />\n</template>\n'
NOBODY = 65534


def listed(root, suffixes=(".vue",), **settings):
    """Return the paths found, and the reason of each one rejected."""
    items = list(walk(Path(root), suffixes=suffixes, **settings))
    found = [item.path for item in items if isinstance(item, FoundFile)]
    rejected = {item.path: item.reason for item in items if isinstance(item, Reject)}
    assert len(found) + len(rejected) == len(items)
    return found, rejected


@contextlib.contextmanager
def bound_by_permissions():
    """Be a user whom permissions bind, even where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError as error:
        pytest.skip(f"root, whom permissions do not bind, and may not become another user: {error}")
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def here(tree, tmp_path, monkeypatch):
    """Write files, and return a relative path to them: another user cannot pass through the folders above."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)

    def write(files):
        tree(files)
        return Path("repo")

    return write


# --- reading -----------------------------------------------------------------------------------------------------


CONTENTS = {
    "plain": (b"<p/>\n", "<p/>\n", "utf-8"),
    "utf-8 with mark": (b"\xef\xbb\xbf<p>\xe4\xb8\xad</p>", "<p>中</p>", "utf-8-sig"),
    "gbk": ("<p>用户管理</p>".encode("gbk"), "<p>用户管理</p>", "gb18030"),
    "gbk, one character": ("<p>中</p>".encode("gbk"), "<p>中</p>", "gb18030"),
    "utf-16 little": ("\ufeff<p>中</p>".encode("utf-16-le"), "<p>中</p>", "utf-16"),
    "utf-16 big": ("\ufeff<p>中</p>".encode("utf-16-be"), "<p>中</p>", "utf-16"),
    "utf-32": ("\ufeff<p>中</p>".encode("utf-32-le"), "<p>中</p>", "utf-32"),
    "lone carriage returns": (b"<p>\r</p>\r", "<p>\n</p>\n", "utf-8"),
    "mixed line ends": (b"a\r\nb\rc\n\r\n", "a\nb\nc\n\n", "utf-8"),
    "no line end": (b"x", "x", "utf-8"),
    "emoji": ("<p>👩‍💻</p>".encode(), "<p>👩‍💻</p>", "utf-8"),
}


@pytest.mark.parametrize(("data", "text", "encoding"), CONTENTS.values(), ids=CONTENTS)
def test_odd_contents_are_read(tree, data, text, encoding):
    source = read_source(tree({"A.vue": data}), "A.vue")
    assert source == Source(text, encoding, hashlib.blake2b(data, digest_size=16).hexdigest())


REFUSED = {
    "empty": (b"", "empty"),
    "a mark alone": (b"\xef\xbb\xbf", "empty"),
    "a utf-16 mark alone": (b"\xff\xfe", "empty"),
    "a mark and white space": (b"\xef\xbb\xbf \r\n\t", "empty"),
    "full-width spaces": ("\u3000\n".encode(), "empty"),
    "a NUL": (b"<p>\0</p>", "binary"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff", "binary"),
    "utf-16 without mark": ("<p>中</p>".encode("utf-16-le"), "binary"),
    "a NUL in utf-16": ("\ufeff<p>\0</p>".encode("utf-16-le"), "binary"),
    "half of utf-16": (b"\xff\xfe<\0p", "undecodable"),
    "a mark that lies": (b"\xef\xbb\xbf\xd6\xd0", "undecodable"),
    "utf-8 cut in a character": ("用户管理".encode()[:-1], "undecodable"),
    "utf-8 with a byte lost": ("用户管理，".encode() + b"\xe4\xb8" + "系统设置".encode(), "undecodable"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_odd_contents_are_refused_with_a_reason(tree, data, reason):
    refused = read_source(tree({"A.vue": data}), "A.vue")
    assert isinstance(refused, Reject)
    assert (refused.path, refused.reason) == ("A.vue", reason)
    assert refused.detail


@settings(max_examples=100, deadline=None)
@given(st.text("中文用户管理", min_size=2, max_size=40).filter(lambda text: text.strip()))
def test_gbk_is_never_taken_for_damaged_utf_8(tmp_path_factory, text):
    root = tmp_path_factory.mktemp("gbk")
    (root / "A.vue").write_bytes(text.encode("gbk"))
    source = read_source(root, "A.vue")
    assert isinstance(source, Source)
    assert source.text == text


def test_a_file_at_the_limit_is_read_and_one_beyond_is_not(tree):
    root = tree({"at.vue": b"x" * 100, "beyond.vue": b"x" * 101})
    assert isinstance(read_source(root, "at.vue", max_bytes=100), Source)
    assert read_source(root, "beyond.vue", max_bytes=100) == Reject("beyond.vue", "too-large", "more than 100 bytes")


@pytest.mark.timeout(60)  # to read it would take far longer
def test_a_huge_file_is_refused_without_reading_it(tmp_path):
    with (tmp_path / "Huge.vue").open("wb") as file:
        file.truncate(1 << 40)
    refused = read_source(tmp_path, "Huge.vue", max_bytes=1 << 39)
    assert isinstance(refused, Reject)
    assert refused.reason == "too-large"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file that is longer than it says")
def test_a_file_that_grows_is_read_no_further_than_the_limit():
    proc = Path("/proc/self")
    assert (proc / "status").stat().st_size == 0
    assert isinstance(read_bytes(proc, "status"), bytes)
    tracemalloc.start()
    assert read_bytes(proc, "status", max_bytes=50) == Reject("status", "too-large", "more than 50 bytes")
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 50_000


def test_what_was_put_in_place_of_a_file_is_not_opened_as_one(tmp_path, monkeypatch):
    outside = tmp_path / "secret.txt"
    outside.write_text("not part of the project")
    root = tmp_path / "repo"
    root.mkdir()
    (root / "Link.vue").symlink_to(outside)
    (root / "Loop.vue").symlink_to("Loop.vue")
    (root / "Folder.vue").mkdir()
    os.mkfifo(root / "Pipe.vue")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        monkeypatch.chdir(root)
        server.bind("Socket.vue")  # by a short name: the address of a socket has 107 bytes
        reasons = {}
        for name in ("Link.vue", "Loop.vue", "Folder.vue", "Pipe.vue", "Socket.vue", "Gone.vue"):
            refused = read_source(root, name)
            assert isinstance(refused, Reject), name
            reasons[name] = refused.reason
    assert reasons == {
        "Link.vue": "symlink",
        "Loop.vue": "symlink",
        "Folder.vue": "not-a-file",
        "Pipe.vue": "not-a-file",
        "Socket.vue": "not-a-file",
        "Gone.vue": "unreadable",
    }


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a device")
def test_a_device_is_not_read():
    assert read_source(Path("/dev"), "zero") == Reject("zero", "not-a-file", "neither a regular file nor a folder")


@pytest.mark.parametrize("name", ["a\0b.vue", "\ud800.vue", "x" * 300 + ".vue"], ids=["NUL", "surrogate", "long"])
def test_a_name_no_file_can_have_is_refused(tmp_path, name):
    refused = read_source(tmp_path, name)
    assert isinstance(refused, Reject)
    assert (refused.path, refused.reason) == (name, "unreadable")


def test_reading_leaves_no_file_open(tmp_path):
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc to count open files")
    (tmp_path / "A.vue").write_text(VUE)
    (tmp_path / "Big.vue").write_text("x" * 100)
    os.mkfifo(tmp_path / "Pipe.vue")
    before = len(list(descriptors.iterdir()))
    for name in ("A.vue", "Big.vue", "Pipe.vue", ".", "Gone.vue"):
        read_source(tmp_path, name, max_bytes=60)
    assert len(list(descriptors.iterdir())) == before


# --- generated and minified --------------------------------------------------------------------------------------


GENERATED = {
    "@generated": ("/**\n * @generated SignedSource<<abc>>\n */\nexport default {}\n", "a.js"),
    "go": ("// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage api\n", "a.go"),
    "protoc": ("# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n", "a_pb2.py"),
    "do not edit": ("<!-- DO NOT EDIT -->\n<template/>\n", "A.vue"),
    "by hand": ("<script>\n// Please do not modify this file manually\nexport default {}\n</script>\n", "A.vue"),
    "swagger": ("/**\n * NOTE: This class is auto generated by the swagger code generator program.\n */\n", "A.ts"),
    "mybatis": ("/**\n * This field was generated by MyBatis Generator.\n */\n", "User.java"),
    "docstring": ('"""Names.\n\nThis file is automatically generated.\n"""\n', "names.py"),
    "chinese": ("// 本文件由脚本自动生成，请勿手动修改\nexport const a = 1\n", "a.js"),
    "chinese, two lines": ("<!--\n  代码生成器自动生成\n  请勿修改！\n-->\n<template/>\n", "A.vue"),
    "chinese, other order": ("/* 请勿修改：此处内容自动生成 */\n", "a.ts"),
    "chinese, by what": ("// 该文件由 gen-api 生成。\n", "api.js"),
    "webpack": ("module.exports =\n/******/ (function(modules) { // webpackBootstrap\n", "a.js"),
    "webpack 5": ("/***/ ((m, e, __webpack_require__) => {\n__webpack_require__.r(e);\n", "a.js"),
    "webpack chunk": ('(window["webpackJsonp"] = window["webpackJsonp"] || []).push([[0]]);\n', "a.js"),
    "rollup umd": (
        "(function (global, factory) {\n  typeof exports === 'object' && typeof module !== 'undefined' ? "
        "module.exports = factory() : 0;\n",
        "a.js",
    ),
    "minified umd": ('!function(e,t){"object"==typeof exports&&"object"==typeof module?a:b}()', "a.js"),
    "babel": ("'use strict';\n\nexports.__esModule = true;\nexports.default = function () {};\n", "a.js"),
    "tsc": ('"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nrequire("a");\n', "a.js"),
    "tsc helper": ("var __awaiter = (this && this.__awaiter) || function (a) {}\n", "a.js"),
    "babel interop": ("function _interopRequireDefault(obj) { return obj }\n", "a.js"),
    "vue-loader": ("var render = function () {\n  var _vm = this;\n  var _h = _vm.$createElement;\n", "a.js"),
    "vue-loader file": ('component.options.__file = "src/A.vue"\n', "a.js"),
    "vue 3": ('import { openBlock as _openBlock } from "vue"\n', "a.js"),
    "esbuild": ("var __defProp = Object.defineProperty;\n", "a.mjs"),
    "source map": ("a { color: red }\n/*# sourceMappingURL=a.css.map */\n", "a.css"),
}


@pytest.mark.parametrize(("text", "path"), GENERATED.values(), ids=GENERATED)
def test_generated_files_are_told(tree, text, path):
    root = tree({path: text})
    refused = read_source(root, path)
    assert isinstance(refused, Reject)
    assert refused.reason == "generated"
    assert isinstance(read_source(root, path, keep_generated=True), Source)


WRITTEN = {
    "of a field": ("<!-- 订单号自动生成 -->\n<template/>\n", "A.vue"),
    "of a field, by the server": ("// ids are automatically generated by the server\n", "a.js"),
    "what the file does": ("// 本文件用于生成报表\n// This file renders the generated forms\n", "a.js"),
    "what the file makes": ("// 该文件自动生成表单配置\n", "a.js"),
    "a warning about one thing": ("// DO NOT EDIT THE ORDER OF THESE\nimport a from 'a'\n", "a.js"),
    "a warning about a line": ("// do not change the port here\n", "a.js"),
    "a JSDoc tag of another name": ("/** @generated-by hand */\n", "a.js"),
    "in code": ("const banner = '// Code generated by us. DO NOT EDIT.'\n// 生成\n", "a.js"),
    "in a string after a comment": ("/* banner */ const b = 'DO NOT EDIT.'\n", "a.js"),
    "in a string below a comment": ("/* banner\n */\nconst b = 'DO NOT EDIT.'\n", "a.js"),
    "far down": ("a()\n" * 30 + "// DO NOT EDIT\n", "a.js"),
    "public path of a micro frontend": ("__webpack_public_path__ = window.__INJECTED_PUBLIC_PATH__\n", "a.js"),
    "hand-written module wrapper": (
        ";(function (root, factory) {\n  if (typeof define === 'function' && define.amd) {\n    define(factory)\n"
        "  } else if (typeof module === 'object' && module.exports) {\n    module.exports = factory()\n  }\n",
        "popper.js",
    ),
    "hand-written CommonJS": (
        "const path = require('path')\nmodule.exports = { a: path.join('a') }\n",
        "vue.config.js",
    ),
    "a table in CommonJS": ("exports.__esModule = true;\nexports.default = { el: { ok: 'Oldu' } };\n", "az.js"),
    "reads the mark": ("const ok = module && module.__esModule ? module.default : module\nfunction f() {}\n", "a.js"),
    "searches for a source map": ("const found = text.indexOf('//# sourceMappingURL=')\n", "a.js"),
    "a document about webpack": ("```js\n__webpack_require__.r(e)\n```\n", "build.md"),
}


@pytest.mark.parametrize(("text", "path"), WRITTEN.values(), ids=WRITTEN)
def test_written_files_are_not_taken_for_generated(tree, text, path):
    assert isinstance(read_source(tree({path: text}), path), Source)


CODE = "!function(e,t){var n=t(e);for(var i=0;i<n.length;i++)e.push(n[i]);return n}(a,b);"
CSS = ".el-col-1{width:4.16667%}.el-col-offset-1{margin-left:4.16667%}.el-row:after{clear:both}"
ROWS = ",".join(f"{{code:'{i}',name:'北京市'}}" for i in range(300))
MINIFIED = {
    "script": (CODE * 10, "a.js"),
    "script under a licence": (
        "/*!\n * Some library v1.2.3\n * (c) Somebody\n * MIT\n */\n" + CODE * 20 + "\n",
        "a.js",
    ),
    "script in lines of 500": ("\n".join([(CODE * 10)[:500]] * 8), "a.js"),
    "style sheet": ("@charset 'UTF-8';" + CSS * 10, "a.css"),
    "component": (f"<script>\n{CODE * 20}\n</script>\n", "A.vue"),
    "script with data": (CODE * 10 + "var t='" + "iVBORw0KGgo" * 50 + "';" + CODE * 10, "a.js"),
}


@pytest.mark.parametrize(("text", "path"), MINIFIED.values(), ids=MINIFIED)
def test_minified_files_are_told(tree, text, path):
    root = tree({path: text})
    refused = read_source(root, path)
    assert isinstance(refused, Reject)
    assert refused.reason == "minified"
    assert "white space" in refused.detail
    assert isinstance(read_source(root, path, keep_minified=True), Source)


NOT_MINIFIED = {
    "short": (CODE, "a.js"),
    "path of a drawing": (f'<template>\n  <svg><path d="{"M12 3.4c1.2-3,4.5z" * 300}"/></svg>\n</template>\n', "A.vue"),
    "path without quotes": (f"<path d='\n{'M12 3.4c1.2-3,4.5z' * 300}\n'/>\n", "a.svg"),
    "many paths": ("<svg>" + '<path fill="#fff" d="M1 2h3(4)"/>' * 200 + "</svg>\n", "A.vue"),
    "image": (f"<template>\n  <img src='data:image/png;base64,{'iVBORw0KGgo' * 500}'>\n</template>\n", "A.vue"),
    "image in a style": (
        f"<style>\n.a {{ background: url(data:image/png;base64,{'A1b2' * 800}) }}\n</style>\n",
        "A.vue",
    ),
    "small image in a style": (
        f".a{{background:url(data:image/png;base64,{'A1b2' * 75});color:red;top:0;}}\n",
        "a.css",
    ),
    "numbers in a call": ("draw(ctx);shape([" + "12,345," * 50 + "]);done();\n", "a.js"),
    "long strings by hand": (('say("' + "ab-cd_ef/" * 11 + '"); ') * 10, "a.js"),
    "table": (f"export const regions = [{ROWS}]\n", "regions.js"),
    "numbers": ("export default [" + "1,22,333," * 500 + "]\n", "a.js"),
    "style in a string": (f"const html = '{CSS.replace('}', ';}') * 20}'\nexport default html\n", "print.js"),
    "long lines by hand": ("a(b, c); if (d) { e(f, g, h); }  // what it does\n".replace("\n", " ") * 20, "a.js"),
    "chinese prose": ("这是一个很长的段落，(说明)；没有空格。" * 60, "README.md"),
    "chinese comment": ("const a = 1\n// " + "说明（这里）；" * 100 + "\n", "a.js"),
    "one long line among many": ("const a = b(c)\n" * 200 + CODE * 20 + "\n", "a.js"),
}


@pytest.mark.parametrize(("text", "path"), NOT_MINIFIED.values(), ids=NOT_MINIFIED)
def test_data_and_prose_are_not_taken_for_minified_code(tree, text, path):
    assert isinstance(read_source(tree({path: text}), path), Source)


@pytest.mark.parametrize(
    "text",
    [
        '="a' * 100_000,
        "exports.__esModule = true\n" * 20_000,
        "\n" * 300_000 + "__esModule function",
        ("A" * 59 + "!") * 5_000,
    ],
    ids=["quotes", "marks", "blank lines", "runs"],
)
@pytest.mark.timeout(60)  # a square of it would take minutes
def test_no_content_takes_for_ever_to_judge(tree, text):
    read_source(tree({"a.js": text}), "a.js")


# --- walking -----------------------------------------------------------------------------------------------------


def test_a_found_file_tells_what_a_cache_needs(tree):
    root = tree({"src/A.vue": VUE})
    os.utime(root / "src/A.vue", ns=(5, 1_700_000_000_123_456_789))
    assert list(walk(root, suffixes=[".vue"])) == [FoundFile("src/A.vue", len(VUE.encode()), 1_700_000_000_123_456_789)]


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.vue", "#hash.vue", "a::b.vue", " spaces .vue", "-leading.vue", "👩‍💻.vue", "用户.vue",
        "'quotes\".vue",
        "back\\slash.vue", "tab\t.vue", ".vue", "*.vue", "[a].vue", "!not.vue", "caf\udce9.vue", "cafe\u0301.vue",
        "Upper.VUE",
        "x" * 251 + ".vue",
    ],
)  # fmt: skip
def test_odd_names_are_found_and_read_and_can_be_ignored(tmp_path, name):
    folder = f"{name.removesuffix('.vue')[:60]}-/deeper"
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / name).write_text(VUE)
    path = f"{folder}/{name}"
    assert listed(tmp_path) == ([path], {})
    source = read_source(tmp_path, path)
    assert isinstance(source, Source)
    assert source.text == VUE
    literal = "".join(f"\\{c}" if c in "\\*?[]!# " else c for c in name)
    if "\n" not in name:
        assert listed(tmp_path, ignore=["/" + literal]) == ([path], {})
        assert listed(tmp_path, ignore=[literal]) == ([], {path: "ignored"})


def test_the_order_is_by_name_depth_first(tree):
    names = ["a/z.vue", "a.vue", "a/b/c.vue", "a-b.vue", "B.vue", "a/b.vue", "b.vue", "a0/x.vue", "用/户.vue"]
    root = tree(dict.fromkeys(names, VUE))

    def expected(folder):
        for name in sorted(os.listdir(folder)):
            if (folder / name).is_dir():
                yield from expected(folder / name)
            else:
                yield (folder / name).relative_to(root).as_posix()

    found, _ = listed(root)
    assert found == list(expected(root))


def test_links_that_go_in_circles_or_nowhere(tree):
    root = tree({"src/A.vue": VUE})
    (root / "src/up").symlink_to("..")
    (root / "src/self").symlink_to("self")
    (root / "src/Self.vue").symlink_to("Self.vue")
    (root / "src/Gone.vue").symlink_to("nowhere")
    (root / "src/gone").symlink_to("nowhere")
    assert listed(root) == (
        ["src/A.vue"],
        {"src/Gone.vue": "symlink", "src/Self.vue": "symlink", "src/up": "symlink"},
    )
    details = [item.detail for item in walk(root, suffixes=[".vue"]) if isinstance(item, Reject)]
    assert details == ["points to nowhere", "points to Self.vue", "points to .."]


def test_files_and_folders_that_go_while_the_tree_is_walked(tree):
    root = tree({"a/A.vue": VUE, "a/B.vue": VUE, "a/C.vue": VUE, "b/D.vue": VUE, "c/E.vue": VUE})
    items = walk(root, suffixes=[".vue"])
    first = next(items)
    assert isinstance(first, FoundFile)
    (root / "a/B.vue").unlink()
    shutil.rmtree(root / "b")
    rest = list(items)
    assert [item.path for item in rest if isinstance(item, FoundFile)] == ["a/C.vue", "c/E.vue"]
    gone = {item.path: (item.reason, item.detail) for item in rest if isinstance(item, Reject)}
    assert gone == {
        "a/B.vue": ("unreadable", "No such file or directory"),
        "b": ("unreadable", "folder: No such file or directory"),
    }
    (root / "a/A.vue").unlink()
    assert read_source(root, first.path) == Reject("a/A.vue", "unreadable", "No such file or directory")


def test_a_root_that_is_gone(tmp_path):
    assert listed(tmp_path / "none") == ([], {".": "unreadable"})


def test_what_permissions_forbid_has_a_reason(here):
    root = here({"Closed.vue": VUE, "closed/A.vue": VUE, "names/B.vue": VUE, "open/C.vue": VUE})
    (root / "linked").symlink_to("closed/inner")
    (root / "Closed.vue").chmod(0)
    (root / "closed").chmod(0)
    (root / "names").chmod(0o444)
    try:
        with bound_by_permissions():
            found, rejected = listed(root)
            closed = read_source(root, "Closed.vue")
    finally:
        (root / "closed").chmod(0o755)
        (root / "names").chmod(0o755)
    assert found == ["Closed.vue", "open/C.vue"]
    assert rejected == {"closed": "unreadable", "names/B.vue": "unreadable", "linked": "symlink"}
    assert closed == Reject("Closed.vue", "unreadable", "Permission denied")


def test_an_ignore_file_that_cannot_be_read_leaves_out_its_folder(here):
    root = here({"sub/.gitignore": "A.vue\n", "sub/A.vue": VUE, "sub/B.vue": VUE, "C.vue": VUE})
    assert listed(root) == (["C.vue", "sub/B.vue"], {"sub/A.vue": "ignored"})
    (root / "sub" / ".gitignore").chmod(0)
    with bound_by_permissions():
        assert listed(root) == (["C.vue"], {"sub/A.vue": "ignored", "sub/B.vue": "ignored"})
        rejects = [item for item in walk(root, suffixes=(".vue",)) if isinstance(item, Reject)]
    assert "sub/.gitignore, which cannot be read: Permission denied" in rejects[0].detail


def test_an_ignore_file_that_is_too_large_leaves_out_its_folder(tree):
    root = tree({"A.vue": VUE, ".gitignore": "#" * 10_000_001})
    assert listed(root) == ([], {"A.vue": "ignored"})


def test_an_ignore_file_in_utf_16_says_nothing_and_that_is_told(tree, caplog):
    root = tree({"A.vue": VUE})
    (root / ".gitignore").write_bytes("A.vue\r\n".encode("utf-16"))
    assert listed(root) == (["A.vue"], {})
    assert ".gitignore: is UTF-16, of which git reads nothing" in caplog.text


def test_a_package_that_cannot_be_read_is_told_once(here, caplog):
    root = here({"package.json": '{"name": "a"}', "A.vue": VUE})
    (root / "package.json").chmod(0)
    with bound_by_permissions():
        assert [packages_of(root), packages_of(root)] == [{}, {}]
    assert caplog.text.count("package.json: cannot be read (Permission denied)") == 1


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_called_gitignore_but_is_no_file(tree, kind):
    root = tree({"A.vue": VUE, "rules": "*.vue\n"})
    odd = root / ".gitignore"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "link":
        odd.symlink_to("rules")  # which git does not follow either
    else:
        odd.mkdir()
        (odd / "B.vue").write_text(VUE)
    assert listed(root) == ([".gitignore/B.vue", "A.vue"] if kind == "folder" else ["A.vue"], {})


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """A folder `r` of 2,000 levels; what clears up after the tests cannot take one so deep."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("r")
    os.chdir("r")
    for _ in range(2000):
        os.mkdir("d")
        os.chdir("d")
    Path("A.vue").write_text(VUE)
    os.chdir(tmp_path)
    yield Path("r")
    os.chdir(next(tmp_path.iterdir()))
    for _ in range(2000):
        os.chdir("d")
    os.unlink("A.vue")
    for _ in range(2000):
        os.chdir("..")
        os.rmdir("d")


@pytest.mark.slow
def test_a_folder_2000_levels_deep(deep):
    path = "d/" * 2000 + "A.vue"
    assert listed(deep, ignore=["**/x/"]) == ([path], {})
    assert isinstance(read_source(deep, path), Source)
    long = deep.rename("x" * 200)  # more than the system takes for a path
    found, rejected = listed(long, ignore=["**/d/d/A.vue"])
    assert not found
    assert list(rejected.values()) == ["unreadable"]
    assert read_source(long, path) == Reject(path, "unreadable", "File name too long")


@pytest.mark.slow
def test_many_files_in_one_folder(tmp_path):
    for number in range(10_000):
        os.close(os.open(tmp_path / f"C{number}.vue", os.O_CREAT | os.O_WRONLY))
    found, rejected = listed(tmp_path)
    assert not rejected
    assert found == sorted(f"C{number}.vue" for number in range(10_000))


@pytest.mark.slow
def test_a_walk_keeps_one_folder_in_memory_at_a_time(tmp_path):
    for folder in range(40):
        (tmp_path / f"f{folder}").mkdir()
        for number in range(50):
            os.close(os.open(tmp_path / f"f{folder}/C{number}.vue", os.O_CREAT | os.O_WRONLY))

    def peak(root):
        tracemalloc.start()
        count = sum(1 for _ in walk(root, suffixes=[".vue"], ignore=[]))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return count, used

    one, of_one = peak(tmp_path / "f0")
    all_, of_all = peak(tmp_path)
    assert (one, all_) == (50, 2000)
    assert of_all < 2 * of_one


# --- what is ignored ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/a/A.js", "packages/app/node_modules/a/A.js", "dist/a.js", "packages/ui/dist/a.js", "build/a.js",
        "vendor/a.js", "src/vendor/Export2Excel.js", "src/assets/vendor/a.js", "src/assets/js/vendors/a.js",
        "lib/third_party/a.js", "third-party/a.js", "packages/ui/src/vendor/a.js", "public/lib/a.js",
        "public/static/lib/a.js", "static/libs/a.js", "src/a.min.js", "src/a.min.css", "a.bundle.js", "js/0.chunk.js",
        "src/vue.umd.js", "vue.global.prod.js", "src/vue.esm-browser.js", "vue.esm-browser.prod.js", ".venv/a.py",
        "venv/lib/a.py", "env/site-packages/a.py", "a/__pycache__/b.py", "target/a.java", "core/target/classes/a.js",
        ".gradle/a.java", ".idea/a.js", ".history/src/A_2024.vue", "package-lock.json", "yarn.lock",
    ],
)  # fmt: skip
def test_default_rules_hide_what_others_wrote(tree, path):
    assert listed(tree({path: VUE}), suffixes=[""]) == ([], {path: "ignored"})


@pytest.mark.parametrize(
    "path",
    [
        "src/lib/a.js", "src/views/order/lib/a.js", "packages/ui/src/lib/a.js", "lib/a.js", "packages/table/lib/a.js",
        "src/views/vendor/List.vue", "src/views/login/third-party/Wechat.vue", "pages/vendor/List.vue",
        "src/components/vendors/A.vue", "src/main/java/com/acme/vendor/Vendor.java", "src/api/vendor.js",
        "src/target/a.js", "src/build/a.js", "src/public/lib/a.js", "webpack.prod.js", "build2/rollup.conf.prod.js",
        "config/prod.env.js", "config/env.prod.js", "types/index.d.ts", "src/admin.js", "src/chunk.js",
        "environment/a.js",
    ],
)  # fmt: skip
def test_default_rules_do_not_hide_real_source(tree, path):
    assert listed(tree({path: VUE}), suffixes=[""]) == ([path], {})


def test_a_tree_can_take_back_neither_a_default_rule_nor_the_users(tree):
    files = {"vendor/A.vue": VUE, "own/B.vue": VUE, "own/c/C.vue": VUE, "D.vue": VUE, "E.vue": VUE}
    root = tree({**files, ".gitignore": "!/vendor/\n!*\n!/own/\n!own/**\n!D.vue\nE.vue\n", "own/.gitignore": "!*\n"})
    assert listed(root)[1] == {"vendor/A.vue": "ignored", "E.vue": "ignored"}
    kept, ignored = listed(root, ignore=["/own/", "D.*", "!E.vue"])
    assert kept == ["vendor/A.vue"]
    assert set(ignored) == {"own/B.vue", "own/c/C.vue", "D.vue", "E.vue"}


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        ("foo/**\n!foo/keep.vue", "foo/keep.vue", False),
        ("foo/**\n!foo/keep.vue", "foo/other.vue", True),
        ("foo/\n!foo/keep.vue", "foo/keep.vue", True),
        ("*.vue\n!keep/", "keep/A.vue", True),
        ("a*.vue\r\n", "ab.vue", True),
        ("\ufeff*.vue", "ab.vue", True),
        ("A.vue   ", "A.vue", True),
        ("A.vue\\ ", "A.vue ", True),
        ("\\#A.vue", "#A.vue", True),
        ("\\!A.vue", "!A.vue", True),
        ("#A.vue", "#A.vue", False),
        ("a/*.vue", "a/b/A.vue", False),
        ("a/**/A.vue", "a/A.vue", True),
        ("a/**/A.vue", "a/b/c/A.vue", True),
        ("[[:upper:]].vue", "A.vue", True),
        ("[!a-c].vue", "b.vue", False),
        ("[A.vue", "[A.vue", False),
        ("?.vue", "用.vue", False),  # a `?` of git is a byte
        ("???.vue", "用.vue", True),
        ("用户*.vue", "用户管理.vue", True),
    ],
)
def test_ignore_files_mean_what_they_mean_to_git(tree, lines, path, ignored):
    root = tree({".gitignore": lines, path: VUE})
    assert listed(root, suffixes=[path[-3:]]) == (([], {path: "ignored"}) if ignored else ([path], {}))


def test_bytes_that_are_no_utf_8_are_ignored_by_the_same_bytes(tree):
    root = tree({".gitignore": b"caf\xe9.vue\n*\xa9t\xe9.vue\n"})
    for name in (b"caf\xe9.vue", b"caf\xc3\xa9.vue", b"\xc3\xa9t\xe9.vue"):
        (root / os.fsdecode(name)).write_text(VUE)
    assert listed(root) == (["café.vue"], {"caf\udce9.vue": "ignored", "ét\udce9.vue": "ignored"})


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 12 + "b", "a" * 250),
        ("**/a/" * 12 + "b", "/".join("a" * 100)),
        ("/" + "**/*a*a*a/" * 6 + "b", "/".join(["aaaaaaaa"] * 100)),
    ],
    ids=["stars", "folders", "both"],
)
@pytest.mark.timeout(60)  # to try all ways would take years
def test_no_pattern_takes_for_ever(tmp_path, pattern, path):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(VUE)
    assert listed(tmp_path, suffixes=["a"], ignore=[pattern]) == ([path], {})


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    """Return which files of a folder git does not ignore: for its own ignore files, and for given patterns alone."""
    if shutil.which("git") is None:
        pytest.skip("needs git to compare with")
    home = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", "--bare", home / "repo.git"], check=True)
    environment = {
        **os.environ, "GIT_DIR": str(home / "repo.git"), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip

    def asked(root, *how):
        output = subprocess.run(
            ["git", "ls-files", "-z", "--others", *how],
            cwd=root,
            env={**environment, "GIT_WORK_TREE": str(root)},
            check=True,
            capture_output=True,
        ).stdout
        return {os.fsdecode(name) for name in output.split(b"\0") if name}

    def kept(root, lines):
        (home / "excludes").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        own = asked(root, "--exclude-per-directory=.gitignore")
        return sorted(own & asked(root, f"--exclude-from={home / 'excludes'}"))

    return kept


def plant(root, files):
    for path, content in files.items():
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content, encoding="utf-8", newline="")


PIECES = st.sampled_from(
    [
        "a", "b", "ab", "中", "é", ".x", "*.x", "*", "?", "**", "/", "/", "/", "**/", "/**", "#", "!", "-", "]", " ",
        "[ab]", "[!a]", "[^]a]", "[]a]", "[a-c]", "[-a]", "[c-a]", "[\\]a]", "[!/]", "[[:alpha:]]", "[[:no:]]", "[[a]",
        "[a", "\\*", "\\a", "\\[", "\\ ", "\\", "\t",
    ]
)  # fmt: skip
LINES = st.builds(
    lambda no, pieces, folder: no + "".join(pieces) + folder,
    st.sampled_from(["", "", "", "!"]),
    st.lists(PIECES, min_size=1, max_size=5),
    st.sampled_from(["", "", "/", " ", "\r"]),
)
PARTS = st.sampled_from(
    ["a", "b", "ab", "ba", "c", "a b", "é", "中", "[a]", "a.x", "b.x", "!a", "#a", "a*", "\\a", "]", "x\ny"]
)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(PATHS, min_size=2, max_size=12),
    st.lists(LINES, max_size=3),
    st.dictionaries(st.sampled_from(["", "a/", "b/", "a/b/", "ab/"]), st.lists(LINES, max_size=4), max_size=3),
)
@example(["a/b/c", "a/c", "c"], [], {"": ["a/**", "!a/c"]})
@example(["ab/c", "ax/c", "a/x/c"], ["a**/c"], {})
@example(["a/b", "b/a/b"], ["b"], {"b/": ["!a/"]})
@example(["x", "a/x", "a/b/x"], ["**\\/x"], {})
@example(["a", "b", "]", "^"], ["[^]a]"], {})
@example(["a", "b", "]", "^"], ["[]a]"], {})
@example(["a", "b", "-"], ["[a-]"], {})
@example(["a/b", "a.b"], ["/a[.-0]b"], {})
@example(["a/x\ny/b"], ["a/**/b"], {})
@example(["a/b/c"], [], {"": ["a/**", "!a/b/"]})
def test_what_is_ignored_is_what_git_ignores(tmp_path_factory, git, paths, default, ignore_files):
    root = tmp_path_factory.mktemp("tree")
    plant(root, dict.fromkeys(paths, "x"))
    plant(root, {f"{folder}.gitignore": "\n".join(lines) + "\n" for folder, lines in ignore_files.items()})
    found, _ = listed(root, suffixes=[""], ignore=default)
    assert sorted(found) == git(root, default)


@pytest.mark.slow
def test_the_default_rules_are_what_git_makes_of_them(tmp_path, git):
    names = ["vendor", "vendors", "third-party", "src", "views", "assets", "lib", "public", "dist", "target", "a"]
    ends = ["a.js", "a.min.js", "webpack.prod.js", "a.prod.js", "x.conf.prod.js", "vendor", "a.lock"]
    plant(tmp_path, {f"{a}/{b}/{c}/{end}": "x" for a in names for b in names for c in names[:6] for end in ends[:3]})
    plant(tmp_path, {f"{a}/{b}/{end}": "x" for a in names for b in names for end in ends})
    plant(tmp_path, {f"{a}/{end}": "x" for a in names for end in ends})
    found, rejected = listed(tmp_path, suffixes=[""])
    assert sorted(found) == git(tmp_path, DEFAULT_IGNORE)
    assert len(found) > 200
    assert len(rejected) > 1000
