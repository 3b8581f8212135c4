import { Button, Drawer, Modal, Tabs } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconMessage2 } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, ask, Failure } from '../../api/client'
import { usePearl, usePearlSettings, useVersions } from '../../api/queries'
import { useSession } from '../../api/session'
import { useNamed } from '../../frame/crumb'
import { useAddress } from '../../pieces/address'
import { Bones, Failing } from '../../pieces/states'
import { Activity } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { Calling } from './calling'
import { EditContext, memberOf, useDraft, type Edit } from './draft'
import { useDraftWarnings } from './warnings'
import { Flow } from './flow'
import { Actions } from './actions'
import { Answering } from './answering'
import { Asks, Says } from './says'
import { Try } from './try'
import { Difference, usePublished, Versions } from './versions'
import { useTexts } from './texts'

type Part = 'says' | 'asks' | 'actions' | 'calling' | 'answering' | 'flow' | 'versions'

// Editor edits a Pearl as a draft beside the settings in force.
export default function Editor({ params: { id } }: { params: { id: string } }) {
  const { t } = useTexts()
  const { params, set: go } = useAddress()
  const { operates: mayChange } = useSession()
  const pearl = usePearl(id)
  const { read, draft, settings, errors, saving, set, save, reload } = useDraft(id)
  const warnings = useDraftWarnings(id)
  const [trying, setTrying] = useState(false)
  const wide = useMediaQuery('(min-width: 1240px)', true)
  useNamed(settings?.name || pearl.data?.name)

  const edit = useMemo<Edit | null>(() => settings ? {
    settings, set, save, pearlId: id, readOnly: !mayChange,
    faultsAt: (path) => errors[memberOf(path)]?.join(' '),
    isFaulty: (path) => Object.keys(errors).some((member) => `${member}.`.replaceAll('[', '.[').startsWith(`${memberOf(path)}.`.replaceAll('[', '.['))),
    warningsAt: (path) => (warnings.data ?? []).filter(({ member }) => member === memberOf(path)).map(({ text }) => text),
  } : null, [settings, set, save, id, mayChange, errors, warnings.data])

  if (read.error) return <div className="page"><Failing error={read.error} retry={() => void read.refetch()} /></div>
  if (!edit || !settings || !draft) return <div className="page"><Bones lines={8} height={20} /></div>
  const parts: Part[] = ['says', 'asks', 'actions', ...(settings.outbound ? ['calling' as const] : []), ...(settings.inbound ? ['answering' as const] : []), ...(settings.pearl.nodes?.length ? ['flow' as const] : []), 'versions']
  const part = parts.find((one) => one === params.get('part')) ?? 'says'
  const faultsIn = (one: Part) => Object.keys(errors).filter((member) => partOf(member) === one).length
  const mayTry = mayChange && settings.outbound !== undefined
  const panel = <Try pearlId={id} settings={settings} save={save} />
  return (
    <EditContext.Provider value={edit}>
      <div className="page editor-page">
        <div className="page-head">
          <h1 className="cut" dir="auto">{settings.name || t('pearl.unnamed')}</h1>
          {pearl.data && <Activity status={pearl.data.status} />}
          <div className="grow" />
          {mayTry && !wide && <Button variant="default" leftSection={<IconMessage2 size={16} />} onClick={() => setTrying(true)}>{t('try.title')}</Button>}
        </div>
        {mayChange && <DraftBar pearlId={id} draft={draft} saving={saving} save={save} reload={reload} errors={errors} />}
        <div className={mayTry && wide ? 'editor' : undefined}>
          <Tabs value={part} onChange={(chosen) => go({ part: chosen === 'says' ? null : chosen })} keepMounted={false}>
            <Tabs.List>{parts.map((one) => <Tabs.Tab key={one} value={one}>{t(`pearl.part.${one}`)}{faultsIn(one) > 0 && <span className="fault-count" aria-label={t('pearl.faults', { count: faultsIn(one) })}>{faultsIn(one)}</span>}</Tabs.Tab>)}</Tabs.List>
            <Tabs.Panel value={part} pt="lg">
              {part === 'versions' ? <Versions pearlId={id} mayChange={mayChange} reload={reload} /> : (
                <fieldset className="plain-fieldset" disabled={!mayChange}>
                  {part === 'says' && <Says />}
                  {part === 'asks' && <Asks />}
                  {part === 'actions' && <Actions />}
                  {part === 'calling' && <Calling />}
                  {part === 'answering' && <Answering />}
                  {part === 'flow' && <Flow />}
                </fieldset>
              )}
            </Tabs.Panel>
          </Tabs>
          {mayTry && wide && <aside className="try-side" aria-label={t('try.title')}><h2>{t('try.title')}</h2>{panel}</aside>}
        </div>
        {mayTry && !wide && <Drawer opened={trying} onClose={() => setTrying(false)} position="right" size="min(480px, 100%)" title={t('try.title')} closeButtonProps={{ 'aria-label': t('translation:peek.close') }} keepMounted>{panel}</Drawer>}
      </div>
    </EditContext.Provider>
  )
}

// partOf is where a member is edited.
function partOf(member: string): Part {
  if (member.startsWith('Inbound')) return 'answering'
  if (member.startsWith('Outbound.') && !/VoiceMail|ScreeningAnswer|MenuKeys/.test(member)) return 'calling'
  if (/^Variables|SuccessDescription|IndicatorTags|Keywords|AskAll/.test(member.replace('Pearl.', ''))) return 'asks'
  if (/Transfer|ApiSettings|Sms|Email|Smtp|Notifications/.test(member) && !member.includes('Nodes')) return 'actions'
  if (member.includes('Nodes')) return 'flow'
  return 'says'
}

type DraftBarProps = Pick<ReturnType<typeof useDraft>, 'saving' | 'save' | 'reload' | 'errors'> & { pearlId: string; draft: NonNullable<ReturnType<typeof useDraft>['draft']> }

// DraftBar says how the draft stands to what is in force, and publishes or discards it.
function DraftBar({ pearlId, draft, saving, save, reload, errors }: DraftBarProps) {
  const { t } = useTexts()
  const versions = useVersions(pearlId)
  const inForce = usePearlSettings(pearlId)
  const published = usePublished(pearlId, reload)
  const [comparing, setComparing] = useState(false)
  const newest = versions.data?.[0]?.version ?? draft.version
  const moved = draft.at !== null && newest !== draft.version
  const faults = Object.keys(errors).length
  const publish = useMutation({
    mutationFn: async (over: number | undefined) => {
      if (!(await save())) return null
      return ask(api.POST('/v2/Pearl/{pearlId}/Draft/Publish', { params: { path: { pearlId } }, body: over === undefined ? {} : { version: over } }))
    },
    onSuccess: async (answer) => {
      if (!answer) return
      setComparing(false)
      await published()
      tell(t('pearl.published', { version: answer.version }))
    },
    onError: (error) => { if (error instanceof Failure && error.errors['Version']) { void versions.refetch(); void inForce.refetch(); setComparing(true) } else { complain(error); void reload() } },
  })
  const discard = useMutation({
    mutationFn: () => ask(api.DELETE('/v2/Pearl/{pearlId}/Draft', { params: { path: { pearlId } } })),
    onSuccess: async () => { setComparing(false); await reload(); tell(t('pearl.discarded')) },
    onError: complain,
  })
  const untouched = draft.at === null && saving.state === 'kept'
  return (
    <div className="draft-bar" data-faulty={faults > 0 || saving.state === 'failed'}>
      <span className="small grow" role="status">
        {saving.state === 'failed' ? <span style={{ color: 'var(--danger)' }}>{t('pearl.notSaved', { reason: saving.error.message })}</span>
          : saving.state === 'saving' || saving.state === 'waiting' ? t('pearl.saving')
            : draft.at === null ? t('pearl.asPublished', { version: newest || 1 })
              : <>{t('pearl.draftKept')} <When at={draft.at} />{faults > 0 && <> · <span style={{ color: 'var(--danger)' }}>{t('pearl.faults', { count: faults })}</span></>}{moved && <> · <span style={{ color: 'var(--warn)' }}>{t('pearl.moved', { version: newest })}</span></>}</>}
      </span>
      {saving.state === 'failed' && <Button variant="default" size="xs" onClick={() => void save()}>{t('translation:states.retry')}</Button>}
      <Button variant="subtle" size="xs" disabled={untouched} onClick={() => void save().then((kept) => { if (kept) { void inForce.refetch(); setComparing(true) } })}>{t('pearl.compare')}</Button>
      <Button size="xs" disabled={untouched || faults > 0} loading={publish.isPending} onClick={() => publish.mutate(undefined)}>{t('pearl.publish')}</Button>
      <Modal opened={comparing} onClose={() => setComparing(false)} size="lg" title={t('pearl.compareTitle')} closeButtonProps={{ 'aria-label': t('translation:peek.close') }}>
        <div className="stack">
          {moved && <p className="note">{t('pearl.movedHelp', { version: newest })}</p>}
          {inForce.data ? <Difference before={inForce.data} after={draft.settings} /> : <Bones lines={4} />}
          <div className="row">
            <Button disabled={faults > 0} loading={publish.isPending} onClick={() => publish.mutate(newest || undefined)}>{t(moved ? 'pearl.publishOver' : 'pearl.publish', { version: newest })}</Button>
            <Button variant="subtle" color="red" loading={discard.isPending} onClick={() => discard.mutate()}>{t('pearl.discard')}</Button>
          </div>
        </div>
      </Modal>
    </div>
  )
}
