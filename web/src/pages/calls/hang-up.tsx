import { Button } from '@mantine/core'
import { IconPhoneOff } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask } from '../../api/client'
import { complain, tell } from '../../pieces/told'

// HangUp ends a call in the air; small is for a row among others.
export function HangUp({ call: { id, to }, pearlId, small }: { call: { id: string; to: string }; pearlId: string; small?: boolean }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const hangUp = useMutation({
    mutationFn: () => ask(api.POST('/v2/Call/{callId}/HangUp', { params: { path: { callId: id } } })),
    onSuccess: () => {
      tell(t('liveCalls.hungUp', { number: to }))
      void queries.invalidateQueries({ queryKey: ['calls', pearlId] })
      void queries.invalidateQueries({ queryKey: ['call', id] })
    },
    onError: complain,
  })
  return <Button variant="default" size={small ? 'compact-sm' : undefined} leftSection={<IconPhoneOff size={small ? 14 : 16} />} loading={hangUp.isPending} onClick={() => hangUp.mutate()} aria-label={small ? t('liveCalls.hangUpOf', { number: to }) : undefined}>{t('liveCalls.hangUp')}</Button>
}
