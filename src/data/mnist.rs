//! Distinguishes MNIST from other data sets in its format: Fashion-MNIST has files of the same
//! names and sizes.
//!
//! Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

use super::{ImageShape, Images};
use sha2::{Digest, Sha256};

/// Images in a block. A subset from the front is recognized by its whole blocks, so it needs at
/// least one.
const BLOCK: usize = 1000;
const SHAPE: ImageShape = ImageShape::gray(28, 28);

/// Whether both sets are MNIST's in its ten classes, or the first 1000 or more images of them.
///
/// Images after the last whole block are not examined.
pub(super) fn recognizes(classes: usize, train: &Images, test: &Images) -> bool {
    let sets = [(train, &TRAIN[..]), (test, &TEST[..])];
    classes == 10 && sets.into_iter().all(|(images, known)| begins_like(images, known))
}

/// Whether a data set of this [checksum](super::Dataset::checksum) is MNIST, for results that were
/// stored before data sets were recognized: the subsets that the configurations of this project
/// use.
pub fn is_known_checksum(checksum: &str) -> bool {
    CHECKSUMS.contains(&checksum)
}

fn begins_like(images: &Images, known: &[u64]) -> bool {
    let blocks = images.len() / BLOCK;
    let fits = images.shape == SHAPE && (1..=known.len()).contains(&blocks);
    fits && images.len() <= known.len() * BLOCK
        && (0..blocks).all(|block| checksum(images, block) == known[block])
}

/// The first eight bytes of SHA-256 over the pixels of a block, then its labels.
fn checksum(images: &Images, block: usize) -> u64 {
    let first = block * BLOCK;
    let mut hash = Sha256::new();
    // Pixels of another kind are those of no known block.
    let block = images.view().range(first..first + BLOCK);
    hash.update(block.pixels().bytes().unwrap_or_default());
    // Classes beyond a byte, too: ten are known.
    hash.update(block.labels().iter().map(|&label| label as u8).collect::<Vec<_>>());
    hash.finalize().iter().take(8).fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

/// 60 000, 20 000, 10 000, 5000, 3000 or 2000 training images with 10 000, 5000 or 2000 test
/// images.
const CHECKSUMS: [&str; 18] = [
    "9d72319f509d8b6e3adf86652f2130a7eabfef74ac355e8b14b104aab12c49f5",
    "1f3e1265a0da4410abad4435a8da4ed5d1563107a7e24bdc4f8c6564a6c8b835",
    "3764cf7cc22d897e08d3615b77b92f3720117bbe4b914aeb749c8c1af44c0497",
    "714173e2c0d86e1b57f5635bfac21c088347325235892a5985bd0a5732323132",
    "cc5712165a9932cdfcb7c448516976f2e68a0bb7ffa6d4e26d3b0b4a48faff98",
    "9b0fe46d5aeabe6fcf81041c58315192770215aa2782107f14d5e44651948882",
    "3e640a965d7cae835496bf3fe36d3866b0722d0f449ad9b4a36a564f8c7c0480",
    "71f1521553cc926e397e5c5e6b0ece7ae8282469369ba0827731eb838c9435af",
    "3fa3f47f5b93062868e9124a642702b4c59948f6835f706ec4562c3263f65205",
    "cf38135d62cc5e8e612d134b0867c651bca2c32b7b99a02d9b31508c93b82d13",
    "b3700f705ab36a9a799f5b517b0a9972dc91bc4ce46a9e800bdd5ab6d4a89bdc",
    "cb770e0836f784b430615587f51c6e6cfbb863aa5caf292797c9ace24fad41e3",
    "592b7b00149a69b18cdc09a8a01fb1b6912d9d493eefd4a6ae0223822e40c8bb",
    "36b147c33548ec107e27f0a3a55ef91dc76d05b753ed262291958f796bf3511b",
    "58285a25002f7b93f6283e71b436cfadd5fd088085c18681d2c982ba3e87046a",
    "15aaa71ee1f02d9302d158c4caa0d82ebc8021d0fd068dd79cf64cfd8d5144ee",
    "9fa52324f6ead3c7401505ad3c2f7eca57081c3b0cc4f10a76bee9b56a4b5942",
    "e5fa47c594062a3698366d3e2452ececdb97b558a3a5c8e09f46935f5e66b0c2",
];

/// Checksums of the blocks of the 60 000 training images.
const TRAIN: [u64; 60] = [
    0x95d8_5e11_b2d2_a0c8,
    0xc286_4bcc_c193_3546,
    0xb720_5274_4aa0_6a6a,
    0xfe2f_89ec_53f9_a34f,
    0x447c_c425_0cc2_0fea,
    0x49b3_8c31_14ff_d22b,
    0xdc6f_b296_bdf1_2344,
    0x27a1_57d4_0dd4_bd54,
    0xcb08_304e_e40b_82c9,
    0x06c5_f116_3f9a_c5c2,
    0x8d8d_01fe_6eac_91f5,
    0x0c2f_c90b_2265_64ef,
    0xce84_3797_8203_c3ea,
    0xafd6_52ed_18ed_a8c0,
    0x51c7_d4eb_342d_59d0,
    0x4be5_abd2_c787_b7df,
    0xe521_a8d5_6606_ebb4,
    0x2007_2173_96c2_ca71,
    0x0413_80a4_716d_aae6,
    0x1f82_0b39_54e8_3711,
    0xd6ed_3361_a261_9827,
    0x1511_a395_b31f_e06c,
    0x6546_9bab_22d5_9b7c,
    0x98bd_ff76_3f37_8ec0,
    0x1cfc_8797_c9c3_601d,
    0xc1f4_3016_a1f2_1213,
    0x0594_1a9d_a8b5_a165,
    0x4bf1_aff2_ffa5_94fa,
    0x3a00_06ba_87a0_1eb5,
    0x7e38_1fc0_c0b5_b542,
    0xe778_f70a_acdb_04e6,
    0xcd9b_2223_c271_77ff,
    0x43ac_1ef5_202e_6e94,
    0xc96d_7561_f258_756e,
    0x0d1f_5805_fec0_b3b1,
    0x83df_87b1_42bf_118d,
    0xfd4f_02fa_b2c3_a537,
    0xcab4_be36_e92b_ac72,
    0x510c_1836_9db9_d3d2,
    0xd845_a9d8_4550_b33e,
    0x7a92_3cef_e7e8_89f8,
    0x387e_f91b_aa3e_967d,
    0x4de6_5c61_aeec_0358,
    0x52b7_fae9_03d3_8076,
    0xb9a5_e1df_2291_b81a,
    0x5d13_362f_2371_4a22,
    0x4b96_c543_4cc7_2252,
    0xe122_4d04_e824_fe2a,
    0x7233_e7ab_11cb_4e1f,
    0x453a_3ae9_6c79_b2dd,
    0xeb9e_547c_5495_37a8,
    0xad7c_41cf_3c87_270b,
    0x01a6_70d2_1d75_89a7,
    0xdfd9_e881_0e8d_8b91,
    0xe2a0_7153_2e92_97c6,
    0xda99_4555_5bfc_d790,
    0x1596_eb72_5d4b_cd2c,
    0x9d57_17b5_2bb2_9943,
    0x375e_1d27_84e5_4bc6,
    0xe37b_6755_4197_5f74,
];

/// Checksums of the blocks of the 10 000 test images.
const TEST: [u64; 10] = [
    0x433b_4537_3ea5_854a,
    0x7dd5_7bc2_48a4_3dfd,
    0xa57f_b544_1125_2064,
    0x36c8_5449_4317_bf44,
    0x1364_edfa_e7ee_3594,
    0x1eee_1793_7187_6b27,
    0xf8d1_da50_ce6b_5af4,
    0x0deb_7e12_fdec_e750,
    0xd9f3_8b33_7c77_890f,
    0x770a_9310_b874_5782,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ChannelOrder, WantedImages, idx};
    use std::io::Write;

    const EDGE: usize = SHAPE.rows;

    fn images(count: usize, edge: usize) -> Images {
        let pixels: Vec<u8> = (0..count * edge * edge).map(|i| (i * i % 251) as u8).collect();
        let labels = (0..count).map(|i| (i % 10) as u16).collect();
        Images { pixels: pixels.into(), labels, shape: ImageShape::gray(edge, edge) }
    }

    #[test]
    fn a_beginning_of_whole_blocks_is_recognized_and_a_change_in_one_is_seen() {
        let all = images(3 * BLOCK, EDGE);
        let known: Vec<u64> = (0..3).map(|block| checksum(&all, block)).collect();
        for count in [BLOCK, 2 * BLOCK + 17, 3 * BLOCK] {
            assert!(begins_like(&images(count, EDGE), &known), "{count}");
        }
        assert!(!begins_like(&images(BLOCK - 1, EDGE), &known), "too few to tell");
        assert!(!begins_like(&images(3 * BLOCK + 1, EDGE), &known), "more than there are");
        assert!(!begins_like(&images(BLOCK, 8), &known), "another size");
        let mut other = all.clone();
        other.labels[2500] += 1;
        assert!(!begins_like(&other, &known), "another label");
        let mut pixels = all.view().pixels().bytes().unwrap().to_vec();
        pixels[1500 * EDGE * EDGE] ^= 1;
        assert!(!begins_like(&Images { pixels: pixels.into(), ..all }, &known), "another pixel");
    }

    #[test]
    fn other_images_are_not_recognized() {
        let (train, test) = (images(2 * BLOCK, EDGE), images(BLOCK, EDGE));
        assert!(!recognizes(10, &train, &test) && !is_known_checksum("00ff"));
        let numbers = |images: &Images| Images {
            pixels: vec![0.5_f32; images.pixels.len()].into(),
            ..images.clone()
        };
        assert!(!recognizes(10, &numbers(&train), &numbers(&test)));
    }

    /// The checksums are those of the files that `make mnist` fetches, if they exist.
    #[test]
    fn mnist_is_recognized_where_it_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let Some(directory) = std::env::var_os("LOSSATLAS_MNIST").map(Into::into).or_else(|| {
            let fetched = root.join("data/mnist");
            fetched.is_dir().then_some(fetched)
        }) else {
            // Written directly to standard error, because `eprintln!` is shown for a failed test
            // only.
            let reason = "SKIPPED: MNIST is not there (`make mnist`, or LOSSATLAS_MNIST=DIRECTORY)";
            writeln!(std::io::stderr(), "{reason}").ok();
            return;
        };
        for (train, test) in [(None, None), (Some(10_000), None), (Some(2000), Some(2000))] {
            let wanted = WantedImages { train, test, classes: None };
            let dataset =
                idx::load(&directory, None, ChannelOrder::Auto, wanted).expect("four files");
            assert_eq!(dataset.known_as, Some("MNIST"));
            assert!(is_known_checksum(&dataset.checksum), "{train:?}, {test:?}");
        }
    }
}
