import { ActionIcon, Button, Menu, TextInput } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconBookmark, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

// part is what of the address makes a view: which leads, and in which order, whatever the campaign.
const part = ['search', 'status', 'attempts', 'zone', 'sort', 'order'] as const

type View = { name: string; values: Partial<Record<(typeof part)[number], string>> }

// Views are filters with a name, kept in this browser. A view is an address: whoever is sent it sees the same.
export function Views({ params, set }: { params: URLSearchParams; set: (values: Record<string, string | null>, push?: boolean) => void }) {
  const { t } = useTranslation()
  const [own, setOwn] = useLocalStorage<View[]>({ key: 'nacre.leads.views', defaultValue: [] })
  const [name, setName] = useState('')
  const usual: View[] = [
    { name: t('views.all'), values: {} },
    { name: t('views.waiting'), values: { status: '1,10' } },
    { name: t('views.now'), values: { status: '20,40' } },
    { name: t('views.won'), values: { status: '100' } },
    { name: t('views.problems'), values: { status: '30,150,220,500' } },
  ]
  const now = (key: (typeof part)[number]) => params.get(key) ?? ''
  const isNow = ({ values }: View) => part.every((key) => now(key) === (values[key] ?? ''))
  const show = ({ values }: View) => set({ ...Object.fromEntries(part.map((key) => [key, values[key] ?? null])), lead: null }, true)
  const keep = () => {
    const text = name.trim()
    if (text === '') return
    setOwn((before) => [...before.filter((view) => view.name !== text), { name: text, values: Object.fromEntries(part.map((key) => [key, now(key)]).filter(([, value]) => value !== '')) }])
    setName('')
  }
  const current = [...own, ...usual].find(isNow)
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target><Button variant="default" leftSection={<IconBookmark size={15} />} maw={200}>{current && current !== usual[0] ? <span className="cut">{current.name}</span> : t('views.title')}</Button></Menu.Target>
      <Menu.Dropdown>
        {usual.map((view) => <Menu.Item key={view.name} fw={view === current ? 600 : undefined} onClick={() => show(view)}>{view.name}</Menu.Item>)}
        {own.length > 0 && <Menu.Divider />}
        {own.map((view) => (
          <div key={view.name} className="row" style={{ gap: 0 }}>
            <Menu.Item fw={view === current ? 600 : undefined} onClick={() => show(view)} className="grow"><span className="cut block">{view.name}</span></Menu.Item>
            <ActionIcon variant="subtle" color="gray" aria-label={t('views.remove', { name: view.name })} onClick={() => setOwn((before) => before.filter((one) => one.name !== view.name))}><IconTrash size={15} /></ActionIcon>
          </div>
        ))}
        <Menu.Divider />
        <form className="row" style={{ padding: 4 }} onSubmit={(event) => { event.preventDefault(); keep() }}>
          <TextInput size="xs" className="grow" aria-label={t('views.name')} placeholder={t('views.name')} value={name} maxLength={60} onChange={(event) => setName(event.currentTarget.value)} onKeyDown={(event) => event.stopPropagation()} />
          <Button type="submit" size="xs" variant="default" disabled={name.trim() === ''}>{t('views.keep')}</Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  )
}
