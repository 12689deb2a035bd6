//! Makes directories and replaces files without overwriting anything.

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Makes a directory and its parents.
///
/// # Errors
/// The reason of the system. For a dangling symbolic link, the error names the link and its target.
pub fn make_directory(directory: &Path) -> io::Result<()> {
    match dangling_link(directory) {
        Some((link, target)) => {
            Err(io::Error::new(io::ErrorKind::NotFound, dangling(&link, &target)))
        }
        None => {
            fs::create_dir_all(directory).map_err(|error| in_the_way(directory).unwrap_or(error))
        }
    }
}

/// The error that names a file where the directory or one of its parents should be.
fn in_the_way(directory: &Path) -> Option<io::Error> {
    let file = directory.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir())?;
    let problem = format!("{} is not a directory; choose another one", file.display());
    Some(io::Error::new(io::ErrorKind::NotADirectory, problem))
}

/// The message about a dangling symbolic link.
pub fn dangling(link: &Path, target: &Path) -> String {
    let (link, target) = (link.display(), target.display());
    format!(
        "{link} is a symbolic link to {target}, which does not exist; create {target} or choose \
         another directory"
    )
}

/// The first dangling symbolic link in `path`, and its target.
pub fn dangling_link(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let ancestors: Vec<&Path> =
        path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    let link = ancestors.into_iter().rev().find(|part| part.is_symlink() && !part.exists())?;
    let target = fs::read_link(link).ok()?;
    Some((link.to_owned(), link.parent().unwrap_or(Path::new("")).join(target)))
}

/// Follows the symbolic links of a file name, even if the target does not exist yet. Replacing the
/// target keeps the links.
///
/// # Errors
/// The reason of the system, for instance a cycle of links.
pub fn resolve(file: &Path) -> io::Result<PathBuf> {
    /// The limit of Linux.
    const MAX_LINKS: usize = 40;
    let mut file = file.to_owned();
    for _ in 0..MAX_LINKS {
        if !file.is_symlink() {
            return Ok(file);
        }
        let target = fs::read_link(&file)?;
        file = file.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(Errno::LOOP.into())
}

/// Checks whether a new file can be written, before anything is computed for it.
///
/// Writing replaces the file by a new one of the same name. This would delete a device or a FIFO,
/// so these and links to them are refused, even with `force`.
///
/// # Errors
/// Why not, and what to do.
pub fn may_write(file: &Path, force: bool) -> Result<(), String> {
    let shown = file.display();
    match file.metadata() {
        Ok(there) if there.is_dir() => {
            return Err(format!("{shown} is a directory; name a file in it"));
        }
        Ok(there) if !there.is_file() => {
            return Err(format!(
                "{shown} is not a regular file but a device, a FIFO or a socket; choose another name"
            ));
        }
        _ => {}
    }
    let directory = file.parent().filter(|directory| *directory != Path::new(""));
    match file.symlink_metadata() {
        Ok(_) if !force => {
            Err(format!("{shown} exists; choose another name or replace it with --force"))
        }
        _ if directory.is_some_and(|directory| !directory.is_dir()) => {
            Err(format!("{shown}: there is no such directory; create it first"))
        }
        _ => Ok(()),
    }
}

/// Renames the finished file `new` to `target`. An existing `target` is renamed to the unused name
/// `aside`. Returns whether there was one.
///
/// Nothing is ever overwritten: `aside` is exactly the file that was replaced, whatever another
/// program does in the meantime. If the file system can exchange two names, `target` exists at
/// every moment.
///
/// # Errors
/// The reason of the system. `new` and `target` are then restored as far as possible.
pub fn replace_aside(new: &Path, target: &Path, aside: &Path) -> io::Result<bool> {
    loop {
        match target.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match rename_to_unused(new, target) {
                    // Another program has just created the file.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    placed => return placed.map(|()| false),
                }
            }
            Err(error) => return Err(error),
            Ok(_) => match exchange(new, target, aside) {
                // Another program has just removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound && new.exists() => {}
                exchanged => return exchanged.map(|()| true),
            },
        }
    }
}

fn exchange(new: &Path, target: &Path, aside: &Path) -> io::Result<()> {
    // First give it this name: after a crash before the exchange, nothing is lost.
    rename_to_unused(new, aside)?;
    match renameat_with(CWD, aside, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => return Ok(()),
        Err(error) => {
            fs::rename(aside, new)?;
            if !cannot(error) {
                return Err(error.into());
            }
        }
    }
    rename_to_unused(target, aside)?;
    rename_to_unused(new, target).inspect_err(|_| {
        rename_to_unused(aside, target).ok();
    })
}

/// Renames a file unless the other name is in use.
///
/// # Errors
/// The reason of the system; `AlreadyExists` if the name is in use.
pub fn rename_to_unused(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems cannot check and rename in one step.
        Err(error) if cannot(error) && to.symlink_metadata().is_ok() => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Err(error) if cannot(error) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// Whether the file system does not support the operation.
fn cannot(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP].contains(&error)
}

/// An unused name next to `file` that says what happened to the file, and when:
/// `atlas.changed-20261128T235500Z.h5`.
pub fn name_aside(file: &Path, what: &str) -> PathBuf {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |number: usize| {
        let mut name = file.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".{what}-{now}"));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        if let Some(extension) = file.extension() {
            name.push(".");
            name.push(extension);
        }
        file.with_file_name(name)
    };
    let mut number = 1;
    while name(number).symlink_metadata().is_ok() {
        number += 1;
    }
    name(number)
}

/// Whether another program has locked the file against readers, as the HDF5 library does with a
/// file that is open for writing. If the file system has no locks, the answer is no.
pub fn is_locked_by_a_writer(file: &Path) -> bool {
    let Ok(opened) = File::open(file) else { return false };
    let locked = matches!(opened.try_lock_shared(), Err(TryLockError::WouldBlock));
    opened.unlock().ok();
    locked
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_new_file_needs_a_directory_and_an_old_one_needs_force() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [new, old, device, nowhere] =
            ["new", "old", "device", "nowhere/new"].map(|name| directory.path().join(name));
        fs::write(&old, "precious").expect("space");
        symlink("/dev/null", &device).expect("a link");
        let problem = |file: &Path, force| may_write(file, force).err().unwrap_or_default();
        assert_eq!([problem(&new, false), problem(&new, true), problem(&old, true)], [""; 3]);
        for (file, force, words) in [
            (&old, false, "exists; choose another name or replace it with --force"),
            (&nowhere, true, "there is no such directory; create it first"),
            (&device, true, "is not a regular file but a device, a FIFO or a socket"),
        ] {
            assert!(problem(file, force).contains(words), "{}", problem(file, force));
        }
        let problem = problem(directory.path(), true);
        assert!(problem.contains("is a directory; name a file in it"), "{problem}");
    }

    #[test]
    fn what_is_replaced_lies_aside() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [new, target, aside] =
            ["new", "atlas.h5", "aside"].map(|name| directory.path().join(name));
        fs::write(&new, "first").expect("space");
        assert!(!replace_aside(&new, &target, &aside).expect("nothing is in the way"));
        fs::write(&new, "second").expect("space");
        assert!(replace_aside(&new, &target, &aside).expect("a file is in the way"));
        let texts = [&target, &aside].map(|file| fs::read_to_string(file).expect("a text"));
        assert_eq!(texts, ["second", "first"]);
        assert!(!new.exists());
        // A name in use is never taken, and nothing is lost on the way out.
        fs::write(&new, "third").expect("space");
        let refused = replace_aside(&new, &target, &aside).expect_err("the name aside is in use");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        let texts = [&new, &target, &aside].map(|file| fs::read_to_string(file).expect("a text"));
        assert_eq!(texts, ["third", "second", "first"]);
    }

    #[test]
    fn names_aside_are_unused_and_keep_their_extension() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("atlas.h5");
        let names: Vec<String> = (0..3)
            .map(|_| {
                let name = name_aside(&file, "changed");
                fs::write(&name, "").expect("an unused name");
                name.file_name().expect("a name").to_str().expect("UTF-8").to_owned()
            })
            .collect();
        assert!(
            names.iter().all(|name| name.starts_with("atlas.changed-")
                && Path::new(name).extension().is_some_and(|end| end == "h5")),
            "{names:?}"
        );
    }

    #[test]
    fn a_file_where_a_directory_is_to_be_made_is_named() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let file = root.path().join("file");
        fs::write(&file, "precious").expect("an unused name");
        for directory in [file.clone(), file.join("below")] {
            let refused = make_directory(&directory).expect_err("a file is there").to_string();
            assert_eq!(
                refused,
                format!("{} is not a directory; choose another one", file.display())
            );
        }
        assert_eq!(fs::read(&file).expect("still there"), b"precious");
    }

    #[test]
    fn links_are_followed_and_those_that_lead_nowhere_are_named() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [link, circle] = ["link", "circle"].map(|name| directory.path().join(name));
        symlink("there", &link).expect("a link");
        assert_eq!(resolve(&link).expect("where it leads"), directory.path().join("there"));
        let refused = make_directory(&link.join("out")).expect_err("it leads nowhere").to_string();
        let expected = format!(
            "is a symbolic link to {}/there, which does not exist",
            directory.path().display()
        );
        assert!(refused.contains(&expected), "{refused}");
        fs::create_dir(directory.path().join("there")).expect("a new directory");
        make_directory(&link.join("out")).expect("it leads somewhere now");
        symlink("circle", &circle).expect("a link");
        assert!(resolve(&circle).is_err());
    }
}
