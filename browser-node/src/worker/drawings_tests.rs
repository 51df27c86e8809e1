use super::*;

const EVA: ParticipantId = ParticipantId(1);
const ANA: ParticipantId = ParticipantId(2);
const CUSTOMER: Author = Author { who: EVA, is_customer: true, may: true };
const AGENT: Author = Author { who: ANA, is_customer: false, may: true };
const TAB: TabId = TabId(1);
const PAGE: Page =
    Page { tab: TAB, viewport: Viewport { width: 800, height: 600, scale: 1.0 }, guarded: true, watched: true };
const NOW: Millis = Millis(1_000);
const BOX: Frame = [100.0, 200.0, 400.0, 50.0];

fn begin(number: u32, tool: Tool) -> DrawingInput {
    DrawingInput::Begin { number, tool, at: [110.0, 210.0], fade: false, text: None }
}

fn anchored(drawings: &mut Drawings, id: u32, hidden: bool) -> Steps {
    drawings.anchored(TAB, &[Anchored { id, frame: Some(BOX), hidden }], NOW)
}

/// What somebody would be told if they came now.
fn seen(drawings: &Drawings, audience: Audience) -> Vec<Drawing> {
    let who = if audience == Audience::Customer { EVA } else { ANA };
    let notices = drawings.known(who, audience, NOW);
    let drawn = notices.into_iter().filter_map(|notice| match notice {
        DrawingNotice::Drawn { drawings } => Some(drawings),
        _ => None,
    });
    drawn.flatten().collect()
}

fn told(drawings: &Drawings, steps: &Steps, audience: Audience) -> Vec<DrawingNotice> {
    let who = if audience == Audience::Customer { EVA } else { ANA };
    steps.changes.iter().flat_map(|change| drawings.told(change, who, audience, NOW)).collect()
}

#[test]
fn a_stroke_goes_with_its_anchor() {
    let mut drawings = Drawings::default();
    let steps = drawings.act(AGENT, begin(7, Tool::Pen), PAGE, NOW);
    assert_eq!(steps.asks, [(TAB, Ask::Anchor { id: 1, at: [110.0, 210.0], exact: false })]);
    assert!(told(&drawings, &steps, Audience::Customer).is_empty(), "nobody knows where it is");
    drawings.act(AGENT, DrawingInput::Go { number: 7, points: vec![[300.0, 225.0]] }, PAGE, NOW);
    let steps = anchored(&mut drawings, 1, false);
    assert_eq!(told(&drawings, &steps, Audience::Customer).len(), 1);
    let [one] = &seen(&drawings, Audience::Customer)[..] else { panic!("one drawing") };
    assert_eq!((one.frame, &one.points[..], one.number), (Some(BOX), &[[0.025, 0.2], [0.5, 0.5]][..], None));
    assert_eq!(seen(&drawings, Audience::Agent)[0].number, Some(7), "the sender knows it again");
    let steps = drawings.act(AGENT, DrawingInput::Go { number: 7, points: vec![[500.0, 250.0]] }, PAGE, NOW);
    assert_eq!(told(&drawings, &steps, Audience::Customer), [DrawingNotice::Grown { id: 1, points: vec![[1.0, 1.0]] }]);
    let steps = drawings.anchored(TAB, &[Anchored { id: 1, frame: None, hidden: false }], NOW);
    let moved = DrawingNotice::Moved { places: vec![Moved { id: 1, frame: None }] };
    assert_eq!(told(&drawings, &steps, Audience::Customer), [moved]);
    let steps = anchored(&mut drawings, 1, true);
    let moved = DrawingNotice::Moved { places: vec![Moved { id: 1, frame: None }] };
    assert_eq!(told(&drawings, &steps, Audience::Agent), [moved], "where something hidden is, is nothing for agents");
}

#[test]
fn what_spans_two_places_has_two() {
    let mut drawings = Drawings::default();
    drawings.act(AGENT, begin(1, Tool::Arrow), PAGE, NOW);
    for x in [120.0, 130.0] {
        drawings.act(AGENT, DrawingInput::Go { number: 1, points: vec![[x, 225.0]] }, PAGE, NOW);
    }
    anchored(&mut drawings, 1, false);
    drawings.act(AGENT, DrawingInput::Go { number: 1, points: vec![[1.0, 1.0], [500.0, 225.0]] }, PAGE, NOW);
    assert_eq!(seen(&drawings, Audience::Customer)[0].points, [[0.025, 0.2], [1.0, 0.5]]);
}

#[test]
fn agents_see_of_the_customers_what_a_guard_has_cleared() {
    let nothing = |drawings: &Drawings, steps: &Steps| {
        assert!(told(drawings, steps, Audience::Agent).is_empty() && seen(drawings, Audience::Agent).is_empty());
    };
    for (clear, page, judged) in [
        (true, PAGE, true),
        (false, PAGE, true),
        (true, Page { watched: false, ..PAGE }, false),
        (true, Page { guarded: false, ..PAGE }, false),
    ] {
        let mut drawings = Drawings::default();
        let mut steps = drawings.act(CUSTOMER, begin(1, Tool::Box), page, NOW);
        nothing(&drawings, &steps);
        steps = anchored(&mut drawings, 1, false);
        nothing(&drawings, &steps);
        let go = DrawingInput::Go { number: 1, points: vec![[300.0, 300.0]] };
        steps = drawings.act(CUSTOMER, go, page, NOW);
        nothing(&drawings, &steps);
        steps = drawings.act(CUSTOMER, DrawingInput::End { number: 1 }, page, NOW);
        nothing(&drawings, &steps);
        let outline = vec![[110.0, 210.0], [300.0, 210.0], [300.0, 300.0], [110.0, 300.0]];
        let asks: Vec<_> = if judged { vec![(TAB, Ask::Judge { id: 1, points: outline })] } else { vec![] };
        assert_eq!(steps.asks, asks);
        let steps = drawings.judged(TAB, 1, clear);
        assert_eq!(told(&drawings, &steps, Audience::Agent).len(), usize::from(clear && judged));
        assert_eq!(seen(&drawings, Audience::Customer).len(), 1);
        // No guard can change its mind, nor say more than it was asked.
        drawings.judged(TAB, 1, true);
        assert_eq!(seen(&drawings, Audience::Agent).len(), usize::from(clear && judged));
    }
}

#[test]
fn a_stroke_of_the_customers_is_looked_at_as_it_goes() {
    let mut drawings = Drawings::default();
    drawings.act(CUSTOMER, begin(1, Tool::Pen), PAGE, NOW);
    let points = vec![[120.0, 220.0], [130.0, 230.0]];
    let steps = drawings.act(CUSTOMER, DrawingInput::Go { number: 1, points: points.clone() }, PAGE, NOW);
    assert_eq!(steps.asks, [(TAB, Ask::Look { id: 1, points })]);
}

#[test]
fn agents_find_no_gap_where_there_is_a_drawing_that_they_do_not_see() {
    let mut drawings = Drawings::default();
    drawings.act(AGENT, begin(1, Tool::Pulse), PAGE, NOW);
    drawings.act(CUSTOMER, begin(1, Tool::Pulse), PAGE, NOW);
    drawings.act(AGENT, begin(2, Tool::Pulse), PAGE, NOW);
    (1..=3).for_each(|id| drop(anchored(&mut drawings, id, false)));
    let ids: Vec<_> = seen(&drawings, Audience::Agent).iter().map(|one| one.id).collect();
    assert_eq!(ids, [1, 2]);
    let steps = drawings.act(CUSTOMER, DrawingInput::Clear, PAGE, NOW);
    assert!(told(&drawings, &steps, Audience::Agent).is_empty());
    let steps = drawings.act(CUSTOMER, DrawingInput::ClearAll, PAGE, NOW);
    assert_eq!(told(&drawings, &steps, Audience::Agent), [DrawingNotice::Gone { ids: vec![1, 2] }]);
}

#[test]
fn each_undoes_and_clears_their_own() {
    let mut drawings = Drawings::default();
    for author in [AGENT, CUSTOMER] {
        for number in 1..=2 {
            drawings.act(author, begin(number, Tool::Marker), PAGE, NOW);
        }
    }
    (1..=4).for_each(|id| drop(anchored(&mut drawings, id, false)));
    let ids = |drawings: &Drawings| seen(drawings, Audience::Customer).iter().map(|one| one.id).collect::<Vec<_>>();
    let steps = drawings.act(AGENT, DrawingInput::Undo, PAGE, NOW);
    assert_eq!(steps.asks, [(TAB, Ask::Forget { ids: vec![2] })]);
    assert_eq!(ids(&drawings), [1, 3, 4]);
    drawings.act(AGENT, DrawingInput::ClearAll, PAGE, NOW);
    assert_eq!(ids(&drawings), [1, 3, 4], "that is the customer's alone");
    drawings.act(CUSTOMER, DrawingInput::Clear, PAGE, NOW);
    assert_eq!(ids(&drawings), [1]);
    drawings.act(CUSTOMER, DrawingInput::ClearAll, PAGE, NOW);
    assert!(ids(&drawings).is_empty());
}

#[test]
fn drawings_go_with_their_page() {
    let mut drawings = Drawings::default();
    let other = Page { tab: TabId(2), guarded: false, ..PAGE };
    drawings.act(AGENT, begin(1, Tool::Pen), PAGE, NOW);
    drawings.act(AGENT, begin(2, Tool::Pen), other, NOW);
    anchored(&mut drawings, 1, false);
    assert_eq!(drawings.anchored(TabId(2), &[Anchored { id: 1, frame: None, hidden: false }], NOW), Steps::default());
    let steps = drawings.pages(&[TAB, TabId(2)], Some(TAB));
    assert_eq!(told(&drawings, &steps, Audience::Customer), [DrawingNotice::Gone { ids: vec![1] }]);
    assert!(steps.asks.is_empty());
    assert_eq!(seen(&drawings, Audience::Agent)[0].points, [[110.0, 210.0]], "where it is in the window");
    drawings.pages(&[TAB], None);
    assert!(seen(&drawings, Audience::Customer).is_empty());
}

#[test]
fn what_fades_is_not_told_to_who_comes_after() {
    let mut drawings = Drawings::default();
    let fading = DrawingInput::Begin { number: 1, tool: Tool::Pen, at: [1.0, 1.0], fade: true, text: None };
    drawings.act(AGENT, fading, PAGE, Millis(0));
    anchored(&mut drawings, 1, false);
    assert_eq!(seen(&drawings, Audience::Customer)[0].life, Some(FADES as u32), "while it is drawn");
    drawings.act(AGENT, DrawingInput::End { number: 1 }, PAGE, Millis(0));
    assert_eq!(seen(&drawings, Audience::Customer)[0].life, Some((FADES - NOW.0) as u32));
    assert!(drawings.known(EVA, Audience::Customer, Millis(FADES)).is_empty());
    let steps = drawings.act(AGENT, begin(2, Tool::Pen), PAGE, Millis(FADES));
    assert_eq!(steps.asks[0], (TAB, Ask::Forget { ids: vec![1] }), "the page's guard need not follow it any more");
    assert!(steps.changes.is_empty(), "pages know by themselves");
}

#[test]
fn what_is_kept_has_an_end() {
    let mut drawings = Drawings::default();
    drawings.act(AGENT, begin(1, Tool::Pen), PAGE, NOW);
    anchored(&mut drawings, 1, false);
    for i in 0..1_000 {
        let points = (0..1_000).map(|j| [(i % 800) as f32, (j % 600) as f32]).collect();
        drawings.act(AGENT, DrawingInput::Go { number: 1, points }, PAGE, NOW);
    }
    let notices = drawings.known(EVA, Audience::Customer, NOW);
    let places = notices.iter().map(|notice| match notice {
        DrawingNotice::Drawn { drawings } => drawings.iter().map(|one| one.points.len()).sum(),
        DrawingNotice::Grown { points, .. } => points.len(),
        _ => 0,
    });
    assert_eq!(places.sum::<usize>(), PLACES);
    for notice in &notices {
        let talk = tandem_protocol::talk::TalkNotice::Drawing(notice.clone());
        assert!(tandem_protocol::to_json(&talk).len() <= tandem_protocol::limits::TALK);
    }
    drawings.act(CUSTOMER, begin(1, Tool::Pen), PAGE, NOW);
    for number in 2..2_000 {
        drawings.act(AGENT, begin(number, Tool::Pulse), PAGE, NOW);
    }
    assert_eq!(drawings.kept.len(), KEPT + 1, "a flood stays its sender's");
    assert!(drawings.kept.iter().any(|one| one.author.is_customer));
    for who in 3..20 {
        let author = Author { who: ParticipantId(who), ..AGENT };
        for number in 0..30 {
            drawings.act(author, begin(number, Tool::Pen), Page { guarded: false, ..PAGE }, NOW);
            let points = vec![[1.0, 1.0]; PLACES];
            drawings.act(author, DrawingInput::Go { number, points }, PAGE, NOW);
        }
    }
    assert!(drawings.kept.len() <= ALL);
    assert!(drawings.kept.iter().map(Kept::places).sum::<usize>() <= ALL_PLACES);
}

#[test]
fn who_has_no_right_to_draws_nothing_and_clears_nothing() {
    let mut drawings = Drawings::default();
    for author in [AGENT, CUSTOMER] {
        drawings.act(author, begin(1, Tool::Pulse), PAGE, NOW);
    }
    (1..=2).for_each(|id| drop(anchored(&mut drawings, id, false)));
    for author in [AGENT, CUSTOMER] {
        let inputs = [begin(2, Tool::Pen), DrawingInput::Undo, DrawingInput::Clear, DrawingInput::ClearAll];
        for input in inputs {
            assert_eq!(drawings.act(Author { may: false, ..author }, input, PAGE, NOW), Steps::default());
        }
    }
    assert_eq!(seen(&drawings, Audience::Customer).len(), 2);
}

#[test]
fn rubbish_draws_nothing() {
    let mut drawings = Drawings::default();
    let text = |text: &str| Some(Private::from(text));
    for (tool, at, text) in [
        (Tool::Pen, [f32::INFINITY, 0.0], None),
        (Tool::Pen, [0.0, f32::NAN], None),
        (Tool::Text, [0.0, 0.0], None),
        (Tool::Text, [0.0, 0.0], text(" \n\u{7}")),
    ] {
        drawings.act(AGENT, DrawingInput::Begin { number: 1, tool, at, fade: false, text }, PAGE, NOW);
    }
    for input in
        [DrawingInput::Go { number: 1, points: vec![[1.0, 1.0]] }, DrawingInput::End { number: 1 }, DrawingInput::Undo]
    {
        assert_eq!(drawings.act(AGENT, input, PAGE, NOW), Steps::default());
    }
    let far = DrawingInput::Begin { number: 1, tool: Tool::Text, at: [-5.0, 9e9], fade: false, text: text("a\nb") };
    drawings.act(AGENT, far, Page { guarded: false, ..PAGE }, NOW);
    let [one] = &seen(&drawings, Audience::Customer)[..] else { panic!("one drawing") };
    assert_eq!((one.points[0], one.text.as_ref().map(|text| text.reveal().as_str())), ([0.0, 599.99], Some("a b")));
}
