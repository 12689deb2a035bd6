//! Formats the numbers of tables and figures.

use crate::analysis::kernel_pca::shortest;
use crate::analysis::statistics::Summary;

/// The text for a number that does not exist.
pub(super) const NONE: &str = "–";

/// Four significant digits; three and a power of ten below 10⁻³ and from 10⁵ on.
pub fn number(value: f64) -> String {
    digits(value, 4)
}

/// As [`number`], with three significant digits.
pub fn short(value: f64) -> String {
    digits(value, 3)
}

/// A barrier: as [`short`], but with five significant digits if it is negative.
///
/// A loss is never negative. A negative height has an arbitrary zero, such as the energy of a
/// cluster, so that its first digits say little about differences.
pub fn height(value: f64) -> String {
    digits(value, if value < 0.0 { 5 } else { 3 })
}

/// As [`height`], typeset.
pub fn typeset_height(value: f64) -> String {
    for_print(&height(value))
}

fn digits(value: f64, significant: i32) -> String {
    if value.is_nan() {
        return NONE.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    // The exponent after rounding: 9.9999 has the digits of 10.
    let rounded = format!("{value:.*e}", significant as usize - 1);
    match rounded.rsplit('e').next().and_then(|exponent| exponent.parse::<i32>().ok()) {
        Some(exponent @ -3..=4) => {
            format!("{value:.*}", (significant - 1 - exponent).max(0) as usize)
        }
        _ => format!("{value:.2e}"),
    }
}

/// As [`number`], typeset: with a minus sign and superscript powers of ten.
pub fn typeset(value: f64) -> String {
    for_print(&number(value))
}

/// As [`short`], typeset.
pub fn typeset_short(value: f64) -> String {
    for_print(&short(value))
}

/// As [`typeset_short`], without zeros at the end: `0.5`, `10⁻⁵`.
pub fn typeset_trimmed(value: f64) -> String {
    let text = typeset_short(value);
    let (digits, power) = text.split_once('×').unwrap_or((&text, ""));
    let is_fraction = digits.contains('.');
    let digits =
        if is_fraction { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    match (digits, power) {
        (digits, "") => digits.to_owned(),
        ("1", power) => power.to_owned(),
        (digits, power) => format!("{digits}×{power}"),
    }
}

/// A multiple of a step, which has few decimals except for rounding.
pub fn typeset_level(value: f64) -> String {
    if value != 0.0 && !(1e-6..1e6).contains(&value.abs()) {
        return typeset(value);
    }
    ((value * 1e9).round() / 1e9).to_string().replacen('-', "−", 1)
}

/// A cell of a table with its numbers typeset, such as `-0.5 [-1e-9, 2.0]`.
pub(super) fn typeset_cell(cell: &str) -> String {
    const ENDS: [char; 5] = [' ', '\u{a0}', '[', ']', ','];
    let part = |part: &str| {
        let number = part.trim_end_matches(ENDS);
        if number == "-∞" || number.parse::<f64>().is_ok() {
            format!("{}{}", for_print(number), &part[number.len()..])
        } else {
            part.to_owned()
        }
    };
    cell.split_inclusive(ENDS).map(part).collect()
}

fn for_print(text: &str) -> String {
    let power =
        text.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse().ok()?)));
    let text = power.map_or_else(
        || text.to_owned(),
        |(digits, exponent)| format!("{digits}×10{}", superscript(exponent)),
    );
    text.replacen('-', "−", 1)
}

/// An exponent.
pub(super) fn superscript(number: i32) -> String {
    let raise = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    number.to_string().chars().map(raise).collect()
}

/// A fraction in percent with two decimals; as [`number`] if that would have too many digits.
pub fn percent(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    if percent.is_nan() {
        return NONE.to_owned();
    }
    if percent.abs() >= 1e5 {
        return format!("{} %", number(percent));
    }
    // A share that rounds to zero is written without a sign.
    let text = format!("{percent:.2} %");
    if text == "-0.00 %" { "0.00 %".to_owned() } else { text }
}

/// A number in full precision for a table: it reads back to the same bits. NaN is an empty cell.
pub fn exact(value: f64) -> String {
    if value.is_nan() { String::new() } else { shortest(value) }
}

/// [`number`], or [`NONE`] if it is missing.
pub(super) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), number)
}

/// The median of those that are finite, as [`height`]; a dash if none is.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> String {
    let numbers: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
    Summary::of(&numbers).map_or_else(|_| NONE.to_owned(), |summary| height(summary.median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn heights_below_zero_have_more_digits() {
        assert_eq!(height(-10.79612), "-10.796");
        assert_eq!(height(-44.326_801), "-44.327");
        assert_eq!(height(10.79612), "10.8");
        assert_eq!(height(-2e-16), "-2.00e-16");
        assert_eq!(typeset_height(-10.79612), "−10.796");
    }

    #[test]
    fn zeros_at_the_end_are_left_out() {
        let cases =
            [(0.5, "0.5"), (10.0, "10"), (100.0, "100"), (1e-5, "10⁻⁵"), (3.1623e-5, "3.16×10⁻⁵")];
        for (value, text) in cases {
            assert_eq!(typeset_trimmed(value), text, "{value}");
        }
        assert_eq!([0.3, -0.1 * 3.0, 0.0].map(typeset_level), ["0.3", "−0.3", "0"]);
    }

    #[test]
    fn four_digits_or_a_power_of_ten() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1.000"),
            (0.097_512, "0.09751"),
            (0.001, "0.001000"),
            (-1.44e-3, "-0.001440"),
            (1.26e-8, "1.26e-8"),
            (-9.996e-4, "-1.00e-3"),
            (9.9999, "10.00"),
            (1234.56, "1235"),
            (42_200.0, "42200"),
            (99_999.6, "1.00e5"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "-∞"),
            (f64::NAN, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn powers_of_ten_in_print() {
        assert_eq!(
            [typeset(-1.26e-8), typeset(0.25), typeset(3.456e12)],
            ["−1.26×10⁻⁸", "0.2500", "3.46×10¹²"]
        );
        assert_eq!(superscript(-1_234_567_890), "⁻¹²³⁴⁵⁶⁷⁸⁹⁰");
    }

    #[test]
    fn a_cell_is_typeset_number_by_number() {
        let cases = [
            ("-10.3 [-10.6, 2e-9]", "−10.3 [−10.6, 2×10⁻⁹]"),
            ("≤\u{a0}8.05e-9", "≤\u{a0}8.05×10⁻⁹"),
            ("19.17 % to 100.00 %", "19.17 % to 100.00 %"),
            ("0 to -∞", "0 to −∞"),
            ("3, 2 failed", "3, 2 failed"),
            ("lbfgs-aligned/train", "lbfgs-aligned/train"),
            ("–", "–"),
            ("", ""),
        ];
        for (cell, text) in cases {
            assert_eq!(typeset_cell(cell), text);
        }
    }

    #[test]
    fn rounding_loses_less_than_half_a_percent() {
        for step in -600..600 {
            let value = (f64::from(step) / 37.0).exp() * if step % 2 == 0 { 1.0 } else { -1.0 };
            let read: f64 = number(value).parse().unwrap();
            assert!(((read - value) / value).abs() <= 0.005, "{value}: {read}");
        }
    }

    #[test]
    fn full_precision_reads_back_to_the_bit_and_what_is_missing_is_empty() {
        let cases =
            [(5.0, "5"), (1e308, "1e308"), (-2.5e-9, "-2.5e-9"), (0.1, "0.1"), (f64::NAN, "")];
        for (value, text) in cases {
            assert_eq!(exact(value), text);
        }
        assert_eq!([exact(f64::INFINITY), exact(f64::NEG_INFINITY)], ["inf", "-inf"]);
    }

    /// Every number there is: also NaN, ±∞, ±0 and the subnormal ones.
    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            proptest::num::f64::ANY,
            any::<u64>().prop_map(f64::from_bits),
            prop::sample::select(vec![
                0.0,
                -0.0,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MAX,
                f64::MIN,
                f64::MIN_POSITIVE,
                f64::from_bits(1),
                9.9995,
                99_999.5,
                9.995e-4,
            ]),
        ]
    }

    /// `−1.26×10⁻⁸` and the like as the computer writes it.
    fn plain(text: &str) -> String {
        let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
        let lower = |c: char| match c {
            '−' | '⁻' => '-',
            c => raised
                .chars()
                .position(|digit| digit == c)
                .map_or(c, |digit| (b'0' + digit as u8) as char),
        };
        text.replace("×10", "e").chars().map(lower).collect::<String>().replace('∞', "inf")
    }

    proptest! {
        #[test]
        fn every_number_is_short_and_reads_back_as_about_itself(value in any_number()) {
            for (text, digits) in [
                (number(value), 4), (short(value), 3), (typeset(value), 4), (typeset_short(value), 3),
            ] {
                prop_assert!(text.chars().count() <= 13, "{value:e}: {text}");
                if value.is_nan() {
                    prop_assert_eq!(text, NONE);
                    continue;
                }
                let read: f64 = plain(&text).parse().map_err(|_| TestCaseError::fail(text.clone()))?;
                // A number next to the largest one may be rounded up to ∞.
                if value == 0.0 {
                    prop_assert_eq!(&text, "0");
                    continue;
                }
                let close = read.to_bits() == value.to_bits()
                    || ((read - value) / value).abs() <= 0.0051
                    || (read.is_infinite() && value.abs() > 1.79e308)
                    || value.is_subnormal();
                prop_assert!(close, "{value:e} with {digits} digits: {text}");
            }
        }

        #[test]
        fn every_share_is_short(value in any_number()) {
            let text = percent(value);
            prop_assert!(text.chars().count() <= 14, "{value:e}: {text}");
            let is_number = text.strip_suffix(" %").is_some_and(|text| plain(text).parse::<f64>().is_ok());
            prop_assert!(is_number || value.is_nan() && text == NONE, "{value:e}: {text}");
        }

        #[test]
        fn every_cell_of_a_table_reads_back_to_the_bit(value in any_number()) {
            let text = exact(value);
            prop_assert!(text.len() <= 25, "{text}");
            if value.is_nan() {
                prop_assert_eq!(text, "");
            } else {
                prop_assert_eq!(text.parse::<f64>().expect("a number").to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn missing_numbers_are_a_dash() {
        assert_eq!(
            [percent(0.987_654), percent(f64::NAN), maybe(None), maybe(Some(2.0))],
            ["98.77 %", "–", "–", "2.000"]
        );
    }
}
