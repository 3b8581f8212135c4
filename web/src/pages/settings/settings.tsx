import { lazy, Suspense, type ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Redirect, useParams } from 'wouter'
import { useSession } from '../../api/session'
import { useNamed } from '../../frame/crumb'
import { Bones } from '../../pieces/states'
import { settingsAddress } from '../../routes'
import { NotFound } from '../not-found'
import { Company } from './company'
import { Keys } from './keys'
import { Myself } from './myself'
import { Numbers } from './numbers'
import { People } from './people'

const Models = lazy(() => import('./models'))

type Part = { id: Parameters<typeof settingsAddress>[0]; page: ComponentType; who?: 'person' | 'admin' }

// parts are the settings in the order of their list.
const parts: Part[] = [
  { id: 'me', page: Myself, who: 'person' },
  { id: 'company', page: Company },
  { id: 'people', page: People },
  { id: 'keys', page: Keys, who: 'admin' },
  { id: 'numbers', page: Numbers },
  { id: 'models', page: Models, who: 'admin' },
]

// Settings are what holds for the account, and for who looks at it.
export default function Settings() {
  const { t } = useTranslation()
  const { me, administers } = useSession()
  const { part } = useParams<{ part?: string }>()
  const shown = parts.filter(({ who }) => who === undefined || (who === 'person' ? me?.person : administers))
  const here = parts.find(({ id }) => id === part)
  useNamed(here && t(`settingsOf.${here.id}`))
  if (part === undefined) return <Redirect to={settingsAddress(shown[0]!.id)} replace />
  if (!here) return <NotFound />
  const Page = here.page
  return (
    <div className="page">
      <div className="sections">
        <nav aria-label={t('places.settings')}>
          {shown.map(({ id }) => <Link key={id} href={settingsAddress(id)} aria-current={id === here.id ? 'page' : undefined}>{t(`settingsOf.${id}`)}</Link>)}
        </nav>
        <div className="stack" style={{ gap: 24 }}>
          <h1>{t(`settingsOf.${here.id}`)}</h1>
          <Suspense fallback={<Bones lines={5} />}><Page /></Suspense>
        </div>
      </div>
    </div>
  )
}
