import type { ApiClient } from '../api/client'
import { ApiError, isGone, isTransient, messageOf, NetworkError } from '../api/http'
import type { BotMessage, ChatState, ConversationKey } from '../api/types'
import type { TurnBody, WidgetEvent } from '../api/types'
import { botEntry, maskDigits, type Entry, type MyEntry, type PendingTurn } from './entries'

/** Plain key/value storage of the device; values survive a restart of the page. */
export interface Storage {
  get<T>(key: string): T | null
  set(key: string, value: unknown): void
  remove(key: string): void
}

export interface EngineDeps {
  api: ApiClient
  storage: Storage
  now: () => number
  wait: (ms: number) => Promise<void>
  makeId: () => string
  /** The pairing code of the kiosk that this page stands at: the next visitor finds nothing. */
  kiosk?: string | null
  /** Called after every change of what the engine shows. */
  changed: () => void
}

interface Saved {
  entries: Entry[]
  queue: PendingTurn[]
  lastSeq: number
  state: ChatState
  savedAt: number
}

const KEY = 'xz.conversation'
const TRANSCRIPT = 'xz.transcript'
/** What was said stays on the device for one day at most; drafts live on the server. */
const KEEP_TRANSCRIPT_MS = 24 * 3600 * 1000
const KEEP_ENTRIES = 200
/** Pauses before a turn is sent again by itself; afterwards the citizen is asked. */
const RETRY_AFTER_MS = [800, 2000, 4000]
const LONGEST_RETRY_AFTER_MS = 15_000
const LEAVE_TIMEOUT_MS = 4000

const WELCOME =
  '您好，我是小政，石湾镇街道便民服务中心的办事助手。\n想办什么事、想问什么，直接告诉我就行。'

/**
 * One citizen's conversation: a queue of turns sent strictly in order, each with one `turn_id` for
 * all its attempts, and a transcript without doubles. Nothing typed is lost before the server has it.
 */
export class ChatEngine {
  entries: Entry[] = []
  state: ChatState = {}
  /** When the turn under way was first sent (ms), or null. */
  busySince: number | null = null
  offline = false
  private queue: PendingTurn[] = []
  private key: ConversationKey | null = null
  private lastSeq = 0
  private seen = new Set<number>()
  private pumping = false
  private polling = false
  private beginning: Promise<ConversationKey> | null = null
  /** Rises when the conversation is cleared, so that late answers to the old one are dropped. */
  private epoch = 0

  constructor(private readonly deps: EngineDeps) {}

  get conversation(): ConversationKey | null {
    return this.key
  }

  /** Takes up the saved conversation, or begins one. Never throws: being offline is a state. */
  async start(): Promise<void> {
    this.restore()
    this.deps.changed()
    try {
      await this.ensure()
      this.offline = false
      if (this.queue.length) await this.pump()
      else await this.poll()
    } catch (error) {
      this.offline = error instanceof NetworkError
      if (!this.entries.length) this.note(messageOf(error))
    }
    this.deps.changed()
  }

  /** Queues what the citizen said; `label` is what the transcript shows (a button's title). */
  send(body: TurnBody, label: string): Promise<void> {
    const turnId = this.deps.makeId()
    this.entries.push({
      id: turnId,
      from: 'me',
      at: this.deps.now(),
      turnId,
      text: label,
      status: 'waiting',
    })
    this.queue.push({ turnId, body })
    this.save()
    this.deps.changed()
    return this.pump()
  }

  /** Tells the server how a widget ended, and closes it on this device. */
  answerWidget(entryId: string, event: WidgetEvent, label: string): Promise<void> {
    const entry = this.entries.find((e) => e.id === entryId)
    if (entry?.from === 'bot') entry.answered = event.type === 'widget_done' ? 'done' : 'declined'
    return this.send({ event }, label)
  }

  /** Sends again what could not be sent, in order, with the same turn ids. */
  retry(): Promise<void> {
    return this.pump()
  }

  /** Takes back a message that was never answered. Should it have arrived after all, polling shows the answer. */
  discard(turnId: string): void {
    this.queue = this.queue.filter((t) => t.turnId !== turnId)
    this.entries = this.entries.filter((e) => !(e.from === 'me' && e.turnId === turnId))
    this.save()
    this.deps.changed()
  }

  /** One request of this conversation beside its turns; the conversation is begun if there is none. */
  async within<T>(request: (key: ConversationKey) => Promise<T>): Promise<T> {
    return request(await this.ensure())
  }

  /**
   * Fetches what came outside a turn (a clerk's correction, a decision). Quiet when offline; when the
   * network is back, a conversation is begun if there is none, and what could not be sent goes out.
   */
  async poll(): Promise<void> {
    if (this.pumping || this.polling) return
    this.polling = true
    const epoch = this.epoch
    const wasOffline = this.offline
    try {
      const key = await this.ensure()
      const later = await this.deps.api.later(key, this.lastSeq)
      if (epoch !== this.epoch) return
      this.offline = false
      const before = this.entries.length
      this.take(later.messages)
      if (later.state) this.state = { ...this.state, ...later.state }
      if (!this.entries.length) this.say(WELCOME)
      if (this.entries.length !== before || later.state) this.save()
    } catch (error) {
      if (epoch !== this.epoch) return
      this.offline = error instanceof NetworkError
      if (isGone(error)) this.lose()
    } finally {
      if (epoch === this.epoch) this.polling = false
      this.deps.changed()
      if (wasOffline && !this.offline && this.queue.length) void this.pump()
    }
  }

  /** Says goodbye to the server if it can be reached, forgets everything here, begins anew. */
  async endAndClear(): Promise<void> {
    const key = this.key
    this.forget()
    this.deps.changed()
    if (key) {
      const leave = { event: { type: 'leave' as const } }
      await this.deps.api.turn(key, leave, this.deps.makeId(), LEAVE_TIMEOUT_MS).catch(() => null)
    }
    await this.start()
  }

  private async pump(): Promise<void> {
    if (this.pumping) return
    this.pumping = true
    const epoch = this.epoch
    try {
      for (let turn = this.queue[0]; turn; turn = this.queue[0]) {
        if (!(await this.deliver(turn))) return
      }
    } finally {
      if (epoch === this.epoch) {
        this.pumping = false
        this.busySince = null
      }
      this.deps.changed()
    }
  }

  /** Sends one turn until it is answered or the attempts are used up. False: stop, the citizen decides. */
  private async deliver(turn: PendingTurn): Promise<boolean> {
    const epoch = this.epoch
    const mine = this.entryOf(turn)
    if (mine) Object.assign(mine, { status: 'sending', error: undefined })
    this.busySince = this.deps.now()
    this.deps.changed()
    for (let attempt = 0; ; attempt++) {
      try {
        const key = await this.ensure()
        const reply = await this.deps.api.turn(key, turn.body, turn.turnId)
        if (epoch !== this.epoch) return false
        this.offline = false
        this.finish(turn, mine, 'sent')
        this.take(reply.messages, this.firstUnsent())
        if (reply.state) this.state = reply.state
        this.save()
        return true
      } catch (error) {
        if (epoch !== this.epoch) return false
        this.offline = error instanceof NetworkError
        if (isTransient(error) && attempt < RETRY_AFTER_MS.length) {
          this.deps.changed()
          await this.deps.wait(pause(error, attempt))
          if (epoch !== this.epoch) return false
          continue
        }
        return this.giveUp(turn, mine, error)
      }
    }
  }

  private giveUp(turn: PendingTurn, mine: MyEntry | undefined, error: unknown): boolean {
    if (isGone(error)) {
      this.lose()
      if (this.deps.kiosk) return false
      // A widget belongs to the conversation that is gone; a sentence can be said again.
      if ('event' in turn.body) this.finish(turn, mine, 'rejected', '请在新的对话里重新来一次。')
      else if (mine) Object.assign(mine, { status: 'failed', error: undefined })
      this.save()
      return false
    }
    const refused = error instanceof ApiError && error.status < 500 && !isTransient(error)
    if (refused) {
      this.finish(turn, mine, 'rejected', error.message)
      this.save()
      return true
    }
    if (mine) Object.assign(mine, { status: 'failed', error: messageOf(error) })
    this.save()
    return false
  }

  private finish(
    turn: PendingTurn,
    mine: MyEntry | undefined,
    status: 'sent' | 'rejected',
    error?: string,
  ): void {
    this.queue = this.queue.filter((t) => t !== turn)
    if (mine) Object.assign(mine, { status, error, text: maskDigits(mine.text) })
    if (status === 'rejected') this.reopenWidget(turn)
  }

  /** An answer that the server refused leaves its widget usable. */
  private reopenWidget(turn: PendingTurn): void {
    if (!('event' in turn.body) || !('widget' in turn.body.event)) return
    const id = turn.body.event.widget
    for (const e of this.entries) {
      if (e.from === 'bot' && e.widget?.id === id) e.answered = undefined
    }
  }

  private entryOf(turn: PendingTurn): MyEntry | undefined {
    return this.entries.find((e): e is MyEntry => e.from === 'me' && e.turnId === turn.turnId)
  }

  /** The conversation, begun if there is none; one request even when several callers wait. */
  private async ensure(): Promise<ConversationKey> {
    if (this.key) return this.key
    const beginning = (this.beginning ??= this.begin())
    return beginning.finally(() => {
      if (this.beginning === beginning) this.beginning = null
    })
  }

  private async begin(): Promise<ConversationKey> {
    const epoch = this.epoch
    const fresh = await this.deps.api.begin(this.deps.kiosk)
    if (epoch !== this.epoch) return this.ensure()
    this.key = { id: fresh.id, token: fresh.token }
    this.deps.storage.set(KEY, this.key)
    this.take(fresh.messages ?? [])
    if (fresh.state) this.state = fresh.state
    this.save()
    return this.key
  }

  /** Where the answer to a turn belongs: before what the citizen said since and is not sent yet. */
  private firstUnsent(): number {
    const ids = new Set(this.queue.map((t) => t.turnId))
    const i = this.entries.findIndex((e) => e.from === 'me' && ids.has(e.turnId))
    return i < 0 ? this.entries.length : i
  }

  private take(messages: readonly BotMessage[], at = this.entries.length): void {
    for (const message of messages) {
      if (message.seq !== undefined) {
        if (this.seen.has(message.seq)) continue
        this.seen.add(message.seq)
        this.lastSeq = Math.max(this.lastSeq, message.seq)
      }
      if (message.role === 'citizen') this.takeOwn(message)
      else this.entries.splice(at++, 0, botEntry(message, this.deps.makeId(), this.deps.now()))
    }
  }

  /** The server may list what the citizen said, too: wanted only where this device does not show it. */
  private takeOwn(message: BotMessage): void {
    const known = this.entries.some((e) => e.from === 'me' && e.turnId === message.turn_id)
    if (known || !message.text) return
    const turnId = message.turn_id ?? this.deps.makeId()
    const at = this.deps.now()
    this.entries.push({ id: turnId, from: 'me', at, turnId, text: message.text, status: 'sent' })
  }

  private say(text: string): void {
    this.entries.push({ id: this.deps.makeId(), from: 'bot', at: this.deps.now(), text })
  }

  private note(text: string): void {
    this.entries.push({ id: this.deps.makeId(), from: 'note', at: this.deps.now(), text })
  }

  /** The server no longer knows the conversation: say so and go on in a new one when needed. */
  private lose(): void {
    if (this.deps.kiosk) {
      this.forget()
      void this.start()
      return
    }
    this.key = null
    this.lastSeq = 0
    this.seen.clear()
    this.state = {}
    this.deps.storage.remove(KEY)
    for (const e of this.entries) {
      if (e.from !== 'bot') continue
      e.buttons = undefined
      if (e.widget && !e.answered) e.answered = 'declined'
    }
    this.note('上一次对话已经结束。已填的申请没有丢失，重新登录后可以接着办。')
    this.save()
  }

  private forget(): void {
    this.epoch++
    this.key = null
    this.beginning = null
    this.entries = []
    this.queue = []
    this.state = {}
    this.lastSeq = 0
    this.seen.clear()
    this.busySince = null
    this.pumping = false
    this.polling = false
    this.deps.storage.remove(KEY)
    this.deps.storage.remove(TRANSCRIPT)
  }

  private restore(): void {
    this.key = this.deps.storage.get<ConversationKey>(KEY)
    const saved = this.deps.storage.get<Saved>(TRANSCRIPT)
    if (!saved) return
    this.queue = saved.queue
    if (!this.key || this.deps.now() - saved.savedAt < KEEP_TRANSCRIPT_MS) {
      this.entries = saved.entries
      this.state = saved.state
      this.lastSeq = saved.lastSeq
      for (const e of this.entries) if (e.from === 'bot' && e.seq !== undefined) this.seen.add(e.seq)
    }
    for (const e of this.entries) if (e.from === 'me' && e.status === 'sending') e.status = 'waiting'
  }

  private save(): void {
    const saved: Saved = {
      entries: this.entries.slice(-KEEP_ENTRIES),
      queue: this.queue,
      lastSeq: this.lastSeq,
      state: this.state,
      savedAt: this.deps.now(),
    }
    this.deps.storage.set(TRANSCRIPT, saved)
  }
}

function pause(error: unknown, attempt: number): number {
  const asked = error instanceof ApiError ? error.retryAfter : undefined
  const own = RETRY_AFTER_MS[attempt] ?? 4000
  return asked === undefined ? own : Math.min(Math.max(asked * 1000, own), LONGEST_RETRY_AFTER_MS)
}
