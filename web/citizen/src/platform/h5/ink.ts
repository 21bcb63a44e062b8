import SignaturePad, { type PointGroup } from 'signature_pad'
import type { InkPad } from '../types'
import { elementOf } from './dom'

/** Hundredths of a pixel say more than a finger does, and keep a long signature small. */
const round = (value: number) => Math.round(value * 100) / 100

/** The pen's movement as the server reads it (`backoffice/signatures/strokes.py`): where, when, how hard. */
function movementOf(groups: PointGroup[]): string {
  const strokes = groups.map(({ points }) => ({
    points: points.map(({ x, y, time, pressure }) => ({
      x: round(x),
      y: round(y),
      time,
      pressure: round(pressure),
    })),
  }))
  return JSON.stringify(strokes)
}

/** A canvas that fills `host`; what was written survives a turn of the phone. */
export function openInkPad(host: unknown): InkPad {
  const box = elementOf(host)
  const canvas = document.createElement('canvas')
  canvas.className = 'ink-canvas'
  box.append(canvas)
  const pad = new SignaturePad(canvas, {
    minWidth: 1.2,
    maxWidth: 3.6,
    penColor: '#14202e',
    backgroundColor: '#ffffff',
  })
  const fit = () => {
    const ratio = Math.max(window.devicePixelRatio || 1, 1)
    const strokes = pad.toData()
    canvas.width = box.clientWidth * ratio
    canvas.height = box.clientHeight * ratio
    canvas.getContext('2d')?.scale(ratio, ratio)
    pad.clear()
    pad.fromData(strokes)
  }
  fit()
  window.addEventListener('resize', fit)
  return {
    isEmpty: () => pad.isEmpty(),
    clear: () => pad.clear(),
    async toFile() {
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
      if (!blob) throw new Error('canvas gave no picture')
      return { data: blob, name: 'signature.png' }
    },
    strokes: () => movementOf(pad.toData()),
    close() {
      window.removeEventListener('resize', fit)
      pad.off()
      canvas.remove()
    },
  }
}
