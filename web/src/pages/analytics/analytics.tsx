import { Button, Select } from '@mantine/core'
import { IconChartBar, IconDownload } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useAnalytics, usePearl } from '../../api/queries'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, useCampaign } from '../../pieces/filters'
import { lastDays, sinceStart } from '../../pieces/range'
import { csv, save } from '../../pieces/save'
import { Bones, Empty, Failing } from '../../pieces/states'
import { toneOf } from '../../pieces/status'
import { useWords } from '../../pieces/words'
import { NoCampaigns } from '../campaigns'
import { Chart, type Series } from './chart'
import { HeatMap } from './heat-map'

type Report = Schemas['TypedReport']
const spans = ['7', '30', '90'] as const

// outcomes are the counts of a day that together are its calls, in the order of statuses.
const outcomes = [
  { key: 'successful', status: 100 }, { key: 'completed', status: 130 }, { key: 'unsuccessful', status: 110 }, { key: 'voiceMailLeft', status: 70 },
  { key: 'needRetry', status: 10 }, { key: 'unreachable', status: 150 }, { key: 'error', status: 500 },
] as const

// Analytics draws the report of a campaign.
export default function Analytics() {
  const { t } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { pearlId, none, error: noCampaigns } = useCampaign(params.get('campaign'))
  const pearl = usePearl(pearlId)
  const span = spans.find((one) => one === params.get('days'))
  const created = pearl.data?.created
  const range = useMemo(() => (span ? lastDays(Number(span)) : created ? sinceStart(created) : null), [span, created])
  const report = useAnalytics(pearlId, range)

  if (noCampaigns) return <div className="page"><Failing error={noCampaigns} /></div>
  if (none) return <div className="page"><NoCampaigns /></div>
  const overview = report.data?.callsStatusOverview
  return (
    <div className="page">
      <h1 className="hidden">{t('places.analytics')}</h1>
      <div className="filters">
        <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign })} />
        <Select data={[{ value: '', label: t('calls.always') }, ...spans.map((days) => ({ value: days, label: t('calls.days', { count: Number(days) }) }))]} value={span ?? ''} onChange={(days) => set({ days })} allowDeselect={false} aria-label={t('calls.when')} w={150} />
        <span className="count">{range && t('analytics.range', { from: words.day(new Date(range.from)), to: words.day(new Date(range.to)) })}</span>
        <Button variant="default" leftSection={<IconDownload size={15} />} disabled={!report.data} onClick={() => report.data && save(`${pearl.data?.name ?? pearlId}.csv`, 'text/csv', table(report.data))}>CSV</Button>
      </div>
      {report.error ? <Failing error={report.error} retry={() => void report.refetch()} /> : !report.data || !overview ? <Bones lines={6} height={24} /> : overview.totalCalls === 0
        ? <Empty icon={<IconChartBar size={28} stroke={1.5} />} title={t('analytics.none')} help={t('analytics.noneHelp')} />
        : <Charts report={report.data} />}
    </div>
  )
}

function Charts({ report }: { report: Report }) {
  const { t } = useTranslation()
  const words = useWords()
  const overview = report.callsStatusOverview
  const days = report.callsStatusTimeLine.map((day) => day.date)
  const stack: Series[] = outcomes.map(({ key, status }) => ({ name: t(`leadStatus.${status}`), colour: toneOf(status), values: report.callsStatusTimeLine.map((day) => day[key]) })).filter(({ values }) => values.some((value) => value > 0))
  const line = (name: string, values: number[], colour = 'var(--accent)'): Series[] => [{ name, colour, values }]
  const percent = (value: number) => `${words.number(value, 0)} %`
  const cost = report.callsCostTimeLine
  const facts = [
    { name: t('places.calls'), value: words.number(overview.totalCalls), more: t('analytics.toLeads', { count: overview.totalLeads, text: words.number(overview.totalLeads) }) },
    { name: t('analytics.answered'), value: words.percent(overview.answeredCalls, overview.totalCalls), more: t('analytics.ofCalls', { count: overview.totalCalls, text: words.number(overview.answeredCalls), total: words.number(overview.totalCalls) }) },
    { name: t('overview.success'), value: words.percent(overview.successful, overview.answeredCalls), more: t('analytics.ofAnswered', { text: words.number(overview.successful) }) },
    { name: t('analytics.callbacks'), value: words.number(overview.needFollowUp), more: t('analytics.promised') },
    { name: t('analytics.cost'), value: words.number(cost.reduce((sum, day) => sum + day.totalPrice, 0), 2), more: t('analytics.inRange') },
  ]
  return (
    <>
      <dl className="facts">{facts.map(({ name, value, more }) => <div className="fact" key={name}><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>)}</dl>
      <div className="charts">
        <Chart title={t('analytics.byDay')} days={days} series={stack} kind="bars" say={words.number} />
        <Chart title={t('analytics.pickup')} days={report.callsPickupRateTimeLine.map((day) => day.date)} series={line(t('analytics.answered'), report.callsPickupRateTimeLine.map((day) => day.pickupRatePercentage))} kind="line" top={100} say={percent} />
        <Chart title={t('analytics.successRate')} days={report.callsSuccessRateTimeLine.map((day) => day.date)} series={line(t('overview.success'), report.callsSuccessRateTimeLine.map((day) => day.successRatePercentage), 'var(--status-won)')} kind="line" top={100} say={percent} />
        <Chart title={t('analytics.length')} days={report.callsAverageTimeLine.map((day) => day.date)} series={line(t('analytics.average'), report.callsAverageTimeLine.map((day) => day.averageCallDuration))} kind="line" say={words.duration} />
        <HeatMap hours={report.callsByHourDayOfWeeks} />
        <Chart title={t('analytics.costByDay')} days={cost.map((day) => day.date)} series={line(t('analytics.cost'), cost.map((day) => day.totalPrice))} kind="bars" say={(value) => words.number(value, 2)} />
        <Counts title={t('analytics.sentiment')} counts={Object.entries(report.callsSentimentOverview).map(([key, count], n) => ({ name: t(`sentiment.${(n + 1) as 1 | 2 | 3 | 4 | 5}`), key, count }))} none={t('analytics.noSentiment')} />
        <Counts title={t('call.tags')} counts={report.callLabelCount.map(({ id, name, count }) => ({ key: id, name, count }))} none={t('analytics.noTags')} />
      </div>
    </>
  )
}

// Counts is a list of bars with their words beside them.
function Counts({ title, counts, none }: { title: string; counts: { key: string; name: string; count: number }[]; none: string }) {
  const words = useWords()
  const most = Math.max(0, ...counts.map(({ count }) => count))
  return (
    <section className="chart">
      <h2>{title}</h2>
      {most === 0 ? <p className="soft">{none}</p> : (
        <ol className="funnel">
          {counts.map(({ key, name, count }) => (
            <li key={key}><span className="cut">{name}</span><span className="funnel-bar"><i style={{ width: `${(100 * count) / most}%`, '--tone': 'var(--accent)' } as React.CSSProperties} /></span><span className="figures funnel-value">{words.number(count)}</span><span /></li>
          ))}
        </ol>
      )}
    </section>
  )
}

// table is the report by day, as a spreadsheet reads it.
function table(report: Report): string {
  const keys = ['totalCalls', 'answeredCalls', 'totalLeads', ...outcomes.map(({ key }) => key), 'needFollowUp', 'wrongNumber', 'wrongCountryCode'] as const
  const at = <Row extends { date: string }>(rows: Row[], date: string) => rows.find((row) => row.date === date)
  return csv([
    ['date', ...keys, 'pickupRatePercentage', 'successRatePercentage', 'averageCallDuration', 'totalPrice', 'averageCostPerCall'],
    ...report.callsStatusTimeLine.map((day) => [
      day.date.slice(0, 10), ...keys.map((key) => day[key]), at(report.callsPickupRateTimeLine, day.date)?.pickupRatePercentage ?? '', at(report.callsSuccessRateTimeLine, day.date)?.successRatePercentage ?? '',
      at(report.callsAverageTimeLine, day.date)?.averageCallDuration ?? '', at(report.callsCostTimeLine, day.date)?.totalPrice ?? '', at(report.callsCostTimeLine, day.date)?.averageCostPerCall ?? '',
    ]),
  ])
}
