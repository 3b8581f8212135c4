// Addresses of pages. handler.go answers the application for those that begin with one of these segments.
export const pages = ['start', 'sign-in', 'join', 'campaigns', 'leads', 'calls', 'pearls', 'analytics', 'webhooks', 'blacklist', 'audit', 'settings'] as const

// leadAddress opens a lead beside the table of its campaign.
export function leadAddress(pearlId: string, leadId: string): string {
  return `/leads?campaign=${pearlId}&lead=${leadId}`
}

export function leadsAddress(pearlId: string): string {
  return `/leads?campaign=${pearlId}`
}

export function importAddress(pearlId: string): string {
  return `/leads/import?campaign=${pearlId}`
}

export function callAddress(callId: string): string {
  return `/calls/${callId}`
}

// versionAddress is a version of a Pearl's settings, among the others.
export function versionAddress(pearlId: string, version: number): string {
  return `/pearls/${pearlId}?part=versions&version=${version}`
}

// newPearlAddress asks what a new campaign needs to begin with.
export const newPearlAddress = '/pearls?new=1'

// callsAddress are the calls that were begun with a version of a Pearl's settings.
export function callsAddress(pearlId: string, version: number): string {
  return `/calls?campaign=${pearlId}&version=${version}`
}

// settingsAddress is a part of the settings.
export function settingsAddress(part: 'me' | 'company' | 'people' | 'keys' | 'numbers' | 'models'): string {
  return `/settings/${part}`
}
