import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api, ask, type Schemas } from '../api/client'
import { useSession } from '../api/session'
import { useSubmit, Wrong } from '../pieces/form'

// Door is what stands before the pages: signing in, the first start, an invitation.
export function Door({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <main className="door">
      <div className="stack">
        <div className="row"><img src="/icon.svg" width="28" height="28" alt="" /><h1>{title}</h1></div>
        {note}
        {children}
        <p className="soft small">{t('signIn.more')} <a href="/docs" className="link">{t('signIn.docs')}</a></p>
      </div>
    </main>
  )
}

// SignIn takes e-mail address and password, and the code of the authenticator app where the server asks for one.
export function SignIn() {
  const { t } = useTranslation()
  const { enter, ended } = useSession()
  const [byKey, setByKey] = useState(false)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [withCode, setWithCode] = useState(false)
  const form = useSubmit(() => ask(api.POST('/v2/SignIn', { body: { email, password, code: code || null } })), enter)
  const needsCode = withCode || form.asks('Code')
  if (needsCode && !withCode) setWithCode(true)
  const note = ended ? <p className="soft">{t('signIn.ended')}</p> : null
  if (byKey) return <KeySignIn note={note} onBack={() => setByKey(false)} />
  return (
    <Door title={t('signIn.title')} note={note}>
      <form className="stack" onSubmit={form.submit}>
        <TextInput size="md" type="email" label={t('door.email')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} autoComplete="username" autoFocus error={form.about('Email')} dir="ltr" />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} size="md" label={t('door.password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" error={form.about('Password')} dir="ltr" />
        {needsCode && <TextInput size="md" label={t('door.code')} description={t('door.codeHelp')} value={code} onChange={(event) => setCode(event.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" error={code === '' ? undefined : form.about('Code')} autoFocus dir="ltr" />}
        <Wrong text={form.general('Code', 'Email', 'Password')} />
        <Button type="submit" size="md" loading={form.busy} disabled={email === '' || password === ''}>{t('signIn.go')}</Button>
        <Button variant="subtle" color="gray" onClick={() => setByKey(true)}>{t('signIn.byKey')}</Button>
      </form>
    </Door>
  )
}

// KeySignIn asks for a key of the API. The key stays in this page's memory.
function KeySignIn({ note, onBack }: { note: ReactNode; onBack: () => void }) {
  const { t } = useTranslation()
  const { signInByKey } = useSession()
  const [key, setKey] = useState('')
  const form = useSubmit(() => signInByKey(key), () => {})
  return (
    <Door title={t('signIn.title')} note={note}>
      <form className="stack" onSubmit={form.submit}>
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} size="md" label={t('signIn.key')} description={t('signIn.keyHelp')} value={key} onChange={(event) => setKey(event.currentTarget.value)} autoComplete="off" spellCheck={false} autoFocus dir="ltr" classNames={{ innerInput: 'mono' }} />
        <Wrong text={form.general()} />
        <Button type="submit" size="md" loading={form.busy} disabled={key.trim() === ''}>{t('signIn.go')}</Button>
        <Button variant="subtle" color="gray" onClick={onBack}>{t('signIn.byPassword')}</Button>
      </form>
    </Door>
  )
}

// Start makes the owner's account on a server that nobody can sign in to yet.
export function Start() {
  const { t } = useTranslation()
  const { enter } = useSession()
  const [, go] = useLocation()
  const [values, setValues] = useState<Schemas['FirstStartRequest']>({ code: '', company: '', email: '', password: '' })
  const form = useSubmit(() => ask(api.POST('/v2/FirstStart', { body: values })), (me) => { enter(me); go('/') })
  const field = (name: keyof typeof values, member: string) => ({ size: 'md' as const, value: values[name], error: form.about(member), onChange: (event: { currentTarget: { value: string } }) => setValues({ ...values, [name]: event.currentTarget.value }) })
  return (
    <Door title={t('start.title')} note={<p className="soft">{t('start.note')}</p>}>
      <form className="stack" onSubmit={form.submit}>
        <TextInput {...field('code', 'Code')} label={t('start.code')} description={t('start.codeHelp')} autoComplete="off" autoFocus dir="ltr" classNames={{ input: 'mono' }} />
        <TextInput {...field('company', 'Company')} label={t('start.company')} autoComplete="organization" />
        <TextInput {...field('email', 'Email')} label={t('door.email')} type="email" autoComplete="username" dir="ltr" />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} {...field('password', 'Password')} label={t('door.newPassword')} description={t('door.passwordHelp')} autoComplete="new-password" dir="ltr" />
        <Wrong text={form.general('Code', 'Company', 'Email', 'Password')} />
        <Button type="submit" size="md" loading={form.busy} disabled={Object.values(values).some((value) => value === '')}>{t('start.go')}</Button>
      </form>
    </Door>
  )
}

// Join takes the code of an invitation, or of a new password.
export function Join() {
  const { t } = useTranslation()
  const { enter } = useSession()
  const [, go] = useLocation()
  const [code, setCode] = useState(() => decodeURIComponent(window.location.hash.slice(1)))
  const [password, setPassword] = useState('')
  const form = useSubmit(() => ask(api.POST('/v2/Join', { body: { code, password } })), (me) => { enter(me); go('/') })
  return (
    <Door title={t('join.title')}>
      <form className="stack" onSubmit={form.submit}>
        <TextInput size="md" label={t('join.code')} description={t('join.codeHelp')} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={form.about('Code')} autoComplete="off" dir="ltr" classNames={{ input: 'mono' }} />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} size="md" label={t('door.newPassword')} description={t('door.passwordHelp')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={form.about('Password')} autoComplete="new-password" dir="ltr" />
        <Wrong text={form.general('Code', 'Password')} />
        <Button type="submit" size="md" loading={form.busy} disabled={code === '' || password === ''}>{t('join.go')}</Button>
        <Link href="/sign-in" className="link small">{t('join.back')}</Link>
      </form>
    </Door>
  )
}
