// A stand-in for the gateway: serves dist/build/h5 and plays one scripted conversation with every
// widget, so that the pages can be tried alone. No dependencies. Nothing here is real.
//   node mock/server.mjs [port]     PORT, default 18100
// The first challenge before the camera is refused, the second taken.
// Test switches, by text: "/503" answers 503 twice, "/drop" loses one answer, "/slow" waits 5 s,
// "/end" ends the conversation; "/finger", "/video", "/reader" ask for a finger, a clerk, a card. POST /mock/later {"text"} adds a clerk's
// message; GET /mock/attempts lists the turn ids received; GET /mock/upload is the last upload's body,
// GET /mock/begun what visits were begun with.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { randomBytes } from 'node:crypto'
import { APPLICATION, keptOf, PDF, QR_PNG, RESULTS, replyTo, WELCOME } from './script.mjs'

const PORT = Number(process.argv[2] ?? process.env.PORT ?? 18100)
const DIST = new URL('../dist/build/h5/', import.meta.url).pathname
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

const conversations = new Map()
let lastUpload = Buffer.alloc(0)

const json = (res, status, body, headers = {}) => {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers })
  res.end(JSON.stringify(body))
}
const fail = (res, status, code, message, headers) => json(res, status, { error: { code, message } }, headers)

async function bodyOf(req) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The first attempt is always refused, so that the way back can be looked at. */
function challengeFor(conversation) {
  conversation.tries = (conversation.tries ?? 0) + 1
  const actions = [
    { action: 'look_straight', text: '请正对镜头' },
    { action: 'turn_left', text: '请慢慢向左转头，再转回来' },
    { action: 'blink', text: '请闭上眼睛，数到一，再睁开' },
  ]
  return { nonce: randomBytes(8).toString('hex'), actions, seconds: 60, frames: { fewest: 8, most: 40 } }
}

function say(conversation, messages) {
  const numbered = messages.map((m) => ({ seq: ++conversation.seq, at: new Date().toISOString(), ...m }))
  conversation.log.push(...numbered)
  return numbered
}

function byToken(req) {
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1]
  return [...conversations.values()].find((c) => c.token === token)
}

async function turn(req, res, conversation) {
  const body = JSON.parse((await bodyOf(req)).toString() || '{}')
  conversation.attempts.push(body.turn_id)
  const stored = conversation.turns.get(body.turn_id)
  if (stored) return json(res, 200, stored)
  const tries = conversation.attempts.filter((t) => t === body.turn_id).length
  if (body.text === '/503' && tries < 3) return fail(res, 503, 'engine.unavailable', '系统正忙，您说的内容没有丢失。', { 'Retry-After': '1' })
  if (body.text === '/end') {
    conversations.delete(conversation.id)
    return fail(res, 404, 'conversation.not_found', '这个对话已经结束。')
  }
  if (body.text === '/slow') await new Promise((r) => setTimeout(r, 5000))
  const messages = say(conversation, replyTo(conversation, body))
  const reply = { messages, state: conversation.state }
  conversation.turns.set(body.turn_id, reply)
  if (body.text === '/drop' && tries === 1) return res.socket.destroy()
  await new Promise((r) => setTimeout(r, 350))
  json(res, 200, reply)
}

/** Nobody's finger the first time. */
async function finger(res, conversation) {
  conversation.presses = (conversation.presses ?? 0) + 1
  await new Promise((r) => setTimeout(r, 600))
  if (conversation.presses === 1) return fail(res, 409, 'finger.none', '没有感到手指，什么都没有记。请把手指平放在指纹机上再试一次，也可以换别的办法。')
  json(res, 201, { upload_id: randomBytes(6).toString('hex') })
}

/** A clerk comes when asked for the second time. */
function video(req, res, conversation) {
  if (req.method === 'POST') return json(res, 201, { session: 's1', expires_at: '2026-11-23T02:15:00Z' })
  conversation.asks = (conversation.asks ?? 0) + 1
  json(res, 200, { state: conversation.asks > 1 ? 'confirmed' : 'waiting' })
}

async function chatApi(req, res, url) {
  if (url.pathname === '/api/v1/conversations' && req.method === 'POST') {
    const asked = JSON.parse((await bodyOf(req)).toString() || '{}')
    const c = { asked, id: randomBytes(8).toString('hex'), token: randomBytes(16).toString('hex'), seq: 0, log: [], turns: new Map(), attempts: [], state: { act: null, items: [] }, signedIn: false }
    conversations.set(c.id, c)
    say(c, WELCOME)
    return json(res, 201, { id: c.id, token: c.token })
  }
  const [, id, what] = /^\/api\/v1\/conversations\/(\w+)\/(messages|uploads|liveness|fingers|video)/.exec(url.pathname) ?? []
  const conversation = conversations.get(id)
  if (!conversation || byToken(req) !== conversation) {
    await bodyOf(req)
    return fail(res, 404, 'conversation.not_found', '这个对话已经结束。')
  }
  if (what === 'fingers') return finger(res, conversation)
  if (what === 'video') return video(req, res, conversation)
  if (what === 'liveness') return json(res, 201, challengeFor(conversation))
  if (what === 'uploads') {
    lastUpload = await bodyOf(req)
    const live = lastUpload.includes('name="nonce"')
    if (live && conversation.tries === 1) return fail(res, 422, 'upload.live_still', '没有看到您在动。请照提示做动作，不要对着照片拍。再拍一次。')
    return json(res, 201, { upload_id: randomBytes(6).toString('hex') })
  }
  if (req.method === 'POST') return turn(req, res, conversation)
  const after = Number(url.searchParams.get('after') ?? 0)
  json(res, 200, { messages: conversation.log.filter((m) => m.seq > after) })
}

function meApi(req, res, url) {
  const conversation = byToken(req)
  if (!conversation?.signedIn) return fail(res, 401, 'identity.required', '请先登录。')
  const path = url.pathname.slice('/api/v1/me'.length)
  if (path === '') return json(res, 200, { signed_in: true, phone_masked: '138****5678' })
  if (path === '/applications') {
    const { answers, materials, history, result, ...row } = APPLICATION
    const draft = { id: 'b2', item_name: '出租屋租赁登记', status: 'supplement_due', status_text: '需要补正', updated_at: '2026-11-20T15:20:00+08:00', awaiting: 'citizen', number: 'SW20261118000031' }
    return json(res, 200, { applications: [draft, row] })
  }
  if (path === '/applications/b2') return json(res, 200, { ...APPLICATION, id: 'b2', item_name: '出租屋租赁登记', status: 'supplement_due', status_text: '需要补正', awaiting: 'citizen', result: null })
  if (path === `/applications/${APPLICATION.id}`) return json(res, 200, APPLICATION)
  if (path === '/faces') {
    if (req.method === 'DELETE') conversation.forgotten = true
    return json(res, 200, req.method === 'DELETE' ? { deleted: 3 } : keptOf(conversation.forgotten))
  }
  if (path === '/results') return json(res, 200, { results: RESULTS })
  const file = /^\/results\/(\w+)\/(qr\.png|document\.pdf)$/.exec(path)
  if (file && RESULTS.some((r) => r.id === file[1])) {
    res.writeHead(200, { 'Content-Type': file[2] === 'qr.png' ? 'image/png' : 'application/pdf' })
    return res.end(file[2] === 'qr.png' ? QR_PNG : PDF)
  }
  fail(res, 404, 'not_found', '没有找到这项内容。')
}

async function page(res, url) {
  const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname)
  try {
    const data = await readFile(join(DIST, path))
    res.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' })
    res.end(data)
  } catch {
    fail(res, 404, 'not_found', '没有这个页面。')
  }
}

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://mock')
  try {
    if (url.pathname === '/api/v1/info') {
      return json(res, 200, { demo: true, hall: { name: '石湾镇街道便民服务中心', address: '澜石二路36号展弘大厦一楼', phone: null, hours: null } })
    }
    if (url.pathname === '/mock/later') {
      const { text } = JSON.parse((await bodyOf(req)).toString())
      for (const c of conversations.values()) say(c, [{ text }])
      return json(res, 200, {})
    }
    if (url.pathname === '/mock/upload') return res.end(lastUpload)
    if (url.pathname === '/mock/begun') return json(res, 200, [...conversations.values()].map((c) => c.asked))
    if (url.pathname === '/mock/attempts') return json(res, 200, [...conversations.values()].map((c) => c.attempts))
    if (url.pathname.startsWith('/api/v1/me')) return meApi(req, res, url)
    if (url.pathname.startsWith('/api/v1/')) return await chatApi(req, res, url)
    await page(res, url)
  } catch (error) {
    console.error(error)
    fail(res, 500, 'unexpected', '系统暂时无法完成这一步。')
  }
}).listen(PORT, '127.0.0.1', () => console.log(`mock: http://127.0.0.1:${PORT}`))
