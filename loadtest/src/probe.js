// What the benchmark measures within the viewer's page. It watches; it changes nothing of what the page does.
(() => {
  const connections = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };

  const screen = () => document.querySelector('[data-tandem=screen]');
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  // The colour in the middle of the picture that is shown now.
  function pixel() {
    const video = screen();
    context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  }

  let flip = null;
  let waiting = null;
  function onFrame() {
    const video = screen();
    if (waiting) {
      const now = pixel();
      if (now.some((value, i) => Math.abs(value - waiting.before[i]) > 40)) {
        waiting.done(performance.now() - waiting.at);
        waiting = null;
      }
    }
    frames += 1;
    video.requestVideoFrameCallback(onFrame);
  }

  let frames = 0;
  let started = false;
  function start() {
    if (started) return;
    started = true;
    screen().requestVideoFrameCallback(onFrame);
  }

  // The time that all browsers of one machine have, in milliseconds.
  const now = () => performance.timeOrigin + performance.now();
  const orNothing = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done(null), 3000))]);
  let heard = null;
  let changed = null;

  window.tandemProbe = {
    start,
    // Listens for the next event of this kind; `heard` has the time of it.
    hear(kind) {
      heard = orNothing(new Promise((done) => {
        addEventListener(kind, ({ timeStamp }) => done(performance.timeOrigin + timeStamp), { capture: true, once: true });
      }));
      return true;
    },
    heard: () => heard,
    // Looks at an element; `changed` has the time of the frame in which it is another than now.
    look(selector) {
      const seen = () => document.querySelector(selector)?.outerHTML ?? '';
      const before = seen();
      changed = orNothing(new Promise((done) => (function ask() {
        if (seen() === before) requestAnimationFrame(ask);
        else done(now());
      })()));
      return true;
    },
    changed: () => changed,
    // Watches for the next event of this kind in this page.
    watch(kind) {
      start();
      const before = pixel();
      flip = new Promise((done) => {
        addEventListener(kind, () => (waiting = { at: performance.now(), before, done }), { capture: true, once: true });
        setTimeout(() => done(null), 3000);
      });
      return true;
    },
    // From that event to the changed pixel, in milliseconds; null when it did not change.
    flipped: () => flip,
    frames: () => (start(), frames),
    // How much larger the window is than the shared page.
    spare() {
      const box = screen().getBoundingClientRect();
      return [innerWidth - box.width, innerHeight - box.height];
    },
    async received() {
      let bytes = 0, packets = 0, buffer = 0;
      for (const connection of connections) {
        for (const report of (await connection.getStats()).values()) {
          if (report.type === 'inbound-rtp' && report.kind === 'video') {
            bytes += report.bytesReceived + report.headerBytesReceived;
            packets += report.packetsReceived;
            buffer = report.jitterBufferDelay / Math.max(1, report.jitterBufferEmittedCount);
          }
        }
      }
      return { bytes, packets, jitterBufferMs: buffer * 1000 };
    },
  };
})();
