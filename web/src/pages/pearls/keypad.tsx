import { Button } from '@mantine/core'
import { IconDialpad } from '@tabler/icons-react'
import { useState } from 'react'
import { useTexts } from './texts'

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

// Keypad has the keys of a telephone, which are pressed one after another, by pointer or by typing them, and shows which were.
export function Keypad({ press, shown }: { press: (key: string) => void; shown: boolean }) {
  const { t } = useTexts()
  const [open, setOpen] = useState(shown)
  const [pressed, setPressed] = useState('')
  const down = (key: string) => {
    setPressed((before) => before + key)
    press(key)
  }
  return (
    <>
      <Button variant="default" size="compact-sm" leftSection={<IconDialpad size={14} />} aria-expanded={open} onClick={() => setOpen(!open)}>{t('try.keys')}</Button>
      {open && (
        <div className="keypad ltr" role="group" aria-label={t('try.keys')} onKeyDown={(event) => { if (keys.includes(event.key)) down(event.key) }}>
          {keys.map((key) => <button key={key} type="button" aria-label={t('try.key', { key })} onClick={() => down(key)}>{key}</button>)}
          <output className="mono" aria-label={t('try.pressed')}>{pressed}</output>
        </div>
      )}
    </>
  )
}
