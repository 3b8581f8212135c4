import { Button, TextInput } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, ask, type Schemas } from '../../api/client'
import { at, memberOf, notSaved, useEdit } from './draft'
import { Choice, Flag, Json, List, Text } from './fields'
import { useTexts } from './texts'

type Action = Schemas['APIRequest']

// newRequest is a request of which nothing is said yet.
export const newRequest = (): Action => ({ name: '', method: 2, endpointUrl: '', body: [], headers: {}, triggerDescription: '', description: '' })

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((label, n) => ({ value: String(n + 1), label }))

// Request edits a request to an API: one of the talk, of a node, or after the call.
export function Request({ path }: { path: string }) {
  const { t } = useTexts()
  const { readOnly } = useEdit()
  return (
    <>
      <div className="field-row"><Text path={`${path}.name`} label={t('pearl.f.actionName')} /><Choice path={`${path}.method`} numeric data={methods} /></div>
      <Text path={`${path}.endpointUrl`} mono help={t('pearl.help.endpointUrl')} />
      <div className="field-row"><Text path={`${path}.triggerDescription`} /><Text path={`${path}.description`} /></div>
      <Headers path={`${path}.headers`} />
      <List path={`${path}.body`} title={t('pearl.f.apiBody')} add={t('pearl.add.member')} make={() => ({ key: '', variableId: '', type: 1, value: null, required: false })}>
        {(member) => <><div className="field-row"><Text path={`${member}.key`} mono /><Text path={`${member}.variableId`} mono /><Json path={`${member}.value`} help={t('pearl.help.value')} /></div><Flag path={`${member}.required`} /></>}
      </List>
      <List path={`${path}.outputBody`} help={t('pearl.help.outputBody')} add={t('pearl.add.output')} make={() => ({ key: '', variableId: '' })}>
        {(output) => <div className="field-row"><Text path={`${output}.key`} label={t('pearl.f.outputKey')} mono /><Text path={`${output}.variableId`} mono /></div>}
      </List>
      {!readOnly && <TestRequest path={path} />}
    </>
  )
}

// Headers are pairs of a name and a value, which is shown as asterisks once it is kept.
function Headers({ path }: { path: string }) {
  const { t } = useTexts()
  const { settings, set, faultsAt } = useEdit()
  const text = Object.entries((at(settings, path) as Record<string, string> | undefined) ?? {}).map(([name, value]) => `${name}: ${value}`).join('\n')
  const [typed, setTyped] = useState<string | null>(null)
  const read = (lines: string) => Object.fromEntries(lines.split('\n').map((line) => line.split(/:\s?(.*)/s)).filter(([name]) => name?.trim()).map(([name = '', value = '']) => [name.trim(), value]))
  return (
    <label className="stack headers" style={{ gap: 2 }}>
      <span className="label">{t('pearl.f.headers')}</span><span className="small soft">{t('pearl.help.headers')}</span>
      <textarea className="mono ltr" rows={2} value={typed ?? text} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={() => { if (typed !== null && typed !== text) set(path, read(typed)); setTyped(null) }} autoComplete="off" spellCheck={false} />
      {faultsAt(path) && <span className="small" style={{ color: 'var(--danger)' }}>{faultsAt(path)}</span>}
    </label>
  )
}

// ownValues are variables that the Pearl itself gives.
const ownValues = ['agentName', 'companyName']

// variablesOf are those that a request takes: in its address, its members and the texts of their values.
function variablesOf(request: Action): string[] {
  const texts = [request.endpointUrl ?? '', ...(request.body ?? []).filter(({ variableId }) => !variableId).map(({ value }) => JSON.stringify(value ?? ''))]
  const named = texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, id]) => id!))
  return [...new Set([...named, ...(request.body ?? []).map(({ variableId }) => variableId ?? '')])].filter((id) => id !== '' && !ownValues.includes(id))
}

// typed is a value as a call would have it of a variable.
function typed(text: string, type: string | undefined): unknown {
  if (type === 'boolean') return /^(true|yes|1)$/i.test(text.trim()) ? true : /^(false|no|0)$/i.test(text.trim()) ? false : text
  const number = Number(text)
  return (type === 'int' || type === 'float') && text.trim() !== '' && Number.isFinite(number) ? number : text
}

// TestRequest has the request made by the server, and says in words what came of it.
function TestRequest({ path }: { path: string }) {
  const { t } = useTexts()
  const { settings, pearlId, save } = useEdit()
  const [open, setOpen] = useState(false)
  const [values, setValues] = useState<Record<string, string>>({})
  const request = at(settings, path) as Action
  const takes = variablesOf(request)
  const test = useMutation({
    mutationFn: async () => {
      if (!(await save())) throw notSaved
      const given = Object.fromEntries(takes.filter((id) => values[id]).map((id) => [id, typed(values[id]!, settings.variables.find((one) => one.id === id)?.type)]))
      return ask(api.POST('/v2/Pearl/{pearlId}/Actions/Test', { params: { path: { pearlId }, query: { draft: true } }, body: { member: memberOf(path.replace(/(\.\d+)\.apiSettings$/, '$1')), values: given } }))
    },
  })
  if (!open) return <Button variant="default" size="compact-sm" leftSection={<IconPlayerPlay size={14} />} onClick={() => setOpen(true)} style={{ alignSelf: 'start' }}>{t('test.open')}</Button>
  const send = (event: FormEvent) => { event.preventDefault(); event.stopPropagation(); test.mutate() }
  return (
    <form className="stack test-request" aria-label={t('test.title')} onSubmit={send}>
      <p className="small soft">{t(takes.length > 0 ? 'test.helpValues' : 'test.help')}</p>
      {takes.length > 0 && <div className="field-row">{takes.map((id) => <TextInput key={id} size="xs" label={<span className="mono ltr">{id}</span>} value={values[id] ?? ''} onChange={(event) => setValues({ ...values, [id]: event.currentTarget.value })} dir="auto" autoComplete="off" />)}</div>}
      <div className="row"><Button type="submit" size="xs" loading={test.isPending}>{t('test.send')}</Button><Button variant="subtle" size="xs" onClick={() => { setOpen(false); test.reset() }}>{t('translation:peek.close')}</Button></div>
      {test.error && <p role="alert" className="small" style={{ color: 'var(--danger)' }}>{test.error === notSaved ? t('test.notSaved') : test.error.message}</p>}
      {test.data && <Tested tested={test.data} />}
    </form>
  )
}

function Tested({ tested: { status, latencyMs, body, outputs, error } }: { tested: Schemas['ActionTested'] }) {
  const { t } = useTexts()
  return (
    <div className="stack" role="status" style={{ gap: 8 }}>
      <p><strong style={{ color: error ? 'var(--danger)' : 'var(--good)' }}>{status === null ? t('test.noAnswer', { ms: latencyMs }) : t('test.answered', { status, ms: latencyMs })}</strong> {error ? t('test.failed', { reason: error }) : t('test.works')}</p>
      {outputs.length > 0 && (
        <dl className="pairs">{outputs.map(({ key, variableId, value }, n) => [<dt key={n} className="mono ltr">{variableId}</dt>, <dd key={`${n}.`} dir="auto">{value === null || value === undefined ? <span className="soft">{t('test.nothing', { key })}</span> : typeof value === 'string' ? value : JSON.stringify(value)}</dd>])}</dl>
      )}
      {body !== null && <pre className="body ltr" tabIndex={0} aria-label={t('test.body')}>{body === '' ? t('test.empty') : body}</pre>}
    </div>
  )
}
