import { Select, TextInput } from '@mantine/core'
import { IconChartBar } from '@tabler/icons-react'
import { useAnalytics, usePearl, usePearls } from '../../api/queries'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, useCampaign } from '../../pieces/filters'
import { partsOf, type Days } from '../../pieces/range'
import { Bones, Empty, Failing } from '../../pieces/states'
import { NoCampaigns } from '../campaigns'
import { Charts, Figures } from './charts'
import { NameOfFiles } from './framed'
import { comparisonOf, daysOf, otherDays, periodOf, periods, type Comparison } from './period'
import { sideOf } from './sides'
import { useTexts } from './texts'

// Analytics draws the report of a campaign over some days, beside other days or another campaign.
export default function Analytics() {
  const { t, i18n } = useTexts()
  const { params, set } = useAddress()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const comparison = comparisonOf(params, pearlId)
  const pearl = usePearl(pearlId)
  const other = usePearl(comparison?.pearlId ?? '')
  const days = pearl.data ? daysOf(params, pearl.data) : null
  const thenDays = comparison && days && other.data ? otherDays(params, comparison, days, other.data) : null
  const report = useAnalytics(pearlId, days && pearl.data ? partsOf(days, pearl.data.iana) : [])
  const otherReport = useAnalytics(comparison?.pearlId ?? '', thenDays && other.data ? partsOf(thenDays, other.data.iana) : [])

  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><h1 className="hidden">{t('translation:places.analytics')}</h1><NoCampaigns /></div>
  const range = ({ first, last }: Days) => new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeZone: 'UTC' }).formatRange(Date.parse(first), Date.parse(last))
  const failed = [pearl, report, ...(comparison ? [other, otherReport] : [])].find(({ error }) => error !== null)
  const now = pearl.data && days && report.data && sideOf(comparison?.kind === 'campaign' ? pearl.data.name : range(days), days, report.data)
  const then = comparison && other.data && thenDays && otherReport.data ? sideOf(comparison.kind === 'campaign' ? other.data.name : range(thenDays), thenDays, otherReport.data) : undefined
  const isEmpty = now?.report.callsStatusOverview.totalCalls === 0 && (!then || then.report.callsStatusOverview.totalCalls === 0)
  return (
    <div className="page">
      <h1 className="hidden">{t('translation:places.analytics')}</h1>
      <div className="stack" style={{ gap: 8 }}>
        <div className="filters">
          <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign })} />
          <PeriodChoice days={days} />
          <ComparisonChoice pearlId={pearlId} comparison={comparison} days={thenDays} />
        </div>
        {pearl.data && days && <p className="small soft">{t('range', { days: range(days), zone: pearl.data.iana.replaceAll('_', ' ') })}{comparison && thenDays && other.data && <> {t('compared', { name: comparison.kind === 'campaign' ? other.data.name : t('sameCampaign'), days: range(thenDays), zone: other.data.iana.replaceAll('_', ' ') })}</>}</p>}
      </div>
      {failed?.error ? <Failing error={failed.error} retry={() => void failed.refetch()} /> : !now || (comparison && !then) ? <Bones lines={8} height={24} /> : isEmpty
        ? <Empty icon={<IconChartBar size={28} stroke={1.5} />} title={t('none')} help={t('noneHelp')} />
        : <NameOfFiles value={pearl.data.name}><Figures now={now} then={then} /><Charts now={now} then={then} /></NameOfFiles>}
    </div>
  )
}

// PeriodChoice chooses the days that are shown.
function PeriodChoice({ days }: { days: Days | null }) {
  const { t } = useTexts()
  const { params, set } = useAddress()
  const period = periodOf(params)
  const choose = (chosen: string | null) => set(chosen === 'days' ? { days: null, from: days?.first ?? null, to: days?.last ?? null } : { days: chosen === 'start' ? null : chosen, from: null, to: null })
  return (
    <>
      <Select data={periods.map((value) => ({ value, label: t(`period.${value}`) }))} value={period} onChange={(chosen) => choose(chosen)} allowDeselect={false} aria-label={t('translation:calls.when')} w={150} />
      {period === 'days' && days && <DayFields days={days} label={t('period.days')} onChange={({ first, last }) => set({ from: first, to: last })} />}
    </>
  )
}

// ComparisonChoice chooses what it is compared with.
function ComparisonChoice({ pearlId, comparison, days }: { pearlId: string; comparison: Comparison; days: Days | null }) {
  const { t } = useTexts()
  const { params, set } = useAddress()
  const pearls = usePearls()
  const campaigns = (pearls.data ?? []).filter((row) => row.type === 2 && row.id !== pearlId)
  const data = [
    { value: '', label: t('with.nothing') }, { value: 'before', label: t('with.before'), disabled: periodOf(params) === 'start' }, { value: 'days', label: t('with.days') },
    ...(campaigns.length > 0 ? [{ group: t('with.campaign'), items: campaigns.map(({ id, name }) => ({ value: id, label: name })) }] : []),
  ]
  const value = comparison === null ? '' : comparison.kind === 'campaign' ? comparison.pearlId : comparison.kind
  return (
    <>
      <Select data={data} value={value} onChange={(chosen) => set({ with: chosen as string | null, withFrom: null, withTo: null })} allowDeselect={false} aria-label={t('with.label')} w={{ base: '100%', xs: 220 }} comboboxProps={{ shadow: 'md' }} />
      {comparison?.kind === 'days' && days && <DayFields days={days} label={t('with.days')} onChange={({ first, last }) => set({ withFrom: first, withTo: last })} />}
    </>
  )
}

// DayFields asks for two days.
function DayFields({ days, label, onChange }: { days: Days; label: string; onChange: (days: Days) => void }) {
  const { t } = useTexts()
  const field = (end: keyof Days, name: string) => <TextInput key={`${end} ${days[end]}`} type="date" aria-label={`${label}: ${name}`} defaultValue={days[end]} onBlur={(event) => { if (event.currentTarget.value) onChange({ ...days, [end]: event.currentTarget.value }) }} onKeyDown={(event) => { if (event.key === 'Enter') event.currentTarget.blur() }} w={150} />
  return <span className="row">{field('first', t('period.from'))}<span className="soft" aria-hidden="true">–</span>{field('last', t('period.to'))}</span>
}
