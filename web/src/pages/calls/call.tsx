import { Button, Tabs } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api, ask, ownPath, type Schemas } from '../../api/client'
import { useCall, usePearl } from '../../api/queries'
import { useNamed } from '../../frame/crumb'
import { useAddress } from '../../pieces/address'
import { save } from '../../pieces/save'
import { Bones, Failing } from '../../pieces/states'
import { LeadStatusMark } from '../../pieces/status'
import { When } from '../../pieces/when'
import { said, useWords } from '../../pieces/words'
import { leadAddress, versionAddress } from '../../routes'
import { Ladder } from './ladder'
import { Listen } from './listen'
import { Queue, Review } from './review'
import { AirActions, AirTime, Running } from './running'

// CallPage is one call: what was said, heard again, and what came of it.
export default function CallPage({ params: { id } }: { params: { id: string } }) {
  const { t } = useTranslation()
  const call = useCall(id)
  useNamed(call.data && (call.data.name ?? call.data.to))
  if (call.error) return <div className="page"><Failing error={call.error} retry={() => void call.refetch()} /></div>
  if (!call.data) return <div className="page"><Bones lines={8} height={18} /></div>
  return <Known key={id} call={call.data} t={t} />
}

function Known({ call, t }: { call: Schemas['Call']; t: ReturnType<typeof useTranslation>['t'] }) {
  const words = useWords()
  const pearl = usePearl(call.pearlId)
  const inAir = call.status === 3
  return (
    <div className="page">
      <div className="page-head">
        <h1>{call.name ?? <span className="mono ltr">{call.to}</span>}</h1>
        <LeadStatusMark status={call.conversationStatus} />
        <div className="grow" />
        <Queue call={call} />
        {inAir ? <AirActions call={call} /> : <Downloads call={call} />}
      </div>
      <p className="soft call-line">
        {call.name && <span className="mono ltr">{call.to}</span>}
        <span>{t(`callStatus.${call.status}`)}</span>
        <span><When at={call.startTime} /></span>
        <span>{inAir ? <AirTime call={call} /> : <span className="ltr figures">{words.duration(call.duration)}</span>}</span>
        {pearl.data && <Link href={`/campaigns/${call.pearlId}`} className="link">{pearl.data.name}</Link>}
        {call.leadId && <Link href={leadAddress(call.pearlId, call.leadId)} className="link">{t('call.lead')}</Link>}
      </p>
      {inAir ? (
        <div className="call">
          <Running call={call} />
          <div className="call-side stack"><p className="soft">{t('call.notOver')}</p><dl className="pairs"><Facts call={call} /></dl></div>
        </div>
      ) : <Finished call={call} />}
    </div>
  )
}

function Finished({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const { params, set } = useAddress()
  const tab = params.get('tab') ?? 'result'
  return (
    <div className="call">
      <Listen call={call} />
      <div className="call-side">
        <Tabs value={tab} onChange={(chosen) => set({ tab: chosen === 'result' ? null : chosen })}>
          <Tabs.List><Tabs.Tab value="result">{t('call.result')}</Tabs.Tab><Tabs.Tab value="charges">{t('call.charges')}</Tabs.Tab><Tabs.Tab value="signalling">{t('ladder.title')}</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="result" pt="md"><Result call={call} /></Tabs.Panel>
          <Tabs.Panel value="charges" pt="md">{tab === 'charges' && <Charges callId={call.id} />}</Tabs.Panel>
          <Tabs.Panel value="signalling" pt="md">{tab === 'signalling' && <Ladder callId={call.id} />}</Tabs.Panel>
        </Tabs>
        <Review call={call} />
      </div>
    </div>
  )
}

function Result({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  return (
    <div className="stack">
      {call.summary && <p dir="auto">{call.summary}</p>}
      <dl className="pairs">
        {call.collectedInfo.map(({ id, name, value }) => <div key={id} style={{ display: 'contents' }}><dt>{name || id}</dt><dd dir="auto">{said(value)}</dd></div>)}
        <dt>{t('call.answerer')}</dt><dd>{call.answerer === null ? '–' : t(`answerer.${call.answerer}`)}</dd>
        <dt>{t('call.sentiment')}</dt><dd>{t(`sentiment.${call.overallSentiment}`)}</dd>
        <dt>{t('call.tags')}</dt><dd>{call.tags.join(', ') || '–'}</dd>
        <dt>{t('call.transferred')}</dt><dd>{t(call.isCallTransferred ? 'call.yes' : 'call.no')}</dd>
        <Facts call={call} />
      </dl>
      {call.answererEvidence.length > 0 && <Evidence evidence={call.answererEvidence} />}
    </div>
  )
}

// Facts are what is known of a call from its beginning on.
function Facts({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  return (
    <>
      <dt>{t('call.from')}</dt><dd className="mono ltr">{call.from}</dd>
      <dt>{t('call.version')}</dt><dd>{call.pearlVersion === null ? '–' : <Link href={versionAddress(call.pearlId, call.pearlVersion)} className="link">{t('call.versionOf', { version: call.pearlVersion })}</Link>}</dd>
      <dt>{t('call.id')}</dt><dd className="mono ltr">{call.id}</dd>
    </>
  )
}

// Evidence is what tells who picked up; the weights for one add up, and four are enough (contract 3.2).
function Evidence({ evidence }: { evidence: Schemas['Call']['answererEvidence'] }) {
  const { t } = useTranslation()
  const words = useWords()
  return (
    <section className="section">
      <h3>{t('call.evidence')}</h3>
      <ol className="evidence">
        {evidence.map(({ at, source, answerer, weight, detail }, n) => (
          <li key={n}>
            <span className="figures ltr soft">{t('call.at', { seconds: words.number(at, 1) })}</span>
            <span><strong>{t(`answerer.${answerer}`)}</strong> <span className="soft">{t(`evidence.${source}`)} · {t('call.weight', { weight: words.number(weight) })}</span><span className="block soft" dir="auto">{detail}</span></span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Charges({ callId }: { callId: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const charges = useQuery({ queryKey: ['call', callId, 'charges'], queryFn: () => ask(api.GET('/v2/Call/{callId}/Charges', { params: { path: { callId } } })) })
  if (charges.error) return <p className="soft">{charges.error.message}</p>
  if (!charges.data) return <Bones lines={3} />
  if (charges.data.length === 0) return <p className="soft">{t('call.noCharges')}</p>
  return (
    <table className="plain-table">
      <thead><tr><th>{t('call.service')}</th><th className="end">{t('call.used')}</th><th className="end">{t('call.cost')}</th></tr></thead>
      <tbody>
        {charges.data.map((charge, n) => (
          <tr key={n}>
            <td>{charge.provider} <span className="soft">{charge.model}</span></td>
            <td className="end">{charge.kind === 'ears' ? t('call.seconds', { count: Math.round(charge.seconds) }) : charge.kind === 'voice' ? t('call.characters', { count: charge.characters }) : t('call.tokens', { count: charge.inputTokens + charge.outputTokens })}</td>
            <td className="end">{words.number(charge.cost, 4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Downloads({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const text = call.transcript.map((line) => `[${line.startTime.toFixed(1)}] ${t(`role.${line.role}`)}: ${line.content}`).join('\n') + '\n'
  return (
    <div className="row wrap">
      {call.recording && <Button component="a" href={ownPath(call.recording)} download={`${call.id}.wav`} variant="default" leftSection={<IconDownload size={15} />}>{t('call.recording')}</Button>}
      {call.transcript.length > 0 && <Button variant="default" onClick={() => save(`${call.id}.txt`, 'text/plain', text)}>{t('call.transcript')}</Button>}
      <Button variant="default" onClick={() => save(`${call.id}.json`, 'application/json', JSON.stringify(call, null, 2))}>JSON</Button>
    </div>
  )
}
