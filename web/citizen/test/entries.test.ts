import { describe, expect, it } from 'vitest'
import { blocks } from '../src/components/rich'
import { dateText, momentText } from '../src/components/format'
import { takesPdf } from '../src/components/widgets'
import { maskDigits, openButtons, openWidget, type Entry } from '../src/chat/entries'

const bot = (id: string, more: object = {}): Entry => ({ id, from: 'bot', at: 0, text: id, ...more })
const me = (id: string): Entry => ({ id, from: 'me', at: 0, turnId: id, text: id, status: 'sent' })
const buttons = [{ title: '是', value: '是' }]

describe('maskDigits', () => {
  it.each([
    ['我的号码13812345678', '我的号码138******78'],
    ['440106 19900101 123X', '440*************3X'],
    ['住8号302房', '住8号302房'],
    ['验证码123456', '验证码123456'],
  ])('%s', (text, masked) => expect(maskDigits(text)).toBe(masked))
})

describe('what can be pressed', () => {
  it('is what was said since the citizen spoke last, also after a later message', () => {
    const entries = [bot('a', { buttons }), me('b'), bot('c', { buttons }), bot('d')]
    expect([...openButtons(entries)]).toEqual(['c'])
  })

  it('is nothing of a card reader once a card was read', () => {
    const reader = bot('a', { buttons, widget: { id: 'w', kind: 'id_card_reader' } })
    expect([...openButtons([reader])]).toEqual(['a'])
    expect([...openButtons([reader, bot('c', { buttons })])]).toEqual(['c'])
  })

  it('is the latest widget until it was answered, also after a side question', () => {
    const widget = { id: 'w', kind: 'selfie' }
    expect(openWidget([bot('a', { widget }), me('b'), bot('c')])).toBe('a')
    expect(openWidget([bot('a', { widget, answered: 'done' }), bot('c')])).toBeNull()
    expect(openWidget([bot('a', { widget, answered: 'done' }), bot('c', { widget })])).toBe('c')
  })

  it('is a card reader until the bot says what was read', () => {
    const widget = { id: 'w', kind: 'id_card_reader' }
    expect(openWidget([bot('a', { widget })])).toBe('a')
    expect(openWidget([bot('a', { widget }), me('b')])).toBe('a')
    expect(openWidget([bot('a', { widget }), bot('c')])).toBeNull()
    expect(openWidget([bot('a', { widget }), me('b'), bot('c', { widget })])).toBe('c')
  })
})

describe('blocks', () => {
  it('tells lists from sentences', () => {
    const kinds = blocks('要带：\n1. 身份证\n2、合同\n- 照片\n3.5 元\n2026年').map((b) => [b.kind, b.marker])
    expect(kinds).toEqual([
      ['text', undefined], ['item', '1.'], ['item', '2、'], ['item', '·'], ['text', undefined], ['text', undefined],
    ])
  })

  it('finds addresses and stops at Chinese punctuation', () => {
    expect(blocks('核验：https://a.example/v/AB1。谢谢')[0]!.spans).toEqual([
      { text: '核验：' },
      { text: 'https://a.example/v/AB1', href: 'https://a.example/v/AB1' },
      { text: '。谢谢' },
    ])
  })
})

describe('dates', () => {
  it('are in the time of the hall', () => {
    expect(dateText('2026-11-22T18:00:00Z')).toBe('2026年11月23日')
    expect(dateText('2027-11-22')).toBe('2027年11月22日')
    expect(momentText('2026-11-23T01:05:00+00:00')).toBe('11月23日 09:05')
    expect(momentText('昨天')).toBe('昨天')
  })
})

describe('takesPdf', () => {
  it('follows what the server accepts', () => {
    expect(takesPdf({ id: 'w', kind: 'document', accept: 'image/*' })).toBe(false)
    expect(takesPdf({ id: 'w', kind: 'document', accept: ['image/png', 'application/pdf'] })).toBe(true)
    expect(takesPdf({ id: 'w', kind: 'document' })).toBe(true)
    expect(takesPdf({ id: 'w', kind: 'selfie' })).toBe(false)
  })
})
