import { Button, FileInput } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, Failure } from '../api/client'
import { csv, save } from '../pieces/save'
import { complain, tell } from '../pieces/told'
import { useWords } from '../pieces/words'

type Line = { line: number; entry: string }
type Refused = { line: number; entry: string; reason: string }

// atOnce is how many entries the API takes in one request.
const atOnce = 50_000

// BlacklistImport puts the numbers of a file on the blacklist: a CSV file, or one number a line. Rows that are no number are told
// with their line; the others are added.
export function BlacklistImport({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const words = useWords()
  const queries = useQueryClient()
  const [lines, setLines] = useState<Line[] | null>(null)
  const [refused, setRefused] = useState<Refused[]>([])
  const [busy, setBusy] = useState(false)
  const [added, setAdded] = useState<number | null>(null)

  const choose = async (file: File | null) => {
    setAdded(null)
    setRefused([])
    setLines(null)
    if (!file) return
    const { good, bad } = numbersOf(await file.text())
    setLines(good)
    setRefused(bad.map((one) => ({ ...one, reason: t('blacklist.noNumber') })))
  }

  // add adds them in parts. A part of which the API refuses some is sent again without these.
  const add = async () => {
    setBusy(true)
    const bad = [...refused]
    let count = 0
    try {
      for (let at = 0; at < lines!.length; at += atOnce) {
        let part = lines!.slice(at, at + atOnce)
        while (part.length > 0) {
          try {
            await ask(api.POST('/v2/Account/Blacklist', { body: { phoneNumbers: part.map(({ entry }) => entry) } }))
            count += part.length
            break
          } catch (failure) {
            const wrong = failure instanceof Failure ? placesOf(failure) : new Map<number, string>()
            if (wrong.size === 0) throw failure
            for (const [place, reason] of wrong) bad.push({ ...part[place]!, reason })
            part = part.filter((_, n) => !wrong.has(n))
          }
        }
      }
      tell(t('blacklist.added', { count }))
      if (bad.length === 0) onDone()
    } catch (failure) {
      complain(failure)
    }
    setAdded(count)
    setRefused(bad.toSorted((a, b) => a.line - b.line))
    setLines(null)
    setBusy(false)
    for (const key of ['blacklist', 'leads']) void queries.invalidateQueries({ queryKey: [key] })
  }

  return (
    <div className="stack">
      <FileInput label={t('blacklist.file')} description={t('blacklist.fileHelp')} accept=".csv,.txt,text/csv,text/plain" onChange={(file) => void choose(file)} leftSection={<IconUpload size={15} />} placeholder={t('blacklist.choose')} data-autofocus />
      <div role="status" className="stack tight">
        {lines && <p>{t('blacklist.found', { count: lines.length, text: words.number(lines.length) })} {lines[0] && <span className="soft">{t('blacklist.first')} <span className="mono ltr">{lines.slice(0, 3).map(({ entry }) => entry).join(', ')}</span></span>}</p>}
        {added !== null && <p>{t('blacklist.added', { count: added })}</p>}
        {refused.length > 0 && (
          <>
            <p>{t('blacklist.refused', { count: refused.length, text: words.number(refused.length) })}</p>
            <ol className="refused">{refused.slice(0, 5).map(({ line, entry, reason }) => <li key={line + entry}><span className="soft">{t('blacklist.line', { line })}</span> <span className="mono ltr">{entry}</span> <span className="soft ltr-text">{reason}</span></li>)}</ol>
            <Button variant="subtle" size="compact-sm" style={{ alignSelf: 'start' }} onClick={() => save('refused.csv', 'text/csv', csv([['line', 'value', 'reason'], ...refused.map(({ line, entry, reason }) => [line, entry, reason])]))}>{t('blacklist.refusedFile')}</Button>
          </>
        )}
      </div>
      {added === null
        ? <Button loading={busy} disabled={!lines?.length} onClick={() => void add()}>{t('blacklist.addCount', { count: lines?.length ?? 0 })}</Button>
        : <Button variant="default" onClick={onDone}>{t('people.handed')}</Button>}
    </div>
  )
}

// placesOf are the places of entries that the API refuses, PhoneNumbers[3], with the reason.
function placesOf(failure: Failure): Map<number, string> {
  return new Map(Object.entries(failure.errors).flatMap(([member, texts]) => {
    const place = /\[(\d+)\]/.exec(member)?.[1]
    return place === undefined ? [] : [[Number(place), texts.join(' ')] as [number, string]]
  }))
}

const number = /^\+?[\d\s().\-/]{1,40}$/

// numbersOf finds the column of numbers in a file and reads it; every number once. A first row without one is a head.
export function numbersOf(text: string): { good: Line[]; bad: Line[] } {
  const rows = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/).map((row) => row.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1').replace(/^'\+/, '+').trim()))
  const isNumber = (cell: string | undefined) => cell !== undefined && number.test(cell) && /\d/.test(cell)
  const width = Math.max(...rows.map((row) => row.length))
  let column = 0
  let most = -1
  for (let n = 0; n < width; n++) {
    // Numbers with a plus are surely those; without, any other figure could be.
    const worth = rows.reduce((sum, row) => sum + (isNumber(row[n]) ? (row[n]!.startsWith('+') ? 3 : row[n]!.replace(/\D/g, '').length > 6 ? 1 : 0) : 0), 0)
    if (worth > most) [column, most] = [n, worth]
  }
  const good: Line[] = []
  const bad: Line[] = []
  const seen = new Set<string>()
  rows.forEach((row, n) => {
    const cell = row[column] ?? ''
    if (row.every((one) => one === '')) return
    if (!isNumber(cell)) {
      if (n > 0) bad.push({ line: n + 1, entry: cell })
      return
    }
    const entry = cell.replace(/[\s().\-/]/g, '')
    if (seen.has(entry)) return
    seen.add(entry)
    good.push({ line: n + 1, entry })
  })
  return { good, bad }
}
