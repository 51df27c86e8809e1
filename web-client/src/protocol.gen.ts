// Generated from the protocol crate by `make protocol`. Do not edit.

export type Private<T> = T;

export type SessionId = string;

export type CompanyId = string;

export type ParticipantId = number;

export type TabId = number;

export type InputId = number;

export type Colour = number;

export type Role = "customer" | "agent" | "supervisor";

export type Audience = "customer" | "agent";

export type Participant = { id: ParticipantId, role: Role, name: Private<string>, colour: Colour, 
/**
 * Whether their page is connected now.
 */
present: boolean, };

export type Viewport = { 
/**
 * CSS pixels.
 */
width: number, 
/**
 * CSS pixels.
 */
height: number, 
/**
 * Picture pixels to one CSS pixel.
 */
scale: number, };

export type PointerInput = { sequence: number, x: number, y: number, };

export type ControlInput = { "type": "button", id: InputId, x: number, y: number, button: MouseButton, pressed: boolean, } | { "type": "wheel", id: InputId, x: number, y: number, dx: number, dy: number, } | { "type": "key", id: InputId, code: Private<string>, key: Private<string>, pressed: boolean, repeat: boolean, modifiers: Modifiers, } | { "type": "text", id: InputId, text: Private<string>, } | { "type": "compose", text: Private<string>, } | { "type": "touch", id: InputId, finger: number, phase: TouchPhase, x: number, y: number, } | { "type": "release_all" } | { "type": "navigate", to: Navigation, } | { "type": "tab", tab: TabId, close: boolean, } | { "type": "hide", x: number, y: number, } | { "type": "resize", viewport: Viewport, };

export type MouseButton = "left" | "middle" | "right" | "back" | "forward";

export type TouchPhase = "start" | "move" | "end" | "cancel";

export type Modifiers = { shift: boolean, control: boolean, alt: boolean, 
/**
 * AltGr, which makes characters and is no shortcut.
 */
alt_graph: boolean, caps_lock: boolean, };

export type Navigation = { "kind": "back" } | { "kind": "forward" } | { "kind": "reload" } | { "kind": "address", url: Private<string>, };

export type CursorNotice = { participant: ParticipantId, sequence: number, x: number, y: number, };

export type Notice = { "type": "viewport", viewport: Viewport, } | { "type": "cursor", shape: CursorShape, } | { "type": "press", participant: ParticipantId, pressed: boolean, } | { "type": "tabs", tabs: Array<Tab>, } | { "type": "field", field: Field | null, } | { "type": "denied", id: InputId | null, reason: Denied, } | { "type": "shown", id: InputId, timestamp: number, stages: Stages, } | { "type": "withheld", withheld: boolean, } | { "type": "hidden", areas: Array<[number, number, number, number]>, } | { "type": "crashed", tab: TabId | null, };

export type Tab = { id: TabId, title: Private<string>, url: Private<string>, active: boolean, loading: boolean, crashed: boolean, can_go_back: boolean, can_go_forward: boolean, };

export type Field = { kind: FieldKind, 
/**
 * The caret in CSS pixels of the viewport: left, top, width, height.
 */
caret: [number, number, number, number], };

export type FieldKind = "text" | "password" | "number" | "email" | "phone" | "url";

export type Denied = "role" | "busy" | "shortcut" | "site" | "address" | "flood" | "masked" | "blocked" | "typing";

export type Stages = { 
/**
 * Arrival at the node to hand-over to Chromium.
 */
gate: number, 
/**
 * Hand-over to Chromium's next commit.
 */
commit: number, 
/**
 * Commit to an encoded picture.
 */
encode: number, };

export type CursorShape = "default" | "none" | "context-menu" | "help" | "pointer" | "progress" | "wait" | "cell" | "crosshair" | "text" | "vertical-text" | "alias" | "copy" | "move" | "no-drop" | "not-allowed" | "grab" | "grabbing" | "e-resize" | "n-resize" | "ne-resize" | "nw-resize" | "s-resize" | "se-resize" | "sw-resize" | "w-resize" | "ew-resize" | "ns-resize" | "nesw-resize" | "nwse-resize" | "col-resize" | "row-resize" | "all-scroll" | "zoom-in" | "zoom-out";

export type Policy = { 
/**
 * 1.
 */
version: number, sites: Sites, agent: Permissions, supervisor: Permissions, masking: Masking, blocking: Blocking, };

export type Sites = { allowed: Array<string>, 
/**
 * Wins over `allowed`.
 */
blocked: Array<string>, };

export type Permissions = { 
/**
 * Click, scroll and drag.
 */
control: boolean, 
/**
 * Keys and text.
 */
typing: boolean, 
/**
 * Address bar, back, forward, reload and tabs.
 */
navigate: boolean, };

export type Masking = { presets: Array<Secret>, 
/**
 * The company's own; a later one wins nothing over an earlier, but hiding wins over showing.
 */
rules: Array<MaskRule>, };

export type Secret = "passwords" | "cards" | "bank_accounts" | "national_ids" | "birth_dates" | "email" | "phone" | "all_inputs" | "everything";

export type MaskRule = { 
/**
 * A host and its subdomains; every site when left out.
 */
site?: string, what: MaskWhat, hide: boolean, };

export type MaskWhat = { "by": "selector", selector: string, } | { "by": "label", pattern: string, } | { "by": "text", pattern: string, };

export type Blocking = { presets: Array<Verb>, rules: Array<BlockRule>, };

export type Verb = "buy" | "accept" | "send" | "delete" | "sign";

export type BlockRule = { site?: string, what: BlockWhat, block: boolean, };

export type BlockWhat = { "by": "selector", selector: string, } | { "by": "label", pattern: string, } | { "by": "role", role: string, } | { "by": "address", pattern: string, };

export type ClientSignal = { "type": "join", credential: Credential, 
/**
 * Goes on here when the same person has another window open.
 */
take_over: boolean, } | { "type": "accept" } | { "type": "offer", sdp: Private<string>, } | { "type": "report", report: Report, } | { "type": "end" };

export type Credential = { "kind": "token", token: Private<string>, } | { "kind": "resume", key: Private<string>, };

export type ServerSignal = { "type": "joined", session: SessionId, company: CompanyId, company_name: string, participant: ParticipantId, role: Role, 
/**
 * Keep it for a reload or a dropped connection.
 */
resume: Private<string>, ice_servers: Array<IceServer>, } | { "type": "elsewhere" } | { "type": "taken_over" } | { "type": "state", state: SessionState, } | { "type": "people", people: Array<Participant>, } | { "type": "answer", sdp: Private<string>, } | { "type": "reconnect" } | { "type": "ended", reason: EndReason, 
/**
 * Where the session was, to go on alone. For the customer only.
 */
url: Private<string> | null, } | { "type": "refused", reason: Refusal, };

export type SessionState = "waiting" | "consent" | "live" | "paused" | "ended" | "failed";

export type EndReason = "participant" | "api" | "idle" | "too_long" | "node";

export type Refusal = "invalid_link" | "not_yet" | "not_allowed" | "malformed" | "no_capacity" | "too_many";

export type IceServer = { urls: Array<string>, username: Private<string> | null, credential: Private<string> | null, };

export type Report = { "type": "click_to_photon", milliseconds: number, 
/**
 * Matched by RTP timestamp; otherwise estimated, where a browser does not tell it.
 */
exact: boolean, } | { "type": "first_picture", milliseconds: number, };

export type CreateSession = { company: CompanyId, start_url: Private<string>, viewport: Viewport | null, 
/**
 * BCP 47, English when absent.
 */
language: string | null, };

export type CreatedSession = { id: SessionId, pin: Private<string>, customer_url: Private<string>, agent_url: Private<string>, };

export type Navigate = { url: Private<string>, };

export type SessionView = { id: SessionId, company: CompanyId, state: SessionState, 
/**
 * Seconds since 1970 (UTC).
 */
created_at: number, tabs: Array<Tab>, participants: Array<Participant>, };

export type RedeemPin = { company: CompanyId, pin: Private<string>, };

export type RedeemedPin = { customer_url: Private<string>, };

export type SignIn = { email: Private<string>, password: Private<string>, };

export type Me = { name: Private<string>, company: CompanyId, company_name: string, admin: boolean, };

export type SessionList = { sessions: Array<SessionSummary>, };

export type SessionSummary = { id: SessionId, state: SessionState, 
/**
 * Seconds since 1970 (UTC).
 */
created_at: number, start_host: string, agent: Private<string> | null, };

export type JoinLink = { agent_url: Private<string>, };

export type ApiError = { 
/**
 * Stable, for programs: `invalid_pin`, `not_found` …
 */
code: string, 
/**
 * For people.
 */
message: string, };
