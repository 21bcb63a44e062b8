import { describe, expect, it } from 'vitest'
import { ApiError, NetworkError, type TakenFrame } from '../src/api/http'
import type { Challenge } from '../src/api/types'
import { planOf } from '../src/live/plan'
import { LiveSession, type LiveDeps } from '../src/live/session'
import { PickError } from '../src/platform/types'

const CHALLENGE: Challenge = {
  nonce: 'n1',
  actions: [
    { action: 'look_straight', text: '请正对镜头' },
    { action: 'turn_left', text: '请慢慢向左转头' },
    { action: 'blink', text: '请闭一下眼睛' },
  ],
  seconds: 60,
  frames: { fewest: 8, most: 40 },
}

/** A citizen, a camera and a server in made-up time: every wait passes at once. */
class World {
  clock = 0
  /** How many cameras are on. */
  on = 0
  opened = 0
  /** What a picture costs, ms. */
  pictureMs = 40
  said: string[] = []
  /** Each phase with the action shown at that moment. */
  seen: string[] = []
  sent: { nonce: string; frames: readonly TakenFrame[] }[] = []
  faults: { open?: Error; frame?: Error; begin?: Error; send?: Error[] } = {}
  /** Called at each picture. */
  onFrame: (() => void) | undefined
  slow = false
  readonly session: LiveSession

  constructor(challenge: Challenge = CHALLENGE) {
    const deps: LiveDeps = {
      now: () => this.clock,
      wait: (ms) => this.pass(ms),
      openCamera: async () => {
        if (this.faults.open) throw this.faults.open
        this.opened++
        this.on++
        return this.camera()
      },
      begin: async () => {
        if (this.faults.begin) throw this.faults.begin
        return challenge
      },
      send: async (nonce, frames, onProgress) => {
        this.sent.push({ nonce, frames })
        onProgress(0.5)
        const fault = this.faults.send?.shift()
        if (fault) throw fault
        return 'u1'
      },
      say: (text) => this.said.push(text),
      changed: () => {
        const mark = `${this.session.phase}:${this.session.step?.action ?? ''}`
        if (this.seen[this.seen.length - 1] !== mark) this.seen.push(mark)
      },
      slow: () => this.slow,
    }
    this.session = new LiveSession(deps)
  }

  private camera() {
    let open = true
    return {
      shoot: () => Promise.reject(new Error('not asked for here')),
      frame: async () => {
        if (!open) throw new Error('a picture was taken after the camera was closed')
        if (this.faults.frame) throw this.faults.frame
        await this.pass(this.pictureMs)
        this.onFrame?.()
        return { data: `picture at ${this.clock}`, name: 'frame.jpg' }
      },
      close: () => {
        if (open) this.on--
        open = false
      },
    }
  }

  private async pass(ms: number) {
    this.clock += ms
  }
}

describe('the plan', () => {
  it('asks in the order of the server, then to look ahead', () => {
    const { steps } = planOf(CHALLENGE, false)
    expect(steps.map((s) => s.action)).toEqual(['look_straight', 'turn_left', 'blink', 'back'])
    expect(steps[1]!.text).toBe('请慢慢向左转头')
  })

  it.each([false, true])('fits the pictures and the time that the server allows (slow: %s)', (slow) => {
    const { steps, everyMs } = planOf(CHALLENGE, slow)
    const whole = steps.reduce((sum, s) => sum + s.ms, 0)
    expect(whole / everyMs).toBeLessThanOrEqual(CHALLENGE.frames.most)
    // Half a minute of the minute is left for sending.
    expect(whole).toBeLessThan(25_000)
    // Eyes closed for a second are on two pictures, and no gap looks like a change of person.
    expect(everyMs).toBeLessThan(500)
  })

  it('gives more time to who needs it', () => {
    const [quick, slow] = [planOf(CHALLENGE, false), planOf(CHALLENGE, true)]
    slow.steps.forEach((step, i) => expect(step.ms).toBeGreaterThan(quick.steps[i]!.ms))
  })
})

describe('before the camera', () => {
  it('leads through every action and sends pictures of all of them', async () => {
    const w = new World()
    expect(await w.session.start()).toBe('u1')
    expect(w.seen).toEqual([
      'opening:', 'ready:', 'acting:look_straight', 'acting:turn_left', 'acting:blink', 'acting:back',
      'sending:',
    ])
    expect(w.said).toEqual(['请正对镜头', '请慢慢向左转头', '请闭一下眼睛', '很好，请看回镜头'])
    const [{ nonce, frames }] = w.sent as [{ nonce: string; frames: TakenFrame[] }]
    expect(nonce).toBe('n1')
    expect(frames.length).toBeGreaterThan(30)
    expect(frames.length).toBeLessThanOrEqual(40)
    expect(frames[0]!.at).toBe(0)
    frames.slice(1).forEach((one, i) => expect(one.at).toBeGreaterThan(frames[i]!.at))
    expect(new Set(frames.map((one) => one.picture.data)).size).toBe(frames.length)
  })

  it('has the camera on only while it is filmed', async () => {
    const w = new World()
    const on: number[] = []
    w.onFrame = () => on.push(w.on)
    await w.session.start()
    expect(new Set(on)).toEqual(new Set([1]))
    expect(w.on).toBe(0)
  })

  it('never takes more pictures than the server does, however quick the device', async () => {
    const w = new World({ ...CHALLENGE, frames: { fewest: 8, most: 12 } })
    w.pictureMs = 0
    await w.session.start()
    expect(w.sent[0]!.frames.length).toBeLessThanOrEqual(12)
    expect(w.seen).toContain('acting:blink')
  })

  it('does not spend an attempt on too few pictures of a slow device', async () => {
    const w = new World()
    w.pictureMs = 2500
    expect(await w.session.start()).toBeNull()
    expect(w.sent).toEqual([])
    expect(w.session).toMatchObject({ phase: 'failed', remedy: 'again' })
    expect(w.session.fault).toContain('画面不够')
    expect(w.on).toBe(0)
  })
})

describe('what goes wrong', () => {
  it.each([
    ['the camera is refused', { open: new PickError('没有得到使用相机的允许。') }, '没有得到使用相机的允许。', 'again'],
    ['the camera breaks off', { frame: new PickError('相机断开了。') }, '相机断开了。', 'again'],
    ['the challenge cannot be had', { begin: new NetworkError() }, '网络不通', 'again'],
    ['nobody may try again', { begin: new ApiError(429, 'identity.too_many_challenges', '先不用再拍。') }, '先不用再拍。', 'photo'],
    ['the pictures are refused', { send: [new ApiError(422, 'upload.live_still', '没有看到您在动。')] }, '没有看到您在动。', 'again'],
    ['the nonce is too old', { send: [new ApiError(409, 'identity.challenge_gone', '过期了。')] }, '过期了。', 'again'],
    ['the server says nothing that we know', { send: [new Error('x')] }, '系统暂时无法完成', 'again'],
  ])('is said when %s, and the camera is off', async (_, faults, words, remedy) => {
    const w = new World()
    w.faults = faults
    expect(await w.session.start()).toBeNull()
    expect(w.session).toMatchObject({ phase: 'failed', remedy })
    expect(w.session.fault).toContain(words)
    expect(w.on).toBe(0)
  })

  it('can be tried again with a new challenge', async () => {
    const w = new World()
    w.faults = { send: [new ApiError(422, 'upload.live_still', '没有看到您在动。')] }
    await w.session.start()
    expect(await w.session.start()).toBe('u1')
    expect(w.opened).toBe(2)
    expect(w.session.fault).toBe('')
  })

  it('sends the same pictures again when only the network failed', async () => {
    const w = new World()
    w.faults = { send: [new NetworkError()] }
    expect(await w.session.start()).toBeNull()
    expect(w.session.remedy).toBe('resend')
    expect(await w.session.resend()).toBe('u1')
    expect(w.sent[1]).toEqual(w.sent[0])
    expect(w.opened).toBe(1)
  })

  it('does not send pictures again that are too old', async () => {
    const w = new World()
    w.faults = { send: [new NetworkError()] }
    await w.session.start()
    w.clock += 60_000
    expect(await w.session.resend()).toBeNull()
    expect(w.session).toMatchObject({ phase: 'failed', remedy: 'again' })
    expect(w.session.fault).toContain('隔得久了')
    expect(w.sent).toHaveLength(1)
  })
})

describe('stopping', () => {
  it('closes the camera in the middle, forgets the pictures and sends nothing', async () => {
    const w = new World()
    let taken = 0
    w.onFrame = () => {
      if (++taken === 5) w.session.stop()
    }
    expect(await w.session.start()).toBeNull()
    expect(w.on).toBe(0)
    expect(w.sent).toEqual([])
    expect(w.session.phase).toBe('intro')
    expect(await w.session.resend()).toBeNull()
    expect(w.sent).toEqual([])
  })

  it('closes a camera that opens after the citizen went away', async () => {
    const w = new World()
    const running = w.session.start()
    w.session.stop()
    expect(await running).toBeNull()
    expect(w.opened).toBe(1)
    expect(w.on).toBe(0)
  })

  it('happens by itself when the page is hidden, and says so', async () => {
    const w = new World()
    let taken = 0
    w.onFrame = () => {
      if (++taken === 3) w.session.hidden()
    }
    await w.session.start()
    expect(w.on).toBe(0)
    expect(w.session.phase).toBe('failed')
    expect(w.session.fault).toContain('离开了这个页面')
  })

  it('does not break off what is being sent', async () => {
    const w = new World()
    w.onFrame = undefined
    const done = w.session.start()
    expect(await done).toBe('u1')
    w.session.hidden()
    expect(w.session.phase).not.toBe('failed')
  })
})
