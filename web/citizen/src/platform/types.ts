import type { FilePart, Transport } from '../api/http'
import type { Storage } from '../chat/engine'

/** Which way a camera looks. */
export type Facing = 'back' | 'front'

/** A picture or file that the citizen chose, small enough to send, without EXIF. */
export interface Picked extends FilePart {
  /** An address to show it by; null for what is not a picture (a PDF). */
  previewUrl: string | null
  release: () => void
}

/** A live camera shown inside an element of the page. */
export interface LiveCamera {
  shoot(): Promise<Picked>
  /**
   * A small JPEG of what is shown just now, cut as it is shown, not mirrored; its longest side is
   * `side` pixels at most. Throws `PickError` once the camera is gone.
   */
  frame(side: number, quality: number): Promise<FilePart>
  close(): void
}

/** Something to write on with a finger. */
export interface InkPad {
  isEmpty(): boolean
  clear(): void
  toFile(): Promise<FilePart>
  /** How it was written: JSON, a list of strokes with their points in time. */
  strokes(): string
  close(): void
}

/** A field to type in; the page sets its text, the field reports what was typed. */
export interface TextField {
  set(text: string): void
  close(): void
}

/** All that differs between a browser and a mini-program. */
export interface Platform {
  /** What visits at this kiosk are begun with; null on a citizen's own device. */
  kioskCode: string | null
  transport: Transport
  storage: Storage
  /** Lets the citizen choose a file; null when nothing was chosen. Throws `PickError`. */
  pickFile(options: { camera: boolean; facing: Facing; pdf: boolean }): Promise<Picked | null>
  /** Whether a live camera can be shown in the page (needs HTTPS or localhost). */
  hasLiveCamera(): boolean
  openCamera(host: unknown, facing: Facing): Promise<LiveCamera>
  openInkPad(host: unknown): InkPad
  openTextField(
    host: unknown,
    options: { label: string; placeholder: string; longest: number },
    on: { typed(text: string): void; submitted(): void },
  ): TextField
  /** Says something aloud with the device's own voice; silent where it has none for Chinese. */
  speak(text: string): void
  /** Ends what is being said. */
  hush(): void
  saveFile(url: string, name: string): void
  copyText(text: string): Promise<boolean>
  openLink(url: string): void
  watchNetwork(back: () => void): void
}

/** A file that cannot be used; the message is for people. */
export class PickError extends Error {}
