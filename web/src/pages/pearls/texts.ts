import { textsOf } from '../../pieces/texts'
import en from '../../texts/pearls.en.json'
import he from '../../texts/pearls.he.json'

export const useTexts = textsOf('pearls', { en, he })
