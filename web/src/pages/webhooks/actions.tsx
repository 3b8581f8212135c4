import { Button, Menu, Modal, Select, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconAlertTriangle, IconChevronDown, IconSettings } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useSession } from '../../api/session'
import { useSubmit, Wrong } from '../../pieces/form'
import { Bones, Failing } from '../../pieces/states'
import { complain, tell } from '../../pieces/told'
import { tryOf } from './tries'

// Actions send samples and what was given up, and set where webhooks go.
export function Actions({ pearlId }: { pearlId: string }) {
  const { t } = useTranslation()
  const { administers } = useSession()
  const [setting, dialog] = useDisclosure(false)
  const [replaying, replay] = useDisclosure(false)
  const test = useMutation({
    mutationFn: (kind: 'call' | 'lead') => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Test', { params: { path: { pearlId } }, body: { kind } })),
    onSuccess: (answer) => tell(t('delivery.tested', { text: tryOf(answer, t) })),
    onError: complain,
  })
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={15} />} loading={test.isPending}>{t('delivery.send')}</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => test.mutate('call')}>{t('delivery.testCall')}</Menu.Item>
          <Menu.Item onClick={() => test.mutate('lead')}>{t('delivery.testLead')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={replay.open}>{t('delivery.replayAll')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {administers && <Button variant="default" leftSection={<IconSettings size={15} />} onClick={dialog.open}>{t('hooks.title')}</Button>}
      <Modal opened={setting} onClose={dialog.close} title={t('hooks.title')} closeButtonProps={{ 'aria-label': t('peek.close') }} size="lg">{setting && <Where pearlId={pearlId} onDone={dialog.close} />}</Modal>
      <Modal opened={replaying} onClose={replay.close} title={t('delivery.replayAll')} closeButtonProps={{ 'aria-label': t('peek.close') }}>{replaying && <Replay pearlId={pearlId} onDone={replay.close} />}</Modal>
    </>
  )
}

// Where is where the webhooks of a campaign go, and how they are signed.
function Where({ pearlId, onDone }: { pearlId: string; onDone: () => void }) {
  const hooks = useQuery({ queryKey: ['webhooks', pearlId], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Webhooks', { params: { path: { pearlId } } })) })
  if (hooks.error) return <Failing error={hooks.error} retry={() => void hooks.refetch()} />
  return hooks.data ? <Form pearlId={pearlId} hooks={hooks.data} onDone={onDone} /> : <Bones lines={5} />
}

const versions = [2, 1] as const

function Form({ pearlId, hooks, onDone }: { pearlId: string; hooks: Schemas['WebhookView']; onDone: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [call, setCall] = useState(hooks.callWebhookUrl ?? '')
  const [lead, setLead] = useState(hooks.leadWebhookUrl ?? '')
  const [version, setVersion] = useState(hooks.webhookVersion)
  const [header, setHeader] = useState(hooks.webhookCredentialHeader ?? '')
  const [secret, setSecret] = useState(hooks.secret)
  const put = (body: Schemas['WebhookChangeRequest']) => ask(api.PUT('/v2/Pearl/{pearlId}/Webhooks', { params: { path: { pearlId } }, body }))
  const changed = () => { for (const key of ['webhooks', 'attention']) void queries.invalidateQueries({ queryKey: [key] }) }
  const form = useSubmit(
    () => put({ callWebhookUrl: call || null, leadWebhookUrl: lead || null, webhookVersion: version, webhookCredentialHeader: header || null }),
    () => { changed(); tell(t('lead.saved')); onDone() },
  )
  const rotate = useMutation({ mutationFn: () => put({ rotateSecret: true }), onSuccess: (stored) => { setSecret(stored.secret); changed(); tell(t('hooks.rotated')) }, onError: complain })
  const disabled = (is: boolean) => (is ? <span className="row small"><IconAlertTriangle size={14} color="var(--warn)" aria-hidden="true" />{t('hooks.disabled')}</span> : undefined)
  const members = ['CallWebhookUrl', 'LeadWebhookUrl', 'WebhookVersion', 'WebhookCredentialHeader']
  return (
    <form className="stack" onSubmit={form.submit}>
      <TextInput label={t('settings.callWebhook')} description={disabled(hooks.disabled.call) ?? t('hooks.callHelp')} value={call} onChange={(event) => setCall(event.currentTarget.value)} error={form.about('CallWebhookUrl')} dir="ltr" classNames={{ input: 'mono' }} placeholder="https://" data-autofocus />
      <TextInput label={t('settings.leadWebhook')} description={disabled(hooks.disabled.lead) ?? t('hooks.leadHelp')} value={lead} onChange={(event) => setLead(event.currentTarget.value)} error={form.about('LeadWebhookUrl')} dir="ltr" classNames={{ input: 'mono' }} placeholder="https://" />
      <div className="fields">
        <Select label={t('hooks.version')} description={t('hooks.versionHelp')} data={versions.map((one) => ({ value: String(one), label: t(`hooks.versions.${one}`) }))} value={String(version)} onChange={(value) => setVersion(Number(value) as typeof version)} allowDeselect={false} error={form.about('WebhookVersion')} />
        <TextInput label={t('hooks.header')} description={t('hooks.headerHelp')} value={header} onChange={(event) => setHeader(event.currentTarget.value)} error={form.about('WebhookCredentialHeader')} dir="ltr" placeholder="Authorization" />
      </div>
      <div className="stack tight">
        <strong>{t('hooks.secret')}</strong>
        <span className="soft small">{t('hooks.secretHelp')}</span>
        <div className="row wrap"><code className="sample ltr grow">{secret}</code><Button variant="default" size="compact-sm" loading={rotate.isPending} onClick={() => rotate.mutate()}>{t('hooks.rotate')}</Button></div>
      </div>
      <Wrong text={form.general(...members)} />
      <Button type="submit" loading={form.busy}>{t('lead.save')}</Button>
    </form>
  )
}

// local is an instant as a field for date and time has it, in the zone of who looks.
function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

// Replay sends again what was given up of what was made in a range of time.
function Replay({ pearlId, onDone }: { pearlId: string; onDone: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [from, setFrom] = useState(() => local(new Date(Date.now() - 86_400_000)))
  const [to, setTo] = useState(() => local(new Date(Date.now() + 60_000)))
  const range = { from: from ? new Date(from).toISOString() : null, to: to ? new Date(to).toISOString() : null }
  const dead = useQuery({
    queryKey: ['deliveries', pearlId, 'dead', range],
    queryFn: () => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Deliveries', { params: { path: { pearlId } }, body: { state: 'dead', ...range, limit: 1 } })),
    retry: false,
  })
  const form = useSubmit(
    () => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Replay', { params: { path: { pearlId } }, body: range })),
    ({ count }) => { tell(t('delivery.replayedAll', { count })); for (const key of ['deliveries', 'attention']) void queries.invalidateQueries({ queryKey: [key] }); onDone() },
  )
  return (
    <form className="stack" onSubmit={form.submit}>
      <p className="soft">{t('hooks.replayHelp')}</p>
      <div className="fields">
        <TextInput type="datetime-local" label={t('hooks.from')} value={from} onChange={(event) => setFrom(event.currentTarget.value)} error={form.about('From')} />
        <TextInput type="datetime-local" label={t('hooks.to')} value={to} onChange={(event) => setTo(event.currentTarget.value)} error={form.about('To')} />
      </div>
      <p role="status">{dead.data ? t('hooks.dead', { count: dead.data.count }) : dead.error ? dead.error.message : '–'}</p>
      <Wrong text={form.general('From', 'To')} />
      <Button type="submit" loading={form.busy} disabled={!dead.data?.count}>{t('hooks.again')}</Button>
    </form>
  )
}
