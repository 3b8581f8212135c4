import { ActionIcon, Button, Checkbox, Tabs, TextInput } from '@mantine/core'
import { IconCheck, IconMicrophone, IconPhoneOff, IconRefresh, IconSend, IconX } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { api, ask, Failure, lines, type Schemas } from '../../api/client'
import { talkByEar } from './by-ear'
import { notSaved, type Settings } from './draft'
import { Keypad } from './keypad'
import { NoMicrophone } from './microphone'
import { useTexts } from './texts'

type Talk = Schemas['TalkView']

// Try talks to the Pearl as it is edited, beside the editor, and rehearses scenarios with it.
export function Try({ pearlId, settings, save }: { pearlId: string; settings: Settings; save: () => Promise<boolean> }) {
  const { t } = useTexts()
  return (
    <Tabs defaultValue="talk" keepMounted>
      <Tabs.List><Tabs.Tab value="talk">{t('try.talk')}</Tabs.Tab><Tabs.Tab value="rehearse">{t('try.rehearse')}</Tabs.Tab></Tabs.List>
      <Tabs.Panel value="talk" pt="md"><TalkPanel pearlId={pearlId} settings={settings} save={save} /></Tabs.Panel>
      <Tabs.Panel value="rehearse" pt="md"><Rehearse pearlId={pearlId} save={save} /></Tabs.Panel>
    </Tabs>
  )
}

function TalkPanel({ pearlId, settings, save }: { pearlId: string; settings: Settings; save: () => Promise<boolean> }) {
  const { t } = useTexts()
  const [talk, setTalk] = useState<Talk | null>(null)
  const [text, setText] = useState('')
  const [said, setSaid] = useState<string | null>(null)
  const [person, setPerson] = useState<Record<string, string>>({})
  const [keysOnly, setKeysOnly] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const end = useRef<HTMLDivElement>(null)
  const [byEar, setByEar] = useState(false)
  const ear = useRef<AbortController | null>(null)
  const agentLevel = useRef<HTMLSpanElement>(null)
  const personLevel = useRef<HTMLSpanElement>(null)
  useEffect(() => () => ear.current?.abort(), [])
  const answer = async (body: { keysOnly?: boolean; byEar?: boolean }) => {
    if (!(await save())) throw notSaved
    return ask(api.POST('/v2/Pearl/{pearlId}/Try', { params: { path: { pearlId }, query: { draft: true } }, body: { callData: Object.fromEntries(Object.entries(person).filter(([, value]) => value !== '')), ...body } }))
  }
  const speak = useMutation({
    mutationFn: async () => {
      const control = (ear.current = new AbortController())
      const levels = (agent: number, person: number) => {
        agentLevel.current?.style.setProperty('--level', agent.toFixed(3))
        personLevel.current?.style.setProperty('--level', person.toFixed(3))
      }
      const told = (view: Talk) => { if (!control.signal.aborted) { setByEar(true); setTalk(view) } }
      await talkByEar(pearlId, () => answer({ byEar: true, keysOnly }), told, levels, control.signal).catch((error: unknown) => { if (!control.signal.aborted) throw error })
    },
  })
  const begin = useMutation({
    mutationFn: () => answer({ keysOnly }),
    onSuccess: (view) => { setTalk(view); window.setTimeout(() => input.current?.focus()) },
  })
  const act = useMutation({
    scope: { id: `try ${pearlId}` }, // keys are pressed one after another
    mutationFn: (body: { do: Schemas['TryActRequest']['do']; text: string }) => ask(api.POST('/v2/Pearl/{pearlId}/Try/{tryId}', { params: { path: { pearlId, tryId: talk!.id } }, body })),
    onSuccess: (view) => setTalk((before) => (before?.id === view.id && before.isOver ? before : view)), // the answer to sound may have been first
    onSettled: () => { setSaid(null); window.setTimeout(() => input.current?.focus()) },
  })
  useEffect(() => { void end.current?.scrollIntoView({ block: 'nearest' }) }, [talk, said]) // newer browsers return a promise

  const say = (event: FormEvent) => {
    event.preventDefault()
    const words = text.trim()
    if (words === '' || act.isPending) return
    const keys = /^[0-9*#]+$/.test(words) && (keysOnly || /[*#]/.test(words))
    setSaid(words)
    setText('')
    act.mutate({ do: keys ? 'keys' : 'say', text: words })
  }
  const error = begin.error ?? act.error ?? speak.error
  const failed = error && (error === notSaved ? t('try.notSaved') : error instanceof NoMicrophone ? t(`try.deaf.${error.why}`) : error.message)
  const gone = act.error instanceof Failure && act.error.errors['validation']?.includes('wrong TryId')
  const before = settings.variables.filter(({ group, id }) => group === 1 && id !== '')
  const asked = settings.variables.filter(({ group }) => group === 2)

  if (talk === null) {
    return (
      <form className="stack" onSubmit={(event) => { event.preventDefault(); begin.mutate() }}>
        <p className="small soft">{t('try.help')}</p>
        {['firstName', ...before.map(({ id }) => id).filter((id) => id !== 'firstName')].slice(0, 12).map((id) => (
          <TextInput key={id} size="xs" label={<span className="mono ltr">{id}</span>} value={person[id] ?? ''} onChange={(event) => setPerson({ ...person, [id]: event.currentTarget.value })} dir="auto" />
        ))}
        <Checkbox size="xs" label={t('try.keysOnly')} checked={keysOnly} onChange={(event) => setKeysOnly(event.currentTarget.checked)} />
        {failed && <p role="alert" className="small" style={{ color: 'var(--danger)' }}>{failed}</p>}
        <Button type="submit" loading={begin.isPending}>{t('try.begin')}</Button>
        <Button variant="default" leftSection={<IconMicrophone size={16} />} loading={speak.isPending} onClick={() => speak.mutate()}>{t('try.speak')}</Button>
      </form>
    )
  }
  return (
    <div className="talk">
      <ol className="talk-lines" aria-live="polite" aria-label={t('try.talk')}>
        {talk.transcript.map((line, n) => <li key={n} data-role={line.role} dir="auto"><span className="hidden">{t(line.role === 2 ? 'try.agent' : 'try.you')}</span>{line.content}</li>)}
        {said && <li data-role="3" dir="auto">{said}</li>}
        {act.isPending && !byEar && <li data-role="2" className="soft" aria-label={t('try.thinks')}>…</li>}
      </ol>
      <div ref={end} />
      {talk.isOver && talk.outcome
        ? <Outcome outcome={talk.outcome} />
        : byEar ? (
          <div className="row by-ear">
            <span className="levels" aria-hidden="true"><span ref={agentLevel} className="level agent" /><span ref={personLevel} className="level person" /></span>
            <span className="grow small soft" role="status">{t(keysOnly ? 'try.hearsKeys' : 'try.hears')}</span>
            <Keypad press={(key) => act.mutate({ do: 'keys', text: key })} shown={keysOnly} />
            <Button variant="default" size="compact-sm" leftSection={<IconPhoneOff size={14} />} onClick={() => act.mutate({ do: 'hangUp', text: '' })}>{t('try.hangUp')}</Button>
          </div>
        )
        : (
          <form className="row" onSubmit={say}>
            <TextInput ref={input} className="grow" aria-label={t('try.say')} placeholder={t(keysOnly ? 'try.press' : 'try.say')} value={text} onChange={(event) => setText(event.currentTarget.value)} maxLength={2000} dir="auto" autoComplete="off" />
            <ActionIcon type="submit" size={36} aria-label={t('try.send')} disabled={text.trim() === '' || act.isPending}><IconSend size={16} className="points" /></ActionIcon>
            <ActionIcon variant="default" size={36} aria-label={t('try.hangUp')} disabled={act.isPending} onClick={() => act.mutate({ do: 'hangUp', text: '' })}><IconPhoneOff size={16} /></ActionIcon>
          </form>
        )}
      {failed && <p role="alert" className="small" style={{ color: 'var(--danger)' }}>{gone ? t('try.gone') : failed}</p>}
      {!talk.isOver && !byEar && <Button variant="subtle" size="compact-sm" disabled={act.isPending} onClick={() => act.mutate({ do: 'silence', text: '' })} style={{ alignSelf: 'start' }}>{t('try.silence')}</Button>}
      <section className="section" aria-live="polite">
        <h3>{t('try.collected')}</h3>
        {asked.length === 0 ? <p className="small soft">{t('try.asksNothing')}</p> : (
          <dl className="pairs">{asked.map(({ id, name }) => { const value = talk.collectedInfo.find((one) => one.id === id)?.value; return [<dt key={id}>{name || id}</dt>, <dd key={`${id}.`} dir="auto">{value === undefined || value === null ? '–' : typeof value === 'boolean' ? t(value ? 'try.yes' : 'try.no') : String(value)}</dd>] })}</dl>
        )}
        {talk.actions.length > 0 && <><h3>{t('try.actions')}</h3><ul className="plain-list">{talk.actions.map(({ name, kind }, n) => <li key={n}><span className="mono">{name}</span> <span className="soft">{t(`try.kind.${kind}`)}</span></li>)}</ul></>}
      </section>
      <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={() => { ear.current?.abort(); act.reset(); begin.reset(); speak.reset(); setByEar(false); setTalk(null) }} style={{ alignSelf: 'start' }}>{t('try.again')}</Button>
    </div>
  )
}

function Outcome({ outcome }: { outcome: Schemas['TalkOutcome'] }) {
  const { t, i18n, has } = useTexts()
  const text = has(`try.outcome.${outcome.outcome}`) ? t(`try.outcome.${outcome.outcome}` as 'try.outcome.success') : outcome.outcome
  return (
    <div className="note" role="status" data-tone={outcome.isSuccessful ? 'good' : undefined}>
      {outcome.isSuccessful && <IconCheck size={18} color="var(--good)" aria-hidden="true" />}
      <div className="two-lines">
        <strong>{text}</strong>
        <span className="soft">{t('try.ended', { by: t(`try.by.${outcome.endedBy}`), count: Math.round(outcome.seconds) })}</span>
        {outcome.callBackAt && <span>{t('try.callBack', { at: new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(outcome.callBackAt)) })}</span>}
        {outcome.isOptOut && <span>{t('try.optOut')}</span>}
        {outcome.tags.length > 0 && <span>{outcome.tags.join(', ')}</span>}
        {outcome.error && <span style={{ color: 'var(--danger)' }}>{outcome.error}</span>}
      </div>
    </div>
  )
}

const sample = `scenarios:
  - name: agrees
    person: {firstName: Ada}
    turns:
      - say: yes please
    expect:
      outcome: success
  - name: does not want to
    turns:
      - say: no thank you
    expect:
      outcome: notSuccess
`

type Verdict = { name: string; hasPassed: boolean; faults: string[]; transcript: Schemas['Line'][] }

function Rehearse({ pearlId, save }: { pearlId: string; save: () => Promise<boolean> }) {
  const { t } = useTexts()
  const [text, setText] = useState(() => localStorage.getItem(`nacre.scenarios.${pearlId}`) ?? sample)
  const [verdicts, setVerdicts] = useState<Verdict[]>([])
  const [total, setTotal] = useState(0)
  const file = useRef<HTMLInputElement>(null)
  const run = useMutation({
    mutationFn: async () => {
      localStorage.setItem(`nacre.scenarios.${pearlId}`, text)
      setVerdicts([])
      setTotal(0)
      if (!(await save())) throw notSaved
      for await (const line of lines<{ total?: number } & Partial<Verdict>>(`/v2/Pearl/${pearlId}/Rehearse?draft=true`, { scenarios: text })) {
        if (line.total !== undefined) setTotal(line.total)
        if (line.name !== undefined) setVerdicts((all) => [...all, line as Verdict])
      }
    },
  })
  const failed = verdicts.filter(({ hasPassed }) => !hasPassed).length
  return (
    <div className="stack">
      <p className="small soft">{t('try.rehearseHelp')}</p>
      <label className="stack headers" style={{ gap: 2 }}><span className="label">{t('try.scenarios')}</span><textarea className="mono ltr" rows={12} value={text} onChange={(event) => setText(event.currentTarget.value)} spellCheck={false} /></label>
      <div className="row">
        <Button loading={run.isPending} onClick={() => run.mutate()}>{t('try.run')}</Button>
        <input ref={file} type="file" accept=".yaml,.yml,.json" hidden onChange={(event) => { const chosen = event.currentTarget.files?.[0]; void chosen?.text().then(setText) }} />
        <Button variant="subtle" onClick={() => file.current?.click()}>{t('try.load')}</Button>
      </div>
      {run.error && <p role="alert" className="small" style={{ color: 'var(--danger)' }}>{run.error === notSaved ? t('try.notSaved') : run.error.message}</p>}
      {total > 0 && <p role="status" className="small">{t('try.result', { count: total, done: verdicts.length, failed })}</p>}
      <ul className="verdicts">
        {verdicts.map(({ name, hasPassed, faults, transcript }) => (
          <li key={name}>
            <details open={!hasPassed}>
              <summary>{hasPassed ? <IconCheck size={16} color="var(--good)" aria-label={t('try.passed')} /> : <IconX size={16} color="var(--danger)" aria-label={t('try.failed')} />}<span dir="auto">{name}</span></summary>
              {faults.length > 0 && <ul className="plain-list" style={{ color: 'var(--danger)' }}>{faults.map((fault) => <li key={fault}>{fault}</li>)}</ul>}
              <ol className="talk-lines">{transcript.map((line, n) => <li key={n} data-role={line.role} dir="auto">{line.content}</li>)}</ol>
            </details>
          </li>
        ))}
      </ul>
    </div>
  )
}
