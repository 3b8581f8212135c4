import { ActionIcon, Button, Textarea, Tooltip } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconCheck, IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { readCalls } from '../../api/queries'
import { useSession } from '../../api/session'
import { useAddress } from '../../pieces/address'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { useWords } from '../../pieces/words'
import { callFilter, queuedAddress } from './filter'

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
  const here = useQuery({
    queryKey: ['calls', call.pearlId, 'queue', from, at],
    queryFn: () => readCalls(call.pearlId, asked, Math.max(0, at - 1), 3), // the one before, this one, the next
    enabled: from !== null,
  })
  const rows = here.data?.results ?? []
  const index = rows.findIndex(({ id }) => id === call.id)
  const place = Math.max(0, at - 1) + index
  // Once it is marked it may be in the table no more: then the one at its place is next.
  const next = index >= 0 ? rows[index + 1] && { id: rows[index + 1]!.id, at: place + 1 } : rows[Math.min(at, 1)] && { id: rows[Math.min(at, 1)]!.id, at }
  const before = index > 0 ? { id: rows[index - 1]!.id, at: place - 1 } : index < 0 && at > 0 && rows[0] ? { id: rows[0].id, at: at - 1 } : undefined
  const show = (one: { id: string; at: number } | undefined) => one && go(queuedAddress(one.id, table, one.at))
  useHotkeys([['N', () => show(next || undefined)], ['P', () => show(before)]])
  if (from === null) return null
  return (
    <span className="row">
      <Link href={`/calls?${from}`} className="link small">{here.data ? t('review.place', { place: index < 0 ? '–' : words.number(place + 1), total: words.number(here.data.count) }) : t('places.calls')}</Link>
      <Tooltip label={<>{t('peek.previous')} <kbd>P</kbd></>}><ActionIcon variant="default" size="lg" className="points" aria-label={t('peek.previous')} disabled={!before} onClick={() => show(before)}><IconChevronLeft size={18} /></ActionIcon></Tooltip>
      <Tooltip label={<>{t('peek.next')} <kbd>N</kbd></>}><ActionIcon variant="default" size="lg" className="points" aria-label={t('peek.next')} disabled={!next} onClick={() => show(next || undefined)}><IconChevronRight size={18} /></ActionIcon></Tooltip>
    </span>
  )
}

// Review marks the call as reviewed (R), and keeps a comment (C).
export function Review({ call }: { call: Schemas['Call'] }) {
  const { t } = useTranslation()
  const { mayChange } = useSession()
  const queries = useQueryClient()
  const area = useRef<HTMLTextAreaElement>(null)
  const key = ['call', call.id, 'review']
  const review = useQuery({ queryKey: key, queryFn: () => ask(api.GET('/v2/Call/{callId}/Review', { params: { path: { callId: call.id } } })) })
  const [comment, setComment] = useState('')
  const kept = review.data?.comment ?? ''
  useEffect(() => setComment(kept), [kept])
  const put = useMutation({
    mutationFn: (body: Schemas['ReviewChangeRequest']) => ask(api.PUT('/v2/Call/{callId}/Review', { params: { path: { callId: call.id } }, body })),
    onSuccess: (after) => {
      queries.setQueryData(key, after)
      void queries.invalidateQueries({ queryKey: ['calls', call.pearlId] })
    },
    onError: complain,
  })
  const done = review.data?.isReviewed ?? false
  const mark = () => { if (mayChange && review.data && !put.isPending) put.mutate({ isReviewed: !done, ...(comment !== kept ? { comment } : {}) }) }
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
