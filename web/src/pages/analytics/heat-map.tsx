import type { Schemas } from '../../api/client'
import { useWords } from '../../pieces/words'
import { Framed } from './framed'
import { useTexts } from './texts'

type Hours = { name: string; calls: Schemas['HourOfWeek'][]; answered: Schemas['HourOfWeek'][] }

const weekdays = [0, 1, 2, 3, 4, 5, 6]
const clock = Array.from({ length: 24 }, (_, hour) => hour)

const keyOf = (day: number, hour: number) => `${day} ${hour}`
const byKey = (hours: Schemas['HourOfWeek'][]) => new Map(hours.map(({ dayOfWeek, hourOfDay, count }) => [keyOf(dayOfWeek, hourOfDay), count]))

// HeatMap shows the hours of a week in the campaign's zone: the darker, the more calls began in one, or the larger a part of them
// was answered. What it is compared with has a map of its own below it.
export function HeatMap({ id, show, maps }: { id: string; show: 'calls' | 'answered'; maps: Hours[] }) {
  const { t, i18n } = useTexts()
  const words = useWords()
  const nameOf = (day: number) => new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2023, 0, 1 + day))
  const title = t(`chart.${show === 'calls' ? 'byHour' : 'answeredByHour'}`)
  const counted = maps.map(({ name, calls, answered }) => ({ name, calls: byKey(calls), answered: byKey(answered) }))
  const most = Math.max(1, ...counted.flatMap(({ calls }) => [...calls.values()]))
  const told = (calls: number, answered: number) => t('chart.hour', { count: calls, calls: words.number(calls), answered: words.number(answered), part: words.percent(answered, calls) })
  const dark = (calls: number, answered: number) => (calls === 0 ? 0 : 12 + (88 * (show === 'calls' ? calls / most : answered / calls)))
  const sheet = () => ({
    heads: [t('chart.weekday'), t('chart.hourHead'), ...maps.flatMap(({ name }) => ['calls', 'answered', 'part'].map((head) => [t(`chart.heads.${head as 'calls' | 'answered' | 'part'}`), maps.length > 1 ? name : ''].filter(Boolean).join(' · ')))],
    rows: weekdays.flatMap((day) => clock.map((hour) => ({ day, hour })))
      .filter(({ day, hour }) => counted.some(({ calls }) => calls.has(keyOf(day, hour))))
      .map(({ day, hour }) => [
        { value: nameOf(day) }, { value: hour, text: `${hour}:00` },
        ...counted.flatMap(({ calls, answered }) => {
          const [all, some] = [calls.get(keyOf(day, hour)) ?? 0, answered.get(keyOf(day, hour)) ?? 0]
          return [{ value: all }, { value: some }, { value: all === 0 ? null : Math.round((1000 * some) / all) / 10, text: words.percent(some, all) }]
        }),
      ]),
  })
  return (
    <Framed id={id} title={title} sheet={sheet}>
      {counted.map(({ name, calls, answered }) => (
        <div key={name} className="heat-scroll" tabIndex={0} role="region" aria-label={`${title} · ${name}`}>
          {maps.length > 1 && <p className="small soft">{name}</p>}
          <table className="heat">
            <caption className="hidden">{title} · {name}</caption>
            <thead><tr><td />{clock.map((hour) => <th key={hour} scope="col">{hour % 6 === 0 ? hour : <span className="hidden">{hour}</span>}</th>)}</tr></thead>
            <tbody>
              {weekdays.map((day) => (
                <tr key={day}>
                  <th scope="row">{nameOf(day)}</th>
                  {clock.map((hour) => {
                    const [all, some] = [calls.get(keyOf(day, hour)) ?? 0, answered.get(keyOf(day, hour)) ?? 0]
                    return <td key={hour} title={`${nameOf(day)} ${hour}:00 · ${told(all, some)}`} style={{ '--part': `${dark(all, some)}%` } as React.CSSProperties}><span className="hidden">{show === 'calls' ? words.number(all) : words.percent(some, all)}</span></td>
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </Framed>
  )
}
