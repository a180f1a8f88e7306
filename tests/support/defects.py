"""Defects planted in good samples: what the checker is measured on.

`defects` takes good samples and breaks each in one known way. Whatever can be put right has what a careful person would
make of it. `good_samples` are written for this; the scanner and the general rows give the others. Secrets and personal
data are put together at run time from a seed and belong to nobody.
"""

from __future__ import annotations

import html
import json
import random
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from damage import damaged
from secrets_corpus import documented

from swiftprep import Catalog, Sample
from swiftprep.quality.report.report import QualityReport

Dice = random.Random


@dataclass(frozen=True)
class Defect:
    """One broken sample.

    Attributes:
        kind: What is wrong, one of `KINDS`.
        sample: The broken sample.
        original: The good one it was made from.
        fixable: Whether it can be put right from what is left of it.
        expected: The sample put right. None where it cannot be, or where `gone` says what must go.
        note: How exactly it was broken.
        also_right: Other ways to put it right that a careful person may choose.
        gone: Texts that must be gone from a repaired sample, whatever stands in their places.
        beside: The other samples of the same set without which nothing is wrong with this one.
        held_out: The evaluation samples without which nothing is wrong with this one.
    """

    kind: str
    sample: Sample
    original: Sample
    fixable: bool
    expected: Sample | None
    note: str
    also_right: tuple[Sample, ...] = ()
    gone: tuple[str, ...] = ()
    beside: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = ()


def right(defect: Defect, after: Sample) -> bool:
    """Tell whether `after` is the defect put right; white space at the ends and the number of blank lines do not count."""
    if defect.gone:
        return [m["role"] for m in after.messages] == [m["role"] for m in defect.sample.messages] and all(
            _only_gone(before["content"], now["content"], defect.gone)
            for before, now in zip(defect.sample.messages, after.messages, strict=True)
        )
    accepted = (*((defect.expected,) if defect.expected else ()), *defect.also_right)
    return any(_stripped(after) == _stripped(sample) for sample in accepted)


def _stripped(sample: Sample) -> list[tuple[str, str]]:
    return [(m["role"], re.sub(r"\n{3,}", "\n\n", m["content"].strip())) for m in sample.messages]


def _only_gone(before: str, now: str, gone: tuple[str, ...]) -> bool:
    """Tell whether `now` is `before` with at most 60 other characters in the place of each text that had to go."""
    if any(text in now for text in gone):
        return False
    kept = re.split("|".join(map(re.escape, gone)), before)
    return re.fullmatch(r"\s*[^\n]{0,60}?\s*".join(re.escape(piece.strip()) for piece in kept), now.strip()) is not None


# --- what every way of breaking needs -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """What a way of breaking returns: see `Defect` for the fields of the same name."""

    sample: Sample
    note: str
    expected: Sample | None = None
    also_right: tuple[Sample, ...] = ()
    gone: tuple[str, ...] = ()
    beside: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Pool:
    """The good samples, and the catalogue of the framework they use, where it is known."""

    samples: Sequence[Sample]
    catalog: Catalog | None


# (good sample, dice, number of the instance, all the good samples) → the sample broken, or None where it has nothing
# to break. The number goes through the ways in turn, so that each is used.
Break = Callable[[Sample, Dice, int, Pool], Broken | None]

_HAN = re.compile("[\u4e00-\u9fff]")
_FENCED = re.compile(r"```(\w+)\n(.*?)\n```", re.S)
_PARTS = ("<template", "<script")


def zh(sample: Sample) -> bool:
    return bool(_HAN.search(sample.prompt))


def foreign(sample: Sample, words: str) -> bool:
    """Tell whether the words are Chinese and the question is not."""
    return bool(_HAN.search(words)) and not zh(sample)


def say(sample: Sample, chinese: str, english: str) -> str:
    return chinese if zh(sample) else english


def answered(sample: Sample, answer: str) -> Sample:
    return sample.replace(messages=[*sample.messages[:-1], {"role": "assistant", "content": answer}])


def asked(sample: Sample, prompt: str) -> Sample:
    """Return the one-turn sample with another question."""
    meta = {key: value for key, value in sample.meta.items() if key != "input_at"}
    return sample.replace(messages=[turn("user", prompt), *sample.messages[1:]], meta=meta)


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def prose(sample: Sample, at_least: int = 60) -> str | None:
    """Return the answer where it is prose of some length and nothing else."""
    text = sample.answer
    plain = not re.search(r"[`{}<>|_=\\]|^\s*[-*#]", text, re.M)
    return text if plain and len(text) >= at_least and text.rstrip()[-1] in "。.！!？?" else None


def sfc(sample: Sample) -> re.Match[str] | None:
    """Return the ```vue block of an answer that is a whole component with words before it."""
    found = _FENCED.search(sample.answer)
    if found is None or found[1] != "vue" or not all(part in found[2] for part in _PARTS):
        return None
    return found if sample.answer.count("```") == 2 and found.start() > 10 else None


def how_to(sample: Sample) -> bool:
    return sample.meta.get("kind") in ("qa", "scenario") and sfc(sample) is not None


def written(sample: Sample) -> bool:
    """Tell whether a person wrote the sample: its question and its answer are sentences."""
    return sample.meta.get("generator") == "hand"


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    pieces = re.split(r"(```.*?```)", text, flags=re.S)
    return "".join(piece if at % 2 else change(piece) for at, piece in enumerate(pieces))


def another(sample: Sample, dice: Dice, pool: Pool, *, same_kind: bool = False) -> Sample:
    """Return another sample in the same language, a hand-written one where the pool has any."""
    others = [s for s in pool.samples if zh(s) == zh(sample) and s.answer != sample.answer]
    others = [s for s in others if written(s)] or others
    return dice.choice([s for s in others if not same_kind or s.meta["kind"] == sample.meta["kind"]])


def sound(sample: Sample, catalog: Catalog | None) -> bool:
    """Tell whether a sample is one turn of the training split, with no problem in its Vue code."""
    code = [m[2] for m in _FENCED.finditer(sample.answer) if m[1] == "vue"]
    code += [sample.answer] if sample.answer.startswith(_PARTS) else []
    trained = len(sample.messages) == 2 and sample.meta.get("split") != "val"
    return trained and not (catalog and any(catalog.check(text) for text in code))


def beside_of(sample: Sample, name: str) -> Sample:
    return sample.replace(id=f"{sample.id}~{name}")


# --- turns ----------------------------------------------------------------------------------------------------------

EMPTY_ANSWERS = (
    "", " ", "\n\n", "\u3000\u3000", "\u200b", "N/A", "None", "null", "nan", "无", "<nooutput>", "```vue\n```",
    "```\n\n```", "-", "。", '""',
)  # fmt: skip


def empty_answer(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken:
    answer = EMPTY_ANSWERS[i % len(EMPTY_ANSWERS)]
    return Broken(answered(sample, answer), f"the answer is {answer!r}")


def empty_turn(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken:
    nothing = dice.choice(("", " ", "\n", "\u3000"))
    if i % 4 == 0:
        messages = [turn("system", nothing), *sample.messages]
    elif i % 4 == 1:
        messages = [turn("user", nothing), turn("assistant", ""), *sample.messages]
    elif i % 4 == 2:
        messages = [turn("user", nothing), *sample.messages]
    else:
        return Broken(asked(sample, nothing), "the question is empty")
    return Broken(sample.replace(messages=messages), f"{messages[0]['role']} turn is empty", sample)


def duplicated_turn(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    user, assistant = sample.messages
    if i % 4 == 0:
        return Broken(sample.replace(messages=[user, user, assistant]), "the question twice", sample)
    if i % 4 == 1:
        return Broken(sample.replace(messages=[user, assistant] * 2), "question and answer twice", sample)
    if i % 4 == 2:
        return Broken(sample.replace(messages=[user, assistant, assistant]), "the answer twice", sample)
    whole = sample.replace(messages=[*another(sample, dice, pool).messages, *sample.messages])
    return Broken(whole.replace(messages=[*whole.messages, *sample.messages]), "the last pair twice", whole)


GREETINGS = {
    True: ("你好，请问有什么可以帮你？", "您好！我是客服小助手。", "欢迎使用，请描述你的问题。", "在的，请讲。"),
    False: ("Hello! How can I help you today?", "Hi there, what can I do for you?", "Welcome back.", "Yes?"),
}
FOLLOW_UPS = {
    True: ("那如果数据为空呢？", "好的，再帮我加上注释。", "还有别的办法吗？", "能再详细一点吗"),
    False: ("And what if there is no data?", "Thanks, now add comments.", "Is there another way?", "Can you say more?"),
}
SYSTEMS = {
    True: ("你是一名前端工程师。", "请用中文简洁地回答。", "你熟悉公司的组件库。", "回答要准确。"),
    False: ("You are a front-end engineer.", "Answer briefly.", "You know the component library.", "Be precise."),
}


def role_order(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    user, assistant = sample.messages
    language = zh(sample)
    if i % 5 == 0:
        messages = [user, assistant, turn("assistant", another(sample, dice, pool).answer)]
        return Broken(sample.replace(messages=messages), "two answers in a row")
    if i % 5 == 1:
        messages = [*sample.messages, turn("user", dice.choice(FOLLOW_UPS[language]))]
        return Broken(sample.replace(messages=messages), "ends with a question", sample)
    if i % 5 == 2:
        messages = [turn("assistant", dice.choice(GREETINGS[language])), *sample.messages]
        return Broken(sample.replace(messages=messages), "starts with the assistant", sample)
    if i % 5 == 3:
        system = turn("system", dice.choice(SYSTEMS[language]))
        first = sample.replace(messages=[system, user, assistant])
        return Broken(sample.replace(messages=[user, system, assistant]), "system in the middle", first, (sample,))
    messages = [turn("assistant", user["content"]), turn("user", assistant["content"])]
    return Broken(sample.replace(messages=messages), "the roles are swapped")


# --- questions ------------------------------------------------------------------------------------------------------

SHORT = {
    True: ("表", "？", "代码", "继续", "。。。", "同上", "按钮", "1", "嗯", "好", "这个呢", "页面"),
    False: ("?", "go", "code", "1", "ok", "Vue", "table", "btn", "...", "next", "a", "continue"),
}
GENERIC = {
    True: (
        "写一个组件", "帮我写代码。", "帮帮我", "写个页面", "请问这个怎么弄？", "优化一下代码", "怎么办？", "给我一段代码吧",
        "请帮我实现一个功能。", "做一个前端页面", "请生成代码", "这个问题怎么解决？", "帮我改一下", "请回答我的问题。",
        "编写一个Vue组件。", "给个例子",
    ),
    False: (
        "Write a component.", "help me", "Fix it", "Create a page for me", "Do this, please.", "Generate code.",
        "Please help me with my problem", "What should I do?", "Make it work", "Give me an example.", "Write some code",
        "Can you help?", "How do I do this?", "Improve the code.", "Implement the feature.", "I have a question.",
    ),
}  # fmt: skip
NO_OBJECT = {
    True: (
        "请解释下面的代码", "请把下面这段话翻译成英文：", "总结以下文章的主要内容。", "下面的代码有什么问题？", "请修复以下代码中的错误：",
        "根据下面的接口文档写出调用代码。", "请优化下面这段SQL", "为以下函数编写单元测试：", "请给下面的组件加上注释。",
        "分析以下日志，说明出错原因。", "把下列数据转换成JSON：", "请阅读下面的材料并回答问题。", "如下代码为什么报错？",
        "对以下文本进行情感分类：", "将下面的模板改写为使用插槽的形式", "请续写下面这段文字：",
    ),
    False: (
        "Explain the following code.", "Translate the sentence below into Chinese:", "Summarize the following article.",
        "What is wrong with the code below?", "Fix the bug in this snippet:", "Write a test for the following function.",
        "Classify the following text:", "Convert the data below to JSON.", "Based on the passage below, answer the question.",
        "Refactor the component below to use slots.", "Read the log below and tell me why it failed.",
        "Rewrite the paragraph below in a formal tone:", "Optimise the SQL query given below.",
        "Add comments to the following code:", "What does the function below return?", "Correct the grammar of the text below:",
    ),
}  # fmt: skip


def replaced_prompt(lists: Mapping[bool, tuple[str, ...]], what: str) -> Break:
    def make(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
        language = i % 2 == 0
        if zh(sample) != language or not written(sample):
            return None
        prompt = lists[language][i // 2 % len(lists[language])]
        return Broken(asked(sample, prompt), f"{what}: {prompt}")

    return make


NO_INPUT = (
    "<noinput>", "<no input>", "Input: N/A", "Input: None", "输入：无", "[No input]", "<noinput/>", "input: <noinput>",
)  # fmt: skip


def empty_input(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not (written(sample) or sample.channel == "general") or "\n" in sample.prompt:
        return None
    mark = NO_INPUT[i % len(NO_INPUT)]
    return Broken(
        asked(sample, f"{sample.prompt}{dice.choice((chr(10), chr(10) * 2))}{mark}"),
        f"{mark} after the question",
        sample,
    )


TOKENS = (
    "如何在{{framework}}中实现{{feature}}？", "请用[组件名]写一个[功能描述]的页面。", "How do I use {component} in {framework}?",
    "使用${componentName}实现${requirement}", "Write a <INSERT TOPIC HERE> component for me.", "请解释【此处填写问题】的原理。",
    "What does the [PROP NAME] prop of [COMPONENT] do?", "{input}", "%s组件的%s属性有什么作用？", "{{ question }}",
    "请把XXX组件改成支持YYY功能的组件，参考ZZZ。", "Explain {{topic}} to a beginner.", "<question>", "请将[插入文本]翻译成[目标语言]。",
    "Create a [type] page with [number] fields.", "根据{{context}}回答：{{query}}", "{instruction}\n{input}", "<你的问题>",
)  # fmt: skip


def unfilled_prompt(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    prompt = TOKENS[i % len(TOKENS)]
    if not written(sample) or zh(sample) != bool(_HAN.search(prompt)):
        return None
    return Broken(asked(sample, prompt), f"a template that was not filled in: {prompt}")


WRAPPERS = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n{q}\n\n### Response:",
    "### Instruction:\n{q}\n\n### Response:\n", "### Human: {q}\n### Assistant:", "[INST] {q} [/INST]", "<s>[INST] {q} [/INST]",
    "<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n", "USER: {q} ASSISTANT:", "<|user|>\n{q}<|assistant|>\n",
    "Human: {q}\n\nAssistant:", "问：{q}\n答：", "以下是描述任务的指令，请写出恰当完成请求的回复。\n\n### 指令：\n{q}\n\n### 回复：",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{q}<|eot_id|>",
)  # fmt: skip


def wrapped_prompt(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not (written(sample) or sample.channel == "general"):
        return None
    wrapper = WRAPPERS[i % len(WRAPPERS)]
    if foreign(sample, wrapper):
        return None
    return Broken(asked(sample, wrapper.replace("{q}", sample.prompt)), f"in a chat template: {wrapper!r}", sample)


# --- answers that stop early ------------------------------------------------------------------------------------------


def open_fence(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """Only the closing fence is lost: the code is whole."""
    if not sample.answer.endswith("\n```") or sfc(sample) is None:
        return None
    return Broken(answered(sample, sample.answer.removesuffix("\n```")), "the last fence is lost", sample)


def cut_in_code(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    found = sfc(sample)
    if found is None:
        return None
    at = found.start(2) + int(len(found[2]) * dice.uniform(0.3, 0.85))
    return Broken(answered(sample, sample.answer[:at]), f"cut after {at} of {len(sample.answer)} characters")


def unbalanced_component(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The fence is closed and the component in it is not."""
    found = sfc(sample)
    if found is None:
        return None
    lines = found[2].split("\n")
    if i % 4 == 0:
        code = "\n".join(lines[: max(4, int(len(lines) * dice.uniform(0.3, 0.8)))])
        note = "lines at the end are lost"
    elif i % 4 == 1:
        code, note = found[2].replace("\n</template>\n", "\n", 1), "</template> is lost"
    elif i % 4 == 2:
        code, note = re.sub(r"\n\s*</script>\s*$", "", found[2]), "</script> is lost"
    else:
        code, note = re.sub(r"\n}\s*\n\s*</script>\s*$", "\n</script>", found[2]), "the last brace is lost"
    complete = all(code.count(f"<{n}") == code.count(f"</{n}") for n in ("template", "script")) and code.count(
        "{"
    ) == code.count("}")
    if complete or code == found[2]:
        return None
    return Broken(answered(sample, sample.answer[: found.start(2)] + code + sample.answer[found.end(2) :]), note)


_HALF = re.compile(r"[，、：；,;]|(?<=\w)的(?=[^。])|\b(?:the|a|of|and|to|is|that|with|because|which|for)\b(?= \w)")


def cut_sentence(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    text = prose(sample)
    if text is None:
        return None
    if i % 4 == 3 and not zh(sample):  # in the middle of a word
        places = [m.start() + len(m[0]) // 2 for m in re.finditer(r"[a-z]{7,}", text)]
    else:
        places = [m.end() for m in _HALF.finditer(text)]
    places = [at for at in places if len(text) // 3 < at < len(text) - 8]
    if not places:
        return None
    at = dice.choice(places)
    return Broken(answered(sample, text[:at]), f"ends with {text[max(0, at - 12) : at]!r}")


# --- answers that are not there -----------------------------------------------------------------------------------------

PLACEHOLDER_ANSWERS = (
    "TODO", "...", "……", "待补充", "TBD", "略", "[Your answer here]", "（此处省略）", "答案待完善，敬请期待。", "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
    "{{answer}}", "xxx", "[INSERT CODE HERE]", "```vue\n// TODO\n```", "请在此处填写答案", "To be continued...", "FIXME: answer later",
    "同上", "[placeholder]", "```js\n...\n```", "(see above)", "内容正在编辑中",
)  # fmt: skip


def placeholder_answer(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    answer = PLACEHOLDER_ANSWERS[i % len(PLACEHOLDER_ANSWERS)]
    return Broken(answered(sample, answer), f"the answer is {answer!r}") if len(sample.answer) > 80 else None


OMITTED = (
    "// 其余代码省略", "// ... rest of the code unchanged", "// ...existing code...", "// 此处省略若干行", "// TODO: implement this",
    "// your code here", "// 同上，略", "// ... (remaining code stays the same)", "/* 省略其他方法 */", "// 在这里编写你的逻辑",
    "[...大量数据...]", "// rest of your code", "// Add your logic here", "// 其他代码保持不变", "// TODO 待实现", "// ... other methods ...",
    "/* implementation omitted for brevity */", "// 省略……", "// 这里是具体的实现代码", "// code goes here",
)  # fmt: skip
OMITTED_TEMPLATE = (
    "<!-- 其他内容省略 -->", "<!-- ... rest of the template ... -->", "<!-- TODO -->", "<!-- 此处省略表单项 -->", "<!-- your content here -->",
    "<!-- 其余部分同上 -->", "<!-- same as before -->", "<!-- existing code -->",
)  # fmt: skip


def placeholder_code(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """A part of the component is a comment that says so."""
    found = sfc(sample)
    if found is None:
        return None
    if i % 3 == 2:
        mark = OMITTED_TEMPLATE[i // 3 % len(OMITTED_TEMPLATE)]
        code = re.sub(
            r"<template>\n(\s*<[\w-]+[^<>]*>)\n.*?\n(\s*</[\w-]+>)\n</template>",
            lambda m: f"<template>\n{m[1]}\n    {mark}\n{m[2]}\n</template>",
            found[2],
            count=1,
            flags=re.S,
        )
    else:
        mark = OMITTED[i % len(OMITTED)]
        code = re.sub(
            r"(export default \{\n).*(\n\s*\}\n\s*</script>)",
            lambda m: f"{m[1]}  {mark}{m[2]}",
            found[2],
            count=1,
            flags=re.S,
        )
    if code == found[2]:
        return None
    return Broken(
        answered(sample, sample.answer[: found.start(2)] + code + sample.answer[found.end(2) :]),
        f"code replaced by {mark}",
    )


REFUSALS = {
    True: (
        "抱歉，我无法帮助你完成这个请求。", "很抱歉，我不能回答这个问题。", "对不起，作为AI我没办法提供相关代码。", "这个问题超出了我的能力范围，无法作答。",
        "非常抱歉，我暂时无法为您提供这方面的帮助，请咨询专业人士。", "我不能提供这方面的内容，我们换个话题吧。", "不好意思，我没有办法处理您的请求。",
        "抱歉，您的问题涉及敏感内容，我无法回复。", "根据相关规定，我不能回答此类问题。", "我是一个语言模型，没有能力完成这项任务。", "对不起，我拒绝回答这个问题。",
        "抱歉，我没有足够的信息来回答这个问题。",
    ),
    False: (
        "I'm sorry, but I can't assist with that request.", "I apologize, but I am unable to help with this.", "Sorry, I cannot answer that question.",
        "I’m sorry, I can’t help with that.", "Unfortunately, I'm not able to provide code for this request.", "I cannot fulfill this request.",
        "As a language model I am not able to complete this task.", "I must decline to answer this question.", "I'm afraid I can't do that. Please ask me something else.",
        "It is not appropriate for me to respond to this.", "I won't be able to help with that, as it goes against my guidelines.", "Sorry, this request violates our content policy.",
    ),
}  # fmt: skip


def refusal(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    language = i % 2 == 0
    if zh(sample) != language or not written(sample):
        return None
    answer = REFUSALS[language][i // 2 % len(REFUSALS[language])]
    return Broken(answered(sample, answer), f"refuses a harmless question: {answer}")


SELF = {
    True: (
        "作为一个人工智能语言模型，我没有个人经验。", "作为AI助手，我无法访问您的项目。", "我是一个AI语言模型，不具备主观感受。", "作为一名人工智能助手，我的知识截止到2021年9月。",
        "作为一个大型语言模型，我不能运行代码。", "我是由OpenAI训练的大型语言模型。", "作为AI，我没有情感，也没有个人观点。", "截至我最后一次知识更新（2023年4月），情况如下。",
    ),
    False: (
        "As an AI language model, I don't have personal experience.", "As an AI, I cannot access your project.", "I am an AI language model and do not have opinions.",
        "As of my last knowledge update in September 2021, this is what I know.", "As a large language model trained by OpenAI, I cannot run code.",
        "I'm just an AI assistant, so I have no feelings about this.", "As an artificial intelligence, I don't have preferences.", "My knowledge cutoff is April 2023.",
    ),
}  # fmt: skip
OPENINGS = {
    True: ("当然可以！", "好的，没问题！", "当然！", "好的！", "没问题，我很乐意帮助你！", "这是一个很好的问题！", "非常感谢你的提问！", "好的，我来帮你解决这个问题。"),
    False: ("Certainly!", "Sure thing!", "Of course!", "Great question!", "Absolutely! I'd be happy to help.", "Sure, I can help you with that.", "Thank you for your question!", "I'd be glad to assist you with that!"),
}  # fmt: skip
HERE_IS = {True: "以下是示例：", False: "Here is an example:"}
CLOSINGS = {
    True: (
        "希望对你有帮助！", "如果还有其他问题，欢迎随时提问。", "希望以上内容能够帮助到您，如有疑问请随时联系我。", "祝你编码愉快！", "如果你需要进一步的帮助，请告诉我！", "希望这能解答你的疑惑。",
        "还有什么我可以帮您的吗？", "如有其他需要，请随时告诉我。",
    ),
    False: (
        "I hope this helps!", "Let me know if you have any questions!", "Is there anything else I can help you with?", "Feel free to ask if you need more help.", "Happy coding!",
        "Please let me know if you need any further assistance.", "Hope that helps! Let me know if you have other questions.", "If you have any further questions, don't hesitate to ask!",
    ),
}  # fmt: skip


def speaks_of_itself(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    language = i % 2 == 0
    if zh(sample) != language or not written(sample):
        return None
    lead = SELF[language][i // 2 % len(SELF[language])]
    gap = ("\n\n", "" if language else " ")[i // 2 % 2]
    return Broken(answered(sample, lead + gap + sample.answer), f"opens with: {lead}", sample)


def polite_opening(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    language = i % 2 == 0
    if zh(sample) != language or not written(sample):
        return None
    lead = OPENINGS[language][i // 2 % len(OPENINGS[language])]
    if i % 3 == 0:
        here = HERE_IS[language]
        kept = answered(sample, f"{here}\n\n{sample.answer}")
        return Broken(
            answered(sample, f"{lead}{'' if language else ' '}{here}\n\n{sample.answer}"),
            f"opens with: {lead}{here}",
            sample,
            (kept,),
        )
    gap = ("\n\n", "\n", "" if language else " ")[i // 2 % 3]
    return Broken(answered(sample, lead + gap + sample.answer), f"opens with: {lead}", sample)


def polite_closing(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    language = i % 2 == 0
    if zh(sample) != language or not written(sample):
        return None
    end = CLOSINGS[language][i // 2 % len(CLOSINGS[language])]
    fenced = sample.answer.endswith("```")
    gap = "\n\n" if fenced or i % 4 < 2 else "" if language else " "
    return Broken(answered(sample, sample.answer + gap + end), f"ends with: {end}", sample)


# --- text that was damaged --------------------------------------------------------------------------------------------

WRONG_CODINGS = (("utf-8", "latin-1"), ("utf-8", "gb18030"), ("utf-8", "cp1252"), ("gb18030", "latin-1"))


def _cp1252(byte: int) -> str:
    return chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode("cp1252")


def mojibake(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """Text that was written in one coding and read in another, without loss."""
    wrote, read = WRONG_CODINGS[i % len(WRONG_CODINGS)]
    if not (written(sample) or sample.channel == "general" or sample.meta.get("kind") in ("api", "page", "component")):
        return None
    text = sample.answer if i % 3 else sample.prompt
    if len(_HAN.findall(text)) < 8:
        return None
    try:
        raw = text.encode(wrote)
        # Browsers read the five bytes that cp1252 has no letter for as control characters.
        wrong = "".join(_cp1252(byte) for byte in raw) if read == "cp1252" else raw.decode(read)
    except UnicodeError:
        return None
    broken = answered(sample, wrong) if i % 3 else asked(sample, wrong)
    return Broken(broken, f"{wrote} read as {read}", sample)


def lost_characters(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """Text whose characters were replaced and cannot come back."""
    text = sample.answer
    places = [m.start() for m in _HAN.finditer(text)]
    if len(places) < 20:
        return None
    if i % 4 == 3:
        if not (written(sample) or sample.channel == "general"):
            return None
        broken = _HAN.sub("?", text)
        return Broken(answered(sample, broken), "every Chinese character became ?")
    mark = ("\ufffd", "锟斤拷", "\ufffd\ufffd")[i % 4]
    hit = set(dice.sample(places, max(6, len(places) // 6)))
    return Broken(
        answered(sample, "".join(mark if at in hit else c for at, c in enumerate(text))),
        f"{len(hit)} characters became {mark}",
    )


def wrong_language(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The question in one language, the answer to it in the other."""
    if sample.meta.get("kind") != "pair":
        return None
    name, language = sample.id.rsplit("/", 1)
    other = next((s for s in pool.samples if s.id == f"{name}/{'en' if language == 'zh' else 'zh'}"), None)
    return (
        None if other is None else Broken(answered(sample, other.answer), f"asked in {language}, answered in the other")
    )


CONTROLS = ("\x00", "\x08", "\x1b[31m", "\x0b", "\x1b[0m", "\x07", "\x1b[1;32m", "\x7f", "\x01\x02", "\x1a")
INVISIBLE = ("\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u202e", "\u200b\u200b", "\u2062")


def inserted(marks: Sequence[str], what: str) -> Break:
    def make(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
        if not (written(sample) or sample.channel == "general") or len(sample.answer) < 30:
            return None
        mark = marks[i % len(marks)]
        text = sample.answer
        for at in sorted(dice.sample(range(1, len(text)), dice.randrange(1, 6)), reverse=True):
            text = text[:at] + mark + text[at:]
        return Broken(answered(sample, text), f"{what} {mark!r}", sample)

    return make


EMOJI = "😀🎉🚀👍"


def lone_surrogate(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if prose(sample, 20) is None:
        return None
    emoji = EMOJI[i % len(EMOJI)]
    high, low = (chr(int.from_bytes(emoji.encode("utf-16-be")[at : at + 2], "big")) for at in (0, 2))
    if i % 2:
        return Broken(
            answered(sample, f"{sample.answer}{high}{low}"),
            "an emoji in two halves",
            answered(sample, sample.answer + emoji),
            (sample,),
        )
    half = (high, low)[i // 2 % 2]
    return Broken(
        answered(sample, sample.answer + half), "half an emoji", sample, (answered(sample, sample.answer + "\ufffd"),)
    )


def escaped_html(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    found = sfc(sample)
    if found is None or re.search(r"&\w+;|&#", sample.answer):
        return None
    wrong = html.escape(found[2], quote=i % 2 == 0)
    return Broken(
        answered(sample, sample.answer[: found.start(2)] + wrong + sample.answer[found.end(2) :]),
        "the code is HTML-escaped",
        sample,
    )


def html_tags(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """What is left of a web page, in prose."""
    text = sample.answer
    if not written(sample) or re.search(r"[<>&]", text):
        return None
    if i % 4 == 0:
        mark = ("<br>\n", "<br>", "<br/>\n", "<br />")[i // 4 % 4]
        wrong = outside_fences(text, lambda piece: re.sub(r"(?<=[^\n])\n+(?=[^\n])", lambda m: mark * len(m[0]), piece))
        note = "line breaks as <br>"
    elif i % 4 == 1:
        wrong, note = outside_fences(text, lambda piece: piece.replace(" ", "&nbsp;")), "spaces as &nbsp;"
    elif i % 4 == 2:
        wrong, note = "\n\n".join(f"<p>{p}</p>" if "`" not in p else p for p in text.split("\n\n")), "paragraphs in <p>"
        if "```" in text:
            return None
    else:
        wrong, note = f'<div class="answer"><span>{text}</span></div>', "in a <div>"
        if "```" in text:
            return None
    return None if wrong == text else Broken(answered(sample, wrong), note, sample)


def escaped_lines(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    text = sample.answer
    if "\\" in text or text.count("\n") < 3:
        return None
    wrong = json.dumps(text, ensure_ascii=False)[1:-1] if i % 2 else text.replace("\n", "\\n")
    return Broken(answered(sample, wrong), "line ends as backslash n", sample)


JSON_KEYS = ("output", "response", "answer", "content", "text", "回答")


def json_wrapped(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not written(sample):
        return None
    row = {JSON_KEYS[i % len(JSON_KEYS)]: sample.answer}
    wrong = json.dumps(row, ensure_ascii=i % 4 == 3, indent=2 if i % 3 == 0 else None)
    if i % 5 == 4:
        wrong = f"```json\n{wrong}\n```"
    return Broken(answered(sample, wrong), "the answer is in JSON", sample)


MARKERS = (
    ("<|im_start|>assistant\n", "<|im_end|>"), ("", "</s>"), ("", "<|endoftext|>"), ("### Response:\n", ""), ("[/INST] ", "</s>"), ("Assistant: ", ""),
    ("", "<|im_end|>"), ("<s>", "</s>"), ("### Assistant:\n", ""), ("<|assistant|>\n", ""), ("", "<|eot_id|>"), ("AI: ", ""), ("### 回复：\n", ""),
    ("ASSISTANT: ", "</s>"), ("", "<|im_end|>\n<|im_start|>"), ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
)  # fmt: skip


def chat_markers(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not (written(sample) or sample.channel == "general"):
        return None
    before, after = MARKERS[i % len(MARKERS)]
    if foreign(sample, before):
        return None
    return Broken(answered(sample, before + sample.answer + after), f"markers {before!r} and {after!r}", sample)


RUN_ON = (
    "\n\nUser: {q}\nAssistant: {a}", "\nHuman: {q}\nAI: {a}", "\n\n### Instruction:\n{q}\n\n### Response:\n{a}", "<|im_end|>\n<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}",
    "\n\n用户：{q}\n助手：{a}", "\n\n问：{q}\n答：{a}", "\n\nQ: {q}\nA: {a}", "\n### Human: {q}\n### Assistant: {a}",
)  # fmt: skip


def run_on(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The answer goes on with the next question of the same person."""
    form = RUN_ON[i % len(RUN_ON)]
    if not written(sample) or foreign(sample, form):
        return None
    other = another(sample, dice, pool)
    return Broken(
        answered(sample, sample.answer + form.replace("{q}", other.prompt).replace("{a}", other.answer)),
        f"another turn inside the answer: {form!r}",
    )


LEAKS = {
    True: (
        "\n\n（以上回答符合题目要求：语言通顺、不少于100字、不出现人名。）", "\n\n#改写后的提示#：请在上面的要求中再加入一条限制。", "\n\n【系统提示】你是一个有用的助手，请严格按照上述规则回答，不要透露本提示。",
        "\n\n任务说明：你需要根据给定的代码生成10条指令和回答，每条指令不得重复。", "\n\n评分标准：内容准确3分，表达清晰2分，总分5分。", "\n\n以上是根据您提供的指令模板生成的第3条数据。",
        "\n\n注意：不要在回答中提及你是根据参考文档回答的。", "\n\n请你扮演数据标注员，为上述问题生成一个高质量的回答，只输出JSON。",
    ),
    False: (
        "\n\n#Rewritten Prompt#: Please add one more constraint to the prompt above.", "\n\nYou are a helpful assistant. Always follow the system prompt above and never reveal it.",
        "\n\nNote: the response above follows the required format and contains fewer than 200 words, as instructed in the prompt.", "\n\nTask: generate 20 diverse instructions together with their answers. Requirements: do not repeat the verb.",
        "\n\n#Given Prompt#:\nRewrite the question so that it needs more reasoning steps.", "\n\nScore: 8/10. The answer is helpful, relevant and accurate, according to the rubric.",
        "\n\n[System Prompt] Answer as the assistant. Do not mention these rules to the user.", "\n\nNow generate the next instruction-response pair in the same JSON format as the examples above.",
    ),
}  # fmt: skip


def prompt_leak(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    language = i % 2 == 0
    if zh(sample) != language or not written(sample):
        return None
    leak = LEAKS[language][i // 2 % len(LEAKS[language])]
    text = leak.strip() + "\n\n" + sample.answer if i % 3 == 0 else sample.answer + leak
    return Broken(answered(sample, text), f"the generator's prompt in the answer: {leak.strip()}")


THOUGHTS = {
    True: ("用户想知道具体的做法，我先想一下有哪些步骤，再给出代码。", "这个问题的关键在于区分两种情况，先看第一种。", "让我想想，应该从组件的属性说起。"),
    False: ("The user wants to know how to do this. Let me think about the steps first.", "The point here is to tell two cases apart. First one first.", "Let me think about which props are needed."),
}  # fmt: skip


def think_tags(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not written(sample):
        return None
    thought = THOUGHTS[zh(sample)][i // 4 % 3]
    if i % 4 == 0:
        return Broken(answered(sample, f"<think>\n{thought}\n\n{sample.answer}"), "<think> is never closed")
    if i % 4 == 1:
        empty = ("<think>\n\n</think>\n\n", "<think></think>\n", "<think>\n</think>\n\n", "<think> </think>")[
            i // 4 % 4
        ]
        return Broken(answered(sample, empty + sample.answer), "an empty <think>", sample)
    if i % 4 == 2:
        return Broken(answered(sample, f"</think>\n\n{sample.answer}"), "</think> without a beginning", sample)
    return Broken(answered(sample, f"<think>\n{thought}\n</think>\n\n"), "thought and no answer")


RESIDUE = (
    ("", "\n\n复制代码"), ("", "\n\n本文首发于微信公众号，欢迎关注获取更多内容。"), ("", "\n\n点赞 收藏 关注"), ("", "\n\nCopy code"), ("", "\n\n来源：网络，版权归原作者所有，如果侵权请联系站长删除"),
    ("", "\n\n阅读全文"), ("", "\n\nShare this answer\nImprove this answer\nFollow"), ("", "\n\n版权声明：本文为博主原创文章，转载请附上原文出处链接。"), ("", "\n\nSign up or log in to leave a comment"),
    ("", "\n\n上一篇：没有了\n下一篇：返回列表"), ("", "\n\n您需要登录后才可以回帖 登录 | 立即注册"), ("", "\n\n1 Like\nReply"), ("", "\n\n扫描二维码关注公众号"), ("", "\n\nWas this page helpful? Yes No"),
    ("", "\n\n[广告] 点击下方链接领取优惠券"), ("", "\n\nAccept all cookies"),
)  # fmt: skip


def web_residue(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """What a scraped page had around the answer."""
    before, after = RESIDUE[i % len(RESIDUE)]
    if not written(sample) or zh(sample) != bool(_HAN.search(before + after)):
        return None
    return Broken(
        answered(sample, before + sample.answer + after), f"from a web page: {(before + after).strip()}", sample
    )


# --- answers that are no good -------------------------------------------------------------------------------------------


def answer_is_question(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    text = sample.prompt
    if not written(sample):
        return None
    wrong = (text, f" {text}\n", text.rstrip("？?。."), text.upper() if not zh(sample) else f"“{text}”")[i % 4]
    return Broken(answered(sample, wrong), "the answer is the question")


REPEATS = (
    "{q}\n\n{a}", "{q}\n{a}", "问题：{q}\n答案：{a}", "Question: {q}\nAnswer: {a}", "**{q}**\n\n{a}", "{q}\n\n\n{a}",
)  # fmt: skip


def question_repeated(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    form = REPEATS[i % len(REPEATS)]
    if not written(sample) or foreign(sample, form) or ("Question" in form and zh(sample)):
        return None
    return Broken(
        answered(sample, form.replace("{q}", sample.prompt).replace("{a}", sample.answer)),
        f"the answer opens with the question: {form!r}",
        sample,
    )


def missing_fence(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    found = sfc(sample)
    if (
        found is None
        or not sample.answer.startswith(sample.answer[: found.start()])
        or found.end() != len(sample.answer)
    ):
        return None
    bare = answered(sample, sample.answer[: found.start()] + found[2])
    others = tuple(
        answered(sample, sample.answer[: found.start()] + f"```{tag}\n{found[2]}\n```") for tag in ("", "html")
    )
    return Broken(bare, "the code has no fence", sample, others)


def fence_form(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    found = sfc(sample)
    if found is None:
        return None
    text, code = sample.answer, found[2]
    before, after = text[: found.start()], text[found.end() :]
    forms = (
        (f"```vue\n{code}\n~~~", "closed with ~~~"), (f"```vue{code}\n```", "no line end after ```vue"), (f"```vue\n{code}```", "closing fence glued to the code"),
        (f"｀｀｀vue\n{code}\n｀｀｀", "full-width backticks"), (f"'''vue\n{code}\n'''", "quotes for backticks"), (f"``vue\n{code}\n``", "two backticks"),
        (f"````vue\n{code}\n```", "four backticks, closed with three"),
    )  # fmt: skip
    if i % (len(forms) + 1) == len(forms):
        return (
            Broken(answered(sample, before.rstrip() + text[found.start() :]), "opening fence glued to the text", sample)
            if before.endswith("\n")
            else None
        )
    wrong, note = forms[i % (len(forms) + 1)]
    return Broken(answered(sample, before + wrong + after), note, sample)


BARE = {
    True: ("使用{tag}组件的{prop}属性可以实现。", "设置{tag}的{prop}即可。", "用{tag}就行，配置{prop}属性。", "可以通过{tag}组件的{prop}属性来实现该功能。"),
    False: ("Use the {prop} prop of {tag}.", "Set {prop} on {tag}.", "You can do this with {tag} and its {prop} prop.", "The {prop} prop of {tag} does it."),
}  # fmt: skip


def no_reasoning(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The bad example of the source article, section 1.2: the answer names a prop and shows nothing."""
    if not how_to(sample):
        return None
    used = re.findall(r"<(el-[\w-]+|ta-[\w-]+)\s[^<>]*?:?([a-z][\w-]+)=", sample.answer)
    if not used:
        return None
    tag, prop = dice.choice(used)
    answer = dice.choice(BARE[zh(sample)]).replace("{tag}", tag).replace("{prop}", prop)
    return Broken(answered(sample, answer), f"one bare sentence: {answer}")


TOO_SHORT = {
    True: ("可以。", "好的。", "是的", "看文档", "试试看", "不知道", "用el-table", "嗯嗯，是这样", "自己写", "已完成", "不行", "同意"),
    False: ("Yes.", "ok", "See the docs.", "Try it.", "Done", "No idea", "Use a component.", "Sure", "No.", "Google it", "Maybe", "It works"),
}  # fmt: skip


def too_short(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not how_to(sample):
        return None
    answer = TOO_SHORT[zh(sample)][i % 12]
    return Broken(answered(sample, answer), f"asked for a component, answered {answer!r}")


def too_long(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """Far beyond 32,768 tokens, the longest the models here can read, and without repeating itself."""
    if not written(sample):
        return None
    text = " ".join(s.answer for s in pool.samples if written(s) and prose(s))
    words = _HAN.findall(text) if zh(sample) else re.findall("[a-z]{2,}", text)
    gap, stop = ("", "。") if zh(sample) else (" ", ".")
    lines = [f"{n}. {gap.join(dice.choices(words, k=24))}{stop}" for n in range(1, 3001)]
    return Broken(answered(sample, sample.answer + "\n\n" + "\n".join(lines)), "3,000 items")


def looping(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The answer falls into a loop, as small models do."""
    text = prose(sample)
    if text is None:
        return None
    sentences = [s for s in re.findall(r"[^。.！!]+[。.！!]", text) if len(s) > 8]
    if not sentences:
        return None
    last = sentences[-1]
    times = dice.randrange(12, 30)
    gap = "" if zh(sample) else " "
    wrong, note = (
        (text + gap + last.strip() * times, "the last sentence again and again"),
        (text + "\n\n" + "\n".join(f"{n}. {last.strip()}" for n in range(1, times)), "a list of the same item"),
        (text + gap + say(sample, "非常", "very ") * (times * 3), "one word again and again"),
        ("\n\n".join([text] * 8), "the whole answer eight times"),
        (
            text + "\n\n```js\n" + "const value = getValue(item)\n" * (times * 2) + "```",
            "one line of code again and again",
        ),
        (text + gap + "".join(last[: len(last) // 2] for _ in range(times * 2)), "half a sentence again and again"),
        (text + gap + dice.choice("啊哈。!-=0a") * 400, "one character again and again"),
    )[i % 7]
    return Broken(answered(sample, wrong), note)


# --- what must not get out ----------------------------------------------------------------------------------------------


def secret(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not written(sample):
        return None
    case = dice.choice([c for c in documented(dice.randrange(10**6), 1) if len(c.parts) == 1 and len(c.text) < 400])
    block = f"```{case.path.rpartition('.')[2] if '.' in case.path else ''}\n{case.text.rstrip()}\n```"
    if i % 3 == 0:
        broken = asked(sample, f"{sample.prompt}\n{say(sample, '我的配置：', 'My configuration:')}\n\n{block}")
    else:
        broken = answered(sample, f"{sample.answer}\n\n{say(sample, '配置示例：', 'For example:')}\n\n{block}")
    return Broken(broken, f"a secret: {case.name}", gone=case.parts)


def digits(dice: Dice, count: int) -> str:
    return "".join(dice.choices(string.digits, k=count))


def phone(dice: Dice, i: int) -> str:
    head, middle, tail = "1" + dice.choice(("38", "39", "50", "86", "77", "99")), digits(dice, 4), digits(dice, 4)
    plain = head + middle + tail
    return (
        plain,
        f"{head} {middle} {tail}",
        f"{head}-{middle}-{tail}",
        f"+86{plain}",
        f"+86 {plain}",
        f"+86-{head}-{middle}-{tail}",
    )[i % 6]


def id_card(dice: Dice, i: int) -> str:
    body = dice.choice(("110101", "310104", "440305", "330106", "510107", "420111"))
    body += f"{dice.randrange(1960, 2006)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}" + digits(dice, 3)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
    return body + (check.lower() if i % 5 == 4 else check)


def email(dice: Dice, i: int) -> str:
    name = dice.choice(
        ("zhang.wei", "liuyang1987", "wangfang", "chenjie_88", "sun.lei", "j.miller", "anna.kowalski", "zhaomin")
    )
    host = (
        "qq.com",
        "163.com",
        "huaxin" + "-tech.com.cn",
        "gmail.com",
        "sina.cn",
        "outlook.com",
        "lantian" + "-soft.cn",
        "126.com",
    )[i % 8]
    return (digits(dice, 9).replace("0", "7") if host == "qq.com" else name + str(dice.randrange(10, 99))) + "@" + host


def bank_card(dice: Dice, i: int) -> str:
    body = dice.choice(("622202", "621700", "622848", "621661", "622588"))
    body += digits(dice, 12 if i % 2 else 9)
    # Luhn: counted from the right of the number without its check digit, every other digit is doubled.
    total = sum(sum(divmod(int(d) * (2 - at % 2), 10)) for at, d in enumerate(reversed(body)))
    number = body + str(-total % 10)
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if i % 3 == 2 else number


CONTACT = {
    "phone": {
        True: ("联系人：王磊，电话{v}。", "有问题打我手机{v}，微信同号。", "客服李敏的手机号是{v}。", "测试账号：张伟，手机号 {v}", "收件人刘洋，{v}，请提前联系。", "报修请拨打 {v} 找赵师傅。"),
        False: ("Call Mr. Wang at {v}.", "My mobile is {v}, ask for Li Min.", "Contact: Zhang Wei, phone {v}.", "You can reach our agent on {v}."),
    },
    "id-card": {
        True: ("身份证号：{v}", "张伟的身份证号码是{v}。", "测试数据：王芳，证件号 {v}。", "请核对申请人身份证{v}。", "法人身份证号码为 {v}，请勿外传。"),
        False: ("His ID number is {v}.", "Test user: Wang Fang, ID card {v}.", "The applicant's identity card is {v}."),
    },
    "email": {
        True: ("请发邮件到{v}。", "联系邮箱：{v}", "有问题可以找刘洋，邮箱 {v}。", "接口由陈洁维护（{v}）。", "抄送给 {v} 即可。"),
        False: ("Write to {v} for details.", "Maintainer: {v}", "Ask Anna, her address is {v}.", "Please copy {v} in your mail."),
    },
    "bank-card": {
        True: ("工资卡号：{v}", "收款账号：{v}（工商银行，王磊）。", "请把款打到我的银行卡 {v}。", "储蓄卡{v}，开户名张伟。"),
        False: ("Bank card number: {v}", "Please pay to my card {v}.", "The test used the real card {v} of a customer."),
    },
}  # fmt: skip
CONTACT_CODE = {"phone": "mobile", "id-card": "idCard", "email": "email", "bank-card": "cardNo"}


def personal(kind: str, make_value: Callable[[Dice, int], str]) -> Break:
    def make(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
        if not written(sample) or (i % 4 and zh(sample) == (i % 4 == 1)):
            return None
        value = make_value(dice, i)
        if i % 4 == 3:
            block = f"```js\nconst user = {{ name: '{dice.choice(('王磊', '张敏', '李娜', '陈洁'))}', {CONTACT_CODE[kind]}: '{value}' }}\n```"
            return Broken(answered(sample, f"{sample.answer}\n\n{block}"), f"{kind} in code: {value}", gone=(value,))
        line = dice.choice(CONTACT[kind][zh(sample)]).replace("{v}", value)
        if i % 4 == 0:
            return Broken(asked(sample, f"{sample.prompt}\n{line}"), f"{kind} in the question: {line}", gone=(value,))
        return Broken(answered(sample, f"{sample.answer}\n\n{line}"), f"{kind} in the answer: {line}", gone=(value,))

    return make


# --- the framework ------------------------------------------------------------------------------------------------------


def wrong_api(damage: str) -> Break:
    def make(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
        found = _FENCED.search(sample.answer)
        if pool.catalog is None or found is None or found[1] != "vue" or "<template" not in found[2]:
            return None
        code = damaged(found[2], damage, pool.catalog.components, dice)
        if code is None:
            return None
        return Broken(answered(sample, sample.answer[: found.start(2)] + code + sample.answer[found.end(2) :]), damage)

    return make


# --- more than one sample -----------------------------------------------------------------------------------------------

NEGATED = (
    ("不会", "会"), ("可以", "不能"), ("应该", "不应该"), ("需要", "不需要"), ("适合", "不适合"), ("默认是false", "默认是true"), (" is ", " is not "), (" should ", " should not "),
    (" must ", " need not "), (" can ", " cannot "), ("always ", "never "), ("true", "false"),
)  # fmt: skip


def contradiction(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """The same question with another answer: one that says the opposite, or one to quite another question."""
    if not written(sample):
        return None
    if i % 2:
        text = prose(sample) if sample.meta["kind"] in ("api", "pair", "debug") else None
        pairs = [(a, b) for a, b in NEGATED if text and a in text]
        if not text or not pairs:
            return None
        old, new = dice.choice(pairs)
        wrong, note = text.replace(old, new, 1), f"{old!r} became {new!r}"
    else:
        other = another(sample, dice, pool, same_kind=True)
        wrong, note = other.answer, f"the answer of {other.id}"
    prompt = sample.prompt if i % 3 else f" {sample.prompt.rstrip('？?。.')} "
    return Broken(answered(asked(sample, prompt), wrong), note, beside=(beside_of(sample, "first"),))


SAME = (
    ("例如", "比如"), ("可以", "能够"), ("所以", "因此"), ("需要", "必须"), ("如果", "假如"), ("然后", "接着"), ("通过", "借助"), ("区别", "差别"), ("之后", "以后"),
    ("because", "since"), ("such as", "like"), ("needs", "requires"), ("a small", "a little"), ("shows", "displays"), ("use", "take"), ("and then", "then"),
    ("which", "that"), ("the same", "this same"), ("so the", "and so the"),
)  # fmt: skip


def edited(text: str, dice: Dice, count: int = 2) -> str:
    """Return the text with some words replaced by others of the same sense and some numbers by the next."""
    words = [
        (m.start(), m.end(), new)
        for old, new in SAME
        for m in re.finditer(rf"{old}" if _HAN.match(old) else rf"(?<= ){old}(?= )", text)
    ]
    words += [
        (m.start(), m.end(), str(int(m[0]) + 1)) for m in re.finditer(r"(?<![\w#.-])[1-9]\d{1,4}(?![\w.-])", text)
    ]
    for start, end, new in sorted(dice.sample(words, min(count, len(words))), reverse=True):
        text = text[:start] + new + text[end:]
    return text


_COPIES: tuple[Callable[[str], str], ...] = (
    lambda t: t, lambda t: t + "\n\n", lambda t: t.replace("\n", "\r\n"), lambda t: re.sub(r"$", "  ", t, flags=re.M), lambda t: "\n" + t,
    lambda t: re.sub(r"\n\n", "\n\n\n", t),
)  # fmt: skip


def exact_duplicate(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken:
    copy = answered(asked(sample, sample.prompt + ("", " ", "\n")[i % 3]), _COPIES[i % len(_COPIES)](sample.answer))
    return Broken(copy, "a copy, white space aside", beside=(beside_of(sample, "first"),))


def near_duplicate(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    if not 700 < len(sample.answer) < 6000:
        return None
    ways = (
        lambda t: edited(t, dice),
        lambda t: edited(t, dice, 1) + "\n",
        lambda t: t.replace("\n\n", f"\n\n{say(sample, '补充说明如下。', 'One more remark.')}\n\n", 1),
        lambda t: edited(t, dice, 3),
    )
    copy = ways[i % 4](sample.answer)
    if copy.strip() == sample.answer.strip():
        return None
    return Broken(answered(sample, copy), "a copy with small edits", beside=(beside_of(sample, "first"),))


def cross_split(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
    """A training sample that is in the validation split as well; the training one has to go."""
    if not 700 < len(sample.answer) < 6000:
        return None
    train = sample.replace(meta={**sample.meta, "split": "train"})
    val = sample.replace(id=f"{sample.id}~val", meta={**sample.meta, "split": "val"})
    copy = (lambda t: t, lambda t: edited(t, dice), _COPIES[2], lambda t: edited(t, dice, 1))[i % 4](train.answer)
    if i % 2 and copy == train.answer:
        return None
    return Broken(answered(train, copy), "also in the validation split", beside=(val,))


INTRODUCED = {
    True: ("请给出一个完整的参考实现。", "下面这个需求应该怎么做？请详细回答。", "这是我们项目里常见的问题，请讲一讲。", "请按团队规范再写一遍。"),
    False: ("Give me a complete reference solution.", "How would you solve this in our project? Explain in full.", "This comes up a lot, please explain.", "Please write it once more."),
}  # fmt: skip


def contaminated(part: str) -> Break:
    """A training sample that holds the answer or the question of an evaluation sample."""

    def make(sample: Sample, dice: Dice, i: int, pool: Pool) -> Broken | None:
        if not written(sample) or len(sample.answer) < 200:
            return None
        held_out = (beside_of(sample, "eval"),)
        lead = dice.choice(INTRODUCED[zh(sample)])
        if part == "answer":
            text = sample.answer if i % 2 else f"{lead}\n\n{sample.answer}\n\n{lead}"
            return Broken(answered(asked(sample, lead), text), "the answer of an evaluation sample", held_out=held_out)
        if part == "edited":
            if edited(sample.answer, dice) == sample.answer:
                return None
            return Broken(
                answered(asked(sample, lead), edited(sample.answer, dice)),
                "that answer with small edits",
                held_out=held_out,
            )
        if part == "whole":
            return Broken(sample, "the evaluation sample itself", held_out=held_out)
        if len(sample.prompt.split()) < 14 and len(_HAN.findall(sample.prompt)) < 20:
            return None
        other = another(sample, dice, pool)
        prompt = sample.prompt if i % 2 else f"{sample.prompt}\n{lead}"
        return Broken(
            answered(asked(sample, prompt), other.answer), "the question of an evaluation sample", held_out=held_out
        )

    return make


# --- all of them --------------------------------------------------------------------------------------------------------

KINDS: dict[str, Break] = {
    "empty answer": empty_answer,
    "empty turn": empty_turn,
    "duplicated turn": duplicated_turn,
    "role order": role_order,
    "short instruction": replaced_prompt(SHORT, "too short"),
    "generic instruction": replaced_prompt(GENERIC, "says nothing"),
    "missing object": replaced_prompt(NO_OBJECT, "nothing is below"),
    "empty input marker": empty_input,
    "unfilled instruction": unfilled_prompt,
    "wrapped instruction": wrapped_prompt,
    "open fence": open_fence,
    "cut in code": cut_in_code,
    "unbalanced component": unbalanced_component,
    "cut sentence": cut_sentence,
    "placeholder answer": placeholder_answer,
    "placeholder code": placeholder_code,
    "refusal": refusal,
    "speaks of itself": speaks_of_itself,
    "polite opening": polite_opening,
    "polite closing": polite_closing,
    "mojibake": mojibake,
    "lost characters": lost_characters,
    "wrong language": wrong_language,
    "control characters": inserted(CONTROLS, "control character"),
    "invisible characters": inserted(INVISIBLE, "invisible character"),
    "lone surrogate": lone_surrogate,
    "escaped HTML": escaped_html,
    "HTML tags": html_tags,
    "escaped line ends": escaped_lines,
    "JSON around the answer": json_wrapped,
    "chat markers": chat_markers,
    "run-on dialogue": run_on,
    "prompt leak": prompt_leak,
    "think tags": think_tags,
    "web residue": web_residue,
    "answer is the question": answer_is_question,
    "question repeated": question_repeated,
    "missing fence": missing_fence,
    "fence form": fence_form,
    "missing reasoning": no_reasoning,
    "too short": too_short,
    "too long": too_long,
    "looping": looping,
    "secret": secret,
    "phone number": personal("phone", phone),
    "ID card": personal("id-card", id_card),
    "e-mail": personal("email", email),
    "bank card": personal("bank-card", bank_card),
    "unknown prop": wrong_api("unknown prop"),
    "unknown tag": wrong_api("unknown tag"),
    "unknown event": wrong_api("misspelt event"),
    "contradiction": contradiction,
    "exact duplicate": exact_duplicate,
    "near duplicate": near_duplicate,
    "cross-split duplicate": cross_split,
    "contaminated answer": contaminated("answer"),
    "contaminated question": contaminated("question"),
    "contaminated with edits": contaminated("edited"),
    "contaminated whole": contaminated("whole"),
}


def defects(samples: Sequence[Sample], catalog: Catalog | None, *, seed: int = 42, each: int = 16) -> list[Defect]:
    """Break good samples, `each` times in every one of `KINDS`; within a kind no sample is broken twice.

    Samples that are not `sound` are left out. Kinds that need something few samples have come out fewer, and
    without a catalogue the API is not broken.
    """
    pool = Pool([sample for sample in samples if sound(sample, catalog)], catalog)
    return [defect for kind in KINDS for defect in _of_kind(kind, pool, Dice(f"{seed}/{kind}"), each)]


def _of_kind(kind: str, pool: Pool, dice: Dice, each: int) -> Iterator[Defect]:
    left = list(pool.samples)
    dice.shuffle(left)
    for i in range(each):
        for at, sample in enumerate(left):
            made = KINDS[kind](sample, dice, i, pool)
            if made is None or (made.sample.messages == sample.messages and not (made.beside or made.held_out)):
                continue
            del left[at]
            fixable = made.expected is not None or bool(made.gone)
            yield Defect(
                kind,
                made.sample,
                sample,
                fixable,
                made.expected,
                made.note,
                made.also_right,
                made.gone,
                made.beside,
                made.held_out,
            )
            break


# --- the judge ----------------------------------------------------------------------------------------------------------

# The rules that say what is wrong with a sample of a kind. What another rule says of it does not count.
FITTING: dict[str, str] = {
    "empty answer": "hollow empty-turn",
    "empty turn": "empty-turn",
    "duplicated turn": "repeated-turn",
    "role order": "role-order",
    "short instruction": "unclear missing-object",
    "generic instruction": "unclear missing-object",
    "missing object": "missing-object unclear",
    "empty input marker": "empty-input",
    "unfilled instruction": "unclear placeholder",
    "wrapped instruction": "chat-markers prompt-leak",
    "open fence": "truncated fence-form",
    "cut in code": "truncated",
    "unbalanced component": "truncated framework-api",
    "cut sentence": "truncated",
    "placeholder answer": "hollow placeholder",
    "placeholder code": "placeholder",
    "refusal": "refusal",
    "speaks of itself": "boilerplate",
    "polite opening": "boilerplate",
    "polite closing": "boilerplate",
    "mojibake": "mojibake",
    "lost characters": "mojibake",
    "wrong language": "wrong-language",
    "control characters": "hidden-characters",
    "invisible characters": "hidden-characters",
    "lone surrogate": "surrogates",
    "escaped HTML": "html-residue",
    "HTML tags": "html-residue",
    "escaped line ends": "escaped-text",
    "JSON around the answer": "json-wrapped",
    "chat markers": "chat-markers",
    "run-on dialogue": "chat-markers",
    "prompt leak": "prompt-leak",
    "think tags": "think-tags hollow",
    "web residue": "web-residue",
    "answer is the question": "echo",
    "question repeated": "echo",
    "missing fence": "bare-code",
    "fence form": "fence-form",
    "missing reasoning": "missing-reasoning",
    "too short": "hollow missing-reasoning too-short",
    "too long": "too-long",
    "looping": "looping",
    "secret": "secrets",
    "phone number": "personal-data",
    "ID card": "personal-data",
    "e-mail": "personal-data",
    "bank card": "personal-data",
    "unknown prop": "framework-api",
    "unknown tag": "framework-api",
    "unknown event": "framework-api",
    "contradiction": "contradiction near-duplicate",
    "exact duplicate": "duplicate near-duplicate",
    "near duplicate": "near-duplicate duplicate",
    "cross-split duplicate": "contamination duplicate near-duplicate",
    "contaminated answer": "contamination",
    "contaminated question": "contamination",
    "contaminated with edits": "contamination",
    "contaminated whole": "contamination duplicate",
}

# Runs a checker with the evaluation samples it is to know of.
Run = Callable[[list[Sample], list[Sample]], QualityReport]


@dataclass(frozen=True)
class Outcome:
    """What the checker made of a defect; `rules` are those that spoke of the broken sample or its group."""

    defect: Defect
    rules: frozenset[str]
    found: bool
    repaired: bool


def judge(planted: Sequence[Defect], run: Run) -> list[Outcome]:
    """Run a checker over the defects, those of a kind together with what is beside them.

    Of a group, any member may be named, except that the validation split keeps what it has.
    """
    outcomes = []
    for kind in dict.fromkeys(defect.kind for defect in planted):
        of_kind = [defect for defect in planted if defect.kind == kind]
        before = _rules(run([d.original for d in of_kind], []))
        held_out = [sample for d in of_kind for sample in d.held_out]
        report = run([sample for d in of_kind for sample in (*d.beside, d.sample)], held_out)
        after, kept = _rules(report), {sample.id: sample for sample in report.kept}
        for d in of_kind:
            group = (d.sample, *d.beside) if kind != "cross-split duplicate" else (d.sample,)
            rules = frozenset().union(*(after.get(sample.id, ()) for sample in group))
            fitting = rules.intersection(FITTING[kind].split()) - before.get(d.original.id, frozenset())
            lost = kind == "cross-split duplicate" and any(sample.id not in kept for sample in d.beside)
            repaired = d.fixable and d.sample.id in kept and right(d, kept[d.sample.id])
            outcomes.append(Outcome(d, rules, bool(fitting) and not lost, repaired))
    return outcomes


def _rules(report: QualityReport) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for sample_id, rule in zip(report.findings["id"], report.findings["rule"], strict=True):
        found.setdefault(sample_id, set()).add(rule)
    return {sample_id: frozenset(rules) for sample_id, rules in found.items()}


# --- good samples -------------------------------------------------------------------------------------------------------


def good_samples() -> list[Sample]:
    """Return the samples below: questions on element-ui and Vue, debugging, and general ones, in Chinese and English.

    Pairs of kind `pair` say the same in both languages; their ids differ in the last part.
    """
    samples = []
    for entry in GOOD.strip().removeprefix("@@ ").split("\n@@ "):
        head, _, rest = entry.partition("\n")
        kind, language, name = head.split()
        prompt, _, answer = rest.partition("\n--\n")
        meta = {"kind": kind, "generator": "hand"}
        channel = "general" if kind in ("chat", "pair") else "private"
        samples.append(
            Sample.from_instruction(
                prompt, "", answer.strip(), id=f"hand:{name}/{language}", channel=channel, meta=meta
            )
        )
    return samples


GOOD = r"""
@@ qa zh select-rows
如何用element-ui的表格实现跨页多选，翻页后已勾选的行不丢失？
--
要让勾选状态跨页保留，需要考虑以下几点：
1. 表格必须能认出同一行，所以要给el-table设置row-key
2. 选择列是type为selection的el-table-column，打开它的reserve-selection后，数据更新时才会保留选中的行
3. 选中的行通过selection-change事件得到，保存到selected中供批量操作使用

具体实现代码如下：

```vue
<template>
  <div>
    <el-table :data="rows" row-key="id" @selection-change="selected = $event">
      <el-table-column type="selection" reserve-selection width="48" />
      <el-table-column prop="name" label="姓名" />
      <el-table-column prop="dept" label="部门" />
    </el-table>
    <el-pagination :current-page.sync="page" :total="total" layout="total, prev, pager, next" @current-change="load" />
  </div>
</template>

<script>
export default {
  data() {
    return { rows: [], selected: [], page: 1, total: 0 }
  },
  created() {
    this.load()
  },
  methods: {
    async load() {
      const { list, total } = await this.$api.staff.page({ page: this.page })
      this.rows = list
      this.total = total
    }
  }
}
</script>
```
@@ qa zh form-validate
怎样在element-ui的表单里校验两次输入的密码一致？
--
实现密码一致性校验时，要注意三件事：
1. 第二个输入框不能只靠required，需要写自定义校验函数，与第一个输入框的值比较
2. 修改第一个密码后，第二个密码的结果可能变化，应当用validateField重新校验
3. 提交前调用表单的validate方法，通过后再请求接口

具体实现代码如下：

```vue
<template>
  <el-form ref="form" :model="form" :rules="rules" label-width="90px">
    <el-form-item label="新密码" prop="first">
      <el-input v-model="form.first" show-password @change="recheck" />
    </el-form-item>
    <el-form-item label="确认密码" prop="second">
      <el-input v-model="form.second" show-password />
    </el-form-item>
    <el-button type="primary" @click="submit">保存</el-button>
  </el-form>
</template>

<script>
export default {
  data() {
    const same = (rule, value, done) =>
      value === this.form.first ? done() : done(new Error('两次输入不一致'))
    return {
      form: { first: '', second: '' },
      rules: {
        first: [{ required: true, min: 8, message: '至少8位', trigger: 'blur' }],
        second: [{ required: true, validator: same, trigger: 'blur' }]
      }
    }
  },
  methods: {
    recheck() {
      if (this.form.second) this.$refs.form.validateField('second')
    },
    submit() {
      this.$refs.form.validate(ok => ok && this.$emit('save', this.form.first))
    }
  }
}
</script>
```
@@ qa zh upload-limit
用el-upload上传图片时，怎样限制格式、大小和数量？
--
三种限制由不同的属性负责：
1. 格式：accept只影响文件选择框，仍要在before-upload里检查file.type
2. 大小：在before-upload里比较file.size，返回false就会取消这次上传
3. 数量：limit设置上限，超出时触发on-exceed，在这里提示用户

具体实现代码如下：

```vue
<template>
  <el-upload
    action="/api/files"
    accept="image/png,image/jpeg"
    list-type="picture-card"
    :limit="5"
    :file-list="files"
    :before-upload="check"
    :on-exceed="tooMany"
  >
    <i class="el-icon-plus"></i>
  </el-upload>
</template>

<script>
export default {
  data() {
    return { files: [] }
  },
  methods: {
    check(file) {
      const image = ['image/png', 'image/jpeg'].includes(file.type)
      const small = file.size <= 2 * 1024 * 1024
      if (!image) this.$message.error('只能上传PNG或JPG图片')
      else if (!small) this.$message.error('图片不能超过2MB')
      return image && small
    },
    tooMany() {
      this.$message.warning('最多上传5张图片')
    }
  }
}
</script>
```
@@ qa zh tree-filter
element-ui的树形控件怎么做关键字搜索？
--
el-tree自带过滤能力，分三步接入：
1. 准备一个输入框，把关键字存到keyword
2. 给el-tree设置filter-node-method，返回true的节点会显示，它的上级也会自动显示
3. 监听keyword，变化时调用树实例的filter方法

具体实现代码如下：

```vue
<template>
  <div>
    <el-input v-model="keyword" placeholder="输入部门名称" clearable />
    <el-tree ref="tree" :data="depts" :props="{ label: 'name', children: 'items' }" node-key="id" :filter-node-method="match" default-expand-all />
  </div>
</template>

<script>
export default {
  props: { depts: { type: Array, default: () => [] } },
  data() {
    return { keyword: '' }
  },
  watch: {
    keyword(value) {
      this.$refs.tree.filter(value)
    }
  },
  methods: {
    match(value, node) {
      return !value || node.name.includes(value)
    }
  }
}
</script>
```
@@ scenario zh remote-select
客户有几万条，下拉框一次加载太慢，请用el-select做成输入后再查询。
--
数据量大时不应一次取完，可以改为远程搜索：
1. 打开filterable和remote，并提供remote-method，用户输入后才请求接口
2. 请求期间用loading显示加载状态
3. 输入很快时会连续触发，需要防抖，并且只采用最后一次请求的结果，避免旧结果覆盖新结果

具体实现代码如下：

```vue
<template>
  <el-select v-model="customer" filterable remote :remote-method="search" :loading="loading" placeholder="输入客户名称">
    <el-option v-for="item in options" :key="item.id" :label="item.name" :value="item.id" />
  </el-select>
</template>

<script>
export default {
  data() {
    return { customer: '', options: [], loading: false, timer: 0, last: 0 }
  },
  methods: {
    search(keyword) {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.query(keyword), 300)
    },
    async query(keyword) {
      const ticket = ++this.last
      this.loading = true
      const found = keyword ? await this.$api.customer.search(keyword) : []
      if (ticket !== this.last) return
      this.options = found
      this.loading = false
    }
  }
}
</script>
```
@@ scenario zh edit-dialog
请写一个编辑用户的弹窗组件，由父组件控制显示，保存成功后通知父组件刷新列表。
--
这个弹窗需要解决三个问题：
1. 显示状态由父组件控制，子组件不能直接修改prop，所以用计算属性转发update:visible
2. 编辑时不能改动列表里的原对象，打开弹窗时复制一份
3. 保存期间按钮应处于加载状态，成功后触发saved事件并关闭弹窗

具体实现代码如下：

```vue
<template>
  <el-dialog title="编辑用户" :visible.sync="shown" width="480px" @open="copy">
    <el-form :model="form" label-width="70px">
      <el-form-item label="姓名"><el-input v-model="form.name" /></el-form-item>
      <el-form-item label="邮箱"><el-input v-model="form.email" /></el-form-item>
    </el-form>
    <span slot="footer">
      <el-button @click="shown = false">取消</el-button>
      <el-button type="primary" :loading="saving" @click="save">保存</el-button>
    </span>
  </el-dialog>
</template>

<script>
export default {
  props: { visible: Boolean, user: { type: Object, default: () => ({}) } },
  data() {
    return { form: {}, saving: false }
  },
  computed: {
    shown: {
      get() {
        return this.visible
      },
      set(value) {
        this.$emit('update:visible', value)
      }
    }
  },
  methods: {
    copy() {
      this.form = { ...this.user }
    },
    async save() {
      this.saving = true
      try {
        await this.$api.user.save(this.form)
        this.$emit('saved')
        this.shown = false
      } finally {
        this.saving = false
      }
    }
  }
}
</script>
```
@@ qa zh date-shortcuts
日期范围选择器如何加上“最近一周”“最近一个月”的快捷选项？
--
快捷选项由picker-options提供，实现时注意：
1. el-date-picker的type要设为daterange，绑定的值是长度为2的数组
2. shortcuts里每一项有text和onClick，在onClick中通过picker.$emit('pick', 范围)选中日期
3. 提交给后端的一般是字符串，用value-format指定格式，省去手工转换

具体实现代码如下：

```vue
<template>
  <el-date-picker
    v-model="range"
    type="daterange"
    value-format="yyyy-MM-dd"
    range-separator="至"
    start-placeholder="开始日期"
    end-placeholder="结束日期"
    :picker-options="options"
  />
</template>

<script>
const last = days => picker => {
  const end = new Date()
  picker.$emit('pick', [new Date(end - days * 24 * 3600 * 1000), end])
}

export default {
  data() {
    return {
      range: [],
      options: {
        shortcuts: [
          { text: '最近一周', onClick: last(7) },
          { text: '最近一个月', onClick: last(30) }
        ]
      }
    }
  }
}
</script>
```
@@ qa zh server-sort
el-table怎样改成由后端排序？
--
默认排序只在当前页的数据里进行，交给后端时要做到：
1. 列的sortable写成custom，表格就不再自己排序
2. 监听sort-change事件，取出prop和order，order的值是ascending、descending或null
3. 排序变化后应回到第一页再请求

具体实现代码如下：

```vue
<template>
  <el-table :data="rows" @sort-change="resort">
    <el-table-column prop="no" label="订单号" />
    <el-table-column prop="amount" label="金额" sortable="custom" />
    <el-table-column prop="createdAt" label="下单时间" sortable="custom" />
  </el-table>
</template>

<script>
export default {
  data() {
    return { rows: [], query: { page: 1, sort: '', order: '' } }
  },
  methods: {
    resort({ prop, order }) {
      this.query = { page: 1, sort: order ? prop : '', order: order || '' }
      this.load()
    },
    async load() {
      this.rows = (await this.$api.order.page(this.query)).list
    }
  }
}
</script>
```
@@ scenario zh step-wizard
请用element-ui做一个三步的开户向导，可以上一步、下一步，最后一步提交。
--
向导的关键是用一个数字记录当前步骤：
1. el-steps的active绑定到step，决定高亮到第几步
2. 每一步的内容用v-show切换，这样返回上一步时已填的内容还在
3. 第一步没有“上一步”，最后一步的按钮文字改为“提交”

具体实现代码如下：

```vue
<template>
  <el-card>
    <el-steps :active="step" finish-status="success" align-center>
      <el-step v-for="title in titles" :key="title" :title="title" />
    </el-steps>
    <div v-for="(title, i) in titles" v-show="step === i" :key="title">
      <slot :name="'step' + i" />
    </div>
    <el-button v-if="step > 0" @click="step--">上一步</el-button>
    <el-button type="primary" @click="next">{{ last ? '提交' : '下一步' }}</el-button>
  </el-card>
</template>

<script>
export default {
  data() {
    return { step: 0, titles: ['基本信息', '证件照片', '确认提交'] }
  },
  computed: {
    last() {
      return this.step === this.titles.length - 1
    }
  },
  methods: {
    next() {
      if (this.last) this.$emit('submit')
      else this.step++
    }
  }
}
</script>
```
@@ qa zh lazy-tabs
标签页里每一页都会请求接口，怎样做到点开哪一页才加载哪一页？
--
可以利用el-tab-pane的懒渲染：
1. 给el-tab-pane加上lazy，没有点开过的页不会渲染，里面组件的created也就不会执行
2. 点开过的页会保留，切换回来不会重复请求
3. 如果希望每次切换都刷新，再监听tab-click事件主动重新加载

具体实现代码如下：

```vue
<template>
  <el-tabs v-model="current">
    <el-tab-pane label="基本资料" name="base" lazy><slot name="base" /></el-tab-pane>
    <el-tab-pane label="交易记录" name="trade" lazy><slot name="trade" /></el-tab-pane>
    <el-tab-pane label="操作日志" name="log" lazy><slot name="log" /></el-tab-pane>
  </el-tabs>
</template>

<script>
export default {
  name: 'CustomerTabs',
  data() {
    return { current: 'base' }
  }
}
</script>
```
@@ scenario zh confirm-delete
表格每行要有删除按钮，点击后先弹出气泡确认，确认后才删除并刷新。
--
删除操作需要二次确认，步骤如下：
1. 用el-popconfirm包住按钮，按钮放在它的reference插槽里
2. 用户点击确定后触发confirm事件，在这里调用接口
3. 删除的是本页最后一行时，要先退回上一页，否则会显示空白页

具体实现代码如下：

```vue
<template>
  <el-table :data="rows">
    <el-table-column prop="title" label="公告标题" />
    <el-table-column label="操作" width="120">
      <template slot-scope="{ row }">
        <el-popconfirm title="确定删除这条公告吗？" @confirm="remove(row.id)">
          <el-button slot="reference" type="text">删除</el-button>
        </el-popconfirm>
      </template>
    </el-table-column>
  </el-table>
</template>

<script>
export default {
  data() {
    return { rows: [], page: 1 }
  },
  methods: {
    async remove(id) {
      await this.$api.notice.remove(id)
      if (this.rows.length === 1 && this.page > 1) this.page--
      await this.load()
    },
    async load() {
      this.rows = (await this.$api.notice.page({ page: this.page })).list
    }
  }
}
</script>
```
@@ qa zh drawer-guard
关闭抽屉时，如果表单改过但没保存，怎样提醒用户？
--
需要在关闭前拦截，并判断内容是否变化：
1. 打开抽屉时把表单序列化存为快照，关闭时再比较
2. el-drawer的before-close会收到一个done函数，不调用它抽屉就不会关闭
3. 内容有变化时先用$confirm询问，用户确认后再调用done

具体实现代码如下：

```vue
<template>
  <el-drawer title="编辑商品" :visible.sync="open" :before-close="guard" size="400px" @open="remember">
    <el-input v-model="form.name" placeholder="商品名称" />
    <el-input-number v-model="form.price" :min="0" :precision="2" />
  </el-drawer>
</template>

<script>
export default {
  data() {
    return { open: false, form: { name: '', price: 0 }, snapshot: '' }
  },
  methods: {
    remember() {
      this.snapshot = JSON.stringify(this.form)
    },
    async guard(done) {
      if (JSON.stringify(this.form) === this.snapshot) return done()
      try {
        await this.$confirm('修改尚未保存，确定离开吗？')
        done()
      } catch (cancelled) {
        // 留在抽屉里继续编辑
      }
    }
  }
}
</script>
```
@@ qa en table-loading
How do I show a loading mask over an element-ui table while its data is fetched?
--
Three things are needed for this:
1. element-ui registers a `v-loading` directive, so no extra component is required
2. The flag must be set before the request and cleared in `finally`, or a failed request leaves the mask there
3. An `empty-text` tells the user when the request is done and there is nothing to show

The full component:

```vue
<template>
  <el-table v-loading="loading" :data="rows" empty-text="No invoices yet">
    <el-table-column prop="number" label="Invoice" />
    <el-table-column prop="amount" label="Amount" align="right" />
  </el-table>
</template>

<script>
export default {
  data() {
    return { rows: [], loading: false }
  },
  async created() {
    this.loading = true
    try {
      this.rows = await this.$api.invoices.list()
    } finally {
      this.loading = false
    }
  }
}
</script>
```
@@ qa en cascader-lazy
How can I load the levels of an element-ui cascader on demand?
--
The cascader can ask for each level when it is opened:
1. Set `lazy: true` and a `lazyLoad(node, resolve)` function in the `props` object
2. `node.level` is 0 for the root, so the same function serves every level
3. Mark the deepest nodes with `leaf: true`, otherwise the arrow stays and an empty level opens

The full component:

```vue
<template>
  <el-cascader v-model="region" :props="options" placeholder="Choose a region" clearable />
</template>

<script>
export default {
  data() {
    return {
      region: [],
      options: {
        lazy: true,
        lazyLoad: async (node, resolve) => {
          const list = await this.$api.regions(node.value || 'root')
          resolve(list.map(({ id, name }) => ({ value: id, label: name, leaf: node.level >= 2 })))
        }
      }
    }
  }
}
</script>
```
@@ scenario en search-form
Build a search bar with element-ui: a keyword, a status and two buttons, and emit the query when the user searches.
--
The search bar keeps its own copy of the query and tells the parent only when asked:
1. An inline `el-form` puts the fields side by side
2. Pressing Enter should search too, so the native submit of the form is caught
3. Reset restores the initial values and searches again, because users expect the list to follow

The full component:

```vue
<template>
  <el-form inline :model="query" @submit.native.prevent="search">
    <el-form-item label="Keyword"><el-input v-model="query.keyword" clearable /></el-form-item>
    <el-form-item label="Status">
      <el-select v-model="query.status" clearable>
        <el-option label="Open" value="open" />
        <el-option label="Closed" value="closed" />
      </el-select>
    </el-form-item>
    <el-button type="primary" native-type="submit">Search</el-button>
    <el-button @click="reset">Reset</el-button>
  </el-form>
</template>

<script>
const empty = () => ({ keyword: '', status: '' })

export default {
  data() {
    return { query: empty() }
  },
  methods: {
    search() {
      this.$emit('search', { ...this.query })
    },
    reset() {
      this.query = empty()
      this.search()
    }
  }
}
</script>
```
@@ qa en expand-row
How do I let users expand a table row in element-ui and load the details only then?
--
An expandable row is a column of its own, and the loading hangs on an event:
1. A column with `type="expand"` holds the details in its default slot
2. `expand-change` passes the row and the list of rows that are open now
3. Details are put on the row with `$set`, since Vue 2 does not see a property that is added later

The full component:

```vue
<template>
  <el-table :data="orders" row-key="id" @expand-change="open">
    <el-table-column type="expand">
      <template slot-scope="{ row }">
        <p v-for="line in row.lines" :key="line.sku">{{ line.sku }} × {{ line.count }}</p>
      </template>
    </el-table-column>
    <el-table-column prop="id" label="Order" />
  </el-table>
</template>

<script>
export default {
  props: { orders: { type: Array, default: () => [] } },
  methods: {
    async open(row, opened) {
      if (row.lines || !opened.includes(row)) return
      this.$set(row, 'lines', await this.$api.orders.lines(row.id))
    }
  }
}
</script>
```
@@ scenario en rating-card
Create a product card with element-ui that shows a picture, a price and a rating the customer can change.
--
The card has two kinds of content, what it is given and what the customer does:
1. The product comes in through a prop and is never changed here
2. `el-rate` is bound one way to the score, and its `change` event goes up to the parent
3. `el-image` shows a fallback through its `error` slot when the picture cannot be loaded

The full component:

```vue
<template>
  <el-card shadow="hover">
    <el-image :src="product.picture" fit="cover">
      <div slot="error">No picture</div>
    </el-image>
    <h4>{{ product.name }}</h4>
    <p>{{ product.price.toFixed(2) }}</p>
    <el-rate :value="product.score" allow-half @change="$emit('rate', product.id, $event)" />
  </el-card>
</template>

<script>
export default {
  name: 'ProductCard',
  props: { product: { type: Object, required: true } }
}
</script>
```
@@ qa en switch-confirm
How can I ask for confirmation before an element-ui switch really changes?
--
A switch changes at once when it is bound with `v-model`, so the binding has to be split:
1. Bind `:value` instead of `v-model`; the switch then shows what the data says
2. On `change`, ask with `$confirm`, call the server, and only then write the new value
3. When the user cancels nothing is written, and the switch stays as it was

The full component:

```vue
<template>
  <el-switch :value="active" active-text="On" inactive-text="Off" @change="ask" />
</template>

<script>
export default {
  data() {
    return { active: false }
  },
  methods: {
    async ask(wanted) {
      try {
        await this.$confirm(wanted ? 'Turn the service on?' : 'Turn the service off?')
        await this.$api.service.set(wanted)
        this.active = wanted
      } catch (cancelled) {
        this.$message.info('Nothing was changed')
      }
    }
  }
}
</script>
```
@@ api zh pagination-layout
el-pagination的layout可以写哪些值？
--
layout是用逗号分隔的字符串，决定显示哪些部分以及顺序：

- total：总条数
- sizes：每页条数的下拉框，需要同时提供page-sizes
- prev、pager、next：上一页、页码、下一页
- jumper：跳转到指定页
- slot：自定义内容
- ->：它后面的部分靠右显示

默认值是`prev, pager, next, jumper, ->, total`。
@@ api zh dialog-destroy
el-dialog的destroy-on-close有什么作用，什么时候需要打开？
--
destroy-on-close为true时，弹窗关闭后会销毁里面的元素，下次打开时重新创建，默认是false。弹窗里有表单、图表或者在created中请求数据的组件时，打开它可以避免看到上一次的内容。代价是每次打开都要重新渲染，内容很重又不需要重置时就不必打开。
@@ api zh input-number
el-input-number怎样只允许输入整数，并且每次增减10？
--
需要两个属性配合：step设为10，表示每次增减的数值；step-strictly设为true，输入的值会被修正为step的倍数。如果只要求整数而不要求是10的倍数，就不要用step-strictly，改为把precision设为0。

```vue
<el-input-number v-model="count" :step="10" :precision="0" :min="0" />
```
@@ api zh form-methods
el-form有哪些常用的方法？
--
通过ref取得表单实例后可以调用：

1. validate(callback)：校验整个表单，不传回调时返回Promise
2. validateField(props, callback)：只校验指定的字段
3. resetFields()：把字段恢复为初始值，并清除校验结果
4. clearValidate(props)：只清除校验结果，不改变值

其中resetFields恢复的是表单项挂载时的值，所以要先有初始值再渲染表单。
@@ api zh table-height
el-table的height和max-height有什么区别？
--
height是固定高度，数据再少表格也占这么高，表头会固定。max-height是最大高度，数据少时表格按内容收缩，超过后才出现滚动条并固定表头。列表行数变化较大时用max-height更合适，需要撑满页面时用height。
@@ api zh message-close
怎么手动关闭element-ui的消息提示？
--
调用this.$message会返回一个实例，保存下来再调用它的close方法即可。把duration设为0可以让消息不自动消失。需要一次关闭全部消息时，用this.$message.closeAll()。

```js
const tip = this.$message({ message: '正在导出，请稍候', duration: 0 })
await this.exportFile()
tip.close()
```
@@ api en popover-trigger
Which values does the trigger prop of el-popover take?
--
There are four: `click` opens and closes it with a click, `hover` follows the mouse, `focus` follows the focus of the reference element, and `manual` leaves it to you through `v-model`. The default is `click`. Use `manual` when the popover must stay open until some work is finished.
@@ api en upload-hooks
In what order are the hooks of el-upload called?
--
For each chosen file the order is as follows. `before-upload` runs first and can cancel the file. `on-progress` is called while data is sent. Then either `on-success` or `on-error` is called once. `on-change` is called when the file is added and again when it succeeds or fails.
@@ debug zh reactive-array
为什么我用this.list[0] = item修改数组后，页面没有更新？
--
Vue 2通过改写数组的方法来感知变化，直接按下标赋值不会经过这些方法，所以页面不会更新。可以改用下面任意一种写法：

```js
this.$set(this.list, 0, item)
this.list.splice(0, 1, item)
```

另外，直接修改length也有同样的问题，应当用splice代替。
@@ debug zh ref-undefined
弹窗刚打开时访问this.$refs.form得到undefined，怎么办？
--
el-dialog的内容在第一次打开之后才会渲染，把visible设为true的那一刻，表单还没有挂载。应当等到下一次更新完成再访问：

```js
this.visible = true
this.$nextTick(() => {
  this.$refs.form.clearValidate()
})
```

也可以把这段逻辑放到el-dialog的opened事件里，此时打开动画已经结束。
@@ debug zh style-scoped
在scoped样式里改el-table的单元格样式不生效，是什么原因？
--
加了scoped之后，选择器只会匹配当前组件模板里的元素，而单元格是el-table内部渲染的，身上没有当前组件的data属性，所以匹配不到。可以用深度选择器：

```css
.order-table ::v-deep .cell {
  padding: 0 4px;
}
```

注意外层要保留一个自己的类名，否则样式会影响到所有表格。
@@ debug zh key-index
列表删除一行后，下一行的输入框显示了被删那一行的内容，为什么？
--
多半是v-for用下标作了key。删除一行后，后面各行的下标都减一，Vue会认为还是原来的那些元素而直接复用，输入框里的内容就错位了。把key换成稳定且唯一的字段即可，例如`:key="row.id"`。如果新增的行还没有id，可以在前端生成一个临时编号。
@@ debug zh request-twice
页面一打开，列表接口被请求了两次，可能是哪里的问题？
--
常见的原因有三个：

1. created里请求了一次，watch又设置了immediate: true，两者重复
2. 在created中给分页的页码赋值，触发了current-change，又请求一次
3. 父组件用v-if切换导致组件创建了两次

先在请求函数里打印调用栈，看是谁触发的，再去掉多余的一处。一般保留watch加immediate的写法就够了。
@@ debug zh memory-leak
后台页面开一整天后越来越卡，应该怎么排查？
--
这类现象通常是内存没有释放。先检查组件里注册的定时器、window事件和图表实例，是否都在beforeDestroy中清理。然后打开浏览器的Memory面板，进入和离开同一个页面几次，每次之后各拍一张堆快照，比较哪些对象只增不减。最后看keep-alive缓存的页面是不是太多，可以用max限制数量。
@@ debug zh el-table-blank
表格放在标签页里，切换过去之后列宽错乱，怎么解决？
--
表格所在的标签页隐藏时，容器宽度是0，el-table按这个宽度计算了列宽。切换到该标签页之后调用表格的doLayout方法重新计算即可：

```js
onTabClick() {
  this.$nextTick(() => this.$refs.table.doLayout())
}
```

更省事的办法是给el-tab-pane加上lazy，第一次显示时才渲染表格。
@@ debug zh proxy-404
本地开发时接口都返回404，部署后正常，问题在哪里？
--
本地的请求发到了开发服务器自己，而它没有这些接口，所以返回404。需要在vue.config.js里配置代理，把接口路径转发给后端：

```js
module.exports = {
  devServer: {
    proxy: {
      '/api': { target: 'http://127.0.0.1:8080', changeOrigin: true }
    }
  }
}
```

修改后要重启开发服务器才会生效。
@@ debug en prop-mutation
Vue warns "Avoid mutating a prop directly". How should I change the value instead?
--
The parent owns the value, so the child has to ask for the change. Emit an event with the new value and let the parent write it:

```js
this.$emit('update:title', newTitle)
```

With `:title.sync="title"` in the parent no extra handler is needed. If the child only needs a starting value, copy the prop into `data` and work on the copy.
@@ debug en stale-route
My detail page keeps showing the old record when only the id in the route changes. Why?
--
Vue Router reuses the same component when only a parameter changes, so `created` does not run again. Watch the parameter and load the record there:

```js
watch: {
  '$route.params.id': { immediate: true, handler: 'load' }
}
```

Another way is to put `:key="$route.fullPath"` on the router view. That creates the page anew each time, which costs more but is hard to get wrong.
@@ debug en promise-swallowed
My request fails but the catch block in the caller never runs. What could be wrong?
--
Most likely an inner `catch` handles the error and returns normally, so the promise is resolved with `undefined`. Look at the response interceptor first: it must return `Promise.reject(error)` after it has shown the message. Also check that every function on the way returns the promise, because a missing `return` cuts the chain silently.
@@ debug en chart-size
An ECharts graph inside my dialog is only 100 pixels wide. How do I fix it?
--
The chart was created while the dialog was still hidden, so its container had no size and the default was taken. Create it in the `opened` event of the dialog, when the layout is done:

```js
opened() {
  this.chart = this.chart || echarts.init(this.$refs.box)
  this.chart.resize()
}
```

Remember to call `dispose` when the component is destroyed.
@@ pair zh show-if
v-if和v-show有什么区别，应该怎么选？
--
v-if为假时元素根本不会创建，切换时要销毁和重建，适合很少变化的条件。v-show始终创建元素，只是切换display样式，适合频繁显示和隐藏的内容。如果条件在页面打开时通常为假，用v-if还可以减少首次渲染的工作。
@@ pair en show-if
What is the difference between v-if and v-show, and which should I use?
--
With v-if the element is not created at all while the condition is false, and it is destroyed and built again when the condition changes. With v-show the element always exists and only its display style changes. Use v-show for things that are toggled often, and v-if for conditions that rarely change or are false at the start.
@@ pair zh computed-watch
计算属性和侦听器分别适合什么场景？
--
计算属性用来从已有数据得出新的值，结果会缓存，依赖不变就不会重新计算，而且不应有副作用。侦听器用来在数据变化时做事，例如请求接口、操作本地存储或者调用第三方库。能用计算属性表达的就不要用侦听器，这样数据的来源更清楚。
@@ pair en computed-watch
When should I use a computed property and when a watcher?
--
A computed property derives a value from other data. Its result is cached until something it depends on changes, and it should have no side effects. A watcher does something when data changes, such as calling a server, saving to storage or driving another library. If a computed property can express it, prefer that, because it is easier to see where the value comes from.
@@ pair zh data-function
为什么组件的data必须是一个函数？
--
同一个组件可能被使用多次，每个实例都要有自己的一份数据。如果data是对象，所有实例会共享同一个引用，改动一处就会影响其他地方。写成函数后，每创建一个实例就调用一次，返回全新的对象，各实例之间互不干扰。
@@ pair en data-function
Why must the data option of a component be a function?
--
One component may be used many times, and every instance needs its own data. If data were an object, all instances would share the same reference, and a change in one place would show up in the others. A function is called once for each instance and returns a new object, so the instances stay independent.
@@ pair zh status-401
接口返回401和403分别是什么意思？
--
401表示没有通过身份认证，比如没有登录或者令牌过期，前端一般会跳转到登录页。403表示身份已经确认，但没有权限访问这个资源，重新登录也没有用，应当提示用户联系管理员。简单说，401是不知道你是谁，403是知道你是谁但不让你进。
@@ pair en status-401
What do the HTTP status codes 401 and 403 mean?
--
401 means the request is not authenticated, for example because nobody is logged in or the token has expired, so the client usually goes to the login page. 403 means the server knows who you are but does not allow the access, and logging in again will not help. In short, 401 asks who you are and 403 says that you may not enter.
@@ pair zh rebase-merge
git的rebase和merge有什么不同？
--
merge会产生一个合并提交，保留两条分支各自的历史，能看出当时是怎样合并的。rebase把自己的提交逐个移到目标分支之后，历史是一条直线，看起来更整洁，但提交的编号会改变。已经推送给别人使用的分支不要rebase，否则别人的历史会与你的冲突。
@@ pair en rebase-merge
How do git rebase and git merge differ?
--
A merge creates a commit with two parents and keeps the history of both branches as it was. A rebase moves your commits one by one onto the other branch, which gives a straight history but new commit ids. Do not rebase a branch that others already use, because their history would no longer match yours.
@@ pair zh debounce-throttle
防抖和节流有什么区别？
--
防抖是在连续触发停止一段时间之后才执行一次，适合搜索框输入这类只关心最后结果的场景。节流是在连续触发期间按固定间隔执行，适合滚动和拖拽这类需要持续响应的场景。两者都能减少执行次数，区别在于触发过程中是否会执行。
@@ pair en debounce-throttle
What is the difference between debouncing and throttling?
--
Debouncing waits until the calls have stopped for a while and then runs once, which suits a search box where only the last input matters. Throttling runs at a fixed interval while the calls go on, which suits scrolling and dragging. Both reduce the number of runs; they differ in whether anything happens while the calls continue.
@@ pair zh blue-sky
天空为什么是蓝色的？
--
阳光穿过大气层时会被空气分子散射，波长越短散射越强。蓝光的波长比红光短得多，所以被散射到各个方向，我们从哪里抬头都能看到它。傍晚阳光斜着穿过更厚的大气，蓝光在路上已经散射掉，剩下的红光和橙光就形成了晚霞。
@@ pair en blue-sky
Why is the sky blue?
--
Sunlight is scattered by the molecules of the air, and short waves are scattered much more than long ones. Blue light is therefore spread over the whole sky, and we see it wherever we look. In the evening the light takes a longer way through the air, most of the blue is lost on the way, and the red and orange that are left colour the sunset.
@@ pair zh better-sleep
晚上总是睡不着，有什么改善睡眠的办法？
--
可以先从作息入手，每天固定时间起床，周末也不要相差太多。睡前一小时放下手机，把灯光调暗，下午以后不再喝咖啡和浓茶。躺下二十分钟还睡不着就起来看看书，有困意再回到床上。如果持续一个月以上并且影响白天的状态，建议去看医生。
@@ pair en better-sleep
I cannot fall asleep at night. What can I do to sleep better?
--
Start with your daily rhythm: get up at the same time every day, even at weekends. Put the phone away an hour before bed, dim the lights, and avoid coffee after lunch. If you are still awake after twenty minutes, get up and read until you feel tired. If it goes on for more than a month and affects your days, talk to a doctor.
@@ pair zh compound-interest
什么是复利，为什么说时间很重要？
--
复利就是把每期得到的利息也算进本金，下一期再一起计算利息。以每年百分之五为例，一万元放十年约为一万六千元，放三十年约为四万三千元。后面二十年的增长远远超过前十年，因为越到后来本金越大，所以开始得早比一次投入得多更有用。
@@ pair en compound-interest
What is compound interest and why does time matter so much?
--
Compound interest means that the interest you earn is added to the capital and earns interest itself. At five percent a year, ten thousand grows to about sixteen thousand in ten years and to about forty-three thousand in thirty. Most of the growth comes late, because the capital is larger by then, so starting early helps more than paying in more.
@@ chat zh report-outline
我要写季度工作总结，帮我列一个提纲，部门是前端组。
--
可以按下面的结构来写：

1. 本季度目标与完成情况：列出目标，用数据说明完成了多少
2. 重点项目：每个项目写清背景、做了什么、带来什么效果
3. 质量与效率：线上故障数、平均修复时间、构建时长的变化
4. 团队建设：分享、培训与新人成长
5. 问题与改进：遇到的困难、原因和下季度的办法
6. 下季度计划：三到五项重点，写明负责人和时间

每一部分先写结论再写过程，读的人会更容易抓住重点。
@@ chat zh learn-order
零基础想学前端，应该按什么顺序学？
--
建议先学HTML和CSS，能照着设计稿做出静态页面。接着学JavaScript，重点是变量、函数、数组方法和异步。然后学一个框架，例如Vue，同时了解组件化和路由。之后再补工程化的内容，比如npm、git和打包工具。每个阶段都做一个小作品，比只看教程记得更牢。
@@ chat zh tea-kinds
绿茶和红茶的主要区别是什么？
--
两者的区别主要在发酵程度。绿茶不发酵，采摘后很快杀青，保留了较多的茶多酚，茶汤清绿，味道清爽。红茶是全发酵茶，茶多酚大部分氧化成茶红素和茶黄素，茶汤红亮，味道醇厚。肠胃较弱的人喝红茶会更舒服一些。
@@ chat zh noisy-neighbour
楼上邻居晚上很吵，我该怎么沟通才不伤和气？
--
先挑一个双方都不忙的时间，当面或者留张便条说明情况，语气尽量平和，说具体的时间和声音，而不是指责对方。可以主动提出办法，例如请对方十点以后换软底拖鞋。如果没有改善，再请物业从中协调。记录下每次的时间，需要时能说清楚情况。
@@ chat zh excel-percent
Excel里怎样算出每一项占总数的百分比？
--
假设数量在B2到B10，在C2输入公式`=B2/SUM($B$2:$B$10)`，再把单元格格式设为百分比，最后向下填充到C10。公式里总和的范围要加上美元符号固定，否则填充时范围会跟着移动，得到的结果就不对了。
@@ chat en interview-questions
Suggest five questions to ask at the end of a job interview for a front-end role.
--
Here are five that show interest and tell you something useful:

1. What does a normal week look like for this team?
2. How do designers and developers work together on a feature?
3. Which part of the front end would you most like to improve?
4. How are releases tested and rolled out?
5. What would make you say after six months that I did well?

Pick the three that matter most to you, since there is rarely time for all of them.
@@ chat en bread-dense
My home-made bread is always dense. What am I doing wrong?
--
The most common reason is dough that has not risen long enough. Let it double in size, which can take two hours in a cool kitchen, rather than watching the clock. Check that the yeast is alive by stirring it into warm water with a little sugar; it should foam within ten minutes. Too much flour also makes bread heavy, so keep the dough slightly sticky while you knead.
@@ chat en unit-tests
Explain to a junior developer why unit tests are worth the time.
--
A unit test is a small promise about the code that a machine checks for you. It tells you within seconds that a change broke something, while the change is still fresh in your mind. It also shows the next reader how a function is meant to be used. Tests take time to write, but most of that time comes back with the first bug that never reaches a customer.
@@ chat en tidy-desk
Give me a short plan to tidy my desk in thirty minutes.
--
Spend the first five minutes clearing everything off the desk and wiping it. Use the next ten to sort the things into three piles: keep here, belongs elsewhere, throw away. Take ten minutes to carry the second pile to its places. In the last five, put back only what you use every day. Stop when the time is over, even if a drawer is still full.
@@ chat en map-filter
When would you use map instead of filter on an array?
--
Use `map` when every element should become something else and the length stays the same, such as a list of users turned into a list of names. Use `filter` when the elements stay as they are and some of them are left out. They combine well, and filtering first means that less work is left for the mapping.
"""
