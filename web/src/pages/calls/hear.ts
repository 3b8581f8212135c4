const rate = 8000
const header = 44 // bytes of the WAV header, before samples of 16 bits, agent and person by turns
const ahead = 0.15 // seconds between what arrives and what is heard, against gaps

// hear plays a conversation while it comes, until it is over, and tells the levels of both sides, from 0 to 1. Its end is that of the
// stream, which fails where the request is given up. Of a talk of one's own the agent alone is played.
export async function hear(stream: ReadableStream<Uint8Array>, levels: (agent: number, person: number) => void, agentOnly = false): Promise<void> {
  const context = new AudioContext()
  const reader = stream.getReader()
  try {
    let skip = header
    let rest = new Uint8Array()
    let next = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
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
          const value = samples.getInt16(n * 4 + side * 2, true) / 32768
          loud[side] = Math.max(loud[side]!, Math.abs(value))
          channel[n] = agentOnly && side === 1 ? samples.getInt16(n * 4, true) / 32768 : value
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
    void reader.cancel().catch(() => {})
    void context.close()
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
