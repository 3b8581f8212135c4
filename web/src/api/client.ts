import i18next from 'i18next'
import createClient from 'openapi-fetch'
import { Exactly, parse } from './json'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

// Failure is an answer other than 2xx, or no answer at all (status 0).
export class Failure extends Error {
  readonly status: number
  readonly problem: Schemas['Problem'] | null

  constructor(status: number, problem: Schemas['Problem'] | null, text: string) {
    super(text)
    this.status = status
    this.problem = problem
  }

  // errors are the texts of a 400 by the member they are about, in PascalCase.
  get errors(): Record<string, string[]> {
    return this.problem?.errors ?? {}
  }
}

// away is the failure of a request that got no answer.
function away(): Failure {
  return new Failure(0, null, i18next.t('states.away'))
}

// failureOf says in one text what the API said about a request.
export function failureOf(status: number, problem: Schemas['Problem'] | null): Failure {
  const texts = Object.values(problem?.errors ?? {}).flat()
  return new Failure(status, problem, [...new Set([...texts, problem?.detail ?? ''])].filter(Boolean).join(' ') || problem?.title || `HTTP ${status}`)
}

let bearer: string | null = null
let refused = () => {}

// useKey has requests carry an API key; null ends that. It is kept in memory alone.
export function carryKey(key: string | null) {
  bearer = key
}

// onRefused is told when the server no longer knows who asks (401).
export function onRefused(told: () => void) {
  refused = told
}

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' })

api.use({
  onRequest({ request }) {
    if (bearer) request.headers.set('Authorization', `Bearer ${bearer}`)
    return request
  },
  async onResponse({ response, options }) {
    if (response.ok) return options.parseAs === 'json' && response.status !== 204 ? exactly(response) : undefined
    const problem = (await response.json().catch(() => null)) as Schemas['Problem'] | null
    if (response.status === 401) refused()
    throw failureOf(response.status, problem)
  },
  onError() {
    return away()
  },
})

// exactly has an answer read without the loss of a digit. openapi-fetch has an answer read itself where it tells its length, and
// parses the text of any other on its own.
function exactly({ body, status, statusText, headers }: Response): Response {
  const told = new Headers(headers)
  if (!told.has('Content-Length')) told.set('Content-Length', 'unknown')
  return new Exactly(body, { status, statusText, headers: told })
}

// ask awaits an answer that is known to be there: every other one throws a Failure.
export async function ask<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer
  return data as T
}

// ownPath makes a link of an answer one of this origin: the server is reached where the page came from, whatever its public name.
export function ownPath(link: string): string {
  const url = new URL(link)
  return url.pathname + url.search
}

// sendFor sends a body of any kind and awaits an answer of 2xx; every other one throws a Failure.
async function sendFor(path: string, body: BodyInit, type: string, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { 'Content-Type': type }
  if (bearer) headers.Authorization = `Bearer ${bearer}`
  const answer = await fetch(path, { method: 'POST', credentials: 'same-origin', headers, body, signal }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw away()
  })
  if (answer.ok) return answer
  const problem = (await answer.json().catch(() => null)) as Schemas['Problem'] | null
  if (answer.status === 401) refused()
  throw failureOf(answer.status, problem)
}

// sendFile sends a file and reads the answer.
export async function sendFile<T>(path: string, file: Blob, signal?: AbortSignal): Promise<T> {
  return parse(await (await sendFor(path, file, file.type || 'application/octet-stream', signal)).text()) as T
}

// lines reads an answer that comes line by line while the work is done (application/x-ndjson) up to its {"done":true}. An error
// that ended it is thrown as a Failure, with status 0 where the connection broke: what came until then was done.
export async function* lines<Line extends object>(path: string, body: Blob | object, signal?: AbortSignal): AsyncGenerator<Line> {
  const answer = body instanceof Blob ? await sendFor(path, body, body.type || 'application/octet-stream', signal) : await sendFor(path, JSON.stringify(body), 'application/json', signal)
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal?.aborted) throw error
        throw away()
      })
      if (done) throw new Failure(0, null, 'The answer ended early.')
      const parts = (rest + value).split('\n')
      rest = parts.pop()!
      for (const text of parts) {
        const line = parse(text) as Line & { done?: boolean; error?: Schemas['Problem'] }
        if (line.error) throw failureOf(line.error.status, line.error)
        if (line.done) return
        yield line as unknown as Awaited<Line>
      }
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}
