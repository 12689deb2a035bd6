use super::*;
use crate::engine::store::record::{ConfigurationRecord, SessionRecord};
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun, TrainingStop};
use crate::path::{PathResult, PathStop, Track};
use crate::solutions::{LandscapeName, SetName};
use std::process::Command;
use tempfile::TempDir;

fn snapshot(epoch: u32, theta: Vec<f32>) -> Snapshot {
    Snapshot {
        epoch,
        theta,
        loss_train: 1e-300,
        loss_test: f64::MAX,
        accuracy_train: 0.1 + 0.2,
        accuracy_test: -0.0,
    }
}

fn training(initialization: u32, theta: Vec<f32>) -> Record {
    let run = TrainingRun {
        train: snapshot(7, theta.clone()),
        test: snapshot(2, theta),
        curve_train: vec![2.3, f64::INFINITY, f64::MIN_POSITIVE],
        curve_test: Vec::new(),
        memory_dropped: 3,
        stop: TrainingStop::NoDescent { iteration: 8 },
    };
    Record::Training {
        optimizer: OptimizerName::lbfgs(),
        initialization,
        seconds: 0.25,
        outcome: Ok(run),
    }
}

fn path(pair: (u32, u32)) -> Record {
    let result = PathResult {
        loss: vec![0.5, 0.75, 0.25],
        straight_loss: vec![0.5, 1.0 / 3.0, 0.25],
        barrier: 0.75,
        fine_barrier: 0.8,
        straight_barrier: 0.5,
        length: 2.0,
        length_straight: 1.5,
        steps: 100,
        best_step: 99,
        stop: PathStop::NotFinite { step: 100 },
        accuracy: None,
    };
    let set = SetName::parse("sgd/train").expect("a valid name");
    Record::Path { set, landscape: LandscapeName::Test, pair, seconds: 1.5, outcome: Ok(result) }
}

fn path_with_points(pair: (u32, u32)) -> Record {
    let Record::Path { set, landscape, seconds, outcome: Ok(path), .. } = path(pair) else {
        unreachable!("a path")
    };
    let points = ndarray::array![[0.5, -0.0], [f64::MIN_POSITIVE, 1e300]];
    let track = Track {
        points,
        heights: vec![0.5, f64::INFINITY],
        straight_heights: vec![1.0 / 3.0, 0.25],
    };
    Record::PathWithPoints { set, landscape, pair, seconds, path, track }
}

/// One record of every kind and outcome.
fn records() -> Vec<Record> {
    vec![
        Record::Configuration(ConfigurationRecord {
            effective: [("seed", "1"), ("data.name", "digits")]
                .map(|(key, value)| (key.into(), value.into()))
                .into(),
            text: "seed = 1 # the µ of the run\n".into(),
            overrides: vec!["sgd.epochs=2".into()],
            version: "0.1.0".into(),
            dataset_name: "digits seed 7".into(),
            dataset_checksum: "00ff".into(),
        }),
        Record::Session(SessionRecord {
            host: "node1".into(),
            ranks: 64,
            started: "2026-01-02T03:04:05Z".into(),
            version: "0.1.0".into(),
            commit: String::new(),
        }),
        training(0, vec![1.5, -0.0, f32::MIN_POSITIVE / 2.0]),
        Record::Training {
            optimizer: OptimizerName::sgd(),
            initialization: 0,
            seconds: 0.0,
            outcome: Err("no memory".into()),
        },
        path((3, 1)),
        path_with_points((5, 4)),
        Record::task("of a later version", "sgd 0", 0.125, Ok(vec![1.5, -0.0])),
        Record::task("of a later version", "sgd 1", 0.0, Err::<(), _>("no memory".into())),
        training(1, vec![0.1; 5]),
    ]
}

fn contents(records: &[Record]) -> Contents {
    let mut contents = Contents::default();
    for record in records {
        contents.insert(record.clone());
    }
    contents
}

/// A directory with a journal of [`records`] and the offsets at which its records start, the end
/// last.
fn written() -> (TempDir, Vec<u64>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut journal =
        Journal::open(directory.path(), Contents::default()).expect("a new journal").journal;
    let mut offsets = vec![journal.file.end];
    for record in records() {
        journal.append(&record).expect("space for a record");
        offsets.push(journal.file.end);
    }
    (directory, offsets)
}

fn bytes(directory: &TempDir) -> Vec<u8> {
    fs::read(directory.path().join(FILE_NAME)).expect("a journal")
}

fn replace(directory: &TempDir, bytes: &[u8]) {
    fs::write(directory.path().join(FILE_NAME), bytes).expect("a writable directory");
}

/// Opens and reads what must be an error, and checks that the file is not touched.
fn refusal(directory: &TempDir) -> JournalError {
    let before = bytes(directory);
    let reading =
        read(directory.path(), Contents::default()).expect_err("reading refuses").to_string();
    let opening =
        Journal::open(directory.path(), Contents::default()).expect_err("opening refuses");
    assert_eq!(reading, opening.to_string());
    assert_eq!(bytes(directory), before);
    opening
}

#[test]
fn what_is_appended_is_read_back() {
    let (directory, _) = written();
    let opened = Journal::open(directory.path(), Contents::default()).expect("a sound journal");
    assert_eq!(opened.contents, contents(&records()));
    assert_eq!(opened.torn, None);
    assert_eq!(
        read(directory.path(), Contents::default()).expect("a sound journal"),
        (contents(&records()), None)
    );
}

/// At every length that the file may have at an instant.
#[test]
fn a_journal_is_followed_record_by_record_while_it_grows() {
    let (directory, offsets) = written();
    let whole = bytes(&directory);
    let (mut followed, mut found) = (FollowedJournal::of(directory.path()), Contents::default());
    replace(&directory, &[]);
    assert_eq!(followed.read_on(&mut found).expect("an empty file"), JournalNews::Same);
    for length in 1..=whole.len() {
        fs::write(directory.path().join(FILE_NAME), &whole[..length]).expect("a file");
        let news = followed.read_on(&mut found).expect("a sound beginning");
        let at_an_end = offsets.contains(&(length as u64));
        let expected = if at_an_end { JournalNews::Appended } else { JournalNews::Same };
        assert_eq!(news, expected, "{length} bytes");
        let records_there = offsets.iter().filter(|&&end| end <= length as u64).count();
        if at_an_end {
            assert_eq!(found, contents(&records()[..records_there - 1]), "{length} bytes");
        }
    }
    // What was read does not count any more.
    replace(&directory, &whole[..whole.len() - 1]);
    assert_eq!(followed.read_on(&mut found).expect("a file"), JournalNews::Replaced);
    fs::remove_file(directory.path().join(FILE_NAME)).expect("a file");
    assert!(matches!(followed.read_on(&mut found), Err(JournalError::Missing { .. })));
}

#[test]
fn every_bit_of_a_float_survives() {
    let payload = 0x7ff8_dead_beef_0001;
    let single = 0x7fc1_2345;
    let Record::Training { optimizer, initialization, seconds, outcome: Ok(mut run) } =
        training(0, vec![f32::from_bits(single)])
    else {
        unreachable!("a finished run")
    };
    run.train.accuracy_train = f64::from_bits(payload);
    let frame =
        frame::encode(&Record::Training { optimizer, initialization, seconds, outcome: Ok(run) })
            .expect("small");
    let Ok(Record::Training { outcome: Ok(run), .. }) = frame::decode(&frame[frame::HEAD_LENGTH..])
    else {
        panic!("a finished run went in")
    };
    assert_eq!(run.train.accuracy_train.to_bits(), payload);
    assert_eq!(run.train.theta[0].to_bits(), single);
    assert_eq!(run.train.accuracy_test.to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn a_crash_at_any_byte_of_an_append_loses_that_record_alone() {
    let (directory, offsets) = written();
    let whole = bytes(&directory);
    let last = offsets[offsets.len() - 2];
    let before = contents(&records()[..records().len() - 1]);
    for end in last..whole.len() as u64 {
        replace(&directory, &whole[..end as usize]);
        let torn = (end > last).then(|| TornTail { offset: last, bytes: end - last });
        assert_eq!(
            read(directory.path(), Contents::default()).expect("readable"),
            (before.clone(), torn),
            "cut at byte {end}"
        );
        assert_eq!(bytes(&directory).len() as u64, end, "reading leaves the file alone");

        let mut opened =
            Journal::open(directory.path(), Contents::default()).expect("only the tail is torn");
        assert_eq!((&opened.contents, opened.torn), (&before, torn), "cut at byte {end}");
        assert_eq!(bytes(&directory).len() as u64, last);
        opened.journal.append(&training(1, vec![0.1; 5])).expect("space for a record");
        assert_eq!(bytes(&directory), whole, "cut at byte {end}");
    }
}

#[test]
fn a_last_record_of_which_parts_never_reached_the_disk_is_torn() {
    let (directory, offsets) = written();
    let whole = bytes(&directory);
    let last = offsets[offsets.len() - 2] as usize;
    for unwritten in
        [last..whole.len(), last..last + 8, last + 20..whole.len(), last + 12..last + 40]
    {
        let mut bytes = whole.clone();
        bytes[unwritten.clone()].fill(0);
        replace(&directory, &bytes);
        let torn = Journal::open(directory.path(), Contents::default())
            .expect("only the tail is torn")
            .torn;
        let expected = TornTail { offset: last as u64, bytes: (whole.len() - last) as u64 };
        assert_eq!(torn, Some(expected), "bytes {unwritten:?} are zeros");
    }
}

#[test]
fn damage_before_the_last_record_is_an_error_at_its_offset() {
    let (directory, offsets) = written();
    let whole = bytes(&directory);
    let last = offsets[offsets.len() - 2];
    for byte in offsets[0]..last {
        let mut damaged = whole.clone();
        damaged[byte as usize] ^= 0x10;
        replace(&directory, &damaged);
        let start = offsets.iter().copied().filter(|&offset| offset <= byte).max();
        match refusal(&directory) {
            JournalError::Damaged { offset, file, .. } => {
                assert_eq!(Some(offset), start, "byte {byte}");
                assert_eq!(file, directory.path().join(FILE_NAME));
            }
            other => panic!("byte {byte}: {other}"),
        }
    }
}

#[test]
fn damage_names_file_offset_and_remedy() {
    let (directory, offsets) = written();
    let mut damaged = bytes(&directory);
    damaged[offsets[2] as usize + 30] ^= 1;
    replace(&directory, &damaged);
    let message = refusal(&directory).to_string();
    let file = directory.path().join(FILE_NAME).display().to_string();
    let offset = offsets[2];
    for part in [&file, &format!("at byte {offset}"), &format!("truncate --size={offset} {file}")] {
        assert!(message.contains(part), "{message}");
    }
    replace(&directory, &damaged[..offset as usize]);
    let opened = Journal::open(directory.path(), Contents::default()).expect("the remedy helps");
    assert_eq!(opened.contents, contents(&records()[..2]));
}

#[test]
fn a_sound_frame_without_a_record_is_damage_even_at_the_end() {
    let (directory, offsets) = written();
    let frame = frame::encode(&training(9, vec![1.0])).expect("small");
    let payload = [&frame[frame::HEAD_LENGTH..], &[0]].concat();
    for payload in [&payload[..], &[0xff; 3], &payload[..10]] {
        let length = (payload.len() as u32).to_le_bytes();
        let head = [length, crc32fast::hash(payload).to_le_bytes()].concat();
        let own = crc32fast::hash(&head).to_le_bytes();
        let end = offsets[offsets.len() - 1];
        let whole = &bytes(&directory)[..end as usize];
        replace(&directory, &[whole, &head, &own, payload].concat());
        match refusal(&directory) {
            JournalError::Damaged { offset, .. } => assert_eq!(offset, end),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn foreign_files_are_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let text = b"lossatlas\n is not what this file is\n";
    for foreign in [&text[..], b"x", &[0; 17], b"\x89HDF\r\n\x1a\n", b"lossatlas\n"] {
        replace(&directory, foreign);
        assert!(matches!(refusal(&directory), JournalError::Foreign { .. }), "{foreign:?}");
    }
}

#[test]
fn another_format_version_is_refused() {
    let (directory, _) = written();
    let mut bytes = bytes(&directory);
    bytes[MAGIC_LENGTH] = 2;
    replace(&directory, &bytes);
    match refusal(&directory) {
        JournalError::Version { offset: 12, found: 2, expected: FORMAT_VERSION, .. } => {}
        other => panic!("{other}"),
    }
}

const MAGIC_LENGTH: usize = frame::HEADER_LENGTH - 4;

#[test]
fn a_crash_while_the_file_is_created_loses_nothing() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let header = frame::JOURNAL.header();
    for begun in (0..header.len()).map(|end| &header[..end]).chain([&[0; frame::HEADER_LENGTH][..]])
    {
        replace(&directory, begun);
        assert_eq!(
            read(directory.path(), Contents::default()).expect("as good as empty").0,
            Contents::default()
        );
        let mut opened =
            Journal::open(directory.path(), Contents::default()).expect("as good as empty");
        assert_eq!(opened.torn.map_or(0, |torn| torn.bytes), begun.len() as u64);
        opened.journal.append(&path((0, 1))).expect("space for a record");
        drop(opened);
        assert_eq!(
            read(directory.path(), Contents::default()).expect("a journal"),
            (contents(&[path((0, 1))]), None)
        );
    }
}

#[test]
fn a_second_run_in_one_directory_is_refused_and_readers_are_not() {
    let (directory, _) = written();
    let first = Journal::open(directory.path(), Contents::default()).expect("nobody else").journal;
    let message =
        Journal::open(directory.path(), Contents::default()).expect_err("locked").to_string();
    let expected = format!("another lossatlas is running in {}", directory.path().display());
    assert!(message.starts_with(&expected), "{message}");
    read(directory.path(), Contents::default()).expect("reading needs no lock");
    drop(first);
    Journal::open(directory.path(), Contents::default()).expect("the lock ends with its holder");
}

#[test]
fn a_second_writer_is_noticed_where_files_cannot_be_locked() {
    let (directory, _) = written();
    let mut journal =
        Journal::open(directory.path(), Contents::default()).expect("nobody else").journal;
    let other = [bytes(&directory), frame::encode(&path((8, 9))).expect("small")].concat();
    replace(&directory, &other);
    assert!(matches!(journal.append(&path((4, 5))), Err(JournalError::Changed { .. })));
    assert_eq!(bytes(&directory), other);
}

#[test]
fn a_journal_that_is_not_where_it_was_takes_no_record() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let open = |name: &str| {
        let directory = root.path().join(name);
        (
            Journal::open(&directory, Contents::default()).expect("a new directory").journal,
            directory,
        )
    };
    let refusal = |mut journal: Journal| match journal.append(&records()[0]) {
        Err(JournalError::Displaced { now, .. }) => now,
        other => panic!("{other:?}"),
    };
    // Results are said to be safe in atlas.h5 only if it exists.
    let (mut journal, directory) = open("promised");
    fs::remove_file(directory.join(FILE_NAME)).expect("a journal");
    let mut said = || journal.append(&records()[0]).expect_err("it is gone").to_string();
    assert!(said().contains("there is no atlas.h5 beside it"));
    fs::write(directory.join("atlas.h5"), "").expect("space for a small file");
    assert!(said().contains("those in atlas.h5, which has"));
    fs::remove_dir_all(&directory).expect("a directory of this test");
    assert!(said().contains("there is no atlas.h5 beside it"));
    let (journal, directory) = open("deleted");
    fs::remove_file(directory.join(FILE_NAME)).expect("a journal");
    assert_eq!(refusal(journal), None);
    let (journal, directory) = open("replaced");
    fs::write(directory.join("other"), "precious").expect("space for a small file");
    fs::rename(directory.join("other"), directory.join(FILE_NAME)).expect("a journal");
    assert_eq!(refusal(journal), None);
    let (journal, directory) = open("moved");
    fs::rename(&directory, root.path().join("elsewhere")).expect("a directory of this test");
    let canonical = root.path().canonicalize().expect("a directory");
    assert_eq!(refusal(journal), Some(canonical.join("elsewhere").join(FILE_NAME)));
}

#[test]
fn a_missing_journal_is_not_created_by_reading() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    assert!(matches!(
        read(directory.path(), Contents::default()),
        Err(JournalError::Missing { .. })
    ));
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
}

#[test]
fn a_directory_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let message =
        Journal::open(file.path(), Contents::default()).expect_err("no directory").to_string();
    assert_eq!(
        message,
        format!("{} is not a directory; choose another output directory", file.path().display())
    );
}

/// Runs [`fill_the_disk`] where files cannot grow beyond a few KiB, which cuts writes short exactly
/// as a full disk does.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_whole_records_and_a_journal_that_goes_on() {
    let (directory, _) = written();
    let (_, module) = module_path!().split_once("::").expect("a module of the library");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("the test program"))
        .args(["--exact", "--ignored", &format!("{module}::fill_the_disk")])
        .env(DIRECTORY_VARIABLE, directory.path())
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let opened = Journal::open(directory.path(), Contents::default()).expect("whole records");
    assert_eq!(opened.torn, None);
    assert!(
        opened.contents.training(&OptimizerName::lbfgs(), 50).is_some(),
        "the record that fitted is there"
    );
    assert_eq!(
        opened.contents.training(&OptimizerName::lbfgs(), 40),
        None,
        "the record that did not fit is not"
    );
}

const DIRECTORY_VARIABLE: &str = "LOSSATLAS_TEST_DIRECTORY";

#[test]
#[ignore = "runs as a child of the test above, which limits the size of files"]
fn fill_the_disk() {
    let directory = std::env::var_os(DIRECTORY_VARIABLE).expect("set by the parent");
    let mut journal =
        Journal::open(Path::new(&directory), Contents::default()).expect("a journal").journal;
    let end = journal.file.end;
    let length = || fs::metadata(journal.path()).expect("a journal").len();
    let before = length();
    for _ in 0..2 {
        let error =
            journal.append(&training(40, vec![0.5; 50_000])).expect_err("too large for the limit");
        assert!(error.to_string().starts_with("cannot append to "), "{error}");
        assert_eq!(
            (journal.file.end, fs::metadata(journal.path()).expect("a journal").len()),
            (end, before)
        );
    }
    journal.append(&training(50, vec![0.5; 10])).expect("space for a small record");
}
