import { unwrap, type FilePart, type TakenFrame, type Transport } from './http'
import type {
  ApplicationDetail,
  ApplicationRow,
  BotMessage,
  Challenge,
  ChatState,
  ConversationKey,
  Info,
  KeptOfMe,
  Me,
  NewConversation,
  ResultRow,
  TurnBody,
  TurnReply,
  VideoOutcome,
  VideoPlace,
} from './types'

const ROOT = '/api/v1'
/** A turn may include reading a card or comparing two faces on a busy machine. */
const TURN_TIMEOUT_MS = 60_000
/** The sensor waits 15 seconds for a finger, and comparing it takes a moment. */
const FINGER_TIMEOUT_MS = 40_000

/** One method per route. Throws `NetworkError` or `ApiError`; never retries. */
export class ApiClient {
  constructor(private readonly transport: Transport) {}

  async info(): Promise<Info> {
    return unwrap(await this.transport.send({ method: 'GET', path: `${ROOT}/info` }))
  }

  /** `kiosk`: the pairing code of the kiosk that the visitor stands at. */
  async begin(kiosk: string | null = null): Promise<NewConversation> {
    const path = `${ROOT}/conversations`
    const json = kiosk ? { channel: 'kiosk', device: kiosk } : { channel: 'phone' }
    return unwrap(await this.transport.send({ method: 'POST', path, json }))
  }

  async turn(
    key: ConversationKey,
    body: TurnBody,
    turnId: string,
    timeoutMs = TURN_TIMEOUT_MS,
  ): Promise<TurnReply> {
    return unwrap(
      await this.transport.send({
        method: 'POST',
        path: `${conversation(key)}/messages`,
        token: key.token,
        json: { ...body, turn_id: turnId },
        timeoutMs,
      }),
    )
  }

  /** Messages with a `seq` above `after`, oldest first. */
  async later(
    key: ConversationKey,
    after: number,
  ): Promise<{ messages: BotMessage[]; state?: ChatState }> {
    const path = `${conversation(key)}/messages?after=${after}`
    return unwrap(await this.transport.send({ method: 'GET', path, token: key.token }))
  }

  async upload(
    key: ConversationKey,
    uploadUrl: string,
    file: FilePart,
    onProgress: (share: number) => void,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<{ upload_id: string }> {
    const form = { fields, parts: [{ name: 'file', file }] }
    return unwrap(await this.transport.upload(uploadUrl, key.token, form, onProgress))
  }

  /** Asks what to do in front of the camera; a widget's earlier challenge ends with it. */
  async challenge(key: ConversationKey, widgetId: string): Promise<Challenge> {
    const path = `${conversation(key)}/liveness?widget=${encodeURIComponent(widgetId)}`
    return unwrap(await this.transport.send({ method: 'POST', path, token: key.token }))
  }

  /** The pictures of a challenge, each with its milliseconds since the first. */
  async uploadFrames(
    key: ConversationKey,
    uploadUrl: string,
    nonce: string,
    frames: readonly TakenFrame[],
    onProgress: (share: number) => void,
  ): Promise<{ upload_id: string }> {
    const form = {
      fields: { nonce, at: frames.map((one) => one.at).join(',') },
      parts: frames.map((one) => ({ name: 'frame', file: one.picture })),
    }
    return unwrap(await this.transport.upload(uploadUrl, key.token, form, onProgress))
  }

  /** Waits for a finger on the kiosk's sensor. */
  async finger(key: ConversationKey, widgetId: string): Promise<{ upload_id: string }> {
    const path = `${conversation(key)}/fingers?widget=${encodeURIComponent(widgetId)}`
    const timeoutMs = FINGER_TIMEOUT_MS
    return unwrap(await this.transport.send({ method: 'POST', path, token: key.token, timeoutMs }))
  }

  async callClerk(key: ConversationKey): Promise<VideoPlace> {
    const path = `${conversation(key)}/video`
    return unwrap(await this.transport.send({ method: 'POST', path, token: key.token }))
  }

  async callOutcome(key: ConversationKey, session: string): Promise<{ state: VideoOutcome }> {
    const path = `${conversation(key)}/video?session=${encodeURIComponent(session)}`
    return unwrap(await this.transport.send({ method: 'GET', path, token: key.token }))
  }

  me(key: ConversationKey): Promise<Me> {
    return this.mine(key, '')
  }

  async applications(key: ConversationKey): Promise<ApplicationRow[]> {
    return (await this.mine<{ applications: ApplicationRow[] }>(key, '/applications')).applications
  }

  application(key: ConversationKey, id: string): Promise<ApplicationDetail> {
    return this.mine(key, `/applications/${encodeURIComponent(id)}`)
  }

  async results(key: ConversationKey): Promise<ResultRow[]> {
    return (await this.mine<{ results: ResultRow[] }>(key, '/results')).results
  }

  faces(key: ConversationKey): Promise<KeptOfMe> {
    return this.mine(key, '/faces')
  }

  /** Deletes what is kept to remember the citizen, at once. */
  async forgetFaces(key: ConversationKey): Promise<void> {
    const path = `${ROOT}/me/faces`
    unwrap(await this.transport.send({ method: 'DELETE', path, token: key.token }))
  }

  resultFile(key: ConversationKey, id: string, name: 'qr.png' | 'document.pdf') {
    return this.transport.file(`${ROOT}/me/results/${encodeURIComponent(id)}/${name}`, key.token)
  }

  private async mine<T>(key: ConversationKey, path: string): Promise<T> {
    return unwrap(
      await this.transport.send({ method: 'GET', path: `${ROOT}/me${path}`, token: key.token }),
    )
  }
}

function conversation(key: ConversationKey): string {
  return `${ROOT}/conversations/${encodeURIComponent(key.id)}`
}
