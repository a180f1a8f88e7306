// Vue's own compiler over JSON lines: {"id", "code"} comes in, {"id", "errors"} goes out.
// The code that comes in is compiled and never run. What runs is JavaScript of the project: packages of node_modules
// of the folder named and of those above it, up to the project's root, and nothing from outside of it.
'use strict'
const fs = require('fs')
const Module = require('module')
const path = require('path')
const readline = require('readline')

const [folder, root] = process.argv.slice(2).map(place => fs.realpathSync(place))
const owner = fs.statSync(folder).uid
const out = process.stdout.write.bind(process.stdout)
console.log = console.info = console.warn = console.error // compilers talk; standard output is for answers
const say = value => out(JSON.stringify(value) + '\n')

const isInside = place => place === root || place.startsWith(root.endsWith(path.sep) ? root : root + path.sep)

function checked(place) {
  const real = fs.realpathSync(place)
  if (!isInside(real)) throw new Error(`${real} is outside of the project ${root}`)
  if (fs.statSync(real).uid !== owner) throw new Error(`${real} does not belong to the owner of ${folder}`)
  return real
}

// Node itself would look for what a package needs in every folder above it.
const resolve = Module._resolveFilename
Module._resolveFilename = function (...asked) {
  const found = resolve.apply(this, asked)
  if (path.isAbsolute(found)) checked(found)
  return found
}

function load(name) {
  for (let at = folder; isInside(at); at = path.dirname(at)) {
    const [scope, base, ...rest] = name[0] === '@' ? name.split('/') : ['', ...name.split('/')]
    const home = path.join(at, 'node_modules', scope, base)
    if (fs.existsSync(path.join(home, 'package.json'))) {
      for (const place of [at, path.join(at, 'node_modules'), home, path.join(home, 'package.json')]) checked(place)
      const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'))
      return { api: require(path.join(home, ...rest)), version }
    }
    if (path.dirname(at) === at) break
  }
  return null
}

function choose() {
  const problems = []
  for (const name of ['vue/compiler-sfc', '@vue/compiler-sfc', 'vue-template-compiler']) {
    try {
      const found = load(name)
      if (!found) continue
      const old = name === 'vue-template-compiler'
      if (old ? found.api.parseComponent : found.api.compileTemplate) return { name, old, ...found }
    } catch (error) {
      problems.push(`${name}: ${String(error.message).split('\n')[0]}`)
    }
  }
  return { problems }
}

process.chdir(root) // where packages look for settings of theirs
const chosen = choose()
if (!chosen.api) {
  const where = root === folder ? '' : ` or above it up to ${root}`
  say({ missing: chosen.problems.join('; ') || `no vue-template-compiler or @vue/compiler-sfc in ${folder}${where}` })
  process.exit(0)
}
const isVue3 = !chosen.old && !chosen.version.startsWith('2.')
const noFiles = { fileExists: () => false, readFile: () => undefined }

// Vue 2 cuts a file without knowing that <input> and <br> have no end; what is really open its template compiler tells.
const NO_END = /^(line \d+: )?tag <(?!template|script|style)[^>]*> has no matching end tag/
// Types are resolved in files of the project, of which an answer shows only some.
const ELSEWHERE = /Failed to resolve|Unresolvable type|must be a literal type|[Ff]ailed to load TypeScript/
const lineAt = (text, offset) => text.slice(0, offset).split('\n').length
const told = (error, code, start) => {
  const message = String(error.msg || error.message || error).split('\n\nanswer.vue')[0].replace(/\s+/g, ' ').trim().slice(0, 200)
  const offset = error.start !== undefined ? error.start : error.loc && error.loc.start && error.loc.start.offset
  return Number.isInteger(offset) ? `line ${lineAt(code, start + offset)}: ${message}` : message
}

function parse(code) {
  if (chosen.old) {
    const file = chosen.api.parseComponent(code, { outputSourceRange: true })
    return { template: file.template, script: null, errors: (file.errors || []).map(error => told(error, code, 0)) }
  }
  if (!isVue3) {
    const file = chosen.api.parse({ source: code, filename: 'answer.vue', sourceMap: false })
    return { template: file.template, script: file.script || file.scriptSetup, file, errors: (file.errors || []).map(error => told(error, code, 0)) }
  }
  const { descriptor: file, errors } = chosen.api.parse(code, { filename: 'answer.vue', sourceMap: false })
  return { template: file.template, script: file.script || file.scriptSetup, file, errors: errors.map(error => told(error, code, 0)) }
}

function compileTemplate(source, start, code) {
  if (chosen.old) {
    const { errors } = chosen.api.compile(source, { outputSourceRange: true })
    return errors.map(error => told(error, code, start))
  }
  const options = { source, filename: 'answer.vue', id: 'answer', prettify: false, transformAssetUrls: false }
  if (!isVue3) options.compilerOptions = { outputSourceRange: true }
  return chosen.api.compileTemplate(options).errors.map(error => told(error, code, start))
}

function check(code) {
  const blank = code.replace(/<!--[^]*?-->/g, comment => comment.replace(/[^\n]/g, ' '))
  const first = /^[ \t]*<(template|script|style)\b([^>]*)/m.exec(blank)
  const isSlot = first && first[1] === 'template' && /(^|\s)(#|v-slot|slot|v-if|v-for|v-else)/.test(first[2])
  if (!first || isSlot || /^\s*<(?!template|script|style|!)[a-z]/i.test(blank)) {
    // A piece of a template: within a component, slots may be filled, too.
    const before = '<x-piece>'
    return compileTemplate(`${before}${code}\n</x-piece>`, 0, `${before}${code}`)
  }
  const { template, script, file, errors: all } = parse(code)
  const errors = isVue3 ? all : all.filter(error => !NO_END.test(error))
  if (errors.length) return errors
  const found = []
  if (template && !template.src && (!template.lang || template.lang === 'html')) {
    // Vue 3 counts from the beginning of the file when it is given the syntax tree, and of the template when not.
    const start = template.start !== undefined ? template.start : template.loc.start.offset
    found.push(...compileTemplate(template.content, start, code))
  }
  if (script && !script.src) {
    try {
      chosen.api.compileScript(file, { id: 'answer', fs: noFiles, sourceMap: false })
    } catch (error) {
      const message = told(error, code, 0).replace(/^\[[^\]]*\]\s*/, '')
      if (!ELSEWHERE.test(message)) found.push(message)
    }
  }
  return found
}

readline
  .createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on('line', line => {
    const { id, code } = JSON.parse(line)
    try {
      say({ id, errors: check(code.replace(/\r\n/g, '\n')) })
    } catch (error) {
      say({ id, errors: [String(error && error.message).split('\n')[0]] })
    }
  })
  .on('close', () => process.exit(0)) // our parent is gone
say({ ready: `${chosen.name} ${chosen.version}` })
