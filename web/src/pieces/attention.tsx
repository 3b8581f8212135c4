import { IconAlertTriangle, IconClock, IconCircleX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../api/client'
import { useAttention, useTrunks } from '../api/queries'
import { useSession } from '../api/session'
import { settingsAddress } from '../routes'
import { When } from './when'
import { useWords } from './words'

type Matter = Schemas['Matter']

// Attention is what needs a hand, what matters most first, each with the way to where it is mended.
export function Attention({ pearls }: { pearls: Schemas['PearlRow'][] }) {
  const { t } = useTranslation()
  const words = useWords()
  const { administers } = useSession()
  const attention = useAttention()
  const trunks = useTrunks(administers && (attention.data ?? []).some(({ trunkId }) => trunkId !== null))
  if (!attention.data?.length) return null
  const nameOf = ({ kind, pearlId, trunkId }: Matter) => (kind === 'trunk' && trunkId === null ? t('numbers.sandbox') : trunkId ? trunks.data?.find(({ id }) => id === trunkId)?.name : pearls.find(({ id }) => id === pearlId)?.name) ?? '–'
  return (
    <section className="stack" style={{ gap: 8 }} aria-label={t('overview.attention')}>
      {attention.data.map((matter) => {
        const to = whereOf(matter, administers)
        return (
          <div className="note" key={matter.kind + matter.pearlId + matter.trunkId + matter.text} data-tone={matter.severity}>
            {matter.severity === 'error' ? <IconCircleX size={18} color="var(--danger)" aria-hidden="true" /> : matter.severity === 'warning' ? <IconAlertTriangle size={18} color="var(--warn)" aria-hidden="true" /> : <IconClock size={18} color="var(--soft)" aria-hidden="true" />}
            <span className="grow">
              <span dir="auto">{matter.until ? t('attention.shutUntil', { name: nameOf(matter), until: words.clock(new Date(matter.until)) }) : t(`attention.${matter.kind}`, { name: nameOf(matter) })}</span>{' '}
              {matter.since && <span className="soft small">{t('attention.since')} <When at={matter.since} /></span>}
              {matter.severity !== 'info' && <span className="soft small block ltr-text">{matter.text}</span>}
            </span>
            {to && <Link href={to} className="link nowrap">{t('overview.look')}</Link>}
          </div>
        )
      })}
    </section>
  )
}

// whereOf is where something is mended, by who may.
function whereOf({ kind, pearlId }: Matter, administers: boolean): string | null {
  switch (kind) {
    case 'webhook': return `/webhooks?campaign=${pearlId}`
    case 'hours': case 'budget': case 'held': return `/campaigns/${pearlId}?tab=settings`
    case 'trunk': return administers ? settingsAddress('numbers') : null
    case 'number': return administers ? settingsAddress('numbers') : `/campaigns/${pearlId}?tab=settings`
    case 'ears': case 'model': case 'voice': return administers ? settingsAddress('models') : null
    default: return null
  }
}
