/** Shapes of the gateway's chat API and of the "me" pages. Times are ISO 8601 strings. */

export interface Button {
  title: string
  /** Sent as the citizen's text when the button is pressed. */
  value: string
}

export type WidgetKind =
  | 'id_card_front'
  | 'id_card_back'
  | 'id_card_reader'
  | 'selfie'
  | 'finger'
  | 'video_call'
  | 'document'
  | 'photo'
  | 'signature'
  | 'sms_code'
  | 'consent'

export interface Widget {
  id: string
  /** A `WidgetKind`; a string, since the server may learn new kinds before this page does. */
  kind: string
  upload_url?: string
  /** MIME types the upload takes, e.g. `image/jpeg`. */
  accept?: string | string[]
  /** Of a selfie: only the challenge is taken, no single picture for a clerk. */
  only?: 'live'
  title?: string
  hint?: string
}

/** What to do in front of the camera for one widget; its nonce is used once. */
export interface Challenge {
  nonce: string
  /** In this order; `action` e.g. `turn_left`, left and right being the citizen's own. */
  actions: { action: string; text: string }[]
  /** From now until the pictures must have arrived. */
  seconds: number
  frames: { fewest: number; most: number }
}

/** A place at the desk of clerks who can be seen by video. */
export interface VideoPlace {
  session: string
  /** Until when somebody comes, or nobody does. */
  expires_at: string
}

export type VideoOutcome = 'waiting' | 'confirmed' | 'not_confirmed' | 'missed'

export interface BotMessage {
  /** Rises within one conversation; how a message that arrives twice is recognised. */
  seq?: number
  role?: 'agent' | 'citizen'
  turn_id?: string
  text?: string
  buttons?: Button[]
  widget?: Widget
  at?: string
}

export interface Draft {
  id: string
  status: string
  awaiting?: string | null
  filled: number
  total: number
}

export interface ChatState {
  act?: string | null
  items?: string[]
  draft?: Draft | null
}

export interface TurnReply {
  messages: BotMessage[]
  state?: ChatState
}

export interface ConversationKey {
  id: string
  token: string
}

export interface NewConversation extends ConversationKey {
  messages?: BotMessage[]
  state?: ChatState
}

export type WidgetEvent =
  | { type: 'widget_done'; widget: string; upload_id?: string; value?: string }
  | { type: 'widget_declined'; widget: string }

export type TurnBody = { text: string } | { event: WidgetEvent | { type: 'leave' | 'silence' } }

export interface Info {
  demo?: boolean
  hall?: { name?: string; address?: string; phone?: string | null; hours?: string | null }
}

export interface Me {
  signed_in: boolean
  phone_masked?: string
}

/** What is kept of the citizen's face and fingers. Days are ISO. */
export interface KeptOfMe {
  remembered: {
    since: string
    until: string
    used_at: string
    text_version: string
    fingers: number
  } | null
  consents: {
    kind: string
    name: string
    granted: boolean
    at: string
    text_version: string
    words: string | null
    channel: string | null
  }[]
  pictures: { name: string; since: string; until: string }[]
}

export interface ApplicationRow {
  id: string
  number?: string | null
  item_name: string
  status: string
  status_text: string
  updated_at: string
  /** The day by which it is promised to be decided; only while the hall works on it. */
  due_on?: string | null
  /** Who must act next: `citizen`, or null. */
  awaiting?: string | null
}

export interface ApplicationDetail extends ApplicationRow {
  answers: { label: string; value: string }[]
  materials: { name: string; state: string }[]
  history: { at: string; text: string }[]
  result?: { id: string } | null
}

export interface ResultRow {
  id: string
  code: string
  title: string
  status: string
  status_text: string
  issued_at: string
  /** The instant from which it no longer holds; people are told the last day before it. */
  expires_at?: string | null
  last_valid_on?: string | null
  verify_url: string
}
