import './mantine'
import './styles.css'
import { setNonce } from 'get-nonce'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { startTexts } from './i18n'
import { nonce } from './nonce'

setNonce(nonce)
await startTexts()
createRoot(document.getElementById('root')!).render(<App />)
