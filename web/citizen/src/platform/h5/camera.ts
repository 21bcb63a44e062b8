import { PickError, type Facing, type LiveCamera, type Picked } from '../types'
import { elementOf } from './dom'
import { prepare, toJpeg } from './image'

export function hasLiveCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function'
}

/** Shows the camera inside `host`. Throws `PickError` when it may not or cannot be used. */
export async function openCamera(host: unknown, facing: Facing): Promise<LiveCamera> {
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: facing === 'front' ? 'user' : 'environment',
        width: { ideal: 1920 },
        height: { ideal: 1080 },
      },
    })
  } catch {
    throw new PickError('打不开相机。请允许使用相机，或改用“选择图片”。')
  }
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.setAttribute('playsinline', '')
  video.className = facing === 'front' ? 'camera-video mirrored' : 'camera-video'
  video.srcObject = stream
  elementOf(host).append(video)
  const firstFrame = new Promise((ready) => video.addEventListener('loadeddata', ready))
  await video.play().catch(() => undefined)
  await firstFrame
  return {
    shoot: () => toJpeg(video),
    close() {
      stream.getTracks().forEach((track) => track.stop())
      video.remove()
    },
  }
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
