import type { InjectionKey } from 'vue'

/** Brings the end of the conversation into view, for what grows without a new message. */
export const SHOW_END: InjectionKey<() => void> = Symbol('show the end')
