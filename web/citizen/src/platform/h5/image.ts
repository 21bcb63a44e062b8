import { PickError, type Picked } from '../types'

/** Longest side of a picture that is sent, in pixels: enough to read an ID card by. */
const LONGEST_SIDE = 2000
const QUALITY = 0.88
/** Files that are sent as they are (PDF), in bytes. */
const LARGEST_FILE = 10 * 1024 * 1024

/** Draws the picture anew as JPEG: smaller, upright, and without EXIF (place, device). */
export async function toJpeg(
  source: Blob | HTMLVideoElement,
  name = 'photo.jpg',
): Promise<Picked> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(source)
  } catch {
    throw new PickError('这张图片打不开，请换一张 JPG 或 PNG 图片。')
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  const pen = canvas.getContext('2d')
  if (!pen) throw new PickError('这台设备处理不了图片，请换一种方式。')
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
  if (!blob) throw new PickError('图片处理失败，请重拍一张。')
  return picked(blob, name, true)
}

/** A chosen file made ready to send. */
export async function prepare(file: File, pdf: boolean): Promise<Picked> {
  if (file.type === 'application/pdf') {
    if (!pdf) throw new PickError('这里只收图片，请拍照或选一张图片。')
    if (file.size > LARGEST_FILE) throw new PickError('文件超过 10 MB，请压缩后再传。')
    return picked(file, 'document.pdf', false)
  }
  return toJpeg(file)
}

function picked(data: Blob, name: string, preview: boolean): Picked {
  const url = preview ? URL.createObjectURL(data) : null
  return { data, name, previewUrl: url, release: () => url && URL.revokeObjectURL(url) }
}
