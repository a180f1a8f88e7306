"""What the real ms-swift makes of data files: one process that loads whatever it is asked to, as long as the tests run.

`python tests/in_swift.py` is that process. It reads a job from each line of standard input (`name`, `entries` of `--dataset`,
`model` to encode with or null, `strict`, `num_proc`) and answers with a line: `columns`, `rows` (the messages of each), `first` (a whole
row) and `tokens` (how many labels of each row count, or the error), or `fails` with the error.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

LONGEST = 60  # seconds a file may take; one that takes longer hangs


class InSwift:
    """The process, seen from a test. It starts when it is first asked, and again after a file that ends it."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "log.txt").open("w+b")
        cache = {"MODELSCOPE_CACHE": str(folder / "ms"), "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}
        self._environment = {**os.environ, **cache}
        self._child: subprocess.Popen[str] | None = None

    def load(
        self,
        entries: Mapping[str, Sequence[str | Path]],
        *,
        model: Path | None = None,
        strict: bool = False,
        num_proc: int | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Load `--dataset` lists by name; encode with a model's template. A list that ends the process fails.

        With the 1 that is its default, ms-swift forks for each file, which takes four times as long.
        """
        settings = {"model": model and str(model), "strict": strict, "num_proc": num_proc}
        return {name: self._ask({"entries": list(map(str, given)), **settings}) for name, given in entries.items()}

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        if self._child is None:
            command = [sys.executable, __file__]
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=self._environment,
                text=True,
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        print(json.dumps(job), file=child.stdin, flush=True)
        if line := child.stdout.readline():
            return dict(json.loads(line))
        child.communicate()
        code = child.returncode
        self._child = None
        self._log.seek(0)
        assert code < 0, self._log.read()[-3000:].decode("utf-8", "replace")
        return {"fails": f"the process ends with signal {-code}"}

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
        self._log.close()


class _Hangs(BaseException):
    pass


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what ms-swift prints
    import datasets
    from swift.dataset import load_dataset
    from swift.model import get_processor
    from swift.template import get_template

    def hangs(*_: object) -> None:
        raise _Hangs

    @lru_cache
    def template(model: str) -> Any:
        made = get_template(get_processor(model, model_type="llama"), template_type="chatml")
        made.set_mode("train")
        made.max_length = None  # length is not what is compared
        return made

    def tokens(row: Mapping[str, Any], model: str) -> int | str:
        try:
            labels = template(model).encode(dict(row), return_length=True)["labels"]
            return len([label for label in labels if label != -100])
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    datasets.disable_progress_bars()
    signal.signal(signal.SIGALRM, hangs)
    for line in sys.stdin:
        job = json.loads(line)
        signal.alarm(LONGEST)
        try:
            shuffled = {"shuffle": True} if len(job["entries"]) > 1 else {}
            data, _ = load_dataset(job["entries"], strict=job["strict"], num_proc=job["num_proc"], **shuffled)
            rows = [data[i] for i in range(len(data))]
            found = {"columns": sorted(data.column_names), "rows": [row["messages"] for row in rows], "first": rows[0]}
            found["tokens"] = [tokens(row, job["model"]) for row in rows] if job["model"] else []
        except BaseException as error:
            found = {"fails": f"{type(error).__name__}: {error}"[:500]}
        signal.alarm(0)
        print(json.dumps(found, default=repr), file=out, flush=True)


if __name__ == "__main__":
    main()
