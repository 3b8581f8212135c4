import { textsOf } from '../../pieces/texts'
import en from '../../texts/analytics.en.json'
import he from '../../texts/analytics.he.json'

export const useTexts = textsOf('analytics', { en, he })
