/** What the client needs from a platform to reach the server, and the failures it tells apart. */

export interface HttpRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Path on the server, e.g. `/api/v1/info`. */
  path: string
  token?: string
  json?: unknown
  timeoutMs?: number
}

export interface HttpResponse {
  status: number
  /** Parsed JSON, or null when the body was not JSON. */
  body: unknown
  /** Seconds the server asks to wait (`Retry-After`). */
  retryAfter?: number
}

export interface FilePart {
  /** A `Blob` on H5, a temporary file path in a mini-program. */
  data: Blob | string
  name: string
}

/** One picture of a challenge and when it was taken, in milliseconds since the first. */
export interface TakenFrame {
  at: number
  picture: FilePart
}

/** What one upload carries: files, each under the name of its part, and plain fields. */
export interface UploadForm {
  parts: readonly { name: string; file: FilePart }[]
  fields?: Readonly<Record<string, string>>
}

export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>
  upload(
    path: string,
    token: string,
    form: UploadForm,
    onProgress: (share: number) => void,
  ): Promise<HttpResponse>
  /** Fetches a protected file; answers an address that this page can show or save. */
  file(path: string, token: string): Promise<{ url: string; release: () => void }>
}

/** The server was not reached, or its answer did not arrive. */
export class NetworkError extends Error {
  constructor() {
    super('网络不通，内容已保留。')
    this.name = 'NetworkError'
  }
}

/** The server answered with an error; `message` is in Chinese and meant for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter?: number,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

const FALLBACK = '系统暂时无法完成这一步，您填写的内容没有丢失。请稍后再试。'

/** The body of a successful answer; throws `ApiError` otherwise. */
export function unwrap<T>(response: HttpResponse): T {
  if (response.status >= 200 && response.status < 300) return response.body as T
  const error = (response.body as { error?: { code?: unknown; message?: unknown } } | null)?.error
  throw new ApiError(
    response.status,
    typeof error?.code === 'string' ? error.code : 'unexpected',
    typeof error?.message === 'string' ? error.message : FALLBACK,
    response.retryAfter,
  )
}

/** Statuses after which the very same request may succeed a little later. 409: the turn is still running. */
const TRANSIENT = new Set([408, 409, 425, 429, 502, 503, 504])

export function isTransient(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ApiError && TRANSIENT.has(error.status))
}

/** The conversation or its token is no longer known to the server (not just one upload or widget in it). */
export function isGone(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  if (error.status === 404) return !/upload|widget/.test(error.code)
  return error.status === 401 || error.status === 410
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError || error instanceof NetworkError ? error.message : FALLBACK
}
