/** Line icons on a 24 × 24 grid, drawn for this project; each is the `d` of one path. */
export const ICONS = {
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  send: 'M4 12l16-8-6 16-3-7-7-1z',
  person: 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 20c1-4 4-6 8-6s7 2 8 6',
  chat: 'M4 5h16v11H10l-4 4v-4H4z',
  files: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7',
  seal: 'M12 3a6 6 0 110 12 6 6 0 010-12zM9 14l-2 7 5-2 5 2-2-7M9.5 9l2 2 3-4',
  camera: 'M3 8h4l2-3h6l2 3h4v11H3zM12 17a4 4 0 100-8 4 4 0 000 8z',
  image: 'M4 5h16v14H4zM4 16l5-5 5 5 2-2 4 4M15 10h.01',
  pen: 'M4 20l1-5L16 4l4 4L9 19zM13 7l4 4',
  check: 'M5 12l5 5 9-10',
  close: 'M6 6l12 12M18 6L6 18',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  clock: 'M12 3a9 9 0 110 18 9 9 0 010-18zM12 7v5l3 3',
  shield: 'M12 3l8 3v6c0 5-3 8-8 9-5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5',
  phone: 'M7 3h10v18H7zM11 18h2',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  refresh: 'M20 12a8 8 0 11-3-6M20 3v5h-5',
  link: 'M10 14a4 4 0 005.7 0l3-3A4 4 0 0013 5.300l-1 1M14 10a4 4 0 00-5.700 0l-3 3A4 4 0 0011 18.700l1-1',
  straight: 'M12 3a9 9 0 110 18 9 9 0 010-18zM9 10h.01M15 10h.01M9.500 15.500h5',
  turnLeft: 'M21 12H4M11 5l-7 7 7 7',
  turnRight: 'M3 12h17M13 5l7 7-7 7',
  mouth: 'M12 3a9 9 0 110 18 9 9 0 010-18zM9 9h.01M15 9h.01M12 12.500a2.200 2.700 0 110 5.400 2.200 2.700 0 010-5.400z',
  lids: 'M12 3a9 9 0 110 18 9 9 0 010-18zM7 10.500c1.200 1.400 2.600 1.400 3.800 0M13.200 10.500c1.200 1.400 2.600 1.400 3.800 0M9.500 16h5',
  sound: 'M4 9h4l5-4v14l-5-4H4zM16 9c1.500 1.500 1.500 4.500 0 6M18.500 6.500c3 3 3 8 0 11',
  card: 'M3 5h18v14H3zM6.500 9h5M6.500 12h5M6.500 15h8M17 8.500v4h-2.500v-4z',
  video: 'M3 6h12v12H3zM15 10.500l6-3.500v10l-6-3.500',
  finger: 'M6 17c1-3 1-4 1-6a5 5 0 0110 0c0 3 0 5-1 8M9.500 20c1-3 1.500-5 1.500-9a1 1 0 012 0c0 4-.500 7-1.500 10M5 9a7.500 7.500 0 0113-3.500',
  leave: 'M10 4H5v16h5M9 12h11M16 8l4 4-4 4',
} as const

export type IconName = keyof typeof ICONS

/** A CSS `url()` of the icon for use as a mask, so that it takes the text's colour. */
export function iconMask(name: IconName): string {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" ' +
    'stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round">' +
    `<path d="${ICONS[name]}"/></svg>`
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`
}
