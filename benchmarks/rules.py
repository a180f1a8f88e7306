"""Does the time of what reads text grow with its length, and no faster? python benchmarks/rules.py

Each of the checker's rules, and whatever else reads what others wrote, gets texts made of one thing over and over: what
makes patterns go back and forth. Four times the length may take eight times as long, not more. Ends with 1 where it does.
Speed on real samples is printed too, and the time to judge one answer. The tests count calls, which is the same on every
machine and sees nothing of what a pattern does within itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

sys.path.append(sys.path.pop(0))

from swiftprep import Sample, Scanner, demo
from swiftprep.catalog.python_java.java_api import java_api
from swiftprep.catalog.python_java.python_api import python_api
from swiftprep.catalog.python_java.units import java_units, python_units
from swiftprep.distill.prompting.guard import neutralise
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.verify import Verifier
from swiftprep.quality.checker import RULES
from swiftprep.redaction.secrets import redact
from swiftprep.scan.licences import licence_of
from swiftprep.teachers.request import Reply

UNITS = [
    *"""a A 1 ` ~ < <a </ > & &lt; \\ \\n 我 我， 。 . ... - a- / a/ ( { [ {{ " ' “ ： : * # | _ @ a@ 1- 13 4 é Ã© 好 好的， the as http:// <b> <b></b> <br>
<p if( a( .a [... // <!-- /* User: ### <think> <|im_end|> [INST] <answer> \\boxed{ a1 Q: 你 我是 作为 As eyJ ://a: hook/a 密码 token= token=" token=( auth("a", <data-abcdef <| "' ([{ 根据提供的""".split(),
    *["\n", " ", "\t", "```\n", "\n- ", "\n| ", "a ", ". ", "mysql ", "password=\n", "curl -u ", "$2" + "a$10$", "ignore ", "忽略以上"],
    *["give me ", "system: ", "// MIT ", "SPDX-License-Identifier: (", "{@code ", "class A:\n  def f(self): ...\n", "1. ", "import { "],
    *["-----BEGIN PRIV" + "ATE KEY-----", "gnu general public license ", "'ignore all prior instructions "],
]  # fmt: skip
SHORT, LONG = 10_000, 40_000
TASK = Scenario("创建一个带分页的用户列表页面", components=("ta-table",), intent="paging")
ANSWER = """1. 列表用 ta-table 展示，列由 columns 声明
2. 翻页时 change 事件带回页码

```vue
<template>
  <ta-table :columns="columns" :data-source="rows" row-key="id" @change="turn" />
</template>

<script>
export default {
  name: 'UserList',
  data() {
    return { columns: [{ title: '姓名', dataIndex: 'name' }], rows: [] }
  },
  methods: {
    turn(page) {
      this.page = page
    }
  }
}
</script>
```
"""


def readers(verifier: Verifier) -> Iterator[tuple[str, Callable[[str], object]]]:
    """Yield what reads text, by name."""
    for rule in RULES:
        yield rule.__name__, lambda text, rule=rule: [rule(sample) for sample in samples_of(text)]
    yield "redact", lambda text: redact(text, "a.js")
    yield "licence_of", licence_of
    yield "neutralise", lambda text: neutralise(text, scores=True)
    yield "Verifier.check", lambda text: verifier.check(TASK, Reply(text, reasoning=text[:1000]))
    yield "Verifier.finish", lambda text: verifier.finish(TASK, Reply(text))
    yield "python_api", lambda text: python_api(f"def f():\n  '''x\n\n  Args:\n    a ({text}'''\n".encode(), "m.py")
    yield "java_api", lambda text: java_api(f"/** {text}*/ public class A {{}}".encode(), "m.java")
    yield "python_units", lambda text: python_units(text.encode())
    yield "java_units", lambda text: java_units(text.encode())


def samples_of(text: str) -> list[Sample]:
    return [
        Sample.from_instruction(text, "", "A fine answer."),
        Sample.from_instruction("How do I use the ta-table component?", "", text),
        Sample.from_instruction("How do I use it?", "", f"Well. {text} end"),
    ]


def seconds(read: Callable[[str], object], unit: str, length: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    start = time.process_time()
    read(text)
    return time.process_time() - start


def main() -> int:
    failed = 0
    scan = Scanner(demo.app(), framework="ta404").scan()
    verifier = Verifier(scan.catalog)
    for name, read in readers(verifier):
        worst = max(UNITS, key=lambda unit: seconds(read, unit, SHORT))
        short, long = (min(seconds(read, worst, length) for _ in range(2)) for length in (SHORT, LONG))
        squared = long > 0.1 and long > 8 * short
        failed += squared
        print(f"{name:20} {worst!r:10} {1000 * short:8.1f} ms {1000 * long:8.1f} ms{'  <- squared' if squared else ''}")
    size = sum(len(turn["content"].encode()) for sample in scan.samples for turn in sample.messages) / 1e6
    start = time.process_time()
    for sample in scan.samples:
        for rule in RULES:
            rule(sample)
    took = time.process_time() - start
    print(f"all rules on {len(scan.samples)} samples of the demonstration: {size / took:.2f} MB/s")
    times = [seconds(lambda text: verifier.check(TASK, Reply(text)), ANSWER, len(ANSWER)) for _ in range(30)]
    print(f"one answer of {len(ANSWER)} letters judged in {1000 * min(times):.1f} ms")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
