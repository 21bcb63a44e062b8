/** The DOM element behind a template ref: uni-app's `view` is a component in a browser. */
export function elementOf(host: unknown): HTMLElement {
  const element = (host as { $el?: unknown } | null)?.$el ?? host
  if (!(element instanceof HTMLElement)) throw new Error('no element to draw in')
  return element
}
