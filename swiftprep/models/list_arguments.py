"""Print the field names of ms-swift's argument classes as JSON.

It runs in its own process, as importing ms-swift takes seconds and changes logging and transformers for good.
"""

from __future__ import annotations

import dataclasses
import json
import os


def main() -> None:
    """Write a JSON object, task → names, to standard output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # ms-swift's own output
    from swift.arguments import EvalArguments, SftArguments

    classes = {"sft": SftArguments, "eval": EvalArguments}
    names = {task: sorted(f.name for f in dataclasses.fields(kind) if f.init) for task, kind in classes.items()}
    json.dump(names, out)
    out.flush()


if __name__ == "__main__":
    main()
