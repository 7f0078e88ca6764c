//! Frames against what was framed, cut anywhere; and what a peer must not send.

use bytes::{BufMut as _, Bytes};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::proptest;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::{Came, FrameReader};
use crate::side::Side;
use crate::violation::Violation;
use crate::{WsLimits, mask};

const KEY: [u8; 4] = [7, 77, 177, 250];

/// A masked frame.
fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { opcode, is_final, mask: Some(KEY), ..FrameHeader::default() };
    let mut bytes = Vec::new();
    header.format(payload.len() as u64, &mut (&mut bytes).writer()).unwrap();
    let begin = bytes.len();
    bytes.extend_from_slice(payload);
    mask::apply(KEY, 0, &mut bytes[begin..]);
    bytes
}

fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(OpCode::Data(Data::Text), true, payload.as_ref())
}

fn begin(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(OpCode::Data(Data::Text), false, payload.as_ref())
}

fn go_on(is_final: bool, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(OpCode::Data(Data::Continue), is_final, payload.as_ref())
}

fn limits() -> WsLimits {
    let mut limits = WsLimits { message_bytes_max: 1 << 20, ..WsLimits::default() };
    limits.socket.fragments_max = 8;
    limits
}

fn reader() -> FrameReader {
    FrameReader::new(Side::Server, &limits())
}

/// Everything that comes of these bytes, and how it ends.
fn read(bytes: &[u8]) -> (Vec<Came>, Option<Violation>) {
    let (mut reader, mut came) = (reader(), Vec::new());
    reader.push(bytes);
    loop {
        match reader.next() {
            Ok(Some(next)) => came.push(next),
            Ok(None) => return (came, None),
            Err(violation) => return (came, Some(violation)),
        }
    }
}

#[track_caller]
fn check_code(bytes: &[u8], code: u16) {
    let (_, violation) = read(bytes);
    assert_eq!(violation.map(|it| u16::from(it.code)), Some(code));
}

/// Gives bytes in pieces of these sizes, as a stream would, and into the reader's room if it has one.
fn feed(reader: &mut FrameReader, mut bytes: &[u8], sizes: &[usize]) -> Vec<Came> {
    let (mut came, mut sizes) = (Vec::new(), sizes.iter().cycle());
    while !bytes.is_empty() {
        let size = (*sizes.next().unwrap()).min(bytes.len());
        match reader.room() {
            Some((room, bytes_max)) => {
                let free = room.capacity() - room.len();
                let count = size.min(bytes_max).min(free);
                room.put_slice(&bytes[..count]);
                reader.filled(count);
                bytes = &bytes[count..];
            }
            None => {
                let count = size.min(4 * 1024);
                reader.push(&bytes[..count]);
                bytes = &bytes[count..];
            }
        }
        while let Some(next) = reader.next().unwrap() {
            came.push(next);
        }
    }
    came
}

/// A text, and where it is cut into fragments.
fn message() -> impl Strategy<Value = (String, Vec<usize>)> {
    let letters = prop_oneof![Just(0_usize), 1..200_usize, 20_000..30_000_usize];
    let text = (vec(any::<char>(), 1..8), letters)
        .prop_map(|(some, letters)| some.iter().cycle().take(letters).collect());
    (text, vec(any::<usize>(), 0..4))
}

proptest! {
    #[test]
    fn messages_come_out_as_they_were_sent_however_they_are_cut(
        messages in vec(message(), 1..5),
        sizes in vec(1..9_000_usize, 1..8),
    ) {
        let (mut bytes, mut sent) = (Vec::new(), Vec::new());
        for (text, cuts) in messages {
            let mut cuts: Vec<usize> = cuts.iter().map(|it| it % (text.len() + 1)).collect();
            cuts.sort_unstable();
            let mut from = 0;
            for (number, cut) in cuts.iter().copied().chain([text.len()]).enumerate() {
                let kind = if number == 0 { Data::Text } else { Data::Continue };
                let is_final = number == cuts.len();
                bytes.extend(frame(OpCode::Data(kind), is_final, &text.as_bytes()[from..cut]));
                from = cut;
                if !is_final {
                    bytes.extend(frame(OpCode::Control(Control::Ping), true, b"still there?"));
                    sent.push(Came::Ping(Bytes::from_static(b"still there?")));
                }
            }
            sent.push(Came::Text(text.into()));
        }
        let came = feed(&mut reader(), &bytes, &sizes);
        assert!(came == sent, "{} came, {} were sent", came.len(), sent.len());
    }

    #[test]
    fn no_bytes_make_the_reader_panic_or_hold_more_than_came(bytes in vec(any::<u8>(), 0..300)) {
        let mut reader = reader();
        reader.push(&bytes);
        while let Ok(Some(_)) = reader.next() {}
        assert!(reader.input.capacity() <= bytes.len().max(1) * 2);
    }
}

#[test]
fn what_a_peer_must_not_send_has_its_close_code() {
    let mut unmasked = text("{}");
    unmasked[1] &= 0x7f;
    check_code(&unmasked, 1002);
    for bit in [0x40, 0x20, 0x10] {
        let mut reserved = text("{}");
        reserved[0] |= bit;
        check_code(&reserved, 1002);
    }
    for opcode in [3, 7, 0xb, 0xf] {
        check_code(&[0x80 | opcode, 0x80, 0, 0, 0, 0], 1002);
    }
    check_code(&frame(OpCode::Control(Control::Ping), true, &[0; 126]), 1002);
    check_code(&frame(OpCode::Control(Control::Ping), false, b""), 1002);
    check_code(&go_on(true, "x"), 1002);
    check_code(&[begin("a"), text("b")].concat(), 1002);
    check_code(&frame(OpCode::Data(Data::Binary), true, b"{}"), 1003);
    check_code(&text(b"{\xff}"), 1007);
    check_code(&text(b"\xed\xa0\x80"), 1007);
    check_code(&text(b"\xe2\x82"), 1007);
    check_code(&[begin(b"\xe2\x82"), go_on(false, b"\x41")].concat(), 1007);
}

#[test]
fn a_wrong_byte_ends_the_connection_before_its_message_is_complete() {
    let mut bytes = begin(b"abc\xff");
    bytes.extend(&go_on(true, vec![b'a'; 1_000])[..8]);
    check_code(&bytes, 1007);
}

#[test]
fn a_close_has_a_code_that_may_be_sent_or_none() {
    let close = |payload: &[u8]| frame(OpCode::Control(Control::Close), true, payload);
    assert_eq!(read(&close(b"")).0, [Came::Close { code: None }]);
    let code = Some(CloseCode::Normal);
    assert_eq!(read(&close(b"\x03\xe8bye")).0, [Came::Close { code }]);
    for payload in [&b"\x03"[..], b"\x03\xed", b"\x03\xee", b"\x03\xf7", b"\x00\x00", b"\xff\xff"] {
        check_code(&close(payload), 1002);
    }
    check_code(&close(b"\x03\xe8\xff"), 1007);
}

#[test]
fn a_message_over_the_bound_is_known_by_its_head() {
    let mut declared = vec![0x81, 0xff];
    declared.extend((1_u64 << 62).to_be_bytes());
    declared.extend(KEY);
    let mut payload = br#"{"jsonrpc":"2.0","id":7,"#.to_vec();
    mask::apply(KEY, 0, &mut payload);
    declared.extend(payload);
    let (came, violation) = read(&declared);
    let head = Bytes::from_static(br#"{"jsonrpc":"2.0","id":7,"#);
    assert_eq!(came, [Came::TooLong { len_bytes: 1 << 62, head }]);
    assert_eq!(violation, None);
}

#[test]
fn a_message_over_the_bound_in_fragments_is_refused_where_it_passes_the_bound() {
    let half = vec![b'a'; 600 << 10];
    let (came, _) = read(&[begin(&half), go_on(true, &half)].concat());
    let [Came::TooLong { len_bytes, head }] = &came[..] else { panic!("{} came", came.len()) };
    assert_eq!((*len_bytes, head.len()), (1_200 << 10, 4 << 10));
}

#[test]
fn many_fragments_are_refused_unless_they_carry_something() {
    let empty = |count: usize| [begin(""), go_on(false, "").repeat(count)].concat();
    assert_eq!(read(&empty(7)).1, None);
    check_code(&empty(8), 1008);
    let long = [begin("a"), go_on(false, [b'a'; 64]).repeat(1_000), go_on(true, "")].concat();
    assert_eq!(read(&long).0.len(), 1);
}

#[test]
fn a_declared_length_alone_makes_no_buffer() {
    let mut declared = vec![0x81, 0xff];
    declared.extend((1_u64 << 20).to_be_bytes());
    declared.extend(KEY);
    declared.push(b'{' ^ KEY[0]);
    let mut reader = reader();
    reader.push(&declared);
    assert_eq!(reader.next(), Ok(None));
    let (room, _) = reader.room().unwrap();
    assert!(room.capacity() <= 2 * 64 * 1024, "{}", room.capacity());
}

#[test]
fn a_client_takes_frames_without_a_mask_only() {
    let mut client = FrameReader::new(Side::Client, &limits());
    client.push(b"\x81\x02{}");
    assert_eq!(client.next(), Ok(Some(Came::Text(Bytes::from_static(b"{}")))));
    client.push(&text("{}"));
    assert_eq!(client.next().unwrap_err().code, CloseCode::Protocol);
}
