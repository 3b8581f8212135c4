import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from './texts/en.json'

// Texts are data: one file a language. English is part of the first load, others come when chosen.
const others: Record<string, () => Promise<{ default: object }>> = {
  he: () => import('./texts/he.json'),
}

export const languages = [
  { id: 'en', name: 'English', direction: 'ltr' },
  { id: 'he', name: 'עברית', direction: 'rtl' },
] as const

const kept = 'nacre.language'

export function directionOf(language: string): 'ltr' | 'rtl' {
  return languages.find((one) => one.id === language)?.direction ?? 'ltr'
}

export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({ resources: { en: { translation: en } }, lng: 'en', fallbackLng: 'en', interpolation: { escapeValue: false } })
  const wanted = localStorage.getItem(kept) ?? navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => languages.some((one) => one.id === tag))
  if (wanted && wanted !== 'en') await speak(wanted)
}

// speak changes the language of the page.
export async function speak(language: string): Promise<void> {
  const load = others[language]
  if (load && !i18next.hasResourceBundle(language, 'translation')) i18next.addResourceBundle(language, 'translation', (await load()).default)
  await i18next.changeLanguage(language)
  localStorage.setItem(kept, language)
}
