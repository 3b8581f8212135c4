import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useWords } from '../../pieces/words'

// HeatMap shows when calls were made: an hour of a weekday in the campaign's zone is the darker the more there were.
export function HeatMap({ hours }: { hours: Schemas['HourOfWeek'][] }) {
  const { t, i18n } = useTranslation()
  const words = useWords()
  const most = Math.max(1, ...hours.map(({ count }) => count))
  const count = (day: number, hour: number) => hours.find(({ dayOfWeek, hourOfDay }) => dayOfWeek === day && hourOfDay === hour)?.count ?? 0
  const nameOf = (day: number) => new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2023, 0, 1 + day)))
  return (
    <section className="chart">
      <h2>{t('analytics.byHour')}</h2>
      <div className="heat-scroll" tabIndex={0}>
        <table className="heat ltr">
          <caption className="hidden">{t('analytics.byHour')}</caption>
          <thead><tr><td />{Array.from({ length: 24 }, (_, hour) => <th key={hour} scope="col">{hour % 6 === 0 ? hour : <span className="hidden">{hour}</span>}</th>)}</tr></thead>
          <tbody>
            {[0, 1, 2, 3, 4, 5, 6].map((day) => (
              <tr key={day}>
                <th scope="row">{nameOf(day)}</th>
                {Array.from({ length: 24 }, (_, hour) => {
                  const calls = count(day, hour)
                  return <td key={hour} title={`${nameOf(day)} ${hour}:00 · ${t('calls.count', { count: calls, text: words.number(calls) })}`} style={{ '--part': `${calls === 0 ? 0 : 15 + (85 * calls) / most}%` } as React.CSSProperties}><span className="hidden">{calls}</span></td>
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
