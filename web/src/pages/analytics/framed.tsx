import { Button } from '@mantine/core'
import { IconDownload, IconTable } from '@tabler/icons-react'
import { createContext, useContext, type ReactNode } from 'react'
import { useAddress } from '../../pieces/address'
import { csv, save } from '../../pieces/save'
import { useWords } from '../../pieces/words'
import { useTexts } from './texts'

// Cell is a value as files have it, and as people read it.
export type Cell = { value: string | number | null; text?: string }

export type Sheet = { heads: string[]; rows: Cell[][] }

// NameOfFiles is what the names of files that are kept begin with.
export const NameOfFiles = createContext('')

// Framed is a chart with its name, what it says in words, and the table behind it, which is made where somebody reads it or keeps
// it as a file.
export function Framed({ id, title, told, sheet, children }: { id: string; title: string; told?: string; sheet?: () => Sheet; children: ReactNode }) {
  const { t } = useTexts()
  const { params, set } = useAddress()
  const name = useContext(NameOfFiles)
  const tables = (params.get('tables') ?? '').split(',').filter(Boolean)
  const isTable = sheet !== undefined && tables.includes(id)
  const as = t(isTable ? 'chart.asChart' : 'chart.asTable')
  return (
    <section className="chart" aria-labelledby={`chart-${id}`}>
      <div className="chart-head">
        <h2 id={`chart-${id}`}>{title}</h2>
        {sheet && (
          <span className="row nowrap" style={{ gap: 2 }}>
            <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconTable size={13} />} aria-pressed={isTable} aria-label={`${title}: ${as}`} onClick={() => set({ tables: (isTable ? tables.filter((one) => one !== id) : [...tables, id]).join(',') })}>{as}</Button>
            <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconDownload size={13} />} aria-label={t('chart.csvOf', { title })} onClick={() => save(`${[name, title].filter(Boolean).join(' · ')}.csv`, 'text/csv', fileOf(sheet()))}>CSV</Button>
          </span>
        )}
      </div>
      {told && <p className="told small">{told}</p>}
      {isTable ? <SheetTable title={title} sheet={sheet()} /> : children}
    </section>
  )
}

const fileOf = ({ heads, rows }: Sheet) => csv([heads, ...rows.map((row) => row.map(({ value }) => value ?? ''))])

function SheetTable({ title, sheet }: { title: string; sheet: Sheet }) {
  const words = useWords()
  const ends = (n: number) => (sheet.rows.some((row) => typeof row[n]?.value === 'number') ? 'end' : undefined)
  const said = ({ value, text }: Cell) => text ?? (value === null || value === '' ? '–' : typeof value === 'number' ? words.number(value, 2) : value)
  return (
    <div className="behind-scroll" tabIndex={0} role="region" aria-label={title}>
      <table className="plain-table">
        <thead><tr>{sheet.heads.map((head, n) => <th key={n} scope="col" className={ends(n)}>{head}</th>)}</tr></thead>
        <tbody>{sheet.rows.map((row, n) => <tr key={n}>{row.map((cell, m) => <td key={m} className={ends(m)}>{said(cell)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  )
}
