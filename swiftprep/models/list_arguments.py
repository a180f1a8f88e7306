"""Print the arguments that ms-swift's own parser takes, and the values of each, as JSON.

It runs in its own process, as importing ms-swift takes seconds and changes logging and transformers for good. What it
prints is the file that comes with swiftprep; with another ms-swift or transformers in the locks, write it anew::

    python -m swiftprep.models.list_arguments > swiftprep/assets/swift/arguments.json
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from importlib import metadata
from typing import Any

# The functions that the parser converts a text with → what they take; others take any text.
_TYPES = {"int": "int", "float": "float", "string_to_bool": "bool"}


def values_of(action: argparse.Action) -> dict[str, Any]:
    """Return which values an option of a parser takes: `type`, and where they apply `choices` and `several`."""
    values: dict[str, Any] = {"type": _TYPES.get(getattr(action.type, "__name__", ""), "str")}
    if action.choices is not None:
        values = {"type": "choice", "choices": [str(choice) for choice in action.choices]}
    return {**values, "several": True} if action.nargs == "+" else values


def to_text(versions: Mapping[str, str], arguments: Mapping[str, Mapping[str, Any]]) -> str:
    """Return versions and arguments as one JSON object, with a line for each argument.

    >>> print(to_text({"ms-swift": "4"}, {"sft": {"seed": {"type": "int"}, "system": {"type": "str"}}}), end="")
    {
     "versions": {"ms-swift": "4"},
     "arguments": {
      "sft": {
       "seed": {"type": "int"},
       "system": {"type": "str"}
      }
     }
    }
    """
    tasks = [
        f"  {json.dumps(task)}: {{\n"
        + ",\n".join(f"   {json.dumps(name)}: {json.dumps(values)}" for name, values in known.items())
        + "\n  }"
        for task, known in arguments.items()
    ]
    return f'{{\n "versions": {json.dumps(versions)},\n "arguments": {{\n' + ",\n".join(tasks) + "\n }\n}\n"


def main() -> None:
    """Write the versions and the arguments, task → name → values, to standard output."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # ms-swift's own output
    from swift.arguments import EvalArguments, SftArguments
    from transformers import HfArgumentParser

    known: dict[str, dict[str, Any]] = {}
    for task, kind in {"sft": SftArguments, "eval": EvalArguments}.items():
        actions = HfArgumentParser([kind])._actions
        options = [action for action in actions if action.option_strings and action.dest != "help"]
        known[task] = {
            action.dest: values_of(action)
            for action in sorted(options, key=lambda action: action.dest)
            if f"--{action.dest}" in action.option_strings
        }
    out.write(to_text({name: metadata.version(name) for name in ("ms-swift", "transformers")}, known))
    out.flush()


if __name__ == "__main__":
    main()
