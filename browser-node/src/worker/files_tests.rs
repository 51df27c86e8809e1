use super::*;

const ONE: TabId = TabId(1);
const TWO: TabId = TabId(2);
const MIB: u64 = 1 << 20;

fn names(names: &[&str]) -> Vec<Private<String>> {
    names.iter().map(|name| (*name).into()).collect()
}

fn asks(files: &mut Files, multiple: bool) -> u32 {
    files.ask(ONE, "shop.example".into(), "image/*", multiple)
}

fn state(files: &Files) -> Vec<DownloadState> {
    files.downloads().iter().map(|one| one.state).collect()
}

#[test]
fn a_page_gets_its_files_when_all_are_there_and_named_in_whatever_order_that_is() {
    for named_first in [true, false] {
        let mut files = Files::default();
        let chooser = asks(&mut files, true);
        let mut choice = None;
        if named_first {
            assert_eq!(files.choose(chooser, &names(&["a/b.png", "c.png"])), None);
        }
        for place in 0..2 {
            assert_eq!(files.upload(chooser, place), Some(FILE));
            choice = choice.or(files.uploaded(chooser, place, Some(10)));
        }
        if !named_first {
            assert_eq!(choice, None);
            choice = files.choose(chooser, &names(&["a/b.png", "c.png"]));
        }
        assert_eq!(choice, Some(Choice { chooser, names: vec!["b.png".into(), "c.png".into()] }));
        assert_eq!(files.chooser(), None);
        assert_eq!(files.upload(chooser, 2), None, "it has been answered");
        assert!(files.take_litter().is_empty());
    }
}

#[test]
fn what_nobody_asked_for_does_not_come() {
    let mut files = Files::default();
    assert_eq!((files.upload(0, 0), files.upload(1, 0)), (None, None));
    let one = asks(&mut files, false);
    assert_eq!(files.upload(one, 1), None, "a page that asks for one file gets one");
    assert!(files.upload(one, 0).is_some());
    assert_eq!(files.upload(one, 0), None, "twice");
    assert_eq!(files.choose(one, &names(&["a", "b"])), None);
    assert_eq!(files.choose(one, &[]), None);
    let many = asks(&mut files, true);
    assert!(files.upload(many, CHOSEN as u32 - 1).is_some());
    assert_eq!(files.upload(many, CHOSEN as u32), None);
}

#[test]
fn cancelling_leaves_nothing() {
    let mut files = Files::default();
    let chooser = asks(&mut files, false);
    files.upload(chooser, 0);
    files.cancel(chooser + 1);
    assert!(files.chooser().is_some(), "that is another one");
    files.cancel(chooser);
    assert_eq!(files.chooser(), None);
    assert_eq!(files.take_litter(), [of_chooser(chooser)]);
    assert_eq!(files.uploaded(chooser, 0, Some(5)), None);
    assert_eq!(files.take_litter(), vec![of_chooser(chooser)], "what came too late goes too");
    let chooser = asks(&mut files, false);
    assert!(!files.left(TWO) && files.left(ONE), "the page is gone, and its question with it");
    assert_eq!(files.take_litter(), vec![of_chooser(chooser)]);
}

#[test]
fn what_broke_off_can_be_sent_again() {
    let mut files = Files::default();
    let chooser = asks(&mut files, false);
    files.upload(chooser, 0);
    assert_eq!(files.uploaded(chooser, 0, None), None);
    assert_eq!(files.upload(chooser, 0), Some(FILE));
    files.uploaded(chooser, 0, Some(1));
    assert!(files.choose(chooser, &names(&["a"])).is_some());
}

#[test]
fn room_is_counted_and_files_of_pages_that_were_left_make_way() {
    let mut files = Files::default();
    let give = |files: &mut Files| {
        let chooser = asks(files, false);
        let most = files.upload(chooser, 0).unwrap();
        files.uploaded(chooser, 0, Some(most));
        (most, files.choose(chooser, &names(&["a"])).map(|choice| choice.chooser))
    };
    let (first, chooser) = give(&mut files);
    assert_eq!((first, give(&mut files).0, give(&mut files).0), (FILE, FILE, SESSION - 2 * FILE));
    assert_eq!(give(&mut files).0, 0, "it is full");
    files.left(ONE);
    assert!(files.take_litter().is_empty(), "people go back");
    assert_eq!(give(&mut files).0, FILE);
    assert_eq!(files.take_litter().first(), chooser.map(of_chooser).as_ref());
}

#[test]
fn a_download_comes_is_fetched_once_and_goes() {
    let mut files = Files::default();
    assert!(files.begin("guid", "dir/report.csv"));
    assert!(files.progress("guid", 10, Some(30)) && files.progress("guid", 30, Some(30)));
    assert_eq!(files.fetch(1), None, "not yet");
    files.end("guid", true);
    let shown = files.downloads();
    assert_eq!(
        (shown[0].name.reveal().as_str(), shown[0].bytes, shown[0].state),
        ("report.csv", Some(30), DownloadState::Ready)
    );
    let id = shown[0].id;
    assert_eq!(files.fetch(id), Some(("guid".into(), 30)));
    assert_eq!(files.fetch(id), None, "it is on its way");
    files.fetched(id, false);
    assert!(files.fetch(id).is_some(), "what broke off can be fetched again");
    files.fetched(id, true);
    assert!(files.downloads().is_empty());
    assert_eq!(files.take_litter(), ["guid"]);
}

#[test]
fn what_is_too_large_is_stopped_as_soon_as_that_is_known() {
    let mut files = Files::default();
    files.begin("said", "a.iso");
    assert!(!files.progress("said", 0, Some(2_000 * MIB)));
    files.end("said", false);
    files.begin("silent", "b.iso");
    assert!(files.progress("silent", FILE, None));
    assert!(!files.progress("silent", FILE + 1, None));
    assert_eq!(state(&files), [DownloadState::TooLarge; 2]);
    assert_eq!(files.take_litter(), ["said", "silent"]);
    for n in 0..3 {
        assert!(files.begin(&n.to_string(), "c"));
        assert_eq!(files.progress(&n.to_string(), 90 * MIB, Some(90 * MIB)), n < 2);
    }
    assert_eq!(state(&files)[4], DownloadState::NoRoom);
    assert_eq!(files.discard(files.downloads()[2].id), Some("0".into()), "the browser is to stop it");
    assert!(files.begin("3", "d") && files.progress("3", 60 * MIB, None));
}

#[test]
fn downloads_without_end_are_stopped() {
    let mut files = Files::default();
    let taken = (0..100).filter(|n| files.begin(&n.to_string(), "x")).count();
    assert_eq!((taken, files.downloads().len()), (MOST, MOST));
    files.end("3", false);
    assert!(files.begin("next", "y"), "what failed makes way");
    assert_eq!(files.downloads().len(), MOST);
}

#[test]
fn a_page_prints_once_until_somebody_has_decided() {
    let mut files = Files::default();
    let (id, stored) = files.print(ONE, "Your order: 1/2", true).unwrap();
    assert_eq!(files.downloads()[0].name.reveal(), "Your order_ 1-2.pdf");
    assert_eq!(files.print(ONE, "", true), None);
    assert!(files.print(ONE, "", false).is_some() && files.print(TWO, "", true).is_some());
    files.progress(&stored, 5, None);
    files.end(&stored, true);
    assert_eq!(files.print(ONE, "", true), None);
    files.discard(id);
    assert!(files.print(ONE, "", true).is_some());
}

#[test]
fn an_image_is_called_what_its_address_ends_with() {
    let mut files = Files::default();
    for (address, name) in [
        ("https://shop.example/a/chair.png?of=4711#x", "chair.png"),
        ("https://shop.example/", "image"),
        ("https://shop.example/..%2f..%2fetc", "%2f..%2fetc"),
    ] {
        assert!(files.image(address).is_some());
        assert_eq!(files.downloads().last().unwrap().name.reveal(), name);
    }
    assert_eq!((0..100).filter(|_| files.image("https://shop.example/a").is_some()).count(), MOST - 3);
}
