"""Print the field names of ms-swift's argument classes as JSON.

In a process of its own, because importing ms-swift takes seconds and changes logging and transformers for good.
"""

from __future__ import annotations

import dataclasses
import json
import os


def main() -> None:
    """Write an object of lists by task to standard output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what ms-swift prints
    from swift.arguments import EvalArguments, SftArguments

    classes = {"sft": SftArguments, "eval": EvalArguments}
    names = {task: sorted(f.name for f in dataclasses.fields(kind) if f.init) for task, kind in classes.items()}
    json.dump(names, out)
    out.flush()


if __name__ == "__main__":
    main()
