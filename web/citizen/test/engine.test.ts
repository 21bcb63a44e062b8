import { describe, expect, it, vi } from 'vitest'
import type { MyEntry } from '../src/chat/entries'
import { error, FakeServer, MemoryStorage, shown, world } from './fake'

const busy = () => error(503, 'engine.unavailable', '系统正忙。')
const mine = (w: ReturnType<typeof world>) =>
  w.engine.entries.filter((e): e is MyEntry => e.from === 'me')

describe('a conversation', () => {
  it('begins with what the server says first', async () => {
    const w = world()
    w.server.speak('您好，我是小政', { buttons: [{ title: '办居住证', value: '我要办居住证' }] })
    await w.engine.start()
    expect(shown(w.engine)).toEqual(['bot:您好，我是小政'])
    expect(w.engine.conversation).toEqual({ id: 'c1', token: 't1' })
  })

  it('begins later when the network was away at first', async () => {
    const w = world()
    w.server.speak('您好，我是小政')
    w.server.offline = true
    await w.engine.start()
    expect(w.engine.offline).toBe(true)
    w.server.offline = false
    await w.engine.poll()
    expect(shown(w.engine)).toContain('bot:您好，我是小政')
    expect(w.engine.offline).toBe(false)
  })

  it('greets by itself when the server says nothing first', async () => {
    const w = world()
    await w.engine.start()
    expect(w.engine.entries).toHaveLength(1)
    expect(w.engine.entries[0]).toMatchObject({ from: 'bot' })
  })

  it('sends a button as its value and shows its title', async () => {
    const w = world()
    await w.engine.start()
    await w.engine.send({ text: '我要办居住证' }, '办居住证')
    expect(w.server.turns()[0]!.json).toMatchObject({ text: '我要办居住证' })
    expect(mine(w)[0]).toMatchObject({ text: '办居住证', status: 'sent' })
    expect(w.engine.state.draft).toMatchObject({ filled: 1, total: 12 })
  })

  it('is taken up again after a restart with its words and its place', async () => {
    const first = world()
    await first.engine.start()
    await first.engine.send({ text: '你好' }, '你好')
    const again = world(first.server, first.storage)
    await again.engine.start()
    expect(shown(again.engine)).toEqual(shown(first.engine))
    expect(again.server.conversations).toBe(1)
  })

  it('forgets the transcript of yesterday but not the conversation', async () => {
    const first = world()
    await first.engine.start()
    await first.engine.send({ text: '你好' }, '你好')
    first.server.log = []
    const later = world(first.server, first.storage, { now: 1000 + 25 * 3600 * 1000 })
    await later.engine.start()
    expect(later.engine.conversation).toEqual(first.engine.conversation)
    expect(shown(later.engine)).not.toContain('me:你好')
  })
})

describe('a turn that fails', () => {
  it('is sent again by itself with the same turn_id, and runs once', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = [busy(), 'lost', error(429, 'limited', '太快了。', 2)]
    await w.engine.send({ text: '我叫李梅' }, '我叫李梅')
    const ids = w.server.turnIds()
    expect(ids).toHaveLength(4)
    expect(new Set(ids).size).toBe(1)
    expect(w.server.ran).toEqual(['我叫李梅'])
    expect(shown(w.engine).filter((s) => s === 'bot:答：我叫李梅')).toHaveLength(1)
    expect(w.pauses).toEqual([800, 2000, 4000])
  })

  it('waits as long as the server asks, within reason', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = [error(429, 'limited', '太快了。', 7), error(503, 'x', 'x', 9999)]
    await w.engine.send({ text: '好' }, '好')
    expect(w.pauses).toEqual([7000, 15000])
  })

  it('is offered for sending again, then goes with the same turn_id', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = ['offline', 'offline', 'offline', 'offline']
    await w.engine.send({ text: '租房' }, '租房')
    expect(mine(w)[0]!.status).toBe('failed')
    expect(w.engine.offline).toBe(true)
    await w.engine.retry()
    expect(new Set(w.server.turnIds()).size).toBe(1)
    expect(mine(w)[0]!.status).toBe('sent')
    expect(w.engine.offline).toBe(false)
  })

  it('is kept over a restart and delivered in order before what is said next', async () => {
    const first = world()
    await first.engine.start()
    first.server.offline = true
    await first.engine.send({ text: '一' }, '一')
    await first.engine.send({ text: '二' }, '二')
    const sentId = mine(first)[0]!.turnId
    const again = world(first.server, first.storage)
    again.server.offline = false
    await again.engine.start()
    await again.engine.send({ text: '三' }, '三')
    expect(again.server.ran).toEqual(['一', '二', '三'])
    expect(again.server.turnIds().filter((id) => id === sentId).length).toBeGreaterThan(1)
    expect(shown(again.engine).slice(-6)).toEqual([
      'me:一', 'bot:答：一', 'me:二', 'bot:答：二', 'me:三', 'bot:答：三',
    ])
  })

  it('goes out by itself when polling finds the network again', async () => {
    const w = world()
    await w.engine.start()
    w.server.offline = true
    await w.engine.send({ text: '租房' }, '租房')
    await w.engine.poll()
    expect(mine(w)[0]!.status).toBe('failed')
    w.server.offline = false
    await w.engine.poll()
    await vi.waitFor(() => expect(mine(w)[0]!.status).toBe('sent'))
    expect(new Set(w.server.turnIds()).size).toBe(1)
  })

  it('can be taken back before it was delivered', async () => {
    const w = world()
    await w.engine.start()
    w.server.offline = true
    await w.engine.send({ text: '错了' }, '错了')
    w.engine.discard(mine(w)[0]!.turnId)
    w.server.offline = false
    await w.engine.retry()
    expect(w.server.ran).toEqual([])
    expect(mine(w)).toEqual([])
  })

  it('shows the words of a refusal and does not hold up the next turn', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = [error(422, 'text.too_long', '一次请不要超过 1000 字。')]
    await w.engine.send({ text: '长' }, '长')
    await w.engine.send({ text: '短' }, '短')
    expect(mine(w).map((e) => [e.status, e.error])).toEqual([
      ['rejected', '一次请不要超过 1000 字。'],
      ['sent', undefined],
    ])
  })

  it('is not sent again by itself after an unknown error of the server', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = [{ status: 500, body: null }]
    await w.engine.send({ text: '好' }, '好')
    expect(w.server.turnIds()).toHaveLength(1)
    expect(mine(w)[0]!.status).toBe('failed')
  })
})

describe('later messages', () => {
  it('come once, though a lost answer and the retry bring them, too', async () => {
    const w = world()
    await w.engine.start()
    w.server.faults = ['lost', 'lost', 'lost', 'lost']
    await w.engine.send({ text: '你好' }, '你好')
    expect(mine(w)[0]!.status).toBe('failed')
    await w.engine.poll()
    await w.engine.retry()
    await vi.waitFor(() => expect(mine(w)[0]!.status).toBe('sent'))
    await w.engine.poll()
    expect(shown(w.engine).filter((s) => s === 'bot:答：你好')).toHaveLength(1)
  })

  it('are asked for after the last one known', async () => {
    const w = world()
    w.server.speak('您好')
    await w.engine.start()
    w.server.speak('申请已批准。')
    await w.engine.poll()
    await w.engine.poll()
    const asked = w.server.requests.filter((r) => r.method === 'GET').map((r) => r.path)
    expect(asked.map((p) => p.split('after=')[1])).toEqual(['0', '1', '2'])
    expect(shown(w.engine).slice(-1)).toEqual(['bot:申请已批准。'])
  })

  it('do not repeat what the citizen said on this device', async () => {
    const w = world()
    await w.engine.start()
    await w.engine.send({ text: '你好' }, '你好')
    w.server.speak('你好', { role: 'citizen', turn_id: mine(w)[0]!.turnId })
    w.server.speak('在别的手机上说的', { role: 'citizen', turn_id: 'other' })
    await w.engine.poll()
    expect(mine(w).map((e) => e.text)).toEqual(['你好', '在别的手机上说的'])
  })
})

describe('a conversation that the server no longer knows', () => {
  it('leads to a new one; the sentence is kept for the citizen to send', async () => {
    const w = world()
    await w.engine.start()
    w.server.gone = true
    await w.engine.send({ text: '接着办' }, '接着办')
    expect(mine(w)[0]!.status).toBe('failed')
    await w.engine.retry()
    expect(w.server.conversations).toBe(2)
    expect(w.server.turns().at(-1)!.token).toBe('t2')
    expect(mine(w)[0]!.status).toBe('sent')
  })

  it('is not confused with an upload that the server does not know', async () => {
    const w = world()
    w.server.speak('请拍照', { widget: { id: 'w', kind: 'selfie', upload_url: '/u' } })
    await w.engine.start()
    w.server.faults = [error(404, 'upload.not_found', '请再传一次照片。')]
    const event = { type: 'widget_done' as const, widget: 'w', upload_id: 'u1' }
    await w.engine.answerWidget(w.engine.entries[0]!.id, event, '已上传')
    expect(w.engine.conversation).not.toBeNull()
    expect(w.engine.entries[0]).toMatchObject({ answered: undefined })
  })
})

describe('on this device', () => {
  it('long numbers are not kept once they were delivered', async () => {
    const w = world()
    await w.engine.start()
    await w.engine.send({ text: '440106199001011234' }, '440106199001011234')
    expect([...w.storage.values.values()].join()).not.toContain('440106199001011234')
  })

  it('nothing is left after leaving, even when the server cannot be reached', async () => {
    const w = world()
    await w.engine.start()
    await w.engine.send({ text: '秘密' }, '秘密')
    w.server.offline = true
    await w.engine.endAndClear()
    expect(w.server.turns().at(-1)!.json).toMatchObject({ event: { type: 'leave' } })
    const kept = [...w.storage.values.values()].join()
    expect(kept).not.toContain('秘密')
    expect(kept).not.toContain('t1')
  })

  it('an answer to the old conversation does not appear in the new one', async () => {
    const server = new FakeServer()
    const w = world(server)
    await w.engine.start()
    const pending = w.engine.send({ text: '旧的' }, '旧的')
    await w.engine.endAndClear()
    await pending
    await w.engine.send({ text: '新的' }, '新的')
    expect(shown(w.engine).join()).not.toContain('旧的')
    expect(shown(w.engine).slice(-2)).toEqual(['me:新的', 'bot:答：新的'])
  })
})

describe('at a kiosk', () => {
  const kiosk = () => world(new FakeServer(), new MemoryStorage(), { now: 1000 }, 'device.code')

  it('begins visits with its pairing code', async () => {
    const { engine, server } = kiosk()
    await engine.start()
    expect(server.requests[0]!.json).toEqual({ channel: 'kiosk', device: 'device.code' })
  })

  it('shows the next visitor nothing of the visit that was left', async () => {
    const { engine, server } = kiosk()
    await engine.start()
    await engine.send({ text: '我叫王小明' }, '我叫王小明')
    server.gone = true
    await engine.poll()
    await vi.waitFor(() => expect(server.conversations).toBe(2))
    await vi.waitFor(() => expect(engine.entries.length).toBeGreaterThan(0))
    expect(shown(engine).join()).not.toContain('王小明')
  })

  it('drops what was typed into a visit that is over', async () => {
    const { engine, server } = kiosk()
    await engine.start()
    await engine.send({ text: '我叫王小明' }, '我叫王小明')
    server.gone = true
    await engine.send({ text: '你好' }, '你好')
    await vi.waitFor(() => expect(server.conversations).toBe(2))
    expect(shown(engine).join()).not.toContain('王小明')
  })
})
