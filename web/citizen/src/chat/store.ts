import { computed, reactive, shallowRef, triggerRef } from 'vue'
import { ApiClient } from '../api/client'
import type { FilePart, TakenFrame } from '../api/http'
import type { Info } from '../api/types'
import { kioskCode, storage, transport, watchNetwork } from '../platform'
import { ChatEngine } from './engine'
import { CARD_READER, openButtons, openWidget } from './entries'

/** How often later messages are looked for while the page is in view. */
const POLL_MS = 5000
/** While a card may be laid on the reader: its answer comes by polling only. */
const READER_POLL_MS = 1000

export const api = new ApiClient(transport)

/** How much of an upload has been sent, from 0 to 1. */
type Progress = (share: number) => void

/** Identifies one turn for all its attempts; random, says nothing about the citizen. */
function makeId(): string {
  const bytes = new Uint8Array(16)
  crypto.getRandomValues(bytes)
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

const version = shallowRef(0)
let scheduled = false
const engine = new ChatEngine({
  api,
  storage,
  now: Date.now,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  makeId,
  kiosk: kioskCode,
  changed: () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      version.value++
      triggerRef(version)
    })
  },
})

const ui = reactive({
  elder: storage.get<boolean>('xz.elder') ?? false,
  input: storage.get<string>('xz.input') ?? '',
  info: null as Info | null,
  visible: true,
})

/** Reads the engine again whenever it says that it changed. */
function live<T>(read: () => T) {
  return computed(() => {
    void version.value
    return read()
  })
}

async function loadInfo(): Promise<void> {
  ui.info = await api.info().catch(() => ui.info)
}

let timer: ReturnType<typeof setInterval> | undefined
let readerTimer: ReturnType<typeof setInterval> | undefined
function startPolling(): void {
  timer ??= setInterval(() => {
    if (!ui.visible) return
    if (!ui.info) void loadInfo()
    void engine.poll()
  }, POLL_MS)
  readerTimer ??= setInterval(() => {
    const open = openWidget(engine.entries)
    const entry = open && engine.entries.find((e) => e.id === open)
    if (ui.visible && entry && entry.from === 'bot' && entry.widget?.kind === CARD_READER) void engine.poll()
  }, READER_POLL_MS)
}

/** The conversation as the pages see it. */
export const chat = {
  ui,
  // Copies: an entry changes in place, and a list that is the same object would not be drawn again.
  entries: live(() => engine.entries.map((e) => ({ ...e }))),
  state: live(() => engine.state),
  busySince: live(() => engine.busySince),
  offline: live(() => engine.offline),
  openButtons: live(() => openButtons(engine.entries)),
  openWidget: live(() => openWidget(engine.entries)),
  conversation: () => engine.conversation,

  async start() {
    watchNetwork(() => void engine.retry().then(() => engine.poll()))
    startPolling()
    await Promise.all([loadInfo(), engine.start()])
  },
  say(text: string, label = text) {
    return engine.send({ text }, label)
  },
  answerWidget: engine.answerWidget.bind(engine),
  retry: () => engine.retry(),
  discard: (turnId: string) => engine.discard(turnId),
  async upload(url: string, file: FilePart, onProgress: Progress, fields?: Record<string, string>) {
    return (await engine.within((key) => api.upload(key, url, file, onProgress, fields))).upload_id
  },
  challenge: (widgetId: string) => engine.within((key) => api.challenge(key, widgetId)),
  async uploadFrames(url: string, nonce: string, frames: readonly TakenFrame[], onProgress: Progress) {
    return (await engine.within((key) => api.uploadFrames(key, url, nonce, frames, onProgress))).upload_id
  },
  finger: async (widgetId: string) => (await engine.within((key) => api.finger(key, widgetId))).upload_id,
  callClerk: () => engine.within((key) => api.callClerk(key)),
  callOutcome: async (session: string) => (await engine.within((key) => api.callOutcome(key, session))).state,
  async endAndClear() {
    chat.setInput('')
    await engine.endAndClear()
  },
  setVisible(visible: boolean) {
    ui.visible = visible
    if (visible && timer) void engine.poll()
  },
  setInput(text: string) {
    ui.input = text
    if (text) storage.set('xz.input', text)
    else storage.remove('xz.input')
  },
  toggleElder() {
    ui.elder = !ui.elder
    storage.set('xz.elder', ui.elder)
  },
}
