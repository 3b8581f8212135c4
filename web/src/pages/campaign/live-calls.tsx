import { Button } from '@mantine/core'
import { IconPhoneOff } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { useLiveCalls } from '../../api/queries'
import { useSession } from '../../api/session'
import { complain, tell } from '../../pieces/told'
import { Elapsed } from '../../pieces/when'
import { callAddress } from '../../routes'

// LiveCalls are the calls of a campaign that are in the air, the longest first.
export function LiveCalls({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const calls = useLiveCalls(pearl.id)
  const rows = calls.data?.results ?? []
  return (
    <section className="stack" style={{ gap: 8 }}>
      <h2>{t('liveCalls.title')}</h2>
      {calls.error ? <p className="soft">{calls.error.message}</p> : rows.length === 0 ? <p className="soft">{t(pearl.status === 1 ? 'liveCalls.none' : 'liveCalls.paused')}</p> : (
        <ul className="live-calls">{rows.map((call) => <LiveCall key={call.id} call={call} pearlId={pearl.id} />)}</ul>
      )}
    </section>
  )
}

function LiveCall({ call, pearlId }: { call: Schemas['Row']; pearlId: string }) {
  const { t } = useTranslation()
  const { mayChange } = useSession()
  const queries = useQueryClient()
  const hangUp = useMutation({
    mutationFn: () => ask(api.POST('/v2/Call/{callId}/HangUp', { params: { path: { callId: call.id } } })),
    onSuccess: () => {
      tell(t('liveCalls.hungUp', { number: call.to }))
      void queries.invalidateQueries({ queryKey: ['calls', pearlId] })
    },
    onError: complain,
  })
  return (
    <li>
      <span className="status" data-breathes="true" style={{ '--tone': 'var(--status-moving)' } as React.CSSProperties}><i aria-hidden="true" /><Elapsed since={call.startTime} /></span>
      <Link href={callAddress(call.id)} className="grow row"><span className="mono ltr">{call.to}</span><span className="cut">{call.name}</span></Link>
      {mayChange && <Button variant="default" size="compact-sm" leftSection={<IconPhoneOff size={14} />} loading={hangUp.isPending} onClick={() => hangUp.mutate()} aria-label={t('liveCalls.hangUpOf', { number: call.to })}>{t('liveCalls.hangUp')}</Button>}
    </li>
  )
}
