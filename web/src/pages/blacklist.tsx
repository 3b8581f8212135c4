import { ActionIcon, Button, Modal, Textarea, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBan, IconDownload, IconPlus, IconTrash, IconUpload } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, Failure, type Schemas } from '../api/client'
import { useSession } from '../api/session'
import { useAddress } from '../pieces/address'
import { SearchBox } from '../pieces/filters'
import { useRows } from '../pieces/rows'
import { csv, save } from '../pieces/save'
import { Empty, Failing } from '../pieces/states'
import { Table, type Column } from '../pieces/table'
import { complain, tell } from '../pieces/told'
import { When } from '../pieces/when'
import { useWords } from '../pieces/words'
import { BlacklistImport } from './blacklist-import'

type Entry = Schemas['BlacklistRow']

function useBlacklist() {
  const queries = useQueryClient()
  const read = () => void queries.invalidateQueries({ queryKey: ['blacklist'] })
  const add = useMutation({ mutationFn: (phoneNumbers: string[]) => ask(api.POST('/v2/Account/Blacklist', { body: { phoneNumbers } })), onSuccess: read })
  const remove = useMutation({ mutationFn: (phoneNumbers: string[]) => ask(api.POST('/v2/Account/Blacklist/Remove', { body: { phoneNumbers } })), onSuccess: read })
  return { add, remove }
}

// Blacklist is whom no campaign calls.
export default function Blacklist() {
  const { t } = useTranslation()
  const words = useWords()
  const { params, set } = useAddress()
  const { add, remove } = useBlacklist()
  const { operates } = useSession()
  const [adding, dialog] = useDisclosure(false)
  const [importing, file] = useDisclosure(false)
  const exporting = useMutation({ mutationFn: () => readAll(search), onSuccess: (all) => save('blacklist.csv', 'text/csv', csv([['phoneNumber', 'source', 'createdAt'], ...all.map((row) => [row.phoneNumber, row.source, row.createdAt])])), onError: complain })
  const search = params.get('search') ?? ''
  const sort = { prop: params.get('sort') ?? 'createdAt', ascending: params.get('order') === 'up' }
  const filter: Schemas['BlacklistSearchRequest'] = { search: search || null, sortProp: sort.prop as Schemas['BlacklistSearchRequest']['sortProp'], isAscending: sort.ascending }
  const rows = useRows<Entry>({ key: ['blacklist', filter], size: 100, read: (skip, limit) => ask(api.POST('/v2/Account/Blacklist/Search', { body: { ...filter, skip, limit } })) })

  const take = (entry: string) => remove.mutate([entry], {
    onSuccess: () => tell(t('blacklist.removed', { entry }), () => add.mutate([entry], { onError: complain })),
    onError: complain,
  })
  const columns = useMemo<Column<Entry>[]>(() => [
    { id: 'phoneNumber', head: t('blacklist.entry'), width: 220, sort: 'phoneNumber', cell: (row) => <span className="mono ltr">{row.phoneNumber}</span> },
    { id: 'source', head: t('blacklist.source'), width: 220, grows: true, sort: 'source', cell: (row) => t(`blacklist.by.${row.source}`) },
    { id: 'createdAt', head: t('lead.created'), width: 180, sort: 'createdAt', cell: (row) => <span className="soft"><When at={row.createdAt} /></span> },
    ...(operates ? [{ id: 'remove', head: '', width: 60, end: true, cell: (row: Entry) => <Remove entry={row.phoneNumber} onRemove={take} /> } as Column<Entry>] : []),
    // eslint-disable-next-line react-hooks/exhaustive-deps
  ], [t, operates])

  return (
    <div className="page" data-fill="true">
      <h1 className="hidden">{t('places.blacklist')}</h1>
      <div className="filters">
        <SearchBox value={search} onChange={(text) => set({ search: text })} label={t('blacklist.search')} />
        <span className="count" role="status">{rows.count === undefined ? '' : t('blacklist.count', { count: rows.count, text: words.number(rows.count) })}</span>
        <Button variant="default" leftSection={<IconDownload size={15} />} disabled={!rows.count} loading={exporting.isPending} onClick={() => exporting.mutate()}>CSV</Button>
        {operates && <Button variant="default" leftSection={<IconUpload size={15} />} onClick={file.open}>{t('blacklist.import')}</Button>}
        {operates && <Button leftSection={<IconPlus size={15} />} onClick={dialog.open}>{t('blacklist.add')}</Button>}
      </div>
      {rows.error ? <Failing error={rows.error} retry={rows.retry} /> : (
        <Table label={t('places.blacklist')} columns={columns} total={rows.count ?? 40} row={rows.row} onRange={rows.onRange} sort={sort} onSort={({ prop, ascending }) => set({ sort: prop, order: ascending ? 'up' : null })}
          compact={(row) => <span className="row"><span className="two-lines grow"><span className="mono ltr">{row.phoneNumber}</span><span className="small soft">{t(`blacklist.by.${row.source}`)}</span></span>{operates && <Remove entry={row.phoneNumber} onRemove={take} />}</span>}
          empty={search
            ? <Empty title={t('blacklist.noMatch')}><Button variant="default" onClick={() => set({ search: null })}>{t('filters.clear')}</Button></Empty>
            : <Empty icon={<IconBan size={28} stroke={1.5} />} title={t('blacklist.none')} help={t('blacklist.noneHelp')} />} />
      )}
      <Modal closeButtonProps={{ 'aria-label': t('peek.close') }} opened={adding} onClose={dialog.close} title={t('blacklist.add')}><Add onDone={dialog.close} /></Modal>
      <Modal closeButtonProps={{ 'aria-label': t('peek.close') }} opened={importing} onClose={file.close} title={t('blacklist.import')}>{importing && <BlacklistImport onDone={file.close} />}</Modal>
    </div>
  )
}

// readAll reads every entry that a search finds, oldest first, so that what is added meanwhile comes last.
async function readAll(search: string): Promise<Entry[]> {
  const all: Entry[] = []
  for (;;) {
    const page = await ask(api.POST('/v2/Account/Blacklist/Search', { body: { search: search || null, sortProp: 'createdAt', isAscending: true, skip: all.length, limit: 1000 } }))
    all.push(...page.results)
    if (page.results.length < 1000) return all
  }
}

function Remove({ entry, onRemove }: { entry: string; onRemove: (entry: string) => void }) {
  const { t } = useTranslation()
  return <Tooltip label={t('blacklist.remove')}><ActionIcon variant="subtle" color="gray" aria-label={t('blacklist.removeOf', { entry })} onClick={() => onRemove(entry)}><IconTrash size={16} /></ActionIcon></Tooltip>
}

function Add({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { add } = useBlacklist()
  const [text, setText] = useState('')
  const entries = [...new Set(text.split(/[\n,;]+/).map((one) => one.trim()).filter(Boolean))]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(entries, { onSuccess: () => { tell(t('blacklist.added', { count: entries.length })); onDone() } })
  }
  // The API names entries by their place: PhoneNumbers[3].
  const error = add.error instanceof Failure
    ? Object.entries(add.error.errors).map(([member, texts]) => `${entries[Number(/\[(\d+)\]/.exec(member)?.[1] ?? -1)] ?? ''} ${texts.join(' ')}`.trim()).join('\n') || add.error.message
    : add.error?.message
  return (
    <form className="stack" onSubmit={submit}>
      <Textarea label={t('blacklist.numbers')} description={t('blacklist.numbersHelp')} value={text} onChange={(event) => setText(event.currentTarget.value)} error={error} minRows={5} autosize maxRows={14} data-autofocus classNames={{ input: 'mono ltr' }} placeholder={'+14155550101\n+41'} />
      <Button type="submit" loading={add.isPending} disabled={entries.length === 0}>{t('blacklist.addCount', { count: entries.length })}</Button>
    </form>
  )
}
