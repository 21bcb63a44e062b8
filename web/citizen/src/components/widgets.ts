import type { Widget } from '../api/types'
import type { Facing } from '../platform'
import type { IconName } from './icons'

/** How the page presents one kind of upload. */
export interface CaptureGuide {
  title: string
  icon: IconName
  facing: Facing
  /** The shape drawn over the live picture. */
  frame: 'card' | 'face' | 'page'
  tips: string[]
  /** Shown in the transcript afterwards. */
  done: string
  /** Shown while the server works on it. */
  working: string
}

const GUIDES: Record<string, CaptureGuide> = {
  id_card_front: {
    title: '拍身份证人像面',
    icon: 'camera',
    facing: 'back',
    frame: 'card',
    tips: ['把有照片的一面放平，四个角都拍进框里', '光线亮一些，避开反光和手影', '字要看得清'],
    done: '已上传身份证人像面',
    working: '正在识别身份证上的文字，大约十几秒',
  },
  id_card_back: {
    title: '拍身份证国徽面',
    icon: 'camera',
    facing: 'back',
    frame: 'card',
    tips: ['把有国徽的一面放平，四个角都拍进框里', '光线亮一些，避开反光', '有效期限要看得清'],
    done: '已上传身份证国徽面',
    working: '正在识别有效期限，大约十几秒',
  },
  selfie: {
    title: '拍一张本人照片',
    icon: 'person',
    facing: 'front',
    frame: 'face',
    tips: ['脸对准圆框，正对镜头', '摘下帽子、口罩和墨镜', '画面里只有您一个人'],
    done: '已上传本人照片',
    working: '正在核对，大约十几秒',
  },
  document: {
    title: '上传材料',
    icon: 'files',
    facing: 'back',
    frame: 'page',
    tips: ['整页拍全，四个角都拍到', '字要看得清，别有手影', '多页的材料，一页一页地拍'],
    done: '已上传材料',
    working: '正在检查材料是否清楚',
  },
  photo: {
    title: '上传照片',
    icon: 'image',
    facing: 'back',
    frame: 'page',
    tips: ['光线亮一些，拿稳再拍', '要拍的内容放在画面中间'],
    done: '已上传照片',
    working: '正在检查照片是否清楚',
  },
}

/** How to present an upload; kinds that this page does not know are taken as papers. */
export function guideOf(widget: Widget): CaptureGuide {
  const known = GUIDES[widget.kind] ?? GUIDES.document!
  return widget.title ? { ...known, title: widget.title } : known
}

export function takesPdf(widget: Widget): boolean {
  const accept = Array.isArray(widget.accept) ? widget.accept.join(',') : (widget.accept ?? '')
  return /pdf/.test(accept) || (!accept && widget.kind === 'document')
}

/** The selfie as a challenge before the camera, where the page can show one. */
export const LIVE: Pick<CaptureGuide, 'title' | 'tips' | 'done'> = {
  title: '对着镜头核对本人',
  tips: [
    '脸放进圆框，画面里只有您一个人',
    '摘下帽子、口罩和墨镜，脸朝着光',
    '照大字提示做两个小动作，大约 15 秒',
  ],
  done: '已对着镜头核对',
}
/** Beside a single picture: what becomes of it. */
export const LOOKED_AT = '这张照片由工作人员和身份证照片核对，提交以后再核对，不影响您往下办。'
export const PHOTO_INSTEAD = '不方便做动作，就只拍一张照片，由工作人员和身份证照片核对，不影响您往下办。'
export const NO_LIVE_CAMERA = '这里用不了实时镜头，拍一张照片也一样能办。'
export const ONLY_LIVE = '这里的镜头用不了，请换别的办法，一样能办。'

/** What the transcript says when the citizen chose another way. */
export const DECLINED = '不用这个方式'
export const DECLINED_CONSENT = '不同意，用其他方式'
