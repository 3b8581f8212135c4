// A client of the API, for what tests and screenshots need before somebody looks.

export class Api {
  constructor(base, key) {
    this.base = base
    this.key = key
  }

  async ask(method, path, body) {
    const answer = await fetch(this.base + path, { method, headers: { Authorization: `Bearer ${this.key}`, 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    try {
      return JSON.parse(text)
    } catch {
      return text // the id of a new Pearl
    }
  }

  // campaign makes one that may call at any time; what is given goes over the usual settings.
  async campaign(name, outbound = {}) {
    const [number] = await this.ask('GET', '/v2/Account/PhoneNumbers')
    const always = [0, 1, 2, 3, 4, 5, 6].map((day) => ({ day, start: '00:00', end: '24:00' }))
    return this.ask('POST', '/v2/Pearl', {
      name,
      pearl: { agents: [{ name: 'Neil' }], companyName: 'Pearl Fitness', companyDescription: 'A chain of gyms.', timeZone: 'Eastern Standard Time', openingSentence: 'Hello {firstName}, this is Neil from Pearl Fitness, about your {plan}.', flowScript: 'Ask whether the plan is to be renewed.', successDescription: 'The person renews the plan.' },
      variables: [{ id: 'plan', name: 'plan', group: 1 }, { id: 'renews', name: 'renewal', group: 2, type: 'boolean', description: 'Would you like to renew it for another year?' }],
      outbound: { phoneNumberId: number.id, totalAgents: 4, ringDuration: 30, maximumCallAttempts: 2, callingHours: always, ...outbound },
    })
  }

  async add(pearlId, leads) {
    const { leadIds } = await this.ask('POST', `/v2/Outbound/${pearlId}/Leads/Add?returnIds=true`, { leads })
    return leadIds
  }

  run(pearlId, isActive = true) {
    return this.ask('PUT', `/v2/Pearl/${pearlId}/Active`, { isActive })
  }

  // until asks until the answer is as wanted.
  async until(path, is, seconds = 90) {
    const end = Date.now() + seconds * 1000
    for (;;) {
      const answer = await this.ask('GET', path)
      if (is(answer)) return answer
      if (Date.now() > end) throw new Error(`${path} did not become as wanted: ${JSON.stringify(answer)}`)
      await new Promise((done) => setTimeout(done, 250))
    }
  }
}
