import type { IconName } from './icons'

export type Tone = 'good' | 'bad' | 'busy' | 'mute'

/** The colour of a state. The words come from the server; unknown states look neutral. */
const TONES: Record<string, Tone> = {
  draft: 'mute',
  submitted: 'busy',
  accepted: 'busy',
  supplement_due: 'bad',
  approved: 'good',
  refused: 'bad',
  not_accepted: 'bad',
  withdrawn: 'mute',
  cancelled: 'mute',
  valid: 'good',
  revoked: 'bad',
  expired: 'bad',
}

const RESULT_TEXTS: Record<string, string> = { valid: '有效', revoked: '已撤销', expired: '已过期' }

/** What the citizen has to do, for the states that wait for him. */
const TODO: Record<string, string> = {
  draft: '还没有填完，可以接着填',
  supplement_due: '请按通知补正，改好再交回来',
}

export function todoText(row: { status: string; awaiting?: string | null }): string {
  return row.awaiting ? (TODO[row.status] ?? '请到对话里继续') : ''
}

export function toneOf(status: string): Tone {
  return TONES[status] ?? 'mute'
}

export function toneIcon(tone: Tone): IconName {
  return ({ good: 'check', bad: 'warn', busy: 'clock', mute: 'files' } as const)[tone]
}

export function resultText(row: { status: string; status_text?: string }): string {
  return row.status_text || RESULT_TEXTS[row.status] || row.status
}
