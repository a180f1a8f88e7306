"""A child process imports nothing from the folder it is started in, and gets no key it has no use for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.request import proxy_bypass

import pytest

from swiftprep import Scanner, Teacher
from swiftprep.process import children
from swiftprep.process.workers import Guarded, Lost, WorkerPool
from swiftprep.serve.server import LocalServer
from swiftprep.train.process import run_in_child

pytestmark = pytest.mark.slow

# Of the standard library, of what swiftprep needs, and of what ms-swift imports.
SHADOWS = (
    "json", "typing", "runpy", "pkgutil", "dataclasses", "importlib/__init__", "multiprocessing/__init__", "subprocess", "orjson",
    "yaml/__init__", "numpy/__init__", "pandas/__init__", "swift/__init__", "datasets/__init__", "transformers/__init__",
    "torch/__init__", "tree_sitter/__init__", "loky/__init__", "xllamacpp", "sitecustomize", "usercustomize",
)  # fmt: skip


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A working folder whose modules say that they were imported."""
    folder = tmp_path / "tree"
    for name in SHADOWS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name}\\n')\nraise SystemExit(9)\n"
        )
    for number in range(40):
        text = f"<template>\n  <ta-card title='{number}'><ta-tag color='red' /></ta-card>\n</template>\n"
        (folder / f"C{number}.vue").write_text(text)
    monkeypatch.chdir(folder)
    yield folder
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_a_module_runs_as_with_m_but_for_the_working_folder(hostile, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f":{os.environ.get('PYTHONPATH', '')}:")
    command = children.python("swiftprep.models.device", "cpu")
    child = subprocess.run(command, env=children.environment(), capture_output=True, text=True, check=False)
    assert child.returncode in (0, 1), child.stderr
    assert "SystemExit: 9" not in child.stderr


def test_a_recipe_drops_the_working_folder(hostile):
    for name in (
        "runpy",
        "pkgutil",
        "importlib/__init__",
        "json",
        "typing",
        "subprocess",
        "dataclasses",
        "multiprocessing/__init__",
    ):
        (hostile / f"{name}.py").unlink()  # what Python itself imports for `-m`, before anything of ours can run
    child = subprocess.run(
        [sys.executable, "-m", "swiftprep.recipes.check", "--help", "--lang", "en"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert "usage: swiftprep check" in child.stdout


def test_the_scans_own_processes(hostile):
    assert len(Scanner(hostile, cache=False, workers=2, kinds=["component"], suffixes=[".vue"]).scan().samples) == 40


def test_a_run_and_a_server(hostile, tmp_path):
    with pytest.raises(Exception, match="KeyError"):
        run_in_child({"task": "none"}, log_path=tmp_path / "log", environment={}, on_event=lambda event: None)
    with LocalServer({"task": "none"}, model="m") as server, pytest.raises(Exception, match="'none'"):
        _ = server.base_url


def test_keys_of_others_do_not_reach_a_child(monkeypatch):
    for name in ("DASHSCOPE_API_KEY", "MY_SECRET", "DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "canary")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    child = subprocess.run(
        [sys.executable, "-c", code],
        env=children.environment({"MINE": "1"}),
        capture_output=True,
        text=True,
        check=True,
    )
    got = json.loads(child.stdout)
    assert {name for name, value in got.items() if value == "canary"} == {"HF_TOKEN"}
    assert (got["MINE"], got["PYTHONSAFEPATH"], got["PATH"]) == ("1", "1", os.environ["PATH"])


PASSWORD = "Pr0xyPa55w9" + "XzQ"
SECRETS = {
    "CORP_LLM": PASSWORD * 2,  # a teacher's key, by whatever name
    "MY_DB": f"postgres://u:{PASSWORD}@host/db",
    "SENTRY_DSN": "x1y2",
    "PIP_INDEX_URL": f"https://u:{PASSWORD}@host/simple",
    "GITHUB_PAT": "ghp_1",
    "CREDS": "user:1",
    "NETRC": "machine h",
    "DB_CREDENTIAL_JSON": "{}",
    "HTTPS_PROXY": f"http://u:{PASSWORD}@127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "X_TOKEN": "k",
}
HARMLESS = {
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "SWIFTPREP_CACHE": "/c",
    "COV_CORE_SOURCE": "s",
    "OMP_NUM_THREADS": "1",
}


@pytest.fixture
def variables(monkeypatch):
    for name, value in {**SECRETS, **HARMLESS, "HF_TOKEN": "t", "CUDA_VISIBLE_DEVICES": "0", "NCCL_DEBUG": "x"}.items():
        monkeypatch.setenv(name, value)
    Teacher("https://llm.example/v1", "m", api_key_env="CORP_LLM")


def test_a_worker_that_parses_gets_what_it_needs_and_nothing_else(variables):
    got = children.environment_for_parsing()
    assert HARMLESS.items() <= got.items()
    assert got["PATH"] == os.environ["PATH"]
    assert not got.keys() & {*SECRETS, "HF_TOKEN", "CUDA_VISIBLE_DEVICES"}
    with WorkerPool(workers=1) as pool:
        names = pool.submit(Guarded(_names), [""]).result()[0]
    assert not isinstance(names, Lost)
    assert names.isdisjoint({*SECRETS, "HF_TOKEN"})


def _names(_):
    return set(os.environ)


@pytest.mark.parametrize("network", [False, True])
def test_a_child_that_trains_gets_no_secrets_and_proxies_only_for_downloads(variables, network):
    got = children.environment(network=network)
    assert {"HF_TOKEN", "CUDA_VISIBLE_DEVICES", "NCCL_DEBUG", *HARMLESS} <= got.keys()
    assert got.keys() & SECRETS.keys() == ({"HTTPS_PROXY", "all_proxy"} if network else set())


@pytest.mark.parametrize("given", ["", "intern.example", "*"])
def test_servers_on_this_machine_are_asked_past_every_proxy(given, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", given)
    got = children.environment()
    monkeypatch.setenv("no_proxy", got["no_proxy"])
    assert got["NO_PROXY"] == got["no_proxy"]
    for host in ("127.0.0.1", "localhost", "intern.example"):
        assert bool(proxy_bypass(host)) is (given != "" or host != "intern.example")
