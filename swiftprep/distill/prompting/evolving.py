"""Read the task that a model rewrote, or reject it.

Source: Xu et al. 2023 (Evol-Instruct, arXiv 2304.12244), section 2.3, elimination of failed evolutions.
"""

from __future__ import annotations

import re

from swiftprep.distill.scenario import Scenario
from swiftprep.text.characters import HAN

LONGEST = {"zh": 500, "en": 1200}  # characters of a task
LEAST = 6
_LABEL = re.compile(
    r"""[\#*\s]{0,8}(?:(?:改写后的?|新的?|重写后的?)?(?:任务|指令|问题|需求)(?:如下)?
    |(?:here[ ]is[ ]|the[ ]){0,2}(?:re-?written|new|evolved)[ ]?(?:task|instruction|prompt|question)?(?:[ ]is)?)
    [*\s]{0,4}[:：][*\s]{0,4}""",
    re.VERBOSE | re.I,
)
_FENCE = re.compile(r"\s*```\w*\n(?P<inner>[^`]*)\n```\s*")
_TAGS = re.compile(r"</?(?:data-[0-9a-f]{8}[^<>\n]{0,80}|task|instruction)>")
_QUOTES = ('""', "''", "“”", "「」", "『』", "**")
# An answer instead of a task: it contains code, or begins like an answer.
_ANSWERS = re.compile(
    r"""```|~~~|</?(?:template|script)\b|\bexport[ ]default\b|\n\s{0,40}(?:const|import|function|def|class)[ ]
    |\A(?:以下是|下面是|首先[，,]|好的|当然|抱歉|对不起|作为|要实现[^\n]{0,60}(?:需要|可以|应当)
    |可以(?:通过|使用)[^\n]{0,60}实现[。，])
    |\A(?:sure|certainly|of[ ]course|here(?:'s|[ ]is|[ ]are)|first,|sorry|i'm[ ]sorry|i[ ]am[ ](?:sorry|unable)
    |i[ ]cannot|as[ ]an[ ]ai|to[ ](?:build|implement|achieve|do)[ ][^\n]{0,80}(?:you[ ]can|these[ ]points))(?!\w)""",
    re.VERBOSE | re.I,
)
_SAME = re.compile(r"[\W_]+")
_LETTERS = re.compile("[A-Za-z\u3400-\u9fff]")


def read_evolved(text: str, scenario: Scenario, how: str) -> Scenario | None:
    """Return the scenario that a model rewrote, or None when it is of no use.

    It is of no use if it is empty, unchanged, an answer rather than a task, in another language, too long, or without
    a component that the old instruction names. The new scenario has its own id, `meta["parent"]` and
    `meta["operation"]`; every operation but broadening raises its level by one.

    Args:
        text: The model's answer.
        scenario: The scenario it was asked to rewrite.
        how: The operation, one of `prompts.OPERATIONS`.

    >>> old = Scenario("用 ta-table 展示订单")
    >>> made = read_evolved("新任务：用 ta-table 展示订单，并按状态筛选", old, "constrain")
    >>> made.instruction, made.level, made.meta["operation"]
    ('用 ta-table 展示订单，并按状态筛选', 2, 'constrain')
    """
    task = _bare(text)
    old = scenario.instruction
    if not LEAST <= len(task) <= LONGEST.get(scenario.lang, LONGEST["en"]) or _ANSWERS.search(task):
        return None
    if _SAME.sub("", task).lower() == _SAME.sub("", old).lower():
        return None
    letters = len(_LETTERS.findall(task))
    han = len(HAN.findall(task))
    if letters == 0 or (han == 0 if scenario.lang == "zh" else han * 5 > letters):
        return None
    if any(_names(old, tag) and not _names(task, tag) for tag in scenario.components):
        return None
    return Scenario(
        task,
        components=scenario.components,
        intent=scenario.intent,
        lang=scenario.lang,
        level=scenario.level if how == "broaden" else min(3, scenario.level + 1),
        meta={**scenario.meta, "parent": scenario.id, "operation": how},
    )


def _bare(text: str) -> str:
    """Return a task without the labels, fences and quotes that models put around it."""
    task = text.rpartition("</think>")[2].encode("utf-8", "replace").decode("utf-8")
    if len(task) > 4 * LONGEST["en"]:
        return ""
    fence = _FENCE.fullmatch(task)
    task = _TAGS.sub("", fence["inner"] if fence else task).strip()
    label = _LABEL.match(task)
    task = task[label.end() :].strip() if label else task
    for pair in _QUOTES:
        if len(task) > 2 and task[0] + task[-1] == pair and pair[0] not in task[1:-1].strip("*"):
            task = task[1:-1].strip("* ")
    return task.replace("\r\n", "\n")


def _names(text: str, tag: str) -> bool:
    """Return whether a text names a component, as `ta-table` or `TaTable`."""
    text = text.lower()
    return tag.lower() in text or tag.replace("-", "").lower() in text
