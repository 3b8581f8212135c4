import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { usePearlSettings } from '../../api/queries'
import { useSession } from '../../api/session'
import { useLive, type Said } from '../../frame/live'
import { Elapsed } from '../../pieces/when'
import { useWords } from '../../pieces/words'
import { HangUp } from './hang-up'
import { ListenIn } from './listen-in'

type State = 'ringing' | 'talking' | 'over' | 'unknown' // unknown: there is no stream to tell

// useAir is how a call in the air is, as the stream tells it.
function useAir(call: Schemas['Call']): { state: State; answeredAt: string | null } {
  const { calls } = useLive()
  const here = calls?.get(call.id)
  const [answeredAt, keep] = useState<string | null>(null) // also once it is over
  useEffect(() => { if (here?.answeredAt) keep(here.answeredAt) }, [here?.answeredAt])
  return { state: calls === null ? 'unknown' : here?.state ?? 'over', answeredAt: here?.answeredAt ?? answeredAt }
}

// AirTime says how long a call in the air has been talked or has rung.
export function AirTime({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const { state, answeredAt } = useAir(call)
  return <><Elapsed since={answeredAt ?? call.startTime} />{(state === 'ringing' || state === 'talking') && <> {t(`liveCalls.${state}`)}</>}</>
}

// AirActions are what can be done with a call in the air.
export function AirActions({ call }: { call: Schemas['Call'] }) {
  const { mayChange } = useSession()
  const { state } = useAir(call)
  return <><ListenIn callId={call.id} silent={state === 'ringing'} />{mayChange && <HangUp call={call} pearlId={call.pearlId} />}</>
}

// Running is what is said in a call, while it is said.
export function Running({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const { said } = useLive()
  const settings = usePearlSettings(call.pearlId)
  const { state, answeredAt } = useAir(call)
  const now = said.get(call.id)
  const [kept, keep] = useState<readonly Said[]>([]) // the stream forgets a call that is over, the page when it is written up
  useEffect(() => { if (now) keep(now) }, [now])
  const lines = now ?? kept
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => { void list.current?.lastElementChild?.scrollIntoView({ block: 'nearest' }) }, [lines.length]) // newer browsers return a promise
  const silent = settings.data?.outbound?.transcriptOptions === 3
  const help = silent ? 'running.noTranscript' : state === 'over' ? 'running.over' : lines.length > 0 ? null : (`running.${state}` as const)
  return (
    <div className="listen">
      <h2>{t('running.title')}</h2>
      <ol className="transcript" ref={list} aria-label={t('call.transcript')} aria-live="polite">
        {lines.map(({ by, text, at }, n) => (
          <li key={n} data-role={by === 'agent' ? 2 : 3}>
            <div className="transcript-line">
              <span className="figures ltr soft">{answeredAt ? words.duration(Math.max(0, (Date.parse(at) - Date.parse(answeredAt)) / 1000)) : ''}</span>
              <span className="who">{t(by === 'agent' ? 'role.2' : 'role.3')}</span>
              <span dir="auto">{text}</span>
            </div>
          </li>
        ))}
      </ol>
      {help && <p className="soft" role="status">{t(help)}</p>}
    </div>
  )
}
