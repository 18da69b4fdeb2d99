/** What the API says when it refuses (RFC 9457), or what the browser says when it is not reached. */
export interface FieldError {
  field: string;
  message: string;
}

export class Problem extends Error {
  readonly status: number;
  /** Stable; what code may switch on. `unreachable` where there was no answer. */
  readonly code: string;
  readonly fields: FieldError[];
  readonly requestId: string | null;
  /** Seconds after which the same may succeed. */
  readonly retryAfterSeconds: number | null;
  /** Further members, such as the number that was exceeded. */
  readonly members: Record<string, unknown>;

  constructor(status: number, document: Record<string, unknown>, retryAfter: string | null = null) {
    super(String(document.detail ?? document.title ?? `The server answered ${status}.`));
    this.name = 'Problem';
    this.status = status;
    this.code = String(document.code ?? `http_${status}`);
    this.fields = Array.isArray(document.errors) ? (document.errors as FieldError[]) : [];
    this.requestId = typeof document.request_id === 'string' ? document.request_id : null;
    this.retryAfterSeconds = retryAfter === null ? null : Number(retryAfter) || null;
    this.members = document;
  }

  /** What is wrong with one field of the request, by its name. */
  of(field: string): string | undefined {
    const found = this.fields.find((each) => each.field === field)?.message;
    // Rules of the domain name the one field that they refuse.
    return found ?? (this.members.field === field ? this.message : undefined);
  }
}

export function unreachable(): Problem {
  return new Problem(0, {
    code: 'unreachable',
    detail: 'The server cannot be reached. Check your connection; nothing you typed is lost.',
  });
}

export function sessionEnded(): Problem {
  return new Problem(401, {
    code: 'session_ended',
    detail: 'You are not logged in any more. Log in again; nothing you typed is lost.',
  });
}

export async function readProblem(response: Response): Promise<Problem> {
  const retryAfter = response.headers.get('retry-after');
  let document: Record<string, unknown> = {};
  if (response.headers.get('content-type')?.includes('json')) {
    document = await response.json().catch(() => ({}));
  }
  document.request_id ??= response.headers.get('x-request-id');
  return new Problem(response.status, document, retryAfter);
}

/** Whether the same may succeed a little later: what the server refused, it would refuse again. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof Problem) || error.status === 0 || error.status >= 500;
}

/** The text to show for anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof Problem) {
    const fields = error.fields.map((each) => `${each.field}: ${each.message}`).join(' ');
    return fields && error.code === 'invalid_request' ? fields : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
