//! Requests and answers as bytes: see `docs/protocol.md`.

use super::handshake::ProcessPrecision;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedNumbers {
    Values = 1,
    ValuesAndGradients = 2,
}

/// Values are always in double precision.
pub(super) const VALUES: ProcessPrecision = ProcessPrecision::Float64;

/// Bytes of an integer of the protocol and of a value.
const WORD: usize = 8;

/// Maximum length of the text of an error in bytes.
const MAX_ERROR: u64 = 1 << 20;

/// The numbers of a request, which determine the length of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestShape {
    pub wanted: WantedNumbers,
    pub points: usize,
    pub dimension: usize,
    pub precision: ProcessPrecision,
}

/// A complete answer.
pub(super) enum Answer<'a> {
    /// Values, and gradients if requested.
    Numbers { values: &'a [u8], gradients: &'a [u8] },
    /// Why there are none.
    Error(String),
}

/// Begins a request; its points follow.
pub(super) fn begin(request: &mut Vec<u8>, shape: &RequestShape, dataset: usize) {
    request.clear();
    request.reserve(3 * WORD + shape.points * shape.dimension * shape.precision.size());
    for word in [shape.wanted as u64, dataset as u64, shape.points as u64] {
        request.extend_from_slice(&word.to_le_bytes());
    }
}

/// Appends a point.
pub(super) fn append(request: &mut Vec<u8>, point: &[f64], precision: ProcessPrecision) {
    match precision {
        ProcessPrecision::Float64 => request.extend(point.iter().flat_map(|x| x.to_le_bytes())),
        ProcessPrecision::Float32 => {
            request.extend(point.iter().flat_map(|&x| (x as f32).to_le_bytes()));
        }
    }
}

/// Decodes numbers.
pub(super) fn read(bytes: &[u8], precision: ProcessPrecision, numbers: &mut [f64]) {
    match precision {
        ProcessPrecision::Float64 => {
            let (words, _) = bytes.as_chunks::<8>();
            numbers.iter_mut().zip(words).for_each(|(x, word)| *x = f64::from_le_bytes(*word));
        }
        ProcessPrecision::Float32 => {
            let (words, _) = bytes.as_chunks::<4>();
            let number = |word: &[u8; 4]| f64::from(f32::from_le_bytes(*word));
            numbers.iter_mut().zip(words).for_each(|(x, word)| *x = number(word));
        }
    }
}

impl RequestShape {
    /// Bytes of the gradient at a point.
    pub fn gradient(&self) -> usize {
        self.dimension * self.precision.size()
    }

    /// Whether an answer is complete.
    ///
    /// # Errors
    /// If it is not a valid answer.
    pub fn is_complete(&self, answer: &[u8]) -> Result<bool, String> {
        let Some(length) = self.length(answer)? else { return Ok(false) };
        match answer.len().cmp(&length) {
            std::cmp::Ordering::Less => Ok(false),
            std::cmp::Ordering::Equal => Ok(true),
            std::cmp::Ordering::Greater => Err(format!(
                "wrote more than the {length} bytes of its answer; something else writes to its \
                 standard output"
            )),
        }
    }

    /// The length of an answer with this beginning. `None` while it is not known.
    fn length(&self, answer: &[u8]) -> Result<Option<usize>, String> {
        match word(answer, 0) {
            None => Ok(None),
            Some(0) => {
                let gradients = match self.wanted {
                    WantedNumbers::Values => 0,
                    WantedNumbers::ValuesAndGradients => self.points * self.gradient(),
                };
                Ok(Some(WORD + self.points * WORD + gradients))
            }
            Some(1) => match word(answer, WORD) {
                Some(length) if length > MAX_ERROR => {
                    Err(format!("announced an error text of {length} bytes"))
                }
                length => Ok(length.map(|length| 2 * WORD + length as usize)),
            },
            Some(status) => Err(format!(
                "answered with status {status}, where 0 or 1 is expected{}",
                printed(answer)
            )),
        }
    }

    /// An answer that is [complete](Self::is_complete).
    pub fn parse<'a>(&self, answer: &'a [u8]) -> Answer<'a> {
        if word(answer, 0) == Some(0) {
            let (values, gradients) = answer[WORD..].split_at(self.points * WORD);
            Answer::Numbers { values, gradients }
        } else {
            let text = String::from_utf8_lossy(&answer[2 * WORD..]);
            let lines: Vec<&str> =
                text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
            Answer::Error(lines.join(" | "))
        }
    }
}

/// The beginning of the bytes, if they may be a text.
fn printed(answer: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(answer).chars().take(60).collect();
    if text.chars().take(4).all(|c| !c.is_control()) {
        format!("; it printed {text:?} to its standard output")
    } else {
        String::new()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + WORD)?;
    Some(u64::from_le_bytes(word.try_into().expect("eight bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: RequestShape = RequestShape {
        wanted: WantedNumbers::ValuesAndGradients,
        points: 2,
        dimension: 3,
        precision: ProcessPrecision::Float32,
    };

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_request_is_three_integers_and_the_points() {
        let mut request = vec![7];
        begin(&mut request, &SHAPE, 1);
        append(&mut request, &[1.0, 2.0, 0.1], ProcessPrecision::Float32);
        assert_eq!(request[..24], words(&[2, 1, 2]));
        assert_eq!(request[32..], 0.1_f32.to_le_bytes());
        begin(&mut request, &SHAPE, 1);
        append(&mut request, &[0.1], ProcessPrecision::Float64);
        assert_eq!(request[24..], 0.1_f64.to_le_bytes());
    }

    #[test]
    fn an_answer_is_complete_with_its_last_byte_and_broken_after_it() {
        let mut answer = words(&[0]);
        answer.extend([1.5_f64, 2.5].iter().flat_map(|x| x.to_le_bytes()));
        answer.extend((0..6).flat_map(|x| (x as f32).to_le_bytes()));
        for length in 0..answer.len() {
            assert_eq!(SHAPE.is_complete(&answer[..length]), Ok(false), "{length}");
        }
        assert_eq!(SHAPE.is_complete(&answer), Ok(true));
        let Answer::Numbers { values, gradients } = SHAPE.parse(&answer) else { panic!() };
        let (mut two, mut three) = ([0.0; 2], [0.0; 3]);
        read(values, ProcessPrecision::Float64, &mut two);
        read(&gradients[12..], ProcessPrecision::Float32, &mut three);
        assert_eq!((two, three), ([1.5, 2.5], [3.0, 4.0, 5.0]));
        answer.push(0);
        assert!(SHAPE.is_complete(&answer).unwrap_err().contains("more than the 48 bytes"));
    }

    #[test]
    fn an_error_is_a_text_on_one_line() {
        let mut answer = words(&[1, 11]);
        assert_eq!(SHAPE.is_complete(&answer), Ok(false));
        answer.extend(b"too\n hot \n\n");
        assert_eq!(SHAPE.is_complete(&answer), Ok(true));
        let Answer::Error(text) = SHAPE.parse(&answer) else { panic!() };
        assert_eq!(text, "too |  hot");
        assert!(SHAPE.is_complete(&words(&[1, u64::MAX])).is_err());
    }

    #[test]
    fn any_other_status_is_broken_and_a_text_is_shown() {
        let broken = SHAPE.is_complete(b"epoch 12 of 40\n").unwrap_err();
        assert!(broken.contains("it printed \"epoch 12 of 40\\n\""), "{broken}");
        assert!(SHAPE.is_complete(&words(&[3])).unwrap_err().contains("status 3, where"));
    }
}
