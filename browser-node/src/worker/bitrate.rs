//! How many bits a second the encoder may use: a plain function of what the SFU says its subscribers can take.

use tandem_protocol::control::Demand;

/// What text still can be read at, if slowly.
const LEAST: u32 = 150_000;

/// What a picture of this size is worth when nobody's line is narrow (bits a second): 3.2 Mbit/s at 1280×720.
pub fn ample((width, height): (u32, u32)) -> u32 {
    (width * height).saturating_mul(7).saturating_div(2).clamp(1_500_000, 6_000_000)
}

/// Leaves the slowest subscriber a seventh for retransmissions and the channels.
pub fn target(ample: u32, demands: impl IntoIterator<Item = Demand>) -> u32 {
    let slowest = demands.into_iter().filter(|d| d.subscribers > 0).filter_map(|d| d.bits_per_second).min();
    slowest.map_or(ample, |bits| (bits / 7 * 6).clamp(LEAST, ample))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_protocol::Audience;

    #[test]
    fn the_slowest_subscriber_decides() {
        let demand = |subscribers, bits_per_second| Demand {
            audience: Audience::Agent,
            subscribers,
            hearers: 0,
            bits_per_second,
        };
        for (demands, expected) in [
            (vec![], 3_000_000),
            (vec![demand(1, None)], 3_000_000),
            (vec![demand(1, Some(700_000)), demand(2, Some(2_000_000))], 600_000),
            (vec![demand(0, Some(700_000))], 3_000_000),
            (vec![demand(1, Some(10))], LEAST),
            (vec![demand(1, Some(u32::MAX))], 3_000_000),
        ] {
            assert_eq!(target(3_000_000, demands.clone()), expected, "{demands:?}");
        }
        assert_eq!(ample((1280, 720)), 3_225_600);
    }
}
