import { TextInput } from '@mantine/core'
import { useRef, useState, type PointerEvent } from 'react'
import type { Schemas } from '../../api/client'
import { useNumbers } from '../../api/queries'
import { useEdit } from './draft'
import { Amount, Choice, Flag, Nullable } from './fields'
import { useTexts } from './texts'

type Window = Schemas['CallingWindow']

// Calling edits when and how often people are called.
export function Calling() {
  const { t } = useTexts()
  const numbers = useNumbers()
  const dialling = (numbers.data ?? []).filter(({ direction }) => direction === 1 || direction === 3)
  return (
    <div className="stack form editor-part">
      <div className="field-row"><Choice path="outbound.phoneNumberId" optional data={dialling.map(({ id, number }) => ({ value: id, label: number }))} /><Amount path="outbound.totalAgents" min={1} /></div>
      <h2>{t('pearl.f.callingHours')}</h2>
      <Week />
      <Nullable path="outbound.timeZone" label={t('pearl.f.leadZone')} mono help={t('pearl.help.leadZone')} />
      <Holidays />
      <h2>{t('pearl.again')}</h2>
      <div className="field-row"><Amount path="outbound.maximumCallAttempts" min={1} max={11} /><Choice path="outbound.minimumRetryIntervalHours" numeric data={[6, 1, 2, 3, 4, 5].map((value) => ({ value: String(value), label: t(`translation:settings.interval.${value as 1}`) }))} /></div>
      <Retries />
      <h2>{t('pearl.limits')}</h2>
      <div className="field-row"><Amount path="outbound.ringDuration" min={10} max={50} /><Amount path="outbound.callTimeout" min={1} max={120} /><Amount path="outbound.budgetTotal" optional /></div>
      <div className="field-row">
        <Choice path="outbound.recordingTrack" numeric data={([3, 1, 2, 4] as const).map((value) => ({ value: String(value), label: t(`translation:settings.track.${value}`) }))} />
        <Choice path="outbound.transcriptOptions" numeric data={([1, 2, 3] as const).map((value) => ({ value: String(value), label: t(`pearl.transcript.${value}`) }))} />
      </div>
      <Flag path="outbound.isStopRecordingAfterTransferCall" />
      <h2>{t('pearl.leads')}</h2>
      <div className="field-row">
        <Nullable path="outbound.defaultRegion" mono help={t('pearl.help.defaultRegion')} />
        <Choice path="outbound.duplicatePolicy" data={(['allow', 'skip', 'reject'] as const).map((value) => ({ value, label: t(`pearl.duplicates.${value}`) }))} />
        <Amount path="outbound.callRequestMaxWaitMinutes" min={1} help={t('pearl.help.callRequestMaxWaitMinutes')} />
      </div>
      <h2>{t('translation:places.webhooks')}</h2>
      <Nullable path="outbound.callWebhookUrl" mono />
      <Nullable path="outbound.leadWebhookUrl" mono />
      <div className="field-row"><Nullable path="outbound.webhookCredential" mono secret help={t('pearl.help.webhookCredential')} /><Nullable path="outbound.webhookCredentialHeader" mono help={t('pearl.help.webhookCredentialHeader')} /></div>
      <div className="field-row">
        <Choice path="outbound.webhookVersion" numeric data={([1, 2] as const).map((value) => ({ value: String(value), label: t(`pearl.webhookVersions.${value}`) }))} />
        <Choice path="outbound.webhookEnums" data={(['numbers', 'names'] as const).map((value) => ({ value, label: t(`pearl.webhookWords.${value}`) }))} />
      </div>
      <Flag path="outbound.webhookExtras" />
      <Flag path="outbound.webhookAnalysis" />
    </div>
  )
}

const workWeek: Window[] = [1, 2, 3, 4, 5].map((day) => ({ day, start: '09:00', end: '18:00' }))
const steps = 48 // half hours of a day

const minutesOf = (time: string) => { const [hours = 0, minutes = 0] = time.split(':').map(Number); return hours * 60 + minutes }
const timeOf = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

// Week is a line a day: hours are painted by dragging, or written.
function Week() {
  const { t, i18n } = useTexts()
  const { settings, set, faultsAt, readOnly } = useEdit()
  const given = settings.outbound?.callingHours ?? []
  const windows = given.length === 0 ? workWeek : given
  const change = (day: number, open: Window[]) => set('outbound.callingHours', [...windows.filter((one) => one.day % 7 !== day), ...open].toSorted((a, b) => (a.day % 7) - (b.day % 7) || a.start.localeCompare(b.start)))
  const nameOf = (day: number, weekday: 'short' | 'long') => new Intl.DateTimeFormat(i18n.language, { weekday, timeZone: 'UTC' }).format(new Date(Date.UTC(2023, 0, 1 + day)))
  return (
    <div className="hours">
      <p className="small soft">{t(given.length === 0 ? 'pearl.help.noHours' : 'pearl.help.hours')}</p>
      <div className="hours-scale ltr" aria-hidden="true">{[0, 6, 12, 18, 24].map((hour) => <span key={hour} style={{ left: `${(hour / 24) * 100}%` }}>{hour}</span>)}</div>
      {[1, 2, 3, 4, 5, 6, 0].map((day) => (
        <Day key={day} short={nameOf(day, 'short')} long={nameOf(day, 'long')} open={windows.filter((one) => one.day % 7 === day)} readOnly={readOnly} change={(open) => change(day, open.map((one) => ({ ...one, day })))}
          error={given.map((one, n) => (one.day % 7 === day ? [faultsAt(`outbound.callingHours.${n}`), faultsAt(`outbound.callingHours.${n}.start`), faultsAt(`outbound.callingHours.${n}.end`)] : [])).flat().filter(Boolean).join(' ') || undefined} />
      ))}
    </div>
  )
}

type Span = Pick<Window, 'start' | 'end'>

function Day({ short, long, open, change, error, readOnly }: { short: string; long: string; open: Span[]; change: (open: Span[]) => void; error: string | undefined; readOnly: boolean }) {
  const { t } = useTexts()
  const track = useRef<HTMLDivElement>(null)
  const [drag, setDrag] = useState<{ from: number; to: number; paints: boolean } | null>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const text = open.map(({ start, end }) => `${start.slice(0, 5)}–${end.slice(0, 5)}`).join(', ')
  const spans = open.map(({ start, end }) => [minutesOf(start), minutesOf(end) > minutesOf(start) ? minutesOf(end) : 1440] as const)

  const stepAt = (event: PointerEvent) => {
    const box = track.current!.getBoundingClientRect()
    return Math.max(0, Math.min(steps - 1, Math.floor(((event.clientX - box.left) / box.width) * steps)))
  }
  const down = (event: PointerEvent) => {
    if (readOnly || event.button !== 0) return
    track.current!.setPointerCapture(event.pointerId)
    const step = stepAt(event)
    setDrag({ from: step, to: step, paints: !spans.some(([from, to]) => step * 30 >= from && step * 30 < to) })
  }
  const up = () => {
    if (!drag) return
    const [from, to] = [Math.min(drag.from, drag.to) * 30, (Math.max(drag.from, drag.to) + 1) * 30]
    // What lies outside of the drag stays to the minute.
    const rest = spans.flatMap(([a, b]) => [[a, Math.min(b, from)], [Math.max(a, to), b]] as const).filter(([a, b]) => a < b)
    const all = [...rest, ...(drag.paints ? [[from, to] as const] : [])].toSorted((a, b) => a[0] - b[0])
    const joined: [number, number][] = []
    for (const [a, b] of all) {
      const last = joined.at(-1)
      if (last && last[1] >= a) last[1] = Math.max(last[1], b)
      else joined.push([a, b])
    }
    change(joined.map(([a, b]) => ({ start: timeOf(a), end: timeOf(b) })))
    setDrag(null)
  }
  const write = () => {
    if (typed === null) return
    if (typed !== text) change(typed.split(/[,;]/).map((part) => part.trim()).filter(Boolean).map((part) => { const [start = '', end = ''] = part.split(/\s*[–-]\s*/); return { start: padded(start), end: padded(end) } }))
    setTyped(null)
  }
  return (
    <div className="hours-day">
      <span aria-hidden="true">{short}</span>
      <div className="hours-track ltr" ref={track} onPointerDown={down} onPointerMove={(event) => drag && setDrag({ ...drag, to: stepAt(event) })} onPointerUp={up} onPointerCancel={() => setDrag(null)} aria-hidden="true" data-read-only={readOnly}>
        {spans.map(([from, to], n) => <i key={n} style={{ left: `${(from / 1440) * 100}%`, width: `${((to - from) / 1440) * 100}%` }} />)}
        {drag && <i data-drag={drag.paints ? 'paints' : 'wipes'} style={{ left: `${(Math.min(drag.from, drag.to) / steps) * 100}%`, width: `${((Math.abs(drag.to - drag.from) + 1) / steps) * 100}%` }} />}
      </div>
      <TextInput size="xs" aria-label={t('pearl.hoursOf', { day: long })} placeholder={t('translation:settings.closed')} value={typed ?? text} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={write} onKeyDown={(event) => { if (event.key === 'Enter') write() }} error={error} classNames={{ input: 'figures ltr' }} />
    </div>
  )
}

// padded writes 9 and 9:30 as the API has them; what is no time it refuses.
function padded(time: string): string {
  const found = /^(\d{1,2})(?::(\d{2}))?$/.exec(time)
  return found ? `${found[1]!.padStart(2, '0')}:${found[2] ?? '00'}` : time
}

type Holiday = Schemas['Holiday']

const holidayText = (day: Holiday) => (typeof day === 'string' ? day : `${day.date}${day.start ? ` ${day.start}-${day.end ?? '24:00'}` : ''}`)

// Holidays are written a line each: a day, or a day and hours of it.
function Holidays() {
  const { t } = useTexts()
  const { settings, set, faultsAt } = useEdit()
  const days = settings.outbound?.holidays ?? []
  const [typed, setTyped] = useState<string | null>(null)
  const text = days.map(holidayText).join('\n')
  const error = [faultsAt('outbound.holidays'), ...days.flatMap((_, n) => ['', '.date', '.start', '.end'].map((part) => faultsAt(`outbound.holidays.${n}${part}`)))].filter(Boolean).join(' ')
  const read = (line: string): Holiday => {
    const [date = '', hours] = line.trim().split(/\s+/)
    const [start, end] = (hours ?? '').split(/[–-]/)
    return (start ? { date, start: padded(start), end: padded(end ?? '24:00') } : date) as Holiday
  }
  return (
    <label className="stack headers" style={{ gap: 2 }}>
      <span className="label">{t('pearl.f.holidays')}</span><span className="small soft">{t('pearl.help.holidays')}</span>
      <textarea className="mono ltr" rows={3} value={typed ?? text} placeholder={'2026-12-25\n2026-12-24 14:00-24:00'} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={() => { if (typed !== null && typed !== text) set('outbound.holidays', typed.split('\n').filter((line) => line.trim()).map(read)); setTyped(null) }} spellCheck={false} />
      {error && <span className="small" style={{ color: 'var(--danger)' }}>{error}</span>}
    </label>
  )
}

const outcomes = ['busy', 'noAnswer', 'failed', 'blocked', 'machine', 'voicemail', 'lost'] as const

// Retries are waits after single outcomes, in place of the usual one.
function Retries() {
  const { t } = useTexts()
  const { settings, set, faultsAt } = useEdit()
  const policy = settings.outbound?.retryPolicy ?? {}
  const [typed, setTyped] = useState<Record<string, string>>({})
  const change = (outcome: string, one: { delays?: number[]; maximumAttempts?: number | null }) => {
    const rest = Object.fromEntries(Object.entries(policy).filter(([name]) => name !== outcome))
    const next = (one.delays ?? []).length === 0 && !one.maximumAttempts ? rest : { ...rest, [outcome]: one }
    set('outbound.retryPolicy', Object.keys(next).length === 0 ? null : next)
  }
  return (
    <section className="stack list-field" aria-label={t('pearl.f.retryPolicy')}>
      <div><h3>{t('pearl.f.retryPolicy')}</h3><p className="small soft">{t('pearl.help.retryPolicy')}</p></div>
      <div className="retries">
        {outcomes.map((outcome) => {
          const one = (policy as Record<string, { delays?: number[]; maximumAttempts?: number | null } | undefined>)[outcome]
          const text = (one?.delays ?? []).map((seconds) => String(Number((seconds / 60).toFixed(4)))).join(', ')
          return (
            <div className="retry" key={outcome}>
            <TextInput size="xs" label={t(`pearl.outcome.${outcome}`)} placeholder={t('pearl.asUsual')} value={typed[outcome] ?? text} classNames={{ input: 'figures ltr' }} error={faultsAt(`outbound.retryPolicy.${outcome}.delays`) ?? faultsAt(`outbound.retryPolicy.${outcome}`)}
              onChange={(event) => setTyped({ ...typed, [outcome]: event.currentTarget.value })}
              onBlur={() => {
                const now = typed[outcome]
                if (now === undefined || now === text) return
                const delays = now.split(/[,;\s]+/).filter(Boolean).map((minutes) => Math.round(Number(minutes) * 60))
                change(outcome, { ...one, delays })
                setTyped(Object.fromEntries(Object.entries(typed).filter(([name]) => name !== outcome)))
              }} />
            <TextInput size="xs" type="number" min={1} max={11} aria-label={t('pearl.attemptsAfter', { outcome: t(`pearl.outcome.${outcome}`) })} placeholder={t('pearl.attempts')} value={one?.maximumAttempts ?? ''} classNames={{ input: 'figures ltr' }} error={faultsAt(`outbound.retryPolicy.${outcome}.maximumAttempts`)}
              onChange={(event) => change(outcome, { ...one, maximumAttempts: event.currentTarget.value === '' ? null : Math.trunc(Number(event.currentTarget.value)) })} />
            </div>
          )
        })}
      </div>
    </section>
  )
}
