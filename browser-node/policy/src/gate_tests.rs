use super::*;
use crate::keys;
use proptest::prelude::*;
use std::collections::HashSet;
use tandem_protocol::input::{Modifiers, Navigation};
use tandem_protocol::policy::Permissions;
use tandem_protocol::{DeviceClass, Private, TabId};

const CUSTOMER: ParticipantId = ParticipantId(1);
const AGENT: ParticipantId = ParticipantId(2);
const START: Millis = Millis(1_000_000);

fn gate() -> Gate {
    let mut gate = Gate::new(Policy::default(), Viewport::DEFAULT);
    gate.admit(CUSTOMER, Role::Customer, Rights::ALL, START);
    gate.admit(AGENT, Role::Agent, Rights::ALL, START);
    gate.set_guarded(true);
    gate
}

fn after(ms: u64) -> Millis {
    Millis(START.0 + ms)
}

fn button(pressed: bool) -> ControlInput {
    ControlInput::Button { id: InputId(7), x: 10.0, y: 20.0, button: MouseButton::Left, pressed }
}

fn key(code: &str, key: &str, pressed: bool, modifiers: Modifiers) -> ControlInput {
    ControlInput::Key { id: InputId(8), code: code.into(), key: key.into(), pressed, repeat: false, modifiers }
}

fn actions(outcome: &Outcome) -> Vec<Action> {
    outcome.permits.iter().map(|p| p.action().clone()).collect()
}

#[test]
fn what_rules_find_is_the_customers_to_ask() {
    let (mut gate, pick) = (gate(), ControlInput::Pick { id: InputId(3), x: -5.0, y: 20.0 });
    gate.admit(ParticipantId(3), Role::Supervisor, Rights::ALL, START);
    for other in [AGENT, ParticipantId(3)] {
        assert_eq!(gate.act(other, pick.clone(), START), Outcome::denied(Denied::Role));
        assert_eq!(gate.act(other, ControlInput::Matches, START), Outcome::denied(Denied::Role));
    }
    assert_eq!(actions(&gate.act(CUSTOMER, pick, START)), [Action::Pick { id: InputId(3), x: 0.0, y: 20.0 }]);
    assert_eq!(actions(&gate.act(CUSTOMER, ControlInput::Matches, START)), [Action::Matches]);
    assert_eq!(actions(&gate.act(CUSTOMER, ControlInput::Pick { id: InputId(4), x: f32::NAN, y: 0.0 }, START)), []);
}

#[test]
fn a_device_says_what_it_is_but_not_anything() {
    let device = |zone: &str| Device { class: DeviceClass::Phone, time_zone: Some(zone.into()), dark: Some(true) };
    let resize = |zone| ControlInput::Resize {
        viewport: Viewport { width: 9, ..Viewport::DEFAULT },
        device: Some(device(zone)),
    };
    let viewport = Viewport { width: 320, ..Viewport::DEFAULT };
    let taken = Action::Resize { viewport, device: Some(device("Europe/Madrid")) };
    assert_eq!(actions(&gate().act(CUSTOMER, resize("Europe/Madrid"), START)), [taken]);
    let unknown = Device { time_zone: None, ..device("") };
    let taken = Action::Resize { viewport, device: Some(unknown) };
    assert_eq!(actions(&gate().act(CUSTOMER, resize("../zone"), START)), [taken]);
    assert_eq!(gate().act(AGENT, resize("Europe/Madrid"), START).denied, Some(Denied::Role));
}

#[test]
fn strangers_do_nothing() {
    let outcome = gate().act(ParticipantId(9), button(true), START);
    assert_eq!(outcome, Outcome::denied(Denied::Role));
}

#[test]
fn a_press_moves_there_and_carries_its_input() {
    let outcome = gate().act(CUSTOMER, button(true), START);
    let press = Action::Button { button: MouseButton::Left, pressed: true, modifiers: Mask::default() };
    assert_eq!(actions(&outcome), [Action::Move { x: 10.0, y: 20.0, modifiers: Mask::default() }, press]);
    assert_eq!(outcome.permits[1].input(), Some((CUSTOMER, InputId(7))));
}

#[test]
fn a_customers_press_takes_the_pointer_from_whoever_holds_it() {
    let mut gate = gate();
    gate.act(AGENT, button(true), START);
    let outcome = gate.act(CUSTOMER, button(true), START);
    let press = |pressed| Action::Button { button: MouseButton::Left, pressed, modifiers: Mask::default() };
    let there = Action::Move { x: 10.0, y: 20.0, modifiers: Mask::default() };
    assert_eq!(actions(&outcome), [press(false), there, press(true)]);
    assert_eq!(outcome.permits.iter().map(Permit::is_customers).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(gate.act(AGENT, button(true), START).denied, Some(Denied::Busy));
}

#[test]
fn a_press_takes_the_pointer_until_release_or_time_out() {
    let mut gate = gate();
    let supervisor = ParticipantId(3);
    gate.admit(supervisor, Role::Supervisor, Rights::ALL, START);
    gate.act(AGENT, button(true), START);
    assert_eq!(gate.act(supervisor, button(true), START).denied, Some(Denied::Busy));
    assert!(
        gate.point(CUSTOMER, PointerInput { sequence: 1, x: 5.0, y: 5.0 }, START).permits.is_empty(),
        "a cursor only"
    );
    assert!(gate.act(CUSTOMER, button(false), START).permits.is_empty(), "not theirs to release");
    assert!(gate.expire(after(9_999)).permits.is_empty());
    assert_eq!(gate.deadline(), Some(after(10_000)));
    assert_eq!(gate.expire(after(10_000)).permits.len(), 1);
    assert!(gate.act(CUSTOMER, button(true), after(10_001)).denied.is_none());
}

#[test]
fn hover_follows_whoever_moved_last_the_customer_first() {
    let mut gate = gate();
    let mut moves = |who, sequence, ms| {
        let outcome = gate.point(who, PointerInput { sequence, x: 1.0, y: 1.0 }, after(ms));
        assert_eq!(outcome.cursor.map(|c| c.participant), Some(who));
        !outcome.permits.is_empty()
    };
    assert!(moves(AGENT, 1, 0));
    assert!(moves(CUSTOMER, 1, 10));
    assert!(!moves(AGENT, 2, 20));
    assert!(moves(AGENT, 3, 500));
}

#[test]
fn late_moves_are_dropped_also_when_the_counter_wraps() {
    let mut gate = gate();
    for (sequence, taken) in [
        (5, true),
        (4, false),
        (5, false),
        (u32::MAX, false),
        (6, true),
        (0x8000_0005, true),
        (0xffff_ffff, true),
        (0, true),
        (0xffff_ffff, false),
    ] {
        let outcome = gate.point(AGENT, PointerInput { sequence, x: 1.0, y: 1.0 }, START);
        assert_eq!(outcome.cursor.is_some(), taken, "{sequence}");
    }
}

#[test]
fn characters_of_every_layout_arrive() {
    let shift = Modifiers { shift: true, ..Modifiers::default() };
    let alt_gr = Modifiers { alt_graph: true, control: true, alt: true, ..Modifiers::default() };
    let press = |code: u16, shift| Action::Key { code, pressed: true, modifiers: Mask { shift, ..Mask::default() } };
    for (code, name, held, expected) in [
        ("KeyA", "a", Modifiers::default(), press(30, false)),
        ("KeyQ", "a", Modifiers::default(), press(30, false)),
        ("Digit1", "1", shift, press(2, false)),
        ("KeyQ", "@", alt_gr, press(3, true)),
        ("KeyE", "€", alt_gr, Action::Text { text: "€".into() }),
        ("Semicolon", "ñ", Modifiers::default(), Action::Text { text: "ñ".into() }),
        ("Enter", "Enter", Modifiers::default(), press(28, false)),
        ("ArrowLeft", "ArrowLeft", shift, press(105, true)),
    ] {
        assert_eq!(actions(&gate().act(CUSTOMER, key(code, name, true, held), START)), [expected], "{name}");
    }
    assert_eq!(gate().act(CUSTOMER, key("BracketLeft", "Dead", true, Modifiers::default()), START), Outcome::default());
}

#[test]
fn shortcuts_follow_the_character_and_pass_a_list() {
    let control = Modifiers { control: true, ..Modifiers::default() };
    let outcome = gate().act(CUSTOMER, key("KeyQ", "a", true, control), START);
    let select_all = Action::Key { code: 30, pressed: true, modifiers: Mask { control: true, ..Mask::default() } };
    assert_eq!(actions(&outcome), [select_all]);
    for (code, name) in [
        ("KeyT", "t"),
        ("KeyW", "w"),
        ("KeyF", "f"),
        ("KeyP", "p"),
        ("F5", "F5"),
        ("F12", "F12"),
        ("KeyU", "u"),
        ("KeyÄ", "ä"),
    ] {
        assert_eq!(
            gate().act(CUSTOMER, key(code, name, true, control), START).denied,
            Some(Denied::Shortcut),
            "{name}"
        );
    }
}

#[test]
fn one_persons_modifiers_are_not_the_others() {
    let mut gate = gate();
    let shift = Modifiers { shift: true, ..Modifiers::default() };
    gate.act(AGENT, key("ShiftLeft", "Shift", true, shift), START);
    let click = actions(&gate.act(CUSTOMER, button(true), START));
    assert_eq!(click[1], Action::Button { button: MouseButton::Left, pressed: true, modifiers: Mask::default() });
}

#[test]
fn a_key_that_two_hold_is_up_when_both_let_go() {
    let mut gate = gate();
    let plain = Modifiers::default();
    gate.act(CUSTOMER, key("KeyA", "a", true, plain), START);
    gate.act(AGENT, key("KeyA", "a", true, plain), START);
    assert!(gate.act(AGENT, key("KeyA", "a", false, plain), START).permits.is_empty());
    assert_eq!(gate.act(CUSTOMER, key("KeyA", "a", false, plain), START).permits.len(), 1);
}

#[test]
fn roles_may_what_the_policy_says() {
    let none = Permissions { control: false, typing: false, navigate: false, hear: false };
    let back = || ControlInput::Navigate { to: Navigation::Back };
    for (permissions, input, allowed) in [
        (Permissions { control: true, ..none }, button(true), true),
        (none, button(true), false),
        (Permissions { typing: true, ..none }, ControlInput::Text { id: InputId(1), text: "x".into() }, true),
        (Permissions { control: true, ..none }, ControlInput::Text { id: InputId(1), text: "x".into() }, false),
        (Permissions { navigate: true, ..none }, back(), true),
        (Permissions { typing: true, ..none }, back(), false),
        (none, ControlInput::Tab { tab: TabId(1), close: true }, false),
        (Permissions { hear: true, ..none }, ControlInput::Sound { on: true }, true),
        (Permissions::default(), ControlInput::Sound { on: true }, false),
        (none, ControlInput::Sound { on: false }, true),
        (Permissions::default(), ControlInput::Resize { viewport: Viewport::DEFAULT, device: None }, false),
    ] {
        let mut gate = gate();
        gate.set_policy(Policy { agent: permissions, ..Policy::default() });
        assert_eq!(gate.act(AGENT, input.clone(), START).denied.is_none(), allowed, "{input:?}");
        assert!(self::gate().act(CUSTOMER, input, START).denied.is_none(), "the customer may everything");
    }
}

#[test]
fn nobody_but_the_customer_hears_the_page_before_the_policy_says_so() {
    let mut gate = gate();
    let hear = Permissions { hear: true, ..Permissions::default() };
    assert!(gate.hears(CUSTOMER) && !gate.hears(AGENT) && !gate.hears(ParticipantId(99)));
    gate.set_policy(Policy { supervisor: hear, ..Policy::default() });
    assert!(!gate.hears(AGENT));
    gate.set_policy(Policy { agent: hear, ..Policy::default() });
    assert!(gate.hears(AGENT));
    gate.allow(AGENT, Rights::NONE);
    assert!(!gate.hears(AGENT) && gate.hears(CUSTOMER), "as when the customer pauses");
}

#[test]
fn in_a_page_without_a_guard_only_the_customer_acts() {
    let mut gate = gate();
    gate.act(AGENT, button(true), START);
    gate.set_guarded(false);
    let release = gate.act(AGENT, button(false), START);
    assert_eq!((release.denied, release.permits.len()), (None, 2), "what is held is let go");
    let denied = |gate: &mut Gate, who, input| gate.act(who, input, START).denied;
    assert_eq!(denied(&mut gate, AGENT, button(true)), Some(Denied::Masked));
    assert_eq!(denied(&mut gate, AGENT, key("KeyA", "a", true, Modifiers::default())), Some(Denied::Masked));
    assert_eq!(denied(&mut gate, AGENT, ControlInput::Navigate { to: Navigation::Back }), None);
    assert_eq!(denied(&mut gate, CUSTOMER, button(true)), None);
    let moved = gate.point(AGENT, PointerInput { sequence: 1, x: 1.0, y: 1.0 }, START);
    assert!(moved.permits.is_empty() && moved.cursor.is_some());
}

#[test]
fn losing_control_lets_go() {
    let mut gate = gate();
    gate.act(AGENT, button(true), START);
    gate.act(AGENT, key("KeyA", "a", true, Modifiers::default()), START);
    let none = Permissions { control: false, typing: false, navigate: false, hear: false };
    assert_eq!(gate.set_policy(Policy { agent: none, ..Policy::default() }).permits.len(), 2);
}

#[test]
fn a_flood_is_refused_but_letting_go_is_heard() {
    let mut gate = gate();
    gate.act(AGENT, button(true), START);
    let wheel = || ControlInput::Wheel { id: InputId(1), x: 1.0, y: 1.0, dx: 0.0, dy: 1.0 };
    let refused = (0..1000).filter(|_| gate.act(AGENT, wheel(), START).denied == Some(Denied::Flood)).count();
    assert_eq!(refused, 1000 - ACTS_A_SECOND as usize + 1);
    assert_eq!(gate.act(AGENT, button(false), START).permits.len(), 2);
    assert!(gate.act(CUSTOMER, wheel(), START).denied.is_none(), "the other person's budget is their own");
}

fn any_input() -> impl Strategy<Value = ControlInput> {
    let place = || prop_oneof![any::<f32>(), -10f32..3000.0];
    let modifiers = || {
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(shift, control, alt)| Modifiers {
            shift,
            control,
            alt,
            ..Modifiers::default()
        })
    };
    let buttons = prop_oneof![Just(MouseButton::Left), Just(MouseButton::Right)];
    let phases =
        prop_oneof![Just(TouchPhase::Start), Just(TouchPhase::Move), Just(TouchPhase::End), Just(TouchPhase::Cancel)];
    let names =
        prop_oneof![Just("a"), Just("A"), Just("é"), Just("Enter"), Just("Shift"), Just("Dead"), Just("F5"), Just("")];
    prop_oneof![
        (place(), place(), buttons, any::<bool>()).prop_map(|(x, y, button, pressed)| ControlInput::Button {
            id: InputId(1),
            x,
            y,
            button,
            pressed
        }),
        (names, 0u8..5, any::<bool>(), modifiers()).prop_map(|(name, code, pressed, held)| key(
            &format!("Key{code}"),
            name,
            pressed,
            held
        )),
        (0u8..4, phases, place(), place()).prop_map(|(finger, phase, x, y)| ControlInput::Touch {
            id: InputId(1),
            finger,
            phase,
            x,
            y
        }),
        (place(), place(), place(), place()).prop_map(|(x, y, dx, dy)| ControlInput::Wheel {
            id: InputId(1),
            x,
            y,
            dx,
            dy
        }),
        Just(ControlInput::ReleaseAll),
        Just(ControlInput::Text { id: InputId(1), text: Private::from("ü") }),
        (place(), place()).prop_map(|(x, y)| ControlInput::Hide { x, y }),
        (place(), place()).prop_map(|(x, y)| ControlInput::Pick { id: InputId(1), x, y }),
        Just(ControlInput::Matches),
    ]
}

/// What the browser believes to be down.
#[derive(Default)]
struct Seat {
    keys: HashSet<u16>,
    buttons: HashSet<MouseButton>,
    fingers: HashSet<u8>,
}

impl Seat {
    fn carry_out(&mut self, outcome: &Outcome) {
        for action in actions(outcome) {
            match action {
                Action::Key { code, pressed: true, .. } => drop(self.keys.insert(code)),
                Action::Key { code, pressed: false, .. } => {
                    assert!(self.keys.remove(&code), "released what is not down")
                }
                Action::Button { button, pressed: true, .. } => assert!(self.buttons.insert(button), "pressed twice"),
                Action::Button { button, pressed: false, .. } => {
                    assert!(self.buttons.remove(&button), "released what is not down")
                }
                Action::Touch { slot, phase: TouchPhase::Start, .. } => assert!(self.fingers.insert(slot)),
                Action::Touch { slot, phase: TouchPhase::End | TouchPhase::Cancel, .. } => {
                    assert!(self.fingers.remove(&slot))
                }
                Action::Touch { slot, phase: TouchPhase::Move, .. } => assert!(self.fingers.contains(&slot)),
                Action::Move { x, y, .. } => assert!((0.0..1280.0).contains(&x) && (0.0..720.0).contains(&y)),
                Action::Wheel { dx, dy, .. } => assert!(dx.abs() <= WHEEL_LIMIT && dy.abs() <= WHEEL_LIMIT),
                Action::Text { .. }
                | Action::Compose { .. }
                | Action::Navigate { .. }
                | Action::Tab { .. }
                | Action::NewTab
                | Action::OpenLink { .. }
                | Action::Reach { .. }
                | Action::Choose { .. }
                | Action::Answer { .. }
                | Action::Find { .. }
                | Action::File { .. }
                | Action::Hide { .. }
                | Action::Pick { .. }
                | Action::Matches
                | Action::Resize { .. } => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// However two people press, release, leave and come back, the browser is never left with anything down.
    #[test]
    fn nothing_sticks(steps in prop::collection::vec((0u32..3, 0u32..20, any_input(), 0u64..3_000), 1..60)) {
        let (mut gate, mut seat, mut now) = (gate(), Seat::default(), START);
        for (who, chance, input, wait) in steps {
            now = Millis(now.0 + wait);
            seat.carry_out(&gate.expire(now));
            let who = ParticipantId(who);
            let outcome = match chance {
                0 => gate.dismiss(who),
                1 => { gate.admit(who, if who == CUSTOMER { Role::Customer } else { Role::Agent }, Rights::ALL, now); Outcome::default() }
                _ => gate.act(who, input, now),
            };
            seat.carry_out(&outcome);
        }
        for who in 0..3 {
            seat.carry_out(&gate.dismiss(ParticipantId(who)));
        }
        prop_assert!(seat.keys.is_empty() && seat.buttons.is_empty() && seat.fingers.is_empty());
    }
}

#[test]
fn no_press_brings_up_the_browsers_own_menu_where_no_guard_is() {
    let press = ControlInput::Button { id: InputId(7), x: 10.0, y: 20.0, button: MouseButton::Right, pressed: true };
    let menu_key = key("ContextMenu", "ContextMenu", true, Modifiers::default());
    let mut gate = gate();
    gate.set_guarded(false);
    for (input, at) in [(press.clone(), (10.0, 20.0)), (menu_key.clone(), (0.0, 0.0))] {
        assert_eq!(gate.act(CUSTOMER, input.clone(), START), Outcome { menu: Some(at), ..Outcome::default() });
        assert_eq!(gate.act(AGENT, input, START), Outcome::denied(Denied::Masked));
    }
    gate.set_guarded(true);
    for input in [press, menu_key] {
        let outcome = gate.act(CUSTOMER, input, START);
        assert!(outcome.menu.is_none() && !outcome.permits.is_empty());
    }
}

#[test]
fn shortcuts_are_never_text() {
    for held in [Mask { control: true, ..Mask::default() }, Mask { alt: true, ..Mask::default() }] {
        assert!(!keys::is_shared_shortcut(keys::of_character('t').unwrap().code, held));
    }
}

/// As if neither signalling nor the SFU were there to deny it, and the policy allowed everything.
#[test]
fn rights_hold_for_every_role_and_act() {
    let inputs = [
        (Act::Click, ControlInput::Wheel { id: InputId(1), x: 1.0, y: 1.0, dx: 0.0, dy: 1.0 }),
        (Act::Type, ControlInput::Text { id: InputId(1), text: "x".into() }),
        (Act::Navigate, ControlInput::Navigate { to: Navigation::Back }),
        (Act::OpenTabs, ControlInput::Tab { tab: TabId(1), close: true }),
        (Act::Hear, ControlInput::Sound { on: true }),
        (Act::CustomersOwn, ControlInput::Hide { x: 1.0, y: 1.0 }),
        (Act::LetGo, ControlInput::ReleaseAll),
    ];
    let rights = [
        (Act::Point, Rights { point: true, ..Rights::NONE }),
        (Act::Click, Rights { click: true, ..Rights::NONE }),
        (Act::Type, Rights { typing: true, ..Rights::NONE }),
        (Act::Navigate, Rights { navigate: true, ..Rights::NONE }),
        (Act::OpenTabs, Rights { open_tabs: true, ..Rights::NONE }),
        (Act::Hear, Rights { hear: true, ..Rights::NONE }),
    ];
    let all = Permissions { hear: true, ..Permissions::default() };
    let policy = Policy { agent: all, supervisor: all, ..Policy::default() };
    for role in [Role::Customer, Role::Agent, Role::Supervisor] {
        let gate = |rights| {
            let mut gate = Gate::new(policy.clone(), Viewport::DEFAULT);
            gate.set_guarded(true);
            gate.admit(AGENT, role, rights, START);
            gate
        };
        for (of, right) in rights.into_iter().chain([(Act::LetGo, Rights::NONE)]) {
            for (act, input) in &inputs {
                let always = *act == Act::LetGo || (*act == Act::CustomersOwn && role == Role::Customer);
                let denied = gate(right).act(AGENT, input.clone(), START).denied;
                assert_eq!(denied.is_none(), always || of == *act, "{role:?} {of:?} {act:?}");
            }
            let moved = gate(right).point(AGENT, PointerInput { sequence: 1, x: 1.0, y: 1.0 }, START);
            assert_eq!((moved.cursor.is_some(), moved.permits.len()), (of == Act::Point, 0), "{role:?} {of:?}");
        }
    }
}

#[test]
fn who_loses_their_rights_lets_go_at_once() {
    let mut gate = gate();
    gate.act(AGENT, button(true), START);
    gate.act(AGENT, key("KeyA", "a", true, Modifiers::default()), START);
    assert_eq!(gate.allow(AGENT, Rights::ALL).permits.len(), 0);
    assert_eq!(gate.allow(AGENT, Rights::ALL.without_control()).permits.len(), 2);
    assert_eq!(gate.act(AGENT, button(true), START).denied, Some(Denied::Role));
    gate.allow(AGENT, Rights::ALL);
    assert_eq!(gate.act(AGENT, button(true), START).denied, None);
    assert_eq!(gate.allow(ParticipantId(77), Rights::ALL), Outcome::default(), "nobody comes in by it");
}
