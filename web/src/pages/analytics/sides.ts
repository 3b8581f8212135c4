import type { Schemas } from '../../api/client'
import type { Report } from '../../api/report'
import { listOf, type Days } from '../../pieces/range'
import { toneOf } from '../../pieces/status'
import type { Series } from './chart'

// Side is a campaign over some days: what is shown, or what it is compared with.
export type Side = { name: string; days: string[]; report: Report }

export function sideOf(name: string, days: Days, report: Report): Side {
  return { name, days: listOf(days), report }
}

type Overview = Schemas['DayOverview']
type Key = Exclude<keyof Overview, 'date'>

// outcomes are the counts of a day that together are its calls but those in the air, in the order of statuses.
export const outcomes = [
  { key: 'successful', status: 100 }, { key: 'completed', status: 130 }, { key: 'unsuccessful', status: 110 }, { key: 'voiceMailLeft', status: 70 },
  { key: 'needRetry', status: 10 }, { key: 'unreachable', status: 150 }, { key: 'error', status: 500 },
] as const

// overviewOf is the overview of each day; days without calls have none in a report.
function overviewOf({ days, report }: Side): (Overview | undefined)[] {
  const byDay = new Map(report.callsStatusTimeLine.map((row) => [row.date.slice(0, 10), row]))
  return days.map((day) => byDay.get(day))
}

// counts are a number of each day, 0 on days without calls.
export function counts(side: Side, key: Key): number[] {
  return overviewOf(side).map((row) => row?.[key] ?? 0)
}

// measured are a measure of each day, null where it has nothing to be measured of.
export function measured<Row extends { date: string }>(side: Side, rows: Row[], value: (row: Row) => number, of: Key): (number | null)[] {
  const byDay = new Map(rows.map((row) => [row.date.slice(0, 10), row]))
  return overviewOf(side).map((overview, n) => {
    const row = byDay.get(side.days[n]!)
    return row && overview && overview[of] > 0 ? value(row) : null
  })
}

// stacked are the outcomes that occurred, each with the colour of its status.
export function stacked(side: Side, nameOf: (status: (typeof outcomes)[number]['status']) => string): Series[] {
  return outcomes.map(({ key, status }) => ({ name: nameOf(status), colour: toneOf(status), values: counts(side, key) })).filter(({ values }) => values.some((value) => value > 0))
}

const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole)

// totals are what a side comes to; null is not known.
export function totals({ report }: Side) {
  const { callsStatusOverview: all, callsAverageTimeLine, callsStatusTimeLine, callsCostTimeLine } = report
  const answeredOn = new Map(callsStatusTimeLine.map(({ date, answeredCalls }) => [date, answeredCalls]))
  const cost = callsCostTimeLine.reduce((sum, { totalPrice }) => sum + totalPrice, 0)
  return {
    calls: all.totalCalls, answered: all.answeredCalls, leads: all.totalLeads, talked: report.talkedLeads, successful: all.successful, callbacks: all.needFollowUp,
    pickup: ratio(all.answeredCalls, all.totalCalls), success: ratio(all.successful, all.answeredCalls), cost, costOfCall: ratio(cost, all.totalCalls),
    length: ratio(callsAverageTimeLine.reduce((sum, { date, averageCallDuration }) => sum + averageCallDuration * (answeredOn.get(date) ?? 0), 0), all.answeredCalls),
  }
}
