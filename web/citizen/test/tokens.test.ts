import css from '../src/styles/tokens.css?raw'
import { describe, expect, it } from 'vitest'


/** The first value of a token: that of the normal size. */
function token(name: string): string {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(css)?.[1]
  if (!value) throw new Error(`no token --${name}`)
  return value
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

describe('contrast of at least 4.5:1', () => {
  it.each([
    ['ink', 'paper'], ['ink', 'card'], ['ink-2', 'card'], ['ink-2', 'paper'], ['ink-2', 'clay-soft'],
    ['blue', 'card'], ['blue', 'paper'], ['on-blue', 'blue'], ['blue-deep', 'blue-soft'],
    ['clay', 'card'], ['clay', 'clay-soft'], ['good', 'good-soft'], ['bad', 'bad-soft'],
    ['bad', 'paper'], ['bad', 'card'],
  ])('%s on %s', (front, back) => {
    const [a, b] = [luminance(token(front)), luminance(token(back))].sort((x, y) => y - x)
    expect((a! + 0.05) / (b! + 0.05)).toBeGreaterThanOrEqual(4.5)
  })
})
