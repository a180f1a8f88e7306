"""How swiftprep starts Python child processes: without imports from the working folder, and without needless keys.

The working folder may be a code base that is being scanned. `python -m` and `python -c` search it first, so that a
`datasets/` or an `orjson.py` of that code base would run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from swiftprep.withheld import holds_secret

_PARENT = Path(__file__).parents[1]
# `sys` is built in; nothing else is imported before the path is clean. `-P` exists only since Python 3.11. Where
# swiftprep is not installed, it is imported from the parent's location, which comes last on the path.
_START = (
    "import sys; sys.path[:] = [place for place in sys.path if place not in ('', '.')] + [sys.argv.pop(1)]\n"
    # Where this process has no standard error, no pipe or file of the child's may take its descriptor.
    "import os\n"
    "while (file := os.open(os.devnull, os.O_RDWR)) <= 2: os.set_inheritable(file, True)\n"
    "os.close(file)\n"
    "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_SECRET = re.compile(
    r"(?:^|_)(?:(?:API_?)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASS)|PAT|CREDS?|NETRC|\w{0,40}DSN)(?:_|$)|CREDENTIAL",
    re.IGNORECASE,
)
# Variables that ms-swift reads by itself: those of the hubs, and those of experiment trackers.
_OF_SWIFT = re.compile(r"(?:HF|HUGGING_?FACE|MODELSCOPE|WANDB|SWANLAB|COMET|NEPTUNE|MLFLOW|CLEARML)_", re.IGNORECASE)

_PROXY = re.compile(r"(?!NO_)(?:\w{1,10}_)?PROXY(?:_\w{1,20})?", re.IGNORECASE)
# What Python and the parsing libraries need: paths, locale and runtime settings.
_FOR_PARSING = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_CACHE_HOME|PYTHON\w+|SWIFTPREP_\w+"
    r"|LD_LIBRARY_PATH|DYLD_\w*LIBRARY_PATH|VIRTUAL_ENV|CONDA_PREFIX|COV_CORE_\w+|COVERAGE_\w+"
    r"|(?:OMP|OPENBLAS|MKL|NUMEXPR|RAYON|ARROW|MALLOC|TOKENIZERS)_\w+"
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|NUMBER_OF_PROCESSORS",
    re.IGNORECASE,
)
_PLACES = re.compile(r"PATH|HOME|PWD|TMPDIR|TEMP|TMP|PYTHONPATH|LD_LIBRARY_PATH|VIRTUAL_ENV", re.IGNORECASE)

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module like `python -m`, but does not import from the working folder."""
    return [sys.executable, "-c", _START, str(_PARENT), module, *arguments]


def environment(settings: Mapping[str, str] | None = None, *, network: bool = False) -> dict[str, str]:
    """Return this process's environment with settings added, without the keys that a child does not need.

    Requests of the child to a server on this machine bypass every proxy.

    Args:
        settings: Variables to add or override.
        network: Whether the child may have to download something; then it gets the proxy settings, too.

    >>> variables = {"DASHSCOPE_API_KEY": "k", "HF_TOKEN": "t", "PATH": "p", "TOKENIZERS_PARALLELISM": "false"}
    >>> sorted(_passed_on(variables, network=False))
    ['HF_TOKEN', 'PATH', 'TOKENIZERS_PARALLELISM']
    """
    return _complete(_passed_on(os.environ, network=network), settings)


def environment_for_parsing() -> dict[str, str]:
    """Return the part of this process's environment that a child needs to parse untrusted text.

    >>> variables = {"PATH": "p", "LC_ALL": "C", "CORP_LLM": "k", "HF_TOKEN": "t", "https_proxy": "http://proxy:3128"}
    >>> sorted(_needed_to_parse(variables))
    ['LC_ALL', 'PATH']
    """
    return _complete(_needed_to_parse(os.environ))


def _complete(passed_on: dict[str, str], settings: Mapping[str, str] | None = None) -> dict[str, str]:
    if "PYTHONPATH" in passed_on:  # an empty entry means the working folder
        places = [place for place in passed_on["PYTHONPATH"].split(os.pathsep) if place not in ("", ".")]
        passed_on["PYTHONPATH"] = os.pathsep.join(places)
    others = passed_on.get("no_proxy") or passed_on.get("NO_PROXY")
    past = "*" if others == "*" else ",".join(filter(None, [others, *_THIS_MACHINE]))
    return {**passed_on, "PYTHONSAFEPATH": "1", "no_proxy": past, "NO_PROXY": past, **(settings or {})}


def _passed_on(variables: Mapping[str, str], *, network: bool) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if _OF_SWIFT.match(name)
        or _PLACES.fullmatch(name)
        or (network if _PROXY.fullmatch(name) else not _SECRET.search(name) and not holds_secret(value))
    }


def _needed_to_parse(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if _FOR_PARSING.fullmatch(name)
        and (_PLACES.fullmatch(name) or not (_SECRET.search(name) or holds_secret(value)))
    }
