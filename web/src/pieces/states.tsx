import { Button, Skeleton } from '@mantine/core'
import { IconAlertTriangle, IconLock, IconPlugConnectedX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../api/client'

// Failing says what happened and what to do, in place of what could not be read.
export function Failing({ error, retry }: { error: Error; retry?: () => void }) {
  const { t } = useTranslation()
  const status = error instanceof Failure ? error.status : -1
  const forbidden = status === 403
  const away = status === 0
  return (
    <div className="state" role={forbidden ? undefined : 'alert'}>
      {forbidden ? <IconLock size={28} stroke={1.5} /> : away ? <IconPlugConnectedX size={28} stroke={1.5} /> : <IconAlertTriangle size={28} stroke={1.5} />}
      <h2>{t(forbidden ? 'states.forbidden' : away ? 'states.away' : 'states.failed')}</h2>
      <p>{forbidden ? t('states.forbiddenHelp') : away ? t('states.awayHelp') : error.message}</p>
      {retry && !forbidden && <Button variant="default" onClick={retry}>{t('states.retry')}</Button>}
    </div>
  )
}

// Empty teaches: one sentence, one action, and what it will look like.
export function Empty({ icon, title, help, children }: { icon?: ReactNode; title: string; help?: string; children?: ReactNode }) {
  return (
    <div className="state">
      {icon}
      <h2>{title}</h2>
      {help && <p>{help}</p>}
      {children}
    </div>
  )
}

// Bones hold the place of text that is on its way.
export function Bones({ lines, height = 14 }: { lines: number; height?: number }) {
  const { t } = useTranslation()
  return (
    <div className="stack" role="status" aria-label={t('states.loading')}>
      {Array.from({ length: lines }, (_, n) => <Skeleton key={n} height={height} width={`${92 - (n % 3) * 17}%`} />)}
    </div>
  )
}
