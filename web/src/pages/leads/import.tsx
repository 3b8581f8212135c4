import { Button, Select } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconFileSpreadsheet, IconUpload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type DragEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Failure } from '../../api/client'
import { usePearl, usePearlSettings } from '../../api/queries'
import { useSession } from '../../api/session'
import { useNamed } from '../../frame/crumb'
import { useAddress } from '../../pieces/address'
import { CampaignChoice, useCampaign } from '../../pieces/filters'
import { csv, save } from '../../pieces/save'
import { Bones, Failing } from '../../pieces/states'
import { useWords } from '../../pieces/words'
import { leadsAddress, settingsAddress } from '../../routes'
import { NoCampaigns } from '../campaigns'
import { largest, preview, useImport, type Refusal, type Run } from './use-import'

// shown is how many rows of the file, and how many refused ones, the page lists; a download has all.
const shown = { rows: 8, refused: 200 }

// fields are what a column can be besides a value of the lead.
const fields = ['phoneNumber', 'externalId', 'timeZoneId'] as const

// ImportLeads takes a file of leads into a campaign: what it is taken for, a trial, and the import with what was refused.
export default function ImportLeads() {
  const { t } = useTranslation()
  const { params, set } = useAddress()
  const { mayChange } = useSession()
  const { pearlId, none, error } = useCampaign(params.get('campaign'))
  useNamed(t('import.title'))
  if (error) return <div className="page"><Failing error={error} /></div>
  if (none) return <div className="page"><NoCampaigns /></div>
  if (!mayChange) return <div className="page"><Failing error={new Failure(403, null, '')} /></div>
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t('import.title')}</h1>
        <div className="grow" />
        <CampaignChoice value={pearlId} onChange={(campaign) => set({ campaign })} />
      </div>
      {pearlId !== '' && <Importer key={pearlId} pearlId={pearlId} />}
    </div>
  )
}

function Importer({ pearlId }: { pearlId: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const [file, setFile] = useState<File | null>(null)
  const [mapping, setMapping] = useState<string[]>([])
  const { run, start, stop, forget } = useImport(pearlId)
  const look = useQuery({
    queryKey: ['import', pearlId, file?.name, file?.size, file?.lastModified],
    queryFn: ({ signal }) => preview(pearlId, file!, signal),
    enabled: file !== null && file.size <= largest, staleTime: Infinity, gcTime: 0,
  })
  useEffect(() => { if (look.data) setMapping(look.data.mapping) }, [look.data])

  const choose = (chosen: File) => { forget(); setMapping([]); setFile(chosen) }
  const running = run?.state === 'running'
  const numbered = mapping.includes('phoneNumber')
  if (file === null) return <Drop onFile={choose} />
  return (
    <div className="stack" style={{ gap: 20 }}>
      <div className="note">
        <IconFileSpreadsheet size={20} stroke={1.5} aria-hidden="true" />
        <span className="grow cut" dir="auto">{file.name}</span>
        {look.data && <span className="soft nowrap figures">{t('import.rows', { count: look.data.rows, text: words.number(look.data.rows) })}</span>}
        <Choose onFile={choose} disabled={running}>{t('import.other')}</Choose>
      </div>
      {file.size > largest ? <Failing error={new Failure(413, null, t('import.tooLarge'))} />
        : look.error ? <Failing error={look.error} retry={() => void look.refetch()} />
        : !look.data || mapping.length === 0 ? <Bones lines={6} height={20} /> : (
          <>
            <Columns pearlId={pearlId} columns={look.data.columns} sample={look.data.sample} mapping={mapping} disabled={running} onChange={(as) => { forget(); setMapping(as) }} />
            {!numbered && <p role="alert" className="small danger">{t('import.noNumber')}</p>}
            <Before pearlId={pearlId} unfilled={look.data.variables.filter((name) => !mapping.includes(name))} />
            <div className="row wrap">
              <Button onClick={() => void start(file, mapping, false)} disabled={!numbered || running || look.data.rows === 0} leftSection={<IconUpload size={16} />}>
                {t(run && !run.dry && run.state !== 'running' && run.state !== 'done' ? 'import.goOn' : 'import.go', { count: look.data.rows, text: words.number(look.data.rows) })}
              </Button>
              <Button variant="default" onClick={() => void start(file, mapping, true)} disabled={!numbered || running}>{t('import.try')}</Button>
              {running && <Button variant="subtle" color="gray" onClick={stop}>{t('import.stop')}</Button>}
            </div>
            {run && <Progress run={run} pearlId={pearlId} name={file.name} />}
          </>
        )}
    </div>
  )
}

// Before is what somebody should know before the rows are leads.
function Before({ pearlId, unfilled }: { pearlId: string; unfilled: string[] }) {
  const { t } = useTranslation()
  const pearl = usePearl(pearlId)
  const settings = usePearlSettings(pearlId)
  return (
    <ul className="small soft before-import">
      {pearl.data?.status === 1 && <li><strong>{t('import.callsNow')}</strong></li>}
      {settings.data?.outbound?.duplicatePolicy === 'allow' && <li>{t('import.twice')}</li>}
      {unfilled.length > 0 && <li>{t('import.unfilled', { count: unfilled.length })} <span className="mono ltr">{unfilled.map((name) => `{${name}}`).join(' ')}</span></li>}
    </ul>
  )
}

function Drop({ onFile }: { onFile: (file: File) => void }) {
  const { t } = useTranslation()
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (file) onFile(file)
  }
  return (
    <div className="drop" data-over={over} onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <IconFileSpreadsheet size={32} stroke={1.3} aria-hidden="true" />
      <h2>{t('import.drop')}</h2>
      <p className="soft">{t('import.dropHelp')}</p>
      <Choose onFile={onFile}>{t('import.choose')}</Choose>
    </div>
  )
}

function Choose({ onFile, disabled, children }: { onFile: (file: File) => void; disabled?: boolean; children: string }) {
  const input = useRef<HTMLInputElement>(null)
  const { t } = useTranslation()
  return (
    <>
      <input ref={input} type="file" accept=".csv,.txt,.tsv,.xlsx" hidden aria-label={t('import.choose')} onChange={(event) => {
        const file = event.currentTarget.files?.[0]
        event.currentTarget.value = ''
        if (file) onFile(file)
      }} />
      <Button variant="default" size="sm" disabled={disabled} onClick={() => input.current?.click()}>{children}</Button>
    </>
  )
}

// Columns shows the first rows of the file under what each of its columns is taken for.
function Columns({ pearlId, columns, sample, mapping, disabled, onChange }: { pearlId: string; columns: string[]; sample: string[][]; mapping: string[]; disabled: boolean; onChange: (mapping: string[]) => void }) {
  const { t } = useTranslation()
  const settings = usePearlSettings(pearlId)
  const variables = settings.data?.variables ?? []
  const nameOf = (n: number) => columns[n] || t('import.column', { number: n + 1 })
  const choices = (n: number) => {
    const own = [mapping[n]!, columns[n]!].filter((name, at, all) => name !== '' && !fields.some((field) => field === name) && !variables.some(({ id }) => id === name) && all.indexOf(name) === at)
    return [
      { value: '', label: t('import.leftOut') },
      ...fields.map((field) => ({ value: field as string, label: t(`import.as.${field}`) })),
      ...(variables.length > 0 ? [{ group: t('import.variables'), items: variables.map(({ id, name }) => ({ value: id, label: name && name !== id ? `${name} (${id})` : id })) }] : []),
      ...(own.length > 0 ? [{ group: t('import.more'), items: own.map((name) => ({ value: name, label: name })) }] : []),
    ]
  }
  // A field or a value comes from one column: who chooses it for another takes it from the first.
  const choose = (n: number, as: string) => onChange(mapping.map((one, at) => (at === n ? as : as !== '' && one === as ? '' : one)))
  return (
    <div className="sheet" tabIndex={0} role="region" aria-label={t('import.sample')}>
      <table className="plain-table">
        <thead>
          <tr>{columns.map((_, n) => <th key={n} scope="col" dir="auto">{nameOf(n)}</th>)}</tr>
          <tr>{columns.map((_, n) => (
            <td key={n}>
              <Select data={choices(n)} value={mapping[n] ?? ''} disabled={disabled} onChange={(as) => choose(n, String(as ?? ''))} allowDeselect={false} size="xs" w={170} aria-label={t('import.takenFor', { column: nameOf(n) })} comboboxProps={{ shadow: 'md' }} />
            </td>
          ))}</tr>
        </thead>
        <tbody>{sample.slice(0, shown.rows).map((row, n) => <tr key={n}>{columns.map((_, at) => <td key={at} className="cut" dir="auto" data-out={mapping[at] === ''}>{row[at] ?? ''}</td>)}</tr>)}</tbody>
      </table>
    </div>
  )
}

function Progress({ run, pearlId, name }: { run: Run; pearlId: string; name: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const part = run.total === 0 ? 0 : (100 * run.rows) / run.total
  const counts = { rows: words.number(run.rows), total: words.number(run.total), added: words.number(run.added), before: words.number(run.before), refused: words.number(run.refused.length) }
  const over = run.state === 'done'
  return (
    <section className="stack" style={{ gap: 12 }} aria-label={t('import.progress')}>
      <div className="bar-track" role="progressbar" aria-label={t('import.progress')} aria-valuemin={0} aria-valuemax={run.total} aria-valuenow={run.rows}><i style={{ width: `${over ? 100 : part}%`, background: 'var(--accent)' }} /></div>
      <div className="row wrap" role="status">
        {over && <IconCircleCheck size={18} stroke={1.6} color="var(--good)" aria-hidden="true" />}
        {run.state === 'broken' && <IconAlertTriangle size={18} stroke={1.6} color="var(--danger)" aria-hidden="true" />}
        <strong>{t(over ? (run.dry ? 'import.triedDone' : run.again > 0 && run.again === run.rows ? 'import.doneBefore' : 'import.done') : run.state === 'running' ? 'import.running' : run.state === 'stopped' ? 'import.stopped' : 'import.broken', counts)}</strong>
        <span className="soft figures">{t(run.dry ? 'import.wouldBe' : run.again > 0 ? 'import.countsAgain' : 'import.countsOf', counts)}</span>
        {over && !run.dry && run.added + run.before > 0 && <Link href={leadsAddress(pearlId)} className="link">{t('import.see')}</Link>}
      </div>
      {run.state === 'broken' && <p className="danger">{run.error instanceof Failure && run.error.status !== 0 ? run.error.message : t('import.brokenHelp')}</p>}
      {(run.state === 'stopped' || run.state === 'broken') && !run.dry && <p className="soft">{t('import.goOnHelp')}</p>}
      {run.refused.length > 0 && <Refused refused={run.refused} name={name} />}
    </section>
  )
}

function Refused({ refused, name }: { refused: Refusal[]; name: string }) {
  const { t } = useTranslation()
  const words = useWords()
  // The API names what a reason is about by its own member.
  const said = (reason: string) => fields.reduce((text, field) => text.replace(new RegExp(`^${field}: `, 'i'), `${t(`import.as.${field}`)}: `), reason)
  const national = refused.some(({ reasons }) => reasons.some((reason) => reason.includes('defaultRegion')))
  const rows = refused.map(({ line, reasons }): (string | number)[] => [line, reasons.map(said).join('; ')])
  const download = () => save(`${name.replace(/\.[^.]*$/, '')}-refused.csv`, 'text/csv', csv([[t('import.line'), t('import.reason')], ...rows]))
  return (
    <div className="stack" style={{ gap: 8 }}>
      <div className="row"><h2 className="grow">{t('import.refused', { count: refused.length, text: words.number(refused.length) })}</h2><Button variant="default" size="compact-sm" onClick={download}>{t('import.download')}</Button></div>
      <div className="sheet" tabIndex={0} role="region" aria-label={t('import.refused', { count: refused.length, text: words.number(refused.length) })}>
        <table className="plain-table">
          <thead><tr><th scope="col" className="end">{t('import.line')}</th><th scope="col">{t('import.reason')}</th></tr></thead>
          <tbody>{refused.slice(0, shown.refused).map(({ line, reasons }) => <tr key={line}><td className="end figures">{words.number(line)}</td><td className="reasons">{reasons.map((reason) => <p key={reason} dir="auto">{said(reason)}</p>)}</td></tr>)}</tbody>
        </table>
      </div>
      {national && <p className="soft small">{t('import.national')} <Link href={settingsAddress('company')} className="link">{t('import.setRegion')}</Link></p>}
      {refused.length > shown.refused && <p className="soft small">{t('import.first', { text: words.number(shown.refused) })}</p>}
    </div>
  )
}
