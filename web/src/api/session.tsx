import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { api, ask, carryKey, onRefused, type Schemas } from './client'

type Session = {
  account: Schemas['Account'] | null // null: nobody is signed in
  ended: boolean // the server stopped knowing who asks
  signInByKey: (key: string) => Promise<void>
  signOut: () => void
}

const Context = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(Context)
  if (!session) throw new Error('useSession outside of SessionProvider')
  return session
}

// SessionProvider knows who uses the page.
export function SessionProvider({ children }: { children: ReactNode }) {
  const [account, setAccount] = useState<Schemas['Account'] | null>(null)
  const [ended, setEnded] = useState(false)
  const queries = useQueryClient()

  const leave = useCallback((byServer: boolean) => {
    carryKey(null)
    setAccount(null)
    setEnded(byServer)
    queries.clear()
  }, [queries])

  useEffect(() => {
    onRefused(() => setAccount((current) => {
      if (current) queueMicrotask(() => leave(true))
      return current
    }))
  }, [leave])

  const signInByKey = useCallback(async (key: string) => {
    carryKey(key.trim())
    try {
      setAccount(await ask(api.GET('/v2/Account')))
      setEnded(false)
    } catch (failure) {
      carryKey(null)
      throw failure
    }
  }, [])

  const session = useMemo(() => ({ account, ended, signInByKey, signOut: () => leave(false) }), [account, ended, signInByKey, leave])
  return <Context.Provider value={session}>{children}</Context.Provider>
}
