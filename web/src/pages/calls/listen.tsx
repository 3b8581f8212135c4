import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { useHotkeys, useMediaQuery } from '@mantine/hooks'
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconRewindBackward10, IconRewindForward10 } from '@tabler/icons-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ownPath, type Schemas } from '../../api/client'
import { useWords } from '../../pieces/words'
import { draw } from './waves'

const speeds = [0.75, 1, 1.25, 1.5, 2]

// slow is how long an answer may take, in seconds, before it is marked.
const slow = 1.2

// Listen plays the recording as two waveforms, whose index is the transcript.
export function Listen({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const audio = useRef<HTMLAudioElement>(null)
  const [at, setAt] = useState(0)
  const [plays, setPlays] = useState(false)
  const [speed, setSpeed] = useState(1)
  const link = call.recording === null ? null : ownPath(call.recording)
  const [source] = useState(link) // links are signed anew with each answer: the first one is kept, so that playing goes on
  const played = source ?? link

  const seek = useCallback((seconds: number) => {
    if (audio.current) audio.current.currentTime = Math.max(0, Math.min(seconds, audio.current.duration || seconds))
  }, [])
  const toggle = useCallback(() => {
    if (audio.current?.paused) void audio.current.play()
    else audio.current?.pause()
  }, [])
  const move = useCallback((by: number) => audio.current && seek(audio.current.currentTime + by), [seek])
  useHotkeys([['J', () => move(-10)], ['L', () => move(10)], ['K', toggle], ['Space', (event) => { if (!(event.target as HTMLElement).closest('button, a')) toggle() }]], ['INPUT', 'TEXTAREA', 'SELECT'])

  return (
    <div className="listen">
      {played && (
        <>
          <audio ref={audio} src={played} preload="auto" onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)} onSeeked={(event) => setAt(event.currentTarget.currentTime)} onPlay={() => setPlays(true)} onPause={() => setPlays(false)} />
          <Waves audio={audio} source={played} both={call.transcript.length > 0} />
          <div className="player">
            <Tooltip label={<>{t('player.back')} <kbd>J</kbd></>}><ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('player.back')} onClick={() => move(-10)}><IconRewindBackward10 size={20} stroke={1.6} /></ActionIcon></Tooltip>
            <Tooltip label={<>{t(plays ? 'player.pause' : 'player.play')} <kbd>K</kbd></>}><ActionIcon variant="filled" size="lg" radius="xl" aria-label={t(plays ? 'player.pause' : 'player.play')} onClick={toggle}>{plays ? <IconPlayerPauseFilled size={17} /> : <IconPlayerPlayFilled size={17} />}</ActionIcon></Tooltip>
            <Tooltip label={<>{t('player.ahead')} <kbd>L</kbd></>}><ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('player.ahead')} onClick={() => move(10)}><IconRewindForward10 size={20} stroke={1.6} /></ActionIcon></Tooltip>
            <span className="figures ltr soft">{words.duration(at)} / {words.duration(call.duration)}</span>
            <div className="grow" />
            <Menu position="bottom-end">
              <Menu.Target><Button variant="subtle" color="gray" size="compact-sm" aria-label={t('player.speed', { speed })}>{speed}×</Button></Menu.Target>
              <Menu.Dropdown>{speeds.map((one) => <Menu.Item key={one} fw={one === speed ? 600 : undefined} onClick={() => { setSpeed(one); if (audio.current) audio.current.playbackRate = one }}>{one}×</Menu.Item>)}</Menu.Dropdown>
            </Menu>
          </div>
        </>
      )}
      {call.transcript.length === 0
        ? <p className="soft">{t(call.status === 4 ? 'call.noTranscript' : 'call.notAnswered')}</p>
        : <Transcript lines={call.transcript} at={plays || at > 0 ? at : -1} onSeek={played ? seek : undefined} />}
    </div>
  )
}

function Waves({ audio, source, both }: { audio: React.RefObject<HTMLAudioElement | null>; source: string; both: boolean }) {
  const { t } = useTranslation()
  const place = useRef<HTMLDivElement>(null)
  const dark = useMediaQuery('(prefers-color-scheme: dark)')
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (!place.current || !audio.current) return undefined
    return draw(place.current, audio.current, source, () => setFailed(true))
  }, [audio, source, dark])
  return (
    <figure className="waves" aria-label={t('player.waves')}>
      {both && <figcaption aria-hidden="true"><span>{t('role.2')}</span><span>{t('role.3')}</span></figcaption>}
      {failed ? <p className="soft">{t('player.failed')}</p> : <div ref={place} className="waves-place ltr" />}
    </figure>
  )
}

function Transcript({ lines, at, onSeek }: { lines: Schemas['Line'][]; at: number; onSeek?: (seconds: number) => void }) {
  const { t } = useTranslation()
  const words = useWords()
  const list = useRef<HTMLOListElement>(null)
  const active = lines.findLastIndex((line) => line.startTime <= at + 0.05)
  useEffect(() => {
    const line = list.current?.children[active]
    if (line instanceof HTMLElement) line.scrollIntoView({ block: 'nearest' })
  }, [active])
  return (
    <ol className="transcript" ref={list} aria-label={t('call.transcript')}>
      {lines.map((line, n) => {
        const before = lines[n - 1]
        const wait = line.role === 2 && before?.role === 3 ? line.startTime - before.endTime : null
        return (
          <li key={n} data-role={line.role} aria-current={n === active || undefined}>
            <button type="button" disabled={!onSeek} onClick={() => onSeek?.(line.startTime)}>
              <span className="figures ltr soft">{words.duration(line.startTime)}</span>
              <span className="who">{t(`role.${line.role}`)}</span>
              <span dir="auto">{line.content}{line.sources && line.sources.length > 0 && <span className="sources">{t('call.sources', { text: line.sources.join(' · ') })}</span>}</span>
              <span className="figures ltr small wait" data-slow={wait !== null && wait > slow} title={wait === null ? undefined : t('player.wait')}>{wait === null || wait < 0 ? '' : `${wait.toFixed(1)} s`}</span>
            </button>
          </li>
        )
      })}
    </ol>
  )
}
