// What an owner sets up, in order, in one browser: the first campaign by one click, keys, people, a trunk, the account.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { fits, open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const base = process.env.NACRE_URL
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const owner = { email: 'ada@example.com', password: 'mother of pearl, twice' }

let browser, page, faults, pearlId, key, receiver, hook
let received = 0

before(async () => {
  receiver = createServer((request, answer) => { received++; request.resume(); answer.end('noted') }).listen(0, '127.0.0.1')
  await new Promise((listening) => receiver.once('listening', listening))
  hook = `http://127.0.0.1:${receiver.address().port}/lead`
  browser = await open()
  page = browser.page
  page.setDefaultTimeout(40_000)
  faults = watch(page, base)
})

after(async () => { await browser?.close(); receiver.close() })

function noFaults() {
  assert.deepEqual(faults, [])
}

async function accessible(where) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }))
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`)
  assert.deepEqual(serious, [], where)
}

// ask sends a request of who is signed in.
const ask = (method, path, body) => page.evaluate(([method, path, body]) => fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) }).then(async (answer) => ({ status: answer.status, body: await answer.json() })), [method, path, body])

// tabTo goes on by Tab until what is wanted has the focus.
async function tabTo(wanted) {
  for (let n = 0; n < 80; n++) {
    if (await wanted.evaluateAll((found) => found.some((one) => one === document.activeElement))) return
    await page.keyboard.press('Tab')
  }
  assert.fail('Tab does not lead to ' + wanted)
}

test('after the first start one click runs a campaign of simulated people', async () => {
  await page.goto(base)
  await page.getByLabel('One-time code').fill(process.env.NACRE_CODE)
  await page.getByLabel('Company').fill('Pearl Fitness')
  await page.getByLabel('E-mail address').fill(owner.email)
  await page.getByRole('textbox', { name: 'New password' }).fill(owner.password)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'There is no campaign yet' }).waitFor()
  await accessible('first steps')
  await page.getByRole('button', { name: 'Run the sandbox campaign' }).click()
  await page.getByRole('heading', { name: 'Plan renewal' }).waitFor()
  pearlId = new URL(page.url()).pathname.split('/').at(-1)
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  const { body: leads } = await ask('POST', `/v2/Outbound/${pearlId}/Leads`, { limit: 1 })
  assert.equal(leads.count, 60)
  await page.waitForFunction((id) => fetch(`/v2/Pearl/${id}`).then((answer) => answer.json()).then((pearl) => pearl.totalTodayCalls > 0), pearlId, { polling: 500 })
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Run' }).waitFor()
  await ask('PUT', `/v2/Pearl/${pearlId}/Active?hangUp=true`, { isActive: false }) // what is told later is not of these calls
  await page.waitForFunction((id) => fetch(`/v2/Pearl/${id}`).then((answer) => answer.json()).then((pearl) => pearl.totalOngoingCalls === 0), pearlId, { polling: 500 })
  noFaults()
})

test('a key is made by keyboard alone, shown once, used, and deleted', async () => {
  await page.goto(`${base}/settings/keys`)
  await page.getByRole('heading', { name: 'API keys' }).waitFor()
  await tabTo(page.getByRole('button', { name: 'Make a key' }))
  await page.keyboard.press('Enter')
  await tabTo(page.getByRole('textbox', { name: 'Name' }))
  await accessible('making a key')
  await page.keyboard.type('CRM')
  await tabTo(page.getByRole('button', { name: 'Make the key' }))
  await page.keyboard.press('Enter')
  const shown = page.getByRole('group', { name: 'The key' })
  key = (await shown.locator('code').textContent()).trim()
  await accessible('a key that was made')
  await tabTo(page.getByRole('button', { name: 'I have copied it' }))
  await page.keyboard.press('Enter')
  await shown.waitFor({ state: 'detached' })
  const api = new Api(base, key)
  const me = await api.ask('GET', '/v2/Me')
  assert.deepEqual([me.key.name, me.scope], ['CRM', 'leads'])
  const refused = await fetch(`${base}/v2/Account/Blacklist`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: '{"phoneNumbers":["+14155550199"]}' })
  assert.equal(refused.status, 403, 'a key of the scope leads is for leads')
  const row = page.getByRole('row').filter({ hasText: 'CRM' })
  await row.getByText('Leads').waitFor()
  assert.ok(!(await page.content()).includes(key.split(':')[1]), 'the key is not shown again')
  await accessible('keys')
  await tabTo(page.getByRole('button', { name: 'Delete CRM' }))
  await page.keyboard.press('Enter')
  await tabTo(page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }))
  await page.keyboard.press('Enter')
  await row.waitFor({ state: 'detached' })
  assert.equal((await fetch(`${base}/v2/Me`, { headers: { Authorization: `Bearer ${key}` } })).status, 401)
  noFaults()
})

test('where webhooks go is set, a sample is sent, the secret is replaced', async () => {
  await page.goto(`${base}/webhooks?campaign=${pearlId}`)
  await page.getByRole('heading', { name: 'Nothing was told to anybody yet' }).waitFor()
  await page.getByRole('button', { name: 'Where they go' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Lead webhook').fill('nowhere')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText(/Invalid Webhook URL "nowhere"/).waitFor()
  await form.getByLabel('Lead webhook').fill(hook)
  await accessible('where webhooks go')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('menuitem', { name: 'A sample of a lead' }).click()
  await page.getByText(/The receiver answered: 200/).waitFor()
  assert.equal(received, 1)
  await page.getByRole('button', { name: 'Where they go' }).click()
  const before = await form.locator('code').textContent()
  await form.getByRole('button', { name: 'Make a new one' }).click()
  await page.getByText(/There is a new secret/).waitFor()
  assert.notEqual(await form.locator('code').textContent(), before)
  await page.keyboard.press('Escape')
  noFaults()
})

test('deliveries are gone through by keyboard beyond what is loaded, with each try, and one is sent again', async () => {
  const change = (status) => page.evaluate(([id, status]) => fetch(`/v2/Outbound/${id}/Leads/Change`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ all: true, action: 'status', status }) }).then((answer) => answer.text()), [pearlId, status])
  for (const status of [130, 10, 130, 10]) await change(status)
  const found = (body) => ask('POST', `/v2/Pearl/${pearlId}/Webhooks/Deliveries`, { sortProp: 'createdAt', isAscending: true, limit: 200, ...body }).then(({ body }) => body.results)
  await page.waitForFunction((id) => fetch(`/v2/Pearl/${id}/Webhooks/Deliveries`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"state":"pending","limit":1}' }).then((answer) => answer.json()).then(({ count }) => count === 0), pearlId, { polling: 500 })
  const sorted = await found()
  assert.ok(sorted.length > 105, `${sorted.length} deliveries`)
  await page.goto(`${base}/webhooks?campaign=${pearlId}&sort=createdAt&order=up&delivery=${sorted[97].id}`)
  const panel = page.getByRole('complementary', { name: 'Delivery' })
  const opened = (id) => page.waitForFunction((delivery) => new URL(location.href).searchParams.get('delivery') === delivery, id)
  await page.getByRole('row', { selected: true }).waitFor()
  for (let n = 98; n <= 102; n++) {
    await page.keyboard.press('j')
    await opened(sorted[n].id)
  }
  await page.keyboard.press('k')
  await opened(sorted[101].id)
  await panel.getByRole('listitem').filter({ hasText: '200' }).waitFor()
  await panel.getByText('noted').waitFor()
  await tabTo(panel.getByRole('button', { name: 'Replay' }))
  await page.keyboard.press('Enter')
  await panel.getByRole('listitem').nth(1).waitFor()
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  noFaults()
})

test('a trunk that does not work says in words why, and what to do', async () => {
  await page.goto(`${base}/settings/numbers`)
  await page.getByRole('heading', { name: 'SIP trunks' }).waitFor()
  await page.getByRole('button', { name: 'Connect a trunk' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name', { exact: true }).fill('Carrier')
  await form.getByLabel('Server', { exact: true }).fill('no host')
  await form.getByRole('button', { name: 'Save and test' }).click()
  await form.getByText(/'no host' is no host name or address/).waitFor()
  await form.getByLabel('Server', { exact: true }).fill('sip.carrier.invalid')
  await form.getByLabel('Number to call from').fill('+14155550150')
  await form.getByRole('button', { name: 'Save and test' }).click()
  await form.getByText(/No address belongs to sip\.carrier\.invalid/).waitFor()
  await accessible('a trunk that fails')
  await form.getByLabel('Server', { exact: true }).fill('127.0.0.1')
  await form.getByLabel('Port', { exact: true }).fill('9')
  await form.getByRole('button', { name: /Save and test/ }).click()
  await form.getByText(/(Nothing came back from|Nothing listens at) 127\.0\.0\.1:9/).waitFor()
  await form.getByRole('button', { name: 'Leave it so for now' }).click()
  await page.getByRole('row').filter({ hasText: '+14155550150' }).getByText('Carrier').waitFor()
  await page.getByRole('row').filter({ hasText: '127.0.0.1:9' }).waitFor()
  await accessible('numbers and trunks')
  noFaults()
})

test('what a trunk keeps from being called stands on the overview, with the way to mend it', async () => {
  await page.waitForFunction(() => fetch('/v2/Attention').then((answer) => answer.json()).then((found) => found.some(({ kind }) => kind === 'trunk')), null, { polling: 1000, timeout: 90_000 })
  await page.goto(base)
  const notes = page.getByRole('region', { name: 'Needs attention' })
  await notes.getByText('Trunk Carrier carries no calls').waitFor()
  await accessible('attention')
  await notes.getByRole('link', { name: 'Look' }).first().click()
  await page.getByRole('heading', { name: 'SIP trunks' }).waitFor()
  noFaults()
})

test('the account gets a name, a colour and a retention', async () => {
  await page.goto(`${base}/settings/company`)
  await page.getByLabel('Name', { exact: true }).fill('Pearl Gyms')
  await page.getByLabel('Colour', { exact: true }).fill('#156f7d')
  await page.getByLabel('Calls are kept for').fill('90')
  await accessible('company')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await page.getByRole('navigation', { name: 'Pages' }).first().getByText('Pearl Gyms').waitFor()
  const { body } = await ask('GET', '/v2/Account/Settings')
  assert.deepEqual([body.name, body.color, body.retentionDays], ['Pearl Gyms', '#156f7d', 90])
  noFaults()
})

test('the audit log tells who changed what', async () => {
  await page.goto(`${base}/audit`)
  await page.getByRole('row').filter({ hasText: 'Account changed' }).first().click()
  const panel = page.getByRole('complementary', { name: 'Entry of the audit log' })
  await panel.getByText('Pearl Fitness').waitFor()
  await panel.getByText('Pearl Gyms').waitFor()
  await accessible('audit log')
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox').fill('CRM')
  await page.getByText(/^[23] entries$/).waitFor()
  assert.match(page.url(), /search=CRM/)
  noFaults()
})

test('what the installation speaks with is tried', async () => {
  await page.goto(`${base}/settings/models`)
  await page.getByRole('heading', { name: 'Speaks' }).waitFor()
  const voice = page.getByRole('listitem').filter({ hasText: 'embedded' }).filter({ hasText: 'on this machine' }).last()
  await voice.getByRole('button', { name: 'Test embedded' }).click()
  await voice.getByText(/It spoke for/).waitFor()
  await accessible('models and providers')
  noFaults()
})

test('two-factor authentication shows its picture without asking anybody else', async () => {
  await page.goto(`${base}/settings/me`)
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Password now' }).fill(owner.password)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor()
  await accessible('two-factor authentication')
  await page.keyboard.press('Escape')
  noFaults()
})

test('a file goes onto the blacklist, and what is no number is told', async () => {
  await page.goto(`${base}/blacklist`)
  await page.getByRole('button', { name: 'Import' }).click()
  await page.locator('input[type=file]').setInputFiles({ name: 'stop.csv', mimeType: 'text/csv', buffer: Buffer.from('name,phone\nAda,+1 415 555 0181\nBea,+14155550182\nCy,nobody\n') })
  await page.getByText('2 entries were found.').waitFor()
  await page.getByText(/Line 4/).waitFor()
  await accessible('import of a blacklist')
  await page.getByRole('button', { name: 'Add 2 entries' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
  await page.getByRole('table').getByText('+14155550181').waitFor()
  await page.getByRole('searchbox').fill('0182')
  await page.getByText('1 entry', { exact: true }).waitFor()
  assert.match(page.url(), /search=0182/)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()])
  const lines = readFileSync(await file.path(), 'utf8').trim().split(/\r?\n/)
  assert.equal(lines.length, 2, lines.join())
  assert.match(lines[1], /\+14155550182/)
  noFaults()
})

test('by keyboard alone: sign in, the campaign, a lead, stop it', async () => {
  const { body: leads } = await ask('POST', `/v2/Outbound/${pearlId}/Leads`, { statuses: [10], limit: 1 })
  const lead = leads.results[0]
  await page.context().clearCookies()
  await page.goto(base)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await tabTo(page.getByLabel('E-mail address'))
  await page.keyboard.type(owner.email)
  await tabTo(page.getByRole('textbox', { name: 'Password' }))
  await page.keyboard.type(owner.password)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /Plan renewal/ }).first().waitFor()
  const palette = async (text, found) => {
    await page.keyboard.press('Control+k')
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT') // what is typed before goes nowhere
    await page.keyboard.type(text)
    await page.getByRole('dialog').getByText(found).first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
  }
  await palette('Plan ren', 'Plan renewal')
  await page.waitForURL((url) => url.pathname === `/campaigns/${pearlId}`)
  await page.getByRole('heading', { name: 'Plan renewal' }).waitFor()
  await palette(lead.externalId, lead.phoneNumber)
  const panel = page.getByRole('complementary', { name: 'Lead' })
  await panel.getByRole('button', { name: /Stop/ }).waitFor()
  await page.keyboard.press('s')
  await page.waitForFunction(([pearl, id]) => fetch(`/v2/Outbound/${pearl}/Lead/${id}`).then((answer) => answer.json()).then(({ status }) => status === 130), [pearlId, lead.id], { polling: 300 })
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  noFaults()
})

test('somebody is invited, joins, and is offered nothing that a viewer may not do', async () => {
  await page.goto(`${base}/settings/people`)
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByRole('dialog').getByLabel('E-mail address').fill('eve@example.com')
  await accessible('inviting')
  await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
  const link = (await page.getByRole('group', { name: 'Link to set the password' }).locator('code').textContent()).trim()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('row').filter({ hasText: 'eve@example.com' }).getByText('invited').waitFor()
  await accessible('people')
  await page.context().clearCookies()
  await page.goto(link)
  await page.reload() // the part behind # alone loads nothing anew
  await page.getByRole('textbox', { name: 'New password' }).fill('looking is not touching')
  await page.getByRole('button', { name: 'Set and sign in' }).click()
  await page.getByRole('link', { name: /Plan renewal/ }).waitFor()
  const rail = page.getByRole('navigation', { name: 'Pages' }).first()
  assert.equal(await rail.getByRole('link', { name: 'Audit log' }).count(), 0)
  await page.goto(`${base}/settings/people`)
  await page.getByRole('row').filter({ hasText: 'eve@example.com' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Invite' }).count(), 0)
  await page.goto(`${base}/settings/keys`)
  await page.getByRole('heading', { name: 'You may not see this' }).waitFor()
  await page.goto(`${base}/blacklist`)
  await page.getByRole('table').getByText('+14155550181').waitFor()
  assert.equal(await page.getByRole('button', { name: /Add numbers|Import|Remove/ }).count(), 0)
  for (const [method, path, body] of [['POST', '/v2/Account/Keys', { name: 'x' }], ['POST', '/v2/Account/Users', { email: 'x@example.com', roleId: 1 }], ['PUT', '/v2/Account/Settings', { name: 'x' }], ['POST', '/v2/SandboxCampaign', {}], ['GET', '/v2/Providers'], ['POST', '/v2/Account/Blacklist', { phoneNumbers: ['+14155550183'] }]]) {
    assert.equal((await ask(method, path, body)).status, 403, `${method} ${path}`)
  }
  noFaults()
})

test('every page of the settings fits a narrow window', async () => {
  await page.context().clearCookies()
  await page.goto(base)
  await page.getByLabel('E-mail address').fill(owner.email)
  await page.getByRole('textbox', { name: 'Password' }).fill(owner.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: /Plan renewal/ }).waitFor()
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of ['/audit', ...['me', 'company', 'people', 'keys', 'numbers', 'models'].map((part) => `/settings/${part}`)]) {
    await page.goto(base + path)
    assert.ok(await fits(page), `${path} is wider than the window`)
  }
  await accessible('narrow')
  noFaults()
})
