// What runtime.js (Vue 2) and runtime3.js (Vue 3) share: a browser to load a framework in, and how to read what it
// hands to Vue. Everything is resolved from the working directory, where the packages are installed.
'use strict'
const Module = require('module')
const path = require('path')
const { pathToFileURL } = require('url')
const { literal } = require('./literal.js')

const here = Module.createRequire(path.join(process.cwd(), 'package.json'))

function openPage() {
  const { JSDOM } = here('jsdom')
  const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/', pretendToBeVisual: true })
  global.window = window
  for (const key of Object.getOwnPropertyNames(window)) {
    if (!(key in global)) {
      Object.defineProperty(global, key, { get: () => window[key], set: (v) => { window[key] = v }, configurable: true })
    }
  }
  // jsdom has none of these, and frameworks look for them while they load.
  window.matchMedia = () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {} })
  global.matchMedia = window.matchMedia
  for (const name of ['ResizeObserver', 'IntersectionObserver']) {
    global[name] = window[name] = class { observe() {} unobserve() {} disconnect() {} }
  }
  for (const suffix of ['.css', '.less', '.scss', '.svg', '.png']) Module._extensions[suffix] = () => {}
  console.log = console.info = console.error // standard output is for the result alone
}

// By require, else by import: as many packages know only one of the two as know only the other.
async function load(name) {
  try {
    return here(name)
  } catch (error) {
    const folder = path.join(process.cwd(), 'node_modules', name)
    const manifest = here(path.join(folder, 'package.json'))
    const entry = [manifest.exports?.['.']?.import, manifest.module, manifest.main, 'index.mjs']
      .map((it) => (typeof it === 'object' ? it?.default : it)).find(Boolean)
    return import(pathToFileURL(path.join(folder, entry)).href).catch(() => { throw error })
  }
}

// What to install: the package's own plugin, else every plugin it exports; none where it only exports its components.
function plugins(module) {
  const installs = (it) => it && typeof it.install === 'function' && !it.props
  if (typeof module.createVuetify === 'function') return [module.createVuetify()]
  const bare = typeof module.default === 'function' && !module.default.options // installs when it is called
  const own = bare ? module.default : [module.default, module].find(installs)
  return own ? [own] : Object.values(module).filter(installs)
}

function describeProps(props) {
  return Object.entries(props).map(([name, prop]) => {
    const types = [].concat(prop?.type ?? []).filter((it) => typeof it === 'function').map((it) => it.name)
    const hasDefault = !!prop && prop.default !== undefined
    const makes = !types.includes('Function')
    return { name, types, required: !!prop?.required, hasDefault, default: hasDefault ? literal(prop.default, makes) : null }
  })
}

const NOT_CODE = new Set(['components', 'directives', 'filters', 'props', 'mixins', 'extends', '_base', '_Ctor', 'parent'])

function codeOf(options) {
  const seen = new Set()
  const parts = []
  const visit = (value, depth) => {
    if (typeof value === 'function') {
      if (!seen.has(value)) parts.push(Function.prototype.toString.call(value))
      seen.add(value)
    } else if (value && typeof value === 'object' && depth < 4 && !seen.has(value)) {
      seen.add(value)
      // With inherited keys: watchers that only a mixin has are its prototype's.
      for (const key in value) {
        if (!NOT_CODE.has(key) && !/^[A-Z]/.test(key)) visit(value[key], depth + 1) // List.Item is another component
      }
    }
  }
  visit(options, 0)
  return parts.join('\n')
}

const found = (code, pattern, from = 1) =>
  [...new Set([...code.matchAll(pattern)].map((m) => m.slice(from).find(Boolean)))].sort()

// On itself, as `this` or as what a compiler made of it; not `this.table.$emit` or `$parent.$emit`, which is another's event.
const EMIT = '(?<![\\w$.\\])])(?:(?!\\$?parent\\.)[\\w$]+\\.)?\\$?emit\\(\\s*'

const EITHER = '[^,"\'`]{0,80}\\?\\s*["\']([^"\']+)["\']\\s*:\\s*["\']([^"\']+)["\']'

// What the compiled code shows beside what it declares; the judge where Vue itself keeps no list.
function describeCode(options) {
  const code = codeOf(options)
  const attrs = found(code, /["']([\w-]+)["'],\s*[^"']{0,80}?\$attrs\b/g)
  const rendered = found(code, /\b(?:_c|h|createElement|\w)\(\s*["']([a-z][\w-]*)["']/g)
  const root = /return\s+(?:[\w$]+\.)?\w+\(\s*["']([a-z][\w-]*)["']/.exec(String(options.render ?? ''))
  return {
    emitted: [
      ...found(code, new RegExp(`${EMIT}(["'\`])([^"'\`$]+)\\1\\s*[,)]`, 'g'), 2),
      ...[1, 2].flatMap((choice) => found(code, new RegExp(`${EMIT}${EITHER}`, 'g'), choice)),
      // A name made at run time, `row-${name}` or 'row-' + name, is kept as row-*.
      ...found(code, new RegExp(`${EMIT}["'\`]([^"'\`$]+)(?:["']\\s*(?:\\+|\\.concat)|\\$\\{)`, 'g')).map((it) => it + '*'),
    ],
    slots: found(code, new RegExp([
      /\b_t\(\s*["']([\w:-]+)["']/,
      /[sS]lots\.(?!(?:map|filter|find|forEach|some|push|length)\b)(\w+)/,
      /[sS]lots\[["']([\w:-]+)["']\]/,
      /renderSlot\(\s*[\w.$]+,\s*["']([\w:-]+)["']/,
    ].map((it) => it.source).join('|'), 'g')),
    // Where an attribute that is no prop ends up: where $attrs is bound, and on the root unless it opts out.
    attrs: [...new Set([
      ...(attrs.length || !code.includes('$attrs') ? attrs : rendered),
      ...(options.inheritAttrs === false ? [] : [root?.[1] ?? 'div']),
    ])],
    listeners: code.includes('$listeners'),
    computed: {
      events: /emit\w*\(\s*(?:this,\s*)?(?:[A-Za-z_$][\w.$]*\s*[,)]|`)/i.test(code),
      slots: /[sS]lots\[\s*[A-Za-z_$`]/.test(code),
    },
  }
}

// The attributes each native element takes, as jsdom's own classes have them.
function nativeAttributes() {
  const settable = (proto) => Object.entries(Object.getOwnPropertyDescriptors(proto))
    .filter(([key, it]) => it.set && !key.startsWith('on')).map(([key]) => key.toLowerCase())
  const everywhere = ['id', 'class', 'style', 'role', 'slot', 'spellcheck', 'inputmode', 'enterkeyhint', 'contenteditable',
    ...settable(window.HTMLElement.prototype)]
  const tags = ['div', 'a', 'button', 'form', 'i', 'iframe', 'img', 'input', 'label', 'li', 'select', 'span', 'table',
    'textarea', 'ul', 'video']
  return Object.fromEntries(tags.map((tag) => {
    const proto = Object.getPrototypeOf(window.document.createElement(tag))
    const own = proto === window.HTMLElement.prototype ? [] : settable(proto)
    return [tag, [...new Set([...everywhere, ...own])].sort()]
  }))
}

function print(version, components) {
  components.sort((a, b) => (a.names[0] < b.names[0] ? -1 : 1))
  const result = { vue: version, components, native: nativeAttributes() }
  // A framework may leave timers running, so the end has to be said.
  process.stdout.write(JSON.stringify(result), () => process.exit(0))
}

module.exports = { describeCode, describeProps, here, load, openPage, plugins, print }
