import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { IconAlertTriangle, IconPhone, IconSearch, IconSpeakerphone } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useFoundLeads, usePearls } from '../api/queries'
import { leadAddress } from '../routes'
import { usePlaces } from './frame'

// least is how many characters leads are looked for by.
const least = 3

// Palette goes to pages, campaigns and leads by what is typed.
export function Palette() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const [query, setQuery] = useState('')
  const typed = query.trim()
  const [wanted] = useDebouncedValue(typed, 200)
  const places = usePlaces()
  const pearls = usePearls()
  const campaigns = (pearls.data ?? []).filter((row) => row.type === 2)
  const found = useFoundLeads(typed.length >= least && wanted === typed ? wanted : '')

  const groups: SpotlightActionGroupData[] = [
    { group: t('palette.pages'), actions: matching(places.map(({ path, text, icon: Icon }): SpotlightActionData => ({ id: path, label: t(`places.${text}`), onClick: () => go(path), leftSection: <Icon size={18} stroke={1.6} /> })), query) },
    { group: t('palette.campaigns'), actions: matching(campaigns.map((row): SpotlightActionData => ({ id: row.id, label: row.name, onClick: () => go(`/campaigns/${row.id}`), leftSection: <IconSpeakerphone size={18} stroke={1.6} /> })), query).slice(0, 8) },
    {
      group: t('palette.leads'),
      actions: found.error
        ? [{ id: 'again', label: t('palette.failed'), description: found.error.message, closeSpotlightOnTrigger: false, onClick: () => void found.refetch(), leftSection: <IconAlertTriangle size={18} stroke={1.6} /> }]
        : (found.data?.results ?? []).map((lead): SpotlightActionData => ({
          id: lead.id, label: apart(lead.phoneNumber), description: [lead.externalId, lead.pearlName].filter((text) => text !== null).map(apart).join(' · '),
          onClick: () => go(leadAddress(lead.pearlId, lead.id)), leftSection: <IconPhone size={18} stroke={1.6} />,
        })),
    },
  ]
  const nothing = typed.length < least ? 'palette.type' : found.isSuccess ? 'palette.nothing' : 'palette.searching'
  return (
    <Spotlight actions={groups.filter((group) => group.actions.length > 0)} query={query} onQueryChange={setQuery} filter={(_, actions) => actions} shortcut={null} attributes={{ content: { 'aria-label': t('palette.placeholder') } }} centered={false} yOffset="12vh" overlayProps={{ blur: 0 }} scrollable maxHeight={420}
      nothingFound={<span role="status">{t(nothing)}</span>} searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }} />
  )
}

// apart keeps the direction of a text from what stands beside it (U+2068, U+2069): a number begins with its plus, also from right to left.
function apart(text: string): string {
  return `\u2068${text}\u2069`
}

function matching(actions: SpotlightActionData[], query: string): SpotlightActionData[] {
  const wanted = query.trim().toLocaleLowerCase()
  return wanted === '' ? actions : actions.filter((action) => action.label?.toLocaleLowerCase().includes(wanted))
}
