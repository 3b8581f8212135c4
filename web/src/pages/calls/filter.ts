import type { Schemas } from '../../api/client'
import { always, type CallFilter } from '../../api/queries'
import { here, lastDays, rangeOf } from '../../pieces/range'
import { callOutcomes } from '../../pieces/status'

export const spans = ['1', '7', '30'] as const

// callFilter reads the filter of the table of calls from its address.
export function callFilter(params: URLSearchParams) {
  const statuses = (params.get('status') ?? '').split(',').map(Number).filter((one): one is Schemas['ConversationStatus'] => callOutcomes.includes(one as Schemas['ConversationStatus']))
  const versions = (params.get('version') ?? '').split(',').map(Number).filter((one) => Number.isInteger(one) && one > 0)
  const search = params.get('search') ?? ''
  const span = spans.find((one) => one === params.get('days'))
  const review = params.get('review')
  const isReviewed = review === 'done' ? true : review === 'open' ? false : null
  const sort = { prop: params.get('sort') ?? 'startTime', ascending: params.get('order') === 'up' }
  const range = span ? rangeOf(lastDays(Number(span), here), here) : null
  const asked: CallFilter = { fromDate: range?.from ?? always.fromDate, toDate: range?.to ?? always.toDate, statuses, pearlVersions: versions, searchInput: search || null, isReviewed, sortProp: sort.prop as CallFilter['sortProp'], isAscending: sort.ascending }
  return { statuses, versions, search, span, isReviewed, sort, asked }
}

// queuedAddress is a call with its place in a table: the address of the table and the index.
export function queuedAddress(callId: string, table: URLSearchParams, index: number): string {
  return `/calls/${callId}?${new URLSearchParams({ in: table.toString(), at: String(index) })}`
}
