import { ActionIcon, Button, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure, type Schemas } from '../../api/client'
import { tell } from '../../pieces/told'
import { useChange } from './peek'

type Pair = { id: number; key: string; text: string; value: unknown }

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

// LeadForm edits what the API edits of a lead; only what was changed is sent.
export function LeadForm({ pearlId, lead, onDone }: { pearlId: string; lead: Schemas['FullLead']; onDone: () => void }) {
  const { t } = useTranslation()
  const change = useChange(pearlId, lead.id)
  const [phoneNumber, setPhoneNumber] = useState(lead.phoneNumber)
  const [externalId, setExternalId] = useState(lead.externalId ?? '')
  const [timeZoneId, setTimeZoneId] = useState(lead.timeZoneId ?? '')
  const [pairs, setPairs] = useState<Pair[]>(() => Object.entries(lead.callData).map(([key, value], id) => ({ id, key, text: textOf(value), value })))
  const [before] = useState(lead)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body: Schemas['LeadPatchRequest'] = {}
    if (phoneNumber !== before.phoneNumber) body.phoneNumber = phoneNumber
    if (externalId !== (before.externalId ?? '')) body.externalId = externalId === '' ? null : externalId
    if (timeZoneId !== (before.timeZoneId ?? '')) body.timeZoneId = timeZoneId === '' ? null : timeZoneId
    const callData = difference(before.callData, pairs)
    if (Object.keys(callData).length > 0) body.callData = callData
    if (Object.keys(body).length === 0) return onDone()
    change.mutate(body, { onSuccess: () => { tell(t('lead.saved')); onDone() } })
  }

  const errors = change.error instanceof Failure ? change.error.errors : {}
  const about = (member: string) => errors[member]?.join(' ')
  const named = ['PhoneNumber', 'ExternalId', 'TimeZoneId']
  const rest = change.error && !named.some((member) => errors[member]) ? change.error.message : null
  const set = (id: number, part: Partial<Pair>) => setPairs((all) => all.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)))

  return (
    <form className="section" onSubmit={submit} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onDone() } }}>
      <TextInput label={t('lead.phoneNumber')} description={lead.status === 40 ? t('lead.numberWhileRinging') : undefined} value={phoneNumber} onChange={(event) => setPhoneNumber(event.currentTarget.value)} error={about('PhoneNumber')} classNames={{ input: 'mono ltr' }} data-autofocus autoFocus />
      <TextInput label={t('lead.externalId')} value={externalId} onChange={(event) => setExternalId(event.currentTarget.value)} error={about('ExternalId')} classNames={{ input: 'mono' }} />
      <TextInput label={t('lead.timeZone')} description={t('lead.zoneHelp')} value={timeZoneId} onChange={(event) => setTimeZoneId(event.currentTarget.value)} error={about('TimeZoneId')} />
      <fieldset className="pair-fields">
        <legend>{t('lead.data')}</legend>
        {pairs.map((pair) => (
          <div className="row" key={pair.id}>
            <TextInput aria-label={t('lead.key')} value={pair.key} onChange={(event) => set(pair.id, { key: event.currentTarget.value })} w={150} classNames={{ input: 'mono' }} />
            <TextInput aria-label={t('lead.value', { key: pair.key })} value={pair.text} onChange={(event) => set(pair.id, { text: event.currentTarget.value })} className="grow" dir="auto" />
            <ActionIcon variant="subtle" color="gray" aria-label={t('lead.removeValue', { key: pair.key })} onClick={() => setPairs((all) => all.filter((one) => one.id !== pair.id))}><IconTrash size={16} /></ActionIcon>
          </div>
        ))}
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={() => setPairs((all) => [...all, { id: Math.max(-1, ...all.map((one) => one.id)) + 1, key: '', text: '', value: '' }])}>{t('lead.addValue')}</Button>
      </fieldset>
      {rest && <p role="alert" style={{ color: 'var(--danger)' }}>{rest}</p>}
      <div className="row"><Button type="submit" loading={change.isPending}>{t('lead.save')}</Button><Button variant="subtle" color="gray" onClick={onDone}>{t('lead.cancel')}</Button></div>
    </form>
  )
}

// difference is the merge patch that turns data into what the pairs say. A value that was no text stays what it was unless its
// text was changed.
function difference(data: Record<string, unknown>, pairs: Pair[]): Record<string, unknown> {
  return mergePatch(data, Object.fromEntries(pairs.filter((pair) => pair.key !== '').map(({ key, text, value }) => [key, text === textOf(value) ? value : read(text, value)])))
}

type Members = Record<string, unknown>

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

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
    return JSON.parse(text)
  } catch {
    return text
  }
}
