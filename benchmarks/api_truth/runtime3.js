// The same for Vue 3: node runtime3.js PACKAGE [ENTRY]. A package that registers nothing is read from its exports.
'use strict'
const { describeCode, describeProps, here, load, openPage, plugins, print } = require('./common.js')

async function main(name) {
  openPage()
  const Vue = here('vue')
  const app = Vue.createApp({ render: () => null })
  app.config.warnHandler = () => {}
  const module = await load(name)
  for (const it of plugins(module)) app.use(it)
  // Plugins register by loops over what they export, so that a type or a service can be among it.
  const renders = ([key, it]) => /^[\w-]+$/.test(key) && ['setup', 'render', 'template', 'props'].some((part) => it?.[part])
  const registered = Object.entries(app._context.components).filter(renders)
  const exported = Object.entries(module).filter((entry) => /^[A-Z]/.test(entry[0]) && renders(entry))
  const byComponent = new Map()
  for (const [key, component] of registered.length ? registered : exported) {
    if (byComponent.has(component)) byComponent.get(component).push(key)
    else byComponent.set(component, [key])
  }
  print(Vue.version, [...byComponent].map(([component, names]) => {
    const vnode = Vue.createVNode(component)
    vnode.appContext = app._context
    // The instance, not yet set up, holds what Vue has merged of mixins and extends.
    const instance = Vue.ssrUtils.createComponentInstance(vnode, null, null)
    const merged = (key) => Object.assign({}, ...[component.extends, ...(component.mixins ?? []), component]
      .map((it) => it?.[key]))
    return {
      names,
      name: typeof component.name === 'string' ? component.name : null,
      props: describeProps(instance.propsOptions[0] ?? {}),
      emits: instance.emitsOptions ? Object.keys(instance.emitsOptions) : null,
      methods: Object.keys(merged('methods')),
      model: null,
      ...describeCode({ ...component, methods: merged('methods') }),
    }
  }))
}

main(process.argv[3] || process.argv[2])
