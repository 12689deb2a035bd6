//! Images, labels and parameters by the formulas of `tests/fixtures/networks/generate.py`.

use lossatlas::data::ImageView;
use lossatlas::kernels::Real;
use lossatlas::network::Network;

/// The numbers in [0, 1) of `generate.py`.
pub fn scrambled(count: usize, salt: u64) -> Vec<f64> {
    (0..count as u64)
        .map(|i| {
            let state = i + salt * 1_000_003;
            let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((state ^ (state >> 31)) >> 40) as f64 / f64::from(1 << 24)
        })
        .collect()
}

/// Images with their labels.
pub struct Pictures {
    /// Gray values, image after image.
    pub pixels: Vec<u8>,
    /// One for each image.
    pub labels: Vec<u16>,
    /// Numbers of an image.
    pub pixels_per_image: usize,
}

impl Pictures {
    /// The images of `generate.py`, where there are 24 of 784 pixels in 10 classes; one pixel in
    /// five counts.
    pub fn new(images: usize, pixels_per_image: usize, classes: f64) -> Self {
        Self::with_black(images, pixels_per_image, classes, 0.8)
    }

    /// The same with that fraction of black pixels.
    pub fn with_black(images: usize, pixels_per_image: usize, classes: f64, black: f64) -> Self {
        let stretch = (1.0 / (1.0 - black)).round();
        let gray =
            |v: f64| if v < black { 0 } else { ((v - black) * stretch * 256.0).floor() as u8 };
        Self {
            pixels: scrambled(images * pixels_per_image, 1).into_iter().map(gray).collect(),
            labels: scrambled(images, 2).into_iter().map(|v| (v * classes) as u16).collect(),
            pixels_per_image,
        }
    }

    /// As a landscape takes them.
    pub fn view(&self) -> ImageView<'_> {
        ImageView::new(&self.pixels, &self.labels, self.pixels_per_image)
    }
}

/// Uniform within `scale` times the bounds of the initialization; an LSTM's recurrent weights
/// within 3 times theirs, as in `generate.py`: with larger ones it is chaotic.
pub fn theta<A: Real>(network: &dyn Network<A>, salt: u64, scale: f64) -> Vec<A> {
    let layout = network.layout();
    let bounds = layout.tensors().iter().flat_map(|tensor| {
        let scale = if tensor.name.contains("weight_hh") { scale.min(3.0) } else { scale };
        std::iter::repeat_n(tensor.bound * scale, tensor.len())
    });
    let numbers = scrambled(layout.parameters(), salt);
    numbers
        .into_iter()
        .zip(bounds)
        .map(|(v, bound)| A::of(f64::from(((2.0 * v - 1.0) * bound) as f32)))
        .collect()
}
