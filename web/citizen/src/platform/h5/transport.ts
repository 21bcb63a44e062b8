import { ApiError, NetworkError, unwrap, type HttpResponse, type Transport } from '../../api/http'

const TIMEOUT_MS = 20_000
const UPLOAD_TIMEOUT_MS = 120_000

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Seconds of a `Retry-After` header; its date form is not used by our server. */
function seconds(header: string | null): number | undefined {
  const value = header === null ? NaN : Number(header)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

async function call(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeoutMs)
  try {
    return await fetch(path, { ...init, signal: abort.signal, cache: 'no-store' })
  } catch {
    throw new NetworkError()
  } finally {
    clearTimeout(timer)
  }
}

function bearer(token?: string): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {}
}

export const transport: Transport = {
  async send({ method, path, token, json, timeoutMs = TIMEOUT_MS }) {
    const headers = bearer(token)
    if (json !== undefined) headers['Content-Type'] = 'application/json'
    const body = json === undefined ? undefined : JSON.stringify(json)
    const response = await call(path, { method, headers, body }, timeoutMs)
    const text = await response.text().catch(() => {
      throw new NetworkError()
    })
    return {
      status: response.status,
      body: parse(text),
      retryAfter: seconds(response.headers.get('Retry-After')),
    }
  },

  // XMLHttpRequest, since fetch does not report the progress of an upload.
  upload(path, token, { parts, fields = {} }, onProgress) {
    return new Promise<HttpResponse>((resolve, reject) => {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      for (const { name, file } of parts) form.append(name, file.data as Blob, file.name)
      const request = new XMLHttpRequest()
      request.open('POST', path)
      request.timeout = UPLOAD_TIMEOUT_MS
      request.setRequestHeader('Authorization', `Bearer ${token}`)
      request.upload.onprogress = (e) => {
        if (e.lengthComputable) onProgress(e.loaded / e.total)
      }
      request.onload = () => resolve({ status: request.status, body: parse(request.responseText) })
      request.onerror = request.ontimeout = request.onabort = () => reject(new NetworkError())
      request.send(form)
    })
  },

  async file(path, token) {
    const response = await call(path, { headers: bearer(token) }, TIMEOUT_MS)
    if (!response.ok) {
      unwrap({ status: response.status, body: parse(await response.text()) })
      throw new ApiError(response.status, 'unexpected', '文件暂时打不开，请稍后再试。')
    }
    const url = URL.createObjectURL(await response.blob())
    return { url, release: () => URL.revokeObjectURL(url) }
  },
}
