//! What chance does to bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// One change.
#[derive(Clone, Debug)]
pub enum Damage {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
    /// A 32-bit number, as headers hold them, in either byte order.
    Number(usize, u32, bool),
    All(Vec<u8>),
}

pub fn damage() -> impl Strategy<Value = Damage> {
    let numbers = prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(1 << 31),
        Just(0x8b1f_0000),
        0..300_u32,
        any::<u32>()
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), 1..20_usize).prop_map(|(at, bytes)| Damage::Remove(at, bytes)),
        (any::<Index>(), vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), 1..2000_usize).prop_map(|(at, times)| Damage::Repeat(at, times)),
        (0..16_usize, numbers, any::<bool>())
            .prop_map(|(at, number, big)| Damage::Number(at, number, big)),
        vec(any::<u8>(), 0..64).prop_map(Damage::All),
    ]
}

impl Damage {
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index| if bytes.is_empty() { 0 } else { at.index(bytes.len()) };
        match self {
            Self::Set(at, byte) => {
                let place = place(at);
                bytes.iter_mut().skip(place).take(1).for_each(|there| *there = *byte);
            }
            Self::Flip(at, bit) => {
                let place = place(at);
                bytes.iter_mut().skip(place).take(1).for_each(|there| *there ^= 1 << bit);
            }
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Remove(at, count) => {
                let start = place(at);
                bytes.drain(start..bytes.len().min(start + count));
            }
            Self::Insert(at, new) => {
                let start = place(at);
                bytes.splice(start..start, new.iter().copied());
            }
            Self::Repeat(at, times) => {
                let start = place(at);
                let part = bytes[start..bytes.len().min(start + 4)].repeat(*times);
                bytes.splice(start..start, part);
            }
            Self::Number(at, number, big) => {
                let number = if *big { number.to_be_bytes() } else { number.to_le_bytes() };
                bytes.iter_mut().skip(*at).zip(number).for_each(|(there, byte)| *there = byte);
            }
            Self::All(new) => bytes.clone_from(new),
        }
    }
}
