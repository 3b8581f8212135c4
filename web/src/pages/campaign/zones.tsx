import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Schemas } from '../../api/client'
import { useZones } from '../../api/queries'
import { Bones } from '../../pieces/states'
import { useNow } from '../../pieces/when'
import { atOffset, placeOf, useWords } from '../../pieces/words'

// mostShown is how many zones the strip has; most campaigns have fewer.
const mostShown = 12

// Zones shows in which time zones leads may be called now, until when, and what opens next.
export function Zones({ pearlId }: { pearlId: string }) {
  const { t } = useTranslation()
  const words = useWords()
  const zones = useZones(pearlId)
  const rows = merged(zones.data ?? [])
  const open = rows.filter(({ isOpen }) => isOpen)
  const next = rows.find(({ isOpen, opensAt }) => !isOpen && opensAt !== null)
  const waiting = (list: Zone[]) => list.reduce((sum, zone) => sum + zone.waiting, 0)
  return (
    <section className="stack" style={{ gap: 8 }}>
      <div className="row wrap" style={{ alignItems: 'baseline' }}>
        <h2>{t('zones.title')}</h2>
        {rows.length > 0 && <span className="soft small">{t('zones.open', { count: waiting(open), text: words.number(waiting(open)), total: words.number(waiting(rows)) })}{open.length === 0 && next?.opensAt && <> {t('zones.next', { zone: next.iana, at: words.clock(new Date(next.opensAt)) })}</>}</span>}
      </div>
      {zones.error ? <p className="soft">{zones.error.message}</p> : !zones.data ? <Bones lines={1} height={52} /> : rows.length === 0 ? <p className="soft">{t('zones.none')}</p> : (
        <ul className="zones">{rows.slice(0, mostShown).map((zone) => <ZoneCell key={zone.filter} pearlId={pearlId} zone={zone} />)}</ul>
      )}
      {rows.length > mostShown && <p className="soft small">{t('zones.more', { count: rows.length - mostShown })}</p>}
    </section>
  )
}

type Zone = Schemas['Zone'] & { filter: string } // as the address of the table of leads has it

// merged has one row a zone: leads without one of their own are in that of the campaign.
function merged(zones: Schemas['Zone'][]): Zone[] {
  const rows: Zone[] = []
  for (const zone of zones) {
    const filter = zone.timeZoneId ?? 'none'
    const same = zone.iana === '' ? undefined : rows.find(({ iana }) => iana === zone.iana)
    if (same) Object.assign(same, { waiting: same.waiting + zone.waiting, filter: `${same.filter},${filter}` })
    else rows.push({ ...zone, filter })
  }
  return rows
}

function ZoneCell({ pearlId, zone }: { pearlId: string; zone: Zone }) {
  const { t, i18n } = useTranslation()
  const words = useWords()
  const now = new Date(useNow(30_000))
  const until = zone.isOpen ? zone.closesAt : zone.opensAt
  const at = until === null ? '' : atOffset(new Date(until), zone.timeZone, i18n.language)
  return (
    <li data-open={zone.isOpen}>
      <Link href={`/leads?campaign=${pearlId}&zone=${encodeURIComponent(zone.filter)}`} className="zone">
        <span className="row"><i aria-hidden="true" /><strong className="cut">{zone.iana === '' ? (zone.timeZoneId ?? '–') : placeOf(zone.iana)}</strong><span className="grow" /><span className="figures">{words.number(zone.waiting)}</span></span>
        <span className="small soft cut" title={until === null ? undefined : words.exact(new Date(until))}>
          {atOffset(now, zone.timeZone, i18n.language)} · {zone.isOpen ? (until === null ? t('zones.always') : t('zones.until', { at })) : until === null ? t('zones.never') : t('zones.opens', { at })}
        </span>
      </Link>
    </li>
  )
}
