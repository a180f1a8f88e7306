"""Answers in somebody else's words, and what only looks like them."""

from __future__ import annotations

import pytest

from swiftprep import Checker, Sample

JS = "```js\n{}\n```"


def findings(question: str, answer: str, system: str = "") -> dict[str, str]:
    turns = [{"role": "system", "content": system}] if system else []
    turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    report = Checker().run([Sample(turns)])
    return {str(found.rule): str(found.severity) for found in report.findings.itertuples()}


LONG = "The drawer keeps its own copy of the row, so that closing it loses nothing."
COUNTING = "\n".join(f"  .gap-{n} {{ margin: 4px; }}" for n in range(1, 41))
# rule, severity, question, answer
BAD = [
    ("judge-leak", "drop", "怎样复制一个对象？", JS.format("const b = structuredClone(a)") + "\n\n【评语】该回答简洁，但没有说明兼容性。\n【得分】7/10"),
    ("judge-leak", "drop", "How do I reverse a list?", '{"rating": 3, "accuracy": 5, "feedback": "The response reverses a copy, which is right."}'),
    ("judge-leak", "drop", "What does CORS mean?", "Response A is clearly better than Response B, since it names the header. [[A]]"),
    ("judge-leak", "drop", "How do I sort by date?", JS.format("rows.sort((a, b) => a.at - b.at)") + "\n\n<score>4</score>\n<reason>Short and right.</reason>"),
    ("judge-leak", "drop", "Which loop is fastest?", LONG + "\n\nEvaluation: The answer does not name a loop at all."),
    ("thinks-aloud", "drop", "How do I hide a column?", "Alright, the user wants to hide a column. Hmm, I should check whether it is a fixed one.\n\nSet `hidden`."),
    ("thinks-aloud", "drop", "怎样隐藏一列？", "嗯，用户想隐藏一列。不对，也可能是想冻结。让我想想。\n\n设置 `hidden` 即可。"),
    ("thinks-aloud", "warn", "How do I hide a column?", "Set `hidden`. Wait, maybe I should mention the fixed ones. Actually, let me look at the width first."),
    ("askers-words", "drop", "表格怎样导出？", "我也遇到了同样的问题，表格导出之后中文是乱码，求各位大佬指点一下。"),
    ("askers-words", "drop", "How do I pin a tab?", "Same problem here, mine jumps back after a reload. Thanks in advance for any pointers."),
    ("askers-words", "warn", "How do I pin a tab?", "Did you manage to solve this in the end, with the tabs that come from the server?"),
    ("several-answers", "warn", "怎样取整？", "用 `Math.floor`。\n\n下一个问题：怎样取随机数？\n\n用 `Math.random`。"),
    ("several-answers", "warn", "How do I trim a text?", "Response 1: call `trim()` on it.\n\nResponse 2: you can call `text.trim()`."),
    ("several-answers", "warn", "What is a shim?", "A shim adds what an old browser lacks.The linter of a project reads its settings from one file."),
    ("several-answers", "warn", "怎样给按钮加图标？", "给按钮传入 `icon` 属性即可：\n\n" + JS.format("h('ta-button', { icon: 'plus' })") + "\n\n给按钮传入 `icon` 属性就能显示：\n\n" + JS.format("h('ta-button', { icon: 'plus', size: 'small' })")),
    ("prompt-leak", "drop", "What is a closure?", "[System: Generate a sample. topic=js, level=easy]\n\nA function with what it reads.\n\n[End of example 12]"),
    ("prompt-leak", "drop", "How do I pad a number?", "Here is the revised answer following your rules: use `padStart`. I avoided any reference to the provided text."),
    ("prompt-leak", "drop", "改写后的问题：怎样写一个计时器？", JS.format("setInterval(tick, 1000)")),
    ("prompt-leak", "warn", "你是一位资深数据构造专家，请把这篇说明整理成 8 条问答。", "### 问答 1\n怎样安装？运行安装命令。"),
    ("prompt-leak", "warn", "Write two short questions to which this code is the answer. Output only the question.", JS.format("a.b()")),
    ("missing-object", "drop", "Screenshot: <image>\nWhich field is wrong?", "The second one, since its border is red."),
    ("missing-object", "drop", "[图片]\n这个页面用了什么布局？", "用了左右两栏的布局，左边是菜单。"),
    ("missing-object", "drop", "你刚才提到的第二种写法能再详细讲讲吗？", "第二种写法是把状态放进仓库，组件只负责读取。"),
    ("missing-object", "drop", "Please continue where you left off.", "The third step is to build the index, and after that the cache is warm."),
    ("missing-object", "drop", "Shorten this text:\n\n```\n```", "It says that the shop opens at nine."),
    ("hollow", "drop", "怎样按需加载图标？", "请参考官方文档即可。"),
    ("hollow", "warn", "怎样设计权限？", "权限设计非常重要，需要结合具体场景进行设计和选择。不同方案各有优缺点。"),
    ("hollow", "warn", "Which cache should I use?", "That depends on many things. There are several caches, so check the documentation of your server."),
    ("refusal", "drop", "帮我把金额转换成大写。", "作为一个AI助手，我无法执行任何转换操作。请您咨询财务人员。"),
    ("refusal", "drop", "Convert these prices to euros.", "As an AI language model, I do not have access to exchange rates. Please contact your bank for help."),
    ("refusal", "drop", "实现一个读取指纹的页面。", "您好，出于隐私方面的考虑，我们不便提供相关实现。"),
    ("wrong-language", "drop", "请用中文介绍一下防抖和节流各自的用途。", "Debouncing waits until the calls stop, and throttling lets one call through in each interval."),
    ("wrong-language", "warn", "请用英文回答：怎样清空一个数组？", "把数组的长度设为零，这样所有引用它的地方都会看到空数组，不需要重新赋值。"),
    ("looping", "warn", "Write the spacing classes.", f"```css\n{COUNTING}\n```"),
    ("looping", "drop", "How does the drawer close?", f"{LONG}\n\n{LONG}\n\n{LONG}"),
    ("echo", "warn", "Make this sentence shorter: We go home now.", "Task: Make this sentence shorter: We go home now.\nMake this sentence shorter: We go home now.\nHome!"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "severity", "question", "answer"), BAD, ids=[f"{row[0]}-{n}" for n, row in enumerate(BAD)]
)
def test_it_is_found(rule, severity, question, answer):
    assert findings(question, answer).get(rule) == severity


GOOD = [
    ("How does our review page show a score?", "Like this:\n\nRating: [[5]]\nFeedback: The answer was helpful."),
    ("评审接口返回什么？", '{"score": 4, "comment": "回答准确", "verdict": "accept"}'),
    ("What does the sensor send?", '{"level": 4, "unit": "bar", "comment": "steady"}'),
    ("怎样选中 DOM 里的二维数据？", "写成 `rows[[0]]` 不行，要逐层取：先取行，再取列，这样空行也不会报错。"),
    ("What should the state machine do first?", "Wait, then retry: the machine stays in `waiting` until the server answers."),
    ("写一条用户故事。", "用户想在列表里收藏商品，这样下次打开时可以直接找到。"),
    ("Write a forum post that asks for help with a printer.", "Hello all, my printer stays offline. Any help would be appreciated, thanks in advance!"),
    ("帮我写一个论坛求助帖的标题", "新人求助：打印机一直离线，有没有大佬知道怎么处理？"),
    ("Give me two answers to: how are you?", "Answer 1: Fine, thanks.\nAnswer 2: Could be better."),
    ("What is the difference between the two slots?", "Before the change:\n\n" + JS.format("slot('a')") + "\n\nAfter it:\n\n" + JS.format("slot('a', 1)")),
    ("How is a plugin registered in Vue 2?", "Call Vue.use with the plugin, before new Vue is called; a second call does nothing."),
    ("What does System.In do in this shell?", "It reads what is typed; System.In is closed when the shell ends, so read it once."),
    ("How do I write questions for the survey?", "Write one question per line, and leave a blank line between the groups."),
    ("How do I use <image> in SVG?", "Give it `href`, a width and a height; without them nothing is drawn."),
    ("Where is the grid described?", "See the documentation."),
    ("这个属性在哪里有说明？", "见官方文档。"),
    ("Which cache should I use?", "It depends on the size: below 10 MB use `Map`, else Redis, since it is shared by all servers."),
    ("选哪种状态管理？", "视项目情况而定：页面少于 5 个时用 provide，多时用 Vuex，因为它便于调试。"),
    ("客人说“谢谢”，机器人怎么回答？", "不客气，很高兴为您服务！"),
    ("How should the bot greet somebody?", "Hello! How can I help you today?"),
    ("你是谁？", "我是一个人工智能助手，我没有自己的情感。"),
    ("表头怎么用英文显示？", "把列的标题写成英文，或者从语言文件里读取，这样切换语言时会自动更新。"),
    ("请用英文回答：怎样清空一个数组？", "Set its length to zero, so that everybody who holds the array sees that it is empty."),
    ("如何用英文回答面试问题？", "先用一句话概括经历，再说结果；准备三个例子，面试前大声练习几遍，语速放慢。"),
    ("什么是长轮询？", "什么是长轮询？简单说：请求一直挂着，有数据才返回，然后立刻再发一次。"),
    ("Why is it slow?", "Why is it slow? Because each row renders a tooltip; render one for the whole table."),
    ("Generate ten rows of test data.", "```json\n[\n" + ",\n".join(f'  {{ "id": {n}, "age": 30 }}' for n in range(10)) + "\n]\n```"),
    ("Is it ready for Vue 3?", "Absolutely! It works there, too."),
    ("帮我订一个计划。", "好的！请先告诉我：从哪天开始，每天有多少时间？"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer"), GOOD)
def test_what_only_looks_like_it_is_left_alone(question, answer):
    assert findings(question, answer).keys() <= {"missing-reasoning"}


THINKS = [
    ("Write your reasoning inside <think> and </think>, then answer.", "12 boxes", True),
    ("回答之前，请把推理过程放在 <think> 标签中。", "一共 12 箱。", True),
    ("Put what you think between [THINK] and [/THINK].", "12 boxes", True),
    ("Write your reasoning inside <think> and </think>.", "<think>3 times 4</think>\n\n12 boxes", False),
    ("Do not write any reasoning inside <think> tags; just answer.", "12 boxes", False),
    ("不要在 <think> 中输出思考过程。", "一共 12 箱。", False),
    ("Be brief.", "12 boxes", False),
]


@pytest.mark.parametrize(("system", "answer", "is_missing"), THINKS)
def test_a_thought_that_was_asked_for(system, answer, is_missing):
    assert ("missing-reasoning" in findings("3 rows of 4 boxes: how many?", answer, system)) == is_missing


QUOTE = "Emit an event, and let the parent act."
REPAIRED = [
    ("How do I tell the parent?", f"### Instruction:\nHow do I tell the parent?\n\n### Response:\n{QUOTE}", QUOTE),
    ("怎样通知父组件？", "用户：怎样通知父组件？\n助手：触发一个事件，由父组件处理。", "触发一个事件，由父组件处理。"),
    ("How do I tell the parent?", f"### Answer:\n{QUOTE}\n\n### End of answer", QUOTE),
    ("How do I tell the parent?", f"[RESPONSE_START]\n{QUOTE}\n[RESPONSE_END]", QUOTE),
    ("什么是插槽？", "答案：插槽是留给父组件填写的位置，子组件只决定它在哪里。", "插槽是留给父组件填写的位置，子组件只决定它在哪里。"),
    ("How long may a name be?", "Certainly! Thank you for asking. 64 characters, spaces included.", "64 characters, spaces included."),
    ("What does `lazy` do?", f"{QUOTE} I hope that helps! Do you want me to show the tests as well?", QUOTE),
    ("怎样办理退货？", "在订单页面点击退货，选择原因，寄回商品即可。\n\n以上就是关于退货流程的全部内容，觉得有用请点赞。", "在订单页面点击退货，选择原因，寄回商品即可。"),
    ("怎样生成随机数？", "感谢提问！作为您的智能助手，我将竭诚为您服务。\n\n" + JS.format("const n = Math.random()"), JS.format("const n = Math.random()")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "right"), REPAIRED)
def test_what_stands_around_an_answer_goes(question, answer, right):
    report = Checker().run([Sample.from_instruction(question, "", answer)])
    assert [sample.answer for sample in report.kept] == [right]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("写一道选择题，要有“答案”和“解析”。", "答案：B\n解析：因为只有它会触发更新。"),
        ("Which version do you support?", "Tell me first: would you like me to use Vue 2 or Vue 3?"),
    ],
)
def test_what_was_asked_for_stays(question, answer):
    assert [sample.answer for sample in Checker().run([Sample.from_instruction(question, "", answer)]).kept] == [answer]
