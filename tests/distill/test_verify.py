import pytest
from steps import steps

from swiftprep.catalog.api import Component, Method
from swiftprep.catalog.catalog import Catalog
from swiftprep.demo import app
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.answer import written
from swiftprep.distill.verification.considerations import considerations
from swiftprep.distill.verification.examine import Examiner
from swiftprep.distill.verification.leaks import without_talk
from swiftprep.distill.verification.verify import KINDS, Verifier, wants_code
from swiftprep.scan.scanner import Scanner
from swiftprep.teachers.request import Reasoning, Reply

WHY = "要实现这个功能，需要考虑以下几点：\n\n1. 列表用 ta-table 展示，列由 columns 声明\n2. 分页交给 pagination，翻页时 change 事件带回页码\n\n"
WHY_EN = "Two things matter here:\n\n1. `ta-table` takes its rows from `data-source` and its columns from `columns`.\n2. The `change` event hands back the page, so the rows are loaded anew.\n\n"
SFC = """```vue
<template>
  <ta-table :columns="columns" :data-source="list" :pagination="pagination" :loading="loading" row-key="id" @change="onChange" />
</template>

<script>
import { listUsers } from '@/api'

export default {
  name: 'UserPage',
  data() {
    return {
      columns: [{ title: '姓名', dataIndex: 'name' }],
      list: [],
      loading: false,
      pagination: { current: 1, pageSize: 10, total: 0 }
    }
  },
  created() {
    this.load()
  },
  methods: {
    async load() {
      this.loading = true
      try {
        const { rows, total } = await listUsers(this.pagination)
        this.list = rows
        this.pagination = { ...this.pagination, total }
      } finally {
        this.loading = false
      }
    },
    onChange({ current, pageSize }) {
      this.pagination = { ...this.pagination, current, pageSize }
      this.load()
    }
  }
}
</script>

<style lang="less" scoped>
.page {
  padding: 16px;
}
</style>
```
"""
TABLE = Scenario("创建一个带分页的用户列表页面", components=("ta-table",), intent="paging")
TABLE_EN = Scenario("Create a user list page with paging.", components=("ta-table",), intent="paging", lang="en")
TICKS = "```"
TAG = '<ta-table :columns="columns" :data-source="list" />'


def fenced(code, language="vue"):
    return f"{TICKS}{language}\n{code}\n{TICKS}\n"


def asked(instruction, *components, intent="", lang="zh"):
    return Scenario(instruction, components=components, intent=intent, lang=lang)


@pytest.fixture(scope="module")
def catalog():
    return Scanner(app(), framework="ta404").scan().catalog


GOOD = {
    "considerations then a component": (TABLE, WHY + SFC),
    "an explanation behind it": (TABLE, WHY + SFC + "\n翻页后重新请求数据，表格只保存一页的数据。"),
    "in English": (TABLE_EN, WHY_EN + SFC + "\nThe table holds one page at a time."),
    "English with Chinese labels in the code": (TABLE_EN, WHY_EN + SFC),
    "a single element": (TABLE, WHY + fenced('<ta-table :columns="columns" :data-source="list" row-key="id" />')),
    "an element in an html fence": (TABLE, WHY + fenced('<ta-table :columns="columns" :data-source="list"></ta-table>', "html")),
    "a fence without a language": (TABLE, WHY + fenced('<ta-table :columns="columns" />', "")),
    "several roots": (asked("表单底部放两个按钮", "ta-button"), "考虑两点：\n1. 主按钮用 type 区分\n2. 提交中用 loading 防止重复点击\n\n" + fenced('<ta-button type="primary" :loading="saving" @click="save">保存</ta-button>\n<ta-button @click="cancel">取消</ta-button>')),
    "a template, then a piece of the options": (TABLE, WHY + fenced('<template>\n  <ta-table :columns="columns" :data-source="list" @change="load" />\n</template>') + "\n脚本部分：\n\n" + fenced("data() {\n  return { columns: [], list: [] }\n},\nmethods: {\n  load() {\n    this.list = []\n  }\n}", "js")),
    "methods alone": (TABLE, WHY + fenced('<ta-table :columns="columns" @change="load" />') + fenced("async load({ current }) {\n  const { rows } = await listUsers({ current })\n  this.list = rows\n}", "js")),
    "an import and options with a blank line between": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("import { listUsers } from '@/api'\n\ndata() {\n  return { list: [] }\n},\n\nmethods: {\n  load() {}\n}", "javascript")),
    "methods without commas": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("load() {\n  return 1\n}\nreset() {\n  return 2\n}", "js")),
    "statements": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("this.pagination.current = 1\nawait this.load()\nif (!this.list.length) return", "js")),
    "frozen columns in a script": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("export const columns = Object.freeze([\n  { title: '姓名', dataIndex: 'name' }\n])", "ts")),
    "types": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("interface Row {\n  id: number\n  name?: string\n}\nconst rows: Row[] = []", "ts")),
    "a render function": (TABLE, WHY + fenced("export default {\n  render(h) {\n    return h('ta-table', { props: { columns: this.columns, dataSource: this.list } })\n  }\n}", "js")),
    "JSX": (TABLE, WHY + fenced("export default {\n  render() {\n    return <ta-table columns={this.columns} data-source={this.list} onChange={this.load} />\n  }\n}", "jsx")),
    "JSX without its component": (TABLE, WHY + fenced("render() {\n  return (\n    <ta-table columns={this.columns}>\n    </ta-table>\n  )\n}", "jsx")),
    "a shell command beside it": (TABLE, WHY + fenced("npm install dayjs", "bash") + SFC),
    "JSON beside it": (TABLE, WHY + SFC + "\n接口返回：\n\n" + fenced('{ "rows": [], "total": 0 }', "json")),
    "styles beside it": (TABLE, WHY + SFC + fenced(".page {\n  padding: 16px;\n}", "less")),
    "a folder tree beside it": (TABLE, WHY + fenced("src/\n  views/\n    UserPage.vue", "") + SFC),
    "two components, one uses the other": (asked("把用户表单拆成子组件", "ta-form"), "思路：\n1. 表单独立成 UserForm，只管校验\n2. 页面负责提交和提示\n\n" + fenced("<template>\n  <ta-form :model=\"form\">\n    <ta-form-item label=\"姓名\"><ta-input v-model=\"form.name\" /></ta-form-item>\n  </ta-form>\n</template>\n<script>\nexport default { name: 'UserForm', data() { return { form: { name: '' } } } }\n</script>") + "\n页面里这样用：\n\n" + fenced("<user-form ref=\"form\" />")),
    "a child named by its file": (asked("封装一个状态标签", "ta-tag"), "1. 颜色由状态决定，集中在一处\n2. 文案允许从外部覆盖\n\n`src/components/OrderState.vue`：\n\n" + fenced('<template>\n  <ta-tag :color="color">{{ label }}</ta-tag>\n</template>') + "\n使用：\n\n" + fenced('<order-state status="paid" />')),
    "wrong and right side by side": (asked("ta-table 没有数据，怎么排查？", "ta-table", intent="troubleshooting"), "按顺序看两处：\n1. 数据要传给 data-source，写成 data 是不会报错的\n2. 列要有 dataIndex\n\n❌ 错误写法：\n\n" + fenced('<ta-tabel :data="list" />') + "\n✅ 正确写法：\n\n" + fenced('<ta-table :columns="columns" :data-source="list" />')),
    "before and after a migration": (asked("把 el-table 迁移到 ta-table", "ta-table", intent="migration"), "1. el-table-column 换成 columns 数组\n2. data 换成 data-source\n\n迁移前：\n\n" + fenced('<el-table :data="list"><el-table-column prop="name" label="姓名" /></el-table>') + "\n迁移后：\n\n" + fenced('<ta-table :columns="columns" :data-source="list" />')),
    "wrong code marked in its first line": (TABLE, WHY + fenced('<!-- 错误示例 -->\n<ta-tables :columns="columns" />') + "\n应写成：\n\n" + fenced('<ta-table :columns="columns" />')),
    "original code in English": (asked("Replace the old table with ta-table", "ta-table", lang="en"), WHY_EN + "The original code:\n\n" + fenced("<my-old-grid :rows='list' />") + "\nThe new one:\n\n" + fenced('<ta-table :columns="columns" :data-source="list" />')),
    "considerations each with its code": (asked("如何优化大数据量表格的性能？", "ta-table", intent="performance"), "优化大数据量表格需要从多个方面入手：\n\n1. **虚拟滚动**\n只渲染可见的行：\n\n" + fenced('<ta-table :columns="columns" :data-source="list" :scroll="{ y: 500 }" virtual />') + "\n2. **按需加载**\n每次只取一页：\n\n" + fenced("onChange({ current }) {\n  this.load(current)\n}", "js") + "\n3. **避免不必要的响应式**\n静态数据用 Object.freeze 冻结。"),
    "considerations as sentences": (TABLE, "用户列表的数据量会不断增长，所以必须由后端分页，前端只保存当前页。翻页事件由表格的 change 给出，页码要写回 pagination，否则页码不会动。\n\n" + SFC),
    "considerations as clauses": (TABLE, "列表适合用 ta-table 展示，分页由 pagination 控制，翻页时在 change 里重新请求数据：\n\n" + SFC),
    "bulleted": (TABLE, "- 表格用 `ta-table`，行的键是 `row-key`\n- 请求期间打开 `loading`\n\n" + SFC),
    "with headings": (TABLE, "## 思路\n\n数据由后端分页，表格只管展示。翻页事件里重新加载。\n\n## 代码\n\n" + SFC),
    "a plain question in words": (asked("ta-modal 和 ta-drawer 有什么区别？", "ta-modal", "ta-drawer", intent="best-practice"), "ta-modal 居中弹出，会打断当前操作，适合确认和短表单。ta-drawer 从侧边滑出，适合查看详情或较长的表单，用户还能看到原来的页面。"),
    "a plain question in English": (asked("When should I use ta-drawer instead of ta-modal?", "ta-drawer", lang="en"), "Use ta-drawer for long content that is read beside the page. A ta-modal interrupts the work, so it fits a short question or a short form."),
    "courtesies, which are taken off": (TABLE, "好的，很高兴为您解答！\n\n" + WHY + SFC + "\n希望对您有所帮助！"),
    "carriage returns and a byte order mark": (TABLE, "\ufeff" + (WHY + SFC).replace("\n", "\r\n")),
    "all of it in a Markdown fence": (TABLE, f"{TICKS}markdown\n{WHY}{SFC}{TICKS}"),
    "a thought in tags before an inline answer": (TABLE, "<think>\n想一想。\n</think>\n\n" + WHY + SFC),
    "expressions of all kinds": (asked("用 ta-select 做筛选", "ta-select"), "1. 选项由 options 给出\n2. 选中后立即查询，空值表示全部\n\n" + fenced('<div v-for="({ key, label }, index) in fields" :key="key" :class="{ active: index === 0, [kind]: true }" :style="[base, { width: `${w}px` }]">\n  {{ label | upper }} {{ ok ? "是" : \'否\' }} {{ a < b && c }}\n  <ta-select v-model.trim="form[key]" :options="options.map(o => ({ ...o, label: t(o.label) }))" @change="value => { form[key] = value; search() }" @clear="search(), reset()" />\n</div>')),
    "slots of both kinds": (TABLE, WHY + fenced('<ta-table :columns="columns" :data-source="list">\n  <template v-slot:action="{ record, text = \'-\' }">\n    <ta-button @click="edit(record)">{{ text }}</ta-button>\n  </template>\n  <template slot="no" slot-scope="text, record">{{ text }}{{ record.id }}</template>\n</ta-table>')),
    "an inline handler of several lines": (asked("点击按钮后刷新并提示", "ta-button"), "1. 刷新失败也要给出提示\n2. 提示只在当前页显示\n\n" + fenced('<ta-button\n  @click="\n    if (ok) {\n      refresh()\n    }\n    tip = true\n  "\n>刷新</ta-button>')),
    "a computed name and an object": (asked("透传属性给 ta-input", "ta-input"), "1. 未声明的属性用 $attrs 透传\n2. 事件用 $listeners 透传\n\n" + fenced('<ta-input v-bind="$attrs" v-on="$listeners" :[name]="value" />')),
    "PascalCase tags": (TABLE, WHY + fenced('<TaTable :columns="columns" :dataSource="list" />')),
    "a component of the application": (asked("在页面顶部加上查询栏"), "1. 复用 search-bar，字段由 fields 声明\n2. 查询时回到第一页\n\n" + fenced('<search-bar :fields="fields" :loading="loading" @search="onSearch" />')),
    "a spread and dots that leave nothing out": (TABLE, WHY + fenced("this.pagination = { ...this.pagination, total }\nconst all = [...this.list, row]", "js") + fenced('<ta-table :columns="columns" />')),
    "a catch that ignores": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("try {\n  await load()\n} catch (error) {\n  // 用户取消，无需提示\n}", "js")),
    "an empty password field": (asked("用 ta-input-password 做登录表单", "ta-input-password"), "1. 密码不回显，使用 ta-input-password\n2. 回车即提交，监听 press-enter\n\n" + fenced("<template>\n  <ta-input-password v-model=\"form.password\" placeholder=\"请输入密码\" @press-enter=\"submit\" />\n</template>\n<script>\nexport default {\n  data() {\n    return { form: { username: '', password: '' } }\n  },\n  methods: {\n    submit() {\n      this.$emit('login', this.form)\n    }\n  }\n}\n</script>")),
    "the user's code, put right": (asked("下面的代码为什么不显示数据？\n" + fenced('<ta-table :columns="columns" :datas="list" row-key="id" />') + "请修改。", "ta-table"), "1. 属性名写错了，应当是 data-source\n2. columns 不必改动\n\n" + fenced('<ta-table :columns="columns" :data-source="list" row-key="id" />')),
    "a list at the end": (TABLE, WHY + SFC + "\n要点：\n\n- 页码写回 pagination\n- 加载时打开 loading"),
    "the documentation of Vue is no reference of ours": (TABLE, WHY + "写法遵循 Vue 官方文档的风格指南。\n\n" + SFC),
    "the back end's interface": (TABLE, WHY + "数据从后端提供的接口获取，根据后端提供的 API 文档调整字段名。\n\n" + SFC + "\n在上面的示例代码中，load 负责请求；上面的片段里，row-key 不能省。"),
    "the context and a folder": (TABLE, WHY + "箭头函数里没有自己的 this，执行上下文中的 this 指向组件。接口统一放在 api 目录中，组件放到组件目录里。\n\n" + SFC),
    "its own example in English": (TABLE_EN, WHY_EN + SFC + "\nIn the example above, `load` asks the server; see the Vue API reference for `created`. The prompt in the dialog is plain text."),
    "the user's own documents": (asked("根据接口文档，用 ta-table 展示订单", "ta-table"), WHY + "根据你提供的接口文档，字段名是 orderNo。\n\n" + SFC),
    "a list of columns": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("{ title: '姓名', dataIndex: 'name' },\n{ title: '邮箱', dataIndex: 'email' }", "js") + fenced("{\n  a: 1,\n  b: 2\n}", "js")),
    "spread getters": (TABLE, WHY + fenced('<ta-table :columns="columns" />') + fenced("...mapState('user', ['list']),\n...mapGetters(['total'])", "js")),
    "tokens and rules that are no secrets": (asked("用 ta-form 做登录，带校验", "ta-form"), "1. 校验规则集中在 rules\n2. 登录成功后保存 token\n\n" + fenced("<template>\n  <ta-form ref=\"form\" :model=\"form\" :rules=\"rules\">\n    <ta-form-item label=\"密码\" prop=\"password\"><ta-input-password v-model=\"form.password\" /></ta-form-item>\n  </ta-form>\n</template>\n<script>\nexport default {\n  data() {\n    return {\n      form: { username: '', password: '' },\n      rules: { password: [{ required: true, message: '请输入密码' }, { min: 8, message: '密码至少 8 位' }] }\n    }\n  },\n  methods: {\n    async submit() {\n      const { token } = await login(this.form)\n      localStorage.setItem('token', token)\n      request.defaults.headers.Authorization = `Bearer ${token}`\n    }\n  }\n}\n</script>")),
    "code in a list": (TABLE, WHY + "- 表格：\n\n  ```vue\n  <ta-table :columns=\"columns\" />\n  ```\n\n- 方法：\n\n  ```js\n  load() {\n    return this.list\n  }\n  ```\n"),
    "why it fails": (asked("ta-table 创建后为什么没有数据？", "ta-table", intent="troubleshooting"), "原因通常是数据没有传进去：ta-table 的数据属性是 data-source。另外要检查每一列是否写了 dataIndex，否则单元格是空的。"),
    "why it fails, in English": (asked("Why does my ta-table show no rows?", "ta-table", lang="en"), "The rows go into `data-source` of ta-table; another name is passed over without a word. Each column needs a `dataIndex`, too."),
    "a page with its links and transitions": (asked("做一个带返回链接的页面", "ta-card"), "1. 返回用 router-link\n2. 切换时加过渡\n\n" + fenced("<ta-card title=\"详情\">\n  <router-link to=\"/\">返回</router-link>\n  <transition name=\"fade\"><keep-alive><component :is=\"view\" /></keep-alive></transition>\n  <svg viewBox=\"0 0 1 1\"><path d=\"M0 0\" /></svg>\n</ta-card>")),
    "ignored and clipped text": (TABLE, WHY + fenced(TAG) + fenced("try {\n  await load()\n} catch (error) {\n  // 名称为空时忽略\n}\nconst policy = 1 // 缓存策略", "js") + fenced(".a {\n  overflow: hidden; /* 超出省略 */\n}", "css")),
    "original code": (asked("把 el-dialog 改回 ta-modal", "ta-modal", intent="migration"), "1. `v-model` 换成 `visible`\n2. 标题用 `title`\n\n原代码：\n\n" + fenced('<my-dialog v-model:open="a" />') + "\n改为：\n\n" + fenced('<ta-modal :visible.sync="a" title="编辑" />')),
    "wrong and right in one block": (asked("`<ta-card :is-loading=\"a\" />` 没有效果", "ta-card"), "1. `is-loading` 不是它的属性\n2. 加载状态用 `loading` 表示\n\n" + fenced('<!-- 错误 -->\n<ta-card :is-loading="a" />\n\n<!-- 正确 -->\n<ta-card :loading="a" />')),
    "a body that is empty on purpose": (TABLE, WHY + fenced(TAG) + fenced("onCancel() {\n  // 取消时无需处理\n},\nonScroll() {\n  this.$nextTick(() => {\n    // 等待渲染\n    this.scroll()\n  })\n}", "js")),
    "a plain question whose answer names other things": (asked("ta-form 校验规则里 trigger 的 blur 和 change 有什么区别？", "ta-form", intent="best-practice"), "1. `blur` 在失去焦点时校验，适合输入类控件。\n2. `change` 在值改变时校验，适合选择类控件。"),
    "considerations in plain words of the task": (asked("保存按钮防止重复提交", "ta-button"), "1. 提交期间要让按钮不可点\n2. 失败后要恢复，让人能够再试\n\n" + fenced('<ta-button :loading="saving" @click="save">保存</ta-button>')),
    "the records of users and a checklist": (asked("用 ta-table 做购物清单", "ta-table"), WHY + "清单中的每一项是一行，用户资料里的头像单独请求；之前请求的结果要丢弃。\n\n" + fenced(TAG)),
    "a race in English": (TABLE_EN, WHY_EN + "The previous response is dropped when a newer one has come. The prompt asks for confirmation.\n\n" + SFC),
    "a to-do list": (asked("用 ta-checkbox 做一个待办清单", "ta-checkbox"), "1. 每一项一个 ta-checkbox\n2. 完成的项加删除线\n\n" + fenced('<div v-for="todo in todos" :key="todo.id">\n  <ta-checkbox v-model="todo.done">{{ todo.text }}</ta-checkbox>\n</div>')),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_answers_pass(catalog, name):
    scenario, answer = GOOD[name]
    assert Verifier(catalog).check(scenario, Reply(answer)) == []


INSTRUCTIONS = "你是一位资深的前端工程师，熟悉 Vue 2.7 和公司内部的组件框架。只能使用下面列出的组件和属性，不得编造任何不存在的接口；代码必须完整，不得省略。"
SNIPPET = "\n".join(
    f'    <ta-form-item label="字段{n}" prop="field{n}"><ta-input v-model="form.field{n}" /></ta-form-item>'
    for n in range(12)
)
PROMPT = [
    {"role": "system", "content": INSTRUCTIONS},
    {"role": "user", "content": f"<data-7f3a9c kind=\"api\">\nta-table: columns, data-source\n</data-7f3a9c>\n<data-7f3a9c kind=\"usage\">\n<ta-form :model=\"form\">\n{SNIPPET}\n</ta-form>\n</data-7f3a9c>\n{TABLE.instruction}"},
]  # fmt: skip


def code(answer_code, language="vue"):
    return WHY + fenced(answer_code, language)


BAD = {
    "nothing": ("empty", ""),
    "white space": ("empty", " \n\t "),
    "marks": ("empty", "……"),
    "an empty fence": ("empty", "```vue\n```"),
    "only a thought": ("empty", "<think>\n先想想列表。\n</think>\n"),
    "agrees": ("empty", "好的。"),
    "refuses": ("refusal", "抱歉，我无法帮助您完成这个请求。"),
    "refuses as an AI": ("refusal", "作为一个AI语言模型，我无法访问您公司的私有框架，因此不能给出代码。"),
    "refuses in English": ("refusal", "I'm sorry, but I can't help with that request."),
    "stopped by the filter": ("refusal", Reply(WHY + SFC, finish_reason="content_filter")),
    "cut at the limit": ("truncated", Reply(WHY + SFC, finish_reason="length")),
    "cut in the thought": ("truncated", "<think>\n用户想要一个列表，首先"),
    "fence open": ("truncated", WHY + SFC.rstrip().removesuffix("```")),
    "code open": ("truncated", code("<template>\n  <div>\n    <ta-table :columns=\"columns\" />\n")),
    "element open in a closed fence": ("truncated", code("<template>\n  <ta-card>\n    <ta-table :columns=\"columns\" />\n</template>")),
    "script open": ("truncated", code(TAG + "\n<script>\nexport default {\n  methods: {\n    load() {\n</script>".replace(TAG, "<template>" + TAG + "</template>"))),
    "ends with a comma": ("truncated", WHY + SFC + "\n这样，表格就会在翻页时重新请求数据，"),
    "ends in the middle of a phrase": ("truncated", WHY + SFC + "\n最后把页码写回 pagination 的"),
    "ends in the middle of bold": ("truncated", WHY + SFC + "\n注意：**翻页之后要把页码写回"),
    "an English sentence broken off": ("truncated", (TABLE_EN, WHY_EN + SFC + "\nThe table then loads the next page because the")),
    "ends with an empty item": ("truncated", WHY + SFC + "\n要点：\n\n1. 页码写回 pagination\n2."),
    "ends with a heading": ("truncated", WHY + SFC + "\n## 说明"),
    "prose only": ("no-code", "1. 先用 ta-table 展示列表，列由 columns 声明。\n2. 再用 pagination 控制分页。"),
    "prose in a text fence": ("no-code", WHY + fenced("使用 ta-table 和 pagination", "text")),
    "asks back": ("no-code", "请问您的用户数据有哪些字段？接口是怎样分页的？"),
    "a shell command only": ("no-code", WHY + fenced("npm install ta404", "bash")),
    "an unknown tag": ("api", code(TAG + '\n<ta-pager :total="total" />')),
    "a tag of another library": ("api", code(TAG + '\n<el-pagination :total="total" />')),
    "a misspelt tag": ("api", code('<ta-tabel :columns="columns" />\n' + TAG)),
    "a misspelt prop": ("api", code('<ta-table :columns="columns" :paginaton="page" />')),
    "a misspelt prop without a value": ("api", code(TAG + '\n<ta-button lodaing>保存</ta-button>')),
    "an unknown event": ("api", code(TAG + '\n<search-bar :fields="fields" @query="load" />')),
    "an unknown slot": ("api", code(TAG + '\n<search-bar :fields="fields"><template #footer>x</template></search-bar>')),
    "a required prop left out": ("api", code(TAG + "\n<search-bar @search=\"load\" />")),
    "an unknown tag in a component": ("api", WHY + SFC.replace("<ta-table", "<ta-data-grid", 1) + fenced(TAG)),
    "an unknown tag in JSX": ("api", code("export default {\n  render() {\n    return <div><ta-table columns={[]} /><ta-pager total={1} /></div>\n  }\n}", "jsx")),
    "invented and imported": ("api", code("<template>\n  <div><ta-table :columns=\"columns\" /><ta-pager :total=\"1\" /></div>\n</template>\n<script>\nimport { TaPager } from 'ta404'\nexport default { components: { TaPager }, data() { return { columns: [] } } }\n</script>")),
    "invented and imported from a scope": ("api", code("<template>\n  <div><ta-table :columns=\"[]\" /><ta-pager /></div>\n</template>\n<script>\nimport TaPager from '@company/ta404'\nexport default { components: { TaPager } }\n</script>")),
    "an unknown tag in a fence without a language": ("api", WHY + fenced('<ta-table :columns="columns" />\n<ta-pager />', "")),
    "an unknown tag in bare code": ("api", (TABLE, "<template>\n  <div><ta-table :columns=\"columns\" /><ta-pager /></div>\n</template>\n", "none")),
    "a native event that is not emitted": ("api", code(TAG + '\n<search-bar :fields="fields" @reset="load" />')),
    "v-model with an argument": ("api", code(TAG + '\n<ta-modal v-model:visible="shown" />')),
    "v-model on what has none": ("api", code(TAG + '\n<search-bar v-model="form" :fields="fields" />')),
    "an expression that does not parse": ("syntax", code('<ta-table :columns="columns +" />')),
    "an object that does not parse": ("syntax", code('<ta-table :columns="[{ title: \'a\', }, }]" />')),
    "a mustache that does not parse": ("syntax", code(TAG + "\n<div>{{ list.length === }}</div>")),
    "a handler that does not parse": ("syntax", code('<ta-table :columns="columns" @change="load(" />')),
    "a v-for that does not parse": ("syntax", code(TAG + '\n<div v-for="row in" :key="row.id">{{ row }}</div>')),
    "a script that does not parse": ("syntax", WHY + SFC.replace("list: [],", "list: [] [] a,")),
    "a js fence that does not parse": ("syntax", WHY + fenced(TAG) + fenced("const a = = 1\nfunction b() {}", "js")),
    "an end tag too many": ("syntax", code("<div>" + TAG + "</div></span>")),
    "a ts fence that does not parse": ("syntax", WHY + fenced(TAG) + fenced("const a: = 1", "ts")),
    "code alone": ("no-reasoning", SFC),
    "considerations of anything": ("no-reasoning", "1. 代码简洁易懂。\n2. 便于维护和扩展。\n\n" + SFC),
    "code that is announced": ("no-reasoning", "以下是使用 ta404 框架的用户列表组件：\n\n" + SFC),
    "an empty sentence": ("no-reasoning", "让我们一步一步地思考这个问题。\n\n" + SFC),
    "an empty sentence in English": ("no-reasoning", (TABLE_EN, "Let me think step by step about what the user wants.\n\nHere is the code:\n\n" + SFC)),
    "one consideration": ("no-reasoning", "使用 ta-table 展示列表。\n\n" + SFC),
    "considerations behind the code": ("no-reasoning", SFC + "\n1. 列表用 ta-table 展示\n2. 分页交给 pagination 控制"),
    "bare code": ("no-reasoning", SFC.strip().removeprefix("```vue\n").removesuffix("```")),
    "an empty list": ("no-reasoning", "需要考虑以下几点：\n\n1. \n2. \n\n" + SFC),
    "no thought": ("no-reasoning", (TABLE, WHY + SFC, "think")),
    "an empty thought": ("no-reasoning", (TABLE, "<think>\n\n</think>\n\n" + WHY + SFC, "think")),
    "a thought of an empty sentence": ("no-reasoning", (TABLE, "<think>\nOkay, let me think about this step by step.\n</think>\n\n" + WHY + SFC, "think")),
    "the rest left out": ("placeholder", WHY + SFC.replace("      list: [],\n", "      // 其余代码省略\n")),
    "dots for the rest": ("placeholder", WHY + SFC.replace("      list: [],\n", "      list: [],\n      // ...\n")),
    "existing code": ("placeholder", WHY + SFC.replace("  created() {", "  // ... existing code ...\n  created() {")),
    "a place for your logic": ("placeholder", WHY + SFC.replace("      this.load()\n    }\n  }\n}", "      // 在这里编写你的逻辑\n    }\n  }\n}")),
    "data left out": ("placeholder", WHY + fenced(TAG) + fenced("const options = Object.freeze([...大量静态选项...])", "js")),
    "rest of the code in English": ("placeholder", (TABLE_EN, WHY_EN + SFC.replace("      list: [],\n", "      // rest of the code\n"))),
    "a TODO": ("placeholder", WHY + SFC.replace("      list: [],\n", "      list: [], // TODO: 调用接口\n")),
    "a body that is only a comment": ("placeholder", WHY + fenced(TAG) + fenced("methods: {\n  save() {\n    // 提交表单的代码\n  }\n}", "js")),
    "options that are only a comment": ("placeholder", WHY + fenced(TAG) + fenced("export default {\n  methods: {\n    /* 与列表相关的方法 */\n  }\n}", "js")),
    "yours to add": ("placeholder", WHY + SFC.replace("      list: [],\n", "      list: [], // 根据实际业务补充\n")),
    "more of it": ("placeholder", code("<div>\n  " + TAG + "\n  <!-- 更多表单项... -->\n</div>")),
    "lone dots in a template": ("placeholder", code("<template>\n  <div>\n    " + TAG + "\n    ...\n  </div>\n</template>")),
    "the instructions": ("copy", INSTRUCTIONS + "\n\n" + WHY + SFC),
    "an example as the answer": ("copy", WHY + fenced("<ta-table :columns=\"columns\" />\n<ta-form :model=\"form\">\n" + SNIPPET + "\n</ta-form>")),
    "an example with another indent": ("copy", WHY + fenced("<ta-table :columns=\"columns\" />\n<ta-form :model=\"form\">\n" + SNIPPET.replace("    <", "<") + "\n</ta-form>")),
    "a key": ("secret", WHY + SFC.replace("list: [],", "list: [],\n      apiKey: 'sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2 + "',")),
    "a password": ("secret", WHY + SFC.replace("list: [],", "list: [],\n      password: 'Zq8#kL" + "29vXp',")),
    "a key in a thought": ("secret", (TABLE, "<think>\n接口要带上 AKIA" + "IOSFODNN7QXAMPLZ 这个密钥，列表要分页，每页十条。\n密钥放在请求头。\n</think>\n\n" + WHY + SFC, "think")),
    "talks of the reference": ("prompt-leak", WHY.replace("列表用", "根据提供的 API 参考，列表用") + SFC),
    "talks of the reference where the task has an API": ("prompt-leak", (asked("调用删除 API 后刷新 ta-table，并说明原因", "ta-table"), WHY.replace("列表用", "根据提供的 API 参考，列表用") + SFC)),
    "talks of your documents": ("prompt-leak", WHY + SFC + "\n您提供的组件文档里没有提到虚拟滚动。"),
    "talks of the catalogue": ("prompt-leak", WHY + SFC + "\n组件目录中没有分页组件，所以用表格自带的分页。"),
    "talks of the examples above": ("prompt-leak", WHY + SFC + "\n写法参照上面给出的用法片段。"),
    "talks of the reference in English": ("prompt-leak", (TABLE_EN, WHY_EN + "As the API reference you gave me shows, `row-key` is needed.\n\n" + SFC)),
    "talks of the provided snippets": ("prompt-leak", (TABLE_EN, WHY_EN + "Based on the provided usage snippets, `row-key` is needed.\n\n" + SFC)),
    "tells where it was listed": ("prompt-leak", WHY + SFC + "\n以上代码只使用了资料中列出的属性，没有编造任何接口。"),
    "tells of the list it was given": ("prompt-leak", WHY.replace("列表用", "您给的接口清单里有分页，列表用") + SFC),
    "tells of its context": ("prompt-leak", WHY.replace("列表用", "从上下文给出的组件定义可知，列表用") + SFC),
    "tells of the rules": ("prompt-leak", WHY.replace("列表用", "按照规则，不能使用 TODO，列表用") + SFC),
    "tells what it is for": ("prompt-leak", WHY.replace("列表用", "回答会用来训练另一个模型，列表用") + SFC),
    "tells of the answer before": ("prompt-leak", "已按您的反馈修正了上一次回答中的问题。\n\n" + WHY + SFC),
    "tells of the instructions": ("prompt-leak", (TABLE_EN, WHY_EN + "The instructions say to use the Options API.\n\n" + SFC)),
    "a delimiter": ("prompt-leak", WHY + '<data-7f3a9c kind="api">\n\n' + SFC),
    "its own prompt": ("prompt-leak", "You are a helpful assistant.\n\n" + WHY + SFC),
    "another component": ("wrong-component", "1. 列表用卡片展示\n2. 每张卡片一行\n\n" + fenced('<ta-card title="用户">内容</ta-card>')),
    "plain HTML": ("wrong-component", "1. 列表用表格展示\n2. 分页写在下面\n\n" + fenced("<table><tbody><tr><td>1</td></tr></tbody></table>")),
    "only in a comment": ("wrong-component", WHY + fenced("<template>\n  <!-- ta-table -->\n  <div>列表</div>\n</template>")),
    "only spoken of": ("wrong-component", WHY + fenced("<template>\n  <div>列表</div>\n</template>")),
    "English to a Chinese question": ("wrong-language", WHY_EN + SFC + "\nThe table holds one page of rows at a time."),
    "Chinese to an English question": ("wrong-language", (TABLE_EN, WHY + SFC + "\n翻页之后重新请求数据，表格只保存一页的数据。")),
    "Japanese": ("wrong-language", "1. ユーザー一覧はテーブルで表示します\n2. ページの切り替えはイベントで受け取ります\n\n" + SFC),
    "a line over and over": ("looping", WHY + SFC + "\n翻页之后重新请求数据即可。" * 12),
    "lines over and over": ("looping", WHY + SFC + "\n" + "请注意翻页之后要重新请求数据\n" * 9),
    "code over and over": ("looping", code(TAG + "\n" + '<ta-button type="primary">保存</ta-button>\n' * 20)),
    "a block twice": ("looping", WHY + SFC + "\n完整代码：\n\n" + SFC),
    "a name with another letter": ("look-alikes", WHY + fenced(TAG) + fenced("const usеrRows = []", "js")),
    "an event's name in a string": ("look-alikes", WHY + fenced(TAG) + fenced("this.$emit('page‑сhange'.replace('c', ''), use('data‑source'))", "js")),
    "a box around half of it": ("chat-markers", WHY + "<|begin_of_box|>" + SFC + "<|end_of_box|>"),
    "an answer that is not closed": ("chat-markers", "<answer>\n" + WHY + SFC),
    "a call of a tool": ("chat-markers", WHY + SFC + '\n<tool_call>\n{"name": "search"}\n</tool_call>'),
    "a call in a thought": ("chat-markers", (TABLE, "<think>\n列表由后端分页，页码要写回。\n翻页事件是 change。<|python_tag|>search()\n</think>\n\n" + WHY + SFC, "think")),
    "more behind its end": ("chat-markers", WHY + "<|im_end|>\n" + SFC),
    "a thought over and over": ("looping", (TABLE, "<think>\n列表要分页，页码要写回。\n" + "等等，我再想想这个问题是不是这样。\n" * 20 + "</think>\n\n" + WHY + SFC, "think")),
}  # fmt: skip


def case(given):
    if isinstance(given, tuple):
        return (*given, "inline")[:3]
    return TABLE, given, "inline"


@pytest.mark.parametrize("name", BAD)
def test_bad_answers_are_found(catalog, name):
    kind, given = BAD[name]
    scenario, answer, reasoning = case(given)
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    flaws = Verifier(catalog, reasoning=reasoning).check(scenario, reply, PROMPT)
    assert {flaw.kind for flaw in flaws} == {kind}
    assert all(flaw.message and flaw.message_zh and flaw.message != flaw.message_zh for flaw in flaws)


def test_every_kind_is_in_the_table():
    assert {kind for kind, _ in BAD.values()} == set(KINDS) - {"compile"}
    assert len(GOOD) >= 40
    assert len(BAD) >= 60


FORMS: dict[str, tuple[Reply, Reasoning, str, str]] = {
    "apart": (Reply("答案", reasoning="想法"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "in the content": (Reply("<think>想法</think>\n答案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "without its opening tag": (Reply("想法\n</think>\n\n答案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "several": (Reply("<think>一</think>答<think>二</think>案"), "think", "<think>\n一\n\n二\n</think>\n\n答案", "一\n\n二"),
    "of Magistral": (Reply("[THINK]想法[/THINK]答案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "of Kimi, without its opening mark": (Reply("想法◁/think▷答案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "of gpt-oss": (Reply("<|channel|>analysis<|message|>想法<|end|><|start|>assistant<|channel|>final<|message|>答案<|return|>"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "of Hunyuan, inline": (Reply("<think>\n想法\n</think>\n<answer>\n考虑\n```js\na()\n```\n</answer>"), "inline", "考虑\n```js\na()\n```", "考虑"),
    "words, apart": (Reply("答案", reasoning="<reasoning>想法</reasoning>"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "both, the same": (Reply("<think>想法</think>答案", reasoning="想法"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "one within another": (Reply("<think>一<think>二</think>答案"), "think", "<think>\n一\n\n二\n</think>\n\n答案", "一\n\n二"),
    "code in the thought": (Reply("<think>\n```js\na()\n```\n</think>\n答案"), "think", "<think>\n```js\na()\n```\n</think>\n\n答案", "```js\na()\n```"),
    "tags in the code": (Reply("答案\n```html\n<think>x</think>\n```"), "think", "答案\n```html\n<think>x</think>\n```", ""),
    "tags spoken of": (Reply("标签 `<think>` 和 `</think>` 之间"), "think", "标签 `<think>` 和 `</think>` 之间", ""),
    "an end too many": (Reply("<think>想法</think>答</think>案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "thinking": (Reply("<thinking>想法</thinking>答案"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "none": (Reply("答案"), "think", "答案", ""),
    "an empty one": (Reply("<think>\n\n</think>\n\n答案"), "think", "答案", ""),
    "never ends": (Reply("<think>想法"), "think", "<think>\n想法\n</think>\n\n", "想法"),
    "tags in what is apart": (Reply("答案", reasoning="<think>想法</think>"), "think", "<think>\n想法\n</think>\n\n答案", "想法"),
    "inline": (Reply("考虑\n```js\na()\n```\n完"), "inline", "考虑\n```js\na()\n```\n完", "考虑"),
    "inline without code": (Reply("考虑"), "inline", "考虑", "考虑"),
    "inline with a thought": (Reply("<think>想法</think>考虑", reasoning="更多"), "inline", "考虑", "考虑"),
    "not wanted": (Reply("<think>想法</think>答案", reasoning="更多"), "none", "答案", ""),
    "byte order mark and line ends": (Reply("\ufeff一\r\n二\r三"), "none", "一\n二\n三", ""),
    "a Markdown fence": (Reply("```markdown\n一\n```js\na()\n```\n二\n```"), "none", "一\n```js\na()\n```\n二", ""),
    "a Markdown fence that is not closed": (Reply("```md\n一\n```js\na()\n```\n二"), "none", "一\n```js\na()\n```\n二", ""),
    "a longer Markdown fence": (Reply("````markdown\n一\n```js\na()\n```\n````"), "none", "一\n```js\na()\n```", ""),
    "a Markdown block among others": (Reply("```markdown\n# 一\n```\n说明"), "none", "```markdown\n# 一\n```\n说明", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_an_answer_is_written_in_its_form(name):
    reply, reasoning, answer, part = FORMS[name]
    assert written(reply, reasoning) == (answer, part)


def test_the_think_form_passes_with_a_thought_and_without_considerations(catalog):
    verifier = Verifier(catalog, reasoning="think")
    thought = "用户要的是列表，数据会很多，所以由后端分页。翻页事件是 change，页码要写回 pagination。"
    for reply in (Reply("代码如下：\n\n" + SFC, reasoning=thought), Reply(f"{thought}\n</think>\n\n" + SFC)):
        assert verifier.check(TABLE, reply) == []
        assert verifier.finish(TABLE, reply).startswith(f"<think>\n{thought}\n</think>\n\n")
    assert Verifier(catalog, reasoning="none").check(TABLE, Reply(SFC)) == []


@pytest.mark.parametrize(
    ("content", "finished"),
    [
        ("好的，很高兴为您解答！\n" + WHY + SFC, WHY + SFC),
        ("创建一个带分页的用户列表页面\n\n" + WHY + SFC, WHY + SFC),
        (WHY + "<template>\n  <ta-table />\n</template>", WHY + "```vue\n<template>\n  <ta-table />\n</template>\n```"),
        ("要\u200b点" + WHY + SFC, "要点" + WHY + SFC),
        (WHY + SFC + "<|im_end|>", WHY + SFC),
        (
            WHY
            + SFC.replace("<ta-table", "<ta‑table")
            .replace("row-key", "row‑key")
            .replace("        const {", "\u202f\u202f      const {"),
            WHY + SFC,
        ),
        (
            WHY + SFC.replace("this.load()\n  },", "this.load（）；\n  }，"),
            WHY + SFC.replace("this.load()\n  },", "this.load();\n  },"),
        ),
        (f"<|begin_of_box|>{WHY}{SFC}完成后页码会写回。<|end_of_box|>", f"{WHY}{SFC}完成后页码会写回。"),
        (WHY + SFC.rstrip() + "<｜end▁of▁sentence｜>", WHY + SFC),
        ("half \ud800" + WHY + SFC, "half " + WHY + SFC),
    ],
    ids=[
        "courtesy",
        "question first",
        "no fence",
        "hidden character",
        "chat template",
        "dashes in names",
        "full-width signs",
        "box",
        "on the fence",
        "surrogate",
    ],
)
def test_what_can_be_put_right_is(catalog, content, finished):
    verifier = Verifier(catalog)
    made = verifier.finish(TABLE, Reply(content))
    assert made.split() == finished.split()
    assert verifier.finish(TABLE, Reply(made)) == made


@pytest.mark.parametrize(
    ("instruction", "intent", "tags", "expected"),
    [
        ("创建一个带分页的用户列表页面", "", (), True),
        ("ta-table 如何实现行选择功能？", "", ("ta-table",), True),
        ("How do I page a ta-table?", "", ("ta-table",), True),
        ("Build a login form.", "", (), True),
        ("用户登录页，带记住密码", "form", ("ta-form",), True),
        ("给商品列表加上批量删除", "", (), True),
        ("ta-modal 和 ta-drawer 有什么区别？", "best-practice", ("ta-modal",), False),
        ("ta-table 为什么没有数据？", "troubleshooting", ("ta-table",), False),
        ("What is ta-table for?", "", ("ta-table",), False),
        ("你是谁？", "", (), False),
        ("ta-table 的 row-key 有什么用？", "use", ("ta-table",), False),
        ("讲讲 ta-form 的校验机制", "", ("ta-form",), False),
        ("ta-table 和 ta-list 怎么选", "", ("ta-table",), False),
        ("如何选择表格和列表？不需要写代码。", "use", ("ta-table",), False),
    ],
)
def test_when_code_is_wanted(instruction, intent, tags, expected):
    assert wants_code(asked(instruction, *tags, intent=intent)) is expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("让我们一步一步思考。", 0),
        ("首先，我需要理解用户的需求。", 0),
        ("Okay, let me think through this step by step.", 0),
        ("以下是完整代码：", 0),
        ("Here is the code:", 0),
        ("好的，很高兴为您解答！", 0),
        ("要实现这个功能，需要考虑以下几点：", 0),
        ("1. 用 ta-table\n2. 用 pagination 分页", 2),
        ("- one `ta-table` for the rows\n- paging by `change`", 2),
        ("数据很多，所以由后端分页。翻页时重新加载。", 2),
        ("The rows are many. The server pages them; the table shows one page.", 3),
        ("列表用表格展示，分页交给后端，翻页时重新加载", 2),
    ],
)
def test_considerations_are_counted(text, count):
    assert considerations(text) == count


PYTHON = Catalog([Component("shop.store.find", "function", methods=(Method("find", "(key: int) -> str"),))])
BUY = Scenario("用 find 写一个查询函数", components=("shop.store.find",))
REASON = "1. find 按主键查询\n2. 没有结果时返回 None\n\n"


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (fenced("from shop.store import find\n\n\ndef look(key: int) -> str:\n    return find(key)", "python"), []),
        (fenced("    return find(key)", "py"), []),
        (fenced(">>> find(1)\n'a'", "python"), []),
        (fenced("%load_ext autoreload\n!pip install shop\nfind(1)", "python"), []),
        (fenced("def stub(key: int) -> str: ...\n\nfind(2)", "python"), []),
        (fenced("def look(key:\n    return find(key)", "python"), ["truncated", "syntax"]),
        (fenced("def look(key) return find(key)", "python"), ["syntax"]),
        (fenced("class A { void b() { Store.find(1); } }", "java"), []),
        (fenced("Store store = new Store();\nstore.find(1);", "java"), []),
        (fenced("public String look(int key) { return store.find(key); }", "java"), []),
        (fenced("String s = = store.find(1);", "java"), ["syntax"]),
        (fenced("print(1)", "python"), ["wrong-component"]),
    ],
)
def test_python_and_java(answer, kinds):
    found = {flaw.kind for flaw in Verifier(PYTHON).check(BUY, Reply(REASON + answer))}
    assert found <= set(kinds)
    assert bool(found) == bool(kinds)


def test_without_a_catalogue_only_the_syntax_is_looked_at():
    verifier = Verifier()
    assert verifier.check(TABLE, Reply(WHY + fenced('<ta-table :whatever="1"><any-thing /></ta-table>'))) == []
    flaws = verifier.check(TABLE, Reply(WHY + fenced('<ta-table :columns="a +" />')))
    assert [flaw.kind for flaw in flaws] == ["syntax"]


def test_problems_name_their_place_and_what_was_meant(catalog):
    answer = WHY + fenced(TAG) + "再看：\n\n" + fenced('<div>\n  <ta-tabel :columns="columns" />\n</div>')
    (flaw,) = Verifier(catalog).check(TABLE, Reply(answer))
    assert flaw.message == "code block 2, line 2: <ta-tabel> is not a known component (did you mean 'ta-table'?)"
    assert flaw.message_zh == "第 2 个代码块第 2 行：没有 <ta-tabel> 这个组件，是不是 'ta-table'？"


def test_a_secret_is_not_told(catalog):
    key = "sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2
    flaws = Verifier(catalog).check(TABLE, Reply(WHY + SFC.replace("list: []", f"apiKey: '{key}', list: []")))
    assert [flaw.kind for flaw in flaws] == ["secret"]
    assert not any(key in text for flaw in flaws for text in (flaw.message, flaw.message_zh))


def test_of_an_answer_with_a_secret_nothing_else_is_told(catalog):
    key = "sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2
    for reply in (
        Reply(f"```vue\n<ta-tabel :columns=\"'{key}' +\" />\n```"),
        Reply(f"// TODO: {key}", finish_reason="length"),
        Reply(f"抱歉，我无法回答这个问题。{key}"),
    ):
        assert [flaw.kind for flaw in Verifier(catalog).check(TABLE, reply)] == ["secret"]


@pytest.mark.parametrize("size", [60_000, 600_000])
def test_of_an_answer_that_is_too_long_nothing_else_is_told(catalog, size):
    verifier = Verifier(catalog)
    reply = Reply("列表" * size + "sk-" + "9f3Kd82LmQx71ZbTt0Vw" * 2)
    (flaw,) = verifier.check(TABLE, reply)
    assert flaw.kind == "looping"
    assert "characters long" in flaw.message
    assert verifier.finish(TABLE, reply) == ""


def test_half_a_character_in_code_is_told(catalog):
    verifier = Verifier(catalog)
    reply = Reply(WHY + "```vue\n<ta-table title='\ud83d' />\n```\n")
    (flaw,) = verifier.check(TABLE, reply)
    assert flaw.kind == "look-alikes"
    assert "\ufffd" in verifier.finish(TABLE, reply)


def endless(asked):
    while True:
        pass


def test_an_answer_that_has_no_end_does_not_pass(catalog, monkeypatch):
    verifier = Verifier(catalog, seconds=0.2)
    monkeypatch.setattr(verifier._examine, "function", endless)
    (flaw,) = verifier.check(TABLE, Reply(WHY + SFC))
    assert flaw.kind == "not-checked"
    assert "verify_seconds=" in flaw.message
    assert verifier.finish(TABLE, Reply(WHY + SFC)) == ""


def test_a_thought_loses_what_it_says_of_the_prompt(catalog):
    thought = "用户要的是列表，数据会很多，所以由后端分页。参考资料里列出了 pagination。规则 3 要求给出完整组件。\n页码要在 change 里写回 pagination。"
    verifier = Verifier(catalog, reasoning="think")
    reply = Reply(SFC, reasoning=thought)
    assert verifier.check(TABLE, reply, PROMPT) == []
    made = verifier.finish(TABLE, reply)
    assert made.startswith(
        "<think>\n用户要的是列表，数据会很多，所以由后端分页。\n页码要在 change 里写回 pagination。\n</think>\n\n"
    )
    english = "Rows are many. The API reference lists `pagination`. So the server pages them.\n1. Take `change`."
    assert without_talk(english, "Page a table.") == "Rows are many. So the server pages them.\n1. Take `change`."
    nothing_left = Reply(SFC, reasoning="参考资料里列出了 pagination。系统提示要求用中文。")
    assert [flaw.kind for flaw in verifier.check(TABLE, nothing_left, PROMPT)] == ["no-reasoning"]


def test_the_teachers_own_turns_are_no_prompt_to_copy(catalog):
    answer = WHY + SFC
    turns = [*PROMPT, {"role": "assistant", "content": answer}, {"role": "user", "content": "请改正。"}]
    assert Verifier(catalog).check(TABLE, Reply(answer), turns) == []


def test_the_code_of_the_task_may_come_back(catalog):
    task = asked(f"下面的页面缺少行的键，请修复：\n\n{SFC.replace(' row-key=', ' data-key=')}", "ta-table")
    turns = [{"role": "user", "content": f"任务：\n\n{task.instruction}\n\n请用 ta-table。"}]
    assert Verifier(catalog).check(task, Reply(WHY + SFC), turns) == []


ODD = {
    "surrogates": "\ud800" * 500,
    "NUL": "\0" * 500 + "代码",
    "right to left": "\u202e\u202b" + "שלום" * 100,
    "emoji": "👩‍👩‍👧🇨🇳" * 300,
    "one long line": "a b " * 6_000,
    "one long word": "列" * 24_750,
    "fences": "```\n" * 5_000,
    "think tags": "<think>" * 1_500 + "</think>" * 1_500,
    "ends of thoughts": "a</think>" * 2_250,
    "open tags": "<ta-table " * 2_250,
    "open mustaches": "<p>{{" * 3_750,
    "open brackets": "```js\n" + "([{" * 1_250,
    "quotes": "```vue\n<ta-table a=" + "\"'" * 5_000 + "\n```",
    "numbers": "1. " * 7_500,
    "list": "1. 用表格\n" * 3_000,
    "imports": "```vue\n<script>\n" + "import { " * 2_250 + "\n</script>\n```",
    "source words": "根据提供的" * 4_750,
    "comment marks": "<!-- " * 4_750,
    "a million characters": "a b " * 250_000,
    "chunks": "```js\n" + "a( \n\n" * 59 + "```",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_judged_in_time(catalog, name):
    verifier = Verifier(catalog)
    flaws = verifier.check(TABLE, Reply(ODD[name], reasoning=ODD[name][:1000]), PROMPT)
    assert flaws
    assert "not-checked" not in {flaw.kind for flaw in flaws}
    verifier.finish(TABLE, Reply(ODD[name])).encode("utf-8")


def test_an_answer_is_judged_with_little_work(catalog):
    examine = Examiner(catalog, "inline")
    assert examine((TABLE, Reply(WHY + SFC), PROMPT)).flaws == []
    assert 500 < steps(lambda: examine((TABLE, Reply(WHY + SFC), PROMPT))) < 5_000  # the catalogue is not gone through


@pytest.mark.parametrize("sign", ["\x1b", "\x9b", "\uffff", "\U000e0041"], ids=lambda sign: f"U+{ord(sign):04X}")
def test_a_control_character_in_a_string_of_the_code_is_written_as_an_escape(sign):
    answer = f"Like this:\n\n```js\nconst colour = '{sign}[31m';\n```\n"
    verifier = Verifier(reasoning="none")
    flaws = verifier.check(Scenario("How do I colour a line of the console?", lang="en"), Reply(answer))
    assert [flaw.kind for flaw in flaws] == ["look-alikes"]
    assert f"U+{ord(sign):04X}" in flaws[0].message


@pytest.mark.parametrize("version", ["2.7", "3.4"])
def test_a_mustache_without_its_end_is_an_error(version):
    catalog = Catalog([Component("ta-tag")], framework="ta404", vue_version=version)
    answer = "Like this:\n\n```vue\n<template>\n  <ta-tag>{{ name</ta-tag>\n</template>\n```\n"
    flaws = Verifier(catalog, reasoning="none").check(Scenario("Show a name in a tag.", lang="en"), Reply(answer))
    assert "syntax" in [flaw.kind for flaw in flaws]
    assert catalog.check(answer.split("```")[1].partition("\n")[2]) == [] or version == "3.4"  # Vue 2 takes it for text
