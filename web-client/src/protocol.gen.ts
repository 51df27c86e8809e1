// Generated from the protocol crate by `make protocol`. Do not edit.

export type Private<T> = T;

export type SessionId = string;

export type CompanyId = string;

export type PersonId = string;

export type RoleId = string;

export type KeyId = string;

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
present: boolean, 
/**
 * What they may do now.
 */
rights: Rights, control: Control, };

export type Control = "fixed" | "withheld" | "asked" | "given";

export type Rights = { 
/**
 * The picture, and everything that is told beside it.
 */
view: boolean, 
/**
 * A named pointer on the page.
 */
point: boolean, annotate: boolean, 
/**
 * Press, scroll and drag.
 */
click: boolean, 
/**
 * Keys and text.
 */
typing: boolean, 
/**
 * Address bar, back, forward and reload.
 */
navigate: boolean, open_tabs: boolean, 
/**
 * Files for the customer, by the chat.
 */
send_files: boolean, 
/**
 * The sound of the page.
 */
hear: boolean, };

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

export type Device = { class: DeviceClass, 
/**
 * An IANA name ("Europe/Madrid"); the browser's own when there is none.
 */
time_zone?: Private<string> | null, 
/**
 * Whether pages are asked for their dark colours; none leaves it to them.
 */
dark?: boolean | null, };

export type DeviceClass = "desk" | "tablet" | "phone";

export type PointerInput = { sequence: number, x: number, y: number, };

export type ControlInput = { "type": "button", id: InputId, x: number, y: number, button: MouseButton, pressed: boolean, } | { "type": "wheel", id: InputId, x: number, y: number, dx: number, dy: number, } | { "type": "key", id: InputId, code: Private<string>, key: Private<string>, pressed: boolean, repeat: boolean, modifiers: Modifiers, } | { "type": "text", id: InputId, text: Private<string>, } | { "type": "compose", text: Private<string>, } | { "type": "touch", id: InputId, finger: number, phase: TouchPhase, x: number, y: number, } | { "type": "release_all" } | { "type": "navigate", to: Navigation, } | { "type": "tab", tab: TabId, close: boolean, } | { "type": "new_tab" } | { "type": "open_link", menu: number, image: boolean, } | { "type": "choose", picker: number, chosen: Chosen, } | { "type": "answer", dialog: number, answer: DialogAnswer, } | { "type": "find", text: Private<string>, backwards: boolean, } | { "type": "listen", listens: boolean, } | { "type": "sound", on: boolean, } | { "type": "reach", node: number, } | { "type": "file", input: FileInput, } | { "type": "hide", x: number, y: number, } | { "type": "pick", id: InputId, x: number, y: number, } | { "type": "matches" } | { "type": "resize", viewport: Viewport, 
/**
 * What it is, when the page can tell.
 */
device?: Device | null, };

export type MouseButton = "left" | "middle" | "right" | "back" | "forward";

export type TouchPhase = "start" | "move" | "end" | "cancel";

export type Modifiers = { shift: boolean, control: boolean, alt: boolean, 
/**
 * AltGr, which makes characters and is no shortcut.
 */
alt_graph: boolean, caps_lock: boolean, };

export type Navigation = { "kind": "back" } | { "kind": "forward" } | { "kind": "reload" } | { "kind": "address", url: Private<string>, };

export type CursorNotice = { participant: ParticipantId, sequence: number, x: number, y: number, };

export type Notice = { "type": "viewport", viewport: Viewport, } | { "type": "cursor", shape: CursorShape, } | { "type": "press", participant: ParticipantId, pressed: boolean, } | { "type": "tabs", tabs: Array<Tab>, } | { "type": "field", field: Field | null, } | { "type": "touched", field: FieldKind | null, } | { "type": "denied", id: InputId | null, reason: Denied, } | { "type": "shown", id: InputId, timestamp: number, stages: Stages, } | { "type": "withheld", withheld: boolean, } | { "type": "hidden", areas: Array<[number, number, number, number]>, } | { "type": "picked", id: InputId, thing: Thing | null, } | { "type": "matches", lesson: number, masking: Array<number | null>, blocking: Array<number | null>, } | { "type": "dialog", dialog: Dialog | null, } | { "type": "found", found: boolean, } | { "type": "copied", text: Private<string>, } | { "type": "handed", url: Private<string>, } | { "type": "outline", focus: number | null, nodes: Array<OutlineNode>, } | { "type": "reached", node: number, x: number, y: number, } | { "type": "menu", menu: Menu, } | { "type": "picker", picker: Picker | null, } | { "type": "lacks", lack: Lack, } | { "type": "icon", tab: TabId, png: Private<string> | null, } | { "type": "file_chooser", chooser: Chooser | null, } | { "type": "downloads", downloads: Array<Download>, } | { "type": "sound", sound: Sound, } | { "type": "crashed", tab: TabId | null, };

export type Sound = "silent" | "playing" | "unavailable";

export type Thing = { 
/**
 * With all that it could be found by, its surroundings too.
 */
element: Element, 
/**
 * Left, top, width and height, in CSS pixels of the viewport.
 */
area: [number, number, number, number], 
/**
 * How many there are on the page with these surroundings, and how many whatever surrounds them.
 */
same: number, alike: number, 
/**
 * Why agents do not see it.
 */
hidden: HiddenBy | null, 
/**
 * Why only the customer may press it.
 */
blocked: BlockedBy | null, };

export type HiddenBy = { "by": "preset", preset: Secret, } | { "by": "rule", rule: number, } | { "by": "hand" } | { "by": "content" };

export type BlockedBy = { "by": "preset", preset: Verb, } | { "by": "rule", rule: number, };

export type Tab = { id: TabId, title: Private<string>, url: Private<string>, active: boolean, loading: boolean, crashed: boolean, can_go_back: boolean, can_go_forward: boolean, };

export type Field = { kind: FieldKind, 
/**
 * The caret in CSS pixels of the viewport: left, top, width, height.
 */
caret: [number, number, number, number], };

export type FieldKind = "text" | "password" | "number" | "digits" | "search" | "email" | "phone" | "url";

export type Denied = "role" | "busy" | "shortcut" | "site" | "address" | "asked" | "tabs" | "flood" | "masked" | "blocked" | "typing";

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

export type TalkInput = { "chat": ChatInput } | { "drawing": DrawingInput };

export type TalkNotice = { "chat": ChatNotice } | { "drawing": DrawingNotice };

export type FileOffer = { name: Private<string>, bytes: number, };

export type ChatInput = { "type": "say", number: number, text: Private<string>, file: FileOffer | null, } | { "type": "withdraw", number: number, } | { "type": "typing", typing: boolean, } | { "type": "reads", language: Language, };

export type ChatNotice = { "type": "said", from: ParticipantId, number: number, at: number, text: Private<string>, file: FileOffer | null, } | { "type": "withdrawn", from: ParticipantId, number: number, } | { "type": "typing", from: ParticipantId, typing: boolean, } | { "type": "reads", from: ParticipantId, language: Language, };

export type DrawingInput = { "type": "begin", number: number, tool: Tool, at: [number, number], fade: boolean, text: Private<string> | null, } | { "type": "go", number: number, points: Array<[number, number]>, } | { "type": "end", number: number, } | { "type": "undo" } | { "type": "clear" } | { "type": "clear_all" };

export type DrawingNotice = { "type": "drawn", drawings: Array<Drawing>, } | { "type": "grown", id: number, points: Array<[number, number]>, } | { "type": "done", id: number, } | { "type": "moved", places: Array<Moved>, } | { "type": "gone", ids: Array<number>, };

export type Drawing = { id: number, from: ParticipantId, 
/**
 * The sender's own number of it, for the sender alone.
 */
number: number | null, tab: TabId, tool: Tool, text: Private<string> | null, 
/**
 * When it was begun (milliseconds since the session was).
 */
at: number, 
/**
 * The box that its places are parts of; none while that is out of sight.
 */
frame: [number, number, number, number] | null, points: Array<[number, number]>, done: boolean, 
/**
 * How long it is seen from now on, or once it is whole (milliseconds); none when it stays.
 */
life: number | null, };

export type Moved = { id: number, frame: [number, number, number, number] | null, };

export type Tool = "pen" | "marker" | "box" | "arrow" | "text" | "pulse";

export type Dialog = { 
/**
 * Its number in this session; an answer to another one counts for nothing.
 */
id: number, kind: DialogKind, 
/**
 * Who asks: the host of the page, or of the server that wants a password.
 */
host: string, 
/**
 * What is asked, in the page's words; empty for everybody but the customer, since nothing can be looked through for secrets
 * while the page stands still.
 */
text: Private<string>, 
/**
 * What a prompt has been filled in with.
 */
proposal: Private<string>, 
/**
 * The page has asked several times by now, and may be told to stop.
 */
insists: boolean, };

export type DialogKind = "alert" | "confirm" | "prompt" | "leave" | "password";

export type DialogAnswer = { "answer": "accept", text: Private<string> | null, } | { "answer": "dismiss" } | { "answer": "silence" } | { "answer": "password", name: Private<string>, password: Private<string>, };

export type Menu = { 
/**
 * Its number in this session, for [`crate::input::ControlInput::OpenLink`] and [`crate::files::FileInput::SaveImage`].
 */
id: number, 
/**
 * CSS pixels of the viewport.
 */
x: number, y: number, 
/**
 * There is a link that can be opened in a tab.
 */
link: boolean, 
/**
 * Where it leads: for customers alone.
 */
address: Private<string> | null, 
/**
 * There is an image that can be opened in a tab, and saved.
 */
image: boolean, 
/**
 * There is a selection that may be copied.
 */
selection: boolean, 
/**
 * Text can be typed there.
 */
editable: boolean, 
/**
 * It is hidden from agents already: for customers alone.
 */
hidden: boolean, };

export type Picker = { 
/**
 * Its number in this session, for [`crate::input::ControlInput::Choose`].
 */
id: number, 
/**
 * Who opened it.
 */
by: ParticipantId, 
/**
 * The field: left, top, width and height in CSS pixels of the viewport.
 */
area: [number, number, number, number], 
/**
 * What it is called.
 */
label: Private<string>, 
/**
 * Agents see nothing of the field, and do not hear of this either.
 */
hidden: boolean, of: Pickable, };

export type Pickable = { "kind": "list", choices: Array<Choice>, } | { "kind": "value", input: ValueType, value: Private<string>, min: string, max: string, step: string, required: boolean, };

export type Choice = { text: Private<string>, 
/**
 * The heading that it stands under; empty where there is none.
 */
group: Private<string>, disabled: boolean, selected: boolean, 
/**
 * Not for agents: they hear that there is something, and cannot choose it.
 */
hidden: boolean, };

export type ValueType = "date" | "time" | "datetime-local" | "month" | "week" | "color";

export type Chosen = { "choice": "line", index: number, } | { "choice": "value", value: Private<string>, } | { "choice": "nothing" };

export type Lack = "camera" | "microphone" | "screen" | "place" | "passkey" | "film" | "notifications" | "device" | "program";

export type OutlineNode = { 
/**
 * By which it can be reached; 0 for words, which cannot.
 */
id: number, role: OutlineRole, 
/**
 * What it is called; of words, the words.
 */
name: Private<string>, 
/**
 * The landmark that it is in, by its `id`; 0 for none.
 */
landmark: number, 
/**
 * Hidden from agents, who get it without name and value.
 */
hidden: boolean, 
/**
 * Of a heading, from 1.
 */
level: number | null, value: Private<string> | null, checked: boolean | null, expanded: boolean | null, disabled: boolean, required: boolean, invalid: boolean, 
/**
 * What changes in it is said at once.
 */
live: boolean, };

export type OutlineRole = "text" | "heading" | "link" | "button" | "textbox" | "searchbox" | "spinbutton" | "checkbox" | "switch" | "radio" | "combobox" | "listbox" | "slider" | "tab" | "menuitem" | "option" | "progressbar" | "img" | "main" | "navigation" | "banner" | "contentinfo" | "complementary" | "search" | "form" | "region" | "dialog";

export type Transfer = { "kind": "upload", chooser: number, place: number, } | { "kind": "download", download: number, } | { "kind": "sent", from: ParticipantId, number: number, };

export type Chooser = { 
/**
 * Its number in this session; what is chosen for another one counts for nothing.
 */
id: number, 
/**
 * Who asks: the host of the page.
 */
host: string, 
/**
 * What the page would like, as in HTML's `accept`; nobody is held to it.
 */
accept: string, multiple: boolean, };

export type Download = { id: number, name: Private<string>, 
/**
 * What has come so far, and what will, where that is known (bytes).
 */
received: number, bytes: number | null, state: DownloadState, };

export type DownloadState = "coming" | "ready" | "failed" | "too_large" | "no_room";

export type FileInput = { "what": "choose", chooser: number, names: Array<Private<string>>, } | { "what": "cancel", chooser: number, } | { "what": "discard", download: number, } | { "what": "print" } | { "what": "save_image", menu: number, };

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
navigate: boolean, 
/**
 * The sound of pages. It passes no mask, and some read codes and balances out: nobody hears it unless the company says so.
 */
hear: boolean, };

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

export type MaskWhat = { "by": "selector", selector: string, } | { "by": "label", pattern: string, } | { "by": "text", pattern: string, } | { "by": "element", element: Element, };

export type Element = { 
/**
 * WAI-ARIA role, or what the tag implies: `textbox`, `button`, `cell`.
 */
role: string, 
/**
 * What it is called: its label, or its own words when it is pressed or is a heading.
 */
label: string, 
/**
 * Of a field its `type`, or what `autocomplete` says: `tel`, `postal-code`.
 */
kind: string, 
/**
 * What stands around it: the nearest heading, legend, header of the table, or the words before it.
 */
near: string, };

export type Blocking = { presets: Array<Verb>, rules: Array<BlockRule>, };

export type Verb = "buy" | "accept" | "send" | "delete" | "sign";

export type BlockRule = { site?: string, what: BlockWhat, block: boolean, };

export type BlockWhat = { "by": "selector", selector: string, } | { "by": "label", pattern: string, } | { "by": "role", role: string, } | { "by": "address", pattern: string, } | { "by": "element", element: Element, };

export type ClientSignal = { "type": "join", credential: Credential, 
/**
 * Goes on here when the same person has another window open.
 */
take_over: boolean, } | { "type": "call", company: CompanyId, 
/**
 * BCP 47.
 */
language: string, viewport: Viewport, 
/**
 * From an earlier [`ServerSignal::Waiting`]: the same PIN goes on, when it is still good.
 */
key: Private<string> | null, } | { "type": "accept" } | { "type": "check", same: boolean, } | { "type": "pause" } | { "type": "resume" } | { "type": "ask_control" } | { "type": "answer_control", participant: ParticipantId, give: boolean, } | { "type": "take_control" } | { "type": "ask_help" } | { "type": "offer", sdp: Private<string>, } | { "type": "file", transfer: Transfer, } | { "type": "report", report: Report, } | { "type": "end" };

export type Credential = { "kind": "token", token: Private<string>, } | { "kind": "resume", key: Private<string>, };

export type ServerSignal = { "type": "joined", session: SessionId, company: CompanyId, company_name: string, 
/**
 * The company's own sites, which the address bar proposes.
 */
sites: Array<CompanySite>, participant: ParticipantId, role: Role, 
/**
 * Keep it for a reload or a dropped connection.
 */
resume: Private<string>, ice_servers: Array<IceServer>, } | { "type": "elsewhere" } | { "type": "taken_over" } | { "type": "state", state: SessionState, } | { "type": "waiting", pin: Private<string>, 
/**
 * Further digits, for when the company is being guessed at.
 */
more: Private<string>, seconds: number, 
/**
 * Keep it for a dropped connection.
 */
key: Private<string>, } | { "type": "called", token: Private<string>, } | { "type": "check", words: [string, string], 
/**
 * Whether it is this page's person who has to say that the other's words are the same.
 */
yours: boolean, done: boolean, } | { "type": "people", people: Array<Participant>, } | { "type": "answer", sdp: Private<string>, } | { "type": "ticket", transfer: Transfer, ticket: Private<string> | null, } | { "type": "reconnect" } | { "type": "ended", reason: EndReason, 
/**
 * Where the session was, to go on alone. For the customer only.
 */
url: Private<string> | null, } | { "type": "refused", reason: Refusal, };

export type SessionState = "waiting" | "consent" | "live" | "paused" | "ended" | "failed";

export type EndReason = "participant" | "api" | "idle" | "too_long" | "node" | "not_confirmed" | "handed_over" | "removed";

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

export type CreatedSession = { id: SessionId, pin: Private<string>, 
/**
 * Further digits of the PIN, for when the company is being guessed at.
 */
more: Private<string>, customer_url: Private<string>, agent_url: Private<string>, };

export type OpenRuleSession = { start_url: Private<string>, viewport: Viewport | null, };

export type RuleSession = { id: SessionId, customer_url: Private<string>, agent_url: Private<string>, };

export type Navigate = { url: Private<string>, };

export type SessionView = { id: SessionId, company: CompanyId, state: SessionState, 
/**
 * Seconds since 1970 (UTC).
 */
created_at: number, tabs: Array<Tab>, participants: Array<Participant>, };

export type RedeemPin = { company: CompanyId, pin: Private<string>, };

export type RedeemedPin = { customer_url: Private<string>, };

export type SessionList = { sessions: Array<SessionSummary>, };

export type SessionSummary = { id: SessionId, state: SessionState, 
/**
 * Seconds since 1970 (UTC).
 */
created_at: number, start_host: string, agent: Private<string> | null, 
/**
 * Whether the customer is there now.
 */
customer: boolean, 
/**
 * What it lacks.
 */
wants: Wants | null, };

export type JoinLink = { agent_url: Private<string>, };

export type ClaimPin = { pin: Private<string>, 
/**
 * Where it begins; the company's first site when left out.
 */
start_url: Private<string> | null, };

export type ClaimedPin = { id: SessionId, agent_url: Private<string>, };

export type Invite = { pin: Private<string>, 
/**
 * Further digits, for when the company is being guessed at.
 */
more: Private<string>, customer_url: Private<string>, };

export type HandOver = { 
/**
 * Whoever is free when left out.
 */
to: PersonId | null, };

export type Colleague = { id: PersonId, name: Private<string>, };

export type ColleagueList = { colleagues: Array<Colleague>, };

export type Wants = { "kind": "agent" } | { "kind": "colleague", from: Private<string>, to: PersonId | null, } | { "kind": "help" };

export type ApiError = { 
/**
 * Stable, for programs: `invalid_pin`, `not_found` …
 */
code: string, 
/**
 * For people.
 */
message: string, };

export type SignInWay = { "way": "password" } | { "way": "provider", url: string, };

export type AskWay = { email: Private<string>, };

export type SignIn = { email: Private<string>, password: Private<string>, 
/**
 * Six digits of an authenticator app (RFC 6238), where that is on.
 */
code?: Private<string>, };

export type CheckLink = { token: Private<string>, };

export type CheckedLink = { name: Private<string>, email: Private<string>, company_name: string, };

export type SetPassword = { token: Private<string>, password: Private<string>, };

export type ChangePassword = { current: Private<string>, new: Private<string>, };

export type Me = { id: PersonId, name: Private<string>, email: Private<string>, company: CompanyId, company_name: string, role: RoleId, role_name: string, permissions: Array<Permission>, 
/**
 * Of the pages; the browser's when none is chosen.
 */
language: Language | null, 
/**
 * Signing in asks for a code as well.
 */
totp: boolean, 
/**
 * The company wants a code of everybody, and there is none yet: nothing else is allowed before.
 */
totp_needed: boolean, 
/**
 * Whether there is a password, or only the company's own provider.
 */
password: boolean, 
/**
 * May change the policy.
 */
admin: boolean, };

export type ChangeMe = { name?: Private<string>, language?: Language, };

export type NewTotp = { 
/**
 * Base 32, to type in.
 */
secret: Private<string>, 
/**
 * `otpauth:`, for a QR code.
 */
uri: Private<string>, };

export type TotpCode = { code: Private<string>, };

export type Permission = "view" | "point" | "annotate" | "click" | "type" | "navigate" | "open_tabs" | "send_files" | "see_recordings" | "edit_policy" | "manage_people" | "api";

export type Language = "en" | "es" | "fr" | "de" | "pt" | "it" | "nl";

export type PersonList = { people: Array<PersonView>, };

export type PersonView = { id: PersonId, name: Private<string>, email: Private<string>, role: RoleId, standing: Standing, 
/**
 * Signing in asks for a code as well.
 */
totp: boolean, 
/**
 * Seconds since 1970 (UTC).
 */
last_seen: number | null, };

export type Standing = "invited" | "active" | "deactivated";

export type AddPerson = { name: Private<string>, email: Private<string>, role: RoleId, };

export type AddedPerson = { person: PersonView, link: OneTimeLink, };

export type OneTimeLink = { url: Private<string>, 
/**
 * Seconds since 1970 (UTC).
 */
expires_at: number, };

export type ChangePerson = { name?: Private<string>, email?: Private<string>, role?: RoleId, 
/**
 * `false` deactivates, and signs out at once.
 */
active?: boolean, 
/**
 * `false` lets somebody who lost their authenticator sign in without it.
 */
totp?: boolean, };

export type RoleList = { roles: Array<RoleView>, };

export type RoleView = { id: RoleId, 
/**
 * Of a built-in role it is English; pages translate it by its id.
 */
name: string, 
/**
 * `customer`, `agent`, `supervisor` and `admin`, which cannot be removed.
 */
built_in: boolean, 
/**
 * `customer` and `admin` are as they are.
 */
fixed: boolean, joins_as: Role, permissions: Array<Permission>, 
/**
 * How many people have it.
 */
people: number, };

export type SetRole = { name: string, 
/**
 * `agent` or `supervisor`.
 */
joins_as: Role, permissions: Array<Permission>, };

export type Scope = "sessions" | "policy" | "settings" | "people" | "audit" | "keys";

export type ApiKeyList = { keys: Array<ApiKeyView>, };

export type ApiKeyView = { id: KeyId, name: string, scopes: Array<Scope>, 
/**
 * The key's first characters, to tell keys apart.
 */
begins: string, created_at: number, 
/**
 * To the minute.
 */
last_used: number | null, expires_at: number | null, };

export type MakeApiKey = { name: string, scopes: Array<Scope>, expires_at: number | null, };

export type MadeApiKey = { key: Private<string>, about: ApiKeyView, };

export type Profile = { name: string, };

export type CompanySites = { sites: Array<CompanySite>, };

export type CompanySite = { name: string, 
/**
 * Covers its subdomains.
 */
host: string, 
/**
 * Where a session begins there.
 */
start_url: string, };

export type Look = { logo: Logo | null, 
/**
 * `#rrggbb`
 */
accent: string | null, };

export type Logo = { kind: LogoKind, 
/**
 * Base 64.
 */
data: string, };

export type LogoKind = "png" | "jpeg" | "webp";

export type CompanyTexts = { texts: { [language in Language]?: TextsIn }, };

export type TextsIn = { 
/**
 * One line above the field for the PIN.
 */
welcome: string, 
/**
 * Further lines of what the customer agrees to.
 */
consent: Array<string>, 
/**
 * One line at the end.
 */
farewell: string, };

export type Languages = { offered: Array<Language>, 
/**
 * For who prefers none of them.
 */
fallback: Language, };

export type Approvals = { 
/**
 * Before an agent may press or type.
 */
control: boolean, recording: boolean, };

export type Retention = { session_days: number, audit_days: number, };

export type QuickReplies = { replies: Array<QuickReply>, };

export type QuickReply = { 
/**
 * By which agents find it: up to 60 characters.
 */
title: string, 
/**
 * Up to 1000 characters each.
 */
texts: { [language in Language]?: string }, };

export type Embedding = { 
/**
 * Origins such as `https://desk.example`.
 */
console: Array<string>, };

export type SignInSettings = { 
/**
 * May people sign in by password? Whoever manages people always may.
 */
password: boolean, 
/**
 * Everybody with a password needs an authenticator app.
 */
totp: boolean, provider: Provider | null, };

export type Provider = { 
/**
 * Has `/.well-known/openid-configuration` below it.
 */
issuer: string, client_id: string, 
/**
 * Never told; `null` keeps the one that is set.
 */
client_secret: Private<string> | null, 
/**
 * The e-mail domains of its people.
 */
domains: Array<string>, 
/**
 * What people become who sign in by it and are not known; `null` refuses them.
 */
newcomers: RoleId | null, };

export type PublicCompany = { id: CompanyId, name: string, 
/**
 * On this host.
 */
logo_url: string | null, accent: string | null, texts: { [language in Language]?: TextsIn }, languages: Languages, approvals: Approvals, 
/**
 * For how many days it is kept when a session was and who took part.
 */
kept_days: number, };

export type PolicyVersionList = { versions: Array<PolicyVersion>, };

export type PolicyVersion = { number: number, 
/**
 * Seconds since 1970 (UTC).
 */
at: number, by: Actor, 
/**
 * Which parts differ from the version before, such as `masking.presets`.
 */
changed: Array<string>, };

export type AuditPage = { events: Array<AuditEvent>, 
/**
 * As `before` it gives the next page.
 */
next: number | null, };

export type AuditEvent = { 
/**
 * Counts the company's events from 1.
 */
number: number, 
/**
 * Seconds since 1970 (UTC).
 */
at: number, actor: Actor, action: Action, session: SessionId | null, 
/**
 * Short, and never anything that was typed, shown or visited.
 */
detail: string, 
/**
 * SHA-256, in hexadecimal.
 */
hash: string, };

export type AuditVerdict = { intact: boolean, 
/**
 * How many were looked at.
 */
events: number, 
/**
 * The first number that is missing or not what it was.
 */
broken_at: number | null, 
/**
 * The last event's hash. Who keeps it elsewhere can show later that nothing before it was changed.
 */
head: string, };

export type Actor = { "kind": "person", id: PersonId, name: Private<string>, } | { "kind": "key", id: KeyId, name: string, } | { "kind": "participant", role: Role, name: Private<string>, } | { "kind": "stranger" } | { "kind": "tandem" };

export type Action = "signed_in" | "sign_in_failed" | "sign_in_locked" | "signed_out" | "signed_out_everywhere" | "password_link_made" | "password_set" | "totp_on" | "totp_off" | "person_added" | "person_changed" | "person_deactivated" | "person_reactivated" | "role_set" | "role_removed" | "key_made" | "key_revoked" | "policy_changed" | "policy_restored" | "rule_session_opened" | "settings_changed" | "audit_exported" | "purged" | "session_created" | "session_joined" | "session_left" | "session_ended" | "session_record_changed" | "session_record_deleted" | "navigated" | "consent_given" | "consent_refused" | "control_asked" | "control_given" | "control_refused" | "control_taken" | "paused" | "resumed" | "handed_over" | "help_asked" | "input_denied" | "permissions_changed" | "pin_issued" | "pin_redeemed" | "pin_refused" | "pins_spent" | "check_words_confirmed" | "check_words_refused";

export type RecordPage = { records: Array<SessionRecord>, 
/**
 * As `before` it gives the next page.
 */
next: string | null, };

export type SessionRecord = { id: SessionId, state: SessionState, created_at: number, ended_at: number | null, start_host: string, agent: Private<string> | null, people: Array<RecordedPerson>, outcome: Outcome | null, notes: Private<string>, 
/**
 * When it is deleted by itself, as the company keeps records now.
 */
kept_until: number | null, };

export type RecordedPerson = { role: Role, name: Private<string>, joined_at: number, };

export type Outcome = "solved" | "not_solved" | "follow_up" | "dropped";

export type ChangeRecord = { outcome?: Outcome, notes?: Private<string>, };
