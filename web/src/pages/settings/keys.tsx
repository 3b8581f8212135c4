import { ActionIcon, Button, Modal, Select, TextInput, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconKey, IconPlus, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useKeys } from '../../api/queries'
import { Confirm } from '../../pieces/confirm'
import { useSubmit, Wrong } from '../../pieces/form'
import { Once } from '../../pieces/once'
import { Bones, Empty, Failing } from '../../pieces/states'
import { tell } from '../../pieces/told'
import { When } from '../../pieces/when'

type Key = Schemas['KeyRow']

// Keys are what programs use the API with.
export function Keys() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const keys = useKeys()
  const [making, dialog] = useDisclosure(false)
  const [leaving, setLeaving] = useState<Key | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: ['keys'] })
  if (keys.error) return <Failing error={keys.error} retry={() => void keys.refetch()} />
  if (!keys.data) return <Bones lines={4} height={20} />
  const add = <Button leftSection={<IconPlus size={15} />} onClick={dialog.open}>{t('keys.add')}</Button>
  return (
    <>
      <div className="row wrap"><p className="soft grow form">{t('keys.note')}</p>{keys.data.length > 0 && add}</div>
      {keys.data.length === 0 ? <Empty icon={<IconKey size={28} stroke={1.5} />} title={t('keys.none')} help={t('keys.noneHelp')}>{add}</Empty> : (
        <div className="wide">
          <table className="plain-table">
            <thead><tr><th>{t('keys.name')}</th><th>{t('keys.scope')}</th><th>{t('keys.made')}</th><th>{t('keys.expires')}</th><th>{t('keys.used')}</th><th><span className="hidden">{t('keys.delete')}</span></th></tr></thead>
            <tbody>
              {keys.data.toReversed().map((key) => (
                <tr key={key.id}>
                  <td dir="auto">{key.name}</td>
                  <td>{t(`scope.${key.scope as Scope}`)}</td>
                  <td className="soft"><When at={key.createdAt} /></td>
                  <td className="soft">{key.expiresAt ? <When at={key.expiresAt} /> : t('keys.never')}</td>
                  <td className="soft">{key.lastUsedAt ? <When at={key.lastUsedAt} /> : t('keys.unused')}</td>
                  <td className="end"><Tooltip label={t('keys.delete')}><ActionIcon variant="subtle" color="gray" aria-label={t('keys.deleteOf', { name: key.name })} onClick={() => setLeaving(key)}><IconTrash size={16} /></ActionIcon></Tooltip></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal opened={making} onClose={dialog.close} title={t('keys.add')} closeButtonProps={{ 'aria-label': t('peek.close') }}><NewKey onMade={again} onDone={dialog.close} /></Modal>
      {leaving && (
        <Confirm title={t('keys.deleteOf', { name: leaving.name })} go={t('keys.delete')} onClose={() => setLeaving(null)}
          onGo={async () => { await ask(api.DELETE('/v2/Account/Keys/{keyId}', { params: { path: { keyId: leaving.id } } })); tell(t('keys.deleted', { name: leaving.name })); again() }}>
          {t('keys.deleteHelp')} {leaving.lastUsedAt ? <>{t('keys.lastUsed')} <When at={leaving.lastUsedAt} />.</> : t('keys.neverUsed')}
        </Confirm>
      )}
    </>
  )
}

const scopes = ['full', 'leads', 'read'] as const
type Scope = (typeof scopes)[number]
const lasts = ['', '30', '90', '365'] as const

// NewKey asks what a key is for, and shows it once.
function NewKey({ onMade, onDone }: { onMade: () => void; onDone: () => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('leads')
  const [days, setDays] = useState<(typeof lasts)[number]>('')
  const [made, setMade] = useState<string | null>(null)
  const form = useSubmit(
    () => ask(api.POST('/v2/Account/Keys', { body: { name, scope, expiresAt: days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString() } })),
    ({ key }) => { setMade(key); onMade() },
  )
  if (made) {
    return (
      <div className="stack">
        <Once label={t('keys.text')} help={t('keys.once')} text={made} />
        <Button onClick={onDone}>{t('keys.kept')}</Button>
      </div>
    )
  }
  return (
    <form className="stack" onSubmit={form.submit}>
      <TextInput label={t('keys.name')} description={t('keys.nameHelp')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={form.about('Name')} maxLength={200} data-autofocus />
      <Select label={t('keys.scope')} description={t(`scope.help.${scope}`)} data={scopes.map((value) => ({ value, label: t(`scope.${value}`) }))} value={scope} onChange={(value) => setScope(value as Scope)} allowDeselect={false} error={form.about('Scope')} />
      <Select label={t('keys.expires')} description={t('keys.expiresHelp')} data={lasts.map((value) => ({ value, label: value === '' ? t('keys.never') : t('keys.in', { count: Number(value) }) }))} value={days} onChange={(value) => setDays(value as typeof days)} allowDeselect={false} error={form.about('ExpiresAt')} />
      <Wrong text={form.general('Name', 'Scope', 'ExpiresAt')} />
      <Button type="submit" loading={form.busy} disabled={name.trim() === ''}>{t('keys.make')}</Button>
    </form>
  )
}
