import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export type Series = { name: string; colour: string; values: number[] }

type Props = { title: string; days: string[]; series: Series[]; kind: 'bars' | 'line'; top?: number; say: (value: number) => string }

const height = 200

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

// Chart draws values of days; bars are stacked. What it shows stands in a table behind it, too.
export function Chart({ title, days, series, kind, top, say }: Props) {
  const { t, i18n } = useTranslation()
  const scheme = useComputedColorScheme()
  const { ref, width } = useElementSize()
  const place = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | null>(null)
  const shown = useRef({ days, series, kind, top, say })
  shown.current = { days, series, kind, top, say }
  const content = JSON.stringify([days, series, kind])

  useEffect(() => {
    if (!place.current || width === 0 || days.length === 0) return undefined
    const { series, kind, top, say } = shown.current
    const [ink, line, ...colours] = resolved(place.current, ['var(--soft)', 'var(--line)', ...series.map(({ colour }) => colour)])
    const seconds = shown.current.days.map((day) => new Date(day).getTime() / 1000)
    // Stacked bars are drawn from the tallest sum down, each over the one before.
    const heights = kind === 'bars' ? series.map((_, n) => seconds.map((_, day) => series.slice(n).reduce((sum, one) => sum + one.values[day]!, 0))) : series.map(({ values }) => values)
    const plot = new uPlot({
      width, height, legend: { show: false }, cursor: { y: false, points: { show: kind === 'line' }, drag: { setScale: false } },
      scales: { x: { time: true, range: () => [seconds[0]! - 43_200, seconds.at(-1)! + 43_200] }, y: { range: (_, __, max) => [0, top ?? Math.max(max * 1.08, 1)] } },
      axes: [
        { stroke: ink, grid: { show: false }, ticks: { show: false }, font: '12px Inter', space: 70, values: (_, ticks) => ticks.map((tick) => (tick % 86_400 === 0 ? new Intl.DateTimeFormat(i18n.language, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(tick * 1000) : '')) },
        { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px Inter', space: 44, size: 54, values: (_, ticks) => ticks.map((tick) => say(tick)) },
      ],
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), 'UTC'),
      series: [{}, ...series.map(({ name }, n) => ({
        label: name, stroke: colours[n]!, width: kind === 'line' ? 2 : 0, fill: kind === 'bars' ? colours[n]! : undefined, points: { show: kind === 'line' && seconds.length < 40, size: 6, fill: colours[n]! },
        paths: kind === 'bars' ? uPlot.paths.bars!({ size: [0.7, 36], radius: 0.08 }) : undefined,
      }))],
      hooks: { setCursor: [(chart) => setAt(chart.cursor.idx ?? null)] },
    }, [seconds, ...heights], place.current)
    return () => plot.destroy()
  }, [content, width, scheme, i18n.language, days.length])

  const day = (date: string) => new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(date))
  const read = at !== null && days[at] !== undefined ? at : days.length - 1
  return (
    <section className="chart" ref={ref}>
      <h2>{title}</h2>
      {days.length === 0 ? <p className="soft">{t('analytics.none')}</p> : (
        <>
          <p className="reading small">
            <span className="soft">{day(days[read]!)}</span>
            {series.map(({ name, colour, values }) => <span key={name} className="status" data-shape="square" style={{ '--tone': colour } as React.CSSProperties}><i aria-hidden="true" />{name} <strong className="figures">{say(values[read] ?? 0)}</strong></span>)}
          </p>
          <div ref={place} className="ltr plot" aria-hidden="true" style={{ height }} />
          <details className="behind">
            <summary>{t('analytics.asTable')}</summary>
            <div className="behind-scroll" tabIndex={0}>
              <table className="plain-table">
                <thead><tr><th>{t('analytics.day')}</th>{series.map(({ name }) => <th key={name} className="end">{name}</th>)}</tr></thead>
                <tbody>{days.map((date, n) => <tr key={date}><td>{day(date)}</td>{series.map(({ name, values }) => <td key={name} className="end">{say(values[n] ?? 0)}</td>)}</tr>)}</tbody>
              </table>
            </div>
          </details>
        </>
      )}
    </section>
  )
}
