import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api, ask, Failure, type Schemas } from '../../api/client'

// Clone asks for a name, makes another campaign with the same settings, and opens it.
export function Clone({ pearl, opened, onClose }: { pearl: Schemas['FullPearl']; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const [given, setName] = useState<string | null>(null)
  const name = given ?? t('campaign.copyOf', { name: pearl.name })
  const make = useMutation({
    mutationFn: () => ask(api.POST('/v2/Pearl/{pearlId}/Clone', { params: { path: { pearlId: pearl.id } }, body: { name }, parseAs: 'text' })),
    onSuccess: (made) => {
      close()
      void queries.invalidateQueries({ queryKey: ['pearls'] })
      go(`/campaigns/${String(made)}?tab=settings`)
    },
  })
  const close = () => { setName(null); make.reset(); onClose() }
  const about = make.error instanceof Failure ? make.error.errors['Name']?.join(' ') : undefined
  return (
    <Modal opened={opened} onClose={close} title={t('campaign.cloneTitle', { name: pearl.name })} closeButtonProps={{ 'aria-label': t('peek.close') }}>
      <form className="stack" onSubmit={(event: FormEvent) => { event.preventDefault(); make.mutate() }}>
        <p className="soft">{t('campaign.cloneHelp')}</p>
        <TextInput label={t('campaign.name')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={about} required data-autofocus dir="auto" />
        {make.error && !about && <p role="alert" className="danger">{make.error.message}</p>}
        <div className="row"><Button type="submit" loading={make.isPending}>{t('campaign.clone')}</Button><Button variant="subtle" color="gray" onClick={close}>{t('lead.cancel')}</Button></div>
      </form>
    </Modal>
  )
}
