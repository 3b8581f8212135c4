import type { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'

type T = ReturnType<typeof useTranslation>['t']

// tryOf says in words what a receiver answered.
export function tryOf(one: Schemas['Try'], t: T): string {
  return one.error ?? t('delivery.answered', { status: one.status ?? 0, took: one.latencyMs })
}
