import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const out = 'dist/app'

// What a browser loads before the first page is there, compressed: scripts and styles of index.html, and the type.
const firstLoadLimit = 300 * 1024

// compress writes what the server answers to browsers that take it, and fails the build when the first load is too large.
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    closeBundle() {
      const sizes = new Map<string, number>()
      for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
        const path = join(out, name)
        if (!statSync(path).isFile() || name === 'index.html') continue
        const text = readFileSync(path)
        sizes.set(name, text.length)
        if (name.endsWith('.woff2') || text.length < 512) continue
        const small = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } })
        writeFileSync(path + '.br', small)
        const gzip = gzipSync(text, { level: 9 })
        writeFileSync(path + '.gz', gzip)
        sizes.set(name, gzip.length)
      }
      const page = readFileSync(join(out, 'index.html'), 'utf8')
      const first = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((m) => m[1]!)
      for (const name of sizes.keys()) if (/inter-latin-wght-normal.*\.woff2$/.test(name)) first.push(name)
      let total = 0
      for (const name of first) total += sizes.get(name) ?? 0
      this.info(`first load ${Math.round(total / 1024)} KiB of ${firstLoadLimit / 1024}, in ${first.length} files (gzip)`)
      if (total > firstLoadLimit) throw new Error(`the first load takes ${total} bytes, more than ${firstLoadLimit}`)
    },
  }
}

export default defineConfig({
  plugins: [react(), compress()],
  build: { outDir: out, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
})
