import { defineConfig, type Plugin } from 'vite'
import uniPlugin from '@dcloudio/vite-plugin-uni'

// uni-app's compiler sends a digest of this machine's network address to its
// makers on each build unless it believes that it runs in CI.
process.env.CI = 'true'

// The plugin is CommonJS: depending on the loader its default export is nested.
const uni = (uniPlugin as unknown as { default?: typeof uniPlugin }).default ?? uniPlugin

/**
 * Takes out addresses of uni-app's makers that tree shaking leaves in: two for advertisements (static
 * fields of classes) and a background picture for the tabs bar. `scripts/check-dist.mjs` finds new ones.
 */
function withoutMakersHosts(): Plugin {
  const address = /https?:\/\/[\w-]+\.dcloud\.net\.cn[\w./-]*/g
  return {
    name: 'without-makers-hosts',
    enforce: 'post',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') file.code = file.code.replace(address, '')
        else if (typeof file.source === 'string' && file.fileName.endsWith('.css')) {
          file.source = file.source.replace(address, 'data:,')
        }
      }
    },
  }
}

/** uni-app's runtime marks each browser with a lasting number of its own; nothing here needs one. */
function withoutDeviceMark(): Plugin {
  const keeps = 'storage[UUID_KEY] = deviceId;'
  return {
    name: 'without-device-mark',
    transform(code, id) {
      if (!id.split('?')[0]!.endsWith('/uni-h5.es.js')) return null
      if (!code.includes(keeps)) this.error('uni-app stores its device number in another way now')
      return { code: code.replace(keeps, ''), map: null }
    },
  }
}

export default defineConfig({
  plugins: [uni(), withoutMakersHosts(), withoutDeviceMark()],
  build: { target: 'es2019', sourcemap: false, chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      '/api': process.env.XZ_API ?? 'http://127.0.0.1:8000',
      '/v/': process.env.XZ_API ?? 'http://127.0.0.1:8000',
    },
  },
})
