import { PickError, type Facing, type LiveCamera, type Picked } from '../types'
import { elementOf } from './dom'
import { prepare, toJpeg } from './image'

export function hasLiveCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function'
}

/** Some browsers answer the request and never show a picture. */
const FIRST_PICTURE_MS = 10_000

/** What people are told, by the name of the browser's refusal. */
const REFUSALS: Record<string, string> = {
  NotAllowedError: '没有得到使用相机的允许。请在弹出的提问里点“允许”，或在手机设置里打开相机权限再试。',
  NotFoundError: '这台设备上没有找到相机。',
  NotReadableError: '相机正被别的程序占用。请关掉别的拍照、视频程序再试。',
}
const CANNOT_OPEN = '打不开相机。请再试一次，或换一种方式。'
const GONE = '相机断开了，拍摄已经停止，没有保存。请再试一次。'

/** Shows the camera inside `host`. Throws `PickError` when it may not or cannot be used. */
export async function openCamera(host: unknown, facing: Facing): Promise<LiveCamera> {
  const stream = await openStream(facing)
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.setAttribute('playsinline', '')
  video.className = facing === 'front' ? 'camera-video mirrored' : 'camera-video'
  video.srcObject = stream
  const close = () => {
    stream.getTracks().forEach((track) => track.stop())
    video.remove()
  }
  try {
    elementOf(host).append(video)
    await firstPicture(video)
  } catch {
    close()
    throw new PickError(CANNOT_OPEN)
  }
  const track = stream.getVideoTracks()[0]
  const canvas = document.createElement('canvas')
  return {
    shoot: () => toJpeg(video),
    async frame(side, quality) {
      if (track?.readyState !== 'live' || track.muted) throw new PickError(GONE)
      return { data: await small(video, canvas, side, quality), name: 'frame.jpg' }
    },
    close,
  }
}

async function openStream(facing: Facing): Promise<MediaStream> {
  // A face needs less than a card's small print, and more would only be slower.
  const [width, height] = facing === 'front' ? [1280, 720] : [1920, 1080]
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: facing === 'front' ? 'user' : 'environment',
        width: { ideal: width },
        height: { ideal: height },
      },
    })
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    throw new PickError(REFUSALS[name] ?? CANNOT_OPEN)
  }
}

async function firstPicture(video: HTMLVideoElement): Promise<void> {
  const shown = new Promise<void>((ready) =>
    video.addEventListener('loadeddata', () => ready(), { once: true }),
  )
  const late = new Promise<never>((_, fail) => setTimeout(fail, FIRST_PICTURE_MS))
  void video.play().catch(() => undefined)
  await Promise.race([shown, late])
}

/** The part of the picture that `object-fit: cover` shows. */
function small(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  side: number,
  quality: number,
): Promise<Blob> {
  const shape = video.clientWidth / video.clientHeight || video.videoWidth / video.videoHeight
  const width = Math.min(video.videoWidth, video.videoHeight * shape)
  const height = width / shape
  const scale = Math.min(1, side / Math.max(width, height))
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const left = (video.videoWidth - width) / 2
  const top = (video.videoHeight - height) / 2
  const pen = canvas.getContext('2d')
  pen?.drawImage(video, left, top, width, height, 0, 0, canvas.width, canvas.height)
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new PickError(GONE))), 'image/jpeg', quality),
  )
}

export function pickFile(options: {
  camera: boolean
  facing: Facing
  pdf: boolean
}): Promise<Picked | null> {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = options.pdf ? 'image/*,application/pdf' : 'image/*'
  if (options.camera) {
    input.setAttribute('capture', options.facing === 'front' ? 'user' : 'environment')
  }
  input.style.display = 'none'
  document.body.append(input)
  return new Promise<Picked | null>((resolve, reject) => {
    input.addEventListener('cancel', () => resolve(null))
    input.addEventListener('change', () => {
      const file = input.files?.[0]
      if (file) prepare(file, options.pdf).then(resolve, reject)
      else resolve(null)
    })
    input.click()
  }).finally(() => input.remove())
}
