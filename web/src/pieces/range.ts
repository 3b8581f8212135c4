import type { Range } from '../api/queries'

const day = 86_400_000

// mostDays is what the API covers in one report (contract 4).
const mostDays = 90

const endOfToday = () => {
  const end = new Date()
  end.setUTCHours(23, 59, 59, 999)
  return end
}

// sinceStart is from the making of a campaign until the end of today, or the newest part of it that a report covers.
export function sinceStart(created: string): Range {
  const end = endOfToday()
  const from = Math.max(new Date(created).getTime(), end.getTime() - mostDays * day + 1000)
  return { from: new Date(from).toISOString(), to: end.toISOString() }
}

// lastDays is today and the days before it.
export function lastDays(days: number): Range {
  const end = endOfToday()
  return { from: new Date(end.getTime() - days * day + 1).toISOString(), to: end.toISOString() }
}
