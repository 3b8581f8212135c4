import { Button } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { useSession } from '../../api/session'
import { Peek } from '../../pieces/peek'
import { Bones, Failing } from '../../pieces/states'
import { DeliveryState, tone } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { callAddress, leadAddress } from '../../routes'
import { tryOf } from './tries'

export function DeliveryPeek({ deliveryId, onStep, onClose }: { deliveryId: string; onStep: (by: 1 | -1) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const delivery = useQuery({ queryKey: ['deliveries', 'one', deliveryId], queryFn: () => ask(api.GET('/v2/Webhooks/Deliveries/{deliveryId}', { params: { path: { deliveryId } } })) })
  return (
    <Peek label={t('delivery.panel')} onStep={onStep} onClose={onClose} head={<span className="mono ltr cut">{deliveryId}</span>}>
      {delivery.error ? <Failing error={delivery.error} retry={() => void delivery.refetch()} /> : !delivery.data ? <Bones lines={6} /> : <Delivery delivery={delivery.data} />}
    </Peek>
  )
}

function Delivery({ delivery }: { delivery: Schemas['Delivery'] }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const { operates } = useSession()
  const replay = useMutation({
    mutationFn: () => ask(api.POST('/v2/Webhooks/Deliveries/{deliveryId}/Replay', { params: { path: { deliveryId: delivery.id } } })),
    onSuccess: () => { tell(t('delivery.replayed')); void queries.invalidateQueries({ queryKey: ['deliveries'] }) },
    onError: complain,
  })
  return (
    <>
      <div className="row wrap">
        <h2>{t(`delivery.${delivery.kind}`)}</h2><DeliveryState state={delivery.state} />
        <div className="grow" />
        {operates && <Button variant="default" leftSection={<IconRepeat size={15} />} loading={replay.isPending} disabled={delivery.state === 'pending'} onClick={() => replay.mutate()}>{t('delivery.replay')}</Button>}
      </div>
      <p className="row wrap small">
        <span className="soft"><When at={delivery.createdAt} /></span>
        {delivery.leadId && <Link className="link" href={leadAddress(delivery.pearlId, delivery.leadId)}>{t('call.lead')}</Link>}
        {delivery.callId && <Link className="link" href={callAddress(delivery.callId)}>{t('delivery.theCall')}</Link>}
      </p>
      <section className="section">
        <h3>{t('delivery.tries')}</h3>
        {delivery.tries.length === 0 ? <p className="soft">{t('delivery.notTried')}</p> : (
          <ol className="timeline">
            {delivery.tries.toReversed().map((one, n) => (
              <li key={n} style={tone(one.status !== null && one.status < 300 && one.error === null ? 'won' : 'error')}>
                <i aria-hidden="true" /><span>{tryOf(one, t)}{one.answer && <span className="soft cut block" dir="auto">{one.answer}</span>}</span><span className="soft small"><When at={one.at} /></span>
              </li>
            ))}
          </ol>
        )}
      </section>
      <section className="section">
        <h3>{t('delivery.body')}</h3>
        <pre className="body ltr" tabIndex={0}>{JSON.stringify(delivery.body, null, 2)}</pre>
      </section>
    </>
  )
}
