/** What a person does in front of the camera, one after the other, and how long each takes. Pure. */
import type { Challenge } from '../api/types'

/** One thing to do. `action` is the server's word for it, or `back`: to look ahead once more. */
export interface LiveStep {
  action: string
  text: string
  ms: number
}

export interface LivePlan {
  steps: LiveStep[]
  /** From one picture to the next, milliseconds. */
  everyMs: number
}

/** For reading the instruction, doing it without haste, and coming back. */
const ACTION_MS = 4500
const STRAIGHT_MS = 2200
/** The eyes have to be seen open again, and the head straight. */
const BACK_MS = 1400
/** Old people read and turn more slowly. */
const SLOWER = 1.35
/** Closed eyes last a second: more than two pictures of them are wanted. */
const SHORTEST_EVERY_MS = 250
const BACK: Omit<LiveStep, 'ms'> = { action: 'back', text: '很好，请看回镜头' }

/** Spreads the pictures that the server takes at most evenly over all that is to be done. */
export function planOf(challenge: Challenge, slow: boolean): LivePlan {
  const pace = slow ? SLOWER : 1
  const wanted = challenge.actions.map(({ action, text }) => ({
    action,
    text,
    ms: (action === 'look_straight' ? STRAIGHT_MS : ACTION_MS) * pace,
  }))
  const steps = [...wanted, { ...BACK, ms: BACK_MS * pace }]
  const whole = steps.reduce((sum, step) => sum + step.ms, 0)
  const everyMs = Math.max(SHORTEST_EVERY_MS, Math.ceil(whole / (challenge.frames.most - 1)))
  return { steps, everyMs }
}
