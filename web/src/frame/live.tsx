import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query'
import { Failure } from '../api/client'
import { useSession } from '../api/session'

// Presence is a call in the air, as the stream tells it.
export type Presence = { id: string; pearlId: string; leadId: string | null; to: string; state: 'ringing' | 'talking' | 'over'; startTime: string; answeredAt: string | null }

type Live = {
  state: 'up' | 'catching' | 'away'
  at: number | null // when the server was last heard, milliseconds
  calls: ReadonlyMap<string, Presence> // by id; empty where there is no stream
}

const Context = createContext<Live>({ state: 'catching', at: null, calls: new Map() })

export function useLive(): Live {
  return useContext(Context)
}

// pace is how often at most what is shown is read again, milliseconds; where reading takes long it is read more rarely.
const pace = 1500

type Heard = { state: Live['state']; at: number | null }

// LiveProvider keeps what is shown in step with the server: by its stream of events where a person is signed in, by asking
// again where a key is, since browsers send no key with a stream.
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const { me } = useSession()
  const [heard, setHeard] = useState<Heard>({ state: 'catching', at: null })
  const [calls, setCalls] = useState<ReadonlyMap<string, Presence>>(new Map())
  const byStream = me?.person != null

  useEffect(() => (byStream ? follow(queries, setHeard, setCalls) : poll(queries)), [byStream, queries])

  useEffect(() => queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    if (event.action.type === 'success') setHeard((before) => ({ state: byStream ? before.state : 'up', at: Date.now() }))
    if ((event.action.type === 'error' || event.action.type === 'failed') && (event.action.error as unknown) instanceof Failure) {
      const { status } = event.action.error as unknown as Failure
      if (status === 0 || status >= 502) setHeard((before) => ({ ...before, state: 'away' }))
    }
  }), [queries, byStream])

  const live = useMemo<Live>(() => ({ ...heard, calls }), [heard, calls])
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

// follow reads the stream of events (contract 12.3). What they are about is gathered and read again together, so that many
// changes a second cost no more than few.
function follow(queries: QueryClient, hear: (change: (before: Heard) => Heard) => void, setCalls: (change: (before: ReadonlyMap<string, Presence>) => ReadonlyMap<string, Presence>) => void): () => void {
  const stale = new Set<string>() // first and second part of keys
  let timer = 0
  let rest = pace
  const flush = async () => {
    if (!document.hidden && stale.size > 0) {
      const these = new Set(stale)
      stale.clear()
      const began = Date.now()
      await readAgain(queries, (query) => moves(query) && (these.has(`${String(query.queryKey[0])} ${String(query.queryKey[1] ?? '')}`) || (query.queryKey[0] === 'deliveries' && query.queryKey[1] === 'one' && [...these].some((one) => one.startsWith('deliveries')))))
      rest = Math.max(pace, 4 * (Date.now() - began))
    }
    timer = window.setTimeout(() => void flush(), rest)
  }
  timer = window.setTimeout(() => void flush(), 300)

  let stream: EventSource
  let again = 0
  let broken = false
  const here = () => hear(() => ({ state: 'up', at: Date.now() }))
  // While the stream is away what is shown is asked for.
  const asking = window.setInterval(() => { if (stream.readyState !== EventSource.OPEN && !document.hidden) void readAgain(queries, moves) }, 2 * pace)
  const connect = () => {
    stream = new EventSource('/v2/Events/Stream')
    stream.onopen = () => {
      if (broken) void readAgain(queries, moves) // what was missed while away
      broken = false
      here()
    }
    stream.onerror = () => {
      broken = true
      hear((before) => ({ ...before, state: 'catching' }))
      // The browser comes back by itself after a connection that broke, but not after an answer that was no stream.
      if (stream.readyState === EventSource.CLOSED) again = window.setTimeout(connect, 10 * pace)
    }
    for (const [kind, took] of Object.entries(events)) {
      stream.addEventListener(kind, (event) => {
        here()
        took(JSON.parse((event as MessageEvent<string>).data) as Told)
      })
    }
  }
  const touch = (...keys: string[]) => keys.forEach((key) => stale.add(key))
  const events: Record<string, (told: Told) => void> = {
    lead: ({ pearlId, leadId }) => touch(`leads ${pearlId}`, `lead ${leadId}`, `pearl ${pearlId}`),
    call: ({ pearlId, callId, leadId }) => touch(`calls ${pearlId}`, `call ${callId}`, `lead ${leadId}`, `pearl ${pearlId}`),
    changed: ({ pearlId, what }) => {
      if (what === 'pearl') touch('pearls ', `pearl ${pearlId}`)
      if (what === 'leads') touch(`leads ${pearlId}`, `pearl ${pearlId}`)
      if (what === 'deliveries') touch(`deliveries ${pearlId}`)
    },
    presence: (told) => {
      const { isWhole, calls } = told as unknown as { isWhole: boolean; calls: Presence[] }
      setCalls((before) => {
        const next = isWhole ? new Map<string, Presence>() : new Map(before)
        for (const call of calls) {
          if (call.state === 'over') next.delete(call.id)
          else next.set(call.id, call)
        }
        return next
      })
      for (const { pearlId } of calls) touch(`pearl ${pearlId}`, `calls ${pearlId}`)
    },
  }
  connect()
  return () => {
    stream.close()
    window.clearTimeout(timer)
    window.clearTimeout(again)
    window.clearInterval(asking)
  }
}
