import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

// useAddress keeps what a page shows in its address: null takes a value out. Steps of a filter replace the entry in the
// history, so that Back leaves the page.
export function useAddress() {
  const [params, setParams] = useSearchParams()
  const set = useCallback((values: Record<string, string | null>, push = false) => {
    setParams((before) => {
      const next = new URLSearchParams(before)
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === '') next.delete(name)
        else next.set(name, value)
      }
      return next
    }, { replace: !push })
  }, [setParams])
  return { params, set }
}
