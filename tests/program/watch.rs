//! `lossatlas status --watch`: on a terminal, in a pipe, and beside a run that does not notice it.

use crate::finished::finished_training;
use crate::interrupt::{SLOWER, in_background, ranks_of, signal, wait_for, wait_until};
use crate::python::python;
use crate::start::{PROGRAM, lossatlas, on_tiny, text};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;
use tempfile::tempdir;

/// Runs a program on a terminal of 20 rows and 60 columns. After the third look at a running stage
/// it types a text. Prints what the terminal got, whether it echoes in the end, and the exit code.
const ON_A_TERMINAL: &str = "
import fcntl, json, os, select, struct, sys, termios, time
typed = bytes.fromhex(sys.argv[1])
master, terminal = os.openpty()
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 20, 60, 0, 0))
process = os.fork()
if process == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    [os.dup2(terminal, number) for number in range(3)]
    os.execvp(sys.argv[2], sys.argv[2:])
echoes = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
said, silent, code, begun = b'', None, None, time.time()
while code is None and time.time() - begun < 120:
    if select.select([master], [], [], 0.1)[0]:
        said += os.read(master, 65536)
    if silent is None and said.count(b'running: training') >= 3:
        # It gives the keys back while it draws.
        while echoes() and time.time() - begun < 100:
            time.sleep(0.01)
        silent = not echoes()
        os.write(master, typed)
    ended, status = os.waitpid(process, os.WNOHANG)
    if ended:
        code = os.waitstatus_to_exitcode(status)
while select.select([master], [], [], 0.1)[0]:
    said += os.read(master, 65536)
if code is None:
    os.kill(process, 9)
print(json.dumps({'said': said.decode(), 'silent': silent, 'echoes': echoes(), 'code': code}))
";

fn on_a_terminal(typed: &str, directory: &Path) -> serde_json::Value {
    let typed: String = typed.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut command = Command::new(python());
    command.args(["-c", ON_A_TERMINAL, &typed, PROGRAM, "status", text(directory), "--watch=1"]);
    command.env("TERM", "xterm-256color");
    let output = command.output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// Every file with its time and what it holds.
fn files(directory: &Path) -> BTreeMap<String, (SystemTime, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| {
        let path = entry.expect("an entry").path();
        let changed = path.metadata().and_then(|file| file.modified()).expect("a time");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, (changed, fs::read(&path).unwrap_or_default()))
    });
    entries.collect()
}

const ENDLESS: [&str; 3] =
    ["training.sgd.epochs=1000000", "training.initializations=2", "training.keep=2"];

#[test]
fn a_terminal_is_drawn_on_in_place_until_q_or_ctrl_c() {
    let root = tempdir().expect("a temporary directory");
    let run = in_background(2, "run", root.path(), &ENDLESS);
    wait_until("a stage", &run, || root.path().join("progress.json").exists());
    for typed in ["q", "\u{3}"] {
        let ended = on_a_terminal(typed, root.path());
        let said = ended["said"].as_str().expect("a text");
        assert_eq!(ended["code"], 0, "{said}");
        assert_eq!((&ended["silent"], &ended["echoes"]), (&true.into(), &true.into()), "{said}");
        assert!(said.contains("held by 2 ranks on "), "{said}");
        // A narrow terminal drops other numbers in favor of the time left.
        assert!(said.contains("training    [") && said.contains("/4 done, "), "{said}");
        assert!(said.contains("q or Ctrl-C ends this view"), "{said}");
        // The cursor goes up as many lines as the frame before had, and is shown again.
        let ups: Vec<usize> = said
            .split("\u{1b}[")
            .filter_map(|part| part.split_once('A').and_then(|(rows, _)| rows.parse().ok()))
            .collect();
        assert!(ups.len() >= 2 && ups.iter().all(|&rows| rows < 20), "{ups:?}: {said}");
        assert!(said.contains("\u{1b}[?25l") && said.contains("\u{1b}[?25h"), "{said:?}");
        let longest = said.split("\r\n").map(|line| {
            let shown = line.rsplit("\u{1b}[").next().unwrap_or_default();
            shown.chars().skip_while(|letter| "0123456789ABK".contains(*letter)).count()
        });
        assert!(longest.max() <= Some(60), "{said}");
    }
    assert!(signal("TERM", &ranks_of(root.path())), "the run still goes on");
    run.join().expect("the program could be started").with_code(75);
}

#[test]
fn a_finished_run_is_shown_once_and_its_directory_is_left_alone() {
    let root = tempdir().expect("a temporary directory");
    finished_training(root.path());
    let before = files(root.path());
    let shown = lossatlas(1, &["status", "--watch", text(root.path())]).with_code(0).stdout;
    for part in [
        "training    [==========================]  8/8 done\n",
        "paths       [                          ]  0/16 done, 16 left\n",
        "kernel PCA  left\n",
        "\nfinished: all that the last command computes is there\n",
    ] {
        assert_eq!(shown.matches(part).count(), 1, "{part}: {shown}");
    }
    assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
    let on_terminal = on_a_terminal("q", root.path());
    assert_eq!(on_terminal["code"], 0);
    assert!(on_terminal["silent"].is_null(), "it ended by itself: {on_terminal}");
    assert!(files(root.path()) == before, "nothing was written");
    let nowhere = root.path().join("nowhere");
    lossatlas(1, &["status", "--watch=1", text(&nowhere)]).with_code(2);
}

fn watching(directory: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["status", "--watch=1", text(directory)]).args(more);
    command.stdout(Stdio::piped()).spawn().expect("the program could be started")
}

/// What a watch has printed at its end, with its exit code.
fn ended(watch: Child) -> (String, Option<i32>) {
    let output = watch.wait_with_output().expect("it was started");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

/// Another start in the same directory is neither hindered nor missed.
#[test]
fn a_watch_follows_a_run_that_is_killed_and_resumed_until_it_is_finished() {
    let root = tempdir().expect("a temporary directory");
    let run = in_background(2, "run", root.path(), &SLOWER);
    let processes = wait_for(2, 2, root.path(), &run);
    assert!(signal("KILL", &processes));
    run.join().expect("the program could be started");
    let [lines, json] = [&[][..], &["--format", "json"]].map(|more| watching(root.path(), more));
    let mut lines = lines;
    let mut first = String::new();
    let mut reader = BufReader::new(lines.stdout.take().expect("a pipe"));
    reader.read_line(&mut first).expect("a line");
    assert!(first.ends_with(": digits seed 7\n"), "{first}");
    on_tiny(2, "run", root.path(), &SLOWER).with_code(0);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut reader, &mut rest).expect("UTF-8");
    assert_eq!(ended(lines).1, Some(0));
    assert!(rest.contains(" (start 1)\n") && rest.contains(" (start 2)\n"), "{rest}");
    assert!(rest.contains("paths       [==========================]  16/16 done\n"), "{rest}");
    assert_eq!(rest.matches("\nfinished: ").count(), 1, "{rest}");
    let (objects, code) = ended(json);
    assert_eq!(code, Some(0));
    let objects: Vec<serde_json::Value> =
        objects.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let last = objects.last().expect("an object");
    assert_eq!((&last["finished"], &last["starts"]), (&true.into(), &2.into()));
    assert_eq!(last["stages"][0]["done"], 8);
    assert!(objects[..objects.len() - 1].iter().all(|status| status["finished"] == false));
}

#[test]
fn warnings_of_the_log_are_shown_and_a_signal_ends_a_watch_in_a_pipe() {
    let root = tempdir().expect("a temporary directory");
    let run = in_background(1, "run", root.path(), &ENDLESS);
    let processes = wait_for(0, 1, root.path(), &run);
    assert!(signal("TERM", &processes));
    run.join().expect("the program could be started").with_code(75);
    let mut watch = watching(root.path(), &[]);
    let mut reader = BufReader::new(watch.stdout.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("exit_code=75") {
        assert!(reader.read_line(&mut said).expect("UTF-8") > 0, "{said}");
    }
    assert!(said.contains("last warnings in run.log:\n  2"), "{said}");
    assert!(said.contains(" WARN stop requested stage=\"training\""), "{said}");
    assert!(said.contains("nothing is running\n"), "{said}");
    assert!(signal("INT", &[watch.id().to_string()]));
    assert_eq!(ended(watch).1, Some(0));
}
