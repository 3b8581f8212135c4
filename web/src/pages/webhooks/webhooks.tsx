import { Button, Menu, Select } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconChevronDown, IconWebhook } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, useCampaign } from '../../pieces/filters'
import { useRows } from '../../pieces/rows'
import { Empty, Failing } from '../../pieces/states'
import { DeliveryState } from '../../pieces/status'
import { Table, type Column } from '../../pieces/table'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { useWords } from '../../pieces/words'
import { NoCampaigns } from '../campaigns'
import { DeliveryPeek } from './peek'

type Delivery = Schemas['DeliveryRow']
const states = ['pending', 'delivered', 'dead', 'dropped'] as const

// Webhooks is the log of what was told to others, and has it told again.
export default function Webhooks() {
  const { t } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const state = states.find((one) => one === params.get('state')) ?? null
  const sort = { prop: params.get('sort') ?? 'createdAt', ascending: params.get('order') === 'up' }
  const filter: Schemas['DeliverySearchRequest'] = { state, sortProp: sort.prop as Schemas['DeliverySearchRequest']['sortProp'], isAscending: sort.ascending, leadId: params.get('leadId') }
  const open = params.get('delivery')
  const rows = useRows<Delivery>({
    key: ['deliveries', pearlId, filter], size: 100, enabled: pearlId !== '',
    read: (skip, limit) => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Deliveries', { params: { path: { pearlId } }, body: { ...filter, skip, limit } })),
  })
  const active = open === null ? -1 : rows.find((row) => row.id === open)
  const show = useCallback((delivery: string | null) => set({ delivery, campaign: pearlId }), [set, pearlId])
  const step = useCallback(async (by: number) => {
    const next = await rows.at(Math.max(0, active + by))
    if (next) show(next.id)
  }, [rows, active, show])
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
  if (none) return <div className="page"><NoCampaigns /></div>
  return (
    <>
      <div className="page" data-fill="true">
        <h1 className="hidden">{t('places.webhooks')}</h1>
        <div className="filters">
          <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign, delivery: null })} />
          <Select data={[{ value: '', label: t('delivery.any') }, ...states.map((one) => ({ value: one, label: t(`deliveryState.${one}`) }))]} value={state ?? ''} onChange={(chosen) => set({ state: chosen, delivery: null })} allowDeselect={false} aria-label={t('delivery.state')} w={150} />
          <span className="count" role="status">{rows.count === undefined ? '' : t('delivery.count', { count: rows.count, text: words.number(rows.count) })}</span>
          {pearlId !== '' && <Actions pearlId={pearlId} />}
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

// tryOf says in words what a receiver answered.
export function tryOf(one: Schemas['Try'], t: T): string {
  return one.error ?? t('delivery.answered', { status: one.status ?? 0, took: one.latencyMs })
}

function lastOf(row: Delivery, t: T): string {
  const last = row.tries.at(-1)
  return last ? tryOf(last, t) : '–'
}

// Actions sends samples, and everything again that was given up.
function Actions({ pearlId }: { pearlId: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const webhooks = useQuery({ queryKey: ['webhooks', pearlId], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Webhooks', { params: { path: { pearlId } } })) })
  const test = useMutation({
    mutationFn: (kind: 'call' | 'lead') => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Test', { params: { path: { pearlId } }, body: { kind } })),
    onSuccess: (answer) => tell(t('delivery.tested', { text: tryOf(answer, t) })),
    onError: complain,
  })
  const replay = useMutation({
    mutationFn: () => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Replay', { params: { path: { pearlId } }, body: { from: '2000-01-01T00:00:00Z', to: new Date().toISOString() } })),
    onSuccess: ({ count }) => { tell(t('delivery.replayedAll', { count })); void queries.invalidateQueries({ queryKey: ['deliveries'] }) },
    onError: complain,
  })
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={15} />} loading={test.isPending || replay.isPending}>{t('delivery.send')}</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!webhooks.data?.callWebhookUrl} onClick={() => test.mutate('call')}>{t('delivery.testCall')}</Menu.Item>
        <Menu.Item disabled={!webhooks.data?.leadWebhookUrl} onClick={() => test.mutate('lead')}>{t('delivery.testLead')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => replay.mutate()}>{t('delivery.replayAll')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
