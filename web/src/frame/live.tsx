import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query'
import { Failure } from '../api/client'

type Live = {
  state: 'up' | 'catching' | 'away'
  at: number | null // when the server was last heard, milliseconds
}

const Context = createContext<Live>({ state: 'catching', at: null })

export function useLive(): Live {
  return useContext(Context)
}

// pace is how often what is shown is read again, milliseconds.
const pace = 3000

// LiveProvider keeps what is shown in step with the server by asking again for what may have changed.
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const [live, setLive] = useState<Live>({ state: 'catching', at: null })

  useEffect(() => poll(queries), [queries])

  useEffect(() => queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    if (event.action.type === 'success') setLive({ state: 'up', at: Date.now() })
    if ((event.action.type === 'error' || event.action.type === 'failed') && (event.action.error as unknown) instanceof Failure) {
      const { status } = event.action.error as unknown as Failure
      if (status === 0 || status >= 502) setLive((before) => ({ ...before, state: 'away' }))
    }
  }), [queries])

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
  const timer = window.setInterval(() => { if (!document.hidden) void readAgain(queries, moves) }, pace)
  return () => window.clearInterval(timer)
}
