// One spelling for each constant, so that defaults compare by value, those included that JSON does not know.
'use strict'

// `makes`: a function is a factory, called for what it makes. Null for what is not constant.
function literal(value, makes) {
  if (typeof value === 'function') {
    if (!makes) return null
    try {
      const made = value.call({}, {})
      return made && typeof made === 'object' ? `made ${JSON.stringify(made)}`.slice(0, 1000) : literal(made, false)
    } catch {
      return null
    }
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if (value && typeof value === 'object') return `made ${JSON.stringify(value)}`.slice(0, 1000)
  return typeof value === 'symbol' ? null : String(value)
}

module.exports = { literal }
