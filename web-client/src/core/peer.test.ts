import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CursorNotice, Notice } from '../protocol.gen';
import { Peer, type PeerState } from './peer';

/** What this module uses of a browser's WebRTC. */
class Channel {
  readyState = 'connecting';
  bufferedAmount = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(
    readonly label: string,
    readonly init: RTCDataChannelInit | undefined,
  ) {}
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  opens() {
    this.readyState = 'open';
    this.onopen?.();
  }
}

class Connection extends EventTarget {
  static all: Connection[] = [];
  channels: Channel[] = [];
  receiver = { jitterBufferTarget: null as number | null, playoutDelayHint: undefined as number | undefined };
  transceiver = { receiver: this.receiver, codecs: [] as RTCRtpCodec[], setCodecPreferences: (codecs: RTCRtpCodec[]) => (this.transceiver.codecs = codecs) };
  transceivers: [string, RTCRtpTransceiverInit | undefined][] = [];
  connectionState = 'new';
  signalingState = 'stable';
  iceGatheringState = 'new';
  localDescription: { sdp: string } | null = null;
  remote: string[] = [];
  closed = false;
  ontrack: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  constructor(readonly configuration: RTCConfiguration) {
    super();
    Connection.all.push(this);
  }
  addTransceiver(kind: string, init?: RTCRtpTransceiverInit) {
    this.transceivers.push([kind, init]);
    return this.transceiver;
  }
  createDataChannel(label: string, init?: RTCDataChannelInit) {
    const channel = new Channel(label, init);
    this.channels.push(channel);
    return channel;
  }
  async createOffer() {
    return Promise.resolve({ type: 'offer', sdp: 'offer' });
  }
  async setLocalDescription(_: { type: string; sdp: string }) {
    this.signalingState = 'have-local-offer';
    this.localDescription = { sdp: 'offer with candidates' };
    return Promise.resolve();
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    if (sdp === 'broken') throw new Error('bad SDP');
    this.signalingState = 'stable';
    this.remote.push(sdp);
    return Promise.resolve();
  }
  close() {
    this.closed = true;
  }
  gathers() {
    this.iceGatheringState = 'complete';
    this.dispatchEvent(new Event('icegatheringstatechange'));
  }
  becomes(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

const codec = (mimeType: string) => ({ mimeType, clockRate: 90_000 });
let codecs: RTCRtpCodec[];

beforeEach(() => {
  vi.useFakeTimers();
  Connection.all = [];
  codecs = [codec('video/VP8'), codec('video/H264'), codec('video/rtx')];
  vi.stubGlobal('RTCPeerConnection', Connection);
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => ({ codecs }) });
  vi.stubGlobal('MediaStream', class { tracks: unknown[] = []; getTracks() { return [...this.tracks]; } addTrack(track: unknown) { this.tracks.push(track); } removeTrack(track: unknown) { this.tracks = this.tracks.filter((one) => one !== track); } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function world() {
  const offers: string[] = [];
  const states: PeerState[] = [];
  const notices: Notice[] = [];
  const cursors: CursorNotice[] = [];
  const streams: MediaStream[] = [];
  const sounds: MediaStream[] = [];
  const ready = vi.fn();
  const talk = vi.fn();
  const listening = vi.fn();
  const peer = new Peer({
    iceServers: [{ urls: ['turn:t'], username: 'u', credential: 'p' }, { urls: ['stun:s'], username: null, credential: null }],
    offer: (sdp) => offers.push(sdp),
    state: (state) => states.push(state),
    stream: (stream) => streams.push(stream),
    sound: (stream) => sounds.push(stream),
    ready,
    cursor: (notice) => cursors.push(notice),
    notice: (notice) => notices.push(notice),
    talk,
    listening,
  });
  return { peer, offers, states, notices, cursors, streams, sounds, ready, talk, listening, connection: () => Connection.all.at(-1)! };
}
type World = ReturnType<typeof world>;

async function connect({ peer, connection }: World): Promise<void> {
  const done = peer.connect();
  await vi.advanceTimersByTimeAsync(0);
  connection().gathers();
  await done;
}

test('offers one H.264 picture without a buffer, its sound, and the three channels', async () => {
  const it = world();
  await connect(it);
  const { transceivers, transceiver, receiver, channels, configuration } = it.connection();
  expect(transceivers).toEqual([['video', { direction: 'recvonly' }], ['audio', { direction: 'recvonly' }]]);
  expect(transceiver.codecs.map((one) => one.mimeType)).toEqual(['video/H264', 'video/rtx']);
  expect(receiver.jitterBufferTarget).toBe(0);
  expect(receiver.playoutDelayHint).toBe(0);
  expect(channels.map(({ label, init }) => [label, init])).toEqual([
    ['pointer', { ordered: false, maxRetransmits: 0 }], ['control', undefined], ['talk', undefined],
  ]);
  expect(configuration.iceServers).toEqual([{ urls: ['turn:t'], username: 'u', credential: 'p' }, { urls: ['stun:s'] }]);
  expect(it.offers).toEqual(['offer with candidates']);
});

test('gathering does not hold up the offer for long', async () => {
  const it = world();
  void it.peer.connect();
  await vi.advanceTimersByTimeAsync(399);
  expect(it.offers).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(it.offers).toHaveLength(1);
});

test('a browser without H.264 says so', async () => {
  codecs = [codec('video/VP8'), codec('video/rtx')];
  const it = world();
  await it.peer.connect();
  expect(it.states.at(-1)).toBe('unsupported');
  expect(Connection.all).toHaveLength(0);
});

test('an answer is taken once', async () => {
  const it = world();
  await connect(it);
  await it.peer.answer('a');
  await it.peer.answer('b');
  expect(it.connection().remote).toEqual(['a']);
});

test.each(['answer', 'connection'])('without an %s it offers anew', async (what) => {
  const it = world();
  await connect(it);
  if (what === 'connection') await it.peer.answer('a');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(Connection.all).toHaveLength(2);
  expect(Connection.all[0]?.closed).toBe(true);
});

test('a broken answer is tried anew, not given up', async () => {
  const it = world();
  await connect(it);
  await it.peer.answer('broken');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Connection.all).toHaveLength(2);
});

test('a silent connection gets its time to come back, a failed one none', async () => {
  const it = world();
  await connect(it);
  await it.peer.answer('a');
  it.connection().becomes('connected');
  expect(it.peer.connected).toBe(true);
  it.connection().becomes('disconnected');
  expect(it.states.at(-1)).toBe('lost');
  await vi.advanceTimersByTimeAsync(2_000);
  it.connection().becomes('connected');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Connection.all).toHaveLength(1);
  it.connection().becomes('failed');
  await vi.advanceTimersByTimeAsync(250);
  expect(Connection.all).toHaveLength(2);
});

test('the picture of a new connection takes the old one’s place', async () => {
  const it = world();
  await connect(it);
  const [one, two, sound] = [{ kind: 'video', id: 1 }, { kind: 'video', id: 2 }, { kind: 'audio', id: 3 }];
  it.connection().ontrack?.({ track: one, receiver: {} });
  await connect(it);
  it.connection().ontrack?.({ track: two, receiver: {} });
  expect(it.streams[0]).toBe(it.streams[1]);
  expect(it.streams[0]?.getTracks()).toEqual([two]);
  const receiver = { jitterBufferTarget: null };
  it.connection().ontrack?.({ track: sound, receiver });
  expect(it.sounds.map((stream) => stream.getTracks())).toEqual([[sound]]);
  expect(it.streams[0]?.getTracks()).toEqual([two]);
  expect(receiver.jitterBufferTarget).toBeNull();
});

test('the sound is asked for in stereo, once', async () => {
  const offered = ['a=fmtp:111 minptime=10;useinbandfec=1', 'a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1', 'a=fmtp:102 packetization-mode=1'];
  vi.spyOn(Connection.prototype, 'createOffer').mockResolvedValue({ type: 'offer', sdp: offered.join('\r\n') });
  const described = vi.spyOn(Connection.prototype, 'setLocalDescription');
  const it = world();
  await connect(it);
  const [first, ...rest] = offered;
  expect(described).toHaveBeenCalledWith({ type: 'offer', sdp: [`${first};stereo=1`, ...rest].join('\r\n') });
  vi.restoreAllMocks();
});

test('moves may be lost, and are when the channel is stuck; keys wait for no later connection', async () => {
  const it = world();
  await connect(it);
  const [pointer, control] = it.connection().channels;
  it.peer.move(1, 2);
  expect(it.peer.control({ type: 'release_all' })).toBe(false);
  pointer!.opens();
  control!.opens();
  expect(it.ready).toHaveBeenCalledOnce();
  it.peer.move(3, 4);
  pointer!.bufferedAmount = 5_000;
  it.peer.move(5, 6);
  pointer!.bufferedAmount = 0;
  it.peer.move(7, 8);
  expect(pointer!.sent).toEqual([{ sequence: 1, x: 3, y: 4 }, { sequence: 2, x: 7, y: 8 }]);
  expect(it.peer.control({ type: 'release_all' })).toBe(true);
  expect(control!.sent).toEqual([{ type: 'release_all' }]);
});

test('notices come in by their channel; rubbish does not', async () => {
  const it = world();
  await connect(it);
  const [pointer, control] = it.connection().channels;
  pointer!.onmessage?.({ data: '{"participant":2,"sequence":1,"x":1,"y":2}' });
  control!.onmessage?.({ data: '{"type":"field","field":null}' });
  control!.onmessage?.({ data: '{' });
  control!.onmessage?.({ data: '7' });
  control!.onmessage?.({ data: new ArrayBuffer(2) });
  expect(it.cursors).toHaveLength(1);
  expect(it.notices).toEqual([{ type: 'field', field: null }]);
});

test('closed stays closed', async () => {
  const it = world();
  await connect(it);
  it.peer.close();
  await it.peer.connect();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Connection.all).toHaveLength(1);
  expect(it.states.at(-1)).toBe('closed');
});
