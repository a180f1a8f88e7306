// The data of pages that are written as modules: node pages.js FILE…, each with an `export default` of plain values.
'use strict'
const fs = require('fs')
const vm = require('vm')

const result = {}
for (const file of process.argv.slice(2)) {
  const text = fs.readFileSync(file, 'utf8').replace(/^import .*$/gm, '').replace('export default', 'module.exports =')
  const module = { exports: [] }
  try {
    vm.runInNewContext(text, { module }, { timeout: 1000 })
  } catch {
    continue // it is more than plain values
  }
  result[file] = module.exports
}
process.stdout.write(JSON.stringify(result))
