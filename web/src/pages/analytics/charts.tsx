import { Facts } from '../../pieces/facts'
import { useWords } from '../../pieces/words'
import { cents, Chart, clock, type Drawn, type Series } from './chart'
import { Counts } from './counts'
import { HeatMap } from './heat-map'
import { counts, measured, stacked, totals, type Side } from './sides'
import { useTexts } from './texts'

type Sides = { now: Side; then?: Side }

// useDifferences says in words how figures differ from those they are compared with, undefined where there is nothing to compare.
function useDifferences({ now, then }: Sides) {
  const { t } = useTexts()
  const words = useWords()
  const [a, b] = [totals(now), then && totals(then)]
  type Figure = keyof ReturnType<typeof totals>
  const than = (change: string, was: string) => t('difference.than', { change, name: then!.name, was })
  return {
    a,
    // points compares parts of a whole.
    points: (figure: Figure) => {
      const [is, was] = [a[figure], b?.[figure]]
      if (is === null || was === null || was === undefined) return then && t('difference.unknown', { name: then.name })
      const points = Math.round(1000 * (is - was)) / 10
      const text = words.number(Math.abs(points), 1)
      return than(points === 0 ? t('difference.same') : t(points > 0 ? 'difference.pointsMore' : 'difference.pointsLess', { count: Math.abs(points), text }), words.percent(was, 1))
    },
    // amount compares sums and averages.
    amount: (figure: Figure, say: (value: number) => string) => {
      const [is, was] = [a[figure], b?.[figure]]
      if (is === null || was === null || was === undefined) return then && t('difference.unknown', { name: then.name })
      if (was === 0) return than(is === 0 ? t('difference.same') : t('difference.fromNone'), say(0))
      const part = (is - was) / was
      return than(Math.abs(part) < 0.0005 ? t('difference.same') : t(part > 0 ? 'difference.more' : 'difference.less', { text: words.percent(Math.abs(part), 1) }), say(was))
    },
  }
}

// Figures are what the campaign came to in the time.
export function Figures({ now, then }: Sides) {
  const { t } = useTexts()
  const words = useWords()
  const { a, points, amount } = useDifferences({ now, then })
  // The same lead may be in several reports, of which a long time is made.
  const leads = (count: number) => (now.report.isWhole ? words.number(count) : t('facts.atMost', { text: words.number(count) }))
  return (
    <Facts facts={[
      { name: t('translation:places.calls'), value: words.number(a.calls), more: amount('calls', words.number) ?? t('facts.toLeads', { count: a.leads, text: leads(a.leads) }), help: t('facts.help.calls') },
      { name: t('translation:overview.answered'), value: words.percent(a.answered, a.calls), more: points('pickup') ?? t('facts.ofCalls', { count: a.calls, text: words.number(a.answered), total: words.number(a.calls) }), help: t('translation:overview.help.answered') },
      { name: t('translation:funnel.reached'), value: leads(a.talked), more: amount('talked', words.number) ?? t('facts.ofLeads', { text: words.percent(a.talked, a.leads) }), help: t('translation:funnel.help.reached') },
      { name: t('translation:overview.success'), value: words.percent(a.successful, a.answered), more: points('success') ?? t('facts.ofAnswered', { text: words.number(a.successful) }), help: t('facts.help.success') },
      { name: t('facts.callbacks'), value: words.number(a.callbacks), more: amount('callbacks', words.number) ?? t('facts.promised'), help: t('facts.help.callbacks') },
      { name: t('facts.cost'), value: words.number(a.cost, 2), more: amount('cost', (value) => words.number(value, 2)) ?? t('facts.inRange'), help: t('facts.help.cost') },
    ]} />
  )
}

// Charts are all that the analytics of a campaign say.
export function Charts({ now, then }: Sides) {
  const { t } = useTexts()
  const words = useWords()
  const { points, amount } = useDifferences({ now, then })
  const money = (value: number) => words.number(value, 2)
  // both draws a series of what is shown, and the same of what it is compared with.
  const both = (series: (side: Side) => Series[]): { now: Drawn; then?: Drawn & { name: string } } => ({
    now: { days: now.days, series: series(now) }, then: then && { name: then.name, days: then.days, series: series(then) },
  })
  const one = (name: string, values: (side: Side) => (number | null)[], colour = 'var(--accent)') => both((side) => [{ name, colour: side === then ? 'var(--soft)' : colour, values: values(side) }])
  const pickup = (side: Side) => measured(side, side.report.callsPickupRateTimeLine, (row) => row.pickupRatePercentage, 'totalCalls')
  const percent = (value: number) => words.percent(value, 100)
  return (
    <div className="charts">
      <OutcomesByDay now={now} then={then} told={amount('calls', words.number)} />
      <Chart id="pickup" title={t('chart.pickup')} told={points('pickup')} {...one(t('translation:overview.answered'), pickup)} kind="line" top={100} say={percent} besides={[{ head: t('chart.heads.calls'), values: counts(now, 'totalCalls') }, { head: t('chart.heads.answered'), values: counts(now, 'answeredCalls') }]} />
      <Chart id="success" title={t('chart.success')} told={points('success')} {...one(t('translation:overview.success'), (side) => measured(side, side.report.callsSuccessRateTimeLine, (row) => row.successRatePercentage, 'answeredCalls'), 'var(--status-won)')} kind="line" top={100} say={percent} />
      <Chart id="leads" title={t('chart.leads')} told={amount('leads', words.number)} {...one(t('translation:places.leads'), (side) => counts(side, 'totalLeads'))} kind="bars" say={words.number} />
      <ByHour now={now} then={then} show="calls" />
      <ByHour now={now} then={then} show="answered" />
      <Chart id="length" title={t('chart.length')} told={amount('length', words.duration)} {...one(t('chart.average'), (side) => measured(side, side.report.callsAverageTimeLine, (row) => row.averageCallDuration, 'answeredCalls'))} kind="line" steps={clock} say={words.duration} />
      <Chart id="besides" title={t('chart.besides')} told={amount('callbacks', words.number)} {...both((side) => [
        { name: t('facts.callbacks'), colour: 'var(--accent)', values: counts(side, 'needFollowUp') },
        { name: t('chart.wrongNumber'), colour: 'var(--status-no)', values: counts(side, 'wrongNumber') },
        { name: t('translation:leadStatus.30'), colour: 'var(--status-out)', values: counts(side, 'wrongCountryCode') },
      ])} kind="line" say={words.number} />
      <Chart id="cost" title={t('chart.cost')} told={amount('cost', money)} {...one(t('facts.cost'), (side) => measured(side, side.report.callsCostTimeLine, (row) => row.totalPrice, 'totalCalls').map((value) => value ?? 0))} kind="bars" steps={cents} say={money} />
      <Chart id="cost-of-call" title={t('chart.costOfCall')} told={amount('costOfCall', money)} {...one(t('chart.average'), (side) => measured(side, side.report.callsCostTimeLine, (row) => row.averageCostPerCall, 'totalCalls'))} kind="line" steps={cents} say={money} />
      <Lists now={now} then={then} />
    </div>
  )
}

// OutcomesByDay is what calls came to, day by day; what they are compared with is one line of all calls.
export function OutcomesByDay({ now, then, told }: Sides & { told?: string }) {
  const { t } = useTexts()
  const words = useWords()
  const series = stacked(now, (status) => t(`translation:leadStatus.${status}`))
  const all = (side: Side): Series => ({ name: t('chart.allCalls'), colour: 'var(--ink)', values: counts(side, 'totalCalls') })
  return <Chart id="outcomes" title={t('chart.outcomes')} told={told} now={{ days: now.days, series }} then={then && { name: then.name, days: then.days, series: [all(then)] }} kind="bars" say={words.number} besides={[{ head: t('chart.allCalls'), values: all(now).values }]} />
}

// ByHour is when in the week calls began, or were answered.
export function ByHour({ now, then, show }: Sides & { show: 'calls' | 'answered' }) {
  const maps = [now, ...(then ? [then] : [])].map(({ name, report }) => ({ name, calls: report.callsByHourDayOfWeeks, answered: report.answeredByHourDayOfWeeks }))
  return <HeatMap id={`hours-${show}`} show={show} maps={maps} />
}

const sentiments = ['negative', 'slightlyNegative', 'neutral', 'slightlyPositive', 'positive'] as const
const events = ['callTransferredCount', 'smsSentCount', 'emailSentCount', 'takeMessageCount', 'calendarBookedCount'] as const

// Lists are what occurred in calls, however often.
function Lists({ now, then }: Sides) {
  const { t } = useTexts()
  const names = { now: now.name, then: then?.name }
  const tags = [...new Set([now, ...(then ? [then] : [])].flatMap(({ report }) => report.callLabelCount.map(({ name }) => name)))]
  const tagged = (side: Side | undefined, tag: string) => side && (side.report.callLabelCount.find(({ name }) => name === tag)?.count ?? 0)
  return (
    <>
      <Counts id="sentiment" title={t('chart.sentiment')} names={names} none={t('chart.noSentiment')} counts={sentiments.map((key, n) => ({ key, name: t(`translation:sentiment.${(n + 1) as 1 | 2 | 3 | 4 | 5}`), now: now.report.callsSentimentOverview[key], then: then?.report.callsSentimentOverview[key] }))} />
      <Counts id="tags" title={t('translation:call.tags')} names={names} none={t('chart.noTags')} counts={tags.map((tag) => ({ key: tag, name: tag, now: tagged(now, tag)!, then: tagged(then, tag) }))} />
      <Counts id="events" title={t('chart.events')} names={names} none={t('chart.noEvents')} counts={events.map((key) => ({ key, name: t(`chart.event.${key}`), now: now.report.callEventsCounts[key], then: then?.report.callEventsCounts[key] }))} />
    </>
  )
}
