import { Button } from '@mantine/core'
import { IconPlus, IconSpeakerphone } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../api/client'
import { useCampaigns } from '../api/queries'
import { useSession } from '../api/session'
import { useAddress } from '../pieces/address'
import { SearchBox } from '../pieces/filters'
import { Bones, Empty, Failing } from '../pieces/states'
import { Activity, tone } from '../pieces/status'
import { useWords } from '../pieces/words'
import { newPearlAddress } from '../routes'
import { FirstSteps } from './first-steps'

// Campaigns lists all of them.
export default function Campaigns() {
  const { t } = useTranslation()
  const { params, set } = useAddress()
  const { mayChange } = useSession()
  const { pearls, rows, full } = useCampaigns()
  const search = params.get('search') ?? ''
  const shown = rows.map((row, n) => ({ row, pearl: full[n]?.data })).filter(({ row }) => row.name.toLocaleLowerCase().includes(search.toLocaleLowerCase()))
  if (pearls.error) return <div className="page"><Failing error={pearls.error} retry={() => void pearls.refetch()} /></div>
  return (
    <div className="page">
      <h1 className="hidden">{t('places.campaigns')}</h1>
      {pearls.isPending ? <Bones lines={5} height={20} /> : rows.length === 0 ? <NoCampaigns /> : (
        <>
          <div className="filters"><SearchBox value={search} onChange={(text) => set({ search: text })} label={t('campaigns.search')} /><span className="count" role="status">{t('campaigns.count', { count: shown.length })}</span><div className="grow" />{mayChange && <NewCampaign />}</div>
          {shown.length === 0
            ? <Empty title={t('campaigns.noMatch')}><Button variant="default" onClick={() => set({ search: null })}>{t('filters.clear')}</Button></Empty>
            : <CampaignList rows={shown.map(({ row }) => row)} full={shown.map(({ pearl }) => pearl)} />}
        </>
      )}
    </div>
  )
}

function NewCampaign() {
  const { t } = useTranslation()
  return <Button component={Link} href={newPearlAddress} leftSection={<IconPlus size={16} />}>{t('campaigns.new')}</Button>
}

export function NoCampaigns() {
  const { t } = useTranslation()
  const { administers, mayChange } = useSession()
  if (administers) return <FirstSteps />
  return (
    <Empty icon={<IconSpeakerphone size={28} stroke={1.5} />} title={t('overview.none')} help={t('overview.noneHelp')}>
      {mayChange ? <NewCampaign /> : <Button component="a" href="/docs" variant="default">{t('overview.howTo')}</Button>}
    </Empty>
  )
}

// CampaignList shows campaigns with their progress: those that run first, then the newest.
export function CampaignList({ rows, full, most }: { rows: Schemas['PearlRow'][]; full: (Schemas['FullPearl'] | undefined)[]; most?: number }) {
  return (
    <ul className="campaigns">
      {rows.map((row, n) => ({ row, pearl: full[n] })).toSorted((a, b) => Number(b.row.status === 1) - Number(a.row.status === 1) || b.row.created.localeCompare(a.row.created))
        .slice(0, most).map(({ row, pearl }) => <CampaignLine key={row.id} row={row} pearl={pearl} />)}
    </ul>
  )
}

function CampaignLine({ row, pearl }: { row: Schemas['PearlRow']; pearl: Schemas['FullPearl'] | undefined }) {
  const { t } = useTranslation()
  const words = useWords()
  const leads = pearl?.totalLeads ?? 0
  const completed = pearl?.totalLeadsCompleted ?? 0
  const success = pearl?.totalLeadsSuccess ?? 0
  const part = (value: number) => ({ width: `${leads === 0 ? 0 : (100 * value) / leads}%` })
  return (
    <li>
      <Link href={`/campaigns/${row.id}`} className="campaign">
        <span className="campaign-name"><strong className="cut" dir="auto">{row.name}</strong><Activity status={row.status} /></span>
        <span className="campaign-progress">
          <span className="bar-track" role="img" aria-label={t('overview.progress', { success: words.number(success), completed: words.number(completed), leads: words.number(leads) })}>
            <i style={{ ...part(success), ...tone('won') }} /><i style={{ ...part(completed - success), ...tone('machine') }} />
          </span>
          <span className="small soft figures">{pearl ? (leads === 0 ? t('overview.noLeads') : t('overview.of', { completed: words.number(completed), leads: words.number(leads), success: words.number(success) })) : '–'}</span>
        </span>
        <span className="campaign-now figures">{pearl ? t('overview.calls', { count: pearl.totalOngoingCalls }) : '–'}</span>
      </Link>
    </li>
  )
}
