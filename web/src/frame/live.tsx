import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useIsFetching, useQueryClient, type Query } from '@tanstack/react-query'
import { Failure } from '../api/client'

type Live = {
  state: 'up' | 'catching' | 'away'
  at: number | null // when the server was last heard, milliseconds
  pace: number // how often what moves is asked for, milliseconds
}

const Context = createContext<Live>({ state: 'catching', at: null, pace: 3000 })

export function useLive(): Live {
  return useContext(Context)
}

// What is shown of these changes while calls are made.
const moving = new Set(['pearls', 'pearl', 'leads', 'lead', 'calls', 'call', 'deliveries'])

const pace = 3000

// moves reports whether what a query read may have changed by itself: nothing of a call that is over does.
function moves(query: Query): boolean {
  if (query.queryKey[0] === 'call') return (query.state.data as { status?: number } | undefined)?.status === 3
  return moving.has(String(query.queryKey[0])) && query.queryKey[2] !== 'settings'
}

// LiveProvider keeps what is shown in step with the server, and knows whether it is heard.
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const asking = useIsFetching()
  const [heard, setHeard] = useState<{ at: number | null; lost: boolean }>({ at: null, lost: false })

  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.hidden) return
      void queries.invalidateQueries({ predicate: moves, type: 'active' }, { cancelRefetch: false })
    }, pace)
    return () => window.clearInterval(timer)
  }, [queries])

  useEffect(() => queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    if (event.action.type === 'success') setHeard({ at: Date.now(), lost: false })
    if (event.action.type === 'error' || event.action.type === 'failed') {
      const error = event.action.error as unknown
      if (error instanceof Failure && (error.status === 0 || error.status >= 502)) setHeard((before) => ({ ...before, lost: true }))
    }
  }), [queries])

  const state = heard.lost ? 'away' : heard.at === null && asking > 0 ? 'catching' : 'up'
  const live = useMemo<Live>(() => ({ state, at: heard.at, pace }), [state, heard.at])
  return <Context.Provider value={live}>{children}</Context.Provider>
}
