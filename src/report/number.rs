//! Numbers of results as a reader wants them.

/// What stands for a number that does not exist.
pub(super) const NONE: &str = "–";

/// Four significant digits; three and a power of ten below 10⁻³ and from 10⁵ on.
pub(super) fn number(value: f64) -> String {
    digits(value, 4)
}

/// As [`number`], with three significant digits.
pub(super) fn short(value: f64) -> String {
    digits(value, 3)
}

fn digits(value: f64, significant: i32) -> String {
    if value.is_nan() {
        return NONE.to_owned();
    }
    if value == 0.0 || value.is_infinite() {
        return format!("{value}").replace("inf", "∞").replace("-0", "0");
    }
    // The exponent after rounding: 9.9999 has the digits of 10.
    let rounded = format!("{value:.*e}", significant as usize - 1);
    match rounded.rsplit('e').next().and_then(|exponent| exponent.parse::<i32>().ok()) {
        Some(exponent @ -3..=4) => format!("{value:.*}", (significant - 1 - exponent).max(0) as usize),
        _ => format!("{value:.2e}"),
    }
}

/// As [`number`], for print: a true minus sign, and powers of ten as such.
pub(super) fn typeset(value: f64) -> String {
    for_print(&number(value))
}

/// As [`short`], for print.
pub(super) fn typeset_short(value: f64) -> String {
    for_print(&short(value))
}

fn for_print(text: &str) -> String {
    let text = match text.split_once('e') {
        Some((digits, exponent)) => format!("{digits}×10{}", superscript(exponent.parse().unwrap_or(0))),
        None => text.to_owned(),
    };
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

/// A fraction in percent, two decimals.
pub(super) fn percent(fraction: f64) -> String {
    if fraction.is_nan() { NONE.to_owned() } else { format!("{:.2} %", 100.0 * fraction) }
}

/// [`number`] of what may be missing.
pub(super) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!([typeset(-1.26e-8), typeset(0.25), typeset(3.456e12)], ["−1.26×10⁻⁸", "0.2500", "3.46×10¹²"]);
        assert_eq!(superscript(-1_234_567_890), "⁻¹²³⁴⁵⁶⁷⁸⁹⁰");
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
    fn missing_numbers_are_a_dash() {
        assert_eq!([percent(0.987_654), percent(f64::NAN), maybe(None), maybe(Some(2.0))], ["98.77 %", "–", "–", "2.000"]);
    }
}
