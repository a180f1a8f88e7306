"""`SwiftRunner`: ms-swift's fine-tuning and evaluation, from Python."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from swiftprep.arguments import checked_keywords
from swiftprep.errors import ConfigError, RunError, RunInterrupted
from swiftprep.evaluate.probes import load_questions
from swiftprep.inputs import Data, DataSets, data_files
from swiftprep.models.arguments import as_bool, check_served, require_swift, to_command
from swiftprep.models.device import Device, check_device, detect, environment_of, require_device
from swiftprep.models.folders import (
    ADAPTER_CONFIG,
    MERGED,
    carried_arguments,
    check_adapter,
    check_code,
    check_continues,
    check_loaded,
    check_model,
    interrupted,
    merged_from,
    model_name_of,
    read_json,
    trained_with,
    unused,
)
from swiftprep.models.hub import check_hub, hub_of
from swiftprep.notebook import html_of_repr
from swiftprep.storage.disk import whole_folder
from swiftprep.storage.outputs import check_together, hold_together
from swiftprep.swiftfmt import parse_entry, require_rows
from swiftprep.train.bar import RunProgress
from swiftprep.train.process import run_in_child
from swiftprep.train.results import Evaluation, Run
from swiftprep.train.run_arguments import (
    as_list,
    check_arguments,
    check_identity,
    device_arguments,
    identity_arguments,
    question_sets,
)


class SwiftRunner:
    """Fine-tune and evaluate a model with ms-swift, each run in a fresh process.

    ms-swift changes the logging, environment and random state of its process, and does not free its memory, so each
    run gets its own process. Arguments have ms-swift's own names and are checked against the installed version before
    anything is loaded. Needs `pip install 'swiftprep[swift]'`.

    Example::

        runner = SwiftRunner("Qwen/Qwen2.5-Coder-0.5B-Instruct", output_dir="runs/stage1")
        run = runner.sft(["train.jsonl", "general.jsonl#500"], val_dataset=["val.jsonl"], learning_rate=5e-5)
        run.checkpoint, run.verdict.kind
    """

    @checked_keywords
    def __init__(
        self,
        model: str | Path,
        output_dir: str | Path = "output",
        *,
        model_type: str | None = None,
        template: str | None = None,
        device: str | None = "auto",
        model_name: str | Sequence[str] | None = None,
        model_author: str | Sequence[str] | None = None,
        trust_remote_code: bool = False,
        in_process: bool = False,
    ) -> None:
        """Create a runner; nothing is loaded yet.

        Args:
            model: A local folder, or a hub id such as `"Qwen/Qwen2.5-Coder-0.5B-Instruct"`.
            output_dir: Each run creates its own `vN-date-time` folder in it.
            model_type: ms-swift's model type, for a model it does not recognise. A folder written by ms-swift, such as
                that of `merge`, knows its own.
            template: ms-swift's chat template, likewise.
            device: `"auto"`, `"cpu"`, `"cuda"`, or None to leave all device arguments to ms-swift. With `"cuda"` the
                command for a GPU can be had on a machine without one. For the CPU's number format and OpenMP settings
                see `swiftprep.models.device`; `torch_dtype` and OpenMP's variables override them.
            model_name: What the model calls itself in the rows of `swift/self-cognition`: one name, or a Chinese and
                an English one.
            model_author: Whom it names as its author there, likewise.
            trust_remote_code: Whether Python code that comes with the model may run. ms-swift itself always allows it.
            in_process: Run in this process instead, as ms-swift's own API does, with all side effects: its own
                exceptions, and no checkpoint on Ctrl-C.

        Raises:
            ConfigError: the model is neither a folder with a `config.json` nor a hub id, or has untrusted Python code.
        """
        self.model = model_name_of(model)
        self.local = check_model(self.model, trust_remote_code)
        check_device(device)
        self.output_dir = Path(output_dir)
        carried = trained_with(Path(self.model)) if self.local else {}
        self.model_type = model_type or carried.get("model_type")
        self.template = template or carried.get("template")
        self.device = device
        self.identity = identity_arguments(model_name, model_author)
        self.trust_remote_code = trust_remote_code
        self.in_process = in_process

    def __repr__(self) -> str:
        return f"<SwiftRunner {self.model[-150:]}, device {self.device}, into {str(self.output_dir)[-150:]}>"

    _repr_html_ = html_of_repr

    def sft(
        self,
        dataset: DataSets,
        val_dataset: Data | None = None,
        *,
        dry_run: bool = False,
        on_log: Callable[[dict[str, Any]], None] | None = None,
        **swift_arguments: Any,
    ) -> Run:
        """Fine-tune, by default with LoRA, through `swift.sft_main`.

        Args:
            dataset: A `Mixer`, ms-swift's `--dataset` list, samples, or a result that holds samples, such as a `Scan`.
            val_dataset: Data to evaluate on, likewise; without it there is no eval loss and no verdict.
            dry_run: Check everything and return the command, but do not run it.
            on_log: Called with each row of the training log as it is written.
            **swift_arguments: Any argument of ms-swift's `SftArguments`, such as `learning_rate=5e-5`.
                `adapters=[checkpoint]` trains that adapter further, with a fresh optimizer and schedule;
                `resume_from_checkpoint` resumes a run that was stopped.

        Raises:
            ConfigError: an argument is unknown, a `--dataset` entry is invalid, or ms-swift refuses an argument or
                would silently ignore it (`lora_rank` with `adapters`).
            DataError: a data file cannot be loaded, or the files are of two runs (`swiftprep.storage.outputs`).
            MissingDependencyError: ms-swift is not installed.
            RunError: the run failed; the message has the end of its log.
            RunInterrupted: Ctrl-C. The run stops after the batch it is at, or within an evaluation; the checkpoint of
                the last step is saved and named in the message.
        """
        arguments = self._sft_arguments(dataset, val_dataset, swift_arguments)
        entries = {name: list(map(parse_entry, arguments[name])) for name in ("dataset", "val_dataset")}
        files = [entry.path for listed in entries.values() for entry in listed if entry.path is not None]
        check_together(files)
        for name, listed in entries.items():
            for entry in listed:
                require_rows(entry, repeat=name == "dataset")
        check_identity([e.source for listed in entries.values() for e in listed if e.path is None], arguments)
        if not arguments["dataset"]:
            raise ConfigError("no dataset was given (没有指定训练数据)")
        command = to_command("sft", arguments)
        if dry_run:
            return Run(command=command)
        started: dict[str, Path] = {}

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] == "started":
                started["output_dir"] = Path(event["output_dir"])
            elif event["event"] == "step" and not arguments.get("streaming"):
                held.close()  # the data has been read by now
            elif event["event"] == "log" and on_log is not None:
                on_log(event["row"])

        try:
            with hold_together(files) as held, RunProgress("sft", " steps") as progress:
                result = self._run({"task": "sft", "arguments": arguments}, self.output_dir, on_event, progress.update)
        except KeyboardInterrupt:  # also one that comes as the run ends
            raise interrupted(started.get("output_dir"), arguments.get("resume_from_checkpoint")) from None
        last = result.get("last_model_checkpoint")
        best = result.get("best_model_checkpoint") or last
        return Run(
            command=command,
            output_dir=started["output_dir"],
            checkpoint=Path(last) if last else None,
            best_checkpoint=Path(best) if best else None,
            result=result,
        )

    def eval(
        self,
        checkpoint: str | Path | None = None,
        dataset: str | Path | Iterable[str | Path] | Mapping[str, Data] = "val.jsonl",
        *,
        limit: int | None = None,
        max_new_tokens: int = 256,
        dry_run: bool = False,
        **swift_arguments: Any,
    ) -> Evaluation:
        """Let a model answer questions, and score the answers, through `swift.eval_main`.

        Args:
            checkpoint: An adapter folder or a full model folder; None evaluates the base model.
            dataset: JSONL files of samples (scored by ROUGE-L against their answer) or probes (`question`,
                `accept`: scored right or wrong), or `"general"` for the probes included in the package. A mapping
                names the sets, which may be samples or a `Scan` as well; otherwise a set has the name of its file.
            limit: Number of questions to ask from each set, at most.
            max_new_tokens: Longest answer, in tokens.
            dry_run: Check everything and return the command, without answers.
            **swift_arguments: Any argument of ms-swift's `EvalArguments`, such as `infer_backend="vllm"`.

        Raises:
            ConfigError: there is no such checkpoint or file, or ms-swift does not know an argument.
            DataError: a question file has a bad row.
            MissingDependencyError: ms-swift is not installed.
            RunError: the evaluation failed.
            RunInterrupted: Ctrl-C.
        """
        sets = question_sets(dataset)
        wanted = [(name, q.id) for name, path in sets.items() for q in load_questions(path)[:limit]]
        stamp = dt.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        folder = unused((self.output_dir / "eval" / stamp).resolve())
        arguments = self._eval_arguments(checkpoint, folder, swift_arguments)
        arguments["eval_limit"] = limit
        arguments["eval_generation_config"] = {"max_tokens": max_new_tokens, "temperature": 0}
        if dry_run:
            return Evaluation([], folder, to_command("eval", arguments))
        rows_by_question: dict[tuple[str, str], dict[str, Any]] = {}

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] == "answer":
                row = {k: v for k, v in event.items() if k != "event"}
                rows_by_question[row["set"], row["id"]] = row

        job = {"task": "eval", "arguments": arguments, "sets": sets}
        try:
            with RunProgress("eval", " answers", total=len(wanted)) as progress:
                self._run(job, folder, on_event, progress.update)
        except RunInterrupted:
            raise RunInterrupted("the evaluation was stopped; run it again (评估已中断，请重新运行)") from None
        missing = [key for key in wanted if key not in rows_by_question]
        if missing:
            raise RunError(
                f"{len(missing)} of {len(wanted)} questions got no answer, such as {missing[0]}; see {folder} "
                "(部分问题没有得到回答)"
            )
        return Evaluation([rows_by_question[key] for key in wanted], folder, to_command("eval", arguments))

    def merge(self, checkpoint: str | Path, output_dir: str | Path | None = None) -> Path:
        """Merge an adapter into the base model, through `swift.export_main`, and return the new model's folder.

        The folder appears only once it is complete. `SwiftRunner(folder)` can train or evaluate it: the model type and
        the chat template are included. Weights keep the number format they were trained in.

        Args:
            checkpoint: The adapter's folder.
            output_dir: Folder for the model; by default next to the checkpoint, with `-merged` after its name. If it
                already holds the same merge, it is returned as it is.

        Raises:
            ConfigError: there is no adapter, it is for another model, or the output folder holds something else.
            MissingDependencyError: ms-swift is not installed.
            RunError: the merge failed.
            RunInterrupted: Ctrl-C.
        """
        adapter = Path(checkpoint).resolve()
        check_adapter(adapter, self.model)
        check_code(adapter, self.trust_remote_code)
        require_swift()
        target = Path(output_dir).resolve() if output_dir else adapter.with_name(f"{adapter.name}-merged")
        origin = merged_from(adapter, self.model)
        if target.exists():
            if (target / MERGED).is_file() and read_json(target / MERGED) == origin:
                return target
            raise ConfigError(
                f"{target}: is there already, and is not this merge (目标文件夹已存在，且不是本次合并的结果)"
            )
        arguments = self._merge_arguments(adapter)
        try:
            with whole_folder(target) as half_done:
                arguments["output_dir"] = str(half_done)
                self._run({"task": "export", "arguments": arguments}, self.output_dir, lambda event: None)
                (half_done / MERGED).write_text(json.dumps(origin, indent=2), encoding="utf-8")
        except RunInterrupted:
            raise RunInterrupted("the merge was stopped; run it again (合并已中断，请重新运行)") from None
        return target

    def merge_command(self, checkpoint: str | Path, output_dir: str | Path | None = None) -> str:
        """Return the `swift export …` command line equivalent to calling `merge` with these arguments.

        Raises:
            ConfigError: there is no adapter, or it is for another model.
        """
        adapter = Path(checkpoint).resolve()
        check_adapter(adapter, self.model)
        target = Path(output_dir).resolve() if output_dir else adapter.with_name(f"{adapter.name}-merged")
        return to_command("export", {**self._merge_arguments(adapter), "output_dir": str(target)})

    def command(self, dataset: DataSets, val_dataset: Data | None = None, **swift_arguments: Any) -> str:
        """Return the `swift sft …` command line equivalent to calling `sft` with these arguments.

        Raises:
            ConfigError: see `sft`.
        """
        return self.sft(dataset, val_dataset, dry_run=True, **swift_arguments).command

    def _merge_arguments(self, adapter: Path) -> dict[str, Any]:
        return {
            "model": self.model,
            "model_type": self.model_type,
            "template": self.template,
            "adapters": [str(adapter)],
            "merge_lora": True,
            "load_args": False,
            **carried_arguments(adapter),
        }

    def _sft_arguments(
        self, dataset: DataSets, val_dataset: Data | None, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        check_arguments("sft", settings)
        check_continues(as_list(settings.get("adapters")), self.model, settings)
        check_loaded(settings, self.trust_remote_code)
        own = {
            "model": self.model,
            "model_type": self.model_type,
            "template": self.template,
            "dataset": data_files("dataset", dataset, side="train"),
            "val_dataset": data_files("val_dataset", val_dataset, side="val"),
            "output_dir": str(self.output_dir),
            **self.identity,
            "check_model": False if self.local else None,  # else ms-swift queries the hub, and hangs when offline
        }
        return {
            **own,
            **device_arguments(self._device(), Path(self.model) if self.local else None, settings),
            **settings,
        }

    def _eval_arguments(
        self, checkpoint: str | Path | None, folder: Path, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        check_served(settings)
        check_arguments("eval", settings)
        check_loaded(settings, self.trust_remote_code)
        model, adapters = str(Path(self.model).resolve()) if self.local else self.model, []
        if checkpoint is not None:
            path = Path(checkpoint).resolve()
            if (path / ADAPTER_CONFIG).is_file():
                adapters = [str(path)]
            elif (path / "config.json").is_file():
                model = str(path)
            else:
                raise ConfigError(f"{checkpoint}: neither an adapter nor a model in it (不是检查点文件夹)")
            check_code(path, self.trust_remote_code)
        device = self._device()
        own = {
            "model": model,
            "adapters": adapters,
            "model_type": self.model_type,
            "template": self.template,
            "torch_dtype": device.dtype if device else None,
            "infer_backend": "transformers",
            "max_batch_size": 8,
            "eval_num_proc": 8,
            "eval_backend": "Native",
            "eval_output_dir": str(folder),
            "host": "127.0.0.1",
            "load_args": False,
        }
        return {**own, **carried_arguments(Path([model, *adapters][-1])), **settings}

    def _device(self) -> Device | None:
        return None if self.device is None else detect(self.device)

    def _run(self, job: dict[str, Any], folder: Path, *listeners: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        def on_event(event: dict[str, Any]) -> None:
            for listener in listeners:
                listener(event)

        require_device(self.device)
        model = str(job["arguments"]["model"])
        if not os.path.exists(model):
            hub = hub_of(as_bool(job["arguments"].get("use_hf")))
            check_hub(model, hub, token=job["arguments"].get("hub_token"))
        job["trust_remote_code"] = self.trust_remote_code
        if self.in_process:
            from swiftprep.train.worker import run_job

            try:
                return run_job(job, on_event)
            except SystemExit:  # from argparse, which has printed the reason
                raise ConfigError(
                    "ms-swift refuses the arguments; it has printed why (ms-swift 拒绝了这些参数，原因见上)"
                ) from None
        stamp = dt.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        return run_in_child(
            job,
            log_path=folder / f"{job['task']}-{stamp}.log",
            environment=environment_of(self.device),
            on_event=on_event,
        )
