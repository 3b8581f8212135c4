import { Button } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client'
import { useNumbers, usePearlSettings, useWarnings } from '../../api/queries'
import { useSession } from '../../api/session'
import { Bones, Failing } from '../../pieces/states'
import { useWords } from '../../pieces/words'

// Settings says in plain words how a campaign calls and what it says.
export function Settings({ pearlId }: { pearlId: string }) {
  const { t } = useTranslation()
  const settings = usePearlSettings(pearlId)
  const warnings = useWarnings(pearlId)
  const { mayChange } = useSession()
  if (settings.error) return <Failing error={settings.error} retry={() => void settings.refetch()} />
  if (!settings.data) return <Bones lines={8} />
  const { pearl, outbound, variables } = settings.data
  return (
    <div className="stack form" style={{ gap: 24 }}>
      {(warnings.data ?? []).map(({ member, text }) => <div className="note" key={member + text}><IconInfoCircle size={18} color="var(--warn)" aria-hidden="true" /><span dir="auto"><span className="mono">{member}</span> {text}</span></div>)}
      <div><Button component={Link} href={`/pearls/${pearlId}?part=calling`} variant="default">{t(mayChange ? 'campaign.edit' : 'campaign.more')}</Button></div>
      {outbound && <Calling outbound={outbound} zone={pearl.timeZone} />}
      <section className="stack" style={{ gap: 10 }}>
        <h2>{t('settings.says')}</h2>
        <dl className="pairs">
          <Pair name={t('settings.company')}>{[pearl.companyName, pearl.companyDescription].filter(Boolean).join(' – ')}</Pair>
          <Pair name={t('settings.opening')}>{pearl.nodes?.find(({ nodeType }) => nodeType === 2)?.script ?? pearl.openingSentence}</Pair>
          {pearl.nodes?.length
            ? <Pair name={t('settings.nodes')}><Link href={`/pearls/${pearlId}?part=flow`} className="link">{pearl.nodes.map(({ name }) => name).join(', ')}</Link></Pair>
            : <Pair name={t('settings.script')}>{pearl.flowScript}</Pair>}
          <Pair name={t('settings.successWhen')}>{pearl.successDescription || t('settings.noSuccess')}</Pair>
          {outbound && <Pair name={t('settings.voicemail')}>{outbound.voiceMail || t('settings.noVoicemail')}</Pair>}
        </dl>
      </section>
      {variables.length > 0 && (
        <section className="stack" style={{ gap: 10 }}>
          <h2>{t('settings.variables')}</h2>
          <table className="plain-table">
            <thead><tr><th>{t('settings.variable')}</th><th>{t('settings.known')}</th><th>{t('settings.question')}</th></tr></thead>
            <tbody>{variables.map((variable) => <tr key={variable.id}><td className="mono">{variable.id}</td><td>{t(variable.group === 1 ? 'settings.before' : 'settings.inCall')}</td><td>{variable.description || variable.name}</td></tr>)}</tbody>
          </table>
        </section>
      )}
    </div>
  )
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return <><dt>{name}</dt><dd dir="auto">{children || '–'}</dd></>
}

function Calling({ outbound, zone }: { outbound: Schemas['OutboundView']; zone: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const numbers = useNumbers()
  const number = numbers.data?.find((one) => one.id === outbound.phoneNumberId)
  return (
    <section className="stack" style={{ gap: 10 }}>
      <h2>{t('settings.calls')}</h2>
      <dl className="pairs">
        <Pair name={t('settings.number')}>{outbound.phoneNumberId === null ? t('settings.noNumber') : <><span className="mono ltr">{number?.number ?? '–'}</span> {number && number.trunkId === null && <span className="soft">{t('frame.sandbox')}</span>}</>}</Pair>
        <Pair name={t('settings.agents')}>{t('settings.atOnce', { count: outbound.totalAgents })}</Pair>
        <Pair name={t('settings.hours')}><Hours windows={outbound.callingHours} />{outbound.holidays.length > 0 && <div className="soft">{t('settings.holidays', { count: outbound.holidays.length })}</div>}</Pair>
        <Pair name={t('settings.zone')}>{t('settings.zoneOf', { zone: outbound.timeZone ?? zone })}</Pair>
        <Pair name={t('settings.attempts')}>{t('settings.attemptsOf', { count: outbound.maximumCallAttempts, rest: t(`settings.interval.${outbound.minimumRetryIntervalHours}`) })}{outbound.retryPolicy && <div className="soft">{t('settings.ownRests', { outcomes: Object.keys(outbound.retryPolicy).map((outcome) => t(`outcome.${outcome as 'busy'}`)).join(', ') })}</div>}</Pair>
        <Pair name={t('settings.rings')}>{t('settings.seconds', { count: outbound.ringDuration })}</Pair>
        <Pair name={t('settings.longest')}>{t('settings.minutes', { count: outbound.callTimeout })}</Pair>
        <Pair name={t('settings.records')}>{t(`settings.track.${outbound.recordingTrack}`)}</Pair>
        <Pair name={t('settings.budget')}>{outbound.budgetTotal === null ? t('campaign.noBudget') : words.number(outbound.budgetTotal)}</Pair>
        <Pair name={t('settings.callWebhook')}><span className="mono ltr">{outbound.callWebhookUrl ?? '–'}</span></Pair>
        <Pair name={t('settings.leadWebhook')}><span className="mono ltr">{outbound.leadWebhookUrl ?? '–'}</span></Pair>
      </dl>
    </section>
  )
}

const workWeek: Schemas['CallingWindow'][] = [1, 2, 3, 4, 5].map((day) => ({ day, start: '09:00', end: '18:00' }))

// Hours draws the windows of a week, a line a day.
function Hours({ windows }: { windows: Schemas['CallingWindow'][] }) {
  const { i18n, t } = useTranslation()
  const all = windows.length === 0 ? workWeek : windows
  const nameOf = (day: number) => new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2023, 0, 1 + day)))
  return (
    <div className="week" role="list">
      {[0, 1, 2, 3, 4, 5, 6].map((day) => {
        const open = all.filter((window) => window.day % 7 === day)
        const text = open.map(({ start, end }) => `${start.slice(0, 5)}–${end.slice(0, 5)}`).join(', ') || t('settings.closed')
        return (
          <div key={day} className="week-day" role="listitem">
            <span>{nameOf(day)}</span>
            <span className="week-bar ltr" aria-hidden="true">
              {open.map(({ start, end }, n) => {
                const [from, to] = [hourOf(start), hourOf(end)]
                return <i key={n} style={{ left: `${(from / 24) * 100}%`, width: `${((to > from ? to : 24) - from) / 24 * 100}%` }} />
              })}
            </span>
            <span className="soft figures ltr">{text}</span>
          </div>
        )
      })}
    </div>
  )
}

function hourOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours + minutes / 60
}
