/**
 * The one place that chooses a platform. The mini-program gets its own folder beside `h5/` and a
 * conditional import here; nothing else in `src/` may use `window`, `document`, `wx` or `fetch`.
 */
import { h5 } from './h5'
import type { Platform } from './types'

const platform: Platform = h5

export const {
  kioskCode,
  transport,
  storage,
  pickFile,
  hasLiveCamera,
  openCamera,
  openInkPad,
  openTextField,
  speak,
  hush,
  saveFile,
  copyText,
  openLink,
  watchNetwork,
} = platform
export { PickError } from './types'
export type { Facing, InkPad, LiveCamera, Picked, TextField } from './types'
