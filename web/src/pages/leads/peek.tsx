import { Button, CopyButton, Menu, Tooltip } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconChevronDown, IconHandStop, IconPencil, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { useKeys, useLead, useLeadHistory, useLeadNext, usePeople } from '../../api/queries'
import { useSession } from '../../api/session'
import { Peek } from '../../pieces/peek'
import { Bones, Failing } from '../../pieces/states'
import { DeliveryState, LeadStatusMark, toneStyle } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { atOffset, said, useWords } from '../../pieces/words'
import { callAddress } from '../../routes'
import { LeadForm } from './form'
import { settable, useChanges } from './use-change'
import { nameOf } from './leads'

type Lead = Schemas['FullLead']
type Change = Schemas['LeadPatchRequest']

const callable = [1, 10, 20, 40]

// useChange changes a lead, and has what shows it read again.
export function useChange(pearlId: string, leadId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Change) => ask(api.PATCH('/v2/Outbound/{pearlId}/Lead/{leadId}', { params: { path: { pearlId, leadId } }, body })),
    onSuccess: (lead) => {
      queries.setQueryData(['lead', leadId], lead)
      void queries.invalidateQueries({ queryKey: ['lead', leadId] })
      void queries.invalidateQueries({ queryKey: ['leads', pearlId] })
      void queries.invalidateQueries({ queryKey: ['pearl', pearlId] })
    },
  })
}

export function LeadPeek({ pearlId, leadId, onStep, onClose }: { pearlId: string; leadId: string; onStep: (by: 1 | -1) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const lead = useLead(pearlId, leadId)
  return (
    <Peek label={t('lead.panel')} onStep={onStep} onClose={onClose} head={lead.data && <Copyable text={lead.data.phoneNumber} />}>
      {lead.error ? <Failing error={lead.error} retry={() => void lead.refetch()} /> : !lead.data ? <Bones lines={6} /> : <Person pearlId={pearlId} lead={lead.data} />}
    </Peek>
  )
}

function Copyable({ text }: { text: string }) {
  const { t } = useTranslation()
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => <Tooltip label={t(copied ? 'copy.done' : 'copy.copy')}><button type="button" className="copyable mono ltr" onClick={copy}>{text}</button></Tooltip>}
    </CopyButton>
  )
}

function Person({ pearlId, lead }: { pearlId: string; lead: Lead }) {
  const { t, i18n } = useTranslation()
  const [editing, setEditing] = useState(false)
  const { mayChange } = useSession()
  const change = useChange(pearlId, lead.id)
  const stoppable = callable.includes(lead.status)
  const next = useLeadNext(pearlId, lead.id)

  const many = useChanges(pearlId)
  const busy = change.isPending || many.work !== null

  // A stop is a change of one, which can be taken back: then the lead is due when it was, after the same rest.
  const stop = async () => {
    try {
      const { changeId } = await many.change({ leadIds: [lead.id] }, { action: 'status', status: 130 })
      tell(t('lead.stopped', { number: lead.phoneNumber }), () => void many.takeBack(changeId).then(({ changed }) => tell(t(changed > 0 ? 'lead.asBefore' : 'lead.staysStopped', { number: lead.phoneNumber }))).catch(complain))
    } catch (error) {
      complain(error)
    }
  }
  const setStatus = (status: (typeof settable)[number]) => (status === 130 && stoppable ? void stop() : change.mutate({ status }, {
    onSuccess: () => tell(t(status === 1 || status === 10 ? 'lead.resumed' : 'lead.saved')),
    onError: complain,
  }))
  useHotkeys([['S', () => { if (mayChange && stoppable && !busy) void stop() }], ['E', () => mayChange && setEditing(true)]])

  return (
    <>
      <div className="stack" style={{ gap: 6 }}>
        <h2>{nameOf(lead.callData) ?? <span className="mono ltr">{lead.phoneNumber}</span>}</h2>
        <div className="row wrap small"><LeadStatusMark status={lead.status} /><span className="soft">{t('lead.clock', { time: atOffset(new Date(), lead.timeZone, i18n.language), offset: offsetText(lead.timeZone) })}</span></div>
      </div>
      <NextCall pearlId={pearlId} lead={lead} />
      {mayChange && <div className="row wrap">
        {stoppable
          ? <Button leftSection={<IconHandStop size={16} />} rightSection={<kbd className="on-button">S</kbd>} loading={busy} onClick={() => void stop()}>{t('lead.stop')}</Button>
          : next.data?.reason !== 'blacklisted' && <Button variant="default" leftSection={<IconPlayerPlay size={16} />} loading={busy} onClick={() => setStatus(10)}>{t('lead.callAgain')}</Button>}
        {!editing && <Button variant="default" leftSection={<IconPencil size={16} />} rightSection={<kbd>E</kbd>} onClick={() => setEditing(true)}>{t('lead.edit')}</Button>}
        <Menu position="bottom-start">
          <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={14} />} disabled={busy}>{t('bulk.status')}</Button></Menu.Target>
          <Menu.Dropdown>{settable.filter((status) => status !== lead.status).map((status) => <Menu.Item key={status} onClick={() => setStatus(status)}><LeadStatusMark status={status} still /></Menu.Item>)}</Menu.Dropdown>
        </Menu>
      </div>}
      {editing ? <LeadForm pearlId={pearlId} lead={lead} onDone={() => setEditing(false)} /> : <Data lead={lead} />}
      <Calls lead={lead} />
      <Timeline pearlId={pearlId} lead={lead} />
      <Told pearlId={pearlId} lead={lead} />
    </>
  )
}

function offsetText(offset: string): string {
  const hours = Number(offset)
  const minutes = Math.round(Math.abs(hours % 1) * 60)
  return `UTC${hours < 0 ? '−' : '+'}${Math.trunc(Math.abs(hours))}${minutes ? ':' + String(minutes).padStart(2, '0') : ''}`
}

// NextCall says when the lead is called next, or why not.
function NextCall({ pearlId, lead }: { pearlId: string; lead: Lead }) {
  const { t, i18n } = useTranslation()
  const words = useWords()
  const next = useLeadNext(pearlId, lead.id)
  if (next.error) return <p className="soft small">{next.error.message}</p>
  if (!next.data) return <Bones lines={2} />
  const { reason, detail, dueAt, attempts } = next.data
  const why = reason === 'final' ? t('lead.finalHelp', { status: t(`leadStatus.${lead.status}`) })
    : reason === 'blacklisted' ? <>{t('lead.blacklistedHelp')} <Link href={`/blacklist?search=${encodeURIComponent(lead.phoneNumber)}`} className="link">{t('lead.seeEntry')}</Link></>
    : <span dir="auto" lang="en">{detail}</span>
  return (
    <div className="note">
      <div className="grow stack" style={{ gap: 2 }}>
        <strong>{t(`next.${reason}`)}</strong>
        {dueAt && new Date(dueAt) > new Date() && <span>{t('lead.dueAt', { there: atOffset(new Date(dueAt), lead.timeZone, i18n.language), here: words.clock(new Date(dueAt)) })}</span>}
        <span className="soft small">{why}</span>
        <span className="soft small">{t('lead.attempts', { count: attempts })}</span>
      </div>
    </div>
  )
}

function Pairs({ values }: { values: [string, unknown][] }) {
  return <dl className="pairs">{values.map(([key, value]) => <div key={key} style={{ display: 'contents' }}><dt className="cut">{key}</dt><dd dir="auto">{said(value)}</dd></div>)}</dl>
}

function Data({ lead }: { lead: Lead }) {
  const { t } = useTranslation()
  const given = Object.entries(lead.callData)
  const collected = Object.entries(lead.collectedData)
  return (
    <>
      <section className="section">
        <h3>{t('lead.data')}</h3>
        <dl className="pairs">
          <dt>{t('lead.externalId')}</dt><dd className="mono">{lead.externalId ?? '–'}</dd>
          <dt>{t('lead.timeZone')}</dt><dd>{lead.timeZoneId ?? t('lead.zoneOfCampaign')}</dd>
          <dt>{t('lead.created')}</dt><dd><When at={lead.created} /></dd>
        </dl>
        {given.length > 0 && <Pairs values={given} />}
      </section>
      {collected.length > 0 && <section className="section"><h3>{t('lead.collected')}</h3><Pairs values={collected} /></section>}
    </>
  )
}

// mostCalls is how many calls are listed at first.
const mostCalls = 5

function Calls({ lead }: { lead: Lead }) {
  const { t } = useTranslation()
  const [all, setAll] = useState(false)
  const calls = lead.callsId.toReversed()
  if (calls.length === 0) return null
  return (
    <section className="section">
      <h3>{t('lead.calls', { count: calls.length })}</h3>
      {lead.lastCall?.summary && <p dir="auto">{lead.lastCall.summary}</p>}
      <ul className="plain-list">
        {calls.slice(0, all ? undefined : mostCalls).map((callId, n) => (
          <li key={callId}><Link href={callAddress(callId)} className="link">{n === 0 ? t('lead.lastCall') : t('lead.callNumber', { number: calls.length - n })}</Link>{n === 0 && lead.lastCall && <span className="soft"> · <When at={lead.lastCall.startTime} /></span>}</li>
        ))}
      </ul>
      {calls.length > mostCalls && !all && <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>{t('lead.allCalls')}</Button>}
    </section>
  )
}

// Timeline is each change of the lead, newest first.
function Timeline({ pearlId, lead }: { pearlId: string; lead: Lead }) {
  const { t } = useTranslation()
  const history = useLeadHistory(pearlId, lead.id)
  const nameOfActor = useActors()
  return (
    <section className="section">
      <h3>{t('lead.timeline')}</h3>
      {history.error ? <p className="soft">{history.error.message}</p> : !history.data ? <Bones lines={4} /> : (
        <ol className="timeline">
          {history.data.results.toReversed().map((event, n) => (
            <li key={n} style={event.to === null ? undefined : toneStyle(event.to)}>
              <i aria-hidden="true" />
              <span>
                {event.callId ? <Link href={callAddress(event.callId)} className="link">{what(event, t)}</Link> : what(event, t)}
                <span className="soft"> · {t('lead.by', { who: nameOfActor(event.by) })}</span>
              </span>
              <span className="soft small"><When at={event.at} /></span>
            </li>
          ))}
          {!history.data.results.some(({ kind }) => kind === 'added') && <li><i aria-hidden="true" /><span>{t('event.added')}</span><span className="soft small"><When at={lead.created} /></span></li>}
        </ol>
      )}
    </section>
  )
}

// mostTold is how many deliveries are listed.
const mostTold = 5

// Told is what others were told of the lead by webhooks, newest first.
function Told({ pearlId, lead }: { pearlId: string; lead: Lead }) {
  const { t } = useTranslation()
  const told = useQuery({ queryKey: ['deliveries', pearlId, 'lead', lead.id], queryFn: () => ask(api.POST('/v2/Pearl/{pearlId}/Webhooks/Deliveries', { params: { path: { pearlId } }, body: { leadId: lead.id, limit: mostTold } })) })
  if (told.data?.count === 0) return null
  return (
    <section className="section">
      <h3>{t('places.webhooks')}</h3>
      {told.error ? <p className="soft">{told.error.message}</p> : !told.data ? <Bones lines={2} /> : (
        <>
          <ul className="plain-list">
            {told.data.results.map((row) => (
              <li key={row.id} className="row"><Link href={`/webhooks?campaign=${pearlId}&leadId=${lead.id}&delivery=${row.id}`} className="link grow">{t(`delivery.${row.kind}`)}</Link><DeliveryState state={row.state} /><span className="soft small"><When at={row.createdAt} /></span></li>
            ))}
          </ul>
          {told.data.count > mostTold && <Link href={`/webhooks?campaign=${pearlId}&leadId=${lead.id}`} className="link small">{t('lead.allCalls')}</Link>}
        </>
      )}
    </section>
  )
}

type T = ReturnType<typeof useTranslation>['t']

function what(event: Schemas['Event'], t: T): string {
  switch (event.kind) {
    case 'status':
      return event.to === null ? t('event.status') : t('event.statusTo', { status: t(`leadStatus.${event.to}`) })
    case 'added':
      return t('event.added')
    case 'edited':
      return t('event.edited', { members: event.note ?? '' })
    case 'attempt':
      return t('event.attempt')
    case 'outcome':
      return t('event.outcome', { outcome: outcomeOf(event.note, t) })
    default:
      return [event.kind, event.note].filter(Boolean).join(' ')
  }
}

// outcomes are those that have words of their own; any other is shown as the API names it.
const outcomes = ['success', 'notSuccess', 'completed', 'callback', 'voicemail', 'machine', 'busy', 'noAnswer', 'failed', 'notAllocated', 'lost', 'cancelled', 'blocked', 'error'] as const

function outcomeOf(note: string | null, t: T): string {
  const known = outcomes.find((outcome) => outcome === note)
  return known ? t(`outcome.${known}`) : (note ?? '–')
}

// useActors names who did something: people and keys of the account to those who may list them.
function useActors(): (by: string) => string {
  const { t } = useTranslation()
  const { administers } = useSession()
  const people = usePeople(administers)
  const keys = useKeys(administers)
  return (by) => {
    const [kind, id] = by.split(':', 2)
    if (kind === 'key') return keys.data?.find((key) => key.id === id)?.name ?? t('by.key')
    if (kind === 'person') return people.data?.find((person) => person.id === id)?.email ?? t('by.person')
    return by === 'callee' ? t('by.callee') : by === 'dialer' || by === 'rescue' || by === 'shutdown' || by === 'retention' ? t('by.nacre') : by
  }
}
