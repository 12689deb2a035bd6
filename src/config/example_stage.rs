//! The section of a stage that exists in tests only. It shows what the folder of a stage must have.

use super::reader::{Choice, Read, Section};
use super::schema::{
    Choices, Count, Flag, Invalidates, Key, Multiplicity, OneOf, Owned, Required, SectionSpec,
};
use super::stages::OfStage;

/// Parameters of the stage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Survey {
    /// Whether the stage runs.
    pub on: bool,
    /// Where it looks.
    pub kind: SurveyKind,
    /// Of [`SurveyKind::Grid`]: points of an edge.
    pub edge: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SurveyKind {
    Grid,
    Line,
}

impl Choice for SurveyKind {
    const ALL: &'static [Self] = &[Self::Grid, Self::Line];
    fn word(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Line => "line",
        }
    }
}

static ON: Key<Flag> = Key::new("on", Flag)
    .meaning("whether the stage runs")
    .invalidates(Invalidates::Nothing)
    .default(false);

static KIND: Key<OneOf<SurveyKind>> =
    Key::new("kind", OneOf::NEW).meaning("where it looks").default(SurveyKind::Line);

static EDGE: Key<Count, Required> =
    Key::new("edge", Count::between(2, 100)).unit("points").meaning("of an edge").required("21");

static SPEC: SectionSpec = SectionSpec {
    name: "survey",
    title: "Survey",
    shape: Multiplicity::Single,
    keys: &[&ON, &KIND],
    choices: Some(Choices {
        selector: "kind",
        keys: || vec![Owned { choice: "grid", keys: vec![&EDGE] }],
    }),
    invalidates: Invalidates::Tasks("the survey"),
};

/// What the stage adds to the list of sections.
pub(crate) static SECTION: OfStage<Survey> =
    OfStage { spec: &SPEC, documentation: "Losses around the solutions.", read };

fn read(root: &Section<'_>, _: &super::available::Available) -> Read<Survey> {
    root.section(&SPEC, |section| {
        let on = section.key(&ON).value();
        let kind = section.key(&KIND).value();
        section.refuse_other_choices(&kind);
        let edge = if kind.is_ok_and(|kind| kind == SurveyKind::Grid) {
            section.key(&EDGE).value().map(Some)
        } else {
            Ok(None)
        };
        Ok(Survey { on: on?, kind: kind?, edge: edge? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, compatibility, reference};

    fn config(section: &str) -> Result<Config, String> {
        let text = format!("seed = 1\n[landscape]\nkind = \"two-wells\"\n{section}");
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    #[test]
    fn its_parameters_are_read_into_its_own_type() {
        let absent = config("").unwrap();
        assert_eq!(
            *absent.section(&SECTION),
            Survey { on: false, kind: SurveyKind::Line, edge: None }
        );
        let written = config("[survey]\non = true\nkind = \"grid\"\nedge = 5\n").unwrap();
        assert_eq!(
            *written.section(&SECTION),
            Survey { on: true, kind: SurveyKind::Grid, edge: Some(5) }
        );
        assert_eq!(written.effective["survey.edge"], "5");
        assert_ne!(absent.stages, written.stages);
        assert_eq!(written.stages, written.clone().stages);
    }

    #[test]
    fn its_mistakes_are_reported_like_all_others() {
        let refused = config("[survey]\non = 1\nedge = 5\nedges = 6\n").unwrap_err();
        assert_eq!(
            refused.lines().collect::<Vec<_>>(),
            [
                "x:5: survey.on: must be true or false, not an integer",
                "x:6: survey.edge: belongs to kind = \"grid\", not to kind = \"line\"; remove it",
                "x:7: survey.edges: unknown key; did you mean \"edge\"?",
            ]
        );
        let refused = config("[survey]\nkind = \"grid\"\n").unwrap_err();
        assert_eq!(refused, "x:4: survey.edge: missing; write for instance edge = 21");
    }

    #[test]
    fn a_change_invalidates_its_results_only() {
        let grid = |edge: usize| {
            config(&format!("[survey]\nkind = \"grid\"\nedge = {edge}\n")).unwrap().effective
        };
        let expected = "survey.edge: was 5, now 6; invalidates the survey";
        assert_eq!(compatibility::conflicts(&grid(5), &grid(6)), [expected]);
        let on = config("[survey]\non = true\n").unwrap().effective;
        let off = config("").unwrap().effective;
        assert!(compatibility::conflicts(&off, &on).is_empty());
        // Results from before the stage existed have none of it.
        let older = off
            .iter()
            .filter(|(key, _)| !key.starts_with("survey."))
            .map(|(k, v)| (k.clone(), v.clone()));
        assert!(compatibility::conflicts(&older.collect(), &grid(5)).is_empty());
    }

    #[test]
    fn it_is_documented() {
        let page = reference::page();
        let section = page
            .split("\n## ")
            .find(|section| section.starts_with("`[survey]`"))
            .expect("its section");
        assert!(section.contains("Losses around the solutions."), "{section}");
        assert!(
            section.contains("| `on` | true or false | `false` | – | whether the stage runs |"),
            "{section}"
        );
        let grid = "### `kind = \"grid\"`\n\n| key | value | default | unit | meaning |\n|---|---|---|---|---|\n\
            | `edge` | integer, 2 to 100 | required | points | of an edge |\n";
        assert!(section.contains(grid), "{section}");
    }
}
