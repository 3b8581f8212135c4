import { Button } from '@mantine/core'
import { useHotkeys, useLocalStorage } from '@mantine/hooks'
import { IconAddressBook, IconPlus, IconUpload } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client'
import { leadPage, readLeads, usePearls, usePearlSettings, useZones, type LeadFilter } from '../../api/queries'
import { useSession } from '../../api/session'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, ChoiceFilter, ColumnChoice, SearchBox, StatusFilter, useCampaign } from '../../pieces/filters'
import { usePlace } from '../../pieces/place'
import { useRows } from '../../pieces/rows'
import { Empty, Failing } from '../../pieces/states'
import { leadStatuses, LeadStatusMark } from '../../pieces/status'
import { Table, type Column } from '../../pieces/table'
import { When } from '../../pieces/when'
import { atOffset, useWords } from '../../pieces/words'
import { importAddress, leadAddress } from '../../routes'
import { NoCampaigns } from '../campaigns'
import { BulkBar } from './bulk'
import { NewLead } from './form'
import { LeadPeek } from './peek'
import { useSelection } from './use-selection'
import { Views } from './views'

type Lead = Schemas['LeadRow']

// noZone stands in the address for leads without a zone of their own.
const noZone = 'none'

// Leads is the table of a campaign's leads, any number of them, with one of them open beside it.
export default function Leads() {
  const { t, i18n } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { mayChange } = useSession()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const name = usePearls().data?.find((row) => row.id === pearlId)?.name ?? t('places.leads')
  const [hidden, setHidden] = useLocalStorage<string[]>({ key: 'nacre.leads.hidden', defaultValue: [] })

  const search = params.get('search') ?? ''
  const filter = useFilter(params)
  const { statuses, attempts, zones, sort } = filter
  const open = params.get('lead')
  const adding = params.get('add') !== null

  const leads = useRows<Lead>({
    key: ['leads', pearlId, filter.asked], size: leadPage, enabled: pearlId !== '',
    read: (skip, limit, signal) => readLeads(pearlId, filter.asked, skip, limit, signal),
  })
  const show = useCallback((leadId: string | null) => set({ lead: leadId, campaign: pearlId, add: null }), [set, pearlId])
  const { active, step } = usePlace<Lead>(leads, open, show)
  const { at } = leads
  const idAt = useCallback(async (index: number) => (await at(index))?.id, [at])
  const selection = useSelection(JSON.stringify([pearlId, filter.asked]), leads.count ?? 0, idAt)
  useHotkeys([
    ['J', () => void step(1)], ['K', () => void step(-1)],
    ['Escape', () => (open !== null || adding ? show(null) : selection.clear())],
    ['N', () => mayChange && set({ add: '1', lead: null })],
  ])

  const columns = useMemo<Column<Lead>[]>(() => [
    { id: 'phoneNumber', head: t('lead.phoneNumber'), width: 160, sort: 'phoneNumber', cell: (lead) => <Link href={leadAddress(pearlId, lead.id)} className="mono ltr" onClick={(event) => { event.preventDefault(); show(lead.id) }}>{lead.phoneNumber}</Link> },
    { id: 'status', head: t('lead.status'), width: 160, sort: 'status', cell: (lead) => <LeadStatusMark status={lead.status} /> },
    { id: 'name', head: t('lead.name'), width: 180, grows: true, cell: (lead) => nameOf(lead.callData) ?? <span className="soft">–</span> },
    { id: 'externalId', head: t('lead.externalId'), width: 190, grows: true, sort: 'externalId', cell: (lead) => (lead.externalId === null ? <span className="soft">–</span> : <span className="mono">{lead.externalId}</span>) },
    { id: 'there', head: t('lead.there'), width: 120, cell: (lead) => <span className="soft">{atOffset(new Date(), lead.timeZone, i18n.language)}</span> },
    { id: 'created', head: t('lead.created'), width: 150, sort: 'created', cell: (lead) => <span className="soft"><When at={lead.created} /></span> },
  ], [t, i18n.language, pearlId, show])

  const clear = () => set({ search: null, status: null, attempts: null, zone: null, lead: null })
  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><h1 className="hidden">{t('places.leads')}</h1><NoCampaigns /></div>
  return (
    <>
      <div className="page" data-fill="true">
        <h1 className="hidden">{t('places.leads')}</h1>
        <div className="stack" style={{ gap: 8 }}>
          <div className="filters">
            <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign, lead: null, zone: null })} />
            <SearchBox value={search} onChange={(text) => set({ search: text, lead: null })} label={t('leads.search')} />
            <span className="grow" />
            {mayChange && <Button component={Link} href={importAddress(pearlId)} variant="default" leftSection={<IconUpload size={15} />}>{t('leads.import')}</Button>}
            {mayChange && <Button variant="default" leftSection={<IconPlus size={15} />} rightSection={<kbd>N</kbd>} onClick={() => set({ add: '1', lead: null })}>{t('leads.add')}</Button>}
          </div>
          <div className="filters">
            <StatusFilter all={leadStatuses} chosen={statuses} onChange={(chosen) => set({ status: chosen.join(','), lead: null })} />
            <MoreFilters pearlId={pearlId} attempts={attempts} zones={zones} onChange={set} />
            {filter.narrows && <Button variant="subtle" color="gray" size="compact-sm" onClick={clear}>{t('filters.clear')}</Button>}
            <span className="count" role="status">{leads.count === undefined ? '' : t('leads.count', { count: leads.count, text: words.number(leads.count) })}</span>
            <Views params={params} set={set} />
            <ColumnChoice all={columns.slice(1)} hidden={hidden} onChange={setHidden} />
          </div>
        </div>
        {leads.error ? <Failing error={leads.error} retry={leads.retry} /> : (
          <Table label={t('places.leads')} columns={columns.filter((column) => !hidden.includes(column.id))} total={leads.count ?? 40} row={leads.row} onRange={leads.onRange}
            onOpen={(lead) => show(lead.id)} active={active} sort={sort} onSort={({ prop, ascending }) => set({ sort: prop, order: ascending ? 'up' : null })}
            selection={{ all: selection.all, some: selection.ids.size > 0, has: (lead) => selection.has(lead.id), toggle: (lead, index, range) => selection.toggle(lead.id, index, range), toggleAll: selection.toggleAll, label: (lead) => lead.phoneNumber }}
            compact={(lead) => (
              <Link href={leadAddress(pearlId, lead.id)} className="two-lines" onClick={(event) => { event.preventDefault(); show(lead.id) }}>
                <span className="row"><span className="mono ltr grow">{lead.phoneNumber}</span><LeadStatusMark status={lead.status} /></span>
                <span className="small soft cut">{[nameOf(lead.callData), lead.externalId].filter(Boolean).join(' · ') || '–'}</span>
              </Link>
            )}
            empty={filter.narrows
              ? <Empty title={t('leads.noMatch')}><Button variant="default" onClick={clear}>{t('filters.clear')}</Button></Empty>
              : <Empty icon={<IconAddressBook size={28} stroke={1.5} />} title={t('leads.none')} help={t('leads.noneHelp')}>{mayChange && <Button component={Link} href={importAddress(pearlId)} leftSection={<IconUpload size={16} />}>{t('import.title')}</Button>}<code className="sample ltr">{sample(pearlId)}</code></Empty>} />
        )}
        <BulkBar pearlId={pearlId} selection={selection} filter={filter.asked} name={name} />
      </div>
      {adding ? <NewLead pearlId={pearlId} onAdded={show} onClose={() => show(null)} />
        : open !== null && <LeadPeek key={open} pearlId={pearlId} leadId={open} onStep={(by) => void step(by)} onClose={() => show(null)} />}
    </>
  )
}

// useFilter reads the filter from the address.
function useFilter(params: URLSearchParams) {
  return useMemo(() => {
    const values = (name: string) => (params.get(name) ?? '').split(',').filter((text) => text !== '')
    const statuses = values('status').map(Number).filter((one): one is Schemas['LeadStatus'] => leadStatuses.includes(one as Schemas['LeadStatus']))
    const attempts = values('attempts').map(Number).filter((one) => Number.isInteger(one) && one >= 0)
    const zones = values('zone')
    const search = params.get('search') || null
    const sort = { prop: params.get('sort') ?? 'created', ascending: params.get('order') === 'up' }
    const asked: LeadFilter = { statuses, searchInput: search, attempts, timeZoneIds: zones.map((zone) => (zone === noZone ? '' : zone)), sortProp: sort.prop as LeadFilter['sortProp'], isAscending: sort.ascending }
    return { statuses, attempts, zones, sort, asked, narrows: statuses.length > 0 || attempts.length > 0 || zones.length > 0 || search !== null }
  }, [params])
}

// MoreFilters narrow by how often was called, and by the leads' own zones.
function MoreFilters({ pearlId, attempts, zones, onChange }: { pearlId: string; attempts: number[]; zones: string[]; onChange: (values: Record<string, string | null>) => void }) {
  const { t } = useTranslation()
  const most = usePearlSettings(pearlId).data?.outbound?.maximumCallAttempts ?? 3
  const known = (useZones(pearlId).data ?? []).map(({ timeZoneId }) => timeZoneId ?? noZone)
  const all = [...new Set([...known, ...zones])]
  const nameOf = (zone: string) => (zone === noZone ? t('filters.noZone') : zone)
  return (
    <>
      <ChoiceFilter label={t('filters.attempts')} name={t('filters.attemptsOf', { text: attempts.toSorted((a, b) => a - b).join(', ') })} all={Array.from({ length: Math.max(most, ...attempts) + 1 }, (_, n) => n)} chosen={attempts} show={(n) => t('lead.attempts', { count: n })} onChange={(chosen) => onChange({ attempts: chosen.join(','), lead: null })} />
      {all.length > 1 && <ChoiceFilter label={t('lead.timeZone')} name={zones.length === 1 ? nameOf(zones[0]!) : t('filters.zones', { count: zones.length })} all={all} chosen={zones} show={nameOf} onChange={(chosen) => onChange({ zone: chosen.join(','), lead: null })} />}
    </>
  )
}

// nameOf is what callData calls the person: the same as the name of their calls (contract 3.2).
export function nameOf(callData: Record<string, unknown>): string | null {
  const text = (key: string) => (typeof callData[key] === 'string' ? (callData[key] as string).trim() : '')
  return text('name') || [text('firstName'), text('lastName')].filter(Boolean).join(' ') || null
}

function sample(pearlId: string): string {
  return `curl ${window.location.origin}/v2/Outbound/${pearlId}/Lead -H "Authorization: Bearer $NACRE_KEY" -H "Content-Type: application/json" -d '{"phoneNumber":"+14155550101"}'`
}
