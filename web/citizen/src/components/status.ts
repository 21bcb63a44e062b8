import type { IconName } from './icons'

export type Tone = 'good' | 'bad' | 'busy' | 'mute'

/** The colour of a state. The words come from the server; unknown states look neutral. */
const TONES: Record<string, Tone> = {
  draft: 'mute',
  submitted: 'busy',
  accepted: 'busy',
  supplement_due: 'bad',
  approved: 'good',
  completed: 'good',
  refused: 'bad',
  rejected: 'bad',
  withdrawn: 'mute',
  cancelled: 'mute',
  valid: 'good',
  revoked: 'bad',
  expired: 'bad',
}

const RESULT_TEXTS: Record<string, string> = { valid: '有效', revoked: '已撤销', expired: '已过期' }

export function toneOf(status: string): Tone {
  return TONES[status] ?? 'mute'
}

export function toneIcon(tone: Tone): IconName {
  return ({ good: 'check', bad: 'warn', busy: 'clock', mute: 'files' } as const)[tone]
}

export function resultText(row: { status: string; status_text?: string }): string {
  return row.status_text || RESULT_TEXTS[row.status] || row.status
}
