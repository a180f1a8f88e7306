"""The rules for single samples: each finds what it is for, repairs it rightly, and leaves good samples alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from present import present

from swiftprep import Catalog, Sample, Scanner, demo
from swiftprep.code.completeness import cut_off
from swiftprep.quality.checker import RULES
from swiftprep.quality.rules import answers, fences, instructions, loops, privacy, text, truncation, turns
from swiftprep.quality.rules.escapes import escaped_text
from swiftprep.quality.rules.framework import api_errors
from swiftprep.quality.rules.length import over_budget

FENCE = "```"
SFC = '<template>\n  <ta-card title="x">{{ a }}</ta-card>\n</template>\n\n<script>\nexport default { data() { return { a: 1 } } }\n</script>'
CODE = f"{FENCE}vue\n{SFC}\n{FENCE}"
HOW = "如何用ta-card展示一个标题？"
WHY = "需要两步：先引入组件，再绑定标题。\n\n"


def chat(*pairs: str) -> Sample:
    """A conversation of `"user: …"`, `"assistant: …"`."""
    turns_ = [pair.partition(": ") for pair in pairs]
    return Sample([{"role": role, "content": content} for role, _, content in turns_])


def qa(question: str, answer: str, **meta: object) -> Sample:
    return Sample.from_instruction(question, "", answer, meta=meta)


GOOD = [
    qa(HOW, WHY + CODE),
    qa("写一个匹配手机号的正则表达式。", f"{FENCE}\n^1[3-9]\\d{{9}}$\n{FENCE}\n它只检查格式。"),
    qa("Hi there!", "Hello! How can I help you today?"),
    qa("现在这只股票多少钱一股？", "抱歉，我无法获取实时行情，请在证券软件上查看最新价格。"),
    qa("Translate into Chinese.\nGood morning, everyone in the office.", "早上好，办公室的各位。"),
    qa("下面的代码在做什么？\nconst a = b?.c ?? 1", "取b的c；没有就取1。"),
    qa("学习这个组件。\n路径是 a.vue", SFC, kind="component", path="a.vue"),
    qa("Return the numbers as a JSON array.\nIt cost 12 and 15.", "[12, 15]"),
    chat("system: Be brief.", "user: What is 2 + 2?", "assistant: 4", "user: And twice that?", "assistant: 8"),
    qa("Which tag breaks a line in HTML?", "Use `<br>`; it needs no end tag."),
    qa("怎样让内容居中？", "给外层的 <div> 加上 flex，不要在 <p> 里再写块级元素。"),
    qa("JavaScript里??和||有什么区别？", "`??`只看null和undefined，`||`还看0和空串。"),
    chat("user: What is the capital of France? \n", "assistant: It is Paris. \n"),
    qa(
        "Explain the installer.",
        "Security\n~~~~~~~~\n\nReport a problem by mail. Then wait for an answer.\n\nLicence\n~~~~~~~\n\nIt is free.",
    ),
    qa("Show the session.", "It goes on over two lines:\n\n>>> for x in y:\n...     print(x)\n...\n1\n"),
    qa("How is it started?", f"1. First this:\n\n    {FENCE}bash\n    npm start\n    {FENCE}\n\n2. Then look."),
    qa("Write to alex@example.com that I am ill.", "Dear Alex,\n\nI am ill today and stay at home.\n\nKind regards"),
]


@pytest.mark.parametrize("sample", GOOD, ids=lambda sample: sample.prompt[:20])
def test_good_samples_are_left_alone(sample):
    assert turns.form(sample) is None
    assert {rule.__name__: found.reason for rule in RULES if (found := rule(sample))} == {}


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        (turns.form, Sample([])),
        (turns.form, Sample([{"role": "alien", "content": "x"}])),
        (turns.form, Sample([{"role": "user", "content": None}])),  # type: ignore[dict-item]
        (turns.empty_turn, qa("问题是什么？", "  \n")),
        (turns.empty_turn, qa(" ", "一个回答")),
        (turns.empty_turn, chat("user: a", "assistant: ", "user: b", "assistant: c")),
        (turns.role_order, chat("user: q", "user: r")),
        (turns.role_order, chat("user: a", "assistant: b", "assistant: c")),
        (turns.role_order, chat("user: a", "assistant: b", "system: s", "user: c", "assistant: d")),
        (turns.role_order, chat("assistant: Tabs or a tree?", "user: A tree.", "assistant: Then use it.")),
        (text.mojibake, qa(HOW, "锟斤拷锟斤拷锟斤拷")),
        (text.mojibake, qa(HOW, "????el-table????：????????，????data。")),
        (text.mojibake, qa(HOW, "组件库里有表格".encode().decode("gb18030", "ignore"))),
        (text.think_tags, qa(HOW, "<think>先想一想，还没有想完")),
        (text.chat_markers, qa(HOW, "<|im_start|><|im_end|>")),
        (answers.hollow, qa(HOW, "无")),
        (answers.hollow, qa(HOW, f"{FENCE}vue\n{FENCE}")),
        (answers.hollow, qa("请用ta-card写一个卡片。", "好的。")),
        (answers.refusal, qa(HOW, "抱歉，我无法回答这个问题。")),
        (answers.refusal, qa("Write a card.", "I'm sorry, but I can't help with that.")),
        (answers.echo, qa("How do I close it again?", "how do I close it again")),
        (loops.looping, qa(HOW, "先引入组件。" + "再绑定标题属性。" * 30)),
        (loops.looping, qa("Show 3 rows of numbers", "They are shown so: " + "1" * 90_000)),
        (loops.looping, qa("Show 3 rows of numbers", "They are " + "1" * 2_000 + ", and that is all.")),
        (loops.looping, qa("Show 3 rows of numbers", "They are shown so:" + "\n" * 80_000 + "x.")),
        (loops.looping, qa("Show 3 rows of numbers", "They are shown so:" + " \r\n" * 200 + "x.")),
        (loops.looping, qa("Show 3 rows of numbers", "They are shown so:\n" + "\n```\n" * 10_000)),
        (loops.looping, qa("Show 3 rows of numbers", "They are shown so:\n" + "-=+*" * 2_000)),
        (answers.placeholder, qa(HOW, "columns: [...大量数据...]")),
        (answers.placeholder, qa(HOW, f"{FENCE}js\nfunction a() {{\n  // rest of the code unchanged\n}}\n{FENCE}")),
        (answers.wrong_language, qa(HOW, "First import the component, then bind the title, and show it on the page.")),
        (answers.prompt_leak, qa(HOW, "你需要生成10条指令和回答。\n先引入组件。")),
        (truncation.truncated, qa(HOW, WHY + CODE[:-40])),
        (truncation.truncated, qa("学习这个组件。", SFC[:-20], kind="component", path="a.vue")),
        (truncation.truncated, qa(HOW, "先引入组件，再绑定标题属性，然后在页面里使用它，并且")),
        (truncation.truncated, qa(HOW, "具体实现代码如下：")),
        (instructions.unclear, qa("组件", "这是一个说明。" * 20)),
        (instructions.unclear, qa("帮我写一个组件", CODE)),
        (instructions.unclear, qa("Please help me to fix this code", CODE)),
        (instructions.unclear, qa("请用{{component}}实现它", CODE)),
        (instructions.missing_object, qa("请解释下面的代码。", "它声明了一个变量。")),
        (instructions.missing_object, qa("Summarise the following article.", "It is about rain.")),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value.messages)[-40:],
)
def test_what_cannot_be_repaired_is_dropped(rule, sample):
    found = rule(sample)
    assert found is not None
    assert found.severity == "drop"
    assert found.reason
    assert found.reason_zh


@pytest.mark.parametrize(
    ("rule", "broken", "right"),
    [
        (turns.surrogates, "好\ud83d的", "好的"),
        (turns.surrogates, "笑\ud83d\ude00", "笑😀"),
        (text.mojibake, "组件库的表格".encode().decode("latin-1"), "组件库的表格"),
        (text.mojibake, "组件库的表格".encode("gb18030").decode("latin-1"), "组件库的表格"),
        (text.mojibake, "组件库的表格".encode().decode("gb18030"), "组件库的表格"),
        (text.hidden_characters, "先\u200b引入\x1b[31m组件\u202e。", "先引入组件。"),
        (text.hidden_characters, "先\x9b31m引入\x90组件\x80。", "先引入组件。"),
        (text.hidden_characters, "先\ufffe引入\ufdd0组件\U0001ffff。", "先引入组件。"),
        (text.hidden_characters, "先\U000e0041引入\U000e0042组件\U000e007f。", "先引入组件。"),
        (text.hidden_characters, "旗\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f在\U000e0067此。", "旗\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f在此。"),
        (escaped_text, "第一步：引入。\\n第二步：绑定。\\n第三步：使用。", "第一步：引入。\n第二步：绑定。\n第三步：使用。"),
        (text.json_wrapped, '{"output": "先引入。\\n再绑定。"}', "先引入。\n再绑定。"),
        (text.html_residue, "先引入组件，然后在页面里注册它。<br>再绑定<b>标题</b>，最后就可以使用了。", "先引入组件，然后在页面里注册它。\n再绑定**标题**，最后就可以使用了。"),
        (text.html_residue, "&lt;ta-card title=&quot;x&quot;&gt;内容&lt;/ta-card&gt;", '<ta-card title="x">内容</ta-card>'),
        (text.web_residue, "先引入组件。\n复制代码\n欢迎关注微信公众号", "先引入组件。"),
        (text.chat_markers, "先引入组件。<|im_end|>\n<|im_start|>user\n还有呢？", "先引入组件。"),
        (text.chat_markers, "### Response:\n先引入组件。", "先引入组件。"),
        (text.chat_markers, "先引入组件。\nUser: 还有呢？\nAssistant: 没有了。", "先引入组件。"),
        (text.think_tags, "<think>\n</think>\n先引入组件。", "先引入组件。"),
        (text.think_tags, "要先引入。</think>先引入组件。", "<think>\n要先引入。</think>先引入组件。"),
        (fences.fence_form, f"代码如下：{FENCE}vue\n{SFC}\n{FENCE}", f"代码如下：\n\n{CODE}"),
        (fences.fence_form, f"{FENCE}vue\n{SFC}\n~~~", CODE),
        (fences.fence_form, f"{FENCE}vue <template>\n</template>\n{FENCE}", f"{FENCE}vue\n<template>\n</template>\n{FENCE}"),
        (fences.bare_code, f"{WHY}{SFC}", f"{WHY}{CODE}"),
        (fences.bare_code, "先取值：\n\nconst a = get();\nconsole.log(a);\n\n就可以了。", f"先取值：\n\n{FENCE}js\nconst a = get();\nconsole.log(a);\n{FENCE}\n\n就可以了。"),
        (answers.boilerplate, f"当然可以！以下是您需要的代码：\n{CODE}\n\n希望对你有帮助！", CODE),
        (answers.boilerplate, f"Certainly! Here is the code you need:\n{CODE}\nLet me know if you have questions.", CODE),
        (answers.boilerplate, "作为一个人工智能语言模型，我没有个人经验。先引入组件，再绑定标题，最后在页面里使用。", "先引入组件，再绑定标题，最后在页面里使用。"),
        (answers.echo, f"{HOW}\n先引入组件，再绑定标题。", "先引入组件，再绑定标题。"),
        (truncation.truncated, CODE[:-4], CODE),
        (privacy.personal_data, "电话13912345678，邮箱zhang@corp.cn", "电话REDACTED_PHONE，邮箱REDACTED_EMAIL"),
        (privacy.personal_data, "身份证110101199003071233", "身份证REDACTED_ID_CARD"),
        (privacy.personal_data, "卡号6222020200112230004。", "卡号REDACTED_BANK_CARD。"),
        (privacy.secrets, 'password: "Tr0ub4dor&3x"', 'password: "REDACTED_PASSWORD"'),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_what_can_be_repaired_is(rule, broken, right):
    found = rule(qa(HOW, broken))
    assert found is not None
    assert found.severity == "fix"
    assert found.sample.answer.strip() == right.strip()
    assert rule(found.sample) is None


@pytest.mark.parametrize(
    ("rule", "broken", "right"),
    [
        (turns.empty_turn, chat("system:  ", "user: a", "assistant: b"), ["a", "b"]),
        (turns.repeated_turn, chat("user: a", "user: a", "assistant: b"), ["a", "b"]),
        (turns.repeated_turn, chat("user: a", "assistant: b", "user: a", "assistant: b"), ["a", "b"]),
        (turns.role_order, chat("assistant: hello", "user: a", "assistant: b"), ["a", "b"]),
        (turns.role_order, chat("user: a", "assistant: b", "user: c"), ["a", "b"]),
        (turns.role_order, chat("user: a", "system: s", "assistant: b"), ["s", "a", "b"]),
        (turns.role_order, chat("user: a", "user: b", "assistant: c"), ["a\n\nb", "c"]),
        (instructions.empty_input, chat("user: a b c\n<noinput>", "assistant: d"), ["a b c", "d"]),
        (text.chat_markers, chat("user: ### Instruction:\na b\n\n### Response:\n", "assistant: d"), ["a b", "d"]),
        (text.chat_markers, chat("user: <|im_start|>user\na b<|im_end|>", "assistant: d"), ["a b", "d"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_turns_are_put_right(rule, broken, right):
    found = rule(broken)
    assert found is not None
    assert [turn["content"] for turn in found.sample.messages] == right
    assert rule(found.sample) is None


def test_a_how_to_needs_its_reasoning():
    bare = qa("如何使用TA404的表格组件实现行选择功能?", "使用ta-table组件的rowSelection属性可以实现行选择。")
    assert present(instructions.missing_reasoning(bare)).severity == "warn"
    assert instructions.missing_reasoning(bare.replace(channel="general")) is None
    assert instructions.missing_reasoning(qa(HOW, WHY + CODE)) is None
    assert instructions.missing_reasoning(qa(HOW, f"<think>先引入</think>{CODE}")) is None


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Scanner(demo.app(), framework="ta404").scan().catalog


def test_the_catalogue_is_asked(catalog):
    rule = api_errors(catalog)
    assert rule(qa(HOW, WHY + CODE)) is None
    wrong = present(rule(qa(HOW, WHY + CODE.replace("title=", "titel="))))
    assert wrong.severity == "drop"
    assert "titel" in wrong.reason
    assert "titel" in wrong.reason_zh
    assert rule(qa(HOW, f"{FENCE}js\nconst a = '<ta-nope/>'\n{FENCE}")) is None  # not Vue


def test_the_users_own_code_is_not_dropped_for_what_the_catalogue_lacks(catalog):
    own = qa(HOW, WHY + CODE.replace("title=", "titel=")).replace(meta={"kind": "page", "path": "src/A.vue"})
    assert present(api_errors(catalog)(own)).severity == "warn"
    variant = own.replace(meta={**own.meta, "generator": "augment/props"})
    assert present(api_errors(catalog)(variant)).severity == "drop"


def test_the_token_budget():
    rule = over_budget(30, None)
    assert rule(qa("a", "b")) is None
    assert present(rule(qa("表" * 40, "b"))).severity == "drop"
    assert present(over_budget(30, lambda text: 100)(qa("a", "b"))).severity == "drop"


@pytest.mark.parametrize(
    ("code", "language", "open_"),
    [
        (SFC, "vue", ""),
        (SFC[:-9], "vue", "<script>"),
        (SFC.replace("}\n</script>", "\n</script>"), "vue", "{"),
        ("<div><span>a</span>", "html", "<div>"),
        ("<ta-card\n  title=", "vue", "<ta-card\n  title="),
        ("const a = '{'; // (", "js", ""),
        ("f(`${a}`, /[(]/)", "js", ""),
        ("export default {\n  data() {", "js", "{"),
        ("data() {\n  return {}\n},", "js", ""),
        ("def f(a,\n", "python", "("),
        ("SELECT (", "sql", ""),
    ],
)
def test_code_that_was_cut_off(code, language, open_):
    assert cut_off(code, language) == open_


ODD = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.lists(
        st.sampled_from(
            ["```", "```vue\n", "~~~", "<think>", "</think>", "<template>", "<p>", "{", "\n", "&lt;", "&gt;", "\\n", '{"output": "x"}',
             "User:", "### Response:", "<|im_end|>", "Certainly!", "希望对你有帮助", "\ud83d", "\x00", "锟斤拷", "13912345678", "a@b.cn",
             "...", "好的", "，", " ", "const a = 1;", "| a | b |", "**", "`", "<|im_start|>user\n", "[/THINK]", "<answer>", "</answer>", "\\boxed{", "```js\n", "“", "）", "＝", "\u2011", "\u00a0", "аb", "\u200d"]
        ), max_size=12,
    ).map("".join),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=ODD, answer=ODD)
def test_no_rule_stumbles_over_odd_text(question, answer):
    sample = chat(f"user: {question}", f"assistant: {answer}")
    for rule in RULES:
        found = rule(sample)
        if found and found.sample:
            assert turns.form(found.sample) is None
            assert found.sample.messages != sample.messages
            sample = found.sample
