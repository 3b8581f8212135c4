import { Button, Modal, TextInput } from '@mantine/core'
import { IconCopy } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api, ask, Failure, type Schemas } from '../../api/client'

// Clone makes another campaign with the same settings, and opens it.
export function Clone({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const [name, setName] = useState<string | null>(null) // null: not asked for
  const make = useMutation({
    mutationFn: () => ask(api.POST('/v2/Pearl/{pearlId}/Clone', { params: { path: { pearlId: pearl.id } }, body: { name: name ?? '' }, parseAs: 'text' })),
    onSuccess: (made) => {
      setName(null)
      void queries.invalidateQueries({ queryKey: ['pearls'] })
      go(`/campaigns/${String(made)}?tab=settings`)
    },
  })
  const close = () => { setName(null); make.reset() }
  const about = make.error instanceof Failure ? make.error.errors['Name']?.join(' ') : undefined
  return (
    <>
      <Button variant="default" leftSection={<IconCopy size={16} />} onClick={() => setName(t('campaign.copyOf', { name: pearl.name }))}>{t('campaign.clone')}</Button>
      <Modal opened={name !== null} onClose={close} title={t('campaign.cloneTitle', { name: pearl.name })} closeButtonProps={{ 'aria-label': t('peek.close') }}>
        <form className="stack" onSubmit={(event: FormEvent) => { event.preventDefault(); make.mutate() }}>
          <p className="soft">{t('campaign.cloneHelp')}</p>
          <TextInput label={t('campaign.name')} value={name ?? ''} onChange={(event) => setName(event.currentTarget.value)} error={about} required data-autofocus dir="auto" />
          {make.error && !about && <p role="alert" className="danger">{make.error.message}</p>}
          <div className="row"><Button type="submit" loading={make.isPending}>{t('campaign.clone')}</Button><Button variant="subtle" color="gray" onClick={close}>{t('lead.cancel')}</Button></div>
        </form>
      </Modal>
    </>
  )
}
