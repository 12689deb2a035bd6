//! The place of each weight in the flat parameter vector θ.

use crate::kernels::Real;
use ndarray::{ArrayView2, ArrayViewMut2};
use rand::RngExt;

/// One tensor of parameters inside θ.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name in the PyTorch module, `"fc1.weight"`.
    pub name: String,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Index of its first component in θ.
    pub offset: usize,
    /// b of its default initialization, uniform in [−b, b].
    pub bound: f64,
}

impl Tensor {
    /// Number of components; `usize::MAX` if there are more.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |product, &size| product.saturating_mul(size))
    }

    /// Whether it has no component.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its rows and columns: the first dimension, and all others together.
    fn matrix_shape(&self) -> (usize, usize) {
        (self.shape[0], self.shape[1..].iter().product())
    }

    /// This tensor in θ, row-major.
    ///
    /// # Panics
    /// If `theta` is shorter than the layout.
    pub fn slice<'a, A>(&self, theta: &'a [A]) -> &'a [A] {
        &theta[self.offset..self.offset + self.len()]
    }

    /// This tensor in θ as a matrix (first dimension, all others).
    ///
    /// # Panics
    /// If `theta` is shorter than the layout.
    pub fn matrix<'a, A>(&self, theta: &'a [A]) -> ArrayView2<'a, A> {
        ArrayView2::from_shape(self.matrix_shape(), self.slice(theta))
            .expect("shape and length agree")
    }

    /// This tensor in θ as a matrix to write to.
    ///
    /// # Panics
    /// If `theta` is shorter than the layout.
    pub fn matrix_mut<'a, A>(&self, theta: &'a mut [A]) -> ArrayViewMut2<'a, A> {
        ArrayViewMut2::from_shape(
            self.matrix_shape(),
            &mut theta[self.offset..self.offset + self.len()],
        )
        .expect("shape and length agree")
    }
}

/// The tensors of a network in PyTorch's `model.parameters()` order, without gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    tensors: Vec<Tensor>,
}

impl Layout {
    /// Appends a tensor whose default initialization is uniform in ±`bound`
    /// (PyTorch: 1/√`fan_in` for linear and convolution layers, 1/√hidden for an LSTM).
    #[must_use]
    pub fn with(mut self, name: &str, shape: &[usize], bound: f64) -> Self {
        let offset = self.parameters();
        self.tensors.push(Tensor { name: name.to_owned(), shape: shape.to_vec(), offset, bound });
        self
    }

    /// The tensors in order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensor appended last.
    ///
    /// # Panics
    /// If there is none.
    pub fn last(&self) -> &Tensor {
        self.tensors.last().expect("a layout that was appended to has a tensor")
    }

    /// P, the length of θ; `usize::MAX` if it is longer.
    pub fn parameters(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.offset.saturating_add(tensor.len()))
    }

    /// θ₀, `(P,)`: each tensor uniform in ±bound, PyTorch's default distribution.
    ///
    /// Drawn in `f64` and rounded, so that both precisions start from the same point.
    ///
    /// # Panics
    /// Never: the bounds of a layout are finite and not negative.
    pub fn initialize<A: Real>(&self, generator: &mut impl rand::Rng) -> Vec<A> {
        initialize(&self.tensors, generator)
    }
}

/// θ₀ as of [`Layout::initialize`], for the tensors of a layout.
pub fn initialize<A: Real>(tensors: &[Tensor], generator: &mut impl rand::Rng) -> Vec<A> {
    let bounds = tensors.iter().flat_map(|tensor| std::iter::repeat_n(tensor.bound, tensor.len()));
    bounds.map(|bound| A::of(generator.random_range(-bound..=bound))).collect()
}

#[cfg(test)]
mod tests {
    use crate::data::ImageShape;
    use crate::network::{Architecture, Descriptor, autoencoder, fcp, lenet, lstm};
    use crate::random::MasterSeed;

    /// The number n in PyTorch's bound 1/√n, tensor by tensor: the inputs of a unit (`Linear`,
    /// `Conv2d`, biases, too), or the hidden units (`LSTM`).
    const FAN_IN: [(&Descriptor, &[u32]); 4] = [
        (&fcp::DESCRIPTOR, &[784, 50, 50]),
        (&lenet::DESCRIPTOR, &[25, 25, 150, 150, 400, 400, 120, 120, 84, 84]),
        (&autoencoder::DESCRIPTOR, &[784, 32, 32, 32]),
        (&lstm::DESCRIPTOR, &[48, 48, 48, 48, 48]),
    ];

    /// |x| ≤ b with mean 0, variance b²/3 and fourth moment b⁴/5, each within five standard errors.
    #[test]
    fn every_tensor_is_uniform_within_the_bounds_of_pytorch() {
        for (descriptor, fan_in) in FAN_IN {
            let network = Architecture::with_defaults(descriptor)
                .build::<f64>(ImageShape::gray(28, 28), 10)
                .unwrap();
            let layout = network.layout();
            assert_eq!(layout.tensors().len(), fan_in.len());
            // Small tensors, such as ten biases, get as many numbers as the large ones.
            let draws: Vec<Vec<f64>> = (0..100)
                .map(|number| {
                    layout.initialize(&mut MasterSeed(5).stream("initialization", &[number]))
                })
                .collect();
            for (tensor, &fan_in) in layout.tensors().iter().zip(fan_in) {
                let bound = 1.0 / f64::from(fan_in).sqrt();
                let values: Vec<f64> = draws
                    .iter()
                    .flat_map(|theta| tensor.slice(theta))
                    .map(|component| component / bound)
                    .collect();
                let what = format!("{} of {descriptor:?}", tensor.name);
                assert!(values.iter().all(|x| x.abs() <= 1.0 + 1e-15), "{what}");
                let count = values.len() as f64;
                let moment = |power: i32| values.iter().map(|x| x.powi(power)).sum::<f64>() / count;
                // Of a uniform x the variance of xᵏ is ⟨x²ᵏ⟩ − ⟨xᵏ⟩², and ⟨xᵏ⟩ = 1/(k + 1) for even
                // k.
                for (power, expected, variance) in [
                    (1, 0.0, 1.0 / 3.0),
                    (2, 1.0 / 3.0, 1.0 / 5.0 - 1.0 / 9.0),
                    (4, 1.0 / 5.0, 1.0 / 9.0 - 1.0 / 25.0),
                ] {
                    let error = (moment(power) - expected) / (variance / count).sqrt();
                    assert!(
                        error.abs() < 5.0,
                        "{what}: moment {power} is off by {error} standard errors"
                    );
                }
            }
        }
    }

    #[test]
    fn both_precisions_start_from_the_same_point_and_seeds_from_different_ones() {
        let network = Architecture::with_defaults(&fcp::DESCRIPTOR)
            .build::<f64>(ImageShape::gray(28, 28), 10)
            .unwrap();
        let stream = |seed| MasterSeed(seed).stream("initialization", &[]);
        let double: Vec<f64> = network.layout().initialize(&mut stream(1));
        let single: Vec<f32> = network.layout().initialize(&mut stream(1));
        assert!(
            single
                .iter()
                .zip(&double)
                .all(|(single, double)| single.to_bits() == (*double as f32).to_bits())
        );
        assert_ne!(double, network.layout().initialize::<f64>(&mut stream(2)));
    }
}
