import { useComputedColorScheme, useDirection } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { addDays } from '../../pieces/range'
import { Framed, type Sheet } from './framed'
import { useTexts } from './texts'

// Series are values of days, null where there is none.
export type Series = { name: string; colour: string; values: (number | null)[] }

// Drawn are series over days; each has as many values as there are days.
export type Drawn = { days: string[]; series: Series[] }

type Props = {
  id: string
  title: string
  told?: string // what it comes to, in words
  now: Drawn
  then?: Drawn & { name: string } // what it is compared with, day by day from the first
  kind: 'bars' | 'line' // bars are stacked; what they are compared with is lines
  top?: number
  steps?: number[] // between the marks of the axis, the smallest that say tells apart first; counts without
  say: (value: number) => string
  besides?: { head: string; values: (number | null)[] }[] // more columns of the table behind it
}

const height = 200

// rounded are steps from the least on: 1, 2, 5, 10, 20, 50, …
function rounded(least: number): number[] {
  return Array.from({ length: 12 }, (_, n) => 10 ** n).flatMap((power) => [1, 2, 5].map((step) => step * power * least))
}

const wholes = rounded(1)

// cents and clock are the steps of amounts and of durations in seconds.
export const cents = rounded(0.01)
export const clock = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]

// resolved are colours of the style sheet as a canvas takes them.
function resolved(place: HTMLElement, colours: string[]): string[] {
  const probe = document.createElement('span')
  place.append(probe)
  const found = colours.map((colour) => {
    probe.style.color = colour
    return getComputedStyle(probe).color
  })
  probe.remove()
  return found
}

// Chart draws values of days. What it shows stands in a table behind it, too.
export function Chart({ id, title, told, now, then, kind, top, steps = wholes, say, besides = [] }: Props) {
  const { t, i18n } = useTexts()
  const scheme = useComputedColorScheme()
  const { dir } = useDirection()
  const { ref, width } = useElementSize()
  const place = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | null>(null)
  const length = Math.max(now.days.length, then?.days.length ?? 0)
  const shown = useRef({ now, then, top, steps, say })
  shown.current = { now, then, top, steps, say }
  const content = JSON.stringify([now, then, kind, top])

  useEffect(() => {
    if (!place.current || width === 0 || length === 0) return undefined
    const { now, then, top, steps, say } = shown.current
    const [ink, line, ...colours] = resolved(place.current, ['var(--soft)', 'var(--line)', ...now.series.map(({ colour }) => colour), ...(then?.series ?? []).map(({ colour }) => colour)])
    const seconds = Array.from({ length }, (_, n) => Date.parse(addDays(now.days[0]!, n)) / 1000)
    const padded = (values: (number | null)[]) => seconds.map((_, n) => values[n] ?? null)
    // Stacked bars are drawn from the tallest sum down, each over the one before.
    const heights = now.series.map(({ values }, n) => (kind === 'line' ? padded(values) : padded(now.days.map((_, day) => now.series.slice(n).reduce((sum, one) => sum + (one.values[day] ?? 0), 0)))))
    const rtl = dir === 'rtl'
    const alone = length < 40
    const plot = new uPlot({
      width, height, legend: { show: false }, cursor: { y: false, points: { show: kind === 'line' }, drag: { setScale: false } },
      scales: { x: { time: true, dir: rtl ? -1 : 1, range: () => [seconds[0]! - 43_200, seconds.at(-1)! + 43_200] }, y: { range: (_, __, max) => [0, top ?? Math.max(max * 1.08, 1)] } },
      axes: [
        { stroke: ink, size: 30, grid: { show: false }, ticks: { show: false }, font: '12px Inter', space: 70, values: (_, ticks) => ticks.map((tick) => (tick % 86_400 === 0 ? new Intl.DateTimeFormat(i18n.language, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(tick * 1000) : '')) },
        { stroke: ink, side: rtl ? 1 : 3, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px Inter', space: 44, size: 54, incrs: steps, values: (_, ticks) => ticks.map((tick) => say(tick)) },
      ],
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), 'UTC'),
      series: [
        {},
        ...now.series.map(({ name }, n) => ({
          label: name, stroke: colours[n]!, width: kind === 'line' ? 2 : 0, fill: kind === 'bars' ? colours[n]! : undefined, points: { show: kind === 'line' && alone, size: 6, fill: colours[n]! },
          paths: kind === 'bars' ? uPlot.paths.bars!({ size: [0.7, 36], radius: 0.08 }) : undefined,
        })),
        ...(then?.series ?? []).map(({ name }, n) => {
          const colour = colours[now.series.length + n]!
          return { label: name, stroke: colour, width: 1.5, dash: [5, 4], points: { show: alone, size: 5, stroke: colour, fill: colour } }
        }),
      ],
      hooks: { setCursor: [(chart) => setAt(chart.cursor.idx ?? null)] },
    }, [seconds, ...heights, ...(then?.series ?? []).map(({ values }) => padded(values))], place.current)
    return () => plot.destroy()
  }, [content, width, scheme, dir, i18n.language, length, kind])

  const calendar = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeZone: 'UTC' })
  const dayOf = (day: string) => calendar.format(Date.parse(day))
  const saying = (value: number | null | undefined) => (value === null || value === undefined ? '–' : say(value))
  const read = at !== null && at < length ? at : now.days.length - 1
  const cells = ({ days, series }: Drawn, n: number) => [{ value: days[n] ?? '', text: days[n] ? dayOf(days[n]) : '–' }, ...series.map(({ values }) => ({ value: values[n] ?? null, text: saying(values[n]) }))]
  const sheet = (): Sheet => ({
    heads: [t('chart.day'), ...now.series.map(({ name }) => name), ...besides.map(({ head }) => head), ...(then ? [t('chart.dayOf', { name: then.name }), ...then.series.map(({ name }) => `${name} · ${then.name}`)] : [])],
    rows: Array.from({ length }, (_, n) => [...cells(now, n), ...besides.map(({ values }) => ({ value: values[n] ?? null })), ...(then ? cells(then, n) : [])]),
  })
  const reading = ({ days, series }: Drawn, dashed: boolean, name?: string) => (
    <>
      {(name || days[read]) && <span className="soft">{[name, days[read] && dayOf(days[read])].filter(Boolean).join(' · ')}</span>}
      {series.map(({ name, colour, values }) => <span key={name} className="status" data-shape={dashed ? 'dash' : 'square'} style={{ '--tone': colour } as React.CSSProperties}><i aria-hidden="true" />{name} <strong className="figures ltr">{saying(values[read])}</strong></span>)}
    </>
  )
  return (
    <Framed id={id} title={title} told={told} sheet={length === 0 ? undefined : sheet}>
      <div ref={ref}>
        {length === 0 ? <p className="soft">{t('chart.none')}</p> : (
          <>
            <p className="reading small">{reading(now, false)}</p>
            {then && <p className="reading small">{reading(then, true, then.name)}</p>}
            <div ref={place} className="ltr plot" aria-hidden="true" style={{ height }} />
          </>
        )}
      </div>
    </Framed>
  )
}
