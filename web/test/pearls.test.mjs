// What people do with a Pearl, in order, in one browser: it is edited as a draft, tried by text, published and rolled back.
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
})

after(async () => {
  await browser?.close()
})

async function accessible(where) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], preload: false }))
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`)
  assert.deepEqual(serious, [], where)
  assert.deepEqual(faults, [], where)
}

const opening = () => page.getByRole('textbox', { name: 'Opening sentence' })
const inForce = async () => (await api.ask('GET', `/v2/Pearl/${pearlId}/Settings`)).pearl.openingSentence

test('a Pearl is made with a good beginning', async () => {
  await page.goto(base + '/pearls')
  await page.getByRole('heading', { name: 'There is no Pearl yet' }).waitFor()
  await accessible('no Pearls')
  await page.getByRole('button', { name: 'New Pearl' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Spring')
  await page.getByRole('textbox', { name: 'Company', exact: true }).fill('Pearl Fitness')
  await page.getByRole('textbox', { name: 'What the company does' }).fill('A chain of gyms.')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('As published: version 1').waitFor()
  pearlId = new URL(page.url()).pathname.split('/').at(-1)
  await accessible('a new Pearl')
})

test('what is edited is kept as a draft, and unknown variables and faults are told at their fields', async () => {
  const before = await inForce()
  await opening().fill('Good morning {frstName}, this is {agentName}.')
  await page.getByText('{frstName} is neither declared nor built in', { exact: false }).waitFor()
  assert.equal(await inForce(), before, 'a draft is in force')
  await opening().fill('Good morning {fi')
  await opening().press('End')
  await page.getByRole('option', { name: '{firstName}' }).click()
  assert.equal(await opening().inputValue(), 'Good morning {firstName}')
  await opening().fill('')
  await page.getByText('The OpeningSentence field is required.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Publish' }).isDisabled(), true)
  await opening().fill('Good morning {firstName}, this is {agentName}.')
  await page.getByText(/^Draft, saved/).waitFor()
  await page.reload()
  await page.getByText(/^Draft, saved/).waitFor()
  assert.equal(await opening().inputValue(), 'Good morning {firstName}, this is {agentName}.')
  await accessible('a draft')
})

test('hours are painted on the week', async () => {
  await page.getByRole('tab', { name: 'Calls' }).click()
  const track = page.locator('.hours-track').nth(5) // Saturday
  const box = await track.boundingBox()
  await page.mouse.move(box.x + box.width * (10.1 / 24), box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * (13.9 / 24), box.y + 10, { steps: 4 })
  await page.mouse.up()
  const saturday = page.getByRole('textbox', { name: 'Hours of Saturday' })
  assert.equal(await saturday.inputValue(), '10:00–14:00')
  await saturday.fill('9-12, 13:30-18')
  await saturday.press('Enter')
  assert.equal(await saturday.inputValue(), '09:00–12:00, 13:30–18:00')
  await accessible('the week')
})

test('the draft is tried by text, and values fill in', async () => {
  await page.getByRole('textbox', { name: 'firstName' }).fill('Ada')
  await page.getByRole('button', { name: 'Answer the call' }).click()
  await page.getByText('Good morning Ada, this is Anna.', { exact: false }).waitFor()
  await page.getByRole('textbox', { name: 'Say something' }).fill('yes please')
  await page.getByRole('button', { name: 'Say it' }).click()
  await page.getByRole('strong').or(page.locator('strong')).filter({ hasText: 'Success' }).waitFor()
  assert.equal(await page.locator('.talk .pairs dd').innerText(), 'yes')
  await accessible('a talk')
})

test('scenarios are rehearsed', async () => {
  await page.getByRole('tab', { name: 'Rehearse' }).click()
  await page.getByRole('button', { name: 'Rehearse', exact: true }).click()
  await page.getByText('2 of 2 scenarios, 0 failed').waitFor()
  await accessible('a rehearsal')
})

test('it is compared, published and rolled back', async () => {
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('dialog').getByText('Opening sentence').waitFor()
  await accessible('what the draft changes')
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
  await page.getByText('As published: version 2').waitFor()
  assert.equal(await inForce(), 'Good morning {firstName}, this is {agentName}.')
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: 'What it changed' }).first().click()
  await page.getByText('Good morning {firstName}', { exact: false }).first().waitFor()
  await accessible('versions')
  await page.getByRole('button', { name: 'Roll back to it' }).click()
  await page.getByText('As published: version 3').waitFor()
  assert.equal(await inForce(), 'Hello {firstName}, this is {agentName} from {companyName}. Do you have a moment?')
  await page.getByRole('tab', { name: 'Says' }).click()
  assert.equal(await opening().inputValue(), 'Hello {firstName}, this is {agentName} from {companyName}. Do you have a moment?')
  await accessible('rolled back')
})
