import { useEffect, useSyncExternalStore } from 'react'

// The last step of where the person is, which the page of the moment knows by name.
type Crumb = { text: string } | null

let current: Crumb = null
const told = new Set<() => void>()

function set(crumb: Crumb) {
  current = crumb
  told.forEach((tell) => tell())
}

export function useCrumb(): Crumb {
  return useSyncExternalStore((tell) => { told.add(tell); return () => told.delete(tell) }, () => current)
}

// useNamed names what the page shows for as long as it is there.
export function useNamed(text: string | undefined) {
  useEffect(() => {
    if (text === undefined) return undefined
    set({ text })
    return () => set(null)
  }, [text])
}
