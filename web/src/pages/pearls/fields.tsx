import { ActionIcon, Button, Checkbox, Combobox, Select, Textarea, TextInput, useCombobox } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useRef, useState, type ReactNode } from 'react'
import { at, useEdit } from './draft'
import { useTexts } from './texts'

// Fields are named by their path among the settings: label, fault and value come of it.

type FieldProps = { path: string; label?: string; help?: string; mono?: boolean }

export function useLabel() {
  const { t, has } = useTexts()
  return (path: string) => {
    const last = path.split('.').filter((part) => !/^\d+$/.test(part)).at(-1) ?? path
    return has(`pearl.f.${last}`) ? t(`pearl.f.${last}` as 'pearl.f.name') : last
  }
}

function useField<T>(path: string) {
  const { settings, set, faultsAt, warningsAt } = useEdit()
  const label = useLabel()
  return { value: at(settings, path) as T, change: (value: T) => set(path, value), label: label(path), error: faultsAt(path), warnings: warningsAt(path) }
}

// Field is a control with what will probably not do what was meant below it.
function Field({ warnings, children }: { warnings: string[]; children: ReactNode }) {
  return <div className="field">{children}<Warned texts={warnings} /></div>
}

export function Text({ path, label, help, mono, secret }: FieldProps & { secret?: boolean }) {
  const field = useField<string | null>(path)
  return (
    <Field warnings={field.warnings}>
      <TextInput label={label ?? field.label} description={help} value={field.value ?? ''} onChange={(event) => field.change(event.currentTarget.value)} error={field.error} dir={mono ? 'ltr' : 'auto'}
        classNames={mono ? { input: 'mono' } : undefined} autoComplete="off" type={secret ? 'password' : 'text'} />
    </Field>
  )
}

// Late is a text of which something is read once it is left: what is typed meanwhile need not be whole.
function Late({ path, label, help, mono, text, read }: FieldProps & { text: string; read: (text: string) => unknown }) {
  const field = useField(path)
  const [typed, setTyped] = useState<string | null>(null)
  const leave = () => {
    if (typed !== null && typed !== text) field.change(read(typed))
    setTyped(null)
  }
  return (
    <Field warnings={field.warnings}>
      <TextInput label={label ?? field.label} description={help} value={typed ?? text} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={leave} onKeyDown={(event) => { if (event.key === 'Enter') leave() }}
        error={field.error} dir={mono ? 'ltr' : 'auto'} classNames={mono ? { input: 'mono' } : undefined} autoComplete="off" />
    </Field>
  )
}

// Texts is a list of texts with commas between.
export function Texts(props: FieldProps) {
  const { settings } = useEdit()
  return <Late {...props} text={((at(settings, props.path) as string[] | null | undefined) ?? []).join(', ')} read={(text) => text.split(',').map((part) => part.trim()).filter(Boolean)} />
}

// Json is any JSON value; a text that is no JSON stands for itself.
export function Json(props: FieldProps) {
  const { settings } = useEdit()
  const value = at(settings, props.path)
  const parse = (text: string): unknown => { try { return JSON.parse(text) } catch { return text } }
  const plain = typeof value === 'string' && parse(value) === value
  return <Late {...props} mono text={value === null || value === undefined ? '' : plain ? value : JSON.stringify(value)} read={(text) => (text === '' ? null : parse(text))} />
}

// Nullable is a text that is null where it is empty.
export function Nullable({ path, label, help, mono, secret }: FieldProps & { secret?: boolean }) {
  const field = useField<string | null>(path)
  return (
    <Field warnings={field.warnings}>
      <TextInput label={label ?? field.label} description={help} value={field.value ?? ''} onChange={(event) => field.change(event.currentTarget.value === '' ? null : event.currentTarget.value)} error={field.error} dir={mono ? 'ltr' : 'auto'}
        classNames={mono ? { input: 'mono' } : undefined} autoComplete="off" type={secret ? 'password' : 'text'} />
    </Field>
  )
}

export function Amount({ path, label, help, optional, min = 0, max }: FieldProps & { optional?: boolean; min?: number; max?: number }) {
  const field = useField<number | null>(path)
  return (
    <Field warnings={field.warnings}>
      <TextInput type="number" inputMode="numeric" min={min} max={max} label={label ?? field.label} description={help} value={field.value ?? ''} error={field.error} w={220} maw="100%"
        onChange={(event) => { const text = event.currentTarget.value; if (text !== '') field.change(Math.trunc(Number(text))); else if (optional) field.change(null) }} />
    </Field>
  )
}

export function Choice({ path, label, help, data, numeric, optional, placeholder }: FieldProps & { data: { value: string; label: string }[]; numeric?: boolean; optional?: boolean; placeholder?: string | undefined }) {
  const field = useField<string | number | null>(path)
  return (
    <Field warnings={field.warnings}>
    <Select label={label ?? field.label} description={help} data={data} value={field.value === null || field.value === undefined ? null : String(field.value)} error={field.error} allowDeselect={false} clearable={optional} placeholder={placeholder} searchable={data.length > 8}
      onChange={(chosen) => field.change(chosen === null ? null : numeric ? Number(chosen) : chosen)} comboboxProps={{ shadow: 'md' }} maw={360} size="sm" />
    </Field>
  )
}

export function Flag({ path, label, help }: FieldProps) {
  const field = useField<boolean>(path)
  return <Field warnings={field.warnings}><Checkbox label={label ?? field.label} description={help} checked={field.value === true} onChange={(event) => field.change(event.currentTarget.checked)} error={field.error} /></Field>
}

// builtIn are the variables that are known in every call (contract 7).
const builtIn = ['firstName', 'lastName', 'agentName', 'companyName', 'emailAddress', 'phoneNumber', 'callId']

// Words is a text for people with variables: after a { it proposes those that there are, and unknown ones are told below.
export function Words({ path, label, help, rows = 3, before }: FieldProps & { rows?: number; before?: boolean }) {
  const { t } = useTexts()
  const { settings, warningsAt } = useEdit()
  const field = useField<string | null>(path)
  const text = field.value ?? ''
  const input = useRef<HTMLTextAreaElement>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const known = [...settings.variables.filter(({ group }) => !before || group === 1).map(({ id }) => id).filter(Boolean), ...builtIn]
  const proposed = typed === null ? [] : known.filter((id) => id.toLowerCase().startsWith(typed.toLowerCase()))

  const look = () => {
    const element = input.current
    if (!element) return
    const open = /\{(\w*)$/.exec(element.value.slice(0, element.selectionStart))
    setTyped(open ? open[1]! : null)
    if (open) { combobox.openDropdown(); combobox.updateSelectedOptionIndex() } else combobox.closeDropdown()
  }
  const insert = (id: string) => {
    const element = input.current
    if (!element || typed === null) return
    const from = element.selectionStart - typed.length
    const rest = text.slice(element.selectionStart).replace(/^\w*\}?/, '')
    field.change(`${text.slice(0, from)}${id}}${rest}`)
    setTyped(null)
    combobox.closeDropdown()
    const caret = from + id.length + 1
    window.requestAnimationFrame(() => { element.focus(); element.setSelectionRange(caret, caret) })
  }
  return (
    <div>
      <Combobox store={combobox} onOptionSubmit={insert} shadow="md" position="bottom-start">
        <Combobox.Target withAriaAttributes={false}>
          <Textarea ref={input} label={label ?? field.label} description={help} value={text} error={field.error} rows={rows} dir="auto" autoComplete="off"
            onChange={(event) => { field.change(event.currentTarget.value); look() }} onKeyUp={(event) => { if (event.key.startsWith('Arrow') && typed === null) look() }} onClick={look} onBlur={() => combobox.closeDropdown()}
            styles={{ input: { resize: 'vertical' } }} />
        </Combobox.Target>
        <Combobox.Dropdown hidden={proposed.length === 0}>
          <Combobox.Options aria-label={t('pearl.variables')} mah={220} style={{ overflowY: 'auto' }}>
            {proposed.map((id) => <Combobox.Option key={id} value={id}><span className="mono ltr">{`{${id}}`}</span></Combobox.Option>)}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      <Warned texts={warningsAt(path)} />
    </div>
  )
}

export function Warned({ texts }: { texts: string[] }) {
  return texts.length === 0 ? null : <ul className="plain-list warned">{texts.map((text) => <li key={text} dir="auto">{text}</li>)}</ul>
}

// List is a list of members, each with a button that removes it.
export function List({ path, title, help, add, make, children, most }: { path: string; title?: string; help?: string; add: string; make: () => unknown; children: (path: string, n: number) => ReactNode; most?: number }) {
  const { t } = useTexts()
  const { settings, set, faultsAt, warningsAt, readOnly } = useEdit()
  const items = (at(settings, path) as unknown[] | undefined) ?? []
  const label = useLabel()
  const heading = title ?? label(path)
  return (
    <section className="stack list-field" aria-label={heading}>
      <div><h3>{heading}</h3>{help && <p className="small soft">{help}</p>}</div>
      <Warned texts={warningsAt(path)} />
      {faultsAt(path) && <p role="alert" className="small danger">{faultsAt(path)}</p>}
      {items.map((_, n) => (
        <div className="list-item" key={n}>
          <div className="stack grow" style={{ gap: 10 }}>{children(`${path}.${n}`, n)}{faultsAt(`${path}.${n}`) && <p className="small" style={{ color: 'var(--danger)' }}>{faultsAt(`${path}.${n}`)}</p>}<Warned texts={warningsAt(`${path}.${n}`)} /></div>
          {!readOnly && <ActionIcon variant="subtle" color="gray" aria-label={t('pearl.remove', { name: `${heading} ${n + 1}` })} onClick={() => set(path, items.filter((_, m) => m !== n))}><IconTrash size={16} /></ActionIcon>}
        </div>
      ))}
      {!readOnly && items.length < (most ?? 100) && <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={() => set(path, [...items, make()])} style={{ alignSelf: 'start' }}>{add}</Button>}
    </section>
  )
}
