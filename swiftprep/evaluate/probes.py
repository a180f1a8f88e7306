"""Questions to ask a model: general probes with checkable answers, and held-out samples with a reference."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from swiftprep.errors import ConfigError, DataError
from swiftprep.records import Message, iter_lines, parse_row, to_sample
from swiftprep.storage.outputs import settle

GENERAL_PROBES = "general"
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and how its answer is scored.

    Attributes:
        id: The row's `id`, with `@line` appended if it is taken, else the file and line; unique in its file.
        messages: The conversation up to the answer.
        reference: The answer of a held-out sample, to compare with (ROUGE-L, F measure; see `comparable`).
        accept: Patterns, at least one of which must match a correct answer; if there are any, they decide.
        reject: Patterns, none of which may match it.
        topic: A name for grouping.
    """

    id: str
    messages: list[Message]
    reference: str = ""
    accept: list[str] = field(default_factory=list)
    reject: list[str] = field(default_factory=list)
    topic: str = ""

    @property
    def metric(self) -> str:
        """`"pass"` for a question with patterns, `"rouge-l"` for one with a reference."""
        return "pass" if self.accept else "rouge-l"

    def passes(self, answer: str) -> bool:
        r"""Return whether an answer is correct by the patterns, ignoring case.

        >>> Question("q", [], accept=[r"\bparis\b"]).passes("It is Paris.")
        True
        """
        is_accepted = any(re.search(pattern, answer, re.IGNORECASE) for pattern in self.accept)
        return is_accepted and not any(re.search(pattern, answer, re.IGNORECASE) for pattern in self.reject)


def comparable(answer: str, reference: str) -> tuple[list[str], list[str]]:
    """Split an answer and its reference into tokens, and cut the reference to the answer's length.

    A token is a word, a Chinese character, or any other visible character. Answers end at `max_new_tokens`, so the rest
    of a long reference does not count against them; but at least its first fifty tokens do.

    >>> comparable("<ta-tag>用户", "<ta-tag>客户</ta-tag>")[0]
    ['<', 'ta', '-', 'tag', '>', '用', '户']
    """
    answer_tokens, reference_tokens = (_TOKEN.findall(text) for text in (answer, reference))
    return answer_tokens, reference_tokens[: max(len(answer_tokens), 50)]


def load_questions(path: str | Path) -> list[Question]:
    """Load questions from a JSONL file, or the built-in ones by the name `"general"`.

    A row with `question` and `accept` is a probe; any other row is read as a sample (in any of the four forms), whose
    last answer becomes the reference.

    Raises:
        ConfigError: there is no such file.
        DataError: a row or pattern is invalid, with its line in the message; or the file is empty.
    """
    source = Path(str(files("swiftprep") / "assets" / "probes.jsonl")) if path == GENERAL_PROBES else Path(path)
    settle(source.parent)
    if not source.is_file():
        raise ConfigError(f"{source}: no such file (没有这个文件)")
    questions: dict[str, Question] = {}
    for number, line in iter_lines(source):
        try:
            question = _question(parse_row(line), f"{source.stem}-{number}")
            if question.id in questions:
                question = replace(question, id=f"{question.id}@{number}")
            questions[question.id] = question
        except DataError as error:
            raise DataError(f"{source}:{number}: {error}") from None
    if not questions:
        raise DataError(f"{source}: the file is empty (没有题目)")
    return list(questions.values())


def _question(row: dict[str, object], name: str) -> Question:
    name = str(row.get("id") or name)
    if "accept" not in row:
        sample = to_sample(row)
        return Question(name, sample.messages[:-1], reference=sample.answer, topic=sample.channel or "")
    accept, reject = row["accept"], row.get("reject") or []
    question = row.get("question")
    if not isinstance(question, str) or not isinstance(accept, list) or not isinstance(reject, list) or not accept:
        raise DataError(
            "a probe needs 'question' as text, and 'accept' (not empty) and 'reject' as lists of patterns "
            "(探针题需要文本 question，以及列表 accept 和 reject，accept 不能为空)"
        )
    for pattern in [*accept, *reject]:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise DataError(f"pattern {pattern!r}: {error} (正则表达式无效)") from None
    return Question(
        name, [{"role": "user", "content": question}], accept=accept, reject=reject, topic=str(row.get("topic", ""))
    )
