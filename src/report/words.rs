//! What a page calls its subject. Networks have losses on images, all other landscapes have
//! heights.

use super::run::Run;

/// The subjects of the runs of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    networks: bool,
    processes: bool,
    analytic: bool,
}

impl Words {
    /// The words for a page of these runs.
    pub fn of<'r, 'a: 'r>(runs: impl IntoIterator<Item = &'r Run<'a>>) -> Self {
        runs.into_iter().fold(Self::default(), |words, run| Self {
            networks: words.networks || run.network().is_some(),
            processes: words.processes || run.is_process(),
            analytic: words.analytic || (run.network().is_none() && !run.is_process()),
        })
    }

    /// Whether there is a network.
    pub fn has_networks(self) -> bool {
        self.networks
    }

    /// Whether another program computes a landscape, which may have several data sets.
    pub fn has_processes(self) -> bool {
        self.processes
    }

    /// Whether all subjects have heights and none has losses.
    pub fn has_only_heights(self) -> bool {
        !self.networks && (self.processes || self.analytic)
    }

    /// What is plotted upward: `loss`.
    pub fn loss(self) -> &'static str {
        self.choose(["loss", "height", "loss or height"])
    }

    /// The same at the beginning of a sentence or of a title.
    pub fn loss_first(self) -> &'static str {
        self.choose(["Loss", "Height", "Loss or height"])
    }

    /// The maximum of it: `highest loss`.
    pub fn highest(self) -> &'static str {
        self.choose(["highest loss", "greatest height", "highest loss or height"])
    }

    /// Several of it.
    pub fn losses(self) -> &'static str {
        self.choose(["losses", "heights", "losses or heights"])
    }

    /// The word for losses, for heights, or for both.
    fn choose(self, [losses, heights, both]: [&'static str; 3]) -> &'static str {
        match (self.networks, self.processes || self.analytic) {
            (true, true) => both,
            (false, true) => heights,
            _ => losses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_networks_have_losses() {
        let network = Words { networks: true, ..Words::default() };
        let analytic = Words { analytic: true, ..Words::default() };
        let process = Words { processes: true, ..Words::default() };
        let both = Words { networks: true, ..process };
        assert_eq!([network, analytic, process].map(Words::loss), ["loss", "height", "height"]);
        assert_eq!((both.loss(), both.losses()), ("loss or height", "losses or heights"));
        assert_eq!([network, process].map(Words::highest), ["highest loss", "greatest height"]);
        assert_eq!([network, process].map(Words::loss_first), ["Loss", "Height"]);
    }
}
