import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import i18next from 'i18next'
import { Failure } from '../api/client'

// tell says what was done, and how it is undone where it can be, for as long as undoFor says in milliseconds.
export function tell(message: string, undo?: () => void, undoFor = 10_000) {
  const id = notifications.show({
    withCloseButton: true, closeButtonProps: { 'aria-label': i18next.t('peek.close') }, autoClose: undo ? undoFor : 4000,
    message: (
      <span className="row">
        <span className="grow">{message}</span>
        {undo && <Button variant="subtle" size="compact-sm" onClick={() => { notifications.hide(id); undo() }}>{i18next.t('told.undo')}</Button>}
      </span>
    ),
  })
}

// complain says what was not done, why, and that it can be tried again.
export function complain(error: unknown) {
  const failure = error instanceof Failure ? error : null
  const message = failure?.status === 0 ? i18next.t('states.awayHelp') : failure?.status === 403 ? i18next.t('states.forbiddenHelp') : error instanceof Error ? error.message : String(error)
  notifications.show({ color: 'red', withCloseButton: true, closeButtonProps: { 'aria-label': i18next.t('peek.close') }, autoClose: 12_000, title: i18next.t('told.notDone'), message })
}
