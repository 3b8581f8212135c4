import { Anchor, Button, PasswordInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../api/client'
import { useSession } from '../api/session'

// SignIn asks for a key of the API. The key stays in this page's memory.
export function SignIn() {
  const { t } = useTranslation()
  const { signInByKey, ended } = useSession()
  const [key, setKey] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await signInByKey(key)
    } catch (failure) {
      setError(failure instanceof Failure && failure.status === 0 ? t('states.awayHelp') : failure instanceof Error ? failure.message : String(failure))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="door">
      <div className="stack">
        <div className="row"><img src="/icon.svg" width="28" height="28" alt="" /><h1>{t('signIn.title')}</h1></div>
        {ended && <p className="soft">{t('signIn.ended')}</p>}
        <form className="stack" onSubmit={submit}>
          <PasswordInput label={t('signIn.key')} description={t('signIn.keyHelp')} value={key} onChange={(event) => setKey(event.currentTarget.value)}
            error={error} autoComplete="current-password" spellCheck={false} required withAsterisk={false} autoFocus size="md" classNames={{ innerInput: 'mono ltr' }} />
          <Button type="submit" loading={busy} disabled={key.trim() === ''} size="md">{t('signIn.go')}</Button>
        </form>
        <p className="soft small">{t('signIn.more')} <Anchor href="/docs" inherit>{t('signIn.docs')}</Anchor></p>
      </div>
    </main>
  )
}
