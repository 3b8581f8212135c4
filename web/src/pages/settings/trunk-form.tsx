import { Button, Checkbox, PasswordInput, Select, TextInput } from '@mantine/core'
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useSubmit, Wrong } from '../../pieces/form'

type Trunk = Schemas['TrunkView']
type Test = Schemas['TrunkTest']

const masked = '********'

// members are those of a trunk that the form shows, as the API names them in what it says against them.
const members = ['Name', 'Host', 'Port', 'Transport', 'Username', 'Password', 'FromDomain', 'MaxCalls', 'CallsPerSecond', 'Number']

// TrunkForm connects a SIP trunk, or changes one: it stores what was typed, has the server ask the carrier, and says in words what
// the carrier said and what to do about it.
export function TrunkForm({ trunk, onDone }: { trunk?: Trunk; onDone: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [id, setID] = useState(trunk?.id ?? null)
  const [numbered, setNumbered] = useState(false)
  const [more, setMore] = useState(false)
  const [values, setValues] = useState({
    name: trunk?.name ?? '', host: trunk?.host ?? '', port: String(trunk?.port ?? 5060), transport: trunk?.transport ?? 'udp', username: trunk?.username ?? '', password: trunk?.password ?? '',
    registers: trunk?.registers ?? false, fromDomain: trunk?.fromDomain ?? '', maxCalls: String(trunk?.maxCalls ?? 100), callsPerSecond: String(trunk?.callsPerSecond ?? 5), isActive: trunk?.isActive ?? true, number: '',
  })
  const [test, setTest] = useState<Test | null>(null)
  const put = (change: Partial<typeof values>) => { setValues({ ...values, ...change }); setTest(null) }
  const field = (name: 'name' | 'host' | 'port' | 'username' | 'fromDomain' | 'maxCalls' | 'callsPerSecond' | 'number', member: string) => ({
    value: values[name], error: form.about(member), onChange: (event: { currentTarget: { value: string } }) => put({ [name]: event.currentTarget.value }),
  })

  const store = async (): Promise<string> => {
    const { number: _, ...rest } = values
    const body = {
      ...rest, port: Number(values.port), maxCalls: Number(values.maxCalls), callsPerSecond: Number(values.callsPerSecond), transport: values.transport as Trunk['transport'],
      username: values.username || null, fromDomain: values.fromDomain || null, password: values.password === masked ? undefined : values.password || null,
    }
    if (id !== null) {
      await ask(api.PUT('/v2/Account/Trunks/{trunkId}', { params: { path: { trunkId: id } }, body }))
      return id
    }
    const made = await ask(api.POST('/v2/Account/Trunks', { body }))
    setID(made.id)
    return made.id
  }
  const form = useSubmit(async () => {
    const trunkId = await store()
    if (values.number !== '' && !numbered) {
      await ask(api.POST('/v2/Account/PhoneNumbers', { body: { number: values.number, direction: 3, trunkId } }))
      setNumbered(true)
    }
    return ask(api.POST('/v2/Account/Trunks/{trunkId}/Test', { params: { path: { trunkId } } }))
  }, setTest)
  const submit = (event: FormEvent) => {
    setTest(null)
    void form.submit(event).finally(() => { for (const key of ['trunks', 'numbers', 'attention']) void queries.invalidateQueries({ queryKey: [key] }) })
  }

  return (
    <form className="stack" onSubmit={submit}>
      <TextInput {...field('name', 'Name')} label={t('trunk.name')} description={t('trunk.nameHelp')} maxLength={200} data-autofocus />
      <div className="fields" data-wide="first">
        <TextInput {...field('host', 'Host')} label={t('trunk.host')} description={t('trunk.hostHelp')} dir="ltr" classNames={{ input: 'mono' }} placeholder="sip.example.com" />
        <TextInput {...field('port', 'Port')} label={t('trunk.port')} description={t('trunk.portHelp')} inputMode="numeric" dir="ltr" />
      </div>
      <Select label={t('trunk.transport')} description={t('trunk.transportHelp')} data={[{ value: 'udp', label: 'UDP' }, { value: 'tcp', label: 'TCP' }, { value: 'tls', label: 'TLS' }]} value={values.transport} onChange={(transport) => transport && put({ transport: transport as Trunk['transport'], ...portOf(transport, values) })} allowDeselect={false} error={form.about('Transport')} />
      <div className="fields">
        <TextInput {...field('username', 'Username')} label={t('trunk.username')} description={t('trunk.usernameHelp')} autoComplete="off" dir="ltr" />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} label={t('trunk.password')} description={t('trunk.passwordHelp')} value={values.password} onChange={(event) => put({ password: event.currentTarget.value })} error={form.about('Password')} autoComplete="new-password" dir="ltr" />
      </div>
      <Checkbox label={t('trunk.registers')} description={t('trunk.registersHelp')} checked={values.registers} onChange={(event) => put({ registers: event.currentTarget.checked })} />
      {!trunk && <TextInput {...field('number', 'Number')} label={t('trunk.number')} description={t('trunk.numberHelp')} disabled={numbered} dir="ltr" classNames={{ input: 'mono' }} placeholder="+14155550100" />}
      {more ? (
        <>
          <TextInput {...field('fromDomain', 'FromDomain')} label={t('trunk.fromDomain')} description={t('trunk.fromDomainHelp')} dir="ltr" />
          <div className="fields">
            <TextInput {...field('maxCalls', 'MaxCalls')} label={t('trunk.maxCalls')} description={t('trunk.maxCallsHelp')} inputMode="numeric" dir="ltr" />
            <TextInput {...field('callsPerSecond', 'CallsPerSecond')} label={t('trunk.callsPerSecond')} description={t('trunk.callsPerSecondHelp')} inputMode="decimal" dir="ltr" />
          </div>
          <Checkbox label={t('trunk.active')} description={t('trunk.activeHelp')} checked={values.isActive} onChange={(event) => put({ isActive: event.currentTarget.checked })} />
        </>
      ) : <Button variant="subtle" color="gray" style={{ alignSelf: 'start' }} onClick={() => setMore(true)}>{t('trunk.more')}</Button>}
      <Wrong text={form.general(...members)} />
      <div role="status">{test && <Answers test={test} trunk={values} />}</div>
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        {test && <Button variant={test.ok ? 'filled' : 'default'} onClick={onDone}>{t(test.ok ? 'trunk.done' : 'trunk.later')}</Button>}
        {!test?.ok && <Button type="submit" loading={form.busy} disabled={values.name.trim() === '' || values.host.trim() === ''}>{t(test ? 'trunk.again' : 'trunk.save')}</Button>}
      </div>
    </form>
  )
}

// steps are what the server asks, by the names that the API gives them.
const steps: Record<string, 'name' | 'options' | 'registration'> = { 'name resolution': 'name', OPTIONS: 'options', registration: 'registration' }

// Answers say what was asked of the carrier, what it said, and what to do where that was not good.
export function Answers({ test, trunk }: { test: Test; trunk: { host: string; port: number | string; transport: string } }) {
  const { t } = useTranslation()
  return (
    <div className="stack" style={{ gap: 12 }}>
      <strong>{t(test.ok ? 'trunk.good' : 'trunk.bad')}</strong>
      <ol className="answers">
        {test.steps.map((step) => {
          const of = steps[step.name]
          return (
            <li key={step.name} data-ok={step.ok}>
              {step.ok ? <IconCircleCheck size={18} color="var(--good)" aria-hidden="true" /> : <IconCircleX size={18} color="var(--danger)" aria-hidden="true" />}
              <div className="stack tight">
                <span><strong>{of ? t(`trunk.step.${of}`) : step.name}</strong> <span className="hidden">{t(step.ok ? 'trunk.stepGood' : 'trunk.stepBad')}</span></span>
                {!step.ok && <span>{t(`trunk.wrong.${faultOf(step)}`, { host: trunk.host, port: trunk.port, transport: trunk.transport.toUpperCase() })}</span>}
                <span className="soft small mono ltr">{step.detail}</span>
              </div>
            </li>
          )
        })}
      </ol>
    </div>
  )
}

// portOf has the usual port go with the transport.
function portOf(transport: string, { port, transport: before }: { port: string; transport: string }): { port?: string } {
  const usual = (of: string) => (of === 'tls' ? '5061' : '5060')
  return port === usual(before) ? { port: usual(transport) } : {}
}

type Fault = 'name' | 'forbidden' | 'silent' | 'closed' | 'credentials' | 'unknown' | 'down' | 'certificate' | 'other'

// faultOf sorts what a carrier, or the network, said by what there is to do about it.
export function faultOf({ name, detail }: Schemas['TrunkStep']): Fault {
  if (name === 'name resolution') return /not allowed/.test(detail) ? 'forbidden' : 'name'
  if (/no answer|no connection|timed? ?out/i.test(detail)) return 'silent'
  if (/certificate|TLS with/i.test(detail)) return 'certificate'
  if (/^(401|403|407)\b/.test(detail)) return 'credentials'
  if (/^(404|604)\b/.test(detail)) return 'unknown'
  if (/^(408|480|50[034])\b/.test(detail)) return 'down'
  if (/refused|reset|unreachable|no route|broken pipe|EOF/i.test(detail)) return 'closed'
  return 'other'
}
