"""The process of a run: the only module that imports ms-swift.

It is started as `python -m swiftprep.train.worker`, reads a job (one line of JSON) from standard input, writes events
(JSON lines) to standard output, and sends ms-swift's own output to standard error. On SIGINT, SIGTERM or SIGHUP the
run saves a checkpoint and ends; when the parent dies, `swiftprep.process.lifeline` sends SIGINT.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.evaluate import benchmark
from swiftprep.evaluate.probes import load_questions
from swiftprep.models.arguments import to_argv
from swiftprep.models.guard import NO_TELEMETRY, refuse_remote_code
from swiftprep.process import lifeline
from swiftprep.process.jobs import Emit, event_writer

if TYPE_CHECKING:
    from swiftprep.serve.server import LocalServer


# Arguments of `EvalArguments` that its base class `DeployArguments` does not have.
_OF_EVAL = re.compile(r"eval_.*|local_dataset|extra_eval_args")

_stop = threading.Event()
_training = threading.Event()


def run_job(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """Run one job in this process and return its result.

    Args:
        job: `task` (`"sft"`, `"eval"` or `"export"`), `arguments` (ms-swift's, by name) and for `"eval"` also
            `sets`: name of each set → path of its question file.
        emit: Called with each event: `started` (`output_dir`), `step` (`step`, `max_steps`), `doing` (what comes next
            after a batch: `what`, one of `"train"`, `"evaluate"`, `"save"` and `"end"`, and the last `step`), `log`
            (`row`) and `answer`.
    """
    _stop.clear()
    _training.clear()
    os.environ.update(NO_TELEMETRY)
    os.environ.pop("TENSORBOARD_LOGGING_DIR", None)  # set by an earlier run; it would redirect this one's log
    if not job.get("trust_remote_code"):
        refuse_remote_code()
    return {"sft": _sft, "eval": _eval, "export": _export}[job["task"]](job, emit)


def _sft(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    from swift import SftArguments, sft_main
    from swift.callbacks import TrainerCallback, callbacks_map

    class Stream(TrainerCallback):  # type: ignore[misc]
        """Report events to the parent, and stop when asked to: after a batch, with a checkpoint of the last step."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _training.set()
            if _stop.is_set():  # a library may have swallowed the interrupt
                raise KeyboardInterrupt
            self._tell_step(state)
            self._tell("evaluate" if args.eval_on_start else "train", state)

        def on_substep_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._go_on(args, state, control)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell_step(state)
            self._go_on(args, state, control)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._go_on(args, state, control)

        def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell("evaluate", state)
            if _stop.is_set():
                if _lacks_checkpoint(args, state):  # it would be saved only after the evaluation, if at all
                    self._tell("save", state)
                    self.trainer._save_checkpoint(self.trainer.model, trial=None)
                raise KeyboardInterrupt

        def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell("save" if control.should_save else "train", state)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell("train", state)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if state.is_world_process_zero:
                row = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
                emit({"event": "log", "row": {**row, "step": state.global_step}})

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell("end", state)

        def _go_on(self, args: Any, state: Any, control: Any) -> None:
            """Tell what comes next, which after a request to stop is the checkpoint and the end."""
            if _stop.is_set():
                control.should_training_stop = True
                control.should_evaluate = False
                control.should_save = _lacks_checkpoint(args, state)
            self._tell("evaluate" if control.should_evaluate else "save" if control.should_save else "train", state)

        def _tell(self, what: str, state: Any) -> None:
            if state.is_world_process_zero:
                emit({"event": "doing", "what": what, "step": state.global_step})

        def _tell_step(self, state: Any) -> None:
            if state.is_world_process_zero:
                emit({"event": "step", "step": state.global_step, "max_steps": state.max_steps})

    callbacks_map["swiftprep"] = Stream
    arguments = dict(job["arguments"])
    callbacks = arguments.get("callbacks") or []
    arguments["callbacks"] = [*([callbacks] if isinstance(callbacks, str) else callbacks), "swiftprep"]
    parsed = _parse(SftArguments, arguments, emit)
    emit({"event": "started", "output_dir": parsed.output_dir})
    result = sft_main(parsed)
    wanted = ("last_model_checkpoint", "best_model_checkpoint", "best_metric", "global_step")
    figures = {key: result.get(key) for key in (*wanted, "train_dataset", "val_dataset", "model_parameter_info")}
    resumed = parsed.resume_from_checkpoint
    if resumed and Path(resumed).name == f"checkpoint-{figures['global_step']}":  # there was nothing left to train
        figures["last_model_checkpoint"] = figures["last_model_checkpoint"] or resumed
    return {**figures, "interrupted": _stop.is_set()}


def _lacks_checkpoint(args: Any, state: Any) -> bool:
    """Tell whether there are trained steps, but no whole checkpoint of the last one."""
    step = state.global_step
    return step > 0 and not Path(args.output_dir, f"checkpoint-{step}", "trainer_state.json").is_file()


def _eval(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    folder = Path(job["arguments"]["eval_output_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    with _inside(folder), _server(job) as server:  # eval_main leaves a folder `result/` in the working directory
        import evalscope.benchmarks  # noqa: F401 - fills the registry
        from evalscope.api.registry import BENCHMARK_REGISTRY
        from swift import EvalArguments, eval_main

        class LightEvalArguments(EvalArguments):  # type: ignore[misc]
            """`EvalArguments` that does not import opencompass only to list its data sets."""

            @staticmethod
            def list_eval_dataset(eval_backend: Any = None) -> dict[str, list[str]]:
                return {"Native": sorted(BENCHMARK_REGISTRY)}

        sets = {name: load_questions(path) for name, path in job["sets"].items()}
        name = benchmark.register(sets, lambda answer: emit({"event": "answer", **answer}))
        parsed = _parse(LightEvalArguments, {**job["arguments"], "eval_dataset": [name]}, emit)
        emit({"event": "started", "output_dir": str(folder)})
        if server is not None:
            parsed.eval_url, parsed.api_key = server.base_url, server.api_key
            parsed.extra_eval_args = {"model_id": parsed.model_suffix, **parsed.extra_eval_args}
            parsed.model_suffix = server.served_name  # the name that evalscope asks for
        eval_main(parsed)
    return {}


@contextmanager
def _server(job: Mapping[str, Any]) -> Iterator[LocalServer | None]:
    """Serve the model to evaluate, unless it is served elsewhere, in place of the server that `eval_main` starts.

    That one would answer anyone, on a port chosen before it is bound. Ours loads while evalscope is imported.
    """
    from swiftprep.serve.server import LocalServer

    if job["arguments"].get("eval_url"):
        yield None
        return
    own = {name: value for name, value in job["arguments"].items() if not _OF_EVAL.fullmatch(name)}
    served = {
        "task": "swift",
        "arguments": {"temperature": 0.0, **own},  # the default of `EvalArguments`
        "trust_remote_code": bool(job.get("trust_remote_code")),
    }
    finished = threading.Event()
    with LocalServer(served, model=Path(own["model"]).name, timeout=7200.0) as server:

        def watch() -> None:
            while server.running and not finished.wait(0.5):
                pass
            if server.started and not finished.is_set():  # evalscope would retry over and over
                sys.stderr.write(f"the model server has ended: {server.how_it_ended()}{server.log_end()}\n")
                sys.stderr.flush()
                os._exit(70)

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield server
        finally:
            finished.set()


def _export(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    from swift import ExportArguments, export_main

    parsed = _parse(ExportArguments, job["arguments"], emit)
    emit({"event": "started", "output_dir": parsed.output_dir})
    export_main(parsed)
    return {}


def _parse(kind: Any, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Parse the arguments as ms-swift's command line does; errors here are the user's to fix."""
    from swift.utils import parse_args

    emit({"event": "arguments"})
    parsed, rest = parse_args(kind, to_argv(arguments))
    if rest:
        raise ValueError(f"ms-swift does not know {' '.join(rest)}")
    return parsed


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _ask_to_stop(signum: int, frame: Any) -> None:
    """Stop after the current batch with a checkpoint; before training, or the second time, stop at once."""
    at_once = _stop.is_set() or not _training.is_set()
    _stop.set()
    if at_once:
        raise KeyboardInterrupt


def _read_job() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the parent sent no job")
    return dict(json.loads(line))


def main() -> int:
    """Run the job from standard input; return the exit code."""
    emit = event_writer()  # ms-swift's own output belongs in the log
    signal.signal(signal.SIGINT, _ask_to_stop)
    try:
        with lifeline.stopping_by_signals(_ask_to_stop):
            result = run_job(_read_job(), emit)
        emit({"event": "done", "result": result})
    except KeyboardInterrupt:
        emit({"event": "stopped"})
        return 130
    except SystemExit as error:  # from argparse, which has printed the reason
        emit({"event": "failed", "type": "SystemExit", "message": str(error)})
        return 2
    except BaseException as error:
        with suppress(OSError):  # the disk with the log may be full
            traceback.print_exc()
        emit({"event": "failed", "type": type(error).__name__, "message": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # ms-swift leaves threads and servers behind that would block a normal exit
