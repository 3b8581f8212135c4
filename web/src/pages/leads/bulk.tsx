import { Button, CloseButton, Menu, Modal } from '@mantine/core'
import { IconChevronUp, IconDownload, IconHandStop, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LeadFilter } from '../../api/queries'
import { useSession } from '../../api/session'
import { Bones } from '../../pieces/states'
import { LeadStatusMark } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { useWords } from '../../pieces/words'
import { planned, settable, useChanges, type Action, type Selected, type Work } from './use-change'
import type { Selection } from './use-selection'

// undoFor is how long the undo of a change is offered, milliseconds.
const undoFor = 30_000

// BulkBar is what can be done with the leads that are chosen, from below the table.
export function BulkBar({ pearlId, selection, filter, name }: { pearlId: string; selection: Selection; filter: LeadFilter; name: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const { mayChange } = useSession()
  const { work, change, takeBack, download } = useChanges(pearlId)
  const [asked, setAsked] = useState<{ action: Action; selected: Selected } | null>(null)
  if (selection.count === 0 && work === null && asked === null) return null

  const { sortProp: _, isAscending: __, ...wanted } = filter
  const selected: Selected = selection.all ? { ...wanted, all: true } : { leadIds: [...selection.ids] }
  const carryOut = async ({ action, selected }: { action: Action; selected: Selected }) => {
    setAsked(null)
    try {
      const { changeId, changed, left } = await change(selected, action)
      selection.clear()
      const counts = { count: changed, text: words.number(changed) }
      const stops = action.action === 'status' && action.status !== 1 && action.status !== 10
      const undo = stops && changed > 0 ? () => void takeBack(changeId).then((back) => tell(t('bulk.back', { count: back.changed, text: words.number(back.changed), rest: words.number(changed - back.changed) }))).catch(complain) : undefined
      tell([t(action.action === 'delete' ? 'bulk.deleted' : 'bulk.changed', counts), left > 0 ? t('bulk.left', { count: left, text: words.number(left) }) : ''].filter(Boolean).join(' '), undo, undoFor)
    } catch (error) {
      complain(error)
    }
  }
  const heads = [t('lead.phoneNumber'), t('lead.externalId'), t('lead.timeZone'), t('lead.status'), t('lead.attempt'), t('lead.created')]
  const save = () => void download(selected, `${name}.csv`, heads, (status) => t(`leadStatus.${status}`)).catch(complain)

  return (
    <>
      <div className="bulk" role="region" aria-label={t('bulk.bar')}>
        {work ? <Working work={work} /> : (
          <>
            <strong className="nowrap" role="status">{t(selection.all ? 'bulk.all' : 'bulk.chosen', { count: selection.count, text: words.number(selection.count) })}</strong>
            {mayChange && (
              <>
                <Button size="compact-md" leftSection={<IconHandStop size={15} />} onClick={() => setAsked({ action: { action: 'status', status: 130, keepFinal: true }, selected })}>{t('lead.stop')}</Button>
                <Menu position="top-start" withinPortal>
                  <Menu.Target><Button size="compact-md" variant="default" rightSection={<IconChevronUp size={14} />}>{t('bulk.status')}</Button></Menu.Target>
                  <Menu.Dropdown>{settable.map((status) => <Menu.Item key={status} onClick={() => setAsked({ action: { action: 'status', status }, selected })}><LeadStatusMark status={status} still /></Menu.Item>)}</Menu.Dropdown>
                </Menu>
              </>
            )}
            <Button size="compact-md" variant="default" leftSection={<IconDownload size={15} />} onClick={save}>{t('bulk.export')}</Button>
            {mayChange && <Button size="compact-md" variant="default" leftSection={<IconTrash size={15} />} onClick={() => setAsked({ action: { action: 'delete' }, selected })}>{t('bulk.delete')}</Button>}
            <CloseButton aria-label={t('bulk.clear')} onClick={selection.clear} />
          </>
        )}
      </div>
      {asked && <Question pearlId={pearlId} chosen={selection.count} {...asked} onClose={() => setAsked(null)} onGo={() => void carryOut(asked)} />}
    </>
  )
}

function Working({ work }: { work: Work }) {
  const { t } = useTranslation()
  const words = useWords()
  return (
    <>
      <span className="nowrap figures" role="status">{t(work.what === 'export' ? 'bulk.exporting' : 'bulk.changing', { done: words.number(work.done), total: words.number(work.total) })}</span>
      <div className="bar-track grow" role="progressbar" aria-label={t('bulk.bar')} aria-valuemin={0} aria-valuemax={work.total} aria-valuenow={work.done}><i style={{ width: `${work.total === 0 ? 0 : (100 * work.done) / work.total}%`, background: 'var(--accent)' }} /></div>
    </>
  )
}

// Question says what a change will do, in numbers, before it is done.
function Question({ pearlId, chosen, action, selected, onClose, onGo }: { pearlId: string; chosen: number; action: Action; selected: Selected; onClose: () => void; onGo: () => void }) {
  const { t } = useTranslation()
  const words = useWords()
  const plan = useQuery({ queryKey: ['plan', pearlId, action, selected], queryFn: () => planned(pearlId, selected, action), gcTime: 0, staleTime: Infinity })
  const stops = action.action === 'status' && action.status !== 1 && action.status !== 10
  const kind = action.action === 'delete' ? 'delete' : stops ? 'stop' : 'call'
  const counts = plan.data && { count: plan.data.total, text: words.number(plan.data.total) }
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ 'aria-label': t('peek.close') }} title={action.action === 'delete' ? t('bulk.deleteTitle') : t('bulk.statusTitle', { status: t(`leadStatus.${action.status!}`) })}>
      <div className="stack" style={{ gap: 16 }}>
        {plan.error ? <p role="alert" className="danger">{plan.error.message}</p> : !plan.data || !counts ? <Bones lines={2} /> : (
          <div className="stack" style={{ gap: 6 }}>
            <p><strong>{t(`bulk.will.${kind}`, counts)}</strong></p>
            {action.action === 'status' && action.keepFinal && chosen > plan.data.total && <p>{t('bulk.done', { count: chosen - plan.data.total, text: words.number(chosen - plan.data.total) })}</p>}
            {kind !== 'call' && plan.data.onCall > 0 && <p>{t('bulk.onCall', { count: plan.data.onCall, text: words.number(plan.data.onCall) })}</p>}
            <p className="soft">{t(`bulk.help.${kind}`)}</p>
          </div>
        )}
        <div className="row">
          <Button data-autofocus color={kind === 'delete' ? 'red' : undefined} disabled={!plan.data || plan.data.total === 0} onClick={onGo}>{kind === 'stop' && action.action === 'status' && action.status === 130 ? t('lead.stop') : t(kind === 'delete' ? 'bulk.delete' : 'bulk.go')}</Button>
          <Button variant="subtle" color="gray" onClick={onClose}>{t('lead.cancel')}</Button>
        </div>
      </div>
    </Modal>
  )
}
