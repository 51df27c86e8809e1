//! The REST interface as the pages use it.

import type {
  ApiError, CreatedSession, CreateSession, JoinLink, Me, Policy, RedeemedPin, RedeemPin, SessionList, SignIn,
} from '../protocol.gen';

/** An answer that was not a success, or none at all (`status` 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Failure(0, 'offline', '');
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const error = answer as Partial<ApiError> | null;
  throw new Failure(response.status, error?.code ?? 'unknown', error?.message ?? '');
}

const segment = encodeURIComponent;

export const api = {
  redeemPin: (body: RedeemPin) => call<RedeemedPin>('POST', '/pins/redeem', body),
  signIn: (body: SignIn) => call<unknown>('POST', '/sign-in', body),
  signOut: () => call<unknown>('POST', '/sign-out'),
  me: () => call<Me>('GET', '/me'),
  sessions: () => call<SessionList>('GET', '/sessions'),
  createSession: (body: CreateSession) => call<CreatedSession>('POST', '/sessions', body),
  joinSession: (id: string) => call<JoinLink>('POST', `/sessions/${segment(id)}/join`),
  policy: (company: string) => call<Policy>('GET', `/companies/${segment(company)}/policy`),
  setPolicy: (company: string, policy: Policy) => call<unknown>('PUT', `/companies/${segment(company)}/policy`, policy),
  openapi: () => call<unknown>('GET', '/openapi.json'),
};
