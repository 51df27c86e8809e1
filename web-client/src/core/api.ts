//! The REST interface as the pages use it.

import type {
  ClaimedPin, ClaimPin, ColleagueList, HandOver, Invite,
  AddedPerson, AddPerson, ApiError, ApiKeyList, AuditPage, AuditVerdict, ChangeMe, ChangePassword, ChangePerson, ChangeRecord, CheckedLink, CreatedSession, CreateSession,
  JoinLink, MadeApiKey, MakeApiKey, Me, NewTotp, OneTimeLink, OpenRuleSession, PersonList, PersonView, Policy, PolicyVersionList, PublicCompany, QuickReplies, RecordPage, RedeemedPin, RedeemPin,
  RoleList, RuleSession, SessionList, SetPassword, SetRole, SignIn, SignInWay,
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

interface Answer<T> {
  value: T;
  /** Which version of a document it is. */
  version: string | null;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await ask<T>(method, path, body)).value;
}

async function ask<T>(method: string, path: string, body?: unknown, version?: string | null, key?: string): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(version ? { 'If-Match': version } : {}),
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Failure(0, 'offline', '');
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return { value: answer as T, version: response.headers.get('ETag') };
  const error = answer as Partial<ApiError> | null;
  throw new Failure(response.status, error?.code ?? 'unknown', error?.message ?? '');
}

const segment = encodeURIComponent;
const of = (company: string) => `/companies/${segment(company)}`;

/** A query of what is given: empty values are left out. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return given.length > 0 ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
}

export const api = {
  redeemPin: (body: RedeemPin) => call<RedeemedPin>('POST', '/pins/redeem', body),
  claimPin: (body: ClaimPin) => call<ClaimedPin>('POST', '/pins/claim', body),
  signIn: (body: SignIn) => call<unknown>('POST', '/sign-in', body),
  signInWay: (email: string) => call<SignInWay>('POST', '/sign-in/way', { email }),
  changePassword: (body: ChangePassword) => call<unknown>('POST', '/me/password', body),
  newTotp: () => call<NewTotp>('POST', '/me/totp'),
  confirmTotp: (code: string) => call<unknown>('POST', '/me/totp/confirm', { code }),
  removeTotp: (code: string) => call<unknown>('POST', '/me/totp/remove', { code }),
  checkLink: (token: string) => call<CheckedLink>('POST', '/password/check', { token }),
  setPassword: (body: SetPassword) => call<unknown>('POST', '/password/set', body),
  changeMe: (body: ChangeMe) => call<Me>('PATCH', '/me', body),
  publicCompany: (company: string) => call<PublicCompany>('GET', `${of(company)}/public`),
  signOutEverywhere: () => call<unknown>('POST', '/me/sign-out-everywhere'),
  signOut: () => call<unknown>('POST', '/sign-out'),
  me: () => call<Me>('GET', '/me'),
  sessions: () => call<SessionList>('GET', '/sessions'),
  createSession: (body: CreateSession) => call<CreatedSession>('POST', '/sessions', body),
  joinSession: (id: string) => call<JoinLink>('POST', `/sessions/${segment(id)}/join`),
  invite: (id: string) => call<Invite>('POST', `/sessions/${segment(id)}/invite`),
  handOver: (id: string, body: HandOver) => call<unknown>('POST', `/sessions/${segment(id)}/hand-over`, body),
  /** For whoever helps in the session, by their key to come back to it. */
  quickReplies: (id: string, key: string) => ask<QuickReplies>('GET', `/sessions/${segment(id)}/quick-replies`, undefined, null, key),
  colleagues: () => call<ColleagueList>('GET', '/colleagues'),
  changeRecord: (id: string, body: ChangeRecord) => call<unknown>('PATCH', `/sessions/${segment(id)}/record`, body),
  deleteRecord: (id: string) => call<unknown>('DELETE', `/sessions/${segment(id)}/record`),
  /** A document of settings, and what is to be given when it is changed, so that nobody overwrites what they have not seen. */
  document: <T>(company: string, name: string) => ask<T>('GET', `${of(company)}/${name}`),
  setDocument: <T>(company: string, name: string, value: T, version: string | null) => ask<T>('PUT', `${of(company)}/${name}`, value, version),
  openRuleSession: (company: string, body: OpenRuleSession) => call<RuleSession>('POST', `${of(company)}/rule-sessions`, body),
  /** Tries a policy in one rule session; nothing is kept. */
  tryPolicy: (company: string, session: string, policy: Policy) => call<unknown>('PUT', `${of(company)}/rule-sessions/${segment(session)}/policy`, policy),
  policyVersions: (company: string) => call<PolicyVersionList>('GET', `${of(company)}/policy/versions`),
  restorePolicy: (company: string, number: number) => ask<Policy>('POST', `${of(company)}/policy/versions/${number}/restore`),
  people: (company: string) => call<PersonList>('GET', `${of(company)}/people`),
  addPerson: (company: string, body: AddPerson) => call<AddedPerson>('POST', `${of(company)}/people`, body),
  changePerson: (company: string, id: string, body: ChangePerson) => call<PersonView>('PATCH', `${of(company)}/people/${segment(id)}`, body),
  passwordLink: (company: string, id: string) => call<OneTimeLink>('POST', `${of(company)}/people/${segment(id)}/link`),
  roles: (company: string) => call<RoleList>('GET', `${of(company)}/roles`),
  setRole: (company: string, id: string, body: SetRole) => call<unknown>('PUT', `${of(company)}/roles/${segment(id)}`, body),
  removeRole: (company: string, id: string) => call<unknown>('DELETE', `${of(company)}/roles/${segment(id)}`),
  keys: (company: string) => call<ApiKeyList>('GET', `${of(company)}/api-keys`),
  makeKey: (company: string, body: MakeApiKey) => call<MadeApiKey>('POST', `${of(company)}/api-keys`, body),
  revokeKey: (company: string, id: string) => call<unknown>('DELETE', `${of(company)}/api-keys/${segment(id)}`),
  records: (company: string, filter: string) => call<RecordPage>('GET', `${of(company)}/records${filter}`),
  audit: (company: string, filter: string) => call<AuditPage>('GET', `${of(company)}/audit${filter}`),
  verifyAudit: (company: string) => call<AuditVerdict>('GET', `${of(company)}/audit/verify`),
  /** Where a browser downloads it. */
  auditExport: (company: string, filter: string) => `/api/v1${of(company)}/audit/export${filter}`,
  openapi: () => call<unknown>('GET', '/openapi.json'),
};
