"""What a scanned tree brings along is read, never run and never followed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from swiftprep import Scanner
from swiftprep.scan.commit import commit_of
from swiftprep.scan.packages import packages_of
from swiftprep.scan.vue_version import vue_version_of

VUE = "<template>\n  <ta-card><ta-tag color='red' /></ta-card>\n</template>\n"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


# --- the repository -------------------------------------------------------------------------------------------------


@pytest.fixture
def git(tmp_path):
    """Run git as its user does, to compare with."""
    if shutil.which("git") is None:
        pytest.skip("needs git to compare with")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def run(folder, *arguments):
        command = [
            "git",
            "-C",
            str(folder),
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "protocol.file.allow=always",
        ]
        done = subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return run


@pytest.fixture
def repository(git, tmp_path):
    root = tmp_path / "app"
    (root / "src").mkdir(parents=True)
    (root / "src" / "A.vue").write_text(VUE)
    git(root, "init", "-q", "-b", "feature/a+b")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "x")
    return root


def test_the_commit_is_the_one_git_names(git, repository, tmp_path):
    head = git(repository, "rev-parse", "HEAD")
    assert commit_of(repository) == commit_of(repository / "src") == head
    git(repository, "pack-refs", "--all")
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "beside"))
    git(repository, "submodule", "add", "-q", str(repository), "inner")
    git(repository, "commit", "-q", "-am", "y")
    assert git(repository, "rev-parse", "HEAD") != head
    for place in (repository, repository / "src", repository / "inner", tmp_path / "beside"):
        assert commit_of(place) == git(place, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "--detach", "other")
    assert commit_of(repository) == head


def test_git_is_not_run_however_the_tree_is_configured(repository, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for name in ("git", "gpg", "ssh", "evil"):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        program.chmod(0o755)
    with (repository / ".git" / "config").open("a") as config:
        config.write(
            "[log]\nshowSignature = true\n[gpg]\nprogram = evil\n[core]\nsshCommand = evil\nfsmonitor = evil\nhooksPath = .\n"
            '[extensions]\npartialClone = origin\n[remote "origin"]\nurl = ssh://x/y\npromisor = true\n[include]\npath = /dev/zero\n'
        )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    scan = Scanner(repository, cache=False).scan()
    assert {sample.meta["commit"] for sample in scan.samples} == {commit_of(repository)} != {None}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("HEAD", "ref: refs/heads/../../../secret\n"),
        ("HEAD", "ref: refs/heads/\n"),
        ("HEAD", "ref: /etc/passwd\n"),
        ("HEAD", "\ud83d".encode("utf-8", "surrogatepass")),
        ("HEAD", COMMIT * 1000),
        ("HEAD", ""),
        ("packed-refs", b"\xff" * 100 + b" refs/heads/main\n"),
        ("packed-refs", " refs/heads/main\n"),
        ("commondir", "/dev\n"),
        ("commondir", "\0\n"),
    ],
)
def test_a_repository_that_is_none_has_no_commit(tree, name, content):
    root = tree({"A.vue": VUE, ".git/HEAD": "ref: refs/heads/main\n", f".git/{name}": content, "secret": COMMIT})
    assert commit_of(root) is None
    assert len(Scanner(root, cache=False).scan().samples) > 0


@pytest.mark.parametrize("pointer", ["gitdir: /dev/zero", "gitdir:", "gitdir: \0", "gitdir: ../../../..", "nonsense"])
def test_a_pointer_to_a_repository_that_is_none(tree, pointer):
    assert commit_of(tree({"A.vue": VUE, ".git": pointer})) is None


# --- package.json ---------------------------------------------------------------------------------------------------


def test_the_packages_of_a_tree_are_those_three_levels_down(tree):
    root = tree(
        {
            "package.json": '{"name": "top"}', "a/package.json": '{"name": "@x/a"}', "a/b/c/package.json": '{"name": "c"}',
            "b/package.json": '{"name": "@x/a"}', "a/b/c/d/package.json": '{"name": "too-deep"}', "e/package.json": "[1]",
            "node_modules/z/package.json": '{"name": "z"}', "f/package.json": '{"name": 5}', "g/package.json": "{" * 5000,
        }
    )  # fmt: skip
    assert packages_of(root) == {"top": "", "@x/a": "a", "c": "a/b/c"}


def make_odd(path, kind, outside):
    path.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "outside":
        path.symlink_to(outside)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(1 << 32)
    else:
        path.write_text("[" * 100_000)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "endless", "outside", "folder", "large", "deep"])
@pytest.mark.parametrize("name", ["package.json", "a/package.json", ".git", ".gitignore", "a/.gitignore"])
def test_what_is_no_plain_file_is_not_read(tree, tmp_path, kind, name):
    outside = tmp_path / "outside.json"
    outside.write_text('{"name": "outside", "dependencies": {"vue": "^3.5.0"}}')
    root = tree({"A.vue": VUE})
    make_odd(root / name, kind, outside)
    assert packages_of(root) == {}
    assert vue_version_of(root) == "2.7"
    left = [] if (name, kind) == (".gitignore", "large") else ["A.vue"]  # what it leaves out is not known
    assert [sample.meta["path"] for sample in Scanner(root, cache=False).scan().samples][:1] == left


def test_a_link_to_a_folder_is_not_entered(tree, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "package.json").write_text('{"name": "outside"}')
    root = tree({"A.vue": VUE})
    (root / "a").symlink_to(tmp_path / "outside")
    assert packages_of(root) == {}
