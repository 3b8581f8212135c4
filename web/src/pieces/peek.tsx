import { ActionIcon, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

// Peek is a panel beside a table that stays live. Without onStep there is no next one.
export function Peek({ label, head, onStep, onClose, children }: { label: string; head: ReactNode; onStep?: (by: 1 | -1) => void; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    const before = document.activeElement
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true }) }
  }, [])
  return (
    <aside className="peek" aria-label={label} ref={panel} tabIndex={-1}>
      <div className="peek-head">
        <div className="grow row">{head}</div>
        {onStep && <Tooltip label={<>{t('peek.previous')} <kbd>K</kbd></>}><ActionIcon variant="subtle" color="gray" aria-label={t('peek.previous')} onClick={() => onStep(-1)}><IconChevronUp size={18} /></ActionIcon></Tooltip>}
        {onStep && <Tooltip label={<>{t('peek.next')} <kbd>J</kbd></>}><ActionIcon variant="subtle" color="gray" aria-label={t('peek.next')} onClick={() => onStep(1)}><IconChevronDown size={18} /></ActionIcon></Tooltip>}
        <Tooltip label={<>{t('peek.close')} <kbd>Esc</kbd></>}><ActionIcon variant="subtle" color="gray" aria-label={t('peek.close')} onClick={onClose}><IconX size={18} /></ActionIcon></Tooltip>
      </div>
      <div className="peek-body">{children}</div>
    </aside>
  )
}
