import type { BotMessage, Button, TurnBody, Widget } from '../api/types'

export interface BotEntry {
  id: string
  from: 'bot'
  at: number
  seq?: number
  text?: string
  buttons?: Button[]
  widget?: Widget
  /** How the widget ended on this device. */
  answered?: 'done' | 'declined'
}

export interface MyEntry {
  id: string
  from: 'me'
  at: number
  turnId: string
  text: string
  status: 'waiting' | 'sending' | 'sent' | 'failed' | 'rejected'
  error?: string
}

/** A remark of the page itself, e.g. that a new conversation began. */
export interface NoteEntry {
  id: string
  from: 'note'
  at: number
  text: string
}

export type Entry = BotEntry | MyEntry | NoteEntry

/** A turn that the server has not answered yet. */
export interface PendingTurn {
  turnId: string
  body: TurnBody
}

export function botEntry(message: BotMessage, id: string, now: number): BotEntry {
  const { seq, text, buttons, widget, at } = message
  const sent = at ? Date.parse(at) : NaN
  return { id, from: 'bot', at: Number.isNaN(sent) ? now : sent, seq, text, buttons, widget }
}

/** Hides every run of seven or more digits (numbers of cards and phones) but its ends. */
export function maskDigits(text: string): string {
  return text.replace(/\d(?:[\s-]?\d){5,}[\s-]?[\dXx]/g, (run) => {
    const digits = run.replace(/[\s-]/g, '')
    return `${digits.slice(0, 3)}${'*'.repeat(digits.length - 5)}${digits.slice(-2)}`
  })
}

/** The kind of widget that the kiosk's device daemon answers, not the page. */
export const CARD_READER = 'id_card_reader'

/** The entries' ids of which buttons may be pressed: what was said since the citizen spoke last. */
export function openButtons(entries: readonly Entry[]): Set<string> {
  const open = new Set<string>()
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!
    if (entry.from === 'me') break
    if (entry.from !== 'bot') continue
    // A card laid on the reader is an answer too, though nothing was said on this page.
    if (entry.widget?.kind === CARD_READER && i < entries.length - 1) break
    if (entry.buttons?.length) open.add(entry.id)
  }
  return open
}

/** The id of the one entry whose widget may be used: the latest, unless it was answered. */
export function openWidget(entries: readonly Entry[]): string | null {
  let spokenSince = false
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!
    if (entry.from !== 'bot') continue
    if (entry.widget) {
      // Nobody answers a card reader on this page: what the bot says next is the answer.
      const over = entry.answered || (entry.widget.kind === CARD_READER && spokenSince)
      return over ? null : entry.id
    }
    spokenSince = true
  }
  return null
}
