import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { IconPhone, IconSearch, IconSpeakerphone } from '@tabler/icons-react'
import { useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { readLeads, usePearls } from '../api/queries'
import { leadAddress } from '../routes'
import { usePlaces } from './frame'

// mostSearched bounds how many campaigns one query is asked of.
const mostSearched = 6

// Palette goes to pages, campaigns and leads by what is typed.
export function Palette() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const [query, setQuery] = useState('')
  const [wanted] = useDebouncedValue(query.trim(), 200)
  const places = usePlaces()
  const pearls = usePearls()
  const campaigns = (pearls.data ?? []).filter((row) => row.type === 2)

  const searched = wanted.length >= 3 ? campaigns.toSorted((a, b) => a.status - b.status).slice(0, mostSearched) : []
  const found = useQueries({
    queries: searched.map((campaign) => ({
      queryKey: ['palette', campaign.id, wanted],
      queryFn: () => readLeads(campaign.id, { searchInput: wanted }, 0, 5),
      staleTime: 10_000,
    })),
  })

  const groups: SpotlightActionGroupData[] = [
    { group: t('palette.pages'), actions: matching(places.map(({ path, text, icon: Icon }): SpotlightActionData => ({ id: path, label: t(`places.${text}`), onClick: () => go(path), leftSection: <Icon size={18} stroke={1.6} /> })), query) },
    { group: t('palette.campaigns'), actions: matching(campaigns.map((row): SpotlightActionData => ({ id: row.id, label: row.name, onClick: () => go(`/campaigns/${row.id}`), leftSection: <IconSpeakerphone size={18} stroke={1.6} /> })), query).slice(0, 8) },
    {
      group: t('palette.leads'),
      actions: found.flatMap((answer, n) => (answer.data?.results ?? []).map((lead): SpotlightActionData => ({
        id: lead.id, label: lead.phoneNumber, description: [lead.externalId, searched[n]?.name].filter(Boolean).join(' · '),
        onClick: () => go(leadAddress(searched[n]!.id, lead.id)), leftSection: <IconPhone size={18} stroke={1.6} />,
      }))),
    },
  ]
  return (
    <Spotlight actions={groups.filter((group) => group.actions.length > 0)} query={query} onQueryChange={setQuery} filter={(_, actions) => actions} shortcut={null} centered={false} yOffset="12vh" overlayProps={{ blur: 0 }} scrollable maxHeight={420}
      nothingFound={t(wanted.length >= 3 ? 'palette.nothing' : 'palette.type')} searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }} />
  )
}

function matching(actions: SpotlightActionData[], query: string): SpotlightActionData[] {
  const wanted = query.trim().toLocaleLowerCase()
  return wanted === '' ? actions : actions.filter((action) => action.label?.toLocaleLowerCase().includes(wanted))
}
