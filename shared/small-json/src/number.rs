use std::str::FromStr;

/// A number as text has it. `6.0` and `6e0` are the integer 6, as in a document.
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().or_else(|| integer(text)?.parse().ok())
}

/// The digits of a number that is written as a fraction or with an exponent and is an integer of 18 digits at most.
#[inline(never)]
pub(crate) fn integer(token: &str) -> Option<String> {
    let (sign, number) = token.strip_prefix('-').map_or(("", token), |number| ("-", number));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if number == whole || !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = [whole, fraction].concat();
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let (kept, dropped) = digits.split_at(usize::try_from(point).ok()?.min(digits.len()));
    let zeros = usize::try_from(point).ok()?.saturating_sub(digits.len());
    let kept = kept.trim_start_matches('0');
    if dropped.bytes().any(|byte| byte != b'0') || (!kept.is_empty() && kept.len() + zeros > 18) {
        return None;
    }
    Some(if kept.is_empty() { "0".to_owned() } else { [sign, kept, &"0".repeat(zeros)].concat() })
}
