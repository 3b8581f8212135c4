import { keepPreviousData, useQueries, useQueryClient } from '@tanstack/react-query'
import { useDebouncedValue } from '@mantine/hooks'
import { useCallback, useMemo, useState } from 'react'

type Page<Row> = { count: number; results: Row[] }

type Source<Row> = {
  key: readonly unknown[] // of the search, its filter included
  size: number // rows of a page
  read: (skip: number, limit: number, signal?: AbortSignal) => Promise<Page<Row>> // signal: nobody waits for it any more
  enabled?: boolean
}

// useRows reads the pages of a search that are in sight. While somebody scrolls fast nothing is asked for.
export function useRows<Row>({ key, size, read, enabled = true }: Source<Row>) {
  const queries = useQueryClient()
  const [range, setRange] = useState({ first: 0, last: 0 })
  const [wanted] = useDebouncedValue(range, 90)
  const onRange = useCallback((first: number, last: number) => setRange((before) => (before.first === first && before.last === last ? before : { first, last })), [])

  const from = Math.floor(wanted.first / size)
  const to = Math.floor(wanted.last / size)
  const pages = useMemo(() => Array.from({ length: Math.min(to - from + 1, 4) }, (_, n) => from + n), [from, to])
  const answers = useQueries({
    queries: pages.map((page) => ({
      queryKey: [...key, page],
      queryFn: ({ signal }) => read(page * size, size, signal),
      enabled,
      placeholderData: pages.length === 1 && page === 0 ? keepPreviousData : undefined,
      staleTime: 2000,
    })),
  })

  const known = answers.find((answer) => answer.data !== undefined)
  const [count, setCount] = useState<number | undefined>(undefined)
  if (known?.data && known.data.count !== count) setCount(known.data.count)
  const failed = answers.find((answer) => answer.error !== null)

  return {
    count: known?.data?.count ?? count,
    error: count === undefined ? (failed?.error ?? null) : null,
    onRange,
    retry: () => answers.forEach((answer) => void answer.refetch()),
    row: (index: number): Row | undefined => {
      const page = Math.floor(index / size)
      const answer = answers[pages.indexOf(page)]?.data ?? queries.getQueryData<Page<Row>>([...key, page])
      return answer?.results[index % size]
    },
    // find is the index of a row in sight, -1 where it is not.
    find: (is: (row: Row) => boolean): number => {
      for (const [n, page] of pages.entries()) {
        const at = answers[n]?.data?.results.findIndex(is) ?? -1
        if (at >= 0) return page * size + at
      }
      return -1
    },
    // at reads a row that may be out of sight.
    at: async (index: number): Promise<Row | undefined> => {
      const page = Math.floor(index / size)
      const answer = await queries.ensureQueryData({ queryKey: [...key, page], queryFn: () => read(page * size, size) })
      return answer.results[index % size]
    },
  }
}
