//! The customer's device, as pages meet it: size, touch, user agent, language, time zone, colours.

use super::{Browser, Nothing, Page, tell};
use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    MediaFeature, ScreenOrientation, ScreenOrientationType, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
    SetTimezoneOverrideParams, SetTouchEmulationEnabledParams, SetUserAgentOverrideParams, UserAgentMetadata,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::ReloadParams;
use tandem_masking::STRIP;
use tandem_protocol::{Device, DeviceClass, TabId, Viewport};

/// The narrowest a kiosk window gets (CSS pixels). A narrower page is emulated in the window's left part.
const NARROWEST_WINDOW: u32 = 500;
/// What Chromium on Android calls its platform since it tells no versions and models (User-Agent reduction).
const ANDROID: &str = "Linux; Android 10; K";

/// The size of the browser's window for a viewport (CSS pixels): the marker's rows are above the page's picture.
pub fn window_of(viewport: Viewport) -> (u32, u32) {
    (viewport.width.max(NARROWEST_WINDOW), viewport.height + STRIP)
}

/// A device of which the size alone is known.
pub(super) fn unknown(viewport: Viewport) -> Device {
    Device { class: DeviceClass::of_width(viewport.width), time_zone: None, dark: None }
}

impl Browser {
    /// Gives every page another viewport, and what is known of the device; the window is the compositor's matter.
    ///
    /// A site may serve a phone other pages. The session's first one was asked for before anybody knew, so it is asked for again,
    /// once, as long as nobody has done anything to it.
    pub fn set_device(&mut self, viewport: Viewport, device: Option<Device>) {
        let device = device.unwrap_or_else(|| match self.viewport == viewport {
            true => self.device.clone(),
            false => unknown(viewport),
        });
        let before = std::mem::replace(&mut self.device, device).class;
        self.viewport = viewport;
        self.pages.values().for_each(|page| self.emulate(page));
        if before != self.device.class && self.untouched {
            self.open_again();
        }
    }

    /// `language` is BCP 47; it becomes `Accept-Language` and `navigator.language`.
    pub fn set_language(&mut self, language: String) {
        self.language = language;
        self.pages.values().for_each(|page| self.emulate(page));
    }

    /// Somebody does something to a page.
    pub fn is_used(&mut self) {
        self.untouched = false;
    }

    fn open_again(&self) {
        let Some(page) = self.active_page() else { return };
        match &self.first {
            // Reloading would give up a page that is on its way.
            Some(first) if !self.arrived => self.open_in_place(first),
            Some(_) => tell(page.handle, "Page.reload", ReloadParams::default()),
            None => {}
        }
    }

    /// Shows a page whole, as a phone does at first. Chromium enlarges it when its window's scale changes, for two quick taps, or for a field that is written into.
    pub fn fit(&self, tab: TabId) {
        if let Some(page) = self.pages.get(&tab) {
            tell(&page.handle, "Emulation.resetPageScaleFactor", Nothing {});
        }
    }

    pub(super) fn emulate(&self, page: &Page) {
        let Viewport { width, height, scale } = self.viewport;
        let class = self.device.class;
        if class.is_touched() || width < NARROWEST_WINDOW {
            let mut metrics = SetDeviceMetricsOverrideParams::new(
                i64::from(width),
                i64::from(height + STRIP),
                f64::from(scale),
                class.is_touched(),
            );
            metrics.screen_orientation = class.is_touched().then(|| orientation(width, height));
            tell(&page.handle, "Emulation.setDeviceMetricsOverride", metrics);
        } else {
            tell(&page.handle, "Emulation.clearDeviceMetricsOverride", Nothing {});
        }
        let touch = SetTouchEmulationEnabledParams {
            enabled: class.is_touched(),
            max_touch_points: class.is_touched().then_some(5),
        };
        tell(&page.handle, "Emulation.setTouchEmulationEnabled", touch);
        let agent = SetUserAgentOverrideParams {
            accept_language: Some(self.language.clone()),
            user_agent_metadata: Some(hints(class)),
            platform: class.is_touched().then(|| "Linux armv81".to_owned()),
            ..SetUserAgentOverrideParams::new(user_agent(&self.user_agent, class))
        };
        tell(&page.handle, "Emulation.setUserAgentOverride", agent);
        if let Some(zone) = &self.device.time_zone {
            // Chromium refuses a name that it does not know, and keeps the zone it has.
            let zone = SetTimezoneOverrideParams::new(zone.reveal().clone());
            tell(&page.handle, "Emulation.setTimezoneOverride", zone);
        }
        let scheme = self.device.dark.map_or("", |dark| if dark { "dark" } else { "light" });
        let features = vec![MediaFeature::new("prefers-color-scheme", scheme)];
        let media = SetEmulatedMediaParams { media: None, features: Some(features) };
        tell(&page.handle, "Emulation.setEmulatedMedia", media);
    }
}

fn orientation(width: u32, height: u32) -> ScreenOrientation {
    match width > height {
        true => ScreenOrientation::new(ScreenOrientationType::LandscapePrimary, 90),
        false => ScreenOrientation::new(ScreenOrientationType::PortraitPrimary, 0),
    }
}

/// The browser's own user agent, or that of the same Chromium on Android: its version stays true.
fn user_agent(own: &str, class: DeviceClass) -> String {
    let platform = own.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(platform, _)| platform);
    match (class, platform) {
        (DeviceClass::Desk, _) | (_, None) => own.to_owned(),
        (DeviceClass::Tablet, Some(platform)) => own.replacen(platform, ANDROID, 1),
        (DeviceClass::Phone, Some(platform)) => {
            own.replacen(platform, ANDROID, 1).replacen(" Safari/", " Mobile Safari/", 1)
        }
    }
}

/// The same as client hints. Brands and versions are left out, so that Chromium says its own.
fn hints(class: DeviceClass) -> UserAgentMetadata {
    let (platform, architecture) = if class.is_touched() { ("Android", "") } else { ("Linux", "x86") };
    UserAgentMetadata {
        brands: None,
        full_version_list: None,
        platform: platform.into(),
        platform_version: String::new(),
        architecture: architecture.into(),
        model: String::new(),
        mobile: class == DeviceClass::Phone,
        bitness: None,
        wow64: None,
        form_factors: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_has_the_user_agent_of_the_same_chromium_on_android() {
        let own =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0";
        assert_eq!(user_agent(own, DeviceClass::Desk), own);
        assert_eq!(user_agent(own, DeviceClass::Phone), format!("{android} Mobile Safari/537.36"));
        assert_eq!(user_agent(own, DeviceClass::Tablet), format!("{android} Safari/537.36"));
        assert_eq!(user_agent("", DeviceClass::Phone), "");
    }

    #[test]
    fn only_a_phone_is_mobile() {
        let mobile = |class| hints(class).mobile;
        assert_eq!([DeviceClass::Desk, DeviceClass::Tablet, DeviceClass::Phone].map(mobile), [false, false, true]);
        assert_eq!(hints(DeviceClass::Phone).platform, "Android");
    }
}
