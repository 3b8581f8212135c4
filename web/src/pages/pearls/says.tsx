import { ActionIcon, Tooltip } from '@mantine/core'
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, ask, ownPath } from '../../api/client'
import { complain } from '../../pieces/told'
import { at, useEdit } from './draft'
import { Amount, Choice, Flag, List, Nullable, Text, Texts, Words } from './fields'
import { ToNodes } from './nodes'
import { useTexts } from './texts'

// Says edits who the agent is and what it says.
export function Says() {
  const { t } = useTexts()
  const { settings } = useEdit()
  return (
    <div className="stack form editor-part">
      <h2>{t('pearl.who')}</h2>
      <Text path="name" help={t('pearl.help.name')} />
      <Agent />
      <Text path="pearl.companyName" />
      <Words path="pearl.companyDescription" help={t('pearl.help.companyDescription')} rows={2} />
      <Words path="pearl.agentPersonality" help={t('pearl.help.agentPersonality')} rows={2} />
      <div className="field-row"><Text path="pearl.timeZone" mono help={t('pearl.help.timeZone')} /><Amount path="pearl.modelType" help={t('pearl.help.modelType')} min={-2147483648} /></div>
      <Flag path="pearl.memory" />
      <h2>{t('pearl.what')}</h2>
      {settings.pearl.nodes?.length ? <p className="note">{t('pearl.byNodes')}</p> : (
        <>
          <Words path="pearl.openingSentence" help={t('pearl.help.openingSentence')} before />
          <Words path="pearl.flowScript" help={t('pearl.help.flowScript')} rows={9} />
          <ToNodes />
        </>
      )}
      <Words path="pearl.knowledgeBase" help={t('pearl.help.knowledgeBase')} rows={6} />
      {settings.outbound && (
        <>
          <h2>{t('pearl.machines')}</h2>
          <Words path="outbound.voiceMail" help={t('pearl.help.voiceMail')} before />
          <Words path="outbound.screeningAnswer" help={t('pearl.help.screeningAnswer')} rows={2} before />
          <Nullable path="outbound.menuKeys" help={t('pearl.help.menuKeys')} mono />
        </>
      )}
    </div>
  )
}

function Agent() {
  const { t } = useTexts()
  const { settings } = useEdit()
  const voices = useQuery({ queryKey: ['voices'], queryFn: () => ask(api.GET('/v2/Account/Voices')), staleTime: 600_000 })
  const chosen = String(at(settings, 'pearl.agents.0.voiceId') ?? '')
  const all = (voices.data ?? []).flatMap(({ language, voices: list }) => list.map((one) => ({ ...one, language })))
  const voice = all.find(({ id }) => id === chosen) ?? (chosen === '' ? all[0] : undefined)
  return (
    <div className="row" style={{ alignItems: 'end', flexWrap: 'wrap', gap: 12 }}>
      <Text path="pearl.agents.0.name" label={t('pearl.f.agentName')} />
      <Choice path="pearl.agents.0.voiceId" data={[{ value: '', label: t('pearl.defaultVoice') }, ...all.map(({ id, name, language }) => ({ value: id, label: `${name} · ${language}` }))]} />
      {voice?.sample && <Hear url={ownPath(voice.sample)} name={voice.name} />}
      {settings.pearl.agents.length > 1 && <p className="small soft">{t('pearl.kept.agents', { count: settings.pearl.agents.length - 1 })}</p>}
    </div>
  )
}

// Hear plays the sample of a voice.
function Hear({ url, name }: { url: string; name: string }) {
  const { t } = useTexts()
  const audio = useRef<HTMLAudioElement | null>(null)
  const [plays, setPlays] = useState(false)
  useEffect(() => () => { audio.current?.pause() }, [url])
  const toggle = () => {
    if (plays) return audio.current?.pause()
    audio.current = new Audio(url)
    audio.current.onplaying = () => setPlays(true)
    audio.current.onpause = () => setPlays(false)
    audio.current.play().catch(complain)
    return undefined
  }
  return <Tooltip label={t('pearl.hear', { name })}><ActionIcon variant="default" size={36} aria-label={t('pearl.hear', { name })} onClick={toggle}>{plays ? <IconPlayerStop size={16} /> : <IconPlayerPlay size={16} />}</ActionIcon></Tooltip>
}

// Asks edits what is known before a call and what it is to find out.
export function Asks() {
  const { t } = useTexts()
  const types = ['string', 'boolean', 'int', 'float'].map((value) => ({ value, label: t(`pearl.type.${value as 'string'}`) }))
  return (
    <div className="stack form editor-part">
      <Words path="pearl.successDescription" help={t('pearl.help.successDescription')} rows={2} />
      <Flag path="pearl.askAllQuestions" />
      <List path="variables" help={t('pearl.help.variables')} add={t('pearl.add.variable')} make={() => ({ id: '', name: '', group: 2, type: 'string', description: '' })}>
        {(path) => (
          <>
            <div className="field-row"><Text path={`${path}.id`} mono /><Text path={`${path}.name`} label={t('pearl.f.variableName')} /></div>
            <div className="field-row"><Choice path={`${path}.group`} numeric data={[{ value: '1', label: t('translation:settings.before') }, { value: '2', label: t('translation:settings.inCall') }]} /><Choice path={`${path}.type`} data={types} /></div>
            <Words path={`${path}.description`} label={t('pearl.f.question')} rows={2} help={t('pearl.help.question')} />
          </>
        )}
      </List>
      <List path="pearl.indicatorTags" help={t('pearl.help.tags')} add={t('pearl.add.tag')} make={() => ({ id: crypto.randomUUID().slice(0, 8), name: '', description: '', color: 1 })}>
        {(path) => <div className="field-row"><Text path={`${path}.name`} label={t('pearl.f.tag')} /><Text path={`${path}.description`} label={t('pearl.f.when')} /><Amount path={`${path}.color`} /></div>}
      </List>
      <List path="pearl.speechRecognitionKeywords" help={t('pearl.help.keywords')} add={t('pearl.add.keyword')} make={() => ({ word: '', pronunciations: [] })}>
        {(path) => <div className="field-row"><Text path={`${path}.word`} /><Texts path={`${path}.pronunciations`} /></div>}
      </List>
      <p className="small soft">{t('pearl.kept.asks')}</p>
    </div>
  )
}
