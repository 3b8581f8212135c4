// What the browser tests and the screenshots share: Debian's Chromium with a profile of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required']

// open starts Chromium; args are more of its flags, options those of a context of playwright.
export async function open({ args = [], ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'nacre-browser-'))
  const context = await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...flags, ...args], headless: true, chromiumSandbox: false, locale: 'en-US', timezoneId: 'America/New_York', viewport: { width: 1360, height: 860 }, ...options })
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

// watch collects what must not happen on any page: errors of scripts, breaches of the policy, requests to other hosts.
export function watch(page, base) {
  const faults = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d|ERR_CONNECTION|ERR_INTERNET/.test(message.text())) faults.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) faults.push(`request to ${url}`)
  })
  return faults
}

export async function signIn(page, base, key, path = '/') {
  await page.goto(base + path)
  await page.getByLabel('API key', { exact: true }).fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').first().waitFor()
}

// fits tells whether what a page shows, once it is there, is as wide as its window at most.
export async function fits(page) {
  await page.locator('main#main h1').first().waitFor({ state: 'attached' })
  await page.waitForFunction(() => !document.querySelector('main .mantine-Skeleton-root'))
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && document.querySelector('main').scrollWidth <= window.innerWidth)
}
