/**
 * At a hall's kiosk the browser starts at `/#kiosk=<pairing code>`. The code is taken out of the
 * address at once, so that no visitor sees it, and kept for reloads of this one window.
 */
const KEPT = 'xz.kiosk'
const IN_ADDRESS = /^#kiosk=([\w.~-]{8,200})$/

function read(): string | null {
  try {
    const given = IN_ADDRESS.exec(location.hash)?.[1]
    if (given) {
      sessionStorage.setItem(KEPT, given)
      history.replaceState(null, '', location.pathname)
    }
    return given ?? sessionStorage.getItem(KEPT)
  } catch {
    return null
  }
}

/** What visits at this kiosk are begun with; null on a citizen's own device. */
export const kioskCode = read()
