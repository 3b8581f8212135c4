import { Button } from '@mantine/core'
import { useHotkeys, useLocalStorage } from '@mantine/hooks'
import { IconAddressBook } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client'
import { leadPage, readLeads, type LeadFilter } from '../../api/queries'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, ColumnChoice, SearchBox, StatusFilter, useCampaign } from '../../pieces/filters'
import { useRows } from '../../pieces/rows'
import { Empty, Failing } from '../../pieces/states'
import { leadStatuses, LeadStatusMark } from '../../pieces/status'
import { Table, type Column } from '../../pieces/table'
import { When } from '../../pieces/when'
import { atOffset, useWords } from '../../pieces/words'
import { leadAddress } from '../../routes'
import { NoCampaigns } from '../campaigns'
import { LeadPeek } from './peek'

type Lead = Schemas['LeadRow']

// Leads is the table of a campaign's leads, any number of them, with one of them open beside it.
export default function Leads() {
  const { t, i18n } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const [hidden, setHidden] = useLocalStorage<string[]>({ key: 'nacre.leads.hidden', defaultValue: [] })

  const statuses = useMemo(() => (params.get('status') ?? '').split(',').map(Number).filter((one): one is Schemas['LeadStatus'] => leadStatuses.includes(one as Schemas['LeadStatus'])), [params])
  const search = params.get('search') ?? ''
  const sort = { prop: params.get('sort') ?? 'created', ascending: params.get('order') === 'up' }
  const filter: LeadFilter = { statuses, searchInput: search || null, sortProp: sort.prop as LeadFilter['sortProp'], isAscending: sort.ascending }
  const open = params.get('lead')

  const leads = useRows<Lead>({
    key: ['leads', pearlId, filter], size: leadPage, enabled: pearlId !== '',
    read: (skip, limit) => readLeads(pearlId, filter, skip, limit),
  })
  const active = open === null ? -1 : leads.find((lead) => lead.id === open)

  const show = useCallback((leadId: string | null) => set({ lead: leadId, campaign: pearlId }), [set, pearlId])
  const step = useCallback(async (by: number) => {
    const next = await leads.at(Math.max(0, active + by))
    if (next) show(next.id)
  }, [leads, active, show])
  useHotkeys([['J', () => void step(1)], ['K', () => void step(-1)], ['Escape', () => show(null)]])

  const columns = useMemo<Column<Lead>[]>(() => [
    { id: 'phoneNumber', head: t('lead.phoneNumber'), width: 160, sort: 'phoneNumber', cell: (lead) => <Link href={leadAddress(pearlId, lead.id)} className="mono ltr">{lead.phoneNumber}</Link> },
    { id: 'status', head: t('lead.status'), width: 160, sort: 'status', cell: (lead) => <LeadStatusMark status={lead.status} /> },
    { id: 'name', head: t('lead.name'), width: 180, grows: true, cell: (lead) => nameOf(lead.callData) ?? <span className="soft">–</span> },
    { id: 'externalId', head: t('lead.externalId'), width: 190, grows: true, sort: 'externalId', cell: (lead) => (lead.externalId === null ? <span className="soft">–</span> : <span className="mono">{lead.externalId}</span>) },
    { id: 'there', head: t('lead.there'), width: 120, cell: (lead) => <span className="soft">{atOffset(new Date(), lead.timeZone, i18n.language)}</span> },
    { id: 'created', head: t('lead.created'), width: 150, sort: 'created', cell: (lead) => <span className="soft"><When at={lead.created} /></span> },
  ], [t, i18n.language, pearlId])

  const filtered = statuses.length > 0 || search !== ''
  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><NoCampaigns /></div>
  return (
    <>
      <div className="page" data-fill="true">
        <h1 className="hidden">{t('places.leads')}</h1>
        <div className="filters">
          <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign, lead: null })} />
          <SearchBox value={search} onChange={(text) => set({ search: text, lead: null })} label={t('leads.search')} />
          <StatusFilter all={leadStatuses} chosen={statuses} onChange={(chosen) => set({ status: chosen.join(','), lead: null })} />
          {filtered && <Button variant="subtle" color="gray" size="compact-sm" onClick={() => set({ search: null, status: null })}>{t('filters.clear')}</Button>}
          <span className="count" role="status">{leads.count === undefined ? '' : t('leads.count', { count: leads.count, text: words.number(leads.count) })}</span>
          <ColumnChoice all={columns.slice(1)} hidden={hidden} onChange={setHidden} />
        </div>
        {leads.error ? <Failing error={leads.error} retry={leads.retry} /> : (
          <Table label={t('places.leads')} columns={columns.filter((column) => !hidden.includes(column.id))} total={leads.count ?? 40} row={leads.row} onRange={leads.onRange}
            onOpen={(lead) => show(lead.id)} active={active} sort={sort} onSort={({ prop, ascending }) => set({ sort: prop, order: ascending ? 'up' : null })}
            compact={(lead) => (
              <Link href={leadAddress(pearlId, lead.id)} className="two-lines">
                <span className="row"><span className="mono ltr grow">{lead.phoneNumber}</span><LeadStatusMark status={lead.status} /></span>
                <span className="small soft cut">{[nameOf(lead.callData), lead.externalId].filter(Boolean).join(' · ') || '–'}</span>
              </Link>
            )}
            empty={filtered
              ? <Empty title={t('leads.noMatch')}><Button variant="default" onClick={() => set({ search: null, status: null })}>{t('filters.clear')}</Button></Empty>
              : <Empty icon={<IconAddressBook size={28} stroke={1.5} />} title={t('leads.none')} help={t('leads.noneHelp')}><code className="sample ltr">{sample(pearlId)}</code></Empty>} />
        )}
      </div>
      {open !== null && <LeadPeek key={open} pearlId={pearlId} leadId={open} onStep={(by) => void step(by)} onClose={() => show(null)} />}
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
