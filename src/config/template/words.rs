//! What the keys mean. What they take and their defaults, the reader knows.

/// Each section with its heading.
pub(super) const SECTIONS: [(&str, &str); 7] = [
    ("dataset", "Images"),
    ("network", "Network"),
    ("training", "Training"),
    ("training.sgd", "SGD, mini-batches without momentum"),
    ("training.lbfgs", "L-BFGS, full batch, with golden section search"),
    ("paths", "Paths"),
    ("run", "Machine"),
];

/// Each key but those of a network or a path method, entries of a list without their index.
pub(super) const KEYS: [(&str, &str); 42] = [
    ("seed", "all randomness derives from it: the same seed, the same results on any number of ranks"),
    ("dataset.kind", "drawn by the program, or four IDX files like those of MNIST, gzip-compressed or not"),
    ("dataset.dir", "the folder of the four files; relative to the working directory; ~ and $VARIABLES are expanded"),
    ("dataset.seed", "of the drawing"),
    ("dataset.train", "images to train on, from the front"),
    ("dataset.test", "images held out, which also choose the best epoch"),
    ("training.initializations", "runs of each optimizer; both start from the same initial parameters"),
    ("training.keep", "those with the lowest training loss"),
    ("training.optimizers", "which optimizers train"),
    ("training.sgd.learning_rate", "no published value; try a few on one initialization"),
    ("training.sgd.batch_size", "images of a step"),
    ("training.sgd.epochs", "passes over the training images"),
    ("training.lbfgs.iterations", "at most"),
    ("training.lbfgs.memory", "steps remembered for the quasi-Newton direction"),
    ("training.lbfgs.line_search_evaluations", "of the loss, at most, in each line search"),
    ("training.lbfgs.line_search_tolerance", "relative width at which a line search ends"),
    (
        "training.lbfgs.target_loss",
        "a run ends here, 0 is never; once every image is classified the loss falls toward 0 without end",
    ),
    ("paths.pairs", "of each set, drawn at random without repetition"),
    (
        "paths.sets",
        "which solutions: \"optimizer/train\" are the parameters at the epoch of lowest training loss, \"optimizer/test\" \
         those at the epoch of lowest test loss",
    ),
    ("paths.landscapes", "the mean loss over which images"),
    ("paths.train", "images of the training landscape, from the front"),
    ("paths.test", "images of the test landscape, from the front"),
    ("paths.batch", "of each step, drawn at random; heights are on all"),
    ("paths.objective", "what is minimized along the path: the sum of the losses, or of their squares"),
    ("paths.method", "what bends the straight line"),
    ("paths.points", "on the path, both ends included"),
    ("paths.lambda", "weight of the squared distances between them"),
    ("paths.steps", "of the Adam optimizer; 0 leaves the straight line"),
    ("paths.learning_rate", "of the Adam optimizer"),
    ("paths.tolerance", "no more steps once the objective falls by less over `patience` looks; 0 takes all steps"),
    ("paths.patience", "looks at all images"),
    ("kpca.name", "letters, digits, \"-\", \"_\" and \".\", in the results too"),
    ("kpca.sets", "the sets whose union is analyzed"),
    ("kpca.kernel", "x.x', (scale x.x' + constant)^degree, tanh(scale x.x' + constant) or exp(-|x - x'|^2 / two_sigma_squared)"),
    ("kpca.standardize", "each parameter over the vectors: less its mean, over its standard deviation"),
    ("kpca.degree", "n of (x.x' + constant)^n"),
    ("kpca.constant", "added to the product"),
    ("kpca.components", "at most one less than the vectors in the sets"),
    ("run.threads_per_rank", "threads that share the images of an evaluation; the same results"),
    ("run.checkpoint_minutes", "tasks under way store their state after so long, again and again"),
    ("run.retries", "1: what a panic or a lost message has ended is tried once more"),
    ("network.kind", "which architecture"),
];

/// What stands for a key whose default only the run knows: an example, and the default in words.
pub(super) const OPEN: [(&str, &str, &str, &str); 3] = [
    ("dataset.seed", "7", "of the drawing", "derived from the seed above"),
    ("kpca.scale", "2.4e-5", "of the product", "1 / number of parameters"),
    ("kpca.two_sigma_squared", "42200.0", "width of the kernel", "the number of parameters"),
];
