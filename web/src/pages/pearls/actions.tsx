import type { ReactNode } from 'react'
import { at, useEdit } from './draft'
import { Amount, Flag, List, Text, Texts, Words } from './fields'
import { newRequest, Request } from './request'
import { useTexts } from './texts'

// Actions edits what the agent has done besides talking, in calls and after them.
export function Actions() {
  const { t } = useTexts()
  return (
    <div className="stack form editor-part">
      <List path="pearl.transferCallSettings" help={t('pearl.help.transfers')} add={t('pearl.add.transfer')} make={() => ({ transferCallPhoneNumber: '', triggerDescription: '', warmTransferMessage: '' })}>
        {(path) => <><div className="field-row"><Text path={`${path}.transferCallPhoneNumber`} mono /><Text path={`${path}.triggerDescription`} /></div><Text path={`${path}.warmTransferMessage`} /></>}
      </List>
      <List path="pearl.apiSettings" help={t('pearl.help.apis')} add={t('pearl.add.api')} make={newRequest}>
        {(path) => <Request path={path} />}
      </List>
      <List path="pearl.smsSettings" help={t('pearl.help.sms')} add={t('pearl.add.sms')} make={() => ({ body: '', triggerDescription: '' })}>
        {(path) => <><Words path={`${path}.body`} label={t('pearl.f.message')} /><Text path={`${path}.triggerDescription`} /></>}
      </List>
      <List path="pearl.emailSettings" help={t('pearl.help.emails')} add={t('pearl.add.email')} make={() => ({ subject: '', body: '', triggerDescription: '', smtpSettings: null })}>
        {(path) => <Email path={path} />}
      </List>
      <List path="pearl.notifications" help={t('pearl.help.notifications')} add={t('pearl.add.notification')} make={() => ({ apiSettings: null, emailTemplate: newEmail() })}>
        {(path) => (
          <>
            <Optional path={`${path}.emailTemplate`} label={t('pearl.sendsEmail')} make={newEmail}>
              <div className="field-row"><Texts path={`${path}.emailTemplate.to`} help={t('pearl.help.to')} mono /><Texts path={`${path}.emailTemplate.cc`} mono /></div>
              <Email path={`${path}.emailTemplate`} />
            </Optional>
            <Optional path={`${path}.apiSettings`} label={t('pearl.makesRequest')} make={newRequest}><Request path={`${path}.apiSettings`} /></Optional>
          </>
        )}
      </List>
      <section className="stack list-field" aria-label={t('pearl.f.smtpSettings')}>
        <div><h3>{t('pearl.f.smtpSettings')}</h3><p className="small soft">{t('pearl.help.smtp')}</p></div>
        <MailServer path="pearl.smtpSettings" />
      </section>
      <p className="small soft">{t('pearl.kept.actions')}</p>
    </div>
  )
}

const newEmail = () => ({ to: [], cc: [], subject: '', body: '', triggerDescription: '', smtpSettings: null })

function Email({ path }: { path: string }) {
  const { t } = useTexts()
  return (
    <>
      <Text path={`${path}.subject`} />
      <Words path={`${path}.body`} label={t('pearl.f.message')} rows={5} />
      <Text path={`${path}.triggerDescription`} />
      <MailServer path={`${path}.smtpSettings`} />
    </>
  )
}

// Optional is a member that is null unless the box is checked.
export function Optional({ path, label, make, children }: { path: string; label: string; make: () => unknown; children: ReactNode }) {
  const { settings, set, faultsAt } = useEdit()
  const there = at(settings, path) !== null && at(settings, path) !== undefined
  return (
    <div className="stack" style={{ gap: 10 }}>
      <label className="row small"><input type="checkbox" checked={there} onChange={(event) => set(path, event.currentTarget.checked ? make() : null)} />{label}</label>
      {faultsAt(path) && <p className="small" style={{ color: 'var(--danger)' }}>{faultsAt(path)}</p>}
      {there && <div className="stack optional" style={{ gap: 10 }}>{children}</div>}
    </div>
  )
}

function MailServer({ path }: { path: string }) {
  const { t } = useTexts()
  return (
    <Optional path={path} label={t('pearl.ownServer')} make={() => ({ id: '', provider: 0, smtpServer: '', port: 587, enableSsl: true, senderEmail: '', senderPassword: '', displayName: '' })}>
      <div className="field-row"><Text path={`${path}.smtpServer`} mono /><Amount path={`${path}.port`} min={1} max={65535} /></div>
      <div className="field-row"><Text path={`${path}.senderEmail`} mono /><Text path={`${path}.senderPassword`} secret mono help={t('pearl.help.secret')} /></div>
      <Text path={`${path}.displayName`} /><Flag path={`${path}.enableSsl`} />
    </Optional>
  )
}
