import { Button, Select } from '@mantine/core'
import { IconPhone } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { Schemas } from '../../api/client'
import { readCalls, useVersions } from '../../api/queries'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, ChoiceFilter, SearchBox, StatusFilter, useCampaign } from '../../pieces/filters'
import { useRows } from '../../pieces/rows'
import { Empty, Failing } from '../../pieces/states'
import { callOutcomes, LeadStatusMark } from '../../pieces/status'
import { Table, type Column } from '../../pieces/table'
import { When } from '../../pieces/when'
import { said, useWords } from '../../pieces/words'
import { NoCampaigns } from '../campaigns'
import { callFilter, queuedAddress, spans } from './filter'

type Call = Schemas['Row']

// Calls is the table of a campaign's calls.
export default function Calls() {
  const { t } = useTranslation()
  const words = useWords()
  const [, go] = useLocation()
  const { params, set } = useAddress()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const { statuses, versions, search, span, isReviewed, sort, asked } = useMemo(() => callFilter(params), [params])
  const calls = useRows<Call>({ key: ['calls', pearlId, asked], size: 100, enabled: pearlId !== '', read: (skip, limit, signal) => readCalls(pearlId, asked, skip, limit, signal) })
  const { find } = calls
  const addressOf = (call: Call) => queuedAddress(call.id, new URLSearchParams({ ...Object.fromEntries(params), campaign: pearlId }), Math.max(0, find(({ id }) => id === call.id)))

  const columns: Column<Call>[] = [
    { id: 'startTime', head: t('call.started'), width: 150, sort: 'startTime', cell: (call) => <Link href={addressOf(call)}><When at={call.startTime} /></Link> },
    { id: 'to', head: t('call.to'), width: 150, sort: 'to', cell: (call) => <span className="mono ltr">{call.to}</span> },
    { id: 'name', head: t('call.name'), width: 160, grows: true, sort: 'name', cell: (call) => call.name ?? <span className="soft">–</span> },
    { id: 'outcome', head: t('call.outcome'), width: 160, sort: 'conversationStatus', cell: (call) => <LeadStatusMark status={call.conversationStatus} /> },
    { id: 'status', head: t('call.how'), width: 120, sort: 'status', cell: (call) => <span className="soft">{t(`callStatus.${call.status}`)}</span> },
    { id: 'duration', head: t('call.duration'), width: 90, end: true, sort: 'duration', cell: (call) => (call.duration === 0 ? <span className="soft">–</span> : <span className="ltr">{words.duration(call.duration)}</span>) },
    { id: 'latencyMs', head: t('call.latency'), width: 110, end: true, sort: 'latencyMs', cell: (call) => (call.latencyMs === null ? <span className="soft">–</span> : t('call.at', { seconds: words.number(call.latencyMs / 1000, 1) })) },
    { id: 'cost', head: t('call.cost'), width: 80, end: true, sort: 'cost', cell: (call) => (call.cost === 0 ? <span className="soft">–</span> : words.number(call.cost, 2)) },
    { id: 'collected', head: t('call.collected'), width: 200, grows: true, cell: (call) => <span className="soft">{call.collectedInfo.map(({ name, value }) => `${name}: ${said(value)}`).join(', ') || '–'}</span> },
    { id: 'tags', head: t('call.tags'), width: 120, cell: (call) => <span className="soft">{call.tags.join(', ') || '–'}</span> },
  ]

  const filtered = statuses.length > 0 || versions.length > 0 || search !== '' || span !== undefined || isReviewed !== null
  const clear = () => set({ search: null, status: null, version: null, days: null, review: null })
  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><h1 className="hidden">{t('places.calls')}</h1><NoCampaigns /></div>
  return (
    <div className="page" data-fill="true">
      <h1 className="hidden">{t('places.calls')}</h1>
      <div className="filters">
        <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign, version: null })} />
        <SearchBox value={search} onChange={(text) => set({ search: text })} label={t('calls.search')} />
        <Select data={[{ value: '', label: t('calls.always') }, ...spans.map((days) => ({ value: days, label: t('calls.days', { count: Number(days) }) }))]} value={span ?? ''} onChange={(days) => set({ days })} allowDeselect={false} aria-label={t('calls.when')} w={150} />
        <StatusFilter all={callOutcomes} chosen={statuses} onChange={(chosen) => set({ status: chosen.join(',') })} />
        <VersionFilter pearlId={pearlId} chosen={versions} onChange={(chosen) => set({ version: chosen.join(',') })} />
        <Select data={[{ value: '', label: t('review.any') }, { value: 'open', label: t('review.open') }, { value: 'done', label: t('review.done') }]} value={params.get('review') ?? ''} onChange={(review) => set({ review })} allowDeselect={false} aria-label={t('review.title')} w={150} />
        {filtered && <Button variant="subtle" color="gray" size="compact-sm" onClick={clear}>{t('filters.clear')}</Button>}
        <span className="count" role="status">{calls.count === undefined ? '' : t('calls.count', { count: calls.count, text: words.number(calls.count) })}</span>
      </div>
      {calls.error ? <Failing error={calls.error} retry={calls.retry} /> : (
        <Table label={t('places.calls')} columns={columns} total={calls.count ?? 40} row={calls.row} onRange={calls.onRange} onOpen={(call) => go(addressOf(call))}
          sort={sort} onSort={({ prop, ascending }) => set({ sort: prop, order: ascending ? 'up' : null })}
          compact={(call) => (
            <Link href={addressOf(call)} className="two-lines">
              <span className="row"><span className="mono ltr grow">{call.to}</span><LeadStatusMark status={call.conversationStatus} /></span>
              <span className="row small soft"><span className="grow cut">{[call.name, t(`callStatus.${call.status}`)].filter(Boolean).join(' · ')}</span><When at={call.startTime} /></span>
            </Link>
          )}
          empty={filtered
            ? <Empty title={t('calls.noMatch')}><Button variant="default" onClick={clear}>{t('filters.clear')}</Button></Empty>
            : <Empty icon={<IconPhone size={28} stroke={1.5} />} title={t('calls.none')} help={t('calls.noneHelp')} />} />
      )}
    </div>
  )
}

// VersionFilter narrows to calls that were begun with some versions of the Pearl's settings; of one version there is no choice.
function VersionFilter({ pearlId, chosen, onChange }: { pearlId: string; chosen: number[]; onChange: (versions: number[]) => void }) {
  const { t } = useTranslation()
  const known = (useVersions(pearlId).data ?? []).map(({ version }) => version)
  const all = [...new Set([...known, ...chosen])].toSorted((a, b) => b - a)
  const name = chosen.length === 1 ? t('call.versionOf', { version: chosen[0] }) : t('calls.versions', { text: chosen.toSorted((a, b) => a - b).join(', ') })
  return all.length < 2 && chosen.length === 0 ? null : <ChoiceFilter label={t('calls.version')} name={name} all={all} chosen={chosen} show={(version) => t('call.versionOf', { version })} onChange={onChange} />
}
