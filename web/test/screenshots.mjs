// Takes a picture of every page, light, dark, narrow and right to left, with the data of the demo:
//   node screenshots.mjs BINARY FOLDER [DATA]
// DATA is a folder that a demo kept; without it one is made, which takes two minutes.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const [binary, folder, given] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })

const data = given ?? JSON.parse(execFileSync(binary, ['demo', '--once', '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })).data
const person = { email: 'ada@example.com', password: 'mother of pearl, twice' }
const [, code] = / until .*: (\S+)$/m.exec(execFileSync(binary, ['user', 'add', '--data', data, '--email', person.email, '--role', 'owner'], { encoding: 'utf8' }))
const empty = mkdtempSync(join(tmpdir(), 'nacre-empty-'))
// serve returns a server of a data folder and its address.
function serve(of) {
  const process = spawn(binary, ['serve', '--data', of, '--listen', '127.0.0.1:0', '--sip-listen', '127.0.0.1:0', '--allow-private-webhooks', '--log-level', 'error', '--grace', '0s'], { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((done) => createInterface(process.stdout).on('line', (line) => { const found = /^listening on (.*)$/.exec(line); if (found) done({ process, base: found[1] }) }))
}
const fresh = await serve(empty)
const { process: server, base } = await serve(data)
const key = execFileSync(binary, ['key', 'create', '--data', data, '--name', 'screenshots'], { encoding: 'utf8' }).trim()
const api = new Api(base, key)

const long = 'Renewals of the winter season for everybody who has been a member of any of our houses for longer than three years'
const existing = await api.ask('GET', '/v2/Pearl')
const demo = existing.find((row) => row.name === 'Plan renewal').id
if (!existing.some((row) => row.name === long)) {
  const pearlId = await api.campaign(long)
  await api.add(pearlId, [{ phoneNumber: '+14155550103', externalId: 'a-very-long-external-id-that-somebody-made-of-many-words-4711', callData: { firstName: 'Wolfeschlegelsteinhausenbergerdorff', lastName: 'von und zu Hohenlohe-Langenburg', note: 'Asked twice whether the price includes the sauna; wants the answer in writing before anything else.' } }])
  await api.campaign('Without leads')
}
await api.ask('POST', '/v2/Account/Blacklist', { phoneNumbers: ['+14155550177', '+12125550188'] })
const { results: leads } = await api.ask('POST', `/v2/Outbound/${demo}/Leads`, { statuses: [100], limit: 1 })
const { results: calls } = await api.ask('POST', `/v2/Pearl/${demo}/Calls`, { fromDate: '2000-01-01', toDate: '2999-01-01', statuses: [100], sortProp: 'duration', limit: 1 })
const graph = execFileSync(binary, ['campaign', 'create', join(import.meta.dirname, '..', '..', 'examples', 'rehearsal', 'orders-pearl.yaml'), '--url', base, '--key', key], { encoding: 'utf8' }).trim()
const quiet = (await api.ask('GET', '/v2/Pearl')).find((row) => row.name === 'Without leads').id

const pages = {
  overview: '/',
  campaigns: '/campaigns',
  campaign: `/campaigns/${demo}`,
  settings: `/campaigns/${demo}?tab=settings`,
  leads: `/leads?campaign=${demo}`,
  lead: `/leads?campaign=${demo}&lead=${leads[0].id}`,
  import: `/leads/import?campaign=${demo}`,
  'leads-none': `/leads?campaign=${quiet}`,
  calls: `/calls?campaign=${demo}`,
  call: `/calls/${calls[0].id}`,
  'call-signalling': `/calls/${calls[0].id}?tab=signalling`,
  pearls: '/pearls',
  pearl: `/pearls/${demo}`,
  'pearl-asks': `/pearls/${demo}?part=asks`,
  'pearl-actions': `/pearls/${graph}?part=actions`,
  'pearl-calling': `/pearls/${demo}?part=calling`,
  'pearl-flow': `/pearls/${graph}?part=flow`,
  'pearl-versions': `/pearls/${demo}?part=versions`,
  analytics: `/analytics?campaign=${demo}`,
  webhooks: `/webhooks?campaign=${demo}`,
  blacklist: '/blacklist',
  audit: '/audit',
  'settings-me': '/settings/me',
  'settings-company': '/settings/company',
  'settings-people': '/settings/people',
  'settings-keys': '/settings/keys',
  'settings-numbers': '/settings/numbers',
  'settings-models': '/settings/models',
  'not-found': '/campaigns/nowhere/at/all',
}
const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
  rtl: { colorScheme: 'light', locale: 'he-IL' },
}

let joined = false
const faults = []
for (const [look, options] of Object.entries(looks)) {
  const browser = await open(options)
  const { page } = browser
  const wrong = watch(page, 'http://127.0.0.1:')
  const shoot = (name) => page.screenshot({ path: join(folder, `${name}-${look}.png`) })
  await page.goto(`${fresh.base}/start`)
  await page.locator('form').waitFor()
  await shoot('start')
  await page.goto(base)
  await page.locator('form').waitFor()
  await shoot('sign-in')
  const [path, body] = joined ? ['/v2/SignIn', person] : ['/v2/Join', { code, password: person.password }]
  await page.evaluate(([path, body]) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((answer) => answer.json()), [path, body])
  joined = true
  const { id: live } = await api.ask('POST', '/v2/SandboxCampaign')
  await api.until(`/v2/Pearl/${live}/OngoingCalls`, ({ totalOngoingCalls }) => totalOngoingCalls > 0)
  for (const [name, path] of Object.entries({ live: `/campaigns/${live}`, ...pages })) {
    await page.goto(base + path)
    await page.locator('main#main').waitFor()
    if (name === 'live') await page.waitForTimeout(12_000) // people have picked up
    await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root, .bone') === null)
    if (name === 'call') await page.locator('.waves-place div').first().waitFor()
    await page.waitForTimeout(700) // pictures, not tests: what moves has come to rest
    await shoot(name)
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('crm-10')
  await page.getByText('crm-10').first().waitFor()
  await page.waitForTimeout(500)
  await shoot('palette')
  faults.push(...wrong.map((fault) => `${look}: ${fault}`))
  await browser.close()
}
for (const one of [server, fresh.process]) one.kill('SIGTERM')
rmSync(empty, { recursive: true, force: true })
if (!given) rmSync(data, { recursive: true, force: true })
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}
