import { ActionIcon, Button, Checkbox, CloseButton, Popover, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconAdjustmentsHorizontal, IconColumns3, IconSearch } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { usePearls } from '../api/queries'
import type { Schemas } from '../api/client'
import { LeadStatusMark } from './status'

// SearchBox tells what is typed once somebody stops typing.
export function SearchBox({ value, onChange, label }: { value: string; onChange: (text: string) => void; label: string }) {
  const { t } = useTranslation()
  const [text, setText] = useState(value)
  const tell = useDebouncedCallback(onChange, 250)
  useEffect(() => setText(value), [value])
  return (
    <TextInput type="search" value={text} aria-label={label} placeholder={label} maxLength={100} w={{ base: '100%', xs: 280 }} leftSection={<IconSearch size={15} aria-hidden="true" />}
      rightSection={text === '' ? <kbd aria-hidden="true">/</kbd> : <CloseButton size="sm" aria-label={t('filters.clear')} onClick={() => { setText(''); onChange('') }} />}
      onChange={(event) => { setText(event.currentTarget.value); tell(event.currentTarget.value) }}
      onKeyDown={(event) => { if (event.key === 'Escape') { event.currentTarget.blur(); event.stopPropagation() } }} />
  )
}

// ChoiceFilter narrows a table to some values; name is what it says where one of them or several are chosen.
export function ChoiceFilter<Value extends string | number>({ label, all, chosen, name, show, onChange }: { label: string; all: Value[]; chosen: Value[]; name: string; show: (value: Value) => ReactNode; onChange: (values: Value[]) => void }) {
  const { t } = useTranslation()
  return (
    <Popover position="bottom-start" shadow="md" trapFocus transitionProps={{ duration: 80 }}>
      <Popover.Target><Button variant="default" leftSection={<IconAdjustmentsHorizontal size={15} />} data-chosen={chosen.length > 0}>{chosen.length === 0 ? label : name}</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack" style={{ gap: 8, maxHeight: 420, overflow: 'auto' }} role="group" aria-label={label}>
          {all.map((value) => <Checkbox key={value} checked={chosen.includes(value)} size="xs" onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))} label={show(value)} />)}
          <Button variant="subtle" size="compact-sm" disabled={chosen.length === 0} onClick={() => onChange([])}>{t('filters.all')}</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

// StatusFilter narrows a table to some statuses.
export function StatusFilter<Status extends Schemas['LeadStatus']>({ all, chosen, onChange }: { all: Status[]; chosen: Status[]; onChange: (statuses: Status[]) => void }) {
  const { t } = useTranslation()
  return <ChoiceFilter label={t('filters.status')} name={chosen.length === 1 ? t(`leadStatus.${chosen[0]!}`) : t('filters.statuses', { count: chosen.length })} all={all} chosen={chosen} onChange={onChange} show={(status) => <LeadStatusMark status={status} still />} />
}

// CampaignChoice chooses the campaign of a table.
export function CampaignChoice({ value, onChange }: { value: string; onChange: (pearlId: string) => void }) {
  const { t } = useTranslation()
  const pearls = usePearls()
  const campaigns = (pearls.data ?? []).filter((row) => row.type === 2)
  return (
    <Select data={campaigns.map((row) => ({ value: row.id, label: row.name }))} value={value || null} onChange={(chosen) => chosen && onChange(chosen)} searchable={campaigns.length > 8} allowDeselect={false}
      aria-label={t('filters.campaign')} size="sm" w={{ base: '100%', xs: 240 }} comboboxProps={{ shadow: 'md' }} />
  )
}

// useCampaign is the campaign that an address names, or the one that was made last.
export function useCampaign(named: string | null): { pearlId: string; none: boolean; error: Error | null } {
  const pearls = usePearls()
  const campaigns = (pearls.data ?? []).filter((row) => row.type === 2)
  const newest = campaigns.toSorted((a, b) => a.status - b.status || b.created.localeCompare(a.created))[0]
  return { pearlId: named ?? newest?.id ?? '', none: pearls.isSuccess && newest === undefined, error: pearls.error }
}

// ColumnChoice shows and hides columns.
export function ColumnChoice({ all, hidden, onChange }: { all: { id: string; head: string }[]; hidden: string[]; onChange: (hidden: string[]) => void }) {
  const { t } = useTranslation()
  return (
    <Popover position="bottom-end" shadow="md" trapFocus transitionProps={{ duration: 80 }}>
      <Popover.Target><ActionIcon variant="default" size={36} aria-label={t('filters.columns')} visibleFrom="sm"><IconColumns3 size={16} /></ActionIcon></Popover.Target>
      <Popover.Dropdown>
        <div className="stack" style={{ gap: 8, maxHeight: 360, overflow: 'auto' }} role="group" aria-label={t('filters.columns')}>
          {all.map(({ id, head }) => <Checkbox key={id} size="xs" label={head} checked={!hidden.includes(id)} onChange={(event) => onChange(event.currentTarget.checked ? hidden.filter((one) => one !== id) : [...hidden, id])} />)}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
