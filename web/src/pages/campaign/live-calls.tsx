import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client'
import { useLiveCalls } from '../../api/queries'
import { useSession } from '../../api/session'
import { useLive, type Said } from '../../frame/live'
import { Elapsed } from '../../pieces/when'
import { callAddress } from '../../routes'
import { HangUp } from '../calls/hang-up'
import { ListenIn } from '../calls/listen-in'

type InAir = { id: string; to: string; name: string; since: string; state: 'ringing' | 'talking' | null; said?: Said }

// LiveCalls are the calls of a campaign that are in the air, the longest first.
export function LiveCalls({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const { error, calls } = useCallsInAir(pearl.id)
  return (
    <section className="stack" style={{ gap: 8 }}>
      <h2>{t('liveCalls.title')}</h2>
      {error ? <p className="soft">{error.message}</p> : calls.length === 0 ? <p className="soft">{t(pearl.status === 1 ? 'liveCalls.none' : 'liveCalls.paused')}</p> : (
        <ul className="live-calls">{calls.map((call) => <LiveCall key={call.id} call={call} pearlId={pearl.id} />)}</ul>
      )}
    </section>
  )
}

// useCallsInAir is the calls as the stream tells them, where there is one: it knows before a search does.
function useCallsInAir(pearlId: string): { error: Error | null; calls: InAir[] } {
  const search = useLiveCalls(pearlId)
  const live = useLive()
  const found = search.data?.results ?? []
  if (live.calls === null) return { error: search.error, calls: found.map(({ id, to, name, startTime }) => ({ id, to, name: name ?? '', since: startTime, state: null })) }
  const names = new Map(found.map((row) => [row.id, row.name ?? '']))
  const calls = [...live.calls.values()].filter((call) => call.pearlId === pearlId).sort((a, b) => a.startTime.localeCompare(b.startTime))
  return {
    error: null,
    calls: calls.map(({ id, to, state, startTime, answeredAt }) => ({ id, to, name: names.get(id) ?? '', since: answeredAt ?? startTime, state: state === 'talking' ? state : 'ringing', said: live.said.get(id)?.at(-1) })),
  }
}

function LiveCall({ call, pearlId }: { call: InAir; pearlId: string }) {
  const { t } = useTranslation()
  const { mayChange } = useSession()
  return (
    <li>
      <span className="status" data-breathes="true" style={{ '--tone': 'var(--status-moving)' } as React.CSSProperties}><i aria-hidden="true" /><Elapsed since={call.since} />{call.state && <span className="soft">{t(`liveCalls.${call.state}`)}</span>}</span>
      <Link href={callAddress(call.id)} className="row who"><span className="mono ltr">{call.to}</span><span className="cut">{call.name}</span></Link>
      <span className="said cut soft" dir="auto">{call.said && <><b>{t(`liveCalls.by.${call.said.by}`)}</b> {call.said.text}</>}</span>
      <ListenIn callId={call.id} number={call.to} silent={call.state === 'ringing'} />
      {mayChange && <HangUp call={call} pearlId={pearlId} small />}
    </li>
  )
}
