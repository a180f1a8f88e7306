"""The answers of a run that is not finished: a model whose evaluation came to its end is not asked again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import DataError
from swiftprep.evaluate.probes import load_questions
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.output_folders import begun
from swiftprep.recipes.shared.phases import Progress
from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import OutputFolder
from swiftprep.text.limits import loads_within, read_within
from swiftprep.train.results import Evaluation
from swiftprep.train.runner import SwiftRunner


class KeptAnswers:
    """The answers that the models of one run have given, kept in its output folder.

    They are in `eval/asked/NAME.json`, and count only for the same run, model, questions and longest answer.
    """

    def __init__(self, folder: OutputFolder, recipe: str, progress: Progress) -> None:
        """Create it; nothing is read yet.

        Args:
            folder: The output folder.
            recipe: Name of the recipe.
            progress: The run.
        """
        self.folder = folder
        self.recipe = recipe
        self.begun = progress.begun

    def eval(
        self,
        name: str,
        runner: SwiftRunner,
        checkpoint: Path | None,
        sets: Mapping[str, str | Path],
        *,
        max_new_tokens: int,
    ) -> Evaluation:
        """Return the answers of a model, which is asked unless it has answered before; see `SwiftRunner.eval`.

        Args:
            name: Name of the answers within the run.
            runner: Runs the model.
            checkpoint: Its checkpoint; None: the base model.
            sets: The questions.
            max_new_tokens: Longest answer, in tokens.
        """
        questions = {key: [repr(question) for question in load_questions(path)] for key, path in sets.items()}
        asked = [self.begun, runner.model, str(checkpoint), questions, max_new_tokens]
        key = hashlib.sha256(orjson.dumps(asked)).hexdigest()
        path = Path("eval") / "asked" / f"{name}.json"
        rows = self._read(self.folder.path / path, key)
        if rows is not None:
            say(f"eval    {name}: was asked before", f"评估    {name}：此前已完成，不再重复提问")
            return Evaluation(rows, self.folder.path / "eval", "")
        evaluation = runner.eval(checkpoint, sets, max_new_tokens=max_new_tokens)
        with self.folder.writing(begun(self.recipe)) as staged:
            write_text(staged / path, orjson.dumps({"key": key, "rows": evaluation.rows}).decode())
        return evaluation

    def _read(self, path: Path, key: str) -> list[dict[str, Any]] | None:
        try:
            content = loads_within(read_within(path))
            return list(content["rows"]) if content["key"] == key and self.begun else None
        except (OSError, ValueError, KeyError, TypeError, DataError):
            return None
