"""A teacher that makes the mistake it is told to make, and mends it when it is told of it."""

import re
from typing import Any

from swiftprep.teachers.request import Reply

WHY = """要实现带分页的列表，需要考虑以下几点：

1. 列表用 ta-table 展示，列由 columns 声明，数据放在 dataSource
2. 分页交给 pagination，翻页时 change 事件带回页码

具体实现代码如下：

"""
PAGE = """```vue
<template>
  <ta-table
    :columns="columns"
    :data-source="rows"
    :pagination="pagination"
    row-key="id"
    @change="turn"
  />
</template>

<script>
export default {
  name: 'MemberPage',
  data() {
    return {
      columns: [{ title: '会员', dataIndex: 'member' }],
      rows: [],
      pagination: { current: 1, pageSize: 20, total: 0 }
    }
  },
  methods: {
    turn({ current }) {
      this.pagination = { ...this.pagination, current }
    }
  }
}
</script>
```
"""
GOOD = WHY + PAGE + "\n翻页时只改变页码，其余分页设置保持原样。"
_KEY = "sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2

# Kind of mistake → the answer that makes it.
MISTAKES = {
    "empty": "……",
    "refusal": "抱歉，我无法帮助您完成这个请求。",
    "truncated": GOOD.partition("  methods: {")[0],
    "no-code": "1. 列表用 ta-table 展示，列由 columns 声明。\n2. 分页交给 pagination，翻页时重新请求数据。",
    "api": GOOD.replace(':pagination="pagination"', ':paginaton="pagination"'),
    "syntax": GOOD.replace('"columns"', '"columns +"'),
    "compile": GOOD.replace('row-key="id"', 'row-key="id" v-compile-error'),
    "no-reasoning": "让我们一步一步思考。\n\n" + PAGE,
    "placeholder": GOOD.replace("      rows: [],", "      // 其余代码省略"),
    "secret": GOOD.replace("rows: [],", f"rows: [], apiKey: '{_KEY}',"),
    "prompt-leak": GOOD.replace("列表用", "根据提供的 API 参考，列表用"),
    "wrong-component": WHY + PAGE.replace("ta-table", "table"),
    "wrong-language": "1. The table takes its rows from data-source.\n2. The change event hands back the page.\n\n"
    + PAGE,
    "looping": GOOD + "\n翻页之后重新请求数据即可。" * 12,
    "look-alikes": GOOD.replace("rows: [],", "rоwsOfAll: [],"),
    "chat-markers": GOOD.replace("具体实现", "<|begin_of_box|>具体实现"),
}
# Kind → words of the message that tells of it.
TOLD = {
    "empty": "回答为空",
    "refusal": "拒绝回答",
    "truncated": "截断",
    "no-code": "没有代码",
    "api": "没有属性 'paginaton'，是不是 'pagination'",
    "syntax": "语法错误",
    "compile": "编译不通过：line 2",
    "no-reasoning": "没有推理过程",
    "placeholder": "省略",
    "copy": "照抄了",
    "secret": "密钥",
    "prompt-leak": "读者看不到这些资料",
    "wrong-component": "没有使用要求的组件",
    "wrong-language": "应为 zh",
    "looping": "循环重复",
    "look-alikes": "形似而不同的字符",
    "chat-markers": "混入了无法安全去掉的模板标记",
}


def scripted(script, *, mends=True):
    """Return a teacher.

    Args:
        script: Instruction → the kinds of mistakes it makes one after the other.
        mends: Whether it leaves a mistake behind when it is told of it.
    """

    def teach(messages):
        turns = [message["content"] for message in messages if message["role"] == "user"]
        kinds = next(kinds for instruction, kinds in script.items() if instruction in turns[0])
        done = 0
        for told in turns[1:]:
            done += mends and done < len(kinds) and TOLD[kinds[done]] in told
        answer = mistake(kinds[done], messages) if done < len(kinds) else GOOD
        return Reply(answer, tokens_in=1000, tokens_out=300)

    teacher: Any = teach  # a function has no attributes of its own to a type checker
    teacher.identity = f"scripted-{mends}"
    return teacher


def mistake(kind, messages):
    if kind != "copy":
        return MISTAKES[kind]
    shown = re.findall(r'<data-\w+ kind="usage"[^>]*>\n(.*?)\n</data-', messages[1]["content"], re.S)
    longest = max(shown, key=len)
    return f"{WHY}```vue\n{longest}\n```\n"
