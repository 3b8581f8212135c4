import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { lines, type Schemas } from '../../api/client'
import type { LeadFilter } from '../../api/queries'
import { csv, save } from '../../pieces/save'

// Selected is what a change or an export is of: leads by their ids, or all that match a filter.
export type Selected = { leadIds: string[] } | (Omit<LeadFilter, 'sortProp' | 'isAscending'> & { all: true })

// settable are the statuses that Update Lead may set (contract 1.1), the stop first.
export const settable = [130, 100, 110, 1, 10] as const

export type Action = { action: 'status'; status: Schemas['LeadPatchRequest']['status']; keepFinal?: boolean } | { action: 'delete' }

export type Planned = { changeId: string; total: number; onCall: number }

type Part = { leads: number; changed: number; left: number }

export type Work = { what: 'change' | 'export'; done: number; total: number }

// useChanges changes and exports many leads; work is how far the one is that is under way.
export function useChanges(pearlId: string) {
  const queries = useQueryClient()
  const [work, setWork] = useState<Work | null>(null)

  const carryOut = useCallback(async (body: object): Promise<{ changeId: string; changed: number; left: number }> => {
    const sum = { changeId: '', changed: 0, left: 0 }
    let [total, done] = [0, 0]
    setWork({ what: 'change', done, total })
    try {
      for await (const line of lines<Planned | Part>(`/v2/Outbound/${pearlId}/Leads/Change`, body)) {
        if ('changeId' in line) [sum.changeId, total] = [line.changeId, line.total]
        else {
          sum.changed += line.changed
          sum.left += line.left
          done += line.leads
        }
        setWork({ what: 'change', done, total })
      }
    } finally {
      setWork(null)
      for (const key of [['leads', pearlId], ['lead'], ['pearl', pearlId], ['pearls']]) void queries.invalidateQueries({ queryKey: key })
    }
    return sum
  }, [pearlId, queries])

  return {
    work,
    change: useCallback((selected: Selected, action: Action) => carryOut({ ...selected, ...action }), [carryOut]),
    takeBack: useCallback((changeId: string) => carryOut({ action: 'takeBack', changeId }), [carryOut]),
    download: useCallback(async (selected: Selected, name: string, heads: string[], statusOf: (status: Schemas['LeadStatus']) => string) => {
      setWork({ what: 'export', done: 0, total: 0 })
      try {
        save(name, 'text/csv', await exported(pearlId, selected, heads, statusOf, (done, total) => setWork({ what: 'export', done, total })))
      } finally {
        setWork(null)
      }
    }, [pearlId]),
  }
}

// planned says how many leads a change is of, and changes nothing.
export async function planned(pearlId: string, selected: Selected, action: Action): Promise<Planned> {
  for await (const line of lines<Planned>(`/v2/Outbound/${pearlId}/Leads/Change?dryRun=true`, { ...selected, ...action })) return line
  throw new Error('The answer was empty.')
}

type Exported = Schemas['LeadRow'] & { timeZoneId: string | null; attempts: number }

// exported reads leads as CSV: what every lead has under the heads, then each value of callData that any of them has.
async function exported(pearlId: string, selected: Selected, heads: string[], statusOf: (status: Schemas['LeadStatus']) => string, told: (done: number, total: number) => void): Promise<string> {
  const rows: Exported[] = []
  const keys = new Set<string>()
  let total = 0
  for await (const line of lines<{ total: number } | { results: Exported[] }>(`/v2/Outbound/${pearlId}/Leads/Export`, selected)) {
    if ('total' in line) total = line.total
    else {
      for (const row of line.results) {
        rows.push(row)
        for (const key of Object.keys(row.callData)) keys.add(key)
      }
    }
    told(rows.length, total)
  }
  const cell = (value: unknown) => (value === null || value === undefined ? '' : typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value))
  return csv([[...heads, ...keys], ...rows.map((row) => [row.phoneNumber, row.externalId ?? '', row.timeZoneId ?? '', statusOf(row.status), row.attempts, row.created, ...[...keys].map((key) => cell(row.callData[key]))])])
}
