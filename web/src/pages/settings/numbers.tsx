import { ActionIcon, Button, Menu, Modal, Select, TextInput } from '@mantine/core'
import { IconDots, IconPlus } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useNumbers, useTrunks } from '../../api/queries'
import { useSession } from '../../api/session'
import { Confirm } from '../../pieces/confirm'
import { useSubmit, Wrong } from '../../pieces/form'
import { Bones, Failing } from '../../pieces/states'
import { TrunkState } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { Answers, TrunkForm } from './trunk-form'

type Number = Schemas['NumberRow']
type Trunk = Schemas['TrunkView']

const directions = [3, 1, 2, 10] as const

// Numbers are the telephone numbers of the account, and the trunks that carry their calls.
export function Numbers() {
  const { t } = useTranslation()
  const { administers } = useSession()
  const queries = useQueryClient()
  const numbers = useNumbers()
  const trunks = useTrunks(administers)
  const [number, setNumber] = useState<Number | 'new' | null>(null)
  const [leaving, setLeaving] = useState<Number | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: ['numbers'] })
  if (numbers.error) return <Failing error={numbers.error} retry={() => void numbers.refetch()} />
  if (!numbers.data) return <Bones lines={5} height={20} />
  const over = (trunkId: string | null) => (trunkId === null ? t('numbers.sandbox') : (trunks.data?.find((trunk) => trunk.id === trunkId)?.name ?? t('numbers.aTrunk')))
  return (
    <>
      <section className="stack">
        <div className="row wrap"><h2 className="grow">{t('numbers.title')}</h2>{administers && <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setNumber('new')}>{t('numbers.add')}</Button>}</div>
        {numbers.data.length === 0 ? <p className="soft form">{t('numbers.none')}</p> : (
          <div className="wide">
            <table className="plain-table">
              <thead><tr><th>{t('numbers.number')}</th><th>{t('numbers.direction')}</th><th>{t('numbers.over')}</th>{administers && <th><span className="hidden">{t('people.more')}</span></th>}</tr></thead>
              <tbody>
                {numbers.data.map((row) => (
                  <tr key={row.id}>
                    <td><span className="mono ltr">{row.number}</span></td>
                    <td>{t(`direction.${row.direction}`)}</td>
                    <td dir="auto">{over(row.trunkId)}</td>
                    {administers && <td className="end"><More label={t('people.moreOf', { email: row.number })} onEdit={() => setNumber(row)} onDelete={() => setLeaving(row)} /></td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {administers && <Trunks numbers={numbers.data} />}
      <Modal opened={number !== null} onClose={() => setNumber(null)} title={t(number === 'new' ? 'numbers.add' : 'numbers.change')} closeButtonProps={{ 'aria-label': t('peek.close') }}>
        {number !== null && <NumberForm number={number === 'new' ? null : number} trunks={trunks.data ?? []} onDone={() => { setNumber(null); again() }} />}
      </Modal>
      {leaving && (
        <Confirm title={t('numbers.deleteOf', { number: leaving.number })} go={t('keys.delete')} onClose={() => setLeaving(null)}
          onGo={async () => { await ask(api.DELETE('/v2/Account/PhoneNumbers/{phoneNumberId}', { params: { path: { phoneNumberId: leaving.id } } })); tell(t('numbers.deleted', { number: leaving.number })); again() }}>
          {t('numbers.deleteHelp')}
        </Confirm>
      )}
    </>
  )
}

function More({ label, onEdit, onTest, onDelete }: { label: string; onEdit: () => void; onTest?: () => void; onDelete: () => void }) {
  const { t } = useTranslation()
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={label}><IconDots size={16} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {onTest && <Menu.Item onClick={onTest}>{t('trunk.test')}</Menu.Item>}
        <Menu.Item onClick={onEdit}>{t('lead.edit')}</Menu.Item>
        <Menu.Item color="red" onClick={onDelete}>{t('keys.delete')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function NumberForm({ number, trunks, onDone }: { number: Number | null; trunks: Trunk[]; onDone: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(number?.number ?? '')
  const [direction, setDirection] = useState<Schemas['PhoneDirection']>(number?.direction ?? 3)
  const [trunk, setTrunk] = useState(number ? (number.trunkId ?? '') : (trunks[0]?.id ?? ''))
  const body = { number: text, direction, trunkId: trunk || null }
  const form = useSubmit<unknown>(
    () => (number ? ask(api.PUT('/v2/Account/PhoneNumbers/{phoneNumberId}', { params: { path: { phoneNumberId: number.id } }, body })) : ask(api.POST('/v2/Account/PhoneNumbers', { body }))),
    () => onDone(),
  )
  return (
    <form className="stack" onSubmit={form.submit}>
      <TextInput label={t('numbers.number')} description={t('numbers.numberHelp')} value={text} onChange={(event) => setText(event.currentTarget.value)} error={form.about('Number')} dir="ltr" classNames={{ input: 'mono' }} placeholder="+14155550100" data-autofocus />
      <Select label={t('numbers.direction')} data={directions.map((value) => ({ value: String(value), label: t(`direction.${value}`) }))} value={String(direction)} onChange={(value) => setDirection(Number(value) as typeof direction)} allowDeselect={false} error={form.about('Direction')} />
      <Select label={t('numbers.over')} description={t('numbers.overHelp')} data={[...trunks.map(({ id, name }) => ({ value: id, label: name })), { value: '', label: t('numbers.sandbox') }]} value={trunk} onChange={(value) => setTrunk(value ?? '')} allowDeselect={false} error={form.about('TrunkId')} />
      <Wrong text={form.general('Number', 'Direction', 'TrunkId')} />
      <Button type="submit" loading={form.busy} disabled={text.trim() === ''}>{t('lead.save')}</Button>
    </form>
  )
}

function Trunks({ numbers }: { numbers: Number[] }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const trunks = useTrunks()
  const [editing, setEditing] = useState<Trunk | 'new' | null>(null)
  const [leaving, setLeaving] = useState<Trunk | null>(null)
  const [asked, setAsked] = useState<{ trunk: Trunk; test: Schemas['TrunkTest'] } | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: ['trunks'] })
  const test = useMutation({
    mutationFn: async (trunk: Trunk) => ({ trunk, test: await ask(api.POST('/v2/Account/Trunks/{trunkId}/Test', { params: { path: { trunkId: trunk.id } } })) }),
    onSuccess: setAsked, onError: complain, onSettled: again,
  })
  const add = <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setEditing('new')}>{t('trunk.add')}</Button>
  return (
    <section className="stack">
      <div className="row wrap"><h2 className="grow">{t('trunk.title')}</h2>{add}</div>
      {trunks.error ? <Failing error={trunks.error} retry={() => void trunks.refetch()} /> : !trunks.data ? <Bones lines={3} height={20} /> : trunks.data.length === 0 ? <p className="soft form">{t('trunk.none')}</p> : (
        <div className="wide">
          <table className="plain-table">
            <thead><tr><th>{t('trunk.name')}</th><th>{t('trunk.host')}</th><th>{t('trunk.state')}</th><th className="end">{t('numbers.title')}</th><th><span className="hidden">{t('people.more')}</span></th></tr></thead>
            <tbody>
              {trunks.data.map((trunk) => (
                <tr key={trunk.id}>
                  <td dir="auto">{trunk.name}</td>
                  <td><span className="mono ltr">{trunk.host}:{trunk.port}</span> <span className="soft">{trunk.transport.toUpperCase()}</span></td>
                  <td><TrunkState trunk={trunk} />{trunk.stateDetail && <div className="soft small ltr">{trunk.stateDetail}</div>}</td>
                  <td className="end">{numbers.filter(({ trunkId }) => trunkId === trunk.id).length}</td>
                  <td className="end"><More label={t('people.moreOf', { email: trunk.name })} onTest={() => test.mutate(trunk)} onEdit={() => setEditing(trunk)} onDelete={() => setLeaving(trunk)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {test.isPending && <p className="soft" role="status">{t('trunk.testing', { name: test.variables?.name })}</p>}
      <Modal opened={editing !== null} onClose={() => setEditing(null)} size="lg" title={t(editing === 'new' ? 'trunk.add' : 'trunk.change')} closeButtonProps={{ 'aria-label': t('peek.close') }}>
        {editing !== null && <TrunkForm trunk={editing === 'new' ? undefined : editing} onDone={() => setEditing(null)} />}
      </Modal>
      <Modal opened={asked !== null} onClose={() => setAsked(null)} title={asked?.trunk.name} closeButtonProps={{ 'aria-label': t('peek.close') }}>{asked && <Answers {...asked} />}</Modal>
      {leaving && (
        <Confirm title={t('trunk.deleteOf', { name: leaving.name })} go={t('keys.delete')} onClose={() => setLeaving(null)}
          onGo={async () => { await ask(api.DELETE('/v2/Account/Trunks/{trunkId}', { params: { path: { trunkId: leaving.id } } })); tell(t('trunk.deleted', { name: leaving.name })); again() }}>
          {t('trunk.deleteHelp')}
        </Confirm>
      )}
    </section>
  )
}
