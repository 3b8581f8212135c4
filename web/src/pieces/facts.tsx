import { Tooltip, UnstyledButton } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'

export type Fact = { name: string; value: string; more: ReactNode; help: string }

// Facts are a row of large figures; each says what it counts.
export function Facts({ facts }: { facts: Fact[] }) {
  return <dl className="facts">{facts.map(({ name, value, more, help }) => <div className="fact" key={name}><dt>{name} <Help text={help} /></dt><dd>{value}<small>{more}</small></dd></div>)}</dl>
}

// Help says what a figure counts, to who points at it, touches it or comes to it by keyboard.
export function Help({ text }: { text: string }) {
  return (
    <Tooltip label={text} multiline w={260} withArrow events={{ hover: true, focus: true, touch: true }}>
      <UnstyledButton className="help" aria-label={text}><IconInfoCircle size={13} aria-hidden="true" /></UnstyledButton>
    </Tooltip>
  )
}
