"""The Distiller's rate, beside bespokelabs-curator: python benchmarks/distill.py [--n 5000] [--peer VENV]

A server of ours on 127.0.0.1 answers after 200 ms, so that 64 calls in flight can bring 320 answers a second at most: the
ideal. Each program runs in a process of its own against the same server, one after the other on the same machine:

- floor: 64 bare sockets, a fixed request, the answer thrown away. What server and machine can do.
- swiftprep: the whole Distiller, prompts, verification and a store that is flushed to disk for each answer included. The
  answers are components of 20 lines with their reasoning, which are parsed and checked; once, single sentences.
- curator: its `LLM` with the same instructions, its own cache, no verification; telemetry and viewer off. Its tokens are
  counted as bytes, which spares it a tokenizer.

Then both again while one first call in ten fails: 5xx, connections cut, damaged or empty answers. Then a fifth of them with
a provider that lets 40 calls in flight and throttles the others, `Retry-After: 1`. A call counts as paid for when the server wrote a whole
completion. Memory is the peak of the process; at a fifth of the answers, and at
all of them. CPU is that of the client's process for an answer kept, its start included.

`--peer` is a Python environment with bespokelabs-curator 0.1.31; without it, one is made in the cache folder with pip.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CONCURRENCY, DELAY = 64, 0.2
IDEAL = CONCURRENCY / DELAY
CURATOR = "bespokelabs-curator==0.1.31"
MIX = [
    "500", "502-html", "503", "504", "reset-before", "reset-middle", "close-middle", "truncated-json", "html-200", "error-200",
    "no-choices", "null-choices", "null-content", "empty-content",
]  # fmt: skip
SENTENCE = "标签用 `ta-tag`，关闭时触发 `close` 事件，编号 {label}。"
SLOTS = 40  # calls in flight that the provider which throttles lets through
HERE = Path(__file__).resolve()


def instructions(n: int) -> list[str]:
    return [f"case-{number:05d} 写一个计数按钮，点击后数字加一，初始值为 {number}。" for number in range(n)]


def floor(url: str, n: int) -> dict[str, object]:
    host, port = re.findall(r"//([\d.]+):(\d+)", url)[0]
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 1500}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def main() -> int:
        left, done = iter(range(n)), 0

        async def work() -> None:
            nonlocal done
            reader, writer = await asyncio.open_connection(host, int(port))
            for _ in left:
                writer.write(head + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.findall(rb"(?i)content-length: *(\d+)", answer)[0]))
                done += 1
            writer.close()

        await asyncio.gather(*[work() for _ in range(CONCURRENCY)])
        return done

    start = time.perf_counter()
    kept = asyncio.run(main())
    return {"seconds": time.perf_counter() - start, "kept": kept}


def short(url: str, n: int) -> dict[str, object]:
    return swiftprep(url, n, [f"case-{number:05d} 标签的关闭事件叫什么？" for number in range(n)], "none")


def swiftprep(url: str, n: int, asked: list[str] | None = None, reasoning: str = "inline") -> dict[str, object]:
    from swiftprep import Distiller, Limits, Teacher

    teacher = Teacher(url, "m", limits=Limits(concurrency=CONCURRENCY, backoff=0.5))
    with tempfile.TemporaryDirectory() as folder:
        distiller = Distiller(teacher, store=Path(folder) / "distil.sqlite", reasoning=reasoning)
        start = time.perf_counter()
        result = distiller.run(asked or instructions(n))
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "kept": len(result.samples), "rejected": result.reasons()}


def curator(url: str, n: int) -> dict[str, object]:
    """Run in the peer's environment."""
    import tiktoken
    from bespokelabs import curator as peer

    # It counts tokens with a vocabulary that it downloads; bytes are counted quicker, and will do.
    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: _Bytes()
    os.environ["OPENAI_API_KEY"] = "none"

    class Ask(peer.LLM):  # without a `parse`, an answer that is null ends the whole run
        def parse(self, asked: str, answer: str | None) -> dict[str, str]:
            return {"response": answer or ""}

    llm = Ask(
        model_name="gpt-4o-mini",
        backend="openai",
        generation_params={"temperature": 0.7, "max_tokens": 4096},
        backend_params={
            "base_url": url,
            "max_concurrent_requests": CONCURRENCY,
            "max_requests_per_minute": 10**6,
            "max_tokens_per_minute": 10**9,
            "seconds_to_pause_on_rate_limit": 1,
            "require_all_responses": False,
            "max_retries": 4,
        },
    )
    start = time.perf_counter()
    answers = llm(instructions(n))
    seconds = time.perf_counter() - start
    dataset = getattr(answers, "dataset", answers)
    return {"seconds": seconds, "kept": sum(bool(row["response"]) for row in dataset)}


class _Bytes:
    def encode(self, text: str, **_: object) -> bytes:
        return text.encode()


def child(program: str, url: str, n: int, python: str) -> dict[str, object]:
    environment = {
        **os.environ, "TELEMETRY_ENABLED": "0", "CURATOR_VIEWER": "0", "CURATOR_DISABLE_RICH_DISPLAY": "1",
        "PYTHONWARNINGS": "ignore", "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        environment["CURATOR_CACHE_DIR"] = folder
        command = [python, str(HERE), "--child", program, "--url", url, "--n", str(n)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{program} failed:\n{done.stderr[-3000:]}")
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(program: str, n: int, plan: dict[str, object], python: str) -> dict[str, float]:
    """Run a program against a fresh server and return its figures, with what the server saw."""
    server = subprocess.Popen(
        [sys.executable, str(HERE.parent.parent / "tests" / "fault_server.py"), "--plan", json.dumps(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    assert server.stdin
    root = f"http://127.0.0.1:{int(server.stdout.readline())}"
    found = child(program, f"{root}/v1", n, python)
    with urllib.request.urlopen(f"{root}/_calls") as response:
        calls = json.load(response)["calls"]
    server.stdin.close()
    server.wait()
    found["calls"] = len(calls)
    found["paid"] = sum(whole and not fault for _, fault, _, _, whole in calls)
    found["rate"] = n / float(str(found["seconds"]))
    return found  # type: ignore[return-value]


def peer(given: str | None) -> str:
    """Return the Python of an environment that has the peer."""
    if given:
        return str(Path(given) / "bin" / "python")
    folder = Path.home() / ".cache" / "swiftprep" / "bench" / CURATOR
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", CURATOR], check=True)
    return str(python)


def show(name: str, found: dict[str, float]) -> None:
    print(
        f"{name:<26} {found['seconds']:7.1f} s {found['rate']:7.1f}/s = {found['rate'] / IDEAL:6.1%} of the ideal   CPU {found['cpu'] / found['kept'] * 1000:5.2f} ms   kept "
        f"{found['kept']:5d}   calls {found['calls']:5d}   paid {found['paid']:5d}   peak {found['peak_mb']:5.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--peer", help="an environment with bespokelabs-curator")
    parser.add_argument("--alone", action="store_true", help="leave the peer out")
    parser.add_argument("--child", choices=["floor", "short", "swiftprep", "curator"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        found = globals()[given.child](given.url, given.n)
        found["cpu"] = time.process_time()
        found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    good = {"delay": DELAY}
    faulty = {"delay": DELAY, "rate": 0.1, "mix": MIX}
    throttling = {"delay": DELAY, "limit": SLOTS, "retry_after": 1.0}
    n, python = given.n, sys.executable
    print(
        f"{n} instructions, {CONCURRENCY} at once, an answer after {DELAY * 1000:.0f} ms: at most {IDEAL:.0f} a second\n"
    )
    show("floor", measure("floor", n, good, python))
    show("swiftprep, one sentence", measure("short", n, {"delay": DELAY, "answer": SENTENCE}, python))
    show(f"swiftprep, {n // 5}", measure("swiftprep", n // 5, good, python))
    show("swiftprep", measure("swiftprep", n, good, python))
    other = None if given.alone else peer(given.peer)
    if other:
        show("curator", measure("curator", n, good, other))
    harder = [
        ("one first call in ten fails", faulty, n),
        (f"more than {SLOTS} at once are throttled", throttling, n // 5),
    ]
    for what, plan, some in harder:
        print(f"\n{what}")
        show(f"swiftprep, {some}", measure("swiftprep", some, plan, python))
        if other:
            show(f"curator, {some}", measure("curator", some, plan, other))


if __name__ == "__main__":
    sys.path.pop(0)  # this folder
    main()
