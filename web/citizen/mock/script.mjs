// The scripted conversation and the invented data of the mock server.
import { readFileSync } from 'node:fs'

export const QR_PNG = readFileSync(new URL('./qr.png', import.meta.url))
export const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n' +
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
)

export const WELCOME = [
  {
    text: '您好，我是小政，石湾镇街道便民服务中心的办事助手。\n想办什么事、想问什么，直接告诉我就行。现在可以在手机上办：',
    buttons: [
      { title: '办居住证', value: '我要办居住证' },
      { title: '要带什么材料', value: '办居住证要带什么' },
      { title: '我的办件进度', value: '我的办件到哪一步了' },
      { title: '中心在哪里', value: '中心在哪里' },
    ],
  },
]

const upload = (c) => `/api/v1/conversations/${c.id}/uploads`
const widget = (c, id, kind, more = {}) => ({ id, kind, upload_url: upload(c), ...more })

/** After each step the next; the key is the widget's id. */
const AFTER = {
  sms: (c) => {
    c.signedIn = true
    return [
      { text: '已确认手机号 138****5678，登录好了。' },
      { text: '先拍身份证人像面，我来帮您把姓名、身份证号和户籍地址填好，省得打字。', widget: widget(c, 'front', 'id_card_front') },
    ]
  },
  front: (c) => [
    { text: '认出来了：\n- 姓名：李*\n- 身份证号：440***********21\n- 户籍地址：广西***' },
    { text: '再拍国徽面，核对一下有效期限。', widget: widget(c, 'back', 'id_card_back') },
  ],
  back: (c) => [
    {
      text: '接下来想请您拍一张本人照片，和身份证照片比对。\n1. 照片只用来确认是您本人，由窗口人员核对\n2. 办结后 30 天内删除，您也可以随时要求删除\n3. 不同意也能办，可以改到窗口核对，不会更麻烦\n您同意采集和使用人脸照片吗？',
      widget: { id: 'consent', kind: 'consent' },
    },
  ],
  consent: (c) => [{ text: '谢谢。请拍一张本人照片。', widget: widget(c, 'selfie', 'selfie') }],
  selfie: (c) => [
    { text: '照片收到了，会和身份证照片一起交给窗口人员核对。' },
    { text: '您是租房，请上传租赁合同：有签字的一页和写有地址的一页。', widget: widget(c, 'lease', 'document', { accept: 'image/jpeg,image/png,application/pdf', title: '上传租赁合同' }) },
  ],
  lease: (c) => [{ text: '合同看得清。还差一张白底证件照。', widget: widget(c, 'photo', 'photo', { title: '上传证件照' }) }],
  photo: (c) => [
    {
      text: '都齐了，请核对：\n- 姓名：李*\n- 手机号：138****5678\n- 住址：石湾镇街道澜石二路***\n- 住房：租房\n没有问题的话，请签名提交。',
      widget: widget(c, 'sign', 'signature'),
    },
  ],
  finger: () => [{ text: '两个手指都记好了。下次来，刷脸、按一下指纹就行。' }],
  video: () => [{ text: '工作人员在视频里核对过了，是您本人。' }],
  sign: (c) => {
    c.state.draft = { ...c.state.draft, status: 'submitted', awaiting: null }
    return [
      {
        text: '申请已提交，办件编号 SW20261123000017。\n窗口人员会在 2026年11月30日 前答复您，有消息我会在这里告诉您。',
        buttons: [{ title: '看办件进度', value: '我的办件到哪一步了' }],
      },
    ]
  },
}

const FINGER = {
  text: '再记两个手指，下次确认更快。请把第 1 个手指平放在指纹机上，按住别动。不想记指纹也没关系。',
  buttons: [{ title: '不记指纹', value: '不用了' }],
  widget: { id: 'finger', kind: 'finger' },
}
const VIDEO = {
  text: '工作人员会在视频里看看您本人和身份证，看过就算核对好了。请准备好身份证，点下面的按钮开始等。',
  buttons: [{ title: '不视频了，用别的办法', value: '换个办法' }],
  widget: { id: 'video', kind: 'video_call' },
}
const CARD_READER = {
  text: '请把您的身份证放在读卡区，我照着帮您填，不用打字。\n不想刷证也可以拍照，或者打字。',
  buttons: [{ title: '拍照', value: '拍照' }, { title: '我打字', value: '打字' }],
  widget: { id: 'reader', kind: 'id_card_reader' },
}

const FILLED = { sms: 3, front: 6, back: 7, consent: 7, selfie: 8, lease: 10, photo: 11, sign: 12 }

function draft(filled) {
  return { id: 'd1', status: 'draft', awaiting: 'housing_type', filled, total: 12 }
}

/** The mock's answer to one turn. */
export function replyTo(c, body) {
  const event = body.event
  if (event?.type === 'leave') return []
  if (event?.widget === 'sms' && event.value === '000000') {
    return [{ text: '验证码不对，请看一下短信再输入。', widget: { id: 'sms', kind: 'sms_code' } }]
  }
  if (event?.widget && AFTER[event.widget]) {
    c.state.draft = draft(FILLED[event.widget])
    const said = AFTER[event.widget](c)
    return event.type === 'widget_declined' ? [{ text: '没关系，这一步可以换别的方式，到窗口时再补也行。' }, ...said] : said
  }
  const text = body.text ?? ''
  if (text === '/finger') return [FINGER]
  if (text === '/video') return [VIDEO]
  if (text === '/reader') return [CARD_READER]
  if (text === '登录' || text === '租房' || text === '重新发送验证码') {
    c.state.draft = draft(2)
    return [{ text: '验证码已发到 138****5678，5 分钟内有效。', widget: { id: 'sms', kind: 'sms_code' } }]
  }
  if (/办居住证$/.test(text)) {
    c.state.draft = draft(1)
    return [
      { text: '好，我们来办广东省居住证（首次申领）。\n一共 12 项，我一项一项问您，中途停下也会保存。' },
      { text: '您现在住的是哪一种房子？', buttons: ['租房', '自己的房子', '单位或学校宿舍', '借住亲友家'].map((t) => ({ title: t, value: t })) },
    ]
  }
  if (/带什么|材料/.test(text)) {
    return [
      {
        text: '首次办居住证，一般要准备：\n1. 居民身份证原件\n2. 数字相片回执\n3. 住址证明：租房带租赁合同，自有房带房产证\n4. 就业、就读证明之一（社保查得到就不用带）\n申办表由我帮您填好，签名就行。\n收费以公告为准。',
        buttons: [{ title: '现在就办', value: '我要办居住证' }, { title: '要多久', value: '要多久' }],
      },
    ]
  }
  if (/人工/.test(text)) {
    return [{ text: '好的，已经登记，工作人员会尽快联系您。\n您也可以到中心窗口：澜石二路36号展弘大厦一楼。开放时间还没有核实，出门前请先看公告。' }]
  }
  if (/哪里/.test(text)) return [{ text: '石湾镇街道便民服务中心在澜石二路36号展弘大厦一楼。' }]
  return [{ text: `收到：“${text}”。这是演示用的模拟对话，请试试下面的选项。`, buttons: WELCOME[0].buttons }]
}

export const APPLICATION = {
  id: 'a1',
  number: 'SW20261123000017',
  item_name: '广东省居住证申领（首次）',
  status: 'approved',
  status_text: '已批准',
  updated_at: '2026-11-23T10:12:00+08:00',
  due_on: '2026-11-30',
  awaiting: null,
  answers: [
    { label: '由谁办理', value: '本人' },
    { label: '姓名', value: '李*' },
    { label: '身份证号', value: '440***********21' },
    { label: '手机号', value: '138****5678' },
    { label: '现住地址', value: '石湾镇街道澜石二路***' },
    { label: '申领事由', value: '合法稳定就业' },
  ],
  materials: [
    { name: '居民身份证', state: '已核对' },
    { name: '租赁合同及租赁登记证明', state: '已收到' },
    { name: '居住证业务申办表', state: '已签名' },
  ],
  history: [
    { at: '2026-11-23T09:05:00+08:00', text: '您提交了申请' },
    { at: '2026-11-23T09:31:00+08:00', text: '窗口人员受理了申请' },
    { at: '2026-11-23T10:12:00+08:00', text: '批准，结果已经出具' },
  ],
  result: { id: 'r1' },
}

const result = (id, code, title, status, status_text, issued_at, expires_at) => ({
  id, code, title, status, status_text, issued_at, expires_at, last_valid_on: expires_at, verify_url: `http://127.0.0.1:18100/v/${code}`,
})
export const RESULTS = [
  result('r1', 'SW-7K2M-Q9FD-XT4C', '居住证申领办理结果', 'valid', '有效', '2026-11-23T10:12:00+08:00', '2027-11-22'),
  result('r2', 'SW-3H8P-VN6A-RW2E', '出租屋租赁登记办理结果', 'expired', '已过期', '2025-10-09T14:40:00+08:00', '2026-10-08'),
  result('r3', 'SW-9C5J-TK7Y-BM3U', '居住登记办理结果', 'revoked', '已撤销', '2026-03-02T11:00:00+08:00', null),
]

/** What is kept of the citizen's face and fingers. */
export function keptOf(forgotten) {
  const words = '要让我记住您吗？\n· 存什么：您的人脸特征……'
  const at = '2026-11-23T09:30:00+08:00'
  const yes = { kind: 'remember', name: '记住我（保存特征）', granted: true, at, text_version: '2026-11-23', words, channel: 'kiosk' }
  return {
    remembered: forgotten ? null : { since: at, until: '2027-11-23T09:30:00+08:00', used_at: at, text_version: '2026-11-23', fingers: 2 },
    consents: forgotten ? [{ ...yes, granted: false, words: null, channel: null }, yes] : [yes],
    pictures: [{ name: '办件时的自拍', since: at, until: '2027-02-23T09:30:00+08:00' }],
  }
}
