//! The media connection to the SFU: one picture and its sound in, three data channels out and in.

import type { ControlInput, CursorNotice, IceServer, Notice, PointerInput, TalkInput, TalkNotice } from '../protocol.gen';

export type PeerState =
  | 'connecting'
  | 'connected'
  /** Was connected or should be; a new offer follows by itself. */
  | 'lost'
  /** This browser cannot show H.264, or has no WebRTC at all. */
  | 'unsupported'
  | 'closed';

export interface PeerOptions {
  iceServers: IceServer[];
  /** A complete offer for the SFU. The answer comes back by [`Peer.answer`]. */
  offer(sdp: string): void;
  state(state: PeerState): void;
  /** The picture; the same stream also after a reconnect. */
  stream(stream: MediaStream): void;
  /** What the page plays; the same stream also after a reconnect. It carries nothing before it is asked for. */
  sound(stream: MediaStream): void;
  /** The control channel is open: inputs arrive from now on. */
  ready(): void;
  cursor(notice: CursorNotice): void;
  notice(notice: Notice): void;
  talk(notice: TalkNotice): void;
  /** The talk channel is open: all that was said is told anew. */
  listening(): void;
}

/** How long gathering may hold up the offer. The SFU is ICE-lite and learns our addresses from our checks anyway. */
const GATHERING = 400;
/** How long an answer and the connection may take together. */
const CONNECTING = 10_000;
/** How long a silent connection may be silent before it is made anew. */
const SILENT = 2_500;
/** More than this waiting in the lossy channel means it is stuck; a new move is better than an old one. */
const POINTER_BACKLOG = 2_048;

export class Peer {
  readonly #options: PeerOptions;
  readonly #stream = new MediaStream();
  /** A stream of its own: browsers would hold the picture back for the sound of the same one. */
  readonly #sound = new MediaStream();
  #connection: RTCPeerConnection | null = null;
  #pointer: RTCDataChannel | null = null;
  #control: RTCDataChannel | null = null;
  #talk: RTCDataChannel | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #sequence = 0;
  #closed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  /** Makes a new connection and offers it, in the place of the one before. */
  async connect(): Promise<void> {
    if (this.#closed) return;
    this.#release();
    this.#options.state('connecting');
    const connection = this.#make();
    if (!connection) return this.#options.state('unsupported');
    this.#connection = connection;
    this.#again(CONNECTING);
    try {
      const { type, sdp = '' } = await connection.createOffer();
      await connection.setLocalDescription({ type, sdp: inStereo(sdp) });
      await gathered(connection);
    } catch {
      // The connection was closed meanwhile, or the timer above tries anew.
      return;
    }
    const sdp = connection.localDescription?.sdp;
    if (sdp && this.#connection === connection) this.#options.offer(sdp);
  }

  /** An answer to an offer that was withdrawn meanwhile is of no use, and of no harm. */
  async answer(sdp: string): Promise<void> {
    const connection = this.#connection;
    if (connection?.signalingState !== 'have-local-offer') return;
    try {
      await connection.setRemoteDescription({ type: 'answer', sdp });
    } catch {
      this.#again(1_000 * 2 ** Math.min(this.#attempt, 4));
    }
  }

  /** The offer came too early or too often: makes another one in a while. */
  later(): void {
    this.#again(500 * 2 ** Math.min(this.#attempt, 4));
  }

  get connected(): boolean {
    return this.#connection?.connectionState === 'connected';
  }

  move(x: number, y: number): void {
    const channel = this.#pointer;
    if (channel?.readyState !== 'open' || channel.bufferedAmount > POINTER_BACKLOG) return;
    const input: PointerInput = { sequence: ++this.#sequence, x, y };
    channel.send(JSON.stringify(input));
  }

  /** Tells whether it is on its way. What is pressed while there is no connection must not happen later. */
  control(input: ControlInput): boolean {
    if (this.#control?.readyState !== 'open') return false;
    this.#control.send(JSON.stringify(input));
    return true;
  }

  /** Tells whether it is on its way. */
  talk(input: TalkInput): boolean {
    if (this.#talk?.readyState !== 'open') return false;
    this.#talk.send(JSON.stringify(input));
    return true;
  }

  stats(): Promise<RTCStatsReport | null> {
    return this.#connection ? this.#connection.getStats() : Promise.resolve(null);
  }

  close(): void {
    this.#closed = true;
    this.#release();
    this.#options.state('closed');
  }

  #make(): RTCPeerConnection | null {
    const codecs = h264();
    if (!codecs) return null;
    const connection = new RTCPeerConnection({
      iceServers: this.#options.iceServers.map(({ urls, username, credential }) => ({
        urls,
        ...(username === null ? {} : { username }),
        ...(credential === null ? {} : { credential }),
      })),
      bundlePolicy: 'max-bundle',
    });
    const transceiver = connection.addTransceiver('video', { direction: 'recvonly' });
    transceiver.setCodecPreferences?.(codecs);
    withoutBuffer(transceiver.receiver);
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.ontrack = ({ track, receiver }) => {
      if (track.kind === 'audio') {
        replace(this.#sound, track);
        return this.#options.sound(this.#sound);
      }
      withoutBuffer(receiver);
      replace(this.#stream, track);
      this.#options.stream(this.#stream);
    };
    this.#pointer = connection.createDataChannel('pointer', { ordered: false, maxRetransmits: 0 });
    this.#control = connection.createDataChannel('control');
    this.#talk = connection.createDataChannel('talk');
    this.#pointer.onmessage = ({ data }) => heard<CursorNotice>(data, (notice) => this.#options.cursor(notice));
    this.#control.onmessage = ({ data }) => heard<Notice>(data, (notice) => this.#options.notice(notice));
    this.#control.onopen = () => this.#options.ready();
    this.#talk.onmessage = ({ data }) => heard<TalkNotice>(data, (notice) => this.#options.talk(notice));
    this.#talk.onopen = () => this.#options.listening();
    connection.onconnectionstatechange = () => this.#changed(connection);
    return connection;
  }

  #changed(connection: RTCPeerConnection): void {
    if (connection !== this.#connection) return;
    switch (connection.connectionState) {
      case 'connected':
        clearTimeout(this.#timer);
        this.#attempt = 0;
        return this.#options.state('connected');
      case 'disconnected':
        // It often comes back by itself.
        this.#options.state('lost');
        return this.#again(SILENT);
      case 'failed':
      case 'closed':
        this.#options.state('lost');
        return this.#again(250 * 2 ** Math.min(this.#attempt, 5));
      case 'new':
      case 'connecting':
        return;
      default:
        return connection.connectionState satisfies never;
    }
  }

  #again(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#attempt += 1;
      void this.connect();
    }, wait);
  }

  #release(): void {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = this.#pointer = this.#control = this.#talk = null;
    if (!connection) return;
    connection.ontrack = connection.onconnectionstatechange = null;
    connection.close();
  }
}

/** Whether this browser can show the shared page at all. */
export const canShow = (): boolean => h264() !== null;

/** H.264 and what belongs to it, or null where the browser has none. */
function h264(): RTCRtpCodec[] | null {
  if (typeof RTCPeerConnection === 'undefined') return null;
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs;
  if (!codecs) return [];
  const wanted = codecs.filter(({ mimeType }) => /\/(h264|rtx)$/i.test(mimeType));
  return wanted.some(({ mimeType }) => /h264/i.test(mimeType)) ? wanted : null;
}

function replace(stream: MediaStream, track: MediaStreamTrack): void {
  for (const old of stream.getTracks()) stream.removeTrack(old);
  stream.addTrack(track);
}

/** Some browsers mix Opus down to one channel unless their own offer says otherwise (RFC 7587 §6.1), and have no other way to say it. */
function inStereo(sdp: string): string {
  return sdp.replace(/^a=fmtp:\d+ (?!.*stereo=1).*useinbandfec=1/gm, '$&;stereo=1');
}

/** Frames are shown as they come; a buffer against jitter would only be delay. */
function withoutBuffer(receiver: RTCRtpReceiver): void {
  const tunable = receiver as RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number };
  if ('jitterBufferTarget' in tunable) tunable.jitterBufferTarget = 0;
  if ('playoutDelayHint' in tunable) tunable.playoutDelayHint = 0;
}

function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING);
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function heard<T>(data: unknown, take: (message: T) => void): void {
  if (typeof data !== 'string') return;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return;
  }
  if (typeof message === 'object' && message !== null) take(message as T);
}
