import { useCallback, useRef } from 'react'

type Rows<Row> = {
  count: number | undefined
  row: (index: number) => Row | undefined
  find: (is: (row: Row) => boolean) => number
  at: (index: number) => Promise<Row | undefined>
}

// usePlace is where in a table the row is that is open beside it, and goes on from there: also beyond what is loaded, and where
// the row itself no longer matches the filter, its neighbour has its place.
export function usePlace<Row extends { id: string }>(rows: Rows<Row>, open: string | null, show: (id: string) => void) {
  const known = useRef<{ id: string; index: number } | null>(null)
  const seen = open === null ? -1 : rows.find((row) => row.id === open)
  if (open !== null && seen >= 0) known.current = { id: open, index: seen }
  const kept = known.current?.id === open ? known.current!.index : -1
  const active = seen >= 0 ? seen : kept >= 0 && rows.row(kept) === undefined ? kept : -1

  const step = useCallback(async (by: 1 | -1) => {
    const from = kept < 0 ? -1 : kept
    const stays = from >= 0 && (await rows.at(from))?.id === open
    const index = Math.max(0, stays || by < 0 ? from + by : from)
    if (rows.count !== undefined && index >= rows.count) return
    const next = await rows.at(index)
    if (!next) return
    known.current = { id: next.id, index }
    show(next.id)
  }, [rows, open, kept, show])
  return { active, step }
}
