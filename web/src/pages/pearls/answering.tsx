import { useNumbers } from '../../api/queries'
import { useEdit } from './draft'
import { Amount, Choice, Flag, Nullable, Warned, Words } from './fields'
import { useTexts } from './texts'

// Answering edits how an inbound Pearl takes calls.
export function Answering() {
  const { t } = useTexts()
  const { warningsAt } = useEdit()
  const numbers = useNumbers()
  const answering = (numbers.data ?? []).filter(({ direction }) => direction === 1 || direction === 2)
  return (
    <div className="stack form editor-part">
      <Warned texts={warningsAt('inbound')} />
      <div className="field-row"><Choice path="inbound.phoneNumberId" label={t('pearl.answersOn')} optional data={answering.map(({ id, number }) => ({ value: id, label: number }))} /><Amount path="inbound.totalAgents" min={1} /></div>
      <Words path="inbound.waitingSentence" rows={2} />
      <Flag path="inbound.isSayQueueDetails" />
      <Choice path="inbound.transcriptOptions" numeric data={([1, 2, 3] as const).map((value) => ({ value: String(value), label: t(`pearl.transcript.${value}`) }))} />
      <Flag path="inbound.recordingOptions" />
      <Flag path="inbound.isStopRecordingAfterTransferCall" />
      <Nullable path="inbound.callWebhookUrl" mono />
    </div>
  )
}
