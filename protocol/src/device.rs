use crate::Private;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the cloud browser tells pages of the customer's device, so that they look as they would there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Device {
    pub class: DeviceClass,
    /// An IANA name ("Europe/Madrid"); the browser's own when there is none.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub time_zone: Option<Private<String>>,
    /// Whether pages are asked for their dark colours; none leaves it to them.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub dark: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DeviceClass {
    /// A mouse and a keyboard.
    Desk,
    /// Touched, and large enough for a desk's pages.
    Tablet,
    Phone,
}

impl DeviceClass {
    /// Narrower than this (CSS pixels) is a phone, where nobody has said what it is.
    pub const PHONES_BELOW: u32 = 500;

    pub fn of_width(width: u32) -> DeviceClass {
        if width < Self::PHONES_BELOW { DeviceClass::Phone } else { DeviceClass::Desk }
    }

    pub fn is_touched(self) -> bool {
        self != DeviceClass::Desk
    }
}

impl Device {
    /// The longest name of a time zone that is taken (bytes); the longest there is has 32.
    const LONGEST_ZONE: usize = 48;

    /// The same without what no device says.
    pub fn checked(mut self) -> Device {
        self.time_zone = self.time_zone.filter(|zone| is_zone(zone.reveal()));
        self
    }
}

/// The shape of the names in the IANA database: up to three parts of letters, digits, `_`, `-` and `+`.
fn is_zone(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    name.len() <= Device::LONGEST_ZONE && name.split('/').count() <= 3 && name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_time_zone_is_one() {
        for (name, is) in [
            ("Europe/Madrid", true),
            ("America/Argentina/ComodRivadavia", true),
            ("Etc/GMT+5", true),
            ("UTC", true),
            ("", false),
            ("Europe/", false),
            ("/etc/passwd", false),
            ("../../etc/passwd", false),
            ("Europe/Madrid\n", false),
            ("a/b/c/d", false),
            ("Ünited", false),
            (&"A".repeat(49), false),
        ] {
            let device = Device { class: DeviceClass::Phone, time_zone: Some(name.into()), dark: None };
            assert_eq!(device.checked().time_zone.is_some(), is, "{name:?}");
        }
    }

    #[test]
    fn what_is_not_said_may_be_left_out() {
        let device: Device = serde_json::from_str(r#"{"class":"tablet"}"#).unwrap();
        assert_eq!(device, Device { class: DeviceClass::Tablet, time_zone: None, dark: None });
        assert!(serde_json::from_str::<Device>(r#"{"class":"watch"}"#).is_err());
    }
}
