import { Button } from '@mantine/core'
import { IconCircleCheck, IconCircleX, IconEar } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { Bones, Empty, Failing } from '../../pieces/states'
import { ProviderState } from '../../pieces/status'
import { useWords } from '../../pieces/words'

type Row = Schemas['ProviderRow']
const kinds = ['ears', 'voice', 'model', 'sms'] as const

// Models are what this installation hears, speaks and thinks with. Whoever runs the server names them in its providers file.
export default function Models() {
  const { t } = useTranslation()
  const providers = useQuery({ queryKey: ['providers'], queryFn: () => ask(api.GET('/v2/Providers')), refetchInterval: 5000 })
  if (providers.error) return <Failing error={providers.error} retry={() => void providers.refetch()} />
  if (!providers.data) return <Bones lines={6} height={20} />
  return (
    <>
      <p className="soft form">{t('models.note')}</p>
      {kinds.map((kind) => {
        const rows = providers.data.filter((row) => row.kind === kind)
        return (
          <section key={kind} className="stack" style={{ gap: 10 }}>
            <h2>{t(`models.kind.${kind}`)}</h2>
            <p className="soft form">{t(rows.length === 0 ? `models.without.${kind}` : `models.with.${kind}`)}</p>
            {rows.length > 0 && <ol className="providers">{rows.map((row) => <Provider key={row.name} row={row} />)}</ol>}
          </section>
        )
      })}
      {providers.data.length === 0 && <Empty icon={<IconEar size={28} stroke={1.5} />} title={t('models.none')} />}
    </>
  )
}

function Provider({ row }: { row: Row }) {
  const { t } = useTranslation()
  const words = useWords()
  const test = useMutation({ mutationFn: () => ask(api.POST('/v2/Providers/Test', { body: { kind: row.kind, name: row.name } })) })
  const prices = Object.entries(row.price).map(([unit, price]) => t(`models.price.${unit as 'minute'}`, { price: words.number(price, 4) }))
  return (
    <li>
      <div className="row wrap">
        <strong>{row.name}</strong>
        <ProviderState state={row.state} />
        <span className="grow" />
        {row.canTest && <Button variant="default" size="compact-sm" loading={test.isPending} onClick={() => test.mutate()} aria-label={t('models.testOf', { name: row.name })}>{t('models.test')}</Button>}
      </div>
      <p className="soft small">
        {[row.service === 'local' ? t('models.here') : <span key="host" className="mono ltr">{row.host ?? row.service}</span>, row.model && <span key="model" className="mono ltr">{row.model}</span>, ...(prices.length > 0 ? prices : [t('models.free')])].filter(Boolean).map((part, n) => <span key={n}>{n > 0 && ' · '}{part}</span>)}
      </p>
      {row.stateDetail && <p className="small ltr-text">{row.stateDetail}</p>}
      <div role="status">
        {test.data && (
          <p className="row small">
            {test.data.ok ? <IconCircleCheck size={16} color="var(--good)" aria-hidden="true" /> : <IconCircleX size={16} color="var(--danger)" aria-hidden="true" />}
            <span><strong>{t(test.data.ok ? 'models.works' : 'models.fails')}</strong> <span className="ltr-text">{test.data.detail}</span> <span className="soft">{t('models.took', { text: words.number(test.data.latencyMs) })}</span></span>
          </p>
        )}
        {test.error && <p className="small">{test.error.message}</p>}
      </div>
    </li>
  )
}
