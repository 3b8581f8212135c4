import i18next from 'i18next'
import { useTranslation } from 'react-i18next'

// Words formats what is counted, measured and dated as the language of the page writes it.
export function useWords() {
  const { i18n, t } = useTranslation()
  const language = i18n.language

  const number = (value: number, digits = 0) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)
  return {
    number,
    percent: (part: number, whole: number) => (whole === 0 ? '–' : new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: part / whole < 0.1 ? 1 : 0 }).format(part / whole)),
    // duration writes seconds as m:ss, or h:mm:ss.
    duration: (seconds: number) => {
      const whole = Math.max(0, Math.floor(seconds))
      const two = (value: number) => String(value).padStart(2, '0')
      return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
    },
    exact: (at: Date) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at),
    day: (at: Date) => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(at),
    // short is relative within a day, else the date.
    short: (at: Date, now: number) => {
      const seconds = (at.getTime() - now) / 1000
      const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
      const size = Math.abs(seconds)
      if (size < 5) return t('time.now')
      if (size < 60) return relative.format(Math.trunc(seconds), 'second')
      if (size < 3600) return relative.format(Math.trunc(seconds / 60), 'minute')
      if (size < 86400) return relative.format(Math.trunc(seconds / 3600), 'hour')
      const sameYear = at.getFullYear() === new Date(now).getFullYear()
      return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', year: sameYear ? undefined : 'numeric', hour: '2-digit', minute: '2-digit' }).format(at)
    },
    clock: (at: Date, zone?: string) => new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: zone }).format(at),
  }
}

// placeOf is what people call a zone, of its IANA name: its city.
export function placeOf(iana: string): string {
  return iana.split('/').at(-1)!.replaceAll('_', ' ')
}

// atOffset is the clock of a place whose offset from UTC is given in hours, as text of this language.
export function atOffset(at: Date, offset: string, language: string): string {
  const there = new Date(at.getTime() + Number(offset) * 3_600_000)
  return new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }).format(there)
}

// said is a value as people say it, in the language of the page.
export function said(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join(', ') || '–'
  if (typeof value === 'boolean') return i18next.t(value ? 'call.yes' : 'call.no')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
