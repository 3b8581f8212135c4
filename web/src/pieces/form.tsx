import { Alert } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../api/client'

// useSubmit sends a form and keeps what the server said against it, by member.
export function useSubmit<T>(send: () => Promise<T>, done: (answer: T) => void) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Error | null>(null)
  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    setBusy(true)
    setFailure(null)
    try {
      done(await send())
    } catch (error) {
      setFailure(error as Error)
    } finally {
      setBusy(false)
    }
  }
  const errors = failure instanceof Failure ? failure.errors : {}
  const about = (member: string) => errors[member]?.join(' ')
  const rest = failure === null ? null : failure instanceof Failure && failure.status === 0 ? t('states.awayHelp') : failure.message
  return { busy, submit, about, asks: (member: string) => member in errors, general: (...members: string[]) => (failure && !members.some((member) => member in errors) ? rest : null) }
}

// Wrong is what the server said against a form as a whole.
export function Wrong({ text }: { text: string | null }) {
  return text === null ? null : <Alert color="red" variant="light" role="alert">{text}</Alert>
}
