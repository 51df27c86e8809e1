//! The compositor with a real Chromium on it: each test is one browser's story.

mod browser;

use browser::{Browser, Screen, Seen};
use std::time::Duration;
use tandem_compositor::{Config, Event, Modifiers, Rect, Size, TouchPhase};
use tandem_protocol::notice::{CursorShape, Field, FieldKind};

const RED: [u8; 3] = [200, 0, 0];
const GREEN: [u8; 3] = [0, 150, 0];
const BLUE: [u8; 3] = [0, 0, 220];
const YELLOW: [u8; 3] = [220, 220, 0];
const WHITE: [u8; 3] = [255, 255, 255];

/// The part that all pages share: `show('red')` paints the lower half of the page.
const SCRIPT: &str = "const colours = {red: 'rgb(200,0,0)', green: 'rgb(0,150,0)', blue: 'rgb(0,0,220)', yellow: 'rgb(220,220,0)'};\
    function show(name) { document.getElementById('shown').style.background = colours[name] }";
const HEAD: &str = "<!doctype html><meta charset=utf-8><style>*{margin:0} #shown{position:fixed;top:50%;left:0;width:100%;height:50%;\
    background:rgb(200,0,0);pointer-events:none}</style><div id=shown></div>";

fn open(body: &str, script: &str) -> (Browser, Screen) {
    let page = format!("{HEAD}{body}<script>{SCRIPT}{script}</script>");
    let escaped: String = page
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect();
    let screen = Screen::default();
    let config = Config { window: Size { width: 800, height: 600 }, scale: 1.0, refresh: 60 };
    let browser =
        Browser::start(config, &format!("data:text/html,{escaped}"), &[], screen.clone()).expect("Chromium starts");
    shows(&screen, "the page", RED);
    (browser, screen)
}

/// Waits until the lower half of the page has a colour.
fn shows(screen: &Screen, what: &str, colour: [u8; 3]) -> Seen {
    screen.wait(what, |seen| {
        let (width, height) = (seen.root.width, seen.root.height);
        width > 0
            && [(5, height - 5), (width / 2, height - 5), (width - 5, height * 3 / 4)]
                .iter()
                .all(|(x, y)| seen.root.at(*x, *y) == colour)
    })
}

fn has(seen: &Seen, fits: impl Fn(&Event) -> bool) -> bool {
    seen.events.iter().any(fits)
}

#[test]
fn the_page_fills_the_picture_answers_a_click_and_costs_nothing_when_still() {
    let (browser, screen) = open(
        "",
        "addEventListener('mousedown', e => { if (e.isTrusted) show('green') }); addEventListener('mouseup', () => show('blue'))",
    );
    let seen = screen.now();
    assert_eq!((seen.root.width, seen.root.height), (800, 600));
    assert_eq!(seen.root.at(0, 0), WHITE, "the page begins at the very corner: no tabs, no address bar");
    assert_eq!(seen.root.at(799, 0), WHITE);

    browser.seat.motion(400.0, 100.0);
    browser.seat.button(0x110, true);
    let seen = shows(&screen, "the click", GREEN);
    let damage = seen.damage.last().expect("a scene");
    assert!(damage.y >= 290, "only the lower half changed: {damage:?}");
    browser.seat.release_all();
    let seen = shows(&screen, "the button let go", BLUE);

    let moved = screen.wait_at_most(Duration::from_secs(2), |now| now.sequence > seen.sequence);
    assert!(moved.is_none(), "a still page committed");

    browser.seat.resize(Size { width: 500, height: 700 }, 1.0);
    screen.wait("the new size", |seen| {
        (seen.root.width, seen.root.height) == (500, 700) && seen.root.at(495, 695) == BLUE
    });
    browser.seat.resize(Size { width: 500, height: 400 }, 2.0);
    screen.wait("twice as sharp", |seen| {
        (seen.root.width, seen.root.height) == (1000, 800) && seen.root.at(995, 795) == BLUE
    });
    assert!(!has(&screen.now(), |e| *e == Event::Disconnected));
}

#[test]
fn keys_text_compositions_and_the_clipboard_reach_a_field() {
    const INPUT: &str =
        "<input id=i type=email style='position:fixed;left:0;top:0;width:300px;height:40px;font:20px sans-serif'>";
    let (browser, screen) = open(
        INPUT,
        "i.oninput = e => { if (!e.isComposing) show({'aB1': 'green', 'aB1é😀': 'blue', 'k': 'green', 'kk': 'blue', 'ours': 'yellow'}[i.value] ?? 'red') };\
         addEventListener('compositionupdate', e => { if (e.data === '가') show('yellow') });",
    );
    let key = |code, shift| {
        browser.seat.modifiers(Modifiers { shift, ..Modifiers::default() });
        browser.seat.key(code, true);
        browser.seat.key(code, false);
    };
    let control = |code| {
        browser.seat.modifiers(Modifiers { control: true, ..Modifiers::default() });
        browser.seat.key(code, true);
        browser.seat.key(code, false);
        browser.seat.modifiers(Modifiers::default());
    };
    browser.click(100.0, 20.0);
    screen.wait("the field's focus", |seen| {
        has(seen, |e| matches!(e, Event::TextField(Some(f)) if f.kind == FieldKind::Email))
    });
    screen.wait("the text cursor", |seen| has(seen, |e| *e == Event::Cursor(CursorShape::Text)));

    key(30, false);
    key(48, true);
    key(2, false);
    shows(&screen, "typed keys", GREEN);
    let in_place = |field: &Field| field.caret[1] < 40.0 && field.caret[3] > 5.0;
    screen.wait("the caret's place", |seen| has(seen, |e| matches!(e, Event::TextField(Some(f)) if in_place(f))));
    browser.seat.text("\0é😀".to_owned());
    shows(&screen, "text that no key makes", BLUE);
    browser.seat.compose("가".to_owned());
    shows(&screen, "a composition", YELLOW);
    browser.seat.compose(String::new());

    // Select all and replace; copy; paste twice.
    control(30);
    key(37, false);
    shows(&screen, "the replaced text", GREEN);
    control(30);
    control(46);
    screen.wait("the copy", |seen| seen.copied > 0);
    let (sender, received) = std::sync::mpsc::channel();
    browser.seat.clipboard(move |text| sender.send(text).expect("the test waits"));
    assert_eq!(received.recv().expect("a reply").expect("text").reveal(), "k");
    key(107, false);
    control(47);
    shows(&screen, "the pasted text", BLUE);
    browser.seat.set_clipboard("ours".to_owned());
    control(30);
    control(47);
    shows(&screen, "our own text pasted", YELLOW);

    browser.click(600.0, 200.0);
    screen.wait("the field's blur", |seen| {
        seen.events.iter().rfind(|e| matches!(e, Event::TextField(_))) == Some(&Event::TextField(None))
    });
}

#[test]
fn a_list_is_a_picture_of_its_own_that_can_be_chosen_from_and_dismissed() {
    const SELECT: &str = "<select id=s style='position:fixed;left:40px;top:30px;width:200px;height:30px;font:20px sans-serif'><option>red<option>green<option>blue</select>";
    let (browser, screen) = open(
        SELECT,
        "s.onchange = () => show(s.value); addEventListener('mousedown', e => { if (e.target !== s) show('yellow') })",
    );
    browser.click(100.0, 45.0);
    let seen = screen.wait("the list", |seen| !seen.popups.is_empty());
    let list = &seen.popups[0];
    assert!(
        (20..=45).contains(&list.x) && (35..=65).contains(&list.y) && list.width >= 200,
        "{} {} {}",
        list.x,
        list.y,
        list.width
    );
    let over_list = |d: &&Rect| d.y > 40 && d.width > 150 && d.height > 60;
    assert!(seen.damage.iter().any(|d| over_list(&d)), "its place is damaged when it comes: {:?}", seen.damage);
    assert_eq!(seen.root.at(60, 120), WHITE, "nothing of it is in the root");

    let before = screen.now().damage.len();
    browser.seat.dismiss_popups();
    let seen = screen.wait("the list gone", |seen| seen.popups.is_empty());
    assert!(seen.damage[before..].iter().any(|d| over_list(&d)), "and when it goes: {:?}", seen.damage);

    // The page learns of it with the next press at the latest; one beside the list is no question of open or closed.
    browser.click(600.0, 200.0);
    shows(&screen, "the press beside it", YELLOW);
    browser.click(100.0, 45.0);
    screen.wait("the list open again", |seen| !seen.popups.is_empty());
    for code in [108, 28] {
        browser.seat.key(code, true);
        browser.seat.key(code, false);
    }
    shows(&screen, "the choice by key", GREEN);
    screen.wait("the list closed", |seen| seen.popups.is_empty());

    browser.click(100.0, 45.0);
    screen.wait("the list open", |seen| !seen.popups.is_empty());
    browser.click(600.0, 200.0);
    screen.wait("the list closed by a click beside it", |seen| seen.popups.is_empty());

    browser.click(100.0, 45.0);
    let seen = screen.wait("the list once more", |seen| !seen.popups.is_empty());
    let list = &seen.popups[0];
    // The last of three rows, counted from the list's lower end.
    browser.click(f64::from(list.x + 60), f64::from(list.y + list.height as i32 - 14));
    shows(&screen, "the choice by click", BLUE);
    screen.wait("the list closed", |seen| seen.popups.is_empty());
}

#[test]
fn drags_wheels_and_fingers_reach_the_page() {
    const BODY: &str = "<div id=a draggable=true style='position:fixed;left:20px;top:20px;width:80px;height:80px;background:gray'></div>\
        <div id=b style='position:fixed;left:300px;top:20px;width:120px;height:120px;background:silver'></div>";
    const SCRIPT: &str = "a.ondragstart = e => { e.dataTransfer.setData('text/plain', 'x'); e.dataTransfer.effectAllowed = 'move' };\
        b.ondragover = e => { e.preventDefault(); b.style.background = 'rgb(0,0,220)' };\
        let got; b.ondrop = e => { got = e.isTrusted && e.dataTransfer.getData('text/plain'); e.preventDefault() };\
        a.ondragend = e => { if (got === 'x' && e.dataTransfer.dropEffect === 'move') show('green') };\
        let turned = 0; addEventListener('wheel', e => { if ((turned += e.deltaY) === 240) show('blue') });\
        addEventListener('touchstart', e => { if (e.touches.length === 2) show('yellow') });\
        addEventListener('touchcancel', () => show('green'))";
    let (browser, screen) = open(BODY, SCRIPT);
    browser.seat.motion(60.0, 60.0);
    browser.seat.button(0x110, true);
    for x in (60..=360).step_by(10) {
        browser.seat.motion(f64::from(x), 70.0);
    }
    screen.wait("the page's answer to what is over it", |seen| seen.root.at(310, 30) == BLUE);
    // Chromium takes its answer for the next move, and drops nothing before.
    for x in [361.0, 362.0] {
        browser.seat.motion(x, 70.0);
        screen.wait_at_most(Duration::from_millis(100), |_| false);
    }
    browser.seat.button(0x110, false);
    shows(&screen, "the drop and its end", GREEN);

    browser.seat.wheel(0.0, 60.5);
    browser.seat.wheel(0.0, 59.5);
    browser.seat.wheel(0.0, 120.0);
    shows(&screen, "the wheel", BLUE);
    browser.seat.touch(0, TouchPhase::Down, 500.0, 100.0);
    browser.seat.touch(1, TouchPhase::Down, 600.0, 100.0);
    shows(&screen, "two fingers", YELLOW);
    browser.seat.release_all();
    shows(&screen, "the fingers taken back", GREEN);
}

#[test]
fn a_second_window_comes_to_the_front_and_the_first_comes_back() {
    const SCRIPT_: &str = "let w; onkeydown = e => { if (e.key === 'x') w.close() };\
        onclick = () => { w = open('about:blank', 'w', 'width=300,height=300'); w.document.documentElement.style.background = 'rgb(0,0,220)';\
        w.onkeydown = e => w.close(); w.onpagehide = () => show('green') }";
    let (browser, screen) = open("", SCRIPT_);
    browser.click(400.0, 100.0);
    screen.wait("the second window", |seen| seen.root.is_all(BLUE) || seen.root.at(400, 500) == BLUE);
    browser.seat.key(30, true);
    browser.seat.key(30, false);
    shows(&screen, "the first window again", GREEN);
}

#[test]
fn a_browser_that_does_not_read_for_a_while_is_not_lost() {
    let (browser, screen) = open("", "let keys = 0; onkeyup = () => { if (++keys === 3) show('green') }");
    browser.seat.pace(0);
    let process = nix::unistd::Pid::from_raw(browser.child.id() as i32);
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGSTOP).expect("ours");
    for step in 0..200_000 {
        browser.seat.motion(f64::from(step % 700), 100.0);
        if step % 50_000 == 0 {
            browser.seat.key(30, true);
            browser.seat.key(30, false);
        }
    }
    for _ in 0..2_000 {
        browser.seat.button(0x113, true);
        browser.seat.button(0x113, false);
    }
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGCONT).expect("ours");
    browser.seat.pace(60);
    shows(&screen, "the keys", GREEN);
}

#[test]
fn text_that_follows_a_tab_is_in_the_next_field() {
    let fields = "<input>".repeat(12);
    let (browser, screen) = open(
        &fields,
        "const all = [...document.querySelectorAll('input')]; all[0].focus();\
         const busy = until => { while (performance.now() < until); };\
         addEventListener('keydown', e => { if (e.key === 'Tab') busy(performance.now() + 30) });\
         addEventListener('input', () => { if (all.slice(0, 11).every(one => one.value === 'Éa')) show('green') })",
    );
    let tap = |code| {
        browser.seat.key(code, true);
        browser.seat.key(code, false);
    };
    for _ in 0..11 {
        browser.seat.text("É".to_owned());
        tap(30);
        tap(15);
    }
    shows(&screen, "every field with its text", GREEN);
}
