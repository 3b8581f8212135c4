import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { lines, sendFile, type Schemas } from '../../api/client'

export type Refusal = { line: number; reasons: string[] }

// Run is an import that is under way or over.
export type Run = {
  dry: boolean
  state: 'running' | 'done' | 'stopped' | 'broken'
  total: number
  rows: number
  added: number
  before: number // added by an earlier import of the same file
  again: number // rows of parts that were added before
  refused: Refusal[]
  error: unknown // where it is broken
}

type Told = { total: number; mapping: string[] } | { rows: number; added: number; again: boolean; refused: Refusal[] }

// largest is what the API takes of a file (contract 0.6).
export const largest = 64 << 20

// useImport carries out the import of a file. What was told stays, and the same file with the same mapping, sent again, goes on
// where it ended (contract 12): each run reports all parts from the first one on.
export function useImport(pearlId: string) {
  const queries = useQueryClient()
  const [run, setRun] = useState<Run | null>(null)
  const stopped = useRef<AbortController | null>(null)

  const start = useCallback(async (file: File, mapping: string[], dry: boolean) => {
    const control = new AbortController()
    stopped.current = control
    let at: Run = { dry, state: 'running', total: 0, rows: 0, added: 0, before: 0, again: 0, refused: [], error: null }
    setRun(at)
    try {
      const query = new URLSearchParams({ mapping: JSON.stringify(mapping), ...(dry ? { dryRun: 'true' } : {}) })
      for await (const line of lines<Told>(`/v2/Outbound/${pearlId}/Leads/Import?${query}`, file, control.signal)) {
        at = 'total' in line ? { ...at, total: line.total } : { ...at, rows: at.rows + line.rows, added: at.added + (line.again ? 0 : line.added), before: at.before + (line.again ? line.added : 0), again: at.again + (line.again ? line.rows : 0), refused: at.refused.concat(line.refused) }
        setRun(at)
      }
      setRun({ ...at, state: 'done' })
    } catch (error) {
      setRun(control.signal.aborted ? { ...at, state: 'stopped' } : { ...at, state: 'broken', error })
    }
    if (!dry) {
      void queries.invalidateQueries({ queryKey: ['leads', pearlId] })
      void queries.invalidateQueries({ queryKey: ['pearl', pearlId] })
    }
  }, [pearlId, queries])

  const stop = useCallback(() => stopped.current?.abort(), [])
  const forget = useCallback(() => { stopped.current?.abort(); setRun(null) }, [])
  useEffect(() => () => stopped.current?.abort(), [])
  return { run, start, stop, forget }
}

// preview reads what a file would be taken for.
export function preview(pearlId: string, file: File, signal: AbortSignal): Promise<Schemas['ImportPreview']> {
  return sendFile(`/v2/Outbound/${pearlId}/Leads/Import/Preview`, file, signal)
}
