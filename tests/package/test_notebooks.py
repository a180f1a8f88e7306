"""The notebooks are run as a reader would run them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def execute(notebook, folder):
    return NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(path, tmp_path, model):
    notebook = nbformat.read(path, as_version=4)
    done = execute(notebook, tmp_path)
    shown = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown), "no plot"
    assert any("text/html" in output.get("data", {}) for output in shown), "no table"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_committed_without_output(path):
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)


TWO_RUNS = """
import logging, os
from pathlib import Path
from swiftprep import SwiftRunner, Sample, write_jsonl
from swiftprep import demo
rows = [Sample.from_instruction(f"Count to {i}.", "", " ".join(map(str, range(i)))) for i in range(2, 8)]
write_jsonl(rows, "train.jsonl")
before = (logging.getLogger().handlers[:], dict(os.environ))
runner = SwiftRunner(demo.model(), "runs", **demo.MODEL_ARGUMENTS)
runs = [
    runner.sft(["train.jsonl"], max_steps=steps, logging_steps=1, gradient_accumulation_steps=1, max_length=64)
    for steps in (2, 3)
]
folders = [run.output_dir for run in runs]
assert folders[0] != folders[1]
assert [len(run.log["loss"].dropna()) for run in runs] == [2, 3]
for run in runs:
    events = [p for p in (run.output_dir / "runs").iterdir() if p.name.startswith("events.out.tfevents")]
    assert len(events) == 1, (run.output_dir, events)
    assert run.checkpoint.parent == run.output_dir
assert (logging.getLogger().handlers[:], dict(os.environ)) == before, "the kernel was changed"
import sys
assert "torch" not in sys.modules and "swift" not in sys.modules
"""


@pytest.mark.long
def test_two_runs_in_one_kernel_log_into_their_own_folders(tmp_path, model):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TWO_RUNS)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    execute(notebook, tmp_path)
    assert len(list((tmp_path / "runs").glob("v*/logging.jsonl"))) == 2
