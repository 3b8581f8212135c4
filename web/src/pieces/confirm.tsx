import { Button, Modal } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { complain } from './told'

// Confirm asks before what cannot be taken back, and says what it will do.
export function Confirm({ title, children, go, onGo, onClose }: { title: string; children: ReactNode; go: string; onGo: () => Promise<unknown>; onClose: () => void }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const act = () => {
    setBusy(true)
    onGo().then(onClose, (error: unknown) => { setBusy(false); complain(error) })
  }
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('peek.close') }}>
      <div className="stack">
        <div>{children}</div>
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={onClose} data-autofocus>{t('lead.cancel')}</Button>
          <Button color="red" loading={busy} onClick={act}>{go}</Button>
        </div>
      </div>
    </Modal>
  )
}
