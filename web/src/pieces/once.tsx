import { Button, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'

// Once is a secret that the server tells once: to be copied now.
export function Once({ label, help, text }: { label: string; help: string; text: string }) {
  const { t } = useTranslation()
  return (
    <div className="stack tight" role="group" aria-label={label}>
      <strong>{label}</strong>
      <code className="sample ltr">{text}</code>
      <div className="row">
        <CopyButton value={text}>
          {({ copied, copy }) => <Button size="compact-sm" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy} data-autofocus>{t(copied ? 'copy.done' : 'copy.copy')}</Button>}
        </CopyButton>
        <span className="soft small">{help}</span>
      </div>
    </div>
  )
}
