//! PulseAudio's native protocol, as its `pulsecore/native-common.h`, `tagstruct.c` and `protocol-native.c` have it: as much
//! as is needed to be played into.
//!
//! A message is a header of 20 bytes (length, channel, offset, flags) and a payload: samples of the stream that is the
//! channel, or a command, whose values each stand behind a letter for their kind. Numbers are big-endian.

/// Bytes of a message's header.
pub const HEADER: usize = 20;
/// The longest payload that is taken. Clients without shared memory cut samples into pieces of 64 KiB.
pub const LONGEST: usize = 256 << 10;
/// The version of the protocol that is spoken: newer clients speak it too, and none of its replies need what came later.
pub const VERSION: u32 = 32;
/// Who speaks an older one is not understood.
const OLDEST: u32 = 30;

/// The channel of commands.
const COMMANDS: u32 = u32::MAX;
/// The number of what no client has asked for.
const UNASKED: u32 = u32::MAX;

const ERROR: u32 = 0;
const REPLY: u32 = 2;
const REQUEST: u32 = 61;
const UNDERFLOW: u32 = 63;
const STARTED: u32 = 86;

/// 32-bit floating point, little-endian.
pub const FLOAT: u8 = 5;

/// What is said to a client that asks for what cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NoEntity = 5,
    Version = 17,
    NotSupported = 19,
}

/// Not the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// What a message is about.
#[derive(Debug, PartialEq)]
pub enum Message<'a> {
    Command { tag: u32, command: Command<'a> },
    Samples { stream: u32, bytes: &'a [u8] },
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command<'a> {
    Greet {
        version: u32,
    },
    Name,
    Server,
    Sink,
    Sinks,
    /// Sources, cards and whatever else there is none of.
    Others,
    Play(Playback),
    Stop {
        stream: u32,
    },
    Cork {
        stream: u32,
        corked: bool,
    },
    Flush {
        stream: u32,
    },
    /// How long what is written now takes until it is heard. `at` is the client's time, which it gets back.
    Latency {
        stream: u32,
        at: &'a [u8; 8],
    },
    /// It may be done or not: subscriptions, names, properties.
    Note,
    Unknown,
}

/// A stream that a client wants to play. Lengths are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playback {
    pub format: u8,
    pub channels: u8,
    pub rate: u32,
    pub corked: bool,
    /// How much it wants to be kept in store; [`u32::MAX`] leaves it to us.
    pub target: u32,
}

/// Takes the first message out of what was received: itself, and how long it was. None while it is not whole.
pub fn message(received: &[u8]) -> Result<Option<(Message<'_>, usize)>, Malformed> {
    let mut header = Reader(received);
    let (Ok(length), Ok(channel), Ok(_)) = (header.number(), header.number(), header.take::<12>()) else {
        return Ok(None);
    };
    let length = length as usize;
    if length > LONGEST {
        return Err(Malformed);
    }
    let Some(payload) = header.0.get(..length) else { return Ok(None) };
    let message =
        if channel == COMMANDS { command(payload)? } else { Message::Samples { stream: channel, bytes: payload } };
    Ok(Some((message, HEADER + length)))
}

fn command(payload: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut read = Reader(payload);
    let (code, tag) = (read.u32()?, read.u32()?);
    let command = match code {
        8 => Command::Greet { version: read.u32()? & 0xffff },
        9 => Command::Name,
        20 => Command::Server,
        21 => Command::Sink,
        22 => Command::Sinks,
        // Lists: sources, modules, clients, streams either way, samples, cards.
        24 | 26 | 28 | 30 | 32 | 34 | 89 => Command::Others,
        3 => Command::Play(playback(&mut read)?),
        4 => Command::Stop { stream: read.u32()? },
        41 => Command::Cork { stream: read.u32()?, corked: read.boolean()? },
        42 => Command::Flush { stream: read.u32()? },
        14 => Command::Latency { stream: read.u32()?, at: read.time()? },
        // Subscribe, trigger, a stream's name, pre-buffering, and properties of streams and clients set and removed.
        35 | 43 | 46 | 60 | 81 | 82 | 84 | 85 => Command::Note,
        _ => Command::Unknown,
    };
    Ok(Message::Command { tag, command })
}

fn playback(read: &mut Reader<'_>) -> Result<Playback, Malformed> {
    read.kind(b'a')?;
    let [format, channels] = *read.take()?;
    let rate = read.number()?;
    read.kind(b'm')?;
    let [positions] = *read.take()?;
    read.bytes(positions.into())?;
    // Which sink: there is one. Its number, its name, and how much may be kept at the most.
    read.u32()?;
    read.text()?;
    read.u32()?;
    let corked = read.boolean()?;
    let target = read.u32()?;
    Ok(Playback { format, channels, rate, corked, target })
}

/// Takes values from the front of a payload.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(*self.take()?))
    }

    fn kind(&mut self, wanted: u8) -> Result<(), Malformed> {
        if *self.take()? == [wanted] { Ok(()) } else { Err(Malformed) }
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.kind(b'L')?;
        self.number()
    }

    fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.take()? {
            b"1" => Ok(true),
            b"0" => Ok(false),
            _ => Err(Malformed),
        }
    }

    fn time(&mut self) -> Result<&'a [u8; 8], Malformed> {
        self.kind(b'T')?;
        self.take()
    }

    /// A text that ends with a zero, or none.
    fn text(&mut self) -> Result<(), Malformed> {
        match self.take()? {
            b"N" => Ok(()),
            b"t" => {
                let end = self.0.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
                self.bytes(end + 1).map(drop)
            }
            _ => Err(Malformed),
        }
    }
}

/// Whether a client that speaks up to this version can be spoken to.
pub fn is_understood(version: u32) -> bool {
    version >= OLDEST
}

/// A message to a client, written value by value.
pub struct Writer(Vec<u8>);

impl Writer {
    fn command(code: u32, tag: u32) -> Writer {
        let mut header = vec![0; HEADER];
        header[4..8].copy_from_slice(&COMMANDS.to_be_bytes());
        Writer(header).u32(code).u32(tag)
    }

    pub fn reply(tag: u32) -> Writer {
        Writer::command(REPLY, tag)
    }

    pub fn error(tag: u32, refusal: Refusal) -> Writer {
        Writer::command(ERROR, tag).u32(refusal as u32)
    }

    /// A stream is to write so many bytes more.
    pub fn request(stream: u32, bytes: u32) -> Writer {
        Writer::command(REQUEST, UNASKED).u32(stream).u32(bytes)
    }

    /// A stream has run dry, having played so many bytes.
    pub fn underflow(stream: u32, played: u64) -> Writer {
        Writer::command(UNDERFLOW, UNASKED).u32(stream).i64(played as i64)
    }

    /// A stream plays, for the first time or again.
    pub fn started(stream: u32) -> Writer {
        Writer::command(STARTED, UNASKED).u32(stream)
    }

    pub fn u32(self, value: u32) -> Writer {
        self.kind(b'L').raw(&value.to_be_bytes())
    }

    pub fn i64(self, value: i64) -> Writer {
        self.kind(b'r').raw(&value.to_be_bytes())
    }

    pub fn u64(self, value: u64) -> Writer {
        self.kind(b'R').raw(&value.to_be_bytes())
    }

    pub fn microseconds(self, value: u64) -> Writer {
        self.kind(b'U').raw(&value.to_be_bytes())
    }

    pub fn boolean(self, value: bool) -> Writer {
        self.kind(if value { b'1' } else { b'0' })
    }

    pub fn time(self, time: &[u8; 8]) -> Writer {
        self.kind(b'T').raw(time)
    }

    /// Without zeros.
    pub fn text(self, text: &str) -> Writer {
        self.kind(b't').raw(text.as_bytes()).raw(&[0])
    }

    pub fn no_text(self) -> Writer {
        self.kind(b'N')
    }

    pub fn no_properties(self) -> Writer {
        self.kind(b'P').no_text()
    }

    /// Floating point at our rate.
    pub fn samples(self, channels: u8) -> Writer {
        self.kind(b'a').raw(&[FLOAT, channels]).raw(&crate::RATE.to_be_bytes())
    }

    /// One channel in the middle, or left and right.
    pub fn positions(self, channels: u8) -> Writer {
        let places: &[u8] = if channels == 1 { &[0] } else { &[1, 2] };
        self.kind(b'm').raw(&[channels]).raw(places)
    }

    /// Each channel as loud as it is.
    pub fn volumes(self, channels: u8) -> Writer {
        let volumes = self.kind(b'v').raw(&[channels]);
        (0..channels).fold(volumes, |volumes, _| volumes.raw(&NORMAL.to_be_bytes()))
    }

    pub fn volume(self) -> Writer {
        self.kind(b'V').raw(&NORMAL.to_be_bytes())
    }

    /// Plain samples.
    pub fn format(self) -> Writer {
        const PCM: u8 = 1;
        self.kind(b'f').u8(PCM).no_properties()
    }

    pub fn u8(self, value: u8) -> Writer {
        self.kind(b'B').raw(&[value])
    }

    fn kind(self, kind: u8) -> Writer {
        self.raw(&[kind])
    }

    fn raw(mut self, bytes: &[u8]) -> Writer {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Ends the message, behind others that wait.
    pub fn send(mut self, to: &mut Vec<u8>) {
        let length = (self.0.len() - HEADER) as u32;
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        to.append(&mut self.0);
    }
}

/// `PA_VOLUME_NORM`.
const NORMAL: u32 = 0x10000;

#[cfg(test)]
pub mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A command as a client writes it.
    pub fn asks(code: u32, tag: u32, values: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        let mut bytes = Vec::new();
        values(Writer::command(code, tag)).send(&mut bytes);
        bytes
    }

    /// What Chromium 156 wrote when a page began to play, but for its properties.
    pub fn asks_to_play(tag: u32, channels: u8) -> Vec<u8> {
        asks(3, tag, |w| {
            let stream = w.samples(channels).positions(channels).u32(u32::MAX).no_text();
            stream.u32(u32::MAX).boolean(true).u32(12_288).u32(u32::MAX).u32(4_096).u32(0)
        })
    }

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let mut bytes = asks(41, 7, |w| w.u32(3).boolean(true));
        let whole = bytes.len();
        for part in 0..whole {
            assert_eq!(message(&bytes[..part]), Ok(None));
        }
        bytes.extend([1, 2, 3]);
        let command = Command::Cork { stream: 3, corked: true };
        assert_eq!(message(&bytes), Ok(Some((Message::Command { tag: 7, command }, whole))));
        let played = asks_to_play(9, 2);
        let Ok(Some((Message::Command { command: Command::Play(playback), .. }, _))) = message(&played) else {
            panic!("not understood")
        };
        assert_eq!(playback, Playback { format: FLOAT, channels: 2, rate: 48_000, corked: true, target: 12_288 });
    }

    #[test]
    fn what_is_not_the_protocol_is_told_from_what_is_not_whole() {
        let too_long = [&(LONGEST as u32 + 1).to_be_bytes()[..], &[0; 16]].concat();
        assert_eq!(message(&too_long), Err(Malformed));
        for cut in [asks(41, 7, |w| w.u32(3)), asks(14, 7, |w| w.u32(3)), asks(3, 7, |w| w.samples(2))] {
            assert_eq!(message(&cut), Err(Malformed));
        }
        assert_eq!(message(&asks(41, 7, |w| w.u32(3).u32(1))), Err(Malformed), "a number is no boolean");
        let endless = asks(3, 7, |w| w.samples(2).positions(2).u32(0).raw(b"tabc"));
        assert_eq!(message(&endless), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200), code in 0u32..110) {
            let _ = message(&bytes);
            let _ = message(&asks(code, 1, |w| w.raw(&bytes)));
        }
    }
}
