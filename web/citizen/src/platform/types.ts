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
  close(): void
}

/** Something to write on with a finger. */
export interface InkPad {
  isEmpty(): boolean
  clear(): void
  toFile(): Promise<FilePart>
  close(): void
}

/** A field to type in; the page sets its text, the field reports what was typed. */
export interface TextField {
  set(text: string): void
  close(): void
}

/** All that differs between a browser and a mini-program. */
export interface Platform {
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
  saveFile(url: string, name: string): void
  copyText(text: string): Promise<boolean>
  openLink(url: string): void
  watchNetwork(back: () => void): void
}

/** A file that cannot be used; the message is for people. */
export class PickError extends Error {}
