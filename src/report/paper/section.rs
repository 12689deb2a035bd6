//! The part of the page about the paper: its claims with the verdicts of the runs.

use super::claims::{Claim, Comparison, Finding, Judgment, LEVEL};
use crate::analysis::statistics::Interval;
use crate::report::figure::{Table, exact};
use crate::report::number::{typeset, typeset_short};
use crate::report::run::Run;
use maud::{Markup, html};

fn class(status: Judgment) -> &'static str {
    match status {
        Judgment::Supported => "status supported",
        Judgment::NotSupported => "status not-supported",
        Judgment::NotTestable => "status not-testable",
    }
}

/// The reference of the method.
pub fn method() -> Markup {
    html! {
        "The method is that of J. Yu and A. V. Morozov, "
        i { "Neural network optimization strategies and the topography of the loss landscape" }
        ", arXiv:2602.21276 (2026)."
    }
}

/// The entry of the table of contents.
pub(in crate::report) fn contents(claims: &[Claim]) -> Markup {
    html! { @if !claims.is_empty() { a href="#claims" { "Claims of the paper" } " " } }
}

/// The numbers of statements with each verdict; empty without claims.
fn summary(claims: &[Claim]) -> Markup {
    let count = |status| {
        claims
            .iter()
            .flat_map(|claim| &claim.findings)
            .filter(|finding| finding.status == status)
            .count()
    };
    let [supported, refuted, open] =
        [Judgment::Supported, Judgment::NotSupported, Judgment::NotTestable].map(count);
    html! {
        @if !claims.is_empty() { p {
            "The claims of the paper are split into statements about the runs on this page: "
            b { (supported) } " are supported, " b { (refuted) } " are not supported, and " b { (open) }
            " cannot be tested with these results."
        } }
    }
}

/// The claims, each with its findings; empty without claims.
pub(in crate::report) fn section(claims: &[Claim], runs: &[Run<'_>]) -> Markup {
    html! {
        @if !claims.is_empty() { section #claims {
            h2 { "Claims of the paper" }
            (summary(claims))
            details open[is_of_paper(runs)] {
            summary { "The claims, each with its statements and numbers" }
            p {
                "Each claim is split into statements that one comparison can decide. Two lists of \
                 numbers differ if the rank test of Mann and Whitney finds a difference (p below " (LEVEL) ", \
                 two-sided) and the interval of 99 % for the ratio between them does not contain \
                 1. δ is Cliff's δ: 1 if every number of the first list is above every number of \
                 the second, −1 if below, 0 if neither list is larger. Barriers that share a \
                 solution are not independent. The intervals for the ratio of their geometric \
                 means come from a model of random effects of solutions and of pairs; p assumes \
                 independence and is too small. If there is a kernel PCA of standardized \
                 parameters, it decides. That the paper standardizes is inferred from its figures; \
                 its text does not say so. Claim 10 has a verdict only if four comparisons agree. \
                 Where a claim is about size, the threshold is ours. \
                 \"Not supported\" means that there are enough runs to find a clear difference, \
                 and that they show the opposite or no difference that can be distinguished from \
                 chance. The verdicts are about the runs on this page, not about those of the \
                 paper."
            }
            @for claim in claims.iter().filter(|claim| !claim.findings.is_empty()) { (of_claim(claim, runs.len() > 1)) }
            (not_about_these(claims, runs))
            p.note { "All of it in full precision: " a href="claims.csv" { "claims.csv" } "." }
            }
        } }
    }
}

/// Whether a run on the page is one of the paper's networks on its data, or its example.
fn is_of_paper(runs: &[Run<'_>]) -> bool {
    runs.iter().any(|run| super::study_of_network(run).is_some() || run.network().is_none())
}

/// The claims to which no run on the page applies.
fn not_about_these(claims: &[Claim], runs: &[Run<'_>]) -> Markup {
    let others: Vec<&Claim> = claims.iter().filter(|claim| claim.findings.is_empty()).collect();
    let need = if runs.iter().any(|run| super::study(run).is_some()) {
        "about the two wells, which are not on this page (configs/fig3.toml)"
    } else if runs.iter().any(|run| super::study_of_network(run).is_some()) {
        "about both optimizers of the paper or about the two wells (configs/fig3.toml), which are \
         not on this page"
    } else {
        "about its networks on its data, of which there are none on this page"
    };
    html! {
        @if !others.is_empty() {
            p { span class=(class(Judgment::NotTestable)) { "not testable here" } ", because they are " (need) ":" }
            ul { @for claim in others { li { (claim.number) ". " (claim.text) } } }
        }
    }
}

fn of_claim(claim: &Claim, several: bool) -> Markup {
    let compared = claim.findings.iter().any(|finding| finding.comparison.is_some());
    html! {
        h3 { (claim.number) ". " (claim.text) }
        table.cards.findings {
            thead {
                tr {
                    @if several { th.run { "run" } }
                    th { "statement" }
                    th { "verdict" }
                    @if compared { th { "numbers" } }
                }
            }
            tbody { @for finding in &claim.findings { (row(finding, several, compared)) } }
        }
    }
}

fn row(finding: &Finding, several: bool, compared: bool) -> Markup {
    html! {
        tr {
            @if several { td { (finding.run) } }
            td { (finding.statement) }
            td {
                span class=(class(finding.status)) { (finding.status.words()) } br;
                (finding.reason)
            }
            @if compared { td { @if let Some(comparison) = &finding.comparison { (numbers(comparison)) } } }
        }
    }
}

fn numbers(comparison: &Comparison) -> Markup {
    let [x, y] = &comparison.names;
    let [n, m] = comparison.counts;
    let [a, b] = comparison.medians.map(typeset);
    html! {
        "median " (comparison.quantity) ": " (x) " " (a) " (" (n) "), " (y) " " (b) " (" (m) ")"
        @if let Some(Interval { estimate, low, high }) = comparison.ratio {
            br; "ratio " (typeset_short(estimate)) ", 99 % [" (typeset_short(low)) ", " (typeset_short(high)) "]"
        }
        @if let Some(published) = comparison.published { "; published " (typeset_short(published)) }
        br; "p = " (typeset_short(comparison.p)) ", δ = " (typeset_short(comparison.delta))
    }
}

/// The findings as comma-separated values.
pub fn claims_table(claims: &[Claim]) -> Table {
    let header = [
        "claim",
        "run",
        "statement",
        "verdict",
        "reason",
        "quantity",
        "x",
        "y",
        "n_x",
        "n_y",
        "median_x",
        "median_y",
        "ratio",
        "ratio_low",
        "ratio_high",
        "ratio_published",
        "p",
        "delta",
    ];
    let mut table = Table::new("claims", &header);
    for (claim, finding) in
        claims.iter().flat_map(|claim| claim.findings.iter().map(move |finding| (claim, finding)))
    {
        let mut row = vec![
            claim.number.to_string(),
            finding.run.clone(),
            finding.statement.clone(),
            finding.status.words().to_owned(),
            finding.reason.clone(),
        ];
        match &finding.comparison {
            Some(comparison) => row.extend(cells(comparison)),
            None => row.extend(std::iter::repeat_n(String::new(), header.len() - row.len())),
        }
        table.rows.push(row);
    }
    table
}

fn cells(comparison: &Comparison) -> Vec<String> {
    let maybe = |value: Option<f64>| value.map_or_else(String::new, exact);
    let [x, y] = comparison.names.clone();
    let [n, m] = comparison.counts.map(|count| count.to_string());
    let [a, b] = comparison.medians.map(exact);
    let ratio = comparison.ratio;
    vec![
        comparison.quantity.clone(),
        x,
        y,
        n,
        m,
        a,
        b,
        maybe(ratio.map(|ratio| ratio.estimate)),
        maybe(ratio.map(|ratio| ratio.low)),
        maybe(ratio.map(|ratio| ratio.high)),
        maybe(comparison.published),
        exact(comparison.p),
        exact(comparison.delta),
    ]
}
