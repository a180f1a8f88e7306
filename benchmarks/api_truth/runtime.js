// What Vue 2.7 itself knows of every component a framework registers: node runtime.js PACKAGE [ENTRY], where it is installed.
'use strict'
const { describeCode, describeProps, here, load, openPage, plugins, print } = require('./common.js')

// With the inherited ones: a global mixin makes Vue start a new object that has the earlier ones as its prototype.
function registered(Vue) {
  const all = {}
  for (const key in Vue.options.components) all[key] = Vue.options.components[key]
  return all
}

async function main(name) {
  openPage()
  const Vue = here('vue')
  Vue.config.productionTip = Vue.config.devtools = false
  Vue.config.silent = true
  global.Vue = window.Vue = Vue
  const before = registered(Vue)
  const module = await load(name)
  for (const it of plugins(module)) Vue.use(it)
  if (Object.keys(registered(Vue)).length === Object.keys(before).length) {
    for (const [key, it] of Object.entries(module)) if (it?.render || it?.template || it?.options) Vue.component(key, it)
  }
  const byConstructor = new Map()
  for (const [key, it] of Object.entries(registered(Vue))) {
    const options = it?.options ?? it
    // A service registered like a component has neither; an asynchronous one is known only when it is first used.
    if (key in before || !(options?.render || options?.template || options?.props)) continue
    const constructor = it.options ? it : Vue.extend(it)
    if (byConstructor.has(constructor)) byConstructor.get(constructor).names.push(key)
    else byConstructor.set(constructor, { names: [key], options: constructor.options })
  }
  print(Vue.version, [...byConstructor.values()].map(({ names, options }) => ({
    names,
    name: options.name ?? null,
    props: describeProps(options.props ?? {}),
    emits: options.emits ? (Array.isArray(options.emits) ? options.emits : Object.keys(options.emits)) : null,
    methods: Object.keys(options.methods ?? {}),
    model: options.model ?? null,
    ...describeCode(options),
  })))
}

main(process.argv[3] || process.argv[2])
