import { useEffect, useState } from 'react'
import { useWords } from './words'

// useNow ticks so that relative times stay true.
export function useNow(every = 10_000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every)
    return () => window.clearInterval(timer)
  }, [every])
  return now
}

// When is an instant: relative within a day, exact on hover and in copies.
export function When({ at }: { at: string }) {
  const words = useWords()
  const now = useNow()
  const instant = new Date(at)
  return <time dateTime={at} title={words.exact(instant)} className="nowrap">{words.short(instant, now)}</time>
}

// Elapsed counts up from an instant.
export function Elapsed({ since }: { since: string }) {
  const words = useWords()
  const now = useNow(1000)
  return <time className="figures ltr" dateTime={since}>{words.duration((now - new Date(since).getTime()) / 1000)}</time>
}
