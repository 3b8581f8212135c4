// Passes what a microphone hears on to the page, in the blocks in which it comes.
class Microphone extends AudioWorkletProcessor {
  process([input]) {
    const channel = input?.[0]
    if (channel) this.port.postMessage(channel.slice())
    return true
  }
}

registerProcessor('microphone', Microphone)
