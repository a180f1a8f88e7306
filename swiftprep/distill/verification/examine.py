"""Examine an answer: find its flaws, and repair what needs no teacher."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.check import Problem
from swiftprep.code.answer_code import problems
from swiftprep.code.markdown import fenced
from swiftprep.code.pieces import CodePiece, pieces
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.answer import Parts, before_code, joined, parts
from swiftprep.distill.verification.considerations import considerations, inline_considerations, is_specific
from swiftprep.distill.verification.flaw import Flaw
from swiftprep.distill.verification.leaks import COPIED_SHARE, copied_code, copied_prose, talk_of_prompt, without_talk
from swiftprep.distill.verification.unfinished import left_undone
from swiftprep.quality.rule import Rule
from swiftprep.quality.rules import answers, fences, loops, origin, text, truncation, turns
from swiftprep.quality.rules.chat_tokens import chat_token
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.escapes import escaped_text
from swiftprep.quality.rules.look_alikes import look_alikes, look_alikes_beside
from swiftprep.quality.rules.marks import left_mark
from swiftprep.quality.rules.unseen import never_meant
from swiftprep.records import Message, Sample
from swiftprep.redaction.secrets import redact
from swiftprep.teachers.request import Reasoning, Reply
from swiftprep.text.characters import whole

LEAST = 24  # characters of prose from which its language is checked
LONGEST = 100_000  # characters of an answer; no sample is longer, and examining more takes too long
MOST = 8  # code problems reported at once

# Repairs that need no teacher, in the order of the checker's rules.
_REPAIRS: tuple[Rule, ...] = (
    turns.surrogates, text.mojibake, text.hidden_characters, text.json_wrapped, escaped_text, fences.fence_form,
    fences.bare_code, text.html_residue, text.chat_markers, answers.boilerplate, answers.echo,
)  # fmt: skip
_CUT = ("length", "max_tokens", "max_output_tokens")
_FILTERED = ("content_filter", "sensitive")
# The planner's intents that ask for something to be built; the others may be answered in words.
_BUILDING = frozenset("use combine form paging validation permission performance migration errors".split())
_HOW = re.compile(
    r"(?:怎么|如何|怎样)(?:使用|用|实现|写|做|配置|设置|让|给|在|把|将|处理|展示|显示|校验|控制|封装|接入)"
    r"|给出.{0,8}(?:代码|示例|写法)|完整(?:的)?(?:代码|页面|组件)|\bhow (?:do i|do we|can|to|should|would)\b"
    r"|\b(?:complete|full|working|corrected) (?:code|component|example|page)\b",
    re.I,
)
_BUILDS = re.compile(
    r"创建|实现|编写|写[一个出段份]|开发|搭建|做[一个成]|制作|封装|生成|完成[一个]|添加|加上|增加|新增|改[写造成为]|迁移|重构|补充|修复"
    r"|接入|配置|请用|请使用|使用\s*`?[\w-].{0,100}?(?:展示|显示|实现)"
    r"|\b(?:creat|build|implement|writ|develop|add|mak|generat|migrat|refactor|rewrit|convert|show|display|render|wrap|fix)"
    r"(?:e|ing|t)?\b",
    re.I,
)
_CLAUSE = re.compile(r"[，,。；;！!？?\n]+|\.(?=\s|$)")
_NO_CODE = re.compile(r"不(?:要|需要|用|必)(?:写|给出|给|贴|提供)?(?:任何)?代码|(?:without|no) (?:any )?code\b", re.I)
_ASKS_ABOUT = re.compile(
    r"区别|差异|怎么回事|怎么办|什么时候|为什么|为何|原因|是什么|有哪些|哪些|哪个|是否|可以吗|吗[？?]?$|对比|介绍|解释|说明一下|作用"
    r"|有什么(?:用|好处|不同|影响|限制)|做什么用|干什么用|什么意思|按需引入|讲讲|谈谈|说说|聊聊|怎么选|如何选|选哪|支持(?:吗|不支持|哪些)|能否|能不能"
    r"|\b(?:what|which|why|when|difference|explain|compare|does|is there|are there|describe|is it|tell me about)\b",
    re.I,
)
# These questions are answered in words, whatever the intent.
_ASKS_WHAT_FOR = re.compile(
    r"(?:有什么(?:用|区别|不同)|[做干]什么用|是什么意思|\bwhat (?:is|does) .{0,40}(?:\bfor|\bdo|\bmean))\W*$", re.I
)
_REFUSES = re.compile(
    r"作为(?:一个|一名)?\s*(?:AI|人工智能|语言模型)[^。\n]{0,40}(?:无法|不能|没有办法)"
    r"|我(?:无法|不能|没有办法)(?:访问|查看|获取|了解|得知)|我(?:没有|缺少)[^。\n]{0,12}(?:信息|资料|权限|了解)"
    r"|\bI (?:do not|don't) have (?:any )?(?:access|information|knowledge|details|enough)\b|\bI'm not familiar with\b",
    re.I,
)
_NOT_CODE = ("text", "txt", "plaintext", "markdown", "md", "bash", "sh", "shell", "console")
_PARSED = ("vue", "js", "jsx", "ts", "tsx", "python", "java")
_RULES: tuple[tuple[Rule, str], ...] = (
    (answers.placeholder, "placeholder"),
    (loops.looping, "looping"),
    (answers.prompt_leak, "prompt-leak"),
    (text.chat_markers, "chat-markers"),
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|/\*.*?(?:\*/|\Z)|(?<![:\w\"'])//[^\n]*", re.S)
_SAME = 80  # characters of code from which two equal blocks count as repetition


def wants_code(scenario: Scenario) -> bool:
    """Return whether a scenario asks for code; a plain question may be answered in words.

    >>> wants_code(Scenario("创建一个带分页的用户列表页面")), wants_code(Scenario("ta-table 和 ta-list 有什么区别？"))
    (True, False)
    """
    asked = scenario.instruction
    if _NO_CODE.search(asked):
        return False
    for clause in _CLAUSE.split(asked):
        if _HOW.search(clause) or (_BUILDS.search(clause) and not _ASKS_ABOUT.search(clause)):
            return True
    if scenario.intent in _BUILDING:
        return not _ASKS_WHAT_FOR.search(asked)
    return bool(scenario.components) and not _ASKS_ABOUT.search(asked)


class Examined(NamedTuple):
    """The outcome of an examination.

    Attributes:
        flaws: The flaws of the answer.
        answer: The answer as it will be trained on.
        vue: Its Vue code, if worth compiling.
    """

    flaws: list[Flaw]
    answer: str = ""
    vue: Sequence[CodePiece] = ()


class Examiner:
    """Examine answers.

    Args:
        catalog: The framework's catalogue, or None.
        reasoning: The requested form of reasoning.
        is_expert: Whether the author knows the framework, and not only the reference that a teacher is shown.
    """

    def __init__(self, catalog: Catalog | None, reasoning: Reasoning, *, is_expert: bool = False) -> None:
        self.catalog = catalog
        self.reasoning = reasoning
        self.is_expert = is_expert
        self._look_alikes = look_alikes if catalog is None else look_alikes_beside(catalog)

    def __call__(self, asked: tuple[Scenario, Reply, Sequence[Message]]) -> Examined:
        """Examine a reply to a scenario; the messages are its prompt, which it must not copy."""
        scenario, reply, messages = asked
        taken = parts(reply, scenario.instruction)
        answer, body = self._finish(scenario, taken)
        if len(answer) > LONGEST:
            return Examined([too_long(len(answer))])
        if whole(answer) != answer:
            flaw = Flaw("look-alikes", "its code holds half of a character", "代码中含有半个字符（孤立的代理字符）")
            return Examined([flaw], whole(answer))
        if named := never_meant(answer):
            return Examined([_control(named)], answer)
        if findings := redact(answer, ".md")[1]:
            return Examined([_secret(sorted({finding.kind for finding in findings}))], answer)
        sample = _sample(scenario, body)
        if taken.is_open or reply.finish_reason in _CUT:
            return Examined([_cut_off()], answer)
        if not re.search(r"\w", body):
            return Examined([Flaw("empty", "the answer is empty", "回答为空")], answer)
        if reply.finish_reason in _FILTERED:
            flaw = Flaw("refusal", "the provider's content filter stopped the answer", "回答被服务商的内容审核拦截")
            return Examined([flaw], answer)
        code = pieces(body)
        if refusal := _refused(sample, code) or _drop_flaw(answers.hollow, sample, "empty"):
            return Examined([refusal], answer)
        code_problems = list(problems(body, code, self.catalog, only_known=not self.is_expert))
        flaws = [
            *_rule_flaws(sample, scenario, taken.thought, code, [piece for piece, _ in code_problems]),
            *self._signs(sample),
            *_code(code_problems),
            *_asked_for(scenario, body, code),
            *_from_prompt(body, code, scenario, messages),
            *self._reasons(scenario, body, _clean(taken.thought, scenario), code),
        ]
        kinds = {flaw.kind for flaw in flaws}
        # Code that was cut off or left out cannot parse: a syntax flaw would say nothing new.
        if kinds & {"truncated", "placeholder"}:
            return Examined(list(dict.fromkeys(flaw for flaw in flaws if flaw.kind != "syntax")), answer)
        is_parsed = not kinds & {"syntax", "not-checked"}
        vue = [piece for piece in code if piece.language == "vue" and not piece.is_wrong] if is_parsed else []
        return Examined(list(dict.fromkeys(flaws)), answer, vue)

    def _finish(self, scenario: Scenario, taken: Parts) -> tuple[str, str]:
        """Return the repaired answer, and the part of it after the thought."""
        sample = _sample(scenario, taken.text)
        for rule in (*_REPAIRS, self._look_alikes) if len(taken.text) <= LONGEST else _REPAIRS[:1]:
            verdict = rule(sample)
            if verdict is not None and verdict.severity == "fix" and verdict.sample is not None:
                sample = verdict.sample
        return joined(_clean(taken.thought, scenario), sample.answer, self.reasoning)[0], sample.answer

    def _signs(self, sample: Sample) -> Iterator[Flaw]:
        verdict = self._look_alikes(sample)
        if verdict is not None and verdict.severity != "fix":
            yield Flaw("look-alikes", verdict.reason, verdict.reason_zh)

    def _reasons(self, scenario: Scenario, body: str, thought: str, code: list[CodePiece]) -> Iterator[Flaw]:
        if self.reasoning == "think":
            if mark := left_mark(thought, scenario.instruction) or chat_token(thought):
                yield Flaw(
                    "chat-markers", f"its thought holds {mark} of a chat template", f"思考里混入了模板标记 {mark}"
                )
            if considerations(thought) < 2:
                yield Flaw(
                    "no-reasoning",
                    "there is no reasoning: give at least two considerations between <think> and </think>",
                    "没有思考过程：请在 <think> 和 </think> 之间写出至少两点考虑",
                )
        elif self.reasoning == "inline":
            count = inline_considerations(body) if code else considerations(body)
            if count < 2 or (code and not is_specific(before_code(body), scenario.instruction)):
                yield Flaw(
                    "no-reasoning",
                    "there is no reasoning before the code: give at least two numbered considerations first",
                    "代码之前没有推理过程：请先分点写出至少两点考虑",
                )


def too_long(size: int) -> Flaw:
    """Return the flaw of an answer with too many characters."""
    return Flaw("looping", f"it is {size:,} characters long", f"长达 {size:,} 个字符")


def _code(code_problems: list[tuple[CodePiece, Problem]]) -> Iterator[Flaw]:
    for piece, problem in code_problems[:MOST]:
        kind = problem.kind if problem.kind in ("syntax", "not-checked") else "api"
        yield at(kind, piece, problem.line, problem.message, problem.message_zh)


def _sample(scenario: Scenario, answer: str) -> Sample:
    return Sample.from_instruction(scenario.instruction, "", answer, meta={"kind": "scenario"})


def _clean(thought: str, scenario: Scenario) -> str:
    text = thought.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return without_talk(text, scenario.instruction)


def _secret(kinds: list[str]) -> Flaw:
    named = ", ".join(kinds)
    return Flaw(
        "secret",
        f"it holds what looks like a secret ({named}): use no literal keys or passwords",
        f"含有疑似密钥或口令（{named}）：请不要写出字面值",
    )


def _control(named: str) -> Flaw:
    return Flaw(
        "look-alikes",
        f"its code holds a control character ({named}) as it stands: write it as an escape",
        f"代码中直接写有控制字符（{named}）：请写成转义序列",
    )


def _refused(sample: Sample, code: list[CodePiece]) -> Flaw | None:
    refusal = None if code else _REFUSES.search(origin.unquoted(sample.answer[:240]))
    if refusal:
        return Flaw("refusal", f"refuses: {refusal[0][:60]}", f"拒绝回答：{refusal[0][:60]}")
    return _drop_flaw(answers.refusal, sample, "refusal")


def _drop_flaw(rule: Rule, sample: Sample, kind: str) -> Flaw | None:
    verdict = rule(sample)
    return Flaw(kind, verdict.reason, verdict.reason_zh) if verdict and verdict.severity == "drop" else None


def _cut_off() -> Flaw:
    return Flaw(
        "truncated",
        "the answer stops before its end: give all of it, shorter where it can be",
        "回答被截断：请完整给出，可以更简短",
    )


def at(kind: str, piece: CodePiece, line: int, message: str, message_zh: str) -> Flaw:
    """Return a flaw of a piece of code, with its place; line 0 stands for the whole piece."""
    places = [f"code block {piece.number}"] * (piece.number > 0) + [f"line {line}"] * (line > 0)
    places_zh = [f"第 {piece.number} 个代码块"] * (piece.number > 0) + [f"第 {line} 行"] * (line > 0)
    if not places:
        return Flaw(kind, message, message_zh)
    return Flaw(kind, f"{', '.join(places)}: {message}", f"{''.join(places_zh)}：{message_zh}")


def _names(tag: str, where: str) -> bool:
    """Return whether a text names a component, as `ta-table` or `TaTable`, or a class by its last name."""
    last = tag.rpartition(".")[2]
    pascal = "".join(part[:1].upper() + part[1:] for part in last.split("-"))
    names = "|".join(map(re.escape, dict.fromkeys((tag, last, kebab(last), pascal))))
    return re.search(rf"(?<![\w-])(?:{names})(?![\w-])", where) is not None


def _asked_for(scenario: Scenario, body: str, code: list[CodePiece]) -> Iterator[Flaw]:
    written = "\n".join(piece.code for piece in code if piece.language not in _NOT_CODE)
    is_wanted = wants_code(scenario)
    if is_wanted and not written.strip():
        yield Flaw(
            "no-code", "there is no code in the answer, and code was asked for", "要求给出代码，但回答里没有代码"
        )
        return
    names = [tag for tag in scenario.components if tag]
    visible = _COMMENT.sub(" ", written)
    if is_wanted and names and not any(_names(tag, visible) for tag in names):
        listed = ", ".join(names)
        yield Flaw("wrong-component", f"it uses none of {listed}", f"没有使用要求的组件：{listed}")


def _rule_flaws(
    sample: Sample, scenario: Scenario, thought: str, code: list[CodePiece], faulty: list[CodePiece]
) -> Iterator[Flaw]:
    # Code that parses is not cut off, and checking it again takes time.
    whole = [piece for piece in code if piece not in faulty and piece.language in _PARSED]
    outline = sample if not whole else with_answer(sample, _without(sample.answer, whole))
    verdict = truncation.truncated(outline) if outline.answer else None
    if verdict is not None and verdict.severity == "fix":
        yield _cut_off()
    elif verdict is not None and verdict.severity == "drop":
        yield Flaw("truncated", verdict.reason, verdict.reason_zh)
    for rule, kind in _RULES:
        if flaw := _drop_flaw(rule, sample, kind):
            yield flaw
    visible = "\n".join(piece.code for piece in code if not piece.is_wrong)
    if undone := left_undone(sample.answer, visible, sample.prompt):
        yield Flaw("placeholder", f"it leaves work to do: {undone[:60]}", f"留下了待办：{undone[:60]}")
    blocks = [piece.code.strip() for piece in code if len(piece.code) > _SAME]
    if len(set(blocks)) < len(blocks):
        yield Flaw("looping", "it shows the same code twice", "同一段代码出现了两次")
    if thought and (flaw := _drop_flaw(loops.looping, _sample(scenario, thought), "looping")):
        yield flaw
    prose = origin.said(sample)
    spoken = answers.language_of(prose) if len(prose.strip()) >= LEAST else ""
    if spoken and spoken != scenario.lang and answers.language_of(scenario.instruction) in (scenario.lang, ""):
        yield Flaw(
            "wrong-language",
            f"it is in '{spoken}'; answer in '{scenario.lang}'",
            f"语言是 {spoken}，应为 {scenario.lang}",
        )


def _without(answer: str, whole: list[CodePiece]) -> str:
    """Return an answer without some of its code; the fences stay."""
    if not whole[0].number:
        return ""
    kept, done = [], 0
    numbers = {piece.number for piece in whole}
    for number, block in enumerate(fenced(answer), start=1):
        if number in numbers and block.closed:
            at = answer.index("\n", block.start) + 1
            kept += [answer[done:at], "-\n"]
            done = at + len(block.code)
    return "".join([*kept, answer[done:]])


def _from_prompt(body: str, code: list[CodePiece], scenario: Scenario, messages: Sequence[Message]) -> Iterator[Flaw]:
    if talk := talk_of_prompt(body, scenario.instruction):
        yield Flaw(
            "prompt-leak",
            f"it speaks of its prompt ('{talk[:60]}'): the reader has no such reference; state the facts themselves",
            f"提到了提示词里的内容（“{talk[:60]}”）：读者看不到这些资料，请直接陈述事实",
        )
    if copy := copied_prose(body, scenario, messages):
        yield Flaw("copy", f"it repeats the prompt: '{copy[:60]}…'", f"照抄了提示词：“{copy[:60]}…”")
    share = copied_code(code, scenario, messages)
    if share >= COPIED_SHARE:
        yield Flaw(
            "copy",
            f"{share:.0%} of its lines of code are copied from the examples: write code for what was asked",
            f"{share:.0%} 的代码行照抄了示例：请针对要求来写代码",
        )
