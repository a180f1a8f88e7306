"""The runner, with the real ms-swift and a real small model."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from present import present

from swiftprep import Mixer, Monitor, Sample, SwiftRunner, read_jsonl, write_jsonl
from swiftprep.demo import MODEL_ARGUMENTS
from swiftprep.errors import ConfigError, DataError, RunError, RunInterrupted
from swiftprep.models.arguments import known_arguments, to_argv, to_command, unknown_arguments
from swiftprep.models.device import (
    Device,
    _gpu_nodes,
    activation_bytes,
    available_cores,
    core_quota,
    cpu_dtype,
    cpu_environment,
    cpuinfo_features,
    detect,
    kernel_features,
)
from swiftprep.models.folders import interrupted
from swiftprep.train import process

TINY = {"max_steps": 2, "logging_steps": 1, "gradient_accumulation_steps": 1, "max_length": 64, "report_to": "none"}


@pytest.fixture
def data(tmp_path):
    rows = [
        Sample.from_instruction(f"Count to {i}.", "", " ".join(map(str, range(i))), id=str(i)) for i in range(2, 10)
    ]
    write_jsonl(rows, tmp_path / "train.jsonl")
    write_jsonl(rows[:2], tmp_path / "val.jsonl")
    return [str(tmp_path / "train.jsonl")], [str(tmp_path / "val.jsonl")]


@pytest.fixture
def fake_model(tmp_path):
    """A folder that looks like a model until it is loaded."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return folder


# --- what needs no model -------------------------------------------------------------------------------------------


def test_unknown_arguments_are_all_refused_with_a_hint(fake_model, data):
    with pytest.raises(ConfigError) as error:
        SwiftRunner(fake_model).sft(data[0], learning_rat=1, lora_rnk=8)
    assert "'learning_rat' (did you mean 'learning_rate'?)" in str(error.value)
    assert "'lora_rnk' (did you mean 'lora_rank'?)" in str(error.value)


def test_the_known_arguments_are_the_installed_versions():
    known = known_arguments()
    assert {"tuner_type", "learning_rate", "eval_on_start", "enable_channel_loss"} <= set(known["sft"])
    assert "train_type" not in known["sft"]  # ms-swift 3's name
    assert {"eval_dataset", "infer_backend"} <= set(known["eval"])
    assert unknown_arguments("sft", ["learning_rate"]) == []


def test_the_names_of_another_version_are_read_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path))
    monkeypatch.setattr("swiftprep.models.arguments.require_swift", lambda: "9.9.9")
    asked = []
    known: Any = {"sft": {"new": {"type": "str"}}, "eval": {}}

    def read() -> Any:
        asked.append(1)
        return known

    monkeypatch.setattr("swiftprep.models.arguments.read_arguments", read)
    assert known_arguments.__wrapped__() == known_arguments.__wrapped__() == known
    assert len(asked) == 1


def test_the_command_is_what_a_shell_gives_swift(fake_model, data, tmp_path):
    odd = tmp_path / "my data.jsonl"
    odd.write_text((tmp_path / "train.jsonl").read_text())
    runner = SwiftRunner(fake_model, tmp_path / "out", template="chatml", device="cpu")
    command = runner.command([f"{odd}#3"], data[1], learning_rate=5e-5, lora_dropout=0.1, callbacks=["early_stop"])
    words = shlex.split(command, comments=True)
    assert words[:2] == ["swift", "sft"]
    assert words[words.index("--dataset") + 1] == f"{odd}#3"
    assert words[words.index("--learning_rate") + 1] == "5e-05"
    assert words[words.index("--use_cpu") + 1] == "true"
    assert words[words.index("--check_model") + 1] == "false"


def test_a_mix_and_results_are_data_sets(fake_model, tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    held_out = {"path": "b.vue", "split": "val"}
    samples = [Sample.from_instruction(f"q{i}", "", "a", id=str(i), meta=held_out if i else {}) for i in range(3)]
    scan = SimpleNamespace(samples=samples, train=samples[:1], val=samples[1:])
    mix = Mixer(private=scan, ratio=None)
    runner = SwiftRunner(fake_model, tmp_path / "out", device="cpu")
    for dataset in (mix, scan, mix.dataset_args()):
        words = shlex.split(runner.command(dataset, val_dataset=scan))
        [train], [val] = ([words[words.index(name) + 1]] for name in ("--dataset", "--val_dataset"))
        assert [train] == mix.dataset_args()
        assert [sample.id for sample in read_jsonl(val)] == ["1", "2"]
    assert runner.command(mix, samples[1:]) == runner.command(mix, scan)


@pytest.mark.parametrize(
    ("name", "ours"),
    [("epochs", "num_train_epochs"), ("lr", "learning_rate"), ("batch_size", "per_device_train_batch_size")],
)
def test_names_of_other_libraries_are_told_ms_swifts(fake_model, data, name, ours):
    with pytest.raises(ConfigError, match=f"no sft argument '{name}' .did you mean '{ours}'"):
        SwiftRunner(fake_model).sft(data[0], **cast(Any, {name: 3}))


def test_device_arguments_for_a_gpu(fake_model, data, monkeypatch):
    monkeypatch.setattr("swiftprep.train.runner.detect", lambda kind: process_device())
    words = shlex.split(SwiftRunner(fake_model).command(data[0]))
    assert words[words.index("--torch_dtype") + 1] == "bfloat16"
    assert "--use_cpu" not in words
    assert "--gradient_checkpointing" not in words  # ms-swift's default, on


def process_device():
    return Device("cuda", "bfloat16")


def test_device_none_leaves_everything_to_ms_swift(fake_model, data):
    assert "torch_dtype" not in SwiftRunner(fake_model, device=None).command(data[0])


INTEL = {"fma3", "avx2", "avx512_f", "avx512_bw", "avx512_vnni"}


@pytest.mark.parametrize(
    ("features", "dtype"),
    [
        (set(), "float32"),
        ({"sse4_2", "avx2", "fma3"}, "float32"),
        (INTEL, "float32"),
        (INTEL | {"avx512_fp16", "amx_tile", "amx_int8"}, "float32"),
        (INTEL | {"avx512_bf16"}, "bfloat16"),
        (INTEL | {"avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"}, "bfloat16"),
        ({"neon", "fp16_arith", "dot"}, "float32"),
        ({"neon", "fp16_arith", "dot", "bf16", "i8mm"}, "bfloat16"),
        ({"asimd", "sve", "svebf16"}, "bfloat16"),
    ],
    ids=["nothing known", "AVX2", "VNNI", "tiles without bf16", "AVX-512 BF16", "AMX", "Arm", "Arm bf16", "Arm SVE"],
)
def test_what_a_cpu_has_decides_its_number_format(features, dtype):
    assert cpu_dtype(features) == dtype


def test_this_cpu_gets_the_same_format_every_time():
    assert detect.__wrapped__("cpu") == detect.__wrapped__("cpu") == Device("cpu", cpu_dtype(kernel_features()))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a CPU's features in a file")
def test_the_kernel_and_torch_agree_on_what_the_cpu_has():
    code = "from swiftprep.models.device import cpu_dtype, torch_features; print(cpu_dtype(torch_features()))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == cpu_dtype(kernel_features())


@pytest.mark.parametrize(
    ("node", "found"), [("nvidia0", True), ("nvidiactl", True), ("kfd", True), ("dxg", True), ("nvme0n1", False)]
)
def test_a_gpu_is_looked_for_where_linux_shows_it(tmp_path, node, found):
    (tmp_path / node).touch()
    assert any(_gpu_nodes(tmp_path)) is found


def test_the_kernel_is_asked_where_torch_does_not_say():
    x86 = "processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\n\nprocessor\t: 1\nflags\t\t: fpu avx2\n"
    assert cpuinfo_features(x86) == {"fpu", "avx2"}  # what one core lacks cannot be relied on
    assert cpu_dtype(cpuinfo_features("Features\t: fp asimd bf16\nCPU implementer\t: 0x41\n")) == "bfloat16"
    assert cpuinfo_features("") == frozenset()


@pytest.mark.parametrize(
    ("given", "dtype", "bf16"),
    [
        ({}, "float32", "false"),
        ({"torch_dtype": "bfloat16"}, "bfloat16", "true"),
        ({"torch_dtype": "float32", "bf16": True}, "float32", "true"),
        ({"bf16": True}, "bfloat16", "true"),
        ({"bf16": False}, "float32", "false"),
    ],
)
def test_a_format_that_was_asked_for_wins(fake_model, data, monkeypatch, given, dtype, bf16):
    monkeypatch.setattr("swiftprep.train.runner.detect", lambda kind: Device("cpu", "float32"))
    words = shlex.split(SwiftRunner(fake_model, device="cpu").command(data[0], **given))
    assert words[words.index("--torch_dtype") + 1] == dtype
    assert words[words.index("--bf16") + 1] == bf16


@pytest.mark.parametrize(
    ("environment", "set_by_us"),
    [
        ({}, {"OMP_WAIT_POLICY", "OMP_NUM_THREADS"}),
        ({"OMP_NUM_THREADS": "3"}, {"OMP_WAIT_POLICY"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_NUM_THREADS"}),
        ({"GOMP_SPINCOUNT": "1000"}, {"OMP_NUM_THREADS"}),
        ({"KMP_BLOCKTIME": "0", "OMP_NUM_THREADS": "1"}, set()),
    ],
)
def test_openmp_waits_asleep_unless_the_user_has_set_it(environment, set_by_us):
    settings = cpu_environment(environment)
    assert set(settings) == set_by_us
    assert settings.get("OMP_WAIT_POLICY", "PASSIVE") == "PASSIVE"
    assert settings.get("OMP_NUM_THREADS", "2").isdigit()


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, float("inf")),
        ({"cpu.max": "max 100000\n"}, float("inf")),
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, float("inf")),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
    ],
    ids=["no group", "no limit", "a limit", "no limit, version 1", "a limit, version 1"],
)
def test_a_container_may_allow_less_than_its_cores(tmp_path, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert core_quota(tmp_path) == cores
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("device", "on_the_cpu"), [("cpu", True), (None, False)])
def test_a_run_on_the_cpu_gets_these_settings(fake_model, data, tmp_path, monkeypatch, device, on_the_cpu):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    given = {}

    def run(job, *, environment, on_event, **more):
        given.update(environment)
        on_event({"event": "started", "output_dir": str(tmp_path)})
        return {}

    monkeypatch.setattr("swiftprep.train.runner.run_in_child", run)
    SwiftRunner(fake_model, tmp_path, device=device).sft(data[0])
    assert ("OMP_WAIT_POLICY" in given) == on_the_cpu
    assert ("CUDA_VISIBLE_DEVICES" in given) == on_the_cpu


def test_memory_estimate_grows_with_the_batch():
    smol = {"num_hidden_layers": 30, "hidden_size": 576, "vocab_size": 49152}
    one, two = (present(activation_bytes(smol, tokens=n, width=2)) for n in (1024, 2048))
    assert two == 2 * one
    assert 0.5e9 < one < 2e9
    assert activation_bytes({}, tokens=1, width=2) is None


@pytest.mark.parametrize(
    ("model", "message"),
    [("/none/model", "no such model folder"), ("word", "no such model folder"), (".", "no config.json in it")],
)
def test_a_missing_model(model, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        SwiftRunner(model)


def test_a_model_with_code_of_its_own_must_be_trusted(fake_model):
    (fake_model / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["evil.T", null]}}')
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        SwiftRunner(fake_model)
    assert SwiftRunner(fake_model, trust_remote_code=True)


@pytest.mark.parametrize(
    ("dataset", "kind", "message"),
    [
        ([], ConfigError, "no dataset"),
        (["none.jsonl"], ConfigError, "no such file"),
        (["empty.jsonl"], DataError, "empty"),
        (["train.jsonl#0"], ConfigError, "#0"),
    ],
)
def test_bad_data_is_refused_before_a_model_is_loaded(fake_model, data, tmp_path, monkeypatch, dataset, kind, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(kind, match=message):
        SwiftRunner(fake_model).sft(dataset)


@pytest.mark.parametrize("name", ["host", "port", "api_key", "ssl_keyfile", "served_model_name"])
def test_the_server_of_an_evaluation_is_ours_or_the_users(fake_model, tmp_path, data, name):
    runner = SwiftRunner(fake_model, tmp_path, device="cpu")
    with pytest.raises(ConfigError, match=f"{name} is set by swiftprep"):
        runner._eval_arguments(None, tmp_path, {name: "x"})
    known = runner._eval_arguments(None, tmp_path, {name: "1", "eval_url": "http://127.0.0.1:9/v1"})
    assert known[name] == "1"


def test_argv_round_trips_lists_flags_and_mappings():
    argv = to_argv({"a": [1, "x y"], "b": False, "c": {"k": "值"}, "d": None, "e": []})
    assert argv == ["--a", "1", "x y", "--b", "false", "--c", '{"k": "值"}']


DASHES = {
    "dataset": ["-dash.jsonl", "b.jsonl"],
    "adapters": ["-a"],
    "output_dir": "-o",
    "system": "-b",
    "learning_rate": -1e-4,
    "max_steps": -1,
    "callbacks": ["-c"],
    "model_kwargs": {"a": "-1"},
}
PARSE = (
    "import json, sys; from swift.arguments import SftArguments; from transformers import HfArgumentParser\n"
    "SftArguments.__post_init__ = lambda self: None\n"
    "parsed, rest = HfArgumentParser([SftArguments]).parse_args_into_dataclasses(sys.argv[1:], return_remaining_strings=True)\n"
    "print('parsed', json.dumps([{name: getattr(parsed, name) for name in " + repr(list(DASHES)) + "}, rest]))"
)


@pytest.mark.slow
def test_what_begins_with_a_dash_is_no_option_to_ms_swift():
    """The command as a shell takes it apart, read by ms-swift's own parser."""
    words = shlex.split(to_command("sft", {"model": "m", **DASHES}).replace("\\\n", " "))[2:]
    child = subprocess.run([sys.executable, "-c", PARSE, *words], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr[-2000:]
    parsed, rest = json.loads(child.stdout.rpartition("parsed ")[2])
    paths = {
        "dataset": ["./-dash.jsonl", "b.jsonl"],
        "adapters": ["./-a"],
        "model_kwargs": json.dumps(DASHES["model_kwargs"]),
    }
    assert (parsed, rest) == ({**DASHES, **paths}, [])


@pytest.mark.parametrize(
    ("value", "told"),
    [(["a", "-b"], "for an option"), ("a\0b", "NUL"), ("a\ud83d", "half a character"), ([1, -1e-5], "for an option")],
    ids=["option among values", "NUL", "half a pair", "exponent among values"],
)
def test_what_no_command_line_can_have_is_refused(value, told):
    with pytest.raises(ConfigError, match=told):
        to_argv({"target_modules": value})


def test_a_model_name_of_any_length_is_told_in_one_line(tmp_path):
    for name in ("x" * 5000, "a\0b", "-"):
        with pytest.raises(ConfigError, match="no such model folder") as refused:
            SwiftRunner(name, tmp_path)
        assert len(str(refused.value)) < 500


# A stand-in for the worker: the same protocol, and deaths that ms-swift will not produce on demand.
ENDINGS = {
    "killed": ("os.kill(os.getpid(), 9)", RunError, "ended by SIGKILL, most likely because memory ran out"),
    "aborted": ("os.abort()", RunError, "ended by SIGABRT"),
    "exit code": (
        "print('the last words', file=sys.stderr); sys.exit(3)",
        RunError,
        "exit code 3(.|\n)*the last words",
    ),
    "cuda memory": (
        "say(event='failed', type='OutOfMemoryError', message='CUDA out of memory'); sys.exit(1)",
        RunError,
        "lower per_device_train_batch_size",
    ),
    "shared memory": (
        "print('  sl = self._semlock = _multiprocessing.SemLock(', file=sys.stderr);"
        "say(event='failed', type='OSError', message='[Errno 28] No space left on device'); sys.exit(1)",
        RunError,
        "/dev/shm, is full",
    ),
    "full disk": (
        "say(event='arguments'); say(event='started', output_dir='x');"
        "say(event='failed', type='OSError', message='[Errno 28] No space left on device'); sys.exit(1)",
        RunError,
        r"^the disk is full; free some space[^\n]*run.log$",
    ),
    "unwritable folder": (
        "say(event='arguments');"
        "say(event='failed', type='PermissionError', message=\"[Errno 13] Permission denied: '/x'\"); sys.exit(1)",
        RunError,
        r"^a folder or file may not be written[^\n]*'/x'; the log",
    ),
    "bad argument": (
        "say(event='arguments'); say(event='failed', type='ValueError', message='no such model'); sys.exit(1)",
        ConfigError,
        "refuses the arguments: no such model",
    ),
    "refused by argparse": (
        "say(event='arguments'); print(\"swift: error: argument --a: invalid choice: 'mid'\", file=sys.stderr, flush=True);"
        "say(event='failed', type='SystemExit', message='2'); sys.exit(2)",
        ConfigError,
        "refuses the arguments: swift: error: argument --a: invalid choice: 'mid'",
    ),
    "later failure": (
        "say(event='arguments'); say(event='started', output_dir='x');"
        "say(event='failed', type='ValueError', message='boom'); sys.exit(1)",
        RunError,
        "ValueError: boom",
    ),
    "done but then dead": ("say(event='done', result={}); sys.exit(9)", RunError, "exit code 9"),
}


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Run a few lines of Python in the worker's place."""

    def start(code: str, **settings):
        head = (
            "import json, os, sys, time\n"
            "def say(**e): print(json.dumps(e), flush=True)\n"
            "job = json.loads(sys.stdin.readline())\n"
        )
        return process.run_in_child(
            {"task": "sft"},
            log_path=tmp_path / "run.log",
            environment={},
            on_event=settings.get("on_event", lambda event: None),
            worker=[sys.executable, "-c", head + code],
        )

    return start


@pytest.mark.parametrize(("code", "kind", "message"), ENDINGS.values(), ids=ENDINGS.keys())
def test_how_a_child_can_end(stand_in, code, kind, message):
    with pytest.raises(kind, match=message):
        stand_in(code)


def test_a_log_that_cannot_be_opened_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"^the output folder cannot be used[^\n]*$"):
        process.run_in_child(
            {"task": "sft"}, log_path=tmp_path / "file" / "run.log", environment={}, on_event=lambda event: None
        )


def test_a_result_and_events_come_back(stand_in):
    events: list[dict[str, Any]] = []
    code = "print('noise'); say(event='step', step=1, max_steps=2); say(event='done', result={'x': 1})"
    assert stand_in(code, on_event=events.append) == {"x": 1}
    assert [event["event"] for event in events] == ["step", "done"]


def alive(pid: int) -> bool:
    """Tell whether a process still runs; one that is dead and only not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_nothing_a_dead_child_started_is_left(stand_in):
    events: list[dict[str, Any]] = []
    code = (
        "import subprocess; server = subprocess.Popen(['sleep', '60'], stdout=sys.stderr)\n"
        "say(event='step', step=server.pid, max_steps=0); sys.exit(3)"
    )
    with pytest.raises(RunError, match="exit code 3"):
        stand_in(code, on_event=events.append)
    deadline = time.monotonic() + 60
    while alive(events[0]["step"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(events[0]["step"])


@pytest.mark.slow
def test_the_second_ctrl_c_ends_a_child_that_does_not_listen(stand_in, tmp_path):
    stubborn = (
        "import signal; signal.signal(signal.SIGINT, lambda *_: None)\n"
        "say(event='step', step=os.getpid(), max_steps=0)\nwhile True: time.sleep(0.1)"
    )
    pids = []

    def press_twice(event):
        pids.append(event["step"])
        for delay in (0.2, 0.8):
            threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(RunInterrupted):
        stand_in(stubborn, on_event=press_twice)
    assert not alive(pids[0])


@pytest.mark.slow
def test_before_training_a_child_that_does_not_listen_is_ended_soon_without_a_second_ctrl_c(stand_in, monkeypatch):
    monkeypatch.setattr(process, "AT_ONCE", 0.5)
    stubborn = (
        "import signal; signal.signal(signal.SIGINT, lambda *_: None)\n"
        "say(event='started', output_dir=str(os.getpid()))\nwhile True: time.sleep(0.1)"
    )
    pids = []

    def press(event):
        pids.append(int(event["output_dir"]))
        signal.raise_signal(signal.SIGINT)

    pressed = time.monotonic()
    with pytest.raises(RunInterrupted):
        stand_in(stubborn, on_event=press)
    assert time.monotonic() - pressed < 60
    assert not alive(pids[0])


def test_a_run_that_was_stopped_names_its_newest_whole_checkpoint_or_the_one_it_resumed_from(tmp_path):
    for name in ("checkpoint-9", "checkpoint-10", "checkpoint-11"):
        (tmp_path / name).mkdir()
    assert interrupted(None).checkpoint is interrupted(tmp_path).checkpoint is None  # none is whole
    assert interrupted(tmp_path, "runs/v0/checkpoint-8").checkpoint == Path("runs/v0/checkpoint-8")
    for name in ("checkpoint-9", "checkpoint-10"):
        (tmp_path / name / "trainer_state.json").write_text("{}")
    stopped = interrupted(tmp_path, "runs/v0/checkpoint-8")
    assert stopped.checkpoint == tmp_path / "checkpoint-10"
    assert f"resume_from_checkpoint='{tmp_path / 'checkpoint-10'}'" in str(stopped)


# --- with the real model -------------------------------------------------------------------------------------------


@pytest.fixture
def runner(model, tmp_path):
    return SwiftRunner(model, tmp_path / "runs", **MODEL_ARGUMENTS)


class Listener:
    """A port of this machine that counts asks for something."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.settimeout(60)
            self.requests.append(connection.recv(300))
            connection.close()


@pytest.fixture
def hub(monkeypatch) -> Listener:
    """Stands where everything on the network would be; what is asked of it is no business of a run on local files."""
    hub = Listener()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, hub.url)
    for name in ("NO_PROXY", "no_proxy"):  # what is asked of a server of our own goes past the proxy all the same
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("MODELSCOPE_DOMAIN", hub.url.removeprefix("http://"))
    return hub


@pytest.mark.slow
def test_a_run_offline_can_be_repeated_and_leaves_an_adapter_that_answers_in_ms_swift(runner, data, hub):
    rows: list[dict[str, Any]] = []
    run = runner.sft(*data, **TINY, eval_on_start=True, on_log=rows.append)
    assert run.checkpoint.name == "checkpoint-2"
    assert (run.checkpoint / "adapter_model.safetensors").stat().st_size > 0
    assert run.best_checkpoint.is_dir()
    assert run.trained_rows() == {"train": 8, "val": 2}
    assert [row["step"] for row in rows if "eval_loss" in row] == [0, 2]
    assert run.log["loss"].notna().sum() == 2
    asked = runner.eval(run.checkpoint, {"general": "general", "held-out": data[1][0]}, limit=2, max_new_tokens=8)
    assert [(row["set"], row["metric"]) for row in asked.rows] == [("general", "pass")] * 2 + [
        ("held-out", "rouge-l")
    ] * 2
    assert all(0 <= score <= 1 for score in asked.scores.values())
    assert hub.requests == []

    env = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    child = subprocess.run(["bash", "-c", run.command], capture_output=True, text=True, env=env, check=False)
    assert child.returncode == 0, child.stderr[-2000:]
    (twin,) = set(runner.output_dir.glob("v*")) - {run.output_dir}
    losses = ["loss", "eval_loss", "grad_norm"]
    pd.testing.assert_frame_equal(run.log[losses], Monitor.read(twin).log[losses], rtol=1e-3)

    code = (
        "import sys; from swift import TransformersEngine, InferRequest, RequestConfig\n"
        "model, adapter = sys.argv[1:]\n"
        "engine = TransformersEngine(model, adapters=[adapter], model_type='llama', template_type='chatml')\n"
        "request = InferRequest(messages=[{'role': 'user', 'content': 'What is the capital of France?'}])\n"
        "answer = engine.infer([request], RequestConfig(max_tokens=12, temperature=0))[0]\n"
        "print('ANSWER', answer.choices[0].message.content)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, runner.model, str(run.checkpoint)], capture_output=True, text=True, check=False
    )
    assert "Paris" in child.stdout.partition("ANSWER")[2], child.stderr[-2000:]


@pytest.mark.slow
def test_ctrl_c_saves_a_checkpoint_and_the_run_goes_on_from_it(runner, data, tmp_path):
    def press(row):
        if row["step"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    settings = {**TINY, "max_steps": 200, "save_steps": 1000}
    with pytest.raises(RunInterrupted, match="resume_from_checkpoint=") as stopped:
        runner.sft(*data, **settings, on_log=press)
    checkpoint = present(stopped.value.checkpoint)
    step = int(checkpoint.name.rpartition("-")[2])
    assert 2 <= step < 200
    run = runner.sft(*data, **{**settings, "max_steps": step + 1}, resume_from_checkpoint=str(checkpoint))
    assert run.result["global_step"] == step + 1
    assert run.log["step"].dropna().tolist()[:2] == [1, 2]  # what came before is part of its log


@pytest.mark.slow
def test_a_run_ends_when_its_parent_dies(model, data, tmp_path):
    code = (
        "import sys; from swiftprep import SwiftRunner\n"
        f"r = SwiftRunner({str(model)!r}, {str(tmp_path / 'runs')!r}, model_type='llama', template='chatml')\n"
        f"settings = {dict(TINY, max_steps=500)!r}\n"
        f"r.sft({data[0]!r}, {data[1]!r}, on_log=lambda row: print('row', flush=True), **settings)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "row\n"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    ended: list[str] = []
    while not ended:
        logs = [log.read_text() for log in (tmp_path / "runs").glob("v*/logging.jsonl")]  # none before its first row
        ended = [log for log in logs if "last_model_checkpoint" in log]  # what ms-swift writes last of all
        assert time.monotonic() < deadline, "the child neither stopped nor saved"
        time.sleep(0.5)
    ending = json.loads(ended[0].splitlines()[-1])
    assert ending["global_step"] < 500
    assert os.path.isfile(os.path.join(ending["last_model_checkpoint"], "trainer_state.json"))


@pytest.mark.long
def test_what_ms_swift_refuses_is_the_users_to_mend(runner, data):
    with pytest.raises(ConfigError, match="cosin is not a valid"):
        runner.sft(*data, **TINY, lr_scheduler_type="cosin")


@pytest.mark.slow
def test_a_max_length_that_leaves_no_rows_says_so(runner, data):
    with pytest.raises(RunError, match="all are longer than max_length"):
        runner.sft(*data, **{**TINY, "max_length": 4})


@pytest.mark.long
def test_in_process(model, data, tmp_path):
    """In a process of its own all the same, since it changes that process for good."""
    code = (
        "from swiftprep import SwiftRunner\n"
        f"r = SwiftRunner({str(model)!r}, {str(tmp_path / 'runs')!r}, "
        "model_type='llama', template='chatml', in_process=True)\n"
        f"print('CHECKPOINT', r.sft({data[0]!r}, **{TINY!r}).checkpoint.name)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "CHECKPOINT checkpoint-2" in child.stdout, child.stderr[-2000:]


@pytest.mark.long
def test_a_model_server_that_dies_is_an_error_and_not_a_hang(runner, data, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "target_modules": ["q_proj"]}
    (broken / "adapter_config.json").write_text(json.dumps(config))
    (broken / "adapter_model.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(RunError, match=r"the server of .* could not start: \w*Safetensor"):
        runner.eval(broken, data[1][0], limit=1)


@pytest.mark.parametrize("name", ["max_length", "per_device_train_batch_size"])
def test_a_size_that_is_no_number_is_a_clear_error(fake_model, data, name):
    with pytest.raises(ConfigError, match=f"{name}='abc': expected a whole number"):
        SwiftRunner(fake_model, device="cpu").command(data[0], **{name: "abc"})


def test_validation_rows_cannot_repeat(fake_model, data):
    with pytest.raises(ConfigError, match="only 2 rows to validate with"):
        SwiftRunner(fake_model).command(data[0], [f"{data[1][0]}#3"])


def test_keys_and_tokens_are_not_shown(fake_model, data):
    assert "canary" not in SwiftRunner(fake_model).command(data[0], hub_token="canary")


def test_a_broken_config_is_a_clear_error(fake_model):
    (fake_model / "config.json").write_text("{oops")
    with pytest.raises(ConfigError, match=r"config\.json"):
        SwiftRunner(fake_model)


def test_a_failure_after_ctrl_c_is_told(stand_in):
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); say(event='stopping')\n"
        "say(event='failed', type='OSError', message='disk full'); sys.exit(1)"
    )

    def press(event):
        if event["event"] == "stopping":
            raise KeyboardInterrupt

    with pytest.raises(RunError, match="disk full"):
        stand_in(code, on_event=press)
