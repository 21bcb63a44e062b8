/** The little structure that messages have: paragraphs, lists, addresses of web pages. */

export interface Span {
  text: string
  href?: string
}

export interface Block {
  kind: 'text' | 'item'
  /** `·` or the number as written, e.g. `2.`. */
  marker?: string
  spans: Span[]
}

const ITEM = /^\s*(?:([-•·*])\s*|(\d{1,2}|[一二三四五六七八九十]{1,2})([.、．）)])\s*)(?=\S)/
const LINK = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/g

export function blocks(text: string): Block[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim())
    .map((line) => {
      const mark = ITEM.exec(line)
      // "3.5 元" is a number, not the third item.
      if (!mark || (mark[2] && mark[3] === '.' && /^\d/.test(line.slice(mark[0].length)))) {
        return { kind: 'text', spans: spans(line.trim()) }
      }
      const marker = mark[1] ? '·' : `${mark[2]}${mark[3]}`
      return { kind: 'item', marker, spans: spans(line.slice(mark[0].length).trim()) }
    })
}

function spans(line: string): Span[] {
  const parts: Span[] = []
  let from = 0
  for (const hit of line.matchAll(LINK)) {
    if (hit.index > from) parts.push({ text: line.slice(from, hit.index) })
    parts.push({ text: hit[0], href: hit[0] })
    from = hit.index + hit[0].length
  }
  if (from < line.length) parts.push({ text: line.slice(from) })
  return parts
}
