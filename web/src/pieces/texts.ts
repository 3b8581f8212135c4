import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import type shared from '../texts/en.json'

type Paths<T> = { [Key in keyof T & string]: T[Key] extends string ? Key : `${Key}.${Paths<T[Key]>}` }[keyof T & string]
type Counted<Key> = Key extends `${infer Base}_one` | `${infer Base}_other` ? Base : Key

// textsOf makes a hook like useTranslation over texts that are many and come with their pages: the first load has none of them.
// Those of all pages begin with "translation:".
export function textsOf<English extends object>(name: string, texts: { en: English; he: object }) {
  type Key = Counted<Paths<English>> | `translation:${Counted<Paths<typeof shared>>}`
  for (const [language, found] of Object.entries(texts)) i18next.addResourceBundle(language, name, found)
  return function useTexts() {
    const { i18n } = useTranslation()
    const translate = i18n.t as unknown as (key: string, values: object) => string
    const t = (key: Key, values: Record<string, string | number> = {}): string => translate(key, { ns: name, ...values })
    const has = (key: string) => i18n.exists(`${name}:${key}`)
    return { t, i18n, has }
  }
}
