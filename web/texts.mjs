// Holds the texts of the pages against the pages: every text that a page asks for is there, in every language. The compiler could
// (i18next has types for it), but takes a minute for a thousand texts.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const flat = (texts, before = '') => Object.entries(texts).flatMap(([name, value]) => (typeof value === 'object' ? flat(value, `${before}${name}.`) : [before + name]))
const plural = /_(zero|one|two|few|many|other)$/
// A language is in one file, and in one more for each page that brings its own: pearls.en.json.
const read = (language) => {
  const files = readdirSync('src/texts').filter((name) => name === `${language}.json` || name.endsWith(`.${language}.json`))
  return new Set(files.flatMap((name) => flat(JSON.parse(readFileSync(join('src/texts', name), 'utf8')))).map((key) => key.replace(plural, '')))
}

const english = read('en')
const faults = []
for (const language of ['he']) {
  const other = read(language)
  for (const key of english) if (!other.has(key)) faults.push(`${language}.json has no ${key}`)
  for (const key of other) if (!english.has(key)) faults.push(`en.json has no ${key}, ${language}.json has`)
}
for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (!/\.tsx?$/.test(name)) continue
  const source = readFileSync(join('src', name), 'utf8')
  // t('key'), t(is ? 'key' : 'key'), and t(`key.${part}`), of which the parts that are written out are known.
  for (const [, call] of source.matchAll(/\bt\(((?:[^()]|\([^()]*\))*)\)/g)) {
    const [key] = call.split(/,\s*\{/)
    for (const [, quoted] of key.matchAll(/'([a-z]\w*(?:\.\w+)+)'/g)) if (!english.has(quoted.replace(plural, ''))) faults.push(`${name} asks for ${quoted}`)
    for (const [, template] of key.matchAll(/`([a-z]\w*\.[^`]*)`/g)) {
      const pattern = new RegExp('^' + template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.')).join('\\w+') + '$')
      if (![...english].some((known) => pattern.test(known))) faults.push(`${name} asks for ${template}`)
    }
  }
}
// Every member of a Pearl that the API takes has a name in the editor and in comparisons: none is forgotten there.
const { schemas } = JSON.parse(readFileSync('src/api/openapi.json', 'utf8')).components
const members = (schema, seen = new Set()) => {
  if (!schema || seen.has(schema)) return []
  seen.add(schema)
  const inner = schema.$ref ? [schemas[schema.$ref.split('/').at(-1)]] : [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])]
  return [...inner.flatMap((one) => members(one, seen)), ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => [name, ...members(one, seen)])]
}
const outcomes = Object.keys(JSON.parse(readFileSync('src/texts/pearls.en.json', 'utf8')).pearl.outcome)
for (const name of new Set(members(schemas.DraftInputRequest))) {
  if (!outcomes.includes(name) && !english.has(`pearl.f.${name}`)) faults.push(`pearls.en.json has no pearl.f.${name}: the editor does not know this member of a Pearl`)
}
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
