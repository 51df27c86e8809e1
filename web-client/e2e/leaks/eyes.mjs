// What runs in a person's page, to look at the pictures that their decoder gives and to keep what they are told.

/**
 * Looks at their pictures for magenta, also faded, scaled or compressed: at every one that the page gets, or at one in so
 * many milliseconds, and at a part of its size.
 */
export function watch([screen, { width, height, every }]) {
  const video = document.querySelector(screen);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const lab = (window.lab = { frames: 0, leaks: 0, worst: 0 });
  let looked = 0;
  const look = (picture) => {
    looked = performance.now();
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.min(data[i], data[i + 2]) - data[i + 1] > 14) found += 1;
    lab.frames += 1;
    if (found >= 12) lab.leaks += 1;
    lab.worst = Math.max(lab.worst, found);
  };
  const write = (picture) => {
    if (performance.now() - looked >= every) look(picture);
    picture.close();
  };
  let watched = null;
  const follow = () => {
    const [track] = video.srcObject.getVideoTracks();
    if (!track || track === watched) return;
    watched = track;
    void new MediaStreamTrackProcessor({ track }).readable.pipeTo(new WritableStream({ write }));
  };
  follow();
  // A page that has lost its connection makes a new one, with a track of its own, and nothing tells of that.
  setInterval(follow, 200);
}

/** What was seen since the last time. */
export function take() {
  const { frames, leaks, worst } = window.lab;
  Object.assign(window.lab, { frames: 0, leaks: 0, worst: 0 });
  return { frames, leaks, worst };
}

/** Keeps what this person's page is told, by data channels and by WebSocket. Runs in their page, first. */
export function listen() {
  const heard = (window.heard = []);
  const hear = (source) => source.addEventListener('message', ({ data }) => heard.push(String(data)));
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = createDataChannel.apply(this, given);
    hear(channel);
    return channel;
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      hear(this);
    }
  };
}
