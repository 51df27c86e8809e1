//! One person's part in one session, as the pages draw it: composes the framework-free modules and holds what they say.

import { Cursors, type Cursor } from '../core/cursors';
import { deviceHere, watchDevice } from '../core/device';
import { Files, NOTHING as NO_FILES, putFile, saveFile, type Filing } from '../core/files';
import type { Inputs } from '../core/inputs';
import { canShow, Peer, type PeerState } from '../core/peer';
import { Photon } from '../core/photon';
import { countersOf, lossBetween, qualityOf, type Counters, type Quality } from '../core/quality';
import { needs } from '../core/rights';
import { hostOf } from '../core/words';
import { Session, type Joined, type Link } from '../core/session';
import { Resizer, type Place } from '../core/viewport';
import { Board } from './Board.svelte';
import { LiveChat } from './LiveChat.svelte';
import type {
  ControlInput, CursorShape, Denied, Dialog, EndReason, Field, FieldKind, Lack, Menu, Notice, Participant, Picker, Refusal, Report, Rights, ServerSignal, SessionState, Sound, Tab, Thing, Viewport,
} from '../protocol.gen';

export type Connection = 'connecting' | 'connected' | 'reconnecting';

const NOTHING: Rights = { view: false, point: false, annotate: false, click: false, typing: false, navigate: false, open_tabs: false, send_files: false, hear: false };
const CLICKS_KEPT = 60;
/** How long what was reached for may take to come into view (milliseconds). */
const REACHED = 1_000;
/** And how long the field that is pressed then, until it has the focus. */
const FOCUSED = 400;
const DENIAL_SHOWN = 2_200;

export class LiveSession {
  link = $state.raw<Link>({ kind: 'absent' });
  joined = $state.raw<Joined | null>(null);
  state = $state<SessionState>('waiting');
  people = $state.raw<Participant[]>([]);
  /** What is compared before anybody sees anything: the words, and whether it is this person who says that they are the same. */
  check = $state.raw<{ words: [string, string]; yours: boolean; done: boolean } | null>(null);
  /** The customer has agreed, and waits until the words are compared. */
  accepted = $state(false);
  ended = $state.raw<{ reason: EndReason; url: string | null } | null>(null);
  /** Why the session cannot go on here, though it was joined. */
  refusal = $state.raw<Refusal | null>(null);

  media = $state<PeerState>('connecting');
  stream = $state.raw<MediaStream | null>(null);
  /** What the page plays, and whether there is anything to hear. */
  heard = $state.raw<MediaStream | null>(null);
  playing = $state<Sound>('silent');
  /** This person wants to hear it. */
  sound = $state(false);
  /** A first frame was presented. */
  picture = $state(false);
  viewport = $state.raw<Viewport>({ width: 1280, height: 720, scale: 1 });
  cursor = $state<CursorShape>('default');
  cursors = $state.raw<Cursor[]>([]);
  tabs = $state.raw<Tab[]>([]);
  field = $state.raw<Field | null>(null);
  /** What the customer's finger, which has just come down, is on. */
  touched = $state.raw<{ field: FieldKind | null } | null>(null);
  /** What the page in front asks. */
  dialog = $state.raw<Dialog | null>(null);
  /** Whether what was looked for last is on the page. */
  found = $state<boolean | null>(null);
  /** What was copied on the page last, to be pasted at home. */
  copied = $state.raw<{ text: string } | null>(null);
  /** Files between the customer's device and the cloud browser, of which nobody else hears. */
  filing = $state.raw<Filing>(NO_FILES);
  /** A telephone number or a mail address for the customer's own device. */
  handed = $state<string | null>(null);
  /** The menu that this person asks for. */
  menu = $state.raw<Menu | null>(null);
  /** What a field of the page has opened to be chosen from. */
  picker = $state.raw<Picker | null>(null);
  /** What the page in front has asked for in vain, and which page that was. */
  lack = $state.raw<{ lack: Lack; page: string } | null>(null);
  /** Icons of tabs, each with the host that it is of. */
  icons = $state.raw<ReadonlyMap<number, { host: string | null; src: string }>>(new Map());
  /** The page in words is told to this person. */
  listens = $state(false);
  outline = $state.raw<Extract<Notice, { type: 'outline' }> | null>(null);
  crashed = $state.raw<{ tab: number | null } | null>(null);
  /** The agent's picture stands still for privacy. */
  withheld = $state(false);
  /** Where something is hidden from agents: left, top, width and height in the remote page's CSS pixels. */
  hidden = $state<readonly (readonly [number, number, number, number])[]>([]);
  /** The customer is about to point at something that the agent is not to see. */
  hiding = $state(false);
  /** The customer wants to see which places are hidden. */
  pointingOut = $state(false);
  denial = $state.raw<{ reason: Denied; at: Place | null } | null>(null);
  /** What the last question about a place found. */
  picked = $state.raw<{ id: number; thing: Thing | null } | null>(null);
  /** How many things each of the company's own rules finds on the page. */
  matches = $state.raw<Extract<Notice, { type: 'matches' }> | null>(null);

  /** Click-to-picture, in milliseconds, the latest last. */
  clicks = $state.raw<number[]>([]);
  roundTrip = $state.raw<number | null>(null);
  framesPerSecond = $state.raw<number | null>(null);
  loss = $state.raw<number | null>(null);

  readonly chat: LiveChat;
  readonly board = new Board((drawing) => void this.#peer?.talk({ drawing }));

  readonly #session: Session;
  readonly #key: string;
  readonly #cursors = new Cursors();
  readonly #photon = new Photon((report) => this.#report(report));
  readonly #resizer = new Resizer((viewport) => this.#peer?.control({ type: 'resize', viewport, device: deviceHere() }));
  readonly #closing = new AbortController();
  #peer: Peer | null = null;
  #wanted: Viewport | null = null;
  #inputs = 0;
  #pointer: Place | null = null;
  #asked = performance.now();
  /** What comes after something was reached for, until it has been. */
  #awaiting: ControlInput[] | null = null;
  #pressed = false;
  #awaitingTimer: ReturnType<typeof setTimeout> | undefined;
  #denialTimer: ReturnType<typeof setTimeout> | undefined;
  #counters: { at: number; counters: Counters } | null = null;

  /** `name` tells apart several sessions of one page, whose address holds no token then. */
  constructor(name: string | null = null) {
    this.#key = `tandem.resume:${name ?? location.pathname}`;
    this.chat = new LiveChat(tabStorage(), `tandem.chat:${name ?? location.pathname}`, (chat) => this.#peer?.talk({ chat }) ?? false);
    this.#session = new Session(
      {
        open: () => new WebSocket(new URL('/ws', location.href.replace(/^http/, 'ws'))),
        storage: tabStorage(),
        key: this.#key,
        forgetToken: () => name === null && history.replaceState(history.state, '', location.pathname + location.search),
        random: Math.random,
      },
      { link: (link) => this.#linked(link), signal: (signal) => this.#heard(signal) },
    );
    const { signal } = this.#closing;
    window.addEventListener('online', () => this.#session.hurry(), { signal });
    document.addEventListener('visibilitychange', () => !document.hidden && this.#session.hurry(), { signal });
    watchDevice(() => this.#resizeAnew(), signal);
  }

  /** What `document.documentElement.dataset.session` says: a session that broke down has failed, though its end looks alike. */
  get announced(): SessionState {
    return this.ended?.reason === 'node' ? 'failed' : this.phase;
  }

  /** What there is to show. */
  get phase(): SessionState {
    if (this.ended || this.link.kind === 'over' || this.link.kind === 'taken_over') return 'ended';
    if (this.link.kind === 'refused' || this.refusal || this.media === 'unsupported') return 'failed';
    return this.state;
  }

  get connection(): Connection {
    if (this.link.kind === 'lost' && this.joined) return 'reconnecting';
    if (this.media === 'lost' || (this.media === 'connecting' && this.picture)) return 'reconnecting';
    return this.media === 'connected' && this.link.kind === 'open' ? 'connected' : 'connecting';
  }

  get quality(): Quality {
    return qualityOf({ clicks: this.clicks, roundTrip: this.roundTrip, loss: this.loss });
  }

  get tab(): Tab | null {
    return this.tabs.find((tab) => tab.active) ?? null;
  }

  /** The helper who is here now. */
  get helper(): Participant | null {
    return this.people.find((one) => one.role !== 'customer' && one.present) ?? null;
  }

  get self(): Participant | null {
    return this.people.find((one) => one.id === this.joined?.participant) ?? null;
  }

  /** There is something to hear, and this person does not. */
  get missed(): boolean {
    return this.playing === 'playing' && !this.sound;
  }

  get rights(): Rights {
    return this.self?.rights ?? NOTHING;
  }

  readonly inputs: Inputs = {
    next: () => ++this.#inputs,
    move: (place) => {
      this.#pointer = place;
      if (this.rights.point) this.#peer?.move(place.x, place.y);
    },
    control: (input) => this.#control(input),
  };

  readonly files = new Files({
    ask: (transfer) => this.#session.send({ type: 'file', transfer }),
    say: (input) => this.#peer?.control({ type: 'file', input }),
    put: putFile,
    save: saveFile,
    changed: (now) => (this.filing = now),
  });

  /** Makes a PDF of the page in front, for the customer to save. */
  print(): void {
    this.#peer?.control({ type: 'file', input: { what: 'print' } });
  }

  /** Where the page could not be shown, the link stays good for another browser. */
  start(token: string | null): void {
    if (!canShow()) {
      this.media = 'unsupported';
      if (token !== null) this.link = { kind: 'joining' };
      return;
    }
    this.#asked = performance.now();
    this.#session.start(token);
  }

  accept(): void {
    this.#asked = performance.now();
    this.accepted = this.#session.send({ type: 'accept' });
  }

  /** Whether the check words are the same as the other's. */
  compared(same: boolean): void {
    this.#session.send({ type: 'check', same });
  }

  pause(): void {
    this.#session.send({ type: 'pause' });
  }

  resume(): void {
    this.#session.send({ type: 'resume' });
  }

  askControl(): void {
    this.#session.send({ type: 'ask_control' });
  }

  /** The customer lets somebody click and type, or would rather not. */
  giveControl(participant: number, give: boolean): void {
    this.#session.send({ type: 'answer_control', participant, give });
  }

  takeControl(): void {
    this.#session.send({ type: 'take_control' });
  }

  askHelp(): void {
    this.#session.send({ type: 'ask_help' });
  }

  end(): void {
    this.#session.end();
  }

  takeOver(): void {
    this.#session.takeOver();
  }

  /** Lets go of everything without ending the session for the others. */
  close(): void {
    this.#closing.abort();
    this.#resizer.stop();
    this.chat.stop();
    this.#session.close();
    this.#peer?.close();
    this.#peer = null;
  }

  /** Leaves the session to the others; a reload of this page does not come back to it. */
  leave(): void {
    this.close();
    this.chat.forget();
    tabStorage().removeItem(this.#key);
  }

  /** Hides what is at this place of the page from everybody but the customer. */
  hide(x: number, y: number): void {
    this.hiding = false;
    this.#peer?.control({ type: 'hide', x, y });
  }

  /** Asks what is at this place of the page; `picked` has the answer to the number returned. */
  pick({ x, y }: Place): number {
    const id = this.inputs.next();
    this.#peer?.control({ type: 'pick', id, x, y });
    return id;
  }

  /** Begins or ends to play what the page plays. */
  hear(on: boolean): void {
    this.sound = on;
    this.#control({ type: 'sound', on });
  }

  /** Begins or ends to tell what is on the page. */
  listen(listens: boolean): void {
    this.listens = listens;
    this.outline = null;
    this.#control({ type: 'listen', listens });
  }

  /** Presses something of the outline, once it has come into view. */
  reach(node: number): void {
    this.#control({ type: 'reach', node });
    this.#awaiting ??= [];
    clearTimeout(this.#awaitingTimer);
    this.#awaitingTimer = setTimeout(() => this.#release(), REACHED);
  }

  /** Asks what the company's own rules find; `matches` has the answer. */
  askMatches(): void {
    this.#peer?.control({ type: 'matches' });
  }

  /** The customer's device has this much room for the page. */
  resize(viewport: Viewport): void {
    this.#wanted = viewport;
    this.#resizer.offer(viewport);
  }

  /** Says the size and the device again, since the other end is new or the device is not what it was. */
  #resizeAnew(): void {
    if (!this.#wanted) return;
    this.#resizer.forget();
    this.#resizer.offer(this.#wanted);
  }

  /** The page presented a frame of the picture. */
  frame(timestamp: number | undefined, presented: number): void {
    if (!this.picture && this.stream && !(this.state === 'paused' && this.joined?.role !== 'customer')) {
      this.picture = true;
      this.#session.send({ type: 'report', report: { type: 'first_picture', milliseconds: performance.now() - this.#asked } });
    }
    this.#photon.frame(timestamp, presented);
  }

  /** Reads the connection's statistics; call it every few seconds while somebody looks. */
  async measure(): Promise<void> {
    const report = await this.#peer?.stats();
    if (!report) return;
    const now = { at: performance.now(), counters: countersOf(report as unknown as Iterable<readonly [string, unknown]>) };
    const before = this.#counters;
    this.#counters = now;
    this.roundTrip = now.counters.roundTrip;
    if (!before || now.counters.frames < before.counters.frames) return;
    this.framesPerSecond = ((now.counters.frames - before.counters.frames) * 1_000) / (now.at - before.at);
    this.loss = lossBetween(before.counters, now.counters);
  }

  #control(input: ControlInput): void {
    if (this.#awaiting && input.type !== 'reach') return void this.#awaiting.push(input);
    if (input.type === 'button' || input.type === 'wheel' || input.type === 'touch') this.#pointer = { x: input.x, y: input.y };
    const right = needs(input);
    if (right !== null && !this.rights[right]) return this.#deny('role');
    const pressed = input.type === 'button' ? input.pressed : input.type === 'key' && input.pressed && !input.repeat;
    // Before it is sent: the answer must never be there first.
    if (pressed && 'id' in input) this.#photon.pressed(input.id, performance.now());
    this.#peer?.control(input);
  }

  #linked(link: Link): void {
    this.link = link;
    if (link.kind === 'open' && this.#peer && !this.#peer.connected) void this.#peer.connect();
    if (link.kind === 'over') this.chat.forget();
    const quiet = link.kind === 'over' || link.kind === 'taken_over' || link.kind === 'refused' || link.kind === 'elsewhere';
    if (quiet) {
      this.#peer?.close();
      this.#peer = null;
      this.picture = false;
    }
  }

  #heard(signal: ServerSignal): void {
    switch (signal.type) {
      case 'joined':
        this.joined = signal;
        this.chat.join(signal.session, signal.participant);
        return;
      case 'state':
        // From here on the next picture is waited for.
        if (signal.state === 'live' && this.state === 'paused') this.#asked = performance.now();
        this.state = signal.state;
        this.chat.state(signal.state);
        if (signal.state === 'live' || signal.state === 'paused') this.#connect();
        if (signal.state === 'paused' && this.joined?.role !== 'customer') this.#blank();
        return;
      case 'check':
        this.check = { words: signal.words, yours: signal.yours, done: signal.done };
        return;
      case 'people':
        return this.#met(signal.people);
      case 'answer':
        void this.#peer?.answer(signal.sdp);
        return;
      case 'ticket':
        if (signal.transfer.kind !== 'sent' || signal.transfer.from !== this.joined?.participant) return this.files.ticket(signal.transfer, signal.ticket);
        if (signal.ticket !== null) void this.chat.give(signal.transfer.number, signal.ticket);
        return;
      case 'reconnect':
        void this.#peer?.connect();
        return;
      case 'ended':
        this.ended = { reason: signal.reason, url: signal.url };
        return;
      case 'refused':
        return this.#refused(signal.reason);
      case 'waiting':
      case 'called':
      case 'elsewhere':
      case 'taken_over':
        // The session module has made a link of these.
        return;
      default:
        return signal satisfies never;
    }
  }

  #met(people: Participant[]): void {
    const heard = this.rights.hear;
    this.people = people;
    // The wish outlives a pause, in which the SFU may not have been told of it.
    if (this.sound && this.rights.hear && !heard) this.hear(true);
    this.chat.people(people);
    this.#cursors.people(people, this.joined?.participant ?? null);
    this.cursors = this.#cursors.all();
  }

  #refused(reason: Refusal): void {
    switch (reason) {
      case 'not_yet':
      case 'too_many':
        return this.#peer?.later();
      case 'no_capacity':
      case 'malformed':
        this.refusal = reason;
        return;
      case 'invalid_link':
      case 'not_allowed':
        return this.#deny('role');
      default:
        return reason satisfies never;
    }
  }

  #connect(): void {
    if (this.#peer) return;
    this.#peer = new Peer({
      iceServers: this.joined?.ice_servers ?? [],
      offer: (sdp) => void this.#session.send({ type: 'offer', sdp }),
      state: (state) => {
        this.media = state;
        if (state === 'connecting') this.#photon.reset();
        if (state === 'connected') this.chat.listening();
        else this.chat.lost();
      },
      stream: (stream) => (this.stream = stream),
      sound: (stream) => (this.heard = stream),
      ready: () => {
        if (this.listens) this.listen(true);
        if (this.sound && this.rights.hear) this.hear(true);
        this.#resizeAnew();
      },
      cursor: (notice) => {
        if (this.#cursors.moved(notice)) this.cursors = this.#cursors.all();
      },
      notice: (notice) => this.#noticed(notice),
      talk: (notice) => {
        if ('chat' in notice) this.chat.heard(notice.chat);
        else this.board.heard(notice.drawing);
      },
      listening: () => {
        this.chat.listening();
        this.board.forget();
      },
    });
    void this.#peer.connect();
  }

  #noticed(notice: Notice): void {
    switch (notice.type) {
      case 'viewport':
        this.viewport = notice.viewport;
        return;
      case 'cursor':
        this.cursor = notice.shape;
        return;
      case 'press':
        if (this.#cursors.pressed(notice.participant, notice.pressed)) this.cursors = this.#cursors.all();
        return;
      case 'tabs':
        this.tabs = notice.tabs;
        if (this.crashed && this.crashed.tab !== null && !notice.tabs.some((tab) => tab.crashed)) this.crashed = null;
        return;
      case 'field':
        this.field = notice.field;
        if (this.#pressed && notice.field) this.#release();
        return;
      case 'touched':
        this.touched = { field: notice.field };
        return;
      case 'denied':
        return this.#deny(notice.reason);
      case 'shown':
        return this.#photon.shown(notice.id, notice.timestamp, performance.now());
      case 'withheld':
        this.withheld = notice.withheld;
        return;
      case 'hidden':
        this.hidden = notice.areas;
        return;
      case 'picked':
        this.picked = { id: notice.id, thing: notice.thing };
        return;
      case 'matches':
        this.matches = notice;
        return;
      case 'dialog':
        this.dialog = notice.dialog;
        return;
      case 'found':
        this.found = notice.found;
        return;
      case 'copied':
        this.copied = { text: notice.text };
        return;
      case 'handed':
        this.handed = notice.url;
        return;
      case 'menu':
        this.menu = notice.menu;
        return;
      case 'picker':
        this.picker = notice.picker;
        return;
      case 'lacks':
        this.lack = { lack: notice.lack, page: this.tab?.url ?? '' };
        return;
      case 'icon':
        return this.#showIcon(notice.tab, notice.png);
      case 'outline':
        this.outline = notice;
        return;
      case 'reached':
        return this.#reached(notice);
      case 'file_chooser':
        return this.files.asked(notice.chooser);
      case 'downloads':
        return this.files.offered(notice.downloads);
      case 'sound':
        this.playing = notice.sound;
        return;
      case 'crashed':
        this.crashed = { tab: notice.tab };
        return;
      default:
        return notice satisfies never;
    }
  }

  #reached({ x, y }: Place): void {
    const waiting = this.#awaiting;
    this.#awaiting = null;
    for (const pressed of [true, false]) {
      this.#control({ type: 'button', id: this.inputs.next(), x, y, button: 'left', pressed });
    }
    // In a frame of another site the focus takes its time, and keys would go where it was.
    this.#awaiting = waiting ?? [];
    this.#pressed = true;
    clearTimeout(this.#awaitingTimer);
    this.#awaitingTimer = setTimeout(() => this.#release(), FOCUSED);
  }

  /** What was typed meanwhile goes where it was meant to go. */
  #release(): void {
    clearTimeout(this.#awaitingTimer);
    const waiting = this.#awaiting ?? [];
    this.#awaiting = null;
    this.#pressed = false;
    for (const input of waiting) this.#control(input);
  }

  /** Nothing of what was seen stays, until it is seen anew. */
  #blank(): void {
    this.picture = false;
    this.tabs = [];
    this.field = null;
    this.hidden = [];
    this.board.forget();
    this.dialog = null;
    this.outline = null;
    this.playing = 'silent';
    this.menu = null;
    this.picker = null;
    this.lack = null;
    this.icons = new Map();
  }

  #showIcon(of: number, png: string | null): void {
    const icons = new Map([...this.icons].filter(([id]) => id !== of && this.tabs.some((tab) => tab.id === id)));
    const tab = this.tabs.find((one) => one.id === of);
    if (png && tab) icons.set(of, { host: hostOf(tab.url), src: `data:image/png;base64,${png}` });
    this.icons = icons;
  }

  /** The icon of a tab, as long as it shows a page of that host. */
  iconOf(tab: Tab): string | null {
    const icon = this.icons.get(tab.id);
    return icon && icon.host === hostOf(tab.url) ? icon.src : null;
  }

  #deny(reason: Denied): void {
    clearTimeout(this.#denialTimer);
    this.denial = { reason, at: this.#pointer };
    this.#denialTimer = setTimeout(() => (this.denial = null), DENIAL_SHOWN);
  }

  #report(report: Report): void {
    if (report.type === 'click_to_photon') this.clicks = [...this.clicks, report.milliseconds].slice(-CLICKS_KEPT);
    this.#session.send({ type: 'report', report });
  }
}

/** This tab's storage, or one for as long as the page lives where a browser has none for us. */
export function tabStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  try {
    sessionStorage.getItem('tandem');
    return sessionStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}
