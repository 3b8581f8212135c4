// Takes a picture of every page, light, dark, narrow and right to left, with the data of the demo:
//   node screenshots.mjs BINARY FOLDER [DATA [LOOK…]]
// DATA is a folder that a demo kept; without it, or where it is "", one is made, which takes two minutes. The WebP files among them are
// for the README (docs/pictures).
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const [binary, folder, given, ...wanted] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const run = (...args) => execFileSync(binary, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

// invite returns the code by which a person of an account joins, or sets a new password.
const invite = (data, email, role) => {
  const known = run('user', 'list', '--data', data).includes(email)
  return / until .*: (\S+)$/m.exec(run('user', ...(known ? ['code'] : ['add', '--role', role]), '--data', data, '--email', email))[1]
}
const owner = { email: 'ada@example.com', password: 'mother of pearl, twice' }
const viewer = { email: 'eve@example.com', password: 'looking is not touching' }

// serve returns a server of a data folder and its address.
function serve(of, ...flags) {
  const process = spawn(binary, ['serve', '--data', of, '--listen', '127.0.0.1:0', '--sip-listen', '127.0.0.1:0', '--allow-private-webhooks', '--log-level', 'error', '--grace', '0s', ...flags], { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((done) => createInterface(process.stdout).on('line', (line) => { const found = /^listening on (.*)$/.exec(line); if (found) done({ process, base: found[1] }) }))
}

// One server has the demo's data, one an account and nothing in it, one has not begun.
const data = given || JSON.parse(run('demo', '--once', '--json')).data
const [empty, unbegun] = ['empty', 'unbegun'].map((name) => mkdtempSync(join(tmpdir(), `nacre-${name}-`)))
run('key', 'create', '--data', empty, '--init', '--name', 'screenshots')
const codes = { [data]: invite(data, owner.email, 'owner'), [empty]: invite(empty, owner.email, 'owner'), viewer: invite(data, viewer.email, 'viewer') }
const [full, bare, fresh] = [await serve(data), await serve(empty, '--speech', 'none'), await serve(unbegun, '--speech', 'none')]
process.on('exit', () => {
  for (const { process } of [full, bare, fresh]) process.kill('SIGTERM')
  for (const one of [empty, unbegun, ...(given ? [] : [data])]) rmSync(one, { recursive: true, force: true })
})
const { base } = full
const key = run('key', 'create', '--data', data, '--name', 'screenshots').trim()
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
const { results } = await api.ask('POST', `/v2/Pearl/${demo}/Calls`, { fromDate: '2000-01-01', toDate: '2999-01-01', statuses: [100], sortProp: 'duration', limit: 100 })
const [call = results[0]] = results.filter(({ latencyMs }) => latencyMs !== null && latencyMs < 400) // a long one that went well
const graph = existing.find((row) => row.name === 'Orders')?.id ?? run('campaign', 'create', join(import.meta.dirname, '..', '..', 'examples', 'rehearsal', 'orders-pearl.yaml'), '--url', base, '--key', key).trim()
const quiet = (await api.ask('GET', '/v2/Pearl')).find((row) => row.name === 'Without leads').id

// A page is an address, or an address and what is done there before the picture is taken. What is clicked is found by its picture,
// since words differ by language.
const icon = (name, within = 'main') => `${within} button:has(.tabler-icon-${name})`
// trying begins a talk beside the editor.
const trying = async (page, how, keysOnly = false) => {
  await page.locator(`.try-side, ${icon('message-2')}`).first().waitFor()
  if (!(await page.locator('.try-side').isVisible())) await page.locator(icon('message-2')).click()
  if (keysOnly) await page.locator('.try-side form input[type=checkbox], [role=dialog] form input[type=checkbox]').check()
  await page.locator(how).click()
  await page.locator('.talk li[data-role="2"]').first().waitFor()
}
const refused = (status, body) => (route) => route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify(body) })
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
  call: `/calls/${call.id}`,
  'call-signalling': `/calls/${call.id}?tab=signalling`,
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
  clone: [`/campaigns/${demo}`, (page) => page.locator(icon('copy')).first().click()],
  'pearl-new': '/pearls?new=1',
  'pearl-to-script': [`/pearls/${graph}?part=flow`, async (page) => {
    await page.locator(icon('align-left')).click()
    await page.locator('[role=dialog] p').first().waitFor()
  }],
  'try-text': [`/pearls/${demo}`, (page) => trying(page, '.try-side form button[type=submit], [role=dialog] form button[type=submit]')],
  'try-microphone': [`/pearls/${demo}`, async (page) => {
    await trying(page, 'button:has(.tabler-icon-microphone)', true)
    await page.locator('.keypad').waitFor()
  }],
  review: [`/calls?campaign=${demo}&review=open`, async (page) => {
    await page.locator('.table-row a').first().click()
    await page.waitForURL(/\/calls\/[0-9a-f]{24}/)
  }],
  'webhooks-none': `/webhooks?campaign=${quiet}`,
  'calls-none': `/calls?campaign=${quiet}`,
  'analytics-none': `/analytics?campaign=${quiet}`,
  'analytics-failing': [`/analytics?campaign=${demo}`, null, { '**/v2/Pearl/*/Analytics': refused(400, { title: 'Bad Request', status: 400, detail: 'The time is longer than 366 days.', errors: {} }) }],
  away: ['/campaigns', null, { '**/v2/Pearl': (route) => route.abort('connectionrefused') }],
  palette: ['/', async (page) => {
    await page.keyboard.press('Control+k')
    await page.waitForFunction(() => document.activeElement?.matches('.mantine-Spotlight-search')) // what is typed before goes nowhere
    await page.keyboard.type('crm-10')
    await page.locator('.mantine-Spotlight-action').filter({ hasText: 'crm-10' }).first().waitFor()
  }],
}
// ofViewer is what is shown to somebody who may only look, ofEmpty an account with nothing in it.
const ofViewer = { 'viewer-audit': '/audit', 'viewer-keys': '/settings/keys', 'viewer-people': '/settings/people', 'viewer-campaign': `/campaigns/${demo}`, 'viewer-pearl': `/pearls/${demo}` }
const ofEmpty = { 'empty-overview': '/', 'empty-campaigns': '/campaigns', 'empty-leads': '/leads', 'empty-calls': '/calls', 'empty-pearls': '/pearls', 'empty-analytics': '/analytics', 'empty-webhooks': '/webhooks', 'empty-blacklist': '/blacklist', 'empty-keys': '/settings/keys', 'empty-numbers': '/settings/numbers' }
const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
  rtl: { colorScheme: 'light', locale: 'he-IL' },
}

const readme = { live: 'campaign', call: 'call', 'pearl-flow': 'pearl' }

const faults = []
for (const look of wanted.length > 0 ? wanted : Object.keys(looks)) {
  const browser = await open({ permissions: ['microphone'], args: ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'], ...looks[look] })
  const { page } = browser
  const wrong = watch(page, 'http://127.0.0.1:')
  page.setDefaultTimeout(90_000)

  const shoot = async (name) => {
    await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root, .bone') === null)
    await page.waitForTimeout(400) // pictures, not tests: what moves has come to rest
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), animations: 'disabled' })
    if (look !== 'light' || !readme[name]) return
    await page.setViewportSize({ width: 1360, height: 1040 })
    await page.waitForTimeout(400)
    const { data } = await (await page.context().newCDPSession(page)).send('Page.captureScreenshot', { format: 'webp', quality: 80 })
    writeFileSync(join(folder, `${readme[name]}.webp`), Buffer.from(data, 'base64'))
    await page.setViewportSize({ width: 1360, height: 860 })
  }
  const take = async (at, all) => {
    let stale = true
    for (const [name, one] of Object.entries(all)) {
      const [path, act, routes = {}] = [one].flat()
      for (const [pattern, answer] of Object.entries(routes)) await page.route(pattern, answer)
      // The application goes from page to page by itself; it begins anew where something was opened, or is answered otherwise.
      if (act === undefined && !stale) await page.evaluate((path) => history.pushState(null, '', path), path)
      else await page.goto(at + path)
      stale = act !== undefined
      await page.locator('main#main > *').first().waitFor()
      await act?.(page).catch((error) => faults.push(`${look}: ${name}: ${error.message}`)) // the others are taken all the same
      if (name === 'call') await page.waitForFunction(() => document.querySelector('.waves-place div')?.shadowRoot?.querySelector('canvas'))
      await shoot(name)
      await page.unrouteAll()
    }
  }
  // enter signs a person in at a server, by a code for the first time.
  const enter = async (at, person, code) => {
    await page.context().clearCookies()
    await page.goto(`${at}/sign-in`)
    await page.locator('form').waitFor()
    const post = ([path, body]) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((answer) => answer.ok)
    if (!(await page.evaluate(post, ['/v2/SignIn', person]))) await page.evaluate(post, ['/v2/Join', { code, password: person.password }])
  }

  for (const [name, path] of Object.entries({ start: `${fresh.base}/start`, 'sign-in': base, join: `${base}/join#abcdefgh` })) {
    await page.goto(path)
    await page.locator('form').waitFor()
    await shoot(name)
  }
  await enter(bare.base, owner, codes[empty])
  await take(bare.base, ofEmpty)
  await enter(base, owner, codes[data])
  const { id: live } = await api.ask('POST', '/v2/SandboxCampaign')
  await take(base, { live: [`/campaigns/${live}`, async (page) => {
    await page.waitForFunction(() => Number(document.querySelector('.funnel li:last-child .funnel-value')?.textContent) >= 5).catch(() => {}) // it goes well, unless the machine is too busy to hear
    await page.locator('.charts canvas').first().waitFor()
  }] })
  await take(base, pages)
  await enter(base, viewer, codes.viewer)
  await take(base, ofViewer)
  await api.ask('POST', `/v2/Pearl/${live}/Archive`, { isArchived: true }) // every look has the same campaigns
  faults.push(...wrong.map((fault) => `${look}: ${fault}`))
  await browser.close()
}
if (faults.length > 0) console.error(faults.join('\n'))
process.exit(faults.length > 0 ? 1 : 0)
