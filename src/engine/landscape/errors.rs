//! Where the standard error of a process goes.

use crate::landscape::Process;
use crate::landscape::process::ErrorSink;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Name of the folder in a run directory.
const FOLDER: &str = "landscape";

/// Sends the standard error of the process of a rank to `DIR/landscape/rank-N.log`. Without a run
/// directory it goes to the terminal.
pub fn send(process: &Process, directory: Option<&Path>, rank: usize) {
    let sink = match directory {
        Some(directory) => {
            let file = directory.join(FOLDER).join(format!("rank-{rank}.log"));
            let name = Some(file.display().to_string());
            ErrorSink { name, write: Box::new(LogFile { path: file, file: None }) }
        }
        None => ErrorSink { name: None, write: Box::new(io::stderr()) },
    };
    process.log_to(sink);
}

/// A file that is created or continued with the first byte, because most processes write nothing.
struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    fn open(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
            self.file = Some(OpenOptions::new().create(true).append(true).open(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}
