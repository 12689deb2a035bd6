//! What `make install` installs and removes, and the recipes below `packaging/`: they can be read, and
//! they name this version.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::tempdir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_lossatlas");
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// `make vendor` replaces it by the checksum of the archive.
const NO_SUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
    output
}

fn make(target: &str, destination: &Path) {
    let destination = format!("DESTDIR={}", destination.display());
    let program = format!("PROGRAM={PROGRAM}");
    succeeds(
        Command::new("make")
            .current_dir(ROOT)
            .args(["--silent", target, "PREFIX=/opt/some where", &destination, &program])
            .env("LOADEDMODULES", "gcc/13.2:openmpi/4.1.6:lossatlas/0.1.0")
            .env_remove("MAKEFLAGS"),
    );
}

/// All files below a folder, relative to it.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("an entry"));
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    files.map(|entry| entry.path().strip_prefix(folder).expect("is below").to_owned()).collect()
}

/// The names of files in a folder of the repository that end so.
fn names(folder: &str, extensions: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder");
    let names =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let names: Vec<_> =
        names.filter(|name| extensions.iter().any(|extension| name.ends_with(extension))).collect();
    assert!(names.len() > 3, "{folder}: {names:?}");
    names
}

/// The modules of a cluster name their compiler wrapper and libraries in the environment.
#[test]
fn what_the_environment_names_is_not_installed() {
    let root = tempdir().expect("a temporary directory");
    let tool = |name: &str, script: &str| {
        let file = root.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a writable directory");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("an own file");
    };
    for name in ["cargo", "module-mpicc", "module-mpirun"] {
        tool(name, "exit 0");
    }
    // No library is in the folders of the linker.
    tool("cc", "exit 1");
    tool("pkg-config", "[ -n \"$PKG_CONFIG_PATH\" ]");
    let lib = root.path().join("lib");
    fs::create_dir(&lib).expect("a writable directory");
    fs::write(lib.join("libclang.so"), "").expect("a writable directory");
    tool("llvm-config-18", &format!("echo '{}'", lib.display()));
    let start = |variables: &[(&str, &str)]| {
        Command::new("/bin/sh")
            .arg(Path::new(ROOT).join(".make/install-dependencies"))
            .env_clear()
            .env("PATH", root.path())
            .envs(variables.iter().copied())
            .output()
            .expect("a shell")
    };
    let module = [
        ("MPICC", "module-mpicc"),
        ("MPIEXEC", "module-mpirun"),
        ("PKG_CONFIG_PATH", "/opt/openblas/lib/pkgconfig:/opt/hdf5/lib/pkgconfig"),
        ("LLVM_CONFIG_PATH", "llvm-config-18"),
    ];
    let found = start(&module);
    assert!(found.status.success() && found.stdout.is_empty(), "{found:?}");
    for (left_out, package) in [
        ("MPICC", "libopenmpi-dev"),
        ("MPIEXEC", "openmpi-bin"),
        ("PKG_CONFIG_PATH", "libhdf5-dev"),
    ] {
        let variables: Vec<_> = module.into_iter().filter(|(name, _)| *name != left_out).collect();
        let missing = start(&variables);
        let said = String::from_utf8_lossy(&missing.stderr);
        assert_eq!(missing.status.code(), Some(1), "{missing:?}");
        assert!(said.contains("This is no Debian") && said.contains(package), "{said}");
    }
}

#[test]
fn install_puts_everything_below_the_prefix_and_uninstall_takes_it_away() {
    let root = tempdir().expect("a temporary directory");
    make("install", root.path());
    let prefix = root.path().join("opt/some where");
    let share = prefix.join("share");

    let mut expected: BTreeSet<PathBuf> = [
        "bin/lossatlas",
        "share/bash-completion/completions/lossatlas",
        "share/zsh/site-functions/_lossatlas",
        "share/fish/vendor_completions.d/lossatlas.fish",
        "share/doc/lossatlas/LICENSE",
        "share/doc/lossatlas/CITATION.cff",
        "share/man/man1/lossatlas.1",
        "share/man/man1/lossatlas-run.1",
    ]
    .map(PathBuf::from)
    .into();
    expected.insert(format!("share/modulefiles/lossatlas/{VERSION}").into());
    let of_folder = |folder: &str, extensions: &[&str]| {
        let below = Path::new("share/lossatlas").join(folder);
        names(folder, extensions).into_iter().map(move |name| below.join(name)).collect::<Vec<_>>()
    };
    expected.extend(of_folder("configs", &[".toml"]));
    expected.extend(of_folder("slurm", &[".sh", ".sbatch"]));
    let installed = files(&prefix);
    let missing: Vec<_> = expected.difference(&installed).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let pages = Path::new("share/man/man1");
    let others: Vec<_> =
        installed.difference(&expected).filter(|file| !file.starts_with(pages)).collect();
    assert!(others.is_empty(), "{others:?}");

    let version = succeeds(Command::new(prefix.join("bin/lossatlas")).arg("--version"));
    assert!(String::from_utf8_lossy(&version.stdout).starts_with(&format!("lossatlas {VERSION}")));
    let script = share.join("lossatlas/slurm/submit.sh");
    assert_eq!(fs::metadata(script).expect("a file").permissions().mode() & 0o111, 0o111);
    let demo = share.join("lossatlas/configs/demo.toml");
    succeeds(Command::new(prefix.join("bin/lossatlas")).arg("check").arg(demo));

    // Of others, who installed into the same folders.
    let other = share.join("man/man1/other.1");
    fs::write(&other, "").expect("a file");
    make("uninstall", root.path());
    assert_eq!(
        files(root.path()),
        [other.strip_prefix(root.path()).expect("is below").into()].into()
    );
}

#[test]
fn the_modulefile_loads_what_the_program_was_built_with() {
    let root = tempdir().expect("a temporary directory");
    make("install", root.path());
    let path = format!("opt/some where/share/modulefiles/lossatlas/{VERSION}");
    let module = fs::read_to_string(root.path().join(path)).expect("a modulefile");
    assert!(module.starts_with("#%Module1.0\n"), "{module}");
    assert!(module.contains("set prefix  {/opt/some where}\n"), "{module}");
    assert!(module.contains(&format!("set version {VERSION}\n")), "{module}");
    assert!(module.ends_with("\nmodule load gcc/13.2\nmodule load openmpi/4.1.6\n"), "{module}");
    assert!(!module.contains('@'), "{module}");
}

/// The version is written in more places than Cargo.toml.
#[test]
fn recipes_name_this_version() {
    for (path, line) in [
        ("CITATION.cff", format!("version: {VERSION}")),
        ("python/pyproject.toml", format!("version = \"{VERSION}\"")),
        ("packaging/lossatlas.def", format!("    VERSION={VERSION}")),
        ("packaging/easybuild/lossatlas.eb", format!("version = '{VERSION}'")),
        ("packaging/spack/package.py", format!("    version(\"{VERSION}\", sha256=\"{NO_SUM}\")")),
    ] {
        let text = text(path);
        assert!(text.lines().any(|other| other == line), "{path} has no line: {line}");
    }
    // The name of the file that `make vendor` writes.
    let recipe = text("packaging/easybuild/lossatlas.eb");
    assert!(recipe.contains(&format!("eb lossatlas-{VERSION}-foss-")), "{recipe}");
    assert!(recipe.contains(&format!("checksums = ['{NO_SUM}']")), "{recipe}");
}

/// Both are Python. EasyBuild runs its recipe as it is; Spack's is only compiled.
#[test]
fn recipes_are_python() {
    let check = "import ast, sys
ast.parse(open(sys.argv[1]).read())
recipe = {}
exec(open(sys.argv[2]).read(), recipe)
for key in ('easyblock', 'name', 'version', 'homepage', 'description', 'toolchain', 'sources',
            'checksums', 'builddependencies', 'dependencies', 'moduleclass'):
    assert recipe[key], key
assert len(recipe['sources']) == len(recipe['checksums'])
for dependency in recipe['builddependencies'] + recipe['dependencies']:
    assert len(dependency) == 2, dependency
print(recipe['toolchain']['name'], recipe['toolchain']['version'])
print(dict(recipe['builddependencies'])['Rust'])
";
    let output = succeeds(Command::new("python3").current_dir(ROOT).args([
        "-c",
        check,
        "packaging/spack/package.py",
        "packaging/easybuild/lossatlas.eb",
    ]));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let (toolchain, rust) = said.trim_end().split_once('\n').expect("two lines");
    let suffix = toolchain.replace(' ', "-");
    assert!(text(".make/vendor").contains(&format!("-{suffix}.eb")), "{toolchain}");
    assert!(number(rust) >= number(env!("CARGO_PKG_RUST_VERSION")), "Rust {rust}");
}

/// A version as numbers that can be compared: 1.91 is older than 1.100.
fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().expect("a number")).collect()
}

/// What follows this word in every line that begins with it.
fn after<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let found: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix(word)).collect();
    assert!(!found.is_empty(), "no line begins with {word}");
    found
}

/// The packages of each `apt-get install`.
fn packages(text: &str) -> Vec<BTreeSet<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.split_once("--no-install-recommends"));
    let before = |line: &str| line.split("&&").next().unwrap_or_default().to_owned();
    lines.map(|(_, line)| before(line).split_whitespace().map(str::to_owned).collect()).collect()
}

/// The two are built of the same images and packages.
#[test]
fn containers_agree() {
    let (docker, apptainer) = (text("packaging/Dockerfile"), text("packaging/lossatlas.def"));
    let rust = after(&docker, "ARG RUST=")[0];
    assert!(number(rust) >= number(env!("CARGO_PKG_RUST_VERSION")), "Rust {rust}");
    let images = after(&apptainer, "From: ");
    assert_eq!(images, [&*format!("rust:{rust}-slim-bookworm"), "debian:bookworm-slim"]);
    assert!(docker.contains("FROM rust:${RUST}-slim-bookworm AS build\n"), "{docker}");
    assert!(docker.contains("\nFROM debian:bookworm-slim\n"), "{docker}");
    let mut expected = packages(&docker);
    assert_eq!(expected.len(), 2, "{expected:?}");
    // To unpack the archive.
    expected[0].insert("xz-utils".to_owned());
    assert_eq!(packages(&apptainer), expected);
    let install = "make install PREFIX=/opt/lossatlas DESTDIR=/built";
    assert!(docker.contains(install) && apptainer.contains(install));
}

/// A mirror in them would be unknown elsewhere.
#[test]
fn all_crates_come_from_the_public_registry() {
    let lock = text("Cargo.lock");
    for source in after(&lock, "source = ") {
        assert_eq!(source, "\"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}
