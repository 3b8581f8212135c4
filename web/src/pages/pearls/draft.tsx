import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react'
import { api, ask, Failure, type Schemas } from '../../api/client'

export type Settings = Schemas['PearlSettings']
export type Draft = Schemas['PearlDraft']

// Edit is what fields work on: the settings as they stand in the page.
export type Edit = {
  settings: Settings
  set: (path: string, value: unknown) => void
  faultsAt: (path: string) => string | undefined
  isFaulty: (path: string) => boolean // or something in it is
  warningsAt: (path: string) => string[]
  readOnly: boolean
  pearlId: string
  save: () => Promise<boolean> // reports whether the server has everything
}

// notSaved is why something that the server does with a draft was not done.
export const notSaved = new Error('draft')

export const EditContext = createContext<Edit | null>(null)

export function useEdit(): Edit {
  const edit = useContext(EditContext)
  if (!edit) throw new Error('useEdit outside of EditContext')
  return edit
}

// at reads the member of a path such as pearl.apiSettings.0.endpointUrl.
export function at(settings: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, part) => (value === null || value === undefined ? undefined : (value as Record<string, unknown>)[part]), settings)
}

// put is a copy in which the member of a path has another value.
export function put<T>(whole: T, path: string, value: unknown): T {
  const [first = '', ...rest] = path.split('.')
  const next = rest.length === 0 ? value : put((whole as Record<string, unknown> | null)?.[first] ?? {}, rest.join('.'), value)
  if (Array.isArray(whole)) return whole.map((one: unknown, n) => (n === Number(first) ? next : one)) as T
  return { ...whole, [first]: next }
}

// memberOf is a path as the API's errors name it: Pearl.ApiSettings[0].EndpointUrl.
export function memberOf(path: string): string {
  return path.split('.').map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.charAt(0).toUpperCase()}${part.slice(1)}`)).join('').slice(1)
}

// pause is how long somebody has to stop typing until the draft is saved, milliseconds.
const pause = 700

export type Saving = { state: 'kept' | 'waiting' | 'saving' } | { state: 'failed'; error: Error }

// useDraft holds the draft of a Pearl: what is edited is saved soon after, and kept in the page where that fails.
export function useDraft(pearlId: string) {
  const queries = useQueryClient()
  const key = ['draft', pearlId]
  const read = useQuery({ queryKey: key, queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Draft', { params: { path: { pearlId } } })), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false })
  const [local, setLocal] = useState<Settings | null>(null) // null: as it was read
  const [saving, setSaving] = useState<Saving>({ state: 'kept' })
  const wanted = useRef<Settings | null>(null)
  const timer = useRef(0)
  const running = useRef<Promise<boolean> | null>(null)

  // save answers whether everything is kept by the server.
  const save = useCallback((): Promise<boolean> => {
    window.clearTimeout(timer.current)
    if (running.current) return running.current.then(() => (wanted.current ? save() : true))
    const sent = wanted.current
    if (!sent) return Promise.resolve(true)
    setSaving({ state: 'saving' })
    const { name, pearl, variables, outbound, inbound } = sent
    const run = ask(api.PUT('/v2/Pearl/{pearlId}/Draft', { params: { path: { pearlId } }, body: { name, pearl, variables, ...(outbound ? { outbound } : {}), ...(inbound ? { inbound } : {}) } }))
      .then((answer) => {
        queries.setQueryData(['draft', pearlId], answer)
        void queries.invalidateQueries({ queryKey: ['pearl', pearlId, 'warnings'] })
        if (wanted.current === sent) {
          wanted.current = null
          setLocal(null)
          setSaving({ state: 'kept' })
        }
        return true
      }, (error: unknown) => {
        setSaving({ state: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
        return false
      })
      .finally(() => { running.current = null })
    running.current = run
    return run
  }, [pearlId, queries])

  const set = useCallback((path: string, value: unknown) => {
    setLocal((before) => {
      const now = before ?? queries.getQueryData<Draft>(['draft', pearlId])?.settings
      if (!now) return before
      wanted.current = put(now, path, value)
      return wanted.current
    })
    setSaving({ state: 'waiting' })
    window.clearTimeout(timer.current)
    timer.current = window.setTimeout(() => void save(), pause)
  }, [pearlId, queries, save])

  // What is not saved when the page is left is saved then; the browser asks before it closes.
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => { if (wanted.current) event.preventDefault() }
    window.addEventListener('beforeunload', ask)
    return () => {
      window.removeEventListener('beforeunload', ask)
      void save()
    }
  }, [save])

  const reload = useCallback(async () => {
    wanted.current = null
    setLocal(null)
    setSaving({ state: 'kept' })
    await read.refetch()
  }, [read])

  const refused = saving.state === 'failed' && saving.error instanceof Failure ? saving.error.errors : null
  return { read, draft: read.data, settings: local ?? read.data?.settings, errors: refused ?? read.data?.errors ?? {}, saving, set, save, reload }
}
