import { Button, Modal, PasswordInput, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { encode } from 'uqr'
import { api, ask, type Schemas } from '../../api/client'
import { useSession } from '../../api/session'
import { Confirm } from '../../pieces/confirm'
import { useSubmit, Wrong } from '../../pieces/form'
import { Once } from '../../pieces/once'
import { tell } from '../../pieces/told'

// Myself is how the person who looks signs in.
export function Myself() {
  const { t } = useTranslation()
  const { me, ask: askWho } = useSession()
  const [leaving, leave] = useDisclosure(false)
  const [turning, turn] = useDisclosure(false)
  const person = me?.person
  if (!person) return <p className="soft">{t('myself.byKey')}</p>
  return (
    <div className="stack form" style={{ gap: 32 }}>
      <dl className="pairs"><dt>{t('door.email')}</dt><dd><span className="ltr">{person.email}</span></dd><dt>{t('people.role')}</dt><dd>{t(`role.of.${person.roleId}`)} – <span className="soft">{t(`role.may.${person.roleId}`)}</span></dd></dl>
      <Password />
      <Section title={t('myself.twoFactor')} note={t(person.hasTwoFactor ? 'myself.twoFactorOn' : 'myself.twoFactorOff')}>
        <Button variant="default" onClick={turn.open}>{t(person.hasTwoFactor ? 'myself.turnOff' : 'myself.turnOn')}</Button>
      </Section>
      <Section title={t('myself.everywhere')} note={t('myself.everywhereHelp')}>
        <Button variant="default" onClick={leave.open}>{t('myself.signOutEverywhere')}</Button>
      </Section>
      <Modal opened={turning} onClose={turn.close} title={t(person.hasTwoFactor ? 'myself.turnOff' : 'myself.turnOn')} closeButtonProps={{ 'aria-label': t('peek.close') }}>
        {person.hasTwoFactor ? <TurnOff onDone={() => { turn.close(); askWho() }} /> : <TurnOn onDone={() => { turn.close(); askWho() }} />}
      </Modal>
      {leaving && (
        <Confirm title={t('myself.signOutEverywhere')} go={t('myself.signOutEverywhere')} onClose={leave.close} onGo={async () => { await ask(api.POST('/v2/SignOut/Everywhere')); askWho() }}>{t('myself.everywhereWill')}</Confirm>
      )}
    </div>
  )
}

function Section({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  return <section className="stack" style={{ gap: 10, alignItems: 'start' }}><h2>{title}</h2><p className="soft">{note}</p>{children}</section>
}

const current = { autoComplete: 'current-password', dir: 'ltr' } as const

function Password() {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const [newPassword, setNew] = useState('')
  const form = useSubmit(() => ask(api.PUT('/v2/Me/Password', { body: { password, newPassword } })), () => { setPassword(''); setNew(''); tell(t('myself.passwordSet')) })
  const show = { visibilityToggleButtonProps: { 'aria-label': t('door.show') } }
  return (
    <form className="stack" style={{ maxWidth: 380 }} onSubmit={form.submit}>
      <h2>{t('myself.password')}</h2>
      <PasswordInput {...show} {...current} label={t('myself.now')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={form.about('Password')} />
      <PasswordInput {...show} label={t('door.newPassword')} description={t('door.passwordHelp')} value={newPassword} onChange={(event) => setNew(event.currentTarget.value)} error={form.about('NewPassword')} autoComplete="new-password" dir="ltr" />
      <Wrong text={form.general('Password', 'NewPassword')} />
      <Button type="submit" variant="default" loading={form.busy} disabled={password === '' || newPassword === ''} style={{ alignSelf: 'start' }}>{t('myself.setPassword')}</Button>
    </form>
  )
}

// TurnOn asks for the password, shows the secret as a picture that the app reads, and has a code of it confirm.
function TurnOn({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const [offer, setOffer] = useState<Schemas['Offer'] | null>(null)
  const [code, setCode] = useState('')
  const asking = useSubmit(() => ask(api.POST('/v2/Me/TwoFactor', { body: { password } })), setOffer)
  const confirming = useSubmit(() => ask(api.PUT('/v2/Me/TwoFactor', { body: { code } })), () => { tell(t('myself.isOn')); onDone() })
  if (!offer) {
    return (
      <form className="stack" onSubmit={asking.submit}>
        <p className="soft">{t('myself.twoFactorHow')}</p>
        <PasswordInput {...current} visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} label={t('myself.now')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={asking.about('Password')} data-autofocus />
        <Wrong text={asking.general('Password')} />
        <Button type="submit" loading={asking.busy} disabled={password === ''}>{t('myself.goOn')}</Button>
      </form>
    )
  }
  return (
    <form className="stack" onSubmit={confirming.submit}>
      <p>{t('myself.scan')}</p>
      <Picture text={offer.uri} label={t('myself.picture')} />
      <Once label={t('myself.secret')} help={t('myself.secretHelp')} text={offer.secret} />
      <TextInput label={t('door.code')} description={t('door.codeHelp')} value={code} onChange={(event) => setCode(event.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" error={confirming.about('Code')} dir="ltr" />
      <Wrong text={confirming.general('Code')} />
      <Button type="submit" loading={confirming.busy} disabled={code === ''}>{t('myself.turnOn')}</Button>
    </form>
  )
}

// Picture is a QR code, made here: the secret in it goes nowhere else. Dark on light in either scheme, as cameras need it.
function Picture({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges"><rect width={size} height={size} fill="#fff" /><path d={path} fill="#000" /></svg>
}

function TurnOff({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const form = useSubmit(() => ask(api.DELETE('/v2/Me/TwoFactor', { body: { password } })), () => { tell(t('myself.isOff')); onDone() })
  return (
    <form className="stack" onSubmit={form.submit}>
      <p>{t('myself.turnOffHelp')}</p>
      <PasswordInput {...current} visibilityToggleButtonProps={{ 'aria-label': t('door.show') }} label={t('myself.now')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={form.about('Password')} data-autofocus />
      <Wrong text={form.general('Password')} />
      <Button type="submit" color="red" loading={form.busy} disabled={password === ''}>{t('myself.turnOff')}</Button>
    </form>
  )
}
