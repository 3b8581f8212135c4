import { ActionIcon, Button, Textarea, Tooltip } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconCheck, IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { callQuery, readCalls } from '../../api/queries'
import { useSession } from '../../api/session'
import { useAddress } from '../../pieces/address'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { useWords } from '../../pieces/words'
import { callFilter, queuedAddress } from './filter'

// shelf is how many calls of the table are read at once.
const shelf = 20

const reviewQuery = (callId: string) => ({ queryKey: ['call', callId, 'review'], queryFn: () => ask(api.GET('/v2/Call/{callId}/Review', { params: { path: { callId } } })) })

// Queue goes through the calls of the table that this one was opened from, by N and P.
export function Queue({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const [, go] = useLocation()
  const { params } = useAddress()
  const from = params.get('in')
  const at = Number(params.get('at') ?? 0)
  const table = new URLSearchParams(from ?? '')
  const { asked } = callFilter(table)
  const queries = useQueryClient()
  // Some rows at once, with one at each end that the rows beside have too: whoever is quick with the keys waits for no list.
  const first = Math.max(0, Math.floor(at / shelf) * shelf - 1)
  const here = useQuery({
    queryKey: ['calls', call.pearlId, 'queue', from, first],
    queryFn: () => readCalls(call.pearlId, asked, first, shelf + 2),
    enabled: from !== null,
  })
  const rows = here.data?.results ?? []
  const index = rows.findIndex(({ id }) => id === call.id)
  const place = first + index
  const rowAt = (one: number) => rows[one - first] && { id: rows[one - first]!.id, at: one }
  // Once it is marked it may be in the table no more: then the one at its place is next.
  const next = index >= 0 ? rowAt(place + 1) : rowAt(at)
  const before = index >= 0 ? rowAt(place - 1) : rowAt(at - 1)
  const nextId = next?.id
  useEffect(() => {
    if (nextId === undefined) return
    void queries.prefetchQuery(callQuery(nextId))
    void queries.prefetchQuery(reviewQuery(nextId))
  }, [queries, nextId])
  const show = (one: { id: string; at: number } | undefined) => one && go(queuedAddress(one.id, table, one.at))
  useHotkeys([['N', () => show(next)], ['P', () => show(before)]])
  if (from === null) return null
  return (
    <span className="row">
      <Link href={`/calls?${from}`} className="link small">{here.data ? t('review.place', { place: index < 0 ? '–' : words.number(place + 1), total: words.number(here.data.count) }) : t('places.calls')}</Link>
      <Tooltip label={<>{t('peek.previous')} <kbd>P</kbd></>}><ActionIcon variant="default" size="lg" className="points" aria-label={t('peek.previous')} disabled={!before} onClick={() => show(before)}><IconChevronLeft size={18} /></ActionIcon></Tooltip>
      <Tooltip label={<>{t('peek.next')} <kbd>N</kbd></>}><ActionIcon variant="default" size="lg" className="points" aria-label={t('peek.next')} disabled={!next} onClick={() => show(next)}><IconChevronRight size={18} /></ActionIcon></Tooltip>
    </span>
  )
}

// Review marks the call as reviewed (R), and keeps a comment (C).
export function Review({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const { mayChange } = useSession()
  const queries = useQueryClient()
  const area = useRef<HTMLTextAreaElement>(null)
  const review = useQuery(reviewQuery(call.id))
  const [asked, setAsked] = useState(false) // R was pressed before the review was there
  const [comment, setComment] = useState('')
  const kept = review.data?.comment ?? ''
  useEffect(() => setComment(kept), [kept])
  const put = useMutation({
    mutationFn: (body: Schemas['ReviewChangeRequest']) => ask(api.PUT('/v2/Call/{callId}/Review', { params: { path: { callId: call.id } }, body })),
    onSuccess: (after) => {
      queries.setQueryData(reviewQuery(call.id).queryKey, after)
      void queries.invalidateQueries({ queryKey: ['calls', call.pearlId] })
    },
    onError: complain,
  })
  const done = review.data?.isReviewed ?? false
  const mark = () => { if (mayChange && !review.data) setAsked(true); else if (mayChange && !put.isPending) put.mutate({ isReviewed: !done, ...(comment !== kept ? { comment } : {}) }) }
  useEffect(() => {
    if (!asked || !review.data) return
    setAsked(false)
    if (!review.data.isReviewed) put.mutate({ isReviewed: true })
  }, [asked, review.data, put])
  const keep = () => { if (comment !== kept) put.mutate({ comment }, { onSuccess: () => tell(t('review.kept')) }) }
  useHotkeys([['R', mark], ['C', (event) => { event.preventDefault(); area.current?.focus() }]])
  if (review.error) return <p className="soft">{review.error.message}</p>
  if (!review.data || (!mayChange && review.data.changedAt === null)) return null
  return (
    <section className="section" style={{ marginTop: 20 }}>
      <h3>{t('review.title')}</h3>
      {mayChange
        ? <Textarea ref={area} aria-label={t('review.comment')} placeholder={t('review.comment')} autosize minRows={2} maxLength={4000} dir="auto" value={comment} onChange={(event) => setComment(event.currentTarget.value)} onBlur={keep} onKeyDown={(event) => { if (event.key === 'Escape') event.currentTarget.blur() }} />
        : review.data.comment && <p dir="auto">{review.data.comment}</p>}
      <div className="row wrap">
        {mayChange && <Button variant={done ? 'default' : 'filled'} leftSection={<IconCheck size={16} />} rightSection={<kbd className={done ? undefined : 'on-button'}>R</kbd>} loading={put.isPending} onClick={mark}>{t(done ? 'review.undo' : 'review.mark')}</Button>}
        {review.data.changedAt && <span className="soft small">{done && t('review.done')} {review.data.changedBy} · <When at={review.data.changedAt} /></span>}
      </div>
    </section>
  )
}
