import { Button, Select } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconDownload, IconHistory } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../api/client'
import { useAddress } from '../pieces/address'
import { SearchBox } from '../pieces/filters'
import { Peek } from '../pieces/peek'
import { csv, save } from '../pieces/save'
import { Bones, Empty, Failing } from '../pieces/states'
import { Table, type Column } from '../pieces/table'
import { When } from '../pieces/when'
import { said, useWords } from '../pieces/words'

type Entry = Schemas['AuditEntry']

// events are those that this server writes, in the order of the filter; most is how many entries the API answers.
const events = [10, 11, 1001, 1002, 1005, 1006, 1008, 1009, 74, 1003, 1004, 30, 31, 70, 71, 73, 75, 81, 1007, 2, 1] as const
type Known = (typeof events)[number]
const spans = ['1', '7', '30', '365'] as const
const most = 1000

// Audit is who did what to the account.
export default function Audit() {
  const { t } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const span = spans.find((one) => one === params.get('days')) ?? '30'
  const event = events.find((one) => String(one) === params.get('event')) ?? null
  const who = params.get('who') ?? ''
  const search = params.get('search') ?? ''
  const [open, setOpen] = useState<Entry | null>(null)
  const log = useQuery({
    queryKey: ['audit', span, event, who],
    queryFn: () => ask(api.POST('/v2/Account/AuditLog', { body: { from: new Date(Date.now() - Number(span) * 86_400_000).toISOString(), to: new Date().toISOString(), eventType: event, userId: who || null } })),
    placeholderData: (before) => before,
  })
  // Whoever did something in this time can be chosen, whatever else is.
  const all = useQuery({ queryKey: ['audit', span, null, ''], queryFn: () => ask(api.POST('/v2/Account/AuditLog', { body: { from: new Date(Date.now() - Number(span) * 86_400_000).toISOString(), to: new Date().toISOString() } })) })
  const people = useMemo(() => [...new Map((all.data ?? []).filter(({ user }) => user.id !== '').map(({ user }) => [user.id, user.name || user.id])).entries()], [all.data])
  const named = useCallback((entry: Entry) => nameOf(entry, t), [t])
  const found = useMemo(() => {
    const wanted = search.toLocaleLowerCase()
    return (log.data ?? []).filter((entry) => wanted === '' || `${entry.user.name} ${named(entry)} ${JSON.stringify(entry.additionalData)}`.toLocaleLowerCase().includes(wanted))
  }, [log.data, search, named])
  const active = open === null ? -1 : found.findIndex((entry) => same(entry, open))
  const step = (by: number) => { const next = found[Math.max(0, active + by)]; if (open && next) setOpen(next) }
  useHotkeys([['J', () => step(1)], ['K', () => step(-1)], ['Escape', () => setOpen(null)]])
  const columns = useMemo<Column<Entry>[]>(() => [
    { id: 'at', head: t('audit.when'), width: 160, cell: (entry) => <When at={entry.timestamp} /> },
    { id: 'who', head: t('audit.who'), width: 220, cell: (entry) => <Who user={entry.user} /> },
    { id: 'what', head: t('audit.what'), width: 220, cell: named },
    { id: 'more', head: t('audit.more'), width: 300, grows: true, cell: (entry) => <span className="soft" dir="auto">{aboutOf(entry, t)}</span> },
  ], [t, named])
  const rowOf = useCallback((index: number) => found[index], [found])
  const ignore = useCallback(() => {}, [])
  const download = () => save('audit.csv', 'text/csv', csv([
    ['timestamp', 'eventType', 'event', 'user', 'userType', 'userId', 'data'],
    ...found.map((entry) => [entry.timestamp, entry.eventType, named(entry), entry.user.name, entry.user.type, entry.user.id, JSON.stringify(entry.additionalData)]),
  ]))

  return (
    <>
      <div className="page" data-fill="true">
        <h1 className="hidden">{t('places.audit')}</h1>
        <div className="filters">
          <SearchBox value={search} onChange={(text) => set({ search: text })} label={t('audit.search')} />
          <Select data={spans.map((days) => ({ value: days, label: t('calls.days', { count: Number(days) }) }))} value={span} onChange={(days) => set({ days })} allowDeselect={false} aria-label={t('calls.when')} w={150} />
          <Select data={[{ value: '', label: t('audit.anything') }, ...events.map((one) => ({ value: String(one), label: t(`audit.event.${one}`) }))]} value={event === null ? '' : String(event)} onChange={(value) => set({ event: value })} allowDeselect={false} searchable aria-label={t('audit.what')} w={200} />
          <Select data={[{ value: '', label: t('audit.anybody') }, ...people.map(([value, label]) => ({ value, label }))]} value={who} onChange={(value) => set({ who: value })} allowDeselect={false} searchable={people.length > 8} aria-label={t('audit.who')} w={180} />
          <span className="count" role="status">{log.data && t('audit.count', { count: found.length, text: words.number(found.length) })}</span>
          <Button variant="default" leftSection={<IconDownload size={15} />} disabled={found.length === 0} onClick={download}>CSV</Button>
        </div>
        {log.data?.length === most && <p className="soft small">{t('audit.most', { text: words.number(most) })}</p>}
        {log.error ? <Failing error={log.error} retry={() => void log.refetch()} /> : !log.data ? <Bones lines={8} height={20} /> : (
          <Table label={t('places.audit')} columns={columns} total={found.length} row={rowOf} onRange={ignore} onOpen={setOpen} active={active}
            compact={(entry) => <span className="two-lines"><span className="row"><span className="grow cut">{named(entry)}</span><span className="soft small"><When at={entry.timestamp} /></span></span><span className="small soft cut"><Who user={entry.user} /> {aboutOf(entry, t)}</span></span>}
            empty={<Empty icon={<IconHistory size={28} stroke={1.5} />} title={t(search || event || who ? 'audit.noMatch' : 'audit.none')} help={search || event || who ? undefined : t('audit.noneHelp')} />} />
        )}
      </div>
      {open && (
        <Peek label={t('audit.panel')} head={<h2 className="cut">{named(open)}</h2>} onStep={step} onClose={() => setOpen(null)}>
          <dl className="pairs">
            <dt>{t('audit.when')}</dt><dd>{words.exact(new Date(open.timestamp))}</dd>
            <dt>{t('audit.who')}</dt><dd><Who user={open.user} /></dd>
          </dl>
          <Changes data={open.additionalData} />
        </Peek>
      )}
    </>
  )
}

type T = ReturnType<typeof useTranslation>['t']

function nameOf({ eventType }: Entry, t: T): string {
  return events.includes(eventType as Known) ? t(`audit.event.${eventType as Known}`) : `# ${eventType}`
}

function same(one: Entry, other: Entry): boolean {
  return one === other || (one.timestamp === other.timestamp && one.eventType === other.eventType && JSON.stringify(one.additionalData) === JSON.stringify(other.additionalData))
}

function Who({ user }: { user: Schemas['AuditUser'] }) {
  const { t } = useTranslation()
  const type = user.type as 'key' | 'person' | 'system' | 'anonymous'
  return <><span dir="auto">{user.name || t('audit.somebody')}</span> <span className="soft">{t(`audit.by.${type}`)}</span></>
}

type Data = Record<string, unknown>

const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value)

const roles = [1, 2, 3, 4] as const

function roleOf(data: unknown, t: T): string | undefined {
  const role = isData(data) ? roles.find((one) => one === Number(data.roleId)) : undefined
  return role && t(`role.of.${role}`)
}

// aboutOf names what an entry is about, of a role what it was and is, and of what came often how often.
function aboutOf({ additionalData }: Entry, t: T): string {
  const data = additionalData as Data
  const thing = isData(data.after) ? data.after : isData(data.before) ? data.before : data
  const name = ['name', 'email', 'number', 'address', 'phoneNumbers', 'callId'].find((one) => thing[one] !== undefined && thing[one] !== null)
  const [was, is] = [roleOf(data.before, t), roleOf(data.after, t)]
  const count = Number(thing['count'])
  return [name && said(thing[name]), was !== is && was && is && `${was} → ${is}`, !('address' in thing) ? thing['count'] !== undefined && said(count) : count > 1 && t('audit.times', { count })].filter(Boolean).join(' · ')
}

// flat are the members of an object by their paths.
function flat(data: Data, before = ''): [string, unknown][] {
  return Object.entries(data).flatMap(([name, value]) => (isData(value) && Object.keys(value).length > 0 ? flat(value, `${before}${name}.`) : [[before + name, value] as [string, unknown]]))
}

// Changes show what was before and what came after, member by member; what stayed the same is left out.
function Changes({ data }: { data: object }) {
  const { t } = useTranslation()
  const { before, after, ...rest } = data as Data
  const old = new Map(isData(before) ? flat(before) : [])
  const young = new Map(isData(after) ? flat(after) : [])
  const both = old.size > 0 && young.size > 0
  const names = [...new Set([...old.keys(), ...young.keys()])].filter((name) => !both || said(old.get(name)) !== said(young.get(name)))
  return (
    <>
      {both && names.length === 0 && <p className="soft">{t('audit.noChange')}</p>}
      {names.length > 0 && (
        <section className="section">
          <h3>{t(both ? 'audit.changed' : young.size > 0 ? 'audit.madeSo' : 'audit.wasSo')}</h3>
          <dl className="changes">
            {names.map((name) => (
              <div key={name}><dt className="mono">{name}</dt><dd dir="auto">{old.has(name) && (young.size === 0 ? said(old.get(name)) : <del>{said(old.get(name))}</del>)} {young.has(name) && (both ? <ins>{said(young.get(name))}</ins> : said(young.get(name)))}</dd></div>
            ))}
          </dl>
        </section>
      )}
      {Object.keys(rest).length > 0 && <section className="section"><dl className="changes">{flat(rest).map(([name, value]) => <div key={name}><dt className="mono">{name}</dt><dd dir="auto">{said(value)}</dd></div>)}</dl></section>}
    </>
  )
}
