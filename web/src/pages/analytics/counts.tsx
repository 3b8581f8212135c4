import { useWords } from '../../pieces/words'
import { Framed } from './framed'
import { useTexts } from './texts'

export type Count = { key: string; name: string; now: number; then?: number }

// Counts is a list of bars with their words beside them; what they are compared with is a thin bar below each.
export function Counts({ id, title, counts, none, names }: { id: string; title: string; counts: Count[]; none: string; names: { now: string; then?: string } }) {
  const { t } = useTexts()
  const words = useWords()
  const most = Math.max(0, ...counts.flatMap(({ now, then }) => [now, then ?? 0]))
  const bar = (value: number) => ({ width: `${most === 0 ? 0 : (100 * value) / most}%`, '--tone': 'var(--accent)' }) as React.CSSProperties
  const sheet = () => ({ heads: [title, t('chart.count'), ...(names.then ? [`${t('chart.count')} · ${names.then}`] : [])], rows: counts.map(({ name, now, then }) => [{ value: name }, { value: now }, ...(names.then ? [{ value: then ?? 0 }] : [])]) })
  return (
    <Framed id={id} title={title} sheet={most === 0 ? undefined : sheet}>
      {most === 0 ? <p className="soft">{none}</p> : (
        <ol className="funnel counts">
          {counts.map(({ key, name, now, then }) => (
            <li key={key}>
              <span className="cut" title={name}>{name}</span>
              <span className="stack" style={{ gap: 2 }}><span className="funnel-bar"><i style={bar(now)} /></span>{then !== undefined && <span className="funnel-bar" data-thin="true"><i style={bar(then)} /></span>}</span>
              <span className="figures funnel-value">{words.number(now)}{then !== undefined && <small className="soft block">{words.number(then)}</small>}</span>
            </li>
          ))}
        </ol>
      )}
      {names.then && most > 0 && <p className="small soft">{t('chart.thin', { name: names.then })}</p>}
    </Framed>
  )
}
