//! Single keys, without the Enter key after them.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::read;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{self, IsTerminal, Stdin};
use std::time::Duration;

/// The key that ends a view.
const QUIT: u8 = b'q';

/// A terminal that hands over each key at once and does not show it while it waits. After each wait
/// it is as before, so that whatever ends the process later leaves a usable terminal.
pub struct Keyboard {
    stdin: Stdin,
    before: Termios,
}

impl Keyboard {
    /// That of standard input; `None` if it is no terminal.
    pub fn open() -> Option<Self> {
        let stdin = io::stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok())??;
        Some(Self { stdin, before })
    }

    /// Waits for so long, at most. Whether the key that ends a view was pressed.
    pub fn wait_for_quit(&self, time: Duration) -> bool {
        // A background process that touches the keyboard is stopped.
        if !self.in_foreground() || self.take_keys().is_err() {
            std::thread::sleep(time);
            return false;
        }
        let Ok(limit) = Timespec::try_from(time) else { return false };
        let mut ready = [PollFd::new(&self.stdin, PollFlags::IN)];
        // A signal ends the wait, too.
        if poll(&mut ready, Some(&limit)).unwrap_or(0) == 0 {
            return false;
        }
        let mut keys = [0; 64];
        match read(&self.stdin, &mut keys) {
            Ok(number) => keys[..number].contains(&QUIT),
            Err(_) => false,
        }
    }

    /// Gives the keys back, in the modes from before.
    pub fn give_back(&self) {
        if self.in_foreground() {
            tcsetattr(&self.stdin, OptionalActions::Now, &self.before).ok();
        }
    }

    fn in_foreground(&self) -> bool {
        tcgetpgrp(&self.stdin).is_ok_and(|group| group == getpgrp())
    }

    /// Each time, because a shell sets its own modes while this process is suspended.
    fn take_keys(&self) -> rustix::io::Result<()> {
        let mut modes = self.before.clone();
        modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        // Ctrl-\ would end the process here without giving them back.
        modes.special_codes[SpecialCodeIndex::VQUIT] = 0;
        tcsetattr(&self.stdin, OptionalActions::Now, &modes)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.give_back();
    }
}
