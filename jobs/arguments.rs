//! Arguments that several subcommands take, and the parsers of their values.

use clap::Args;
use clap::builder::{
    NonEmptyStringValueParser, OsStringValueParser, PathBufValueParser, StringValueParser,
    TypedValueParser,
};
use std::ffi::OsStr;
use std::path::PathBuf;

/// A configuration file and changes to it.
#[derive(Debug, Args)]
pub struct Input {
    /// Configuration file (TOML); see configs/ for commented examples
    ///
    /// Relative paths in it start at the working directory, not at the folder of the file.
    #[arg(value_name = "CONFIG", value_parser = path())]
    pub configuration: PathBuf,
    /// Overrides a key of the configuration; repeatable. The value is TOML; a bare word is a string
    ///
    /// For instance `--set training.keep=12 --set network.activation=relu`. If it changes a kind,
    /// as `--set network.kind=lenet` does, keys of the file that do not fit the new kind are
    /// ignored, and standard error names them.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    #[arg(value_parser = overrides())]
    pub overrides: Vec<String>,
}

/// Parses `KEY.PATH=VALUE`, which the configuration checks.
pub fn overrides() -> impl TypedValueParser<Value = String> {
    Utf8(StringValueParser::new())
}

/// Parses the name of a file or a directory.
pub fn path() -> impl TypedValueParser<Value = PathBuf> {
    Utf8(PathBufValueParser::new())
}

/// Parses a text that is not empty.
pub fn text() -> impl TypedValueParser<Value = String> {
    Utf8(NonEmptyStringValueParser::new())
}

/// Accepts the values of `P` that are UTF-8.
///
/// Other names are refused before any work starts, because the HDF5 library, the journal and
/// `--format json` store names as text.
#[derive(Clone)]
struct Utf8<P>(P);

impl<P: TypedValueParser> TypedValueParser for Utf8<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let bytes = value.as_encoded_bytes();
        let Err(error) = std::str::from_utf8(bytes) else {
            return self.0.parse_ref(command, argument, value);
        };
        let at = error.valid_up_to();
        let problem = format!(
            "byte {at} (0x{:02x}) is not UTF-8; rename the file or directory, or reach it by a \
             symbolic link with another name",
            bytes[at]
        );
        // This parser only words the error, with the name of the argument.
        let refuse = OsStringValueParser::new()
            .try_map(move |_| Err::<Self::Value, String>(problem.clone()));
        refuse.parse_ref(command, argument, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{ArgAction, CommandFactory, Parser};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    /// A command line with every argument that is needed, and a value that is not UTF-8 for this
    /// one.
    fn line(command: &clap::Command, target: &clap::Arg) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["lossatlas".into(), command.get_name().into()];
        let takes_value =
            |arg: &&clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        for arg in command.get_arguments().filter(takes_value) {
            let is_target = arg.get_id() == target.get_id();
            if !is_target && !arg.is_required_set() {
                continue;
            }
            let mut value = if is_target {
                OsString::from_vec(b"caf\xe9".to_vec())
            } else {
                "group/member".into()
            };
            if let Some(long) = arg.get_long() {
                let mut option = OsString::from(format!("--{long}"));
                if arg.is_require_equals_set() {
                    option.push("=");
                    option.push(&value);
                    value = option;
                } else {
                    line.push(option);
                }
            }
            line.push(value);
        }
        line
    }

    #[test]
    fn no_argument_of_any_command_takes_what_is_not_utf_8() {
        let mut tried = 0;
        for command in Cli::command().get_subcommands() {
            let takes_value =
                |arg: &&clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
            for arg in command.get_arguments().filter(takes_value) {
                let line = line(command, arg);
                let refused = Cli::try_parse_from(&line).expect_err("not UTF-8").to_string();
                assert!(
                    refused.contains("UTF-8") || refused.contains("[possible values: "),
                    "{line:?}: {refused}"
                );
                if arg.get_value_parser().type_id() == std::any::TypeId::of::<PathBuf>() {
                    assert!(
                        refused.contains("byte 3 (0xe9) is not UTF-8; rename"),
                        "{line:?}: {refused}"
                    );
                }
                tried += 1;
            }
        }
        assert!(tried > 20, "{tried} arguments");
    }
}
