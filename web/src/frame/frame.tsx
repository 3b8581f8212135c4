import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core'
import { useHotkeys, useLocalStorage } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import {
  IconAddressBook, IconBan, IconBook2, IconChartBar, IconDeviceDesktop, IconDots, IconHistory, IconLanguage, IconLayoutDashboard, IconLayoutSidebar, IconLogout, IconMessage2, IconMoon, IconPhone, IconSearch, IconSettings, IconSpeakerphone, IconSun, IconUserCircle, IconWebhook,
} from '@tabler/icons-react'
import { useEffect, useRef, type ComponentType, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { useAccountSettings, useNumbers } from '../api/queries'
import { useSession } from '../api/session'
import { settingsAddress } from '../routes'
import { languages, speak } from '../i18n'
import { complain } from '../pieces/told'
import { useWords } from '../pieces/words'
import { useNow } from '../pieces/when'
import { useCrumb } from './crumb'
import { useLive } from './live'
import { Palette } from './palette'

type Place = { path: string; text: 'overview' | 'campaigns' | 'leads' | 'calls' | 'pearls' | 'analytics' | 'webhooks' | 'blacklist' | 'audit' | 'settings'; icon: ComponentType<{ size?: number; stroke?: number }>; administered?: true }

// places are the pages of the rail, in its order; those beyond the gap are looked at more rarely.
export const places: Place[] = [
  { path: '/', text: 'overview', icon: IconLayoutDashboard },
  { path: '/campaigns', text: 'campaigns', icon: IconSpeakerphone },
  { path: '/leads', text: 'leads', icon: IconAddressBook },
  { path: '/calls', text: 'calls', icon: IconPhone },
  { path: '/pearls', text: 'pearls', icon: IconMessage2 },
  { path: '/analytics', text: 'analytics', icon: IconChartBar },
  { path: '/webhooks', text: 'webhooks', icon: IconWebhook },
  { path: '/blacklist', text: 'blacklist', icon: IconBan },
  { path: '/audit', text: 'audit', icon: IconHistory, administered: true },
  { path: '/settings', text: 'settings', icon: IconSettings },
]
const often = 6

// usePlaces are those that who asks may see.
export function usePlaces(): Place[] {
  const { administers } = useSession()
  return administers ? places : places.filter((place) => !place.administered)
}

function isHere(path: string, location: string): boolean {
  return path === '/' ? location === '/' : location === path || location.startsWith(path + '/')
}

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  const [location] = useLocation()
  const shown = usePlaces()
  const [folded, setFolded] = useLocalStorage({ key: 'nacre.rail', defaultValue: false })
  const main = useRef<HTMLElement>(null)
  useHotkeys([['mod+K', () => spotlight.open()], ['/', () => focusSearch()]])
  useTitle()

  return (
    <div className="frame" data-folded={folded}>
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus() }}>{t('frame.skip')}</a>
      <nav className="rail" aria-label={t('frame.pages')}>
        <Link href="/" className="brand"><img src="/icon.svg" alt="" /><span>nacre</span></Link>
        <Company />
        {shown.map(({ path, text, icon: Icon }, n) => (
          <span key={path} style={{ display: 'contents' }}>
            {n === often && <div className="rail-gap" />}
            <Tooltip label={t(`places.${text}`)} position="right" disabled={!folded}>
              <Link href={path} className="rail-link" aria-current={isHere(path, location) ? 'page' : undefined} aria-label={t(`places.${text}`)}>
                <Icon size={18} stroke={1.6} /><span>{t(`places.${text}`)}</span>
              </Link>
            </Tooltip>
          </span>
        ))}
        <div className="grow" />
        <a href="/docs" className="rail-link"><IconBook2 size={18} stroke={1.6} /><span>{t('frame.docs')}</span></a>
        <button type="button" className="rail-link" onClick={() => setFolded(!folded)} aria-expanded={!folded} aria-label={t(folded ? 'frame.unfold' : 'frame.fold')}>
          <IconLayoutSidebar size={18} stroke={1.6} /><span>{t('frame.fold')}</span>
        </button>
      </nav>
      <header className="topbar">
        <Crumbs />
        <div className="grow" />
        <SandboxMark />
        <button type="button" className="search-button" onClick={() => spotlight.open()}>
          <IconSearch size={15} aria-hidden="true" /><span>{t('frame.search')}</span><kbd>Ctrl K</kbd>
        </button>
        <LiveDot />
        <Account />
      </header>
      <main className="main" id="main" tabIndex={-1} ref={main}>{children}</main>
      <TabBar />
      <Palette />
    </div>
  )
}

// Company is whose account this is, with the colour that tells it from others.
function Company() {
  const { me } = useSession()
  const settings = useAccountSettings()
  return (
    <Link href="/settings/company" className="rail-link company" title={me?.accountName}>
      <i className="company-mark" style={{ background: settings.data?.color ?? 'var(--line-strong)' }} aria-hidden="true" /><span className="cut" dir="auto">{settings.data?.name ?? me?.accountName}</span>
    </Link>
  )
}

function focusSearch() {
  document.querySelector<HTMLInputElement>('input[type="search"]')?.focus()
}

function useTitle() {
  const { t } = useTranslation()
  const [location] = useLocation()
  const crumb = useCrumb()
  const place = places.find(({ path }) => isHere(path, location))
  useEffect(() => {
    document.title = [crumb?.text, place && t(`places.${place.text}`), 'nacre'].filter(Boolean).join(' · ')
  }, [crumb, place, t])
}

function Crumbs() {
  const { t } = useTranslation()
  const [location] = useLocation()
  const crumb = useCrumb()
  const place = places.find(({ path }) => isHere(path, location))
  return (
    <nav className="crumbs" aria-label={t('frame.where')}>
      {place && (crumb ? <Link href={place.path} className="soft nowrap">{t(`places.${place.text}`)}</Link> : <span aria-current="page">{t(`places.${place.text}`)}</span>)}
      {place && crumb && <span className="soft" aria-hidden="true">/</span>}
      {crumb && <span className="cut" aria-current="page">{crumb.text}</span>}
    </nav>
  )
}

// SandboxMark says that calls may go to people who are simulated.
function SandboxMark() {
  const { t } = useTranslation()
  const numbers = useNumbers()
  const simulated = (numbers.data ?? []).some((number) => number.trunkId === null)
  return simulated ? <Tooltip label={t('frame.sandboxHelp')} multiline w={280}><span className="mark" tabIndex={0}>{t('frame.sandbox')}</span></Tooltip> : null
}

function LiveDot() {
  const { t } = useTranslation()
  const words = useWords()
  const live = useLive()
  const now = useNow(5000)
  const since = live.at === null ? '–' : words.short(new Date(live.at), now)
  return (
    <Tooltip label={t(`live.${live.state}Help`, { since })}>
      <span className="live" data-state={live.state} role="status" tabIndex={0}>
        <i aria-hidden="true" /><span>{t(`live.${live.state}`)}</span>
      </span>
    </Tooltip>
  )
}

function Account() {
  const { t, i18n } = useTranslation()
  const { me, signOut } = useSession()
  const [, go] = useLocation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('frame.account')}><IconUserCircle size={21} stroke={1.5} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="cut" dir="auto">{me?.accountName}</Menu.Label>
        <Menu.Label className="cut" fw={400}>{me?.person ? `${me.person.email} · ${t(`role.of.${me.person.roleId}`)}` : t('frame.byKey', { name: me?.key?.name ?? '' })}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t('frame.colours')}</Menu.Label>
        {([['auto', IconDeviceDesktop], ['light', IconSun], ['dark', IconMoon]] as const).map(([scheme, Icon]) => (
          <Menu.Item key={scheme} leftSection={<Icon size={15} />} onClick={() => setColorScheme(scheme)} aria-current={colorScheme === scheme || undefined} fw={colorScheme === scheme ? 600 : undefined}>{t(`frame.${scheme}`)}</Menu.Item>
        ))}
        <Menu.Divider />
        {languages.map(({ id, name }) => (
          <Menu.Item key={id} leftSection={<IconLanguage size={15} />} onClick={() => void speak(id)} fw={i18n.language === id ? 600 : undefined} lang={id}>{name}</Menu.Item>
        ))}
        <Menu.Divider />
        {me?.person && <Menu.Item leftSection={<IconUserCircle size={15} />} onClick={() => go(settingsAddress('me'))}>{t('frame.mine')}</Menu.Item>}
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut().catch(complain)}>{t('frame.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

// TabBar is the rail of a phone: the first four pages, the others behind a menu.
function TabBar() {
  const { t } = useTranslation()
  const [location, go] = useLocation()
  const all = usePlaces()
  const shown = all.slice(0, all.length > 4 ? 3 : 4)
  const more = all.slice(shown.length)
  return (
    <nav className="tabbar" aria-label={t('frame.pages')}>
      {shown.map(({ path, text, icon: Icon }) => (
        <Link key={path} href={path} aria-current={isHere(path, location) ? 'page' : undefined}><Icon size={20} stroke={1.6} />{t(`places.${text}`)}</Link>
      ))}
      {more.length > 0 && (
        <Menu position="top-end" width={200}>
          <Menu.Target><button type="button" aria-current={more.some(({ path }) => isHere(path, location)) ? 'page' : undefined}><IconDots size={20} stroke={1.6} />{t('frame.more')}</button></Menu.Target>
          <Menu.Dropdown>
            {more.map(({ path, text, icon: Icon }) => <Menu.Item key={path} leftSection={<Icon size={17} stroke={1.6} />} onClick={() => go(path)}>{t(`places.${text}`)}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      )}
    </nav>
  )
}
