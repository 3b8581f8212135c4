import { Button } from '@mantine/core'
import { IconHeadphones, IconHeadphonesOff } from '@tabler/icons-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { complain } from '../../pieces/told'

const rate = 8000
const header = 44 // bytes of the WAV header, before samples of 16 bits, agent and person by turns
const ahead = 0.15 // seconds between what arrives and what is heard, against gaps

type Ended = 'over' | 'failed'

// play plays a call that goes on until it is over or the signal aborts, and tells the levels of both sides, from 0 to 1.
async function play(callId: string, signal: AbortSignal, levels: (agent: number, person: number) => void): Promise<Ended> {
  const answer = await fetch(`/v2/Call/${callId}/Audio`, { signal, credentials: 'same-origin' })
  if (!answer.ok || !answer.body) {
    const problem: unknown = await answer.json().catch(() => null)
    throw new Error(words(problem) ?? answer.statusText)
  }
  const context = new AudioContext()
  try {
    const reader = answer.body.getReader()
    let skip = header
    let rest = new Uint8Array()
    let next = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return 'over'
      let bytes = join(rest, value)
      const dropped = Math.min(skip, bytes.length)
      skip -= dropped
      bytes = bytes.subarray(dropped)
      const count = Math.floor(bytes.length / 4)
      rest = bytes.slice(count * 4)
      if (count === 0) continue
      const samples = new DataView(bytes.buffer, bytes.byteOffset, count * 4)
      const buffer = context.createBuffer(2, count, rate)
      const loud = [0, 0]
      for (let side = 0; side < 2; side++) {
        const channel = buffer.getChannelData(side)
        for (let n = 0; n < count; n++) {
          channel[n] = samples.getInt16(n * 4 + side * 2, true) / 32768
          loud[side] = Math.max(loud[side]!, Math.abs(channel[n]!))
        }
      }
      levels(loud[0]!, loud[1]!)
      const source = context.createBufferSource()
      source.buffer = buffer
      source.connect(context.destination)
      if (next < context.currentTime) next = context.currentTime + ahead
      source.start(next)
      next += buffer.duration
    }
  } finally {
    void context.close()
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

// words is what a problem document says.
function words(problem: unknown): string | null {
  if (typeof problem !== 'object' || problem === null) return null
  const { errors, detail, title } = problem as { errors?: Record<string, string[]>; detail?: string; title?: string }
  return Object.values(errors ?? {})[0]?.[0] ?? detail ?? title ?? null
}

// ListenIn lets a person hear a call while it goes on, with the level of each side.
export function ListenIn({ callId, small }: { callId: string; small?: boolean }) {
  const { t } = useTranslation()
  const [listens, setListens] = useState(false)
  const agent = useRef<HTMLSpanElement>(null)
  const person = useRef<HTMLSpanElement>(null)
  const stop = useRef<AbortController | null>(null)
  const leave = useCallback(() => {
    stop.current?.abort()
    stop.current = null
    setListens(false)
  }, [])
  useEffect(() => leave, [leave])
  const enter = () => {
    const control = new AbortController()
    stop.current = control
    setListens(true)
    play(callId, control.signal, (ours, theirs) => {
      agent.current?.style.setProperty('--level', ours.toFixed(3))
      person.current?.style.setProperty('--level', theirs.toFixed(3))
    })
      .catch((error: unknown) => { if (!control.signal.aborted) complain(error) })
      .finally(() => { if (stop.current === control) leave() })
  }
  return (
    <span className="listen-in">
      <Button variant="default" size={small ? 'compact-sm' : undefined} leftSection={listens ? <IconHeadphonesOff size={15} /> : <IconHeadphones size={15} />} aria-pressed={listens} onClick={listens ? leave : enter}>
        {t(listens ? 'listenIn.stop' : 'listenIn.start')}
      </Button>
      {listens && (
        <span className="levels" aria-hidden="true"><span ref={agent} className="level agent" /><span ref={person} className="level person" /></span>
      )}
    </span>
  )
}
