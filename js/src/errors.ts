/** What a command or a query fails with. Act on `code`. */
export class ChatError extends Error {
  override name = 'ChatError';
  constructor(
    /** A code of the protocol, such as room_not_found; or lost: nobody answered, and nothing is known. */
    readonly code: string,
    message?: string,
    /** The status of HTTP, 0 where there was no answer. */
    readonly status = 0,
    /** How long to wait before it is worth trying again, in ms. */
    readonly retryAfter = 0,
  ) {
    super(message || code);
  }

  /** Whether the same may succeed later. */
  get transient(): boolean {
    // Below 400 it is no refusal: there was no answer, or its status was cut short.
    return this.status < 400 || this.status == 408 || this.status == 429 || this.status > 499;
  }
}

export const lost = (why?: string): ChatError => new ChatError('lost', why);

/** The error of a problem document, or of whatever came in its place. */
export const problem = (p: any, status = p?.status, retry = p?.retry_after): ChatError =>
  new ChatError(p?.code ?? 'status_' + status, p?.detail ?? p?.title, status, (+retry || 0) * 1000);
