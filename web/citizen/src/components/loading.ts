import { ref, shallowRef } from 'vue'
import { ApiError, messageOf } from '../api/http'
import type { ConversationKey } from '../api/types'
import { chat } from '../chat/store'

export type Phase = 'loading' | 'ready' | 'signed_out' | 'failed'

/** Loads what belongs to the signed-in citizen; tells "not signed in" from "did not work". */
export function useMine<T>(load: (key: ConversationKey) => Promise<T>) {
  const phase = ref<Phase>('loading')
  const fault = ref('')
  const data = shallowRef<T | null>(null)

  async function reload() {
    const key = chat.conversation()
    if (!key) {
      phase.value = 'signed_out'
      return
    }
    if (data.value === null) phase.value = 'loading'
    try {
      data.value = await load(key)
      phase.value = 'ready'
    } catch (error) {
      const out = error instanceof ApiError && (error.status === 401 || error.status === 403)
      if (out) data.value = null
      phase.value = out ? 'signed_out' : 'failed'
      fault.value = messageOf(error)
    }
  }

  return { phase, fault, data, reload }
}

/** Goes to the chat and says something there on the citizen's behalf. */
export function sayInChat(text: string, label = text): void {
  uni.reLaunch({ url: '/pages/chat/index' })
  void chat.say(text, label)
}
