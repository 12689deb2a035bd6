//! The messages between rank 0 and the other ranks: a header, followed by the value that it
//! announces, if any. Both are encoded by postcard.

use super::control::{Checkpoint, TaskReport};
use super::farm::{FarmEnd, TaskFailure};
use postcard::experimental::serialized_size;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The length of an MPI message is a signed 32-bit integer.
pub const MAX_MESSAGE_BYTES: usize = i32::MAX as usize;

/// A message from rank 0.
#[derive(Debug, Serialize, Deserialize)]
pub enum Instruction {
    /// Work on this task; the task itself follows.
    Task(usize),
    /// Ask the running task to stop.
    Stop,
    /// The farm is over. Sent to ranks without a task only.
    End(End),
}

/// How a farm ended, for the other ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    Completed,
    Stopped,
    Failed,
}

/// A message to rank 0.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    Progress(TaskReport),
    /// The task continues; its state is to be stored.
    Checkpoint(Checkpoint),
    /// This rank was asked to stop, for instance by a signal. All ranks should stop.
    StopRequested,
    /// The result follows.
    Finished {
        seconds: f64,
    },
    Failed {
        seconds: f64,
        failure: TaskFailure,
    },
}

/// Why a value could not be sent between ranks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MessageError {
    /// The value is too large for one MPI message.
    #[error(
        "{bytes} bytes do not fit into one MPI message, which holds {limit}; split the work into smaller tasks"
    )]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size of a message in bytes.
        limit: usize,
    },
    /// Its type cannot be written or read back in the encoding of postcard, which knows neither
    /// untagged enums nor skipped fields.
    #[error("the value cannot be encoded as a message: {0}")]
    Encoding(String),
}

impl From<postcard::Error> for MessageError {
    fn from(error: postcard::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl From<End> for Option<FarmEnd> {
    fn from(end: End) -> Self {
        match end {
            End::Completed => Some(FarmEnd::Completed),
            End::Stopped => Some(FarmEnd::Stopped),
            End::Failed => None,
        }
    }
}

/// A message without a value.
pub fn encode(header: &(impl Serialize + ?Sized)) -> Vec<u8> {
    postcard::to_allocvec(header).expect("headers are plain enums of numbers and short texts")
}

/// A message with a value.
pub fn encode_with(
    header: &impl Serialize,
    body: &impl Serialize,
) -> Result<Vec<u8>, MessageError> {
    encode_within(MAX_MESSAGE_BYTES, header, body)
}

/// Determines the size first, so that a value that is too large is refused before memory is
/// allocated, and so that the buffer is allocated once.
fn encode_within(
    limit: usize,
    header: &impl Serialize,
    body: &impl Serialize,
) -> Result<Vec<u8>, MessageError> {
    let bytes = serialized_size(header)? + serialized_size(body)?;
    if bytes > limit {
        return Err(MessageError::TooLarge { bytes, limit });
    }
    let message = postcard::to_extend(header, Vec::with_capacity(bytes))?;
    Ok(postcard::to_extend(body, message)?)
}

/// A received message: its header has been read, its value has not.
#[derive(Debug)]
pub struct ReceivedMessage {
    message: Vec<u8>,
    body: usize,
}

impl ReceivedMessage {
    /// Reads the header.
    ///
    /// # Panics
    /// If it is none: all ranks run the same program.
    pub fn open<H: DeserializeOwned>(message: Vec<u8>) -> (H, Self) {
        let (header, rest) = postcard::take_from_bytes(&message)
            .expect("all ranks run the same version of the program");
        let body = message.len() - rest.len();
        (header, Self { message, body })
    }

    /// Reads the value.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, MessageError> {
        Ok(postcard::from_bytes(&self.message[self.body..])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_to_the_bit() {
        let body = (vec![f32::MIN_POSITIVE, -0.0, 1.0e-8], vec![f64::NAN, f64::INFINITY]);
        let message = encode_with(&Instruction::Task(5), &body).expect("small");
        let (header, parcel) = ReceivedMessage::open(message);
        assert!(matches!(header, Instruction::Task(5)));
        let (theta, loss): (Vec<f32>, Vec<f64>) = parcel.value().expect("the same type");
        assert_eq!(
            theta.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            body.0.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        );
        assert!(loss[0].is_nan() && loss[1].is_infinite());
    }

    #[test]
    fn the_limit_counts_header_and_body() {
        let body = [1.0_f32; 10];
        let bytes = encode_with(&Instruction::Task(1), &body).expect("small").len();
        assert_eq!(
            encode_within(bytes, &Instruction::Task(1), &body).map(|message| message.len()),
            Ok(bytes)
        );
        let error = encode_within(bytes - 1, &Instruction::Task(1), &body);
        assert_eq!(error, Err(MessageError::TooLarge { bytes, limit: bytes - 1 }));
    }

    #[test]
    fn a_value_cut_short_is_an_error() {
        let mut message = encode_with(&Instruction::Task(1), &vec![1.0_f32; 10]).expect("small");
        message.pop();
        let (_, parcel) = ReceivedMessage::open::<Instruction>(message);
        assert!(matches!(parcel.value::<Vec<f32>>(), Err(MessageError::Encoding(_))));
    }
}
