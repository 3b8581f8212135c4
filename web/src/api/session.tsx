import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { api, ask, carryKey, Failure, onRefused, type Schemas } from './client'

type Me = Schemas['Me']

type Session = {
  state: 'asking' | 'away' | 'first' | 'out' | 'in' // first: nobody can sign in to this server yet
  me: Me | null
  ended: boolean // the server stopped knowing who asks
  mayChange: boolean // leads, campaigns and calls; the server has the last word
  operates: boolean // campaigns, webhooks and the blacklist
  administers: boolean // keys, numbers, trunks, settings and the audit log
  owns: boolean // people and their roles
  enter: (me: Me) => void
  signInByKey: (key: string) => Promise<void>
  signOut: () => Promise<void>
  ask: () => void
}

const Context = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(Context)
  if (!session) throw new Error('useSession outside of SessionProvider')
  return session
}

// SessionProvider knows who uses the page: a person by the session's cookie, or an API key for as long as the page is open.
export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<Session['state']>('asking')
  const [me, setMe] = useState<Me | null>(null)
  const [ended, setEnded] = useState(false)
  const queries = useQueryClient()
  const signedIn = useRef(false)

  const enter = useCallback((who: Me) => {
    signedIn.current = true
    setMe(who)
    setEnded(false)
    setState('in')
  }, [])

  const leave = useCallback((byServer: boolean) => {
    signedIn.current = false
    carryKey(null)
    setMe(null)
    setEnded(byServer)
    setState('out')
    queries.clear()
  }, [queries])

  const look = useCallback(async () => {
    setState('asking')
    try {
      enter(await ask(api.GET('/v2/Me')))
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.status !== 401) return setState('away')
      try {
        setState((await ask(api.GET('/v2/FirstStart'))).isOpen ? 'first' : 'out')
      } catch {
        setState('away')
      }
    }
  }, [enter])

  useEffect(() => {
    onRefused(() => { if (signedIn.current) leave(true) })
    void look()
  }, [leave, look])

  const signInByKey = useCallback(async (key: string) => {
    carryKey(key.trim())
    try {
      enter(await ask(api.GET('/v2/Me')))
    } catch (failure) {
      carryKey(null)
      throw failure
    }
  }, [enter])

  const signOut = useCallback(async () => {
    if (me?.person) await ask(api.POST('/v2/SignOut'))
    leave(false)
  }, [me, leave])

  const mayChange = me !== null && (me.person ? me.person.roleId !== viewer : me.scope !== 'read')
  const operates = me !== null && (me.person ? me.person.roleId !== viewer : me.scope === 'full')
  const administers = me !== null && (me.person ? me.person.roleId <= admin : me.scope === 'full')
  const owns = me?.person?.roleId === owner
  const session = useMemo<Session>(() => ({ state, me, ended, mayChange, operates, administers, owns, enter, signInByKey, signOut, ask: () => void look() }), [state, me, ended, mayChange, operates, administers, owns, enter, signInByKey, signOut, look])
  return <Context.Provider value={session}>{children}</Context.Provider>
}

// Roles (contract 8.10).
const owner = 1
const admin = 2
const viewer = 4
