// One spelling for each constant, so that defaults compare by value, those included that JSON does not know.
'use strict'

// What a factory makes is spelt `made …`; a factory is a function that is no value itself (`makes`). Null: not constant.
function literal(value, makes) {
  if (typeof value === 'function') {
    if (!makes) return null
    try {
      const made = literal(value.call({}, {}), false)
      return made && `made ${made.replace(/^made /, '')}`
    } catch {
      return null
    }
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if (value && typeof value === 'object') return `made ${JSON.stringify(value)}`.slice(0, 1000)
  return typeof value === 'symbol' ? null : String(value)
}

module.exports = { literal }
