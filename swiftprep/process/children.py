"""How a child process of ours is started: it imports nothing from the working folder and gets no key it has no use for.

The working folder may be a code base that is scanned. `python -m` and `python -c` look there first, so that a
`datasets/` or an `orjson.py` of that code base would run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

_PARENT = Path(__file__).parents[1]
# `sys` is built in; nothing else is imported before the path is clean. `-P` came with Python 3.11 only. Where
# swiftprep is not installed, it comes from where the parent has it, after all that is.
_START = (
    "import sys; sys.path[:] = [place for place in sys.path if place not in ('', '.')] + [sys.argv.pop(1)]\n"
    # Where this process has no standard error, no pipe or file of the child's may become one.
    "import os\n"
    "while (file := os.open(os.devnull, os.O_RDWR)) <= 2: os.set_inheritable(file, True)\n"
    "os.close(file)\n"
    "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_SECRET = re.compile(r"(?:^|_)(?:API_?)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
# What ms-swift asks for by itself: the hubs', and those of what a run reports to.
_OF_SWIFT = re.compile(r"(?:HF|HUGGING_?FACE|MODELSCOPE|WANDB|SWANLAB|COMET|NEPTUNE|MLFLOW|CLEARML)_", re.IGNORECASE)

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module as `python -m` does, but for the working folder."""
    return [sys.executable, "-c", _START, str(_PARENT), module, *arguments]


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment with settings over it, without the keys that are none of a child's business.

    What a child asks of a server on this machine goes past every proxy.

    >>> given = {"DASHSCOPE_API_KEY": "k", "HF_TOKEN": "t", "PATH": "p", "TOKENIZERS_PARALLELISM": "false"}
    >>> sorted(_passed_on(given))
    ['HF_TOKEN', 'PATH', 'TOKENIZERS_PARALLELISM']
    """
    passed_on = _passed_on(os.environ)
    if "PYTHONPATH" in passed_on:  # an empty part of it means the working folder
        places = [place for place in passed_on["PYTHONPATH"].split(os.pathsep) if place not in ("", ".")]
        passed_on["PYTHONPATH"] = os.pathsep.join(places)
    others = passed_on.get("no_proxy") or passed_on.get("NO_PROXY")
    past = "*" if others == "*" else ",".join(filter(None, [others, *_THIS_MACHINE]))
    return {**passed_on, "PYTHONSAFEPATH": "1", "no_proxy": past, "NO_PROXY": past, **(settings or {})}


def _passed_on(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if not _SECRET.search(name) or _OF_SWIFT.match(name) or name == "PWD"
    }
