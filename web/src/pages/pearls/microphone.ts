import worklet from './microphone-worklet.js?url'

// rate is that of the sound of calls, in samples a second.
export const rate = 8000

// Why there is no sound of this person: the texts try.deaf.* say it.
export type Deaf = 'insecure' | 'none' | 'refused'

export class NoMicrophone extends Error {
  constructor(readonly why: Deaf) {
    super(why)
  }
}

// listen passes on what the microphone hears, at the rate of calls, every tenth of a second, and returns how to end that.
export async function listen(heard: (samples: Int16Array) => void): Promise<() => void> {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new NoMicrophone('insecure')
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } }).catch((error: DOMException) => {
    throw new NoMicrophone(error.name === 'NotFoundError' ? 'none' : 'refused')
  })
  const context = new AudioContext()
  const end = () => {
    for (const track of stream.getTracks()) track.stop()
    void context.close()
  }
  try {
    await context.audioWorklet.addModule(worklet)
    const source = context.createMediaStreamSource(stream)
    // What is above half of the rate would come back as noise.
    const low = new BiquadFilterNode(context, { type: 'lowpass', frequency: 3400 })
    const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0 })
    source.connect(low).connect(node)
    const step = context.sampleRate / rate
    let rest = new Float32Array()
    let at = 0 // where the next sample is, in rest
    let ready: number[] = []
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      const all = new Float32Array(rest.length + data.length)
      all.set(rest)
      all.set(data, rest.length)
      for (; at + 1 < all.length; at += step) {
        const n = Math.floor(at)
        const value = all[n]! + (all[n + 1]! - all[n]!) * (at - n)
        ready.push(Math.max(-32768, Math.min(32767, Math.round(value * 32767))))
      }
      const used = Math.min(all.length, Math.floor(at))
      rest = all.slice(used)
      at -= used
      if (ready.length >= rate / 10) {
        heard(Int16Array.from(ready))
        ready = []
      }
    }
  } catch (error) {
    end()
    throw error
  }
  return end
}
