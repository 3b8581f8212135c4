import { useQueries, useQuery } from '@tanstack/react-query'
import { api, ask, type Schemas } from './client'
import { merged, type Report } from './report'

// Every query's key begins with what it is of, so that changes can name what they touch (frame/live.tsx).

export function usePearls() {
  return useQuery({ queryKey: ['pearls'], queryFn: () => ask(api.GET('/v2/Pearl')) })
}

export function usePearl(pearlId: string) {
  return useQuery({ queryKey: ['pearl', pearlId], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}', { params: { path: { pearlId } } })), enabled: pearlId !== '' })
}

// useCampaigns reads every outbound Pearl with its counters.
export function useCampaigns() {
  const pearls = usePearls()
  const rows = (pearls.data ?? []).filter((row) => row.type === 2)
  const full = useQueries({
    queries: rows.map((row) => ({
      queryKey: ['pearl', row.id],
      queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}', { params: { path: { pearlId: row.id } } })),
    })),
  })
  return { pearls, rows, full }
}

export function usePearlSettings(pearlId: string) {
  return useQuery({ queryKey: ['pearl', pearlId, 'settings'], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Settings', { params: { path: { pearlId } } })) })
}

export function useVersions(pearlId: string) {
  return useQuery({ queryKey: ['pearl', pearlId, 'settings', 'versions'], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Versions', { params: { path: { pearlId } } })), enabled: pearlId !== '' })
}

export function useWarnings(pearlId: string) {
  return useQuery({ queryKey: ['pearl', pearlId, 'warnings'], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Warnings', { params: { path: { pearlId } } })) })
}

export type Range = { from: string; to: string }

// readReport reads a report of several ranges, one after another: the server works on one of an account at a time.
async function readReport(pearlId: string, ranges: Range[]): Promise<Report> {
  const parts: Schemas['TypedReport'][] = []
  for (const range of ranges) parts.push(await ask(api.POST('/v2/Pearl/{pearlId}/Analytics', { params: { path: { pearlId } }, body: range })))
  return merged(parts)
}

// useAnalytics reads the report of a campaign; while another range of it is read, the one before stays.
export function useAnalytics(pearlId: string, ranges: Range[]) {
  return useQuery({
    queryKey: ['calls', pearlId, 'analytics', ranges],
    queryFn: () => readReport(pearlId, ranges),
    enabled: ranges.length > 0 && pearlId !== '',
    placeholderData: (report, query) => (query?.queryKey[1] === pearlId ? report : undefined),
  })
}

// useReports reads the reports of several campaigns; they change slowly, and are not asked for with every change.
export function useReports(of: { pearlId: string; ranges: Range[] }[]) {
  return useQueries({
    queries: of.map(({ pearlId, ranges }) => ({
      queryKey: ['report', pearlId, ranges],
      queryFn: () => readReport(pearlId, ranges),
      staleTime: 15_000, refetchInterval: 15_000,
    })),
  })
}

// useAttention reads what needs attention.
export function useAttention() {
  return useQuery({ queryKey: ['attention'], queryFn: () => ask(api.GET('/v2/Attention')), refetchInterval: 5000 })
}

export type LeadFilter = Pick<Schemas['LeadSearchRequest'], 'statuses' | 'searchInput' | 'attempts' | 'timeZoneIds' | 'sortProp' | 'isAscending'>

export const leadPage = 100

// readLeads reads a page; the server stops where signal says that nobody waits for it any more.
export async function readLeads(pearlId: string, filter: LeadFilter, skip: number, limit: number, signal?: AbortSignal): Promise<Schemas['LeadRowPage']> {
  return ask(api.POST('/v2/Outbound/{pearlId}/Leads', { params: { path: { pearlId } }, body: { ...filter, skip, limit }, signal }))
}

// useFoundLeads finds leads of all campaigns by what their number or external id begins with; text '' finds none.
export function useFoundLeads(text: string) {
  return useQuery({
    queryKey: ['found', text],
    queryFn: ({ signal }) => ask(api.POST('/v2/Leads', { body: { searchInput: text, limit: 8 }, signal })),
    enabled: text !== '', staleTime: 10_000,
  })
}

// useLeadCount counts the leads of one status.
export function useLeadCounts(pearlId: string, statuses: Schemas['LeadStatus'][]) {
  return useQueries({
    queries: statuses.map((status) => ({
      queryKey: ['leads', pearlId, 'count', status],
      queryFn: async () => (await readLeads(pearlId, { statuses: [status] }, 0, 1)).count,
      enabled: pearlId !== '',
    })),
  })
}

export function useLead(pearlId: string, leadId: string) {
  return useQuery({ queryKey: ['lead', leadId], queryFn: () => ask(api.GET('/v2/Outbound/{pearlId}/Lead/{leadId}', { params: { path: { pearlId, leadId } } })) })
}

export function useLeadHistory(pearlId: string, leadId: string) {
  return useQuery({ queryKey: ['lead', leadId, 'history'], queryFn: () => ask(api.GET('/v2/Outbound/{pearlId}/Lead/{leadId}/History', { params: { path: { pearlId, leadId } } })) })
}

export function useLeadNext(pearlId: string, leadId: string) {
  return useQuery({ queryKey: ['lead', leadId, 'next'], queryFn: () => ask(api.GET('/v2/Outbound/{pearlId}/Lead/{leadId}/Next', { params: { path: { pearlId, leadId } } })) })
}

// useZones reads in which zones leads may be called now; it counts all that wait, and hours do not change by the second.
export function useZones(pearlId: string) {
  return useQuery({ queryKey: ['zones', pearlId], queryFn: () => ask(api.GET('/v2/Outbound/{pearlId}/Zones', { params: { path: { pearlId } } })), enabled: pearlId !== '', staleTime: 15_000, refetchInterval: 30_000 })
}

export type CallFilter = Omit<Schemas['NarrowedSearchRequest'], 'skip' | 'limit'>

export async function readCalls(pearlId: string, filter: CallFilter, skip: number, limit: number, signal?: AbortSignal): Promise<Schemas['RowPage']> {
  return ask(api.POST('/v2/Pearl/{pearlId}/Calls', { params: { path: { pearlId } }, body: { ...filter, skip, limit }, signal }))
}

// Calls have no end of their range that would be late enough to be always in it.
export const always = { fromDate: '2000-01-01T00:00:00Z', toDate: '2999-12-31T00:00:00Z' }

// useLiveCalls reads the calls of a campaign that are in the air.
export function useLiveCalls(pearlId: string) {
  return useQuery({
    queryKey: ['calls', pearlId, 'live'],
    queryFn: () => readCalls(pearlId, { ...always, statuses: [40], sortProp: 'startTime', isAscending: true }, 0, 100),
  })
}

export const callQuery = (callId: string) => ({ queryKey: ['call', callId], queryFn: () => ask(api.GET('/v2/Call/{callId}', { params: { path: { callId } } })) })

export function useCall(callId: string) {
  return useQuery(callQuery(callId))
}

export function useAccount() {
  return useQuery({ queryKey: ['account'], queryFn: () => ask(api.GET('/v2/Account')) })
}

// useAccountSettings reads what holds for the account.
export function useAccountSettings() {
  return useQuery({ queryKey: ['account', 'settings'], queryFn: () => ask(api.GET('/v2/Account/Settings')), staleTime: 60_000 })
}

// useTrunks is for owners and admins; enabled says whether one asks.
export function useTrunks(enabled = true) {
  return useQuery({ queryKey: ['trunks'], queryFn: () => ask(api.GET('/v2/Account/Trunks')), enabled })
}

export function usePeople(enabled = true) {
  return useQuery({ queryKey: ['people'], queryFn: () => ask(api.GET('/v2/Account/Users')), enabled })
}

export function useKeys(enabled = true) {
  return useQuery({ queryKey: ['keys'], queryFn: () => ask(api.GET('/v2/Account/Keys')), enabled })
}

export function useNumbers() {
  return useQuery({ queryKey: ['numbers'], queryFn: () => ask(api.GET('/v2/Account/PhoneNumbers')) })
}
