//! File names as a shell would expand them.

use std::env::{self, VarError};
use std::path::PathBuf;

/// Expands a leading `~` and environment variables, `$VAR` or `${VAR}`.
///
/// # Errors
/// A sentence naming the variable that is not set.
pub(super) fn expand_path(written: &str) -> Result<PathBuf, String> {
    let home = || env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    expand(written, home, |name| env::var(name)).map(PathBuf::from)
}

fn expand(
    written: &str,
    home: impl FnOnce() -> Option<String>,
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<String, String> {
    let expanded =
        shellexpand::full_with_context(written, home, |name: &str| variable(name).map(Some))
            .map_err(|error| {
                let name = error.var_name;
                match error.cause {
                    VarError::NotPresent => format!("the environment variable {name} is not set"),
                    VarError::NotUnicode(_) => {
                        format!("the environment variable {name} is not valid Unicode")
                    }
                }
            })?;
    if expanded.is_empty() {
        return Err("must not be empty".to_owned());
    }
    // Only a tilde in the text is expanded: a tilde from a variable is part of a name.
    if written.starts_with('~') && expanded.starts_with('~') {
        let reason = if written == "~" || written.starts_with("~/") {
            "your home directory is not known"
        } else {
            "the home directory of another user cannot be looked up"
        };
        return Err(format!("{written:?}: {reason}; write the path in full"));
    }
    Ok(expanded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(written: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "DATA" => Ok("/scratch/data".to_owned()),
            "ODD" => Ok("~".to_owned()),
            "EMPTY" => Ok(String::new()),
            _ => Err(VarError::NotPresent),
        };
        expand(written, || Some("/home/ada".to_owned()), variable)
    }

    #[test]
    fn tilde_and_variables() {
        for (written, path) in [
            ("data/mnist", "data/mnist"),
            ("~", "/home/ada"),
            ("~/mnist", "/home/ada/mnist"),
            ("data/~", "data/~"),
            ("$DATA/mnist", "/scratch/data/mnist"),
            ("${DATA}2/mnist", "/scratch/data2/mnist"),
            ("~/$ODD", "/home/ada/~"),
            ("$ODD/mnist", "~/mnist"),
        ] {
            assert_eq!(expanded(written).as_deref(), Ok(path), "{written}");
        }
    }

    #[test]
    fn refuses_what_names_no_directory() {
        for (written, part) in [
            ("", "must not be empty"),
            ("$EMPTY", "must not be empty"),
            ("$NOWHERE/mnist", "the environment variable NOWHERE is not set"),
            ("${NOWHERE}", "the environment variable NOWHERE is not set"),
            ("~bob/mnist", "home directory of another user"),
        ] {
            let message = expanded(written).unwrap_err();
            assert!(message.contains(part), "{written}: {message}");
        }
        let homeless = expand("~/mnist", || None, |_| Err(VarError::NotPresent)).unwrap_err();
        assert!(homeless.contains("home directory is not known"), "{homeless}");
    }

    #[test]
    fn reads_the_environment_of_the_process() {
        let path = env::var("PATH").unwrap();
        assert_eq!(expand_path("$PATH/x"), Ok(PathBuf::from(format!("{path}/x"))));
    }
}
