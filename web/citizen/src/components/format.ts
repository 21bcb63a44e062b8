/** Dates as people in the hall write them, in the time of Foshan whatever the device says. */

function parts(iso: string): Record<string, string> | null {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return null
  const china = new Date(time.getTime() + 8 * 3600 * 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  return {
    year: String(china.getUTCFullYear()),
    month: String(china.getUTCMonth() + 1),
    day: String(china.getUTCDate()),
    clock: `${two(china.getUTCHours())}:${two(china.getUTCMinutes())}`,
  }
}

/** `2026年11月23日`; a date without a time is taken as it stands. */
export function dateText(iso: string): string {
  const plain = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso)
  if (plain) return `${plain[1]}年${Number(plain[2])}月${Number(plain[3])}日`
  const p = parts(iso)
  return p ? `${p.year}年${p.month}月${p.day}日` : iso
}

/** `11月23日 09:05` */
export function momentText(iso: string): string {
  const p = parts(iso)
  return p ? `${p.month}月${p.day}日 ${p.clock}` : iso
}
