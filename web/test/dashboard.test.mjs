// What people do with the dashboard, in order, in one browser: each test goes on where the one before ended.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { fits, open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const base = process.env.NACRE_URL
const api = new Api(base, process.env.NACRE_KEY)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const owner = { email: 'ada@example.com', password: 'mother of pearl, twice' }
const names = ['Ada Byron', 'Bea Moss', 'Cy Dow']

let browser, page, faults, receiver, received, pearlId, leadIds

before(async () => {
  browser = await open()
  page = browser.page
  page.setDefaultTimeout(25_000)
  faults = watch(page, base)
  received = []
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += part)).on('end', () => { received.push({ path: request.url, body: JSON.parse(body) }); response.end('{}') })
  })
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done))
})

after(async () => {
  await browser?.close()
  receiver?.close()
})

// noFaults: scripts, the content policy and the network were quiet.
function noFaults() {
  assert.deepEqual(faults, [])
}

// accessible holds the page against axe: nothing serious may be found.
async function accessible(where) {
  // The tool comes in by the debugger, as an extension would, and copies no style sheets, which the policy would refuse.
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }))
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`)
  assert.deepEqual(serious, [], where)
}

test('the owner makes the first account with the code that the server printed', async () => {
  await page.goto(base)
  await page.getByRole('heading', { name: 'Welcome to nacre' }).waitFor()
  await accessible('first start')
  await page.getByLabel('One-time code').fill('wrong')
  await page.getByLabel('Company').fill('Pearl Fitness')
  await page.getByLabel('E-mail address').fill(owner.email)
  await page.getByRole('textbox', { name: 'New password' }).fill(owner.password)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByText(/code/i).filter({ hasText: /wrong|not|no /i }).first().waitFor()
  await page.getByLabel('One-time code').fill(process.env.NACRE_CODE)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'There is no campaign yet' }).waitFor()
  await accessible('overview without campaigns')
  noFaults()
})

test('who signs out has to sign in again, and a reload keeps who is signed in', async () => {
  await page.reload()
  await page.getByRole('heading', { name: 'There is no campaign yet' }).waitFor()
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByText(owner.email).waitFor()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to nacre' }).waitFor()
  await accessible('sign-in')
  await page.getByLabel('E-mail address').fill(owner.email)
  await page.getByRole('textbox', { name: 'Password' }).fill('something else entirely')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').waitFor()
  await page.getByRole('textbox', { name: 'Password' }).fill(owner.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'There is no campaign yet' }).waitFor()
})

test('a campaign shows up, is run, and statuses change without a reload', async () => {
  const hook = `http://127.0.0.1:${receiver.address().port}`
  pearlId = await api.campaign('Renewals', { leadWebhookUrl: `${hook}/lead` })
  // By its last two digits the sandbox knows how a number answers: 00 to 19 agree, 25 to 29 ring out.
  leadIds = await api.add(pearlId, [
    { phoneNumber: '+14155550101', externalId: 'crm-1', callData: { firstName: 'Ada', lastName: 'Byron', plan: 'Plan A' } },
    { phoneNumber: '+14155550126', externalId: 'crm-2', callData: { firstName: 'Bea', lastName: 'Moss', plan: 'Plan B' } },
    { phoneNumber: '+14155550120', externalId: 'crm-3', callData: { firstName: 'Cy', lastName: 'Dow', plan: 'Plan C' } },
  ])
  await page.getByRole('link', { name: /Renewals/ }).click()
  await page.getByRole('heading', { name: 'Renewals' }).waitFor()
  await accessible('campaign')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.getByRole('navigation', { name: 'Pages' }).first().getByRole('link', { name: 'Leads' }).click()
  const table = page.getByRole('table', { name: 'Leads' })
  for (const name of names) await table.getByText(name).waitFor()
  await table.getByRole('row').filter({ hasText: names[0] }).getByText(/In queue|On call/).waitFor()
  noFaults()
})

test('a lead is stopped by one key while its telephone rings', async () => {
  await api.until(`/v2/Outbound/${pearlId}/Lead/${leadIds[1]}`, (lead) => lead.status === 40)
  await page.getByRole('row').filter({ hasText: names[1] }).getByRole('link').click()
  const panel = page.getByRole('complementary', { name: 'Lead' })
  await panel.getByText('On call').first().waitFor()
  await accessible('lead beside the table')
  await page.keyboard.press('s')
  await panel.getByText('Completed').first().waitFor()
  const lead = await api.ask('GET', `/v2/Outbound/${pearlId}/Lead/${leadIds[1]}`)
  assert.equal(lead.status, 130)
  const call = await api.until(`/v2/Call/${lead.callsId[0]}`, (one) => one.status !== 3)
  assert.equal(call.status, 8, 'the call was cancelled before its answer')
  noFaults()
})

test('J and K go through the table, E edits, Esc closes', async () => {
  const panel = page.getByRole('complementary', { name: 'Lead' })
  const shown = async () => (await panel.getByRole('heading', { level: 2 }).textContent()).trim()
  await page.keyboard.press('j')
  await panel.getByRole('heading', { name: names[0] }).waitFor()
  await page.keyboard.press('k')
  await panel.getByRole('heading', { name: names[1] }).waitFor()
  assert.equal(await shown(), names[1])
  await page.keyboard.press('e')
  await panel.getByLabel('External id').fill('crm-2b')
  await panel.getByLabel('Time zone').fill('Nowhere/Land')
  await page.keyboard.press('Enter')
  await panel.getByText(/Nowhere\/Land/).first().waitFor()
  await panel.getByLabel('Time zone').fill('Europe/Rome')
  await page.keyboard.press('Enter')
  await panel.getByText('Europe/Rome').waitFor()
  const lead = await api.ask('GET', `/v2/Outbound/${pearlId}/Lead/${leadIds[1]}`)
  assert.deepEqual([lead.externalId, lead.timeZoneId, lead.callData.plan], ['crm-2b', 'Europe/Rome', 'Plan B'])
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  noFaults()
})

test('search and filters are in the address', async () => {
  await page.getByRole('searchbox').fill('crm-3')
  await page.getByText('1 lead', { exact: true }).waitFor()
  assert.match(page.url(), /search=crm-3/)
  await page.reload()
  await page.getByText('1 lead', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Clear' }).first().click()
  await page.getByText('3 leads', { exact: true }).waitFor()
})

test('a call is listened to, and its transcript follows', async () => {
  const lead = await api.until(`/v2/Outbound/${pearlId}/Lead/${leadIds[0]}`, (one) => one.status === 100)
  await api.until(`/v2/Call/${lead.callsId[0]}`, (one) => one.status !== 3 && one.recording !== null)
  await page.getByRole('navigation', { name: 'Pages' }).first().getByRole('link', { name: 'Calls' }).click()
  await page.getByRole('row').filter({ hasText: names[0] }).getByRole('link').click()
  await page.getByRole('heading', { name: names[0] }).waitFor()
  await page.locator('.waves-place div').first().waitFor()
  await page.getByRole('list', { name: 'Transcript' }).getByRole('button').first().waitFor()
  await accessible('call')
  await page.keyboard.press('k')
  await page.waitForFunction(() => document.querySelector('audio').currentTime > 1)
  await page.keyboard.press('k')
  await page.waitForFunction(() => document.querySelector('audio').paused)
  await page.getByRole('list', { name: 'Transcript' }).getByRole('button').nth(1).click()
  const line = page.getByRole('list', { name: 'Transcript' }).getByRole('listitem').nth(1)
  await page.waitForFunction((element) => element.getAttribute('aria-current') === 'true', await line.elementHandle())
  noFaults()
})

test('calls are sorted by how quickly the agent answered', async () => {
  const call = page.url()
  const { results: [slowest] } = await api.ask('POST', `/v2/Pearl/${pearlId}/Calls`, { fromDate: '2000-01-01', toDate: '2999-01-01', sortProp: 'latencyMs', limit: 1 })
  assert.ok(slowest.latencyMs > 0, 'no call has a latency')
  await page.goto(`${base}/calls?campaign=${pearlId}`)
  const sort = page.getByRole('columnheader', { name: 'Answers in' }).getByRole('button')
  await sort.click()
  await page.waitForURL(({ searchParams }) => searchParams.get('sort') === 'latencyMs' && searchParams.get('order') === 'up')
  await sort.click()
  await page.waitForURL(({ searchParams }) => searchParams.get('order') === null)
  await page.getByRole('row').nth(1).getByText(`${(slowest.latencyMs / 1000).toFixed(1).replace('.0', '')} s`).waitFor()

  // Of several versions of the settings the table tells the calls of each.
  const { pearlVersion } = await api.ask('GET', `/v2/Call/${slowest.id}`)
  await api.ask('PUT', `/v2/Pearl/${pearlId}/Draft`, { pearl: { companyDescription: 'Gyms and saunas.' } })
  const { version } = await api.ask('POST', `/v2/Pearl/${pearlId}/Draft/Publish`, {})
  await page.goto(`${base}/pearls/${pearlId}?part=versions`)
  await page.locator('.versions li').filter({ hasText: `Version ${version}` }).getByRole('link', { name: 'Calls' }).click()
  await page.waitForURL(({ pathname, searchParams }) => pathname === '/calls' && searchParams.get('version') === String(version))
  await page.getByRole('heading', { name: 'No call matches' }).waitFor()
  await page.getByRole('button', { name: `version ${version}` }).click()
  await page.getByRole('checkbox', { name: `version ${pearlVersion}` }).check()
  await page.getByRole('checkbox', { name: `version ${version}` }).uncheck()
  await page.waitForURL(({ searchParams }) => searchParams.get('version') === String(pearlVersion))
  await page.keyboard.press('Escape')
  await page.getByRole('row').filter({ hasText: names[0] }).first().waitFor()
  await accessible('calls of a version')
  await page.goto(call)
  await page.getByRole('button', { name: /Mark as reviewed/ }).waitFor()
  noFaults()
})

test('a call is marked as reviewed by one key and commented, and the next one is a key away', async () => {
  const callId = /\/calls\/([0-9a-f]{24})/.exec(page.url())[1]
  await page.keyboard.press('r')
  await page.getByRole('button', { name: /Not reviewed after all/ }).waitFor()
  await page.keyboard.press('c')
  await page.keyboard.type('Wants a letter.')
  await page.keyboard.press('Escape')
  await api.until(`/v2/Call/${callId}/Review`, (review) => review.isReviewed && review.comment === 'Wants a letter.')
  await accessible('a reviewed call')
  const { results } = await api.ask('POST', `/v2/Pearl/${pearlId}/Calls`, { fromDate: '2000-01-01', toDate: '2999-01-01' })
  const at = results.findIndex(({ id }) => id === callId)
  const [key, next] = at + 1 < results.length ? ['n', results[at + 1].id] : ['p', results[at - 1].id]
  await page.getByText(`${at + 1} of ${results.length}`).waitFor()
  await page.keyboard.press(key)
  await page.waitForURL((url) => url.pathname === `/calls/${next}`)
  noFaults()
})

test('a call in the air is listened to from the row of its campaign, and followed on its page until it is over', async () => {
  const [leadId] = await api.add(pearlId, [{ phoneNumber: '+14155550103', callData: { firstName: 'Dee', lastName: 'Fox', plan: 'Plan D' } }])
  await page.goto(`${base}/campaigns/${pearlId}`)
  const row = page.locator('.live-calls li').filter({ hasText: '+14155550103' })
  await row.getByText('talks').waitFor()
  await row.getByRole('button', { name: 'Listen in on the call to +14155550103' }).click()
  await row.getByRole('button', { name: 'Stop listening to the call to +14155550103' }).waitFor()
  await accessible('a call in the air')
  await row.getByRole('link').click()
  const lines = page.getByRole('list', { name: 'Transcript' }).getByRole('listitem')
  await lines.filter({ hasText: 'Agent' }).first().waitFor() // also what was said before the page was opened
  await page.getByRole('button', { name: 'Listen in' }).click()
  await page.getByRole('button', { name: 'Stop listening' }).waitFor()
  await accessible('the page of a call in the air')
  const { callsId: [callId] } = await api.ask('GET', `/v2/Outbound/${pearlId}/Lead/${leadId}`)
  const noted = await api.ask('POST', '/v2/Account/AuditLog', { from: '2000-01-01', to: '2999-01-01', eventType: 1008 })
  assert.deepEqual(noted.map(({ user, additionalData }) => [user.name, additionalData.callId]), [[owner.email, callId], [owner.email, callId]])
  await page.getByRole('tab', { name: 'Result' }).waitFor() // without a reload
  await page.locator('.waves-place div').first().waitFor()
  const { pearlVersion } = await api.ask('GET', `/v2/Call/${callId}`)
  await page.getByRole('link', { name: `version ${pearlVersion}` }).click()
  await page.locator('.versions [data-named]').getByText(`Version ${pearlVersion}`).waitFor()
  await accessible('the version of a call')
  noFaults()
})

test('a webhook is sent again', async () => {
  await page.getByRole('navigation', { name: 'Pages' }).first().getByRole('link', { name: 'Webhooks' }).click()
  await page.getByRole('row').filter({ hasText: 'Delivered' }).first().click()
  const panel = page.getByRole('complementary', { name: 'Delivery' })
  await accessible('webhooks')
  const before = received.length
  const id = new URL(page.url()).searchParams.get('delivery')
  await panel.getByRole('button', { name: 'Replay' }).click()
  await api.until(`/v2/Webhooks/Deliveries/${id}`, (delivery) => delivery.tries.length === 2)
  assert.ok(received.length > before)
  await panel.getByRole('listitem').nth(1).waitFor()
  noFaults()
})

test('numbers go on the blacklist and off it, with undo', async () => {
  await page.getByRole('navigation', { name: 'Pages' }).first().getByRole('link', { name: 'Blacklist' }).click()
  await page.getByRole('heading', { name: 'Nobody is on the blacklist' }).waitFor()
  await page.getByRole('button', { name: 'Add numbers' }).click()
  await page.getByLabel('Numbers', { exact: true }).fill('+14155550199\nnonsense')
  await page.getByRole('button', { name: 'Add 2 entries' }).click()
  await page.getByText(/^nonsense /).waitFor()
  await page.getByLabel('Numbers', { exact: true }).fill('+14155550199')
  await page.getByRole('button', { name: 'Add 1 entry' }).click()
  await page.getByRole('table').getByText('+14155550199').waitFor()
  await accessible('blacklist')
  await page.getByRole('button', { name: 'Remove +14155550199' }).click()
  await page.getByRole('heading', { name: 'Nobody is on the blacklist' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('table').getByText('+14155550199').waitFor()
  noFaults()
})

test('the funnel counts whom it talked to, and not who was stopped while it rang', async () => {
  const report = await api.ask('POST', `/v2/Pearl/${pearlId}/Analytics`, { from: new Date(Date.now() - 86_400_000).toISOString(), to: new Date(Date.now() + 86_400_000).toISOString() })
  const { count } = await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, { statuses: [100, 110, 130], limit: 1 })
  assert.equal(report.talkedLeads, count - 1, 'one of them was stopped before anybody answered')
  await page.goto(`${base}/campaigns/${pearlId}`)
  const talked = page.locator('.funnel li').filter({ hasText: 'Talked to' })
  await talked.locator('.funnel-value').getByText(String(report.talkedLeads), { exact: true }).waitFor()
  await talked.getByRole('button').focus()
  await page.getByRole('tooltip').filter({ hasText: 'calls cancelled while they rang, do not count' }).waitFor()
  await page.getByRole('heading', { name: 'Answer rate by hour and weekday' }).waitFor()
  await accessible('campaign with calls')
  noFaults()
})

test('a campaign is cloned with its settings, and without its leads', async () => {
  await page.getByRole('button', { name: 'Clone' }).click()
  const dialog = page.getByRole('dialog', { name: 'Clone Renewals' })
  await dialog.getByLabel('Name').fill('Renewals of spring')
  await accessible('clone a campaign')
  await dialog.getByRole('button', { name: 'Clone' }).click()
  await page.getByRole('heading', { name: 'Renewals of spring' }).waitFor()
  await page.getByRole('link', { name: 'Edit the settings' }).waitFor()
  const cloned = /campaigns\/([0-9a-f]{24})/.exec(page.url())[1]
  const [before, after, totals] = await Promise.all([`${pearlId}/Settings`, `${cloned}/Settings`, cloned].map((path) => api.ask('GET', `/v2/Pearl/${path}`)))
  assert.deepEqual({ ...after, name: before.name }, before)
  assert.deepEqual([totals.status, totals.totalLeads], [2, 0])
  await api.ask('POST', `/v2/Pearl/${cloned}/Archive`, { isArchived: true })
  noFaults()
})

test('analytics agree with the calls, are compared, read as tables and kept as files', async () => {
  const other = await api.campaign('Summer')
  await page.addInitScript(() => {
    window.drawn = [] // texts of charts, in order
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      window.drawn.push({ canvas: this.canvas, text })
      return fillText.call(this, text, ...place)
    }
  })
  await page.getByRole('navigation', { name: 'Pages' }).first().getByRole('link', { name: 'Analytics' }).click()
  await page.goto(`${base}/analytics?campaign=${pearlId}`)
  const chart = (name) => page.getByRole('region', { name, exact: true }).first()
  await chart('What calls came to, by day').waitFor()
  await page.getByText('Days and hours are those of America/New York').waitFor()
  const { count } = await api.ask('POST', `/v2/Pearl/${pearlId}/Calls`, { fromDate: '2000-01-01', toDate: '2999-01-01', limit: 1 })
  await page.locator('.fact').filter({ hasText: 'Calls' }).first().locator('dd').getByText(String(count), { exact: false }).first().waitFor()
  await accessible('analytics')
  for (const counted of ['What calls came to, by day', 'Leads called, by day', 'Call-backs, wrong numbers, wrong countries']) {
    const marks = await page.waitForFunction((region) => {
      const texts = window.drawn.filter(({ canvas, text }) => region.contains(canvas) && /^[\d,.]+$/.test(text)).map(({ text }) => text)
      return texts.length > 0 && texts.slice(texts.lastIndexOf('0'))
    }, await chart(counted).elementHandle()).then((found) => found.jsonValue())
    assert.ok(marks.length > 1 && marks.every((text, n) => Number(text) === n * Number(marks[1]) && Number(marks[1]) > 0), `${counted} is marked at ${marks}`)
  }

  await page.getByRole('button', { name: 'Answered of all calls: as a table' }).click()
  await chart('Answered of all calls').getByRole('cell', { name: String(count), exact: true }).waitFor()
  assert.match(page.url(), /tables=pickup/)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'What calls came to, by day: keep as CSV' }).click()])
  assert.match(download.suggestedFilename(), /^Renewals/)
  const rows = readFileSync(await download.path(), 'utf8')
  assert.match(rows, /^Day,.*All calls\r\n\d{4}-\d\d-\d\d,/)
  assert.match(rows.trim(), new RegExp(`,${count}$`))

  const choose = async (label, option) => {
    await page.getByRole('combobox', { name: label }).or(page.getByLabel(label)).first().click()
    await page.getByRole('option', { name: option, exact: true }).click()
  }
  await choose('When', 'Last 7 days')
  await choose('Compare with', 'The time before')
  await page.getByText(/Compared with the same campaign/).waitFor()
  await page.getByText(/more than in .* \(0\)/).first().waitFor()
  assert.match(page.url(), /days=7&with=before|with=before.*days=7/)
  await accessible('analytics, compared with the time before')
  await choose('Compare with', 'Another time')
  await page.getByLabel('Another time: to').fill('2099-01-01')
  await page.getByLabel('Another time: to').press('Enter')
  await page.getByText(/the same as in .* \(\d+%\)/).first().waitFor()
  await choose('Compare with', 'Summer')
  await chart('Answered of all calls').getByText('Answered · Summer').waitFor()
  assert.ok(page.url().includes(`with=${other}`))
  await page.reload()
  await chart('Answered of all calls').getByText('Answered · Summer').waitFor()
  await choose('When', 'From – to')
  await page.getByLabel('From – to: from').fill('2024-01-01')
  await page.getByLabel('From – to: from').press('Enter')
  await page.getByText('Jan 1, 2024').first().waitFor()
  await chart('Answered of all calls').getByRole('cell', { name: String(count), exact: true }).waitFor()
  await page.getByText(/^at most /).first().waitFor() // of so long a time leads are the sum of several reports
  await choose('Compare with', 'Compare with …')
  await page.goto(`${base}/analytics?campaign=${other}`)
  await page.getByRole('heading', { name: 'No calls in this time' }).waitFor()
  await accessible('analytics without calls')
  noFaults()
})

test('the palette goes anywhere by keyboard, and finds a lead in any campaign', async () => {
  let far
  for (const month of ['March', 'April', 'May', 'June', 'July', 'August', 'September']) far = await api.campaign(month)
  await api.add(far, [{ phoneNumber: '+14165550101', externalId: 'far-1', callData: { firstName: 'Fay', lastName: 'Hart' } }])
  const type = async (text) => {
    await page.keyboard.press('Control+k')
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT') // what is typed before goes nowhere
    await page.keyboard.type(text)
  }
  const palette = page.getByRole('dialog')
  await type('nobody-at-all')
  await palette.getByText('No page, campaign or lead matches').waitFor()
  await accessible('the palette finds nothing')
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'detached' })

  const searches = `${base}/v2/Leads`
  await page.route(searches, () => {}) // no answer comes
  await type('far')
  await page.waitForRequest(searches)
  await palette.getByText('Looking for leads').waitFor()
  await Promise.all([page.waitForEvent('requestfailed', (request) => request.url() === searches), page.keyboard.type('-')]) // nobody waits for it any more
  await page.unroute(searches)
  await page.route(searches, (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify({ status: 400, title: 'Sorry', errors: {} }) }))
  await page.keyboard.type('1')
  await palette.getByText('Leads could not be searched').waitFor()
  await accessible('the palette fails')
  await page.unroute(searches)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await palette.getByText('+14165550101').waitFor()
  await palette.getByText('September').waitFor()
  await accessible('the palette finds a lead')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Lead' }).getByRole('heading', { name: 'Fay Hart' }).waitFor()
  assert.equal(new URL(page.url()).searchParams.get('campaign'), far)

  await page.keyboard.press('Control+k')
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT') // what is typed before goes nowhere
  await page.keyboard.type('crm-1')
  await page.getByText('+14155550101').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Lead' }).getByRole('heading', { name: names[0] }).waitFor()
  noFaults()
})

test('it speaks Hebrew, right to left', async () => {
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'עברית' }).click()
  await page.waitForFunction(() => document.documentElement.dir === 'rtl' && document.documentElement.lang === 'he')
  assert.ok(await page.evaluate(() => document.querySelector('.rail').getBoundingClientRect().left > window.innerWidth / 2), 'the rail is on the right')
  await accessible('right to left')
  noFaults()
})

test('a narrow window has the bar below and no sideways scrolling', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.locator('.tabbar').waitFor()
  for (const path of ['/', '/campaigns', `/campaigns/${pearlId}`, '/leads', '/calls', '/analytics', '/webhooks', '/blacklist']) {
    await page.goto(base + path)
    assert.ok(await fits(page), `${path} is wider than the window`)
  }
  await accessible('narrow')
  await page.goto(`${base}/campaigns/${pearlId}`)
  await page.getByRole('button', { name: 'עוד על הקמפיין הזה' }).click()
  await accessible('menu of a narrow campaign')
  await page.getByRole('menuitem', { name: 'שכפול' }).waitFor()
  await page.getByRole('menuitem', { name: 'שיחות' }).click()
  await page.waitForURL(({ pathname, searchParams }) => pathname === '/calls' && searchParams.get('campaign') === pearlId)
  noFaults()
})

test('who may only look is invited, joins, and has no button that changes anything', async () => {
  await page.setViewportSize({ width: 1360, height: 860 })
  const invite = await page.evaluate(() => fetch('/v2/Account/Users', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: 'eve@example.com', roleId: 4 }) }).then((answer) => answer.json()))
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.clear())
  await page.goto(`${base}/join#${invite.code}`)
  await page.getByRole('textbox', { name: 'New password' }).fill('looking is not touching')
  await page.getByRole('button', { name: 'Set and sign in' }).click()
  await page.getByRole('link', { name: /Renewals/ }).click()
  await page.getByRole('heading', { name: 'From leads to success' }).waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Run|Pause)$/ }).count(), 0)
  const refused = await page.evaluate((id) => fetch(`/v2/Pearl/${id}/Active`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"isActive":false}' }).then((answer) => answer.status), pearlId)
  assert.equal(refused, 403)
  noFaults()
})
