//! Where each weight lives in the flat parameter vector θ.

use crate::real::Real;
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
    /// Number of components.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
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
        ArrayView2::from_shape(self.matrix_shape(), self.slice(theta)).expect("shape and length agree")
    }

    /// This tensor in θ as a matrix to write to.
    ///
    /// # Panics
    /// If `theta` is shorter than the layout.
    pub fn matrix_mut<'a, A>(&self, theta: &'a mut [A]) -> ArrayViewMut2<'a, A> {
        ArrayViewMut2::from_shape(self.matrix_shape(), &mut theta[self.offset..self.offset + self.len()])
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

    /// P, the length of θ.
    pub fn parameters(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.offset + tensor.len())
    }

    /// θ₀, `(P,)`: each tensor uniform in ±bound, PyTorch's default distribution.
    ///
    /// Drawn in `f64` and rounded, so that both precisions start from the same point.
    ///
    /// # Panics
    /// Never: the bounds of a layout are finite and not negative.
    pub fn initialize<A: Real>(&self, generator: &mut impl rand::Rng) -> Vec<A> {
        self.tensors
            .iter()
            .flat_map(|tensor| std::iter::repeat_n(tensor.bound, tensor.len()))
            .map(|bound| A::of(generator.random_range(-bound..=bound)))
            .collect()
    }
}
