import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../api/client'
import { useCampaigns, useReports } from '../api/queries'
import { Attention } from '../pieces/attention'
import { Facts } from '../pieces/facts'
import { partsOf, sinceStart } from '../pieces/range'
import { Bones, Failing } from '../pieces/states'
import { placeOf, useWords } from '../pieces/words'
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
      {rows.length > 0 && <Figures campaigns={known} whole={whole} />}
      <Attention pearls={pearls.data ?? []} />
      <section className="stack" style={{ gap: 8 }}>
        {rows.length > 0 && <h2>{t('overview.campaigns')}</h2>}
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
  // Reports are of the campaigns that were made last; older ones are on the page of analytics.
  const newest = campaigns.toSorted((a, b) => b.created.localeCompare(a.created)).slice(0, mostCampaigns)
  const reports = useReports(newest.map((campaign) => ({ pearlId: campaign.id, ranges: partsOf(sinceStart(campaign), campaign.iana) })))
  const reported = reports.flatMap(({ data }) => data?.callsStatusOverview ?? [])
  const calls = reported.reduce((total, { totalCalls }) => total + totalCalls, 0)
  const answered = reported.reduce((total, { answeredCalls }) => total + answeredCalls, 0)
  const since = newest.map(({ created }) => created).toSorted()[0]
  const zones = [...new Set(campaigns.map(({ iana }) => iana))]
  const success = sum((campaign) => campaign.totalLeadsSuccess)
  const completed = sum((campaign) => campaign.totalLeadsCompleted)
  const facts = [
    { name: t('overview.now'), value: said(sum((campaign) => campaign.totalOngoingCalls)), more: t('overview.nowOf', { count: sum((campaign) => (campaign.status === 1 ? campaign.totalAgents : 0)) }), help: t('overview.help.now') },
    { name: t('overview.today'), value: said(sum((campaign) => campaign.totalTodayCalls)), more: zones.length === 1 ? t('overview.sinceMidnight', { zone: placeOf(zones[0]!) }) : t('overview.sinceMidnights'), help: t('overview.help.today') },
    { name: t('overview.answered'), value: whole && reported.length === newest.length ? words.percent(answered, calls) : '–', more: calls === 0 || since === undefined ? '–' : t('overview.answeredOf', { count: calls, text: words.number(calls), since: words.day(new Date(since)) }), help: t('overview.help.answered') },
    { name: t('overview.leads'), value: said(sum((campaign) => campaign.totalLeads)), more: t('overview.settled', { text: said(completed) }), help: t('overview.help.leads') },
    { name: t('overview.success'), value: said(success), more: whole && completed > 0 ? t('overview.ofSettled', { text: words.percent(success, completed) }) : '–', help: t('overview.help.success') },
    { name: t('overview.spend'), value: said(sum((campaign) => campaign.budgetConsumed)), more: t('overview.sinceStart'), help: t('overview.help.spend') },
  ]
  return <Facts facts={facts} />
}
