//! Errors of the HDF5 library in words for the user.

/// The reason of the system if there is one, otherwise that of the library, on one line.
pub(super) fn reason(error: &hdf5::Error) -> String {
    let messages = messages(error);
    // The library quotes it: "… errno = 28, error message = 'No space left on device', buf = …".
    let quoted = |message: &String| {
        let (_, rest) = message.split_once("error message = '")?;
        Some(rest.split_once('\'')?.0.to_owned())
    };
    messages.iter().find_map(quoted).unwrap_or_else(|| error.to_string().replace('\n', " "))
}

/// Whether another program has locked the file.
pub(super) fn is_lock(error: &hdf5::Error) -> bool {
    messages(error).iter().any(|message| message.contains("unable to lock file"))
}

/// The messages of all functions of the library from the call to the one that failed.
fn messages(error: &hdf5::Error) -> Vec<String> {
    let frames =
        error.stack().map(|stack| stack.iter().map(|frame| frame.desc().to_owned()).collect());
    frames.unwrap_or_else(|| vec![error.to_string()])
}
