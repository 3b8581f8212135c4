import { ActionIcon, Button, Menu, Modal, Select, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDots, IconPlus, IconUsers } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { usePeople } from '../../api/queries'
import { useSession } from '../../api/session'
import { Confirm } from '../../pieces/confirm'
import { useSubmit, Wrong } from '../../pieces/form'
import { Once } from '../../pieces/once'
import { Bones, Empty, Failing } from '../../pieces/states'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { useWords } from '../../pieces/words'

type Person = Schemas['User']
type Role = Schemas['UserRole']
type Code = { code: string; expiresAt: string; email: string }

const roles: Role[] = [1, 2, 3, 4]

// People are who signs in, with their roles. Owners change them.
export function People() {
  const { t } = useTranslation()
  const { me, owns } = useSession()
  const queries = useQueryClient()
  const people = usePeople()
  const [inviting, dialog] = useDisclosure(false)
  const [code, setCode] = useState<Code | null>(null)
  const [leaving, setLeaving] = useState<Person | null>(null)
  const [renewing, setRenewing] = useState<Person | null>(null)
  const again = () => void queries.invalidateQueries({ queryKey: ['people'] })
  const setRole = async (person: Person, roleId: Role) => {
    await ask(api.PUT('/v2/Account/Users/{userId}', { params: { path: { userId: person.id } }, body: { roleId } }))
    again()
  }
  const change = (person: Person, roleId: Role) => {
    setRole(person, roleId).then(() => tell(t('people.became', { email: person.email, role: t(`role.of.${roleId}`) }), () => { setRole(person, person.roleId).catch(complain) }), complain)
  }
  if (people.error) return <Failing error={people.error} retry={() => void people.refetch()} />
  if (!people.data) return <Bones lines={4} height={20} />
  const add = owns && <Button leftSection={<IconPlus size={15} />} onClick={dialog.open}>{t('people.invite')}</Button>
  return (
    <>
      <div className="row wrap"><p className="soft grow form">{t(owns ? 'people.note' : 'people.noteOthers')}</p>{people.data.length > 0 && add}</div>
      {people.data.length === 0 ? <Empty icon={<IconUsers size={28} stroke={1.5} />} title={t('people.none')} help={t('people.noneHelp')}>{add}</Empty> : (
        <div className="wide">
          <table className="plain-table">
            <thead><tr><th>{t('door.email')}</th><th>{t('people.role')}</th><th>{t('people.state')}</th><th>{t('people.twoFactor')}</th><th>{t('people.since')}</th>{owns && <th><span className="hidden">{t('people.more')}</span></th>}</tr></thead>
            <tbody>
              {people.data.map((person) => (
                <tr key={person.id}>
                  <td><span className="ltr">{person.email}</span>{person.id === me?.person?.id && <span className="soft"> · {t('people.you')}</span>}</td>
                  <td>{owns && person.id !== me?.person?.id
                    ? <Select size="xs" w={130} aria-label={t('people.roleOf', { email: person.email })} data={roles.map((role) => ({ value: String(role), label: t(`role.of.${role}`) }))} value={String(person.roleId)} onChange={(value) => value && Number(value) !== person.roleId && change(person, Number(value) as Role)} allowDeselect={false} />
                    : t(`role.of.${person.roleId}`)}</td>
                  <td>{t(person.hasJoined ? 'people.joined' : 'people.invited')}</td>
                  <td className="soft">{t(person.hasTwoFactor ? 'people.on' : 'people.off')}</td>
                  <td className="soft"><When at={person.createdAt} /></td>
                  {owns && (
                    <td className="end">
                      {person.id !== me?.person?.id && (
                        <Menu position="bottom-end">
                          <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={t('people.moreOf', { email: person.email })}><IconDots size={16} /></ActionIcon></Menu.Target>
                          <Menu.Dropdown>
                            <Menu.Item onClick={() => setRenewing(person)}>{t('people.newCode')}</Menu.Item>
                            <Menu.Item color="red" onClick={() => setLeaving(person)}>{t('people.remove')}</Menu.Item>
                          </Menu.Dropdown>
                        </Menu>
                      )}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <dl className="pairs form">{roles.map((role) => <Explained key={role} role={role} />)}</dl>
      <Modal opened={inviting} onClose={dialog.close} title={t('people.invite')} closeButtonProps={{ 'aria-label': t('peek.close') }}><Invite onInvited={(made) => { dialog.close(); setCode(made); again() }} /></Modal>
      <Modal opened={code !== null} onClose={() => setCode(null)} title={t('people.codeFor', { email: code?.email ?? '' })} closeButtonProps={{ 'aria-label': t('peek.close') }}>{code && <Handed {...code} onDone={() => setCode(null)} />}</Modal>
      {leaving && (
        <Confirm title={t('people.removeOf', { email: leaving.email })} go={t('people.remove')} onClose={() => setLeaving(null)}
          onGo={async () => { await ask(api.DELETE('/v2/Account/Users/{userId}', { params: { path: { userId: leaving.id } } })); tell(t('people.removed', { email: leaving.email })); again() }}>
          {t('people.removeHelp')}
        </Confirm>
      )}
      {renewing && (
        <Confirm title={t('people.newCodeOf', { email: renewing.email })} go={t('people.newCode')} onClose={() => setRenewing(null)}
          onGo={async () => setCode({ email: renewing.email, ...(await ask(api.POST('/v2/Account/Users/{userId}/Code', { params: { path: { userId: renewing.id } } }))) })}>
          {t('people.newCodeHelp')}
        </Confirm>
      )}
    </>
  )
}

function Explained({ role }: { role: Role }) {
  const { t } = useTranslation()
  return <><dt>{t(`role.of.${role}`)}</dt><dd>{t(`role.may.${role}`)}</dd></>
}

function Invite({ onInvited }: { onInvited: (code: Code) => void }) {
  const { t } = useTranslation()
  const [email, setEmail] = useState('')
  const [roleId, setRoleId] = useState<Role>(4)
  const form = useSubmit(() => ask(api.POST('/v2/Account/Users', { body: { email, roleId } })), ({ code, expiresAt }) => onInvited({ code, expiresAt, email }))
  return (
    <form className="stack" onSubmit={form.submit}>
      <TextInput label={t('door.email')} type="email" value={email} onChange={(event) => setEmail(event.currentTarget.value)} error={form.about('Email')} autoComplete="off" dir="ltr" data-autofocus />
      <Select label={t('people.role')} description={t(`role.may.${roleId}`)} data={roles.map((role) => ({ value: String(role), label: t(`role.of.${role}`) }))} value={String(roleId)} onChange={(value) => setRoleId(Number(value) as Role)} allowDeselect={false} error={form.about('RoleId')} />
      <Wrong text={form.general('Email', 'RoleId')} />
      <Button type="submit" loading={form.busy} disabled={email === ''}>{t('people.invite')}</Button>
    </form>
  )
}

// Handed is the link by which a person sets a password: to be given to that person, by a way that others do not read.
function Handed({ code, expiresAt, onDone }: Code & { onDone: () => void }) {
  const { t } = useTranslation()
  const words = useWords()
  return (
    <div className="stack">
      <Once label={t('people.link')} help={t('people.linkHelp', { until: words.day(new Date(expiresAt)) })} text={`${window.location.origin}/join#${code}`} />
      <p className="soft small">{t('people.codeHelp')} <code className="mono ltr">{code}</code></p>
      <Button onClick={onDone}>{t('people.handed')}</Button>
    </div>
  )
}
