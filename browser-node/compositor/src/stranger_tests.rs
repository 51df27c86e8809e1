//! A client that is not Chromium speaks raw Wayland and means harm. Whatever it says, the compositor at most hangs up.

use crate::{Config, Error, Event, Handle, Modifiers, Scene, Sink, Size, TouchPhase};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;

/// Looks at every pixel it is shown, and tells when the connection ends.
struct Looker(mpsc::Sender<()>);

impl Sink for Looker {
    fn commit(&mut self, scene: Scene<'_>) {
        for picture in scene.popups.iter().map(|p| p.picture).chain([scene.root]) {
            assert_eq!(picture.pixels.len(), picture.stride * picture.height as usize);
        }
        let damage = scene.damage;
        assert!(damage.x >= 0 && damage.y >= 0 && !damage.is_empty());
        assert!(
            damage.x + damage.width <= scene.root.width as i32 && damage.y + damage.height <= scene.root.height as i32
        );
    }

    fn event(&mut self, event: Event) {
        if event == Event::Disconnected {
            // The test may be over.
            let _ = self.0.send(());
        }
    }
}

/// One word of a request.
#[derive(Clone, Copy)]
enum Word<'a> {
    Number(i32),
    Text(&'a str),
}

struct Stranger {
    socket: UnixStream,
    last: u32,
    globals: HashMap<String, u32>,
    /// What has come in and is not whole yet.
    heard: Vec<u8>,
}

const DISPLAY: u32 = 1;
const REGISTRY: u32 = 2;

impl Stranger {
    fn new(socket: UnixStream) -> Stranger {
        let mut stranger = Stranger { socket, last: REGISTRY, globals: HashMap::new(), heard: Vec::new() };
        stranger.say(DISPLAY, 1, &[Word::Number(REGISTRY as i32)]);
        assert!(stranger.is_served());
        stranger
    }

    fn new_id(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn say(&mut self, object: u32, opcode: u16, words: &[Word<'_>]) {
        self.say_with(object, opcode, words, &[]);
    }

    fn say_with(&mut self, object: u32, opcode: u16, words: &[Word<'_>], fds: &[i32]) {
        let mut body = Vec::new();
        for word in words {
            match word {
                Word::Number(number) => body.extend(number.to_ne_bytes()),
                Word::Text(text) => {
                    body.extend((text.len() as u32 + 1).to_ne_bytes());
                    body.extend(text.as_bytes());
                    body.resize(body.len() + 4 - text.len() % 4, 0);
                }
            }
        }
        let size = (body.len() as u32 + 8) << 16 | u32::from(opcode);
        let bytes = [&object.to_ne_bytes()[..], &size.to_ne_bytes(), &body].concat();
        self.send(&bytes, fds);
    }

    fn send(&mut self, bytes: &[u8], fds: &[i32]) {
        let rights = [ControlMessage::ScmRights(fds)];
        let rights = if fds.is_empty() { &[][..] } else { &rights };
        // It may have been hung up on.
        let _ = sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(bytes)], rights, MsgFlags::MSG_NOSIGNAL, None);
    }

    /// Makes an object: `words` follow the new id.
    fn make(&mut self, object: u32, opcode: u16, words: &[i32]) -> u32 {
        let id = self.new_id();
        let words: Vec<_> = [id as i32].iter().chain(words).map(|n| Word::Number(*n)).collect();
        self.say(object, opcode, &words);
        id
    }

    fn numbers(&mut self, object: u32, opcode: u16, numbers: &[i32]) {
        let words: Vec<_> = numbers.iter().map(|n| Word::Number(*n)).collect();
        self.say(object, opcode, &words);
    }

    fn bind(&mut self, interface: &str, version: i32) -> u32 {
        let (name, id) = (self.globals[interface], self.new_id());
        let words = [Word::Number(name as i32), Word::Text(interface), Word::Number(version), Word::Number(id as i32)];
        self.say(REGISTRY, 0, &words);
        id
    }

    /// A pool of that many bytes; its file has `real` ones.
    fn pool(&mut self, claimed: i32, real: u64) -> (u32, File) {
        let file = File::from(memory());
        file.set_len(real).unwrap();
        let (shm, id) = (self.bind("wl_shm", 1), self.new_id());
        self.say_with(shm, 0, &[Word::Number(id as i32), Word::Number(claimed)], &[file.as_raw_fd()]);
        (id, file)
    }

    fn surface(&mut self) -> u32 {
        let compositor = self.bind("wl_compositor", 6);
        self.make(compositor, 0, &[])
    }

    fn attach(&mut self, surface: u32, buffer: u32) {
        self.numbers(surface, 1, &[buffer as i32, 0, 0]);
        self.numbers(surface, 9, &[0, 0, i32::MAX, i32::MAX]);
        self.numbers(surface, 6, &[]);
    }

    /// A pop-up of a window, opened by the press that had this serial.
    fn popup(&mut self, window: u32, serial: i32) -> u32 {
        let surface = self.surface();
        let base = self.bind("xdg_wm_base", 6);
        let (xdg, parent) = (self.make(base, 2, &[surface as i32]), self.make(base, 2, &[window as i32]));
        let positioner = self.make(base, 1, &[]);
        self.numbers(positioner, 1, &[32, 32]);
        let popup = self.make(xdg, 2, &[parent as i32, positioner as i32]);
        let seat = self.bind("wl_seat", 1);
        self.numbers(popup, 1, &[seat as i32, serial]);
        self.numbers(surface, 6, &[]);
        popup
    }

    /// A window with a picture.
    fn window(&mut self, side: i32) -> u32 {
        let surface = self.surface();
        let base = self.bind("xdg_wm_base", 6);
        let xdg = self.make(base, 2, &[surface as i32]);
        self.make(xdg, 1, &[]);
        self.numbers(surface, 6, &[]);
        let (pool, _) = self.pool(side * side * 4, (side * side * 4) as u64);
        let buffer = self.make(pool, 0, &[0, side, side, side * 4, 0]);
        self.attach(surface, buffer);
        surface
    }

    /// Whether the compositor still answers: what was said before has been done by then.
    fn is_served(&mut self) -> bool {
        let callback = self.make(DISPLAY, 0, &[]);
        let mut piece = [0; 4096];
        loop {
            while let Some((object, opcode, body)) = self.next_event() {
                match (object, opcode) {
                    (DISPLAY, 0) => return false,
                    (REGISTRY, 0) => {
                        let number = |at: usize| u32::from_ne_bytes(body[at..at + 4].try_into().unwrap());
                        let name = String::from_utf8(body[8..8 + number(4) as usize - 1].to_vec()).unwrap();
                        self.globals.insert(name, number(0));
                    }
                    (object, 0) if object == callback => return true,
                    _ => {}
                }
            }
            match self.socket.read(&mut piece) {
                Ok(0) => return false,
                Ok(length) => self.heard.extend_from_slice(&piece[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits for an event of an object, by its number in the protocol; its words.
    fn hear(&mut self, object: u32, opcode: u32) -> Vec<u8> {
        let mut piece = [0; 4096];
        loop {
            while let Some((from, number, body)) = self.next_event() {
                if (from, number) == (object, opcode) {
                    return body;
                }
            }
            let length = self.socket.read(&mut piece).unwrap();
            assert!(length > 0, "the compositor has hung up");
            self.heard.extend_from_slice(&piece[..length]);
        }
    }

    fn next_event(&mut self) -> Option<(u32, u32, Vec<u8>)> {
        let word = |at: usize| Some(u32::from_ne_bytes(self.heard.get(at..at + 4)?.try_into().unwrap()));
        let (object, size) = (word(0)?, word(4)?);
        let length = (size >> 16) as usize;
        (self.heard.len() >= length).then(|| {
            let message: Vec<u8> = self.heard.drain(..length).collect();
            (object, size & 0xffff, message[8..].to_vec())
        })
    }
}

fn memory() -> OwnedFd {
    memfd_create("pool", MFdFlags::MFD_CLOEXEC).unwrap()
}

/// Lets a stranger act; tells whether it was still served afterwards. The compositor must end in order either way.
fn meet(act: impl FnOnce(&mut Stranger, &Handle)) -> bool {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (sender, ended) = mpsc::channel();
    let config = Config { window: Size { width: 100, height: 100 }, scale: 1.0, refresh: 60 };
    let compositor = crate::start(config, ours, Looker(sender)).unwrap_or_else(|error: Error| panic!("{error}"));
    let mut stranger = Stranger::new(theirs);
    act(&mut stranger, &compositor.handle());
    let served = stranger.is_served();
    drop(stranger);
    // It fails when the thread panicked, which drops the sink.
    ended.recv().expect("the compositor ends in order");
    served
}

/// Everything a person can do.
fn play(handle: &Handle) {
    handle.motion(50.0, 50.0);
    handle.button(0x110, true);
    handle.motion(-1e9, f64::MAX);
    handle.wheel(f64::MAX, -0.5);
    handle.key(30, true);
    handle.modifiers(Modifiers { shift: true, ..Modifiers::default() });
    handle.text("te\0xt".repeat(2_000));
    handle.compose("compo\0sition".into());
    handle.touch(7, TouchPhase::Down, 10.0, 10.0);
    handle.set_clipboard("x".into());
    handle.resize(Size { width: 120, height: 90 }, 1.5);
    handle.dismiss_popups();
    handle.bubbles(true);
    handle.release_all();
    handle.motion(50.0, 50.0);
}

#[test]
fn an_honest_client_is_served() {
    assert!(meet(|stranger, handle| {
        stranger.window(64);
        play(handle);
    }));
}

#[test]
fn a_browsers_own_context_menu_is_closed_before_it_is_seen() {
    const BUTTON: u32 = 3;
    const CONFIGURE: u32 = 0;
    const POPUP_DONE: u32 = 1;
    for (code, heard) in [(0x110, CONFIGURE), (0x111, POPUP_DONE)] {
        assert!(meet(|stranger, handle| {
            let window = stranger.window(64);
            let seat = stranger.bind("wl_seat", 1);
            let pointer = stranger.make(seat, 0, &[]);
            assert!(stranger.is_served());
            handle.motion(10.0, 10.0);
            handle.button(code, true);
            let serial = i32::from_ne_bytes(stranger.hear(pointer, BUTTON)[..4].try_into().unwrap());
            let popup = stranger.popup(window, serial);
            stranger.hear(popup, heard);
        }));
    }
}

#[test]
fn bytes_that_are_no_messages_end_the_connection() {
    for bytes in [
        vec![0; 8],
        vec![0xff; 4096],
        [1u32.to_ne_bytes(), (4u32 << 16).to_ne_bytes()].concat(),
        vec![1, 0, 0, 0, 9, 0, 12, 0, 1, 1, 1, 1],
    ] {
        assert!(!meet(|stranger, _| stranger.send(&bytes, &[])), "{:?}", &bytes[..8]);
    }
    assert!(!meet(|stranger, _| stranger.numbers(999, 0, &[])), "an object that is not there");
    assert!(!meet(|stranger, _| stranger.numbers(REGISTRY, 7, &[])), "a request that is not there");
}

#[test]
fn memory_that_is_not_what_it_is_said_to_be_ends_the_connection() {
    let pool_of = |size: i32| meet(|stranger, _| drop(stranger.pool(size, 4096)));
    assert!(pool_of(4096) && !pool_of(0) && !pool_of(-4096) && !pool_of(i32::MAX) && !pool_of(i32::MIN));
    assert!(!meet(|stranger, _| {
        let (pipe, _) = std::io::pipe().unwrap();
        let (shm, id) = (stranger.bind("wl_shm", 1), stranger.new_id());
        stranger.say_with(shm, 0, &[Word::Number(id as i32), Word::Number(4096)], &[pipe.as_raw_fd()]);
    }));
    for buffer in [
        [0, 32, 32, 127, 0],
        [0, -32, 32, 128, 0],
        [0, 32, -32, 128, 0],
        [0, 0, 0, 0, 0],
        [-4, 32, 32, 128, 0],
        [4, 32, 32, 128, 0],
        [0, i32::MAX, i32::MAX, i32::MAX, 0],
        [i32::MAX, 8192, 8192, i32::MAX, 0],
        [0, 1, 1, i32::MIN, 0],
    ] {
        let served = meet(|stranger, _| {
            let (pool, _) = stranger.pool(4096, 4096);
            stranger.make(pool, 0, &buffer);
        });
        assert!(!served, "{buffer:?}");
    }
}

#[test]
fn memory_that_shrinks_under_us_ends_the_connection() {
    for (claimed, real, later) in [(4096, 100, 100), (4096, 4096, 100), (4096, 4096, 0)] {
        let served = meet(|stranger, handle| {
            let surface = stranger.surface();
            let (pool, file) = stranger.pool(claimed, real);
            let buffer = stranger.make(pool, 0, &[0, 32, 32, 128, 0]);
            file.set_len(later).unwrap();
            stranger.attach(surface, buffer);
            play(handle);
        });
        assert!(!served, "{real} {later}");
    }
}

#[test]
fn whoever_wants_too_much_is_cut_off() {
    assert!(!meet(|stranger, _| {
        let compositor = stranger.bind("wl_compositor", 6);
        for _ in 0..9_000 {
            stranger.make(compositor, 0, &[]);
        }
    }));
    assert!(!meet(|stranger, handle| {
        handle.pace(0);
        let surface = stranger.surface();
        // More than is read at once, so that the pace holds for the greater part of it.
        for _ in 0..30_000 {
            stranger.make(surface, 3, &[]);
            stranger.numbers(surface, 6, &[]);
        }
    }));
    let pictures = |count: i32| {
        meet(|stranger, _| {
            let (pool, _) = stranger.pool(40_000_000, 40_000_000);
            let buffer = stranger.make(pool, 0, &[0, 4000, 2500, 16_000, 0]);
            for _ in 0..count {
                let surface = stranger.surface();
                stranger.attach(surface, buffer);
            }
        })
    };
    assert!(pictures(1) && !pictures(2));
}

#[test]
fn numbers_at_the_edge_do_no_harm() {
    let edge = [i32::MIN, -1, 0, 1, 8192, i32::MAX];
    for (n, number) in edge.into_iter().enumerate() {
        let other = edge[edge.len() - 1 - n];
        meet(|stranger, handle| {
            let window = stranger.window(64);
            let viewporter = stranger.bind("wp_viewporter", 1);
            let viewport = stranger.make(viewporter, 1, &[window as i32]);
            stranger.numbers(viewport, 2, &[number, other]);
            stranger.numbers(window, 8, &[number]);
            stranger.numbers(window, 2, &[number, other, number, other]);
            stranger.numbers(window, 9, &[other, number, other, number]);
            stranger.numbers(window, 6, &[]);
            let compositor = stranger.bind("wl_subcompositor", 1);
            let child = stranger.window(16);
            let sub = stranger.make(compositor, 1, &[child as i32, window as i32]);
            stranger.numbers(sub, 1, &[number, other]);
            play(handle);
        });
    }
}

#[test]
fn surfaces_that_are_their_own_parents_do_no_harm() {
    assert!(meet(|stranger, handle| {
        let (a, b) = (stranger.window(64), stranger.window(64));
        let compositor = stranger.bind("wl_subcompositor", 1);
        stranger.make(compositor, 1, &[a as i32, b as i32]);
        stranger.make(compositor, 1, &[b as i32, a as i32]);
        stranger.make(compositor, 1, &[a as i32, a as i32]);
        play(handle);
    }));
}

/// Requests by interface and opcode: `n` makes an object of the interface named last, `o` is any object, `s` any surface,
/// `i` a number, `t` a text. An object of the wrong kind ends the connection, which is right and ends the walk.
const REQUESTS: [(&str, u16, &str, &str); 41] = [
    ("wl_compositor", 0, "n", "wl_surface"),
    ("wl_compositor", 1, "n", "wl_region"),
    ("wl_region", 1, "iiii", ""),
    ("wl_shm_pool", 0, "nBi", "wl_buffer"),
    ("wl_surface", 0, "", ""),
    ("wl_surface", 1, "bii", ""),
    ("wl_surface", 2, "iiii", ""),
    ("wl_surface", 3, "n", "wl_callback"),
    ("wl_surface", 6, "", ""),
    ("wl_surface", 6, "", ""),
    ("wl_surface", 8, "i", ""),
    ("wl_surface", 9, "iiii", ""),
    ("wl_subcompositor", 1, "nss", "wl_subsurface"),
    ("wl_subsurface", 1, "ii", ""),
    ("wl_subsurface", 0, "", ""),
    ("wp_viewporter", 1, "ns", "wp_viewport"),
    ("wp_viewport", 2, "ii", ""),
    ("wp_fractional_scale_manager_v1", 1, "ns", "wp_fractional_scale_v1"),
    ("wp_presentation", 1, "sn", "wp_presentation_feedback"),
    ("xdg_wm_base", 1, "n", "xdg_positioner"),
    ("xdg_wm_base", 2, "ns", "xdg_surface"),
    ("xdg_positioner", 1, "ii", ""),
    ("xdg_positioner", 2, "iiii", ""),
    ("xdg_positioner", 3, "e", ""),
    ("xdg_positioner", 4, "e", ""),
    ("xdg_positioner", 5, "i", ""),
    ("xdg_positioner", 6, "ii", ""),
    ("xdg_surface", 1, "n", "xdg_toplevel"),
    ("xdg_surface", 2, "nXp", "xdg_popup"),
    ("xdg_surface", 3, "iiii", ""),
    ("xdg_toplevel", 0, "", ""),
    ("xdg_toplevel", 9, "", ""),
    ("xdg_popup", 0, "", ""),
    ("xdg_popup", 2, "pi", ""),
    ("wl_seat", 0, "n", "wl_pointer"),
    ("wl_seat", 1, "n", "wl_keyboard"),
    ("wl_seat", 2, "n", "wl_touch"),
    ("wl_pointer", 0, "isii", ""),
    ("wl_data_device_manager", 0, "n", "wl_data_source"),
    ("wl_data_source", 0, "t", ""),
    ("wl_buffer", 0, "", ""),
];

#[test]
fn random_walks_through_the_protocol_do_no_harm() {
    for seed in 1..=150u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = move |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % limit.max(1)
        };
        meet(|stranger, handle| {
            let mut objects: HashMap<&str, Vec<u32>> = HashMap::new();
            for (interface, ..) in REQUESTS {
                if stranger.globals.contains_key(interface) && !objects.contains_key(interface) {
                    let version = HashMap::from([("wl_compositor", 6), ("xdg_wm_base", 6)]).get(interface).copied();
                    let id = stranger.bind(interface, version.unwrap_or(1));
                    objects.insert(interface, vec![id]);
                }
            }
            let (pool, _file) = stranger.pool(1 << 16, 1 << 16);
            objects.insert("wl_shm_pool", vec![pool]);
            let window = stranger.window(64);
            objects.entry("wl_surface").or_default().push(window);
            for _ in 0..250 {
                let (interface, opcode, signature, made) = REQUESTS[below(REQUESTS.len())];
                let one = |objects: &HashMap<&str, Vec<u32>>, kind: &str, at: usize| {
                    objects.get(kind).and_then(|all| all.get(at % all.len().max(1)).copied())
                };
                let Some(object) = one(&objects, interface, below(64)) else { continue };
                let mut words = Vec::new();
                let mut missing = false;
                for kind in signature.chars() {
                    let mut any = |interface: &str| {
                        let found = one(&objects, interface, below(64));
                        missing |= found.is_none();
                        found.unwrap_or_default() as i32
                    };
                    match kind {
                        'n' => words.push(Word::Number(stranger.last as i32 + 1)),
                        's' => words.push(Word::Number(any("wl_surface"))),
                        'b' => words.push(Word::Number(any("wl_buffer"))),
                        'X' => words.push(Word::Number(any("xdg_surface"))),
                        'p' => words.push(Word::Number(any("xdg_positioner"))),
                        'B' => words.extend([0, 1 + below(64) as i32, 1 + below(64) as i32, 256].map(Word::Number)),
                        'e' => words.push(Word::Number(below(9) as i32)),
                        't' => words.push(Word::Text("text/plain")),
                        _ => words.push(Word::Number([i32::MIN, -70, 0, 1, 2, 63, 1 << 17, i32::MAX][below(8)])),
                    }
                }
                if missing {
                    continue;
                }
                if signature.contains('n') {
                    let id = stranger.new_id();
                    objects.entry(made).or_default().push(id);
                }
                stranger.say(object, opcode, &words);
                if opcode == 0 && signature.is_empty() {
                    objects.entry(interface).or_default().retain(|id| *id != object);
                }
                if below(20) == 0 {
                    play(handle);
                }
            }
        });
    }
}
