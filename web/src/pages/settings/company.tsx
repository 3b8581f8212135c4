import { Button, ColorInput, Select, Textarea, TextInput } from '@mantine/core'
import '@mantine/core/styles/ColorInput.css'
import '@mantine/core/styles/ColorPicker.css'
import '@mantine/core/styles/ColorSwatch.css'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ask, type Schemas } from '../../api/client'
import { useAccountSettings } from '../../api/queries'
import { useSession } from '../../api/session'
import { useSubmit, Wrong } from '../../pieces/form'
import { Bones, Failing } from '../../pieces/states'
import { tell } from '../../pieces/told'

type Values = Schemas['AccountSettings']

// Company is what holds for the whole account. Owners and admins change it.
export function Company() {
  const settings = useAccountSettings()
  const { administers } = useSession()
  if (settings.error) return <Failing error={settings.error} retry={() => void settings.refetch()} />
  if (!settings.data) return <Bones lines={6} height={24} />
  return administers ? <Form values={settings.data} /> : <Told values={settings.data} />
}

function useSaid() {
  const { t, i18n } = useTranslation()
  const regions = new Intl.DisplayNames(i18n.language, { type: 'region' })
  return {
    countries: (codes: string[] | null) => (codes === null ? t('company.ownCodes') : codes.map((code) => `+${code}`).join(', ')),
    region: (region: string | null) => (region === null ? t('company.noRegion') : `${regions.of(region) ?? region} (${region})`),
    kept: (days: number | null) => (days === null ? t('company.forEver') : t('company.days', { count: days })),
  }
}

function Told({ values }: { values: Values }) {
  const { t } = useTranslation()
  const said = useSaid()
  return (
    <dl className="pairs form">
      <dt>{t('company.name')}</dt><dd dir="auto">{values.name}</dd>
      <dt>{t('company.countries')}</dt><dd>{said.countries(values.countryCodes)}</dd>
      <dt>{t('company.region')}</dt><dd>{said.region(values.defaultRegion)}</dd>
      <dt>{t('company.retention')}</dt><dd>{said.kept(values.retentionDays)}</dd>
    </dl>
  )
}

const swatches = ['#4a4fbf', '#156f7d', '#1d8a50', '#b3700a', '#c4333d', '#8a3a7a', '#55606e']

function Form({ values }: { values: Values }) {
  const { t } = useTranslation()
  const { ask: askWho } = useSession()
  const said = useSaid()
  const queries = useQueryClient()
  const [name, setName] = useState(values.name)
  const [color, setColor] = useState(values.color ?? '')
  const [own, setOwn] = useState(values.countryCodes === null)
  const [codes, setCodes] = useState((values.countryCodes ?? []).map((code) => `+${code}`).join(' '))
  const [region, setRegion] = useState(values.defaultRegion ?? '')
  const [days, setDays] = useState(values.retentionDays === null ? '' : String(values.retentionDays))
  const listed = codes.split(/[\s,;]+/).filter(Boolean)
  const form = useSubmit(
    () => ask(api.PUT('/v2/Account/Settings', { body: { name, color: color || null, countryCodes: own ? null : listed, defaultRegion: region || null, retentionDays: days === '' ? null : Number(days) } })),
    (stored) => {
      queries.setQueryData(['account', 'settings'], stored)
      tell(t('lead.saved'))
      if (stored.name !== values.name) askWho()
    },
  )
  // The API names entries by their place: CountryCodes[3].
  const aboutCodes = listed.map((_, n) => form.about(`CountryCodes[${n}]`)).find(Boolean) ?? form.about('CountryCodes')
  return (
    <form className="stack form" style={{ gap: 20 }} onSubmit={form.submit}>
      <TextInput label={t('company.name')} description={t('company.nameHelp')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={form.about('Name')} maxLength={200} />
      <ColorInput label={t('company.color')} description={t('company.colorHelp')} value={color} onChange={setColor} format="hex" swatches={swatches} error={form.about('Color')} placeholder={t('company.noColor')} dir="ltr" styles={{ wrapper: { maxWidth: 240 } }} closeOnColorSwatchClick eyeDropperButtonProps={{ 'aria-label': t('company.pick') }} />
      <Select label={t('company.countries')} description={t('company.countriesHelp')} data={[{ value: 'own', label: said.countries(null) }, { value: 'listed', label: t('company.listed') }]} value={own ? 'own' : 'listed'} onChange={(value) => setOwn(value === 'own')} allowDeselect={false} />
      {!own && <Textarea label={t('company.codes')} description={t('company.codesHelp')} value={codes} onChange={(event) => setCodes(event.currentTarget.value)} error={aboutCodes} autosize minRows={1} dir="ltr" classNames={{ input: 'mono' }} placeholder="+1 +44 +972" />}
      <TextInput label={t('company.region')} description={t('company.regionHelp')} value={region} onChange={(event) => setRegion(event.currentTarget.value.toUpperCase())} error={form.about('DefaultRegion')} maxLength={2} styles={{ wrapper: { maxWidth: 160 } }} dir="ltr" placeholder="US" />
      <TextInput label={t('company.retention')} description={t('company.retentionHelp')} value={days} onChange={(event) => setDays(event.currentTarget.value.replace(/\D/g, ''))} error={form.about('RetentionDays')} inputMode="numeric" styles={{ wrapper: { maxWidth: 160 } }} dir="ltr" placeholder={t('company.forEver')} />
      <Wrong text={form.general('Name', 'Color', 'CountryCodes', 'DefaultRegion', 'RetentionDays', ...listed.map((_, n) => `CountryCodes[${n}]`))} />
      <Button type="submit" loading={form.busy} disabled={name.trim() === '' || (!own && listed.length === 0)} style={{ alignSelf: 'start' }}>{t('lead.save')}</Button>
    </form>
  )
}
