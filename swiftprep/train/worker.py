"""The process a run lives in: the only module that imports ms-swift.

Started as `python -m swiftprep.train.worker`. It reads a job (one line of JSON) from standard input, writes events
(JSON lines) to standard output, and leaves everything ms-swift prints on standard error. SIGINT, SIGTERM and SIGHUP
have the run save a checkpoint and end; when the parent dies, the first comes from `swiftprep.lifeline`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from swiftprep import lifeline
from swiftprep.evaluate import benchmark
from swiftprep.evaluate.probes import load_questions
from swiftprep.train.arguments import to_argv
from swiftprep.train.guard import guard_deployments, refuse_remote_code

Emit: TypeAlias = Callable[[dict[str, Any]], None]

# Without the first, `datasets` reports every file it loads, local ones too, to a server that counts.
NO_TELEMETRY = {"HF_UPDATE_DOWNLOAD_COUNTS": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}

_stop = threading.Event()
_training = threading.Event()


def run_job(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """Run one job in this process and return its result.

    Args:
        job: `task` (`"sft"`, `"eval"` or `"export"`), `arguments` (ms-swift's, by name) and for `"eval"` also
            `sets`: the path of each question file by the name of its set.
        emit: Called with each event: `started` (`output_dir`), `step` (`step`, `max_steps`), `log` (`row`) and
            `answer`.
    """
    _stop.clear()
    _training.clear()
    os.environ.update(NO_TELEMETRY)
    os.environ.pop("TENSORBOARD_LOGGING_DIR", None)  # left by an earlier run, it would claim this one's log
    if not job.get("trust_remote_code"):
        refuse_remote_code()
    return {"sft": _sft, "eval": _eval, "export": _export}[job["task"]](job, emit)


def _sft(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    from swift import SftArguments, sft_main
    from swift.callbacks import TrainerCallback, callbacks_map

    class Stream(TrainerCallback):  # type: ignore[misc]
        """Send what happens to the parent, and stop at the end of a step when asked to."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _training.set()
            self._tell_step(state)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._tell_step(state)
            if _stop.is_set():
                control.should_save = True
                control.should_training_stop = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if state.is_world_process_zero:
                row = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
                emit({"event": "log", "row": {**row, "step": state.global_step}})

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _training.clear()

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
    told = {key: result.get(key) for key in (*wanted, "train_dataset", "val_dataset", "model_parameter_info")}
    return {**told, "interrupted": _stop.is_set()}


def _eval(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    import evalscope.benchmarks  # noqa: F401 - fills the registry
    from evalscope.api.registry import BENCHMARK_REGISTRY
    from swift import EvalArguments, eval_main

    class LightEvalArguments(EvalArguments):  # type: ignore[misc]
        """The same, without importing opencompass only to list its data sets."""

        @staticmethod
        def list_eval_dataset(eval_backend: Any = None) -> dict[str, list[str]]:
            return {"Native": sorted(BENCHMARK_REGISTRY)}

    sets = {name: load_questions(path) for name, path in job["sets"].items()}
    name = benchmark.register(sets, lambda answer: emit({"event": "answer", **answer}))
    folder = Path(job["arguments"]["eval_output_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    with _inside(folder):  # eval_main leaves a folder `result/` wherever it is started
        parsed = _parse(LightEvalArguments, {"port": _free_port(), **job["arguments"], "eval_dataset": [name]}, emit)
        emit({"event": "started", "output_dir": str(folder)})
        guard_deployments(bool(job.get("trust_remote_code")))
        with _watched_deployment():
            eval_main(parsed)
    return {}


def _export(job: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    from swift import ExportArguments, export_main

    parsed = _parse(ExportArguments, job["arguments"], emit)
    emit({"event": "started", "output_dir": parsed.output_dir})
    export_main(parsed)
    return {}


def _free_port() -> int:
    """Return a port that nobody has. ms-swift takes the first free one from 8000 on, as others beside it do, too."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _parse(kind: Any, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Read the arguments as ms-swift's command line does; what is wrong here is the user's to mend."""
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


@contextmanager
def _watched_deployment() -> Iterator[None]:
    """End this process when the model server `eval_main` starts dies, since `eval_main` would wait for ever."""
    import multiprocessing

    finished = threading.Event()

    def watch() -> None:
        servers: list[Any] = []
        while not finished.wait(0.5):
            servers = servers or multiprocessing.active_children()
            ended_by_eval_main = (0, -signal.SIGTERM)
            dead = [server for server in servers if server.exitcode not in (None, *ended_by_eval_main)]
            if dead and not finished.is_set():
                sys.stderr.write(f"the model server ended with exit code {dead[0].exitcode}\n")
                sys.stderr.flush()
                os._exit(70)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        finished.set()


def _ask_to_stop(signum: int, frame: Any) -> None:
    """First time: stop after the step, with a checkpoint. Before training, or the second time: at once."""
    if _stop.is_set() or not _training.is_set():
        raise KeyboardInterrupt
    _stop.set()


def _read_job() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the parent sent no job")
    return dict(json.loads(line))


def main() -> int:
    """Run the job on standard input; return the exit code."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what ms-swift prints belongs to the log
    lock = threading.Lock()

    def emit(event: dict[str, Any]) -> None:
        with lock:
            try:
                events.write(json.dumps(event, ensure_ascii=False, default=str) + "\n")
                events.flush()
            except BrokenPipeError:  # the parent is gone; the run ends, too
                pass

    signal.signal(signal.SIGINT, _ask_to_stop)
    try:
        with lifeline.stopping_by_signals(_ask_to_stop):
            result = run_job(_read_job(), emit)
        emit({"event": "done", "result": result})
    except KeyboardInterrupt:
        emit({"event": "stopped"})
        return 130
    except SystemExit as error:  # argparse, which has printed what is wrong
        emit({"event": "failed", "type": "SystemExit", "message": str(error)})
        return 2
    except BaseException as error:
        traceback.print_exc()
        emit({"event": "failed", "type": type(error).__name__, "message": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # ms-swift leaves threads and servers behind that would hold up a normal exit
