import type { Platform } from '../types'
import { hasLiveCamera, openCamera, pickFile } from './camera'
import { openTextField } from './field'
import { openInkPad } from './ink'
import { kioskCode } from './kiosk'
import { hush, speak } from './voice'
import { transport } from './transport'

/** Browsers that forbid storage (private mode) keep the conversation for this visit only; so does a
 * kiosk, where the next visitor must find nothing. */
const memory = new Map<string, string>()

export const h5: Platform = {
  kioskCode,
  transport,
  storage: {
    get<T>(key: string): T | null {
      try {
        const text = (kioskCode ? null : localStorage.getItem(key)) ?? memory.get(key)
        return text == null ? null : (JSON.parse(text) as T)
      } catch {
        return null
      }
    },
    set(key, value) {
      const text = JSON.stringify(value)
      if (kioskCode) {
        memory.set(key, text)
        return
      }
      try {
        localStorage.setItem(key, text)
      } catch {
        memory.set(key, text)
      }
    },
    remove(key) {
      memory.delete(key)
      try {
        localStorage.removeItem(key)
      } catch {
        // Nothing was stored.
      }
    },
  },
  pickFile,
  hasLiveCamera,
  openCamera,
  openInkPad,
  openTextField,
  speak,
  hush,
  saveFile(url, name) {
    const link = document.createElement('a')
    link.href = url
    link.download = name
    document.body.append(link)
    link.click()
    link.remove()
  },
  async copyText(text) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      return false
    }
  },
  openLink(url) {
    window.open(url, '_blank', 'noopener')
  },
  watchNetwork(back) {
    window.addEventListener('online', back)
  },
}
