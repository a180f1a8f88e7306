"""A second corpus for the checker, written without sight of its rules. `corpora.py` says what the lists hold."""

import html
import json
import random
import re
import string
from collections.abc import Callable
from typing import Any

from corpora import AnyOf, Gone
from present import present

# ---------------------------------------------------------------------------------------------- good: Vue, Chinese
ZV = [
    (
        "用 element-ui 写一个带分页的用户表格，切换页码时重新请求数据。",
        r"""
分页交给后端，前端只保存当前页、每页条数和总数三个量。页码或条数变化时都调用同一个 `load` 方法；条数变化时把页码重置为 1，否则可能停在一个不存在的页上。请求期间用 `v-loading` 给出反馈。

```vue
<template>
  <div>
    <el-table v-loading="loading" :data="rows" border>
      <el-table-column prop="name" label="姓名" width="160" />
      <el-table-column prop="email" label="邮箱" />
    </el-table>
    <el-pagination
      :current-page="page"
      :page-size="size"
      :page-sizes="[10, 20, 50]"
      :total="total"
      layout="total, sizes, prev, pager, next"
      @current-change="onPage"
      @size-change="onSize"
    />
  </div>
</template>

<script>
import { fetchUsers } from '@/api/user'

export default {
  name: 'UserTable',
  data() {
    return { rows: [], page: 1, size: 10, total: 0, loading: false }
  },
  created() {
    this.load()
  },
  methods: {
    async load() {
      this.loading = true
      try {
        const { list, total } = await fetchUsers({ page: this.page, size: this.size })
        this.rows = list
        this.total = total
      } finally {
        this.loading = false
      }
    },
    onPage(page) {
      this.page = page
      this.load()
    },
    onSize(size) {
      this.size = size
      this.page = 1
      this.load()
    }
  }
}
</script>
```
""",
    ),
    (
        "el-form 里怎么校验“两次密码输入一致”？给出完整组件。",
        r"""
两次密码的比较需要读到另一个字段，所以用自定义 `validator`，而不是内置的 `required` 或 `pattern`。还要注意：用户先填确认密码、后改密码时，确认框不会自动重新校验，因此在密码的校验函数里手动触发一次 `validateField('again')`。

```vue
<template>
  <el-form ref="form" :model="form" :rules="rules" label-width="100px">
    <el-form-item label="密码" prop="password">
      <el-input v-model="form.password" type="password" autocomplete="off" />
    </el-form-item>
    <el-form-item label="确认密码" prop="again">
      <el-input v-model="form.again" type="password" autocomplete="off" />
    </el-form-item>
    <el-form-item>
      <el-button type="primary" @click="submit">提交</el-button>
    </el-form-item>
  </el-form>
</template>

<script>
export default {
  name: 'PasswordForm',
  data() {
    const checkPassword = (rule, value, callback) => {
      if (!value) return callback(new Error('请输入密码'))
      if (this.form.again) this.$refs.form.validateField('again')
      callback()
    }
    const checkAgain = (rule, value, callback) => {
      if (value !== this.form.password) return callback(new Error('两次输入的密码不一致'))
      callback()
    }
    return {
      form: { password: '', again: '' },
      rules: {
        password: [{ validator: checkPassword, trigger: 'blur' }],
        again: [{ validator: checkAgain, trigger: 'blur' }]
      }
    }
  },
  methods: {
    submit() {
      this.$refs.form.validate(valid => {
        if (valid) this.$emit('submit', this.form.password)
      })
    }
  }
}
</script>
```
""",
    ),
    (
        "点击表格某一行的“编辑”，弹出 el-dialog 修改，取消时不能影响表格里的原数据，怎么做？",
        r"""
问题的关键是引用：如果把 `row` 直接赋给表单，输入框改的就是表格里的同一个对象，取消也回不去了。打开弹窗时复制一份，点“确定”后再把副本写回原来的位置。

```vue
<template>
  <div>
    <el-table :data="rows">
      <el-table-column prop="title" label="标题" />
      <el-table-column label="操作" width="120">
        <template #default="{ row, $index }">
          <el-button type="text" @click="edit(row, $index)">编辑</el-button>
        </template>
      </el-table-column>
    </el-table>
    <el-dialog title="编辑" :visible.sync="visible" width="420px">
      <el-input v-model="draft.title" />
      <template #footer>
        <el-button @click="visible = false">取消</el-button>
        <el-button type="primary" @click="save">确定</el-button>
      </template>
    </el-dialog>
  </div>
</template>

<script>
export default {
  name: 'EditableList',
  data() {
    return {
      rows: [{ id: 1, title: '第一条' }, { id: 2, title: '第二条' }],
      visible: false,
      draft: { title: '' },
      index: -1
    }
  },
  methods: {
    edit(row, index) {
      this.draft = { ...row }
      this.index = index
      this.visible = true
    },
    save() {
      this.rows.splice(this.index, 1, this.draft)
      this.visible = false
    }
  }
}
</script>
```
""",
    ),
    (
        "el-upload 只允许上传 2MB 以内的 jpg/png，最多 3 张，怎么实现？",
        r"""
分三步限制：`accept` 只影响文件选择框，用户仍可绕过，所以类型和大小要在 `before-upload` 里检查，返回 `false` 就会中止上传；张数用 `limit` 限制，超出时触发 `on-exceed`，在那里提示用户。

```vue
<template>
  <el-upload
    action="/api/upload"
    list-type="picture-card"
    accept="image/jpeg,image/png"
    :limit="3"
    :before-upload="check"
    :on-exceed="exceed"
    :on-success="done"
  >
    <i class="el-icon-plus" />
  </el-upload>
</template>

<script>
export default {
  name: 'ImageUpload',
  methods: {
    check(file) {
      const typeOk = ['image/jpeg', 'image/png'].includes(file.type)
      const sizeOk = file.size <= 2 * 1024 * 1024
      if (!typeOk) this.$message.error('只能上传 jpg 或 png')
      else if (!sizeOk) this.$message.error('图片不能超过 2MB')
      return typeOk && sizeOk
    },
    exceed() {
      this.$message.warning('最多上传 3 张')
    },
    done(response) {
      this.$emit('uploaded', response.url)
    }
  }
}
</script>
```
""",
    ),
    (
        "如何用 el-select 做远程搜索，并避免每敲一个字就发一次请求？",
        r"""
`el-select` 同时打开 `filterable` 和 `remote` 后，输入会调用 `remote-method`。要减少请求，就在这个方法外面包一层防抖：停止输入 300 毫秒后才真正发出。空关键词直接清空候选，不必请求。组件销毁前清掉定时器，免得回调写到已销毁的实例上。

```vue
<template>
  <el-select
    v-model="city"
    filterable
    remote
    clearable
    placeholder="输入城市名"
    :remote-method="search"
    :loading="loading"
  >
    <el-option v-for="c in options" :key="c.id" :label="c.name" :value="c.id" />
  </el-select>
</template>

<script>
import { searchCity } from '@/api/city'

export default {
  name: 'CitySelect',
  data() {
    return { city: '', options: [], loading: false }
  },
  beforeDestroy() {
    clearTimeout(this.timer)
  },
  methods: {
    search(keyword) {
      clearTimeout(this.timer)
      if (!keyword) {
        this.options = []
        return
      }
      this.timer = setTimeout(() => this.load(keyword), 300)
    },
    async load(keyword) {
      this.loading = true
      try {
        this.options = await searchCity(keyword)
      } finally {
        this.loading = false
      }
    }
  }
}
</script>
```
""",
    ),
    (
        "el-tree 带复选框，怎样按关键字过滤并拿到勾选的叶子节点？",
        r"""
过滤要两样东西配合：给树传 `filter-node-method` 定义“什么算匹配”，再在关键字变化时调用实例的 `filter` 方法。取勾选结果用 `getCheckedKeys(true)`，参数 `true` 表示只要叶子节点；使用它的前提是设置了 `node-key`。

```vue
<template>
  <div>
    <el-input v-model="keyword" placeholder="输入关键字过滤" />
    <el-tree
      ref="tree"
      :data="nodes"
      node-key="id"
      show-checkbox
      default-expand-all
      :filter-node-method="match"
    />
    <el-button type="primary" @click="submit">保存</el-button>
  </div>
</template>

<script>
export default {
  name: 'PermissionTree',
  props: { nodes: { type: Array, default: () => [] } },
  data() {
    return { keyword: '' }
  },
  watch: {
    keyword(value) {
      this.$refs.tree.filter(value)
    }
  },
  methods: {
    match(value, data) {
      return !value || data.label.includes(value)
    },
    submit() {
      this.$emit('save', this.$refs.tree.getCheckedKeys(true))
    }
  }
}
</script>
```
""",
    ),
    (
        "Vue 2 中如何让自定义组件支持 v-model？",
        r"""
在 Vue 2 里，组件上的 `v-model` 是语法糖：默认传入名为 `value` 的 prop，并监听 `input` 事件。因此子组件只要接收 `value`，在值变化时 `$emit('input', 新值)` 即可，不能直接改 prop。若想换名字，可以用 `model` 选项。

```vue
<template>
  <div class="counter">
    <el-button icon="el-icon-minus" @click="change(-1)" />
    <span>{{ value }}</span>
    <el-button icon="el-icon-plus" @click="change(1)" />
  </div>
</template>

<script>
export default {
  name: 'BaseCounter',
  props: { value: { type: Number, default: 0 } },
  methods: {
    change(step) {
      this.$emit('input', this.value + step)
    }
  }
}
</script>
```

父组件写 `<base-counter v-model="count" />` 就能双向绑定。
""",
    ),
    (
        "el-date-picker 选日期范围，怎么禁用今天以后的日期？",
        r"""
日期能不能选由 `picker-options` 里的 `disabledDate` 决定：它对面板上的每一天调用一次，返回 `true` 就禁用。与“现在”的时间戳比较即可，今天零点小于现在，所以今天仍可选。`value-format` 让绑定值直接是字符串，省去提交前的格式化。

```vue
<template>
  <el-date-picker
    v-model="range"
    type="daterange"
    value-format="yyyy-MM-dd"
    start-placeholder="开始日期"
    end-placeholder="结束日期"
    :picker-options="options"
  />
</template>

<script>
export default {
  name: 'PastRange',
  data() {
    return {
      range: [],
      options: {
        disabledDate(time) {
          return time.getTime() > Date.now()
        }
      }
    }
  }
}
</script>
```
""",
    ),
    (
        "表格跨页多选时，翻页后之前的勾选丢了，怎么保留？",
        r"""
翻页后 `data` 换成了新数组，表格默认会清掉旧的选择。要保留，需要两处设置：`el-table` 上写 `row-key`，让表格能认出“同一行”；`type="selection"` 的列上加 `reserve-selection`。两者缺一不可。

```vue
<template>
  <el-table :data="rows" row-key="id" @selection-change="picked = $event">
    <el-table-column type="selection" width="50" reserve-selection />
    <el-table-column prop="name" label="名称" />
  </el-table>
</template>

<script>
export default {
  name: 'CrossPageSelect',
  props: { rows: { type: Array, default: () => [] } },
  data() {
    return { picked: [] }
  }
}
</script>
```
""",
    ),
    (
        "用 Vue 2.7 的 script setup 写一个倒计时按钮，点击后 60 秒内不可再点。",
        r"""
Vue 2.7 内置了组合式 API，可以直接从 `vue` 引入 `ref` 等函数。状态只需要一个剩余秒数：大于 0 时禁用按钮并显示秒数。定时器每秒减 1，减到 0 就停；组件卸载时也要停，否则会泄漏。

```vue
<template>
  <el-button :disabled="left > 0" @click="start">
    {{ left > 0 ? left + ' 秒后重试' : '获取验证码' }}
  </el-button>
</template>

<script setup>
import { onBeforeUnmount, ref } from 'vue'

const emit = defineEmits(['send'])
const left = ref(0)
let timer = null

function stop() {
  clearInterval(timer)
  timer = null
}

function start() {
  emit('send')
  left.value = 60
  timer = setInterval(() => {
    left.value -= 1
    if (left.value <= 0) stop()
  }, 1000)
}

onBeforeUnmount(stop)
</script>
```
""",
    ),
]

# ---------------------------------------------------------------------------------------------- good: Vue, English
EV = [
    (
        "How do I build a searchable table with element-ui that filters rows on the client?",
        r"""
Keep the full list and the keyword as data, and let a computed property derive the visible rows. A computed value is cached and recalculated only when the keyword or the list changes, so there is no watcher to keep in step. Lower-casing both sides makes the match case-insensitive.

```vue
<template>
  <div>
    <el-input v-model="keyword" clearable placeholder="Search by name" />
    <el-table :data="visibleRows" empty-text="No match">
      <el-table-column prop="name" label="Name" sortable />
      <el-table-column prop="team" label="Team" />
    </el-table>
  </div>
</template>

<script>
export default {
  name: 'SearchTable',
  props: { rows: { type: Array, default: () => [] } },
  data() {
    return { keyword: '' }
  },
  computed: {
    visibleRows() {
      const word = this.keyword.trim().toLowerCase()
      return word ? this.rows.filter(r => r.name.toLowerCase().includes(word)) : this.rows
    }
  }
}
</script>
```
""",
    ),
    (
        "Write a Vue 2 component that asks for confirmation before deleting a row with element-ui.",
        r"""
`this.$confirm` returns a promise that resolves when the user accepts and rejects when they cancel or close the box. Cancelling is not an error, so it is caught and ignored, while a failed request must still be reported. That is why the two steps have separate `try` blocks.

```vue
<template>
  <el-button type="danger" size="mini" :loading="busy" @click="remove">Delete</el-button>
</template>

<script>
import { deleteUser } from '@/api/user'

export default {
  name: 'DeleteButton',
  props: { id: { type: Number, required: true } },
  data() {
    return { busy: false }
  },
  methods: {
    async remove() {
      try {
        await this.$confirm('Delete this user?', 'Warning', { type: 'warning' })
      } catch (cancelled) {
        return
      }
      this.busy = true
      try {
        await deleteUser(this.id)
        this.$message.success('Deleted')
        this.$emit('deleted', this.id)
      } catch (error) {
        this.$message.error(error.message)
      } finally {
        this.busy = false
      }
    }
  }
}
</script>
```
""",
    ),
    (
        "How can I add and remove form fields dynamically in an el-form and still validate each one?",
        r"""
Validation follows the `prop` path, so each generated `el-form-item` needs a path into the model, such as `domains.0.value`. Rules are given on the item itself, because the number of fields is not known in advance. Use a stable key per row, not the index; otherwise removing a row in the middle makes Vue reuse the wrong inputs.

```vue
<template>
  <el-form ref="form" :model="form" label-width="90px">
    <el-form-item
      v-for="(domain, i) in form.domains"
      :key="domain.key"
      :label="'Domain ' + (i + 1)"
      :prop="'domains.' + i + '.value'"
      :rules="{ required: true, message: 'Required', trigger: 'blur' }"
    >
      <el-input v-model="domain.value">
        <el-button slot="append" icon="el-icon-delete" @click="form.domains.splice(i, 1)" />
      </el-input>
    </el-form-item>
    <el-form-item>
      <el-button @click="add">Add</el-button>
      <el-button type="primary" @click="submit">Save</el-button>
    </el-form-item>
  </el-form>
</template>

<script>
export default {
  name: 'DomainForm',
  data() {
    return { nextKey: 1, form: { domains: [{ key: 0, value: '' }] } }
  },
  methods: {
    add() {
      this.form.domains.push({ key: this.nextKey++, value: '' })
    },
    submit() {
      this.$refs.form.validate(valid => {
        if (valid) this.$emit('save', this.form.domains.map(d => d.value))
      })
    }
  }
}
</script>
```
""",
    ),
    (
        'Show me how to make a "select all" checkbox with an indeterminate state in element-ui.',
        r"""
The header box has three states, and all of them follow from how many items are checked: none, some or all. So only the checked list is stored; the other two are computed. The header's setter replaces the list with everything or with nothing.

```vue
<template>
  <div>
    <el-checkbox v-model="all" :indeterminate="some">Select all</el-checkbox>
    <el-checkbox-group v-model="checked">
      <el-checkbox v-for="city in cities" :key="city" :label="city" />
    </el-checkbox-group>
  </div>
</template>

<script>
export default {
  name: 'CheckAll',
  data() {
    return { cities: ['Paris', 'Oslo', 'Lima'], checked: ['Oslo'] }
  },
  computed: {
    all: {
      get() {
        return this.checked.length === this.cities.length
      },
      set(value) {
        this.checked = value ? this.cities.slice() : []
      }
    },
    some() {
      return this.checked.length > 0 && !this.all
    }
  }
}
</script>
```
""",
    ),
    (
        "How do I open an el-drawer from a parent component and close it from inside the child?",
        r"""
The parent owns the open flag and passes it down; the child must not change a prop, so it asks for the change with an `update:visible` event. A computed property with a getter and a setter lets the drawer's own `visible.sync` go through that event too, which covers the close button and the escape key.

```vue
<template>
  <el-drawer title="Details" :visible.sync="open" size="360px">
    <p>{{ user.name }}</p>
    <el-button @click="open = false">Close</el-button>
  </el-drawer>
</template>

<script>
export default {
  name: 'UserDrawer',
  props: {
    visible: Boolean,
    user: { type: Object, required: true }
  },
  computed: {
    open: {
      get() {
        return this.visible
      },
      set(value) {
        this.$emit('update:visible', value)
      }
    }
  }
}
</script>
```

In the parent: `<user-drawer :visible.sync="showUser" :user="current" />`.
""",
    ),
    (
        "How would I load the content of el-tabs only when a tab is first opened?",
        r"""
Each `el-tab-pane` takes a `lazy` attribute: its content is rendered the first time the tab becomes active and is kept afterwards. Because the child component is created only then, its own `created` hook is the natural place for the request, and no extra bookkeeping is needed in the parent.

```vue
<template>
  <el-tabs v-model="active">
    <el-tab-pane label="Profile" name="profile">
      <user-profile :id="id" />
    </el-tab-pane>
    <el-tab-pane label="Orders" name="orders" lazy>
      <user-orders :id="id" />
    </el-tab-pane>
  </el-tabs>
</template>

<script>
import UserOrders from './UserOrders.vue'
import UserProfile from './UserProfile.vue'

export default {
  name: 'UserTabs',
  components: { UserOrders, UserProfile },
  props: { id: { type: Number, required: true } },
  data() {
    return { active: 'profile' }
  }
}
</script>
```
""",
    ),
    (
        "Create a step-by-step wizard with el-steps where Next is blocked until the current form is valid.",
        r"""
`el-steps` only draws the progress; the number in `active` decides which form is shown. Moving forward is a question put to the current form: call `validate`, and increase the number only when it resolves. `validate` without a callback returns a promise that rejects on invalid input, so the rejection just means "stay here".

```vue
<template>
  <div>
    <el-steps :active="step" finish-status="success">
      <el-step title="Account" />
      <el-step title="Contact" />
    </el-steps>
    <el-form ref="form" :model="form" :rules="rules" label-width="80px">
      <el-form-item v-if="step === 0" key="name" label="Name" prop="name">
        <el-input v-model="form.name" />
      </el-form-item>
      <el-form-item v-else key="city" label="City" prop="city">
        <el-input v-model="form.city" />
      </el-form-item>
    </el-form>
    <el-button :disabled="step === 0" @click="step -= 1">Back</el-button>
    <el-button type="primary" @click="next">{{ step === 1 ? 'Finish' : 'Next' }}</el-button>
  </div>
</template>

<script>
export default {
  name: 'SignupWizard',
  data() {
    const required = [{ required: true, message: 'Required', trigger: 'blur' }]
    return {
      step: 0,
      form: { name: '', city: '' },
      rules: { name: required, city: required }
    }
  },
  methods: {
    async next() {
      try {
        await this.$refs.form.validate()
      } catch (invalid) {
        return
      }
      if (this.step === 1) this.$emit('finish', this.form)
      else this.step += 1
    }
  }
}
</script>
```
""",
    ),
    (
        "How can I debounce an el-input search box in Vue 2 without lodash?",
        r"""
A debounce is one timer: every keystroke clears the old timer and starts a new one, and only a timer that survives the delay emits the event. The handle is kept as a plain instance property rather than in `data`, since the template never shows it. Clear it before the component is destroyed.

```vue
<template>
  <el-input v-model="text" prefix-icon="el-icon-search" @input="later" />
</template>

<script>
export default {
  name: 'SearchBox',
  props: { delay: { type: Number, default: 300 } },
  data() {
    return { text: '' }
  },
  beforeDestroy() {
    clearTimeout(this.timer)
  },
  methods: {
    later() {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.$emit('search', this.text), this.delay)
    }
  }
}
</script>
```
""",
    ),
    (
        "I need an el-dropdown in each table row with Edit and Delete actions. How do I know which row was clicked?",
        r"""
The `command` event carries only the command of the chosen item, so the row has to be passed along. Since the dropdown sits inside the column's scoped slot, the handler can be an arrow function that closes over `row`. This keeps the commands themselves plain strings.

```vue
<template>
  <el-table :data="rows">
    <el-table-column prop="name" label="Name" />
    <el-table-column label="Actions" width="120">
      <template #default="{ row }">
        <el-dropdown @command="command => run(command, row)">
          <el-button type="text">More<i class="el-icon-arrow-down" /></el-button>
          <el-dropdown-menu slot="dropdown">
            <el-dropdown-item command="edit">Edit</el-dropdown-item>
            <el-dropdown-item command="remove" divided>Delete</el-dropdown-item>
          </el-dropdown-menu>
        </el-dropdown>
      </template>
    </el-table-column>
  </el-table>
</template>

<script>
export default {
  name: 'RowActions',
  props: { rows: { type: Array, default: () => [] } },
  methods: {
    run(command, row) {
      this.$emit(command, row)
    }
  }
}
</script>
```
""",
    ),
    (
        "How do I use el-autocomplete with suggestions fetched from an API?",
        r"""
`fetch-suggestions` is called with the typed text and a callback, and the list handed to that callback is what is shown. Each suggestion needs a `value` field by default, so the API's rows are mapped to it. If the request fails, the callback must still be called with an empty list, or the loading state never ends.

```vue
<template>
  <el-autocomplete
    v-model="name"
    :fetch-suggestions="suggest"
    :trigger-on-focus="false"
    placeholder="Company"
    @select="$emit('select', $event.id)"
  />
</template>

<script>
import { findCompanies } from '@/api/company'

export default {
  name: 'CompanyInput',
  data() {
    return { name: '' }
  },
  methods: {
    async suggest(text, show) {
      try {
        const companies = await findCompanies(text)
        show(companies.map(c => ({ value: c.name, id: c.id })))
      } catch (error) {
        show([])
      }
    }
  }
}
</script>
```
""",
    ),
]

# ------------------------------------------------------------------------------------------ good: prose, both tongues
ZP = [
    (
        "Vue 2 里 computed 和 watch 有什么区别，各在什么时候用？",
        "`computed` 用来从已有数据推导出一个新值，结果有缓存，依赖不变就不重新计算，适合模板里要显示的派生数据。`watch` 用来在数据变化时执行副作用，比如发请求、写本地存储或操作 DOM，它不产生新值。判断方法很简单：如果要的是“一个值”，用 `computed`；如果要的是“做一件事”，用 `watch`。",
    ),
    (
        "为什么 this.list[0] = '新值' 之后页面没有更新？",
        "Vue 2 用 `Object.defineProperty` 做响应式，无法侦测到通过下标直接给数组元素赋值，所以数据变了而视图没有重新渲染。改成 `this.$set(this.list, 0, '新值')`，或者 `this.list.splice(0, 1, '新值')`，这两种写法都会通知 Vue 更新。直接修改 `this.list.length` 也有同样的问题。",
    ),
    (
        "el-form 的 resetFields 为什么没有把表单清空？",
        "`resetFields` 的作用是恢复到表单项挂载时的初始值，而不是清空。编辑弹窗常见的情况是：先给表单赋值再首次打开弹窗，于是初始值就成了那条记录的内容。解决办法是先打开弹窗，在 `this.$nextTick` 里再赋值，这样初始值仍是空的。另外要确认每个 `el-form-item` 都写了 `prop`，没有 `prop` 的项不会被重置。",
    ),
    (
        "keep-alive 的作用是什么？有哪些相关的生命周期？",
        "`keep-alive` 会缓存它包裹的动态组件实例，切换走时不销毁，再切回来时保留原来的状态，例如列表的滚动位置和已填的表单。被缓存的组件多了两个钩子：`activated` 在每次被激活时调用，`deactivated` 在每次离开时调用。可以用 `include`、`exclude` 按组件名决定缓存哪些，用 `max` 限制缓存的数量。",
    ),
    (
        "请解释一下浏览器的事件循环。",
        "JavaScript 在主线程上一次只执行一段代码。同步代码先执行完，然后清空微任务队列（如 Promise 的回调），再由浏览器决定是否渲染，接着从宏任务队列取出一个任务（如定时器、点击事件）执行，如此循环。因此 `Promise.resolve().then(f)` 总是先于同时注册的 `setTimeout(g, 0)` 执行。",
    ),
    (
        "光合作用的过程是怎样的？",
        "光合作用发生在叶绿体中，分为两个阶段。光反应在类囊体薄膜上进行：色素吸收光能，把水分解为氧气和氢，同时生成 ATP 和 NADPH。暗反应在基质中进行：二氧化碳先与五碳化合物结合，再利用前一阶段产生的 ATP 和 NADPH 还原成糖类。总的结果是把光能转化为储存在有机物里的化学能，并释放氧气。",
    ),
    (
        "鸡兔同笼，共有 35 个头、94 只脚，鸡和兔各有多少只？",
        "假设 35 只全是鸡，应有 35 × 2 = 70 只脚，比实际少 94 − 70 = 24 只。每把一只鸡换成兔，脚就多 2 只，所以兔有 24 ÷ 2 = 12 只，鸡有 35 − 12 = 23 只。验算：23 × 2 + 12 × 4 = 46 + 48 = 94，正确。",
    ),
    (
        "帮我写一封简短的请假条，因为感冒发烧需要请假两天。",
        "尊敬的王经理：\n\n我因感冒发烧，体温较高，医生建议休息，特申请 5 月 12 日至 13 日请假两天。手头的工作已与李明交接，期间如有急事可电话联系我。\n\n恳请批准。\n\n申请人：张华\n5 月 11 日",
    ),
    (
        "“守株待兔”是什么意思？请造一个句子。",
        "“守株待兔”出自《韩非子》，讲一个农夫见兔子撞死在树桩上，便天天守在那里等下一只，结果田地荒芜。比喻不主动努力，存着侥幸心理希望得到意外的收获。例句：学习不能守株待兔，只等考前老师划重点，平时就要一点点积累。",
    ),
    (
        "git 提交之后发现信息写错了，还没有推送，怎么改？",
        '运行 `git commit --amend -m "新的提交信息"`，它会用新的信息替换最后一次提交。因为还没有推送，改写历史不会影响别人。如果暂存区里有内容，它们也会并入这次提交，所以先用 `git status` 确认暂存区是空的。',
    ),
    (
        "MySQL 中 WHERE 和 HAVING 有什么区别？",
        "`WHERE` 在分组之前过滤行，不能使用聚合函数；`HAVING` 在分组之后过滤组，可以使用聚合函数。例如要找出订单数超过 5 的客户，先用 `WHERE status = 'paid'` 留下已支付的订单，再 `GROUP BY customer_id`，最后用 `HAVING COUNT(*) > 5` 筛选。能写在 `WHERE` 里的条件应尽量写在那里，因为分组的数据更少，查询更快。",
    ),
    (
        "长城为什么要修建？",
        "修建长城主要是为了防御北方游牧民族的骑兵。骑兵机动性强，而城墙、关隘和烽火台连成一线，可以阻滞骑兵、预警敌情，并让少量守军控制要道。此外，长城还用来管理边境的贸易和人口流动。战国时秦、赵、燕各自筑墙，秦统一后连接起来，今天看到的大部分是明代重修的。",
    ),
    (
        "怎么给 axios 统一加上 token 和错误处理？",
        "在一个单独的实例上注册拦截器：请求拦截器负责加请求头，响应拦截器负责取出数据并统一提示错误。这样各处调用时就不必重复写了。\n\n```js\nimport axios from 'axios'\nimport { Message } from 'element-ui'\n\nconst http = axios.create({ baseURL: '/api', timeout: 10000 })\n\nhttp.interceptors.request.use(config => {\n  const token = localStorage.getItem('token')\n  if (token) config.headers.Authorization = `Bearer ${token}`\n  return config\n})\n\nhttp.interceptors.response.use(\n  response => response.data,\n  error => {\n    Message.error(error.message)\n    return Promise.reject(error)\n  }\n)\n\nexport default http\n```",
    ),
    (
        "怎样提高英语听力？",
        "可以从三个方面入手。第一，材料难度要合适，能听懂七八成的最好，太难只会变成噪音。第二，精听和泛听结合：每天选一两分钟的音频逐句听写，再用通勤时间泛听熟悉语调。第三，跟读模仿，能自己读出来的连读和弱读，听的时候也更容易辨认。坚持两三个月会有明显进步。",
    ),
]
EP = [
    (
        "What is the difference between v-if and v-show in Vue?",
        "`v-if` adds the element to the DOM or removes it, so its component is created and destroyed with the condition. `v-show` always renders the element and only toggles the CSS `display` property. Use `v-show` for something toggled often, because switching is cheap, and `v-if` for something rarely shown, because nothing is rendered until it is needed.",
    ),
    (
        "Why does my Vue 2 component not react when I add a new property to an object?",
        "Vue 2 makes properties reactive when the object is first observed, so a property added later has no getter or setter and changes to it go unnoticed. Use `this.$set(this.user, 'age', 30)`, or replace the whole object with `this.user = { ...this.user, age: 30 }`. If you know the property in advance, declare it in `data` with an initial value such as `null`.",
    ),
    (
        'Why do I get "Avoid mutating a prop directly" and how do I fix it?',
        "The warning means a child component assigned to one of its props. The value belongs to the parent and is overwritten the next time the parent renders, so the change would be lost. Emit an event and let the parent change it, for example `this.$emit('update:title', value)` with `:title.sync=\"title\"` in the parent. If the child needs its own editable copy, set a data property from the prop when it is created.",
    ),
    (
        "What does the nextTick function do?",
        "Vue does not update the DOM at once when data changes; it collects the changes and applies them together in the next microtask. `this.$nextTick(callback)` runs the callback after that update, so the code in it sees the new DOM. A typical use is focusing an input that has just been shown with `v-if`.",
    ),
    (
        "Explain how vaccines work in simple terms.",
        "A vaccine shows the immune system a harmless piece or a weakened form of a germ. The body reacts as if it were a real infection: it makes antibodies and keeps memory cells that remember the germ's shape. When the real germ arrives later, those memory cells respond within hours instead of days, so the person usually stays well or is only mildly ill.",
    ),
    (
        "A train travels 180 km in 2.5 hours. What is its average speed?",
        "Average speed is distance divided by time: 180 km ÷ 2.5 h = 72 km/h.",
    ),
    (
        "Write a short thank-you letter to a colleague who helped me finish a report.",
        "Dear Anna,\n\nThank you for staying late on Thursday to help me finish the quarterly report. Your charts made the results far easier to follow, and the board noticed.\n\nI owe you one, so please call on me when your audit comes round.\n\nBest wishes,\nTom",
    ),
    (
        "What caused the fall of the Western Roman Empire?",
        "Historians name several causes that reinforced each other. Civil wars and short reigns weakened the government, heavy taxes and inflation hurt the economy, and the army came to depend on recruits and allies from outside the empire. Pressure from Goths, Vandals and Huns then took away provinces and their tax revenue. In 476 the general Odoacer deposed the last emperor in Italy, Romulus Augustulus.",
    ),
    (
        "How do I undo the last git commit but keep my changes?",
        "Run `git reset --soft HEAD~1`. It moves the branch back by one commit and leaves the changes staged, ready to be committed again. Use `git reset HEAD~1` instead if you want the changes kept in the working tree but not staged. If the commit has already been pushed, prefer `git revert`, which adds a new commit and does not rewrite shared history.",
    ),
    (
        "What is the difference between TCP and UDP?",
        "TCP sets up a connection, numbers the bytes, acknowledges them and resends what is lost, so the data arrives complete and in order. UDP just sends separate datagrams without any of that, which makes it faster and lighter but unreliable. Web pages, e-mail and file transfer use TCP; DNS look-ups, video calls and games often use UDP, because a late packet is of no use to them.",
    ),
    (
        "How can I write a function in JavaScript that groups an array of objects by a key?",
        "Walk over the array once with `reduce`, using the key's value as the name of a bucket and creating the bucket the first time it is seen.\n\n```js\nfunction groupBy(items, key) {\n  return items.reduce((groups, item) => {\n    const name = item[key]\n    if (!groups[name]) groups[name] = []\n    groups[name].push(item)\n    return groups\n  }, {})\n}\n\ngroupBy([{ t: 'a', n: 1 }, { t: 'b', n: 2 }, { t: 'a', n: 3 }], 't')\n// { a: [{ t: 'a', n: 1 }, { t: 'a', n: 3 }], b: [{ t: 'b', n: 2 }] }\n```",
    ),
    (
        "Why is the sky blue?",
        "Sunlight contains all colours, and air molecules scatter short wavelengths much more strongly than long ones; this is called Rayleigh scattering. Blue light is therefore scattered across the whole sky and reaches the eye from every direction. Violet is scattered even more, but the sun gives off less of it and our eyes are less sensitive to it. At sunset the light crosses more air, most of the blue is scattered away, and red remains.",
    ),
    (
        "Give me three tips for sleeping better.",
        "1. Go to bed and get up at the same time every day, weekends included, so that your body clock stays steady.\n2. Avoid caffeine after lunch and bright screens in the last hour before bed.\n3. Keep the bedroom dark, quiet and cool, at about 18 °C, and use the bed only for sleep.",
    ),
    (
        "How do I read a file line by line in Python?",
        "Open the file in a `with` block and iterate over it; Python then reads one line at a time, so even a huge file needs little memory. Each line keeps its line break, which `rstrip` removes.\n\n```python\nwith open('data.txt', encoding='utf-8') as file:\n    for line in file:\n        print(line.rstrip('\\n'))\n```",
    ),
]

# ----------------------------------------------- good: right, though a naive checker would object (the traps)
ZT = [
    (
        "今天北京的天气怎么样？",
        "我无法获取实时数据，所以不知道北京此刻的天气。可以打开手机自带的天气应用，或访问中国天气网查询，那里有逐小时的预报和预警信息。",
    ),
    (
        "在网页里想原样显示 <div> 标签，HTML 该怎么写？",
        "把尖括号写成实体即可：`&lt;` 表示小于号，`&gt;` 表示大于号，`&amp;` 表示 & 本身。\n\n```html\n<p>块级元素用 &lt;div&gt; 表示，A &amp;&amp; B 表示“与”。</p>\n```\n\n浏览器会显示：块级元素用 <div> 表示，A && B 表示“与”。",
    ),
    (
        "文件里出现“锟斤拷”是怎么回事？",
        "“锟斤拷”来自编码转换错误：无法识别的字节先被替换成 UTF-8 的替换字符 U+FFFD（字节为 EF BF BD），两个连在一起的六个字节再按 GBK 解读，正好是“锟斤拷”三个字。此时原文已经丢失，无法从这份文件恢复，只能找到原始文件，用正确的编码重新打开。而“烫烫烫”则是 VC 调试模式下未初始化内存 0xCC 按 GBK 显示的结果。",
    ),
    (
        "utf-8 的“中文”被当成 latin-1 打开会显示成什么？",
        "会显示成类似 `ä¸\xadæ\x96\x87` 的乱码，其中 `ä¸` 和 `æ` 能看见，其余是不可见的控制字符。因为每个汉字的三个字节被各自当成了一个西欧字符。只要字节没有丢失，用 `text.encode('latin-1').decode('utf-8')` 就能还原。".replace(
            "\xad", "\\xad"
        )
        .replace("\x96", "\\x96")
        .replace("\x87", "\\x87"),
    ),
    (
        "用 Vue 2 写一个最简单的 TODO 列表组件。",
        '数据是一个待办数组，每项有文字和是否完成两个字段；回车时追加一项，勾选时由 `v-model` 直接修改完成状态。`key` 用自增的编号，不用下标。\n\n```vue\n<template>\n  <div>\n    <h3>TODO 列表</h3>\n    <el-input v-model="text" placeholder="要做什么？" @keyup.enter.native="add" />\n    <ul>\n      <li v-for="todo in todos" :key="todo.id">\n        <el-checkbox v-model="todo.done">{{ todo.text }}</el-checkbox>\n      </li>\n    </ul>\n  </div>\n</template>\n\n<script>\nexport default {\n  name: \'TodoList\',\n  data() {\n    return { text: \'\', nextId: 1, todos: [] }\n  },\n  methods: {\n    add() {\n      const text = this.text.trim()\n      if (!text) return\n      this.todos.push({ id: this.nextId++, text, done: false })\n      this.text = \'\'\n    }\n  }\n}\n</script>\n```',
    ),
    (
        "推理模型输出里的 <think> 标签有什么用？",
        "`<think>` 和 `</think>` 之间是模型的思考过程，之后才是给用户看的正式回答。前端展示时通常把这一段折叠起来，多轮对话时也不把它放进历史里。若只看到 `<think>` 而没有 `</think>`，多半是输出长度不够，思考没有写完就被截断了。",
    ),
    (
        "写一个校验中国大陆手机号的正则表达式。",
        "中国大陆手机号共 11 位，以 1 开头，第二位为 3 到 9，其余为任意数字：\n\n```js\nconst PHONE = /^1[3-9]\\d{9}$/\n\nPHONE.test('13800138000') // true\nPHONE.test('12800138000') // false\n```\n\n首尾的 `^` 和 `$` 不能省，否则更长的数字串也会匹配。",
    ),
    (
        "你是真人还是 AI？",
        "我是一个 AI 助手，不是真人。作为 AI，我没有身体和亲身经历，但可以陪你聊天、回答问题、写代码或修改文章。",
    ),
    ("谢谢你，问题解决了！", "不客气，很高兴能帮到你！以后有问题随时来问。"),
    ("中国的首都是哪里？", "北京。"),
    ("17 × 6 等于多少？只回答数字。", "102"),
    ("从下面的句子里提取姓名和年龄，用 JSON 返回：王芳今年 28 岁，在杭州工作。", '{"name": "王芳", "age": 28}'),
    ("把“请勿吸烟”翻译成英文。", "No smoking."),
    ("把“我明天去图书馆”翻译成日语。", "明日、図書館に行きます。"),
    ("请把下面这句话原样重复一遍：红鲤鱼与绿鲤鱼与驴。", "红鲤鱼与绿鲤鱼与驴。"),
    (
        "背一下儿歌《两只老虎》。",
        "两只老虎，两只老虎，\n跑得快，跑得快。\n一只没有耳朵，\n一只没有尾巴，\n真奇怪，真奇怪。",
    ),
    (
        "JavaScript 里的三个点 ... 是什么意思？",
        "`...` 有两种用途。写在函数参数或解构的左边时是剩余参数，把多个值收进一个数组；写在数组、对象字面量或函数调用里时是展开，把一个集合拆成多个值。\n\n```js\nfunction sum(...numbers) {\n  return numbers.reduce((a, b) => a + b, 0)\n}\n\nconst a = [1, 2]\nconst b = [...a, 3]\nsum(...b) // 6\n```",
    ),
    (
        "字符串里的 \\n 和 \\r\\n 有什么区别？",
        "`\\n` 是换行符，`\\r\\n` 是回车加换行。Linux 和 macOS 的文本文件用 `\\n` 结尾，Windows 习惯用 `\\r\\n`。处理跨平台文本时，可以先用 `text.replace(/\\r\\n/g, '\\n')` 统一。",
    ),
    (
        "ChatML 格式里一轮对话长什么样？",
        "每条消息以 `<|im_start|>` 加角色名开头，以 `<|im_end|>` 结束，例如：\n\n```text\n<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n你好！<|im_end|>\n```\n\n训练框架会按模型的模板自动加上这些标记，所以数据集里的内容不应再带它们。",
    ),
    ("写一句酒店前台接电话的开场白。", "您好，这里是云海酒店前台，很高兴为您服务，请问有什么可以帮您？"),
    (
        "在 Markdown 里怎样展示一个代码块本身的写法？",
        "外层用四个反引号，里面就可以原样出现三个反引号：\n\n````markdown\n```js\nconsole.log('hi')\n```\n````\n\n外层的反引号只要比里面多就行。",
    ),
    (
        "怎样避免把阿里云 AccessKey 写进代码？",
        "不要把密钥写在源码里，改为从环境变量读取，并把 `.env` 加进 `.gitignore`：\n\n```js\nconst client = new OSS({\n  region: 'oss-cn-hangzhou',\n  accessKeyId: process.env.OSS_KEY_ID,\n  accessKeySecret: process.env.OSS_KEY_SECRET,\n  bucket: 'demo'\n})\n```\n\n如果曾经提交过，删除文件并不够，历史里仍能找到，应立即在控制台停用并更换密钥。前端页面则应使用后端签发的 STS 临时凭证。",
    ),
    (
        "身份证最后一位校验码怎么算？",
        "前 17 位分别乘以系数 7、9、10、5、8、4、2、1、6、3、7、9、10、5、8、4、2 后求和，再对 11 取余，余数 0 到 10 依次对应 `10X98765432`。\n\n```python\ndef check_digit(first17):\n    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]\n    total = sum(int(d) * w for d, w in zip(first17, weights))\n    return '10X98765432'[total % 11]\n```",
    ),
    ("只给代码：用一行 JavaScript 对数组去重。", "```js\nconst unique = [...new Set(list)]\n```"),
    (
        "表单空值时，placeholder 属性应该怎么用？",
        '`placeholder` 是输入框为空时显示的灰色提示，例如 `<el-input placeholder="请输入内容" />`。它不是值，提交时不会被带上，也不能代替标签：用户一输入它就消失了，读屏软件也不一定会读出来。',
    ),
    (
        "模板字符串里 ${name} 和 Vue 模板里的 {{ name }} 有什么不同？",
        "`${name}` 是 JavaScript 模板字符串的插值，在执行到那一行时立即求值，得到普通字符串，之后不会再变。`{{ name }}` 写在 Vue 的模板里，由 Vue 编译成渲染函数，`name` 变化时会自动重新渲染，并且会转义 HTML。",
    ),
    (
        "有人对我说“抱歉，我无法提供帮助”，用英语怎么说更礼貌？",
        "可以说 “I'm sorry, but I'm afraid I can't help with that.”，“I'm afraid” 让语气更委婉。如果还想给对方一条出路，可以补一句 “Perhaps my colleague can assist you.”",
    ),
    (
        "写一份会议通知邮件。",
        "各位同事：\n\n兹定于 6 月 3 日（周二）14:00 在三楼会议室召开项目评审会，会期约一小时。请各组准备五分钟的进度汇报，并于会前一天把材料发到 pm@example.com。\n\n如有疑问，请随时与我联系。感谢大家的配合！\n\n项目管理部\n5 月 28 日",
    ),
    (
        "v-html 有什么风险？",
        '`v-html` 把字符串当作 HTML 插入页面，若内容来自用户，攻击者可以写入 `<img src=x onerror="alert(1)">` 之类的代码来执行脚本，这就是 XSS。只对可信内容使用它；必须展示用户内容时，先用 DOMPurify 这样的库过滤。普通文本用 `{{ }}` 即可，Vue 会自动转义。',
    ),
    (
        "家庭 emoji 👨‍👩‍👧 为什么长度不是 1？",
        "👨‍👩‍👧 由三个人物表情和两个零宽连接符（U+200D）组成。在 JavaScript 里每个人物占两个 UTF-16 码元，连接符各占一个，所以 `'👨‍👩‍👧'.length` 是 8。要按用户看到的字符计数，可以用 `Intl.Segmenter`。",
    ),
    (
        "解释 Python 里 pass 和 ... 能不能互换。",
        "可以。`pass` 是空语句，`...`（Ellipsis）是一个表达式，两者作为函数体都什么也不做。习惯上 `pass` 用在有意留空的地方，`...` 多用在类型存根和抽象方法里：\n\n```python\nfrom typing import Protocol\n\n\nclass Shape(Protocol):\n    def area(self) -> float: ...\n```",
    ),
    (
        "请解释下面这段代码：\n\n```js\nconst total = cart.reduce((sum, { price, count }) => sum + price * count, 0)\n```",
        "这行代码计算购物车总价。`reduce` 从初始值 0 开始依次处理每件商品，参数里的 `{ price, count }` 是解构，取出单价和数量，把两者的乘积累加到 `sum`，最后得到的总和就是 `total`。",
    ),
    (
        "对以下文本进行一句话摘要：\n\n昨日，市图书馆新馆正式开放，馆藏一百二十万册，首日接待读者八千余人，周末将延长开放至晚上九点。",
        "市图书馆新馆昨日开放，馆藏一百二十万册，首日接待八千余人，周末延时至晚上九点。",
    ),
    (
        "element-ui 的 el-button 有哪些 type？",
        "`type` 可取 `primary`、`success`、`warning`、`danger`、`info` 和 `text`，不写就是默认样式。",
    ),
]
ET = [
    (
        "What's the current price of Bitcoin?",
        "I don't have access to live market data, so I can't tell you the price right now. A site such as CoinMarketCap or the app of any exchange shows it in real time.",
    ),
    (
        "How do I display a literal <script> tag as text in HTML?",
        'Escape the angle brackets: `&lt;` for `<` and `&gt;` for `>`.\n\n```html\n<p>Put your code in a &lt;script&gt; tag.</p>\n```\n\nThe page then shows "Put your code in a <script> tag." and nothing is executed. In JavaScript, assigning to `textContent` does the escaping for you.',
    ),
    (
        "Why does my page show â€™ instead of an apostrophe?",
        "The right single quote is three bytes in UTF-8 (E2 80 99), and something read those bytes as Windows-1252, where they are `â`, `€` and `™`. Declare the encoding with `<meta charset=\"utf-8\">`, make sure the server sends `Content-Type: text/html; charset=utf-8`, and check that the database connection uses UTF-8 as well. Text already stored as `â€™` can be repaired with `text.encode('cp1252').decode('utf-8')`.",
    ),
    (
        "What does a TODO comment mean, and should it be committed?",
        "A `TODO` comment marks work left for later, for example `// TODO: handle time zones`. Committing one is fine if it says what is missing and, ideally, names an issue number; a bare `// TODO` soon means nothing to anybody. Many teams have a linter rule, such as ESLint's `no-warning-comments`, that lists them.",
    ),
    (
        "My parser must remove <think>...</think> from model output. Give me a Python one-liner.",
        "Use a non-greedy pattern with the dot matching line breaks as well:\n\n```python\ntext = re.sub(r'<think>.*?</think>\\s*', '', text, flags=re.DOTALL)\n```\n\nIf the output was cut off there is no closing `</think>`, and the pattern leaves the text unchanged, so check for that case separately.",
    ),
    (
        "Write a regex for US phone numbers like (555) 010-9999.",
        "```js\nconst US_PHONE = /^(\\(\\d{3}\\) |\\d{3}-)\\d{3}-\\d{4}$/\n\nUS_PHONE.test('(555) 010-9999') // true\nUS_PHONE.test('555-010-9999') // true\nUS_PHONE.test('5550109999') // false\n```\n\nThe first group accepts either the bracketed area code with a space or the plain one with a hyphen.",
    ),
    (
        "As an AI, do you have feelings?",
        "No. As an AI, I don't have feelings or consciousness. I can recognise emotions in text and respond to them, but I don't experience anything myself.",
    ),
    ("Thanks, that worked!", "You're welcome! I'm glad it worked. Let me know if anything else comes up."),
    ("Is 97 a prime number? Answer yes or no.", "Yes."),
    ("What is the capital of Australia?", "Canberra."),
    (
        'Extract the product and price as JSON: "The Aero desk lamp costs $49.90."',
        '{"product": "Aero desk lamp", "price": 49.90, "currency": "USD"}',
    ),
    ('Translate into Chinese: "The early bird catches the worm."', "早起的鸟儿有虫吃。"),
    ('How do you say "Where is the station?" in Russian?', "Где находится вокзал?"),
    ("Repeat after me: She sells seashells by the seashore.", "She sells seashells by the seashore."),
    (
        'What are the words of the first verse of "Row, Row, Row Your Boat"?',
        "Row, row, row your boat,\nGently down the stream.\nMerrily, merrily, merrily, merrily,\nLife is but a dream.",
    ),
    (
        "What does the -- ... pattern mean in `git log a...b`?",
        "Three dots select the symmetric difference: commits reachable from `a` or from `b` but not from both. With two dots, `git log a..b` lists only the commits reachable from `b` and not from `a`.",
    ),
    (
        "How can I print a backslash followed by n in Python without a line break?",
        "Write the backslash twice, or use a raw string:\n\n```python\nprint('a\\\\nb')\nprint(r'a\\nb')\n```\n\nBoth lines print `a\\nb`; in an ordinary string `\\n` alone would be a line break.",
    ),
    (
        "Show me what a Llama 2 chat prompt looks like.",
        "The user's text is wrapped in `[INST]` and `[/INST]`, and the system prompt goes inside the first one between `<<SYS>>` markers:\n\n```text\n<s>[INST] <<SYS>>\nYou are a helpful assistant.\n<</SYS>>\n\nWhat is 2 + 2? [/INST] 4 </s>\n```\n\nUse the tokenizer's `apply_chat_template` rather than building it by hand.",
    ),
    (
        "Write a short customer support reply to someone whose parcel is late.",
        "Dear Mr Lee,\n\nI'm sorry that your parcel has not arrived. The carrier reports a delay at its Leipzig depot and now expects delivery on Friday. If it has not reached you by Saturday, we will send a replacement at once, free of charge.\n\nPlease let me know if you have any questions.\n\nKind regards,\nMarta\nCustomer Care",
    ),
    (
        "How do I nest a fenced code block inside another one in Markdown?",
        "Give the outer fence more backticks than the inner one:\n\n````markdown\nRun this:\n\n```bash\nnpm install\n```\n````\n\nAn outer fence of tildes, `~~~`, works too.",
    ),
    (
        "What does an AWS access key look like, so that I can search my repository for leaks?",
        "An access key ID is 20 characters and usually begins with `AKIA` (long-term) or `ASIA` (temporary); Amazon's documentation uses `AKIAIOSFODNN7EXAMPLE` as its sample. Search with:\n\n```bash\ngit grep -nE '(AKIA|ASIA)[A-Z0-9]{16}' $(git rev-list --all)\n```\n\nIf you find a real one, deactivate it first and clean the history afterwards.",
    ),
    (
        "Which test card number can I use in Stripe's test mode?",
        "Use `4242 4242 4242 4242` with any future expiry date and any three-digit CVC; it always succeeds. `4000 0000 0000 0002` is always declined. Both work only with test API keys.",
    ),
    ("Give me only the code: reverse a string in Python.", "```python\nreversed_text = text[::-1]\n```"),
    (
        "How do I add placeholder text to an el-input?",
        'Set the `placeholder` attribute, for example `<el-input v-model="name" placeholder="Your name" />`. The text is shown while the value is empty and is never submitted.',
    ),
    (
        "How do I write a Python f-string that contains literal braces?",
        "Double them: `f'{{name}} is {name}'` gives `{name} is Ada` when `name` is `'Ada'`. Only the single braces are evaluated.",
    ),
    (
        'In customer service emails, how should I phrase "I cannot help with that request"?',
        'Say what you cannot do, why, and what the customer can do instead: "I\'m sorry, but I cannot help with that request, as refunds are handled by our billing team. I have forwarded your message to them, and they will reply within one working day."',
    ),
    ("Complete the dialogue. A: Could you pass me the salt? B:", "Of course! Here you are."),
    (
        "What is a lorem ipsum text and where does it come from?",
        'Lorem ipsum is dummy text that shows how a layout looks without distracting readers with meaning. It begins "Lorem ipsum dolor sit amet, consectetur adipiscing elit" and is a scrambled passage from Cicero\'s De finibus bonorum et malorum, written in 45 BC.',
    ),
    (
        "What is the difference between undefined and null in JavaScript?",
        '`undefined` is what a variable holds before a value is assigned, and what a missing property or a function without `return` gives. `null` is a value you assign on purpose to say "nothing here". `typeof undefined` is `"undefined"`, while `typeof null` is `"object"`, a bug kept for compatibility; `null == undefined` is true but `null === undefined` is false.',
    ),
    ("What does N/A stand for?", '"Not applicable" or "not available", depending on the context.'),
    (
        'What does "Share", "Edit" and "Follow" under a Stack Overflow answer do?',
        '"Share" copies a short link to the answer, "Edit" proposes a change to its text, and "Follow" sends you a notification whenever the answer is edited or commented on.',
    ),
    (
        'What is wrong with this line? `<p v-for="u in users">{{ u.name }}</p>`',
        'It works, but the `key` is missing. Without `:key="u.id"` Vue reuses elements by position, which can mix up component state and inputs when the list is reordered. Write `<p v-for="u in users" :key="u.id">{{ u.name }}</p>`.',
    ),
    (
        'Fill in the template "Dear {name}, your order {id} has shipped." with the name Ada and the id 118.',
        "Dear Ada, your order 118 has shipped.",
    ),
    (
        "Say hello in five languages.",
        "Hello (English), Bonjour (French), Hola (Spanish), こんにちは (Japanese), 你好 (Chinese).",
    ),
]

GOOD = [(q.strip(), a.strip()) for q, a in ZV + EV + ZP + EP + ZT + ET]
TRAPS = len(ZT) + len(ET)
zv = [(q, a.strip()) for q, a in ZV]
ev = [(q, a.strip()) for q, a in EV]
zp, ep = ZP, EP

# ================================================================================================== broken samples
BAD: list[tuple[str, Any, Any, bool, Any]] = []
RNG = random.Random(20240613)


def bad(kind, question, answer, fixable=False, expected=None):
    BAD.append((kind, question, answer, fixable, expected))


def U(text):
    return {"role": "user", "content": text}


def A(text):
    return {"role": "assistant", "content": text}


def S(text):
    return {"role": "system", "content": text}


def talk(kind, *turns, fixable=False, expected=None):
    bad(kind, list(turns), turns[-1]["content"], fixable, expected)


# ------------------------------------------------------------------------------------------ empty or hollow answer
for q, a in [
    (zv[0][0], ""),
    (zv[1][0], "   \n\n  "),
    (ev[0][0], "N/A"),
    (ev[1][0], "null"),
    (zp[5][0], "略。"),
    (zp[7][0], "好的，我来帮您写。"),
    (ep[7][0], "No answer available."),
    (ep[4][0], "nan"),
    (zp[11][0], "暂无回答"),
    (ev[2][0], "```vue\n\n```"),
    (zp[3][0], "该回答已被作者删除"),
    (ep[6][0], "Sure, I can write that letter for you."),
    (zv[5][0], "。"),
    (ep[9][0], "None"),
    (zp[9][0], "见附件。"),
]:
    bad("empty_answer", q, a)

# ------------------------------------------------------------------------------------------------------ empty turn
talk("empty_turn", U(""), A(zp[0][1]))
talk("empty_turn", U("   \n"), A(ep[0][1]))
talk(
    "empty_turn",
    U(zp[1][0]),
    A(""),
    U("那长度呢？"),
    A("修改 `this.list.length` 同样侦测不到，改用 `this.list.splice(newLength)`。"),
)
talk("empty_turn", U(ep[3][0]), A(ep[3][1]), U(""), A("You can also await it: `await this.$nextTick()`."))
talk("empty_turn", U("\u200b"), A(zp[5][1]))
talk("empty_turn", U(zp[8][0]), A("\n"), U("再造一个句子"), A("他想靠买彩票发财，无异于守株待兔。"))
talk(
    "empty_turn", U("Hello"), A("Hello! What are you working on?"), U("\t"), A("React and Vue both use a virtual DOM.")
)
talk("empty_turn", S("你是前端专家"), U(""), A(zv[6][1]))
talk(
    "empty_turn",
    U("推荐一本 JavaScript 入门书"),
    A("  "),
    U("进阶的呢"),
    A("可以读《你不知道的 JavaScript》，它把作用域、闭包和原型讲得很透。"),
)
talk(
    "empty_turn",
    U("What is a closure?"),
    A("A function together with the variables of the scope it was defined in."),
    U("  "),
    A("For example, a counter that keeps its count private."),
)
talk("empty_turn", U("\u3000\u3000"), A(zp[12][1]))
talk("empty_turn", S("You are a concise tutor."), U("\r\n"), A(ep[5][1]))

# ------------------------------------------------------------------------------------------------- duplicated turn
q, a = zp[0]
talk("duplicated_turn", U(q), U(q), A(a), expected=[U(q), A(a)])
q, a = ep[1]
talk("duplicated_turn", U(q), A(a), A(a), expected=[U(q), A(a)])
q, a = zp[2]
talk("duplicated_turn", U(q), A(a), U(q), A(a), expected=[U(q), A(a)])
q, a = ep[0]
talk("duplicated_turn", U(q), A(a), U(q), A(a), U(q), A(a), expected=[U(q), A(a)])
q, a = ep[8]
talk("duplicated_turn", U(q), A(a), U("And if I already pushed it?"), A(a))
q, a = zp[9]
talk("duplicated_turn", U(q), A(a), U("如果已经推送了呢？"), A(a))
q, a = zv[3]
talk(
    "duplicated_turn",
    U("你好"),
    A("你好，有什么可以帮你？"),
    U(q),
    A(a),
    U(q),
    A(a),
    expected=[U("你好"), A("你好，有什么可以帮你？"), U(q), A(a)],
)
q, a = ev[4]
talk(
    "duplicated_turn",
    S("You are a Vue expert."),
    U(q),
    A(a),
    U(q),
    A(a),
    expected=[S("You are a Vue expert."), U(q), A(a)],
)
q, a = zp[10]
talk("duplicated_turn", S("你是数据库助手"), U(q), U(q), U(q), A(a), expected=[S("你是数据库助手"), U(q), A(a)])
q, a = ep[11]
talk(
    "duplicated_turn",
    U("Hi"),
    A("Hello! What would you like to know?"),
    U(q),
    U(q),
    A(a),
    expected=[U("Hi"), A("Hello! What would you like to know?"), U(q), A(a)],
)
talk(
    "duplicated_turn",
    U("什么是闭包？"),
    A("闭包是函数和它能访问的外层变量的组合。"),
    U("什么是原型链？"),
    A("闭包是函数和它能访问的外层变量的组合。"),
)
q, a = zv[7]
talk("duplicated_turn", U(q), A(a), A(a), expected=[U(q), A(a)])

# ------------------------------------------------------------------------------------------------------ role order
q, a = zp[1]
talk("role_order", A(a), U(q))
q, a = ep[0]
talk("role_order", U(q), A(a), U("Which one is better for tabs?"))
talk("role_order", A("你好，我是客服小云。"), A("请问有什么可以帮您？"))
talk("role_order", A(ep[4][1]))
talk(
    "role_order",
    U("Vue 的生命周期有哪些？"),
    S("你是一个 Vue 专家"),
    A("主要有 `created`、`mounted`、`updated`、`destroyed` 等。"),
)
talk(
    "role_order",
    U("What is CSS?"),
    A("A language for styling web pages."),
    A("HTML gives the structure, JavaScript the behaviour."),
    A("All three are standardised separately."),
)
talk("role_order", S("You answer questions about Vue."), A("`v-for` repeats an element for each item of a list."))
talk(
    "role_order",
    U("第一个问题：什么是 props？"),
    U("第二个问题：什么是 slot？"),
    U("第三个问题：什么是 mixin？"),
    A("mixin 用来在组件之间复用选项。"),
)
talk("role_order", A("`ref` 用来注册引用。"), U("那 key 呢？"), A("`key` 帮助 Vue 识别节点。"))
talk(
    "role_order",
    S("你是助手"),
    S("你是诗人"),
    U("写一句关于秋天的诗。"),
    A("一叶落时天下秋，晚风吹过小桥头。"),
    U("再写一句。"),
)
talk("role_order", S("Answer briefly."), S("Be verbose."))
talk("role_order", U("How do I center a div?"))
talk("role_order", U("Name a prime."), A("Seven."), S("New rules: answer in French."), U("Another one?"), A("Onze."))

# ------------------------------------------------------------------------------------------------ short or generic
for q, a in [
    ("帮我", zv[0][1]),
    ("写代码", zv[3][1]),
    ("help", ev[1][1]),
    ("?", ep[0][1]),
    ("怎么办", zp[2][1]),
    ("code", ev[4][1]),
    ("1", zp[5][1]),
    ("asdf", ep[7][1]),
    ("写一个组件", zv[4][1]),
    ("...", zp[8][1]),
    ("回答问题", zp[4][1]),
    ("Write code.", ev[7][1]),
    ("问题", zp[10][1]),
    ("Do it", ep[10][1]),
    ("请问一下", zp[3][1]),
]:
    bad("short_instruction", q, a)

# -------------------------------------------------------------------------------------------------- missing object
for q, a in [
    (
        "请解释下面这段代码的作用：",
        "这段代码定义了一个 Vue 组件，在 `created` 钩子里请求数据并保存到 `list`，模板中用 `v-for` 渲染。",
    ),
    (
        "Explain the code below.",
        "The code defines a recursive function that computes the factorial of a number and prints the result for 5.",
    ),
    ("Translate the following paragraph into Chinese:", "人工智能正在改变我们的生活和工作方式。"),
    ("把下面的句子翻译成英文：", "The weather is lovely today."),
    (
        "Summarize the article above in three bullet points.",
        "- Global temperatures are rising.\n- Emissions must fall quickly.\n- Rich countries should pay more.",
    ),
    ("根据上面的表格，计算各部门的平均工资。", "研发部平均 15,200 元，市场部平均 11,800 元，行政部平均 9,400 元。"),
    (
        "修复以下代码中的错误。",
        "错误在于循环条件写成了 `i <= arr.length`，应改为 `i < arr.length`，否则最后一次会越界。",
    ),
    (
        "Find the bug in this function:\n\n```js\n```",
        "The function mutates its argument. Copy the array with `slice()` before sorting it.",
    ),
    ("请将以下 JSON 转换为 CSV：\n", "id,name,age\n1,张三,20\n2,李四,25"),
    (
        "Refactor the component shown below to use the composition API:",
        "Move `count` into a `ref`, turn the method into a plain function, and return both from `setup`.",
    ),
    ("请看附图，说明图中的报错是什么意思。", "图中的报错说明组件没有注册，需要在 `components` 里声明 `UserCard`。"),
    (
        "What is the sentiment of the following review?\n\nReview:",
        "The sentiment is positive: the reviewer praises the staff and the food.",
    ),
    ("对以下文本进行摘要：\n\n文本：", "文章介绍了新能源汽车的发展历程，并分析了电池技术的瓶颈。"),
]:
    bad("missing_object", q, a)

# ----------------------------------------------------------------------------------- template left in the question
for q, a in [
    ("请写一篇关于{topic}的短文，字数不超过{num}字。", zp[5][1]),
    ("Write a {tone} email to {recipient} about {subject}.", ep[6][1]),
    ("请介绍一下 <组件名称> 的用法，并给出示例。", zv[5][1]),
    ("Explain [INSERT CONCEPT HERE] to a five-year-old.", ep[4][1]),
    ("请解释{{question}}", zp[4][1]),
    ("How do I use ${component} together with ${library}?", ev[9][1]),
    ("%s 和 %s 有什么区别？", zp[0][1]),
    ("【在此处填写问题】", zp[1][1]),
    ("You are an expert in [YOUR FIELD]. Answer this: [YOUR QUESTION]", ep[9][1]),
    ("帮我翻译：{input_text}", "早起的鸟儿有虫吃。"),
    ("What is the capital of <COUNTRY_NAME>?", "The capital is Paris."),
    (
        "请用__LANGUAGE__实现__ALGORITHM__",
        "```python\ndef bubble(items):\n    for i in range(len(items)):\n        for j in range(len(items) - 1 - i):\n            if items[j] > items[j + 1]:\n                items[j], items[j + 1] = items[j + 1], items[j]\n    return items\n```",
    ),
    ("{{#if context}}{{context}}{{/if}}\n{{user_message}}", ep[3][1]),
]:
    bad("unfilled_template", q, a)

# ------------------------------------------------------------------------ question wrapped in a chat template (fix)
for wrap, (q, a) in zip(
    [
        "<|im_start|>user\n%s<|im_end|>\n<|im_start|>assistant\n",
        "[INST] %s [/INST]",
        "### Instruction:\n%s\n\n### Response:",
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n%s\n\n### Response:\n",
        "Human: %s\n\nAssistant:",
        "<|user|>\n%s</s>\n<|assistant|>\n",
        "USER: %s ASSISTANT:",
        "问：%s\n答：",
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n%s<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<start_of_turn>user\n%s<end_of_turn>\n<start_of_turn>model\n",
        "<s>[INST] %s [/INST]",
        "[Round 1]\n\n问：%s\n\n答：",
        "<|im_start|>user\n%s<|im_end|>",
        "用户：%s\n助手：",
    ],
    [zp[0], ep[0], zv[1], ev[3], ep[3], zp[6], ep[8], zp[3], ev[5], ep[11], zv[7], zp[8], ev[9], zp[2]],
    strict=True,
):
    bad("template_wrapped", wrap.replace("%s", q), a, True, [U(q), A(a)])
q, a = zp[10]
bad(
    "template_wrapped",
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
    + q
    + "<|im_end|>\n<|im_start|>assistant\n",
    a,
    True,
    AnyOf([U(q), A(a)], [S("You are a helpful assistant."), U(q), A(a)]),
)

# ---------------------------------------------------------------------------- fence not closed, code complete (fix)
for q, a in [zv[0], zv[2], zv[4], zv[5], zv[8], ev[0], ev[3], ev[5], ev[8], zp[12], ep[13], ep[10]]:
    assert a.endswith("\n```")
    bad("open_fence", q, a[:-4], True, a)

# ---------------------------------------------------------------------------------------- code cut in the middle
for (q, a), mark, close in [
    (zv[0], "this.rows = li", ""),
    (zv[1], "callback(new Error('请输", ""),
    (zv[2], "edit(row, ind", "\n```"),
    (zv[3], ":before-upl", ""),
    (zv[4], "this.timer = setTimeout(() =>", "\n```"),
    (zv[9], "timer = setInterval(() => {", ""),
    (ev[0], "return word ? this.rows.fil", ""),
    (ev[1], "} catch (canc", "\n```"),
    (ev[2], '<el-button slot="append" icon=', ""),
    (ev[6], "async next() {\n      try {", "\n```"),
    (ev[9], "</template>\n\n<script>\nimport {", ""),
    (ep[10], "if (!groups[name]) groups[", ""),
    (zp[12], "http.interceptors.response.use(", "\n```"),
]:
    assert a.count(mark) == 1, mark
    bad("code_cut", q, a[: a.index(mark) + len(mark)] + close)

# ------------------------------------------------------------------------------------------- sentence cut in the middle
for (q, a), mark in [
    (zp[5], "光反应在类囊体薄膜上进行：色素吸"),
    (zp[0], "判断方法很简单：如果要的是"),
    (zp[11], "此外，长城还用来管理边境的"),
    (zp[4], "由浏览器决定是否渲染，接着从"),
    (zp[2], "解决办法是先打开弹窗，在"),
    (zp[10], "例如要找出订单数超过 5 的"),
    (zp[13], "第二，精听和泛听结合：每天选"),
    (ep[4], "The body reacts as if it were a"),
    (ep[7], "heavy taxes and inflation hurt the"),
    (ep[9], "Web pages, e-mail and file transf"),
    (ep[11], "Violet is scattered even more, but"),
    (ep[0], "Use `v-show` for something"),
    (ep[8], "leaves the changes staged, ready to be"),
]:
    assert a.count(mark) == 1, mark
    bad("sentence_cut", q, a[: a.index(mark) + len(mark)])

# ------------------------------------------------------------------------------------ placeholder or omitted code
for q, a in [
    (
        zv[0][0],
        '分页由后端完成，前端保存页码即可。\n\n```vue\n<template>\n  <div>\n    <!-- 表格代码同上，此处省略 -->\n    <el-pagination :total="total" @current-change="onPage" />\n  </div>\n</template>\n\n<script>\nexport default {\n  data() {\n    return { total: 0 }\n  },\n  methods: {\n    onPage() {\n      // 省略...\n    }\n  }\n}\n</script>\n```',
    ),
    (
        ev[1][0],
        'Use `$confirm` and then call the API.\n\n```vue\n<template>\n  <el-button @click="remove">Delete</el-button>\n</template>\n\n<script>\nexport default {\n  methods: {\n    remove() {\n      // TODO: implement deletion logic here\n    }\n  }\n}\n</script>\n```',
    ),
    (
        ev[2][0],
        'Bind each item with a `prop` path so that it is validated.\n\n```vue\n<template>\n  <el-form :model="form">\n    <!-- ... rest of the form ... -->\n  </el-form>\n</template>\n\n<script>\nexport default {\n  // ... existing code ...\n}\n</script>\n```',
    ),
    (
        zv[5][0],
        '给树传入过滤方法即可。\n\n```vue\n<template>\n  <el-tree :data="nodes" show-checkbox />\n</template>\n\n<script>\nexport default {\n  data() {\n    return {\n      nodes: [...大量数据...]\n    }\n  }\n}\n</script>\n```',
    ),
    (
        ev[0][0],
        'Filter in a computed property.\n\n```vue\n<template>\n  <el-table :data="visibleRows" />\n</template>\n\n<script>\nexport default {\n  computed: {\n    visibleRows() {\n      // your code here\n    }\n  }\n}\n</script>\n```',
    ),
    (
        zv[1][0],
        '用自定义校验函数。\n\n```vue\n<template>\n  <el-form :model="form" :rules="rules">……</el-form>\n</template>\n\n<script>\nexport default {\n  // 其余代码保持不变\n}\n</script>\n```',
    ),
    (
        ev[6][0],
        'Keep the active step in data.\n\n```vue\n<template>\n  <el-steps :active="step">\n    ...\n  </el-steps>\n</template>\n\n<script>\nexport default {\n  data() {\n    return { step: 0 }\n  },\n  methods: {\n    next() {\n      ...\n    }\n  }\n}\n</script>\n```',
    ),
    (
        zv[4][0],
        '用防抖包住远程方法。\n\n```vue\n<template>\n  <el-select remote filterable :remote-method="search" />\n</template>\n\n<script>\nexport default {\n  methods: {\n    search(keyword) {\n      // 这里编写你的业务逻辑\n    }\n  }\n}\n</script>\n```',
    ),
    (
        zp[12][0],
        "在拦截器里处理。\n\n```js\nimport axios from 'axios'\n\nconst http = axios.create()\n\nhttp.interceptors.request.use(config => {\n  // 待实现\n})\n\n// 响应拦截器略\n\nexport default http\n```",
    ),
    (
        ep[10][0],
        "Use `reduce`.\n\n```js\nfunction groupBy(items, key) {\n  // implementation omitted for brevity\n}\n```",
    ),
    (
        ep[6][0],
        "Dear [Name],\n\nThank you for helping me with [project]. [Insert details here].\n\nBest wishes,\n[Your Name]",
    ),
    (
        ev[8][0],
        'Handle the `command` event.\n\n```vue\n<template>\n  <el-dropdown @command="run">\n    <!-- dropdown items go here -->\n  </el-dropdown>\n</template>\n\n<script>\nexport default {\n  methods: {\n    run(command) {\n      // FIXME: not implemented yet\n    }\n  }\n}\n</script>\n```',
    ),
    (
        zv[2][0],
        "打开弹窗时复制一份行数据。\n\n```vue\n<template>\n  <!-- 此处代码较多，请自行补充 -->\n</template>\n\n<script>\nexport default {\n  methods: {\n    edit(row) {\n      // 同上\n    }\n  }\n}\n</script>\n```",
    ),
]:
    bad("placeholder", q, a)

# -------------------------------------------------------------------------------- refusal of a harmless request
for q, a in [
    (zv[0][0], "抱歉，我无法帮助您完成这个请求。"),
    (ev[1][0], "I'm sorry, but I can't assist with that request."),
    (zp[8][0], "很抱歉，作为一个人工智能语言模型，我无法回答这个问题。"),
    (ep[6][0], "I apologize, but I am not able to write letters on behalf of users."),
    (zp[7][0], "对不起，我不能替您撰写请假条，这可能涉及欺骗行为。"),
    (
        ep[7][0],
        "I cannot provide information on this topic as it may be considered sensitive. Please consult a professional.",
    ),
    (ev[4][0], "Unfortunately, I'm unable to generate code. Please contact a qualified developer."),
    (zp[11][0], "这个话题我不太方便讨论，我们换个话题吧。"),
    (ep[10][0], "As an AI language model, I cannot write functions for you, but I encourage you to learn JavaScript."),
    (zv[6][0], "您的问题超出了我的能力范围，暂时无法为您解答。"),
    (ep[11][0], "I can't help with that. It goes against my guidelines."),
    (zp[5][0], "我还没有学会如何回答这个问题，如果你有其他问题，我非常乐意为你提供帮助。"),
    (ep[13][0], "I'm not comfortable answering this question because reading files may be used for harmful purposes."),
    (zv[3][0], "根据相关法律法规和政策，该问题的答案不予显示。"),
]:
    bad("refusal", q, a)

# --------------------------------------------------------------------------------------- "as an AI" self-talk (fix)

q, a = ep[0]
bad(
    "as_ai",
    q,
    "As an AI language model, I don't have personal experience with Vue, but I can explain the difference.\n\n" + a,
    True,
    a,
)
q, a = zp[0]
bad("as_ai", q, "作为一个人工智能语言模型，我没有实际的开发经验，但可以从原理上说明。\n\n" + a, True, a)
q, a = ep[8]
bad("as_ai", q, "As a large language model trained by OpenAI, I can offer the following answer. " + a, True, a)
q, a = zp[13]
bad("as_ai", q, "我是 ChatGPT，由 OpenAI 训练的大型语言模型。" + a, True, a)
q, a = ep[11]
bad("as_ai", q, a + " Please note that, as an AI language model, I cannot see the sky myself.", True, a)
q, a = zv[7]
bad("as_ai", q, a + "\n\n（注：作为AI助手，我无法亲自运行以上代码。）", True, a)
q, a = ep[1]
bad("as_ai", q, "I'm just an AI, so I can't inspect your project directly. " + a, True, a)
q, a = zp[4]
bad("as_ai", q, "身为一个AI语言模型，我的知识截止到2021年9月。" + a, True, a)
q, a = ep[12]
bad("as_ai", q, "As an artificial intelligence, I do not sleep and have no body.\n\n" + a, True, a)
q, a = zp[11]
bad("as_ai", q, "作为AI，我没有个人观点和情感。" + a, True, a)
q, a = ep[9]
bad("as_ai", q, "My knowledge cutoff is September 2021 and I cannot browse the internet.\n\n" + a, True, a)
q, a = zp[5]
bad("as_ai", q, a + "\n\n作为一个AI模型，我的回答仅供参考，不具备专业资质。", True, a)
q, a = ep[7]
bad("as_ai", q, "As an AI developed by OpenAI, I have no political views or personal opinions.\n" + a, True, a)

# -------------------------------------------------------------------------------------------- polite opening (fix)
for opening, (q, a) in zip(
    [
        "当然可以！很高兴为您解答。\n\n",
        "Sure! I'd be happy to help you with that.\n\n",
        "好的，没问题！\n\n",
        "Great question! ",
        "您好！感谢您的提问。\n\n",
        "Certainly! Here's the answer to your question:\n\n",
        "亲爱的用户，您好，非常荣幸能为您服务！\n",
        "Absolutely! Let's dive in.\n\n",
        "这是一个非常好的问题！",
        "Of course! I'm glad you asked. ",
        "好的，以下是我为您提供的回答：\n\n",
        "Thank you for reaching out! I'd be more than happy to assist you.\n\n",
        "没问题，乐意效劳～\n\n",
        "Hello there! 😊 Thanks for your question!\n\n",
    ],
    [zp[0], ep[0], zv[8], ep[3], zp[5], ep[9], zp[1], ev[7], zp[4], ep[4], zp[10], ev[9], zv[6], ep[11]],
    strict=True,
):
    bad("polite_opening", q, opening + a, True, a)

# -------------------------------------------------------------------------------------------- polite closing (fix)
for closing, (q, a) in zip(
    [
        "\n\n希望以上内容对您有所帮助！",
        "\n\nI hope this helps! Let me know if you have any other questions.",
        "\n\n如有任何疑问，欢迎随时提问。",
        "\n\nHappy coding! 🎉",
        "\n\n如果您还有其他问题，请随时告诉我，我会尽力为您解答！",
        "\n\nPlease feel free to reach out if you need further assistance.",
        "希望我的回答能够帮到你，祝你学习愉快！",
        " Hope that clears things up!",
        "\n\n以上就是全部内容，祝您工作顺利，生活愉快～",
        "\n\nIs there anything else I can help you with today?",
        "\n\n还有什么我可以帮您的吗？",
        " Don't hesitate to ask if anything is unclear. Good luck!",
        "\n\n望采纳，谢谢！",
        "\n\nIf you found this answer useful, please consider upvoting it.",
    ],
    [zv[0], ev[0], zp[2], ev[7], zv[9], ep[8], zp[13], ep[1], zp[11], ev[5], zv[3], ep[0], zp[9], ep[2]],
    strict=False,
):
    bad("polite_closing", q, a + closing, True, a)

# ------------------------------------------------------------------------------------- mojibake, recoverable (fix)
MOJI = [
    ("utf-8", "latin-1", zp[1]),
    ("utf-8", "latin-1", zp[5]),
    (
        "utf-8",
        "cp1252",
        (
            'How do you write the French phrase for "open coffee shop"?',
            "It is “café ouvert” – the accent matters, and so does the order: “ouvert” follows the noun. A naïve word-for-word version wouldn’t work.",
        ),
    ),
    (
        "utf-8",
        "cp1252",
        (
            "What is Zürich known for?",
            "Zürich is known for its banks, its university (the ETH) and the lake – Switzerland’s largest city, it isn’t the capital. The capital’s seat is Bern.",
        ),
    ),
    (
        "utf-8",
        "gb18030",
        ("什么是闭包？", "闭包就是函数连同它能够访问的外层变量，即使外层函数已经返回，变量也不会被回收"),
    ),
    ("utf-8", "gb18030", ("海拔和水的沸点有什么关系？", "海拔越高，气压越低，水的沸点也就越低")),
    ("gb18030", "latin-1", zp[8]),
    ("gb18030", "latin-1", zp[11]),
    (
        "utf-8",
        "cp1252-twice",
        (
            'What does "déjà vu" mean?',
            "“Déjà vu” is French for “already seen”: it’s the feeling that you’ve lived through a moment before.",
        ),
    ),
    ("utf-8", "latin-1", zp[3]),
    (
        "utf-8",
        "cp1252",
        (
            'How is the word "résumé" spelled in English?',
            "Both “résumé” and “resume” are accepted; the accented form isn’t confused with the verb “resume”, so many editors prefer it.",
        ),
    ),
    ("gb18030", "latin-1", zp[13]),
    (
        "utf-8",
        "latin-1",
        (
            "Wie heißt die Hauptstadt von Österreich? Antworte auf Deutsch.",
            "Die Hauptstadt von Österreich heißt Wien. Sie liegt an der Donau und zählt fast zwei Millionen Einwohner; für Musikfreunde ist sie natürlich größer als jede Zahl.",
        ),
    ),
]


def as_cp1252(data):
    """Bytes read as Windows-1252 the way browsers do: its five free bytes become control characters."""
    free = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    return "".join(chr(b) if b in free else bytes([b]).decode("cp1252") for b in data)


for encoding, shown, (q, a) in MOJI:
    if shown == "cp1252-twice":
        broken = as_cp1252(as_cp1252(a.encode(encoding)).encode("utf-8"))
    elif shown == "cp1252":
        broken = as_cp1252(a.encode(encoding))
    else:
        broken = a.encode(encoding).decode(shown)
        assert broken.encode(shown).decode(encoding) == a
    assert broken != a
    bad("mojibake", q, broken, True, a)

# ------------------------------------------------------------------------------------------------ characters lost
for q, a in [
    (
        zp[0][0],
        "锟斤拷computed 锟斤拷锟斤拷锟斤拷锟斤拷锟接匡拷锟斤拷锟捷ｏ拷watch 锟斤拷锟斤拷执锟叫革拷锟斤拷锟矫★拷",
    ),
    (zp[5][0], zp[5][1].encode("utf-8").decode("ascii", "replace")),
    (zp[3][0], "`keep-alive` ???????????????????????????????????????"),
    (ep[4][0], ep[4][1].replace("e", "\ufffd")),
    (zv[7][0], re.sub(r"[\u4e00-\u9fff，。：；“”？！、（）]", "?", zv[7][1])),
    (
        zp[8][0],
        "“守株待兔”出自《韩非子》，讲一个农夫见兔子撞死在树桩上，便天天守在那里等�Ҳһֻ，结果田地荒芜。比喻不主动努力，存着��幸心理希望得到意外的收获。",
    ),
    ("介绍一下西安的历史", "烫烫烫烫烫烫烫烫烫烫烫烫屯屯屯屯屯屯屯屯屯屯"),
    ("用一句话形容秋天", "秋天是�����的季节，金黄的���铺满了小路。"),
    (
        "What is a naïve Bayes classifier?",
        "A na�ve Bayes classifier applies Bayes� theorem with the assumption that features are independent given the class � hence �na�ve�.",
    ),
    (zp[10][0], zp[10][1].encode("ascii", "replace").decode()),
    ('Translate "thank you very much" into Chinese.', "??????"),
    ("怎样学好编程？", "□□□□□，□□□□□□□□□。□□□□□□□！"),
]:
    bad("mojibake_lost", q, a)

# -------------------------------------------------------------------------------------------------- wrong language
for q, a in [
    ("Vue 2 里 v-if 和 v-show 有什么区别？", ep[0][1]),
    ("给对象新增属性后页面为什么不更新？", ep[1][1]),
    ("疫苗是如何起作用的？请简单说明。", ep[4][1]),
    ("天空为什么是蓝色的？", ep[11][1]),
    ("What is the difference between computed properties and watchers in Vue 2?", zp[0][1]),
    ("Why was the Great Wall of China built?", zp[11][1]),
    ("Please explain photosynthesis.", zp[5][1]),
    (
        "怎样才能睡得更好？",
        "毎日同じ時間に起きて、寝る前のスマートフォンを控えましょう。寝室は暗く静かに保つことが大切です。",
    ),
    (
        "What is the boiling point of water at sea level?",
        "A temperatura de ebulição da água ao nível do mar é de cem graus Celsius, porque a pressão atmosférica é de uma atmosfera.",
    ),
    (
        "How do I make a good cup of tea?",
        "Прогрейте чайник, насыпьте одну чайную ложку заварки на чашку, залейте кипятком и дайте настояться пять минут.",
    ),
    (
        "什么是机器学习？",
        "기계 학습은 데이터로부터 규칙을 배우는 방법입니다. 사람이 직접 프로그래밍하지 않아도 예측을 할 수 있습니다.",
    ),
    (
        "Why should we recycle paper?",
        "Le recyclage du papier permet d'économiser de l'eau et de l'énergie, et il évite de couper des arbres pour fabriquer de la pâte neuve.",
    ),
    (
        "el-table 怎么合并单元格？",
        "Pass a function to `span-method`. It is called for every cell with `row`, `column`, `rowIndex` and `columnIndex`, and returns an array of two numbers: the row span and the column span. Returning `[0, 0]` hides the cell.",
    ),
    ("Explain the event loop of the browser.", zp[4][1]),
]:
    bad("wrong_language", q, a)

# ------------------------------------------------------------------------- control and zero-width characters (fix)


def every(text, mark, gap):
    return "".join(c + (mark if i % gap == gap - 1 else "") for i, c in enumerate(text))


q, a = zp[0]
bad("control_chars", q, every(a, "\u200b", 11), True, a)
q, a = ep[0]
bad("control_chars", q, a.replace(". ", ".\x00 "), True, a)
q, a = zv[7]
bad("control_chars", q, "\ufeff" + a, True, a)
q, a = ep[3]
bad("control_chars", q, a.replace("change", "chan\u00adge").replace("together", "to\u00adgeth\u00ader"), True, a)
q, a = ep[8]
bad("control_chars", q, "\x1b[1m\x1b[32m" + a + "\x1b[0m", True, a)
q, a = zp[5]
bad("control_chars", q, a.replace("，", "，\x08", 3), True, a)
q, a = ev[7]
bad("control_chars", q, a.replace("setTimeout", "set\u200bTimeout"), True, a)
q, a = zp[11]
bad("control_chars", every(q, "\u200b", 3), a, True, [U(q), A(a)])
q, a = ep[11]
bad("control_chars", q, "\u202e" + a + "\u202c", True, a)
q, a = zp[9]
bad("control_chars", q, a.replace("`git commit", "\u2060`git commit") + "\x1a", True, a)
q, a = zp[2]
bad("control_chars", "\ufeff" + q, a + "\x7f\x7f", True, [U(q), A(a)])
q, a = ep[12]
bad("control_chars", q, a.replace("\n", "\x0b\n"), True, a)
q, a = zv[3]
bad(
    "control_chars",
    q,
    a.replace("<template>", "\u200e<template>", 1).replace("export default", "\ufeffexport default"),
    True,
    a,
)

# ------------------------------------------------------------------------------------------- HTML escaped (fix)
for q, a in [zv[6], zv[8], ev[4], ev[5], zv[7], ev[3]]:
    bad("escaped_html", q, html.escape(a, quote=False), True, a)
for q, a in [zv[2], ev[1], ev[7]]:
    bad("escaped_html", q, html.escape(a, quote=True), True, a)
q, a = zv[1]
bad(
    "escaped_html",
    q,
    a.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;"),
    True,
    a,
)
q, a = ep[1]
bad(
    "escaped_html",
    q,
    a.replace("`", "&#96;").replace("'", "&#x27;").replace(" ", "&nbsp;"),
    True,
    AnyOf(a, a.replace(" ", "\xa0")),
)
q, a = zv[4]  # escaped twice
bad("escaped_html", q, html.escape(html.escape(a, quote=False), quote=False), True, a)
q, a = ep[2]
bad("escaped_html", q, html.escape(a, quote=True), True, a)

# ---------------------------------------------------------------------------------------- literal line ends (fix)
for q, a in [zv[0], zv[6], zv[9], ev[0], ev[5], zp[7], ep[6], ep[12], zp[12]]:
    assert "\\n" not in a
    bad("literal_newlines", q, a.replace("\n", "\\n"), True, a)
for q, a in [ev[8], zv[8]]:
    bad("literal_newlines", q, a.replace("\n", "\\r\\n"), True, a)
q, a = zv[7]
bad("literal_newlines", q, a.replace('"', '\\"').replace("\n", "\\n"), True, a)
q, a = ev[3]
bad("literal_newlines", q, a.replace("  ", "\\t").replace("\n", "\\n"), True, AnyOf(a, a.replace("  ", "\t")))

# ----------------------------------------------------------------------------------------- answer in JSON (fix)
for as_json, (q, a) in zip(
    [
        lambda q, a: json.dumps({"answer": a}, ensure_ascii=False),
        lambda q, a: json.dumps({"output": a}, ensure_ascii=False, indent=2),
        lambda q, a: "```json\n" + json.dumps({"response": a}, ensure_ascii=False) + "\n```",
        lambda q, a: json.dumps([{"generated_text": a}]),
        lambda q, a: json.dumps({"role": "assistant", "content": a}, ensure_ascii=False),
        lambda q, a: json.dumps(
            {
                "id": "chatcmpl-8f2",
                "object": "chat.completion",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": a}, "finish_reason": "stop"}],
            },
            ensure_ascii=False,
        ),
        lambda q, a: json.dumps({"instruction": q, "input": "", "output": a}, ensure_ascii=False),
        lambda q, a: json.dumps({"question": q, "answer": a}),
        lambda q, a: json.dumps(a, ensure_ascii=False),
        lambda q, a: json.dumps({"code": 0, "msg": "success", "data": {"answer": a}}, ensure_ascii=False),
        lambda q, a: "{'text': " + repr(a) + "}",
        lambda q, a: json.dumps({"result": a}, ensure_ascii=False),
        lambda q, a: json.dumps(
            {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}, ensure_ascii=False
        ),
    ],
    [zp[0], ep[8], zp[5], ep[11], zv[7], ep[9], zp[4], ep[4], zp[7], zv[8], ep[7], zp[10], ev[5]],
    strict=True,
):
    bad("json_wrapped", q, as_json(q, a), True, a)

# ------------------------------------------------------------------------- chat markers, run on into the next turn
for tail, (q, a) in zip(
    [
        "<|im_end|>",
        "</s>",
        "<|im_end|>\n<|im_start|>user\n那在组合式 API 里呢？<|im_end|>\n<|im_start|>assistant\n可以用 watchEffect。",
        "\n\n### Human: Can you also explain async components?\n### Assistant: Async components are loaded on demand.",
        "<|endoftext|>",
        "\n\nUser: Thanks! And what about QUIC?\nAssistant: QUIC runs on top of UDP.",
        "\n用户：再举个例子\n助手：比如他想靠中奖还债。",
        " </s><s>[INST] What about git stash? [/INST] It shelves your changes.",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nok",
        "\n\n### Instruction:\nWrite a poem about rain.\n\n### Response:\nRain falls softly.",
        "<end_of_turn>\n<start_of_turn>user\n谢谢",
        "\n\nHuman: 请继续\n\nAssistant: 明代的长城保存最完整。",
        "\n[Round 2]\n\n问：氧气来自哪里？\n\n答：来自水。",
    ],
    [zp[0], ep[4], zp[0], ev[5], ep[11], ep[9], zp[8], ep[8], zp[9], ep[3], zp[2], zp[11], zp[5]],
    strict=True,
):
    bad("chat_markers", q, a + tail, False, a)

# ---------------------------------------------------------------------------------------- generator's prompt leaked
for q, a in [
    (
        zp[5][0],
        "以下是根据您的要求生成的 10 个问答对，每个问答对包含 question 和 answer 字段：\n\n1. question：什么是光合作用？answer：植物利用光能合成有机物的过程。",
    ),
    ("#Rewritten Prompt#: Explain nextTick and compare it with setTimeout, adding one more constraint.", ep[3][1]),
    (
        ep[4][0],
        "#Given Prompt#:\nExplain how vaccines work.\n#Rewritten Prompt#:\nExplain how mRNA vaccines work, in no more than 100 words, to a ten-year-old.",
    ),
    (
        zv[6][0],
        "你是一个高质量训练数据生成助手，请根据给定的代码片段生成一条指令和对应的回答，要求：1. 指令清晰；2. 回答不少于 200 字；3. 只输出 JSON。\n\n"
        + zv[6][1],
    ),
    (
        ep[9][0],
        "Instruction: What is the difference between TCP and UDP?\nInput: <noinput>\nOutput: TCP is reliable, UDP is not.\n\n###\n5. Instruction: Name three transport protocols.",
    ),
    (
        ev[4][0],
        "Here is the generated question-answer pair based on the provided context, following the output format you specified:\n\nQ: How do I open a drawer?\nA: Use `visible.sync`.",
    ),
    (
        zp[0][0],
        "根据给定的参考文档，我生成了如下问题，该问题难度适中，且可以从文档中找到答案：computed 和 watch 有什么区别？",
    ),
    (
        "You are asked to come up with a set of 20 diverse task instructions. Here are the requirements: 1. Try not to repeat the verb. 2. The language should be diverse.\n\nList of 20 tasks:\n1.",
        ep[12][1],
    ),
    (
        ep[10][0],
        'As requested, I have evolved the given instruction using the "add constraints" strategy. The new instruction does not exceed 20 words more than the original:\n\nWrite a function that groups an array of objects by two keys.',
    ),
    (
        zv[0][0],
        "【任务说明】请扮演资深前端工程师，为下面的组件编写一条用于微调的样本。\n【输出要求】不要提及你是 AI，不要输出多余内容。\n【样本】\n"
        + zv[0][1],
    ),
    (
        ep[7][0],
        "[System: You are an expert annotator. Score the response from 1 to 10 and rewrite it if the score is below 8.]\n\nScore: 6\nRewritten response: "
        + ep[7][1],
    ),
    (
        "请根据以下要求改写问题，使其更加复杂，但不要让问题变得不合理，改写后的问题只能增加 10 到 20 个字：守株待兔是什么意思？\n改写后的问题：“守株待兔”是什么意思？请结合现代生活举例。",
        zp[8][1],
    ),
]:
    bad("prompt_leak", q, a)

# ------------------------------------------------------------------------------------------------ broken think tags
for q, a in [
    (zp[6][0], "<think>\n设鸡有 x 只，兔有 y 只，那么 x + y = 35，2x + 4y = 94，先化简第二个方程"),
    (ep[5][0], "<think>Speed is distance over time, so 180 divided by 2.5 is 72.\n\nThe average speed is 72 km/h."),
    (zp[0][0], "用户问的是两者的区别，我应该从用途和缓存两方面说明。\n</think>\n\n" + zp[0][1]),
    (ep[3][0], "<think>\nThe user wants to know nextTick.\n</think>"),
    (zv[7][0], "<think>\n<think>\n要用 picker-options。\n</think>\n\n" + zv[7][1]),
    (ep[11][0], ep[11][1] + "\n</think>"),
    (zp[10][0], "<think>先说执行顺序。<think>\n\n" + zp[10][1]),
    (ep[9][0], "<think>\nCompare reliability first.\n</thinking>\n\n" + ep[9][1]),
    (zp[11][0], "<thinking>\n用户想了解历史原因，要提到游牧民族\n\n" + zp[11][1]),
    (ep[8][0], "</think>\n<think>\n" + ep[8][1]),
    (zp[1][0], "<think>这是响应式的问题</think>\n\n修改方式是使用 `this.$set`。<think>还要提到 splice</think"),
    (
        ev[7][0],
        "Okay, the user wants a debounce without lodash. Let me keep the timer outside data.\n\n</think>\n\n"
        + ev[7][1],
    ),
]:
    bad("think_tags", q, a)

# ---------------------------------------------------------------------------------------------- web page left-overs (fix)
q, a = zp[0]
bad("web_residue", q, a + "\n\n点赞 收藏 评论 分享", True, a)
q, a = zp[2]
bad(
    "web_residue",
    q,
    a
    + "\n\n————————————————\n版权声明：本文为CSDN博主「前端小白」的原创文章，遵循CC 4.0 BY-SA版权协议，转载请附上原文出处链接及本声明。",
    True,
    a,
)
q, a = ev[5]
bad("web_residue", q, a.replace("```vue", "vue\nCopy code\n```vue"), True, a)
q, a = ep[1]
bad(
    "web_residue",
    q,
    a
    + "\n\nShare\nImprove this answer\nFollow\nanswered Mar 3, 2019 at 10:11\nuser1234\n2,341 3 gold badges 18 silver badges",
    True,
    a,
)
q, a = zv[8]
bad("web_residue", q, a.replace("```vue", "复制代码\n```vue"), True, a)
q, a = zp[5]
bad("web_residue", q, a + "\n\n上一篇：呼吸作用\n下一篇：细胞分裂\n阅读全文 >>", True, a)
q, a = ep[4]
bad("web_residue", q, "We use cookies to improve your experience. Accept all cookies\n\n" + a, True, a)
q, a = ep[8]
bad("web_residue", q, a + "\n\nWas this article helpful? Yes / No\n\nRelated articles", True, a)
q, a = zp[4]
bad("web_residue", q, a + "\n\n关注公众号“前端那些事”，回复“面试”领取资料", True, a)
q, a = zp[10]
bad("web_residue", q, "首页 > 数据库 > MySQL > 正文\n发布于 2020-03-18 09:12:45 阅读(1024)\n\n" + a, True, a)
q, a = ep[9]
bad(
    "web_residue",
    q,
    "Skip to main content\n\n" + a + "\n\nSubscribe to our newsletter\n© 2021 NetGuide. All rights reserved.",
    True,
    a,
)
q, a = zp[1]
bad(
    "web_residue",
    q,
    a
    + "\n\n作者：小明\n链接：https://www.jianshu.com/p/1a2b3c4d5e6f\n来源：简书\n著作权归作者所有。商业转载请联系作者获得授权，非商业转载请注明出处。",
    True,
    a,
)
q, a = zp[11]
bad(
    "web_residue",
    q,
    a + "\n\n发布于 2021-07-02 14:20\n赞同 36 \u200b 3 条评论 分享 收藏 喜欢".replace("\u200b ", ""),
    True,
    a,
)

# ---------------------------------------------------------------------------------------------- answer equals question
for q, a in [
    (zp[0][0], zp[0][0]),
    (ep[0][0], ep[0][0]),
    (zp[5][0], zp[5][0].rstrip("？")),
    (ep[4][0], ep[4][0].upper()),
    (zv[0][0], "用 element-ui 写一个带分页的用户表格，切换页码时重新请求数据"),
    (ep[8][0], "  " + ep[8][0] + "  "),
    (zp[8][0], zp[8][0]),
    (ev[2][0], ev[2][0]),
    (zv[6][0], "Vue 2 中如何让自定义组件支持 v-model"),
    (ep[7][0], ep[7][0].lower()),
    (zp[3][0], zp[3][0] + "\n"),
    (ev[9][0], "how do I use el-autocomplete with suggestions fetched from an API"),
]:
    bad("answer_equals_question", q, a)

# ---------------------------------------------------------------------------------------- question repeated first (fix)
for wrap, (q, a) in zip(
    [
        "%q\n\n%a",
        "%q\n%a",
        "问题：%q\n答案：%a",
        "Question: %q\nAnswer: %a",
        "Q: %q\nA: %a",
        "您的问题是：%q\n\n%a",
        'You asked: "%q"\n\n%a',
        "**%q**\n\n%a",
        "# %q\n\n%a",
        "问：%q\n\n答：%a",
        "> %q\n\n%a",
        "%q %a",
        "【问题】%q\n【回答】%a",
    ],
    [zp[0], ep[0], zp[5], ep[8], ep[11], zp[2], ep[9], zp[3], ev[4], zp[10], ev[7], ep[3], zp[1]],
    strict=True,
):
    bad("question_repeated", q, wrap.replace("%q", q).replace("%a", a), True, a)

# ------------------------------------------------------------------------------------ code without its fence (fix)
TAGS = {
    "vue": ("vue", "html", "", "xml"),
    "js": ("js", "javascript", "", "ts", "typescript"),
    "html": ("html", "vue", "", "xml"),
    "css": ("css", "", "scss", "less"),
    "bash": ("bash", "sh", "shell", "", "console"),
    "python": ("python", "py", ""),
    "sql": ("sql", ""),
    "json": ("json", "js", ""),
}
for q, before, tag, code, after in [
    (
        "Vue 2 写一个点击计数按钮",
        "点击时让 `count` 加一，按钮文字随之更新。",
        "vue",
        "<template>\n  <el-button @click=\"count++\">点了 {{ count }} 次</el-button>\n</template>\n\n<script>\nexport default {\n  name: 'ClickCounter',\n  data() {\n    return { count: 0 }\n  }\n}\n</script>",
        "`data` 必须是函数，这样每个实例各有一份状态。",
    ),
    (
        "How do I show an el-alert that can be closed?",
        "Bind `v-if` to a flag and set it to false when the alert emits `close`.",
        "vue",
        '<template>\n  <el-alert v-if="open" title="Saved" type="success" @close="open = false" />\n</template>\n\n<script>\nexport default {\n  name: \'SavedAlert\',\n  data() {\n    return { open: true }\n  }\n}\n</script>',
        "The alert is then removed from the DOM as well.",
    ),
    (
        "写一个防抖函数",
        "思路是每次调用都重置定时器，只有停顿够久才真正执行。",
        "js",
        "function debounce(fn, wait) {\n  let timer = null\n  return function (...args) {\n    clearTimeout(timer)\n    timer = setTimeout(() => fn.apply(this, args), wait)\n  }\n}",
        "返回普通函数而不是箭头函数，是为了保留调用时的 `this`。",
    ),
    (
        "How can I deep-copy a plain object in JavaScript?",
        "Recursion over the keys is enough when there are no cycles, dates or maps.",
        "js",
        "function clone(value) {\n  if (Array.isArray(value)) return value.map(clone)\n  if (value && typeof value === 'object') {\n    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, clone(v)]))\n  }\n  return value\n}",
        "For anything more complex use `structuredClone`.",
    ),
    (
        "怎么让 el-table 的表头固定？",
        "给表格设置 `height` 就会固定表头，表体在内部滚动。",
        "html",
        '<el-table :data="rows" height="300">\n  <el-table-column prop="name" label="姓名" />\n  <el-table-column prop="city" label="城市" />\n</el-table>',
        "若希望内容少时不占满高度，改用 `max-height`。",
    ),
    (
        "How do I center a div with flexbox?",
        "Make the parent a flex container and center along both axes.",
        "css",
        ".parent {\n  display: flex;\n  justify-content: center;\n  align-items: center;\n  min-height: 100vh;\n}",
        "The minimum height is needed, otherwise there is no free space to center in.",
    ),
    (
        "如何用 Python 统计一个文件里每个单词出现的次数？",
        "标准库的 `Counter` 可以直接完成计数。",
        "python",
        "from collections import Counter\n\nwith open('a.txt', encoding='utf-8') as f:\n    counts = Counter(f.read().split())\n\nfor word, n in counts.most_common(10):\n    print(word, n)",
        "`most_common(10)` 返回次数最多的十个单词。",
    ),
    (
        "Write a Vue router guard that redirects to login.",
        "A global guard runs before every navigation, so the check is written once.",
        "js",
        "router.beforeEach((to, from, next) => {\n  const token = localStorage.getItem('token')\n  if (to.meta.requiresAuth && !token) {\n    next({ path: '/login', query: { redirect: to.fullPath } })\n  } else {\n    next()\n  }\n})",
        "The `redirect` query lets the login page send the user back.",
    ),
    (
        "vuex 的模块怎么写？",
        "每个模块有自己的 state、mutations 和 actions，并打开命名空间。",
        "js",
        "export default {\n  namespaced: true,\n  state: () => ({ name: '' }),\n  mutations: {\n    setName(state, name) {\n      state.name = name\n    }\n  },\n  actions: {\n    async load({ commit }) {\n      const user = await fetchUser()\n      commit('setName', user.name)\n    }\n  }\n}",
        "组件里用 `this.$store.dispatch('user/load')` 调用。",
    ),
    (
        "How do I write a switch in element-ui that shows yes and no?",
        "`active-text` and `inactive-text` set the labels on either side.",
        "vue",
        '<template>\n  <el-switch v-model="on" active-text="Yes" inactive-text="No" />\n</template>\n\n<script>\nexport default {\n  name: \'YesNo\',\n  data() {\n    return { on: false }\n  }\n}\n</script>',
        "The bound value stays a boolean.",
    ),
    (
        "写一个 el-radio-group 的例子",
        "单选组的 `v-model` 绑定在外层，值来自每个 `el-radio` 的 `label`。",
        "vue",
        '<template>\n  <el-radio-group v-model="size">\n    <el-radio label="s">小杯</el-radio>\n    <el-radio label="m">中杯</el-radio>\n  </el-radio-group>\n</template>\n\n<script>\nexport default {\n  name: \'CupSize\',\n  data() {\n    return { size: \'s\' }\n  }\n}\n</script>',
        "注意 element-ui 里 `label` 就是值，不是显示的文字。",
    ),
    (
        "How do I find the second highest salary per department in SQL?",
        "Rank the rows inside each department and keep the ones ranked second.",
        "sql",
        "SELECT department, name, salary\nFROM (\n  SELECT department, name, salary,\n         DENSE_RANK() OVER (PARTITION BY department ORDER BY salary DESC) AS position\n  FROM employees\n) AS ranked\nWHERE position = 2;",
        "`DENSE_RANK` gives equal salaries the same rank and leaves no gaps.",
    ),
]:
    bad(
        "code_unfenced",
        q,
        f"{before}\n\n{code}\n\n{after}",
        True,
        AnyOf(*[f"{before}\n\n```{t}\n{code}\n```\n\n{after}" for t in TAGS[tag]]),
    )

# ----------------------------------------------------------------------------------------------- malformed fence (fix)


def refence(text, opening, closing):
    """Put other fences in the place of the only ```vue block."""
    assert text.count("```") == 2, text
    head, code, tail = text.split("```")
    tag, code = code.split("\n", 1)
    return head + opening.replace("TAG", tag) + code.rstrip("\n") + closing + tail


for (q, a), opening, closing in [
    (zv[0], "'''TAG\n", "\n'''"),
    (ev[0], "``TAG\n", "\n``"),
    (zv[6], "’’’TAG\n", "\n’’’"),
    (ev[5], "\\`\\`\\`TAG\n", "\n\\`\\`\\`"),
    (zv[8], "｀｀｀TAG\n", "\n｀｀｀"),
    (ev[4], "```TAG\n", "\n``"),
    (zv[4], "```TAG ", "```"),
    (ev[7], "```TAG\n", "```"),
    (zv[7], "` ` `TAG\n", "\n` ` `"),
    (ev[8], "```TAG\n", "\n```TAG"),
    (zv[2], "···TAG\n", "\n···"),
    (ev[3], "````TAG\n", "\n```"),
    (zv[5], "```\n```TAG\n", "\n```\n```"),
    (ev[9], "[code]\n", "\n[/code]"),
]:
    tag = present(re.search("```(\\w+)", a)).group(1)
    good = AnyOf(*[refence(a, f"{ticks}{t}\n", f"\n{ticks}") for t in TAGS[tag] for ticks in ("```", "````")])
    bad("malformed_fence", q, refence(a, opening, closing.replace("TAG", tag)), True, good)

# --------------------------------------------------------------------------------------------------- missing reasoning
for q, a in [
    (zv[0][0], "用 el-table 加 el-pagination 就行。"),
    (zv[1][0], "自定义 validator。"),
    (zv[4][0], "加 remote 属性和防抖。"),
    (zv[3][0], "用 before-upload。"),
    ("如何在 Vue 2 中实现一个可拖拽排序的 el-table？请给出完整组件并说明思路。", "可以用 sortablejs。"),
    (zv[5][0], "调用 filter 方法。"),
    ("详细说明怎样封装一个可复用的 el-dialog 表单组件，包括校验和重置。", "封装成组件即可。"),
    (ev[0][0], "Use a computed property."),
    (ev[2][0], "Use v-for with a dynamic prop."),
    (ev[6][0], "Just use el-steps."),
    (
        "Write a reusable upload component with element-ui that shows progress and explain each step.",
        "Use el-upload and on-progress.",
    ),
    (
        "Walk me through building a role-permission page with el-tree and el-table, step by step, with the code.",
        "Combine el-tree and el-table.",
    ),
    (ev[9][0], "You can use fetch-suggestions."),
]:
    bad("missing_reasoning", q, a)

# ------------------------------------------------------------------------------------------------------- looping text
for q, a in [
    (zp[5][0], "光合作用是植物利用光能制造有机物的过程。" * 12),
    (
        ep[4][0],
        "A vaccine shows the immune system a harmless piece of a germ. " + "The body then makes antibodies. " * 15,
    ),
    (zp[13][0], "要多听多练，" * 40),
    (ep[7][0], "The empire fell because of the army and " + "the economy and the army and " * 20),
    (zp[11][0], "修建长城是为了防御。" + "非常" * 60 + "重要。"),
    (ep[12][0], "1. Sleep early.\n" + "".join(f"{n}. Avoid caffeine before bed.\n" for n in range(2, 25))),
    (ev[1][0], "Use `$confirm`.\n\n```js\n" + "this.$confirm('Delete this user?')\n" * 30 + "```"),
    (zp[4][0], "先执行同步代码，再执行微任务，然后执行宏任务。\n接着重复这一过程。\n" * 10),
    (ep[9][0], "TCP is reliable. UDP is not reliable. " * 14),
    (zp[0][0], "\n\n".join([zp[0][1]] * 4)),
    (
        zv[2][0],
        "打开弹窗时复制一份数据。\n\n```vue\n<template>\n  <el-form>\n"
        + '    <el-form-item label="标题"><el-input v-model="draft.title" /></el-form-item>\n' * 25
        + "  </el-form>\n</template>\n```",
    ),
    (ep[11][0], "The sky is blue" + " blue" * 80),
    (zp[3][0], "`keep-alive` 会缓存组件" + "，缓存组件可以提高性能，提高性能就要缓存组件" * 14),
]:
    bad("looping", q, a)

# ------------------------------------------------------------------------------------------------------- secrets (fix)
ALNUM = string.ascii_letters + string.digits


def pick(letters, n):
    while True:
        text = "".join(RNG.choice(letters) for _ in range(n))
        if len(set(text)) > min(n, 10) // 2:
            return text


def b64(n):
    return pick(ALNUM + "-_", n - 2) + pick(ALNUM, 2)


HEX, UPPER = "0123456789abcdef", string.ascii_uppercase + string.digits
aws = "AK" + "IA" + pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
aws_secret = pick(ALNUM + "+/", 40)
pem = "\n".join(pick(ALNUM + "+/", 64) for _ in range(12))
jwt = ".".join(["ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "ey" + "JzdWIiOiI" + pick(ALNUM, 40), b64(43)])
made = [
    (
        aws,
        "怎么用 Node 上传文件到 S3？",
        "用官方 SDK 创建客户端，再调用 `putObject`，密钥对决定你能访问哪个桶。\n\n```js\nconst s3 = new AWS.S3({\n  accessKeyId: '%s',\n  region: 'us-east-1'\n})\n```\n\n上传完成后回调里会得到 ETag。",
    ),
    (
        aws_secret,
        "How do I configure the AWS CLI?",
        "Run `aws configure`, or write the credentials file by hand; the CLI reads it at each start.\n\n```ini\n[default]\nregion = eu-west-1\naws_secret_access_key = %s\n```\n\nCheck it with `aws sts get-caller-identity`.",
    ),
    (
        "gh" + "p_" + pick(ALNUM, 36),
        "How do I clone a private repository in CI?",
        "Put a token into the URL, since CI has no SSH agent:\n\n```bash\ngit clone https://oauth2:%s@github.com/acme/site.git\n```\n\nThe token needs only the `repo` scope.",
    ),
    (
        "github_" + "pat_" + pick(ALNUM, 22) + "_" + pick(ALNUM, 59),
        "写一个调用 GitHub API 的 axios 例子",
        "请求头里带上令牌就能通过认证，否则每小时只有 60 次额度。\n\n```js\naxios.get('https://api.github.com/user', {\n  headers: { Authorization: 'token %s' }\n})\n```",
    ),
    (
        "s" + "k-" + pick(ALNUM, 20) + "T3Blbk" + "FJ" + pick(ALNUM, 20),
        "怎么在 Python 里调用 OpenAI 接口？",
        "安装 openai 包，设置密钥后创建客户端。\n\n```python\nfrom openai import OpenAI\n\nclient = OpenAI(api_key='%s')\n```\n\n之后调用 `client.chat.completions.create` 即可。",
    ),
    (
        "xo" + "xb-" + pick(string.digits, 12) + "-" + pick(string.digits, 13) + "-" + pick(ALNUM, 24),
        "How do I post to Slack from a script?",
        "Call `chat.postMessage` with a bot token as the bearer.\n\n```bash\ncurl -H 'Authorization: Bearer %s' -d 'channel=C012&text=hi' https://slack.com/api/chat.postMessage\n```\n\nThe bot must be a member of the channel.",
    ),
    (
        "AI" + "za" + b64(35),
        "怎么在 Vue 里加载谷歌地图？",
        "在 `mounted` 中动态插入脚本，加载完再初始化地图。\n\n```js\nconst script = document.createElement('script')\nscript.src = 'https://maps.googleapis.com/maps/api/js?key=%s'\ndocument.head.appendChild(script)\n```",
    ),
    (
        "sk_" + "live_" + pick(ALNUM, 24),
        "Create a Stripe charge in Node.",
        "Create the client with the secret key and pass the amount in cents.\n\n```js\nconst stripe = require('stripe')('%s')\nstripe.paymentIntents.create({ amount: 1999, currency: 'eur' })\n```",
    ),
    (
        pem,
        "nginx 怎么配置 https？",
        "在 `server` 块里指定证书和私钥两个文件，然后重新加载配置。私钥文件的内容如下：\n\n-----BEGIN RSA "
        + "PRIVATE KEY-----\n%s\n-----END RSA "
        + "PRIVATE KEY-----\n\n保存为 `server.key`，权限设为 600。",
    ),
    (
        jwt,
        "为什么我的接口返回 401？请求头是 Authorization: Bearer %s",
        "401 表示令牌没有通过验证，常见原因是令牌过期，或者签名用的密钥与服务端不一致。把令牌解码，先看 `exp` 字段是否早于当前时间，再核对两端的密钥。",
    ),
    (
        "gl" + "pat-" + b64(20),
        "How do I call the GitLab API with curl?",
        "Send the token in the `PRIVATE-TOKEN` header:\n\n```bash\ncurl --header 'PRIVATE-TOKEN: %s' https://gitlab.com/api/v4/projects\n```\n\nA read-only scope is enough for listing projects.",
    ),
    (
        "np" + "m_" + pick(ALNUM, 36),
        "如何在 CI 里发布 npm 包？",
        "把令牌写进 `.npmrc`，发布时 npm 会自动读取。\n\n```ini\n//registry.npmjs.org/:_authToken=%s\n```\n\n然后运行 `npm publish --access public`。",
    ),
    (
        "LT" + "AI5t" + pick(ALNUM, 18),
        "阿里云 OSS 怎么初始化？",
        "需要地域、桶名和一对密钥。\n\n```js\nconst client = new OSS({\n  region: 'oss-cn-beijing',\n  accessKeyId: '%s',\n  bucket: 'shop-img'\n})\n```\n\n初始化后用 `client.put` 上传。",
    ),
    (
        "h" + "f_" + pick(string.ascii_letters, 34),
        "How do I download a gated model from the Hub?",
        "Accept the licence on the model page and log in with a token first.\n\n```bash\nhuggingface-cli login --token %s\n```\n\nAfter that `from_pretrained` finds the token by itself.",
    ),
    (
        pick(ALNUM, 14),
        "Django 怎么连接 PostgreSQL？",
        "用连接串最简单，一行就包含了全部信息。\n\n```python\nDATABASE_URL = 'postgres://shop_admin:%s@db.shop-prod.net:5432/shop'\n```\n\n再用 `dj_database_url.config()` 解析。",
    ),
]
for secret, q, a in made:
    bad("secret", q.replace("%s", secret), a.replace("%s", secret), True, Gone(secret.split("\n")))

# --------------------------------------------------------------------------------------------- personal data (fix)


def mobile():
    return (
        RNG.choice(["139", "186", "177", "158", "133", "199", "188", "150"])
        + str(RNG.randint(1000, 9999))
        + str(RNG.randint(1000, 9999))
    )


def id_card(area):
    first = f"{area}{RNG.randint(1962, 2001)}{RNG.randint(1, 12):02}{RNG.randint(1, 28):02}{RNG.randint(11, 988):03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]


def card(prefix, length):
    body = prefix + pick(string.digits, length - 1 - len(prefix))
    total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(int(c) for c in reversed(body)))
    return body + str(-total % 10)


def spaced(number, *sizes, sep=" "):
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return sep.join(parts)


PHONES: list[tuple[str, str, Callable[[str], str]]] = [
    (
        "怎么联系你们的售后？",
        "售后由王海涛负责，他的手机是 %s，工作日九点到六点都可以打。保修期内维修不收费，请准备好购买凭证。",
        str,
    ),
    (
        "帮我写一条招租信息",
        "两室一厅，近地铁二号线，拎包入住，月租 4200 元，押一付三。非诚勿扰，联系人李先生，电话：%s。",
        str,
    ),
    (
        "我叫赵敏，手机号%s，帮我写一份自我介绍",
        "大家好，我叫赵敏，毕业于计算机专业，做了五年前端开发，熟悉 Vue 和工程化。平时喜欢徒步和摄影，期待与大家合作。",
        str,
    ),
    (
        "如何参加这次团购？",
        "在群里接龙并注明数量即可，周五统一发货。也可以加团长微信（同手机号）%s 私聊下单，满三箱包邮。",
        lambda n: spaced(n, 3, 4, 4),
    ),
    (
        "公司的送货地址是什么？",
        "收货人陈丽，杭州市西湖区文三路 478 号 6 幢 302 室，联系电话 +86 %s，请在工作时间配送。",
        str,
    ),
    (
        "How can I reach the seller of this used bike?",
        "The seller, Liu Wei, prefers calls after work. His mobile number is +86 %s, and he lives near the east gate of the campus.",
        lambda n: spaced(n, 3, 4, 4, sep="-"),
    ),
    ("提取这段话里的联系方式：请找小刘，电话%s。", "联系人：小刘\n电话：%s", str),
    (
        "面试通知怎么写？",
        "张晓雯您好：\n\n请于周三上午十点到三楼会议室参加面试，请携带简历和作品集。有事请拨打人事孙经理手机 %s。\n\n人力资源部",
        lambda n: spaced(n, 3, 4, 4, sep="-"),
    ),
    (
        "Who do I call if the server room floods?",
        "First switch off the mains at the panel by the door. Then call the night engineer, Zhang Qiang, on %s; he can be on site in twenty minutes.",
        str,
    ),
    (
        "宠物走丢了，帮我写寻狗启事",
        "本人爱犬“豆豆”于昨晚在人民公园走失，棕色泰迪，戴红色项圈。有见到者请速与失主周女士联系，%s，必有重谢！",
        str,
    ),
    (
        "订单什么时候发货？",
        "您的订单已由仓库打包，预计今晚发出。快递员何师傅的手机号为%s，明天派送前会给您打电话。",
        str,
    ),
    ("请把通讯录转成 JSON：钱进 %s 销售部", '{"name": "钱进", "phone": "%s", "department": "销售部"}', str),
]
for q, a, show in PHONES:
    n = show(mobile())
    bad("pii_phone", q.replace("%s", n), a.replace("%s", n), True, Gone([n]))

for area, q, a in [
    (
        "330106",
        "帮我填写一份租房合同的甲方信息",
        "甲方（出租人）：吴建国\n身份证号：%s\n住址：杭州市西湖区翠苑街道\n\n以上信息请与证件核对后签字。",
    ),
    (
        "110105",
        "身份证号码%s是哪里的？",
        "前六位是行政区划代码，110105 对应北京市朝阳区，之后八位是出生日期，最后一位是校验码。",
    ),
    (
        "440305",
        "写一份授权委托书",
        "本人郑丽娟，身份证号码：%s，现委托黄磊代为办理房产过户手续，代理权限为一般授权，有效期三个月。\n\n委托人签字：",
    ),
    ("510104", "提取文中的证件号码：旅客唐亮，证件 %s，乘坐 G8 次列车。", "姓名：唐亮\n证件号码：%s"),
    (
        "320102",
        "如何查询社保？",
        "登录当地人社局网站，输入姓名和身份证号即可。例如参保人朱红梅（%s）的缴费记录显示已累计 126 个月。",
    ),
    ("420106", "请把这行转成 JSON：程刚，%s，武汉", '{"name": "程刚", "id_card": "%s", "city": "武汉"}'),
    (
        "310115",
        "写一份劳动合同的乙方条款",
        "乙方：蒋文静，性别女，居民身份证号 %s，户籍地上海市浦东新区。乙方同意担任前端开发工程师，试用期三个月。",
    ),
    (
        "370202",
        "Fill in the visitor registration for our guest from Qingdao.",
        "Visitor: Sun Hao\nID card: %s\nHost: Ms Li, R&D\nPurpose: technical review, two hours",
    ),
    (
        "500112",
        "贷款审批结果怎么写？",
        "申请人罗勇（身份证%s）的贷款申请已通过初审，额度二十万元，期限三十六个月，请于五个工作日内到网点签约。",
    ),
    (
        "210102",
        "患者信息怎么录入系统？",
        "先新建档案，再填写基本信息。示例：患者高秀兰，身份证号为 %s，过敏史：青霉素。保存后系统会生成病历号。",
    ),
    ("610103", "写一份借条", "今借到马超人民币伍万元整，于年底前归还，不计利息。\n\n借款人：田军\n身份证：%s"),
    (
        "350203",
        "我的实名认证一直不通过，身份证是 %s，怎么办？",
        "实名认证失败多半是姓名里的生僻字或照片反光造成的。请在光线充足处重新拍摄证件正反面，并检查姓名是否与证件一致；仍不通过就联系人工客服。",
    ),
]:
    n = id_card(area)
    bad("pii_id_card", q.replace("%s", n), a.replace("%s", n), True, Gone([n]))

NAMES = [
    "zhangwei",
    "lihua.chen",
    "wang_xm",
    "j.hartmann",
    "sarah.oconnor",
    "liuyang88",
    "m.dubois",
    "xiaofang.zhou",
    "t.nakamura",
    "huangjie",
    "emily.r.stone",
    "sunlei",
]
HOSTS = [
    "163.com",
    "qq.com",
    "126.com",
    "gmail.com",
    "outlook.com",
    "sina.com",
    "gmail.com",
    "foxmail.com",
    "yahoo.co.jp",
    "hotmail.com",
    "gmail.com",
    "aliyun.com",
]
for i, (q, a) in enumerate(
    [
        ("简历投到哪里？", "请把简历和作品集发给张伟，邮箱是 %s，邮件主题写明“前端岗位 + 姓名”，一周内会有回复。"),
        ("论文作者怎么联系？", "通讯作者是陈丽华，可发邮件至%s索取数据，她一般两三天内答复。"),
        (
            "帮我写一封投诉信，我的邮箱是 %s",
            "尊敬的客服：\n\n本人于上周购买的耳机左声道无声，多次联系未获处理。请在三个工作日内安排换货，否则我将向消费者协会投诉。\n\n此致\n敬礼",
        ),
        (
            "Who maintains this package?",
            "It has been maintained by Jonas Hartmann (%s) since 2018. He reviews pull requests at the weekend, so expect a few days' delay.",
        ),
        (
            "Write a short bio for our speaker page.",
            "Sarah O'Connor leads the design systems team and has taught accessibility for ten years. She lives in Cork and answers questions at %s.",
        ),
        ("怎么下载这个资源？", "网盘链接经常失效，需要的话留下邮箱，我发给你，或者直接写信到 %s，标题写“求资源”。"),
        (
            "Who should I ask about the invoice from Lyon?",
            "Ask Marie Dubois in accounts payable; her private address is %s, as her company mailbox is being migrated.",
        ),
        ("提取邮箱：联系人周晓芳，%s，请尽快回复。", "%s"),
        (
            "Fix the author field in package.json.",
            'The field takes a name with the address in angle brackets, so it must be one string:\n\n```json\n{\n  "name": "tiny-table",\n  "author": "Takeshi Nakamura <%s>"\n}\n```',
        ),
        (
            "git 怎么设置用户名和邮箱？",
            "用 `git config` 设置，加 `--global` 对所有仓库生效：\n\n```bash\ngit config --global user.name 'Huang Jie'\ngit config --global user.email '%s'\n```\n\n可用 `git config --list` 核对。",
        ),
        (
            "Turn this contact into JSON: Emily Stone, %s, Boston",
            '{"name": "Emily Stone", "email": "%s", "city": "Boston"}',
        ),
        ("报名表交给谁？", "填好后在周五前交给教务处孙磊老师，电子版同时抄送 %s，文件名用学号加姓名。"),
    ]
):
    n = NAMES[i] + str(RNG.randint(10, 99)) * (i % 3 == 0) + "@" + HOSTS[i]
    bad("pii_email", q.replace("%s", n), a.replace("%s", n), True, Gone([n]))

FOURS = (4, 4, 4, 4)
for q, a, n in [
    (
        "货款打到哪个账户？",
        "请转到以下账户：开户行中国工商银行杭州分行，户名沈佳，卡号 %s，转账后把回单发给财务。",
        card("622202", 19),
    ),
    (
        "我的银行卡%s被锁了怎么办？",
        "连续输错密码会锁卡，通常次日零点自动解锁；急用可带身份证和卡到任意网点柜台解锁并重置密码。",
        card("621700", 19),
    ),
    (
        "报销怎么填？",
        "在费用系统里选择差旅，上传发票，收款人许峰，收款卡号：%s（招商银行），提交后三个工作日到账。",
        card("621483", 16),
    ),
    (
        "How do I pay the deposit?",
        "Transfer 300 euros to the landlord, Igor Petrov, card number %s, and write the flat number in the reference.",
        spaced(card("4276", 16), *FOURS),
    ),
    (
        "Fill in the booking form for me.",
        "Guest: Laura Bianchi\nNights: 3\nCard: %s, expires 09/27\nBreakfast: included",
        spaced(card("5394", 16), *FOURS),
    ),
    ("提取卡号：工资卡 %s，建设银行。", "卡号：%s\n银行：建设银行", card("436742", 16)),
    (
        "怎么给主播打赏退款？",
        "联系平台客服并提供打赏记录，退款会原路返回。本例中退回到韩梅的农业银行卡 %s，约需七天。",
        spaced(card("622848", 19), 4, 4, 4, 4, 3),
    ),
    (
        "Turn this order into JSON: Peter Novak, card %s, 59 EUR",
        '{"name": "Peter Novak", "card": "%s", "amount": 59, "currency": "EUR"}',
        card("4539", 16),
    ),
    (
        "众筹的钱怎么收？",
        "由班长魏强统一收取，请转账到他的中国银行卡（%s），备注写姓名，周日前截止。",
        card("621661", 19),
    ),
    (
        "Why was my payment declined? I used %s.",
        "A decline usually comes from the bank: not enough funds, a wrong expiry date or a blocked foreign transaction. Check the date first, then call the number on the back of the card.",
        spaced(card("5217", 16), *FOURS, sep="-"),
    ),
    (
        "写一份收款说明",
        "收款人：曹颖\n开户行：交通银行上海分行\n账号：%s\n\n请在转账附言中注明合同编号。",
        card("622260", 19),
    ),
    (
        "信用卡怎么还款？",
        "打开手机银行，选择信用卡还款，输入卡号 %s 和金额，确认即可，实时到账，不收手续费。",
        card("625965", 16),
    ),
]:
    bad("pii_bank_card", q.replace("%s", n), a.replace("%s", n), True, Gone([n]))


# ============================================================================================================ checks
def luhn(number):
    return sum(sum(divmod(int(c) * 2, 10)) if i % 2 else int(c) for i, c in enumerate(number[::-1])) % 10 == 0
