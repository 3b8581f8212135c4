// What people do with a Pearl, in order, in one browser: it is edited as a draft, tried by text, published and rolled back.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { open, watch } from './browser.mjs'
import { Api } from './client.mjs'

const base = process.env.NACRE_URL
const api = new Api(base, process.env.NACRE_KEY)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser, page, faults, pearlId, folder

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nacre-microphone-'))
  browser = await open({ permissions: ['microphone'], args: ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${saysYes(folder)}`] })
  page = browser.page
  page.setDefaultTimeout(60_000)
  faults = watch(page, base)
  await page.goto(base)
  await page.evaluate((body) => fetch('/v2/FirstStart', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }), { email: 'ada@example.com', password: 'mother of pearl, twice', company: 'Pearl Fitness', code: process.env.NACRE_CODE })
})

after(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

// saysYes makes a file of somebody who says yes, with pauses: a microphone plays it again and again.
function saysYes(folder) {
  const file = join(folder, 'yes.wav')
  execFileSync(process.env.NACRE_BINARY, ['speech', 'say', 'Yes, please.', '--out', file])
  const wav = readFileSync(file)
  const header = Buffer.from(wav.subarray(0, 44))
  const second = header.readUInt32LE(28)
  const sound = Buffer.concat([Buffer.alloc(4 * second), wav.subarray(44), Buffer.alloc(5 * second)])
  header.writeUInt32LE(36 + sound.length, 4)
  header.writeUInt32LE(sound.length, 40)
  writeFileSync(file, Buffer.concat([header, sound]))
  return file
}

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
  await page.goto(base + '/')
  await page.getByRole('link', { name: 'New campaign' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Spring')
  await page.getByRole('textbox', { name: 'Company', exact: true }).fill('Pearl Fitness')
  await page.getByRole('textbox', { name: 'What the company does' }).fill('A chain of gyms.')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('As published: version 1').waitFor()
  pearlId = new URL(page.url()).pathname.split('/').at(-1)
  const [number] = await api.ask('GET', '/v2/Account/PhoneNumbers')
  assert.equal((await api.ask('GET', `/v2/Pearl/${pearlId}/Settings`)).outbound.phoneNumberId, number.id)
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

test('the draft is tried by microphone, and values fill in', async () => {
  await page.getByRole('button', { name: 'Talk again' }).click()
  await api.until('/v2/Providers', (all) => all.some(({ kind, state }) => kind === 'ears' && state === 'ready'))
  await page.getByRole('button', { name: 'Talk by microphone' }).click()
  await page.getByText('Speak: the agent hears you.').waitFor()
  await accessible('a talk by microphone')
  await page.locator('.talk li[data-role="2"]').filter({ hasText: 'Good morning Ada, this is Anna.' }).waitFor({ timeout: 180_000 }) // a busy machine speaks slowly
  await page.locator('.talk li[data-role="3"]').filter({ hasText: /yes/i }).first().waitFor()
  await page.locator('.talk strong').filter({ hasText: 'Success' }).waitFor()
  assert.equal(await page.locator('.talk .pairs dd').innerText(), 'yes')
  assert.deepEqual(faults, [])
})

test('scenarios are rehearsed', async () => {
  await page.getByRole('tab', { name: 'Rehearse' }).click()
  await page.getByRole('button', { name: 'Rehearse', exact: true }).click()
  await page.getByText('2 of 2 scenarios, 0 failed').waitFor()
  await accessible('a rehearsal')
})

const node = (name) => page.locator('.flow-node').filter({ hasText: name })
const draftOf = (id) => api.ask('GET', `/v2/Pearl/${id}/Draft`)

// choose takes an option of a list.
async function choose(label, option) {
  await page.getByRole('combobox', { name: label, exact: true }).or(page.getByLabel(label, { exact: true })).first().click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

test('a script becomes nodes that carry it, and back as it was', async () => {
  await page.getByRole('tab', { name: 'Says' }).click()
  const script = await page.getByRole('textbox', { name: 'Script' }).inputValue()
  const { settings: before } = await draftOf(pearlId)
  await page.getByRole('button', { name: 'Make nodes of it' }).click()
  await node('Talk').click()
  assert.equal(await page.locator('.flow-node').count(), 3)
  assert.equal(await page.getByRole('textbox', { name: 'Instructions' }).inputValue(), script)
  await page.getByText(/^Draft, saved/).waitFor()
  const { settings: { pearl }, errors } = await draftOf(pearlId)
  assert.deepEqual([pearl.openingSentence, pearl.flowScript, pearl.nodes.map(({ nodeType }) => nodeType), errors], ['', '', [2, 10, 100], {}])
  await accessible('nodes made of a script')
  await page.getByRole('button', { name: 'Back to a script' }).click()
  await opening().waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0, 'nothing is lost, so nothing is asked')
  await page.getByText(/^Draft, saved/).waitFor()
  assert.deepEqual((await draftOf(pearlId)).settings, before)
})

test('a Pearl of nodes is made, judged as the API does, tried by text, spoken to by keys, and published', async () => {
  await page.goto(base + '/pearls?new=1')
  await page.getByRole('textbox', { name: 'Name' }).fill('Steps')
  await page.getByRole('textbox', { name: 'Company', exact: true }).fill('Pearl Fitness')
  await page.getByRole('textbox', { name: 'What the company does' }).fill('A chain of gyms.')
  await page.getByRole('checkbox', { name: 'Made of nodes' }).check()
  await accessible('a new Pearl of nodes')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('As published: version 1').waitFor()
  const id = new URL(page.url()).pathname.split('/').at(-1)

  await node('Talk').click()
  await choose('Kind', 'End of the call')
  await page.getByText('There are 2 nodes of type 100 (EndCall); there must be exactly one.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Publish' }).isDisabled(), true)
  await accessible('nodes with a fault')
  await choose('Kind', 'Dialogue')
  await page.getByRole('textbox', { name: 'Says' }).fill('How old are you? {age}')
  await node('Opening').click()
  await page.getByRole('textbox', { name: 'Says' }).fill('Hello, this is {agentName}.')

  // What is done after the call may go on by what came of it, or whatever that was.
  for (const name of ['Told', 'Noted']) {
    await page.getByRole('button', { name: 'Add a node' }).click()
    await page.getByRole('textbox', { name: 'Name' }).first().fill(name)
    await choose('Kind', 'After the call')
    await page.getByRole('checkbox', { name: 'Makes a request' }).check()
    await page.getByRole('textbox', { name: 'URL' }).fill('https://crm.example.com/calls')
  }
  await node('Told').click()
  await page.getByRole('button', { name: 'Add a transition' }).click()
  await page.getByRole('textbox', { name: 'When' }).last().fill('told')
  await choose('Goes to', 'Noted')
  const after = async () => (await draftOf(id)).settings.pearl.nodes.find(({ name }) => name === 'Told').transitions[0]
  await page.getByText(/^Draft, saved/).waitFor()
  assert.equal((await after()).apiResult, null)
  await choose('After', 'failure')
  await page.getByText(/^Draft, saved/).waitFor()
  assert.equal((await after()).apiResult, 2)
  await accessible('what is done after the call')

  await page.getByRole('tab', { name: 'Asks' }).click()
  await page.getByRole('button', { name: 'Add a variable' }).click()
  const variable = page.getByRole('region', { name: 'Variables' }).locator('.list-item').last()
  await variable.getByRole('textbox', { name: 'Id' }).fill('age')
  await variable.getByRole('textbox', { name: 'Name' }).fill('age')
  await variable.getByLabel('Kind').first().click()
  await page.getByRole('option', { name: 'whole number', exact: true }).click()
  await page.getByRole('tab', { name: 'Says' }).click()
  await page.getByRole('combobox', { name: 'Voice' }).or(page.getByLabel('Voice', { exact: true })).first().click()
  await page.getByRole('option', { name: /^Slt / }).click() // it speaks at once
  await page.getByText(/^Draft, saved/).waitFor()
  assert.deepEqual((await draftOf(id)).errors, {})

  const value = (name) => page.locator('.talk .pairs dt').filter({ hasText: name }).locator('+ dd')
  const agent = (text) => page.locator('.talk li[data-role="2"]').filter({ hasText: text })
  await page.getByRole('button', { name: 'Answer the call' }).click()
  await agent('How old are you?').waitFor()
  await page.getByRole('textbox', { name: 'Say something' }).fill('I am forty-two')
  await page.getByRole('button', { name: 'Say it' }).click()
  await value('age').filter({ hasText: '42' }).waitFor()
  await page.getByRole('textbox', { name: 'Say something' }).fill('yes please')
  await page.getByRole('button', { name: 'Say it' }).click()
  await page.locator('.talk strong').filter({ hasText: 'Success' }).waitFor()

  await page.getByRole('button', { name: 'Talk again' }).click()
  await page.getByRole('checkbox', { name: 'It understands keys only, no words' }).check()
  await page.getByRole('button', { name: 'Talk by microphone' }).click()
  await page.getByText('Press keys: the agent understands no words.').waitFor()
  const keys = page.getByRole('group', { name: 'Keys' })
  await keys.waitFor()
  await accessible('a keypad')
  for (const [key, press] of [['4', 'click'], ['2', 'press'], ['#', 'click']]) {
    const pressed = page.waitForResponse((answer) => answer.request().method() === 'POST' && /\/Try\/[0-9a-f]{24}$/.test(answer.url()))
    await keys.getByRole('button', { name: press === 'click' ? `Key ${key}` : 'Key 4' })[press](press === 'press' ? key : undefined)
    const answer = await pressed
    assert.deepEqual([answer.status(), answer.request().postDataJSON()], [200, { do: 'keys', text: key }])
  }
  assert.equal(await keys.getByRole('status', { name: 'Keys pressed' }).innerText(), '42#')
  await page.getByRole('button', { name: 'Talk again' }).click()

  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('As published: version 2').waitFor()
  const { pearl } = await api.ask('GET', `/v2/Pearl/${id}/Settings`)
  assert.deepEqual(pearl.nodes.map(({ nodeType }) => nodeType), [2, 10, 100, 200, 200])
  await page.getByRole('tab', { name: 'Nodes' }).click()
  await page.getByRole('button', { name: 'Back to a script' }).click()
  await page.getByRole('dialog').getByText('What goes: 3 transitions, 2 requests.', { exact: false }).waitFor()
  await accessible('before nodes go')
  await page.getByRole('button', { name: 'Make it a script' }).click()
  await opening().waitFor()
  assert.equal(await opening().inputValue(), 'Hello, this is {agentName}.')
  assert.match(await page.getByRole('textbox', { name: 'Script' }).inputValue(), /^How old are you\? \{age\}\nSay briefly why you call\./)
  await page.goto(`${base}/pearls/${pearlId}`)
  await page.getByText(/^Draft, saved/).waitFor()
})

test('a request is tested, and what comes of it is told in words', async () => {
  const asked = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.statusCode = request.url === '/stock/A7' ? 200 : 404
    response.end(request.url === '/stock/A7' ? '{"data":{"left":3}}' : 'gone')
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  await page.getByRole('tab', { name: 'Does' }).click()
  await page.getByRole('button', { name: 'Add a request' }).click()
  const requests = page.getByRole('region', { name: 'Requests to APIs' })
  await requests.getByRole('textbox', { name: 'URL' }).fill(`http://127.0.0.1:${server.address().port}/stock/{article}`)
  await requests.getByRole('button', { name: 'Add a value to read' }).click()
  await requests.getByRole('textbox', { name: 'Path in the answer' }).fill('data.left')
  await requests.getByRole('textbox', { name: 'Variable' }).fill('left')
  await requests.getByRole('button', { name: 'Test', exact: true }).click()
  const form = page.getByRole('form', { name: 'Test of the request' })
  await form.getByRole('textbox', { name: 'article' }).fill('A7')
  await form.getByRole('button', { name: 'Send it' }).click()
  await form.getByText('Answered 200 in', { exact: false }).waitFor()
  assert.equal(await form.locator('dd').innerText(), '3')
  assert.equal(await form.locator('pre').innerText(), '{"data":{"left":3}}')
  await accessible('a request that works')
  await form.getByRole('textbox', { name: 'article' }).fill('B8')
  for (let tries = 0; asked.length < 2 && tries < 40; tries++) { // an account has one made in two seconds
    await form.getByRole('button', { name: 'Send it' }).click()
    await form.getByText(/Answered 404|within two seconds/).first().waitFor()
  }
  await form.getByText('A call would go on without it: the API answered 404.', { exact: false }).waitFor()
  assert.deepEqual(asked, ['/stock/A7', '/stock/B8'])
  const noted = await api.ask('POST', '/v2/Account/AuditLog', { from: '2000-01-01', to: '2999-01-01', eventType: 1009 })
  assert.deepEqual(noted.map(({ additionalData }) => additionalData.member), ['Pearl.ApiSettings[0]', 'Pearl.ApiSettings[0]'])
  await accessible('a request that fails')
  server.close()
  await requests.getByRole('button', { name: 'Remove Requests to APIs 1' }).click()
  await page.getByText(/^Draft, saved/).waitFor()
})

test('every member of a Pearl is shown, and none is lost when another is edited', async () => {
  const smtp = (n) => ({ id: `smtp-${n}`, provider: 7, smtpServer: `mail${n}.example.com`, port: 2525, enableSsl: true, senderEmail: `from${n}@example.com`, senderPassword: 's3cret', displayName: `Sender ${n}` })
  const request = (n) => ({
    name: `request ${n}`, method: 3, endpointUrl: `https://api${n}.example.com/{plan}`, headers: { [`X-Key-${n}`]: 's3cret' }, triggerDescription: `trigger ${n}`, description: `reason ${n}`,
    body: [{ key: `member${n}`, variableId: 'plan', type: 4, value: null, required: true }, { key: `fixed${n}`, variableId: '', type: 2, value: { list: [n] }, required: false }], outputBody: [{ key: `data.${n}.id`, variableId: 'order' }],
  })
  const [number] = await api.ask('GET', '/v2/Account/PhoneNumbers')
  const id = await api.ask('POST', '/v2/Pearl/Voice', {
    name: 'Everything',
    pearl: {
      agents: [{ name: 'Nell' }], agentPersonality: 'warm', companyName: 'Pearl Gym', companyDescription: 'A gym of its own.', knowledgeBase: 'It opens at seven.', timeZone: 'Europe/Rome', modelType: 4711, memory: true,
      speechRecognitionKeywords: [{ word: 'Nacre', pronunciations: ['naker', 'nayker'] }],
      nodes: [
        { nodeId: 'look', name: 'Look up', nodeType: 3, script: '', instructions: '', apiSettings: request(1), transitions: [{ name: 'found', toNodeId: 'open', apiResult: 1 }] },
        { nodeId: 'open', name: 'Open', nodeType: 2, script: 'Hello from the node.', instructions: '', transitions: [{ name: 'then', toNodeId: 'talk' }] },
        { nodeId: 'talk', name: 'Talk', nodeType: 10, script: 'Shall we?', instructions: 'Be brief.', transitions: [{ name: 'agrees', toNodeId: 'end' }] },
        { nodeId: 'end', name: 'End', nodeType: 100, script: 'Bye then.', instructions: '', transitions: [] },
      ],
      transferCallSettings: [{ transferCallPhoneNumber: '+14155550177', triggerDescription: 'wants a person', warmTransferMessage: 'They come from us.' }],
      smsSettings: [{ body: 'Your link.', triggerDescription: 'wants the link' }],
      emailSettings: [{ subject: 'Your plan', body: 'Here it is.', triggerDescription: 'wants the plan', smtpSettings: smtp(1) }], smtpSettings: smtp(2),
      apiSettings: [request(2)], successDescription: 'They agree.', askAllQuestions: true, indicatorTags: [{ id: 'hot', name: 'keen', description: 'very keen', color: 5 }],
      notifications: [{ apiSettings: request(3), emailTemplate: { to: ['boss@example.com'], cc: ['copy@example.com'], subject: 'A call', body: 'It is over.', triggerDescription: 'they agreed', smtpSettings: smtp(3) } }],
    },
    variables: [{ id: 'plan', name: 'the plan', group: 1, type: 'string', description: 'as sold' }, { id: 'agrees', name: 'agreement', group: 2, type: 'boolean', description: 'Do you agree?' }],
    outbound: {
      phoneNumberId: number.id, totalAgents: 13, recordingTrack: 2, isStopRecordingAfterTransferCall: true, transcriptOptions: 2, budgetTotal: 987, timeZone: 'Europe/Paris', maximumCallAttempts: 9, minimumRetryIntervalHours: 3, ringDuration: 41, callTimeout: 77,
      voiceMail: 'Call us back.', screeningAnswer: 'It is about your plan.', menuKeys: '3#', callingHours: [{ day: 2, start: '10:15', end: '16:45' }], callWebhookUrl: 'https://hooks.example.com/call', leadWebhookUrl: 'https://hooks.example.com/lead',
      webhookVersion: 1, webhookCredential: 's3cret', webhookCredentialHeader: 'X-Hook-Key', webhookEnums: 'names', webhookExtras: true, webhookAnalysis: true, retryPolicy: { busy: { delays: [90, 7200], maximumAttempts: 6 } }, holidays: ['2027-12-25'],
      defaultRegion: 'FR', duplicatePolicy: 'skip', callRequestMaxWaitMinutes: 123,
    },
  })
  const before = await api.ask('GET', `/v2/Pearl/${id}/Settings`)
  const shown = []
  const look = async () => shown.push(...await page.locator('main').evaluate((main) => [...main.querySelectorAll('input:not([type=checkbox]), textarea, fieldset h3')].map((one) => one.value ?? one.textContent)))
  for (const part of ['says', 'asks', 'actions', 'calling', 'flow']) {
    await page.goto(`${base}/pearls/${id}?part=${part}`)
    await page.getByText('As published: version 1').waitFor()
    for (let node = 0; part === 'flow' && node < 4; node++) {
      await page.locator('.flow-node').nth(node).click()
      await look()
    }
    await look()
    await accessible(`a Pearl with everything: ${part}`)
  }
  // Members that are chosen from a list or by a box, are said to be kept, or are shown in other words.
  const otherwise = /\.(type|provider|id|voiceId|phoneNumberId|toNodeId|method|group|nodeType|apiResult|day|delays\.\d+|recordingTrack|transcriptOptions|minimumRetryIntervalHours|webhookVersion|webhookEnums|duplicatePolicy|openingSentence|flowScript)$/
  const leaves = (value, path = '') => (typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, one]) => leaves(one, `${path}.${name}`)) : [[path, value]])
  const missing = leaves(before).filter(([path, value]) => value !== null && value !== '' && typeof value !== 'boolean' && (!otherwise.test(path) || path.includes('variables')) && !shown.some((text) => text.includes(String(value))) && !['.group', '.type'].some((end) => path.endsWith(end)))
  assert.deepEqual(missing, [])
  await page.goto(`${base}/pearls/${id}`)
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Everything else')
  await page.getByText(/^Draft, saved/).waitFor()
  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('As published: version 2').waitFor()
  assert.deepEqual(await api.ask('GET', `/v2/Pearl/${id}/Settings`), { ...before, name: 'Everything else' })
  await page.goto(`${base}/pearls/${pearlId}`)
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
