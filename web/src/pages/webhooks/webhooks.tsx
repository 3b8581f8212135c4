import { Select } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconWebhook } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useSession } from '../../api/session'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, useCampaign } from '../../pieces/filters'
import { usePlace } from '../../pieces/place'
import { useRows } from '../../pieces/rows'
import { Empty, Failing } from '../../pieces/states'
import { DeliveryState } from '../../pieces/status'
import { Table, type Column } from '../../pieces/table'
import { When } from '../../pieces/when'
import { useWords } from '../../pieces/words'
import { NoCampaigns } from '../campaigns'
import { Actions } from './actions'
import { DeliveryPeek } from './peek'
import { tryOf } from './tries'

type Delivery = Schemas['DeliveryRow']
const states = ['pending', 'delivered', 'dead', 'dropped'] as const

// Webhooks is the log of what was told to others, and has it told again.
export default function Webhooks() {
  const { t } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { operates } = useSession()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const state = states.find((one) => one === params.get('state')) ?? null
  const sort = { prop: params.get('sort') ?? 'createdAt', ascending: params.get('order') === 'up' }
  const filter: Schemas['DeliverySearchRequest'] = { state, sortProp: sort.prop as Schemas['DeliverySearchRequest']['sortProp'], isAscending: sort.ascending, leadId: params.get('leadId') }
  const open = params.get('delivery')
  const rows = useRows<Delivery>({
    key: ['deliveries', pearlId, filter], size: 100, enabled: pearlId !== '',
    read: (skip, limit) => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Deliveries', { params: { path: { pearlId } }, body: { ...filter, skip, limit } })),
  })
  const show = useCallback((delivery: string | null) => set({ delivery, campaign: pearlId }), [set, pearlId])
  const { active, step } = usePlace(rows, open, show)
  useHotkeys([['J', () => void step(1)], ['K', () => void step(-1)], ['Escape', () => show(null)]])

  const columns = useMemo<Column<Delivery>[]>(() => [
    { id: 'createdAt', head: t('delivery.created'), width: 160, sort: 'createdAt', cell: (row) => <When at={row.createdAt} /> },
    { id: 'kind', head: t('delivery.kind'), width: 90, sort: 'kind', cell: (row) => t(`delivery.${row.kind}`) },
    { id: 'state', head: t('delivery.state'), width: 140, sort: 'state', cell: (row) => <DeliveryState state={row.state} /> },
    { id: 'tries', head: t('delivery.tries'), width: 70, end: true, cell: (row) => words.number(row.tries.length) },
    { id: 'last', head: t('delivery.last'), width: 240, grows: true, cell: (row) => <span className="soft">{lastOf(row, t)}</span> },
    { id: 'next', head: t('delivery.nextTry'), width: 150, sort: 'nextTryAt', cell: (row) => (row.nextTryAt === null ? <span className="soft">–</span> : <When at={row.nextTryAt} />) },
    { id: 'id', head: t('delivery.id'), width: 220, cell: (row) => <span className="mono soft">{row.id}</span> },
  ], [t, words])

  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><h1 className="hidden">{t('places.webhooks')}</h1><NoCampaigns /></div>
  return (
    <>
      <div className="page" data-fill="true">
        <h1 className="hidden">{t('places.webhooks')}</h1>
        <div className="filters">
          <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign, delivery: null })} />
          <Select data={[{ value: '', label: t('delivery.any') }, ...states.map((one) => ({ value: one, label: t(`deliveryState.${one}`) }))]} value={state ?? ''} onChange={(chosen) => set({ state: chosen, delivery: null })} allowDeselect={false} aria-label={t('delivery.state')} w={150} />
          <span className="count" role="status">{rows.count === undefined ? '' : t('delivery.count', { count: rows.count, text: words.number(rows.count) })}</span>
          {pearlId !== '' && operates && <Actions pearlId={pearlId} />}
        </div>
        {rows.error ? <Failing error={rows.error} retry={rows.retry} /> : (
          <Table label={t('places.webhooks')} columns={columns} total={rows.count ?? 40} row={rows.row} onRange={rows.onRange} onOpen={(row) => show(row.id)} active={active} sort={sort}
            onSort={({ prop, ascending }) => set({ sort: prop, order: ascending ? 'up' : null })}
            compact={(row) => (
              <span className="two-lines">
                <span className="row"><span className="grow">{t(`delivery.${row.kind}`)}</span><DeliveryState state={row.state} /></span>
                <span className="row small soft"><span className="grow cut">{lastOf(row, t)}</span><When at={row.createdAt} /></span>
              </span>
            )}
            empty={<Empty icon={<IconWebhook size={28} stroke={1.5} />} title={t(state ? 'delivery.noMatch' : 'delivery.none')} help={state ? undefined : t('delivery.noneHelp')} />} />
        )}
      </div>
      {open !== null && <DeliveryPeek key={open} deliveryId={open} onStep={(by) => void step(by)} onClose={() => show(null)} />}
    </>
  )
}

type T = ReturnType<typeof useTranslation>['t']

function lastOf(row: Delivery, t: T): string {
  const last = row.tries.at(-1)
  return last ? tryOf(last, t) : '–'
}
