import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query'
import { Failure } from '../api/client'
import { useSession } from '../api/session'

// Presence is a call in the air, as the stream tells it (contract 12.3).
export type Presence = { id: string; pearlId: string; leadId: string | null; to: string; state: 'ringing' | 'talking' | 'over'; startTime: string; answeredAt: string | null }

// Said is something that was said in a call in the air.
export type Said = { by: 'agent' | 'person'; text: string; at: string }

type Live = {
  state: 'up' | 'catching' | 'away'
  at: number | null // when the server was last heard, milliseconds
  calls: ReadonlyMap<string, Presence> | null // in the air, by id; null where there is no stream
  said: ReadonlyMap<string, readonly Said[]> // what was said so far, by the id of the call
}

const Context = createContext<Live>({ state: 'catching', at: null, calls: null, said: new Map() })

export function useLive(): Live {
  return useContext(Context)
}

// pace is how often at most what is shown is read again, milliseconds; where reading takes long it is read more rarely. Without a
// stream it is read at half of it.
const pace = 1500

type Heard = { state: Live['state']; at: number | null }
type InAir = Pick<Live, 'calls' | 'said'>
const nothing: InAir = { calls: null, said: new Map() }

// LiveProvider keeps what is shown in step with the server: by its stream of events where a person is signed in, by asking
// again where a key is, since browsers send no key with a stream.
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const { me } = useSession()
  const [heard, setHeard] = useState<Heard>({ state: 'catching', at: null })
  const [inAir, setInAir] = useState<InAir>(nothing)
  const byStream = me?.person != null

  useEffect(() => (byStream ? follow(queries, setHeard, setInAir) : poll(queries)), [byStream, queries])

  useEffect(() => queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    if (event.action.type === 'success') setHeard((before) => ({ state: byStream ? before.state : 'up', at: Date.now() }))
    if ((event.action.type === 'error' || event.action.type === 'failed') && (event.action.error as unknown) instanceof Failure) {
      const { status } = event.action.error as unknown as Failure
      if (status === 0 || status >= 502) setHeard((before) => ({ ...before, state: 'away' }))
    }
  }), [queries, byStream])

  const live = useMemo<Live>(() => ({ ...heard, ...inAir }), [heard, inAir])
  return <Context.Provider value={live}>{children}</Context.Provider>
}

// moving is what changes while calls are made, by the first part of its key.
const moving = new Set(['pearls', 'pearl', 'leads', 'lead', 'calls', 'call', 'deliveries'])

// moves reports whether what a query read may have changed by itself: nothing of a call that is over does.
function moves(query: Query): boolean {
  if (query.queryKey[0] === 'call') return (query.state.data as { status?: number } | undefined)?.status === 3
  return moving.has(String(query.queryKey[0])) && query.queryKey[2] !== 'settings'
}

function readAgain(queries: QueryClient, which: (query: Query) => boolean): Promise<void> {
  return queries.invalidateQueries({ predicate: which, type: 'active' }, { cancelRefetch: false })
}

function poll(queries: QueryClient): () => void {
  const timer = window.setInterval(() => { if (!document.hidden) void readAgain(queries, moves) }, 2 * pace)
  return () => window.clearInterval(timer)
}

type Told = { pearlId: string; leadId?: string | null; callId?: string | null; what?: string }

// follow reads the stream of events while the page is seen. What they are about is gathered and read again together, so that many
// changes a second cost no more than few.
function follow(queries: QueryClient, hear: (change: (before: Heard) => Heard) => void, setInAir: (change: (before: InAir) => InAir) => void): () => void {
  const stale = new Set<string>() // first and second part of keys
  let timer = 0
  const flush = async () => {
    let rest = pace
    if (!document.hidden && stale.size > 0) {
      const these = new Set(stale)
      stale.clear()
      const began = Date.now()
      await readAgain(queries, (query) => moves(query) && isOf(query, these))
      rest = Math.max(pace, 4 * (Date.now() - began))
    }
    timer = window.setTimeout(() => void flush(), rest)
  }
  timer = window.setTimeout(() => void flush(), 300)

  let stream: EventSource | null = null
  let again = 0
  let heardAt = 0
  // Of many events a second the page is told once.
  const here = () => {
    if (Date.now() - heardAt < 1000) return
    heardAt = Date.now()
    hear(() => ({ state: 'up', at: heardAt }))
  }
  const touch = (...keys: string[]) => keys.forEach((key) => stale.add(key))
  const events: Record<string, (told: Told) => void> = {
    lead: ({ pearlId, leadId }) => touch(`leads ${pearlId}`, `lead ${leadId}`, `pearl ${pearlId}`),
    call: ({ pearlId, callId, leadId }) => touch(`calls ${pearlId}`, `call ${callId}`, `lead ${leadId}`, `pearl ${pearlId}`),
    analysis: ({ pearlId, callId, leadId }) => touch(`calls ${pearlId}`, `call ${callId}`, `lead ${leadId}`),
    changed: ({ pearlId, what }) => {
      if (what === 'pearl') touch('pearls ', `pearl ${pearlId}`)
      if (what === 'leads') touch(`leads ${pearlId}`, `pearl ${pearlId}`)
      if (what === 'deliveries') touch(`deliveries ${pearlId}`)
    },
    presence: (told) => {
      const { isWhole, calls } = told as unknown as { isWhole: boolean; calls: Presence[] }
      setInAir((before) => present(before, isWhole, calls))
      for (const { pearlId } of calls) touch(`pearl ${pearlId}`, `calls ${pearlId}`)
    },
    line: (told) => {
      const { callId, ...line } = told as unknown as Said & { callId: string }
      setInAir((before) => ({ ...before, said: new Map(before.said).set(callId, [...(before.said.get(callId) ?? []), line]) }))
    },
  }
  const connect = () => {
    window.clearTimeout(again)
    stream = new EventSource('/v2/Events/Stream')
    stream.onopen = () => {
      void readAgain(queries, moves) // what was missed while away
      heardAt = 0
      here()
    }
    stream.onerror = () => {
      hear((before) => ({ ...before, state: 'catching' }))
      setInAir(() => nothing)
      // The browser comes back by itself after a connection that broke, but not after an answer that was no stream.
      if (stream?.readyState === EventSource.CLOSED) again = window.setTimeout(connect, 10 * pace)
    }
    for (const [kind, took] of Object.entries(events)) {
      stream.addEventListener(kind, (event) => {
        here()
        took(JSON.parse((event as MessageEvent<string>).data) as Told)
      })
    }
  }
  const leave = () => {
    window.clearTimeout(again)
    stream?.close()
    stream = null
  }
  // A page that nobody sees needs no stream: browsers have few connections to one server.
  const seen = () => {
    if (document.hidden) leave()
    else if (stream === null) connect()
  }
  document.addEventListener('visibilitychange', seen)
  seen()
  // While the stream is away what is shown is asked for.
  const asking = window.setInterval(() => { if (stream?.readyState !== EventSource.OPEN && !document.hidden) void readAgain(queries, moves) }, 2 * pace)
  return () => {
    leave()
    document.removeEventListener('visibilitychange', seen)
    window.clearTimeout(timer)
    window.clearInterval(asking)
  }
}

// isOf reports whether a query reads one of these: its key begins with what an event is about. A delivery that is looked at by
// itself is one of all.
function isOf(query: Query, these: ReadonlySet<string>): boolean {
  const [first, second] = query.queryKey
  if (first === 'deliveries' && second === 'one') return [...these].some((one) => one.startsWith('deliveries'))
  return these.has(`${String(first)} ${String(second ?? '')}`)
}

// present is what is in the air after some calls have changed, or all of them are told.
function present(before: InAir, isWhole: boolean, changed: Presence[]): InAir {
  const calls = new Map(isWhole ? [] : before.calls)
  const said = new Map(before.said)
  for (const call of changed) {
    if (call.state === 'over') {
      calls.delete(call.id)
      said.delete(call.id)
    } else {
      calls.set(call.id, call)
    }
  }
  return { calls, said }
}
