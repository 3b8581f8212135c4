import { Button } from '@mantine/core'
import { IconHeadphones, IconHeadphonesOff } from '@tabler/icons-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client'
import { complain } from '../../pieces/told'
import { hear } from './hear'

// Only one call is heard at a time: who listens to another leaves the first one.
let leaveOther = () => {}

// ListenIn lets a person hear a call while it goes on, with the level of each side. With a number it is small, in a row among others;
// silent says that nobody talks yet.
export function ListenIn({ callId, number, silent = false }: { callId: string; number?: string; silent?: boolean }) {
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
  const listen = async (signal: AbortSignal) => {
    const { data } = await api.GET('/v2/Call/{callId}/Audio', { params: { path: { callId } }, parseAs: 'stream', signal })
    await hear(data as unknown as ReadableStream<Uint8Array>, (ours, theirs) => {
      agent.current?.style.setProperty('--level', ours.toFixed(3))
      person.current?.style.setProperty('--level', theirs.toFixed(3))
    })
  }
  const enter = () => {
    leaveOther()
    leaveOther = leave
    const control = new AbortController()
    stop.current = control
    setListens(true)
    listen(control.signal)
      .catch((error: unknown) => { if (!control.signal.aborted) complain(error) })
      .finally(() => { if (stop.current === control) leave() })
  }
  const text = t(listens ? 'listenIn.stop' : 'listenIn.start')
  return (
    <span className="listen-in">
      <Button variant="default" size={number ? 'compact-sm' : undefined} leftSection={listens ? <IconHeadphonesOff size={15} /> : <IconHeadphones size={15} />} disabled={silent && !listens}
        aria-pressed={listens} aria-label={number ? t(listens ? 'listenIn.stopOf' : 'listenIn.startOf', { number }) : undefined} onClick={listens ? leave : enter}>
        {text}
      </Button>
      {listens && (
        <span className="levels" aria-hidden="true"><span ref={agent} className="level agent" /><span ref={person} className="level person" /></span>
      )}
    </span>
  )
}
