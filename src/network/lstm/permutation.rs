//! The fixed order in which the LSTM reads the pixels.

use rand_mt::Mt;

/// PyTorch's `torch.randperm(n, generator=torch.Generator().manual_seed(seed))` on a CPU: a forward
/// Fisher–Yates shuffle of 0, 1, …, n − 1 with MT19937, each i swapped with i + (output mod (n − i)).
pub(super) fn random_permutation(n: usize, seed: u32) -> Vec<usize> {
    let mut generator = Mt::new(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for i in 0..n.saturating_sub(1) {
        order.swap(i, i + generator.next_u32() as usize % (n - i));
    }
    order
}
