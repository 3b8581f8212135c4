import { IconAlertTriangle } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../api/client'
import { useAccount, useCampaigns, useTrunks } from '../api/queries'
import { Bones, Failing } from '../pieces/states'
import { useWords } from '../pieces/words'
import { CampaignList, NoCampaigns } from './campaigns'

// mostCampaigns is how many the overview lists.
const mostCampaigns = 12

// Overview is what somebody looks at all day: what runs, how far it is, and what needs a hand.
export default function Overview() {
  const { t } = useTranslation()
  const { pearls, rows, full } = useCampaigns()
  if (pearls.error) return <div className="page"><Failing error={pearls.error} retry={() => void pearls.refetch()} /></div>
  const known = full.flatMap((answer) => answer.data ?? [])
  const whole = pearls.isSuccess && known.length === rows.length
  return (
    <div className="page">
      <h1 className="hidden">{t('places.overview')}</h1>
      <Figures campaigns={known} whole={whole} />
      <Attention campaigns={known} />
      <section className="stack" style={{ gap: 8 }}>
        <h2>{t('overview.campaigns')}</h2>
        {pearls.isPending ? <Bones lines={4} height={20} /> : rows.length === 0 ? <NoCampaigns /> : <CampaignList rows={rows} full={full.map((answer) => answer.data)} most={mostCampaigns} />}
        {rows.length > mostCampaigns && <Link href="/campaigns" className="link">{t('overview.all', { count: rows.length })}</Link>}
      </section>
    </div>
  )
}

function Figures({ campaigns, whole }: { campaigns: Schemas['FullPearl'][]; whole: boolean }) {
  const { t } = useTranslation()
  const words = useWords()
  const sum = (of: (campaign: Schemas['FullPearl']) => number | null) => campaigns.reduce((total, campaign) => total + (of(campaign) ?? 0), 0)
  const said = (value: number) => (whole ? words.number(value) : '–')
  const success = sum((campaign) => campaign.totalLeadsSuccess)
  const completed = sum((campaign) => campaign.totalLeadsCompleted)
  const facts = [
    { name: t('overview.now'), value: said(sum((campaign) => campaign.totalOngoingCalls)), more: t('overview.nowOf', { count: sum((campaign) => (campaign.status === 1 ? campaign.totalAgents : 0)) }) },
    { name: t('overview.today'), value: said(sum((campaign) => campaign.totalTodayCalls)), more: t('overview.sinceMidnight') },
    { name: t('overview.leads'), value: said(sum((campaign) => campaign.totalLeads)), more: t('overview.settled', { text: said(completed) }) },
    { name: t('overview.success'), value: said(success), more: whole && completed > 0 ? t('overview.ofSettled', { text: words.percent(success, completed) }) : '–' },
    { name: t('overview.spend'), value: said(sum((campaign) => campaign.budgetConsumed)), more: t('overview.sinceStart') },
  ]
  return (
    <dl className="facts">
      {facts.map(({ name, value, more }) => <div className="fact" key={name}><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>)}
    </dl>
  )
}

// nearEnd is the part of a budget from which on it is told.
const nearEnd = 0.9

function Attention({ campaigns }: { campaigns: Schemas['FullPearl'][] }) {
  const { t } = useTranslation()
  const words = useWords()
  const trunks = useTrunks()
  const account = useAccount()
  const told: { key: string; text: string; href?: string }[] = []
  if (account.data && account.data.status !== 1) told.push({ key: 'account', text: t(`accountStatus.${account.data.status}`) })
  for (const trunk of trunks.data ?? []) {
    if (trunk.isActive && (trunk.state === 'unreachable' || trunk.state === 'unauthorized')) told.push({ key: trunk.id, text: t(`overview.trunk.${trunk.state}`, { name: trunk.name, detail: trunk.stateDetail ?? '' }) })
  }
  for (const campaign of campaigns) {
    if (campaign.budgetTotal !== null && campaign.budgetTotal > 0 && campaign.budgetConsumed >= campaign.budgetTotal * nearEnd) {
      told.push({ key: campaign.id, text: t('overview.budget', { name: campaign.name, used: words.number(campaign.budgetConsumed), total: words.number(campaign.budgetTotal) }), href: `/campaigns/${campaign.id}` })
    }
    if (campaign.status === 3 || campaign.status === 10) told.push({ key: campaign.id + 'held', text: t('overview.held', { name: campaign.name }) })
  }
  if (told.length === 0) return null
  return (
    <section className="stack" style={{ gap: 8 }} aria-label={t('overview.attention')}>
      {told.map(({ key, text, href }) => (
        <div className="note" key={key}>
          <IconAlertTriangle size={18} color="var(--warn)" aria-hidden="true" />
          <span className="grow">{text}</span>
          {href && <Link href={href} className="link nowrap">{t('overview.look')}</Link>}
        </div>
      ))}
    </section>
  )
}
