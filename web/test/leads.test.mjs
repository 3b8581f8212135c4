// What people do with many leads, in order, in one browser: files, filters, changes of many and their undo.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const base = process.env.NACRE_URL
const api = new Api(base, process.env.NACRE_KEY)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser, page, faults, pearlId

before(async () => {
  browser = await open()
  page = browser.page
  page.setDefaultTimeout(60_000)
  faults = watch(page, base)
  await page.goto(base)
  await page.evaluate((body) => fetch('/v2/FirstStart', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }), { email: 'ada@example.com', password: 'mother of pearl, twice', company: 'Pearl Fitness', code: process.env.NACRE_CODE })
  pearlId = await api.campaign('Winter')
})

after(async () => {
  await browser?.close()
})

function noFaults() {
  assert.deepEqual(faults, [])
}

async function accessible(where) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }))
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`)
  assert.deepEqual(serious, [], where)
}

// rows of the file that are no leads, by their lines: the first has the headings.
const bad = { 17: 'no number', 4711: '12', 10001: '+1 415 555 0199 ext. 7' }

// file has ten thousand rows, as a spreadsheet writes them.
function file() {
  const lines = ['Phone,External ID,First name,City']
  for (let n = 2; n <= 10_001; n++) lines.push(`${bad[n] ?? `+1 ${201 + Math.floor(n / 100)} 555 01${String(n % 100).padStart(2, '0')}`},crm-${n},Person ${n},"Springfield, ${n % 50}"`)
  return lines.join('\r\n')
}

const total = 10_000 - Object.keys(bad).length

test('a campaign without leads teaches how to add some', async () => {
  await page.goto(base + `/leads?campaign=${pearlId}`)
  await page.getByRole('heading', { name: 'No leads yet' }).waitFor()
  await page.getByText(/^curl .*Leads?/).waitFor()
  await accessible('no leads')
  await page.getByRole('link', { name: 'Import leads' }).click()
  await page.getByRole('heading', { name: 'Drop a CSV or XLSX file here' }).waitFor()
  await accessible('import, no file')
  noFaults()
})

test('ten thousand rows are tried, imported, interrupted and imported again without doubles, and the refused ones told', async () => {
  const choose = (name, text) => page.locator('input[type=file]').first().setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
  await choose('names.csv', 'name\nAda\n')
  await page.getByText('No column is taken for the number', { exact: false }).waitFor()
  await choose('winter.csv', file())
  await page.getByText('10,000 rows', { exact: true }).waitFor()
  const as = (column) => page.getByRole('combobox', { name: `What ${column} is taken for` }).or(page.getByLabel(`What ${column} is taken for`)).first()
  assert.equal(await as('Phone').inputValue(), 'Number')
  assert.equal(await as('External ID').inputValue(), 'External id')
  await as('City').click()
  await page.getByRole('option', { name: 'Left out' }).click()
  await accessible('import, preview')
  await page.getByRole('button', { name: 'Try without adding' }).click()
  await page.getByText('Tried: nothing was added').waitFor()
  await page.getByText('3 rows were refused').first().waitFor()
  assert.equal((await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, {})).count, 0)

  await page.getByRole('button', { name: 'Import 10,000 rows' }).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText(/^Stopped after|^Imported$/).waitFor()
  await page.getByRole('button', { name: /^(Go on|Import 10,000 rows)$/ }).click()
  await page.getByText('Imported', { exact: true }).waitFor()
  // How much was in before it was stopped depends on the machine.
  const told = await page.getByText(/^[\d,]+ added (· [\d,]+ added before )?· 3 refused$/).textContent()
  assert.equal(told.split('·').slice(0, -1).reduce((sum, part) => sum + Number(part.replace(/\D/g, '')), 0), total)
  assert.equal((await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, {})).count, total)
  await page.getByRole('cell', { name: '4,711', exact: true }).waitFor()
  await accessible('import, done')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as CSV' }).click()])
  const refused = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
  assert.deepEqual(refused.slice(1).map((row) => Number(row.split(',')[0])), Object.keys(bad).map(Number))
  assert.match(refused[1], /,"?Number: /)
  const { results } = await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, { searchInput: 'crm-4712' })
  assert.deepEqual(results[0].callData, { firstName: 'Person 4712' })
  noFaults()
})

test('the panel goes on beyond what is loaded, by keyboard', async () => {
  await page.getByRole('link', { name: 'See the leads' }).click()
  await page.getByText(`${total.toLocaleString('en')} leads`, { exact: true }).waitFor()
  await page.getByRole('columnheader', { name: 'External id' }).getByRole('button').click()
  const { results: sorted } = await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, { sortProp: 'externalId', isAscending: true, limit: 300 })
  await page.goto(`${base}/leads?campaign=${pearlId}&sort=externalId&order=up&lead=${sorted[96].id}`)
  const panel = page.getByRole('complementary', { name: 'Lead' })
  await page.getByRole('row', { selected: true }).filter({ hasText: sorted[96].externalId }).waitFor()
  const opened = (id) => page.waitForFunction((lead) => new URL(location.href).searchParams.get('lead') === lead, id)
  for (let n = 97; n <= 104; n++) {
    await page.keyboard.press('j')
    await opened(sorted[n].id)
  }
  await page.keyboard.press('k')
  await opened(sorted[103].id)
  await page.getByRole('row', { selected: true }).filter({ hasText: sorted[103].externalId }).waitFor()
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  noFaults()
})

test('a lead is added by a form, and its variables are asked for', async () => {
  await page.keyboard.press('n')
  const panel = page.getByRole('complementary', { name: 'Add a lead' })
  await panel.getByLabel('Number', { exact: true }).fill('nonsense')
  await panel.getByLabel('Value of plan').fill('Gold')
  await panel.getByRole('button', { name: 'Add a lead' }).click()
  await panel.getByText(/nonsense/).waitFor()
  await accessible('add a lead')
  await panel.getByLabel('Number', { exact: true }).fill('+1 415 555 0142')
  await panel.getByLabel('External id').fill('by-hand')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Lead', exact: true }).getByText('by-hand').waitFor()
  const lead = await api.ask('GET', `/v2/Outbound/${pearlId}/Lead/External/by-hand`)
  assert.deepEqual([lead.phoneNumber, lead.callData], ['+14155550142', { plan: 'Gold' }])
  await page.keyboard.press('Escape')
  noFaults()
})

test('a number of more digits than JavaScript has is shown, kept and written back as it is', async () => {
  const exact = async (method, path, body) => (await fetch(base + path, { method, headers: { Authorization: `Bearer ${process.env.NACRE_KEY}`, 'Content-Type': 'application/json' }, body })).text()
  const leadId = JSON.parse(await exact('POST', `/v2/Outbound/${pearlId}/Lead`, '{"phoneNumber":"+14155550143","externalId":"=1+1","callData":{"member":12345678901234567890,"inner":{"deep":-98765432109876543210.25},"plan":"Gold"}}')).leadId
  const read = () => exact('GET', `/v2/Outbound/${pearlId}/Lead/${leadId}`)
  await page.goto(`${base}/leads?campaign=${pearlId}&lead=${leadId}`)
  const panel = page.getByRole('complementary', { name: 'Lead', exact: true })
  await panel.getByText('12345678901234567890', { exact: true }).waitFor()
  await panel.getByText('{"deep":-98765432109876543210.25}').waitFor()
  await page.keyboard.press('e')
  await panel.getByLabel('Value of plan').fill('Silver')
  await page.keyboard.press('Enter')
  await panel.getByText('Silver').waitFor()
  assert.match(await read(), /"member":12345678901234567890,.*"plan":"Silver"|"plan":"Silver".*"member":12345678901234567890/)
  await page.keyboard.press('e')
  await panel.getByLabel('Value of member').fill('12345678901234567891')
  await panel.getByLabel('Value of inner').fill('{"deep":-98765432109876543210.25,"more":1}')
  await page.keyboard.press('Enter')
  await panel.getByText('12345678901234567891', { exact: true }).waitFor()
  const after = await read()
  assert.match(after, /"member":12345678901234567891\D/)
  assert.match(after, /"deep":-98765432109876543210\.25\D/)
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox').fill('=1+1')
  await page.waitForURL(/search=/)
  await page.getByText('1 lead', { exact: true }).waitFor()
  await page.getByRole('checkbox', { name: 'Choose +14155550143' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()])
  const row = readFileSync(await download.path(), 'utf8').split('\r\n')[1]
  assert.ok(row.startsWith("+14155550143,'=1+1,") && row.includes(',12345678901234567891'), row)
  await exact('DELETE', `/v2/Outbound/${pearlId}/Leads`, JSON.stringify({ leadIds: [leadId] }))
  await page.goto(`${base}/leads?campaign=${pearlId}`)
  noFaults()
})

test('all that match are stopped at once, told before in numbers, and taken back', async () => {
  await page.getByRole('searchbox').fill('Person 77')
  await page.getByText('111 leads', { exact: true }).waitFor()
  await page.getByRole('checkbox', { name: 'Choose all that match' }).check()
  await page.getByText('All 111 that match').waitFor()
  await page.getByRole('button', { name: 'Stop calling' }).click()
  await page.getByRole('dialog').getByText('Stops 111 leads.').waitFor()
  await accessible('what a change will do')
  await page.getByRole('dialog').getByRole('button', { name: 'Stop calling' }).click()
  await page.getByText('111 leads changed.').waitFor()
  const stopped = async () => (await api.ask('POST', `/v2/Outbound/${pearlId}/Leads`, { statuses: [130] })).count
  assert.equal(await stopped(), 111)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('111 leads stand as before', { exact: false }).waitFor()
  assert.equal(await stopped(), 0)
  noFaults()
})

test('a range is chosen by Shift and exported', async () => {
  const boxes = page.getByRole('checkbox', { name: /^Choose \+/ })
  await boxes.nth(1).click()
  await boxes.nth(4).click({ modifiers: ['Shift'] })
  await page.getByText('4 chosen').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()])
  const rows = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
  assert.equal(rows.length, 5)
  assert.match(rows[0], /^Number,External id,Time zone,Status,Attempts,Added,firstName/)
  noFaults()
})

test('a view is kept, and is an address', async () => {
  await page.getByRole('button', { name: 'Views' }).click()
  await page.getByLabel('Name of this view').fill('The seventy-sevens')
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Successful' }).click()
  await page.getByText('No lead matches').waitFor()
  assert.match(page.url(), /status=100/)
  await page.reload()
  await page.getByRole('button', { name: 'Successful' }).click()
  await page.getByRole('menuitem', { name: 'The seventy-sevens', exact: true }).click()
  await page.getByText('111 leads', { exact: true }).waitFor()
  noFaults()
})

test('the campaign says who may be called now', async () => {
  await page.goto(base + `/campaigns/${pearlId}`)
  await page.getByRole('heading', { name: 'Who may be called now' }).waitFor()
  await page.getByRole('link', { name: /New York.*open/ }).waitFor()
  await accessible('campaign with zones')
  noFaults()
})
