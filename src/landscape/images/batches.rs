//! The loss on a random subset of the images, a new subset for each step.

use super::{ImageLandscape, Interrupt};
use crate::data::{GatheredImages, ImageView};
use crate::kernels::{Real, Threads};
use crate::landscape::{Interrupted, Landscape};
use crate::network::Network;
use crate::path::Batches;
use crate::random::MasterSeed;
use rand::seq::index::sample;

/// `size` of the images at a time, drawn without replacement.
///
/// The images of a step depend only on the seed, the step, and the numbers of images. So all paths
/// use the same sequence of batches.
pub struct ImageBatches<'a, A> {
    network: &'a dyn Network<A>,
    images: ImageView<'a>,
    size: usize,
    seed: MasterSeed,
    threads: Option<&'a Threads>,
    interrupt: Option<&'a Interrupt<'a>>,
}

impl<'a, A: Real> ImageLandscape<'a, A> {
    /// Batches of `size` images of this landscape, evaluated and interrupted like it.
    ///
    /// # Panics
    /// If `size` is 0 or greater than the number of images.
    pub fn batches(&self, size: usize, seed: MasterSeed) -> ImageBatches<'a, A> {
        assert!(
            (1..=self.samples()).contains(&size),
            "a batch of {size} images of {}",
            self.samples()
        );
        let &Self { network, images, threads, interrupt, .. } = self;
        ImageBatches { network, images, size, seed, threads, interrupt }
    }
}

impl<A: Real> Batches<A> for ImageBatches<'_, A> {
    fn with_batch(
        &self,
        step: u32,
        evaluate: &mut dyn FnMut(&dyn Landscape<A>) -> Result<f64, Interrupted>,
    ) -> Result<f64, Interrupted> {
        let mut drawn = sample(
            &mut self.seed.stream("path batch", &[step.into()]),
            self.images.len(),
            self.size,
        )
        .into_vec();
        // In the order in which they lie in memory.
        drawn.sort_unstable();
        let mut gathered = GatheredImages::default();
        let batch = gathered.gather(&self.images, drawn.into_iter());
        let landscape = ImageLandscape {
            threads: self.threads,
            interrupt: self.interrupt,
            ..ImageLandscape::new(self.network, batch)
        };
        evaluate(&landscape)
    }

    fn fraction(&self) -> f64 {
        self.size as f64 / self.images.len() as f64
    }

    fn steps_per_epoch(&self) -> usize {
        self.images.len().div_ceil(self.size)
    }
}
