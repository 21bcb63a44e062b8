import type { TextField } from '../types'
import { elementOf } from './dom'

/**
 * A plain textarea that grows with its text. Not uni-app's: that one reports what was typed late and
 * hides from key events whether Shift is held or a word is being composed, so that Enter in a Chinese
 * input method would send half a sentence.
 */
export function openTextField(
  host: unknown,
  options: { label: string; placeholder: string; longest: number },
  on: { typed(text: string): void; submitted(): void },
): TextField {
  const field = document.createElement('textarea')
  field.className = 'text-field'
  field.rows = 1
  field.maxLength = options.longest
  field.placeholder = options.placeholder
  field.setAttribute('aria-label', options.label)
  field.enterKeyHint = 'send'
  const grow = () => {
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight}px`
  }
  field.addEventListener('input', () => {
    grow()
    on.typed(field.value)
  })
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    on.submitted()
  })
  elementOf(host).append(field)
  return {
    set(text) {
      if (field.value === text) return
      field.value = text
      grow()
    },
    close: () => field.remove(),
  }
}
