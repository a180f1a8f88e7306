r"""Line ends as the two characters `\n`: put right where they can be nothing else, left where an answer speaks of them."""

from __future__ import annotations

import pytest

from swiftprep import Checker, Sample
from swiftprep.quality.rules.escapes import escaped_text

FENCE = "```"

BROKEN = {
    "a fence": ("怎样倒数？", f"先保存秒数：\n\n{FENCE}js\nlet left = 60\nleft -= 1\n{FENCE}\n\n再显示它。"),
    "a list": ("怎样上线？", "上线分三步\n\n1. 备份数据库\n2. 部署新版本\n3. 观察日志"),
    "a letter": (
        "Write a note to the team about the move.",
        "Dear all,\n\nthe office moves on Friday. Please pack by noon.\n\nThank you!\n\nEva",
    ),
    "headings": ("介绍一下这两种布局。", "## 栅格\n\n适合表单，因为列数固定\n\n## 弹性盒\n\n适合工具栏，因为宽度可变"),
    "bare code": ("Write a counter module.", "export default {\n  data() {\n    return { n: 0 }\n  },\n}"),
    "bare markup": ("写一个空状态组件。", "<template>\n  <div>\n    <span>暂无数据</span>\n  </div>\n</template>"),
}

ABOUT = {
    "a word of the sentence": ("Where does a chunk end?", r"A chunk ends at \n\n, and its header at the first \n of all."),
    "glued to Chinese words": ("SSE 的消息以什么结尾？", r"每条消息以 \n\n 结尾，行与行之间是 \n 而已。"),
    "sentences around it": (
        "What does the model read?",
        r"It reads Q: hello.\n\nA: and goes on. The turn ends with \n\nQ: again.\n\nNothing else.",
    ),
    "in inline code": (
        "How do I commit with a body?",
        r"Run `git commit -m $'title\n\nbody'`.\n\nOr use two -m options.\n\nBoth do.",
    ),
    "in quotes": ("What is in the row?", r'The row is "one.\n\nTwo.\n\nThree.\n\nFour." and no more.'),
    "a format": ("How do I print hash and title?", r"--pretty=format:%h\n%s\n\n%b"),
    "asked for": ("How do I end lines on Windows?", r"Header: a;\r\nBody: b;\r\n\r\nEnd."),
    "a prompt": ("Show the first turn of the prompt.", r"Name it.\n\n### Input:\nfive.\n\n### Output:\nV."),
    "TeX": ("梯度和频率怎么写？", r"梯度：\nabla f，频率：\nu，角度：\theta，密度：\rho。"),
    "a path": ("Where are the notes?", r"The folders are:\n\nD:\new.\n\nAnd then: E:\notes."),
    "code in a sentence": ("How do I get the paragraphs?", r"Split at \n\n; so text.split('\n\n') gives them."),
}  # fmt: skip


@pytest.mark.parametrize(("question", "answer"), BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize("line_end", ["\\n", "\\r\\n"])
def test_line_ends_that_can_be_nothing_else_are_put_right(question, answer, line_end):
    verdict = escaped_text(Sample.from_instruction(question, "", answer.replace("\n", line_end)))
    assert verdict is not None
    assert verdict.severity == "fix"
    assert verdict.sample is not None
    assert verdict.sample.answer == answer


@pytest.mark.parametrize(("question", "answer"), ABOUT.values(), ids=list(ABOUT))
def test_line_ends_that_an_answer_speaks_of_stay(question, answer):
    report = Checker().run([Sample.from_instruction(question, "", answer)])
    assert [sample.answer for sample in report.kept] == [answer]
    assert set(report.findings["severity"]) <= {"warn"}


def test_code_that_does_not_parse_without_its_escapes_is_no_repair():
    answer = f"先拼接：\n\n{FENCE}js\nconst text = 'a;\\nb'\n{FENCE}\n\n再输出。".replace("\n", "\\n")
    verdict = escaped_text(Sample.from_instruction("怎样拼接？", "", answer))
    assert verdict is not None
    assert verdict.severity == "drop"


@pytest.mark.slow
@pytest.mark.timeout(60)  # a square of it would take far longer
@pytest.mark.parametrize("piece", ["\\n", "“", '"', "`", "```", ">\\n", "> ", "\\n- ", "a.\\n", "'a ", " \\n,"])
def test_long_lines_take_no_time(piece):
    answer = (piece * (200_000 // len(piece))) + "\\n\\nx"
    sample = Sample.from_instruction("怎样做？", "", answer)
    escaped_text(sample)
