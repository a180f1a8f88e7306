// What default values given as source text are: node values.js, with a JSON list of [text, makes] on standard input.
// Each becomes its literal, or what its factory makes where `makes` is true, or null where the text alone is no value.
'use strict'
const vm = require('vm')
const { literal } = require('./literal.js')

function valueOf(text) {
  for (const code of [`(${text})`, `Object.values({ ${text} })[0]`]) {
    try {
      return { value: vm.runInNewContext(code, {}, { timeout: 100 }) }
    } catch {
      // it is no expression, or names what only its module knows
    }
  }
  return null
}

const rows = JSON.parse(require('fs').readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(rows.map(([text, makes]) => {
  const found = valueOf(text)
  return found && literal(found.value, makes)
})))
