import type { Schemas } from './client'

// Report is the analytics of a campaign over any time.
export type Report = Schemas['TypedReport'] & {
  isWhole: boolean // false: leads are the sum of those of several reports, and some may be in more than one
}

// merged is one report of several that follow each other.
export function merged(parts: Schemas['TypedReport'][]): Report {
  const [first, ...rest] = parts
  if (!first) throw new Error('There is nothing to merge.')
  return rest.reduce<Report>((sum, part) => ({
    isWhole: false,
    callType: sum.callType,
    callsStatusOverview: added(sum.callsStatusOverview, part.callsStatusOverview),
    callsSentimentOverview: added(sum.callsSentimentOverview, part.callsSentimentOverview),
    callEventsCounts: added(sum.callEventsCounts, part.callEventsCounts),
    talkedLeads: sum.talkedLeads + part.talkedLeads,
    callsStatusTimeLine: [...sum.callsStatusTimeLine, ...part.callsStatusTimeLine],
    callsAverageTimeLine: [...sum.callsAverageTimeLine, ...part.callsAverageTimeLine],
    callsCostTimeLine: [...sum.callsCostTimeLine, ...part.callsCostTimeLine],
    callsPickupRateTimeLine: [...sum.callsPickupRateTimeLine, ...part.callsPickupRateTimeLine],
    callsSuccessRateTimeLine: [...sum.callsSuccessRateTimeLine, ...part.callsSuccessRateTimeLine],
    callLabelCount: counted([...sum.callLabelCount, ...part.callLabelCount], ({ name }) => name).toSorted((a, b) => b.count - a.count),
    callsByHourDayOfWeeks: counted([...sum.callsByHourDayOfWeeks, ...part.callsByHourDayOfWeeks], hourOf),
    answeredByHourDayOfWeeks: counted([...sum.answeredByHourDayOfWeeks, ...part.answeredByHourDayOfWeeks], hourOf),
  }), { ...first, isWhole: true })
}

const hourOf = ({ dayOfWeek, hourOfDay }: Schemas['HourOfWeek']) => `${dayOfWeek} ${hourOfDay}`

function added<Counts extends Record<string, number>>(a: Counts, b: Counts): Counts {
  return Object.fromEntries(Object.entries(a).map(([key, count]) => [key, count + (b[key] ?? 0)])) as Counts
}

function counted<Row extends { count: number }>(rows: Row[], of: (row: Row) => string): Row[] {
  const sums = new Map<string, Row>()
  for (const row of rows) {
    const before = sums.get(of(row))
    sums.set(of(row), before ? { ...before, count: before.count + row.count } : row)
  }
  return [...sums.values()]
}
