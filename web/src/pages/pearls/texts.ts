import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import type shared from '../../texts/en.json'
import en from '../../texts/pearls.en.json'
import he from '../../texts/pearls.he.json'

// The texts of these pages are many and come with them: the first load has none of them.
for (const [language, texts] of Object.entries({ en, he })) i18next.addResourceBundle(language, 'pearls', texts)

type Paths<T> = { [Key in keyof T & string]: T[Key] extends string ? Key : `${Key}.${Paths<T[Key]>}` }[keyof T & string]
type Counted<Key> = Key extends `${infer Base}_one` | `${infer Base}_other` ? Base : Key
type Key = Counted<Paths<typeof en>> | `translation:${Counted<Paths<typeof shared>>}`

// useTexts is useTranslation over the texts of these pages; those of all pages begin with "translation:".
export function useTexts() {
  const { i18n } = useTranslation()
  const translate = i18n.t as unknown as (key: string, values: object) => string
  const t = (key: Key, values: Record<string, string | number> = {}): string => translate(key, { ns: 'pearls', ...values })
  const has = (key: string) => i18n.exists(`pearls:${key}`)
  return { t, i18n, has }
}
