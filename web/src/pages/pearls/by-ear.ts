import { api, ask, type Schemas } from '../../api/client'
import { hear } from '../calls/hear'
import { listen } from './microphone'

type Talk = Schemas['TalkView']

// talkByEar begins a talk once the microphone is there, and goes on with it until it is over or the signal aborts. told is given the
// talk as it goes on, levels those of the agent and the person.
export async function talkByEar(pearlId: string, begin: () => Promise<Talk>, told: (talk: Talk) => void, levels: (agent: number, person: number) => void, signal: AbortSignal): Promise<void> {
  let said: number[] = []
  let wake = () => {}
  signal.addEventListener('abort', () => wake())
  const end = await listen((samples) => { said.push(...samples); wake() })
  try {
    let talk = await begin()
    told(talk)
    const path = { pearlId, tryId: talk.id }
    const { data } = await api.GET('/v2/Pearl/{pearlId}/Try/{tryId}/Audio', { params: { path }, parseAs: 'stream', signal })
    const heard = hear(data as unknown as ReadableStream<Uint8Array>, levels, true)
    heard.catch(() => {}) // awaited at the end, where the talk gets there
    said = [] // what was said before the call was answered
    while (!talk.isOver && !signal.aborted) {
      if (said.length === 0) await new Promise<void>((done) => { wake = done })
      const sound = base64(Int16Array.from(said))
      said = []
      talk = await ask(api.POST('/v2/Pearl/{pearlId}/Try/{tryId}/Audio', { params: { path }, body: { sound }, signal }))
      told(talk)
    }
    await heard
  } finally {
    end()
  }
}

// base64 is samples as the API takes them, little-endian.
function base64(samples: Int16Array): string {
  const view = new DataView(new ArrayBuffer(samples.length * 2))
  samples.forEach((value, n) => view.setInt16(n * 2, value, true))
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)))
}
