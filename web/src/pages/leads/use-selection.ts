import { useCallback, useRef, useState } from 'react'

// mostChosen is how many leads one request may name (contract 0.6); beyond it the filter is what selects.
export const mostChosen = 50_000

export type Selection = {
  all: boolean // everything that matches the filter
  ids: ReadonlySet<string>
  count: number
  has: (id: string) => boolean
  toggle: (id: string, index: number, range: boolean) => void
  toggleAll: () => void
  clear: () => void
}

// useSelection is which rows of a table are chosen: some by their ids, a range by Shift, or all that match. key is the filter, whose
// change ends the selection; idAt reads the id of a row that may be out of sight.
export function useSelection(key: string, total: number, idAt: (index: number) => Promise<string | undefined>): Selection {
  const [state, setState] = useState<{ key: string; all: boolean; ids: ReadonlySet<string> }>({ key, all: false, ids: new Set() })
  const anchor = useRef<number | null>(null)
  const { all, ids } = state.key === key ? state : { all: false, ids: new Set<string>() }

  const choose = useCallback((from: number, to: number, on: boolean) => {
    void (async () => {
      const more: string[] = []
      for (let n = Math.min(from, to); n <= Math.max(from, to) && more.length < mostChosen; n++) {
        const id = await idAt(n)
        if (id !== undefined) more.push(id)
      }
      setState((before) => {
        const next = new Set(before.key === key ? before.ids : [])
        for (const id of more) {
          if (on) next.add(id)
          else next.delete(id)
        }
        return { key, all: false, ids: next }
      })
    })()
  }, [key, idAt])

  const toggle = useCallback((id: string, index: number, range: boolean) => {
    const on = !ids.has(id)
    if (range && anchor.current !== null) return choose(anchor.current, index, on)
    anchor.current = index
    const next = new Set(ids)
    if (on) next.add(id)
    else next.delete(id)
    setState({ key, all: false, ids: next })
  }, [ids, key, choose])

  return {
    all, ids, count: all ? total : ids.size,
    has: (id) => all || ids.has(id),
    toggle,
    toggleAll: useCallback(() => setState({ key, all: !all, ids: new Set() }), [key, all]),
    clear: useCallback(() => { anchor.current = null; setState({ key, all: false, ids: new Set() }) }, [key]),
  }
}
