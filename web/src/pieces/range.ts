import type { Range } from '../api/queries'

// Days are days of a calendar, YYYY-MM-DD, both included.
export type Days = { first: string; last: string }

// mostDays is what is asked for in one report: the API covers ninety days, which may be an hour longer where clocks go back (contract 4).
const mostDays = 89

const dayLength = 86_400_000

// here is the zone of who looks at the page.
export const here = Intl.DateTimeFormat().resolvedOptions().timeZone

// wall reads clock and calendar of a zone as if they were UTC, milliseconds. A zone that the browser does not know is read as UTC.
function wall(zone: string, at: number): number {
  let parts: Intl.DateTimeFormatPart[]
  const format = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' } as const
  try {
    parts = new Intl.DateTimeFormat('en', { ...format, timeZone: zone }).formatToParts(at)
  } catch {
    parts = new Intl.DateTimeFormat('en', { ...format, timeZone: 'UTC' }).formatToParts(at)
  }
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value)
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

const textOf = (utc: number) => new Date(utc).toISOString().slice(0, 10)

// dayIn is the day of an instant in a zone.
export function dayIn(zone: string, at: number): string {
  return textOf(wall(zone, at))
}

export function addDays(day: string, count: number): string {
  return textOf(Date.parse(day) + count * dayLength)
}

// beginOf is the first instant of a day in a zone: its midnight, or when the clocks go forward over that.
function beginOf(zone: string, day: string): number {
  const midnight = Date.parse(day)
  const offsetAt = (at: number) => wall(zone, at) - Math.floor(at / 1000) * 1000
  const guess = midnight - offsetAt(midnight)
  const at = midnight - offsetAt(guess)
  return dayIn(zone, at) < day ? guess : at
}

export function lastDays(count: number, zone: string): Days {
  const last = dayIn(zone, Date.now())
  return { first: addDays(last, 1 - count), last }
}

// sinceStart is from the day on which a campaign was made until today.
export function sinceStart({ created, iana }: { created: string; iana: string }): Days {
  return { first: dayIn(iana, Date.parse(created)), last: dayIn(iana, Date.now()) }
}

// before is as many days, right before these.
export function before(days: Days): Days {
  return { first: addDays(days.first, -listOf(days).length), last: addDays(days.first, -1) }
}

// listOf is each of the days.
export function listOf({ first, last }: Days): string[] {
  return Array.from({ length: Math.max(0, Math.round((Date.parse(last) - Date.parse(first)) / dayLength) + 1) }, (_, n) => addDays(first, n))
}

// rangeOf is the instants of the days in a zone, both ends included.
export function rangeOf({ first, last }: Days, zone: string): Range {
  return { from: new Date(beginOf(zone, first)).toISOString(), to: new Date(beginOf(zone, addDays(last, 1)) - 1).toISOString() }
}

// partsOf cuts days into ranges of which each fits into one report.
export function partsOf({ first, last }: Days, zone: string): Range[] {
  const parts: Range[] = []
  for (let day = first; day <= last; day = addDays(day, mostDays)) {
    const end = addDays(day, mostDays - 1)
    parts.push(rangeOf({ first: day, last: end < last ? end : last }, zone))
  }
  return parts
}
