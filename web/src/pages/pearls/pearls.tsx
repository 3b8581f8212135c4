import { Button, Checkbox, Modal, Select, TextInput } from '@mantine/core'
import { IconMessage2, IconPlus } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Link, useLocation } from 'wouter'
import { api, ask, Failure, type Schemas } from '../../api/client'
import { useNumbers, usePearls } from '../../api/queries'
import { useSession } from '../../api/session'
import { useAddress } from '../../pieces/address'
import { SearchBox } from '../../pieces/filters'
import { Bones, Empty, Failing } from '../../pieces/states'
import { Activity } from '../../pieces/status'
import { When } from '../../pieces/when'
import { useNodesOf } from './nodes'
import { useTexts } from './texts'

// Pearls lists all of them, of campaigns and inbound ones.
export default function Pearls() {
  const { t } = useTexts()
  const { operates: mayChange } = useSession()
  const { params, set } = useAddress()
  const pearls = usePearls()
  const search = params.get('search') ?? ''
  const rows = pearls.data ?? []
  const shown = rows.filter((row) => row.name.toLocaleLowerCase().includes(search.toLocaleLowerCase())).toSorted((a, b) => b.created.localeCompare(a.created))
  if (pearls.error) return <div className="page"><Failing error={pearls.error} retry={() => void pearls.refetch()} /></div>
  const make = mayChange && <Button leftSection={<IconPlus size={16} />} onClick={() => set({ new: '1' })}>{t('pearl.new')}</Button>
  return (
    <div className="page">
      <h1 className="hidden">{t('translation:places.pearls')}</h1>
      {pearls.isPending ? <Bones lines={5} height={20} /> : rows.length === 0
        ? <Empty icon={<IconMessage2 size={28} stroke={1.5} />} title={t('pearl.none')} help={t('pearl.noneHelp')}>{make}</Empty>
        : (
          <>
            <div className="filters"><SearchBox value={search} onChange={(text) => set({ search: text })} label={t('pearl.search')} /><div className="grow" />{make}</div>
            {shown.length === 0
              ? <Empty title={t('pearl.noMatch')}><Button variant="default" onClick={() => set({ search: null })}>{t('translation:filters.clear')}</Button></Empty>
              : <ul className="campaigns">{shown.map((row) => <PearlLine key={row.id} row={row} />)}</ul>}
          </>
        )}
      <NewPearl opened={mayChange && params.has('new')} onClose={() => set({ new: null })} />
    </div>
  )
}

function PearlLine({ row }: { row: Schemas['PearlRow'] }) {
  const { t } = useTexts()
  return (
    <li>
      <Link href={`/pearls/${row.id}`} className="campaign pearl-line">
        <strong className="cut" dir="auto">{row.name}</strong>
        <span className="small soft">{t(`pearl.kind.${row.type}`)}</span>
        <Activity status={row.status} />
        <span className="small soft pearl-when"><When at={row.created} /></span>
      </Link>
    </li>
  )
}

// NewPearl asks what cannot be guessed; the rest has a good beginning and is edited as a draft.
function NewPearl({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTexts()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [company, setCompany] = useState('')
  const [description, setDescription] = useState('')
  const numbers = useNumbers()
  const dialling = (numbers.data ?? []).filter(({ direction }) => direction === 1 || direction === 3)
  const [chosen, setChosen] = useState<string | null | undefined>() // undefined: not asked yet
  const number = chosen === undefined ? (dialling[0]?.id ?? null) : chosen
  const [byNodes, setByNodes] = useState(false)
  const nodesOf = useNodesOf()
  const make = useMutation({
    mutationFn: () => {
      const pearl = { companyName: company, companyDescription: description, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, agents: [{ name: t('pearl.start.agent'), voiceId: '' }], successDescription: t('pearl.start.success') }
      const script = { openingSentence: t('pearl.start.opening'), flowScript: t('pearl.start.script') }
      const rest = {
        name,
        variables: [{ id: 'agrees', name: t('pearl.start.agreesName'), group: 2 as const, type: 'boolean' as const, description: t('pearl.start.agrees') }],
        outbound: { phoneNumberId: number, voiceMail: t('pearl.start.voicemail') },
      }
      return ask(byNodes
        ? api.POST('/v2/Pearl/Voice', { body: { ...rest, pearl: { ...pearl, nodes: nodesOf(script) } }, parseAs: 'text' })
        : api.POST('/v2/Pearl', { body: { ...rest, pearl: { ...pearl, ...script } }, parseAs: 'text' }))
    },
    onSuccess: (pearlId) => { void queries.invalidateQueries({ queryKey: ['pearls'] }); go(`/pearls/${String(pearlId)}${byNodes ? '?part=flow' : ''}`) },
  })
  const errors = make.error instanceof Failure ? make.error.errors : {}
  const named = ['Name', 'Pearl.CompanyDescription', 'Outbound.PhoneNumberId']
  const rest = make.error && !named.some((member) => errors[member]) ? make.error.message : null
  return (
    <Modal opened={opened} onClose={onClose} title={t('pearl.new')} closeButtonProps={{ 'aria-label': t('translation:peek.close') }}>
      <form className="stack" onSubmit={(event: FormEvent) => { event.preventDefault(); make.mutate() }}>
        <TextInput label={t('pearl.f.name')} description={t('pearl.help.name')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={errors['Name']?.join(' ')} required data-autofocus dir="auto" />
        <TextInput label={t('pearl.f.companyName')} value={company} onChange={(event) => setCompany(event.currentTarget.value)} required dir="auto" />
        <TextInput label={t('pearl.f.companyDescription')} description={t('pearl.help.companyDescription')} value={description} onChange={(event) => setDescription(event.currentTarget.value)} error={errors['Pearl.CompanyDescription']?.join(' ')} required dir="auto" />
        <Select label={t('pearl.f.phoneNumberId')} description={dialling.length === 0 && numbers.isSuccess ? t('pearl.start.noNumber') : undefined} data={dialling.map(({ id, number }) => ({ value: id, label: number }))} value={number} onChange={setChosen} clearable error={errors['Outbound.PhoneNumberId']?.join(' ')} />
        <Checkbox label={t('pearl.startNodes')} description={t('pearl.help.startNodes')} checked={byNodes} onChange={(event) => setByNodes(event.currentTarget.checked)} />
        {rest && <p role="alert" style={{ color: 'var(--danger)' }}>{rest}</p>}
        <div className="row"><Button type="submit" loading={make.isPending}>{t('pearl.make')}</Button><Button variant="subtle" color="gray" onClick={onClose}>{t('translation:lead.cancel')}</Button></div>
      </form>
    </Modal>
  )
}
