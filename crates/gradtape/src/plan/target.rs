//! What the planner knows of the machine that a program is made for.

/// Sizes and costs that decide what is worth fusing. A plan for another machine is another value of this; the
/// default is a CPU whose cores have a first-level cache of 32 KiB or more.
///
/// ```
/// use gradtape::plan::{Target, plan, plan_for};
/// let graph = "
///     %0 = input {dtype: f32; shape: [4, 4]} : f32[4, 4]
///     %1 = contract(%0, %0) {batch: 0; summed: 1} : f32[4, 4]
///     %2 = add(%1, %0) : f32[4, 4]
///     return %2
/// ".parse()?;
/// assert_eq!(plan(&graph).kernels.len(), 1);
/// let bare = Target { epilogue_loads: 0, ..Target::default() };
/// assert_eq!(plan_for(&graph, &bare).kernels.len(), 2);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Spaces up to this many elements stay in the first-level cache: any loops over them may be joined.
    pub small: usize,
    /// Above this many elements, a reduction over leading axes gets a loop of its own, which walks memory in
    /// the order that suits it.
    pub reordered: usize,
    /// A loop over much data reads and writes at most this many arrays, so that their lines do not drive each
    /// other out of the cache.
    pub streams: usize,
    /// A loop computes at most this many nodes: more would not keep their tiles in the cache, and joining
    /// would take ever longer.
    pub members: usize,
    /// An epilogue reads at most this many arrays as large as its contraction; more makes it slower than a
    /// loop of its own.
    pub epilogue_loads: usize,
    /// The same where a contraction is computed in strips of whole rows, along which the epilogue walks as a
    /// loop would: an optimiser's update then spares the gradient its way through memory.
    pub strip_loads: usize,
    /// Elements of a contraction from which its epilogue takes up updates. The engine can keep smaller ones in
    /// strips too; those do not spare more than the epilogue costs.
    pub strip_elements: usize,
    /// The longest sums of such a contraction.
    pub strip_sum: usize,
    /// The longest row that a loop keeps in the first-level cache, to reduce it and to map it afterwards.
    pub row: usize,
    /// The longest row of a product that a loop keeps in the second-level cache for this, where what it makes of the row
    /// goes into another product: the rows of a tile then are in scratch memory.
    pub long_row: usize,
    /// The longest sums of that product: those of a head's width. Of longer ones the right operand, which each tile reads
    /// anew, would be more than a tile spares.
    pub long_sum: usize,
    /// At most so many operations in a row are computed anew by each reader.
    pub recomputed: usize,
    /// Windows are added up by gathering, which all workers share, where the zeros around and between them take
    /// with them at most so many times their memory. It is enough for strides of 2; one worker adds the others.
    pub fold_zeros: usize,
    /// Places in a window up to which its elements are joined one by one instead of reduced.
    pub window_places: usize,
    /// Bytes between contractions and the loops on their rows from which these are run for a tile of rows at a time.
    pub tiled: usize,
    /// Bytes between them of a tile at most: what stays in the second-level cache beside the operands.
    pub tile_bytes: usize,
    /// Into how many tiles the rows are cut at least, for the workers to share.
    pub tiles: usize,
    /// Into how many tiles at least those of one product are, where masks tell which of its sums a row looks at.
    pub masked_tiles: usize,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            small: 1 << 12,
            reordered: 1 << 14,
            streams: 12,
            members: 256,
            epilogue_loads: 1,
            strip_loads: 4,
            strip_elements: 1 << 17,
            strip_sum: 512,
            row: 2048,
            long_row: 1 << 16,
            long_sum: 128,
            recomputed: 4,
            fold_zeros: 6,
            window_places: 16,
            tiled: 4 << 20,
            tile_bytes: 256 << 10,
            tiles: 16,
            masked_tiles: 4,
        }
    }
}
