// Print, as JSON, what Vue itself knows of every component of a package: node components.cjs FOLDER.
// There is no network, and the page that a framework looks for while it loads is an empty one.
'use strict'
const Module = require('module')
const fs = require('fs')
const path = require('path')
const { pathToFileURL } = require('url')

const folder = fs.realpathSync(process.argv[2])
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
const here = Module.createRequire(path.join(folder, 'package.json'))
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr) // standard output is for the result alone
process.on('uncaughtException', () => {}) // of timers that a framework starts
process.on('unhandledRejection', () => {})

function closeNetwork() {
  const refuse = () => { throw new Error('there is no network here') }
  require('net').Socket.prototype.connect = refuse
  require('dgram').createSocket = refuse
  for (const module of ['http', 'https']) require(module).request = require(module).get = refuse
  for (const module of [require('dns'), require('dns').promises]) {
    for (const key of Object.keys(module)) if (/^(lookup|resolve|reverse)/.test(key)) module[key] = refuse
  }
  for (const name of ['fetch', 'WebSocket', 'EventSource']) delete globalThis[name]
}

// -- a page -----------------------------------------------------------------------------------------------------------

const nothing = () => {}

class FakeElement {
  constructor(tag = 'div') {
    Object.assign(this, {
      tagName: tag.toUpperCase(), nodeName: tag.toUpperCase(), nodeType: 1, style: {}, dataset: {}, attributes: [],
      childNodes: [], children: [], innerHTML: '', textContent: '', className: '', parentNode: null, sheet: { insertRule: nothing },
      classList: { add: nothing, remove: nothing, toggle: nothing, contains: () => false },
      clientWidth: 0, clientHeight: 0, offsetWidth: 0, offsetHeight: 0, scrollTop: 0, scrollLeft: 0,
    })
  }
  appendChild(child) { return child }
  insertBefore(child) { return child }
  removeChild(child) { return child }
  cloneNode() { return new FakeElement(this.tagName) }
  getAttribute() { return null }
  hasAttribute() { return false }
  querySelector() { return null }
  querySelectorAll() { return [] }
  getElementsByTagName() { return [] }
  getElementsByClassName() { return [] }
  getBoundingClientRect() { return { top: 0, left: 0, right: 0, bottom: 0, width: 0, height: 0 } }
  getContext() { return null }
  contains() { return false }
  closest() { return null }
  matches() { return false }
}
for (const name of ['setAttribute', 'removeAttribute', 'addEventListener', 'removeEventListener', 'dispatchEvent', 'append',
  'prepend', 'remove', 'focus', 'blur', 'click', 'insertAdjacentHTML', 'insertAdjacentElement']) {
  FakeElement.prototype[name] = nothing
}

function openPage() {
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
  const document = new FakeElement('#document')
  const [html, head, body] = ['html', 'head', 'body'].map((tag) => new FakeElement(tag))
  Object.assign(document, {
    nodeType: 9, documentElement: html, head, body, readyState: 'complete', cookie: '', title: '', hidden: false,
    currentScript: null, activeElement: body, fonts: { ready: Promise.resolve(), load: () => Promise.resolve([]) },
    implementation: { createHTMLDocument: () => document, hasFeature: () => false },
    createElement: (tag) => new FakeElement(tag), createElementNS: (_, tag) => new FakeElement(tag),
    createTextNode: () => new FakeElement('#text'), createComment: () => new FakeElement('#comment'),
    createDocumentFragment: () => new FakeElement('#fragment'), createEvent: () => ({ initEvent: nothing }),
    getElementById: () => null, execCommand: () => false,
    createRange: () => new FakeElement('#range'), getSelection: () => null,
  })
  document.getElementsByTagName = (tag) => ({ head: [head], body: [body], html: [html] })[tag] ?? []
  document.querySelector = (tag) => ({ head, body, html })[tag] ?? null
  document.defaultView = globalThis
  const storage = () => ({ getItem: () => null, setItem: nothing, removeItem: nothing, clear: nothing, length: 0 })
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36'
  const page = {
    window: globalThis, self: globalThis, top: globalThis, parent: globalThis, document,
    navigator: { userAgent: agent, platform: 'Linux', language: 'en', languages: ['en'], vendor: '', maxTouchPoints: 0 },
    location: { href: 'http://localhost/', protocol: 'http:', host: 'localhost', hostname: 'localhost', pathname: '/',
      search: '', hash: '', origin: 'http://localhost', reload: nothing },
    history: { pushState: nothing, replaceState: nothing, state: null }, screen: { width: 1280, height: 800 },
    localStorage: storage(), sessionStorage: storage(), devicePixelRatio: 1, innerWidth: 1280, innerHeight: 800,
    pageXOffset: 0, pageYOffset: 0, scrollX: 0, scrollY: 0, scrollTo: nothing, getSelection: () => null,
    addEventListener: nothing, removeEventListener: nothing, dispatchEvent: nothing, postMessage: nothing,
    requestAnimationFrame: () => 0, cancelAnimationFrame: nothing, requestIdleCallback: () => 0,
    getComputedStyle: () => ({ getPropertyValue: () => '' }), CSS: { supports: () => false },
    matchMedia: () => ({ matches: false, addListener: nothing, removeListener: nothing, addEventListener: nothing,
      removeEventListener: nothing }),
  }
  for (const [name, value] of Object.entries(page)) define(name, value)
  const observers = ['MutationObserver', 'ResizeObserver', 'IntersectionObserver']
  const classes = ['XMLHttpRequest', 'FileReader', 'Image', 'DOMParser', 'DOMRect', 'KeyboardEvent', 'MouseEvent', 'TouchEvent',
    'CustomEvent', 'ClipboardEvent', 'DragEvent', 'TransitionEvent', 'AnimationEvent', 'PointerEvent', 'FocusEvent',
    'UIEvent', 'HTMLCollection', 'NodeList', 'CSSStyleSheet', 'DocumentFragment', 'ShadowRoot', 'Range', 'Selection',
    'Text', 'Comment', 'Document', 'Window', 'DataTransfer', 'Audio', 'Worker']
  for (const name of observers) {
    define(name, class { observe() {} unobserve() {} disconnect() {} takeRecords() { return [] } })
  }
  for (const name of classes) if (!(name in globalThis)) define(name, class {})
  for (const name of ['Node', 'Element', 'HTMLElement', 'SVGElement', 'HTMLInputElement', 'HTMLTextAreaElement',
    'HTMLAnchorElement', 'HTMLButtonElement', 'HTMLImageElement', 'HTMLSelectElement', 'HTMLFormElement',
    'HTMLDivElement', 'HTMLCanvasElement', 'HTMLVideoElement', 'HTMLIFrameElement', 'HTMLBodyElement']) {
    define(name, FakeElement)
  }
}

// -- the package ------------------------------------------------------------------------------------------------------

const STYLES = ['css', 'less', 'scss', 'sass', 'styl', 'svg', 'png', 'jpg', 'gif', 'woff', 'woff2', 'ttf', 'md', 'html']

// What bundlers accept and Node does not: style sheets, paths without a suffix, modules in `.js` files.
const HOOKS = `
import { readFileSync } from 'node:fs'
const styles = /\\.(${STYLES.join('|')})(\\?.*)?$/
export async function resolve(specifier, context, next) {
  let first
  for (const end of ['', '.js', '.mjs', '/index.js', '/index.mjs', '/lib/index.js']) {
    try { return await next(specifier + end, context) } catch (error) { first ??= error }
  }
  throw first
}
export async function load(url, context, next) {
  if (styles.test(url)) return { format: 'module', source: 'export default {}', shortCircuit: true }
  if (url.endsWith('.json')) {
    return { format: 'module', source: 'export default ' + readFileSync(new URL(url), 'utf8'), shortCircuit: true }
  }
  if (url.startsWith('file:') && url.endsWith('.js') && context.format !== 'module') {
    const source = readFileSync(new URL(url), 'utf8')
    if (/^\\s*(import|export)\\b[^(]/m.test(source)) return { format: 'module', source, shortCircuit: true }
  }
  return next(url, context)
}`

function isModule(error) {
  return error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' || error instanceof SyntaxError
}

function entries() {
  const root = manifest.exports?.['.'] ?? manifest.exports
  const found = [root?.import, root?.default, root?.module, manifest.module, manifest.main, 'index.mjs', 'index.js']
  return [...new Set(found.map((it) => (typeof it === 'object' ? it?.default ?? it?.node : it)).filter(Boolean))]
}

async function load() {
  let first
  for (const name of [manifest.name, folder]) {
    try { return here(name) } catch (error) { first = first && !isModule(first) ? first : error }
  }
  if (Module.register) Module.register('data:text/javascript,' + encodeURIComponent(HOOKS))
  for (const entry of entries()) {
    const file = path.join(folder, entry)
    if (!fs.existsSync(file)) continue
    try { return await import(pathToFileURL(file).href) } catch (error) { if (isModule(first)) first = error }
  }
  throw first
}

// Where the package itself gives only a plugin that is told which components to use.
async function loadComponents() {
  try {
    const file = here.resolve(`${manifest.name}/components`)
    if (Module.register) Module.register('data:text/javascript,' + encodeURIComponent(HOOKS))
    return await import(pathToFileURL(file).href)
  } catch { return null }
}

function plugins(module) {
  const installs = (it) => it && typeof it.install === 'function' && !it.props
  const bare = typeof module.default === 'function' && !module.default.options // installs when it is called
  const own = bare ? module.default : [module.default, module].find(installs)
  return own ? [own] : Object.values(module).filter(installs)
}

function short(text) {
  return text.length <= 60 && !text.includes('\n') ? text : '() => {…}'
}

function defaultOf(prop, types) {
  let value = prop.default
  if (typeof value === 'function') {
    if (types.includes('Function')) return short(String(value))
    try { value = value.call({}, {}) } catch { return short(String(value)) }
  }
  if (typeof value === 'string') return JSON.stringify(value).length < 200 ? quoted(value) : "'…'"
  if (value === null || ['number', 'boolean', 'bigint'].includes(typeof value)) return String(value)
  if (Array.isArray(value)) return value.length ? '[…]' : '[]'
  if (typeof value === 'object') return Object.keys(value).length ? '{…}' : '{}'
  return typeof value === 'function' ? short(String(value)) : null
}

function quoted(text) {
  return "'" + JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'") + "'"
}

function props(declared) {
  return Object.entries(declared ?? {}).map(([name, prop]) => {
    const types = [].concat(prop?.type ?? []).filter((it) => typeof it === 'function').map((it) => it.name)
    const has = prop && typeof prop === 'object' && prop.default !== undefined
    return { name, types, required: prop?.required === true, default: has ? defaultOf(prop, types) : null }
  })
}

// Whether the code of a component may hand on attributes that are not its props to something that takes any.
function handsOn(options, pattern) {
  const seen = new Set()
  const visit = (value, depth) => {
    if (typeof value === 'function') return pattern.test(Function.prototype.toString.call(value))
    if (!value || typeof value !== 'object' || depth > 3 || seen.has(value)) return false
    seen.add(value)
    return Object.keys(value).some((key) => !NOT_CODE.has(key) && !/^[A-Z]/.test(key) && visit(value[key], depth + 1))
  }
  return visit(options, 0)
}
const NOT_CODE = new Set(['components', 'directives', 'filters', 'props', 'extends', '_base', '_Ctor', 'parent'])

const names = (emits) => (emits ? (Array.isArray(emits) ? emits : Object.keys(emits)) : []).filter((it) => typeof it === 'string')

const renders = (it) => it && ['setup', 'render', 'template', 'props', 'options'].some((part) => it[part])
const exported = (module) => Object.entries({ ...module.default, ...module })
  .filter(([key, it]) => /^[A-Z][\w]*$/.test(key) && renders(it) && !it.prototype?.render)

function grouped(pairs) {
  const byComponent = new Map()
  for (const [key, it] of pairs) {
    if (byComponent.has(it)) byComponent.get(it).push(key)
    else byComponent.set(it, [key])
  }
  return [...byComponent]
}

function attempt(failed, what, run) {
  try { return run() } catch (error) { failed.push(`${what}: ${error?.message ?? error}`) }
}

function vue2(Vue, module, failed) {
  const registered = () => {
    const all = {}
    for (const key in Vue.options.components) all[key] = Vue.options.components[key] // inherited ones, too
    return all
  }
  Object.assign(Vue.config, { productionTip: false, devtools: false, silent: true })
  globalThis.Vue = Vue
  const before = registered()
  for (const it of plugins(module)) attempt(failed, 'install', () => Vue.use(it))
  if (Object.keys(registered()).length === Object.keys(before).length) {
    for (const [key, it] of exported(module)) attempt(failed, key, () => Vue.component(key, it))
  }
  const found = Object.entries(registered()).filter(([key, it]) => !(key in before) && renders(it?.options ?? it))
  return grouped(found).map(([it, names_]) => attempt(failed, names_[0], () => {
    const options = (it.options ? it : Vue.extend(it)).options
    return {
      names: names_, name: options.name ?? null, props: props(options.props), emits: names(options.emits),
      model: options.model ? [options.model.prop ?? 'value', options.model.event ?? 'input'] : null,
      open: options.functional && !options.props ? ['props'] : [],
      passes: options.functional || handsOn(options, /\$(?:attrs|listeners)|(?:attrs|listeners)\$/),
    }
  }))
}

function vue3(Vue, module, failed) {
  const app = Vue.createApp({ render: () => null })
  app.config.warnHandler = () => {}
  for (const it of plugins(module)) attempt(failed, 'install', () => app.use(it))
  const registered = Object.entries(app._context.components).filter(([key, it]) => /^[\w-]+$/.test(key) && renders(it))
  return grouped(registered.length ? registered : exported(module)).map(([it, names_]) => attempt(failed, names_[0], () => {
    const vnode = Vue.createVNode(it)
    vnode.appContext = app._context
    // The instance, not yet set up, holds what Vue has merged of mixins and extends.
    const { createComponentInstance } = Vue.ssrUtils ?? {}
    const instance = createComponentInstance(vnode, null, null)
    const declared = props(instance.propsOptions[0])
    const emits = names(instance.emitsOptions ?? {})
    const models = emits.includes('update:modelValue') && declared.some((prop) => prop.name === 'modelValue')
    return {
      names: names_, name: typeof it.name === 'string' ? it.name : null, props: declared, emits,
      model: models ? ['modelValue', 'update:modelValue'] : null,
      open: typeof it === 'function' && !it.props ? ['props'] : [],
      passes: typeof it === 'function' || handsOn(it, /\battrs\b/),
    }
  }))
}

function end(result) {
  write(JSON.stringify(result), () => process.exit(0)) // a framework may leave timers running
}

async function main() {
  let Vue
  try { Vue = here('vue') } catch { return end({ error: 'no-vue' }) }
  Vue = Vue.createApp || Vue.extend ? Vue : Vue.default
  closeNetwork()
  openPage()
  for (const suffix of STYLES) Module._extensions[`.${suffix}`] = () => {}
  const failed = []
  let module
  try { module = await load() } catch (error) { return end({ error: 'load', detail: String(error?.stack ?? error).slice(0, 2000) }) }
  const read = Vue.createApp && !Vue.extend ? vue3 : vue2
  let components = read(Vue, module, failed).filter(Boolean)
  if (!components.length && (module = await loadComponents())) components = read(Vue, module, failed).filter(Boolean)
  components.sort((a, b) => (a.names[0] < b.names[0] ? -1 : 1))
  end({ name: manifest.name ?? '', version: manifest.version ?? '', vue: Vue.version, components, failed })
}

main().catch((error) => end({ error: 'load', detail: String(error?.stack ?? error).slice(0, 2000) }))
