"""What looks like a flaw and is what the answer is about: kept, sign by sign. What is one is still found."""

from __future__ import annotations

import pytest

from swiftprep import Checker, Sample
from swiftprep.quality.rules.instructions import unclear

FENCE = "```"
STEPS = "1. 先定义数据。\n2. 再绑定到组件，因此只有一处来源。\n\n"
STEPS_EN = "1. The data comes first.\n2. So the component only reads it.\n\n"


def js(code: str, language: str = "js") -> str:
    return f"{FENCE}{language}\n{code}\n{FENCE}"


# rule → (question, answer)
GOOD = {
    "echo": [
        ("The loading state of ta-button", "The loading state of ta-button is set by `loading`; it also disables clicks, so no second request starts."),
        ("ta-table 的行选择", "ta-table 的行选择通过 rowSelection 打开，选中的键放在 selectedRowKeys 里，因此翻页后仍能保留。"),
        ("How to close ta-modal", "How to close ta-modal depends on who opened it: the parent sets `visible` to false, the modal itself emits `close`."),
        ("function total(rows) {", "function total(rows) {\n  return rows.reduce((sum, row) => sum + row.price, 0)\n}"),
        ("Is `visible` a required prop?", "Is `visible` a required prop of ta-modal? It is not, since it falls back to false."),
    ],
    "mojibake": [
        ("怎样让首行缩进？", f"用不换行的空格：\n\n{FENCE}vue\n<template>\n    <ta-card>\n        <p>\xa0\xa0\xa0\xa0首行\xa0\xa0缩进</p>\n    </ta-card>\n</template>\n{FENCE}"),
        ("Which letters does the German locale need?", "These: ÄÖÜäöüß. In French also ÀÂÇÉÈÊËÎÏÔÛÙ and the marks « »."),
        ("Where does the café list come from?", "From the API; “Café Zoë” – like “Ångström” – keeps its accents, it’s UTF‑8… CAFÉ…"),
        ("Which currency signs may a price have?", "£5, ¥100, €3, 5 °C ± 1, 3 × 4 ÷ 2 and ½ are all kept as they are."),
        ("繁體中文的說明要怎麼寫？", "將說明寫在語系檔裡，元件只引用鍵值，這樣切換語系時畫面會自動更新。"),
    ],
    "truncated": [
        ("怎样在关闭时通知父组件？", STEPS + js("close() {\n  this.visible = false\n  this.$emit('close') // 通知父组件，还需要别的吗？\n}")),
        ("How do I count the clicks?", STEPS_EN + js("this.clicks++")),
        ("How do I keep the old rows?", STEPS_EN + js("const rows = [...old, row] // what was there = what is kept +", "ts")),
        ("How do I write the type?", STEPS_EN + js("type Row = { id: number; name?: string } /* is name needed? */", "ts")),
        ("How do I match a price?", STEPS_EN + js("const PRICE = /^\\d+(\\.\\d{2})?$/ // e.g. 12.50 | 3.")),
    ],
    "refusal": [
        ("Write a text message to Tom that cancels tennis.", "Sorry Tom, I can't make it to the court today, my knee hurts."),
        ("How do I tell my neighbour that I cannot feed the cat?", "I'm sorry, but I can't help out this week, since I am away until Sunday."),
        ("写一条消息婉拒同事的饭局。", "不好意思，我今晚要接孩子，没办法继续参加了，下次我请。"),
        ("What could a shop reply to a late claim?", "Unfortunately, I am not able to process a claim after two years."),
        ("怎样提示用户没有通过审核？", "提示语写成“抱歉，我们无法处理您的申请”，并说明原因；按钮文字用“重新提交”，这样用户知道下一步做什么。"),
        ("怎样标出违规的订单？", "违反平台规定的订单用红色标签显示，其余用灰色，因此列表里一眼就能看出问题。"),
        ("评论区怎样限制游客？", "未登录的用户不能评论，因此输入框禁用，并在占位文字里写明原因。"),
        ("怎样过滤敏感词？", "如果问题包含敏感词，就在提交前替换成星号，同时记下次数，方便管理员查看。"),
        ("How should the dialog say that a payment failed?", 'Show "Sorry, I am unable to process your request" as the title, and the bank\'s reason below it, so that people know what to do.'),
        ("What does the design guide say on inline styles?", "They are against our guidelines, because themes cannot override them. Use a class and a variable instead."),
        ("Why does the slot stay empty?", "The parent is not able to provide a default there, so the child has to render one. Use `v-if` on the slot."),
        ("无权限的按钮怎么处理？", "超出我的权限范围的按钮直接不渲染，接口也要校验，否则改地址就能绕过。"),
    ],
    "placeholder": [
        ("How do I name the columns of a board?", STEPS_EN + js("export const COLUMNS = [\n  { key: 'TODO', title: 'To do' },\n  { key: 'DONE', title: 'Done' },\n]")),
        ("What states does a ticket have?", "TODO, DOING and DONE. They are keys, so they stay in English; only their labels are translated."),
        ("怎样显示没有填写的资料？", STEPS + js("<template>\n  <ta-empty description=\"待完善\" />\n  <ta-tag>待补充</ta-tag>\n</template>", "vue")),
        ("How do I show where a token goes?", STEPS_EN + js("npm config set //registry.example.com/:_authToken <your-token>", "bash")),
        ("更新一行时怎样保留别的字段？", STEPS + js("// 其他字段保持不变，只改状态\nthis.row = { ...this.row, status: 'done' }")),
        ("How is a long list shown in the log?", STEPS_EN + js("// the rest of the data is loaded while scrolling\nload(page + 1)")),
        ("怎样给输入框写占位文字？", STEPS + js("<template>\n  <ta-input placeholder=\"【请填写姓名】\" />\n  <ta-input placeholder=\"xxxx-xxxx\" />\n</template>", "vue")),
        ("只给出关键代码：怎样监听关闭？", STEPS + js("export default {\n  methods: {\n    // 其余代码省略\n    close() {\n      this.$emit('close')\n    },\n  },\n}")),
    ],
    "unclear": [
        ("Что такое миксин?", "Набор опций, который несколько компонентов подключают к себе и так делят код."),
        ("변수란?", "값에 붙인 이름입니다. 나중에 다른 값을 담을 수도 있습니다."),
        ("ما هو المتغير؟", "اسم لقيمة يمكن أن تتغير أثناء تنفيذ البرنامج."),
        ("What is F#?", "A functional language for .NET: types are inferred, and values do not change by default."),
        ("Explain Python.", "Python is a language in which indentation makes the blocks, and which comes with a large library."),
        ("What is x-- ?", "It gives x and then takes one from it."),
        ("`?.` 是什么意思？", "可选链：左边是 null 或 undefined 时得到 undefined，不会报错。"),
        ("3 × 7 = ?", "21, since three sevens are twenty-one."),
        ("10 % 4 ?", "2, since that is what is left of ten."),
        ("What does %d mean in console.log?", "It stands for an integer: the value that follows is put there, so `console.log('%d rows', 3)` prints 3 rows."),
        ("路由里的 {id} 怎么写？", "写成 :id，在组件里用 $route.params.id 读取，这样地址变化时可以监听到。"),
        ("How do I use __APP_VERSION__ in a page?", "Define it in the bundler's config, and read it like a constant; it is replaced at build time."),
        ("[name].vue 是什么意思？", "方括号里的是参数，文件名决定地址，因此 /user/1 会打开它并把 1 传进去。"),
        ("手机号怎样显示成 138XXXX1234？", "取前三位和后四位，中间换成四个字母，导出时也用同一个函数，避免两处不一致。"),
        ("How is {count} filled in by vue-i18n?", "Pass it as the second argument of `$t`; the name must be the same, so a typo shows the braces."),
    ],
    "prompt-leak": [
        ("怎样做满意度评价页面？", STEPS + "评分标准：服务态度3分，响应速度2分，总分5分，由后端返回，因此页面只负责展示。"),
        ("怎样造一些测试数据？", "点击按钮后生成10条数据，写到表格里；这样不用后端也能看到分页，因此开发更快。"),
        ("How do I show the score of a film?", "Rating: 4/5 is drawn with ta-rate, and the number stands beside it, so that it can be copied."),
        ("怎样弹出系统提示？", "调用 this.$notify，标题写“系统提示”，内容写：【系统提示】请重新登录，这样所有页面一致。"),
        ("How do I make a survey?", "Create 10 questions in the editor, group them, and save the order; the page then only loops over them."),
        ("上传的文件名怎么校验？", "文件名符合格式要求才允许上传，否则提示原因，这样后端不必再处理一次。"),
    ],
    "web-residue": [
        ("What does the list of actions hold?", "These, in that order:\n\nReply\nFollow\nReport"),
        ("怎样完成支付？", "选择支付方式，系统生成订单。\n\n最后扫描二维码完成支付，并等待页面跳转。"),
        ("登录成功之后去哪里？", "先保存令牌。\n\n登录后跳转到首页，如果地址里有 redirect 就回到那里。"),
        ("When was the table rewritten?", "The dates of the three releases are:\n\n2021-03-04\n2022-05-06\n2023-07-08"),
        ("How are changed rows marked?", "The row keeps its old value.\n\nEdited rows get a blue border until they are saved."),
        ("优惠券怎么使用？", "在结算页选择。\n\n每个订单只能使用一张优惠券，退款时会退回账户。"),
    ],
    "html-residue": [
        ("How do I stop scripts in comments?", STEPS_EN + js("const safe = text.replace(/</g, '&lt;').replace(/>/g, '&gt;')\nel.textContent = safe // shown as it is")),
        ("怎样让提示内容分成两行？", "内容里写 <br> 不会生效，要用插槽，在插槽里放两个段落。"),
        ("How do I compare two values in a template?", STEPS_EN + js("<p v-if=\"a &lt; b &amp;&amp; b > 0\">smaller</p>", "html")),
    ],
    "boilerplate": [
        ("为什么列表不更新？", "为什么 this.list 不更新，要看它是怎样赋值的：直接改下标不会触发更新，用 splice 就可以。" + "另外检查是否在子组件里改了属性，那样父组件并不知道，也不会重新渲染列表，因此要用事件通知父组件，由它来改。"),
        ("How is the assistant badge drawn?", "The badge is used as an AI marker and is not clickable. It is drawn with ta-tag, and its colour comes from the theme, so that it fits both of them; do not add a handler to it, since a screen reader would then announce a button that does nothing."),
        ("怎样做知识库首页？", "我的知识库更新后会显示红点，点击进入列表。数据来自同一个接口，因此首页和列表的数量一致；红点在打开之后清除，并把时间写到本地，下次比较时间即可，不需要再请求一次接口。"),
        ("客服机器人的欢迎语怎么写？", "您好，很高兴为您服务！请问有什么可以帮您？\n\n如果需要人工，请回复“人工”，工作时间是九点到十八点，其他时间请留言，我们会在第二天联系您，谢谢您的理解，祝您生活愉快。"),
    ],
    "hidden-characters": [
        ("怎样在长单词里允许换行？", STEPS + js("const text = 'long\u200bword\u200bhere'")),
        ("How is Hebrew shown in the label?", STEPS_EN + js("export default { title: '\u200fשלום\u200f' }")),
        ("Which emoji does the picker have?", "Among others 👩‍👩‍👧 and 🏳️‍🌈; each is one sign to whoever reads it."),
    ],
    "json-wrapped": [
        ("登录接口成功时返回什么？", '{"message": "登录成功", "data": {"token": "abc", "expires": 3600}}'),
        ("What does the endpoint answer when it is down?", '{"message": "down"}'),
    ],
    "escaped-text": [
        ("怎样按行拆分文本？", "用 split('\\n') 拆开，再用 join('\\n\\n') 合并，这样段落之间空一行。"),
        ("How do I join lines on Windows?", 'Call `lines.join("\\r\\n")`; a bare "\\n" is fine elsewhere, and "\\n\\n" makes a paragraph.'),
    ],
    "hollow": [
        ("What is the default of `options`?", "`[]`"),
        ("Which tag renders the matched route?", "`<router-view>`"),
        ("ta-select 的 value 默认值是什么？", "undefined"),
        ("How is a missing value written in R?", "NULL"),
        ("Go 里没有值怎么写？", "nil"),
        ("What does typeof of an unset variable give?", "'undefined'"),
        ("Which operator gives the rest of a division?", "%"),
        ("哪个符号表示可选参数？", "?"),
        ("How do I separate two documents in one YAML file?", "---"),
        ("Which operator collects the rest of the arguments?", "..."),
        ("用星号画一个三行的三角形。", "*\n**\n***"),
        ("Suggest an emoji for a failed build.", "❌"),
        ("How is “there is” written in logic?", "∃"),
        ("Write the last line of an answer to a customer.", "Thank you for reaching out, and have a great day!"),
        ("给机器人写一句客气的结尾句。", "感谢您的咨询，祝您生活愉快！"),
    ],
    "boilerplate that was asked for": [
        ("Write the first sentence of a hotel's chatbot.", "Of course! I'd be happy to find a room for you and your family in our house by the lake."),
        ("拟一句友好的开场白。", "您好！很高兴为您服务，请告诉我您要办理哪一项业务，我会一步一步带您完成。"),
    ],
    "html that is shown": [
        ("README 里怎样让文字居中？", '写 `<div align="center">`，效果是 <div align="center">标题</div>，多数平台都认。'),
        ("How do I get grey words?", 'With `<span class="grey">`: the word <span class="grey">grey</span> then has the class.'),
        ("How do I change the font of one word?", 'Around it: <font face="serif">word</font>, which old pages still use.'),
    ],
    "looping": [
        ("Print a 4x6 grid of dots.", "\n".join(["0 0 0 0 0 0"] * 8)),
        ("给我 30 个 1 组成的数组。", "[" + ", ".join(["1"] * 30) + "]"),
        ("Write “We test before we merge.” twelve times.", "\n".join(["We test before we merge."] * 12)),
        ("A buffer of 64 zero bytes, please.", " ".join(["00"] * 64)),
        ("怎样画八列的栅格？", STEPS + js("<template>\n  <ta-row>\n" + "    <ta-col :span=\"3\"><i class=\"box\" /></ta-col>\n" * 8 + "  </ta-row>\n</template>", "vue")),
    ],
    "wrong-language": [
        ("Wo finde ich die Optionen von Vite?", "In der Datei `vite.config.js`: dort steht alles, und ein Neustart ist nicht nötig."),
        ("Où mettre les routes dans Vue ?", "Dans un fichier à part, par exemple `src/router/index.js`, que le point d'entrée importe."),
        ("¿Dónde guardo el token?", "En una cookie que solo lee el servidor, porque un script no puede llegar a ella."),
        ("Jak posortować tablicę w JavaScript?", "Wywołaj metodę sort i podaj funkcję, która porównuje dwa elementy tablicy."),
        ("配列を逆順に並べる方法は？", "元の配列を残すなら `toReversed()`、書き換えてよいなら `reverse()` を使います。"),
        ("Give the SHA-1 of the letter a.", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("字符串 abc 的 MD5 是什么？", "900150983cd24fb0d6963f7d28e17f72 or 900150983CD24FB0D6963F7D28E17F72"),
        ("有哪些 HTTP 缓存指令？", "public, private, no-store, no-cache, must-revalidate, immutable"),
    ],
    "empty-input": [
        ("函数 parse 对空输入返回什么？\n输入：空", "返回空数组，这样调用者不用判断，直接遍历即可。"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "answer"),
    [pytest.param(*pair, id=f"{rule}-{n}") for rule, pairs in GOOD.items() for n, pair in enumerate(pairs)],
)
def test_what_the_answer_is_about_is_no_flaw(question, answer):
    sample = Sample.from_instruction(question, "", answer)
    report = Checker().run([sample])
    told = [(note.rule, note.reason) for row in report.rows for note in row.notes if note.severity != "warn"]
    assert told == []
    assert report.kept == [sample]


VAGUE = ["Explain this.", "What is it?", "What is that?", "介绍一下这个", "Explain it, please.", "？？", "修一下"]


@pytest.mark.parametrize("question", VAGUE)
def test_what_names_nothing_stays_unclear(question):
    verdict = unclear(Sample.from_instruction(question, "", "A part of a page with its own state."))
    assert verdict is not None
    assert verdict.severity == "drop"


BAD = {
    "echo": ("How do I close the drawer?", "how do I close the drawer"),
    "refusal": ("怎样画一个饼图？", "很抱歉，我没办法帮您完成这个任务。"),
    "looping": ("Give me 5 rules for names.", "Use whole words. " * 12),
    "hollow": ("怎样写一个登录页？", "..."),
    "placeholder": (
        "怎样写一个上传组件？",
        STEPS + js("export default {\n  methods: {\n    // 其余代码保持不变\n  },\n}"),
    ),
    "prompt-leak": ("怎样写一个上传组件？", STEPS + "评分标准：内容准确3分，表达清晰2分，总分5分。"),
    "unclear": ("如何用{framework}实现{feature}？", STEPS + js("export default {}")),
    "wrong-language": (
        "How do I fold the menu?",
        "Il faut lier la variable au menu et la changer dans le gestionnaire de clic.",
    ),
    "truncated": ("How do I add the tax?", STEPS_EN + js("const price = net +")),
    "mojibake": ("怎样打开？", "先取值锟斤拷锟斤拷再打开。"),
    "escaped-text": ("怎样拆分？", "先拆分：\\n\\n```js\\nconst a = text.split('\\n')\\nuse(a)\\n```\\n\\n再使用。"),
    "role-order": ("怎样拆分？", ""),
}


REFUSED = [
    ("Write an e-mail to my landlord.", "I'm sorry, but I can't help with that request."),
    ("Draft a letter to the bank.", "I'm sorry, I cannot write that letter for you."),
    ("写一封请假邮件。", "很抱歉，我无法帮您写这封邮件。"),
]


@pytest.mark.parametrize(("question", "answer"), REFUSED)
def test_who_declines_to_write_refuses(question, answer):
    report = Checker().run([Sample.from_instruction(question, "", answer)])
    assert [reject.reason for reject in report.rejected] == ["refusal"]


@pytest.mark.parametrize(("rule", "pair"), BAD.items(), ids=list(BAD))
def test_what_is_a_flaw_is_dropped(rule, pair):
    sample = Sample.from_instruction(pair[0], "", pair[1])
    if rule == "role-order":
        sample = sample.replace(
            messages=[
                {"role": "user", "content": "怎样拆分一段文本？"},
                {"role": "assistant", "content": "用 split 拆分。"},
                {"role": "assistant", "content": "也可以用正则。"},
            ]
        )
    assert [reject.reason for reject in Checker().run([sample]).rejected] == [rule]
