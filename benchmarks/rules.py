"""Does the time of every rule grow with the length of a sample, and no faster? python benchmarks/rules.py

Each rule gets samples made of one thing over and over: what makes patterns go back and forth. Four times the length may
take eight times as long, not more. Ends with 1 where it does. Speed on real samples is printed too.
"""

from __future__ import annotations

import sys
import time

sys.path.append(sys.path.pop(0))

from swiftprep import Sample, Scanner, demo
from swiftprep.quality.checker import RULES

UNITS = [
    *"""a A 1 ` ~ < <a </ > & &lt; \\ \\n 我 我， 。 . ... - a- / a/ ( { [ {{ " ' “ ： : * # | _ @ a@ 1- 13 4 é Ã© 好 好的， the as http:// <b> <b></b> <br>
<p if( a( .a [... // <!-- /* User: ### <think> <|im_end|> [INST] <answer> \\boxed{ a1 Q: 你 我是 作为 As""".split(),
    *["\n", " ", "\t", "```\n", "\n- ", "\n| ", "a ", ". "],
]
SHORT, LONG = 10_000, 40_000


def seconds(rule, unit: str, length: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    samples = [
        Sample.from_instruction(text, "", "A fine answer."),
        Sample.from_instruction("How do I use the ta-table component?", "", text),
        Sample.from_instruction("How do I use it?", "", f"Well. {text} end"),
    ]
    start = time.process_time()
    for sample in samples:
        rule(sample)
    return time.process_time() - start


def main() -> int:
    failed = 0
    for rule in RULES:
        worst = max(UNITS, key=lambda unit: seconds(rule, unit, SHORT))
        short, long = seconds(rule, worst, SHORT), seconds(rule, worst, LONG)
        squared = long > 0.1 and long > 8 * short
        failed += squared
        print(
            f"{rule.__name__:20} {worst!r:10} {1000 * short:8.1f} ms {1000 * long:8.1f} ms{'  <- squared' if squared else ''}"
        )
    samples = Scanner(demo.app(), framework="ta404").scan().samples
    size = sum(len(turn["content"].encode()) for sample in samples for turn in sample.messages) / 1e6
    start = time.process_time()
    for sample in samples:
        for rule in RULES:
            rule(sample)
    print(f"all rules on {len(samples)} samples of the demonstration: {size / (time.process_time() - start):.2f} MB/s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
