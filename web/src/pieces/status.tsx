import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'

type LeadStatus = Schemas['LeadStatus']

// Families of statuses in the order in which charts draw them. Shapes tell them apart where colours do not.
const families = {
  moving: { tone: 'var(--status-moving)', shape: 'dot' },
  waiting: { tone: 'var(--status-waiting)', shape: 'ring' },
  won: { tone: 'var(--status-won)', shape: 'dot' },
  done: { tone: 'var(--status-done)', shape: 'dot' },
  no: { tone: 'var(--status-no)', shape: 'square' },
  machine: { tone: 'var(--status-machine)', shape: 'square' },
  out: { tone: 'var(--status-out)', shape: 'ring' },
  shut: { tone: 'var(--status-shut)', shape: 'square' },
  error: { tone: 'var(--status-error)', shape: 'square' },
} as const

export type Family = keyof typeof families

const familyOf: Record<LeadStatus, Family> = {
  1: 'waiting', 10: 'waiting', 20: 'moving', 30: 'out', 40: 'moving', 70: 'machine', 100: 'won', 110: 'no', 130: 'done', 150: 'out', 220: 'shut', 300: 'out', 500: 'error',
}

// leadStatuses are those of outbound leads, in the order of charts.
export const leadStatuses: LeadStatus[] = [20, 40, 1, 10, 100, 130, 110, 70, 150, 30, 220, 500]

// callOutcomes are what calls can have come to.
export const callOutcomes: Schemas['ConversationStatus'][] = [40, 100, 130, 110, 70, 10, 150, 500]

export function toneOf(status: LeadStatus): string {
  return families[familyOf[status]].tone
}

export function tone(family: Family): CSSProperties {
  return { '--tone': families[family].tone } as CSSProperties
}

export function toneStyle(status: LeadStatus): CSSProperties {
  return { '--tone': toneOf(status) } as CSSProperties
}

function Dot({ family, breathes = false, children }: { family: Family; breathes?: boolean; children: string }) {
  return (
    <span className="status" data-shape={families[family].shape} data-breathes={breathes} style={tone(family)}>
      <i aria-hidden="true" />
      {children}
    </span>
  )
}

// LeadStatus is a lead's or a conversation's status: a mark with a word. Of a status that nobody has right now it is still.
export function LeadStatusMark({ status, still = false }: { status: LeadStatus; still?: boolean }) {
  const { t } = useTranslation()
  return <Dot family={familyOf[status]} breathes={!still && (status === 40 || status === 20)}>{t(`leadStatus.${status}`)}</Dot>
}

// Activity is whether a campaign runs.
export function Activity({ status }: { status: Schemas['ActivityStatus'] }) {
  const { t } = useTranslation()
  const family: Family = status === 1 ? 'won' : status === 2 ? 'waiting' : 'error'
  return <Dot family={family}>{t(`activity.${status}`)}</Dot>
}

const deliveryFamilies: Record<Schemas['DeliveryRow']['state'], Family> = { pending: 'waiting', delivered: 'won', dead: 'error', dropped: 'out' }

export function DeliveryState({ state }: { state: Schemas['DeliveryRow']['state'] }) {
  const { t } = useTranslation()
  return <Dot family={deliveryFamilies[state]}>{t(`deliveryState.${state}`)}</Dot>
}

// TrunkState is what is known of a trunk's carrier.
export function TrunkState({ trunk }: { trunk: Schemas['TrunkView'] }) {
  const { t } = useTranslation()
  if (!trunk.isActive) return <Dot family="waiting">{t('trunkState.switchedOff')}</Dot>
  const state = trunk.state as keyof typeof trunkFamilies
  return <Dot family={trunkFamilies[state]}>{t(`trunkState.${state}`)}</Dot>
}

const trunkFamilies = { ok: 'won', unreachable: 'error', unauthorized: 'error', unknown: 'waiting' } as const satisfies Record<string, Family>

const providerFamilies: Record<Schemas['ProviderRow']['state'], Family> = { ready: 'won', resting: 'error', unknown: 'waiting' }

// ProviderState is how something is that calls hear, speak or think with.
export function ProviderState({ state }: { state: Schemas['ProviderRow']['state'] }) {
  const { t } = useTranslation()
  return <Dot family={providerFamilies[state]}>{t(`models.state.${state}`)}</Dot>
}
