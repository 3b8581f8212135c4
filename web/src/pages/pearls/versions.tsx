import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { api, ask, type Schemas } from '../../api/client'
import { useVersions } from '../../api/queries'
import { useAddress } from '../../pieces/address'
import { Bones, Failing } from '../../pieces/states'
import { complain, tell } from '../../pieces/told'
import { When } from '../../pieces/when'
import { callsAddress } from '../../routes'
import type { Settings } from './draft'
import { useLabel } from './fields'
import { useTexts } from './texts'

function useVersion(pearlId: string, version: number) {
  return useQuery({ queryKey: ['version', pearlId, version], queryFn: () => ask(api.GET('/v2/Pearl/{pearlId}/Versions/{version}', { params: { path: { pearlId, version: String(version) } } })), staleTime: Infinity, enabled: version > 0 })
}

// usePublished puts settings in force, and has what depends on them read again.
export function usePublished(pearlId: string, reload: () => Promise<void>) {
  const queries = useQueryClient()
  return async () => {
    await reload()
    await Promise.all([queries.invalidateQueries({ queryKey: ['pearl', pearlId] }), queries.invalidateQueries({ queryKey: ['pearls'] })])
  }
}

// Versions lists what was in force, shows what each changed, and brings an earlier one back.
export function Versions({ pearlId, mayChange, reload }: { pearlId: string; mayChange: boolean; reload: () => Promise<void> }) {
  const { t } = useTexts()
  const versions = useVersions(pearlId)
  const { params } = useAddress()
  const named = Number(params.get('version')) // a call leads to the one that it was begun with
  const [open, setOpen] = useState<number | null>(named || null)
  const place = useRef<HTMLLIElement>(null)
  useEffect(() => { void place.current?.scrollIntoView({ block: 'nearest' }) }, [versions.isPending])
  if (versions.error) return <Failing error={versions.error} retry={() => void versions.refetch()} />
  if (!versions.data) return <Bones lines={5} />
  if (versions.data.length === 0) return <p className="soft">{t('pearl.noVersions')}</p>
  return (
    <ol className="versions">
      {named > 0 && !versions.data.some(({ version }) => version === named) && <li><p className="soft">{t('pearl.versionGone', { version: named })}</p></li>}
      {versions.data.map((version, n) => (
        <li key={version.version} ref={version.version === named ? place : undefined} data-named={version.version === named || undefined}>
          <div className="version-line">
            <strong className="figures">{t('pearl.version', { version: version.version })}</strong>
            {n === 0 && <span className="mark">{t('pearl.inForce')}</span>}
            <span className="small soft cut grow" dir="auto">{version.byName ?? version.by ?? '–'}</span>
            <span className="small soft"><When at={version.at} /></span>
            <Link href={callsAddress(pearlId, version.version)} className="link small">{t('translation:places.calls')}</Link>
            <Button variant="subtle" size="compact-sm" aria-expanded={open === version.version} onClick={() => setOpen(open === version.version ? null : version.version)}>{t('pearl.changes')}</Button>
            {mayChange && n > 0 && <RollBack pearlId={pearlId} version={version.version} reload={reload} />}
          </div>
          {open === version.version && <Changed pearlId={pearlId} version={version} before={versions.data[n + 1]} />}
        </li>
      ))}
    </ol>
  )
}

function Changed({ pearlId, version, before }: { pearlId: string; version: Schemas['VersionRow']; before: Schemas['VersionRow'] | undefined }) {
  const { t } = useTexts()
  const now = useVersion(pearlId, version.version)
  const then = useVersion(pearlId, before?.version ?? 0)
  if (now.error) return <p className="soft">{now.error.message}</p>
  if (!before) return <p className="small soft">{t('pearl.firstVersion')}</p>
  if (!now.data || !then.data) return <Bones lines={2} />
  return <Difference before={then.data.settings} after={now.data.settings} />
}

function RollBack({ pearlId, version, reload }: { pearlId: string; version: number; reload: () => Promise<void> }) {
  const { t } = useTexts()
  const published = usePublished(pearlId, reload)
  const back = useMutation({
    mutationFn: async () => {
      const { data, response } = await api.POST('/v2/Pearl/{pearlId}/Versions/{version}/RollBack', { params: { path: { pearlId, version: String(version) } } })
      return { version: data!.version, warning: response.headers.get('Warning') }
    },
    onSuccess: async ({ version: now, warning }) => {
      await published()
      tell(t('pearl.rolledBack', { version, now }) + (warning ? ` ${t('pearl.secretsMissing')}` : ''))
    },
    onError: complain,
  })
  return <Button variant="default" size="compact-sm" loading={back.isPending} onClick={() => back.mutate()}>{t('pearl.rollBack')}</Button>
}

type Change = { path: string; before: unknown; after: unknown }

// differences lists the members that differ, the outermost that is no object or list of objects.
export function differences(before: unknown, after: unknown, path = ''): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const members = (value: unknown) => typeof value === 'object' && value !== null && (!Array.isArray(value) || value.every((one) => typeof one === 'object'))
  if (!members(before) || !members(after)) return [{ path, before, after }]
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) => differences(old[key], now[key], path === '' ? key : `${path}.${key}`))
}

// Difference tells by member what two settings have different.
export function Difference({ before, after }: { before: Settings; after: Settings }) {
  const { t } = useTexts()
  const label = useLabel()
  const changes = differences(before, after)
  const nameOf = (path: string) => {
    const parts = path.split('.').filter((part) => part !== 'pearl' && part !== 'outbound' && part !== 'inbound')
    return parts.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : label(part))).join(' · ')
  }
  const textOf = (value: unknown): string => (value === undefined || value === null || value === '' ? '–' : typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value))
  if (changes.length === 0) return <p className="small soft">{t('pearl.noDifference')}</p>
  return (
    <dl className="difference">
      {changes.map(({ path, before: old, after: now }) => (
        <div key={path}>
          <dt>{nameOf(path)}</dt>
          {textOf(old) !== '–' && <dd dir="auto"><del>{textOf(old)}</del></dd>}
          {textOf(now) !== '–' ? <dd dir="auto"><ins>{textOf(now)}</ins></dd> : <dd className="soft">{t('pearl.removed')}</dd>}
        </div>
      ))}
    </dl>
  )
}
