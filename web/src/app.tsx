import { DirectionProvider, MantineProvider, useDirection } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { Failure } from './api/client'
import { SessionProvider, useSession } from './api/session'
import { Frame } from './frame/frame'
import { LiveProvider } from './frame/live'
import { directionOf } from './i18n'
import { nonce } from './nonce'
import { NotFound } from './pages/not-found'
import { Join, SignIn, Start } from './pages/door'
import { Bones, Failing } from './pieces/states'
import { theme, variables } from './theme'

const Overview = lazy(() => import('./pages/overview'))
const Campaigns = lazy(() => import('./pages/campaigns'))
const Campaign = lazy(() => import('./pages/campaign/campaign'))
const Calls = lazy(() => import('./pages/calls/calls'))
const CallPage = lazy(() => import('./pages/calls/call'))
const Pearls = lazy(() => import('./pages/pearls/pearls'))
const Editor = lazy(() => import('./pages/pearls/editor'))
const Analytics = lazy(() => import('./pages/analytics/analytics'))
const Webhooks = lazy(() => import('./pages/webhooks/webhooks'))
const Blacklist = lazy(() => import('./pages/blacklist'))
const Audit = lazy(() => import('./pages/audit'))
const Settings = lazy(() => import('./pages/settings/settings'))
const Leads = lazy(() => import('./pages/leads/leads'))
const ImportLeads = lazy(() => import('./pages/leads/import'))

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // What the server refused it will refuse again; what did not reach it may.
      retry: (count, error) => count < 2 && error instanceof Failure && (error.status === 0 || error.status >= 502 || error.status === 429),
    },
  },
})

export function App() {
  return (
    <DirectionProvider>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <Language />
        <Notifications position="bottom-center" />
        <QueryClientProvider client={queries}>
          <SessionProvider>
            <Pages />
          </SessionProvider>
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  )
}

// Language keeps the document's language and direction those of its texts.
function Language() {
  const { i18n } = useTranslation()
  const { setDirection } = useDirection()
  useEffect(() => {
    document.documentElement.lang = i18n.language
    setDirection(directionOf(i18n.language))
  }, [i18n.language, setDirection])
  return null
}

function Pages() {
  const { state, ask } = useSession()
  const [location] = useLocation()
  if (state === 'asking') return null
  if (state === 'away') return <main className="door"><Failing error={new Failure(0, null, '')} retry={ask} /></main>
  if (state === 'first') return <Start />
  if (state === 'out') return location === '/join' ? <Join /> : <SignIn />
  return (
    <LiveProvider>
      <Frame>
        <Suspense fallback={<div className="page"><Bones lines={4} /></div>}>
          <Switch>
            <Route path="/" component={Overview} />
            <Route path="/campaigns" component={Campaigns} />
            <Route path="/campaigns/:id" component={Campaign} />
            <Route path="/leads" component={Leads} />
            <Route path="/leads/import" component={ImportLeads} />
            <Route path="/calls" component={Calls} />
            <Route path="/calls/:id" component={CallPage} />
            <Route path="/pearls" component={Pearls} />
            <Route path="/pearls/:id" component={Editor} />
            <Route path="/analytics" component={Analytics} />
            <Route path="/webhooks" component={Webhooks} />
            <Route path="/blacklist" component={Blacklist} />
            <Route path="/audit" component={Audit} />
            <Route path="/settings/:part?" component={Settings} />
            <Route path="/sign-in"><Redirect to="/" /></Route>
            <Route path="/start"><Redirect to="/" /></Route>
            <Route path="/join"><Redirect to="/" /></Route>
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Frame>
    </LiveProvider>
  )
}
