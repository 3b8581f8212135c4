import { ActionIcon, Button, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, Failure, type Schemas } from '../../api/client'
import { LongNumber, parse } from '../../api/json'
import { usePearlSettings } from '../../api/queries'
import { Peek } from '../../pieces/peek'
import { Bones, Failing } from '../../pieces/states'
import { tell } from '../../pieces/told'
import { useChange } from './peek'

type Pair = { id: number; key: string; text: string; value: unknown }

type Texts = { phoneNumber: string; externalId: string; timeZoneId: string; pairs: Pair[] }

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

const named = ['PhoneNumber', 'ExternalId', 'TimeZoneId']

// Fields are what a person may write of a lead.
function Fields({ texts, error, rings = false, onChange }: { texts: Texts; error: Error | null; rings?: boolean; onChange: (texts: Texts) => void }) {
  const { t } = useTranslation()
  const { phoneNumber, externalId, timeZoneId, pairs } = texts
  const errors = error instanceof Failure ? error.errors : {}
  const about = (member: string) => errors[member]?.join(' ')
  const rest = error && !named.some((member) => errors[member]) ? error.message : null
  const set = (id: number, part: Partial<Pair>) => onChange({ ...texts, pairs: pairs.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)) })
  return (
    <>
      <TextInput label={t('lead.phoneNumber')} description={rings ? t('lead.numberWhileRinging') : undefined} value={phoneNumber} onChange={(event) => onChange({ ...texts, phoneNumber: event.currentTarget.value })} error={about('PhoneNumber')} classNames={{ input: 'mono ltr' }} data-autofocus autoFocus />
      <TextInput label={t('lead.externalId')} value={externalId} onChange={(event) => onChange({ ...texts, externalId: event.currentTarget.value })} error={about('ExternalId')} classNames={{ input: 'mono' }} />
      <TextInput label={t('lead.timeZone')} description={t('lead.zoneHelp')} value={timeZoneId} onChange={(event) => onChange({ ...texts, timeZoneId: event.currentTarget.value })} error={about('TimeZoneId')} />
      <fieldset className="pair-fields">
        <legend>{t('lead.data')}</legend>
        {pairs.map((pair) => (
          <div className="row" key={pair.id}>
            <TextInput aria-label={t('lead.key')} value={pair.key} onChange={(event) => set(pair.id, { key: event.currentTarget.value })} w={150} classNames={{ input: 'mono' }} />
            <TextInput aria-label={t('lead.value', { key: pair.key })} value={pair.text} onChange={(event) => set(pair.id, { text: event.currentTarget.value })} className="grow" dir="auto" />
            <ActionIcon variant="subtle" color="gray" aria-label={t('lead.removeValue', { key: pair.key })} onClick={() => onChange({ ...texts, pairs: pairs.filter((one) => one.id !== pair.id) })}><IconTrash size={16} /></ActionIcon>
          </div>
        ))}
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={() => onChange({ ...texts, pairs: [...pairs, { id: Math.max(-1, ...pairs.map((one) => one.id)) + 1, key: '', text: '', value: '' }] })}>{t('lead.addValue')}</Button>
      </fieldset>
      {rest && <p role="alert" className="danger">{rest}</p>}
    </>
  )
}

// LeadForm edits what the API edits of a lead; only what was changed is sent.
export function LeadForm({ pearlId, lead, onDone }: { pearlId: string; lead: Schemas['FullLead']; onDone: () => void }) {
  const { t } = useTranslation()
  const change = useChange(pearlId, lead.id)
  const [before] = useState(lead)
  const [texts, setTexts] = useState<Texts>(() => ({
    phoneNumber: lead.phoneNumber, externalId: lead.externalId ?? '', timeZoneId: lead.timeZoneId ?? '',
    pairs: Object.entries(lead.callData).map(([key, value], id) => ({ id, key, text: textOf(value), value })),
  }))

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { phoneNumber, externalId, timeZoneId, pairs } = texts
    const body: Schemas['LeadPatchRequest'] = {}
    if (phoneNumber !== before.phoneNumber) body.phoneNumber = phoneNumber
    if (externalId !== (before.externalId ?? '')) body.externalId = externalId === '' ? null : externalId
    if (timeZoneId !== (before.timeZoneId ?? '')) body.timeZoneId = timeZoneId === '' ? null : timeZoneId
    const callData = difference(before.callData, pairs)
    if (Object.keys(callData).length > 0) body.callData = callData
    if (Object.keys(body).length === 0) return onDone()
    change.mutate(body, { onSuccess: () => { tell(t('lead.saved')); onDone() } })
  }

  return (
    <form className="section" onSubmit={submit} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onDone() } }}>
      <Fields texts={texts} onChange={setTexts} error={change.error} rings={lead.status === 40} />
      <div className="row"><Button type="submit" loading={change.isPending}>{t('lead.save')}</Button><Button variant="subtle" color="gray" onClick={onDone}>{t('lead.cancel')}</Button></div>
    </form>
  )
}

// NewLead adds one lead; the variables that the campaign wants before a call are asked for.
export function NewLead({ pearlId, onAdded, onClose }: { pearlId: string; onAdded: (leadId: string) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const settings = usePearlSettings(pearlId)
  return (
    <Peek label={t('leads.add')} head={<h2>{t('leads.add')}</h2>} onClose={onClose}>
      {settings.error ? <Failing error={settings.error} retry={() => void settings.refetch()} /> : !settings.data ? <Bones lines={6} /> : <NewForm pearlId={pearlId} variables={settings.data.variables} onAdded={onAdded} onClose={onClose} />}
    </Peek>
  )
}

function NewForm({ pearlId, variables, onAdded, onClose }: { pearlId: string; variables: Schemas['Variable'][]; onAdded: (leadId: string) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const asked = variables.filter(({ group }) => group === 1)
  const [texts, setTexts] = useState<Texts>(() => ({ phoneNumber: '', externalId: '', timeZoneId: '', pairs: ['firstName', 'lastName', ...asked.map(({ id }) => id)].filter((key, n, all) => all.indexOf(key) === n).map((key, id) => ({ id, key, text: '', value: '' })) }))
  const sent = useRef({ body: '', key: '' }) // the same text, sent again after an answer that did not come, adds one lead
  const add = useMutation({
    mutationFn: (lead: Schemas['LeadToAddRequest']) => {
      const body = JSON.stringify(lead)
      if (sent.current.body !== body) sent.current = { body, key: `form-${Date.now()}-${Math.random()}` }
      return ask(api.POST('/v2/Outbound/{pearlId}/Lead', { params: { path: { pearlId }, header: { 'Idempotency-Key': sent.current.key } }, body: lead }))
    },
    onSuccess: ({ leadId }) => {
      void queries.invalidateQueries({ queryKey: ['leads', pearlId] })
      void queries.invalidateQueries({ queryKey: ['pearl', pearlId] })
      tell(t('leads.added'))
      onAdded(leadId)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const typed = new Map(variables.map(({ id, type }) => [id, type]))
    const callData = Object.fromEntries(texts.pairs.filter(({ key, text }) => key !== '' && text !== '').map(({ key, text }) => [key, (typed.get(key) ?? 'string') === 'string' ? text : read(text, 0)]))
    add.mutate({ phoneNumber: texts.phoneNumber, externalId: texts.externalId || null, timeZoneId: texts.timeZoneId || null, callData })
  }
  return (
    <form className="stack" style={{ gap: 12 }} onSubmit={submit} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onClose() } }}>
      <Fields texts={texts} onChange={setTexts} error={add.error} />
      <div className="row"><Button type="submit" loading={add.isPending}>{t('leads.add')}</Button><Button variant="subtle" color="gray" onClick={onClose}>{t('lead.cancel')}</Button></div>
    </form>
  )
}

// difference is the merge patch that turns data into what the pairs say. A value that was no text stays what it was unless its
// text was changed.
function difference(data: Record<string, unknown>, pairs: Pair[]): Record<string, unknown> {
  return mergePatch(data, Object.fromEntries(pairs.filter((pair) => pair.key !== '').map(({ key, text, value }) => [key, text === textOf(value) ? value : read(text, value)])))
}

type Members = Record<string, unknown>

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber)

// mergePatch is the JSON Merge Patch (RFC 7396) from one object to another.
function mergePatch(before: Members, after: Members): Members {
  const patch: Members = {}
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null
  for (const [key, value] of Object.entries(after)) {
    const old = before[key]
    if (isObject(old) && isObject(value)) {
      const inner = mergePatch(old, value)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (!(key in before) || JSON.stringify(old) !== JSON.stringify(value)) patch[key] = value
  }
  return patch
}

// read keeps the kind of a value: a number stays a number where the new text is one.
function read(text: string, before: unknown): unknown {
  if (typeof before === 'string') return text
  try {
    return parse(text)
  } catch {
    return text
  }
}
