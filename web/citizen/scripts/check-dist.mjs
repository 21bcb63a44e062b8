// Fails the build when the built page names a host that it could contact. uni-app carries addresses
// of maps, advertisements and CDNs in its runtime; tree shaking has to leave all of them out.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../dist/build/h5/', import.meta.url).pathname
// Names, not addresses: XML namespaces, texts of errors in the Vue runtime, a licence note.
const INERT = [
  /^https?:\/\/www\.w3\.org\//,
  /^https:\/\/vuejs\.org\/error-reference\//,
  /^https:\/\/github\.com\/szimek\/signature_pad/,
]

const faults = []
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|html|json|svg)$/.test(entry.name)) continue
  const path = join(entry.parentPath ?? entry.path, entry.name)
  for (const [url] of readFileSync(path, 'utf8').matchAll(/(?:https?|wss?):\/\/[\w-]+\.[^\s"'`<>)\\]*/g)) {
    if (!INERT.some((known) => known.test(url))) faults.push(`${path.slice(root.length)}: ${url}`)
  }
}
if (faults.length) {
  console.error(`The built page names outside hosts:\n  ${[...new Set(faults)].join('\n  ')}`)
  process.exit(1)
}
console.log('dist/build/h5: no outside hosts')
