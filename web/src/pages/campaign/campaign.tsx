import { ActionIcon, Button, Menu, Tabs } from '@mantine/core'
import { IconCopy, IconDots, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { useAnalytics, useLeadCounts, usePearl } from '../../api/queries'
import type { Report } from '../../api/report'
import { useSession } from '../../api/session'
import { useNamed } from '../../frame/crumb'
import { useAddress } from '../../pieces/address'
import { Facts, Help } from '../../pieces/facts'
import { partsOf, sinceStart } from '../../pieces/range'
import { Bones, Failing } from '../../pieces/states'
import { Activity, leadStatuses, LeadStatusMark, tone, toneStyle } from '../../pieces/status'
import { complain, tell } from '../../pieces/told'
import { placeOf, useWords } from '../../pieces/words'
import { ByHour, OutcomesByDay } from '../analytics/charts'
import { NameOfFiles } from '../analytics/framed'
import { sideOf } from '../analytics/sides'
import { Clone } from './clone'
import { LiveCalls } from './live-calls'
import { Settings } from './settings'
import { Zones } from './zones'

// elsewhere are the pages that have more of a campaign.
const elsewhere = ['leads', 'calls', 'analytics'] as const

// Campaign shows how far a campaign is and what it does now, and steers it.
export default function Campaign({ params: { id } }: { params: { id: string } }) {
  const { t } = useTranslation()
  const { params, set } = useAddress()
  const { mayChange, operates } = useSession()
  const pearl = usePearl(id)
  const [cloning, setCloning] = useState(false)
  useNamed(pearl.data?.name)
  if (pearl.error) return <div className="page"><Failing error={pearl.error} retry={() => void pearl.refetch()} /></div>
  if (!pearl.data) return <div className="page"><Bones lines={6} height={20} /></div>
  const tab = params.get('tab') === 'settings' ? 'settings' : 'progress'
  return (
    <div className="page">
      <div className="page-head">
        <h1>{pearl.data.name}</h1>
        <Activity status={pearl.data.status} />
        <div className="head-actions">
          <span className="tab-links wide-only">{elsewhere.map((place) => <Link key={place} href={`/${place}?campaign=${id}`} className="link">{t(`places.${place}`)}</Link>)}</span>
          {operates && <Button className="wide-only" variant="default" leftSection={<IconCopy size={16} />} onClick={() => setCloning(true)}>{t('campaign.clone')}</Button>}
          {mayChange && <RunOrPause pearl={pearl.data} />}
          <Menu position="bottom-end" width={200}>
            <Menu.Target><ActionIcon className="narrow-only" variant="default" size={36} aria-label={t('campaign.others')}><IconDots size={18} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              {elsewhere.map((place) => <Menu.Item key={place} component={Link} href={`/${place}?campaign=${id}`}>{t(`places.${place}`)}</Menu.Item>)}
              {operates && <><Menu.Divider /><Menu.Item leftSection={<IconCopy size={16} />} onClick={() => setCloning(true)}>{t('campaign.clone')}</Menu.Item></>}
            </Menu.Dropdown>
          </Menu>
        </div>
        <Clone pearl={pearl.data} opened={cloning} onClose={() => setCloning(false)} />
      </div>
      <Tabs value={tab} onChange={(chosen) => set({ tab: chosen === 'settings' ? chosen : null })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="progress">{t('campaign.progress')}</Tabs.Tab>
          <Tabs.Tab value="settings">{t('campaign.settings')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="progress" pt="lg"><Progress pearl={pearl.data} /></Tabs.Panel>
        <Tabs.Panel value="settings" pt="lg"><Settings pearlId={id} /></Tabs.Panel>
      </Tabs>
    </div>
  )
}

function RunOrPause({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (isActive: boolean) => ask(api.PUT('/v2/Pearl/{pearlId}/Active', { params: { path: { pearlId: pearl.id } }, body: { isActive } })),
    onSuccess: (status) => {
      queries.setQueryData(['pearl', pearl.id], { ...pearl, status })
      void queries.invalidateQueries({ queryKey: ['pearls'] })
      void queries.invalidateQueries({ queryKey: ['pearl', pearl.id] })
    },
    onError: complain,
  })
  const runs = pearl.status === 1
  const put = (isActive: boolean) => change.mutate(isActive, { onSuccess: () => tell(t(isActive ? 'campaign.runs' : 'campaign.paused', { count: pearl.totalOngoingCalls }), () => change.mutate(!isActive)) })
  return (
    <Button variant={runs ? 'default' : 'filled'} leftSection={runs ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />} loading={change.isPending} disabled={pearl.status !== 1 && pearl.status !== 2} onClick={() => put(!runs)}>
      {t(runs ? 'campaign.pause' : 'campaign.run')}
    </Button>
  )
}

function Progress({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const leads = pearl.totalLeads ?? 0
  const days = sinceStart(pearl)
  const report = useAnalytics(pearl.id, partsOf(days, pearl.iana))
  const facts = [
    { name: t('overview.now'), value: words.number(pearl.totalOngoingCalls), more: t('overview.nowOf', { count: pearl.totalAgents }), help: t('overview.help.now') },
    { name: t('overview.today'), value: words.number(pearl.totalTodayCalls), more: t('overview.sinceMidnight', { zone: placeOf(pearl.iana) }), help: t('overview.help.today') },
    { name: t('campaign.left'), value: words.number(leads - (pearl.totalLeadsCompleted ?? 0)), more: t('campaign.leftOf', { count: leads, text: words.number(leads) }), help: t('overview.help.left') },
    { name: t('overview.success'), value: words.number(pearl.totalLeadsSuccess ?? 0), more: t('overview.ofSettled', { text: words.percent(pearl.totalLeadsSuccess ?? 0, pearl.totalLeadsCompleted ?? 0) }), help: t('overview.help.success') },
    { name: t('overview.spend'), value: words.number(pearl.budgetConsumed), more: pearl.budgetTotal === null ? t('campaign.noBudget') : t('campaign.budgetOf', { text: words.number(pearl.budgetTotal) }), help: t('overview.help.spend') },
  ]
  return (
    <div className="stack" style={{ gap: 28 }}>
      <Facts facts={facts} />
      <div className="halves">
        <Funnel pearl={pearl} report={report.data} />
        <ByStatus pearl={pearl} />
      </div>
      <Zones pearlId={pearl.id} />
      <LiveCalls pearl={pearl} />
      {report.error ? <p className="soft">{report.error.message}</p> : !report.data ? <Bones lines={1} height={220} /> : report.data.callsStatusOverview.totalCalls === 0 ? <p className="soft">{t('campaign.noCalls')}</p> : (
        <NameOfFiles value={pearl.name}><div className="charts"><OutcomesByDay now={sideOf(pearl.name, days, report.data)} /><ByHour now={sideOf(pearl.name, days, report.data)} show="answered" /></div></NameOfFiles>
      )}
    </div>
  )
}

function Funnel({ pearl, report }: { pearl: Schemas['FullPearl']; report: Report | undefined }) {
  const { t } = useTranslation()
  const words = useWords()
  const leads = pearl.totalLeads ?? 0
  // Leads may be in several reports, of which a long time is made.
  const atMost = (count: number | undefined) => (count === undefined || report?.isWhole ? count : Math.min(count, leads))
  const steps = [
    { name: t('funnel.leads'), value: leads, help: t('funnel.help.leads') },
    { name: t('funnel.called'), value: atMost(report?.callsStatusOverview.totalLeads), help: t('funnel.help.called') },
    { name: t('funnel.reached'), value: atMost(report?.talkedLeads), help: t('funnel.help.reached') },
    { name: t('funnel.success'), value: pearl.totalLeadsSuccess ?? 0, help: t('funnel.help.success') },
  ]
  return (
    <section>
      <h2>{t('funnel.title')}</h2>
      <ol className="funnel">
        {steps.map(({ name, value, help }, n) => (
          <li key={name}>
            <span className="funnel-name">{name} <Help text={help} /></span>
            <span className="funnel-bar"><i style={{ width: `${value === undefined || leads === 0 ? 0 : Math.min(100, (100 * value) / leads)}%`, ...tone(n === 3 ? 'won' : 'moving') }} /></span>
            <span className="figures funnel-value">{value === undefined ? '–' : `${(n === 1 || n === 2) && !report?.isWhole ? '≤ ' : ''}${words.number(value)}`}</span>
            <span className="soft small figures funnel-part">{n === 0 || value === undefined ? '' : words.percent(value, leads)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function ByStatus({ pearl }: { pearl: Schemas['FullPearl'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const counts = useLeadCounts(pearl.id, leadStatuses)
  const rows = leadStatuses.map((status, n) => ({ status, count: counts[n]?.data ?? 0 })).filter(({ count }) => count > 0)
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  const failed = counts.find((count) => count.error)
  return (
    <section>
      <h2>{t('campaign.byStatus')}</h2>
      {failed?.error ? <p className="soft">{failed.error.message}</p> : rows.length === 0 ? <p className="soft">{t('overview.noLeads')}</p> : (
        <>
          <div className="bar-track" style={{ height: 10, marginBlock: '10px 8px' }} aria-hidden="true">{rows.map(({ status, count }) => <i key={status} style={{ width: `${(100 * count) / total}%`, ...toneStyle(status) }} />)}</div>
          <ul className="by-status">
            {rows.map(({ status, count }) => (
              <li key={status}><Link href={`/leads?campaign=${pearl.id}&status=${status}`}><LeadStatusMark status={status} /><span className="figures">{words.number(count)}</span></Link></li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
