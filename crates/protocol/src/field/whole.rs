//! Whole numbers that are written with a fraction of zeros. To JSON schema `100.0` is an integer, and PHP and Python
//! write it so when a price was multiplied by 100.

/// The JSON `body` with every `100.0` written as `100`; `None` when there is none.
pub fn without_zero_fractions(body: &[u8]) -> Option<Vec<u8>> {
    let mut written = Vec::with_capacity(body.len());
    let (mut in_text, mut at) = (false, 0);
    while let Some(&byte) = body.get(at) {
        let width = match byte {
            b'\\' if in_text => 2,
            b'.' if !in_text => {
                let zeros = zeros(&body[at + 1..]);
                at += zeros.map_or(0, |zeros| 1 + zeros);
                usize::from(zeros.is_none())
            }
            _ => 1,
        };
        in_text ^= byte == b'"';
        let end = (at + width).min(body.len());
        written.extend_from_slice(&body[at..end]);
        at = end;
    }
    (written.len() < body.len()).then_some(written)
}

/// How many zeros the text begins with, when they are a whole fraction without exponent.
fn zeros(behind_point: &[u8]) -> Option<usize> {
    let zeros = behind_point.iter().take_while(|digit| **digit == b'0').count();
    let ends = !matches!(behind_point.get(zeros), Some(b'0'..=b'9' | b'e' | b'E'));
    (zeros > 0 && ends).then_some(zeros)
}

#[cfg(test)]
mod tests {
    use super::without_zero_fractions;

    #[test]
    fn a_fraction_of_zeros_is_left_out_and_nothing_else_changes() {
        let cases = [
            (r#"{"amount": 4900.0, "lines": [1.00,-2.0]}"#, Some(r#"{"amount": 4900, "lines": [1,-2]}"#)),
            (r#"{"amount": 9007199254740993.0}"#, Some(r#"{"amount": 9007199254740993}"#)),
            (
                r#"{"a": 1.0, "b": "2.0 \" 3.0 \\", "c": 4.0}"#,
                Some(r#"{"a": 1, "b": "2.0 \" 3.0 \\", "c": 4}"#),
            ),
            ("5.0", Some("5")),
            (r#"{"amount": 19.99, "rate": 1.05, "big": 1.0e3}"#, None),
            (r#"{"amount": 49}"#, None),
            (r#"{"name": "1.0"}"#, None),
            ("\"\\", None),
        ];
        for (body, expected) in cases {
            let written = without_zero_fractions(body.as_bytes());
            assert_eq!(written.as_deref().map(String::from_utf8_lossy).as_deref(), expected, "{body}");
        }
    }
}
