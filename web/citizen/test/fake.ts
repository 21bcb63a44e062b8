import { ApiClient } from '../src/api/client'
import { NetworkError, type HttpRequest, type HttpResponse, type Transport } from '../src/api/http'
import { ChatEngine, type Storage } from '../src/chat/engine'
import type { BotMessage } from '../src/api/types'

export class MemoryStorage implements Storage {
  readonly values = new Map<string, string>()
  get<T>(key: string): T | null {
    const text = this.values.get(key)
    return text === undefined ? null : (JSON.parse(text) as T)
  }
  set(key: string, value: unknown): void {
    this.values.set(key, JSON.stringify(value))
  }
  remove(key: string): void {
    this.values.delete(key)
  }
}

type Fault = 'offline' | 'lost' | HttpResponse

/**
 * A server of one conversation that keeps the gateway's promises: a repeated `turn_id` gets the stored
 * reply. `faults` are used up one per turn request; `lost` runs the turn but loses the answer.
 */
export class FakeServer implements Transport {
  readonly requests: HttpRequest[] = []
  readonly ran: string[] = []
  faults: Fault[] = []
  log: BotMessage[] = []
  offline = false
  gone = false
  conversations = 0
  private readonly replies = new Map<string, BotMessage[]>()

  speak(text: string, more: Partial<BotMessage> = {}): BotMessage {
    const message = { seq: this.log.length + 1, text, ...more }
    this.log.push(message)
    return message
  }

  turnIds(): string[] {
    return this.turns().map((r) => (r.json as { turn_id: string }).turn_id)
  }

  turns(): HttpRequest[] {
    return this.requests.filter((r) => r.method === 'POST' && r.path.endsWith('/messages'))
  }

  send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request)
    if (this.offline) return Promise.reject(new NetworkError())
    return Promise.resolve().then(() => this.answer(request))
  }

  private answer(request: HttpRequest): HttpResponse {
    if (request.path === '/api/v1/conversations') {
      this.gone = false
      if (this.conversations) this.log = []
      this.conversations++
      return { status: 201, body: { id: `c${this.conversations}`, token: `t${this.conversations}` } }
    }
    if (this.gone) return error(404, 'conversation.not_found', '对话已经结束。')
    if (request.method === 'GET') {
      const after = Number(request.path.split('after=')[1])
      return { status: 200, body: { messages: this.log.filter((m) => (m.seq ?? 0) > after) } }
    }
    return this.turn(request.json as { text?: string; turn_id: string })
  }

  private turn(body: { text?: string; turn_id: string }): HttpResponse {
    const fault = this.faults.shift()
    if (fault === 'offline') throw new NetworkError()
    if (fault && fault !== 'lost') return fault
    let reply = this.replies.get(body.turn_id)
    if (!reply) {
      this.ran.push(body.text ?? 'event')
      reply = [this.speak(`答：${body.text?.slice(0, 6) ?? '事件'}`)]
      this.replies.set(body.turn_id, reply)
    }
    if (fault === 'lost') throw new NetworkError()
    const draft = { id: 'd', status: 'draft', filled: this.ran.length, total: 12 }
    return { status: 200, body: { messages: reply, state: { draft } } }
  }

  upload(): Promise<HttpResponse> {
    return Promise.resolve({ status: 201, body: { upload_id: 'u1' } })
  }

  file(): Promise<never> {
    return Promise.reject(new NetworkError())
  }
}

export function error(status: number, code: string, message: string, retryAfter?: number): HttpResponse {
  return { status, body: { error: { code, message } }, retryAfter }
}

export function world(server = new FakeServer(), storage = new MemoryStorage(), clock = { now: 1000 }, kiosk: string | null = null) {
  const pauses: number[] = []
  let id = storage.values.size * 1000
  const engine = new ChatEngine({
    api: new ApiClient(server),
    storage,
    now: () => clock.now,
    wait: (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
    makeId: () => `id-${++id}`,
    kiosk,
    changed: () => undefined,
  })
  return { server, storage, engine, pauses, clock }
}

export function shown(engine: ChatEngine): string[] {
  return engine.entries.map((e) => `${e.from}:${e.text}`)
}
