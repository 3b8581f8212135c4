import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlayerPlay, IconPlugConnected, IconPlus } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api, ask } from '../api/client'
import { Bones } from '../pieces/states'
import { complain } from '../pieces/told'
import { newPearlAddress } from '../routes'

const TrunkForm = lazy(() => import('./settings/trunk-form').then(({ TrunkForm }) => ({ default: TrunkForm })))

// FirstSteps are what to do on a server without a campaign: see one work with simulated people, or connect what reaches real ones.
export function FirstSteps() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const [connecting, dialog] = useDisclosure(false)
  const run = useMutation({
    mutationFn: () => ask(api.POST('/v2/SandboxCampaign')),
    onSuccess: ({ id }) => { void queries.invalidateQueries({ queryKey: ['pearls'] }); go(`/campaigns/${id}`) },
    onError: complain,
  })
  return (
    <section className="first-steps" aria-label={t('first.title')}>
      <h2>{t('first.title')}</h2>
      <p className="soft">{t('overview.noneHelp')}</p>
      <div className="steps">
        <div>
          <h3>{t('first.sandbox')}</h3>
          <p className="soft">{t('first.sandboxHelp')}</p>
          <Button leftSection={<IconPlayerPlay size={15} />} loading={run.isPending} onClick={() => run.mutate()}>{t('first.run')}</Button>
        </div>
        <div>
          <h3>{t('first.real')}</h3>
          <p className="soft">{t('first.realHelp')}</p>
          <Button variant="default" leftSection={<IconPlugConnected size={15} />} onClick={dialog.open}>{t('trunk.add')}</Button>
        </div>
        <div>
          <h3>{t('first.own')}</h3>
          <p className="soft">{t('first.ownHelp')}</p>
          <Button component={Link} href={newPearlAddress} variant="default" leftSection={<IconPlus size={15} />}>{t('campaigns.new')}</Button>
        </div>
      </div>
      <Modal opened={connecting} onClose={dialog.close} size="lg" title={t('trunk.add')} closeButtonProps={{ 'aria-label': t('peek.close') }}>
        {connecting && <Suspense fallback={<Bones lines={6} />}><TrunkForm onDone={dialog.close} /></Suspense>}
      </Modal>
    </section>
  )
}
