import { nonce } from '../../nonce'

// colour resolves a colour of the style sheet, for a canvas.
function colour(place: HTMLElement, value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  place.append(probe)
  const resolved = getComputedStyle(probe).color
  probe.remove()
  return resolved
}

// draw shows a recording, agent above and person below, over the audio element that plays it; it returns how to end that. The
// library is loaded when the first recording is shown.
export function draw(place: HTMLElement, audio: HTMLAudioElement, source: string, failed: () => void): () => void {
  let end = () => {}
  let ended = false
  const show = async () => {
    const { default: WaveSurfer } = await import('wavesurfer.js')
    if (ended) return
    const [agent, person, cursor] = [colour(place, 'var(--accent)'), colour(place, 'var(--status-done)'), colour(place, 'var(--ink)')]
    const faint = (one: string) => one.replace(/^rgb\((.*)\)$/, 'rgba($1, .38)')
    const surfer = WaveSurfer.create({
      container: place, media: audio, url: new URL(source, window.location.href).href, // the address that the element has already: it is not loaded twice
      height: 52, barWidth: 2, barGap: 1, barRadius: 1, cursorColor: cursor, cursorWidth: 1, normalize: true, dragToSeek: true, hideScrollbar: true, cspNonce: nonce,
      splitChannels: [{ waveColor: faint(agent), progressColor: agent }, { waveColor: faint(person), progressColor: person }],
    })
    surfer.on('error', failed)
    end = () => surfer.destroy()
  }
  show().catch(failed)
  return () => {
    ended = true
    end()
  }
}
