import { ApiError, messageOf, NetworkError } from '../api/http'
import type { TakenFrame } from '../api/http'
import type { Challenge } from '../api/types'
import { PickError, type LiveCamera } from '../platform/types'
import { planOf, type LiveStep } from './plan'

/** What can be done after something went wrong. `photo`: no more attempts, a clerk looks instead. */
export type Remedy = 'again' | 'resend' | 'photo'

export interface LiveDeps {
  now: () => number
  wait: (ms: number) => Promise<void>
  openCamera: () => Promise<LiveCamera>
  begin: () => Promise<Challenge>
  /** Answers the id of what was kept. */
  send: (
    nonce: string,
    frames: readonly TakenFrame[],
    onProgress: (share: number) => void,
  ) => Promise<string>
  /** Says an instruction aloud, where the citizen wants it. */
  say: (text: string) => void
  /** Called after every change of what is shown. */
  changed: () => void
  /** More time for everything. */
  slow: () => boolean
}

export type LivePhase = 'intro' | 'opening' | 'ready' | 'acting' | 'sending' | 'failed'

/** Longest side of a picture, and its JPEG quality: enough for the landmarks of a face. */
const FRAME_SIDE = 720
const FRAME_QUALITY = 0.8
const COUNT_DOWN = [3, 2, 1]
/** The server takes nothing once the challenge is too old; sending takes time, too. */
const SPARE_MS = 3000

const NO_MORE = 'identity.too_many_challenges'

const TOO_FEW = '这台设备拍得太慢，画面不够。您已填写的内容都在，请再拍一次；还是不行，可以只拍一张照片。'
const NOT_SENT = '网络断了一下，刚才拍的还在，没有传到。请再传一次。'
const TOO_LATE = '隔得久了，刚才拍的已经不能用，没有保存。请再拍一次。'
const LEFT = '刚才离开了这个页面，拍摄已经停止，没有保存。请再拍一次。'

/**
 * One citizen in front of the camera: opens it, asks for the actions of a challenge one after the
 * other, takes pictures meanwhile, closes the camera, sends. Never throws; what goes wrong is
 * `fault` with its `remedy`. The camera is on while the phase is opening, ready or acting only.
 */
export class LiveSession {
  phase: LivePhase = 'intro'
  /** Counts down before the first action; 0 once it runs. */
  countDown = 0
  steps: LiveStep[] = []
  /** Which step it is. */
  at = 0
  /** Share of the present step that is over, then of the pictures that are sent. */
  share = 0
  /** Until everything is done. */
  secondsLeft = 0
  fault = ''
  remedy: Remedy = 'again'
  private camera: LiveCamera | null = null
  private frames: TakenFrame[] = []
  private challenge: Challenge | null = null
  private deadline = 0
  /** Rises whenever what runs is to stop. */
  private run = 0

  constructor(private readonly deps: LiveDeps) {}

  get step(): LiveStep | null {
    return this.phase === 'acting' ? (this.steps[this.at] ?? null) : null
  }

  /** From the press of the button to the upload's id; null when it failed or was stopped. */
  async start(): Promise<string | null> {
    const run = ++this.run
    this.forget()
    this.show('opening')
    try {
      const camera = await this.deps.openCamera()
      if (run !== this.run) {
        camera.close()
        return null
      }
      this.camera = camera
      const challenge = await this.deps.begin()
      if (run !== this.run) return null
      this.challenge = challenge
      this.deadline = this.deps.now() + challenge.seconds * 1000
      const done = (await this.getReady(run)) && (await this.act(run, challenge))
      if (!done) return null
    } catch (error) {
      return this.fail(run, error)
    }
    this.closeCamera()
    return this.send(run)
  }

  /** Sends the same pictures once more. */
  resend(): Promise<string | null> {
    return this.send(++this.run)
  }

  /** Ends whatever runs, closes the camera, forgets the pictures; back to the beginning. */
  stop(): void {
    this.run++
    this.forget()
    this.show('intro')
  }

  /** The page went out of sight: a camera that nobody sees must not run. */
  hidden(): void {
    if (!['opening', 'ready', 'acting'].includes(this.phase)) return
    this.stop()
    this.show('failed', LEFT, 'again')
  }

  private async getReady(run: number): Promise<boolean> {
    for (const count of COUNT_DOWN) {
      this.countDown = count
      this.show('ready')
      await this.deps.wait(1000)
      if (run !== this.run) return false
    }
    this.countDown = 0
    return true
  }

  /** Takes a picture every so often, whatever is asked for at that moment. */
  private async act(run: number, challenge: Challenge): Promise<boolean> {
    const { steps, everyMs } = planOf(challenge, this.deps.slow())
    const ends = steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, one) => sum + one.ms, 0))
    const whole = ends[ends.length - 1]!
    const began = this.deps.now()
    this.steps = steps
    for (let shown = -1; ; ) {
      const since = this.deps.now() - began
      if (since >= whole || this.frames.length >= challenge.frames.most) return true
      const i = ends.findIndex((end) => since < end)
      this.at = i
      this.share = 1 - (ends[i]! - since) / steps[i]!.ms
      this.secondsLeft = Math.ceil((whole - since) / 1000)
      if (i !== shown) this.deps.say(steps[(shown = i)]!.text)
      this.show('acting')
      const picture = await this.camera!.frame(FRAME_SIDE, FRAME_QUALITY)
      if (run !== this.run) return false
      this.frames.push({ at: since, picture })
      const next = since + everyMs - (this.deps.now() - began)
      await this.deps.wait(Math.max(0, next))
      if (run !== this.run) return false
    }
  }

  private async send(run: number): Promise<string | null> {
    const challenge = this.challenge
    if (!challenge || this.frames.length < challenge.frames.fewest) {
      return this.fail(run, new PickError(TOO_FEW))
    }
    if (this.deps.now() >= this.deadline) return this.fail(run, new PickError(TOO_LATE))
    this.share = 0
    this.show('sending')
    try {
      const progress = (share: number) => {
        if (run !== this.run) return
        this.share = share
        this.deps.changed()
      }
      const first = this.frames[0]!.at
      const frames = this.frames.map((one) => ({ ...one, at: Math.round(one.at - first) }))
      const id = await this.deps.send(challenge.nonce, frames, progress)
      if (run !== this.run) return null
      this.forget()
      return id
    } catch (error) {
      return this.fail(run, error)
    }
  }

  private fail(run: number, error: unknown): null {
    if (run !== this.run) return null
    const unsent = error instanceof NetworkError && this.phase === 'sending'
    if (unsent && this.deps.now() < this.deadline - SPARE_MS) {
      this.show('failed', NOT_SENT, 'resend')
      return null
    }
    this.forget()
    const words = error instanceof PickError ? error.message : messageOf(error)
    const enough = error instanceof ApiError && error.code === NO_MORE
    this.show('failed', words, enough ? 'photo' : 'again')
    return null
  }

  private forget(): void {
    this.closeCamera()
    this.frames = []
    this.challenge = null
  }

  private closeCamera(): void {
    this.camera?.close()
    this.camera = null
  }

  private show(phase: LivePhase, fault = '', remedy: Remedy = 'again'): void {
    Object.assign(this, { phase, fault, remedy })
    this.deps.changed()
  }
}
