//! One client's connection, as a plain value: bytes in, bytes out.

use crate::stream::Stream;
use crate::wire::{self, Command, Malformed, Message, Playback, Refusal, Writer};
use crate::{CHANNELS, Frame};
use std::collections::BTreeMap;
use std::time::Duration;

/// Streams of one client, at the most. Chromium has one for each thing that a page plays.
const STREAMS: usize = 64;
/// What waits for a client that does not read is not kept beyond this (bytes).
const UNREAD: usize = 256 << 10;
/// The only sink, and its name.
const SINK: u32 = 0;
const NAME: &str = "tandem";

#[derive(Default)]
pub struct Client {
    received: Vec<u8>,
    /// What is to be sent.
    pub outgoing: Vec<u8>,
    greeted: bool,
    streams: BTreeMap<u32, Stream>,
    /// Streams that there were.
    count: u32,
}

impl Client {
    /// Takes what was received. `now` is the time since 1970. An error ends the connection.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> Result<(), Malformed> {
        let mut received = std::mem::take(&mut self.received);
        received.extend_from_slice(bytes);
        let mut rest = &received[..];
        while let Some((message, length)) = wire::message(rest)? {
            match message {
                Message::Command { tag, command } => self.command(tag, command, now)?,
                // One that has just been deleted may still be written to.
                Message::Samples { stream, bytes } => {
                    if let Some(stream) = self.streams.get_mut(&stream) {
                        stream.write(bytes);
                    }
                }
            }
            rest = &rest[length..];
        }
        let taken = received.len() - rest.len();
        received.drain(..taken);
        self.received = received;
        if self.outgoing.len() > UNREAD { Err(Malformed) } else { Ok(()) }
    }

    pub fn plays(&self) -> bool {
        self.streams.values().any(Stream::plays)
    }

    /// Adds the next frame of all that it plays to the mix.
    pub fn play(&mut self, mix: &mut Frame) {
        self.streams.values_mut().for_each(|stream| stream.play(mix, &mut self.outgoing));
    }

    fn command(&mut self, tag: u32, command: Command<'_>, now: Duration) -> Result<(), Malformed> {
        let reply = Writer::reply(tag);
        let answer = match command {
            Command::Greet { version } if wire::is_understood(version) => {
                self.greeted = true;
                // The flags above the version, which are not set, would offer shared memory.
                reply.u32(wire::VERSION)
            }
            Command::Greet { .. } => Writer::error(tag, Refusal::Version),
            _ if !self.greeted => return Err(Malformed),
            // The client's own number.
            Command::Name => reply.u32(0),
            Command::Server => server(reply),
            Command::Sink | Command::Sinks => sink(reply),
            Command::Others | Command::Note => reply,
            Command::Play(wanted) => self.create(tag, wanted),
            Command::Stop { stream } => match self.streams.remove(&stream) {
                Some(_) => reply,
                None => Writer::error(tag, Refusal::NoEntity),
            },
            Command::Cork { stream, corked } => self.with(stream, tag, |stream| {
                stream.cork(corked);
                reply
            }),
            Command::Flush { stream } => self.with(stream, tag, |stream| {
                stream.flush();
                reply
            }),
            Command::Latency { stream, at } => self.with(stream, tag, |stream| latency(reply, stream, at, now)),
            Command::Unknown => Writer::error(tag, Refusal::NotSupported),
        };
        answer.send(&mut self.outgoing);
        Ok(())
    }

    fn with(&mut self, id: u32, tag: u32, act: impl FnOnce(&mut Stream) -> Writer) -> Writer {
        match self.streams.get_mut(&id) {
            Some(stream) => act(stream),
            None => Writer::error(tag, Refusal::NoEntity),
        }
    }

    fn create(&mut self, tag: u32, wanted: Playback) -> Writer {
        let id = self.count;
        let stream = Stream::new(id, wanted).filter(|_| self.streams.len() < STREAMS);
        let Some(stream) = stream else { return Writer::error(tag, Refusal::NotSupported) };
        self.count += 1;
        let (channels, target, least) = (stream.channels(), stream.target(), stream.least());
        self.streams.insert(id, stream);
        // Its numbers in this connection and in the server, what it is to write at once, and what is kept: at the most, as a
        // rule, before it plays, and asked for at the least.
        let begun = Writer::reply(tag).u32(id).u32(id).u32(target).u32(target * 4).u32(target).u32(0).u32(least);
        let playing = begun.samples(channels).positions(channels).u32(SINK).text(NAME);
        let suspended = false;
        playing.boolean(suspended).microseconds(0).format()
    }
}

fn server(reply: Writer) -> Writer {
    const ANY: u32 = 0;
    // The package and its version, the user and the host, what is played as a rule, the sink, no source, a cookie.
    let named = reply.text("pulseaudio").text("16.0").text(NAME).text(NAME);
    named.samples(CHANNELS as u8).text(NAME).no_text().u32(ANY).positions(CHANNELS as u8)
}

fn sink(reply: Writer) -> Writer {
    const NONE: u32 = u32::MAX;
    const RUNNING: u32 = 0;
    let channels = CHANNELS as u8;
    // No module, not muted, no source that listens to it, no driver, nothing that it could do.
    let named = reply.u32(SINK).text(NAME).text(NAME).samples(channels).positions(channels).u32(NONE);
    let heard = named.volumes(channels).boolean(false).u32(NONE).no_text().microseconds(0).no_text().u32(0);
    // No properties; as loud as it is, in no steps; no card, no ports, and one format.
    let state = heard.no_properties().microseconds(0).volume().u32(RUNNING).u32(0).u32(NONE);
    state.u32(0).no_text().u8(1).format()
}

/// What is written now is heard when what is in store has been: the difference of the two places.
fn latency(reply: Writer, stream: &Stream, at: &[u8; 8], now: Duration) -> Writer {
    let (written, played) = stream.places();
    let [seconds, microseconds] = [now.as_secs() as u32, now.subsec_micros()].map(u32::to_be_bytes);
    let mut here = [0; 8];
    here[..4].copy_from_slice(&seconds);
    here[4..].copy_from_slice(&microseconds);
    let sink = reply.microseconds(0).microseconds(0).boolean(stream.plays()).time(at).time(&here);
    sink.i64(written as i64).i64(played as i64).u64(0).u64(played)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME_SAMPLES;
    use crate::wire::tests::{asks, asks_to_play};
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_millis(1_500);

    fn greeted() -> Client {
        let mut client = Client::default();
        client.receive(&asks(8, 0, |w| w.u32(0xc000_0000 | 35)), NOW).unwrap();
        assert_eq!(client.outgoing, asks(2, 0, |w| w.u32(32)), "no shared memory");
        client.outgoing.clear();
        client
    }

    fn answer(client: &mut Client, asked: &[u8]) -> Vec<u8> {
        client.receive(asked, NOW).unwrap();
        std::mem::take(&mut client.outgoing)
    }

    #[test]
    fn a_page_plays_and_stops() {
        let mut client = greeted();
        let expected = asks(2, 5, |w| {
            let kept = w.u32(0).u32(0).u32(15_360).u32(61_440).u32(15_360).u32(0).u32(7_680);
            kept.samples(2).positions(2).u32(0).text("tandem").boolean(false).microseconds(0).format()
        });
        assert_eq!(answer(&mut client, &asks_to_play(5, 2)), expected);
        assert!(!client.plays());
        assert_eq!(answer(&mut client, &asks(41, 6, |w| w.u32(0).boolean(false))), asks(2, 6, |w| w));
        assert!(client.plays());
        let samples = 0.5f32.to_le_bytes().repeat(FRAME_SAMPLES * CHANNELS);
        let header = [&(samples.len() as u32).to_be_bytes()[..], &0u32.to_be_bytes(), &[0; 12]].concat();
        // In two pieces, as sockets have it.
        client.receive(&header, NOW).unwrap();
        client.receive(&samples, NOW).unwrap();
        let mut mix = [0.0; FRAME_SAMPLES * CHANNELS];
        client.play(&mut mix);
        assert!(mix.iter().all(|sample| *sample == 0.5));
        client.outgoing.clear();
        let told = answer(&mut client, &asks(14, 7, |w| w.u32(0).time(&[9; 8])));
        let here = [0, 0, 0, 1, 0, 7, 0xa1, 0x20];
        let expected = asks(2, 7, |w| {
            let sink = w.microseconds(0).microseconds(0).boolean(true).time(&[9; 8]).time(&here);
            sink.i64(7_680).i64(7_680).u64(0).u64(7_680)
        });
        assert_eq!(told, expected);
        assert_eq!(answer(&mut client, &asks(4, 8, |w| w.u32(0))), asks(2, 8, |w| w));
        assert!(!client.plays());
        assert_eq!(answer(&mut client, &asks(41, 9, |w| w.u32(0).boolean(true))), asks(0, 9, |w| w.u32(5)));
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let mut client = greeted();
        // A microphone.
        assert_eq!(answer(&mut client, &asks(5, 1, |w| w)), asks(0, 1, |w| w.u32(19)));
        assert_eq!(answer(&mut client, &asks(24, 2, |w| w)), asks(2, 2, |w| w), "no sources");
        for tag in 0..STREAMS as u32 {
            answer(&mut client, &asks_to_play(tag, 2));
        }
        assert_eq!(answer(&mut client, &asks_to_play(99, 2)), asks(0, 99, |w| w.u32(19)));
        let mut old = Client::default();
        assert_eq!(answer(&mut old, &asks(8, 0, |w| w.u32(13))), asks(0, 0, |w| w.u32(17)));
        assert_eq!(old.receive(&asks(20, 1, |w| w), NOW), Err(Malformed), "not before it was greeted");
    }

    #[test]
    fn a_client_that_does_not_read_is_let_go() {
        let mut client = greeted();
        let asked = asks(22, 1, |w| w).repeat(100);
        assert!((0..100).any(|_| client.receive(&asked, NOW).is_err()));
    }

    proptest! {
        #[test]
        fn strangers_break_nothing(messages in prop::collection::vec((0u32..110, prop::collection::vec(any::<u8>(), 0..80)), 0..40)) {
            let mut client = greeted();
            for (code, bytes) in messages {
                let mut message = asks(code, 1, |w| w);
                message.extend(&bytes);
                let length = (message.len() - wire::HEADER) as u32;
                message[..4].copy_from_slice(&length.to_be_bytes());
                if client.receive(&message, NOW).is_err() {
                    break;
                }
                client.play(&mut [0.0; FRAME_SAMPLES * CHANNELS]);
            }
        }
    }
}
