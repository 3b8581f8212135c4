import { VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask } from '../../api/client'
import { Bones, Failing } from '../../pieces/states'

// Ladder shows the SIP messages of a call between two lines, nacre on the left and the carrier on the right, whatever way the page is read.
export function Ladder({ callId }: { callId: string }) {
  const { t } = useTranslation()
  const signalling = useQuery({ queryKey: ['call', callId, 'signalling'], queryFn: () => ask(api.GET('/v2/Call/{callId}/Signalling', { params: { path: { callId } } })) })
  if (signalling.error) return <Failing error={signalling.error} retry={() => void signalling.refetch()} />
  if (!signalling.data) return <Bones lines={6} />
  const messages = signalling.data
  if (messages.length === 0) return <p className="soft">{t('ladder.none')}</p>
  const began = Date.parse(messages[0]!.at!)
  return (
    <div className="ladder" dir="ltr">
      <div className="ladder-ends" aria-hidden="true"><span>nacre</span><span>{t('ladder.carrier')}</span></div>
      <ol>
        {messages.map((message, n) => (
          <li key={n} className={message.sent ? 'sent' : 'received'}>
            <span className="ladder-time figures">{((Date.parse(message.at!) - began) / 1000).toFixed(3)}</span>
            <span className="ladder-step" title={message.line}>
              <VisuallyHidden>{t(message.sent ? 'ladder.sent' : 'ladder.received')} </VisuallyHidden>
              <span className="ladder-words">{short(message.line, message.method)}</span>
              <span className="ladder-arrow" aria-hidden="true" />
              {message.detail && <span className="ladder-detail soft">{message.detail}</span>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

// short is a start line without what every message repeats: the version, and the address of a request.
function short(line: string, method: string): string {
  return line.startsWith('SIP/2.0 ') ? `${line.slice('SIP/2.0 '.length)} (${method})` : method
}
