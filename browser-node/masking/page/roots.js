// In the page's own world: says which elements get a shadow root, so that its guard finds it before it is painted, and
// asks the guard before a script submits a form, of which no event tells, and lets the node print. What the page asks people goes by
// the guard too: Chromium's own dialogs would cover the page, and take whatever key comes next for an answer. So does what a browser in a
// data centre does not have: a camera, passkeys and their like.
(() => {
  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = {
    submit() {
      const asked = new MouseEvent(`${NAME}-submit`, { relatedTarget: this, cancelable: true });
      if (dispatch(asked)) submit.call(this);
    },
  }.submit;
  const { attachShadow } = Element.prototype;
  const dispatch = window.dispatchEvent.bind(window);
  const { MouseEvent, setTimeout, clearTimeout } = window;
  const close = window.close.bind(window);
  // The browser's own preview would stand before a page that nobody can prove, and there is no printer here. Pages that close
  // right after they printed stay until they are printed.
  let printing = null;
  let closing = false;
  const printed = () => {
    clearTimeout(printing);
    printing = null;
    if (closing) setTimeout(close, 1_000);
  };
  window.addEventListener('afterprint', printed);
  window.print = {
    print() {
      clearTimeout(printing);
      [printing, closing] = [setTimeout(printed, 10_000), false];
      dispatch(new MouseEvent(`${NAME}-print`));
    },
  }.print;
  window.close = {
    close() {
      if (printing === null) close();
      else closing = true;
    },
  }.close;
  Object.defineProperty(Element.prototype, 'attachShadow', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: function (...init) {
      const root = attachShadow.apply(this, init);
      dispatch(new MouseEvent(`${NAME}-root`, { relatedTarget: this }));
      return root;
    },
  });

  const create = document.createElement.bind(document);
  const { setAttribute, getAttribute } = Element.prototype;
  /** What people answer: null where they do not agree, or nothing at all when there is no guard to ask. */
  const ask = (kind, text, proposal) => {
    const box = create('data');
    for (const [name, value] of [['kind', kind], ['text', text], ['proposal', proposal]]) setAttribute.call(box, name, value);
    const isAsked = !dispatch(new MouseEvent(`${NAME}-ask`, { relatedTarget: box, cancelable: true }));
    return isAsked ? getAttribute.call(box, 'answer') : undefined;
  };
  // What a browser in a data centre does not have: people hear that the page asks for it, and the page that it may not.
  const { Proxy, Reflect, Promise, DOMException, Event } = window;
  const [CAMERA, MICROPHONE, SCREEN, PLACE, PASSKEY, FILM, NOTIFICATIONS, DEVICE] = [0, 1, 2, 3, 4, 5, 6, 7];
  const lack = (detail) => dispatch(new MouseEvent(`${NAME}-lack`, { detail }));
  const refuse = (name, message) => Promise.reject(new DOMException(message, name));
  const notAllowed = () => refuse('NotAllowedError', 'Permission denied');
  /** Has `instead` answer a method's calls; it is given what the page gave, what makes the call itself, and of what it is called. */
  const answer = (owner, name, instead) => {
    const method = owner?.[name];
    if (typeof method !== 'function') return;
    owner[name] = new Proxy(method, {
      apply: (_, self, given) => instead(given, () => Reflect.apply(method, self, given), self),
    });
  };
  // What a field opens, people's own pages draw; without a person's act it throws.
  for (const { prototype } of [HTMLSelectElement, HTMLInputElement]) {
    answer(prototype, 'showPicker', (_, call, field) => {
      const isOurs = navigator.userActivation?.isActive && !dispatch(new MouseEvent(`${NAME}-picker`, { relatedTarget: field, cancelable: true }));
      return isOurs ? undefined : call();
    });
  }
  const media = ([wants]) => {
    if (wants?.video) lack(CAMERA);
    if (wants?.audio) lack(MICROPHONE);
    return Boolean(wants?.video || wants?.audio);
  };
  const tellsOf = (what) => (_, call) => {
    lack(what);
    return call();
  };
  const none = () => {
    lack(DEVICE);
    return refuse('NotFoundError', 'No device selected.');
  };
  const { MediaDevices, Navigator, Geolocation, CredentialsContainer, Notification, PushManager, USB, Serial, HID, Bluetooth } = window;
  answer(MediaDevices?.prototype, 'getUserMedia', (given, call) => (media(given) ? notAllowed() : call()));
  for (const name of ['getUserMedia', 'webkitGetUserMedia']) {
    answer(Navigator.prototype, name, (given, call) => {
      media(given);
      return call();
    });
  }
  answer(MediaDevices?.prototype, 'getDisplayMedia', () => {
    lack(SCREEN);
    return notAllowed();
  });
  for (const name of ['getCurrentPosition', 'watchPosition']) answer(Geolocation?.prototype, name, tellsOf(PLACE));
  for (const name of ['get', 'create']) {
    answer(CredentialsContainer?.prototype, name, ([wants], call) => {
      // A page that only offers passkeys among what a field suggests waits for somebody to take one.
      if (!wants?.publicKey || wants.mediation === 'conditional') return call();
      lack(PASSKEY);
      return notAllowed();
    });
  }
  answer(Navigator.prototype, 'requestMediaKeySystemAccess', ([system], call) => {
    const access = call();
    // Pages also ask to know a browser by it.
    const isMeant = () => navigator.userActivation?.isActive || document.querySelector('video');
    access.catch(() => system !== 'org.w3.clearkey' && isMeant() && lack(FILM));
    return access;
  });
  const notifies = (_, call) => {
    // Many pages ask as soon as they are there.
    if (navigator.userActivation?.isActive) lack(NOTIFICATIONS);
    return call();
  };
  answer(Notification, 'requestPermission', notifies);
  answer(PushManager?.prototype, 'subscribe', notifies);
  for (const owner of [USB, HID, Bluetooth]) answer(owner?.prototype, 'requestDevice', none);
  answer(Serial?.prototype, 'requestPort', none);
  answer(Navigator.prototype, 'requestMIDIAccess', tellsOf(DEVICE));
  // One pointer is two people's here, and Escape leaves what fills the page; a picture in a window of its own would be in front of the page.
  answer(Element.prototype, 'requestPointerLock', () => {
    setTimeout(() => document.dispatchEvent(new Event('pointerlockerror')));
    return notAllowed();
  });
  answer(window.Keyboard?.prototype, 'lock', notAllowed);
  answer(HTMLVideoElement.prototype, 'requestPictureInPicture', notAllowed);

  const { alert, confirm, prompt } = window;
  const say = (value) => (value === undefined ? '' : `${value}`);
  Object.assign(window, {
    alert(text) {
      if (ask('alert', say(text), '') === undefined) alert.call(window, say(text));
    },
    confirm(text) {
      const answer = ask('confirm', say(text), '');
      return answer === undefined ? confirm.call(window, say(text)) : answer !== null;
    },
    prompt(text, proposal) {
      const answer = ask('prompt', say(text), say(proposal));
      return answer === undefined ? prompt.call(window, say(text), say(proposal)) : answer;
    },
  });
})();
