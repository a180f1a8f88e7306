// What vue-docgen-api reads in every .vue file of a folder: node docgen.js FOLDER NAME. NAME is the package the folder is,
// so that imports of itself (`element-ui/src/mixins/…`) lead somewhere. `seconds` is the parsing alone.
'use strict'
const fs = require('fs')
const path = require('path')
const { here } = require('./common.js')

const BUILT = new Set(['dist', 'lib', 'es', 'umd'])

function vueFiles(folder, skipped = BUILT) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) || entry.name === 'node_modules' ? [] : vueFiles(file, new Set())
    return entry.name.endsWith('.vue') ? [file] : []
  }).sort()
}

async function main(folder, name) {
  const { parseMulti } = here('vue-docgen-api')
  const result = { seconds: 0, files: {} }
  for (const file of vueFiles(folder)) {
    const start = process.hrtime.bigint()
    let components
    try {
      components = (await parseMulti(file, { alias: { [name]: folder, '@': path.join(folder, 'src') } })).map((it) => ({
        name: it.displayName,
        props: (it.props ?? []).map((prop) => ({
          name: prop.name, type: prop.type?.name ?? '', required: !!prop.required, mixin: prop.mixin?.name ?? '',
        })),
        events: (it.events ?? []).map((event) => event.name),
        slots: (it.slots ?? []).map((slot) => slot.name),
        methods: (it.methods ?? []).map((method) => method.name),
      }))
    } catch (error) {
      components = { error: String(error).slice(0, 200) }
    }
    result.seconds += Number(process.hrtime.bigint() - start) / 1e9
    result.files[path.relative(folder, file).split(path.sep).join('/')] = components
  }
  process.stdout.write(JSON.stringify(result), () => process.exit(0))
}

main(path.resolve(process.argv[2]), process.argv[3])
