import { before, dayIn, lastDays, sinceStart, type Days } from '../../pieces/range'

// Periods that can be chosen: so many days up to today, "start" since the campaign's start, "days" from one to another.
export const periods = ['start', '1', '7', '30', 'days'] as const

export type Period = (typeof periods)[number]

// Comparison is with the time before, with other days, or with another campaign, by its id.
export type Comparison = { kind: 'before' | 'days' | 'campaign'; pearlId: string } | null

type Place = { created: string; iana: string }

// isDay reports whether a text is a day of the calendar, written YYYY-MM-DD.
const isDay = (text: string | null): text is string => text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

// daysBetween reads two days of an address; the later one may come first, and none is after today.
function daysBetween(first: string | null, last: string | null, { iana }: Place): Days | null {
  if (!isDay(first) || !isDay(last)) return null
  const today = dayIn(iana, Date.now())
  const [from, to] = [first, last].map((day) => (day < today ? day : today)).toSorted()
  return { first: from!, last: to! }
}

export function periodOf(params: URLSearchParams): Period {
  if (params.get('from') !== null) return 'days'
  return periods.find((one) => one === params.get('days')) ?? 'start'
}

// daysOf are the days of a campaign that an address asks for.
export function daysOf(params: URLSearchParams, place: Place): Days {
  const period = periodOf(params)
  if (period === 'days') return daysBetween(params.get('from'), params.get('to'), place) ?? sinceStart(place)
  return period === 'start' ? sinceStart(place) : lastDays(Number(period), place.iana)
}

export function comparisonOf(params: URLSearchParams, pearlId: string): Comparison {
  const value = params.get('with')
  if (value === 'before') return periodOf(params) === 'start' ? null : { kind: 'before', pearlId } // nothing is before the start
  if (value === 'days') return { kind: 'days', pearlId }
  return value === null || value === pearlId ? null : { kind: 'campaign', pearlId: value }
}

// otherDays are the days that those of an address are compared with; place is of the campaign of the comparison.
export function otherDays(params: URLSearchParams, comparison: NonNullable<Comparison>, days: Days, place: Place): Days {
  switch (comparison.kind) {
    case 'before': return before(days)
    case 'days': return daysBetween(params.get('withFrom'), params.get('withTo'), place) ?? before(days)
    case 'campaign': return daysOf(params, place)
  }
}
